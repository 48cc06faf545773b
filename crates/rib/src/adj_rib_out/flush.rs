//! From changed best paths to batches in attribute order.

use alloc::vec::Vec;

use routehub_types::AttrId;

use super::group::Group;
use super::ring::Batch;
use super::{Export, Flushed, Unsendable, Withheld};
use crate::loc_rib::best;
use crate::memory::{Key, NO_SOURCE, NONE, Routes, Slot, prefetch};
use crate::{AttrStore, SourceId};

/// Says what a group sends for a best path.
pub(crate) type Ask<'a> = dyn FnMut(&mut AttrStore, &Export) -> Result<AttrId, Withheld> + 'a;

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
        .chunk_by(|route, next| route.order() == next.order())
        .collect();
    runs.sort_by_key(|run| run.first().map(Work::order));
    runs.concat()
}

/// A flush of a group under way.
struct Flush<'a, K: Key> {
    group: &'a mut Group<K>,
    routes: &'a mut Routes<K>,
    store: &'a mut AttrStore,
    work: Vec<Work>,
    /// Entries that the group needs no longer.
    unneeded: Vec<u32>,
    unsendable: Vec<Unsendable>,
}

impl<K: Key> Group<K> {
    /// Looks at up to `budget` changed prefixes and makes batches of what is to be sent; names
    /// entries that the group needs no longer.
    pub(crate) fn flush(
        &mut self,
        routes: &mut Routes<K>,
        store: &mut AttrStore,
        budget: usize,
        ask: &mut Ask<'_>,
    ) -> (Flushed, Vec<u32>) {
        let prefixes = budget.min(self.dirty.len());
        let dirty: Vec<u32> = self.dirty.drain(..prefixes).collect();
        let mut flush = Flush {
            group: self,
            routes,
            store,
            work: Vec::with_capacity(prefixes),
            unneeded: Vec::new(),
            unsendable: Vec::new(),
        };
        flush.trim();
        for some in dirty.chunks(AHEAD) {
            let entries = some.iter().copied();
            flush.group.slots.prefetch(entries.clone());
            prefetch(entries.map(|entry| flush.routes.entry(entry).head.imported));
            for entry in some {
                flush.compare(*entry, ask);
                flush.check_needed(*entry);
            }
        }
        let batches = flush.batch();
        let (unneeded, unsendable) = (flush.unneeded, flush.unsendable);
        if self.dirty.is_empty() {
            self.dirty.shrink_to(64);
        }
        let flushed = Flushed {
            prefixes,
            batches,
            more: self.is_dirty(),
            unsendable,
        };
        (flushed, unneeded)
    }
}

impl<K: Key> Flush<'_, K> {
    fn check_needed(&mut self, entry: u32) {
        if !self.group.needs(self.routes, entry) {
            self.unneeded.push(entry);
        }
    }

    /// What is to be sent for an entry: attributes, source, and the flag of a path that no message
    /// can hold.
    fn wanted(&mut self, entry: u32, ask: &mut Ask<'_>) -> (u32, u16, u8) {
        let Some(best) = best(self.routes, entry) else {
            return (NONE, NO_SOURCE, 0);
        };
        let export = Export {
            source: best.source,
            attrs: best.attrs,
            prefix: self.routes.key(entry).prefix(),
        };
        match ask(self.store, &export) {
            Ok(attrs) => (attrs.0, best.source.0, 0),
            Err(Withheld::Refused(_)) => (NONE, NO_SOURCE, 0),
            Err(Withheld::Unsendable(rule)) => {
                self.unsendable.push(Unsendable {
                    prefix: export.prefix,
                    source: SourceId(best.source.0),
                    rule,
                });
                (NONE, best.source.0, Slot::UNSENDABLE)
            }
        }
    }

    /// Compares what is sent for an entry with what should be.
    fn compare(&mut self, entry: u32, ask: &mut Ask<'_>) {
        let (attrs, source, unsendable) = self.wanted(entry, ask);
        let Self {
            group,
            routes,
            store,
            work,
            ..
        } = self;
        let old = group.slots.get(routes, entry);
        if old.flags & Slot::UNSENDABLE != 0 {
            group.unsendable.remove(old.source);
        }
        let mut new = Slot {
            attrs,
            source,
            flags: old.flags & !(Slot::DIRTY | Slot::UNSENDABLE) | unsendable,
            ..old
        };
        if unsendable != 0 {
            group.unsendable.add(source);
        }
        if attrs == old.attrs && (source == old.source || attrs == NONE) {
            group.slots.set(routes, entry, new);
            return;
        }
        if attrs != NONE {
            store.retain(AttrId(attrs));
            new.flags &= !Slot::TOMBSTONE;
            group.routes.add(source);
        }
        group.slots.set(routes, entry, new);
        let push = |attrs, source, only| Work {
            attrs,
            entry,
            source,
            only,
        };
        if old.attrs != NONE {
            store.release(AttrId(old.attrs));
            group.routes.remove(old.source);
            if attrs == NONE {
                work.push(push(NONE, old.source, false));
                return;
            }
            // The new source was sent the old route, and will not be sent its own.
            if source != old.source && group.members_of.of(source) > 0 {
                work.push(push(NONE, source, true));
            }
        }
        work.push(push(attrs, source, false));
    }

    /// Makes a batch of every run of equal attributes and source; says how many.
    fn batch(&mut self) -> usize {
        let attended = self.group.members.items().next().is_some();
        let work = in_order(&core::mem::take(&mut self.work));
        let mut batches = 0;
        self.renumber_if_due(work.len());
        for run in work.chunk_by(|route, next| route.order() == next.order()) {
            let Some(first) = run.first() else { continue };
            let seq = self.group.ring.next_number();
            batches += 1;
            for route in run.iter().filter(|route| !route.only) {
                let mut slot = self.group.slots.get(self.routes, route.entry);
                slot.seq = seq;
                if route.attrs == NONE && attended {
                    slot.flags |= Slot::TOMBSTONE;
                    self.group.tombstones.push_back((seq, route.entry));
                } else if route.attrs == NONE {
                    self.unneeded.push(route.entry);
                }
                self.group.slots.set(self.routes, route.entry, slot);
            }
            if !attended {
                continue;
            }
            let attrs = (first.attrs != NONE).then_some(AttrId(first.attrs));
            if let Some(attrs) = attrs {
                self.store.retain(attrs);
            }
            let batch = Batch {
                attrs,
                source: first.source,
                only: first.only,
                prefixes: run
                    .iter()
                    .map(|route| self.routes.key(route.entry))
                    .collect(),
                encoded: None,
                seq,
            };
            self.group.ring.push(batch, self.store);
        }
        batches
    }

    /// Drops what every member has pulled.
    fn trim(&mut self) {
        let group = &mut *self.group;
        if group.ring.is_empty() && group.tombstones.is_empty() {
            return;
        }
        let members = group.members.items().filter(|member| !member.fresh);
        let told = members.map(|member| member.told).min();
        let told = told.unwrap_or(group.ring.last());
        group.ring.trim(told, self.store);
        while let Some(&(seq, entry)) = self.group.tombstones.front()
            && seq <= told
        {
            self.group.tombstones.pop_front();
            let mut slot = self.group.slots.get(self.routes, entry);
            if slot.flags & Slot::TOMBSTONE != 0 && slot.seq == seq {
                slot.flags &= !Slot::TOMBSTONE;
                self.group.slots.set(self.routes, entry, slot);
                self.check_needed(entry);
            }
        }
    }

    /// Starts to count batches from 1 again before the numbers run out: all that was sent is of
    /// batch 1, and whoever has not got so far is told everything again.
    fn renumber_if_due(&mut self, batches: usize) {
        let group = &mut *self.group;
        if (group.ring.last() as usize).saturating_add(batches) < NONE as usize {
            return;
        }
        for entry in 0..group.slots.len(self.routes) {
            let mut slot = group.slots.get(self.routes, entry);
            slot.seq = slot.seq.min(1);
            group.slots.set(self.routes, entry, slot);
        }
        for (seq, _) in &mut group.tombstones {
            *seq = 1;
        }
        let last = group.ring.renumber(self.store);
        for member in group.members.items_mut() {
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
    use crate::{
        Admission, Announcement, DecisionConfig, GroupConfig, MemberId, Pull, Rib, Source,
    };

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
        rib.v4.adj_out.group_mut(0).unwrap().ring.set_last(NONE - 5);
        let (quick, slow) = (rib.add_member(group, None), rib.add_member(group, None));
        let mut tables = [BTreeMap::new(), BTreeMap::new()];
        let host = |n: u32| Prefix::V4(Ipv4Prefix::host(n.into()));
        let routes: Vec<Nlri> = (0..20).map(|n| host(n).into()).collect();
        for round in 0..12u32 {
            let attrs = store.intern(&Attrs {
                med: Some(round),
                ..Attrs::default()
            });
            let from = round as usize;
            let update = Update {
                withdrawn: &routes[from..from + 3],
                attrs,
                announced: &routes[from + 3..from + 8],
            };
            let accept = |_: &mut AttrStore, path: &Announcement| Admission::Accept(path.attrs);
            rib.apply(&mut store, source, &update, accept, |_, _| {});
            rib.flush(&mut store, group, 100, |_, best| Ok(best.attrs));
            while take(&mut store, &mut rib, quick, &mut tables[0]) {}
            if round % 3 == 0 {
                take(&mut store, &mut rib, slow, &mut tables[1]);
            }
        }
        let last = rib.v4.adj_out.group(0).unwrap().ring.last();
        assert!(last < 100, "counted from 1 again");
        while take(&mut store, &mut rib, slow, &mut tables[1]) {}
        let sent = rib.adj_out(quick, Family::Ipv4).into_iter();
        let sent: BTreeMap<_, _> = sent.map(|route| (route.prefix, route.attrs)).collect();
        assert_eq!(tables, [sent.clone(), sent]);
    }
}
