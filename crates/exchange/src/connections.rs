//! Connections to circuits: too many routes take one down, and fewer bring it back
//!

use crate::exchange::Exchange;
use crate::link::{Down, LinkId, LinkKind, Side};
use crate::rules;

impl Exchange {
    /// Takes down every connection that carries more routes than it may, and brings back those
    /// that no longer would. Says whose connections these are, if there are any.
    pub(crate) fn weigh_connections(&mut self) -> Option<Vec<String>> {
        let max = self.parameters.max_routes_to_circuit? as usize;
        let mut gateways = Vec::new();
        for link in self.graph.links() {
            let one = self.graph.link(link);
            let but_for_limit = Down {
                limit: None,
                ..one.down
            };
            let to_circuit = matches!(one.kind, LinkKind::GatewayToEdge(_));
            if !to_circuit || but_for_limit != Down::default() {
                continue;
            }
            let was = one.down.limit.is_some();
            let is = self.weight(link) > max;
            if was != is {
                gateways.push(self.graph.speaker(one.a.speaker).to_string());
                self.set_down(link, |link| {
                    link.down.limit = is.then_some(rules::CIRCUIT_LIMIT_EXCEEDED);
                });
            }
        }
        (!gateways.is_empty()).then_some(gateways)
    }

    /// How many routes a circuit is told over a connection, or would be.
    pub(crate) fn weight(&self, link: LinkId) -> usize {
        let one = self.graph.link(link);
        let source = self.direction_of(link, Side::A).source;
        match (one.is_up(), source, self.table(one.b.speaker)) {
            (true, Some(source), Some(edge)) => {
                let counts = edge.rib.counts(source);
                (counts.accepted + counts.filtered + counts.rejected) as usize
            }
            _ => self.offers_if_up(link, Side::A).len(),
        }
    }
}
