//! The routes that Route Servers program: both instances' tables, looked at in one pass.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use routehub_rib::{BestPath, Preference};
use routehub_types::Prefix;
use smallvec::SmallVec;

use super::effective::{ProgrammedNextHop, ProgrammedRoute};
use super::fib::Fabric;
use crate::graph::{LinkKind, Role, SpeakerId};
use crate::ribs::{Origin, RibView};

/// A best path of one of the instances, by their place.
type InstancePath = (usize, BestPath);

/// What next hops of best paths depend on but for those of circuits.
type InstancePaths = SmallVec<[InstancePath; 2]>;
/// Where packets go.
type NextHops = Arc<[ProgrammedNextHop]>;

/// Where packets go, by the instances' best paths: what depends on these alone is worked out once.
#[derive(Default)]
struct Known {
    by_paths: HashMap<InstancePaths, NextHops, RandomState>,
    /// What was asked for last: prefixes that follow each other often have the same paths.
    last: Option<(InstancePaths, NextHops)>,
}

impl Known {
    /// These next hops, shared with what was asked for last if they are the same: attribute sets
    /// that follow each other have mostly one next hop.
    fn shared(&self, next_hops: &[ProgrammedNextHop]) -> NextHops {
        match &self.last {
            Some((_, last)) if **last == *next_hops => Arc::clone(last),
            _ => next_hops.into(),
        }
    }
}

impl<'a> Fabric<'a> {
    /// Every route that the instances of a Route Server have, by prefix.
    pub(super) fn programmed_by_servers(self, servers: &[SpeakerId]) -> Vec<ProgrammedRoute> {
        let ribs: Vec<RibView<'a>> = self.ribs_of(servers).collect();
        let mut known = Known::default();
        let mut routes = Vec::with_capacity(ribs.first().map_or(0, |rib| rib.len()));
        RibView::visit_together(&ribs, |prefix, paths| {
            let is_learned = |(place, path): &&InstancePath| is_learned(ribs[*place], path);
            let next_hops = if paths.iter().all(|path| is_learned(&path)) {
                self.known_next_hops(&ribs, paths, prefix, &mut known)
            } else {
                let learned = paths.iter().filter(is_learned).copied();
                let learned: InstancePaths = learned.collect();
                self.known_next_hops(&ribs, &learned, prefix, &mut known)
            };
            routes.extend(next_hops.map(|next_hops| ProgrammedRoute { prefix, next_hops }));
        });
        routes
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
        (!paths.is_empty()).then(|| next_hops.as_slice().into())
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
        match &known.last {
            Some((last, next_hops)) if last.as_slice() == paths => {
                return Some(Arc::clone(next_hops));
            }
            _ => {}
        }
        // Under which prefix a circuit's route came has a say in its next hops.
        if paths
            .iter()
            .any(|(place, path)| self.is_of_circuit(ribs[*place], path))
        {
            return Some(self.best_next_hops(ribs, paths, prefix).as_slice().into());
        }
        let next_hops = match known.by_paths.get(paths) {
            Some(next_hops) => Arc::clone(next_hops),
            None => {
                let next_hops = known.shared(&self.best_next_hops(ribs, paths, prefix));
                known.by_paths.insert(paths.into(), Arc::clone(&next_hops));
                next_hops
            }
        };
        known.last = Some((paths.into(), Arc::clone(&next_hops)));
        Some(next_hops)
    }

    /// Both instances' best paths: of different ones the better by the decision process, of equal
    /// ones all next hops.
    fn best_next_hops(
        self,
        ribs: &[RibView<'a>],
        paths: &[InstancePath],
        prefix: Prefix,
    ) -> SmallVec<[ProgrammedNextHop; 2]> {
        let preferences = paths
            .iter()
            .map(|(place, path)| ribs[*place].preference(path));
        let preferences: SmallVec<[Preference; 2]> = preferences.collect();
        let highest = preferences.iter().min();
        let best = paths.iter().zip(&preferences);
        let best = best.filter(|(_, preference)| Some(*preference) == highest);
        let mut next_hops: SmallVec<[ProgrammedNextHop; 2]> = SmallVec::new();
        for ((place, path), _) in best {
            next_hops.extend(self.next_hops(ribs[*place], prefix, path));
        }
        next_hops.sort_unstable();
        next_hops.dedup();
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
