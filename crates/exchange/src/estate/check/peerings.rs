//! Peerings: both ends, overlapping address spaces, remote gateways.

use std::collections::{HashMap, HashSet};

use super::names::Names;
use super::report::{Errors, Subject};
use super::{List, Place, Problem};
use crate::estate::{Estate, Peering, RouteServer, Vnet};

/// What the peerings looked at so far have taken.
#[derive(Default)]
pub(super) struct Peered {
    pairs: HashMap<(String, String), Place>,
    /// Who uses whose gateways, and where it says so.
    users: HashMap<String, (String, Place)>,
}

/// Networks that have, or will have, a gateway or a Route Server.
pub(super) fn with_gateways<'a>(estate: &'a Estate, later: &[&'a RouteServer]) -> HashSet<&'a str> {
    let gateways = estate.gateways.iter().map(|g| g.vnet.as_str());
    let servers = estate.route_servers.iter().map(|s| s.vnet.as_str());
    let later = later.iter().map(|s| s.vnet.as_str());
    gateways.chain(servers).chain(later).collect()
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.min(b).to_owned(), a.max(b).to_owned())
}

impl Peered {
    /// Checks every peering of the estate; `remotes` are the networks with something to use.
    pub(super) fn check(names: &Names<'_>, remotes: &HashSet<&str>, errors: &mut Errors) -> Self {
        let mut peered = Self::default();
        for (index, peering) in names.estate.peerings.iter().enumerate() {
            let place = Place::entry(List::Peerings, index);
            let subject = subject(peering, place);
            peered.add(names, remotes, peering, &subject, errors);
        }
        peered
    }

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

    /// Checks a peering that comes after those known, and adds it to them.
    pub(super) fn add(
        &mut self,
        names: &Names<'_>,
        remotes: &HashSet<&str>,
        peering: &Peering,
        subject: &Subject,
        errors: &mut Errors,
    ) {
        let (a, b) = (&peering.a, &peering.b);
        let mut well = errors.note(subject, subject.field("a"), names.need_vnet(a));
        well &= errors.note(subject, subject.field("b"), names.need_vnet(b));
        let itself = (a == b).then_some(Problem::PeeredWithItself);
        well &= errors.note(subject, subject.field("b"), itself);
        if !well {
            return;
        }
        if let Some(first) = self.pairs.insert(pair(a, b), subject.place()) {
            let (a, b) = (a.clone(), b.clone());
            let problem = Problem::PeeredTwice { a, b };
            return errors.note_with(subject, subject.place(), problem, &first);
        }
        let (Some(a), Some(b)) = (names.vnet(a), names.vnet(b)) else {
            return;
        };
        errors.note(subject, subject.place(), overlap(a, b));
        for (key, flags, vnet, remote) in [
            ("a_to_b", peering.a_to_b, a, b),
            ("b_to_a", peering.b_to_a, b, a),
        ] {
            if flags.use_remote_gateways {
                let flag = subject.field(key).key("use_remote_gateways");
                self.use_gateways(remotes, vnet, remote, &subject.at(flag), errors);
            }
        }
    }

    /// A network uses the gateways of another.
    fn use_gateways(
        &mut self,
        remotes: &HashSet<&str>,
        vnet: &Vnet,
        remote: &Vnet,
        subject: &Subject,
        errors: &mut Errors,
    ) {
        let (name, space) = (vnet.name.clone(), vnet.address_space.clone());
        if let Some((first, other)) = self.users.get(&name) {
            let problem = Problem::RemoteGatewaysTwice {
                vnet: name,
                space,
                first: first.clone(),
                second: remote.name.clone(),
            };
            return errors.note_with(subject, subject.place(), problem, other);
        }
        let used = (remote.name.clone(), subject.place());
        self.users.insert(name.clone(), used);
        if !remotes.contains(remote.name.as_str()) {
            let problem = Problem::NoRemoteGateways {
                vnet: name,
                space,
                remote: remote.name.clone(),
                remote_space: remote.address_space.clone(),
            };
            errors.note(subject, subject.place(), problem);
        }
    }
}

/// What errors call a peering.
pub(super) fn subject(peering: &Peering, place: Place) -> Subject {
    let object = format!("peering of `{}` and `{}`", peering.a, peering.b);
    Subject::new(object, place)
}

fn overlap(a: &Vnet, b: &Vnet) -> Option<Problem> {
    a.address_space.iter().find_map(|&of_a| {
        let mut space = b.address_space.iter();
        let of_b = space.find(|&&of_b| of_a.overlaps(of_b))?;
        Some(Problem::Overlap {
            a: (a.name.clone(), of_a),
            b: (b.name.clone(), *of_b),
        })
    })
}
