//! What an event touched of that on which the ways of packets depend.

mod apart;

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::view::{LinkId, Neighbor, SpeakerId, VnetId};
use routehub_exchange::{Changes, Exchange, OneInstanceNics};
use routehub_types::Prefix;

use super::ways::{Ends, Walker, Ways};

pub use apart::Touch;

impl Ways {
    /// Those after an event that took something down or brought it back, or that changed a
    /// peering, and what it changed: these ways are those before it. After any other event they
    /// are all walked again.
    #[must_use]
    pub fn after(&self, before: &Exchange, after: &Exchange, changes: &Changes) -> Self {
        self.after_touching(before, after, changes).0
    }

    /// The same with what the event touched.
    #[must_use]
    pub fn after_touching(
        &self,
        before: &Exchange,
        after: &Exchange,
        changes: &Changes,
    ) -> (Self, Touch) {
        let touched = Touched::of(&self.ends, (before, after), changes);
        let mut pairs: Vec<(usize, usize)> = (touched.pairs(self).into_iter())
            .map(|pair| self.ends.of_pair(pair))
            .map(|(from, to)| (to, from))
            .filter(|(to, from)| to != from)
            .collect();
        pairs.sort_unstable();
        let mut ways = self.clone();
        let mut touch = Touch::of(touched, &self.kept.hubs);
        Walker::new(after, &self.ends).walk(pairs.into_iter(), |pair, way| {
            touch.walk(pair, &way, self.way(pair));
            // What is as it was at first is not kept twice; what it depends on may be other.
            ways.changed.insert(pair, way);
        });
        touch.finish();
        (ways, touch)
    }
}

/// Devices that may decide otherwise than before.
struct Touched<'a> {
    ends: &'a Ends,
    before: &'a Exchange,
    after: &'a Exchange,
    /// Those that may do so for every packet.
    stations: BTreeSet<u32>,
    /// Those that may do so for packets to addresses in a prefix, where no route decides that is
    /// longer than this.
    towards: BTreeMap<(Prefix, u8), BTreeSet<u32>>,
    /// Networks that are programmed otherwise: all devices of those that use one decide otherwise.
    programmed: BTreeSet<VnetId>,
    /// The same for packets to addresses in a prefix.
    programmed_towards: BTreeMap<(Prefix, u8), BTreeSet<VnetId>>,
    /// Networks whose programmers have other best paths, whether or not another one comes of it.
    with_paths: BTreeSet<VnetId>,
    /// Ends that came up or went down.
    moved: BTreeSet<usize>,
}

impl<'a> Touched<'a> {
    fn of(
        ends: &'a Ends,
        (before, after): (&'a Exchange, &'a Exchange),
        changes: &Changes,
    ) -> Self {
        let mut touched = Self {
            ends,
            before,
            after,
            stations: BTreeSet::new(),
            towards: BTreeMap::new(),
            programmed: BTreeSet::new(),
            programmed_towards: BTreeMap::new(),
            with_paths: BTreeSet::new(),
            moved: BTreeSet::new(),
        };
        touched.enter_speakers();
        touched.enter_links();
        touched.enter_peerings();
        touched.enter_programmers();
        touched.enter_paths(changes);
        touched
    }

    fn enter_station(&mut self, id: SpeakerId) {
        let station = self.ends.stations.of_speaker(self.after, id);
        self.stations.extend(station);
    }

    fn enter_vnet(&mut self, vnet: VnetId) {
        let stations = self.ends.stations.in_vnet(vnet);
        self.stations.extend(stations);
    }

    /// NVAs and instances that went down or came back.
    fn enter_speakers(&mut self) {
        let (before, after) = (self.before, self.after);
        for id in after.graph().speakers() {
            let is_down = |exchange: &Exchange| exchange.fabric().is_down(id);
            if is_down(before) != is_down(after) {
                self.enter_beside(id, None);
            }
            if before.is_nva_down(id) != after.is_nva_down(id) {
                self.enter_station(id);
                let name = &after.speaker(id).name;
                let named = self.ends.ends.iter();
                self.moved.extend(
                    named
                        .enumerate()
                        .filter_map(|(place, end)| (end.name == *name).then_some(place)),
                );
                for balancer in &after.estate().load_balancers {
                    if balancer.backends.contains(name) {
                        let station = self.ends.stations.named(&balancer.name);
                        self.stations.extend(station);
                    }
                }
            }
        }
    }

    /// A speaker and, as one of several gateways may be chosen by what the others have, all those
    /// of its network; with a prefix only for packets to it.
    fn enter_beside(&mut self, id: SpeakerId, towards: Option<Prefix>) {
        let speaker = self.after.speaker(id);
        let beside: Vec<SpeakerId> = match (speaker.gateway(), speaker.vnet) {
            (Some(_), Some(vnet)) => {
                let programmers = self.after.fabric().programmers_in(vnet);
                programmers.gateways().to_vec()
            }
            _ => Vec::new(),
        };
        for id in beside.into_iter().chain([id]) {
            match towards {
                Some(prefix) => self.enter_towards(id, prefix),
                None => self.enter_station(id),
            }
        }
    }

    fn at(&mut self, prefix: Prefix) -> &mut BTreeSet<u32> {
        self.towards.entry((prefix, prefix.length())).or_default()
    }

    fn enter_towards(&mut self, id: SpeakerId, prefix: Prefix) {
        if let Some(station) = self.ends.stations.of_speaker(self.after, id) {
            self.at(prefix).insert(station);
        }
    }

    /// Links that went down or came up.
    fn enter_links(&mut self) {
        let [before, after] = [self.before, self.after].map(Exchange::graph);
        let is_up = |id: &LinkId| [before, after].map(|graph| graph.link(*id).is_up());
        for id in after.links() {
            let [was, is] = is_up(&id);
            if was != is {
                let link = after.link(id);
                self.enter_beside(link.a.speaker, None);
                self.enter_beside(link.b.speaker, None);
            }
        }
    }

    /// Networks that are peered in another way.
    fn enter_peerings(&mut self) {
        let [before, after] = [self.before, self.after].map(Exchange::topology);
        for vnet in after.vnets() {
            let [was, is] = [before, after].map(|topology| topology.neighbors(vnet));
            if std::ptr::eq(was, is) {
                continue;
            }
            if before.hub(vnet) != after.hub(vnet) {
                self.enter_vnet(vnet);
                continue;
            }
            let differing = differing(was, is);
            let is_leaf = |neighbor: &&Neighbor| self.ends.stations.is_leaf(neighbor.vnet);
            if !differing.iter().all(is_leaf) {
                self.enter_vnet(vnet);
                continue;
            }
            let stations = self.ends.stations.in_vnet(vnet);
            for prefix in differing.iter().flat_map(|neighbor| &neighbor.space) {
                self.at(*prefix).extend(stations);
            }
        }
    }

    /// The devices of the networks that use the Route Server or the gateways of one of these.
    fn stations_of_users(&self, vnets: &BTreeSet<VnetId>) -> BTreeSet<u32> {
        let topology = self.after.topology();
        let users = vnets.iter();
        let users = users.flat_map(|vnet| std::iter::once(*vnet).chain(topology.spokes(*vnet)));
        users
            .flat_map(|vnet| self.ends.stations.in_vnet(vnet))
            .copied()
            .collect()
    }

    /// The devices that may decide otherwise for every packet.
    fn all_stations(&self) -> BTreeSet<u32> {
        let mut stations = self.stations_of_users(&self.programmed);
        stations.extend(&self.stations);
        stations
    }

    /// Those that may do so for packets to addresses in a prefix.
    fn all_towards(&self) -> BTreeMap<(Prefix, u8), BTreeSet<u32>> {
        let mut towards = self.towards.clone();
        for (key, vnets) in &self.programmed_towards {
            let stations = self.stations_of_users(vnets);
            towards.entry(*key).or_default().extend(stations);
        }
        towards
    }

    /// Networks that others program than before.
    fn enter_programmers(&mut self) {
        let [before, after] = [self.before, self.after].map(Exchange::fabric);
        let graph = self.after.graph();
        let speakers = graph.speakers().map(|id| graph.speaker(id));
        let speakers = speakers.filter(|speaker| speaker.programs_nics());
        let vnets: BTreeSet<VnetId> = speakers.filter_map(|speaker| speaker.vnet).collect();
        for vnet in vnets {
            let by = after.programmers_in(vnet);
            let has_other_pools =
                |id: &SpeakerId| after.has_pools(*id) && before.is_down(*id) != after.is_down(*id);
            if by != before.programmers_in(vnet) || by.gateways().iter().any(has_other_pools) {
                self.programmed.insert(vnet);
            }
        }
    }

    /// Best paths that are others.
    fn enter_paths(&mut self, changes: &Changes) {
        let mut programmed: BTreeSet<(VnetId, Prefix)> = BTreeSet::new();
        for paths in [&changes.paths, &changes.other_paths] {
            for of_speaker in paths.chunk_by(|path, next| path.0 == next.0) {
                self.enter_paths_of(of_speaker, &mut programmed);
            }
        }
        for (vnet, prefix) in programmed {
            self.enter_programmed(vnet, prefix);
        }
    }

    /// Best paths of one speaker that are others, and the networks that it programs.
    fn enter_paths_of(
        &mut self,
        paths: &[(SpeakerId, Prefix)],
        programmed: &mut BTreeSet<(VnetId, Prefix)>,
    ) {
        let Some((id, _)) = paths.first() else {
            return;
        };
        let speaker = self.after.speaker(*id);
        let vnet = speaker.vnet.filter(|_| speaker.programs_nics());
        if let Some(vnet) = vnet.filter(|_| self.after.fabric().is_mapped(*id)) {
            self.programmed.insert(vnet);
        }
        self.with_paths.extend(vnet);
        let mut told: Vec<SpeakerId> = Vec::new();
        for outbound in self.after.outbound_from(*id) {
            if outbound.rewrites_prefixes() {
                // What passes under another prefix may be to anywhere.
                self.enter_station(outbound.receiver());
            } else if outbound.source().is_none() {
                told.push(outbound.receiver());
            }
        }
        let ribs = self.before.rib(*id).zip(self.after.rib(*id));
        for (_, prefix) in paths {
            // It may be what it was before, by way of another one.
            let is_same = || ribs.is_some_and(|(was, is)| is.has_same_best(was, *prefix));
            if self.ends.inside(*prefix).next().is_none() || is_same() {
                continue;
            }
            self.enter_beside(*id, Some(*prefix));
            for receiver in &told {
                self.enter_towards(*receiver, *prefix);
            }
            programmed.extend(vnet.map(|vnet| (vnet, *prefix)));
        }
    }

    /// A prefix for which the programmers of a network may have another route.
    fn enter_programmed(&mut self, vnet: VnetId, prefix: Prefix) {
        let route = |exchange: &Exchange| {
            let fabric = exchange.fabric();
            fabric.programmed_route(&fabric.programmers_in(vnet), prefix)
        };
        let by_instance = self.after.parameters().one_instance_nics == OneInstanceNics::Hash;
        let [was, is] = [self.before, self.after].map(route);
        if !by_instance && was == is {
            return;
        }
        // A default route hides ranges that are dropped, which are longer.
        let hides = prefix.is_default() && (by_instance || was.is_some() != is.is_some());
        let longest = if hides { u8::MAX } else { prefix.length() };
        let vnets = self
            .programmed_towards
            .entry((prefix, longest))
            .or_default();
        vnets.insert(vnet);
    }

    /// The pairs whose ways may be others.
    fn pairs(&self, ways: &Ways) -> BTreeSet<usize> {
        let (ends, kept) = (self.ends, &ways.kept);
        let (stations, towards) = (self.all_stations(), self.all_towards());
        let mut pairs: BTreeSet<usize> = kept.unknown.iter().copied().collect();
        for station in &stations {
            pairs.extend(&kept.by_station[*station as usize]);
        }
        let changed = ways.changed.iter();
        let changed = changed.filter(|(_, way)| way.depends_on(&stations, u8::MAX));
        pairs.extend(changed.map(|(pair, _)| *pair));
        for ((prefix, longest), stations) in &towards {
            for end in ends.inside(*prefix) {
                let there = (0..ends.count()).map(|from| ends.pair(from, end));
                // What comes back from the internet goes to whoever asked.
                let back = ends.pair(end, ends.count() - 1);
                pairs.extend(there.chain([back]).filter(|pair| {
                    let way = ways.way(*pair);
                    way.is_some_and(|way| way.depends_on(stations, *longest))
                }));
            }
        }
        for end in &self.moved {
            let both = (0..ends.count()).flat_map(|other| [(*end, other), (other, *end)]);
            pairs.extend(both.map(|(from, to)| ends.pair(from, to)));
        }
        pairs
    }
}

/// The neighbours that are in one of two lists alone: in which order they were peered does not matter
/// to packets.
fn differing<'a>(mut a: &'a [Neighbor], mut b: &'a [Neighbor]) -> Vec<&'a Neighbor> {
    while let ([first, rest @ ..], [other, others @ ..]) = (a, b)
        && first == other
    {
        (a, b) = (rest, others);
    }
    while let ([rest @ .., last], [others @ .., other]) = (a, b)
        && last == other
    {
        (a, b) = (rest, others);
    }
    let by_vnet = |all: &'a [Neighbor]| {
        let mut sorted: Vec<&Neighbor> = all.iter().collect();
        sorted.sort_by_key(|neighbor| neighbor.vnet);
        sorted
    };
    let (a, b) = (by_vnet(a), by_vnet(b));
    let has = |all: &[&Neighbor], neighbor: &Neighbor| {
        let from = all.partition_point(|other| other.vnet < neighbor.vnet);
        let mut same = all[from..].iter();
        let mut same = same
            .by_ref()
            .take_while(|other| other.vnet == neighbor.vnet);
        same.any(|other| *other == neighbor)
    };
    let gone = a.iter().filter(|neighbor| !has(&b, neighbor));
    let new = b.iter().filter(|neighbor| !has(&a, neighbor));
    gone.chain(new).copied().collect()
}
