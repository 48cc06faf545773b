//! What an event touched of that on which the ways of packets depend.

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::view::{LinkId, Neighbor, SpeakerId, VnetId};
use routehub_exchange::{Changes, Exchange, OneInstanceNics};
use routehub_types::Prefix;

use super::ways::{Ends, Walker, Ways};

impl Ways {
    /// Those after an event that took something down or brought it back, or that changed a
    /// peering, and what it changed: these ways are those before it. After any other event they
    /// are all walked again.
    #[must_use]
    pub fn after(&self, before: &Exchange, after: &Exchange, changes: &Changes) -> Self {
        let touched = Touched::of(&self.ends, (before, after), changes);
        let mut pairs: Vec<(usize, usize)> = (touched.pairs(self).into_iter())
            .map(|pair| self.ends.of_pair(pair))
            .map(|(from, to)| (to, from))
            .filter(|(to, from)| to != from)
            .collect();
        pairs.sort_unstable();
        let mut ways = self.clone();
        Walker::new(after, &self.ends).walk(pairs.into_iter(), |pair, way| {
            // What is as it was at first is not kept twice; what it depends on may be other.
            ways.changed.insert(pair, way);
        });
        ways
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
            let (was, is) = differing(was, is);
            let is_leaf = |neighbor: &Neighbor| self.ends.stations.is_leaf(neighbor.vnet);
            if !was.iter().chain(is).all(is_leaf) {
                self.enter_vnet(vnet);
                continue;
            }
            let stations = self.ends.stations.in_vnet(vnet);
            for prefix in was.iter().chain(is).flat_map(|neighbor| &neighbor.space) {
                self.at(*prefix).extend(stations);
            }
        }
    }

    /// The networks that use the Route Server or the gateways of one.
    fn users(&self, vnet: VnetId) -> impl Iterator<Item = VnetId> + use<'a> {
        std::iter::once(vnet).chain(self.after.topology().spokes(vnet))
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
                self.users(vnet).for_each(|user| self.enter_vnet(user));
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
            self.users(vnet).for_each(|user| self.enter_vnet(user));
        }
        let mut told: Vec<SpeakerId> = Vec::new();
        for outbound in self.after.outbound_from(*id) {
            if outbound.rewrites_prefixes() {
                // What passes under another prefix may be to anywhere.
                self.enter_station(outbound.receiver());
            } else if outbound.source().is_none() {
                told.push(outbound.receiver());
            }
        }
        for (_, prefix) in paths {
            if self.ends.inside(*prefix).next().is_none() {
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
        for user in self.users(vnet) {
            let stations = self.ends.stations.in_vnet(user);
            let at = self.towards.entry((prefix, longest)).or_default();
            at.extend(stations);
        }
    }

    /// The pairs whose ways may be others.
    fn pairs(&self, ways: &Ways) -> BTreeSet<usize> {
        let (ends, kept) = (self.ends, &ways.kept);
        let mut pairs: BTreeSet<usize> = kept.unknown.iter().copied().collect();
        for station in &self.stations {
            pairs.extend(&kept.by_station[*station as usize]);
        }
        let changed = ways.changed.iter();
        let changed = changed.filter(|(_, way)| way.depends_on(&self.stations, u8::MAX));
        pairs.extend(changed.map(|(pair, _)| *pair));
        for ((prefix, longest), stations) in &self.towards {
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

/// What is left of two lists without what both begin and end with.
fn differing<'a, T: PartialEq>(mut a: &'a [T], mut b: &'a [T]) -> (&'a [T], &'a [T]) {
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
    (a, b)
}
