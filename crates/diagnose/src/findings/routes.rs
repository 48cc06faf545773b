//! Findings that follow from the routes themselves: limits near or passed, default routes.

use routehub_exchange::rules;
use routehub_exchange::view::{LinkId, LinkKind, Side};
use routehub_rib::Admission;
use routehub_types::{Family, Prefix};

use super::Findings;

pub(super) fn routes(findings: &mut Findings<'_>) {
    for link in findings.exchange.graph().links() {
        ended_by_limit(findings, link);
        default_route(findings, link);
    }
}

/// Sessions and connections that a limit ended.
fn ended_by_limit(findings: &mut Findings<'_>, id: LinkId) {
    let (exchange, parameters) = (findings.exchange, findings.exchange.parameters());
    let link = exchange.graph().link(id);
    let [a, b] = [&link.a, &link.b].map(|end| &exchange.speaker(end.speaker).name);
    match link.down.limit {
        Some(rules::CIRCUIT_LIMIT_EXCEEDED) => {
            let limit = parameters.max_routes_to_circuit.unwrap_or_default();
            let text =
                format!("More than {limit} routes towards {b}: the connection is down. Summarise.");
            findings.error(rules::CIRCUIT_ROUTE_LIMIT, a, text);
        }
        Some(_) => {
            let limit = parameters.max_routes_per_peer.unwrap_or_default();
            let text = format!(
                "It announced more than {limit} routes, known ones counted again: the \
                 session is down. Summarise, and do not send everything at once."
            );
            findings.error(rules::ROUTES_PER_PEER, a, text);
        }
        None => {}
    }
}

/// A default route from an NVA takes every virtual machine off the internet.
fn default_route(findings: &mut Findings<'_>, id: LinkId) {
    let exchange = findings.exchange;
    let link = exchange.graph().link(id);
    if !matches!(link.kind, LinkKind::NvaToRouteServer { .. }) || !link.is_up() {
        return;
    }
    let source = exchange.outbound(id, Side::A).source();
    let Some((rib, source)) = exchange.rib(link.b.speaker).zip(source) else {
        return;
    };
    let default = Prefix::default_of(Family::Ipv4);
    let holds = rib
        .adj_in(source)
        .any(|route| route.prefix == default && !matches!(route.imported, Admission::Reject(_)));
    if holds {
        let nva = &exchange.speaker(link.a.speaker).name;
        let text = format!(
            "{nva} announces a default route: every virtual machine sends internet traffic \
             through it, its own interface included. Give its subnet a route table with \
             0.0.0.0/0 to Internet."
        );
        findings.info(rules::NVA_DEFAULT_ROUTE, nva, text);
    }
}
