//! Any sequence of events leaves the tables that a full recomputation gives.

mod model;

use std::collections::BTreeMap;

use model::events::{Event, SOURCES, attribute_sets, configs, event, prefixes, source};
use model::{Import, Model, Name, Received, Stands};
use proptest::prelude::*;
use routehub_rib::{
    Admission, AttrStore, BestPath, Change, Delta, GroupConfig, GroupId, Imported, MemberId,
    PathRef, Pull, Rib, Source, SourceId, Standing,
};
use routehub_types::{Attrs, Family, Instant, Nlri, PathId, Prefix, RuleId};

/// Best sets by prefix: source, path id and attributes of each path.
type LocRib = BTreeMap<Prefix, Vec<(usize, Option<PathId>, Attrs)>>;

/// A member as its peer sees it.
struct Peer {
    id: MemberId,
    source: Option<usize>,
    group: usize,
    table: BTreeMap<Prefix, Attrs>,
}

struct World {
    store: AttrStore,
    rib: Rib,
    ids: Vec<SourceId>,
    groups: Vec<GroupId>,
    exports: [u8; 2],
    peers: Vec<Peer>,
    model: Model,
    /// What the deltas amount to.
    replayed: BTreeMap<Prefix, Vec<(BestPath, Attrs)>>,
    prefixes: Vec<Prefix>,
    sets: Vec<Attrs>,
}

fn named(best: &BestPath, store: &AttrStore) -> (BestPath, Attrs) {
    (*best, store.attrs(best.attrs))
}

/// Applies a delta to what earlier ones amount to; what it says was there has to be there.
fn replay(
    table: &mut BTreeMap<Prefix, Vec<(BestPath, Attrs)>>,
    store: &AttrStore,
    delta: &Delta<'_>,
) {
    let before: Vec<_> = delta.before.iter().map(|best| named(best, store)).collect();
    let after: Vec<_> = delta.after.iter().map(|best| named(best, store)).collect();
    assert_ne!(before, after, "{}: a delta changes something", delta.prefix);
    let known = table.remove(&delta.prefix).unwrap_or_default();
    assert_eq!(known, before, "{}", delta.prefix);
    if !after.is_empty() {
        table.insert(delta.prefix, after);
    }
}

fn admit(store: &mut AttrStore, policy: u8, path: &routehub_rib::Announcement) -> Admission {
    let prefix = path.prefix;
    match model::import(policy, prefix, &store.attrs(path.attrs)) {
        Import::Accept(attrs) => {
            let attrs = store.intern(&attrs);
            match policy {
                4 => Admission::Replace { prefix, attrs },
                _ => Admission::Accept(attrs),
            }
        }
        Import::Replace(prefix, attrs) => {
            let attrs = store.intern(&attrs);
            Admission::Replace { prefix, attrs }
        }
        Import::Reject(rule) => Admission::Reject(rule),
        Import::Hold(rule) => Admission::Hold(rule),
    }
}

impl World {
    fn new(backlog: usize) -> Self {
        let mut rib = Rib::new(5, configs()[0].clone());
        let sources: Vec<Source> = (0..SOURCES).map(|n| source(n, n as u8 * 7)).collect();
        let ids = sources
            .iter()
            .map(|source| rib.add_source(source.clone()).unwrap())
            .collect();
        let config = GroupConfig {
            backlog,
            ..GroupConfig::default()
        };
        let groups = vec![rib.add_group(config), rib.add_group(config)];
        Self {
            store: AttrStore::new(3),
            model: Model {
                config: configs()[0].clone(),
                sources: (0..).zip(sources).collect(),
                policies: vec![0; SOURCES],
                adj_in: BTreeMap::new(),
            },
            rib,
            ids,
            groups,
            exports: [0, 0],
            peers: Vec::new(),
            replayed: BTreeMap::new(),
            prefixes: prefixes(),
            sets: attribute_sets(),
        }
    }

    fn number(&self, id: SourceId) -> usize {
        self.ids.iter().position(|one| *one == id).unwrap()
    }

    fn handle(&mut self, event: &Event) {
        match event {
            Event::Update(source, withdrawn, announced, set, id) => {
                self.update(*source, withdrawn, announced, *set, id.map(PathId));
            }
            Event::Down(source) => {
                self.model.adj_in.retain(|(one, ..), _| one != source);
                let (store, rib, replayed) = (&mut self.store, &mut self.rib, &mut self.replayed);
                let held = [Family::Ipv4, Family::Ipv6]
                    .map(|family| rib.adj_in(self.ids[*source], family).count());
                let applied = rib.source_down(store, self.ids[*source], |store, delta| {
                    replay(replayed, store, delta);
                });
                assert_eq!(applied.withdrawn as usize, held[0] + held[1]);
            }
            Event::MarkStale(source) => {
                let paths = self
                    .model
                    .adj_in
                    .iter_mut()
                    .filter(|((one, prefix, _), _)| {
                        one == source && prefix.family() == Family::Ipv4
                    });
                paths.for_each(|(_, path)| path.stale = true);
                self.rib.mark_stale(self.ids[*source], Family::Ipv4);
            }
            Event::Sweep(source) => {
                self.model.adj_in.retain(|(one, prefix, _), path| {
                    one != source || prefix.family() != Family::Ipv4 || !path.stale
                });
                let replayed = &mut self.replayed;
                self.rib.sweep_stale(
                    &mut self.store,
                    self.ids[*source],
                    Family::Ipv4,
                    |store, delta| replay(replayed, store, delta),
                );
            }
            _ => self.handle_configuration(event),
        }
    }

    fn handle_configuration(&mut self, event: &Event) {
        match event {
            Event::Source(number, variant) => {
                let source = source(*number, *variant);
                self.model.sources[*number].1 = source.clone();
                let replayed = &mut self.replayed;
                self.rib.reconfigure(
                    &mut self.store,
                    [(self.ids[*number], source)],
                    None,
                    |store, delta| replay(replayed, store, delta),
                );
            }
            Event::Replace(number, variant) => self.replace_source(*number, *variant),
            Event::Config(number) => {
                self.model.config = configs()[*number].clone();
                let (config, replayed) = (self.model.config.clone(), &mut self.replayed);
                self.rib
                    .reconfigure(&mut self.store, [], Some(config), |store, delta| {
                        replay(replayed, store, delta);
                    });
            }
            Event::Import(source, policy) => {
                self.model.policies[*source] = *policy;
                let replayed = &mut self.replayed;
                self.rib.readmit(
                    &mut self.store,
                    self.ids[*source],
                    |store, path| admit(store, *policy, path),
                    |store, delta| replay(replayed, store, delta),
                );
            }
            _ => self.handle_export(event),
        }
    }

    fn handle_export(&mut self, event: &Event) {
        match event {
            Event::Export(group, policy) => {
                self.exports[*group] = *policy;
                self.rib.reexport(self.groups[*group]);
            }
            Event::Flush(group, budget) => {
                self.flush(*group, *budget);
            }
            Event::Pull(peer, times) => {
                for _ in 0..*times {
                    self.pull(*peer);
                }
            }
            Event::Join(group, source) => {
                if self.peers.len() < 4 {
                    let id = self
                        .rib
                        .add_member(self.groups[*group], source.map(|source| self.ids[source]));
                    self.peers.push(Peer {
                        id,
                        source: *source,
                        group: *group,
                        table: BTreeMap::new(),
                    });
                }
            }
            Event::Leave(peer) => {
                if *peer < self.peers.len() {
                    let peer = self.peers.remove(*peer);
                    self.rib.remove_member(&mut self.store, peer.id);
                }
            }
            Event::Refresh(peer) => {
                if let Some(peer) = self.peers.get(*peer) {
                    self.rib.refresh_member(peer.id, Family::Ipv4);
                }
            }
            Event::Collect => self.store.collect(|_| {}),
            other => panic!("{other:?} is handled before"),
        }
    }

    fn update(
        &mut self,
        source: usize,
        withdrawn: &[usize],
        announced: &[usize],
        set: usize,
        path_id: Option<PathId>,
    ) {
        let nlri = |list: &[usize]| -> Vec<Nlri> {
            list.iter()
                .map(|n| Nlri {
                    prefix: self.prefixes[*n],
                    path_id,
                })
                .collect()
        };
        let (withdrawn, announced) = (nlri(withdrawn), nlri(announced));
        for one in &withdrawn {
            self.model.adj_in.remove(&(source, one.prefix, path_id));
        }
        for one in &announced {
            let received = Received {
                attrs: self.sets[set].clone(),
                stale: false,
            };
            self.model
                .adj_in
                .insert((source, one.prefix, path_id), received);
        }
        let change = Change {
            source: self.ids[source],
            withdrawn: &withdrawn,
            attrs: self.store.intern(&self.sets[set]),
            announced: &announced,
        };
        let (policy, replayed) = (self.model.policies[source], &mut self.replayed);
        self.rib
            .apply(
                &mut self.store,
                &change,
                Instant::ZERO,
                |store, path| admit(store, policy, path),
                |store, delta| replay(replayed, store, delta),
            )
            .unwrap();
    }

    /// Removes a source and adds another in its place.
    fn replace_source(&mut self, number: usize, variant: u8) {
        let new = source(number, variant);
        self.model.adj_in.retain(|(one, ..), _| *one != number);
        while let Some(at) = self
            .peers
            .iter()
            .position(|peer| peer.source == Some(number))
        {
            self.handle(&Event::Leave(at));
        }
        let replayed = &mut self.replayed;
        self.rib
            .remove_source(&mut self.store, self.ids[number], |store, delta| {
                replay(replayed, store, delta);
            });
        self.ids[number] = self.rib.add_source(new.clone()).unwrap();
        self.model.sources[number] = (self.ids[number].number(), new);
    }

    fn flush(&mut self, group: usize, budget: usize) -> bool {
        let policy = self.exports[group];
        let flushed = self.rib.flush(
            &mut self.store,
            self.groups[group],
            budget,
            |store, best| {
                let attrs = model::export(policy, best.prefix, &store.attrs(best.attrs))?;
                Ok(store.intern(&attrs))
            },
        );
        flushed.more
    }

    /// Pulls once; false if there was nothing.
    fn pull(&mut self, peer: usize) -> bool {
        let Some(peer) = self.peers.get_mut(peer) else {
            return false;
        };
        let routes = match self.rib.pull(&mut self.store, peer.id) {
            Pull::Idle => return false,
            Pull::Complete(_) => return true,
            Pull::Routes(routes) => routes,
        };
        assert!(!routes.prefixes.is_empty());
        let source = self.ids.iter().position(|id| *id == routes.source);
        let attrs = routes.attrs;
        let prefixes: Vec<Prefix> = routes.prefixes.iter().collect();
        for prefix in prefixes {
            match attrs {
                Some(attrs) => {
                    assert!(
                        peer.source.is_none() || source != peer.source,
                        "own route sent back"
                    );
                    peer.table.insert(prefix, self.store.attrs(attrs));
                }
                None => {
                    peer.table.remove(&prefix);
                }
            }
        }
        true
    }

    /// Compares everything that can be asked with the model.
    fn check(&mut self) {
        let expected = self.model.loc_rib();
        let name = |best: &BestPath, attrs: &Attrs| -> (usize, Option<PathId>, Attrs) {
            (self.number(best.source), best.path_id, attrs.clone())
        };
        let mut found = BTreeMap::new();
        for family in Family::ALL {
            let listed: Vec<_> = self.rib.loc_rib(family).collect();
            assert!(listed.is_sorted_by_key(|(prefix, _)| *prefix));
            assert_eq!(listed.len(), self.rib.len(family));
            for (prefix, best) in listed {
                let best: Vec<_> = best
                    .iter()
                    .map(|one| name(one, &self.store.attrs(one.attrs)))
                    .collect();
                found.insert(prefix, best);
            }
        }
        let plain = |best: &Vec<(Name, Attrs)>| -> Vec<_> {
            best.iter()
                .map(|((source, id, _), attrs)| (*source, *id, attrs.clone()))
                .collect()
        };
        let wanted: BTreeMap<_, Vec<_>> = expected
            .iter()
            .map(|(prefix, best)| (*prefix, plain(best)))
            .collect();
        assert_eq!(found, wanted);
        let replayed: BTreeMap<_, Vec<_>> = self
            .replayed
            .iter()
            .map(|(prefix, best)| {
                (
                    *prefix,
                    best.iter().map(|(best, attrs)| name(best, attrs)).collect(),
                )
            })
            .collect();
        assert_eq!(replayed, wanted);
        self.check_standings();
        self.check_adj_in();
        self.check_lookups(&wanted);
    }

    fn check_standings(&self) {
        let name = |path: &PathRef| (self.number(path.source), path.path_id, path.derived);
        for prefix in &self.prefixes {
            let mut wanted = self.model.paths(*prefix);
            let mut found: Vec<model::Path> = Vec::new();
            for view in self.rib.paths(&self.store, *prefix) {
                let stands = match view.standing {
                    Standing::Best => Stands::Best,
                    Standing::Equal => Stands::Equal,
                    Standing::Lost { step, to } => Stands::Lost(step, name(&to)),
                    Standing::Ineligible(rule) => Stands::Ineligible(rule),
                    Standing::Replaced => Stands::Replaced,
                };
                found.push(model::Path {
                    name: name(&view.path),
                    attrs: view.attrs.map(|attrs| self.store.attrs(attrs)),
                    contributors: view.contributors,
                    stands,
                });
            }
            wanted.sort_by(|one, other| (one.name, &one.attrs).cmp(&(other.name, &other.attrs)));
            found.sort_by(|one, other| (one.name, &one.attrs).cmp(&(other.name, &other.attrs)));
            assert_eq!(found, wanted, "{prefix}");
        }
    }

    fn check_adj_in(&self) {
        let mut wanted = Vec::new();
        let mut counts = [[0; 4]; SOURCES];
        for ((source, prefix, id), path) in &self.model.adj_in {
            let import = self.model.import(*source, *prefix, &path.attrs);
            let class = match import {
                Import::Accept(_) | Import::Replace(..) => 0,
                Import::Hold(_) => 1,
                Import::Reject(_) => 2,
            };
            counts[*source][class] += 1;
            counts[*source][3] += u32::from(path.stale);
            wanted.push((
                *source,
                *prefix,
                *id,
                path.attrs.clone(),
                path.stale,
                import,
            ));
        }
        let mut found = Vec::new();
        for (number, id) in self.ids.iter().enumerate() {
            for family in Family::ALL {
                for route in self.rib.adj_in(*id, family) {
                    let attrs = |id| self.store.attrs(id);
                    let import = match route.imported {
                        Imported::Accepted(id) => Import::Accept(attrs(id)),
                        Imported::Replaced { prefix, attrs: id } => {
                            Import::Replace(prefix, attrs(id))
                        }
                        Imported::Rejected(rule) => Import::Reject(rule),
                        Imported::Held(rule) => Import::Hold(rule),
                    };
                    found.push((
                        number,
                        route.prefix,
                        route.path_id,
                        attrs(route.received),
                        route.stale,
                        import,
                    ));
                }
            }
            let held = self.rib.counts(*id);
            assert_eq!(
                [held.accepted, held.shown, held.rejected, held.stale],
                counts[number]
            );
        }
        assert_eq!(found, wanted);
    }

    fn check_lookups(&self, wanted: &LocRib) {
        for prefix in &self.prefixes {
            let covering: Vec<Prefix> = self
                .rib
                .covering(*prefix)
                .map(|(prefix, _)| prefix)
                .collect();
            let mut expected: Vec<Prefix> = wanted
                .keys()
                .filter(|one| one.contains(*prefix))
                .copied()
                .collect();
            expected.reverse();
            assert_eq!(covering, expected);
            let longest = self
                .rib
                .longest_match(prefix.address())
                .map(|(prefix, _)| prefix);
            let within = wanted
                .keys()
                .filter(|one| one.contains_address(prefix.address()));
            assert_eq!(longest, within.max_by_key(|one| one.length()).copied());
        }
    }

    /// Flushes and pulls until all is quiet; then every peer has to have what the model says.
    fn settle(&mut self) {
        for group in 0..2 {
            while self.flush(group, 3) {}
        }
        for at in 0..self.peers.len() {
            while self.pull(at) {}
            let peer = &self.peers[at];
            let mut wanted = BTreeMap::new();
            for (prefix, best) in self.model.loc_rib() {
                let ((source, ..), attrs) = &best[0];
                if let Ok(attrs) = model::export(self.exports[peer.group], prefix, attrs)
                    && peer.source != Some(*source)
                {
                    wanted.insert(prefix, attrs);
                }
            }
            assert_eq!(peer.table, wanted, "peer {at}");
            let mut listed = BTreeMap::new();
            for family in Family::ALL {
                let routes = self.rib.adj_out(peer.id, family);
                assert_eq!(routes.len(), self.rib.adj_out_len(peer.id, family));
                assert!(routes.is_sorted_by_key(|route| route.prefix));
                listed.extend(
                    routes
                        .into_iter()
                        .map(|route| (route.prefix, self.store.attrs(route.attrs))),
                );
            }
            assert_eq!(listed, wanted, "peer {at}");
        }
    }

    /// Takes everything down: nothing may be left of any attribute set.
    fn end(mut self) {
        for source in 0..SOURCES {
            self.handle(&Event::Down(source));
        }
        self.settle();
        for group in self.groups.clone() {
            self.rib.remove_group(&mut self.store, group);
        }
        self.store.collect(|_| {});
        assert!(
            self.store.is_empty(),
            "{} sets are still referred to",
            self.store.len()
        );
        assert!(self.replayed.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_interleaving_gives_the_tables_of_a_full_recomputation(
        backlog in prop_oneof![Just(1usize), Just(4), Just(1000)],
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut world = World::new(backlog);
        for (n, event) in events.iter().enumerate() {
            world.handle(event);
            world.check();
            if n % 16 == 15 {
                world.settle();
            }
        }
        world.settle();
        world.check();
        world.end();
    }
}

#[test]
fn rules_of_the_model_are_told_apart() {
    assert_eq!(
        model::import(1, prefixes()[0], &attribute_sets()[1]),
        Import::Reject(RuleId(50))
    );
}
