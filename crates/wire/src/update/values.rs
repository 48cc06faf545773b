//! Lists of values of one size, read in place.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use routehub_types::{
    Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity, RouterId,
};

mod sealed {
    /// A value with an encoding of a fixed size.
    pub trait Value: Sized {
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
value!(LargeCommunity, 12, |[
    a,
    b,
    c,
    d,
    e,
    f,
    g,
    h,
    i,
    j,
    k,
    l,
]| {
    LargeCommunity::new(
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
        u32::from_be_bytes([i, j, k, l]),
    )
});

/// The values of an attribute that is a list, read from the message as they are asked for.
///
/// It is its own iterator; a copy starts again from where the original stands.
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

impl<T> Clone for Values<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Values<'_, T> {}

impl<T> Default for Values<'_, T> {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl<T> PartialEq for Values<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for Values<'_, T> {}

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
