//! What a member of an export group knows: what another table needs to go on in place of this one.

use alloc::vec::Vec;

use routehub_types::{AttrId, Prefix};

use super::group::TOMBSTONE;
use super::member::Member;
use crate::AttrStore;
use crate::key::{Key, sorted};
use crate::path::NONE;
use crate::table::Table;

/// What a member of an export group knows of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has pulled a route with these attributes, and nothing since.
    Route(AttrId),
    /// It may have pulled a route, but not what became of it.
    Perhaps,
}

impl<K: Key> Table<K> {
    fn member(&self, group: u32, member: u32) -> Option<&Member<K>> {
        let group = self.groups.get(group as usize)?.as_ref()?;
        group.members.get(member as usize)?.as_ref()
    }

    /// What a member knows of each prefix that it may have heard of, in order.
    pub(crate) fn known(&self, number: u32, member: u32) -> Vec<(Prefix, Known)> {
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
                heard.then_some(Known::Perhaps)
            } else {
                slot.is_for(member.source)
                    .then_some(Known::Route(AttrId(slot.attrs)))
            };
            known.map(|known| (self.entries[entry].key.prefix(), known))
        });
        sorted(known.collect(), |one, other| one.0.cmp(&other.0))
    }

    /// Whether a member still has all routes to pull, with the mark of their end behind them.
    pub(crate) fn awaits_all(&self, group: u32, member: u32) -> bool {
        self.member(group, member).is_some_and(Member::awaits_all)
    }

    /// Has a member know all that was flushed.
    pub(crate) fn assume_known(&mut self, number: u32, member: u32, store: &mut AttrStore) {
        let group = self.groups.get_mut(number as usize);
        if let Some(group) = group.and_then(Option::as_mut)
            && let Some(member) = group.members.get_mut(member as usize)
            && let Some(member) = member.as_mut()
        {
            member.catch_up(group.seq, store);
        }
    }
}
