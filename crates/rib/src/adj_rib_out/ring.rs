//! What a group sends: for each entry, and in the last batches, which members follow.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::AttrId;

use crate::AttrStore;
use crate::memory::{Column, Key, Routes, Slot, prefetch};

/// What a group sends for each entry: in the entries themselves for the first group of a table,
/// beside them for any other.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    /// None if the slots are in the entries.
    own: Option<Column<Slot>>,
}

impl Slots {
    pub(super) fn new(in_entries: bool) -> Self {
        let own = (!in_entries).then(Column::default);
        Self { own }
    }

    #[inline]
    pub(super) fn get<K: Key>(&self, routes: &Routes<K>, entry: u32) -> Slot {
        match &self.own {
            None => routes.entry(entry).slot(),
            Some(own) => own.get(entry),
        }
    }

    #[inline]
    pub(super) fn set<K: Key>(&mut self, routes: &mut Routes<K>, entry: u32, slot: Slot) {
        match &mut self.own {
            None => routes.entry_mut(entry).set_slot(slot),
            Some(own) => *own.slot(entry) = slot,
        }
    }

    /// Sets the flag of an entry to look at; says whether it was not set before.
    #[inline]
    pub(super) fn mark<K: Key>(&mut self, routes: &mut Routes<K>, entry: u32) -> bool {
        match &mut self.own {
            None => routes.entry_mut(entry).flag(Slot::DIRTY),
            Some(own) => {
                let slot = own.slot(entry);
                let new = slot.flags & Slot::DIRTY == 0;
                slot.flags |= Slot::DIRTY;
                new
            }
        }
    }

    /// How many entries may have something in their slots.
    pub(super) fn len<K: Key>(&self, routes: &Routes<K>) -> u32 {
        self.own
            .as_ref()
            .map_or_else(|| routes.numbers(), Column::len)
    }

    /// Reads slots ahead that are not part of their entries.
    pub(super) fn prefetch(&self, entries: impl Iterator<Item = u32>) {
        if let Some(own) = &self.own {
            prefetch(entries.map(|entry| own.get(entry).seq));
        }
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

/// The last batches, numbered without a gap up to the last one.
#[derive(Clone, Debug)]
pub(super) struct Ring<K> {
    batches: VecDeque<Batch<K>>,
    /// The number of the last batch.
    seq: u32,
    /// How many prefixes wait, and how many may.
    waiting: usize,
    backlog: usize,
}

impl<K> Ring<K> {
    pub(super) const fn new(backlog: usize) -> Self {
        Self {
            batches: VecDeque::new(),
            seq: 0,
            waiting: 0,
            backlog,
        }
    }

    /// The number of the last batch.
    pub(super) const fn last(&self) -> u32 {
        self.seq
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Batch<K>> {
        self.batches.iter()
    }

    fn place(&self, seq: u32) -> Option<usize> {
        let first = self.batches.front()?.seq;
        Some(seq.checked_sub(first)? as usize)
    }

    /// The batch of a number, if it is kept still.
    pub(super) fn get(&self, seq: u32) -> Option<&Batch<K>> {
        self.batches.get(self.place(seq)?)
    }

    pub(super) fn get_mut(&mut self, seq: u32) -> Option<&mut Batch<K>> {
        let place = self.place(seq)?;
        self.batches.get_mut(place)
    }

    /// The number of the next batch, which may not be kept at all.
    pub(super) fn next_number(&mut self) -> u32 {
        self.seq += 1;
        self.seq
    }

    /// Keeps a batch, and drops the oldest ones if too many prefixes wait.
    pub(super) fn push(&mut self, batch: Batch<K>, store: &mut AttrStore) {
        self.waiting += batch.prefixes.len();
        self.batches.push_back(batch);
        while self.waiting > self.backlog && self.batches.len() > 1 {
            self.drop_oldest(store);
        }
    }

    /// Drops the batches up to a number.
    pub(super) fn trim(&mut self, told: u32, store: &mut AttrStore) {
        while self.batches.front().is_some_and(|batch| batch.seq <= told) {
            self.drop_oldest(store);
        }
    }

    /// Drops all batches.
    pub(super) fn clear(&mut self, store: &mut AttrStore) {
        self.trim(u32::MAX, store);
    }

    /// Drops all batches and counts from 1 again; says which was the last.
    pub(super) fn renumber(&mut self, store: &mut AttrStore) -> u32 {
        self.clear(store);
        core::mem::replace(&mut self.seq, 1)
    }

    fn drop_oldest(&mut self, store: &mut AttrStore) {
        if let Some(batch) = self.batches.pop_front() {
            self.waiting -= batch.prefixes.len();
            if let Some(attrs) = batch.attrs {
                store.release(attrs);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn set_last(&mut self, seq: u32) {
        self.seq = seq;
    }
}
