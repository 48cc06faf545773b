//! What one export group holds for one family.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::AttrId;

use super::member::Member;
use crate::AttrStore;
use crate::key::Key;
use crate::path::{NO_SOURCE, NONE};
use crate::slab::{Column, Slab};
use crate::table::Entry;

/// Waits in the list of prefixes to look at.
pub(super) const DIRTY: u8 = 1;
/// Withdrawn, and some member may not know.
pub(super) const TOMBSTONE: u8 = 2;

/// What the group sends for one entry: 12 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// The attributes as sent; `NONE` if nothing is sent.
    pub(crate) attrs: u32,
    /// The batch of the last change.
    pub(crate) seq: u32,
    pub(crate) source: u16,
    pub(crate) flags: u8,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            attrs: NONE,
            seq: 0,
            source: NO_SOURCE,
            flags: 0,
        }
    }
}

impl Slot {
    /// Whether a member is sent this route; nobody gets back what came from it.
    pub(super) fn is_for(&self, member: u16) -> bool {
        self.attrs != NONE && self.source != member
    }

    /// Whether a member that is not sent this route may have been sent an earlier one.
    pub(super) fn is_gone_or_own(&self) -> bool {
        self.attrs != NONE || self.flags & TOMBSTONE != 0
    }
}

/// One batch: prefixes with one attribute set of one source.
#[derive(Clone, Debug)]
pub(super) struct Batch<K> {
    pub(super) attrs: Option<AttrId>,
    pub(super) source: u16,
    /// For the members of the source alone, which are left out otherwise.
    pub(super) only: bool,
    pub(super) prefixes: Vec<K>,
    pub(super) encoded: Option<Bytes>,
    pub(super) seq: u32,
}

impl<K> Batch<K> {
    pub(super) fn is_for(&self, member: u16) -> bool {
        (self.source == member) == self.only
    }
}

/// One export group, one family.
#[derive(Debug)]
pub(crate) struct Group<K> {
    /// Whether the slots are those in the entries; the first group of a table has these.
    own: bool,
    /// The slots of any other group.
    slots: Column<Slot>,
    pub(super) dirty: VecDeque<u32>,
    /// The number of the last batch.
    pub(super) seq: u32,
    /// The last batches, numbered without a gap up to `seq`.
    pub(super) ring: VecDeque<Batch<K>>,
    pub(super) waiting: usize,
    pub(super) backlog: usize,
    /// Withdrawn entries that wait until every member knows.
    pub(super) tombstones: VecDeque<(u32, u32)>,
    pub(super) members: Vec<Option<Member<K>>>,
    /// How many members each source has.
    members_of: Vec<u32>,
    /// How many routes are sent, and how many of each source.
    pub(super) routes: usize,
    pub(super) of_source: Vec<u32>,
}

impl<K: Key> Group<K> {
    pub(crate) fn new(own: bool, backlog: usize) -> Self {
        Self {
            own,
            slots: Column::default(),
            dirty: VecDeque::new(),
            seq: 0,
            ring: VecDeque::new(),
            waiting: 0,
            backlog,
            tombstones: VecDeque::new(),
            members: Vec::new(),
            members_of: Vec::new(),
            routes: 0,
            of_source: Vec::new(),
        }
    }

    /// What is sent for an entry.
    #[inline]
    pub(super) fn slot(&self, entries: &Slab<Entry<K>>, entry: u32) -> Slot {
        if self.own {
            entries[entry].slot()
        } else {
            self.slots.get(entry)
        }
    }

    #[inline]
    pub(super) fn set_slot(&mut self, entries: &mut Slab<Entry<K>>, entry: u32, slot: Slot) {
        if self.own {
            entries[entry].set_slot(slot);
        } else {
            *self.slots.slot(entry) = slot;
        }
    }

    /// How many entries may have something in their slots.
    pub(super) fn places(&self, entries: &Slab<Entry<K>>) -> u32 {
        if self.own {
            entries.len()
        } else {
            self.slots.len()
        }
    }

    /// Notes that the best path of an entry is another one.
    #[inline]
    pub(crate) fn mark(&mut self, entries: &mut Slab<Entry<K>>, entry: u32) {
        let new = if self.own {
            entries[entry].flag(DIRTY)
        } else {
            let slot = self.slots.slot(entry);
            let new = slot.flags & DIRTY == 0;
            slot.flags |= DIRTY;
            new
        };
        if new {
            self.dirty.push_back(entry);
        }
    }

    /// Reads of a slot that is not part of its entry, which puts it into the processor's cache.
    #[inline]
    pub(crate) fn touch(&self, entry: u32) -> u32 {
        self.slots.get(entry).seq
    }

    /// Whether the slots are apart from the entries.
    pub(crate) const fn is_apart(&self) -> bool {
        !self.own
    }

    /// Whether an entry without paths has to stay.
    pub(crate) fn needs(&self, entries: &Slab<Entry<K>>, entry: u32) -> bool {
        let slot = self.slot(entries, entry);
        slot.attrs != NONE || slot.flags != 0
    }

    /// Whether anything that was sent, or waits, names a source.
    pub(crate) fn names(&self, source: u16) -> bool {
        let batches = self.members.iter().flatten().flat_map(Member::batches);
        self.count_of(source) > 0
            || self.has_member_of(source)
            || self
                .ring
                .iter()
                .chain(batches)
                .any(|batch| batch.source == source)
    }

    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// How many routes a member is sent.
    pub(crate) fn count_for(&self, source: u16) -> usize {
        self.routes - self.count_of(source)
    }

    fn count_of(&self, source: u16) -> usize {
        let count = self.of_source.get(usize::from(source));
        count.map_or(0, |count| *count as usize)
    }

    pub(super) fn count_member(&mut self, source: u16, joined: bool) {
        if source == NO_SOURCE {
            return;
        }
        let number = usize::from(source);
        if self.members_of.len() <= number {
            self.members_of.resize(number + 1, 0);
        }
        let count = &mut self.members_of[number];
        *count = if joined { *count + 1 } else { *count - 1 };
    }

    pub(super) fn has_member_of(&self, source: u16) -> bool {
        let count = self.members_of.get(usize::from(source));
        count.is_some_and(|count| *count > 0)
    }

    pub(super) fn count_sent(&mut self, source: u16) {
        let number = usize::from(source);
        if self.of_source.len() <= number {
            self.of_source.resize(number + 1, 0);
        }
        self.of_source[number] += 1;
        self.routes += 1;
    }

    pub(super) fn count_taken_back(&mut self, source: u16) {
        self.of_source[usize::from(source)] -= 1;
        self.routes -= 1;
    }

    /// The entries that are sent, in no order that may be shown.
    pub(crate) fn sent_to<'a>(
        &'a self,
        entries: &'a Slab<Entry<K>>,
        member: u16,
    ) -> impl Iterator<Item = (u32, u16, AttrId)> + 'a {
        (0..self.places(entries)).filter_map(move |entry| {
            let slot = self.slot(entries, entry);
            slot.is_for(member)
                .then_some((entry, slot.source, AttrId(slot.attrs)))
        })
    }

    /// What is sent for one entry.
    pub(crate) fn sent(&self, entries: &Slab<Entry<K>>, entry: u32) -> Option<(u16, AttrId)> {
        let slot = self.slot(entries, entry);
        (slot.attrs != NONE).then_some((slot.source, AttrId(slot.attrs)))
    }

    pub(crate) fn keep_encoded(&mut self, seq: u32, bytes: Bytes) {
        let first = self.ring.front().map_or(0, |batch| batch.seq);
        let at = seq.checked_sub(first).map(|at| at as usize);
        if let Some(batch) = at.and_then(|at| self.ring.get_mut(at)) {
            batch.encoded = Some(bytes);
        }
    }

    /// Drops the oldest batch.
    pub(super) fn drop_oldest(&mut self, store: &mut AttrStore) {
        if let Some(batch) = self.ring.pop_front() {
            self.waiting -= batch.prefixes.len();
            if let Some(attrs) = batch.attrs {
                store.release(attrs);
            }
        }
    }

    /// Gives back all attribute sets.
    pub(crate) fn clear(&mut self, entries: &mut Slab<Entry<K>>, store: &mut AttrStore) {
        for entry in 0..self.places(entries) {
            let slot = self.slot(entries, entry);
            self.set_slot(entries, entry, Slot::default());
            if slot.attrs != NONE {
                store.release(AttrId(slot.attrs));
            }
        }
        while !self.ring.is_empty() {
            self.drop_oldest(store);
        }
        for member in self.members.iter_mut().flatten() {
            member.clear(store);
        }
        self.members.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_12_bytes() {
        assert_eq!(size_of::<Slot>(), 12);
    }
}
