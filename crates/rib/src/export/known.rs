//! What a member of an export group knows: what another table needs to go on in place of this one.

use alloc::vec::Vec;

use routehub_types::{AttrId, Prefix};

use super::group::TOMBSTONE;
use super::member::Member;
use crate::AttrStore;
use crate::key::{Key, sorted};
use crate::path::NONE;
use crate::table::Table;

/// What a member of an export group was last sent for a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A route with these attributes, and nothing since.
    Route(AttrId),
    /// Perhaps a route, but not what became of it.
    Uncertain,
}

impl<K: Key> Table<K> {
    fn member(&self, group: u32, member: u32) -> Option<&Member<K>> {
        let group = self.groups.get(group as usize)?.as_ref()?;
        group.members.get(member as usize)?.as_ref()
    }

    /// What a member was last sent for each prefix, in order; without what it surely was not sent.
    pub(crate) fn sent_state(&self, number: u32, member: u32) -> Vec<(Prefix, Sent)> {
        let group = self.groups.get(number as usize).and_then(Option::as_ref);
        let (Some(group), Some(member)) = (group, self.member(number, member)) else {
            return Vec::new();
        };
        if member.fresh {
            return Vec::new();
        }
        let walks = member.walks();
        let known = (0..group.places(&self.entries)).filter_map(|entry| {
            let slot = group.slot(&self.entries, entry);
            let known = if walks || slot.seq > member.told {
                let heard = slot.attrs != NONE || slot.flags & TOMBSTONE != 0;
                heard.then_some(Sent::Uncertain)
            } else {
                slot.is_for(member.source)
                    .then_some(Sent::Route(AttrId(slot.attrs)))
            };
            known.map(|known| (self.entries[entry].key.prefix(), known))
        });
        sorted(known.collect(), |one, other| one.0.cmp(&other.0))
    }

    /// Whether a member still has all routes to pull, with an End-of-RIB behind them.
    pub(crate) fn eor_pending(&self, group: u32, member: u32) -> bool {
        self.member(group, member).is_some_and(Member::eor_pending)
    }

    /// Marks a member as up to date with all that was flushed.
    pub(crate) fn mark_up_to_date(&mut self, number: u32, member: u32, store: &mut AttrStore) {
        let group = self.groups.get_mut(number as usize);
        if let Some(group) = group.and_then(Option::as_mut)
            && let Some(member) = group.members.get_mut(member as usize)
            && let Some(member) = member.as_mut()
        {
            member.catch_up(group.seq, store);
        }
    }
}
