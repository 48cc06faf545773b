//! Findings about NVAs: what they announce, and how they stand to the Route Server.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::{Nva, RouteServer};
use routehub_exchange::view::{LinkId, Outbound, RibView, Side};
use routehub_exchange::{PeerClass, PrefixCountMode, rules};
use routehub_policy::RouteMapPlace;
use routehub_rib::{AdjIn, Admission, SourceId};
use routehub_types::{AttrId, Family, Prefix, RuleId};

use super::{Findings, Severity};
use crate::described::interface_of;
use crate::words::{any_of, listed};

pub(super) fn announcements(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for nva in &exchange.estate().nvas {
        for session in &nva.sessions {
            let name = &session.route_server;
            let links = exchange.graph().peering_links(name, &nva.name);
            instances_differ(findings, nva, name, &links);
            if let Some((_, link)) = links.first() {
                refused(findings, nva, name, *link);
                head_room(findings, nva, *link);
                same_asn(findings, nva, name, *link);
            }
            let mut servers = exchange.estate().route_servers.iter();
            if let Some(server) = servers.find(|server| server.name == *name) {
                for map in [&session.inbound_route_map, &session.outbound_route_map] {
                    map_place(findings, nva, map.as_deref(), server);
                }
                in_another_network(findings, nva, server);
            }
        }
        own_routes_back(findings, nva);
        gateway_as_next_hop(findings, nva);
    }
}

/// The RIB of the Route Server at the end of a link, and what it calls the link, if it is up.
fn source<'a>(findings: &Findings<'a>, link: LinkId) -> Option<(RibView<'a>, SourceId)> {
    let outbound = findings.exchange.outbound(link, Side::A);
    let rib = findings.exchange.rib(outbound.receiver());
    let rib = rib.filter(|_| outbound.link().is_up())?;
    Some((rib, outbound.source()?))
}

/// Different routes to the two instances: some machines have them, some not.
fn instances_differ(findings: &mut Findings<'_>, nva: &Nva, server: &str, links: &[(u8, LinkId)]) {
    let [(_, first), (_, second)] = links else {
        return;
    };
    let routes = |link: &LinkId| -> Option<BTreeSet<(Prefix, AttrId)>> {
        let (rib, source) = source(findings, *link)?;
        let routes = rib.adj_in(source);
        Some(routes.map(|route| (route.prefix, route.received)).collect())
    };
    let (Some(first), Some(second)) = (routes(first), routes(second)) else {
        return;
    };
    let differ = first.symmetric_difference(&second);
    let mut differ: Vec<Prefix> = differ.map(|(prefix, _)| *prefix).collect();
    differ.dedup();
    if let Some(some) = any_of(&differ) {
        let name = &nva.name;
        let text = format!(
            "{name} tells the instances of {server} different routes: {some}. Announce the same \
             to both."
        );
        findings.warning(rules::BOTH_INSTANCES, name, text);
    }
}

/// Routes that the Route Server drops: its own ASN in the path, overlap.
fn refused(findings: &mut Findings<'_>, nva: &Nva, server: &str, link: LinkId) {
    let Some((rib, source)) = source(findings, link) else {
        return;
    };
    let name = &nva.name;
    let by = |wanted: RuleId| {
        let by_it = |route: &AdjIn| match route.imported {
            Admission::Reject(rule) | Admission::Filter(rule) | Admission::Unusable(rule) => {
                rule == wanted
            }
            _ => false,
        };
        let routes = rib.adj_in(source).filter(by_it);
        any_of(&routes.map(|route| route.prefix).collect::<Vec<_>>())
    };
    if let Some(looped) = by(rules::ROUTE_SERVER_ASN_IN_PATH) {
        let asn = findings.exchange.outbound(link, Side::A).receiver();
        let asn = findings.exchange.speaker(asn).asn;
        let asn = asn.map_or_else(String::new, |asn| asn.to_string());
        let text = format!(
            "{server} drops {looped} from {name}: its own ASN {asn} is in the AS path. Let {name} \
             strip or replace it in what it announces (as-override)."
        );
        findings.warning(rules::ROUTE_SERVER_ASN_IN_PATH, name, text);
    }
    if let Some(inside) = by(rules::INSIDE_LOCAL_NETWORK) {
        let text = format!(
            "{server} drops {inside} from {name}: equal to or inside a local network. Advertise a \
             supernet or use user-defined routes."
        );
        findings.info(rules::INSIDE_LOCAL_NETWORK, name, text);
    }
}

/// Routes that may not be sent again at once: known ones count twice.
fn head_room(findings: &mut Findings<'_>, nva: &Nva, link: LinkId) {
    let parameters = findings.exchange.parameters();
    let Some(limit) = parameters.max_routes_per_peer else {
        return;
    };
    let counts = source(findings, link).map(|(rib, source)| rib.counts(source));
    let held = counts.unwrap_or_default().counted();
    if parameters.prefix_count_mode != PrefixCountMode::StrictRib && held > limit / 2 {
        let (name, twice) = (&nva.name, 2 * held);
        let text = format!(
            "{name} has {held} routes of {limit}: if it sends all of them again at once they \
             count as {twice}, and the session ends. It is asked to when a network is peered \
             (R-181). Summarise."
        );
        findings.warning(rules::ROUTE_LIMIT, name, text);
    }
}

/// A route map on a peer in another network.
fn map_place(findings: &mut Findings<'_>, nva: &Nva, map: Option<&str>, server: &RouteServer) {
    let topology = findings.exchange.topology();
    let transparent = findings.exchange.parameters().transparent;
    let (Some(map), Some(vnet), false) = (map, topology.vnet(&server.vnet), transparent) else {
        return;
    };
    let place = RouteMapPlace {
        map,
        peer: Some(nva.ip),
        inside: topology.space(vnet),
        kind_fits: true,
    };
    if let Err(error) = place.check(rules::ROUTE_MAP_PEER) {
        findings.error(rules::ROUTE_MAP_PEER, &nva.name, format!("{error}."));
    }
}

/// A peer in another network: the way back, and the upgrade.
fn in_another_network(findings: &mut Findings<'_>, nva: &Nva, server: &RouteServer) {
    let exchange = findings.exchange;
    if nva.vnet == server.vnet || exchange.parameters().transparent {
        return;
    }
    let (name, vnet, hub) = (&nva.name, &nva.vnet, &server.vnet);
    let text = format!(
        "{name} is in {vnet}, not in {hub}: give it a static route to RouteServerSubnet by its \
         subnet's gateway, or its session may flap when it learns a route to the Route Server."
    );
    findings.info(rules::STATIC_ROUTE_NEEDED, name, text);
    let topology = exchange.topology();
    let used = topology.vnet(vnet).and_then(|vnet| topology.hub(vnet));
    let uses = used.is_some() && used == topology.vnet(hub);
    // After it a peer is refused, which is an error of its own.
    let before_upgrade = !exchange.parameters().upgraded;
    if !uses && before_upgrade && !exchange.estate().route_maps.is_empty() {
        let text = format!(
            "With route maps {} takes new peers of another network only if it uses the Route \
             Server's gateways: set use_remote_gateways in {vnet}.",
            server.name
        );
        findings.warning(rules::PEER_NEEDS_REMOTE_GATEWAYS, name, text);
    }
}

/// Another NVA with the same ASN: each drops what the Route Server passes on of the other
///
fn same_asn(findings: &mut Findings<'_>, nva: &Nva, server: &str, link: LinkId) {
    let exchange = findings.exchange;
    let reflects = exchange.outbound(link, Side::B).lets_pass(PeerClass::Nva);
    let (name, asn) = (&nva.name, nva.asn);
    let others = exchange.estate().nvas.iter();
    let others =
        others.filter(|other| other.peers_with(server) && other.name != *name && other.asn == asn);
    let others = listed(others.map(|other| &other.name));
    if !others.is_empty() && reflects {
        let text = format!(
            "{name} and {others} have AS {asn}: each drops what {server} passes on of the other, \
             for its own ASN is in the path. Use different ASNs if they shall hear of each other."
        );
        findings.info(rules::SHARED_PEER_ASN, name, text);
    }
}

/// An NVA's own interface gets the routes it announces: it sends packets to itself.
fn own_routes_back(findings: &mut Findings<'_>, nva: &Nva) {
    let fabric = findings.exchange.fabric();
    let nic = interface_of(findings.exchange.estate(), nva);
    let Some(view) = fabric.nic(&nic) else {
        return;
    };
    let ways = findings.ways(&fabric.programmers(view, &nic.name));
    let active = view.active_routes();
    let to_itself = ways.iter().filter(|way| {
        let hops = active.next_hops(way);
        hops.is_some_and(|hops| hops.contains(&nva.ip))
    });
    let mut back: Vec<Prefix> = to_itself.flat_map(|way| active.of(way)).collect();
    back.sort_unstable();
    if let Some(some) = any_of(&back) {
        let text = format!(
            "{} gets its own routes on its interface, {some} by {}: packets that it forwards \
             without a tunnel come back to it. Give its subnet user-defined routes, or disable \
             propagation there.",
            nva.name, nva.ip
        );
        let default = back.iter().any(|prefix| prefix.is_default());
        let severity = if default {
            Severity::Warning
        } else {
            Severity::Info
        };
        findings.add(rules::ROUTE_TO_ITSELF, &nva.name, severity, text);
    }
}

/// A gateway's address as next hop.
fn gateway_as_next_hop(findings: &mut Findings<'_>, nva: &Nva) {
    let exchange = findings.exchange;
    let gateways = exchange.estate().gateways.iter();
    let addresses = gateways.flat_map(|of| exchange.estate().gateway_addresses(&of.name));
    let addresses: Vec<IpAddr> = addresses.collect();
    if addresses.is_empty() {
        return;
    }
    let speakers = exchange.graph().named(&nva.name).iter();
    let outbound = speakers.flat_map(|id| exchange.outbound_from(*id));
    let own = outbound.flat_map(Outbound::originated);
    let bad = own.filter(|(_, attrs)| addresses.contains(&attrs.next_hop.address));
    let mut bad: Vec<Prefix> = bad.map(|(prefix, _)| prefix).collect();
    bad.sort_unstable();
    bad.dedup();
    if let Some(some) = any_of(&bad) {
        let text = format!(
            "{} announces {some} with a gateway's address as next hop, which is of no use. Name \
             an NVA's address.",
            nva.name
        );
        findings.warning(rules::GATEWAY_AS_NEXT_HOP, &nva.name, text);
    }
}

/// Default routes of NVAs that take their own interfaces off the internet too.
pub(super) fn default_routes(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for nva in &exchange.estate().nvas {
        if is_led_to_itself(findings, nva) {
            let name = &nva.name;
            let text = format!(
                "{name} announces a default route: every virtual machine sends internet traffic \
                 through it, its own interface included. Give its subnet a route table with \
                 0.0.0.0/0 to Internet."
            );
            findings.info(rules::NVA_DEFAULT_ROUTE, name, text);
        }
    }
}

/// Whether packets from an NVA's interface to the internet follow the default route that it
/// announced: not where its network does not get it, a user-defined route stands in its place, or
/// the next hop is another NVA or a load balancer before others.
fn is_led_to_itself(findings: &Findings<'_>, nva: &Nva) -> bool {
    let exchange = findings.exchange;
    let default = Prefix::default_of(Family::Ipv4);
    let announced = announced_next_hops(findings, nva, default);
    let estate = exchange.estate();
    let leads_elsewhere = |hop: IpAddr| {
        let mut balancers = estate.load_balancers.iter();
        match balancers.find(|balancer| balancer.frontend == hop) {
            Some(balancer) => !balancer.backends.contains(&nva.name),
            None => hop != nva.ip && estate.nvas.iter().any(|other| other.ip == hop),
        }
    };
    let nic = interface_of(exchange.estate(), nva);
    let Some(view) = exchange
        .fabric()
        .nic(&nic)
        .filter(|_| !announced.is_empty())
    else {
        return false;
    };
    let by = exchange.fabric().programmers(view, &nic.name);
    let Some(route) = exchange.fabric().programmed_route(&by, default) else {
        return false;
    };
    let user = view
        .route_table()
        .into_iter()
        .flat_map(|table| &table.routes);
    // Two halves do what one route of the same prefix does.
    let mut halves = [0, 128]
        .map(|first| Ipv4Addr::new(first, 0, 0, 0))
        .into_iter();
    let is_replaced = halves.all(|half| {
        let half = Prefix::new(half.into(), 1);
        half.is_ok_and(|half| user.clone().any(|route| route.prefix.contains(half)))
    });
    let mut hops = route.appliances();
    view.active_routes().has(default)
        && !is_replaced
        && hops.any(|hop| announced.contains(&hop) && !leads_elsewhere(hop))
}

/// The next hops under which Route Servers took a prefix from an NVA.
fn announced_next_hops(findings: &Findings<'_>, nva: &Nva, prefix: Prefix) -> BTreeSet<IpAddr> {
    let graph = findings.exchange.graph();
    let servers = nva.sessions.iter().map(|session| &session.route_server);
    let links = servers.flat_map(|server| graph.peering_links(server, &nva.name));
    let taken = links.filter_map(|(_, link)| {
        let (rib, source) = source(findings, link)?;
        Some((rib, rib.received_from(source, prefix)?))
    });
    taken
        .map(|(rib, attrs)| rib.attrs(attrs).next_hop.address)
        .collect()
}
