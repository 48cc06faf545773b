//! Communities of all kinds: standard, extended, large.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::Asn;
use crate::asn::decimal;

/// A standard community (RFC 1997): two 16-bit halves, usually `ASN:VALUE`.
///
/// Prints as numbers (`65535:65282`); parses numbers, one decimal number, and well-known names.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Community(pub u32);

impl Community {
    /// GRACEFUL_SHUTDOWN: the sender is about to go down (RFC 8326).
    pub const GRACEFUL_SHUTDOWN: Self = Self::new(65535, 0);
    /// ACCEPT_OWN: take back your own route (RFC 7611).
    pub const ACCEPT_OWN: Self = Self::new(65535, 1);
    /// LLGR_STALE: the route is long-lived stale (RFC 9494).
    pub const LLGR_STALE: Self = Self::new(65535, 6);
    /// NO_LLGR: do not keep the route long-lived stale (RFC 9494).
    pub const NO_LLGR: Self = Self::new(65535, 7);
    /// BLACKHOLE: discard traffic to the prefix (RFC 7999).
    pub const BLACKHOLE: Self = Self::new(65535, 666);
    /// NO_EXPORT: do not pass on outside the AS or confederation (RFC 1997).
    pub const NO_EXPORT: Self = Self::new(65535, 65281);
    /// NO_ADVERTISE: do not pass on to anyone (RFC 1997).
    pub const NO_ADVERTISE: Self = Self::new(65535, 65282);
    /// NO_EXPORT_SUBCONFED: do not pass on to any external peer (RFC 1997).
    pub const NO_EXPORT_SUBCONFED: Self = Self::new(65535, 65283);
    /// NO_PEER: do not pass on to bilateral peers (RFC 3765).
    pub const NO_PEER: Self = Self::new(65535, 65284);

    /// Well-known communities by the names that operators write.
    const NAMES: [(Self, &'static str); 9] = [
        (Self::GRACEFUL_SHUTDOWN, "graceful-shutdown"),
        (Self::ACCEPT_OWN, "accept-own"),
        (Self::LLGR_STALE, "llgr-stale"),
        (Self::NO_LLGR, "no-llgr"),
        (Self::BLACKHOLE, "blackhole"),
        (Self::NO_EXPORT, "no-export"),
        (Self::NO_ADVERTISE, "no-advertise"),
        (Self::NO_EXPORT_SUBCONFED, "no-export-subconfed"),
        (Self::NO_PEER, "no-peer"),
    ];

    /// The community of two halves.
    pub const fn new(high: u16, low: u16) -> Self {
        Self((high as u32) << 16 | low as u32)
    }

    /// The first half, usually a two-octet ASN.
    pub const fn high(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The second half, whose meaning that AS defines.
    pub const fn low(self) -> u16 {
        self.0 as u16
    }

    /// The name of a well-known community.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES
            .iter()
            .find(|(community, _)| *community == self)
            .map(|(_, name)| *name)
    }
}

/// Text that is not a community of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} community: expected {expected}")]
pub struct ParseCommunityError {
    /// The kind of community asked for.
    pub(crate) kind: &'static str,
    /// What its text looks like.
    pub(crate) expected: &'static str,
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.high(), self.low())
    }
}

impl FromStr for Community {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        let parsed = match text.split_once(':') {
            Some((high, low)) => decimal(high)
                .zip(decimal(low))
                .map(|(h, l)| Self::new(h, l)),
            None => decimal(text).map(Self).or_else(|| {
                let named = Self::NAMES
                    .iter()
                    .find(|(_, name)| name.eq_ignore_ascii_case(text))?;
                Some(named.0)
            }),
        };
        parsed.ok_or(ParseCommunityError {
            kind: "standard",
            expected: "HIGH:LOW of 0..65535 each, one decimal number, or a well-known name",
        })
    }
}

/// Sub-type of a route target (RFC 4360 section 4).
const ROUTE_TARGET: u8 = 2;
/// Sub-type of a route origin, also called site of origin (RFC 4360 section 5).
const ROUTE_ORIGIN: u8 = 3;
/// Bit of the type octet that says: not across AS borders (RFC 4360 section 2).
const NON_TRANSITIVE: u8 = 0x40;

/// An extended community (RFC 4360): eight octets, of which the first one or two are the type.
///
/// Route targets and origins are written `rt:65001:7`, `rt:10.0.0.1:7`, `soo:65536:7`; all others
/// as the hexadecimal octets, `0x030b000000000064`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ExtendedCommunity(pub [u8; 8]);

/// An IPv6 address specific extended community (RFC 5701): twenty octets.
///
/// Route targets and origins are written `rt:[2001:db8::1]:7`, all others as `0x` and octets.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

impl ExtendedCommunity {
    /// A route target `asn:value`: two-octet AS specific if the ASN fits (RFC 4360), else
    /// four-octet AS specific (RFC 5668) with the low 16 bits of the value.
    pub const fn route_target(asn: Asn, value: u32) -> Self {
        Self::as_specific(ROUTE_TARGET, asn, value)
    }

    /// Whether the community may leave the AS (RFC 4360 section 2).
    pub const fn is_transitive(self) -> bool {
        self.0[0] & NON_TRANSITIVE == 0
    }

    const fn as_specific(sub_type: u8, asn: Asn, value: u32) -> Self {
        let a = asn.0.to_be_bytes();
        let v = value.to_be_bytes();
        if asn.is_two_octet() {
            Self([0, sub_type, a[2], a[3], v[0], v[1], v[2], v[3]])
        } else {
            Self([2, sub_type, a[0], a[1], a[2], a[3], v[2], v[3]])
        }
    }
}

impl Ipv6ExtendedCommunity {
    /// Whether the community may leave the AS (RFC 5701 section 2).
    pub const fn is_transitive(self) -> bool {
        self.0[0] & NON_TRANSITIVE == 0
    }
}

/// The name of a sub-type that has a text form of its own.
const fn sub_type_name(sub_type: u8) -> Option<&'static str> {
    match sub_type {
        ROUTE_TARGET => Some("rt"),
        ROUTE_ORIGIN => Some("soo"),
        _ => None,
    }
}

/// The sub-type of a name, and the text behind it.
fn split_name(text: &str) -> Option<(u8, &str)> {
    [ROUTE_TARGET, ROUTE_ORIGIN]
        .into_iter()
        .find_map(|sub_type| {
            let rest = text
                .strip_prefix(sub_type_name(sub_type)?)?
                .strip_prefix(':')?;
            Some((sub_type, rest))
        })
}

fn write_octets(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    f.write_str("0x")?;
    octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}

fn parse_octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut octets = [0; N];
    for (octet, pair) in octets.iter_mut().zip(pairs) {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        *octet = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(octets)
}

impl fmt::Display for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, sub_type, a, b, c, d, e, g] = self.0;
        let Some(name) = sub_type_name(sub_type) else {
            return write_octets(f, &self.0);
        };
        let last = u16::from_be_bytes([e, g]);
        match kind {
            0 => {
                let asn = u16::from_be_bytes([a, b]);
                write!(f, "{name}:{asn}:{}", u32::from_be_bytes([c, d, e, g]))
            }
            1 => write!(f, "{name}:{}:{last}", Ipv4Addr::new(a, b, c, d)),
            // A four-octet type with a small ASN would read back as the two-octet type.
            2 if a != 0 || b != 0 => {
                write!(f, "{name}:{}:{last}", u32::from_be_bytes([a, b, c, d]))
            }
            _ => write_octets(f, &self.0),
        }
    }
}

impl FromStr for ExtendedCommunity {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        let named = |text| {
            let (sub_type, rest) = split_name(text)?;
            let (admin, value) = rest.rsplit_once(':')?;
            if let Ok(address) = admin.parse::<Ipv4Addr>() {
                let [a, b, c, d] = address.octets();
                let [e, g] = decimal::<u16>(value)?.to_be_bytes();
                return Some(Self([1, sub_type, a, b, c, d, e, g]));
            }
            let asn: Asn = admin.parse().ok()?;
            let value = decimal::<u32>(value)?;
            let fits = asn.is_two_octet() || value <= 0xffff;
            fits.then(|| Self::as_specific(sub_type, asn, value))
        };
        named(text)
            .or_else(|| parse_octets(text).map(Self))
            .ok_or(ParseCommunityError {
                kind: "extended",
                expected: "rt:ADMIN:VALUE, soo:ADMIN:VALUE, or 0x and 16 hexadecimal digits",
            })
    }
}

impl fmt::Display for Ipv6ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, sub_type, address @ .., a, b] = self.0;
        match sub_type_name(sub_type) {
            Some(name) if kind == 0 => {
                let value = u16::from_be_bytes([a, b]);
                write!(f, "{name}:[{}]:{value}", Ipv6Addr::from(address))
            }
            _ => write_octets(f, &self.0),
        }
    }
}

impl FromStr for Ipv6ExtendedCommunity {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        let named = |text| {
            let (sub_type, rest) = split_name(text)?;
            let (address, value) = rest.strip_prefix('[')?.split_once("]:")?;
            let mut octets = [0; 20];
            octets[1] = sub_type;
            octets[2..18].copy_from_slice(&address.parse::<Ipv6Addr>().ok()?.octets());
            octets[18..].copy_from_slice(&decimal::<u16>(value)?.to_be_bytes());
            Some(Self(octets))
        };
        named(text).or_else(|| parse_octets(text).map(Self)).ok_or(ParseCommunityError {
            kind: "IPv6 extended",
            expected: "rt:[ADDRESS]:VALUE, soo:[ADDRESS]:VALUE, or 0x and 40 hexadecimal digits",
        })
    }
}

/// A large community (RFC 8092), written `GLOBAL:LOCAL1:LOCAL2`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LargeCommunity {
    /// The global administrator, an ASN.
    pub global: u32,
    /// The first part that the global administrator defines.
    pub local1: u32,
    /// The second part that the global administrator defines.
    pub local2: u32,
}

impl LargeCommunity {
    /// The large community of three parts.
    pub const fn new(global: u32, local1: u32, local2: u32) -> Self {
        Self {
            global,
            local1,
            local2,
        }
    }

    /// The large community of octets (RFC 8092 section 3).
    #[inline]
    pub fn from_octets(octets: [u8; 12]) -> Self {
        let (parts, _) = octets.as_chunks::<4>();
        let part = |n: usize| u32::from_be_bytes(parts[n]);
        Self::new(part(0), part(1), part(2))
    }

    /// The three parts in octets (RFC 8092 section 3).
    pub fn octets(self) -> [u8; 12] {
        let mut octets = [0; 12];
        let parts = [self.global, self.local1, self.local2];
        for (to, part) in octets.as_chunks_mut().0.iter_mut().zip(parts) {
            *to = part.to_be_bytes();
        }
        octets
    }
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.global, self.local1, self.local2)
    }
}

impl FromStr for LargeCommunity {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        let mut parts = text.split(':').map(decimal);
        let mut next = || parts.next().flatten();
        match (next(), next(), next(), parts.next()) {
            (Some(global), Some(local1), Some(local2), None) => Ok(Self {
                global,
                local1,
                local2,
            }),
            _ => Err(ParseCommunityError {
                kind: "large",
                expected: "GLOBAL:LOCAL1:LOCAL2 of 0..4294967295 each",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn numbers_names_and_decimals_name_the_same_community() {
        for text in ["65535:65282", "no-advertise", "NO-ADVERTISE", "4294967042"] {
            assert_eq!(text.parse(), Ok(Community::NO_ADVERTISE), "{text}");
        }
        assert_eq!(Community::NO_ADVERTISE.to_string(), "65535:65282");
        assert_eq!(Community::NO_ADVERTISE.name(), Some("no-advertise"));
        assert_eq!(Community::new(65001, 7).name(), None);
    }

    #[test]
    fn every_name_reads_back() {
        for (community, name) in Community::NAMES {
            assert_eq!(name.parse(), Ok(community));
            assert_eq!(community.to_string().parse(), Ok(community));
        }
    }

    #[test]
    fn text_that_is_no_community_is_refused() {
        for text in [
            "", ":", "1:", ":1", "65536:1", "1:65536", "1:2:3", "+1:2", "no-such",
        ] {
            assert!(text.parse::<Community>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn route_targets_are_written_by_their_administrator() {
        for (octets, text) in [
            ([0, 2, 0xfd, 0xe9, 0, 0, 0, 7], "rt:65001:7"),
            ([0, 3, 0xfd, 0xe9, 1, 0, 0, 0], "soo:65001:16777216"),
            ([1, 2, 10, 0, 0, 1, 0, 7], "rt:10.0.0.1:7"),
            ([2, 2, 0, 1, 0, 0, 0, 7], "rt:65536:7"),
            ([2, 2, 0, 0, 0, 1, 0, 7], "0x0202000000010007"),
            ([3, 0x0b, 0, 0, 0, 0, 0, 100], "0x030b000000000064"),
        ] {
            assert_eq!(ExtendedCommunity(octets).to_string(), text);
            assert_eq!(text.parse(), Ok(ExtendedCommunity(octets)));
        }
        assert_eq!(
            ExtendedCommunity::route_target(Asn(65001), 7).to_string(),
            "rt:65001:7"
        );
    }

    #[test]
    fn extended_text_that_does_not_fit_is_refused() {
        for text in [
            "",
            "rt:1",
            "rt:65536:65536",
            "rt:10.0.0.1:65536",
            "0x00",
            "rt:1:2:3",
            "0x+12345678901234",
        ] {
            assert!(text.parse::<ExtendedCommunity>().is_err(), "{text:?}");
        }
        for text in ["rt:2001:db8::1:7", "rt:[2001:db8::1]:65536", "0x0002"] {
            assert!(text.parse::<Ipv6ExtendedCommunity>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_transitive_bit_is_inverted() {
        assert!(ExtendedCommunity([0; 8]).is_transitive());
        assert!(!ExtendedCommunity([0x43, 0, 0, 0, 0, 0, 0, 0]).is_transitive());
    }

    #[test]
    fn large_text_reads_back() {
        let community = LargeCommunity::new(4_200_000_000, 1, u32::MAX);
        assert_eq!(community.to_string(), "4200000000:1:4294967295");
        assert_eq!(community.to_string().parse(), Ok(community));
    }

    #[test]
    fn large_text_of_another_shape_is_refused() {
        for text in ["", "1:2", "1:2:3:4", "1:2:4294967296", "1::3", "a:b:c"] {
            assert!(text.parse::<LargeCommunity>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn extended_text_reads_back(kind in 0..4u8, sub_type in 0..5u8, rest: [u8; 6]) {
            let [a, b, c, d, e, g] = rest;
            let community = ExtendedCommunity([kind, sub_type, a, b, c, d, e, g]);
            prop_assert_eq!(community.to_string().parse(), Ok(community));
        }

        #[test]
        fn ipv6_text_reads_back(kind in 0..2u8, sub_type in 0..5u8, rest: [u8; 18]) {
            let mut octets = [0; 20];
            octets[0] = kind;
            octets[1] = sub_type;
            octets[2..].copy_from_slice(&rest);
            let community = Ipv6ExtendedCommunity(octets);
            prop_assert_eq!(community.to_string().parse(), Ok(community));
        }
    }
}
