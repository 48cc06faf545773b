//! An entry: a prefix, its first path, and what the first export group sends for it.

use super::key::Key;
use super::path::{NO_SOURCE, NONE, Path};

/// A prefix and its first path; if there is a best path, that is the first. What the first export
/// group sends stands here too, because it is looked at whenever the paths are.
#[derive(Clone, Debug)]
pub(crate) struct Entry<K: Key> {
    pub(crate) head: Path,
    sent_attrs: u32,
    sent_seq: u32,
    sent_source: u16,
    /// The flags of the slot, and `LIVE`.
    flags: u8,
    pub(crate) key: K,
    _line: [K::Line; 0],
}

/// Flag of an entry: it is in use.
const LIVE: u8 = 0x80;

impl<K: Key> Entry<K> {
    #[inline]
    pub(super) fn new(key: K, head: Path) -> Self {
        let none = Slot::default();
        Self {
            head,
            sent_attrs: none.attrs,
            sent_seq: none.seq,
            sent_source: none.source,
            flags: none.flags | LIVE,
            key,
            _line: [],
        }
    }

    pub(super) fn vacant(next: u32) -> Self {
        Self {
            flags: 0,
            ..Self::new(K::DEFAULT, Path::absent(next))
        }
    }

    #[inline]
    pub(super) fn is_live(&self) -> bool {
        self.flags & LIVE != 0
    }

    /// What the first export group sends.
    #[inline]
    pub(crate) fn slot(&self) -> Slot {
        Slot {
            attrs: self.sent_attrs,
            seq: self.sent_seq,
            source: self.sent_source,
            flags: self.flags & !LIVE,
        }
    }

    #[inline]
    pub(crate) fn set_slot(&mut self, slot: Slot) {
        self.sent_attrs = slot.attrs;
        self.sent_seq = slot.seq;
        self.sent_source = slot.source;
        self.flags = slot.flags | self.flags & LIVE;
    }

    /// Sets flags of the slot; says whether they were not set before.
    #[inline]
    pub(crate) fn flag(&mut self, flags: u8) -> bool {
        let new = self.flags & flags != flags;
        self.flags |= flags;
        new
    }
}

/// A prefix of a batch on its way through the table.
#[derive(Clone, Debug)]
pub(crate) struct Item<K> {
    pub(crate) key: K,
    pub(crate) path_id: Option<u32>,
    pub(crate) hash: u64,
    pub(crate) entry: u32,
}

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
    /// Flag: the entry waits in the list of prefixes to look at.
    pub(crate) const DIRTY: u8 = 1;
    /// Flag: withdrawn, and some member may not have been sent that.
    pub(crate) const TOMBSTONE: u8 = 2;

    /// Whether a member is sent this route; nobody gets back what came from it.
    pub(crate) fn is_for(&self, member: u16) -> bool {
        self.attrs != NONE && self.source != member
    }

    /// Whether a member that is not sent this route may have been sent an earlier one.
    pub(crate) fn is_gone_or_own(&self) -> bool {
        self.attrs != NONE || self.flags & Self::TOMBSTONE != 0
    }
}

#[cfg(test)]
mod tests {
    use routehub_types::{Ipv4Prefix, Ipv6Prefix};

    use super::{Entry, Slot};

    #[test]
    fn an_entry_is_half_a_line_of_the_cache_and_44_bytes_for_ipv6() {
        assert_eq!(size_of::<Entry<Ipv4Prefix>>(), 32);
        assert_eq!(align_of::<Entry<Ipv4Prefix>>(), 32);
        assert_eq!(size_of::<Entry<Ipv6Prefix>>(), 44);
    }

    #[test]
    fn a_slot_is_12_bytes() {
        assert_eq!(size_of::<Slot>(), 12);
    }
}
