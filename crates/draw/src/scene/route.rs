//! Who announces a route to whom, and which networks use it.

use routehub::Exchange;
use routehub::types::Prefix;
use routehub_exchange::view::{Outbound, Side};

use super::joins::{Speakers, drawn_as};
use super::{Announced, Kind, Scene, State};

/// Enters in the scene who announces a prefix to whom, who uses what, and which networks' machines
/// have a route to it. Says whether anybody announces it.
pub(crate) fn mark_route(scene: &mut Scene, exchange: &Exchange, prefix: Prefix) -> bool {
    let graph = exchange.graph();
    let speakers = Speakers::of(scene);
    let mut is_known = false;
    for id in graph.links() {
        for side in Side::BOTH {
            let outbound = exchange.outbound(id, side);
            let Some(announced) = announced(exchange, outbound, prefix) else {
                continue;
            };
            is_known = true;
            let ends = [outbound.sender(), outbound.receiver()];
            let [Some(from), Some(to)] = ends.map(|end| speakers.node(graph.speaker(end))) else {
                continue;
            };
            let kind = drawn_as(&outbound.link().kind);
            for join in scene.joins.iter_mut().filter(|join| join.kind == kind) {
                let place = match (join.a, join.b) {
                    ends if ends == (from, to) => 0,
                    ends if ends == (to, from) => 1,
                    _ => continue,
                };
                join.announced[place] = join.announced[place].max(Some(announced));
            }
        }
    }
    mark_networks(scene, exchange, prefix);
    let text = prefix.to_string();
    scene.about = format!("who announces {text} to whom");
    scene.prefix = Some(text);
    is_known
}

/// What a neighbour has of a prefix by a link.
fn announced(exchange: &Exchange, outbound: Outbound<'_>, prefix: Prefix) -> Option<Announced> {
    if !outbound.link().is_up() {
        return None;
    }
    let Some(rib) = exchange.rib(outbound.receiver()) else {
        // Who only ends routes uses what it is sent.
        let sent = match outbound.originated_for(prefix) {
            Some(own) => own.is_ok(),
            None => matches!(outbound.route_for(prefix), Ok((sent, _)) if sent == prefix),
        };
        return sent.then_some(Announced::Used);
    };
    let source = outbound.source()?;
    rib.received_from(source, prefix)?;
    let best = rib.best(prefix);
    Some(match best.iter().any(|path| path.source == source) {
        true => Announced::Used,
        false => Announced::Heard,
    })
}

/// Marks the networks whose machines have the route, and the NICs in them.
fn mark_networks(scene: &mut Scene, exchange: &Exchange, prefix: Prefix) {
    for node in scene
        .nodes
        .iter_mut()
        .filter(|node| node.state == State::Plain)
    {
        let uses = match node.kind {
            Kind::Vnet => exchange
                .vnet_routes(&node.name)
                .ok()
                .and_then(|routes| routes.route(prefix))
                .is_some_and(|route| !route.next_hops.is_empty()),
            Kind::Nic => exchange.nic_effective(&node.name).is_ok_and(|rows| {
                use routehub::{RouteSource, RouteState};
                rows.iter().any(|row| {
                    row.prefixes.contains(&prefix)
                        && row.state == RouteState::Active
                        && row.source == RouteSource::VirtualNetworkGateway
                })
            }),
            _ => false,
        };
        if uses {
            node.state = State::OnWay;
        }
    }
}
