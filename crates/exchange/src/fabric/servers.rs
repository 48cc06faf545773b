//! The routes that Route Servers program: both instances' tables, looked at in one pass.

use std::collections::HashMap;
use std::sync::Arc;

use routehub_rib::{BestPath, Preference, SourceId};
use routehub_types::{AttrId, Prefix};

use super::effective::{ProgrammedNextHop, ProgrammedRoute};
use super::fib::Fabric;
use super::sorted;
use crate::graph::{LinkKind, Role, SpeakerId};
use crate::ribs::{Origin, RibView};

/// A best path of one of the instances, by their place.
type InstancePath = (usize, BestPath);

/// What next hops of best paths depend on but for those of circuits.
type PathsKey = Vec<(usize, SourceId, AttrId)>;
/// Where packets go.
type NextHops = Arc<[ProgrammedNextHop]>;

/// Where packets go, by the instances' best paths: what depends on these alone is worked out once.
#[derive(Default)]
struct Known {
    key: PathsKey,
    by_paths: HashMap<PathsKey, NextHops>,
    /// What was asked for last: prefixes that follow each other often have the same paths.
    last: Option<(PathsKey, NextHops)>,
}

impl<'a> Fabric<'a> {
    /// Every route that the instances of a Route Server have, by prefix.
    pub(super) fn programmed_by_servers(self, servers: &[SpeakerId]) -> Vec<ProgrammedRoute> {
        let ribs: Vec<RibView<'a>> = self.ribs_of(servers).collect();
        let tables = ribs.iter().map(|rib| rib.loc_rib().peekable());
        let mut tables: Vec<_> = tables.collect();
        let mut known = Known::default();
        let mut paths: Vec<InstancePath> = Vec::new();
        let mut routes = Vec::with_capacity(ribs.first().map_or(0, |rib| rib.len()));
        loop {
            let next = tables.iter_mut().filter_map(|table| table.peek());
            let Some(prefix) = next.map(|(prefix, _)| *prefix).min() else {
                return routes;
            };
            paths.clear();
            for (place, table) in tables.iter_mut().enumerate() {
                if let Some((_, best)) = table.next_if(|(first, _)| *first == prefix) {
                    paths.extend(best.iter().map(|path| (place, *path)));
                }
            }
            paths.retain(|(place, path)| is_learned(ribs[*place], path));
            let next_hops = self.known_next_hops(&ribs, &paths, prefix, &mut known);
            routes.extend(next_hops.map(|next_hops| ProgrammedRoute { prefix, next_hops }));
        }
    }

    /// Where packets to a prefix go by a Route Server.
    pub(super) fn route_server_route(
        self,
        servers: &[SpeakerId],
        prefix: Prefix,
    ) -> Option<NextHops> {
        let ribs: Vec<RibView<'a>> = self.ribs_of(servers).collect();
        let mut paths: Vec<InstancePath> = Vec::new();
        for (place, rib) in ribs.iter().enumerate() {
            let best = rib.best(prefix);
            let learned = best.iter().filter(|path| is_learned(*rib, path));
            paths.extend(learned.map(|path| (place, *path)));
        }
        let next_hops = self.best_next_hops(&ribs, &paths, prefix);
        (!paths.is_empty()).then(|| next_hops.into())
    }

    fn ribs_of(self, servers: &[SpeakerId]) -> impl Iterator<Item = RibView<'a>> {
        servers.iter().filter_map(move |id| self.ribs.rib(*id))
    }

    /// The same as [`best_next_hops`](Self::best_next_hops), by way of what was worked out before.
    fn known_next_hops(
        self,
        ribs: &[RibView<'a>],
        paths: &[InstancePath],
        prefix: Prefix,
        known: &mut Known,
    ) -> Option<NextHops> {
        if paths.is_empty() {
            return None;
        }
        known.key.clear();
        let key = paths.iter();
        let key = key.map(|(place, path)| (*place, path.source, path.attrs));
        known.key.extend(key);
        match &known.last {
            Some((key, next_hops)) if *key == known.key => return Some(Arc::clone(next_hops)),
            _ => {}
        }
        // Under which prefix a circuit's route came has a say in its next hops.
        if paths
            .iter()
            .any(|(place, path)| self.is_of_circuit(ribs[*place], path))
        {
            return Some(self.best_next_hops(ribs, paths, prefix).into());
        }
        let next_hops = match known.by_paths.get(&known.key) {
            Some(next_hops) => Arc::clone(next_hops),
            None => {
                let next_hops = Arc::from(self.best_next_hops(ribs, paths, prefix));
                let key = known.key.clone();
                known.by_paths.insert(key, Arc::clone(&next_hops));
                next_hops
            }
        };
        known.last = Some((std::mem::take(&mut known.key), Arc::clone(&next_hops)));
        Some(next_hops)
    }

    /// Both instances' best paths: of different ones the better by the decision process, of equal
    /// ones all next hops.
    fn best_next_hops(
        self,
        ribs: &[RibView<'a>],
        paths: &[InstancePath],
        prefix: Prefix,
    ) -> Vec<ProgrammedNextHop> {
        let preferences = paths
            .iter()
            .map(|(place, path)| ribs[*place].preference(path));
        let preferences: Vec<Preference> = preferences.collect();
        let highest = preferences.iter().min();
        let best = paths.iter().zip(&preferences);
        let best = best.filter(|(_, preference)| Some(*preference) == highest);
        let next_hops =
            best.flat_map(|((place, path), _)| self.next_hops(ribs[*place], prefix, path));
        let mut next_hops = sorted(next_hops);
        next_hops.truncate(self.deployment.parameters().max_next_hops());
        next_hops
    }

    /// Whether an ExpressRoute gateway passed a path on.
    fn is_of_circuit(self, rib: RibView<'_>, path: &BestPath) -> bool {
        let Origin::Link(link) = rib.origin(path.source) else {
            return false;
        };
        let graph = self.deployment.graph();
        let link = graph.link(link);
        link.kind == LinkKind::GatewayToRouteServer
            && graph.speaker(link.a.speaker).role() != Some(Role::VpnGateway)
    }
}

/// Whether a path came from a neighbour.
fn is_learned(rib: RibView<'_>, path: &BestPath) -> bool {
    matches!(rib.origin(path.source), Origin::Link(_))
}
