//! Events, one after the other, each against the estate as it then is.

use std::collections::{HashMap, HashSet};

use super::addresses::InUse;
use super::names::Names;
use super::peerings::{self, Peered};
use super::report::{Errors, Subject};
use super::{Kind, List, Place, Problem, speakers};
use crate::estate::{Estate, Event, Nva, NvaSessions, Peering, RouteServer, Routes};

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
pub(super) fn check<'a>(events: &'a [(String, Event)], names: &'a Names<'a>, errors: &mut Errors) {
    if events.is_empty() {
        return;
    }
    let estate = names.estate;
    let servers = estate.route_servers.iter();
    let servers = servers
        .map(|s| (s.name.as_str(), s.vnet.as_str()))
        .collect();
    // What is wrong with the estate itself was told before.
    let told = &mut Errors::default();
    let mut now = Now {
        estate,
        names,
        servers,
        peered: Peered::check(names, &HashSet::new(), told),
        used: InUse::check(estate, told),
        connections: speakers::connections(estate).collect(),
    };
    for (index, (id, event)) in events.iter().enumerate() {
        let place = Place::entry(List::Events, index);
        let subject = Subject::new(format!("event `{id}`"), place);
        let mut found = Errors::default();
        now.check(event, &subject, &mut found);
        for error in &mut found.0 {
            error.object = subject.object().to_owned();
        }
        errors.0.append(&mut found.0);
    }
}

impl<'a> Now<'a> {
    fn check(&mut self, event: &'a Event, subject: &Subject, errors: &mut Errors) {
        match event {
            Event::SetBranchToBranch { route_server, .. }
            | Event::SetRoutingPreference { route_server, .. } => {
                self.need_server(route_server, subject, errors);
            }
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => {
                let target = ("to", to.as_deref(), *instance);
                if let Some(nva) = self.check_target(nva, target, subject, errors) {
                    self.check_paths(nva, routes, subject, errors);
                }
            }
            Event::Withdraw {
                nva, to, instance, ..
            } => {
                let target = ("to", to.as_deref(), *instance);
                self.check_target(nva, target, subject, errors);
            }
            Event::NvaDown(sessions) | Event::NvaUp(sessions) => {
                let NvaSessions {
                    nva,
                    route_server,
                    instance,
                } = sessions;
                let target = ("route_server", route_server.as_deref(), *instance);
                self.check_target(nva, target, subject, errors);
            }
            Event::InstanceDown(instance) | Event::InstanceUp(instance) => {
                self.need_server(&instance.route_server, subject, errors);
                self.need_instance(Some(instance.instance), subject, errors);
            }
            Event::ConnectionDown(ends) | Event::ConnectionUp(ends) => {
                self.check_connection(&ends.gateway, &ends.to, subject, errors);
            }
            Event::AddPeering(peering) => self.add_peering(peering, subject, errors),
            Event::RemovePeering { a, b } => self.remove_peering(a, b, subject, errors),
            Event::AddRouteServer(server) => self.add_server(server, subject, errors),
            Event::RemoveRouteServer { route_server } => {
                self.remove_server(route_server, subject, errors);
            }
            Event::SetReadvertises { nva, rules } => {
                self.need_nva(nva, subject, errors);
                let rules_at = subject.at(subject.field("rules"));
                speakers::check_rules(self.names, rules, &rules_at, errors);
            }
            Event::SetRouteMap {
                route_server,
                peer,
                inbound,
                outbound,
            } => {
                self.check_route_map(route_server, peer, subject, errors);
                self.check_map_name("inbound", inbound, subject, errors);
                self.check_map_name("outbound", outbound, subject, errors);
            }
        }
    }

    fn add_peering(&mut self, peering: &'a Peering, subject: &Subject, errors: &mut Errors) {
        let gateways = self.estate.gateways.iter().map(|g| g.vnet.as_str());
        let remotes = gateways.chain(self.servers.values().copied()).collect();
        let subject = peerings::subject(peering, subject.place());
        let names = self.names;
        self.peered.add(names, &remotes, peering, &subject, errors);
    }

    fn remove_server(&mut self, name: &str, subject: &Subject, errors: &mut Errors) {
        self.need_server(name, subject, errors);
        self.servers.remove(name);
        self.used.remove_route_server(name);
    }

    /// Checks the name of a route map, if the event has `key` and gives it one.
    fn check_map_name(
        &self,
        key: &'static str,
        map: &Option<Option<String>>,
        subject: &Subject,
        errors: &mut Errors,
    ) {
        let map = map.as_ref().and_then(Option::as_deref);
        let problem = self.names.need_if(&[Kind::RouteMap], map);
        errors.note(subject, subject.field(key), problem);
    }

    fn need_server(&self, name: &str, subject: &Subject, errors: &mut Errors) -> bool {
        let gone = || Problem::NoSuch {
            wanted: &[Kind::RouteServer],
            name: name.to_owned(),
            nearest: None,
            is: None,
        };
        let unknown = self.names.need(&[Kind::RouteServer], name);
        let problem = unknown.or_else(|| (!self.servers.contains_key(name)).then(gone));
        errors.note(subject, subject.field("route_server"), problem)
    }

    fn need_instance(&self, instance: Option<u8>, subject: &Subject, errors: &mut Errors) {
        let number = instance.filter(|number| *number > 1);
        let problem = number.map(Problem::NoSuchInstance);
        errors.note(subject, subject.field("instance"), problem);
    }

    fn need_nva(&self, name: &str, subject: &Subject, errors: &mut Errors) -> Option<&'a Nva> {
        let problem = self.names.need(&[Kind::Nva], name);
        errors.note(subject, subject.field("nva"), problem);
        match self.names.speaker(name) {
            Some((Kind::Nva, index)) => self.estate.nvas.get(index),
            _ => None,
        }
    }

    /// Announced paths begin with the NVA's ASN.
    fn check_paths(&self, nva: &Nva, routes: &[Routes], subject: &Subject, errors: &mut Errors) {
        for (n, routes) in routes.iter().enumerate() {
            let problem = speakers::complete_path(nva.asn, routes);
            errors.note(subject, subject.item("routes", n).key("as_path"), problem);
        }
    }

    /// An NVA, the Route Server in the field `key`, and the instance that an event of it means.
    fn check_target(
        &self,
        nva: &str,
        (key, to, instance): (&'static str, Option<&str>, Option<u8>),
        subject: &Subject,
        errors: &mut Errors,
    ) -> Option<&'a Nva> {
        let nva = self.need_nva(nva, subject, errors)?;
        let Some(to) = to else {
            self.need_instance(instance, subject, errors);
            return Some(nva);
        };
        if errors.note(
            subject,
            subject.field(key),
            self.names.need(&[Kind::RouteServer], to),
        ) && let Some((field, problem)) = speakers::session(nva, to, instance)
        {
            let key = if field == "to" { key } else { field };
            errors.note(subject, subject.field(key), problem);
        }
        Some(nva)
    }

    fn check_connection(&self, gateway: &str, to: &str, subject: &Subject, errors: &mut Errors) {
        let problem = self.names.need(&[Kind::Gateway], gateway);
        let mut well = errors.note(subject, subject.field("gateway"), problem);
        let ends = &[Kind::Circuit, Kind::Site, Kind::Gateway];
        well &= errors.note(subject, subject.field("to"), self.names.need(ends, to));
        if well && !self.connections.contains(&speakers::ends(gateway, to)) {
            let problem = Problem::NotConnected {
                gateway: gateway.to_owned(),
                to: to.to_owned(),
            };
            errors.note(subject, subject.field("to"), problem);
        }
    }

    fn remove_peering(&mut self, a: &str, b: &str, subject: &Subject, errors: &mut Errors) {
        let mut well = errors.note(subject, subject.field("a"), self.names.need_vnet(a));
        well &= errors.note(subject, subject.field("b"), self.names.need_vnet(b));
        if well && !self.peered.contains(a, b) {
            let (a, b) = (a.to_owned(), b.to_owned());
            errors.note(subject, subject.place(), Problem::NotPeered { a, b });
        }
        self.peered.remove(a, b);
    }

    fn add_server(&mut self, server: &'a RouteServer, subject: &Subject, errors: &mut Errors) {
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
            errors.note(subject, subject.field("name"), problem);
            return;
        }
        errors.note(
            subject,
            subject.field("vnet"),
            self.names.need_vnet(&server.vnet),
        );
        self.used
            .add_route_server(self.estate, server, subject.place(), errors);
        self.servers.insert(name, &server.vnet);
    }

    fn check_route_map(
        &self,
        route_server: &str,
        peer: &str,
        subject: &Subject,
        errors: &mut Errors,
    ) {
        let mut well = self.need_server(route_server, subject, errors);
        let unknown = self.names.need(&[Kind::Nva, Kind::Gateway], peer);
        well &= errors.note(subject, subject.field("peer"), unknown);
        let problem = match self.names.speaker(peer).filter(|_| well) {
            Some((Kind::Nva, index)) => {
                let nva = self.estate.nvas.get(index);
                let session = nva.and_then(|nva| speakers::session(nva, route_server, None));
                session.map(|(_, problem)| problem)
            }
            Some((_, index)) => {
                let gateway = self.estate.gateways.get(index).map(|g| g.vnet.as_str());
                let beside = gateway == self.servers.get(route_server).copied();
                (!beside).then(|| Problem::NotBeside {
                    gateway: peer.to_owned(),
                    route_server: route_server.to_owned(),
                })
            }
            None => None,
        };
        errors.note(subject, subject.field("peer"), problem);
    }
}
