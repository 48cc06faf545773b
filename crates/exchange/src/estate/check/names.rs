//! Who is called what, and who is named that is not there.

use std::collections::HashMap;

use super::error::{EstateError, Kind, Place, Problem};
use super::report::Report;
use crate::estate::{Estate, RouteServer, Vnet};

/// Every name of an estate.
pub(super) struct Names<'a> {
    pub(super) estate: &'a Estate,
    /// What has a name in a name space, and where in its list it stands.
    owners: HashMap<(Kind, &'a str), (Kind, usize)>,
}

/// The name space of a kind: Route Servers, NVAs, gateways, circuits and sites share that of
/// speakers.
const fn name_space(kind: Kind) -> Kind {
    match kind {
        Kind::Nva | Kind::Gateway | Kind::Circuit | Kind::Site => SPEAKERS,
        _ => kind,
    }
}

/// The name space of speakers.
const SPEAKERS: Kind = Kind::RouteServer;

impl<'a> Names<'a> {
    /// Collects the names; those that come twice are errors. `later` are Route Servers that events
    /// add: they may be named from the start.
    pub(super) fn new(
        estate: &'a Estate,
        later: &[&'a RouteServer],
        errors: &mut Vec<EstateError>,
    ) -> Self {
        let mut owners = HashMap::new();
        for (kind, names) in [
            (Kind::Vnet, names(&estate.vnets, |v| &v.name)),
            (Kind::RouteTable, names(&estate.route_tables, |t| &t.name)),
            (Kind::RouteMap, names(&estate.route_maps, |m| &m.name)),
            (Kind::Nic, names(&estate.nics, |n| &n.name)),
            (
                Kind::PrivateEndpoint,
                names(&estate.private_endpoints, |e| &e.name),
            ),
            (
                Kind::LoadBalancer,
                names(&estate.load_balancers, |b| &b.name),
            ),
            (Kind::RouteServer, names(&estate.route_servers, |s| &s.name)),
            (Kind::Nva, names(&estate.nvas, |n| &n.name)),
            (Kind::Gateway, names(&estate.gateways, |g| &g.name)),
            (Kind::Circuit, names(&estate.circuits, |c| &c.name)),
            (Kind::Site, names(&estate.sites, |s| &s.name)),
        ] {
            for (index, name) in names.into_iter().enumerate() {
                let key = (name_space(kind), name);
                let (first, at) = *owners.entry(key).or_insert((kind, index));
                if (first, at) != (kind, index) {
                    let mut report = Report::entry(kind, name, index, errors);
                    let name = name.to_owned();
                    let other = Place::entry(first.list(), at).key("name");
                    let problem = Problem::NameTwice { name, first };
                    report.note_with(report.field("name"), problem, Some(other));
                }
            }
        }
        for server in later {
            let later = (Kind::RouteServer, usize::MAX);
            owners.entry((SPEAKERS, &server.name)).or_insert(later);
        }
        Self { estate, owners }
    }

    /// The network of that name.
    pub(super) fn vnet(&self, name: &str) -> Option<&'a Vnet> {
        let (_, index) = self.owners.get(&(Kind::Vnet, name))?;
        self.estate.vnets.get(*index)
    }

    /// What a speaker is, and where in its list.
    pub(super) fn speaker(&self, name: &str) -> Option<(Kind, usize)> {
        self.owners.get(&(SPEAKERS, name)).copied()
    }

    /// An error unless there is a network of that name.
    pub(super) fn need_vnet(&self, name: &str) -> Option<Problem> {
        self.need(&[Kind::Vnet], name)
    }

    /// An error unless something of one of these kinds has that name.
    pub(super) fn need(&self, wanted: &'static [Kind], name: &str) -> Option<Problem> {
        let owner = |space: Kind| Some(self.owners.get(&(space, name))?.0);
        let has = |kind: &Kind| owner(name_space(*kind)) == Some(*kind);
        if wanted.iter().any(has) {
            return None;
        }
        let owners = self.owners.iter();
        let fitting = owners.filter(|(_, (kind, _))| wanted.contains(kind));
        let mut known: Vec<&str> = fitting.map(|((_, name), _)| *name).collect();
        known.sort_unstable();
        let mut spaces = [SPEAKERS, Kind::Vnet, Kind::RouteTable, Kind::RouteMap].into_iter();
        Some(Problem::NoSuch {
            wanted,
            name: name.to_owned(),
            nearest: nearest_name(name, known).map(str::to_owned),
            is: spaces.find_map(owner),
        })
    }

    /// The same for a name that may be left out.
    pub(super) fn need_if(&self, wanted: &'static [Kind], name: Option<&str>) -> Option<Problem> {
        self.need(wanted, name?)
    }
}

fn names<'a, T>(list: &'a [T], name: impl Fn(&'a T) -> &'a String) -> Vec<&'a str> {
    list.iter().map(|object| name(object).as_str()).collect()
}

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub fn nearest_name<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two names; letter case and the kind of dash do not count as one.
fn distance(one: &str, other: &str) -> usize {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    strsim::damerau_levenshtein(&plain(one), &plain(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["prefix", "prefixes", "next_hop", "asn"];

    #[test]
    fn a_slip_is_recognised() {
        assert_eq!(nearest_name("prefx", KEYS), Some("prefix"));
        assert_eq!(nearest_name("Next-Hop", KEYS), Some("next_hop"));
        assert_eq!(nearest_name("ans", KEYS), Some("asn"));
    }

    #[test]
    fn something_else_is_not() {
        assert_eq!(nearest_name("colour", KEYS), None);
        assert_eq!(nearest_name("", KEYS), None);
    }
}
