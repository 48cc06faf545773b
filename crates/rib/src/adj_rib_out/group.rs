//! What one export group holds for one family.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::{AttrId, Prefix};

use super::member::{Member, Next, View};
use super::ring::Ring;
use super::slots::Slots;
use super::{AdjOut, MemberId, Outgoing, Pull, Sent, Ticket};
use crate::memory::{Key, NO_SOURCE, NONE, Routes, Slot, sorted};
use crate::{AttrStore, SourceId};

/// One export group, one family.
#[derive(Debug)]
pub(crate) struct Group<K> {
    pub(super) slots: Slots,
    pub(super) dirty: VecDeque<u32>,
    pub(super) ring: Ring<K>,
    /// Withdrawn entries that wait until every member knows.
    pub(super) tombstones: VecDeque<(u32, u32)>,
    pub(super) members: Vec<Option<Member<K>>>,
    /// How many members each source has.
    members_of: Vec<u32>,
    /// How many routes are sent, and how many of each source.
    routes: usize,
    of_source: Vec<u32>,
}

impl<K: Key> Group<K> {
    pub(crate) fn new(in_entries: bool, backlog: usize) -> Self {
        Self {
            slots: Slots::new(in_entries),
            dirty: VecDeque::new(),
            ring: Ring::new(backlog),
            tombstones: VecDeque::new(),
            members: Vec::new(),
            members_of: Vec::new(),
            routes: 0,
            of_source: Vec::new(),
        }
    }

    /// Notes that the best path of an entry is another one.
    #[inline]
    pub(crate) fn mark(&mut self, routes: &mut Routes<K>, entry: u32) {
        if self.slots.mark(routes, entry) {
            self.dirty.push_back(entry);
        }
    }

    /// Notes to look at every prefix again, as after a change of policy.
    pub(crate) fn mark_all(&mut self, routes: &mut Routes<K>) {
        for entry in 0..routes.numbers() {
            if routes.entry(entry).head.is_used() {
                self.mark(routes, entry);
            }
        }
    }

    /// Reads ahead what is kept of entries apart from them.
    pub(crate) fn prefetch(&self, entries: impl Iterator<Item = u32>) {
        self.slots.prefetch(entries);
    }

    /// Whether an entry without paths has to stay.
    pub(crate) fn needs(&self, routes: &Routes<K>, entry: u32) -> bool {
        let slot = self.slots.get(routes, entry);
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

    fn count_member(&mut self, source: u16, joined: bool) {
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

    /// The routes that a member of a source is sent, in order.
    pub(crate) fn sent_to(&self, routes: &Routes<K>, member: u16) -> Vec<AdjOut> {
        let sent = (0..self.slots.len(routes)).filter_map(|entry| {
            let slot = self.slots.get(routes, entry);
            slot.is_for(member).then(|| AdjOut {
                prefix: routes.key(entry).prefix(),
                attrs: AttrId(slot.attrs),
                source: SourceId(slot.source),
            })
        });
        sorted(sent, |route| route.prefix)
    }

    /// What is sent for one entry.
    pub(crate) fn sent(&self, routes: &Routes<K>, entry: u32) -> Option<(SourceId, AttrId)> {
        let slot = self.slots.get(routes, entry);
        (slot.attrs != NONE).then_some((SourceId(slot.source), AttrId(slot.attrs)))
    }

    /// Keeps an encoded batch for the other members.
    pub(crate) fn keep_encoded(&mut self, seq: u32, bytes: Bytes) {
        if let Some(batch) = self.ring.get_mut(seq) {
            batch.encoded = Some(bytes);
        }
    }

    /// Gives back all attribute sets.
    pub(crate) fn clear(&mut self, routes: &mut Routes<K>, store: &mut AttrStore) {
        for entry in 0..self.slots.len(routes) {
            let slot = self.slots.get(routes, entry);
            self.slots.set(routes, entry, Slot::default());
            if slot.attrs != NONE {
                store.release(AttrId(slot.attrs));
            }
        }
        self.ring.clear(store);
        for member in self.members.iter_mut().flatten() {
            member.clear(store);
        }
        self.members.clear();
    }

    /// Adds a member that knows nothing yet.
    pub(crate) fn add_member(&mut self, member: u32, source: u16) {
        let at = member as usize;
        if self.members.len() <= at {
            self.members.resize_with(at + 1, || None);
        }
        self.members[at] = Some(Member::new(source));
        self.count_member(source, true);
    }

    pub(crate) fn remove_member(&mut self, member: u32, store: &mut AttrStore) {
        let place = self.members.get_mut(member as usize);
        if let Some(mut member) = place.and_then(Option::take) {
            member.clear(store);
            self.count_member(member.source, false);
        }
    }

    fn member(&self, member: u32) -> Option<&Member<K>> {
        self.members.get(member as usize)?.as_ref()
    }

    fn member_mut(&mut self, member: u32) -> Option<&mut Member<K>> {
        self.members.get_mut(member as usize)?.as_mut()
    }

    /// Has a member sent everything again.
    pub(crate) fn refresh_member(&mut self, member: u32) {
        if let Some(member) = self.member_mut(member) {
            member.refresh();
        }
    }

    /// What a member was last sent for each prefix, in order; without what it surely was not sent.
    pub(crate) fn sent_state(&self, routes: &Routes<K>, member: u32) -> Vec<(Prefix, Sent)> {
        let member = self.member(member).filter(|member| !member.fresh);
        let Some(member) = member else {
            return Vec::new();
        };
        let sent = (0..self.slots.len(routes)).filter_map(|entry| {
            let sent = member.sent(&self.slots.get(routes, entry))?;
            Some((routes.key(entry).prefix(), sent))
        });
        sorted(sent, |(prefix, _)| *prefix)
    }

    /// Whether a member still has all routes to pull, with an End-of-RIB behind them.
    pub(crate) fn eor_pending(&self, member: u32) -> bool {
        self.member(member).is_some_and(Member::eor_pending)
    }

    /// Marks a member as up to date with all that was flushed.
    pub(crate) fn mark_up_to_date(&mut self, member: u32, store: &mut AttrStore) {
        let last = self.ring.last();
        if let Some(member) = self.member_mut(member) {
            member.catch_up(last, store);
        }
    }

    /// Goes on to what a member is sent next.
    pub(crate) fn advance(
        &mut self,
        routes: &Routes<K>,
        store: &mut AttrStore,
        member: u32,
    ) -> Option<Next> {
        let group = View {
            routes,
            slots: &self.slots,
            ring: &self.ring,
            is_dirty: !self.dirty.is_empty(),
        };
        let member = self.members.get_mut(member as usize);
        member.and_then(Option::as_mut)?.advance(store, &group)
    }

    /// What a member went on to.
    pub(crate) fn pulled(&self, id: MemberId, next: Next) -> Pull<'_> {
        let (batch, is_shared) = match next {
            Next::Complete => return Pull::Complete(K::FAMILY),
            Next::Ring(seq) => (self.ring.get(seq), true),
            Next::Current => (self.member(id.member).and_then(Member::current), false),
        };
        batch.map_or(Pull::Idle, |batch| {
            let ticket = Ticket {
                group: id.group,
                family: K::FAMILY,
                seq: batch.seq,
            };
            Pull::Routes(Outgoing {
                attrs: batch.attrs,
                source: SourceId(batch.source),
                prefixes: K::lend(&batch.prefixes),
                encoded: batch.encoded.as_ref(),
                ticket: is_shared.then_some(ticket),
            })
        })
    }
}
