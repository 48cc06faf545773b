//! A member of an export group is a cursor.
//!
//! It follows the ring of batches. Where the ring does not reach back far enough - the member
//! joined late, was slow, or asked for a refresh - it walks the entries instead, and returns to
//! the ring behind the batch that was the last one when the walk began.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use routehub_types::AttrId;

use super::Sent;
use super::ring::{Batch, Ring, Slots};
use crate::AttrStore;
use crate::memory::{Key, Routes, Slot};

/// Entries that a walk gathers before it makes batches of them.
const WINDOW: usize = 1 << 13;

/// How far one member has got.
#[derive(Clone, Debug)]
pub(crate) struct Member<K> {
    /// The source whose own routes it is not sent.
    pub(super) source: u16,
    /// It knows all batches up to this one; of no meaning while it is fresh.
    pub(super) told: u32,
    /// It has pulled nothing yet, so that it needs no withdrawal of what was sent before.
    pub(super) fresh: bool,
    walk: Option<Walk>,
    /// Batches of the walk that it has not pulled yet.
    queue: VecDeque<Batch<K>>,
    /// The batch of the walk that it pulled last.
    current: Option<Batch<K>>,
    /// The walk that began with nothing has ended.
    complete: bool,
}

/// A walk over the entries.
#[derive(Clone, Copy, Debug)]
struct Walk {
    /// The next entry.
    next: u32,
    /// Changes after this batch, the last one when the walk began, are left to the ring.
    until: u32,
    /// Whether what the member knows already is sent again.
    resend: bool,
}

impl Walk {
    const fn new(resend: bool) -> Self {
        Self {
            next: 0,
            until: 0,
            resend,
        }
    }

    /// Whether it has not begun, and is to tell everything.
    const fn is_first(&self) -> bool {
        self.next == 0 && self.resend
    }
}

/// What a member pulls next.
#[derive(Clone, Copy)]
pub(crate) enum Next {
    /// The batch of its walk that is current now.
    Current,
    /// The batch of this number.
    Ring(u32),
    /// The mark that all was sent.
    Complete,
}

/// What a member reads of its group.
pub(super) struct View<'a, K: Key> {
    pub(super) routes: &'a Routes<K>,
    pub(super) slots: &'a Slots,
    pub(super) ring: &'a Ring<K>,
    /// Whether entries wait to be looked at.
    pub(super) is_dirty: bool,
}

/// What a walk says of an entry: attributes to announce, or none to withdraw.
#[derive(Clone, Copy)]
struct Found {
    attrs: Option<AttrId>,
    source: u16,
    entry: u32,
}

impl Found {
    /// What stands in one batch: withdrawals need no source.
    fn order(&self) -> (Option<AttrId>, Option<u16>) {
        (self.attrs, self.attrs.map(|_| self.source))
    }
}

impl<K> Member<K> {
    pub(super) fn new(source: u16) -> Self {
        Self {
            source,
            told: 0,
            fresh: true,
            walk: Some(Walk::new(true)),
            queue: VecDeque::new(),
            current: None,
            complete: false,
        }
    }

    /// Sends everything again.
    pub(super) fn refresh(&mut self) {
        self.complete = false;
        self.walk = Some(Walk::new(true));
    }

    /// The batch of its walk that it pulls now.
    pub(super) const fn current(&self) -> Option<&Batch<K>> {
        self.current.as_ref()
    }

    /// What it was last sent for an entry, if it may have been sent anything.
    pub(super) fn sent(&self, slot: &Slot) -> Option<Sent> {
        if self.walks() || slot.seq > self.told {
            return slot.is_gone_or_own().then_some(Sent::Uncertain);
        }
        slot.is_for(self.source)
            .then_some(Sent::Route(AttrId(slot.attrs)))
    }

    /// Whether it pulls from a walk over the entries, not from the ring.
    fn walks(&self) -> bool {
        self.walk.is_some() || !self.queue.is_empty()
    }

    /// Whether an End-of-RIB is still to come: a walk over all routes has not ended, or nobody
    /// was told that it has.
    pub(crate) fn eor_pending(&self) -> bool {
        self.complete || self.walk.is_some_and(|walk| walk.resend)
    }

    /// Knows all batches up to this one.
    pub(super) fn catch_up(&mut self, seq: u32, store: &mut AttrStore) {
        self.clear(store);
        *self = Self {
            told: seq,
            fresh: false,
            walk: None,
            ..Self::new(self.source)
        };
    }

    pub(super) fn batches(&self) -> impl Iterator<Item = &Batch<K>> {
        self.queue.iter().chain(&self.current)
    }

    pub(super) fn renumber(&mut self, last: u32) {
        let behind = self.told != last || self.walk.is_some();
        if behind {
            let resend = self.walk.is_some_and(|walk| walk.resend);
            self.walk = Some(Walk::new(resend));
        }
        self.told = u32::from(!behind);
    }

    pub(super) fn clear(&mut self, store: &mut AttrStore) {
        let batches = self.queue.drain(..).chain(self.current.take());
        for attrs in batches.filter_map(|batch| batch.attrs) {
            store.release(attrs);
        }
    }

    /// What the walk has to say of an entry: the attributes to announce, or none to withdraw.
    fn says(&self, walk: &Walk, slot: &Slot) -> Option<Option<AttrId>> {
        if slot.seq > walk.until {
            return None;
        }
        let news = slot.seq > self.told;
        if slot.is_for(self.source) {
            (news || walk.resend).then_some(Some(AttrId(slot.attrs)))
        } else {
            (news && slot.is_gone_or_own()).then_some(None)
        }
    }
}

impl<K: Key> Member<K> {
    /// Goes on to what is sent next.
    pub(super) fn advance(&mut self, store: &mut AttrStore, group: &View<'_, K>) -> Option<Next> {
        if let Some(attrs) = self.current.take().and_then(|batch| batch.attrs) {
            store.release(attrs);
        }
        loop {
            if let Some(batch) = self.queue.pop_front() {
                self.current = Some(batch);
                return Some(Next::Current);
            }
            if let Some(walk) = self.walk.take() {
                // It would end without what waits to be looked at, and be called complete.
                if walk.is_first() && group.is_dirty {
                    self.walk = Some(walk);
                    return None;
                }
                self.walk_on(store, group, walk);
                continue;
            }
            if core::mem::take(&mut self.complete) {
                return Some(Next::Complete);
            }
            if self.told >= group.ring.last() {
                return None;
            }
            let Some(batch) = group.ring.get(self.told + 1) else {
                self.walk = Some(Walk::new(false));
                continue;
            };
            self.told = batch.seq;
            if batch.is_for(self.source) {
                return Some(Next::Ring(batch.seq));
            }
        }
    }

    /// Walks on until there is something to send or the end is reached.
    fn walk_on(&mut self, store: &mut AttrStore, group: &View<'_, K>, mut walk: Walk) {
        let mut found: Vec<Found> = Vec::new();
        let end = group.slots.len(group.routes);
        if walk.next == 0 {
            walk.until = group.ring.last();
            if core::mem::take(&mut self.fresh) {
                self.told = walk.until;
            }
        }
        while walk.next < end && found.len() < WINDOW {
            let slot = group.slots.get(group.routes, walk.next);
            found.extend(self.says(&walk, &slot).map(|attrs| Found {
                attrs,
                source: slot.source,
                entry: walk.next,
            }));
            walk.next += 1;
        }
        if walk.next < end {
            self.walk = Some(walk);
        } else {
            self.told = walk.until;
            self.complete |= walk.resend;
        }
        found.sort_by_key(Found::order);
        for run in found.chunk_by(|route, next| route.order() == next.order()) {
            let Some(first) = run.first() else {
                continue;
            };
            if let Some(attrs) = first.attrs {
                store.retain(attrs);
            }
            self.queue.push_back(Batch {
                attrs: first.attrs,
                source: first.source,
                only: false,
                prefixes: run
                    .iter()
                    .map(|route| group.routes.key(route.entry))
                    .collect(),
                encoded: None,
                seq: 0,
            });
        }
    }
}
