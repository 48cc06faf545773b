//! Connections to circuits: too many routes take one down, and fewer bring it back
//!

use super::Model;
use crate::graph::{Down, LinkId, Side};
use crate::rules;

impl Model {
    /// Takes down every connection that carries more routes than it may, and brings back those
    /// that no longer would. Says whose connections these are, if there are any.
    pub(super) fn enforce_circuit_limits(&mut self) -> Option<Vec<String>> {
        let max = self.deployment.parameters().max_routes_to_circuit? as usize;
        let mut gateways = Vec::new();
        for id in self.deployment.graph().links() {
            let link = self.deployment.graph().link(id);
            let but_for_limit = Down {
                limit: None,
                ..link.down
            };
            if !link.kind.is_to_circuit() || but_for_limit != Down::default() {
                continue;
            }
            let exceeds = self.route_count(id) > max;
            if link.down.limit.is_some() != exceeds {
                let gateway = self.deployment.graph().speaker(link.a.speaker);
                gateways.push(gateway.to_string());
                let limit = exceeds.then_some(rules::CIRCUIT_LIMIT_EXCEEDED);
                self.change_link(id, |link| link.down.limit = limit);
            }
        }
        (!gateways.is_empty()).then_some(gateways)
    }

    /// How many routes a circuit is sent over a connection, or would be.
    pub(crate) fn route_count(&self, link: LinkId) -> usize {
        let adjacency = link.from(Side::A);
        let is_up = self.deployment.graph().link(link).is_up();
        match self.ribs.inbound(adjacency) {
            Some((rib, source)) if is_up => {
                let counts = rib.counts(source);
                (counts.accepted + counts.filtered + counts.rejected) as usize
            }
            _ => self.outbound(adjacency).routes_if_up().len(),
        }
    }
}
