//! Events, one after the other, each against the estate as it then is.

use std::collections::{HashMap, HashSet};

use super::addresses::{self, InUse};
use super::names::{Names, at};
use super::peerings::{self, Peered};
use super::{EstateError, Kind, List, Place, Problem, speakers};
use crate::estate::{Nva, RouteServer, Routes};
use crate::{Estate, Event, Instance, NvaSessions};

/// The Route Servers that events add.
pub(super) fn added_route_servers(events: &[(String, Event)]) -> Vec<&RouteServer> {
    let added = events.iter().filter_map(|(_, event)| match event {
        Event::AddRouteServer(server) => Some(server),
        _ => None,
    });
    added.collect()
}

/// The estate as far as events change it.
struct Now<'a> {
    estate: &'a Estate,
    names: &'a Names<'a>,
    /// Route Servers that there are now, and their networks.
    servers: HashMap<&'a str, &'a str>,
    peered: Peered,
    used: InUse,
    connections: HashSet<(String, String)>,
}

/// Checks each event.
pub(super) fn check<'a>(
    estate: &'a Estate,
    events: &'a [(String, Event)],
    names: &'a Names<'a>,
    errors: &mut Vec<EstateError>,
) {
    if events.is_empty() {
        return;
    }
    let servers = estate.route_servers.iter();
    let mut now = Now {
        estate,
        names,
        servers: servers
            .map(|s| (s.name.as_str(), s.vnet.as_str()))
            .collect(),
        peered: peerings::peered(estate, names),
        used: addresses::collect(estate, &mut Vec::new()),
        connections: speakers::connections(estate).collect(),
    };
    for (index, (id, event)) in events.iter().enumerate() {
        let place = Place::entry(List::Events, index);
        let mut found = Vec::new();
        now.check(event, &place, &mut found);
        for error in &mut found {
            error.object = format!("event `{id}`");
        }
        errors.append(&mut found);
    }
}

impl<'a> Now<'a> {
    fn check(&mut self, event: &'a Event, place: &Place, errors: &mut Vec<EstateError>) {
        match event {
            Event::SetBranchToBranch { route_server, .. }
            | Event::SetRoutingPreference { route_server, .. } => {
                errors.extend(self.need_server(route_server, place));
            }
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => {
                let target = (to.as_deref(), *instance);
                self.check_burst(nva, Some(routes), target, place, errors);
            }
            Event::Withdraw {
                nva, to, instance, ..
            } => {
                self.check_burst(nva, None, (to.as_deref(), *instance), place, errors);
            }
            Event::NvaDown(sessions) | Event::NvaUp(sessions) => {
                self.check_sessions(sessions, place, errors);
            }
            Event::InstanceDown(instance) | Event::InstanceUp(instance) => {
                self.check_instance(instance, place, errors);
            }
            Event::ConnectionDown(ends) | Event::ConnectionUp(ends) => {
                self.check_connection(&ends.gateway, &ends.to, place, errors);
            }
            Event::AddPeering(_) | Event::RemovePeering { .. } => {
                self.check_peering(event, place, errors);
            }
            Event::AddRouteServer(server) => self.add_server(server, place, errors),
            Event::RemoveRouteServer { route_server } => {
                errors.extend(self.need_server(route_server, place));
                self.servers.remove(route_server.as_str());
                self.used.remove_route_server(route_server);
            }
            Event::SetReadvertises { nva, rules } => {
                errors.extend(self.need_nva(nva, place).err().map(|error| *error));
                let place = place.clone().key("rules");
                speakers::check_rules(self.names, nva, rules, &place, errors);
            }
            Event::SetRouteMap {
                route_server,
                peer,
                inbound,
                outbound,
            } => {
                self.check_route_map(route_server, peer, place, errors);
                for (key, map) in [("inbound", inbound), ("outbound", outbound)] {
                    let map = map.as_ref().and_then(Option::as_deref);
                    let problem = map.and_then(|map| self.names.need(&[Kind::RouteMap], map));
                    errors.extend(at(|| place.clone().key(key), String::new, problem));
                }
            }
        }
    }

    fn need_server(&self, name: &str, place: &Place) -> Option<EstateError> {
        let gone = || Problem::NoSuch {
            wanted: &[Kind::RouteServer],
            name: name.to_owned(),
            nearest: None,
            is: None,
        };
        let unknown = self.names.need(&[Kind::RouteServer], name);
        let problem = unknown.or_else(|| (!self.servers.contains_key(name)).then(gone));
        at(|| place.clone().key("route_server"), String::new, problem)
    }

    fn need_nva(&self, name: &str, place: &Place) -> Result<&'a Nva, Box<EstateError>> {
        let found = self
            .names
            .speaker(name)
            .and_then(|(kind, index)| match kind {
                Kind::Nva => self.estate.nvas.get(index),
                _ => None,
            });
        found.ok_or_else(|| {
            Box::new(EstateError {
                place: place.clone().key("nva"),
                object: String::new(),
                problem: self
                    .names
                    .need(&[Kind::Nva], name)
                    .unwrap_or(Problem::NoSuch {
                        wanted: &[Kind::Nva],
                        name: name.to_owned(),
                        nearest: None,
                        is: None,
                    }),
                other: None,
            })
        })
    }

    /// What an NVA sends or takes back, and to whom.
    fn check_burst(
        &self,
        nva: &str,
        routes: Option<&[Routes]>,
        (to, instance): (Option<&str>, Option<u8>),
        place: &Place,
        errors: &mut Vec<EstateError>,
    ) {
        let nva = match self.need_nva(nva, place) {
            Ok(nva) => nva,
            Err(error) => return errors.push(*error),
        };
        self.check_target(nva, ("to", to), instance, place, errors);
        for (n, routes) in routes.unwrap_or_default().iter().enumerate() {
            let place = || place.clone().key("routes").item(n).key("as_path");
            let problem = speakers::complete_path(nva.asn, routes);
            errors.extend(at(place, String::new, problem));
        }
    }

    fn check_sessions(&self, sessions: &NvaSessions, place: &Place, errors: &mut Vec<EstateError>) {
        match self.need_nva(&sessions.nva, place) {
            Ok(nva) => {
                let to = ("route_server", sessions.route_server.as_deref());
                self.check_target(nva, to, sessions.instance, place, errors);
            }
            Err(error) => errors.push(*error),
        }
    }

    /// The Route Server, in the field `key`, and the instance that an event of an NVA means.
    fn check_target(
        &self,
        nva: &Nva,
        (key, to): (&'static str, Option<&str>),
        instance: Option<u8>,
        place: &Place,
        errors: &mut Vec<EstateError>,
    ) {
        let Some(to) = to else {
            let problem = instance.filter(|n| *n > 1).map(Problem::NoSuchInstance);
            errors.extend(at(|| place.clone().key("instance"), String::new, problem));
            return;
        };
        let unknown = self.names.need(&[Kind::RouteServer], to);
        let problem = match unknown {
            Some(problem) => Some((key, problem)),
            None => speakers::session(nva, to, instance)
                .map(|(field, problem)| (if field == "to" { key } else { field }, problem)),
        };
        if let Some((key, problem)) = problem {
            errors.extend(at(|| place.clone().key(key), String::new, Some(problem)));
        }
    }

    fn check_instance(&self, one: &Instance, place: &Place, errors: &mut Vec<EstateError>) {
        errors.extend(self.need_server(&one.route_server, place));
        let number = Some(one.instance).filter(|n| *n > 1);
        let problem = number.map(Problem::NoSuchInstance);
        errors.extend(at(|| place.clone().key("instance"), String::new, problem));
    }

    fn check_connection(
        &self,
        gateway: &str,
        to: &str,
        place: &Place,
        errors: &mut Vec<EstateError>,
    ) {
        let before = errors.len();
        let problem = self.names.need(&[Kind::Gateway], gateway);
        errors.extend(at(|| place.clone().key("gateway"), String::new, problem));
        let ends = &[Kind::Circuit, Kind::Site, Kind::Gateway];
        let problem = self.names.need(ends, to);
        errors.extend(at(|| place.clone().key("to"), String::new, problem));
        if errors.len() == before && !self.connections.contains(&speakers::ends(gateway, to)) {
            let problem = Problem::NotConnected {
                gateway: gateway.to_owned(),
                to: to.to_owned(),
            };
            errors.extend(at(|| place.clone().key("to"), String::new, Some(problem)));
        }
    }

    fn check_peering(&mut self, event: &Event, place: &Place, errors: &mut Vec<EstateError>) {
        match event {
            Event::AddPeering(peering) => {
                let gateways = self.estate.gateways.iter().map(|g| g.vnet.as_str());
                let remotes = gateways.chain(self.servers.values().copied()).collect();
                let one = (peering, place);
                let peered = &mut self.peered;
                peerings::check_one(self.estate, self.names, &remotes, peered, one, errors);
            }
            Event::RemovePeering { a, b } => {
                let before = errors.len();
                for (key, name) in [("a", a), ("b", b)] {
                    let problem = self.names.need_vnet(name);
                    errors.extend(at(|| place.clone().key(key), String::new, problem));
                }
                if errors.len() == before && !self.peered.contains(a, b) {
                    let (a, b) = (a.clone(), b.clone());
                    let problem = Some(Problem::NotPeered { a, b });
                    errors.extend(at(|| place.clone(), String::new, problem));
                }
                self.peered.remove(a, b);
            }
            _ => {}
        }
    }

    fn add_server(
        &mut self,
        server: &'a RouteServer,
        place: &Place,
        errors: &mut Vec<EstateError>,
    ) {
        let name = server.name.as_str();
        let static_name = self.names.speaker(name);
        let taken = match static_name {
            Some((Kind::RouteServer, _)) | None => self.servers.contains_key(name),
            Some(_) => true,
        };
        if taken {
            let problem = Problem::NameTwice {
                name: name.to_owned(),
                first: static_name.map_or(Kind::RouteServer, |(kind, _)| kind),
            };
            errors.extend(at(|| place.clone().key("name"), String::new, Some(problem)));
            return;
        }
        let problem = self.names.need_vnet(&server.vnet);
        errors.extend(at(|| place.clone().key("vnet"), String::new, problem));
        addresses::check_route_server(self.estate, &mut self.used, (server, place), errors);
        self.servers.insert(name, &server.vnet);
    }

    fn check_route_map(
        &self,
        route_server: &str,
        peer: &str,
        place: &Place,
        errors: &mut Vec<EstateError>,
    ) {
        let missing = self.need_server(route_server, place);
        let unknown = self.names.need(&[Kind::Nva, Kind::Gateway], peer);
        let at_peer = || place.clone().key("peer");
        let sound = missing.is_none() && unknown.is_none();
        errors.extend(missing);
        errors.extend(at(at_peer, String::new, unknown));
        if !sound {
            return;
        }
        let problem = match self.names.speaker(peer) {
            Some((Kind::Nva, index)) => {
                let nva = self.estate.nvas.get(index);
                nva.and_then(|nva| speakers::session(nva, route_server, None))
                    .map(|(_, problem)| problem)
            }
            Some((_, index)) => {
                let gateway = self.estate.gateways.get(index);
                let beside =
                    gateway.map(|g| g.vnet.as_str()) == self.servers.get(route_server).copied();
                (!beside).then(|| Problem::NotBeside {
                    gateway: peer.to_owned(),
                    route_server: route_server.to_owned(),
                })
            }
            None => None,
        };
        errors.extend(at(at_peer, String::new, problem));
    }
}
