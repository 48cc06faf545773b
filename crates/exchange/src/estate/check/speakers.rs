//! What speakers name: networks, sessions, neighbours, connections; and the paths they send.

use std::collections::HashMap;

use routehub_types::Asn;

use super::names::Names;
use super::report::{Errors, Subject};
use super::{Kind, List, Place, Problem};
use crate::estate::{
    Connection, Estate, Gateway, GatewayKind, Nva, NvaSession, ReadvertiseTo, Readvertisement,
    Routes,
};

/// Whom an NVA may learn from or send to.
const NEIGHBOURS: &[Kind] = &[Kind::RouteServer, Kind::Nva, Kind::Site];

/// Checks Route Servers, NVAs and gateways.
pub(super) fn check(names: &Names<'_>, errors: &mut Errors) {
    let estate = names.estate;
    for (index, server) in estate.route_servers.iter().enumerate() {
        let subject = Subject::entry(Kind::RouteServer, &server.name, List::RouteServers, index);
        errors.note(
            &subject,
            subject.field("vnet"),
            names.need_vnet(&server.vnet),
        );
    }
    for (index, nva) in estate.nvas.iter().enumerate() {
        let subject = Subject::entry(Kind::Nva, &nva.name, List::Nvas, index);
        check_nva(names, nva, &subject, errors);
        check_rules(
            names,
            &nva.readvertises,
            &subject.at(subject.field("readvertises")),
            errors,
        );
        check_advertisements(names, nva, &subject, errors);
    }
    let mut connections = HashMap::new();
    for (index, gateway) in estate.gateways.iter().enumerate() {
        let subject = Subject::entry(Kind::Gateway, &gateway.name, List::Gateways, index);
        errors.note(
            &subject,
            subject.field("vnet"),
            names.need_vnet(&gateway.vnet),
        );
        for (n, connection) in gateway.connections.iter().enumerate() {
            let (to, kind, key) = other_end(connection);
            let entry = subject.item("connections", n);
            let problem = misfit(names, gateway, to, kind);
            if !errors.note(&subject, entry.clone().key(key), problem) {
                continue;
            }
            if let Some(first) = connections.insert(ends(&gateway.name, to), entry.clone()) {
                let problem = Problem::ConnectedTwice { to: to.to_owned() };
                errors.note_with(&subject, entry.key(key), problem, &first.key(key));
            }
        }
    }
}

fn check_nva(names: &Names<'_>, nva: &Nva, subject: &Subject, errors: &mut Errors) {
    errors.note(subject, subject.field("vnet"), names.need_vnet(&nva.vnet));
    let hold_time = Some(nva.hold_time).filter(|seconds| matches!(seconds, 1 | 2));
    errors.note(
        subject,
        subject.field("hold_time"),
        hold_time.map(Problem::HoldTime),
    );
    for (n, session) in nva.sessions.iter().enumerate() {
        let place = || subject.item("sessions", n);
        let server = names.need(&[Kind::RouteServer], &session.route_server);
        errors.note(subject, place().key("route_server"), server);
        for (key, map) in [
            ("inbound_route_map", &session.inbound_route_map),
            ("outbound_route_map", &session.outbound_route_map),
        ] {
            let problem = names.need_if(&[Kind::RouteMap], map.as_deref());
            errors.note(subject, place().key(key), problem);
        }
    }
    for (n, session) in nva.sessions.iter().enumerate() {
        let same = |other: &NvaSession| other.route_server == session.route_server;
        if nva.sessions[..n].iter().any(same) {
            let route_server = session.route_server.clone();
            let problem = Problem::SessionTwice { route_server };
            errors.note(subject, subject.item("sessions", n), problem);
        }
    }
    for (n, name) in nva.neighbors.iter().enumerate() {
        let problem = names.need(&[Kind::Nva, Kind::Site], name);
        errors.note(subject, subject.item("neighbors", n), problem);
    }
    for (n, origination) in nva.originates.iter().enumerate() {
        let to = subject.item("originates", n).key("to");
        need_each(names, &origination.to, subject, &to, errors);
    }
}

/// Each of these must be a neighbour.
fn need_each(
    names: &Names<'_>,
    neighbours: &[String],
    subject: &Subject,
    place: &Place,
    errors: &mut Errors,
) {
    for (n, name) in neighbours.iter().enumerate() {
        let problem = names.need(NEIGHBOURS, name);
        errors.note(subject, place.clone().item(n), problem);
    }
}

/// Checks whom re-advertisement rules name.
pub(super) fn check_rules(
    names: &Names<'_>,
    rules: &[Readvertisement],
    subject: &Subject,
    errors: &mut Errors,
) {
    for (n, rule) in rules.iter().enumerate() {
        let place = |key| subject.place().item(n).key(key);
        need_each(names, &rule.from, subject, &place("from"), errors);
        if let ReadvertiseTo::Named(to) = &rule.to {
            need_each(names, to, subject, &place("to"), errors);
        }
    }
}

fn check_advertisements(names: &Names<'_>, nva: &Nva, subject: &Subject, errors: &mut Errors) {
    for (n, advertisement) in nva.advertises.iter().enumerate() {
        let place = |key| subject.item("advertises", n).key(key);
        let to = &advertisement.to;
        if errors.note(subject, place("to"), names.need(&[Kind::RouteServer], to))
            && let Some((key, problem)) = session(nva, to, advertisement.instance)
        {
            errors.note(subject, place(key), problem);
        }
        let path = complete_path(nva.asn, &advertisement.routes);
        errors.note(subject, place("as_path"), path);
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

/// The two ends of a connection in a fixed order.
pub(super) fn ends(a: &str, b: &str) -> (String, String) {
    (a.min(b).to_owned(), a.max(b).to_owned())
}

/// Every connection of an estate by its ends.
pub(super) fn connections(estate: &Estate) -> impl Iterator<Item = (String, String)> {
    estate.gateways.iter().flat_map(|gateway| {
        let connections = gateway.connections.iter();
        connections.map(|connection| ends(&gateway.name, other_end(connection).0))
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
