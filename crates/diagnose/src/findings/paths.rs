//! Findings about the paths that routes take: equal ones, ones that lead back, ones that others
//! do not see as meant.

use std::collections::BTreeMap;

use routehub_exchange::estate::{RouteServer, RoutingPreference};
use routehub_exchange::view::{LinkId, LinkKind, Origin, RibView, Side, SpeakerId, SpeakerKind};
use routehub_exchange::{PeerClass, rules};
use routehub_rib::{Admission, PathView, Standing, Step};
use routehub_types::{Asn, Prefix};

use super::Findings;
use crate::words::some_of;

/// Prefixes at a Route Server of which something is to be said.
#[derive(Default)]
struct Collected {
    /// Several NVAs are used alike.
    equal: Vec<Prefix>,
    /// There are more equal paths than are used.
    full: Vec<Prefix>,
    /// Traffic may stay on a backup after a failure.
    may_stay: Vec<Prefix>,
    /// It did.
    stayed: Vec<Prefix>,
}

/// A path of a Route Server, and where it comes from: what the neighbour is, and by which link;
/// none for a local network.
struct FromNeighbor<'a> {
    path: &'a PathView,
    from: Option<(PeerClass, LinkId)>,
}

impl FromNeighbor<'_> {
    fn is_from(&self, classes: &[PeerClass]) -> bool {
        self.from.is_some_and(|(class, _)| classes.contains(&class))
    }

    fn is_used(&self) -> bool {
        matches!(self.path.standing, Standing::Best | Standing::Equal)
    }

    fn is_lost_at(&self, wanted: Step) -> bool {
        matches!(self.path.standing, Standing::Lost { step, .. } if step == wanted)
    }
}

pub(super) fn paths(findings: &mut Findings<'_>) {
    for server in &findings.exchange.estate().route_servers {
        if let Some(id) = findings.exchange.graph().instance(&server.name, 0) {
            at_server(findings, id, server);
        }
    }
    hidden_prepends(findings);
    branch_community(findings);
}

/// Each prefix of a Route Server instance with all its paths.
fn at_server(findings: &mut Findings<'_>, id: SpeakerId, server: &RouteServer) {
    let Some(rib) = findings.exchange.rib(id) else {
        return;
    };
    let name = &server.name;
    let mut collected = Collected::default();
    let mut back: BTreeMap<String, Vec<Prefix>> = BTreeMap::new();
    for prefix in rib.prefixes() {
        let paths = rib.paths(prefix);
        if paths.len() < 2 {
            continue;
        }
        let paths = with_neighbors(findings, rib, &paths);
        let used = paths.iter().filter(|path| path.is_used());
        if used.filter(|path| path.is_from(&[PeerClass::Nva])).count() > 1 {
            collected.equal.push(prefix);
        }
        if paths.iter().any(|path| path.is_lost_at(Step::MaxPaths)) {
            collected.full.push(prefix);
        }
        if paths.iter().any(|path| path.is_lost_at(Step::Failback)) {
            collected.stayed.push(prefix);
        }
        if may_stay(findings, server, &paths) {
            collected.may_stay.push(prefix);
        }
        for nva in echoes(findings, &paths) {
            back.entry(nva).or_default().push(prefix);
        }
    }
    say(findings, name, &collected);
    for (nva, prefixes) in back {
        let text = format!(
            "{nva} tells {name} routes that {name} has from a gateway, {}: packets may go in \
             circles when the gateway's route goes. Filter what it passes on.",
            some_of(&prefixes)
        );
        findings.warning(rules::ROUTE_ECHO, &nva, text);
    }
}

fn say(findings: &mut Findings<'_>, name: &str, collected: &Collected) {
    let Collected {
        equal,
        full,
        may_stay,
        stayed,
    } = collected;
    if !equal.is_empty() {
        let text = format!(
            "{} by several NVAs of {name} alike: the way back may pass another one than the way \
             there, and stateful NVAs drop that. Prepend at all but one, share a load \
             balancer's address as next hop, or translate source addresses.",
            some_of(equal)
        );
        findings.info(rules::SHORTEST_AS_PATH, name, text);
    }
    if !full.is_empty() {
        let text = format!(
            "{} have more equal paths than the {} that are used.",
            some_of(full),
            findings.exchange.parameters().max_next_hops()
        );
        findings.info(rules::ECMP_LIMIT, name, text);
    }
    if !stayed.is_empty() {
        let text = format!(
            "{} stay with VPN or NVA although the circuit is back: their AS paths are no longer \
             than the circuit's. Prepend on the backup.",
            some_of(stayed)
        );
        findings.warning(rules::STICKY_FAILBACK, name, text);
    }
    if !may_stay.is_empty() {
        let text = format!(
            "{} by a circuit, and by VPN or NVA with AS paths no longer: after a failure traffic \
             may stay there when the circuit is back. Prepend on the backup.",
            some_of(may_stay)
        );
        findings.info(rules::STICKY_FAILBACK, name, text);
    }
}

/// The paths of a Route Server with where each comes from.
fn with_neighbors<'a>(
    findings: &Findings<'_>,
    rib: RibView<'_>,
    paths: &'a [PathView],
) -> Vec<FromNeighbor<'a>> {
    let with = paths.iter().map(|path| {
        let from = match rib.origin(path.path.source) {
            Origin::Link(link) => {
                let class = findings
                    .exchange
                    .graph()
                    .class_of_sender(link.from(Side::A));
                class.map(|class| (class, link))
            }
            Origin::OwnNetwork | Origin::Spoke => None,
        };
        FromNeighbor { path, from }
    });
    with.collect()
}

/// Whether traffic may stay on a backup that is as short as the circuit's path.
fn may_stay(findings: &Findings<'_>, server: &RouteServer, paths: &[FromNeighbor<'_>]) -> bool {
    let [best, ..] = paths else {
        return false;
    };
    if server.routing_preference != RoutingPreference::ExpressRoute
        || !best.is_from(&[PeerClass::ExpressRouteGateway])
    {
        return false;
    }
    let length = |path: &FromNeighbor<'_>| Some(findings.exchange.path_length(path.path.attrs?));
    let backup = |path: &&FromNeighbor<'_>| path.is_from(&[PeerClass::Nva, PeerClass::VpnGateway]);
    let circuit = length(best);
    let mut lengths = paths.iter().filter(backup).filter_map(length);
    lengths.any(|backup| Some(backup) <= circuit)
}

/// NVAs that tell a Route Server what it has from a gateway: their path ends in the gateway's
///
fn echoes(findings: &Findings<'_>, paths: &[FromNeighbor<'_>]) -> Vec<String> {
    let exchange = findings.exchange;
    let asns = |path: &FromNeighbor<'_>| -> Option<Vec<Asn>> {
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
fn hidden_prepends(findings: &mut Findings<'_>) {
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
            let path: Vec<Asn> = exchange.attrs(best.attrs).as_path.asns().collect();
            let twice = path
                .windows(2)
                .find(|pair| pair[0] == pair[1] && pair[0].is_private());
            let Some(asn) = twice.and_then(|pair| pair.first().copied()) else {
                continue;
            };
            if let Ok((_, sent)) = outbound.route_for(prefix) {
                let seen = (Vec::new(), sent.as_path.to_string());
                hidden.entry(asn).or_insert(seen).0.push(prefix);
            }
        }
    }
    for (asn, (prefixes, seen)) in hidden {
        let nvas = exchange.estate().nvas.iter();
        for nva in nvas.filter(|nva| nva.asn == asn).map(|nva| &nva.name) {
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

/// The mark of branch routes, sent from on-premises or dropped at a gateway.
fn branch_community(findings: &mut Findings<'_>) {
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
            if !marked.is_empty() {
                let text = format!(
                    "{} announces {} with community {mark}, which gateways beside a Route Server \
                     drop. Do not use it on-premises.",
                    speaker.name,
                    some_of(&marked)
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
    if !dropped.is_empty() {
        let gateway = &exchange.speaker(outbound.receiver()).name;
        let circuit = &exchange.speaker(outbound.sender()).name;
        let text = format!(
            "{gateway} drops {} from {circuit}: routes of another Route Server on the same \
             circuit. Use different circuits, or join the hubs in another way.",
            some_of(&dropped)
        );
        findings.info(rules::ANTI_TRANSIT, gateway, text);
    }
}
