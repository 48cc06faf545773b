//! An event that describes the estate anew: a model of the new description, which goes on from
//! what the old one has come to. What is stable stays, and what an event took down or
//! announced stays so.

use std::collections::{BTreeMap, BTreeSet};

use routehub_types::{AttrId, Attrs, Nlri, Prefix, Update};

use super::Model;
use super::events::{BETWEEN_EVENTS, EventError};
use crate::estate::{Event, RoutingPreference};
use crate::fabric::LinkChange;
use crate::graph::{AdjacencyId, LinkId, Side, SpeakerId};
use crate::ribs::{Origin, RibView};

/// The ids of the new model for attribute sets of the old one, by their old ids.
type Renamed = BTreeMap<AttrId, AttrId>;

/// Whether a path is in use, to be taken in first, or not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Best,
    Other,
}

impl Model {
    /// The model after an event that describes the estate anew: it has still to converge. What
    /// real routers announced is not in it yet.
    ///
    /// # Errors
    /// [`EventError::Refused`] if the estate does not fit together any more.
    pub(crate) fn described_anew(&self, event: &Event) -> Result<Self, EventError> {
        let estate = self.deployment.standing().changed(event)?;
        let (deployment, links) = self.deployment.described_anew(estate);
        let static_routes = Self::described_static_routes(&deployment);
        let mut new = Self::unsettled(deployment, static_routes, self.seed);
        new.now = self.now;
        new.started = self.started;
        new.now += BETWEEN_EVENTS;
        new.refreshes.clone_from(&self.refreshes);
        for (before, now) in &links {
            let [before, now] = [before, now].map(|link| link.from(Side::A));
            let old = (&*self.static_routes, &self.deployment);
            new.static_routes.to_mut().carry_over(now, old, before);
        }
        let exceeded = links.iter().filter_map(|(before, now)| {
            let by = self.exceeded.get(before)?;
            Some((*now, *by))
        });
        new.exceeded.extend(exceeded);
        let mut renamed = Renamed::new();
        new.inherit(self, &links, Use::Best, &mut renamed);
        if new.deployment.parameters().sticky_failback && new.prefers_as(self) {
            new.ribs.enable_sticky_failback(&new.deployment);
        }
        new.inherit(self, &links, Use::Other, &mut renamed);
        new.synchronize_all();
        for hub in new.newly_used(self) {
            new.refresh_sessions(&hub);
        }
        Ok(new)
    }

    /// Takes in what the receivers of modelled routes had taken in.
    fn inherit(
        &mut self,
        old: &Self,
        links: &[(LinkId, LinkId)],
        wanted: Use,
        renamed: &mut Renamed,
    ) {
        for (before, now) in links {
            let link = self.deployment.graph().link(*now);
            let real = link.our_side().map(Side::other);
            if !link.is_up() {
                continue;
            }
            for side in Side::BOTH.into_iter().filter(|side| Some(*side) != real) {
                self.inherit_received(old, (before.from(side), now.from(side)), wanted, renamed);
            }
        }
    }

    fn inherit_received(
        &mut self,
        old: &Self,
        (before, now): (AdjacencyId, AdjacencyId),
        wanted: Use,
        renamed: &mut Renamed,
    ) {
        let Some((rib, source)) = old.ribs.inbound(before) else {
            return;
        };
        if self.ribs.source(now).is_none() {
            return;
        }
        let mut received: BTreeMap<AttrId, Vec<Nlri>> = BTreeMap::new();
        for route in rib.adj_in(source) {
            let is_best = rib
                .best(route.prefix)
                .iter()
                .any(|path| path.source == source);
            if is_best != (wanted == Use::Best) {
                continue;
            }
            let attrs = renamed.entry(route.received);
            let attrs = attrs.or_insert_with(|| self.ribs.intern(&rib.attrs(route.received)));
            received
                .entry(*attrs)
                .or_default()
                .push(route.prefix.into());
        }
        for (attrs, announced) in received {
            let update = Update {
                withdrawn: &[],
                attrs,
                announced: &announced,
            };
            self.restore(now, &update);
        }
    }

    /// Whether every Route Server decides by the same preference as before: another one decides
    /// anew, whatever was best.
    fn prefers_as(&self, old: &Self) -> bool {
        let preferences = |model: &Self| -> BTreeMap<String, RoutingPreference> {
            let servers = model.deployment.estate().route_servers.iter();
            let preferences =
                servers.map(|server| (server.name.clone(), server.routing_preference));
            preferences.collect()
        };
        let before = preferences(old);
        let now = preferences(self);
        now.iter()
            .all(|(name, preference)| before.get(name).is_none_or(|old| old == preference))
    }

    /// The networks whose Route Server or gateways a network uses that did not before.
    fn newly_used(&self, old: &Self) -> BTreeSet<String> {
        let uses = |model: &Self| -> BTreeSet<(String, String)> {
            let (estate, topology) = (model.deployment.estate(), model.deployment.topology());
            let vnets = estate.vnets.iter();
            let uses = vnets.filter_map(|vnet| {
                let hub = topology.hub(topology.vnet(&vnet.name)?)?;
                Some((vnet.name.clone(), estate.vnets.get(hub.0)?.name.clone()))
            });
            uses.collect()
        };
        let before = uses(old);
        let new = uses(self).into_iter().filter(|used| !before.contains(used));
        new.map(|(_, hub)| hub).collect()
    }

    /// Writes down, at rest, in what this model differs from the one before it.
    pub(crate) fn note_description(&mut self, old: &mut Self) {
        let kept = old.journal.is_kept();
        let mut changes = old.journal.take(&old.deployment);
        // Their ids are of the old model; every network is looked at again.
        changes.paths.clear();
        changes.other_paths.clear();
        if kept {
            changes.paths = self.changed_paths(old);
            changes.links.extend(self.changed_links(old));
            let old_vnets = old.deployment.estate().vnets.iter();
            let vnets = old_vnets.chain(&self.deployment.estate().vnets);
            changes.vnets.extend(vnets.map(|vnet| vnet.name.clone()));
        }
        self.journal.carry_over(kept, changes);
        self.follow_footprint(old);
    }

    /// The prefixes whose best paths are others than before, by speaker.
    fn changed_paths(&self, old: &Self) -> Vec<(SpeakerId, Prefix)> {
        let mut changed = Vec::new();
        let speakers = old.deployment.same_speakers(&self.deployment);
        let before: BTreeMap<SpeakerId, SpeakerId> = speakers
            .into_iter()
            .map(|(before, now)| (now, before))
            .collect();
        let graph = self.deployment.graph();
        for id in graph
            .speakers()
            .filter(|id| graph.speaker(*id).programs_nics())
        {
            let old_rib = before.get(&id).and_then(|id| old.ribs.rib(*id));
            let rib = self.ribs.rib(id);
            let both = [old_rib, rib].into_iter().flatten();
            let prefixes: BTreeSet<Prefix> = both.flat_map(RibView::prefixes).collect();
            let then = before.get(&id);
            let was = |prefix| then.map(|id| old.best_paths(*id, prefix));
            let is = |prefix| Some(self.best_paths(id, prefix));
            let others = prefixes.into_iter().filter(|prefix| {
                was(*prefix).unwrap_or_default() != is(*prefix).unwrap_or_default()
            });
            changed.extend(others.map(|prefix| (id, prefix)));
        }
        changed
    }

    /// The best paths of a prefix at a speaker: who sent them, and what they carry.
    fn best_paths(&self, speaker: SpeakerId, prefix: Prefix) -> Vec<(String, Attrs)> {
        let Some(rib) = self.ribs.rib(speaker) else {
            return Vec::new();
        };
        let graph = self.deployment.graph();
        let sender = |source| match rib.origin(source) {
            Origin::Link(link) => {
                let peer = graph.link(link).peer_of(speaker);
                peer.map_or_else(String::new, |peer| graph.speaker(peer).to_string())
            }
            own => format!("{own:?}"),
        };
        let best = rib.best(prefix);
        let paths = best.iter();
        paths
            .map(|path| (sender(path.source), rib.attrs(path.attrs)))
            .collect()
    }

    /// The links that are up and were not, or were and are not.
    fn changed_links(&self, old: &Self) -> Vec<LinkChange> {
        let up = |model: &Self| -> BTreeSet<[String; 2]> {
            let graph = model.deployment.graph();
            let links = graph.links().map(|id| graph.link(id));
            let up = links.filter(|link| link.is_up());
            up.map(|link| [&link.a, &link.b].map(|end| graph.speaker(end.speaker).to_string()))
                .collect()
        };
        let (before, now) = (up(old), up(self));
        let gone = before.difference(&now).map(|ends| (ends, false));
        let come = now.difference(&before).map(|ends| (ends, true));
        gone.chain(come)
            .map(|(ends, up)| LinkChange {
                ends: ends.clone(),
                up,
            })
            .collect()
    }
}
