//! Events, one after the other, each against the estate as it then is.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::error::{EstateError, Kind, List, Place, Problem};
use super::names::Names;
use super::networks::{InUse, Peered, pair, with_gateways};
use super::report::Report;
use super::speakers;
use crate::estate::{
    CircuitLink, Connection, ConnectionEnds, Estate, Event, Gateway, Nva, Object, PeerSessions,
    Peering, RouteServer, Routes,
};

/// The Route Servers that events add.
pub(super) fn added_route_servers(events: &[(String, Event)]) -> Vec<&RouteServer> {
    let added = events.iter().filter_map(|(_, event)| match event {
        Event::AddRouteServer(server) => Some(server),
        Event::Add(object) => match &**object {
            Object::RouteServer(server) => Some(server),
            _ => None,
        },
        _ => None,
    });
    added.collect()
}

/// The estate as far as events change it.
struct Now<'a> {
    estate: &'a Estate,
    names: &'a Names<'a>,
    /// Route Servers that there are now, and their networks.
    servers: HashMap<String, String>,
    peered: Peered,
    used: InUse,
    connections: HashSet<(String, String)>,
}

/// Checks each event. `later` are the Route Servers that events add.
pub(super) fn check(
    events: &[(String, Event)],
    estate: &Estate,
    later: &[&RouteServer],
    errors: &mut Vec<EstateError>,
) {
    // One that is gone may be named as before.
    let servers = later.iter().copied().chain(&estate.route_servers);
    let nameable: Vec<&RouteServer> = servers.collect();
    let mut now = Cow::Borrowed(estate);
    let mut rest = events;
    while !rest.is_empty() {
        let at = events.len() - rest.len();
        let states = rest.iter().take_while(|(_, event)| !event.describes_anew());
        let (run, after) = rest.split_at(states.count());
        check_run(
            run,
            at,
            &Names::new(&now, &nameable, &mut Vec::new()),
            errors,
        );
        rest = after;
        if let Some(((id, event), after)) = after.split_first() {
            let now = now.to_mut();
            for (_, event) in run {
                // What there is not to change was told.
                let _ = now.change(event);
            }
            let place = Place::entry(List::Events, events.len() - after.len() - 1);
            errors.extend(check_object(id, event, &place, now));
            rest = after;
        }
    }
}

/// Checks an event that describes the estate anew, by the estate that comes of it.
fn check_object(id: &str, event: &Event, place: &Place, now: &mut Estate) -> Vec<EstateError> {
    let name = match event {
        Event::Set(object) | Event::Add(object) => object.name(),
        Event::Remove(name) => name.clone(),
        _ => return Vec::new(),
    };
    let found = now.change_checked(event).into_iter();
    let placed = found.map(|error| {
        let path = now.path_in_object(&name, &error.place).unwrap_or_default();
        let object = match error.place.list {
            List::Events => format!("event `{id}`"),
            _ => format!("event `{id}`: {}", error.object),
        };
        EstateError {
            place: Place {
                path: path.to_vec(),
                ..place.clone()
            },
            object,
            problem: error.problem,
            // Places of an estate that events have changed are not in the file.
            other: None,
        }
    });
    placed.collect()
}

/// Checks events that do not describe the estate anew; the first stands at a place in the list.
fn check_run<'a>(
    events: &'a [(String, Event)],
    at: usize,
    names: &'a Names<'a>,
    errors: &mut Vec<EstateError>,
) {
    if events.is_empty() {
        return;
    }
    let estate = names.estate;
    let servers = estate.route_servers.iter();
    // What is wrong with the estate itself was told before.
    let told = &mut Vec::new();
    let remotes = with_gateways(estate, &added_route_servers(events));
    let mut now = Now {
        estate,
        names,
        servers: servers.map(|s| (s.name.clone(), s.vnet.clone())).collect(),
        peered: Peered::check(names, &remotes, told),
        used: InUse::check(names, told),
        connections: speakers::connections(estate).collect(),
    };
    for (index, (id, event)) in (at..).zip(events) {
        let object = format!("event `{id}`");
        let mut found = Vec::new();
        let place = Place::entry(List::Events, index);
        let special = event.special();
        now.check(
            &special,
            &mut Report::new(object.clone(), place, &mut found),
        );
        // Whatever an event does not fit with, it is the event that is told.
        errors.extend(found.into_iter().map(|error| EstateError {
            object: object.clone(),
            // Places of an estate that events have changed are not in the file.
            other: error.other.filter(|_| at == 0),
            ..error
        }));
    }
}

/// Checks that the path of each route begins with the ASN of its announcer.
fn check_paths(nva: Option<&Nva>, routes: &[Routes], report: &mut Report<'_>) {
    for (n, routes) in routes.iter().enumerate() {
        let problem = nva.and_then(|nva| speakers::complete_path(nva.asn, routes));
        report.note(report.item("routes", n).key("as_path"), problem);
    }
}

impl<'a> Now<'a> {
    fn check(&mut self, event: &Event, report: &mut Report<'_>) {
        match event {
            Event::SetBranchToBranch { route_server, .. }
            | Event::SetRoutingPreference { route_server, .. } => {
                self.need_server(route_server, report);
            }
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => {
                let target = ("to", to.as_deref(), *instance);
                let nva = self.check_target(nva, target, report);
                check_paths(nva, routes, report);
            }
            Event::Withdraw {
                nva, to, instance, ..
            } => {
                let target = ("to", to.as_deref(), *instance);
                self.check_target(nva, target, report);
            }
            Event::NvaDown(of) | Event::NvaUp(of) => {
                let target = ("route_server", of.route_server.as_deref(), of.instance);
                self.check_target(&of.nva, target, report);
            }
            Event::InstanceDown(instance) | Event::InstanceUp(instance) => {
                self.need_server(&instance.route_server, report);
                self.need_instance(Some(instance.instance), report);
            }
            Event::GatewayInstanceDown(of) | Event::GatewayInstanceUp(of) => {
                self.need_gateway_instance(&of.gateway, of.instance, report);
            }
            Event::ConnectionDown(ends) | Event::ConnectionUp(ends) => {
                self.check_connection(ends, report);
            }
            Event::AddPeering(peering) => self.add_peering(peering, report),
            Event::RemovePeering { a, b } => self.remove_peering(a, b, report),
            Event::AddRouteServer(server) => self.add_server(server, report),
            Event::RemoveRouteServer { route_server } => {
                self.remove_server(route_server, report);
            }
            Event::SetReadvertises { nva, rules } => {
                self.need_nva(nva, report);
                speakers::check_rules(self.names, &report.field("rules"), rules, report);
            }
            Event::SetRouteMap {
                route_server,
                peer,
                inbound,
                outbound,
            } => {
                self.check_route_map(route_server, peer, report);
                self.check_maps([("inbound", inbound), ("outbound", outbound)], report);
            }
            // Of others the estate that comes of them is checked.
            other => self.check_sessions(other.sessions(), report),
        }
    }

    fn add_peering(&mut self, peering: &Peering, report: &mut Report<'_>) {
        let gateways = self.estate.gateways.iter().map(|g| g.vnet.as_str());
        let remotes = gateways
            .chain(self.servers.values().map(String::as_str))
            .collect();
        self.peered.add(self.names, &remotes, peering, report);
    }

    fn remove_server(&mut self, name: &str, report: &mut Report<'_>) {
        self.need_server(name, report);
        self.servers.remove(name);
        self.used.remove_route_server(name);
    }

    fn need_server(&self, name: &str, report: &mut Report<'_>) -> bool {
        let gone = || Problem::NoSuch {
            wanted: &[Kind::RouteServer],
            name: name.to_owned(),
            nearest: None,
            is: None,
        };
        let unknown = self.names.need(&[Kind::RouteServer], name);
        let problem = unknown.or_else(|| (!self.servers.contains_key(name)).then(gone));
        report.note_field("route_server", problem)
    }

    fn need_instance(&self, instance: Option<u8>, report: &mut Report<'_>) {
        let number = instance.filter(|number| *number > 1);
        let problem = number.map(Problem::NoSuchInstance);
        report.note_field("instance", problem);
    }

    fn need_gateway_instance(&self, gateway: &str, instance: u8, report: &mut Report<'_>) {
        report.note_field("gateway", self.names.need(&[Kind::Gateway], gateway));
        let mut gateways = self.estate.gateways.iter();
        let gateway = gateways.find(|other| other.name == gateway);
        let count = gateway.map_or(2, Gateway::instance_count);
        let problem = match count {
            _ if usize::from(instance) < count => None,
            1 => Some(Problem::NotTheOnlyInstance(instance)),
            _ => Some(Problem::NoSuchInstance(instance)),
        };
        report.note_field("instance", problem);
    }

    fn need_nva(&self, name: &str, report: &mut Report<'_>) -> Option<&'a Nva> {
        let problem = self.names.need(&[Kind::Nva], name);
        report.note_field("nva", problem);
        match self.names.speaker(name) {
            Some((Kind::Nva, index)) => self.estate.nvas.get(index),
            _ => None,
        }
    }

    /// An NVA, the Route Server in the field `key`, and the instance that an event of it means.
    fn check_target(
        &self,
        nva: &str,
        (key, to, instance): (&'static str, Option<&str>, Option<u8>),
        report: &mut Report<'_>,
    ) -> Option<&'a Nva> {
        let nva = self.need_nva(nva, report)?;
        let Some(to) = to else {
            self.need_instance(instance, report);
            return Some(nva);
        };
        let unknown = self.names.need(&[Kind::RouteServer], to);
        if report.note_field(key, unknown)
            && let Some((field, problem)) = speakers::session(nva, to, instance)
        {
            let key = if field == "to" { key } else { field };
            report.note_field(key, problem);
        }
        Some(nva)
    }

    /// An NVA, site or circuit, and which of its sessions an event means.
    fn check_sessions(&self, sessions: Option<PeerSessions>, report: &mut Report<'_>) {
        let Some(sessions) = sessions else { return };
        let PeerSessions {
            peer, to, instance, ..
        } = &sessions;
        let problem = self
            .names
            .need(&[Kind::Nva, Kind::Site, Kind::Circuit], peer);
        if !report.note_field("peer", problem) {
            return;
        }
        match self.names.speaker(peer) {
            Some((Kind::Nva, _)) => {
                let nva = self.estate.nvas.iter().find(|nva| nva.name == *peer);
                let problem = self.names.need_if(&[Kind::RouteServer], to.as_deref());
                if report.note_field("to", problem)
                    && let Some((nva, to)) = nva.zip(to.as_deref())
                    && let Some((field, problem)) = speakers::session(nva, to, *instance)
                {
                    report.note_field(field, problem);
                }
            }
            Some((Kind::Site, _)) => {
                report.note_field("to", self.names.need_if(&[Kind::Gateway], to.as_deref()));
            }
            _ => {
                report.note_field("to", self.names.need_if(&[Kind::Circuit], to.as_deref()));
            }
        }
        self.need_instance(*instance, report);
    }

    fn check_connection(&self, ends: &ConnectionEnds, report: &mut Report<'_>) {
        let (gateway, to) = (ends.gateway.as_str(), ends.to.as_str());
        let problem = self.names.need(&[Kind::Gateway], gateway);
        let mut well = report.note_field("gateway", problem);
        let kinds = &[Kind::Circuit, Kind::Site, Kind::Gateway];
        well &= report.note_field("to", self.names.need(kinds, to));
        if well && !self.connections.contains(&pair(gateway, to)) {
            let problem = Problem::NotConnected {
                gateway: gateway.to_owned(),
                to: to.to_owned(),
            };
            report.note_field("to", problem);
            return;
        }
        let missing = |link: &CircuitLink| well && !self.has_link(ends, *link);
        if let Some(link) = ends.link.filter(missing) {
            let problem = Problem::NoSuchLink {
                gateway: gateway.to_owned(),
                to: to.to_owned(),
                link,
                is_circuit: matches!(self.names.speaker(to), Some((Kind::Circuit, _))),
            };
            report.note_field("link", problem);
        }
    }

    /// Whether a connection of a gateway has a link of a circuit.
    fn has_link(&self, ends: &ConnectionEnds, link: CircuitLink) -> bool {
        let gateways = self.estate.gateways.iter();
        let of_gateway = gateways.filter(|gateway| gateway.name == ends.gateway);
        let mut connections = of_gateway.flat_map(|gateway| &gateway.connections);
        connections.any(|connection| match connection {
            Connection::Circuit {
                circuit, msee_ips, ..
            } if *circuit == ends.to => {
                let mut circuits = self.estate.circuits.iter();
                let circuit = circuits.find(|circuit| circuit.name == ends.to);
                circuit.is_some_and(|circuit| circuit.has_link(link, msee_ips))
            }
            _ => false,
        })
    }

    fn remove_peering(&mut self, a: &str, b: &str, report: &mut Report<'_>) {
        let mut well = report.note_field("a", self.names.need_vnet(a));
        well &= report.note_field("b", self.names.need_vnet(b));
        if well && !self.peered.contains(a, b) {
            let (a, b) = (a.to_owned(), b.to_owned());
            report.note(report.place(), Problem::NotPeered { a, b });
        }
        self.peered.remove(a, b);
    }

    fn add_server(&mut self, server: &RouteServer, report: &mut Report<'_>) {
        let name = server.name.as_str();
        let known = self.names.speaker(name);
        let taken = match known {
            Some((Kind::RouteServer, _)) | None => self.servers.contains_key(name),
            Some(_) => true,
        };
        if taken {
            let problem = Problem::NameTwice {
                name: name.to_owned(),
                first: known.map_or(Kind::RouteServer, |(kind, _)| kind),
            };
            report.note_field("name", problem);
            return;
        }
        report.note_field("vnet", self.names.need_vnet(&server.vnet));
        self.used.add_route_server(self.estate, server, report);
        self.servers
            .insert(server.name.clone(), server.vnet.clone());
    }

    fn check_maps(
        &self,
        maps: [(&'static str, &Option<Option<String>>); 2],
        report: &mut Report<'_>,
    ) {
        for (key, map) in maps {
            let map = map.as_ref().and_then(Option::as_deref);
            report.note_field(key, self.names.need_if(&[Kind::RouteMap], map));
        }
    }

    fn check_route_map(&self, route_server: &str, peer: &str, report: &mut Report<'_>) {
        let mut well = self.need_server(route_server, report);
        let unknown = self.names.need(&[Kind::Nva, Kind::Gateway], peer);
        well &= report.note_field("peer", unknown);
        let problem = match self.names.speaker(peer).filter(|_| well) {
            Some((Kind::Nva, index)) => {
                let nva = self.estate.nvas.get(index);
                let session = nva.and_then(|nva| speakers::session(nva, route_server, None));
                session.map(|(_, problem)| problem)
            }
            Some((_, index)) => {
                let gateway = self.estate.gateways.get(index).map(|g| g.vnet.as_str());
                let beside = gateway == self.servers.get(route_server).map(String::as_str);
                (!beside).then(|| Problem::NotBeside {
                    gateway: peer.to_owned(),
                    route_server: route_server.to_owned(),
                })
            }
            None => None,
        };
        report.note_field("peer", problem);
    }
}
