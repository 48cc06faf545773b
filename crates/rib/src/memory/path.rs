//! One stored path: 16 bytes.

use routehub_types::{AttrId, RuleId};

use crate::Step;

/// The end of a chain, or no number.
pub(crate) const NONE: u32 = u32::MAX;
/// The source of no path.
pub(crate) const NO_SOURCE: u16 = u16::MAX;

/// A path as tables store it.
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
const STALE: u8 = 0x20;
const DERIVED: u8 = 0x40;
const HAS_ID: u8 = 0x80;

const CODE_BEST: u8 = 0;
const CODE_EQUAL: u8 = 1;
const CODE_INELIGIBLE: u8 = 2;
/// The first of the codes that say at which step a path lost.
const CODE_LOST: u8 = 3;

/// Why a path is no candidate under its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ineligible {
    Rejected(RuleId),
    Filtered(RuleId),
    /// The attributes are those of the derived path it contributes to.
    Replaced(AttrId),
}

impl Ineligible {
    /// Whether import rejected the path, filtered or not.
    pub(crate) const fn is_rejected(self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Filtered(_))
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

    /// A received path that is the only one, and best.
    pub(crate) const fn alone(source: u16, received: AttrId, imported: AttrId) -> Self {
        Self {
            received: received.0,
            imported: imported.0,
            source,
            state: CODE_BEST,
            ..Self::absent(NONE)
        }
    }

    /// The path, with a path id beside it.
    pub(crate) const fn with_id(self) -> Self {
        Self {
            state: self.state | HAS_ID,
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

    /// The path with another behind it.
    pub(crate) const fn before(self, next: u32) -> Self {
        Self { next, ..self }
    }

    pub(crate) const fn is_absent(&self) -> bool {
        self.source == NO_SOURCE
    }

    pub(crate) const fn is_derived(&self) -> bool {
        self.state & DERIVED != 0
    }

    pub(crate) const fn has_id(&self) -> bool {
        self.state & HAS_ID != 0
    }

    pub(crate) const fn is_stale(&self) -> bool {
        self.state & STALE != 0
    }

    pub(crate) fn set_stale(&mut self, stale: bool) {
        self.state = self.state & !STALE | if stale { STALE } else { 0 };
    }

    pub(crate) const fn is_candidate(&self) -> bool {
        self.state & CODE != CODE_INELIGIBLE
    }

    /// Whether the path is in the best set.
    pub(crate) const fn is_used(&self) -> bool {
        self.state & CODE < CODE_INELIGIBLE
    }

    /// The place in the best set, of a path that is in it.
    pub(crate) const fn place(&self) -> u8 {
        self.place
    }

    /// Admits the path as a candidate; where it stands is decided after.
    pub(crate) fn admit(&mut self, attrs: AttrId) {
        if !self.is_candidate() {
            self.state = self.state & !CODE | CODE_LOST;
        }
        self.imported = attrs.0;
    }

    /// Takes the path out of the candidates.
    pub(crate) fn reject(&mut self, why: Ineligible) {
        self.state = self.state & !CODE | CODE_INELIGIBLE;
        (self.place, self.imported) = match why {
            Ineligible::Rejected(rule) => (0, u32::from(rule.0)),
            Ineligible::Filtered(rule) => (1, u32::from(rule.0)),
            Ineligible::Replaced(attrs) => (2, attrs.0),
        };
    }

    /// Why the path is no candidate, if it is none.
    pub(crate) fn ineligible(&self) -> Option<Ineligible> {
        let rule = RuleId(self.imported as u16);
        (!self.is_candidate()).then_some(match self.place {
            0 => Ineligible::Rejected(rule),
            1 => Ineligible::Filtered(rule),
            _ => Ineligible::Replaced(AttrId(self.imported)),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_16_bytes() {
        assert_eq!(size_of::<Path>(), 16);
    }

    #[test]
    fn every_outcome_reads_back_and_leaves_the_flags_alone() {
        let mut path = Path::received(7, true);
        path.set_stale(true);
        path.admit(AttrId(3));
        let used = [Outcome::Used(0), Outcome::Used(63)];
        for outcome in used.into_iter().chain(Step::ALL.map(Outcome::Lost)) {
            path.set_outcome(outcome);
            assert_eq!(path.outcome(), outcome);
            assert!(path.is_stale() && path.has_id() && path.is_candidate());
        }
        for why in [
            Ineligible::Rejected(RuleId(51)),
            Ineligible::Filtered(RuleId(51)),
            Ineligible::Replaced(AttrId(4)),
        ] {
            path.reject(why);
            assert_eq!(path.ineligible(), Some(why));
        }
    }
}
