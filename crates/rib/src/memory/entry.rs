//! What is stored of a prefix: an entry with its first path, and what the first export group sends
//! for it.

use routehub_types::{AttrId, RuleId};

use super::key::Key;
use crate::Step;
use crate::age::Age;

/// The end of a chain, or no number.
pub(crate) const NONE: u32 = u32::MAX;
/// The source of no path.
pub(crate) const NO_SOURCE: u16 = u16::MAX;

/// A path as tables store it: 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// The attributes received; of a derived path, how many received paths contribute to it.
    pub(crate) received: u32,
    /// The attributes after import; of a rejected path, the rule that rejected it.
    pub(crate) imported: u32,
    /// The next path of the chain.
    pub(crate) next: u32,
    pub(crate) source: u16,
    /// A code in the low bits, flags in the others.
    state: u8,
    /// Place in the best set, or why the path is ineligible.
    place: u8,
}

const CODE: u8 = 0x1f;
/// The bits that say how old a received path is, or that a path is derived.
const KIND: u8 = 0x60;
const FRESH: u8 = 0x00;
const STALE: u8 = 0x20;
const LONG_LIVED_STALE: u8 = 0x40;
const DERIVED: u8 = 0x60;
const HAS_ID: u8 = 0x80;

const CODE_BEST: u8 = 0;
const CODE_EQUAL: u8 = 1;
const CODE_INELIGIBLE: u8 = 2;
/// The first of the codes that say at which step a path lost.
const CODE_LOST: u8 = 3;

/// What import made of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Imported {
    /// A candidate with these attributes.
    Accepted(AttrId),
    /// No candidate under its prefix: the attributes are those of the derived path it contributes
    /// to.
    Replaced(AttrId),
    Filtered(RuleId),
    Rejected(RuleId),
    /// Rejected for good: import is not asked again.
    Unusable(RuleId),
}

impl Imported {
    /// Whether the path was rejected, filtered or unusable.
    pub(crate) const fn is_rejected(self) -> bool {
        matches!(
            self,
            Self::Rejected(_) | Self::Filtered(_) | Self::Unusable(_)
        )
    }
}

/// What the decision process said of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// In the best set, at this place.
    Used(u8),
    Lost(Step),
}

impl Path {
    /// No path: the head of an entry without any.
    pub(crate) const fn absent(next: u32) -> Self {
        Self {
            received: NONE,
            imported: NONE,
            next,
            source: NO_SOURCE,
            state: CODE_INELIGIBLE,
            place: 0,
        }
    }

    /// A received path, not admitted yet.
    pub(crate) const fn received(source: u16, has_id: bool) -> Self {
        Self {
            source,
            state: CODE_INELIGIBLE | if has_id { HAS_ID } else { 0 },
            ..Self::absent(NONE)
        }
    }

    /// The path as the only one of its prefix, and best.
    pub(crate) const fn alone(self, received: AttrId, imported: AttrId) -> Self {
        Self {
            received: received.0,
            imported: imported.0,
            state: self.state & !CODE | CODE_BEST,
            ..self
        }
    }

    /// A derived path with one contributor.
    pub(crate) const fn derived(source: u16, attrs: AttrId) -> Self {
        Self {
            received: 1,
            imported: attrs.0,
            source,
            state: CODE_LOST | DERIVED,
            ..Self::absent(NONE)
        }
    }

    pub(crate) const fn is_absent(&self) -> bool {
        self.source == NO_SOURCE
    }

    pub(crate) const fn is_derived(&self) -> bool {
        self.state & KIND == DERIVED
    }

    pub(crate) const fn has_id(&self) -> bool {
        self.state & HAS_ID != 0
    }

    pub(crate) const fn is_stale(&self) -> bool {
        !matches!(self.age(), Age::Fresh)
    }

    /// A derived path has no age of its own: it counts as fresh.
    pub(crate) const fn age(&self) -> Age {
        match self.state & KIND {
            STALE => Age::Stale,
            LONG_LIVED_STALE => Age::LongLivedStale,
            _ => Age::Fresh,
        }
    }

    /// Notes how old a received path is.
    pub(crate) const fn set_age(&mut self, age: Age) {
        let kind = match age {
            Age::Fresh => FRESH,
            Age::Stale => STALE,
            Age::LongLivedStale => LONG_LIVED_STALE,
        };
        self.state = self.state & !KIND | kind;
    }

    pub(crate) const fn is_candidate(&self) -> bool {
        self.state & CODE != CODE_INELIGIBLE
    }

    /// Whether the path is in the best set.
    pub(crate) const fn is_used(&self) -> bool {
        self.state & CODE < CODE_INELIGIBLE
    }

    /// Notes what import made of the path; where a candidate stands is decided after.
    pub(crate) fn set_imported(&mut self, imported: Imported) {
        let (code, place, value) = match imported {
            Imported::Accepted(attrs) if self.is_candidate() => (self.state, self.place, attrs.0),
            Imported::Accepted(attrs) => (CODE_LOST, self.place, attrs.0),
            Imported::Rejected(rule) => (CODE_INELIGIBLE, 0, rule.0.into()),
            Imported::Filtered(rule) => (CODE_INELIGIBLE, 1, rule.0.into()),
            Imported::Replaced(attrs) => (CODE_INELIGIBLE, 2, attrs.0),
            Imported::Unusable(rule) => (CODE_INELIGIBLE, 3, rule.0.into()),
        };
        self.state = self.state & !CODE | code & CODE;
        (self.place, self.imported) = (place, value);
    }

    /// What import made of the path.
    pub(crate) fn imported(&self) -> Imported {
        let rule = RuleId(self.imported as u16);
        match self.place {
            _ if self.is_candidate() => Imported::Accepted(AttrId(self.imported)),
            0 => Imported::Rejected(rule),
            1 => Imported::Filtered(rule),
            3 => Imported::Unusable(rule),
            _ => Imported::Replaced(AttrId(self.imported)),
        }
    }

    pub(crate) fn set_outcome(&mut self, outcome: Outcome) {
        let (code, place) = match outcome {
            Outcome::Used(0) => (CODE_BEST, 0),
            Outcome::Used(place) => (CODE_EQUAL, place),
            Outcome::Lost(step) => (CODE_LOST + step as u8, 0),
        };
        self.state = self.state & !CODE | code;
        self.place = place;
    }

    /// What the decision process said of a candidate.
    pub(crate) fn outcome(&self) -> Outcome {
        let code = self.state & CODE;
        if code < CODE_INELIGIBLE {
            return Outcome::Used(self.place);
        }
        let step = Step::ALL.get(usize::from(code.saturating_sub(CODE_LOST)));
        Outcome::Lost(step.copied().unwrap_or(Step::Identity))
    }
}

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
    /// Flag: there is a best path of this source, but no message can say so to a member.
    pub(crate) const UNSENDABLE: u8 = 4;

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

    use super::*;

    #[test]
    fn a_path_is_16_bytes() {
        assert_eq!(size_of::<Path>(), 16);
    }

    #[test]
    fn every_outcome_reads_back_and_leaves_the_flags_alone() {
        let mut path = Path::received(7, true);
        path.set_age(Age::LongLivedStale);
        path.set_imported(Imported::Accepted(AttrId(3)));
        let used = [Outcome::Used(0), Outcome::Used(63)];
        for outcome in used.into_iter().chain(Step::ALL.map(Outcome::Lost)) {
            path.set_outcome(outcome);
            assert_eq!(path.outcome(), outcome);
            assert_eq!(path.age(), Age::LongLivedStale);
            assert!(path.has_id() && path.is_candidate() && !path.is_derived());
        }
        for imported in [
            Imported::Rejected(RuleId(51)),
            Imported::Filtered(RuleId(51)),
            Imported::Unusable(RuleId(52)),
            Imported::Replaced(AttrId(4)),
            Imported::Accepted(AttrId(5)),
        ] {
            path.set_imported(imported);
            assert_eq!(path.imported(), imported);
        }
    }

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
