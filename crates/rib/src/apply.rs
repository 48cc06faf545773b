//! Changes of one source, applied to the table of one family.

use routehub_types::{AttrId, Nlri, PathId, Update};

use crate::change::{Admission, Announcement, Applied, BestPath};
use crate::key::Key;
use crate::path::{Ineligible, NONE, Path};
use crate::settle::{Context, Visit};
use crate::table::{HEAD, Item, Table};
use crate::{AttrStore, SourceCounts, SourceId};

/// How many paths of an entry are read ahead.
const TOUCHED: usize = 8;

/// Who says of every path what import makes of it.
pub(crate) type Admit<'a> = dyn FnMut(&mut AttrStore, &Announcement) -> Admission + 'a;

/// A prefix and attributes that import put in place of received ones.
pub(crate) type Target<K> = Option<(K, AttrId)>;

impl<K: Key> Table<K> {
    /// Applies what one UPDATE says of this family.
    pub(crate) fn apply(
        &mut self,
        cx: &mut Context<'_>,
        source: SourceId,
        update: &Update<'_>,
        (admit, visit): (&mut Admit<'_>, &mut Visit<'_>),
        applied: &mut Applied,
    ) {
        let source = source.0;
        let mut batch = core::mem::take(&mut self.batch);
        self.resolve(cx.store, update.withdrawn, &mut batch);
        if !update.announced.is_empty() && !batch.is_empty() {
            // Announced and withdrawn at once is announced.
            let mut announced: alloc::vec::Vec<&Nlri> = update.announced.iter().collect();
            announced.sort_unstable();
            batch.retain(|item| {
                let one = Nlri {
                    prefix: item.key.prefix(),
                    path_id: item.path_id.map(PathId),
                };
                announced.binary_search(&&one).is_err()
            });
        }
        for item in &batch {
            self.withdraw(cx, source, item, visit, applied);
        }
        self.resolve(cx.store, update.announced, &mut batch);
        for item in &batch {
            applied.announced += 1;
            let received = (update.attrs, true);
            self.announce(cx, (source, item), received, (admit, visit), applied);
        }
        batch.clear();
        batch.shrink_to(4096);
        self.batch = batch;
    }

    /// Looks up a batch in passes of short, independent steps, so that the waits for memory
    /// overlap; reads what is stored beside the entries too, which puts it into the cache.
    fn resolve(&self, store: &AttrStore, nlri: &[Nlri], batch: &mut alloc::vec::Vec<Item<K>>) {
        batch.clear();
        batch.extend(nlri.iter().filter_map(|one| {
            let key = K::of(one.prefix)?;
            Some(Item {
                key,
                path_id: one.path_id.map(|id| id.0),
                hash: self.hash(key),
                entry: NONE,
            })
        }));
        let mut read = batch
            .iter()
            .fold(0, |read, item| read ^ self.touch_index(item.hash));
        // What the index names first is the entry almost always.
        for item in batch.iter_mut() {
            item.entry = self.likely(item.hash);
        }
        read ^= batch
            .iter()
            .filter_map(|item| self.entries.get(item.entry))
            .fold(0, |read, entry| read ^ entry.head.next);
        for item in batch.iter_mut().filter(|item| item.entry != NONE) {
            if self.entries[item.entry].key != item.key {
                item.entry = self.find_hashed(item.key, item.hash).unwrap_or(NONE);
            }
        }
        let found = || batch.iter().filter(|item| item.entry != NONE);
        let heads = || {
            let entries = batch.iter().filter_map(|item| self.entries.get(item.entry));
            entries.map(|entry| &entry.head)
        };
        for group in self
            .groups
            .iter()
            .flatten()
            .filter(|group| group.is_apart())
        {
            read ^= found().fold(0, |read, item| read ^ group.touch(item.entry));
        }
        for head in heads().filter(|head| head.next != NONE) {
            read ^= self.pooled(head.next).imported;
        }
        for head in heads().filter(|head| head.is_candidate()) {
            let attrs = AttrId(head.imported);
            read ^= store.touch(attrs);
            if head.next != NONE {
                read ^= store.touch_key(attrs);
            }
        }
        for head in heads().filter(|head| head.next != NONE) {
            for path in self.behind(head).take(TOUCHED) {
                if path.is_candidate() {
                    let attrs = AttrId(path.imported);
                    read ^= store.touch(attrs) ^ store.touch_key(attrs);
                }
            }
        }
        core::hint::black_box(read);
    }

    /// The entry of an item, which may have come or gone since it was looked up.
    fn entry_of(&self, item: &Item<K>) -> Option<u32> {
        if self.holds(item.entry, item.key) {
            return Some(item.entry);
        }
        self.find_hashed(item.key, item.hash)
    }

    fn withdraw(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        item: &Item<K>,
        visit: &mut Visit<'_>,
        applied: &mut Applied,
    ) {
        let entry = self.entry_of(item);
        let found = entry.and_then(|entry| {
            let at = self.find_path(entry, source, item.path_id)?;
            Some((entry, at))
        });
        match found {
            None => applied.unknown += 1,
            Some((entry, at)) => self.withdraw_at(cx, entry, at, visit, applied),
        }
    }

    /// Withdraws a received path.
    pub(crate) fn withdraw_at(
        &mut self,
        cx: &mut Context<'_>,
        entry: u32,
        at: u32,
        visit: &mut Visit<'_>,
        applied: &mut Applied,
    ) {
        let before = self.first_best(entry, cx.max_paths());
        let source = self.path(entry, at).source;
        let target = self.take_path(cx, entry, at);
        applied.withdrawn += 1;
        applied.changed += u32::from(self.settle(cx, entry, &before, visit));
        self.retarget(cx, source, (target, None), visit, applied);
    }

    /// Takes a received path out of the table and of the counts; the entry is not decided.
    pub(crate) fn take_path(&mut self, cx: &mut Context<'_>, entry: u32, at: u32) -> Target<K> {
        let id = self.path_id(entry, at);
        let path = *self.path(entry, at);
        let target = self.forget_outcome(cx, entry, &path, id);
        cx.store.release(AttrId(path.received));
        self.remove_path(entry, at);
        let of_source =
            |(_, other): (u32, &Path)| other.source == path.source && !other.is_derived();
        let listed = self.chain(entry).any(of_source);
        if !listed && let Some(listed) = self.listed.get_mut(usize::from(path.source)) {
            listed.remove(entry);
        }
        target
    }

    /// Takes what import made of a path out of the counts.
    fn forget_outcome(
        &mut self,
        cx: &mut Context<'_>,
        entry: u32,
        path: &Path,
        id: Option<u32>,
    ) -> Target<K> {
        if let Some(state) = cx.sources.state_mut(path.source) {
            *tally(&mut state.counts, path) -= 1;
            state.counts.stale -= u32::from(path.is_stale());
        }
        let attrs = AttrId(path.imported);
        match path.ineligible() {
            None => {
                cx.store.release(attrs);
                None
            }
            Some(Ineligible::Replaced(_)) => {
                cx.store.release(attrs);
                let key = self.replaced.remove(&(entry, path.source, id))?;
                Some((key, attrs))
            }
            Some(_) => None,
        }
    }

    /// Announces a path: `received` says with which attributes, and whether that is news from the
    /// source (or a path it announced before that asks for admission again).
    pub(crate) fn announce(
        &mut self,
        cx: &mut Context<'_>,
        (source, item): (u16, &Item<K>),
        (received, fresh): (AttrId, bool),
        (admit, visit): (&mut Admit<'_>, &mut Visit<'_>),
        applied: &mut Applied,
    ) {
        let entry = self.entry_of(item);
        let at = entry.and_then(|entry| self.find_path(entry, source, item.path_id));
        let announcement = Announcement {
            source: SourceId(source),
            prefix: item.key.prefix(),
            path_id: item.path_id.map(PathId),
            attrs: received,
            prefix_known: entry.is_some_and(|entry| self.entries[entry].head.is_used()),
            prefixes: self.best + cx.others,
        };
        let (outcome, target) = self.outcome(item.key, admit(cx.store, &announcement));
        let rejected = matches!(
            outcome,
            Err(Ineligible::Rejected(_) | Ineligible::Filtered(_))
        );
        applied.rejected += u32::from(rejected);
        let old = entry
            .zip(at)
            .map(|(entry, at)| (entry, at, *self.path(entry, at)));
        if rejected && self.is_full(cx, source, old.map(|(_, _, path)| path)) {
            if let Some((entry, at, _)) = old {
                self.withdraw_at(cx, entry, at, visit, applied);
            }
            return;
        }
        if let (Some((entry, HEAD, path)), Ok(attrs)) = (old, outcome)
            && self.is_alone(entry)
        {
            let changed = self.replace_alone(cx, (entry, &path), (received, attrs), visit);
            applied.changed += u32::from(changed);
            return;
        }
        if let (None, Ok(attrs)) = (entry, outcome) {
            self.insert_alone(cx, (source, item), (received, attrs), visit);
            applied.changed += 1;
            return;
        }
        let entry = entry.unwrap_or_else(|| self.insert(item.key, item.hash, Path::absent(NONE)));
        if fresh && let Some((entry, at, path)) = old {
            self.refresh(cx, entry, at, &path);
        }
        if let Some((_, _, path)) = old
            && self.is_same(entry, &path, item.path_id, received, (outcome, target))
        {
            return;
        }
        let before = self.first_best(entry, cx.max_paths());
        let contribution = (entry, source, item.path_id);
        let at = old.map(|(_, at, _)| at);
        let old = self.put_path(cx, contribution, at, received, outcome);
        if let Some((key, _)) = target {
            self.replaced.insert(contribution, key);
        }
        applied.changed += u32::from(self.settle(cx, entry, &before, visit));
        self.retarget(cx, source, (old, target), visit, applied);
    }

    /// Whether the one path of an entry is in use, and nothing is to be noted beside it.
    #[inline]
    fn is_alone(&self, entry: u32) -> bool {
        let head = &self.entries[entry].head;
        head.next == NONE && head.is_used() && !head.is_stale()
    }

    /// Notes that a source announced a path again.
    fn refresh(&mut self, cx: &mut Context<'_>, entry: u32, at: u32, path: &Path) {
        if path.is_stale() {
            if let Some(state) = cx.sources.state_mut(path.source) {
                state.counts.stale -= 1;
            }
            self.path_mut(entry, at).set_stale(false);
        }
    }

    /// Stores the first path of a prefix, which is best: by far the most frequent change of a
    /// table that fills.
    fn insert_alone(
        &mut self,
        cx: &mut Context<'_>,
        (source, item): (u16, &Item<K>),
        (received, attrs): (AttrId, AttrId),
        visit: &mut Visit<'_>,
    ) {
        cx.store.retain_both(received, attrs);
        if let Some(state) = cx.sources.state_mut(source) {
            state.counts.accepted += 1;
        }
        let mut path = Path::alone(source, received, attrs);
        if item.path_id.is_some() {
            path = path.with_id();
        }
        let entry = self.insert(item.key, item.hash, path);
        self.set_path_id(entry, HEAD, item.path_id);
        self.list(source, entry);
        let best = BestPath {
            source: SourceId(source),
            path_id: item.path_id.map(PathId),
            attrs,
        };
        self.tell(cx.store, entry, &[], &[best], visit);
    }

    /// Gives the one path of an entry, which is in use and stays so, other attributes: by far the
    /// most frequent change, and nothing is to be decided.
    fn replace_alone(
        &mut self,
        cx: &mut Context<'_>,
        (entry, old): (u32, &Path),
        (received, attrs): (AttrId, AttrId),
        visit: &mut Visit<'_>,
    ) -> bool {
        cx.store.retain_both(received, attrs);
        cx.store
            .release_both(AttrId(old.received), AttrId(old.imported));
        let before = self.best_path(entry, HEAD);
        let head = &mut self.entries[entry].head;
        head.received = received.0;
        head.imported = attrs.0;
        let after = BestPath { attrs, ..before };
        if before != after {
            self.tell(cx.store, entry, &[before], &[after], visit);
        }
        before != after
    }

    /// What an admission means for the path itself, and for the prefix in its place.
    fn outcome(&self, key: K, admission: Admission) -> (Result<AttrId, Ineligible>, Target<K>) {
        match admission {
            Admission::Accept(attrs) => (Ok(attrs), None),
            Admission::Reject(rule) => (Err(Ineligible::Rejected(rule)), None),
            Admission::Filter(rule) => (Err(Ineligible::Filtered(rule)), None),
            Admission::Replace { prefix, attrs } => match K::of(prefix) {
                Some(other) if other != key => {
                    (Err(Ineligible::Replaced(attrs)), Some((other, attrs)))
                }
                _ => (Ok(attrs), None),
            },
        }
    }

    /// Whether a source has no room for one more rejected path; if so it is counted.
    fn is_full(&self, cx: &mut Context<'_>, source: u16, old: Option<Path>) -> bool {
        let refused = |path: &Path| {
            matches!(
                path.ineligible(),
                Some(Ineligible::Rejected(_) | Ineligible::Filtered(_))
            )
        };
        let max = cx.sources.source(source).max_rejected;
        let Some(state) = cx.sources.state_mut(source) else {
            return false;
        };
        let kept = state.counts.rejected + state.counts.filtered;
        let full = kept >= max && !old.as_ref().is_some_and(refused);
        state.counts.not_kept += u32::from(full);
        full
    }

    fn is_same(
        &self,
        entry: u32,
        path: &Path,
        id: Option<u32>,
        received: AttrId,
        (outcome, target): (Result<AttrId, Ineligible>, Target<K>),
    ) -> bool {
        let same = match path.ineligible() {
            None => outcome == Ok(AttrId(path.imported)),
            Some(why) => outcome == Err(why),
        };
        let key = target.map(|(key, _)| key);
        path.received == received.0
            && same
            && (key.is_none() || self.replaced.get(&(entry, path.source, id)).copied() == key)
    }

    /// Stores a path with what import made of it; says what prefix stood in place of its own.
    fn put_path(
        &mut self,
        cx: &mut Context<'_>,
        (entry, source, id): (u32, u16, Option<u32>),
        at: Option<u32>,
        received: AttrId,
        outcome: Result<AttrId, Ineligible>,
    ) -> Target<K> {
        cx.store.retain(received);
        if let Ok(attrs) | Err(Ineligible::Replaced(attrs)) = outcome {
            cx.store.retain(attrs);
        }
        let mut target = None;
        let at = match at {
            Some(at) if self.path(entry, at).is_candidate() && outcome.is_ok() => {
                // A candidate before and after: the counts stay.
                let path = self.path_mut(entry, at);
                let old = AttrId(core::mem::replace(&mut path.imported, received.0));
                cx.store.release_both(AttrId(path.received), old);
                path.received = received.0;
                if let Ok(attrs) = outcome {
                    path.admit(attrs);
                }
                return None;
            }
            Some(at) => {
                let old = *self.path(entry, at);
                target = self.forget_outcome(cx, entry, &old, id);
                cx.store.release(AttrId(old.received));
                at
            }
            None => {
                self.list(source, entry);
                self.add_path(entry, Path::received(source, id.is_some()), id)
            }
        };
        let path = self.path_mut(entry, at);
        path.received = received.0;
        match outcome {
            Ok(attrs) => path.admit(attrs),
            Err(why) => path.reject(why),
        }
        let path = *path;
        if let Some(state) = cx.sources.state_mut(source) {
            *tally(&mut state.counts, &path) += 1;
            state.counts.stale += u32::from(path.is_stale());
        }
        target
    }

    fn list(&mut self, source: u16, entry: u32) {
        let number = usize::from(source);
        if self.listed.len() <= number {
            self.listed.resize_with(number + 1, Default::default);
        }
        self.listed[number].insert(entry);
    }
}

/// The count that a received path belongs to.
fn tally<'a>(counts: &'a mut SourceCounts, path: &Path) -> &'a mut u32 {
    match path.ineligible() {
        None | Some(Ineligible::Replaced(_)) => &mut counts.accepted,
        Some(Ineligible::Filtered(_)) => &mut counts.filtered,
        Some(Ineligible::Rejected(_)) => &mut counts.rejected,
    }
}
