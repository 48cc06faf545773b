//! Links of neighbours that come by themselves: their places are used again.

use super::adjacency::Adjacency;
use super::{Changed, Ribs, collect};
use crate::graph::{AdjacencyId, Deployment, LinkId, SpeakerId};

impl Ribs {
    /// Makes RIB and adjacencies for a link that came to a deployment at rest, in a new place or a
    /// vacant one, and for the neighbour at its end.
    pub(crate) fn enter_link(&mut self, deployment: &Deployment, link: LinkId) {
        let graph = deployment.graph();
        let near = graph.link(link).a.speaker;
        if near.index() == self.ribs.len() {
            let passes_on = !graph.speaker(near).only_ends_routes(deployment.estate());
            let rib = passes_on.then(|| self.empty_rib(deployment, near).into());
            self.ribs.push(rib);
        }
        let adjacencies = link.adjacencies().map(|id| {
            let source = self.add_source(deployment, id);
            Adjacency::new(deployment, id, source, self.seed)
        });
        match self.adjacencies.get_mut(link.index()) {
            Some(vacant) => *vacant = adjacencies.into(),
            None => self.adjacencies.push(adjacencies.into()),
        }
    }

    /// Forgets all that passed over a link: what both ends hold from each other, and what policies
    /// said of it.
    pub(crate) fn vacate_link(&mut self, link: LinkId) -> [Changed; 2] {
        link.adjacencies().map(|id| self.vacate_adjacency(id))
    }

    fn vacate_adjacency(&mut self, id: AdjacencyId) -> Changed {
        let changed = self.at_receiver(id, |inbound, prefixes| {
            let (rib, store) = (inbound.rib, inbound.store);
            rib.remove_source(store, inbound.source, collect(prefixes));
        });
        let (adjacency, store) = self.adjacency_mut(id);
        adjacency.vacate(store);
        changed
    }

    /// The neighbour of a vacant place is gone, and what it passed on with it.
    pub(crate) fn vacate_speaker(&mut self, speaker: SpeakerId) {
        if let Some(rib) = self.ribs.get_mut(speaker.index()) {
            *rib = None;
        }
    }
}
