//! A member of an export group is a cursor.
//!
//! It follows the ring of batches. Where the ring does not reach back far enough - the member
//! joined late, was slow, or asked for a refresh - it walks the entries instead, and returns to
//! the ring behind the batch that was the last one when the walk began.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::Bytes;
use routehub_types::AttrId;

use super::group::{Batch, Group, Slot};
use super::{GroupId, Outgoing, Pull, Ticket};
use crate::key::Key;
use crate::table::Table;
use crate::{AttrStore, SourceId};

/// Entries that a walk gathers before it makes batches of them.
const WINDOW: usize = 1 << 13;

/// How far one member has got.
#[derive(Debug)]
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

/// What a member pulls next, by place.
enum Next {
    Current,
    Ring(usize),
    Complete,
    Idle,
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
    fn refresh(&mut self) {
        self.complete = false;
        self.walk = Some(Walk::new(true));
    }

    /// Whether it pulls from a walk over the entries, not from the ring.
    pub(super) fn walks(&self) -> bool {
        self.walk.is_some() || !self.queue.is_empty()
    }

    /// Whether an End-of-RIB is still to come: a walk over all routes has not ended, or nobody
    /// was told that it has.
    pub(super) fn eor_pending(&self) -> bool {
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

impl<K: Key> Table<K> {
    /// Adds a member that knows nothing yet.
    pub(crate) fn add_member(&mut self, group: usize, member: usize, source: u16) {
        if let Some(group) = self.groups.get_mut(group).and_then(Option::as_mut) {
            if group.members.len() <= member {
                group.members.resize_with(member + 1, || None);
            }
            group.members[member] = Some(Member::new(source));
            group.count_member(source, true);
        }
    }

    pub(crate) fn remove_member(&mut self, group: usize, member: usize, store: &mut AttrStore) {
        if let Some(group) = self.groups.get_mut(group).and_then(Option::as_mut)
            && let Some(mut member) = group.members.get_mut(member).and_then(Option::take)
        {
            member.clear(store);
            group.count_member(member.source, false);
        }
    }

    /// Has a member sent everything again.
    pub(crate) fn refresh_member(&mut self, group: usize, member: usize) {
        if let Some(group) = self.groups.get_mut(group).and_then(Option::as_mut)
            && let Some(member) = group.members.get_mut(member).and_then(Option::as_mut)
        {
            member.refresh();
        }
    }

    /// What a member sends next.
    pub(crate) fn pull(
        &mut self,
        store: &mut AttrStore,
        number: GroupId,
        member: usize,
    ) -> Pull<'_> {
        let next = self.advance(store, number, member);
        let group = self.groups.get(number.0 as usize).and_then(Option::as_ref);
        let Some(group) = group else {
            return Pull::Idle;
        };
        let (batch, shared) = match next {
            Next::Idle => return Pull::Idle,
            Next::Complete => return Pull::Complete(K::FAMILY),
            Next::Ring(at) => (group.ring.get(at), true),
            Next::Current => {
                let member = group.members.get(member).and_then(Option::as_ref);
                (member.and_then(|member| member.current.as_ref()), false)
            }
        };
        batch.map_or(Pull::Idle, |batch| {
            let ticket = Ticket {
                group: number.0,
                family: K::FAMILY,
                seq: batch.seq,
            };
            Pull::Routes(Outgoing {
                attrs: batch.attrs,
                source: SourceId(batch.source),
                prefixes: K::lend(&batch.prefixes),
                encoded: batch.encoded.as_ref(),
                ticket: shared.then_some(ticket),
            })
        })
    }

    /// Moves a member's cursor past what it pulls.
    fn advance(&mut self, store: &mut AttrStore, number: GroupId, member: usize) -> Next {
        let number = number.0 as usize;
        let Some(mut group) = self.groups.get_mut(number).and_then(Option::take) else {
            return Next::Idle;
        };
        let taken = group.members.get_mut(member).and_then(Option::take);
        let next = match taken {
            None => Next::Idle,
            Some(mut one) => {
                let next = self.step(store, &group, &mut one);
                group.members[member] = Some(one);
                next
            }
        };
        self.groups[number] = Some(group);
        next
    }

    fn step(&self, store: &mut AttrStore, group: &Group<K>, member: &mut Member<K>) -> Next {
        if let Some(attrs) = member.current.take().and_then(|batch| batch.attrs) {
            store.release(attrs);
        }
        loop {
            if let Some(batch) = member.queue.pop_front() {
                member.current = Some(batch);
                return Next::Current;
            }
            if let Some(walk) = member.walk.take() {
                // It would end without what waits to be looked at, and be called complete.
                if walk.is_first() && group.is_dirty() {
                    member.walk = Some(walk);
                    return Next::Idle;
                }
                self.walk(store, group, member, walk);
                continue;
            }
            if core::mem::take(&mut member.complete) {
                return Next::Complete;
            }
            if member.told >= group.seq {
                return Next::Idle;
            }
            let next = member.told + 1;
            let first = group.ring.front().map(|batch| batch.seq);
            let at = first.and_then(|first| next.checked_sub(first));
            let found = at.and_then(|at| Some((at as usize, group.ring.get(at as usize)?)));
            let Some((at, batch)) = found else {
                member.walk = Some(Walk::new(false));
                continue;
            };
            member.told = next;
            if batch.is_for(member.source) {
                return Next::Ring(at);
            }
        }
    }

    /// Walks on until there is something to send or the end is reached.
    fn walk(
        &self,
        store: &mut AttrStore,
        group: &Group<K>,
        member: &mut Member<K>,
        mut walk: Walk,
    ) {
        let mut found: Vec<(Option<AttrId>, u16, u32)> = Vec::new();
        let end = group.places(&self.entries);
        if walk.next == 0 {
            walk.until = group.seq;
            if core::mem::take(&mut member.fresh) {
                member.told = group.seq;
            }
        }
        while walk.next < end && found.len() < WINDOW {
            let slot = group.slot(&self.entries, walk.next);
            if let Some(attrs) = member.says(&walk, &slot) {
                found.push((attrs, slot.source, walk.next));
            }
            walk.next += 1;
        }
        if walk.next < end {
            member.walk = Some(walk);
        } else {
            member.told = walk.until;
            member.complete |= walk.resend;
        }
        // Withdrawals need no source: they are one batch.
        let order = |one: &(Option<AttrId>, u16, u32)| (one.0, one.0.map(|_| one.1));
        found.sort_by_key(order);
        for run in found.chunk_by(|one, next| order(one) == order(next)) {
            let Some((attrs, source, _)) = run.first() else {
                continue;
            };
            if let Some(attrs) = attrs {
                store.retain(*attrs);
            }
            let keys = run.iter().map(|(_, _, entry)| self.entries[*entry].key);
            member.queue.push_back(Batch {
                attrs: *attrs,
                source: *source,
                only: false,
                prefixes: keys.collect(),
                encoded: None,
                seq: 0,
            });
        }
    }

    pub(crate) fn keep_encoded(&mut self, ticket: Ticket, bytes: Bytes) {
        let group = self.groups.get_mut(ticket.group as usize);
        if let Some(group) = group.and_then(Option::as_mut) {
            group.keep_encoded(ticket.seq, bytes);
        }
    }
}
