//! What a group sends for each entry: in the entries themselves for the first group of a table,
//! beside them for any other.

use crate::memory::{Column, Key, Routes, Slot, prefetch};

/// The slots of one group.
#[derive(Debug)]
pub(super) struct Slots {
    /// The slots of a group that has its own; the first group has those in the entries.
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
