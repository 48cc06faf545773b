//! The tables of one family: Adj-RIB-In, Loc-RIB and Adj-RIB-Out over the same prefixes.

use alloc::vec::Vec;

use routehub_types::{AttrId, Nlri, PathId, Prefix, Update};
use smallvec::SmallVec;

use crate::AttrStore;
use crate::adj_rib_in::{AdjRibIn, Import, PathKey, Target};
use crate::adj_rib_out::{AdjRibOut, Ask, Flushed};
use crate::age::Age;
use crate::change::{Admit, Announcement, BestPath, BestSet, Context, Delta};
use crate::loc_rib::{LocRib, best_path, best_set, first_best};
use crate::memory::{HEAD, Imported, Item, Key, NONE, Path, Routes, prefetch};
use crate::source::SourceId;

/// How many paths of an entry are read ahead.
const READ_AHEAD: usize = 8;

/// The tables of one family. Every change goes the same way: Adj-RIB-In takes it, Loc-RIB decides,
/// and export groups and the visitor are told of another best set.
#[derive(Clone, Debug)]
pub(crate) struct Table<K: Key> {
    pub(crate) routes: Routes<K>,
    pub(crate) adj_in: AdjRibIn<K>,
    pub(crate) loc_rib: LocRib<K>,
    pub(crate) adj_out: AdjRibOut<K>,
    /// A batch on its way through the table, so that none allocates.
    batch: Vec<Item<K>>,
}

impl<K: Key> Table<K> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            routes: Routes::new(seed),
            adj_in: AdjRibIn::new(seed),
            loc_rib: LocRib::new(),
            adj_out: AdjRibOut::new(),
            batch: Vec::new(),
        }
    }

    /// Applies what one UPDATE says of this family.
    pub(crate) fn apply(
        &mut self,
        cx: &mut Context<'_>,
        source: SourceId,
        update: &Update<'_>,
        admit: &mut Admit<'_>,
    ) {
        let source = source.0;
        let mut batch = core::mem::take(&mut self.batch);
        self.resolve(cx.store, update.withdrawn, &mut batch);
        if !update.announced.is_empty() && !batch.is_empty() {
            // Announced and withdrawn at once is announced.
            let mut announced: Vec<&Nlri> = update.announced.iter().collect();
            announced.sort_unstable();
            batch.retain(|item| {
                let route = Nlri {
                    prefix: item.key.prefix(),
                    path_id: item.path_id.map(PathId),
                };
                announced.binary_search(&&route).is_err()
            });
        }
        for item in &batch {
            self.withdraw(cx, source, item);
        }
        self.resolve(cx.store, update.announced, &mut batch);
        for item in &batch {
            cx.applied.announced += 1;
            self.announce(cx, source, item, (update.attrs, true), admit);
        }
        batch.clear();
        batch.shrink_to(4096);
        self.batch = batch;
    }

    /// Looks up a batch, and reads ahead what is stored beside its entries.
    fn resolve(&self, store: &AttrStore, nlri: &[Nlri], batch: &mut Vec<Item<K>>) {
        self.routes.resolve(nlri, batch);
        let found = batch.iter().filter(|item| item.entry != NONE);
        self.adj_out.prefetch(&found.map(|item| item.entry));
        let heads = || self.routes.heads(batch);
        let chains = || heads().filter(|head| head.next != NONE);
        prefetch(chains().map(|head| self.routes.pooled(head.next).imported));
        let candidates = heads().filter(|head| head.is_candidate());
        prefetch(candidates.map(|head| {
            let attrs = AttrId(head.imported);
            let key = if head.next == NONE {
                0
            } else {
                store.prefetch_key(attrs)
            };
            store.prefetch(attrs) ^ key
        }));
        let behind = chains().flat_map(|head| self.routes.behind(head).take(READ_AHEAD));
        let candidates = behind.filter(|path| path.is_candidate());
        prefetch(candidates.map(|path| {
            let attrs = AttrId(path.imported);
            store.prefetch(attrs) ^ store.prefetch_key(attrs)
        }));
    }

    fn withdraw(&mut self, cx: &mut Context<'_>, source: u16, item: &Item<K>) {
        let entry = self.routes.entry_of(item);
        let at = entry.and_then(|entry| self.routes.find_path(entry, source, item.path_id));
        match entry.zip(at) {
            None => cx.applied.unknown += 1,
            Some((entry, at)) => self.withdraw_at(cx, entry, at),
        }
    }

    /// Withdraws a received path.
    fn withdraw_at(&mut self, cx: &mut Context<'_>, entry: u32, at: u32) {
        let before = first_best(&self.routes, entry, cx.max_paths());
        let source = self.routes.path(entry, at).source;
        let target = self.adj_in.take(&mut self.routes, cx, (entry, at));
        cx.applied.withdrawn += 1;
        self.redecide(cx, entry, &before);
        self.move_contribution(cx, source, target, None);
    }

    /// Announces a path: `received` says with which attributes, and whether that is news from the
    /// source (or a path it announced before, to which import is applied again).
    fn announce(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        item: &Item<K>,
        (received, fresh): (AttrId, bool),
        admit: &mut Admit<'_>,
    ) {
        let id = item.path_id;
        let entry = self.routes.entry_of(item);
        let at = entry.and_then(|entry| self.routes.find_path(entry, source, id));
        let announcement = Announcement {
            source: SourceId(source),
            prefix: item.key.prefix(),
            path_id: id.map(PathId),
            attrs: received,
            prefix_known: entry.is_some_and(|entry| self.routes.entry(entry).head.is_used()),
            prefixes: cx.prefixes,
            age: match entry.zip(at).filter(|_| !fresh) {
                Some((entry, at)) => self.routes.path(entry, at).age(),
                None => Age::Fresh,
            },
        };
        let import = Import::new(item.key, received, admit(cx.store, &announcement));
        let rejected = import.imported.is_rejected();
        cx.applied.rejected += u32::from(rejected);
        let old = entry
            .zip(at)
            .map(|(entry, at)| (entry, at, *self.routes.path(entry, at)));
        if rejected && is_full(cx, source, old.map(|(_, _, path)| path)) {
            if let Some((entry, at, _)) = old {
                self.withdraw_at(cx, entry, at);
            }
            return;
        }
        match (entry, old, import.imported) {
            (_, Some((entry, HEAD, path)), Imported::Accepted(attrs)) if self.is_alone(entry) => {
                self.replace_alone(cx, (entry, &path), (received, attrs));
                return;
            }
            (None, _, Imported::Accepted(attrs)) => {
                self.insert_alone(cx, source, item, (received, attrs));
                return;
            }
            _ => {}
        }
        let entry =
            entry.unwrap_or_else(|| self.routes.insert(item.key, item.hash, Path::absent(NONE)));
        let key = PathKey { entry, source, id };
        if let Some((_, at, path)) = old {
            if fresh && path.is_stale() {
                cx.sources.counts_mut(source).stale -= 1;
                self.routes.path_mut(entry, at).set_age(Age::Fresh);
            }
            if self.adj_in.is_same(key, &path, &import) {
                return;
            }
        }
        let before = first_best(&self.routes, entry, cx.max_paths());
        let old = self.adj_in.put(&mut self.routes, cx, (key, at), &import);
        self.redecide(cx, entry, &before);
        self.move_contribution(cx, source, old, import.target);
    }

    /// Whether the one path of an entry is in use, and nothing is to be noted beside it.
    #[inline]
    fn is_alone(&self, entry: u32) -> bool {
        let head = &self.routes.entry(entry).head;
        head.next == NONE && head.is_used() && !head.is_stale()
    }

    /// Stores the first path of a prefix, which is best: by far the most frequent change of a
    /// table that fills.
    fn insert_alone(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        item: &Item<K>,
        (received, attrs): (AttrId, AttrId),
    ) {
        cx.store.retain_both(received, attrs);
        cx.sources.counts_mut(source).accepted += 1;
        let path = Path::received(source, item.path_id.is_some()).alone(received, attrs);
        let entry = self.routes.insert(item.key, item.hash, path);
        self.routes.set_path_id(entry, HEAD, item.path_id);
        self.adj_in.list(source, entry);
        let best = BestPath {
            source: SourceId(source),
            path_id: item.path_id.map(PathId),
            attrs,
        };
        self.notify(cx, entry, &[], &[best]);
    }

    /// Gives the one path of an entry, which is in use and stays so, other attributes: by far the
    /// most frequent change, and nothing is to be decided.
    fn replace_alone(
        &mut self,
        cx: &mut Context<'_>,
        (entry, old): (u32, &Path),
        (received, attrs): (AttrId, AttrId),
    ) {
        cx.store.retain_both(received, attrs);
        cx.store
            .release_both(AttrId(old.received), AttrId(old.imported));
        let before = best_path(&self.routes, entry, HEAD);
        let head = &mut self.routes.entry_mut(entry).head;
        head.received = received.0;
        head.imported = attrs.0;
        let after = BestPath { attrs, ..before };
        if before != after {
            self.notify(cx, entry, &[before], &[after]);
        }
    }

    /// Decides an entry again whose paths changed; `before` is its best set until then. An entry
    /// without paths is freed.
    fn redecide(&mut self, cx: &mut Context<'_>, entry: u32, before: &BestSet) {
        self.loc_rib.decide(&mut self.routes, cx, entry);
        let after = first_best(&self.routes, entry, cx.max_paths());
        if *before != after {
            self.notify(cx, entry, before, &after);
        }
        self.adj_out.mark_paths(&mut self.routes, entry);
        self.release_empty(entry);
    }

    /// Tells groups and the visitor of another best set.
    #[inline]
    fn notify(
        &mut self,
        cx: &mut Context<'_>,
        entry: u32,
        before: &[BestPath],
        after: &[BestPath],
    ) {
        let key = self.routes.key(entry);
        if before.is_empty() != after.is_empty() {
            self.loc_rib.count(&self.routes, key, !after.is_empty());
        }
        let first = |set: &[BestPath]| set.first().map(|best| (best.source, best.attrs));
        if first(before) != first(after) {
            self.adj_out.mark(&mut self.routes, entry);
        }
        cx.notify(&Delta {
            prefix: key.prefix(),
            before,
            after,
        });
    }

    /// Frees an entry that holds no path and that no group needs.
    #[inline]
    fn release_empty(&mut self, entry: u32) {
        if self.routes.entry(entry).head.is_absent() && !self.adj_out.needs(&self.routes, entry) {
            self.routes.free(entry);
        }
    }

    /// Withdraws what a source holds that is at least so old; each entry is touched once.
    pub(crate) fn withdraw_all(&mut self, cx: &mut Context<'_>, source: u16, youngest: Age) {
        let goes = |_, path: &Path| path.age() >= youngest;
        let mut targets = Vec::new();
        let mut from = 0;
        while let Some(entry) = self.adj_in.next_listed(source, from) {
            from = entry + 1;
            let mut next = self.routes.find_received(entry, source, goes);
            if next.is_none() {
                continue;
            }
            let before = first_best(&self.routes, entry, cx.max_paths());
            while let Some(at) = next {
                targets.extend(self.adj_in.take(&mut self.routes, cx, (entry, at)));
                cx.applied.withdrawn += 1;
                next = self.routes.find_received(entry, source, goes);
            }
            self.redecide(cx, entry, &before);
            for target in targets.drain(..) {
                self.move_contribution(cx, source, Some(target), None);
            }
        }
        self.adj_in.shrink(source);
    }

    /// Applies import again to what a source holds.
    pub(crate) fn reapply_import(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        admit: &mut Admit<'_>,
    ) {
        let mut from = 0;
        while let Some(entry) = self.adj_in.next_listed(source, from) {
            from = entry + 1;
            self.reapply_to_entry(cx, source, entry, admit);
        }
    }

    /// The same for what it holds of these prefixes.
    pub(crate) fn reapply_import_to(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        prefixes: &[Prefix],
        admit: &mut Admit<'_>,
    ) {
        for prefix in prefixes {
            if let Some(entry) = self.routes.entry_for(*prefix) {
                self.reapply_to_entry(cx, source, entry, admit);
            }
        }
    }

    fn reapply_to_entry(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        entry: u32,
        admit: &mut Admit<'_>,
    ) {
        let key = self.routes.key(entry);
        let hash = self.routes.hash(key);
        let asked = |path: &Path| !matches!(path.imported(), Imported::Unusable(_));
        let received = self.routes.received(entry, source);
        let received = received.filter(|(_, path)| asked(path));
        let mut paths: SmallVec<[(Option<u32>, u32); 2]> = received
            .map(|(at, path)| (self.routes.path_id(entry, at), path.received))
            .collect();
        paths.sort_unstable();
        for (path_id, received) in paths {
            let item = Item {
                key,
                path_id,
                hash,
                entry,
            };
            self.announce(cx, source, &item, (AttrId(received), false), admit);
        }
    }

    /// Decides every entry again.
    pub(crate) fn redecide_all(&mut self, cx: &mut Context<'_>) {
        for entry in 0..self.routes.numbers() {
            if !self.routes.entry(entry).head.is_absent() {
                let before = best_set(&self.routes, entry);
                self.redecide(cx, entry, &before);
            }
        }
    }

    /// Moves the contribution of a received path from one derived path to another: what
    /// import puts in place of its prefix is another.
    fn move_contribution(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        old: Option<Target<K>>,
        new: Option<Target<K>>,
    ) {
        if old == new {
            return;
        }
        let same_prefix = old.map(|target| target.key) == new.map(|target| target.key);
        // Within one prefix both happen at once, so that nobody sees the state in between.
        for (old, new) in [
            (old.filter(|_| same_prefix), new),
            (old.filter(|_| !same_prefix), None),
        ] {
            let Some(Target { key, .. }) = new.or(old) else {
                continue;
            };
            let entry = self.routes.find_or_insert(key);
            let before = first_best(&self.routes, entry, cx.max_paths());
            if let Some(Target { attrs, .. }) = new
                && self.routes.add_contributor(entry, source, attrs)
            {
                cx.store.retain(attrs);
            }
            if let Some(Target { attrs, .. }) = old
                && self.routes.remove_contributor(entry, source, attrs)
            {
                cx.store.release(attrs);
            }
            self.redecide(cx, entry, &before);
        }
    }

    /// Removes an export group, and the entries that nobody else needs.
    pub(crate) fn remove_group(&mut self, store: &mut AttrStore, group: u32) {
        if self.adj_out.remove(&mut self.routes, store, group) {
            let live = self.routes.live();
            let empty = live.filter(|(_, entry)| entry.head.is_absent());
            for entry in empty.map(|(entry, _)| entry).collect::<Vec<u32>>() {
                self.release_empty(entry);
            }
        }
    }

    /// Takes up to `budget` prefixes that an export group has to look at, and frees the entries that
    /// nobody needs any more.
    pub(crate) fn take_changed(&mut self, group: u32, budget: usize, changed: &mut Vec<Prefix>) {
        let Some(group) = self.adj_out.group_mut(group) else {
            return;
        };
        for entry in group.take_dirty(&mut self.routes, budget) {
            changed.push(self.routes.key(entry).prefix());
            self.release_empty(entry);
        }
    }

    /// Flushes an export group, and frees the entries that nobody needs any more.
    pub(crate) fn flush(
        &mut self,
        store: &mut AttrStore,
        group: u32,
        budget: usize,
        ask: &mut Ask<'_>,
    ) -> Flushed {
        let Some(group) = self.adj_out.group_mut(group) else {
            return Flushed::default();
        };
        let (flushed, unneeded) = group.flush(&mut self.routes, store, budget, ask);
        for entry in unneeded {
            self.release_empty(entry);
        }
        flushed
    }
}

/// Whether a source has no room for one more rejected path; if so it is counted.
fn is_full(cx: &mut Context<'_>, source: u16, old: Option<Path>) -> bool {
    let max = cx.sources.source(source).max_rejected;
    let counts = cx.sources.counts_mut(source);
    let kept = counts.rejected + counts.filtered + counts.unusable;
    let was_rejected = old.is_some_and(|path| path.imported().is_rejected());
    let full = kept >= max && !was_rejected;
    counts.not_kept += u32::from(full);
    full
}
