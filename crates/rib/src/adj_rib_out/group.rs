//! What one export group holds for one family: its members, and what it sends.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::{AttrId, Prefix};

use super::member::{Member, Next, View};
use super::ring::{Ring, Slots};
use super::{AdjOut, GroupConfig, MemberId, Outgoing, Pull, Sent, Ticket};
use crate::memory::{Key, NO_SOURCE, NONE, Routes, Slot, grown, sorted};
use crate::{AttrStore, SourceId};

/// Items that are named by numbers; a number is given again when its item is gone.
#[derive(Clone, Debug)]
pub(crate) struct Numbered<T>(Vec<Option<T>>);

impl<T> Numbered<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Gives an item the first vacant number.
    pub(crate) fn add(&mut self, item: T) -> u32 {
        let vacant = self.0.iter().position(Option::is_none);
        let number = vacant.unwrap_or(self.0.len()) as u32;
        self.put(number, item);
        number
    }

    pub(crate) fn put(&mut self, number: u32, item: T) {
        *grown(&mut self.0, number as usize) = Some(item);
    }

    pub(crate) fn take(&mut self, number: u32) -> Option<T> {
        self.0.get_mut(number as usize)?.take()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.0.get(number as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.0.get_mut(number as usize)?.as_mut()
    }

    /// The numbers that are taken, in order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let taken = (0..).zip(&self.0).filter(|(_, item)| item.is_some());
        taken.map(|(number, _)| number)
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    pub(crate) fn items_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }
}

/// A count, and the part of each source in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    all: usize,
    of_source: Vec<u32>,
}

impl Tally {
    pub(super) fn of(&self, source: u16) -> usize {
        let count = self.of_source.get(usize::from(source));
        count.map_or(0, |count| *count as usize)
    }

    pub(super) fn add(&mut self, source: u16) {
        *grown(&mut self.of_source, source.into()) += 1;
        self.all += 1;
    }

    pub(super) fn remove(&mut self, source: u16) {
        self.of_source[usize::from(source)] -= 1;
        self.all -= 1;
    }
}

/// One export group, one family.
#[derive(Clone, Debug)]
pub(crate) struct Group<K> {
    pub(super) slots: Slots,
    pub(super) dirty: VecDeque<u32>,
    pub(super) ring: Ring<K>,
    /// Withdrawn entries that wait until every member knows.
    pub(super) tombstones: VecDeque<(u32, u32)>,
    pub(super) members: Numbered<Member<K>>,
    /// How many members sources have.
    pub(super) members_of: Tally,
    /// How many routes are sent.
    pub(super) routes: Tally,
    /// How many best paths no message can hold.
    pub(super) unsendable: Tally,
    /// Whether all paths of an entry count, not only the best one.
    pub(super) all_paths: bool,
}

impl<K: Key> Group<K> {
    pub(crate) fn new(in_entries: bool, config: &GroupConfig) -> Self {
        Self {
            all_paths: config.all_paths,
            slots: Slots::new(in_entries),
            dirty: VecDeque::new(),
            ring: Ring::new(config.backlog),
            tombstones: VecDeque::new(),
            members: Numbered::new(),
            members_of: Tally::default(),
            routes: Tally::default(),
            unsendable: Tally::default(),
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

    /// Whether an entry without paths has to stay.
    pub(crate) fn needs(&self, routes: &Routes<K>, entry: u32) -> bool {
        let slot = self.slots.get(routes, entry);
        slot.attrs != NONE || slot.flags != 0
    }

    /// Whether anything that was sent, or waits, names a source.
    pub(crate) fn names(&self, source: u16) -> bool {
        let walked = self.members.items().flat_map(Member::batches);
        let mut batches = self.ring.iter().chain(walked);
        self.routes.of(source) > 0
            || self.unsendable.of(source) > 0
            || self.members_of.of(source) > 0
            || batches.any(|batch| batch.source == source)
    }

    /// Takes up to `budget` entries that are to be looked at; they are as if they were looked at.
    pub(crate) fn take_dirty(&mut self, routes: &mut Routes<K>, budget: usize) -> Vec<u32> {
        let many = budget.min(self.dirty.len());
        let taken: Vec<u32> = self.dirty.drain(..many).collect();
        for entry in &taken {
            let mut slot = self.slots.get(routes, *entry);
            slot.flags &= !Slot::DIRTY;
            self.slots.set(routes, *entry, slot);
        }
        taken
    }

    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// How many routes a member of a source is sent.
    pub(crate) fn count_for(&self, source: u16) -> usize {
        self.routes.all - self.routes.of(source)
    }

    /// How many best paths a member of a source would be sent if a message could hold them.
    pub(crate) fn unsendable_for(&self, source: u16) -> usize {
        self.unsendable.all - self.unsendable.of(source)
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
        for member in self.members.items_mut() {
            member.clear(store);
        }
    }

    /// Adds a member that knows nothing yet.
    pub(crate) fn add_member(&mut self, member: u32, source: u16) {
        self.members.put(member, Member::new(source));
        if source != NO_SOURCE {
            self.members_of.add(source);
        }
    }

    pub(crate) fn remove_member(&mut self, member: u32, store: &mut AttrStore) {
        if let Some(mut member) = self.members.take(member) {
            member.clear(store);
            if member.source != NO_SOURCE {
                self.members_of.remove(member.source);
            }
        }
    }

    /// Has a member sent everything again.
    pub(crate) fn refresh_member(&mut self, member: u32) {
        if let Some(member) = self.members.get_mut(member) {
            member.refresh();
        }
    }

    /// What a member was last sent for each prefix, in order; without what it surely was not sent.
    pub(crate) fn sent_state(&self, routes: &Routes<K>, member: u32) -> Vec<(Prefix, Sent)> {
        let member = self.members.get(member);
        let Some(member) = member.filter(|member| !member.fresh) else {
            return Vec::new();
        };
        let sent = (0..self.slots.len(routes)).filter_map(|entry| {
            let sent = member.sent(&self.slots.get(routes, entry))?;
            Some((routes.key(entry).prefix(), sent))
        });
        sorted(sent, |(prefix, _)| *prefix)
    }

    /// Marks a member as up to date with all that was flushed.
    pub(crate) fn mark_up_to_date(&mut self, member: u32, store: &mut AttrStore) {
        if let Some(member) = self.members.get_mut(member) {
            member.catch_up(self.ring.last(), store);
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
        self.members.get_mut(member)?.advance(store, &group)
    }

    /// What a member went on to.
    pub(crate) fn pulled(&self, id: MemberId, next: Next) -> Pull<'_> {
        let (batch, is_shared) = match next {
            Next::Complete => return Pull::Complete(K::FAMILY),
            Next::Ring(seq) => (self.ring.get(seq), true),
            Next::Current => (self.members.get(id.member).and_then(Member::current), false),
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
                path_id: None,
                encoded: batch.encoded.as_ref(),
                ticket: is_shared.then_some(ticket),
            })
        })
    }
}
