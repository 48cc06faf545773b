//! The routes of one UPDATE on their way through a table.

use alloc::vec::Vec;

use routehub_types::{AttrId, Nlri, PathId, Update};

use super::Table;
use crate::adj_rib_in::{Import, PathKey};
use crate::change::{Admit, Announcement, BestPath};
use crate::context::Context;
use crate::loc_rib::{best_path, first_best};
use crate::memory::{HEAD, Ineligible, Item, Key, NONE, Path, prefetch};
use crate::{AttrStore, SourceId};

/// How many paths of an entry are read ahead.
const READ_AHEAD: usize = 8;

impl<K: Key> Table<K> {
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
        let found = self.routes.entry_of(item).and_then(|entry| {
            let at = self.routes.find_path(entry, source, item.path_id)?;
            Some((entry, at))
        });
        match found {
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
    pub(super) fn announce(
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
            prefixes: self.loc_rib.len() + cx.others,
        };
        let import = Import::new(item.key, received, admit(cx.store, &announcement));
        let rejected = import.is_rejected();
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
        match (entry, old, import.outcome) {
            (_, Some((entry, HEAD, path)), Ok(attrs)) if self.is_alone(entry) => {
                self.replace_alone(cx, (entry, &path), (received, attrs));
                return;
            }
            (None, _, Ok(attrs)) => {
                self.insert_alone(cx, source, item, (received, attrs));
                return;
            }
            _ => {}
        }
        let entry =
            entry.unwrap_or_else(|| self.routes.insert(item.key, item.hash, Path::absent(NONE)));
        let key = PathKey { entry, source, id };
        if let Some((_, at, path)) = old {
            if fresh {
                self.refresh(cx, entry, at, &path);
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

    /// Notes that a source announced a path again.
    fn refresh(&mut self, cx: &mut Context<'_>, entry: u32, at: u32, path: &Path) {
        if path.is_stale() {
            if let Some(state) = cx.sources.state_mut(path.source) {
                state.counts.stale -= 1;
            }
            self.routes.path_mut(entry, at).set_stale(false);
        }
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
        if let Some(state) = cx.sources.state_mut(source) {
            state.counts.accepted += 1;
        }
        let mut path = Path::alone(source, received, attrs);
        if item.path_id.is_some() {
            path = path.with_id();
        }
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
}

/// Whether a source has no room for one more rejected path; if so it is counted.
fn is_full(cx: &mut Context<'_>, source: u16, old: Option<Path>) -> bool {
    let max = cx.sources.source(source).max_rejected;
    let Some(state) = cx.sources.state_mut(source) else {
        return false;
    };
    let kept = state.counts.rejected + state.counts.filtered;
    let was_rejected = old
        .and_then(|path| path.ineligible())
        .is_some_and(Ineligible::is_rejected);
    let full = kept >= max && !was_rejected;
    state.counts.not_kept += u32::from(full);
    full
}
