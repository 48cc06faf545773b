//! Who is called what, and who is named that is not there.

use std::collections::HashMap;

use super::{EstateError, Kind, List, Place, Problem, Seen, nearest_name};
use crate::Estate;
use crate::estate::{Nic, RouteServer, Vnet};

/// Every name of an estate.
pub(super) struct Names<'a> {
    /// Virtual networks.
    pub(super) vnets: HashMap<&'a str, usize>,
    /// Route Servers, NVAs, gateways, circuits, sites: one name space.
    pub(super) speakers: HashMap<&'a str, (Kind, usize)>,
    route_tables: HashMap<&'a str, usize>,
    route_maps: HashMap<&'a str, usize>,
}

const SPEAKERS: [(Kind, List); 5] = [
    (Kind::RouteServer, List::RouteServers),
    (Kind::Nva, List::Nvas),
    (Kind::Gateway, List::Gateways),
    (Kind::Circuit, List::Circuits),
    (Kind::Site, List::Sites),
];

impl<'a> Names<'a> {
    /// Collects the names; those that come twice are errors. `later` are Route Servers that events
    /// add: they may be named from the start.
    pub(super) fn new(
        estate: &'a Estate,
        later: &[&'a RouteServer],
        errors: &mut Vec<EstateError>,
    ) -> Self {
        let mut unique = |kind, list, names: &mut dyn Iterator<Item = &'a str>| {
            let mut seen: HashMap<&str, usize> = HashMap::new();
            for (index, name) in names.enumerate() {
                if let Some(first) = seen.get(name) {
                    errors.push(twice(kind, name, (list, index), (kind, list, *first)));
                } else {
                    seen.insert(name, index);
                }
            }
            seen
        };
        let vnets = unique(
            Kind::Vnet,
            List::Vnets,
            &mut names(&estate.vnets, |v| &v.name),
        );
        let tables = &mut names(&estate.route_tables, |t| &t.name);
        let route_tables = unique(Kind::RouteTable, List::RouteTables, tables);
        let maps = &mut names(&estate.route_maps, |m| &m.name);
        let route_maps = unique(Kind::RouteMap, List::RouteMaps, maps);
        unique(Kind::Nic, List::Nics, &mut names(&estate.nics, |n| &n.name));
        let mut speakers = speakers(estate, errors);
        for server in later {
            speakers
                .entry(&server.name)
                .or_insert((Kind::RouteServer, usize::MAX));
        }
        Self {
            vnets,
            speakers,
            route_tables,
            route_maps,
        }
    }

    /// The network of that name.
    pub(super) fn vnet<'e>(&self, estate: &'e Estate, name: &str) -> Option<&'e Vnet> {
        estate.vnets.get(*self.vnets.get(name)?)
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
            if self.has(*kind, name) {
                return None;
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

fn names<'a, T>(
    list: &'a [T],
    name: impl Fn(&'a T) -> &'a String,
) -> impl Iterator<Item = &'a str> {
    list.iter().map(move |object| name(object).as_str())
}

fn speakers<'a>(
    estate: &'a Estate,
    errors: &mut Vec<EstateError>,
) -> HashMap<&'a str, (Kind, usize)> {
    let mut speakers: HashMap<&str, (Kind, usize)> = HashMap::new();
    for (kind, list) in SPEAKERS {
        let all: &mut dyn Iterator<Item = &str> = match kind {
            Kind::RouteServer => &mut names(&estate.route_servers, |s| &s.name),
            Kind::Nva => &mut names(&estate.nvas, |n| &n.name),
            Kind::Gateway => &mut names(&estate.gateways, |g| &g.name),
            Kind::Circuit => &mut names(&estate.circuits, |c| &c.name),
            _ => &mut names(&estate.sites, |s| &s.name),
        };
        for (index, name) in all.enumerate() {
            if let Some((first, at)) = speakers.get(name) {
                let first_list = list_of(*first);
                errors.push(twice(kind, name, (list, index), (*first, first_list, *at)));
            } else {
                speakers.insert(name, (kind, index));
            }
        }
    }
    speakers
}

fn list_of(kind: Kind) -> List {
    SPEAKERS
        .into_iter()
        .find(|(of, _)| *of == kind)
        .map_or(List::RouteServers, |(_, list)| list)
}

fn twice(kind: Kind, name: &str, at: (List, usize), first: (Kind, List, usize)) -> EstateError {
    EstateError {
        place: Place::entry(at.0, at.1).key("name"),
        object: format!("{kind} `{name}`"),
        problem: Problem::NameTwice {
            name: name.to_owned(),
            first: first.0,
        },
        other: Some(Place::entry(first.1, first.2).key("name")),
    }
}

/// Subnets, route tables and NICs: names and references.
pub(super) fn check_fabric(estate: &Estate, names: &Names<'_>, errors: &mut Vec<EstateError>) {
    for (index, vnet) in estate.vnets.iter().enumerate() {
        let object = || format!("VNet `{}`", vnet.name);
        let subnets = || Place::entry(List::Vnets, index).key("subnets");
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (n, subnet) in vnet.subnets.iter().enumerate() {
            if let Some(first) = seen.insert(&subnet.name, n) {
                errors.push(EstateError {
                    place: subnets().item(n).key("name"),
                    object: object(),
                    problem: Problem::NameTwice {
                        name: subnet.name.clone(),
                        first: Kind::Subnet,
                    },
                    other: Some(subnets().item(first).key("name")),
                });
            }
            let table = subnet.route_table.as_deref();
            let problem = table.and_then(|table| names.need(&[Kind::RouteTable], table));
            let place = || subnets().item(n).key("route_table");
            errors.extend(at(place, object, problem));
        }
    }
    route_tables(estate, errors);
    for (index, nic) in estate.nics.iter().enumerate() {
        check_nic(estate, names, index, nic, errors);
    }
}

fn check_nic(
    estate: &Estate,
    names: &Names<'_>,
    index: usize,
    nic: &Nic,
    errors: &mut Vec<EstateError>,
) {
    let object = || format!("NIC `{}`", nic.name);
    let field = |key| move || Place::entry(List::Nics, index).key(key);
    errors.extend(at(field("vnet"), object, names.need_vnet(&nic.vnet)));
    let table = nic.route_table.as_deref();
    let problem = table.and_then(|table| names.need(&[Kind::RouteTable], table));
    errors.extend(at(field("route_table"), object, problem));
    let vnet = names.vnet(estate, &nic.vnet);
    if let (Some(subnet), Some(vnet)) = (&nic.subnet, vnet) {
        let known = || vnet.subnets.iter().map(|s| s.name.as_str());
        let missing = !known().any(|name| name == subnet);
        let problem = missing.then(|| Problem::NoSuch {
            wanted: &[Kind::Subnet],
            name: subnet.clone(),
            nearest: nearest_name(subnet, known()).map(str::to_owned),
            is: None,
        });
        errors.extend(at(field("subnet"), object, problem));
    }
}

fn route_tables(estate: &Estate, errors: &mut Vec<EstateError>) {
    for (index, table) in estate.route_tables.iter().enumerate() {
        let place = |n| {
            let routes = Place::entry(List::RouteTables, index).key("routes");
            routes.item(n).key("prefix")
        };
        let mut seen = HashMap::new();
        for (n, route) in table.routes.iter().enumerate() {
            if let Some(first) = seen.get(&route.prefix) {
                errors.push(EstateError {
                    place: place(n),
                    object: format!("route table `{}`", table.name),
                    problem: Problem::PrefixTwice {
                        prefix: route.prefix,
                    },
                    other: Some(place(*first)),
                });
            } else {
                seen.insert(route.prefix, n);
            }
        }
    }
}

/// An error at a place, if there is a problem.
pub(super) fn at(
    place: impl FnOnce() -> Place,
    object: impl FnOnce() -> String,
    problem: Option<Problem>,
) -> Option<EstateError> {
    problem.map(|problem| EstateError {
        place: place(),
        object: object(),
        problem,
        other: None,
    })
}

/// Names of Route Servers listed twice by one NVA.
pub(super) fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let mut seen = Seen::default();
    names
        .enumerate()
        .filter(|(_, name)| !seen.is_new(name))
        .collect()
}
