//! AS paths: ordered and unordered segments of ASNs.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::Asn;

/// What a segment of an AS path is (RFC 4271 section 4.3, RFC 5065 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SegmentKind {
    /// AS_SET: the ASNs in no order, as aggregation leaves them. Written `{65001,65002}`.
    Set = 1,
    /// AS_SEQUENCE: the ASNs in order, nearest first. Written `65001 65002`.
    Sequence = 2,
    /// AS_CONFED_SEQUENCE: member ASNs of a confederation in order. Written `(65001 65002)`.
    ConfedSequence = 3,
    /// AS_CONFED_SET: member ASNs of a confederation in no order. Written `[65001,65002]`.
    ConfedSet = 4,
}

/// One segment of an AS path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Segment {
    /// What the ASNs of this segment mean.
    pub kind: SegmentKind,
    /// The ASNs, nearest first where the kind has an order.
    pub asns: Vec<Asn>,
}

/// The ASes that a route has passed, nearest first.
///
/// Segments are kept as they were received: neither merged nor sorted.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AsPath {
    segments: Vec<Segment>,
}

/// ASNs that one segment of the wire encoding holds at most (RFC 4271 section 4.3).
const SEGMENT_MAX: usize = 255;

impl AsPath {
    /// The empty path, of a route that has not left its AS.
    pub const fn empty() -> Self {
        Self {
            segments: Vec::new(),
        }
    }

    /// A path of one AS_SEQUENCE (or none if there are no ASNs), split after every 255 ASNs.
    pub fn sequence(asns: impl IntoIterator<Item = Asn>) -> Self {
        let asns: Vec<Asn> = asns.into_iter().collect();
        let segments = asns.chunks(SEGMENT_MAX).map(|asns| Segment {
            kind: SegmentKind::Sequence,
            asns: asns.to_vec(),
        });
        Self {
            segments: segments.collect(),
        }
    }

    /// A path of these segments; empty ones are left out.
    pub fn from_segments(segments: impl IntoIterator<Item = Segment>) -> Self {
        let segments = segments.into_iter();
        Self {
            segments: segments.filter(|s| !s.asns.is_empty()).collect(),
        }
    }

    /// The segments, nearest first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// All ASNs, nearest first, those of sets and confederations included.
    pub fn asns(&self) -> impl Iterator<Item = Asn> + '_ {
        self.segments
            .iter()
            .flat_map(|segment| segment.asns.iter().copied())
    }

    /// Whether the path has no ASN.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The length that best path compares: the sum of what its segments count; see
    /// [`SegmentKind::length`].
    pub fn length(&self) -> usize {
        let segments = self.segments.iter();
        let lengths = segments.map(|segment| segment.kind.length(segment.asns.len()));
        lengths.sum()
    }

    /// Whether an ASN stands anywhere in the path.
    pub fn contains(&self, asn: Asn) -> bool {
        self.asns().any(|passed| passed == asn)
    }

    /// The AS the route came from: the first ASN of the first segment outside a confederation,
    /// if that segment is a sequence.
    pub fn neighbor(&self) -> Option<Asn> {
        let mut segments = self.segments.iter();
        let outside = segments.find(|segment| !segment.kind.is_confed())?;
        (outside.kind == SegmentKind::Sequence).then(|| outside.asns[0])
    }

    /// The AS that originated the route: the last ASN, if the last segment is a sequence.
    pub fn origin(&self) -> Option<Asn> {
        let last = self.segments.last()?;
        (last.kind == SegmentKind::Sequence).then(|| last.asns[last.asns.len() - 1])
    }

    /// Puts an ASN in front `count` times, as an AS_SEQUENCE (RFC 4271 section 5.1.2).
    pub fn prepend(&mut self, asn: Asn, count: usize) {
        let kind = SegmentKind::Sequence;
        for _ in 0..count {
            if let Some(first) = self.segments.first_mut()
                && first.kind == kind
                && first.asns.len() < SEGMENT_MAX
            {
                first.asns.insert(0, asn);
            } else {
                let asns = Vec::from([asn]);
                self.segments.insert(0, Segment { kind, asns });
            }
        }
    }

    /// Puts `to` wherever `from` stands.
    pub fn replace(&mut self, from: Asn, to: Asn) {
        for segment in &mut self.segments {
            let found = segment.asns.iter_mut().filter(|asn| **asn == from);
            found.for_each(|asn| *asn = to);
        }
    }

    /// Keeps only the ASNs that fit, and drops segments that become empty.
    pub fn retain(&mut self, mut fits: impl FnMut(Asn) -> bool) {
        for segment in &mut self.segments {
            segment.asns.retain(|asn| fits(*asn));
        }
        self.segments.retain(|segment| !segment.asns.is_empty());
    }
}

impl From<Asn> for AsPath {
    /// The path of a route that this AS originated.
    fn from(asn: Asn) -> Self {
        Self::sequence([asn])
    }
}

impl FromIterator<Asn> for AsPath {
    /// The same as [`AsPath::sequence`].
    fn from_iter<I: IntoIterator<Item = Asn>>(asns: I) -> Self {
        Self::sequence(asns)
    }
}

impl SegmentKind {
    /// The type code (RFC 4271 section 4.3, RFC 5065 section 3).
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a type code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Set),
            2 => Some(Self::Sequence),
            3 => Some(Self::ConfedSequence),
            4 => Some(Self::ConfedSet),
            _ => None,
        }
    }

    /// What a segment of so many ASNs counts in best path: a sequence its ASNs, a set 1 (RFC 4271
    /// section 9.1.2.2), a segment of a confederation nothing (RFC 5065 section 5.3).
    #[inline]
    pub const fn length(self, asns: usize) -> usize {
        match self {
            Self::Sequence => asns,
            Self::Set => 1,
            Self::ConfedSequence | Self::ConfedSet => 0,
        }
    }

    /// Whether this kind of segment belongs to a confederation (RFC 5065).
    pub const fn is_confed(self) -> bool {
        matches!(self, Self::ConfedSequence | Self::ConfedSet)
    }

    /// Opening mark, separator and closing mark of the text form.
    const fn marks(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sequence => ("", " ", ""),
            Self::Set => ("{", ",", "}"),
            Self::ConfedSequence => ("(", " ", ")"),
            Self::ConfedSet => ("[", ",", "]"),
        }
    }
}

/// Text that is not an AS path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseAsPathError {
    /// A word that is no ASN, or an empty segment.
    #[error("not an AS number at byte {offset} of the AS path")]
    Asn {
        /// Where in the text, in bytes.
        offset: usize,
    },
    /// A set or confederation that is not closed.
    #[error("'{open}' at byte {offset} of the AS path is not closed")]
    Unclosed {
        /// The opening mark.
        open: char,
        /// Where it stands, in bytes.
        offset: usize,
    },
}

impl fmt::Display for AsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, segment) in self.segments.iter().enumerate() {
            let (open, separator, close) = segment.kind.marks();
            f.write_str(if n == 0 { "" } else { " " })?;
            f.write_str(open)?;
            for (n, asn) in segment.asns.iter().enumerate() {
                f.write_str(if n == 0 { "" } else { separator })?;
                asn.fmt(f)?;
            }
            f.write_str(close)?;
        }
        Ok(())
    }
}

impl FromStr for AsPath {
    type Err = ParseAsPathError;

    /// Reads what `Display` writes; neighbouring sequences are one (split after 255 ASNs).
    fn from_str(text: &str) -> Result<Self, ParseAsPathError> {
        let mut path = Self::empty();
        let mut at = 0;
        while let Some(skip) = text[at..].find(|c: char| !c.is_ascii_whitespace()) {
            at += skip;
            let (kind, close) = match text.as_bytes()[at] {
                b'{' => (SegmentKind::Set, '}'),
                b'(' => (SegmentKind::ConfedSequence, ')'),
                b'[' => (SegmentKind::ConfedSet, ']'),
                _ => {
                    let rest = &text[at..];
                    let end = rest.find(['{', '(', '[']).unwrap_or(rest.len());
                    let asns = parse_asns(&rest[..end], char::is_whitespace, at)?;
                    path.segments.append(&mut Self::sequence(asns).segments);
                    at += end;
                    continue;
                }
            };
            let inner = &text[at + 1..];
            let open = char::from(text.as_bytes()[at]);
            let end = inner
                .find(close)
                .ok_or(ParseAsPathError::Unclosed { open, offset: at })?;
            let between = |c: char| c == ',' || c.is_ascii_whitespace();
            let asns = parse_asns(&inner[..end], between, at + 1)?;
            path.segments.push(Segment { kind, asns });
            at += end + 2;
        }
        Ok(path)
    }
}

/// The ASNs between separators; `base` is where `text` stands in the whole, for errors.
fn parse_asns(
    text: &str,
    separator: impl Fn(char) -> bool,
    base: usize,
) -> Result<Vec<Asn>, ParseAsPathError> {
    let mut asns = Vec::new();
    for word in text.split(separator).filter(|word| !word.is_empty()) {
        let offset = base + (word.as_ptr() as usize - text.as_ptr() as usize);
        asns.push(word.parse().map_err(|_| ParseAsPathError::Asn { offset })?);
    }
    if asns.is_empty() {
        Err(ParseAsPathError::Asn { offset: base })
    } else {
        Ok(asns)
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for AsPath {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut segments: Vec<Segment> = u.arbitrary()?;
        let lists = segments.iter_mut().map(|segment| &mut segment.asns);
        lists.for_each(|asns| asns.truncate(SEGMENT_MAX));
        Ok(Self::from_segments(segments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn path(text: &str) -> AsPath {
        text.parse().unwrap()
    }

    #[test]
    fn a_set_counts_one_and_a_confederation_nothing() {
        assert_eq!(path("65001 65002 {1,2,3} 4").length(), 4);
        assert_eq!(path("(65001 65002) [7,8] 65003").length(), 1);
        assert_eq!(AsPath::empty().length(), 0);
    }

    #[test]
    fn neighbor_and_origin_stand_at_the_ends_of_sequences() {
        assert_eq!(path("(1 2) 65001 65002").neighbor(), Some(Asn(65001)));
        assert_eq!(path("65001 65002").origin(), Some(Asn(65002)));
        assert_eq!(path("{1,2} 3").neighbor(), None);
        assert_eq!(path("1 {2,3}").origin(), None);
        assert_eq!(AsPath::empty().neighbor(), None);
    }

    #[test]
    fn prepend_opens_a_new_segment_when_the_first_is_full_or_no_sequence() {
        let mut full = AsPath::sequence((0..255).map(Asn));
        full.prepend(Asn(7), 1);
        assert_eq!(full.segments().len(), 2);
        let mut set = path("{1,2}");
        set.prepend(Asn(7), 2);
        assert_eq!(set.to_string(), "7 7 {1,2}");
    }

    #[test]
    fn replace_and_retain_reach_every_segment() {
        let mut it = path("64512 65001 {64512}");
        it.replace(Asn(65001), Asn(9));
        it.retain(|asn| asn != Asn(64512));
        assert_eq!(it, path("9"));
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(
            "65001 x".parse::<AsPath>(),
            Err(ParseAsPathError::Asn { offset: 6 })
        );
        assert_eq!(
            "1 {2".parse::<AsPath>(),
            Err(ParseAsPathError::Unclosed {
                open: '{',
                offset: 2
            })
        );
        assert_eq!(
            "1 {}".parse::<AsPath>(),
            Err(ParseAsPathError::Asn { offset: 3 })
        );
    }

    proptest! {
        #[test]
        fn text_reads_back(words in proptest::collection::vec((0..4u8, proptest::collection::vec(any::<u32>(), 1..9)), 0..6)) {
            let mut segments = Vec::<Segment>::new();
            for (kind, asns) in words {
                let kind = [SegmentKind::Set, SegmentKind::Sequence, SegmentKind::ConfedSequence, SegmentKind::ConfedSet][usize::from(kind)];
                let asns = asns.into_iter().map(Asn);
                match segments.last_mut() {
                    // Two sequences in a row read as one.
                    Some(last) if kind == SegmentKind::Sequence && last.kind == kind => last.asns.extend(asns),
                    _ => segments.push(Segment { kind, asns: asns.collect() }),
                }
            }
            let path = AsPath::from_segments(segments);
            prop_assert_eq!(path.to_string().parse::<AsPath>(), Ok(path));
        }

        #[test]
        fn no_text_panics(text in "[ -~\u{e9}]{0,40}") {
            let _ = text.parse::<AsPath>();
        }
    }
}
