//! A real table and the naive one, to which the same things happen.

mod check;

use std::collections::BTreeMap;
use std::time::Duration;

use routehub_rib::{
    Admission, Age, AttrStore, BestPath, DecisionConfig, Delta, GroupConfig, GroupId, MemberId,
    Pull, Rib, Source, SourceId, Withheld,
};
use routehub_types::{Attrs, Family, FamilySet, Instant, Nlri, PathId, Prefix, Update};

use crate::model::events::{Event, SOURCES, attribute_sets, prefixes, source};
use crate::model::{self, Import, Model, Received, Run};

/// A member as its peer sees it.
struct Peer {
    id: MemberId,
    source: Option<usize>,
    group: usize,
    table: BTreeMap<Prefix, Attrs>,
}

pub(crate) struct World {
    store: AttrStore,
    rib: Rib,
    ids: Vec<SourceId>,
    groups: Vec<GroupId>,
    families: [FamilySet; 2],
    backlog: usize,
    exports: [u8; 2],
    peers: Vec<Peer>,
    model: Model,
    now: Instant,
    configs: Vec<DecisionConfig>,
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
        Import::Filter(rule) => Admission::Filter(rule),
    }
}

impl World {
    /// A world whose groups keep so many prefixes waiting; `sticky` says that history counts in
    /// some of the ways of deciding.
    pub(crate) fn new(backlog: usize, configs: Vec<DecisionConfig>, sticky: bool) -> Self {
        let mut rib = Rib::new(5, configs[0].clone());
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
                config: configs[0].clone(),
                sources: (0..).zip(sources).collect(),
                policies: vec![0; SOURCES],
                adj_in: BTreeMap::new(),
                runs: vec![Run::default(); SOURCES],
                decided: sticky.then(BTreeMap::new),
            },
            rib,
            ids,
            groups,
            families: [FamilySet::ALL; 2],
            backlog,
            exports: [0, 0],
            now: Instant::ZERO,
            configs,
            peers: Vec::new(),
            replayed: BTreeMap::new(),
            prefixes: prefixes(),
            sets: attribute_sets(),
        }
    }

    fn number(&self, id: SourceId) -> usize {
        self.ids.iter().position(|one| *one == id).unwrap()
    }

    /// What happens to the real table happens to the naive one.
    /// Lets events happen, and compares both tables after each.
    pub(crate) fn run(mut self, events: &[Event]) {
        for (n, event) in events.iter().enumerate() {
            self.handle(event);
            self.check();
            if n % 16 == 15 {
                self.settle();
            }
        }
        self.settle();
        self.check();
        self.end();
    }

    pub(crate) fn handle(&mut self, event: &Event) {
        let before = self.model.decided.is_some().then(|| self.model.clone());
        self.carry_out(event);
        let Some(before) = before else { return };
        // Where history counts, the naive table decides when the real one does.
        let all = matches!(event, Event::Source(..) | Event::Config(_));
        for prefix in self.prefixes.clone() {
            if all || before.imports(prefix) != self.model.imports(prefix) {
                self.model.touch(prefix);
            }
        }
    }

    fn carry_out(&mut self, event: &Event) {
        match event {
            Event::Update(source, withdrawn, announced, set, id) => {
                // Two paths of one source are admitted again one after the other.
                let id = id.filter(|_| self.model.decided.is_none()).map(PathId);
                self.update(*source, withdrawn, announced, *set, id);
            }
            Event::EndRun(source) => {
                self.model.runs[*source].end();
                self.rib.end_run(self.ids[*source]);
            }
            Event::Wait(milliseconds) => {
                self.now += Duration::from_millis(u64::from(*milliseconds));
            }
            Event::Down(source) => {
                self.model.runs[*source].end();
                self.model.adj_in.retain(|(one, ..), _| one != source);
                let (store, rib, replayed) = (&mut self.store, &mut self.rib, &mut self.replayed);
                let held = [Family::Ipv4, Family::Ipv6]
                    .map(|family| rib.adj_in(self.ids[*source], family).count());
                let applied = rib.withdraw_all(store, self.ids[*source], |store, delta| {
                    replay(replayed, store, delta);
                });
                assert_eq!(applied.withdrawn as usize, held[0] + held[1]);
            }
            Event::MarkStale(source, family) => {
                self.model.age(*source, *family, Age::Fresh, Age::Stale);
                self.rib.mark_stale(self.ids[*source], *family);
            }
            Event::MarkLongLivedStale(source, family) => {
                self.model
                    .age(*source, *family, Age::Stale, Age::LongLivedStale);
                self.rib.mark_long_lived_stale(self.ids[*source], *family);
            }
            Event::Sweep(source, family, youngest) => {
                self.model.adj_in.retain(|(one, prefix, _), path| {
                    one != source || prefix.family() != *family || path.age < *youngest
                });
                let replayed = &mut self.replayed;
                self.rib.sweep(
                    &mut self.store,
                    self.ids[*source],
                    *family,
                    *youngest,
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
                self.model.config = self.configs[*number % self.configs.len()].clone();
                let (config, replayed) = (self.model.config.clone(), &mut self.replayed);
                self.rib
                    .reconfigure(&mut self.store, [], Some(config), |store, delta| {
                        replay(replayed, store, delta);
                    });
            }
            Event::Import(source, policy) => {
                // Paths that are put elsewhere are decided once for each of them.
                let replaces = matches!(policy, 3 | 4) && self.model.decided.is_some();
                let policy = if replaces { &5 } else { policy };
                self.model.policies[*source] = *policy;
                let replayed = &mut self.replayed;
                self.rib.reapply_import(
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
            Event::Group(number, families) => {
                self.peers.retain(|peer| peer.group != *number);
                self.rib.remove_group(&mut self.store, self.groups[*number]);
                self.families[*number] = *families;
                self.groups[*number] = self.rib.add_group(GroupConfig {
                    families: *families,
                    backlog: self.backlog,
                    ..GroupConfig::default()
                });
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
            Event::Refresh(peer, family) => {
                if let Some(peer) = self.peers.get(*peer) {
                    self.rib.refresh_member(peer.id, *family);
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
        let counted = self.model.count(source, self.now, &announced);
        let withdrawn_now = withdrawn.iter().filter(|_| counted.is_ok());
        for one in withdrawn_now {
            self.model.adj_in.remove(&(source, one.prefix, path_id));
        }
        for one in announced.iter().filter(|_| counted.is_ok()) {
            let received = Received {
                attrs: self.sets[set].clone(),
                age: Age::Fresh,
            };
            self.model
                .adj_in
                .insert((source, one.prefix, path_id), received);
        }
        let update = Update {
            withdrawn: &withdrawn,
            attrs: self.store.intern(&self.sets[set]),
            announced: &announced,
        };
        let (policy, replayed) = (self.model.policies[source], &mut self.replayed);
        let fits = self.rib.count(self.ids[source], &announced, self.now);
        assert_eq!(fits, counted);
        if fits.is_err() {
            return;
        }
        self.rib.apply(
            &mut self.store,
            self.ids[source],
            &update,
            |store, path| admit(store, policy, path),
            |store, delta| replay(replayed, store, delta),
        );
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
        self.model.runs[number].end();
    }

    fn flush(&mut self, group: usize, budget: usize) -> bool {
        let policy = self.exports[group];
        let flushed = self.rib.flush(
            &mut self.store,
            self.groups[group],
            budget,
            |store, best| {
                let attrs = model::export(policy, best.prefix, &store.attrs(best.attrs));
                let withheld = |rule| match rule {
                    model::TOO_LONG => Withheld::Unsendable(rule),
                    rule => Withheld::Refused(rule),
                };
                Ok(store.intern(&attrs.map_err(withheld)?))
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
}
