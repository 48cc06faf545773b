//! Loc-RIB: the paths in use for each prefix, and where every other path stands.

use alloc::vec::Vec;
use core::net::IpAddr;

use routehub_types::{AttrId, PathId, Prefix};
use smallvec::SmallVec;

use crate::AttrStore;
use crate::age::Age;
use crate::change::{BestPath, BestSet, Context};
use crate::decision::{Candidate, DecisionProcess, Standing};
use crate::memory::{HEAD, Imported, Key, Lengths, NONE, Outcome, Path, Routes, prefetch};
use crate::source::{PathRef, SourceId};

/// One path of a prefix, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathView {
    /// Which path it is.
    pub path: PathRef,
    /// The attributes as received; none for a derived path.
    pub received: Option<AttrId>,
    /// The attributes after import; none if import rejected the path.
    pub attrs: Option<AttrId>,
    /// How many received paths a derived path stands for; 0 for a received one.
    pub contributors: u32,
    /// How old it is.
    pub age: Age,
    /// Where it stands, and why.
    pub standing: Standing,
}

impl PathView {
    /// Where the path comes from.
    pub const fn source(&self) -> SourceId {
        self.path.source
    }
}

/// Lengths that a longest match looks for at once.
const AT_ONCE: usize = 4;

/// The decided prefixes of one family.
#[derive(Clone, Debug)]
pub(crate) struct LocRib<K: Key> {
    /// Which lengths the entries with a best path have.
    lengths: Lengths<K>,
    /// How many entries have a best path.
    best: usize,
    /// The candidates of a decision, so that none allocates.
    candidates: Vec<Candidate>,
}

impl<K: Key> LocRib<K> {
    pub(crate) const fn new() -> Self {
        Self {
            lengths: Lengths::new(),
            best: 0,
            candidates: Vec::new(),
        }
    }

    /// How many prefixes have a best path.
    pub(crate) const fn len(&self) -> usize {
        self.best
    }

    /// Decides an entry: every candidate gets its outcome, and the best one is the first.
    pub(crate) fn decide(&mut self, routes: &mut Routes<K>, cx: &Context<'_>, entry: u32) {
        let head = &mut routes.entry_mut(entry).head;
        if head.next == NONE {
            if head.is_candidate() {
                head.set_outcome(Outcome::Used(0));
            }
            return;
        }
        self.candidates.clear();
        for (at, path) in routes.chain(entry) {
            if path.is_candidate() {
                let candidate = candidate(routes, cx.store, entry, (at, path));
                self.candidates.push(candidate);
            }
        }
        cx.process().decide(&mut self.candidates);
        let mut best = HEAD;
        for path in &self.candidates {
            routes.path_mut(entry, path.at).set_outcome(path.outcome);
            if path.outcome == Outcome::Used(0) {
                best = path.at;
            }
        }
        routes.bring_forward(entry, best);
    }

    /// Counts a prefix that has a best path now, or none any more.
    pub(crate) fn count(&mut self, routes: &Routes<K>, key: K, has_best: bool) {
        if !has_best {
            self.lengths.remove(key);
            self.best -= 1;
            return;
        }
        if key.length() > K::AREA && self.lengths.needs_growth() {
            self.lengths
                .grow(used(routes).map(|entry| routes.key(entry)));
        }
        self.lengths.add(key);
        self.best += 1;
    }

    /// The longest prefix with a best path that an address is in.
    pub(crate) fn longest_match(
        &self,
        routes: &Routes<K>,
        address: IpAddr,
    ) -> Option<(Prefix, BestSet)> {
        let mut lengths = self.lengths.around(address, K::FAMILY.max_length());
        loop {
            // A few lengths at once, so that the waits for memory overlap.
            let some = lengths.by_ref().take(AT_ONCE);
            let keys = some.filter_map(|length| K::around(address, length));
            let some: SmallVec<[(K, u64); AT_ONCE]> =
                keys.map(|key| (key, routes.hash(key))).collect();
            if some.is_empty() {
                return None;
            }
            prefetch(some.iter().map(|(_, hash)| routes.prefetch_index(*hash)));
            let found = some
                .iter()
                .find_map(|(key, hash)| decided(routes, routes.find_hashed(*key, *hash)?));
            if found.is_some() {
                return found;
            }
        }
    }

    /// The prefixes around another one that have a best path, the longest first.
    pub(crate) fn covering<'a>(
        &self,
        routes: &'a Routes<K>,
        prefix: Prefix,
    ) -> impl Iterator<Item = (Prefix, BestSet)> + use<'a, K> {
        let address = prefix.address();
        let lengths = self.lengths.around(address, prefix.length());
        lengths.filter_map(move |length| decided(routes, routes.find(K::around(address, length)?)?))
    }
}

/// The prefix of an entry and its best set, if it has one.
fn decided<K: Key>(routes: &Routes<K>, entry: u32) -> Option<(Prefix, BestSet)> {
    let used = routes.entry(entry).head.is_used();
    used.then(|| (routes.key(entry).prefix(), best_set(routes, entry)))
}

/// The entries that have a best path, in no order that may be shown.
pub(crate) fn used<K: Key>(routes: &Routes<K>) -> impl Iterator<Item = u32> {
    let used = routes.live().filter(|(_, entry)| entry.head.is_used());
    used.map(|(number, _)| number)
}

/// Prefixes with a best path, in order.
pub(crate) fn in_order<K: Key>(routes: &Routes<K>) -> impl Iterator<Item = (Prefix, BestSet)> {
    let entries = routes.in_order(used(routes)).into_iter();
    entries.map(|entry| (routes.key(entry).prefix(), best_set(routes, entry)))
}

/// The candidates of an entry, as they stand.
fn candidates<K: Key>(
    routes: &Routes<K>,
    store: &AttrStore,
    entry: u32,
) -> impl Iterator<Item = Candidate> {
    let paths = routes.chain(entry).filter(|(_, path)| path.is_candidate());
    paths.map(move |(at, path)| Candidate {
        outcome: path.outcome(),
        ..candidate(routes, store, entry, (at, path))
    })
}

/// A path as a candidate that nothing was said of yet.
#[inline]
fn candidate<K: Key>(
    routes: &Routes<K>,
    store: &AttrStore,
    entry: u32,
    (at, path): (u32, &Path),
) -> Candidate {
    Candidate {
        attrs: AttrId(path.imported),
        at,
        path: path_ref(routes, entry, (at, path)),
        current: path.is_used(),
        outcome: Outcome::Used(0),
        key: *store.key(AttrId(path.imported)),
    }
}

/// The paths of a prefix: the best set first, then the others by source.
pub(crate) fn paths<K: Key>(
    routes: &Routes<K>,
    process: &DecisionProcess<'_>,
    entry: u32,
) -> Vec<PathView> {
    let candidates: Vec<Candidate> = candidates(routes, process.store, entry).collect();
    let mut paths: Vec<(PathRef, u32, &Path)> = routes
        .chain(entry)
        .map(|(at, path)| (path_ref(routes, entry, (at, path)), at, path))
        .collect();
    paths.sort_unstable_by_key(|(name, _, path)| {
        let place = match path.outcome() {
            Outcome::Used(place) => place.into(),
            Outcome::Lost(_) => u16::MAX,
        };
        (place, *name, path.imported)
    });
    let standing = |name: PathRef, at, outcome| match outcome {
        Outcome::Used(0) => Standing::Best,
        Outcome::Used(_) => Standing::Equal,
        Outcome::Lost(step) => {
            let to = process.winner(&candidates, at, step).unwrap_or(name);
            Standing::Lost { step, to }
        }
    };
    let view = |(name, at, path): (PathRef, u32, &Path)| {
        let (standing, attrs) = match path.imported() {
            Imported::Accepted(attrs) => (standing(name, at, path.outcome()), Some(attrs)),
            Imported::Replaced(attrs) => (Standing::Replaced, Some(attrs)),
            Imported::Filtered(rule) | Imported::Rejected(rule) | Imported::Unusable(rule) => {
                (Standing::Ineligible(rule), None)
            }
        };
        PathView {
            path: name,
            received: (!name.derived).then_some(AttrId(path.received)),
            attrs,
            contributors: if name.derived { path.received } else { 0 },
            age: path.age(),
            standing,
        }
    };
    paths.into_iter().map(view).collect()
}

fn path_ref<K: Key>(routes: &Routes<K>, entry: u32, (at, path): (u32, &Path)) -> PathRef {
    PathRef {
        source: SourceId(path.source),
        path_id: routes.path_id(entry, at).map(PathId),
        derived: path.is_derived(),
    }
}

/// One path of the best set.
pub(crate) fn best_path<K: Key>(routes: &Routes<K>, entry: u32, at: u32) -> BestPath {
    let path = routes.path(entry, at);
    BestPath {
        source: SourceId(path.source),
        path_id: routes.path_id(entry, at).map(PathId),
        attrs: AttrId(path.imported),
    }
}

/// The first of the best set.
#[inline]
pub(crate) fn best<K: Key>(routes: &Routes<K>, entry: u32) -> Option<BestPath> {
    let used = routes.entry(entry).head.is_used();
    used.then(|| best_path(routes, entry, HEAD))
}

/// The paths in use, best first.
#[inline]
pub(crate) fn best_set<K: Key>(routes: &Routes<K>, entry: u32) -> BestSet {
    first_best(routes, entry, usize::MAX)
}

/// The paths in use, best first, of which there are so many at most.
#[inline]
pub(crate) fn first_best<K: Key>(routes: &Routes<K>, entry: u32, max: usize) -> BestSet {
    let mut set = BestSet::default();
    if let Some(best) = best(routes, entry) {
        set.paths.push(best);
        if max > 1 && routes.entry(entry).head.next != NONE {
            add_equal(routes, entry, &mut set);
        }
    }
    set
}

fn add_equal<K: Key>(routes: &Routes<K>, entry: u32, set: &mut BestSet) {
    for (at, path) in routes.chain(entry).skip(1) {
        if let Outcome::Used(place) = path.outcome() {
            let place = usize::from(place);
            let best = best_path(routes, entry, at);
            // Most paths stand in the order in which they are used.
            if place == set.paths.len() {
                set.paths.push(best);
                continue;
            }
            if place > set.paths.len() {
                set.paths.resize(place + 1, best);
            }
            set.paths[place] = best;
        }
    }
}
