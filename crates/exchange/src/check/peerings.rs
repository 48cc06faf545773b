//! Peerings: both ends, overlapping address spaces, remote gateways.

use std::collections::{HashMap, HashSet};

use super::names::{Names, at};
use super::{EstateError, List, Place, Problem};
use crate::Estate;
use crate::estate::{Peering, RouteServer, Vnet};

/// What the peerings looked at so far have taken.
#[derive(Clone, Default)]
pub(super) struct Peered {
    pairs: HashMap<(String, String), Place>,
    /// Who uses whose gateways, and where it says so.
    users: HashMap<String, (String, Place)>,
}

impl Peered {
    /// Whether these two are peered.
    pub(super) fn contains(&self, a: &str, b: &str) -> bool {
        self.pairs.contains_key(&pair(a, b))
    }

    /// Forgets a peering.
    pub(super) fn remove(&mut self, a: &str, b: &str) {
        self.pairs.remove(&pair(a, b));
        for (vnet, remote) in [(a, b), (b, a)] {
            if self.users.get(vnet).is_some_and(|(of, _)| of == remote) {
                self.users.remove(vnet);
            }
        }
    }
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.min(b).to_owned(), a.max(b).to_owned())
}

/// Networks that have, or will have, a gateway or a Route Server.
pub(super) fn with_gateways<'a>(estate: &'a Estate, later: &[&'a RouteServer]) -> HashSet<&'a str> {
    let gateways = estate.gateways.iter().map(|g| g.vnet.as_str());
    let servers = estate.route_servers.iter().map(|s| s.vnet.as_str());
    let later = later.iter().map(|s| s.vnet.as_str());
    gateways.chain(servers).chain(later).collect()
}

/// Checks every peering of the estate.
pub(super) fn check(
    estate: &Estate,
    names: &Names<'_>,
    later: &[&RouteServer],
    errors: &mut Vec<EstateError>,
) {
    let remotes = with_gateways(estate, later);
    let mut peered = Peered::default();
    for (index, peering) in estate.peerings.iter().enumerate() {
        let place = Place::entry(List::Peerings, index);
        check_one(
            estate,
            names,
            &remotes,
            &mut peered,
            (peering, &place),
            errors,
        );
    }
}

/// The peerings of a sound estate, to start events from.
pub(super) fn peered(estate: &Estate, names: &Names<'_>) -> Peered {
    let mut peered = Peered::default();
    for (index, peering) in estate.peerings.iter().enumerate() {
        let place = Place::entry(List::Peerings, index);
        let none = HashSet::new();
        check_one(
            estate,
            names,
            &none,
            &mut peered,
            (peering, &place),
            &mut Vec::new(),
        );
    }
    peered
}

/// Checks a peering that comes after those in `peered`, and adds it to them.
pub(super) fn check_one(
    estate: &Estate,
    names: &Names<'_>,
    remotes: &HashSet<&str>,
    peered: &mut Peered,
    (peering, place): (&Peering, &Place),
    errors: &mut Vec<EstateError>,
) {
    let (a, b) = (&peering.a, &peering.b);
    let object = || format!("peering of `{a}` and `{b}`");
    let before = errors.len();
    for (key, name) in [("a", a), ("b", b)] {
        let end = || place.clone().key(key);
        errors.extend(at(end, object, names.need_vnet(name)));
    }
    if a == b {
        let problem = Some(Problem::PeeredWithItself);
        errors.extend(at(|| place.clone().key("b"), object, problem));
    }
    if errors.len() > before {
        return;
    }
    if let Some(first) = peered.pairs.insert(pair(a, b), place.clone()) {
        errors.push(EstateError {
            place: place.clone(),
            object: object(),
            problem: Problem::PeeredTwice {
                a: a.clone(),
                b: b.clone(),
            },
            other: Some(first),
        });
        return;
    }
    if let (Some(one), Some(other)) = (names.vnet(estate, a), names.vnet(estate, b)) {
        errors.extend(at(|| place.clone(), object, overlap(one, other)));
        let flags = [
            ("a_to_b", peering.a_to_b, one, other),
            ("b_to_a", peering.b_to_a, other, one),
        ];
        for (key, flags, vnet, remote) in flags {
            if flags.use_remote_gateways {
                let flag = place.clone().key(key).key("use_remote_gateways");
                let found = remote_gateways(remotes, peered, vnet, remote, &flag);
                errors.extend(found.map(|(problem, other)| EstateError {
                    place: flag,
                    object: object(),
                    problem,
                    other,
                }));
            }
        }
    }
}

fn overlap(one: &Vnet, other: &Vnet) -> Option<Problem> {
    one.address_space.iter().find_map(|&a| {
        let mut space = other.address_space.iter();
        space.find(|&&b| a.overlaps(b)).map(|&b| Problem::Overlap {
            a: (one.name.clone(), a),
            b: (other.name.clone(), b),
        })
    })
}

fn remote_gateways(
    remotes: &HashSet<&str>,
    peered: &mut Peered,
    vnet: &Vnet,
    remote: &Vnet,
    flag: &Place,
) -> Option<(Problem, Option<Place>)> {
    if let Some((first, other)) = peered.users.get(&vnet.name) {
        let problem = Problem::RemoteGatewaysTwice {
            vnet: vnet.name.clone(),
            space: vnet.address_space.clone(),
            first: first.clone(),
            second: remote.name.clone(),
        };
        return Some((problem, Some(other.clone())));
    }
    let used = (remote.name.clone(), flag.clone());
    peered.users.insert(vnet.name.clone(), used);
    let problem = Problem::NoRemoteGateways {
        vnet: vnet.name.clone(),
        space: vnet.address_space.clone(),
        remote: remote.name.clone(),
        remote_space: remote.address_space.clone(),
    };
    (!remotes.contains(remote.name.as_str())).then_some((problem, None))
}
