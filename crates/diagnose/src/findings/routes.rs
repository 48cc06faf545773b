//! Findings that follow from the routes themselves: limits near or passed, default routes.

use routehub_types::{Family, Prefix};

use super::Findings;
use crate::link::{LinkId, Side};
use crate::rules;
use crate::speaker::SpeakerKind;

impl Findings<'_> {
    pub(super) fn routes(&mut self) {
        for link in self.exchange.graph.links() {
            self.limits(link);
            self.default_route(link);
        }
    }

    /// Sessions and connections that a limit ended.
    fn limits(&mut self, link: LinkId) {
        let graph = &self.exchange.graph;
        let one = graph.link(link);
        let a = graph.speaker(one.a.speaker);
        match one.down.limit {
            Some(rule) if rule == rules::CIRCUIT_LIMIT_EXCEEDED => {
                let limit = self
                    .exchange
                    .parameters
                    .max_routes_to_circuit
                    .unwrap_or_default();
                let text = format!(
                    "More than {limit} routes towards {}: the connection is down. Summarise.",
                    graph.speaker(one.b.speaker).name
                );
                self.error(rules::CIRCUIT_ROUTE_LIMIT, &a.name.clone(), text);
            }
            Some(_) => {
                let limit = self
                    .exchange
                    .parameters
                    .max_routes_per_peer
                    .unwrap_or_default();
                let text = format!(
                    "It announced more than {limit} routes, known ones counted again: the \
                     session is down. Summarise, and do not send everything at once."
                );
                self.error(rules::ROUTES_PER_PEER, &a.name.clone(), text);
            }
            None => {}
        }
    }

    /// A default route from an NVA takes every virtual machine off the internet.
    fn default_route(&mut self, link: LinkId) {
        let graph = &self.exchange.graph;
        let one = graph.link(link);
        let nva = graph.speaker(one.a.speaker);
        let server = matches!(
            graph.speaker(one.b.speaker).kind,
            SpeakerKind::RouteServer { .. }
        );
        if !server || !matches!(nva.kind, SpeakerKind::Nva { .. }) || !one.is_up() {
            return;
        }
        let source = self.exchange.direction_of(link, Side::A).source;
        let table = self.exchange.table(one.b.speaker);
        let default = Prefix::default_of(Family::Ipv4);
        let holds = source.zip(table).is_some_and(|(source, table)| {
            table.learned(source).any(|(prefix, _)| prefix == default)
        });
        if holds {
            let text = format!(
                "{} announces a default route: every virtual machine sends internet traffic \
                 through it, its own interface included. Give its subnet a route table with \
                 0.0.0.0/0 to Internet.",
                nva.name
            );
            self.info(rules::NVA_DEFAULT_ROUTE, &nva.name.clone(), text);
        }
    }
}
