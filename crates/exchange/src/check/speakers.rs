//! What speakers name: networks, sessions, neighbours, connections; and the paths they send.

use std::collections::HashMap;

use routehub_types::Asn;

use super::names::{Names, at, repeated};
use super::{EstateError, Kind, List, Place, Problem};
use crate::Estate;
use crate::estate::{
    Connection, Gateway, GatewayKind, Nva, ReadvertiseTo, Readvertisement, Routes,
};

/// Whom an NVA may learn from or send to.
const NEIGHBOURS: &[Kind] = &[Kind::RouteServer, Kind::Nva, Kind::Site];

/// Checks Route Servers, NVAs and gateways.
pub(super) fn check(estate: &Estate, names: &Names<'_>, errors: &mut Vec<EstateError>) {
    for (index, server) in estate.route_servers.iter().enumerate() {
        let place = || Place::entry(List::RouteServers, index).key("vnet");
        let object = || format!("Route Server `{}`", server.name);
        errors.extend(at(place, object, names.need_vnet(&server.vnet)));
    }
    for (index, nva) in estate.nvas.iter().enumerate() {
        check_nva(names, nva, index, errors);
    }
    let mut connections = HashMap::new();
    for (index, gateway) in estate.gateways.iter().enumerate() {
        let place = || Place::entry(List::Gateways, index).key("vnet");
        let object = || format!("gateway `{}`", gateway.name);
        errors.extend(at(place, object, names.need_vnet(&gateway.vnet)));
        for n in 0..gateway.connections.len() {
            check_connection(estate, names, (index, gateway, n), &mut connections, errors);
        }
    }
}

fn check_nva(names: &Names<'_>, nva: &Nva, index: usize, errors: &mut Vec<EstateError>) {
    let object = || format!("NVA `{}`", nva.name);
    let field = |key| Place::entry(List::Nvas, index).key(key);
    errors.extend(at(|| field("vnet"), object, names.need_vnet(&nva.vnet)));
    if matches!(nva.hold_time, 1 | 2) {
        let problem = Some(Problem::HoldTime(nva.hold_time));
        errors.extend(at(|| field("hold_time"), object, problem));
    }
    for (n, session) in nva.sessions.iter().enumerate() {
        let of = |key| move || field("sessions").item(n).key(key);
        let problem = names.need(&[Kind::RouteServer], &session.route_server);
        errors.extend(at(of("route_server"), object, problem));
        let maps = [
            ("inbound_route_map", &session.inbound_route_map),
            ("outbound_route_map", &session.outbound_route_map),
        ];
        for (key, map) in maps {
            let map = map.as_deref();
            let problem = map.and_then(|map| names.need(&[Kind::RouteMap], map));
            errors.extend(at(of(key), object, problem));
        }
    }
    for (n, name) in repeated(nva.sessions.iter().map(|s| s.route_server.as_str())) {
        let problem = Problem::SessionTwice {
            route_server: name.to_owned(),
        };
        errors.extend(at(|| field("sessions").item(n), object, Some(problem)));
    }
    for (n, name) in nva.neighbors.iter().enumerate() {
        let problem = names.need(&[Kind::Nva, Kind::Site], name);
        errors.extend(at(|| field("neighbors").item(n), object, problem));
    }
    for (n, origination) in nva.originates.iter().enumerate() {
        for (m, name) in origination.to.iter().enumerate() {
            let place = || field("originates").item(n).key("to").item(m);
            errors.extend(at(place, object, names.need(NEIGHBOURS, name)));
        }
    }
    let rules = field("readvertises");
    check_rules(names, &nva.name, &nva.readvertises, &rules, errors);
    check_advertisements(names, nva, index, errors);
}

/// Checks whom re-advertisement rules name.
pub(super) fn check_rules(
    names: &Names<'_>,
    nva: &str,
    rules: &[Readvertisement],
    place: &Place,
    errors: &mut Vec<EstateError>,
) {
    let object = || format!("NVA `{nva}`");
    for (n, rule) in rules.iter().enumerate() {
        let to: &[String] = match &rule.to {
            ReadvertiseTo::Named(to) => to,
            ReadvertiseTo::Others | ReadvertiseTo::All => &[],
        };
        for (key, list) in [("from", rule.from.as_slice()), ("to", to)] {
            for (m, name) in list.iter().enumerate() {
                let place = || place.clone().item(n).key(key).item(m);
                errors.extend(at(place, object, names.need(NEIGHBOURS, name)));
            }
        }
    }
}

fn check_advertisements(names: &Names<'_>, nva: &Nva, index: usize, errors: &mut Vec<EstateError>) {
    let object = || format!("NVA `{}`", nva.name);
    for (n, advertisement) in nva.advertises.iter().enumerate() {
        let place = || Place::entry(List::Nvas, index).key("advertises").item(n);
        let to = names.need(&[Kind::RouteServer], &advertisement.to);
        let missing = to.is_some();
        errors.extend(at(|| place().key("to"), object, to));
        if !missing {
            let session = session(nva, &advertisement.to, advertisement.instance);
            errors.extend(session.map(|(key, problem)| EstateError {
                place: place().key(key),
                object: object(),
                problem,
                other: None,
            }));
        }
        let path = complete_path(nva.asn, &advertisement.routes);
        errors.extend(at(|| place().key("as_path"), object, path));
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
    let number = instance?;
    let has = session.instances.get(usize::from(number)) == Some(&true);
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

/// The two ends of a connection in a fixed order.
pub(super) fn ends(one: &str, other: &str) -> (String, String) {
    (one.min(other).to_owned(), one.max(other).to_owned())
}

/// Every connection of an estate by its ends.
pub(super) fn connections(estate: &Estate) -> impl Iterator<Item = (String, String)> {
    estate.gateways.iter().flat_map(|gateway| {
        let connections = gateway.connections.iter();
        connections.map(|connection| ends(&gateway.name, other_end(connection).0))
    })
}

fn check_connection(
    estate: &Estate,
    names: &Names<'_>,
    (index, gateway, n): (usize, &Gateway, usize),
    seen: &mut HashMap<(String, String), Place>,
    errors: &mut Vec<EstateError>,
) {
    let Some(connection) = gateway.connections.get(n) else {
        return;
    };
    let (to, kind, key) = other_end(connection);
    let entry = Place::entry(List::Gateways, index)
        .key("connections")
        .item(n);
    let object = || format!("gateway `{}`", gateway.name);
    let wanted: &[Kind] = match kind {
        Kind::Circuit => &[Kind::Circuit],
        Kind::Site => &[Kind::Site],
        _ => &[Kind::Gateway],
    };
    let fits = (gateway.kind == GatewayKind::ExpressRoute) == (kind == Kind::Circuit);
    let other_kind = names.speaker(to).and_then(|(kind, at)| match kind {
        Kind::Gateway => estate.gateways.get(at).map(|other| other.kind),
        _ => None,
    });
    let problem = if !fits {
        Some(Problem::ConnectionMisfit {
            gateway: gateway.kind,
            to: kind,
        })
    } else if to == gateway.name {
        Some(Problem::ConnectedToItself)
    } else if kind == Kind::Gateway && other_kind == Some(GatewayKind::ExpressRoute) {
        Some(Problem::NotVpn {
            gateway: to.to_owned(),
        })
    } else {
        names.need(wanted, to)
    };
    if problem.is_some() {
        errors.extend(at(|| entry.key(key), object, problem));
        return;
    }
    if let Some(first) = seen.insert(ends(&gateway.name, to), entry.clone()) {
        errors.push(EstateError {
            place: entry.key(key),
            object: object(),
            problem: Problem::ConnectedTwice { to: to.to_owned() },
            other: Some(first.key(key)),
        });
    }
}
