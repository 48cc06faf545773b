//! What happens to everything a source holds at once: lost, stale, swept, imported again.

use routehub_types::AttrId;

use crate::apply::Admit;
use crate::change::Applied;
use crate::key::Key;
use crate::path::Path;
use crate::settle::{Context, Visit};
use crate::table::{Item, Table};

impl<K: Key> Table<K> {
    /// Where the first path of an entry received from a source stands for which `fits` holds.
    fn find_received(&self, entry: u32, source: u16, fits: impl Fn(&Path) -> bool) -> Option<u32> {
        let received =
            |(_, path): &(u32, &Path)| path.source == source && !path.is_derived() && fits(path);
        self.chain(entry).find(received).map(|(at, _)| at)
    }

    /// Withdraws what a source holds, or what of it is stale; each entry is touched once.
    pub(crate) fn withdraw_all(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        only_stale: bool,
        visit: &mut Visit<'_>,
        applied: &mut Applied,
    ) {
        let fits = |path: &Path| path.is_stale() || !only_stale;
        let mut targets = alloc::vec::Vec::new();
        let mut from = 0;
        while let Some(entry) = self.next_listed(source, from) {
            from = entry + 1;
            if self.find_received(entry, source, fits).is_none() {
                continue;
            }
            let before = self.first_best(entry, cx.max_paths());
            while let Some(at) = self.find_received(entry, source, fits) {
                targets.extend(self.take_path(cx, entry, at));
                applied.withdrawn += 1;
            }
            applied.changed += u32::from(self.settle(cx, entry, &before, visit));
            for target in targets.drain(..) {
                self.retarget(cx, source, (Some(target), None), visit, applied);
            }
        }
        if let Some(listed) = self.listed.get_mut(usize::from(source)) {
            listed.shrink();
        }
    }

    /// Marks what a source holds as stale; says how many paths were not before.
    pub(crate) fn mark_stale(&mut self, source: u16) -> u32 {
        let mut marked = 0;
        let mut from = 0;
        while let Some(entry) = self.next_listed(source, from) {
            from = entry + 1;
            while let Some(at) = self.find_received(entry, source, |path| !path.is_stale()) {
                self.path_mut(entry, at).set_stale(true);
                marked += 1;
            }
        }
        marked
    }

    /// Applies import again to what a source holds.
    pub(crate) fn reapply_import(
        &mut self,
        cx: &mut Context<'_>,
        source: u16,
        (admit, visit): (&mut Admit<'_>, &mut Visit<'_>),
        applied: &mut Applied,
    ) {
        let mut paths = alloc::vec::Vec::new();
        let mut from = 0;
        while let Some(entry) = self.next_listed(source, from) {
            from = entry + 1;
            let key = self.entries[entry].key;
            let hash = self.hash(key);
            let of_source = |(_, path): &(u32, &Path)| path.source == source && !path.is_derived();
            let ours = self.chain(entry).filter(of_source);
            paths.extend(ours.map(|(at, path)| (self.path_id(entry, at), path.received)));
            paths.sort_unstable();
            for (path_id, received) in paths.drain(..) {
                let item = Item {
                    key,
                    path_id,
                    hash,
                    entry,
                };
                let received = (AttrId(received), false);
                self.announce(cx, (source, &item), received, (admit, visit), applied);
            }
        }
    }

    /// Decides again every entry of which a source holds a path, or every one at all.
    pub(crate) fn redecide(
        &mut self,
        cx: &Context<'_>,
        visit: &mut Visit<'_>,
        applied: &mut Applied,
    ) {
        for entry in 0..self.entries.len() {
            if !self.entries[entry].head.is_absent() {
                let before = self.best_set(entry);
                applied.changed += u32::from(self.settle(cx, entry, &before, visit));
            }
        }
    }

    fn next_listed(&self, source: u16, from: u32) -> Option<u32> {
        self.listed.get(usize::from(source))?.next(from)
    }
}
