//! Lists of values of one size and AS paths, read in place.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use routehub_types::{
    AsPath, Asn, Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity, RouterId,
    Segment, SegmentKind,
};

mod sealed {
    /// A value with an encoding of a fixed size.
    pub trait Value: Copy {
        /// Octets of one value.
        const SIZE: usize;
        /// The first value and the octets behind it.
        fn split(bytes: &[u8]) -> Option<(Self, &[u8])>;
    }
}

use sealed::Value;

/// Implements [`Value`] for a type by a function of its octets.
macro_rules! value {
    ($type:ty, $size:literal, $read:expr) => {
        impl Value for $type {
            const SIZE: usize = $size;

            #[inline]
            fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
                let (octets, rest) = bytes.split_first_chunk::<$size>()?;
                let read: fn([u8; $size]) -> $type = $read;
                Some((read(*octets), rest))
            }
        }
    };
}

value!(Community, 4, |octets| Community(u32::from_be_bytes(octets)));
value!(RouterId, 4, |octets| RouterId(u32::from_be_bytes(octets)));
value!(ExtendedCommunity, 8, ExtendedCommunity);
value!(Ipv6ExtendedCommunity, 20, Ipv6ExtendedCommunity);
value!(LargeCommunity, 12, LargeCommunity::from_octets);

/// The values of an attribute that is a list, read from the message as they are asked for.
///
/// It is its own iterator; a copy starts again from where the original stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Values<'a, T> {
    bytes: &'a [u8],
    value: PhantomData<T>,
}

impl<'a, T> Values<'a, T> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            value: PhantomData,
        }
    }

    /// The octets that are left.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<T: Value> Iterator for Values<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let (value, rest) = T::split(self.bytes)?;
        self.bytes = rest;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.bytes.len() / T::SIZE;
        (left, Some(left))
    }
}

impl<T: Value> ExactSizeIterator for Values<'_, T> {}
impl<T: Value> FusedIterator for Values<'_, T> {}

impl<T: Value + fmt::Debug> fmt::Debug for Values<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<T: Value + fmt::Display> fmt::Display for Values<'_, T> {
    /// The values with a space between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, value) in self.enumerate() {
            let between = if place == 0 { "" } else { " " };
            write!(f, "{between}{value}")?;
        }
        Ok(())
    }
}

/// An AS path in a message; AS4_PATH is not merged in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AsPathView<'a> {
    bytes: &'a [u8],
    four_octet: bool,
}

/// A segment of an AS path in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentView<'a> {
    /// What the ASNs of this segment mean.
    pub kind: SegmentKind,
    /// The ASNs, nearest first where the kind has an order.
    pub asns: Asns<'a>,
}

/// The segments of an AS path in a message.
#[derive(Clone)]
pub struct Segments<'a> {
    bytes: &'a [u8],
    four_octet: bool,
}

/// The ASNs of a segment in a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Asns<'a> {
    bytes: &'a [u8],
    four_octet: bool,
}

impl<'a> AsPathView<'a> {
    pub(crate) const fn new(bytes: &'a [u8], four_octet: bool) -> Self {
        Self { bytes, four_octet }
    }

    /// The octets of the path.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the path has no ASN.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The segments, nearest first.
    #[inline]
    pub const fn segments(&self) -> Segments<'a> {
        Segments {
            bytes: self.bytes,
            four_octet: self.four_octet,
        }
    }

    /// All ASNs, nearest first, those of sets and confederations included.
    pub fn asns(&self) -> impl Iterator<Item = Asn> + use<'a> {
        self.segments().flat_map(|segment| segment.asns)
    }

    /// The length that best path compares; see [`AsPath::length`].
    pub fn length(&self) -> usize {
        let lengths = self.segments();
        let lengths = lengths.map(|segment| segment.kind.length(segment.asns.len()));
        lengths.sum()
    }

    /// Whether an ASN stands anywhere in the path.
    pub fn contains(&self, asn: Asn) -> bool {
        self.asns().any(|passed| passed == asn)
    }

    /// The path in owned form.
    pub fn to_as_path(&self) -> AsPath {
        AsPath::from_segments(self.segments().map(|segment| Segment {
            kind: segment.kind,
            asns: segment.asns.collect(),
        }))
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = SegmentView<'a>;

    #[inline]
    fn next(&mut self) -> Option<SegmentView<'a>> {
        let [code, count, rest @ ..] = self.bytes else {
            return None;
        };
        let kind = SegmentKind::from_code(*code)?;
        let length = usize::from(*count) * if self.four_octet { 4 } else { 2 };
        let (bytes, rest) = rest.split_at_checked(length)?;
        self.bytes = rest;
        let four_octet = self.four_octet;
        let asns = Asns { bytes, four_octet };
        Some(SegmentView { kind, asns })
    }
}

impl FusedIterator for Segments<'_> {}

impl Iterator for Asns<'_> {
    type Item = Asn;

    #[inline]
    fn next(&mut self) -> Option<Asn> {
        let (asn, rest) = if self.four_octet {
            let (octets, rest) = self.bytes.split_first_chunk::<4>()?;
            (u32::from_be_bytes(*octets), rest)
        } else {
            let (octets, rest) = self.bytes.split_first_chunk::<2>()?;
            (u32::from(u16::from_be_bytes(*octets)), rest)
        };
        self.bytes = rest;
        Some(Asn(asn))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.bytes.len() / if self.four_octet { 4 } else { 2 };
        (left, Some(left))
    }

    /// One loop per width, without a choice per ASN.
    #[inline]
    fn fold<B, F: FnMut(B, Asn) -> B>(self, first: B, mut f: F) -> B {
        if self.four_octet {
            let (asns, _) = self.bytes.as_chunks::<4>();
            asns.iter()
                .fold(first, |sum, asn| f(sum, Asn(u32::from_be_bytes(*asn))))
        } else {
            let (asns, _) = self.bytes.as_chunks::<2>();
            let asn = |asn: &[u8; 2]| Asn(u32::from(u16::from_be_bytes(*asn)));
            asns.iter().fold(first, |sum, octets| f(sum, asn(octets)))
        }
    }
}

impl ExactSizeIterator for Asns<'_> {}
impl FusedIterator for Asns<'_> {}

impl fmt::Display for AsPathView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_as_path().fmt(f)
    }
}

impl fmt::Debug for AsPathView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Asns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}
