//! Sessions and routes that an event loses to limits.

use routehub_exchange::view::{Origin, RibView, SpeakerId};
use routehub_exchange::{Exchange, rules};
use routehub_rib::Admission;

use crate::trace::{Impact, ImpactKind};

/// The sessions and connections that a limit has ended since `before`, and the routes that one
/// refuses since.
pub fn limit_impacts(before: &Exchange, after: &Exchange) -> Vec<Impact> {
    let graph = after.graph();
    let mut impacts = Vec::new();
    for id in graph.links() {
        let link = graph.link(id);
        let was = before.graph().link(id).down.limit;
        if let Some(rule) = link.down.limit.filter(|_| was.is_none()) {
            let ends = [&link.a, &link.b].map(|end| graph.speaker(end.speaker).to_string());
            let because = match after.limit_exceeded(id) {
                Some(exceeded) => exceeded.to_string(),
                None => "too many routes".to_owned(),
            };
            let [a, b] = &ends;
            impacts.push(Impact::new(ImpactKind::Limit, [a, b], because, Some(rule)));
        }
    }
    for id in graph
        .speakers()
        .filter(|id| graph.speaker(*id).is_route_server())
    {
        let [was, is] = [before, after].map(|exchange| refused_prefixes(exchange, id));
        if is > was {
            let name = graph.speaker(id).to_string();
            let because = format!("{} prefixes more are refused", is - was);
            let rule = Some(rules::PREFIX_LIMIT);
            impacts.push(Impact::new(
                ImpactKind::Limit,
                [&name, &name],
                because,
                rule,
            ));
        }
    }
    impacts.dedup();
    impacts
}

/// How many routes a Route Server instance refuses because it holds as many as it may.
fn refused_prefixes(exchange: &Exchange, server: SpeakerId) -> usize {
    let Some(rib) = exchange.rib(server) else {
        return 0;
    };
    let refuses_any = |rib: RibView<'_>| rib.len() >= least(exchange);
    if !refuses_any(rib) {
        return 0;
    }
    let links = exchange.graph().links_of(server).iter();
    let sources = links.filter_map(|link| rib.source(Origin::Link(*link)));
    let refused = sources.flat_map(|source| rib.adj_in(source));
    let by_limit = refused.filter(|route| route.imported == Admission::Reject(rules::PREFIX_LIMIT));
    by_limit.count()
}

/// How many prefixes there are at least where the limit refuses any.
fn least(exchange: &Exchange) -> usize {
    let max = exchange.parameters().max_total_prefixes;
    max.map_or(usize::MAX, |max| max as usize)
}
