//! What speakers name: networks, sessions, neighbours, connections; and the paths they send.

use std::collections::HashMap;
use std::net::IpAddr;

use routehub_types::Asn;

use super::error::{EstateError, Kind, Place, Problem};
use super::names::Names;
use super::networks::pair;
use super::report::Report;
use crate::estate::{
    CircuitLink, Connection, Estate, Gateway, GatewayKind, Nva, NvaSession, ReadvertiseTo,
    Readvertisement, Routes,
};

/// Whom an NVA may learn from or send to.
const NEIGHBOURS: &[Kind] = &[Kind::RouteServer, Kind::Nva, Kind::Site];

/// Checks Route Servers, NVAs and gateways.
pub(super) fn check(names: &Names<'_>, errors: &mut Vec<EstateError>) {
    let estate = names.estate;
    for (index, server) in estate.route_servers.iter().enumerate() {
        let mut report = Report::entry(Kind::RouteServer, &server.name, index, errors);
        report.note_field("vnet", names.need_vnet(&server.vnet));
    }
    for (index, nva) in estate.nvas.iter().enumerate() {
        let mut report = Report::entry(Kind::Nva, &nva.name, index, errors);
        check_nva(names, nva, &mut report);
        let place = report.field("readvertises");
        check_rules(names, &place, &nva.readvertises, &mut report);
        check_advertisements(names, nva, &mut report);
    }
    for (index, circuit) in estate.circuits.iter().enumerate() {
        let mut report = Report::entry(Kind::Circuit, &circuit.name, index, errors);
        let own = CircuitLink::BOTH.map(|link| circuit.links.of(link));
        let mut own = own.into_iter().flatten();
        let announces = own.any(|link| !link.routes.is_empty());
        let lacking = announces && circuit.on_prem.is_none();
        report.note_field("links", lacking.then_some(Problem::LinksWithoutCustomer));
    }
    let mut connections = HashMap::new();
    for (index, gateway) in estate.gateways.iter().enumerate() {
        let mut report = Report::entry(Kind::Gateway, &gateway.name, index, errors);
        report.note_field("vnet", names.need_vnet(&gateway.vnet));
        for (n, connection) in gateway.connections.iter().enumerate() {
            let (to, kind, key) = other_end(connection);
            let place = report.item("connections", n).key(key);
            if !report.note(place.clone(), misfit(names, gateway, to, kind)) {
                continue;
            }
            let first = connections.insert(pair(&gateway.name, to), place.clone());
            let to = first.is_some().then(|| to.to_owned());
            report.note_with(place, to.map(|to| Problem::ConnectedTwice { to }), first);
            let place = report.item("connections", n);
            check_tunnel(names, gateway, connection, &place, &mut report);
        }
        report.note_field("default_site", no_default_site(names, gateway));
    }
}

/// A tunnel to a site is held by instances that there are, and speaks BGP with a site that does.
fn check_tunnel(
    names: &Names<'_>,
    gateway: &Gateway,
    connection: &Connection,
    place: &Place,
    report: &mut Report<'_>,
) {
    let Connection::Site {
        site,
        bgp,
        instances,
        apipa,
    } = connection
    else {
        return;
    };
    check_link_local(gateway, apipa, &place.clone().key("apipa"), report);
    let held = match instances {
        [false, false] => Some(Problem::NoInstance),
        [false, true] if gateway.instance_count() == 1 => Some(Problem::NotTheOnlyInstance(1)),
        _ => None,
    };
    report.note(place.clone().key("instances"), held);
    let mut sites = names.estate.sites.iter();
    let speaks = sites.any(|known| known.name == *site && known.asn.is_some());
    let silent = *bgp == Some(true) && !speaks;
    let site = site.clone();
    report.note(
        place.clone().key("bgp"),
        silent.then_some(Problem::NoAsn { site }),
    );
}

/// The addresses that a gateway's instances peer from are link-local ones that VPN gateways may
/// have, one for each instance.
fn check_link_local(gateway: &Gateway, apipa: &[IpAddr], place: &Place, report: &mut Report<'_>) {
    let instances = gateway.instance_count();
    let too_many = apipa.len() > instances;
    let addresses = apipa.len();
    let problem = Problem::TooManyLinkLocal {
        addresses,
        instances,
    };
    report.note(place.clone(), too_many.then_some(problem));
    for (n, address) in apipa.iter().enumerate() {
        let problem = match address {
            address if !is_azure_link_local(*address) => Some(Problem::NotLinkLocal(*address)),
            address if apipa[..n].contains(address) => Some(Problem::LinkLocalTwice(*address)),
            _ => None,
        };
        report.note(place.clone().item(n), problem);
    }
}

/// Whether an address is in 169.254.21.0/24 or 169.254.22.0/24.
const fn is_azure_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets(), [169, 254, 21 | 22, _]),
        IpAddr::V6(_) => false,
    }
}

/// Why a gateway cannot have its default site: it is one that it has a connection with.
fn no_default_site(names: &Names<'_>, gateway: &Gateway) -> Option<Problem> {
    let site = gateway.default_site.as_ref()?;
    let mut connections = gateway.connections.iter();
    let is_connected = connections.any(|connection| {
        matches!(connection, Connection::Site { site: connected, .. } if connected == site)
    });
    let not_connected = || Problem::NotConnected {
        gateway: gateway.name.clone(),
        to: site.clone(),
    };
    let unknown = names.need(&[Kind::Site], site);
    unknown.or_else(|| (!is_connected).then(not_connected))
}

fn check_nva(names: &Names<'_>, nva: &Nva, report: &mut Report<'_>) {
    report.note_field("vnet", names.need_vnet(&nva.vnet));
    let hold_time = Some(nva.hold_time).filter(|seconds| matches!(seconds, 1 | 2));
    report.note_field("hold_time", hold_time.map(Problem::HoldTime));
    for (n, session) in nva.sessions.iter().enumerate() {
        let place = report.item("sessions", n);
        let server = names.need(&[Kind::RouteServer], &session.route_server);
        report.note(place.clone().key("route_server"), server);
        for (key, map) in [
            ("inbound_route_map", &session.inbound_route_map),
            ("outbound_route_map", &session.outbound_route_map),
        ] {
            let problem = names.need_if(&[Kind::RouteMap], map.as_deref());
            report.note(place.clone().key(key), problem);
        }
        let same = |other: &NvaSession| other.route_server == session.route_server;
        if nva.sessions[..n].iter().any(same) {
            let route_server = session.route_server.clone();
            report.note(place, Problem::SessionTwice { route_server });
        }
    }
    let (wanted, place) = (&[Kind::Nva, Kind::Site], report.field("neighbors"));
    need_each(names, wanted, &nva.neighbors, &place, report);
    for (n, origination) in nva.originates.iter().enumerate() {
        let to = report.item("originates", n).key("to");
        need_each(names, NEIGHBOURS, &origination.to, &to, report);
    }
}

/// Each of these at a place must be of one of these kinds.
fn need_each(
    names: &Names<'_>,
    wanted: &'static [Kind],
    neighbours: &[String],
    place: &Place,
    report: &mut Report<'_>,
) {
    for (n, name) in neighbours.iter().enumerate() {
        report.note(place.clone().item(n), names.need(wanted, name));
    }
}

/// Checks whom the re-advertisement rules at a place name.
pub(super) fn check_rules(
    names: &Names<'_>,
    place: &Place,
    rules: &[Readvertisement],
    report: &mut Report<'_>,
) {
    for (n, rule) in rules.iter().enumerate() {
        let [from, to] = ["from", "to"].map(|key| place.clone().item(n).key(key));
        need_each(names, NEIGHBOURS, &rule.from, &from, report);
        if let ReadvertiseTo::Named(named) = &rule.to {
            need_each(names, NEIGHBOURS, named, &to, report);
        }
    }
}

fn check_advertisements(names: &Names<'_>, nva: &Nva, report: &mut Report<'_>) {
    for (n, advertisement) in nva.advertises.iter().enumerate() {
        let place = report.item("advertises", n);
        let to = &advertisement.to;
        let unknown = names.need(&[Kind::RouteServer], to);
        if report.note(place.clone().key("to"), unknown)
            && let Some((key, problem)) = session(nva, to, advertisement.instance)
        {
            report.note(place.clone().key(key), problem);
        }
        let path = complete_path(nva.asn, &advertisement.routes);
        report.note(place.key("as_path"), path);
    }
}

/// What is wrong with sending to an instance of a Route Server, and in which field.
pub(super) fn session(
    nva: &Nva,
    route_server: &str,
    instance: Option<u8>,
) -> Option<(&'static str, Problem)> {
    if let Some(instance @ 2..) = instance {
        return Some(("instance", Problem::NoSuchInstance(instance)));
    }
    let missing = |instance| Problem::NoSession {
        nva: nva.name.clone(),
        route_server: route_server.to_owned(),
        instance,
    };
    let mut sessions = nva.sessions.iter();
    let Some(session) = sessions.find(|s| s.route_server == route_server) else {
        return Some(("to", missing(None)));
    };
    let has = session.instances.get(usize::from(instance?)) == Some(&true);
    (!has).then(|| ("instance", missing(instance)))
}

/// A complete path begins with the sender's ASN.
pub(super) fn complete_path(asn: Asn, routes: &Routes) -> Option<Problem> {
    let path = routes.as_path.as_ref()?;
    let begins = path.first().copied();
    (begins != Some(asn)).then_some(Problem::PathOfAnother { asn, begins })
}

/// The other end of a connection, what it must be, and the field that names it.
fn other_end(connection: &Connection) -> (&str, Kind, &'static str) {
    match connection {
        Connection::Circuit { circuit, .. } => (circuit, Kind::Circuit, "circuit"),
        Connection::Site { site, .. } => (site, Kind::Site, "site"),
        Connection::Gateway { gateway } => (gateway, Kind::Gateway, "gateway"),
    }
}

/// Every connection of an estate by its ends.
pub(super) fn connections(estate: &Estate) -> impl Iterator<Item = (String, String)> {
    estate.gateways.iter().flat_map(|gateway| {
        let connections = gateway.connections.iter();
        connections.map(|connection| pair(&gateway.name, connection.to()))
    })
}

/// Why a gateway cannot be connected to what should be of a kind.
fn misfit(names: &Names<'_>, gateway: &Gateway, to: &str, kind: Kind) -> Option<Problem> {
    let wanted: &[Kind] = match kind {
        Kind::Circuit => &[Kind::Circuit],
        Kind::Site => &[Kind::Site],
        _ => &[Kind::Gateway],
    };
    let other = match names.speaker(to) {
        Some((Kind::Gateway, index)) => names.estate.gateways.get(index),
        _ => None,
    };
    let to_express_route = other.is_some_and(|other| other.kind == GatewayKind::ExpressRoute);
    if (gateway.kind == GatewayKind::ExpressRoute) != (kind == Kind::Circuit) {
        Some(Problem::ConnectionMisfit {
            gateway: gateway.kind,
            to: kind,
        })
    } else if to == gateway.name {
        Some(Problem::ConnectedToItself)
    } else if kind == Kind::Gateway && to_express_route {
        Some(Problem::NotVpn {
            gateway: to.to_owned(),
        })
    } else {
        names.need(wanted, to)
    }
}
