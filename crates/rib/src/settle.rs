//! After a prefix was touched: decide, note for whom it is new, tell the visitor.

use alloc::vec::Vec;

use routehub_types::AttrId;

use crate::change::{BestPath, BestSet, Delta};
use crate::decision::{Candidate, DecisionProcess};
use crate::key::Key;
use crate::path::{NONE, Outcome};
use crate::sources::Sources;
use crate::table::{HEAD, Table};
use crate::{AttrStore, DecisionConfig};

/// What a table needs of the rest of the engine for one call.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a mut AttrStore,
    pub(crate) sources: &'a mut Sources,
    pub(crate) config: &'a DecisionConfig,
    /// Prefixes of the other family that have a best path.
    pub(crate) others: usize,
}

impl Context<'_> {
    /// How many paths the best set of a decided entry holds at most.
    pub(crate) fn max_paths(&self) -> usize {
        self.config.max_paths().into()
    }

    pub(crate) fn process(&self) -> DecisionProcess<'_> {
        DecisionProcess {
            config: self.config,
            sources: self.sources,
            store: self.store,
        }
    }
}

/// Who is told of every prefix whose best set changed.
pub(crate) type Visit<'a> = dyn FnMut(&AttrStore, &Delta<'_>) + 'a;

impl<K: Key> Table<K> {
    /// Decides an entry whose paths changed; `before` is its best set until then. Says whether the
    /// best set changed. An entry without paths is freed.
    pub(crate) fn settle(
        &mut self,
        cx: &Context<'_>,
        entry: u32,
        before: &BestSet,
        visit: &mut Visit<'_>,
    ) -> bool {
        let head = &mut self.entries[entry].head;
        if head.next != NONE {
            self.decide(cx, entry);
        } else if head.is_candidate() {
            head.set_outcome(Outcome::Used(0));
        }
        let after = self.first_best(entry, cx.max_paths());
        let changed = *before != after;
        if changed {
            self.tell(cx.store, entry, before, &after, visit);
        }
        if self.entries[entry].head.is_absent() {
            self.release_empty(entry);
        }
        changed
    }

    /// Tells groups and the visitor of another best set.
    #[inline]
    pub(crate) fn tell(
        &mut self,
        store: &AttrStore,
        entry: u32,
        before: &[BestPath],
        after: &[BestPath],
        visit: &mut Visit<'_>,
    ) {
        let key = self.entries[entry].key;
        if before.is_empty() != after.is_empty() {
            self.count_best(key, after.is_empty());
        }
        let first = |set: &[BestPath]| set.first().map(|best| (best.source, best.attrs));
        if first(before) != first(after) {
            for group in self.groups.iter_mut().flatten() {
                group.mark(&mut self.entries, entry);
            }
        }
        let delta = Delta {
            prefix: key.prefix(),
            before,
            after,
        };
        visit(store, &delta);
    }

    fn count_best(&mut self, key: K, is_none: bool) {
        if is_none {
            self.lengths.remove(key);
            self.best -= 1;
            return;
        }
        if key.length() > K::AREA && self.lengths.is_crowded() {
            let mut lengths = core::mem::take(&mut self.lengths);
            let used = self.live().filter(|(_, entry)| entry.head.is_used());
            lengths.spread(used.map(|(_, entry)| entry.key));
            self.lengths = lengths;
        }
        self.lengths.add(key);
        self.best += 1;
    }

    fn decide(&mut self, cx: &Context<'_>, entry: u32) {
        let mut candidates = core::mem::take(&mut self.candidates);
        candidates.clear();
        self.gather(cx.store, entry, &mut candidates);
        cx.process().decide(&mut candidates);
        let mut best = HEAD;
        for path in &candidates {
            self.path_mut(entry, path.at).set_outcome(path.outcome);
            if path.outcome == Outcome::Used(0) {
                best = path.at;
            }
        }
        self.bring_forward(entry, best);
        self.candidates = candidates;
    }

    /// The candidates of an entry.
    pub(crate) fn gather(&self, store: &AttrStore, entry: u32, to: &mut Vec<Candidate>) {
        let paths = self.chain(entry).filter(|(_, path)| path.is_candidate());
        to.extend(paths.map(|(at, path)| Candidate {
            key: *store.key(AttrId(path.imported)),
            attrs: AttrId(path.imported),
            at,
            path_id: self.path_id(entry, at),
            source: path.source,
            derived: path.is_derived(),
            current: path.is_used(),
            outcome: Outcome::Used(0),
        }));
    }
}
