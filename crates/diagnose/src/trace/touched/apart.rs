//! What an event touched, kept small: two events that touch no way in common come to what each of
//! them comes to.

use std::collections::BTreeSet;

use routehub_exchange::view::VnetId;
use routehub_types::Prefix;

use super::Touched;
use crate::trace::ways::{Way, Ways, hubs};

/// The network whose gateways and Route Server one uses that used another before.
type Hub = (VnetId, Option<VnetId>);

/// Who may decide otherwise for packets to addresses in a prefix.
#[derive(Clone, Debug, Default)]
struct Towards {
    /// Where a route decides that is longer than this, nobody does.
    longest: u8,
    stations: Vec<u32>,
    /// All devices of the networks that use one of these.
    users_of: Vec<VnetId>,
}

/// A way that was walked again.
#[derive(Clone, Copy, Debug)]
struct Walked {
    pair: usize,
    arrives: bool,
    /// Whether packets fare otherwise than before.
    differs: bool,
    /// Its part of the stops; none if they are not known.
    stops: Option<(u32, u32)>,
}

/// What an event touched of the ways of packets, and the ways that were walked again for it.
#[derive(Clone, Debug, Default)]
pub struct Touch {
    /// Devices that may decide otherwise for every packet, in order.
    stations: Vec<u32>,
    /// All devices of the networks that use one of these may.
    users_of: Vec<VnetId>,
    /// Those that may for some packets.
    towards: Vec<Towards>,
    /// By the end that packets go to, which of these; in order.
    by_end: Vec<(usize, usize)>,
    /// Networks whose programmers have other best paths.
    with_paths: BTreeSet<VnetId>,
    /// Ends that came up or went down.
    moved: BTreeSet<usize>,
    /// Networks that use the gateways of others than while nothing failed.
    hubs: Vec<Hub>,
    /// In the order of their pairs.
    walked: Vec<Walked>,
    stops: Vec<(u32, u8)>,
}

impl Touch {
    /// What was touched, with no way walked yet; `before` are the hubs while nothing failed.
    pub(super) fn of(touched: Touched<'_>, before: &[Option<VnetId>]) -> Self {
        let after = hubs(touched.after);
        let vnets = touched.after.topology().vnets();
        let hubs = vnets.zip(before.iter().zip(after));
        let hubs = hubs.filter(|(_, (was, is))| **was != *is);
        let mut touch = Self {
            hubs: hubs.map(|(vnet, (_, is))| (vnet, is)).collect(),
            ..Self::default()
        };
        let keys = touched.towards.keys();
        let keys: BTreeSet<(Prefix, u8)> =
            (keys.chain(touched.programmed_towards.keys()).copied()).collect();
        for (prefix, longest) in keys {
            let key = (prefix, longest);
            let stations = touched.towards.get(&key).into_iter().flatten();
            let users_of = touched.programmed_towards.get(&key).into_iter().flatten();
            let place = touch.towards.len();
            let ends = touched.ends.inside(prefix);
            touch.by_end.extend(ends.map(|end| (end, place)));
            touch.towards.push(Towards {
                longest,
                stations: stations.copied().collect(),
                users_of: users_of.copied().collect(),
            });
        }
        touch.by_end.sort_unstable();
        touch.stations = touched.stations.into_iter().collect();
        touch.users_of = touched.programmed.into_iter().collect();
        touch.with_paths = touched.with_paths;
        touch.moved = touched.moved;
        touch
    }

    /// Notes a way that was walked again.
    pub(super) fn walk(&mut self, pair: usize, way: &Way, before: Option<&Way>) {
        let from = self.stops.len() as u32;
        self.stops.extend(way.stops.iter().flatten());
        let stops = way
            .stops
            .is_some()
            .then_some((from, self.stops.len() as u32));
        self.walked.push(Walked {
            pair,
            arrives: way.arrives,
            differs: before != Some(way),
            stops,
        });
    }

    /// After all are walked.
    pub(super) fn finish(&mut self) {
        self.walked.sort_unstable_by_key(|walked| walked.pair);
        self.walked.shrink_to_fit();
        self.stops.shrink_to_fit();
    }

    fn walked(&self, pair: usize) -> Option<&Walked> {
        let place = self
            .walked
            .binary_search_by_key(&pair, |walked| walked.pair);
        place.ok().map(|place| &self.walked[place])
    }

    fn stops_of(&self, walked: &Walked) -> Option<&[(u32, u8)]> {
        let (from, to) = walked.stops?;
        self.stops.get(from as usize..to as usize)
    }

    /// Who may decide otherwise for packets to an end.
    fn towards(&self, end: usize) -> impl Iterator<Item = &Towards> {
        let from = self.by_end.partition_point(|(other, _)| *other < end);
        let there = self.by_end[from..].iter();
        let there = there.take_while(move |(other, _)| *other == end);
        there.map(|(_, place)| &self.towards[*place])
    }

    /// Whether a way may be another one after this as well. It is one that the other walked, so
    /// that networks use the gateways that they use after the other.
    fn touches(&self, ways: &Ways, other: &Self, way: &Walked) -> bool {
        let (from, to) = ways.ends.of_pair(way.pair);
        if self.moved.contains(&from) || self.moved.contains(&to) {
            return true;
        }
        let Some(stops) = other.stops_of(way) else {
            return true;
        };
        // What comes back from the internet goes to whoever asked.
        let back = (to + 1 == ways.ends.count()).then_some(from);
        let ends = std::iter::once(to).chain(back);
        stops.iter().any(|(station, least)| {
            let vnet = ways.ends.stations.vnet_of(*station);
            let uses = |hubs: &[VnetId]| {
                let hub = || vnet.and_then(|vnet| other.hub_of(ways, vnet));
                !hubs.is_empty()
                    && (vnet.is_some_and(|vnet| hubs.contains(&vnet))
                        || hub().is_some_and(|hub| hubs.contains(&hub)))
            };
            let has = |stations: &[u32]| stations.binary_search(station).is_ok();
            let mut towards = ends.clone().flat_map(|end| self.towards(end));
            has(&self.stations)
                || uses(&self.users_of)
                || towards.any(|towards| {
                    towards.longest >= *least && (has(&towards.stations) || uses(&towards.users_of))
                })
        })
    }

    /// The network whose gateways one uses after this.
    fn hub_of(&self, ways: &Ways, vnet: VnetId) -> Option<VnetId> {
        let other = self.hubs.iter().find(|(of, _)| *of == vnet);
        match other {
            Some((_, hub)) => *hub,
            None => ways.kept.hubs.get(vnet.index()).copied().flatten(),
        }
    }

    /// Whether what the programmers of a network have matters to what this says of who they are.
    fn programs_beside(&self, other: &Self) -> bool {
        let other_has =
            |vnet: &VnetId| other.with_paths.contains(vnet) || other.users_of.contains(vnet);
        !self.users_of.iter().any(other_has)
    }

    /// Whether every way that this walked is after both as after this, or as after the other.
    fn keeps(&self, ways: &Ways, other: &Self) -> bool {
        self.walked.iter().all(|way| {
            !other.touches(ways, self, way)
                || other
                    .walked(way.pair)
                    .is_some_and(|way| !self.touches(ways, other, way))
        })
    }

    /// Whether no way there is another by this and the way back another by the other, where both
    /// arrive: what stateful devices see of them neither says alone.
    fn answers_alone(&self, ways: &Ways, other: &Self) -> bool {
        let arriving = |way: &&Walked| way.differs && way.arrives;
        self.walked.iter().filter(arriving).all(|way| {
            let (from, to) = ways.ends.of_pair(way.pair);
            let back = other.walked(ways.ends.pair(to, from));
            back.filter(arriving).is_none()
        })
    }
}

impl Ways {
    /// Whether every way is, after two events of which each touched this of these ways, as one of
    /// them alone left it; what they looked at has to be apart too
    /// ([`Exchange::are_apart`](routehub_exchange::Exchange::are_apart)).
    pub fn are_apart(&self, a: &Touch, b: &Touch) -> bool {
        a.programs_beside(b)
            && b.programs_beside(a)
            && a.keeps(self, b)
            && b.keeps(self, a)
            && a.answers_alone(self, b)
    }
}
