//! Lists of prefixes and the next hops that go with them, checked once and then read in place.

use core::fmt;
use core::iter::FusedIterator;
use core::net::{Ipv4Addr, Ipv6Addr};

use routehub_types::{Family, Ipv4Prefix, Ipv6Prefix, NextHop, Nlri, PathId, Prefix};

use crate::{Context, Reason};

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
    if bytes.is_empty() {
        return Ok(());
    }
    match (family, add_path) {
        (Family::Ipv4, false) => check_all(bytes, |left| rest::<0>(left, 32)),
        (Family::Ipv4, true) => check_all(bytes, |left| rest::<PATH_ID>(left, 32)),
        (Family::Ipv6, false) => check_all(bytes, |left| rest::<0>(left, 128)),
        (Family::Ipv6, true) => check_all(bytes, |left| rest::<PATH_ID>(left, 128)),
    }
}

/// Steps over prefixes to the end of a field.
#[inline(always)]
fn check_all(
    bytes: &[u8],
    rest: impl Fn(&[u8]) -> Result<&[u8], Reason>,
) -> Result<(), (usize, Reason)> {
    let mut left = bytes;
    while !left.is_empty() {
        match rest(left) {
            Ok(rest) => left = rest,
            Err(reason) => return Err((bytes.len() - left.len(), reason)),
        }
    }
    Ok(())
}

/// What follows the first prefix, which has `PATH_ID` octets in front of its length.
#[inline(always)]
fn rest<const PATH_ID: usize>(left: &[u8], max: u8) -> Result<&[u8], Reason> {
    let Some((length, rest)) = left.get(PATH_ID..).and_then(<[u8]>::split_first) else {
        return Err(Reason::PrefixOverrun);
    };
    if *length > max {
        return Err(Reason::PrefixLength);
    }
    behind(rest, *length).ok_or(Reason::PrefixOverrun)
}

/// What follows the octets of a prefix of this length.
///
/// Most prefixes of the Internet have three octets. A guess that a branch predictor can make lets
/// the next prefix be read before this one's length is: much faster than to wait for it.
#[inline(always)]
fn behind(rest: &[u8], length: u8) -> Option<&[u8]> {
    if matches!(length, 17..=24) {
        rest.get(3..)
    } else {
        rest.get(octets(length)..)
    }
}

/// The first four octets, those that are not there as zero.
#[inline(always)]
fn load_ipv4(bytes: &[u8]) -> Ipv4Addr {
    match bytes.first_chunk::<4>() {
        Some(octets) => Ipv4Addr::from(*octets),
        None => last_ipv4(bytes),
    }
}

/// Fewer than four octets. No copy of variable length: it costs more than all the rest.
#[cold]
fn last_ipv4(bytes: &[u8]) -> Ipv4Addr {
    Ipv4Addr::from(match *bytes {
        [a, b, c, ..] => [a, b, c, 0],
        [a, b] => [a, b, 0, 0],
        [a] => [a, 0, 0, 0],
        [] => [0; 4],
    })
}

/// The first 16 octets, those that are not there as zero.
#[inline]
fn load_ipv6(bytes: &[u8]) -> Ipv6Addr {
    if let Some(octets) = bytes.first_chunk::<16>() {
        return Ipv6Addr::from(*octets);
    }
    let shift = |bits: u128, octet: &u8| bits << 8 | u128::from(*octet);
    let bits = bytes.iter().fold(0, shift);
    Ipv6Addr::from_bits(bits.checked_shl(128 - 8 * bytes.len() as u32).unwrap_or(0))
}

/// The next IPv4 prefix: one load of four octets and a mask, whatever its length.
#[inline(always)]
fn split_ipv4(bytes: &[u8]) -> Option<(Prefix, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let address = load_ipv4(rest);
    let prefix = Ipv4Prefix::truncated(address, *length)?;
    Some((Prefix::V4(prefix), behind(rest, *length)?))
}

/// The next IPv6 prefix.
#[inline(always)]
fn split_ipv6(bytes: &[u8]) -> Option<(Prefix, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let address = load_ipv6(rest);
    let prefix = Ipv6Prefix::truncated(address, *length)?;
    Some((Prefix::V6(prefix), behind(rest, *length)?))
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
        let (prefix, rest) = match self.family {
            Family::Ipv4 => split_ipv4(bytes)?,
            Family::Ipv6 => split_ipv6(bytes)?,
        };
        self.bytes = rest;
        Some(Nlri { prefix, path_id })
    }

    #[inline]
    fn fold<B, F: FnMut(B, Nlri) -> B>(self, first: B, f: F) -> B {
        match self.family {
            Family::Ipv4 => self.fold_by(first, f, split_ipv4),
            Family::Ipv6 => self.fold_by(first, f, split_ipv6),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let path_id = if self.add_path { PATH_ID } else { 0 };
        let shortest = path_id + 1;
        let longest = shortest + octets(self.family.max_length());
        let left = self.bytes.len();
        (left.div_ceil(longest), Some(left / shortest))
    }
}

impl Nlris<'_> {
    /// Every prefix that a function splits off; one loop per family, without a choice per prefix.
    #[inline(always)]
    fn fold_by<B>(
        self,
        first: B,
        mut f: impl FnMut(B, Nlri) -> B,
        split: impl Fn(&[u8]) -> Option<(Prefix, &[u8])>,
    ) -> B {
        let mut sum = first;
        let mut left = self.bytes;
        if self.add_path {
            while let Some((octets, rest)) = left.split_first_chunk::<PATH_ID>()
                && let Some((prefix, rest)) = split(rest)
            {
                let path_id = Some(PathId(u32::from_be_bytes(*octets)));
                sum = f(sum, Nlri { prefix, path_id });
                left = rest;
            }
        } else {
            while let Some((prefix, rest)) = split(left) {
                sum = f(sum, prefix.into());
                left = rest;
            }
        }
        sum
    }
}

impl FusedIterator for Nlris<'_> {}

impl fmt::Debug for Nlris<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        (*self).for_each(|nlri| {
            list.entry(&format_args!("{nlri}"));
        });
        list.finish()
    }
}

/// The announced prefixes of one field of an UPDATE: its NLRI or its MP_REACH_NLRI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced<'a> {
    /// Where to send packets for these prefixes.
    pub next_hop: NextHop,
    /// The prefixes.
    pub nlri: Nlris<'a>,
}

impl Announced<'_> {
    /// The family of the prefixes.
    pub const fn family(&self) -> Family {
        self.nlri.family()
    }
}

/// The next hop of an MP_REACH_NLRI; none if its length does not fit the family (RFC 4760,
/// RFC 2545 section 3, RFC 8950 section 3).
pub(super) fn next_hop(octets: &[u8], family: Family, context: &Context) -> Option<NextHop> {
    let ipv6 = family == Family::Ipv6 || context.extended_next_hop;
    match octets.len() {
        4 if family == Family::Ipv4 => {
            let octets = <[u8; 4]>::try_from(octets).ok()?;
            Some(Ipv4Addr::from(octets).into())
        }
        16 | 32 if ipv6 => {
            let (global, link_local) = octets.split_first_chunk::<16>()?;
            let link_local = <[u8; 16]>::try_from(link_local).ok();
            Some(NextHop {
                link_local: link_local.map(Ipv6Addr::from),
                ..NextHop::from(Ipv6Addr::from(*global))
            })
        }
        _ => None,
    }
}
