//! Lists of prefixes, checked once and then read in place.

use core::fmt;
use core::iter::FusedIterator;
use core::net::{Ipv4Addr, Ipv6Addr};

use routehub_types::{Family, Ipv4Prefix, Ipv6Prefix, Nlri, PathId, Prefix};

use crate::Reason;

/// Octets of a path identifier.
const PATH_ID: usize = 4;

/// The prefixes of one field of a message, with path identifiers where they are in use.
///
/// It is its own iterator; a copy starts again from where the original stands. Bits beyond a
/// prefix length are of no meaning and come as zero (RFC 4271 section 4.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nlris<'a> {
    bytes: &'a [u8],
    family: Family,
    add_path: bool,
}

impl<'a> Nlris<'a> {
    pub(crate) const fn new(bytes: &'a [u8], family: Family, add_path: bool) -> Self {
        Self {
            bytes,
            family,
            add_path,
        }
    }

    /// The family of the prefixes.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Whether every prefix has a path identifier (RFC 7911).
    pub const fn has_path_ids(&self) -> bool {
        self.add_path
    }

    /// The octets that are left.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether no prefix is left.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// The octets that hold a prefix of a length in bits.
#[inline]
const fn octets(length: u8) -> usize {
    (length as usize).div_ceil(8)
}

/// Checks that a field holds prefixes of a family and nothing else (RFC 7606 section 5.3).
///
/// # Errors
/// Where the first bad prefix starts in the field, and why it is bad.
#[inline]
pub(crate) fn check(bytes: &[u8], family: Family, add_path: bool) -> Result<(), (usize, Reason)> {
    let max = family.max_length();
    let path_id = if add_path { PATH_ID } else { 0 };
    let mut left = bytes;
    while !left.is_empty() {
        let reason = match left.get(path_id) {
            Some(length) if *length > max => Reason::PrefixLength,
            Some(length) => match left.get(path_id + 1 + octets(*length)..) {
                Some(rest) => {
                    left = rest;
                    continue;
                }
                None => Reason::PrefixOverrun,
            },
            None => Reason::PrefixOverrun,
        };
        return Err((bytes.len() - left.len(), reason));
    }
    Ok(())
}

/// The first `N` octets, those that are not there as zero.
#[inline]
fn load<const N: usize>(bytes: &[u8]) -> [u8; N] {
    match bytes.first_chunk() {
        Some(octets) => *octets,
        None => {
            let mut octets = [0; N];
            octets
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = *from);
            octets
        }
    }
}

/// The next IPv4 prefix: one load of four octets and a mask, whatever its length.
#[inline]
fn split_ipv4(bytes: &[u8]) -> Option<(Ipv4Prefix, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let address = Ipv4Addr::from(load::<4>(rest));
    let prefix = Ipv4Prefix::truncated(address, *length)?;
    Some((prefix, rest.get(octets(*length)..)?))
}

/// The next IPv6 prefix.
#[inline]
fn split_ipv6(bytes: &[u8]) -> Option<(Ipv6Prefix, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let address = Ipv6Addr::from(load::<16>(rest));
    let prefix = Ipv6Prefix::truncated(address, *length)?;
    Some((prefix, rest.get(octets(*length)..)?))
}

impl Iterator for Nlris<'_> {
    type Item = Nlri;

    #[inline]
    fn next(&mut self) -> Option<Nlri> {
        let mut bytes = self.bytes;
        let mut path_id = None;
        if self.add_path {
            let (octets, rest) = bytes.split_first_chunk::<PATH_ID>()?;
            path_id = Some(PathId(u32::from_be_bytes(*octets)));
            bytes = rest;
        }
        let prefix = match self.family {
            Family::Ipv4 => {
                let (prefix, rest) = split_ipv4(bytes)?;
                bytes = rest;
                Prefix::V4(prefix)
            }
            Family::Ipv6 => {
                let (prefix, rest) = split_ipv6(bytes)?;
                bytes = rest;
                Prefix::V6(prefix)
            }
        };
        self.bytes = bytes;
        Some(Nlri { prefix, path_id })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let path_id = if self.add_path { PATH_ID } else { 0 };
        let shortest = path_id + 1;
        let longest = shortest + octets(self.family.max_length());
        let left = self.bytes.len();
        (left.div_ceil(longest), Some(left / shortest))
    }
}

impl FusedIterator for Nlris<'_> {}

impl fmt::Debug for Nlris<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = (*self).map(DisplayAsDebug);
        f.debug_list().entries(texts).finish()
    }
}

/// Shows a value in lists as it prints.
struct DisplayAsDebug<T>(T);

impl<T: fmt::Display> fmt::Debug for DisplayAsDebug<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
