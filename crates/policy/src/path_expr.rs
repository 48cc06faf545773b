//! Expressions over AS paths.

mod parse;

use alloc::vec::Vec;
use core::fmt;

use routehub_types::{AsPath, Asn, SegmentKind};

pub use parse::ParsePathExprError;

/// An expression that an AS path fits or not: a regular expression whose letters are ASNs.
///
/// Items stand in the order of the path, nearest AS first, with spaces between them: an ASN, `.`
/// for any, `[65001 65010-65020]` for one of a list, `[^65001]` for one not of a list; each may
/// be followed by `*` (any number of times), `+` (at least once) or `?` (once or not at all). `^`
/// in front and `$` at the end tie it to the ends of the path; without them it may stand anywhere.
/// An AS_SET is one place that fits if one of its members does.
///
/// Matching takes one pass over the path, whatever the expression.
///
/// ```
/// use routehub_policy::PathExpr;
///
/// let expr: PathExpr = "^65001+ .* [65100-65199]$".parse()?;
/// assert!(expr.holds(&"65001 65001 7 65120".parse()?));
/// assert!(!expr.holds(&"65001 7".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathExpr {
    from_start: bool,
    to_end: bool,
    items: Vec<Item>,
}

/// Items of an expression at most: a set of them is a word, with one bit for the end.
const MAX_ITEMS: usize = 63;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Item {
    atom: Atom,
    times: Times,
}

/// The ASNs that fit one place of the path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Atom {
    Any,
    One(Asn),
    Of(Vec<(Asn, Asn)>),
    NotOf(Vec<(Asn, Asn)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Times {
    Once,
    AtMostOnce,
    Any,
    AtLeastOnce,
}

impl PathExpr {
    /// Whether a path fits.
    pub fn holds(&self, path: &AsPath) -> bool {
        let end = 1 << self.items.len();
        // A bit for each item that may come next; the bit behind the last says that all fitted.
        let mut next = self.with_skips(1);
        for segment in path.segments() {
            let is_set = matches!(segment.kind, SegmentKind::Set | SegmentKind::ConfedSet);
            let places = segment
                .asns
                .chunks(if is_set { segment.asns.len().max(1) } else { 1 });
            for place in places {
                if next & end != 0 && !self.to_end {
                    return true;
                }
                next = self.step(next, place);
            }
        }
        next & end != 0
    }

    /// The items that may follow after one more place of the path.
    fn step(&self, now: u64, place: &[Asn]) -> u64 {
        let mut next = u64::from(!self.from_start);
        for (n, item) in self.items.iter().enumerate() {
            if now & 1 << n != 0 && place.iter().any(|asn| item.atom.holds(*asn)) {
                next |= match item.times {
                    Times::Once | Times::AtMostOnce => 1 << (n + 1),
                    Times::Any => 1 << n,
                    Times::AtLeastOnce => 1 << n | 1 << (n + 1),
                };
            }
        }
        self.with_skips(next)
    }

    /// Adds what follows items that may be left out.
    fn with_skips(&self, mut next: u64) -> u64 {
        for (n, item) in self.items.iter().enumerate() {
            if matches!(item.times, Times::Any | Times::AtMostOnce) {
                next |= (next & 1 << n) << 1;
            }
        }
        next
    }
}

impl Atom {
    fn holds(&self, asn: Asn) -> bool {
        let of = |list: &[(Asn, Asn)]| {
            list.iter()
                .any(|(first, last)| *first <= asn && asn <= *last)
        };
        match self {
            Self::Any => true,
            Self::One(one) => *one == asn,
            Self::Of(list) => of(list),
            Self::NotOf(list) => !of(list),
        }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut before, list) = match self {
            Self::Any => return f.write_str("."),
            Self::One(asn) => return asn.fmt(f),
            Self::Of(list) => ("[", list),
            Self::NotOf(list) => ("[^", list),
        };
        for (first, last) in list {
            write!(f, "{before}{first}")?;
            if first != last {
                write!(f, "-{last}")?;
            }
            before = " ";
        }
        f.write_str("]")
    }
}

impl fmt::Display for PathExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.from_start { "^" } else { "" })?;
        for (n, Item { atom, times }) in self.items.iter().enumerate() {
            let times = match times {
                Times::Once => "",
                Times::AtMostOnce => "?",
                Times::Any => "*",
                Times::AtLeastOnce => "+",
            };
            let space = if n == 0 { "" } else { " " };
            write!(f, "{space}{atom}{times}")?;
        }
        f.write_str(if self.to_end { "$" } else { "" })
    }
}
