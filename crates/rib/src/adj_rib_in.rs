//! Adj-RIB-In: what sources announced, and what import made of it.

use alloc::vec::Vec;

use hashbrown::HashMap;
use routehub_types::{AttrId, Nlri, PathId, Prefix};
use smallvec::SmallVec;

use crate::age::Age;
use crate::change::{Admission, Context};
use crate::memory::{EntrySet, Imported, Key, Path, Routes, grown};
use crate::source::SourceCounts;

/// One route of an Adj-RIB-In.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdjIn {
    /// The prefix as received.
    pub prefix: Prefix,
    /// The path id, with add-path.
    pub path_id: Option<PathId>,
    /// The attributes as received.
    pub received: AttrId,
    /// What import made of it.
    pub imported: Admission,
    /// How old it is.
    pub age: Age,
}

/// A received path by its name: entry, source, path id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PathKey {
    pub(crate) entry: u32,
    pub(crate) source: u16,
    pub(crate) id: Option<u32>,
}

/// A prefix and attributes that import put in place of received ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<K> {
    pub(crate) key: K,
    pub(crate) attrs: AttrId,
}

/// What import made of a path, under its own prefix and in place of it.
#[derive(Clone, Copy)]
pub(crate) struct Import<K> {
    pub(crate) received: AttrId,
    pub(crate) imported: Imported,
    pub(crate) target: Option<Target<K>>,
}

impl<K: Key> Import<K> {
    /// What an admission means for a path of a prefix.
    pub(crate) fn new(key: K, received: AttrId, admission: Admission) -> Self {
        let mut target = None;
        let imported = match admission {
            Admission::Accept(attrs) => Imported::Accepted(attrs),
            Admission::Filter(rule) => Imported::Filtered(rule),
            Admission::Reject(rule) => Imported::Rejected(rule),
            Admission::Unusable(rule) => Imported::Unusable(rule),
            Admission::Replace { prefix, attrs } => {
                let other = K::of(prefix).filter(|other| *other != key);
                target = other.map(|key| Target { key, attrs });
                match target {
                    None => Imported::Accepted(attrs),
                    Some(_) => Imported::Replaced(attrs),
                }
            }
        };
        Self {
            received,
            imported,
            target,
        }
    }
}

/// What the sources of a table hold of one family, beside the paths themselves.
#[derive(Clone, Debug)]
pub(crate) struct AdjRibIn<K> {
    /// Per source, the entries that hold a path received from it.
    listed: Vec<EntrySet>,
    /// The prefix that stands in place of a replaced path's own.
    replaced: HashMap<PathKey, K, foldhash::fast::FixedState>,
}

impl<K: Key> AdjRibIn<K> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            listed: Vec::new(),
            replaced: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(seed)),
        }
    }

    /// Notes that an entry holds a path of a source.
    pub(crate) fn list(&mut self, source: u16, entry: u32) {
        grown(&mut self.listed, source.into()).insert(entry);
    }

    /// The entries that hold a path of a source.
    fn entries(&self, source: u16) -> impl Iterator<Item = u32> {
        let listed = self.listed.get(usize::from(source));
        listed.into_iter().flat_map(EntrySet::iter)
    }

    /// The first entry, from one on, that holds a path of a source.
    pub(crate) fn next_listed(&self, source: u16, from: u32) -> Option<u32> {
        self.listed.get(usize::from(source))?.next(from)
    }

    /// Gives back the memory of a source that holds little.
    pub(crate) fn shrink(&mut self, source: u16) {
        if let Some(listed) = self.listed.get_mut(usize::from(source)) {
            listed.shrink();
        }
    }

    /// Whether a path was received and imported like this before.
    pub(crate) fn is_same(&self, key: PathKey, path: &Path, import: &Import<K>) -> bool {
        let target = import.target.map(|target| target.key);
        path.received == import.received.0
            && path.imported() == import.imported
            && (target.is_none() || self.replaced.get(&key).copied() == target)
    }

    /// Stores a path, at its place if it has one, with what import made of it; says what stood in
    /// place of it until now.
    pub(crate) fn put(
        &mut self,
        routes: &mut Routes<K>,
        cx: &mut Context<'_>,
        (key, at): (PathKey, Option<u32>),
        import: &Import<K>,
    ) -> Option<Target<K>> {
        let PathKey { entry, source, id } = key;
        cx.store.retain(import.received);
        if let Imported::Accepted(attrs) | Imported::Replaced(attrs) = import.imported {
            cx.store.retain(attrs);
        }
        let mut before = None;
        let at = match (at, import.imported) {
            (Some(at), Imported::Accepted(attrs)) if routes.path(entry, at).is_candidate() => {
                // A candidate before and after: the counts stay.
                let path = routes.path_mut(entry, at);
                cx.store
                    .release_both(AttrId(path.received), AttrId(path.imported));
                path.received = import.received.0;
                path.imported = attrs.0;
                return None;
            }
            (Some(at), _) => {
                let old = *routes.path(entry, at);
                before = self.forget(cx, key, &old);
                cx.store.release(AttrId(old.received));
                at
            }
            (None, _) => {
                self.list(source, entry);
                routes.add_path(entry, Path::received(source, id.is_some()), id)
            }
        };
        let path = routes.path_mut(entry, at);
        path.received = import.received.0;
        path.set_imported(import.imported);
        let counts = cx.sources.counts_mut(source);
        *tally(counts, path) += 1;
        counts.stale += u32::from(path.is_stale());
        if let Some(target) = import.target {
            self.replaced.insert(key, target.key);
        }
        before
    }

    /// Takes a received path out of the table and of the counts; the entry is not decided.
    pub(crate) fn take(
        &mut self,
        routes: &mut Routes<K>,
        cx: &mut Context<'_>,
        (entry, at): (u32, u32),
    ) -> Option<Target<K>> {
        let path = *routes.path(entry, at);
        let source = path.source;
        let id = routes.path_id(entry, at);
        let target = self.forget(cx, PathKey { entry, source, id }, &path);
        cx.store.release(AttrId(path.received));
        routes.remove_path(entry, at);
        if routes.received(entry, source).next().is_none()
            && let Some(listed) = self.listed.get_mut(usize::from(source))
        {
            listed.remove(entry);
        }
        target
    }

    /// Takes what import made of a path out of the counts.
    fn forget(&mut self, cx: &mut Context<'_>, key: PathKey, path: &Path) -> Option<Target<K>> {
        let counts = cx.sources.counts_mut(path.source);
        *tally(counts, path) -= 1;
        counts.stale -= u32::from(path.is_stale());
        match path.imported() {
            Imported::Accepted(attrs) => cx.store.release(attrs),
            Imported::Replaced(attrs) => {
                cx.store.release(attrs);
                let key = self.replaced.remove(&key)?;
                return Some(Target { key, attrs });
            }
            Imported::Filtered(_) | Imported::Rejected(_) | Imported::Unusable(_) => {}
        }
        None
    }

    /// Makes what a source holds of an age older; says how many paths.
    pub(crate) fn change_age(
        &self,
        routes: &mut Routes<K>,
        source: u16,
        from: Age,
        to: Age,
    ) -> u32 {
        let fits = |_, path: &Path| path.age() == from;
        let mut marked = 0;
        for entry in self.entries(source) {
            while let Some(at) = routes.find_received(entry, source, fits) {
                routes.path_mut(entry, at).set_age(to);
                marked += 1;
            }
        }
        marked
    }

    /// What a source announced, in order.
    pub(crate) fn routes<'a>(
        &'a self,
        routes: &'a Routes<K>,
        source: u16,
    ) -> impl Iterator<Item = AdjIn> + 'a {
        let entries = routes.in_order(self.entries(source));
        let of_entry = move |entry| self.of_entry(routes, source, entry);
        entries.into_iter().flat_map(of_entry)
    }

    /// What a source announced for one prefix, in order.
    pub(crate) fn routes_for(&self, routes: &Routes<K>, source: u16, prefix: Prefix) -> Vec<AdjIn> {
        let entry = routes.entry_for(prefix);
        let found = entry.map(|entry| self.of_entry(routes, source, entry));
        found.into_iter().flatten().collect()
    }

    fn of_entry(&self, routes: &Routes<K>, source: u16, entry: u32) -> SmallVec<[AdjIn; 1]> {
        let received = routes.received(entry, source);
        let mut found: SmallVec<[AdjIn; 1]> = received
            .map(|(at, path)| self.route(routes, (entry, at), path))
            .collect();
        found.sort_unstable_by_key(|route| route.path_id);
        found
    }

    /// How many routes a source announced.
    pub(crate) fn len(&self, routes: &Routes<K>, source: u16) -> usize {
        let entries = self.entries(source);
        let lens = entries.map(|entry| routes.received(entry, source).count());
        lens.sum()
    }

    fn route(&self, routes: &Routes<K>, (entry, at): (u32, u32), path: &Path) -> AdjIn {
        let (key, id) = (routes.key(entry), routes.path_id(entry, at));
        let imported = match path.imported() {
            Imported::Accepted(attrs) => Admission::Accept(attrs),
            Imported::Filtered(rule) => Admission::Filter(rule),
            Imported::Rejected(rule) => Admission::Reject(rule),
            Imported::Unusable(rule) => Admission::Unusable(rule),
            Imported::Replaced(attrs) => {
                let source = path.source;
                let target = self.replaced.get(&PathKey { entry, source, id });
                let prefix = target.map_or(key.prefix(), |key| key.prefix());
                Admission::Replace { prefix, attrs }
            }
        };
        AdjIn {
            prefix: key.prefix(),
            path_id: id.map(PathId),
            received: AttrId(path.received),
            imported,
            age: path.age(),
        }
    }
}

/// How many different paths an announcement would add to those that count against the limit.
pub(crate) fn count_new<K: Key>(routes: &Routes<K>, source: u16, announced: &[Nlri]) -> u32 {
    let of_family = announced.iter().filter_map(|route| {
        let key = K::of(route.prefix)?;
        Some((key, route.path_id.map(|id| id.0)))
    });
    let mut paths: Vec<(K, Option<u32>)> = of_family.collect();
    paths.sort_unstable();
    paths.dedup();
    paths.retain(|(key, id)| {
        let entry = routes.find(*key);
        let at = entry.and_then(|entry| routes.find_path(entry, source, *id));
        entry.zip(at).is_none_or(|(entry, at)| {
            let imported = routes.path(entry, at).imported();
            matches!(imported, Imported::Rejected(_) | Imported::Unusable(_))
        })
    });
    u32::try_from(paths.len()).unwrap_or(u32::MAX)
}

/// The count that a received path belongs to.
fn tally<'a>(counts: &'a mut SourceCounts, path: &Path) -> &'a mut u32 {
    match path.imported() {
        Imported::Accepted(_) | Imported::Replaced(_) => &mut counts.accepted,
        Imported::Filtered(_) => &mut counts.filtered,
        Imported::Rejected(_) => &mut counts.rejected,
        Imported::Unusable(_) => &mut counts.unusable,
    }
}
