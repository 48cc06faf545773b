//! Findings about the paths that routes take: equal ones, ones that lead back or go round, ones
//! that others do not see as meant.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::estate::{Nva, RouteServer, Routes, RoutingPreference};
use routehub_exchange::view::{LinkId, LinkKind, Origin, RibView, Side, SpeakerId, SpeakerKind};
use routehub_exchange::{Exchange, PeerClass, rules};
use routehub_rib::{Admission, PathView, Standing, Step};
use routehub_types::{Asn, Prefix};

use super::Findings;
use crate::words::{any_of, joined, listed, some_of};

/// A path of a Route Server, and where it comes from: what the neighbour is, and by which link;
/// none for a local network.
struct FromNeighbor {
    path: PathView,
    from: Option<(PeerClass, LinkId)>,
}

impl FromNeighbor {
    fn new(exchange: &Exchange, rib: RibView<'_>, path: PathView) -> Self {
        let from = match rib.origin(path.path.source) {
            Origin::Link(link) => {
                let class = exchange.graph().class_of_sender(link.from(Side::A));
                class.map(|class| (class, link))
            }
            Origin::OwnNetwork | Origin::Spoke => None,
        };
        Self { path, from }
    }

    fn is_from(&self, classes: &[PeerClass]) -> bool {
        self.from.is_some_and(|(class, _)| classes.contains(&class))
    }

    /// The next hop of a path in use that an NVA announced.
    fn next_hop_of_nva(&self, exchange: &Exchange) -> Option<IpAddr> {
        let used = matches!(self.path.standing, Standing::Best | Standing::Equal);
        let attrs = self
            .path
            .attrs
            .filter(|_| used && self.is_from(&[PeerClass::Nva]))?;
        Some(exchange.attrs(attrs).next_hop.address)
    }

    fn is_lost_at(&self, wanted: Step) -> bool {
        matches!(self.path.standing, Standing::Lost { step, .. } if step == wanted)
    }
}

pub(super) fn at_servers(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for server in &exchange.estate().route_servers {
        let instance = exchange.graph().instance(&server.name, 0);
        if let Some(rib) = instance.and_then(|id| exchange.rib(id)) {
            at_server(findings, rib, server);
        }
    }
}

/// The prefixes of a Route Server instance that have several paths.
fn at_server(findings: &mut Findings<'_>, rib: RibView<'_>, server: &RouteServer) {
    let (exchange, name) = (findings.exchange, &server.name);
    let paths = |prefix| {
        let paths = rib.paths(prefix).into_iter();
        let paths = paths.map(|path| FromNeighbor::new(exchange, rib, path));
        (prefix, paths.collect::<Vec<_>>())
    };
    let all = rib.prefixes().map(paths);
    let several: Vec<_> = all.filter(|(_, paths)| paths.len() > 1).collect();
    let those = |holds: &dyn Fn(&[FromNeighbor]) -> bool| {
        let those = several.iter().filter(|(_, paths)| holds(paths));
        any_of(&those.map(|(prefix, _)| *prefix).collect::<Vec<_>>())
    };
    let lost_at = |step| those(&|paths| paths.iter().any(|path| path.is_lost_at(step)));
    let ways = |paths: &[FromNeighbor]| {
        let hops = paths
            .iter()
            .filter_map(|path| path.next_hop_of_nva(exchange));
        hops.collect::<BTreeSet<IpAddr>>().len()
    };
    if let Some(some) = those(&|paths| ways(paths) > 1) {
        let text = format!(
            "{some} by several NVAs of {name} alike: the way back may pass another one than the \
             way there, and stateful NVAs drop that. Prepend at all but one, or share a load \
             balancer's address as next hop; NVAs that translate source addresses need neither."
        );
        findings.info(rules::SHORTEST_AS_PATH, name, text);
    }
    if let Some(some) = lost_at(Step::MaxPaths) {
        let most = exchange.parameters().max_next_hops();
        let text = format!("{some} have more equal paths than the {most} that are used.");
        findings.info(rules::ECMP_LIMIT, name, text);
    }
    if let Some(some) = lost_at(Step::Failback) {
        let text = format!(
            "{some} stay with VPN or NVA although the circuit is back: their AS paths are no \
             longer than the circuit's. Prepend on the backup."
        );
        findings.warning(rules::STICKY_FAILBACK, name, text);
    }
    if let Some(some) = those(&|paths| may_stay(exchange, server, paths)) {
        let text = format!(
            "{some} by a circuit, and by VPN or NVA with AS paths no longer: after a failure \
             traffic may stay there when the circuit is back. Prepend on the backup."
        );
        findings.info(rules::STICKY_FAILBACK, name, text);
    }
    let mut back: BTreeMap<String, Vec<Prefix>> = BTreeMap::new();
    for (prefix, paths) in &several {
        for nva in echoes(exchange, paths) {
            back.entry(nva).or_default().push(*prefix);
        }
    }
    for (nva, prefixes) in back {
        let some = some_of(&prefixes);
        let text = format!(
            "{nva} tells {name} routes that {name} has from a gateway, {some}: packets may go in \
             circles when the gateway's route goes. Filter what it passes on."
        );
        findings.warning(rules::ROUTE_ECHO, &nva, text);
    }
}

/// Whether traffic may stay on a backup that is as short as the circuit's path.
fn may_stay(exchange: &Exchange, server: &RouteServer, paths: &[FromNeighbor]) -> bool {
    let [best, ..] = paths else {
        return false;
    };
    if server.routing_preference != RoutingPreference::ExpressRoute
        || !best.is_from(&[PeerClass::ExpressRouteGateway])
    {
        return false;
    }
    let length = |path: &FromNeighbor| Some(exchange.path_length(path.path.attrs?));
    let backup = |path: &&FromNeighbor| path.is_from(&[PeerClass::Nva, PeerClass::VpnGateway]);
    let circuit = length(best);
    let mut lengths = paths.iter().filter(backup).filter_map(length);
    lengths.any(|backup| Some(backup) <= circuit)
}

/// NVAs that tell a Route Server what it has from a gateway: their path ends in the gateway's
///
fn echoes(exchange: &Exchange, paths: &[FromNeighbor]) -> Vec<String> {
    let asns = |path: &FromNeighbor| -> Option<Vec<Asn>> {
        let attrs = exchange.attrs(path.path.attrs?);
        Some(attrs.as_path.asns().collect())
    };
    let gateways = [PeerClass::VpnGateway, PeerClass::ExpressRouteGateway];
    let of_gateways = paths.iter().filter(|path| path.is_from(&gateways));
    let of_gateways: Vec<Vec<Asn>> = of_gateways.filter_map(asns).collect();
    let nvas = paths.iter().filter_map(|path| {
        let (PeerClass::Nva, link) = path.from? else {
            return None;
        };
        let nva = exchange.graph().link(link).a.speaker;
        // Only one that passes routes on can have it from the Route Server.
        exchange.rib(nva)?;
        let path = asns(path)?;
        let mut behind = of_gateways.iter().filter(|asns| !asns.is_empty());
        let echo = behind.any(|asns| path.len() > asns.len() && path.ends_with(asns));
        echo.then(|| exchange.speaker(nva).name.clone())
    });
    let mut nvas: Vec<String> = nvas.collect();
    nvas.dedup();
    nvas
}

/// Private ASNs put in front of a path that a circuit's edge takes out again.
pub(super) fn hidden_prepends(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let mut hidden: BTreeMap<Asn, (Vec<Prefix>, String)> = BTreeMap::new();
    for id in exchange.graph().links() {
        let link = exchange.graph().link(id);
        if link.kind != LinkKind::EdgeToCustomer || !link.is_up() {
            continue;
        }
        let outbound = exchange.outbound(id, Side::A);
        let Some(rib) = exchange.rib(outbound.sender()) else {
            continue;
        };
        for prefix in rib.prefixes() {
            let best = rib.best(prefix);
            let Some(best) = best.first() else { continue };
            // Behind the first public ASN nothing is taken out.
            let attrs = exchange.attrs(best.attrs);
            let leading = attrs.as_path.asns().take_while(|asn| asn.is_private());
            let path: Vec<Asn> = leading.collect();
            let pairs = path.iter().zip(path.iter().skip(1));
            let mut twice = pairs.filter(|(asn, next)| asn == next);
            let Some((&asn, _)) = twice.next() else {
                continue;
            };
            if let Ok((_, sent)) = outbound.route_for(prefix) {
                let seen = (Vec::new(), sent.as_path.to_string());
                hidden.entry(asn).or_insert(seen).0.push(prefix);
            }
        }
    }
    for (asn, (mut prefixes, seen)) in hidden {
        prefixes.sort_unstable();
        prefixes.dedup();
        let nvas = exchange.estate().nvas.iter();
        for nva in nvas.filter(|nva| nva.asn == asn) {
            let nva_prepends = |prefix: &&Prefix| prepends(nva, **prefix);
            let prefixes: Vec<Prefix> = prefixes.iter().filter(nva_prepends).copied().collect();
            if prefixes.is_empty() {
                continue;
            }
            let nva = &nva.name;
            let text = format!(
                "{nva} puts AS {asn} in front of {} several times; on-premises sees {seen} by \
                 the circuit, because private ASNs are taken out. Use a public ASN, or \
                 prefer by longer prefixes.",
                some_of(&prefixes)
            );
            findings.warning(rules::GATEWAY_TO_CIRCUIT, nva, text);
        }
    }
}

/// Whether an NVA puts its ASN in front of a prefix more than once of its own accord: not because
/// it stands in for the receiver's (as-override).
fn prepends(nva: &Nva, prefix: Prefix) -> bool {
    let behind = |routes: &Routes| {
        routes
            .as_path
            .as_ref()
            .is_some_and(|path| path.contains(&nva.asn))
    };
    let mut originates = nva.originates.iter();
    let mut advertises = nva.advertises.iter();
    let mut readvertises = nva.readvertises.iter();
    originates
        .any(|of| of.routes.prefixes.contains(&prefix) && (of.prepend > 0 || behind(&of.routes)))
        || advertises.any(|of| {
            let path = of.routes.as_path.iter().flatten();
            let own = path.filter(|asn| **asn == nva.asn);
            of.routes.prefixes.contains(&prefix) && own.count() > 1
        })
        || readvertises.any(|rule| {
            let fits = rule.prefixes.is_empty() || rule.prefixes.contains(&prefix);
            fits && rule.prepend > 0
        })
}

/// The mark of branch routes, sent from on-premises or dropped at a gateway.
pub(super) fn branch_community(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let mark = exchange.parameters().branch_community;
    for link in exchange.graph().links() {
        for side in Side::BOTH {
            let outbound = exchange.outbound(link, side);
            let speaker = exchange.speaker(outbound.sender());
            let (SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. }) = speaker.kind else {
                continue;
            };
            let own = outbound.originated().into_iter();
            let marked = own.filter(|(_, attrs)| attrs.has_community(mark));
            let marked: Vec<Prefix> = marked.map(|(prefix, _)| prefix).collect();
            if let Some(some) = any_of(&marked) {
                let text = format!(
                    "{} announces {some} with community {mark}, which gateways beside a Route \
                     Server drop. Do not use it on-premises.",
                    speaker.name
                );
                findings.warning(rules::ANTI_TRANSIT, &speaker.name, text);
            }
        }
        dropped_marked(findings, link);
    }
}

fn dropped_marked(findings: &mut Findings<'_>, link: LinkId) {
    let exchange = findings.exchange;
    let outbound = exchange.outbound(link, Side::B);
    let source = outbound.source().zip(exchange.rib(outbound.receiver()));
    let (LinkKind::GatewayToEdge(_), Some((source, rib))) = (&outbound.link().kind, source) else {
        return;
    };
    let dropped = rib
        .adj_in(source)
        .filter(|route| route.imported == Admission::Reject(rules::ANTI_TRANSIT));
    let dropped: Vec<Prefix> = dropped.map(|route| route.prefix).collect();
    if let Some(some) = any_of(&dropped) {
        let gateway = &exchange.speaker(outbound.receiver()).name;
        let circuit = &exchange.speaker(outbound.sender()).name;
        let text = format!(
            "{gateway} drops {some} from {circuit}: routes of another Route Server on the same \
             circuit. Use different circuits, or join the hubs in another way."
        );
        findings.info(rules::ANTI_TRANSIT, gateway, text);
    }
}

/// NVAs that tell each other routes which nobody announces any more.
pub(super) fn loops(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let is_nva = |id| matches!(exchange.speaker(id).kind, SpeakerKind::Nva { .. });
    let mut loops: BTreeMap<Vec<SpeakerId>, BTreeSet<Prefix>> = BTreeMap::new();
    for id in exchange.graph().speakers() {
        // A Route Server or gateway alone passes no route back.
        let Some(rib) = exchange.rib(id).filter(|_| is_nva(id)) else {
            continue;
        };
        for prefix in rib.prefixes() {
            if let Some(around) = around(findings, id, prefix) {
                loops.entry(around).or_default().insert(prefix);
            }
        }
    }
    for (around, prefixes) in loops {
        let prefixes: Vec<Prefix> = prefixes.into_iter().collect();
        let round = around.iter().chain(around.first());
        let names = round.map(|id| exchange.speaker(*id));
        let text = format!(
            "{} go round, each has it from the next: {}. Nobody announces it, and packets go in \
             circles. Filter what they pass to each other, and do not take ASNs of \
             receivers out of AS paths.",
            some_of(&prefixes),
            joined(names, " -> ")
        );
        for id in around.into_iter().filter(|id| is_nva(*id)) {
            findings.error(rules::ROUTE_ECHO, &exchange.speaker(id).name, &*text);
        }
    }
}

/// The speakers from whom a speaker has a route, if the last of them has it from itself; the
/// one with the lowest number first.
fn around(findings: &Findings<'_>, id: SpeakerId, prefix: Prefix) -> Option<Vec<SpeakerId>> {
    let mut around = vec![id];
    let mut from = has_from(findings, id, prefix)?;
    while from != id {
        if around.contains(&from) {
            return None; // a loop further on, which is found from there
        }
        around.push(from);
        from = has_from(findings, from, prefix)?;
    }
    let lowest = around.iter().enumerate().min_by_key(|(_, id)| **id);
    let place = lowest.map_or(0, |(place, _)| place);
    around.rotate_left(place);
    Some(around)
}

/// The neighbour that a speaker has its best route from.
fn has_from(findings: &Findings<'_>, id: SpeakerId, prefix: Prefix) -> Option<SpeakerId> {
    let rib = findings.exchange.rib(id)?;
    let best = rib.best(prefix);
    match rib.origin(best.first()?.source) {
        Origin::Link(link) => findings.exchange.graph().link(link).peer_of(id),
        Origin::OwnNetwork | Origin::Spoke => None,
    }
}

/// Other states that are written out.
const MOST_STATES: usize = 3;

/// Routes that are best because of what happened before.
pub(super) fn several_states(findings: &mut Findings<'_>) {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for state in findings.exchange.other_states() {
        let from = |names: &[String]| match names {
            [] => "by none".to_owned(),
            names => format!("by {}", listed(names)),
        };
        let (best, otherwise) = (from(&state.best), from(&state.otherwise));
        let text = format!(
            "{} goes {best}, and from a fresh start {otherwise}",
            state.prefix
        );
        said.entry(state.speaker).or_default().push(text);
    }
    for (speaker, prefixes) in said {
        let more = match prefixes.len().saturating_sub(MOST_STATES) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let some = joined(prefixes.iter().take(MOST_STATES), "; ") + &more;
        let text = format!(
            "More than one state is stable, and what happened before decides: {some}. Prepend on \
             the paths that are to lose."
        );
        findings.warning(rules::SEVERAL_STATES, &speaker, text);
    }
}
