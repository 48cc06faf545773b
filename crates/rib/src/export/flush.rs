//! From changed best paths to batches in attribute order.

use alloc::vec::Vec;

use routehub_types::{AttrId, RuleId};

use super::group::{Batch, DIRTY, Group, Slot, TOMBSTONE};
use super::{Export, Flushed};
use crate::AttrStore;
use crate::key::Key;
use crate::path::{NO_SOURCE, NONE};
use crate::slab::Slab;
use crate::table::{Entry, Table};

/// Says what a group sends for a best path.
pub(crate) type Ask<'a> = dyn FnMut(&mut AttrStore, &Export) -> Result<AttrId, RuleId> + 'a;

/// How many entries are read ahead.
const AHEAD: usize = 16;

/// One prefix on its way into a batch.
#[derive(Clone, Copy)]
struct Work {
    /// Attributes to announce; `NONE` to withdraw.
    attrs: u32,
    entry: u32,
    source: u16,
    only: bool,
}

impl Work {
    /// Withdrawals first, then by attributes: what goes into one batch stands together.
    const fn order(&self) -> (u32, u16, bool) {
        (self.attrs.wrapping_add(1), self.source, self.only)
    }
}

/// Sorts by attributes and source. Work comes in runs of equal ones, so whole runs are sorted.
fn in_order(work: &[Work]) -> Vec<Work> {
    let mut runs: Vec<&[Work]> = work
        .chunk_by(|one, next| one.order() == next.order())
        .collect();
    runs.sort_by_key(|run| run.first().map(Work::order));
    runs.concat()
}

impl<K: Key> Table<K> {
    /// Looks at up to `budget` changed prefixes of a group and makes batches of what is to be sent.
    pub(crate) fn flush(
        &mut self,
        store: &mut AttrStore,
        number: usize,
        budget: usize,
        ask: &mut Ask<'_>,
    ) -> Flushed {
        let Some(mut group) = self.groups.get_mut(number).and_then(Option::take) else {
            return Flushed::default();
        };
        let mut unneeded = group.trim(&mut self.entries, store);
        let looked_at = budget.min(group.dirty.len());
        let dirty: Vec<u32> = group.dirty.drain(..looked_at).collect();
        let mut work = Vec::with_capacity(looked_at);
        for some in dirty.chunks(AHEAD) {
            self.look_ahead(&group, some);
            for entry in some {
                self.compare(store, &mut group, *entry, ask, &mut work);
                if !group.needs(&self.entries, *entry) {
                    unneeded.push(*entry);
                }
            }
        }
        if group.dirty.is_empty() {
            group.dirty.shrink_to(64);
        }
        let work = in_order(&work);
        let batches = self.batch(store, &mut group, &work, &mut unneeded);
        let more = group.is_dirty();
        self.groups[number] = Some(group);
        for entry in unneeded {
            if self.entries[entry].head.is_absent() {
                self.release_empty(entry);
            }
        }
        Flushed {
            prefixes: looked_at,
            batches,
            more,
        }
    }

    /// Reads what is compared next, so that the waits for memory overlap.
    fn look_ahead(&self, group: &Group<K>, entries: &[u32]) {
        let read = entries.iter().fold(0, |read, entry| {
            let apart = if group.is_apart() {
                group.touch(*entry)
            } else {
                0
            };
            read ^ apart ^ self.entries[*entry].head.imported
        });
        core::hint::black_box(read);
    }

    /// Compares what is sent for an entry with what should be.
    fn compare(
        &mut self,
        store: &mut AttrStore,
        group: &mut Group<K>,
        entry: u32,
        ask: &mut Ask<'_>,
        work: &mut Vec<Work>,
    ) {
        let best = self.best(entry).and_then(|best| {
            let export = Export {
                source: best.source,
                attrs: best.attrs,
                prefix: self.entries[entry].key.prefix(),
            };
            let attrs = ask(store, &export).ok()?;
            Some((attrs.0, best.source.0))
        });
        let old = group.slot(&self.entries, entry);
        let (attrs, source) = best.unwrap_or((NONE, NO_SOURCE));
        let mut new = Slot {
            attrs,
            source,
            flags: old.flags & !DIRTY,
            ..old
        };
        if (attrs, source) == (old.attrs, old.source) {
            group.set_slot(&mut self.entries, entry, new);
            return;
        }
        if attrs != NONE {
            store.retain(AttrId(attrs));
            new.flags &= !TOMBSTONE;
            group.count_sent(source);
        }
        group.set_slot(&mut self.entries, entry, new);
        let push = |attrs, source, only| Work {
            attrs,
            entry,
            source,
            only,
        };
        if old.attrs != NONE {
            store.release(AttrId(old.attrs));
            group.count_taken_back(old.source);
            if attrs == NONE {
                work.push(push(NONE, old.source, false));
                return;
            }
            // The new source was sent the old route, and will not be sent its own.
            if source != old.source && group.has_member_of(source) {
                work.push(push(NONE, source, true));
            }
        }
        work.push(push(attrs, source, false));
    }

    /// Makes a batch of every run of equal attributes and source; says how many.
    fn batch(
        &mut self,
        store: &mut AttrStore,
        group: &mut Group<K>,
        work: &[Work],
        unneeded: &mut Vec<u32>,
    ) -> usize {
        let attended = group.members.iter().any(Option::is_some);
        let mut batches = 0;
        group.renumber_if_due(&mut self.entries, store, work.len());
        for run in work.chunk_by(|one, next| one.order() == next.order()) {
            let Some(first) = run.first() else { continue };
            group.seq += 1;
            batches += 1;
            let seq = group.seq;
            for one in run.iter().filter(|one| !one.only) {
                let mut slot = group.slot(&self.entries, one.entry);
                slot.seq = seq;
                if one.attrs == NONE && attended {
                    slot.flags |= TOMBSTONE;
                    group.tombstones.push_back((seq, one.entry));
                } else if one.attrs == NONE {
                    unneeded.push(one.entry);
                }
                group.set_slot(&mut self.entries, one.entry, slot);
            }
            if !attended {
                continue;
            }
            let attrs = (first.attrs != NONE).then_some(AttrId(first.attrs));
            if let Some(attrs) = attrs {
                store.retain(attrs);
            }
            let keys = run.iter().map(|one| self.entries[one.entry].key);
            group.waiting += run.len();
            group.ring.push_back(Batch {
                attrs,
                source: first.source,
                only: first.only,
                prefixes: keys.collect(),
                encoded: None,
                seq,
            });
            while group.waiting > group.backlog && group.ring.len() > 1 {
                group.drop_oldest(store);
            }
        }
        batches
    }

    /// Has a group look at every prefix again, as after a change of its policy.
    pub(crate) fn mark_all(&mut self, number: usize) {
        let Some(mut group) = self.groups.get_mut(number).and_then(Option::take) else {
            return;
        };
        for entry in 0..self.entries.len() {
            if self.entries[entry].head.is_used() {
                group.mark(&mut self.entries, entry);
            }
        }
        self.groups[number] = Some(group);
    }
}

impl<K: Key> Group<K> {
    /// Drops what every member has pulled; names entries that may go.
    fn trim(&mut self, entries: &mut Slab<Entry<K>>, store: &mut AttrStore) -> Vec<u32> {
        let mut unneeded = Vec::new();
        if self.ring.is_empty() && self.tombstones.is_empty() {
            return unneeded;
        }
        let members = self.members.iter().flatten().filter(|member| !member.fresh);
        let told = members.map(|member| member.told).min();
        let told = told.unwrap_or(self.seq);
        while self.ring.front().is_some_and(|batch| batch.seq <= told) {
            self.drop_oldest(store);
        }
        while let Some((seq, entry)) = self.tombstones.pop_front_if(|(seq, _)| *seq <= told) {
            let mut slot = self.slot(entries, entry);
            if slot.flags & TOMBSTONE != 0 && slot.seq == seq {
                slot.flags &= !TOMBSTONE;
                self.set_slot(entries, entry, slot);
                if !self.needs(entries, entry) {
                    unneeded.push(entry);
                }
            }
        }
        unneeded
    }

    /// Starts to count batches from 1 again before the numbers run out: all that was sent is of
    /// batch 1, and whoever has not got so far is told everything again.
    fn renumber_if_due(
        &mut self,
        entries: &mut Slab<Entry<K>>,
        store: &mut AttrStore,
        batches: usize,
    ) {
        if (self.seq as usize).saturating_add(batches) < NONE as usize {
            return;
        }
        while !self.ring.is_empty() {
            self.drop_oldest(store);
        }
        for entry in 0..self.places(entries) {
            let mut slot = self.slot(entries, entry);
            slot.seq = slot.seq.min(1);
            self.set_slot(entries, entry, slot);
        }
        for (seq, _) in &mut self.tombstones {
            *seq = 1;
        }
        let last = core::mem::replace(&mut self.seq, 1);
        for member in self.members.iter_mut().flatten() {
            member.renumber(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use routehub_types::{Attrs, Family, Ipv4Prefix, Nlri, Prefix, Update};

    use super::*;
    use crate::{Admission, DecisionConfig, GroupConfig, MemberId, Pull, Rib, Source};

    fn take(
        store: &mut AttrStore,
        rib: &mut Rib,
        member: MemberId,
        table: &mut BTreeMap<Prefix, AttrId>,
    ) -> bool {
        match rib.pull(store, member) {
            Pull::Idle => return false,
            Pull::Complete(_) => {}
            Pull::Routes(routes) => {
                for prefix in routes.prefixes.iter() {
                    match routes.attrs {
                        Some(attrs) => table.insert(prefix, attrs),
                        None => table.remove(&prefix),
                    };
                }
            }
        }
        true
    }

    #[test]
    fn batch_numbers_may_run_out_and_every_member_still_ends_with_the_same_table() {
        let mut store = AttrStore::new(1);
        let mut rib = Rib::new(1, DecisionConfig::rfc4271());
        let source = rib.add_source(Source::default()).unwrap();
        let group = rib.add_group(GroupConfig::default());
        rib.v4.groups[0].as_mut().unwrap().seq = NONE - 5;
        let (quick, slow) = (rib.add_member(group, None), rib.add_member(group, None));
        let mut tables = [BTreeMap::new(), BTreeMap::new()];
        let routes: Vec<Nlri> = (0..20u32)
            .map(|n| Prefix::V4(Ipv4Prefix::host(n.into())).into())
            .collect();
        for round in 0..12u32 {
            let attrs = store.intern(&Attrs {
                med: Some(round),
                ..Attrs::default()
            });
            let (gone, new) = (
                &routes[round as usize..][..3],
                &routes[round as usize + 3..][..5],
            );
            let update = Update {
                withdrawn: gone,
                attrs,
                announced: new,
            };
            let accept =
                |_: &mut AttrStore, path: &crate::Announcement| Admission::Accept(path.attrs);
            rib.apply(&mut store, source, &update, accept, |_, _| {});
            rib.flush(&mut store, group, 100, |_, best| Ok(best.attrs));
            while take(&mut store, &mut rib, quick, &mut tables[0]) {}
            if round % 3 == 0 {
                take(&mut store, &mut rib, slow, &mut tables[1]);
            }
        }
        assert!(
            rib.v4.groups[0].as_ref().unwrap().seq < 100,
            "counted from 1 again"
        );
        while take(&mut store, &mut rib, slow, &mut tables[1]) {}
        let sent = rib.adj_out(quick, Family::Ipv4);
        let sent: BTreeMap<_, _> = sent
            .iter()
            .map(|route| (route.prefix, route.attrs))
            .collect();
        assert_eq!(tables, [sent.clone(), sent]);
    }
}
