//! Findings that follow from the routes themselves: limits near or passed, default routes.

use routehub_exchange::rules;
use routehub_exchange::view::{LinkId, LinkKind, Side};
use routehub_rib::Imported;
use routehub_types::{Family, Prefix};

use super::Findings;

impl Findings<'_> {
    pub(super) fn routes(&mut self) {
        for link in self.exchange.graph().links() {
            self.ended_by_limit(link);
            self.default_route(link);
        }
    }

    /// Sessions and connections that a limit ended.
    fn ended_by_limit(&mut self, id: LinkId) {
        let (exchange, parameters) = (self.exchange, self.exchange.parameters());
        let link = exchange.graph().link(id);
        let [a, b] = [&link.a, &link.b].map(|end| &exchange.speaker(end.speaker).name);
        match link.down.limit {
            Some(rules::CIRCUIT_LIMIT_EXCEEDED) => {
                let limit = parameters.max_routes_to_circuit.unwrap_or_default();
                let text = format!(
                    "More than {limit} routes towards {b}: the connection is down. Summarise."
                );
                self.error(rules::CIRCUIT_ROUTE_LIMIT, a, text);
            }
            Some(_) => {
                let limit = parameters.max_routes_per_peer.unwrap_or_default();
                let text = format!(
                    "It announced more than {limit} routes, known ones counted again: the \
                     session is down. Summarise, and do not send everything at once."
                );
                self.error(rules::ROUTES_PER_PEER, a, text);
            }
            None => {}
        }
    }

    /// A default route from an NVA takes every virtual machine off the internet.
    fn default_route(&mut self, id: LinkId) {
        let exchange = self.exchange;
        let link = exchange.graph().link(id);
        if !matches!(link.kind, LinkKind::NvaToRouteServer { .. }) || !link.is_up() {
            return;
        }
        let source = exchange.outbound(id, Side::A).source();
        let Some((rib, source)) = exchange.rib(link.b.speaker).zip(source) else {
            return;
        };
        let default = Prefix::default_of(Family::Ipv4);
        let holds = rib.adj_in(source).any(|route| {
            route.prefix == default && !matches!(route.imported, Imported::Rejected(_))
        });
        if holds {
            let nva = &exchange.speaker(link.a.speaker).name;
            let text = format!(
                "{nva} announces a default route: every virtual machine sends internet traffic \
                 through it, its own interface included. Give its subnet a route table with \
                 0.0.0.0/0 to Internet."
            );
            self.info(rules::NVA_DEFAULT_ROUTE, nva, text);
        }
    }
}
