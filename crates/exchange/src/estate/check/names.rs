//! Who is called what, and who is named that is not there.

use std::collections::HashMap;

use routehub_types::Prefix;

use super::report::{Errors, Subject};
use super::{Kind, List, Place, Problem, nearest_name};
use crate::estate::{Estate, RouteServer, Vnet};

/// Every name of an estate.
pub(super) struct Names<'a> {
    pub(super) estate: &'a Estate,
    /// Virtual networks.
    vnets: HashMap<&'a str, usize>,
    /// Route Servers, NVAs, gateways, circuits, sites: one name space.
    speakers: HashMap<&'a str, (Kind, usize)>,
    route_tables: HashMap<&'a str, usize>,
    route_maps: HashMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    /// Collects the names; those that come twice are errors. `later` are Route Servers that events
    /// add: they may be named from the start.
    pub(super) fn new(estate: &'a Estate, later: &[&'a RouteServer], errors: &mut Errors) -> Self {
        let mut unique = |kind, list, names: Vec<&'a str>| {
            let mut seen = HashMap::new();
            for (index, name) in names.into_iter().enumerate() {
                enter(&mut seen, name, (kind, list, index), errors);
            }
            let seen = seen.into_iter();
            seen.map(|(name, (_, _, index))| (name, index)).collect()
        };
        let vnets = unique(Kind::Vnet, List::Vnets, names(&estate.vnets, |v| &v.name));
        let tables = names(&estate.route_tables, |t| &t.name);
        let route_tables = unique(Kind::RouteTable, List::RouteTables, tables);
        let maps = names(&estate.route_maps, |m| &m.name);
        let route_maps = unique(Kind::RouteMap, List::RouteMaps, maps);
        let _: HashMap<&str, usize> =
            unique(Kind::Nic, List::Nics, names(&estate.nics, |n| &n.name));
        let mut speakers = speakers(estate, errors);
        for server in later {
            let later = (Kind::RouteServer, usize::MAX);
            speakers.entry(&server.name).or_insert(later);
        }
        Self {
            estate,
            vnets,
            speakers,
            route_tables,
            route_maps,
        }
    }

    /// The network of that name.
    pub(super) fn vnet(&self, name: &str) -> Option<&'a Vnet> {
        self.estate.vnets.get(*self.vnets.get(name)?)
    }

    /// What a speaker is, and where in its list.
    pub(super) fn speaker(&self, name: &str) -> Option<(Kind, usize)> {
        self.speakers.get(name).copied()
    }

    /// An error unless there is a network of that name.
    pub(super) fn need_vnet(&self, name: &str) -> Option<Problem> {
        self.need(&[Kind::Vnet], name)
    }

    /// An error unless something of one of these kinds has that name.
    pub(super) fn need(&self, wanted: &'static [Kind], name: &str) -> Option<Problem> {
        if wanted.iter().any(|kind| self.has(*kind, name)) {
            return None;
        }
        let mut known: Vec<&str> = Vec::new();
        for kind in wanted {
            match kind {
                Kind::Vnet => known.extend(self.vnets.keys()),
                Kind::RouteTable => known.extend(self.route_tables.keys()),
                Kind::RouteMap => known.extend(self.route_maps.keys()),
                _ => known.extend(
                    self.speakers
                        .iter()
                        .filter(|(_, (of, _))| of == kind)
                        .map(|(name, _)| name),
                ),
            }
        }
        known.sort_unstable();
        Some(Problem::NoSuch {
            wanted,
            name: name.to_owned(),
            nearest: nearest_name(name, known).map(str::to_owned),
            is: self.is(name),
        })
    }

    /// The same for a name that may be left out.
    pub(super) fn need_if(&self, wanted: &'static [Kind], name: Option<&str>) -> Option<Problem> {
        self.need(wanted, name?)
    }

    fn has(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::Vnet => self.vnets.contains_key(name),
            Kind::RouteTable => self.route_tables.contains_key(name),
            Kind::RouteMap => self.route_maps.contains_key(name),
            _ => self.speakers.get(name).is_some_and(|(of, _)| *of == kind),
        }
    }

    fn is(&self, name: &str) -> Option<Kind> {
        let fabric = [Kind::Vnet, Kind::RouteTable, Kind::RouteMap];
        self.speakers
            .get(name)
            .map(|(kind, _)| *kind)
            .or_else(|| fabric.into_iter().find(|kind| self.has(*kind, name)))
    }
}

fn names<'a, T>(list: &'a [T], name: impl Fn(&'a T) -> &'a String) -> Vec<&'a str> {
    list.iter().map(|object| name(object).as_str()).collect()
}

/// Enters a name, or says that another object has it.
fn enter<'a>(
    seen: &mut HashMap<&'a str, (Kind, List, usize)>,
    name: &'a str,
    object: (Kind, List, usize),
    errors: &mut Errors,
) {
    let (kind, list, index) = object;
    if let Some((first, first_list, at)) = seen.get(name) {
        let subject = Subject::entry(kind, name, list, index);
        let problem = Problem::NameTwice {
            name: name.to_owned(),
            first: *first,
        };
        let other = Place::entry(*first_list, *at).key("name");
        errors.note_with(&subject, subject.field("name"), problem, &other);
    } else {
        seen.insert(name, object);
    }
}

fn speakers<'a>(estate: &'a Estate, errors: &mut Errors) -> HashMap<&'a str, (Kind, usize)> {
    let mut seen = HashMap::new();
    for (kind, list, names) in [
        (
            Kind::RouteServer,
            List::RouteServers,
            names(&estate.route_servers, |s| &s.name),
        ),
        (Kind::Nva, List::Nvas, names(&estate.nvas, |n| &n.name)),
        (
            Kind::Gateway,
            List::Gateways,
            names(&estate.gateways, |g| &g.name),
        ),
        (
            Kind::Circuit,
            List::Circuits,
            names(&estate.circuits, |c| &c.name),
        ),
        (Kind::Site, List::Sites, names(&estate.sites, |s| &s.name)),
    ] {
        for (index, name) in names.into_iter().enumerate() {
            enter(&mut seen, name, (kind, list, index), errors);
        }
    }
    let seen = seen.into_iter();
    seen.map(|(name, (kind, _, index))| (name, (kind, index)))
        .collect()
}

/// Subnets, route tables and NICs: names and references.
pub(super) fn check_fabric(names: &Names<'_>, errors: &mut Errors) {
    let estate = names.estate;
    for (index, vnet) in estate.vnets.iter().enumerate() {
        let subject = Subject::entry(Kind::Vnet, &vnet.name, List::Vnets, index);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (n, subnet) in vnet.subnets.iter().enumerate() {
            let field = |n, key| subject.item("subnets", n).key(key);
            if let Some(first) = seen.insert(&subnet.name, n) {
                let problem = Problem::NameTwice {
                    name: subnet.name.clone(),
                    first: Kind::Subnet,
                };
                errors.note_with(&subject, field(n, "name"), problem, &field(first, "name"));
            }
            let problem = names.need_if(&[Kind::RouteTable], subnet.route_table.as_deref());
            errors.note(&subject, field(n, "route_table"), problem);
        }
    }
    for (index, table) in estate.route_tables.iter().enumerate() {
        let subject = Subject::entry(Kind::RouteTable, &table.name, List::RouteTables, index);
        let place = |n| subject.item("routes", n).key("prefix");
        let mut seen: HashMap<Prefix, usize> = HashMap::new();
        for (n, route) in table.routes.iter().enumerate() {
            let first = *seen.entry(route.prefix).or_insert(n);
            if first != n {
                let prefix = route.prefix;
                let problem = Problem::PrefixTwice { prefix };
                errors.note_with(&subject, place(n), problem, &place(first));
            }
        }
    }
    for (index, nic) in estate.nics.iter().enumerate() {
        let subject = Subject::entry(Kind::Nic, &nic.name, List::Nics, index);
        errors.note(&subject, subject.field("vnet"), names.need_vnet(&nic.vnet));
        let problem = names.need_if(&[Kind::RouteTable], nic.route_table.as_deref());
        errors.note(&subject, subject.field("route_table"), problem);
        if let (Some(subnet), Some(vnet)) = (&nic.subnet, names.vnet(&nic.vnet)) {
            let known = || vnet.subnets.iter().map(|s| s.name.as_str());
            let missing = !known().any(|name| name == subnet);
            let problem = missing.then(|| Problem::NoSuch {
                wanted: &[Kind::Subnet],
                name: subnet.clone(),
                nearest: nearest_name(subnet, known()).map(str::to_owned),
                is: None,
            });
            errors.note(&subject, subject.field("subnet"), problem);
        }
    }
}
