//! What tables need to know of a family: its prefixes are the keys; and the hash function of all.

use alloc::vec::Vec;
use core::fmt::Debug;
use core::hash::{BuildHasher, Hash, Hasher};
use core::net::IpAddr;

use foldhash::fast::FixedState;
use routehub_types::{Family, Ipv4Prefix, Ipv6Prefix, Prefix};

/// Prefixes of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefixes<'a> {
    /// IPv4 prefixes.
    V4(&'a [Ipv4Prefix]),
    /// IPv6 prefixes.
    V6(&'a [Ipv6Prefix]),
}

impl<'a> Prefixes<'a> {
    /// How many there are.
    pub const fn len(self) -> usize {
        match self {
            Self::V4(list) => list.len(),
            Self::V6(list) => list.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Their family.
    pub const fn family(self) -> Family {
        match self {
            Self::V4(_) => Family::Ipv4,
            Self::V6(_) => Family::Ipv6,
        }
    }

    /// The prefixes, in the order they are to be sent.
    pub fn iter(self) -> impl Iterator<Item = Prefix> + 'a {
        let (v4, v6) = match self {
            Self::V4(list) => (list, [].as_slice()),
            Self::V6(list) => ([].as_slice(), list),
        };
        let v4 = v4.iter().copied().map(Prefix::V4);
        v4.chain(v6.iter().copied().map(Prefix::V6))
    }
}

/// Hashes with a seed that peers do not know, so that they cannot aim at one bucket.
#[derive(Clone, Debug)]
pub(crate) struct Seeded(FixedState);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(FixedState::with_seed(seed))
    }

    pub(crate) fn bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    pub(crate) fn v4(&self, prefix: Ipv4Prefix) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_u64(v4_place(prefix));
        hasher.finish()
    }

    pub(crate) fn v6(&self, prefix: Ipv6Prefix) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write_u128(prefix.address().to_bits());
        hasher.write_u8(prefix.length());
        hasher.finish()
    }
}

/// The address, then the length.
#[inline]
fn v4_place(prefix: Ipv4Prefix) -> u64 {
    u64::from(prefix.address().to_bits()) << 8 | u64::from(prefix.length())
}

/// The address, then the length.
#[inline]
fn v6_place(prefix: Ipv6Prefix) -> (u128, u8) {
    (prefix.address().to_bits(), prefix.length())
}

/// A prefix of one family.
pub(crate) trait Key: Copy + Eq + Ord + Hash + Debug {
    const FAMILY: Family;
    /// What unused entries hold.
    const DEFAULT: Self;
    /// Aligned as entries are to be.
    type Line: Copy + Debug;
    /// Prefixes of this length are areas, in each of which the longer lengths are noted.
    const AREA: u8;
    /// One bit for each length beyond `AREA`.
    type Long: Copy + Default + Debug + Into<u128> + TryFrom<u128>;
    /// Orders as the prefixes do.
    type Place: Copy + Ord;

    fn of(prefix: Prefix) -> Option<Self>;
    fn prefix(self) -> Prefix;
    fn hash(self, seeded: &Seeded) -> u64;
    fn length(self) -> u8 {
        self.prefix().length()
    }
    /// Where it stands in the order of prefixes.
    fn place(self) -> Self::Place;
    /// The first `AREA` bits of the address.
    fn first_bits(self) -> u32;
    /// The prefix of that length around an address of this family.
    fn around(address: IpAddr, length: u8) -> Option<Self>;
    fn lend(list: &[Self]) -> Prefixes<'_>;
}

macro_rules! key {
    ($type:ty, $variant:ident, $family:ident, $hash:ident, $line:ty, $area:literal, $long:ty, $place:ident -> $order:ty) => {
        impl Key for $type {
            const FAMILY: Family = Family::$family;
            const DEFAULT: Self = <$type>::DEFAULT;
            type Line = $line;
            const AREA: u8 = $area;
            type Long = $long;
            type Place = $order;

            #[inline]
            fn of(prefix: Prefix) -> Option<Self> {
                match prefix {
                    Prefix::$variant(prefix) => Some(prefix),
                    _ => None,
                }
            }

            #[inline]
            fn prefix(self) -> Prefix {
                Prefix::$variant(self)
            }

            #[inline]
            fn hash(self, seeded: &Seeded) -> u64 {
                seeded.$hash(self)
            }

            #[inline]
            fn place(self) -> $order {
                $place(self)
            }

            #[inline]
            fn first_bits(self) -> u32 {
                (self.address().to_bits() >> (Family::$family.max_length() - $area)) as u32
            }

            fn around(address: IpAddr, length: u8) -> Option<Self> {
                match address {
                    IpAddr::$variant(address) => <$type>::truncated(address, length),
                    _ => None,
                }
            }

            fn lend(list: &[Self]) -> Prefixes<'_> {
                Prefixes::$variant(list)
            }
        }
    };
}

/// An IPv4 entry is of this size: no entry lies across two lines of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct HalfLine;

key!(Ipv4Prefix, V4, Ipv4, v4, HalfLine, 16, u16, v4_place -> u64);
// Entries of 44 bytes would have to grow by half to stand so.
key!(Ipv6Prefix, V6, Ipv6, v6, (), 32, u128, v6_place -> (u128, u8));

/// These items in the order of their prefixes, as all that leaves a table.
pub(crate) fn sorted<T>(items: impl Iterator<Item = T>, prefix: impl Fn(&T) -> Prefix) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable_by_key(prefix);
    items
}
