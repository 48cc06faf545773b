//! IP prefixes without host bits.

use core::cmp::Ordering;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::Family;
use crate::asn::decimal;

/// Why a text, or an address and a length, is no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePrefixError {
    /// There is no `/`.
    #[error("not a prefix: expected ADDRESS/LENGTH")]
    Form,
    /// The part before the `/` is no address of the family asked for.
    #[error("not a prefix: its address is not valid")]
    Address,
    /// The length is no number, or larger than the address has bits.
    #[error("not a prefix: its length must be 0..{max}")]
    Length {
        /// The largest length of the family.
        max: u8,
    },
    /// The address has bits beyond the length.
    #[error("prefix has host bits: {meant} is meant")]
    HostBits {
        /// The prefix of that length that holds the address.
        meant: Prefix,
    },
}

/// Writes what the prefix types of both families have in common.
macro_rules! prefix_type {
    ($name:ident, $addr:ty, $bits:ty, $max:literal, $variant:ident, $net:ty, $doc:literal) => {
        #[doc = $doc]
        ///
        /// Orders by address, then by length: a prefix comes before what it contains.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            address: $addr,
            length: u8,
        }

        impl $name {
            /// The default route, length 0.
            pub const DEFAULT: Self = Self {
                address: <$addr>::UNSPECIFIED,
                length: 0,
            };

            /// The prefix of an address and a length in bits.
            ///
            /// # Errors
            /// [`ParsePrefixError::Length`] or [`ParsePrefixError::HostBits`].
            pub const fn new(address: $addr, length: u8) -> Result<Self, ParsePrefixError> {
                match Self::truncated(address, length) {
                    None => Err(ParsePrefixError::Length { max: $max }),
                    Some(prefix) if prefix.address.to_bits() == address.to_bits() => Ok(prefix),
                    Some(meant) => Err(ParsePrefixError::HostBits {
                        meant: Prefix::$variant(meant),
                    }),
                }
            }

            /// The prefix of that length that holds an address; none if it is too long.
            pub const fn truncated(address: $addr, length: u8) -> Option<Self> {
                if length > $max {
                    return None;
                }
                let bits = address.to_bits() & Self::mask(length);
                Some(Self {
                    address: <$addr>::from_bits(bits),
                    length,
                })
            }

            /// The prefix that holds just one address.
            pub const fn host(address: $addr) -> Self {
                Self {
                    address,
                    length: $max,
                }
            }

            /// The first address.
            pub const fn address(self) -> $addr {
                self.address
            }

            /// The length in bits.
            #[allow(clippy::len_without_is_empty)]
            pub const fn length(self) -> u8 {
                self.length
            }

            /// Whether another prefix is equal to this one or inside it.
            pub const fn contains(self, other: Self) -> bool {
                self.length <= other.length && self.contains_address(other.address)
            }

            /// Whether an address is inside.
            pub const fn contains_address(self, address: $addr) -> bool {
                (address.to_bits() ^ self.address.to_bits()) & Self::mask(self.length) == 0
            }

            const fn mask(length: u8) -> $bits {
                match (<$bits>::MAX).checked_shl($max - length as u32) {
                    Some(mask) => mask,
                    None => 0,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self { address, length } = self;
                if f.width().is_none() && f.precision().is_none() {
                    write!(f, "{address}/{length}")
                } else {
                    f.pad(&alloc::format!("{address}/{length}"))
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParsePrefixError;

            fn from_str(text: &str) -> Result<Self, ParsePrefixError> {
                let (address, length) = text.split_once('/').ok_or(ParsePrefixError::Form)?;
                let address = address.parse().map_err(|_| ParsePrefixError::Address)?;
                let length = decimal(length).ok_or(ParsePrefixError::Length { max: $max })?;
                Self::new(address, length)
            }
        }

        impl From<$net> for $name {
            /// The prefix of a network; host bits are dropped.
            fn from(net: $net) -> Self {
                Self {
                    address: net.network(),
                    length: net.prefix_len(),
                }
            }
        }

        impl From<$name> for $net {
            fn from(prefix: $name) -> Self {
                Self::new_assert(prefix.address, prefix.length)
            }
        }

        // By hand, as tables are sorted and merged by it: two numbers are compared.
        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> Ordering {
                let numbers = |prefix: &Self| (prefix.address.to_bits(), prefix.length);
                numbers(self).cmp(&numbers(other))
            }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl From<$name> for Prefix {
            fn from(prefix: $name) -> Self {
                Self::$variant(prefix)
            }
        }

        #[cfg(feature = "arbitrary")]
        impl<'a> arbitrary::Arbitrary<'a> for $name {
            fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
                let address = <$addr>::from_bits(u.arbitrary()?);
                let length = u.int_in_range(0..=$max)?;
                Self::truncated(address, length).ok_or(arbitrary::Error::IncorrectFormat)
            }
        }
    };
}

prefix_type!(
    Ipv4Prefix,
    Ipv4Addr,
    u32,
    32,
    V4,
    Ipv4Net,
    "An IPv4 prefix: an address and a length of at most 32, no bit set beyond the length."
);
prefix_type!(
    Ipv6Prefix,
    Ipv6Addr,
    u128,
    128,
    V6,
    Ipv6Net,
    "An IPv6 prefix: an address and a length of at most 128, no bit set beyond the length."
);

/// An IP prefix of either family, without host bits.
///
/// Orders IPv4 before IPv6, then by address, then by length.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Prefix {
    /// An IPv4 prefix.
    V4(Ipv4Prefix),
    /// An IPv6 prefix.
    V6(Ipv6Prefix),
}

impl Ord for Prefix {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::V4(prefix), Self::V4(other)) => prefix.cmp(other),
            (Self::V6(prefix), Self::V6(other)) => prefix.cmp(other),
            (Self::V4(_), Self::V6(_)) => Ordering::Less,
            (Self::V6(_), Self::V4(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Prefix {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Prefix {
    /// The prefix of an address and a length in bits.
    ///
    /// # Errors
    /// [`ParsePrefixError::Length`] or [`ParsePrefixError::HostBits`].
    pub fn new(address: IpAddr, length: u8) -> Result<Self, ParsePrefixError> {
        match address {
            IpAddr::V4(address) => Ipv4Prefix::new(address, length).map(Self::V4),
            IpAddr::V6(address) => Ipv6Prefix::new(address, length).map(Self::V6),
        }
    }

    /// The prefix that holds just one address.
    pub const fn host(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(Ipv4Prefix::host(address)),
            IpAddr::V6(address) => Self::V6(Ipv6Prefix::host(address)),
        }
    }

    /// The default route of a family.
    pub const fn default_of(family: Family) -> Self {
        match family {
            Family::Ipv4 => Self::V4(Ipv4Prefix::DEFAULT),
            Family::Ipv6 => Self::V6(Ipv6Prefix::DEFAULT),
        }
    }

    /// The address family.
    pub const fn family(self) -> Family {
        match self {
            Self::V4(_) => Family::Ipv4,
            Self::V6(_) => Family::Ipv6,
        }
    }

    /// The first address.
    pub const fn address(self) -> IpAddr {
        match self {
            Self::V4(prefix) => IpAddr::V4(prefix.address()),
            Self::V6(prefix) => IpAddr::V6(prefix.address()),
        }
    }

    /// The length in bits.
    #[allow(clippy::len_without_is_empty)]
    pub const fn length(self) -> u8 {
        match self {
            Self::V4(prefix) => prefix.length(),
            Self::V6(prefix) => prefix.length(),
        }
    }

    /// Whether this is a default route (length 0).
    pub const fn is_default(self) -> bool {
        self.length() == 0
    }

    /// Whether another prefix is equal to this one or inside it; never across families.
    pub const fn contains(self, other: Self) -> bool {
        match (self, other) {
            (Self::V4(prefix), Self::V4(other)) => prefix.contains(other),
            (Self::V6(prefix), Self::V6(other)) => prefix.contains(other),
            _ => false,
        }
    }

    /// Whether an address is inside; never across families.
    pub const fn contains_address(self, address: IpAddr) -> bool {
        self.contains(Self::host(address))
    }

    /// Whether two prefixes share an address: one contains the other.
    pub const fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The prefix of that length around this one's first address; none if it is longer.
    pub fn supernet(self, length: u8) -> Option<Self> {
        if length > self.length() {
            return None;
        }
        match self {
            Self::V4(prefix) => Ipv4Prefix::truncated(prefix.address(), length).map(Self::V4),
            Self::V6(prefix) => Ipv6Prefix::truncated(prefix.address(), length).map(Self::V6),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(prefix) => prefix.fmt(f),
            Self::V6(prefix) => prefix.fmt(f),
        }
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Prefix {
    type Err = ParsePrefixError;

    fn from_str(text: &str) -> Result<Self, ParsePrefixError> {
        if text.contains(':') {
            text.parse().map(Self::V6)
        } else {
            text.parse().map(Self::V4)
        }
    }
}

impl From<IpNet> for Prefix {
    /// The prefix of a network; host bits are dropped.
    fn from(net: IpNet) -> Self {
        match net {
            IpNet::V4(net) => Self::V4(net.into()),
            IpNet::V6(net) => Self::V6(net.into()),
        }
    }
}

impl From<Prefix> for IpNet {
    fn from(prefix: Prefix) -> Self {
        match prefix {
            Prefix::V4(prefix) => Self::V4(prefix.into()),
            Prefix::V6(prefix) => Self::V6(prefix.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;
    use std::string::ToString;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    #[test]
    fn host_bits_are_refused_and_the_prefix_meant_is_named() {
        assert_eq!(
            "10.0.0.1/24".parse::<Prefix>(),
            Err(ParsePrefixError::HostBits {
                meant: prefix("10.0.0.0/24")
            })
        );
        assert_eq!(
            "2001:db8::1/64".parse::<Prefix>().unwrap_err().to_string(),
            "prefix has host bits: 2001:db8::/64 is meant"
        );
    }

    #[test]
    fn text_that_is_no_prefix_is_refused_with_the_reason() {
        for (text, error) in [
            ("10.0.0.0", ParsePrefixError::Form),
            ("10.0.0/8", ParsePrefixError::Address),
            ("10.0.0.0/33", ParsePrefixError::Length { max: 32 }),
            ("10.0.0.0/", ParsePrefixError::Length { max: 32 }),
            ("10.0.0.0/+8", ParsePrefixError::Length { max: 32 }),
            ("::/129", ParsePrefixError::Length { max: 128 }),
            ("", ParsePrefixError::Form),
        ] {
            assert_eq!(text.parse::<Prefix>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_prefix_contains_itself_and_what_is_inside_of_its_family() {
        let ten = prefix("10.0.0.0/8");
        assert!(ten.contains(ten) && ten.contains(prefix("10.250.0.0/16")));
        assert!(!ten.contains(prefix("0.0.0.0/0")) && !ten.contains(prefix("11.0.0.0/8")));
        assert!(prefix("0.0.0.0/0").contains(ten) && !prefix("::/0").contains(ten));
        assert!(ten.overlaps(prefix("0.0.0.0/0")) && !ten.overlaps(prefix("11.0.0.0/8")));
        assert!(ten.contains_address("10.9.9.9".parse().unwrap()));
    }

    #[test]
    fn order_is_by_family_address_length() {
        let mut all = [
            "::/0",
            "10.1.0.0/16",
            "10.0.0.0/16",
            "10.0.0.0/8",
            "9.0.0.0/8",
        ]
        .map(prefix);
        all.sort();
        assert_eq!(
            all,
            [
                "9.0.0.0/8",
                "10.0.0.0/8",
                "10.0.0.0/16",
                "10.1.0.0/16",
                "::/0"
            ]
            .map(prefix)
        );
    }

    #[test]
    fn a_supernet_is_never_longer() {
        assert_eq!(
            prefix("10.1.2.0/24").supernet(8),
            Some(prefix("10.0.0.0/8"))
        );
        assert_eq!(prefix("10.1.2.0/24").supernet(25), None);
    }

    #[test]
    fn display_pads() {
        assert_eq!(format!("{:<12}|", prefix("10.0.0.0/8")), "10.0.0.0/8  |");
    }

    #[test]
    fn sizes_stay_small() {
        assert_eq!(size_of::<Ipv4Prefix>(), 5);
        assert_eq!(size_of::<Prefix>(), 18);
    }

    proptest! {
        #[test]
        fn ipv4_text_and_net_read_back(bits: u32, length in 0..=32u8) {
            let given = Prefix::V4(Ipv4Prefix::truncated(bits.into(), length).unwrap());
            prop_assert_eq!(given.to_string().parse(), Ok(given));
            prop_assert_eq!(Prefix::from(IpNet::from(given)), given);
        }

        #[test]
        fn ipv6_text_and_net_read_back(bits: u128, length in 0..=128u8) {
            let given = Prefix::V6(Ipv6Prefix::truncated(bits.into(), length).unwrap());
            prop_assert_eq!(given.to_string().parse(), Ok(given));
            prop_assert_eq!(Prefix::from(IpNet::from(given)), given);
        }

        #[test]
        fn containment_agrees_with_ipnet(a: u32, la in 0..=32u8, b: u32, lb in 0..=32u8) {
            let given = Prefix::V4(Ipv4Prefix::truncated(a.into(), la).unwrap());
            // Half of the time the same address, so that containment happens.
            let b = if lb % 2 == 0 { a } else { b };
            let other = Prefix::V4(Ipv4Prefix::truncated(b.into(), lb).unwrap());
            prop_assert_eq!(given.contains(other), IpNet::from(given).contains(&IpNet::from(other)));
        }

        #[test]
        fn no_text_panics(text in "[0-9a-f./:]{0,50}") {
            let _ = text.parse::<Prefix>();
        }
    }
}
