//! Expressions over AS paths.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use routehub_types::{AsPath, Asn, SegmentKind};

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
#[derive(Clone, PartialEq, Eq, Hash)]
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
    /// One of a list of ranges, or none of them.
    List {
        not: bool,
        ranges: Vec<(Asn, Asn)>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Times {
    Once,
    AtMostOnce,
    Any,
    AtLeastOnce,
}

/// Text that is not a path expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePathExprError {
    /// Something that is no ASN, no `.` and no list, or a range that ends before it begins.
    #[error("byte {offset} of the path expression: expected an AS number, '.', or a [list]")]
    Item {
        /// Where in the text, in bytes.
        offset: usize,
    },
    /// A list that is not closed, or empty.
    #[error("byte {offset} of the path expression: the list is empty or not closed")]
    List {
        /// Where the list begins, in bytes.
        offset: usize,
    },
    /// More items than one expression may have.
    #[error("the path expression has more than {MAX_ITEMS} items")]
    TooLong,
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
        let within = |(first, last): &(Asn, Asn)| *first <= asn && asn <= *last;
        match self {
            Self::Any => true,
            Self::One(only) => *only == asn,
            Self::List { not, ranges } => ranges.iter().any(within) != *not,
        }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut before, ranges) = match self {
            Self::Any => return f.write_str("."),
            Self::One(asn) => return asn.fmt(f),
            Self::List { not, ranges } => (if *not { "[^" } else { "[" }, ranges),
        };
        for (first, last) in ranges {
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

impl fmt::Debug for PathExpr {
    /// Writes the text form in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl FromStr for PathExpr {
    type Err = ParsePathExprError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let base = text.len() - text.trim_start().len();
        let inner = trimmed.strip_prefix('^').unwrap_or(trimmed);
        let from_start = inner.len() < trimmed.len();
        let body = inner.strip_suffix('$').unwrap_or(inner);
        let to_end = body.len() < inner.len();
        let mut reader = Reader {
            rest: body,
            offset: base + usize::from(from_start),
        };
        let mut items = Vec::new();
        while let Some(item) = reader.item()? {
            if items.len() == MAX_ITEMS {
                return Err(ParsePathExprError::TooLong);
            }
            items.push(item);
        }
        Ok(Self {
            from_start,
            to_end,
            items,
        })
    }
}

/// What is left of the text, and where it stands in the whole.
struct Reader<'a> {
    rest: &'a str,
    offset: usize,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.offset += bytes;
    }

    fn take(&mut self, mark: char) -> bool {
        let taken = self.rest.starts_with(mark);
        if taken {
            self.skip(mark.len_utf8());
        }
        taken
    }

    fn spaces(&mut self) {
        self.skip(self.rest.len() - self.rest.trim_start().len());
    }

    /// The digits and dots of an ASN.
    fn word(&mut self) -> &'a str {
        let is_part = |c: char| c.is_ascii_digit() || c == '.';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        self.skip(end);
        word
    }

    fn asn(&mut self) -> Result<Asn, ParsePathExprError> {
        let offset = self.offset;
        let word = self.word();
        word.parse()
            .map_err(|_| ParsePathExprError::Item { offset })
    }

    fn item(&mut self) -> Result<Option<Item>, ParsePathExprError> {
        self.spaces();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let offset = self.offset;
        let atom = if self.take('.') {
            Atom::Any
        } else if self.take('[') {
            self.list(offset)?
        } else {
            Atom::One(self.asn()?)
        };
        let times = match () {
            () if self.take('*') => Times::Any,
            () if self.take('+') => Times::AtLeastOnce,
            () if self.take('?') => Times::AtMostOnce,
            () => Times::Once,
        };
        Ok(Some(Item { atom, times }))
    }

    /// The rest of a list that began at `start`.
    fn list(&mut self, start: usize) -> Result<Atom, ParsePathExprError> {
        let not = self.take('^');
        let mut ranges = Vec::new();
        loop {
            self.spaces();
            let closed = self.take(']');
            if closed && !ranges.is_empty() {
                return Ok(Atom::List { not, ranges });
            }
            if closed || self.rest.is_empty() {
                return Err(ParsePathExprError::List { offset: start });
            }
            let offset = self.offset;
            let first = self.asn()?;
            let last = if self.take('-') { self.asn()? } else { first };
            if last < first {
                return Err(ParsePathExprError::Item { offset });
            }
            ranges.push((first, last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn fits(expr: &str, path: &str) -> bool {
        let expr: PathExpr = expr.parse().unwrap();
        expr.holds(&path.parse().unwrap())
    }

    #[test]
    fn without_ends_an_expression_may_stand_anywhere() {
        assert!(fits("65002", "65001 65002 65003"));
        assert!(fits("65001 65002", "7 65001 65002 8"));
        assert!(!fits("65001 65003", "65001 65002 65003"));
        assert!(fits("", "") && fits("", "65001"));
    }

    #[test]
    fn ends_tie_an_expression_to_the_ends_of_the_path() {
        assert!(fits("^65001", "65001 65002") && !fits("^65002", "65001 65002"));
        assert!(fits("65002$", "65001 65002") && !fits("65001$", "65001 65002"));
        assert!(fits("^$", "") && !fits("^$", "65001"));
        assert!(fits("$", "65001"));
    }

    #[test]
    fn items_repeat_as_their_marks_say() {
        for (expr, none, single, double) in [
            ("^1 9 2$", false, true, false),
            ("^1 9? 2$", true, true, false),
            ("^1 9* 2$", true, true, true),
            ("^1 9+ 2$", false, true, true),
        ] {
            assert_eq!(fits(expr, "1 2"), none, "{expr}");
            assert_eq!(fits(expr, "1 9 2"), single, "{expr}");
            assert_eq!(fits(expr, "1 9 9 2"), double, "{expr}");
        }
        assert!(fits("^.* 2 .* 2 .*$", "2 1 1 2") && !fits("^.* 2 .* 2 .*$", "1 2 1"));
    }

    #[test]
    fn lists_and_ranges_name_several_asns() {
        assert!(fits("^[1 5-7]$", "6") && !fits("^[1 5-7]$", "4"));
        assert!(fits("^[^1 5-7]$", "4") && !fits("^[^1 5-7]$", "1"));
    }

    #[test]
    fn a_set_is_one_place_and_each_asn_of_a_sequence_its_own() {
        assert!(fits("^1 3$", "1 {2,3}") && fits("^1 [^3]$", "1 {2,3}"));
        assert!(!fits("^1 2 3$", "1 {2,3}"));
        assert!(fits("^7 8 1$", "(7 8) 1"));
    }

    #[test]
    fn many_repetitions_take_no_longer_than_the_path() {
        let expr = [".*"; 60].join(" ") + " 7$";
        let path = AsPath::sequence((0..5_000).map(|_| Asn(1)));
        assert!(!expr.parse::<PathExpr>().unwrap().holds(&path));
    }

    #[test]
    fn the_longest_expression_has_63_items() {
        let fits_all = |n: usize| {
            let text = std::vec!["1"; n].join(" ");
            let expr = std::format!("^{text}$").parse::<PathExpr>()?;
            Ok::<_, ParsePathExprError>(expr.holds(&text.parse().unwrap()))
        };
        assert_eq!(fits_all(63), Ok(true));
        assert_eq!(fits_all(64), Err(ParsePathExprError::TooLong));
    }

    #[test]
    fn errors_say_where() {
        let error = |text: &str| text.parse::<PathExpr>().unwrap_err();
        assert_eq!(error("1 x"), ParsePathExprError::Item { offset: 2 });
        assert_eq!(error(" ^1 *"), ParsePathExprError::Item { offset: 4 });
        assert_eq!(error("1 [5-4]"), ParsePathExprError::Item { offset: 3 });
        assert_eq!(error("1 [5"), ParsePathExprError::List { offset: 2 });
        assert_eq!(error("[]"), ParsePathExprError::List { offset: 0 });
        assert_eq!(error("4294967296"), ParsePathExprError::Item { offset: 0 });
    }

    #[test]
    fn text_is_written_in_one_way() {
        let expr: PathExpr = "  ^ 1.10   [1 2-2 3-9]+ [^7]? .*$ ".parse().unwrap();
        assert_eq!(expr.to_string(), "^65546 [1 2 3-9]+ [^7]? .*$");
    }
}
