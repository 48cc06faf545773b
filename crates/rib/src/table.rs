//! The tables of one family: Adj-RIB-In, Loc-RIB and Adj-RIB-Out over the same prefixes.

mod update;

use alloc::vec::Vec;

use routehub_types::AttrId;

use crate::AttrStore;
use crate::adj_rib_in::{AdjRibIn, Target};
use crate::adj_rib_out::{AdjRibOut, Ask, Flushed};
use crate::change::{Admit, BestPath, BestSet, Delta};
use crate::context::Context;
use crate::loc_rib::{LocRib, best_set, first_best};
use crate::memory::{Item, Key, Path, Routes};

/// The tables of one family. Every change goes the same way: Adj-RIB-In takes it, Loc-RIB decides,
/// and export groups and the visitor are told of another best set.
#[derive(Debug)]
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
            loc_rib: LocRib::default(),
            adj_out: AdjRibOut::default(),
            batch: Vec::new(),
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

    /// Withdraws what a source holds, or what of it is stale; each entry is touched once.
    pub(crate) fn withdraw_all(&mut self, cx: &mut Context<'_>, source: u16, only_stale: bool) {
        let goes = |(_, path): &(u32, &Path)| path.is_stale() || !only_stale;
        let mut targets = Vec::new();
        let mut from = 0;
        while let Some(entry) = self.adj_in.next_listed(source, from) {
            from = entry + 1;
            let next = |routes: &Routes<K>| {
                let found = routes.received(entry, source).find(goes)?;
                Some(found.0)
            };
            let Some(first) = next(&self.routes) else {
                continue;
            };
            let before = first_best(&self.routes, entry, cx.max_paths());
            let mut path = Some(first);
            while let Some(at) = path {
                targets.extend(self.adj_in.take(&mut self.routes, cx, (entry, at)));
                cx.applied.withdrawn += 1;
                path = next(&self.routes);
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
        let mut paths = Vec::new();
        let mut from = 0;
        while let Some(entry) = self.adj_in.next_listed(source, from) {
            from = entry + 1;
            let key = self.routes.key(entry);
            let hash = self.routes.hash(key);
            let received = self.routes.received(entry, source);
            paths
                .extend(received.map(|(at, path)| (self.routes.path_id(entry, at), path.received)));
            paths.sort_unstable();
            for (path_id, received) in paths.drain(..) {
                let item = Item {
                    key,
                    path_id,
                    hash,
                    entry,
                };
                self.announce(cx, source, &item, (AttrId(received), false), admit);
            }
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
            let derived = (entry, source);
            if let Some(Target { attrs, .. }) = new {
                AdjRibIn::add_contributor(&mut self.routes, cx.store, derived, attrs);
            }
            if let Some(Target { attrs, .. }) = old {
                AdjRibIn::remove_contributor(&mut self.routes, cx.store, derived, attrs);
            }
            self.redecide(cx, entry, &before);
        }
    }

    /// Removes an export group, and the entries that nobody else needs.
    pub(crate) fn remove_group(&mut self, store: &mut AttrStore, group: u32) {
        if self.adj_out.remove(&mut self.routes, store, group) {
            let empty = self
                .routes
                .live()
                .filter(|(_, entry)| entry.head.is_absent());
            let empty: Vec<u32> = empty.map(|(entry, _)| entry).collect();
            for entry in empty {
                self.release_empty(entry);
            }
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
