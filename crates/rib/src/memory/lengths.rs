//! Which prefix lengths there are, and where: all that a longest match has to look for.

use alloc::vec::Vec;
use core::net::IpAddr;

use super::grown;
use super::key::Key;

/// Prefixes for each area, at least, when there are to be more areas.
const PER_AREA: usize = 16;

/// How many prefixes have a best path, by length; and of the long ones, which lengths there may be
/// in each area of the address space.
#[derive(Clone, Debug)]
pub(crate) struct Lengths<K: Key> {
    counts: Vec<u32>,
    /// One bit for each length up to `K::AREA` that there is.
    short: u64,
    /// One bit for each length beyond `K::AREA`, by the first bits of the address; a power of two
    /// of areas. A bit stays until there are more areas: it costs a look-up at most.
    areas: Vec<K::Long>,
    /// How many prefixes with a best path are long.
    long: usize,
}

impl<K: Key> Lengths<K> {
    pub(crate) const fn new() -> Self {
        Self {
            counts: Vec::new(),
            short: 0,
            areas: Vec::new(),
            long: 0,
        }
    }

    fn count(&mut self, length: u8) -> &mut u32 {
        grown(&mut self.counts, length.into())
    }

    /// Notes that a prefix has a best path now.
    pub(crate) fn add(&mut self, key: K) {
        let length = key.length();
        *self.count(length) += 1;
        if length <= K::AREA {
            self.short |= 1 << length;
        } else {
            self.long += 1;
            self.mark(key);
        }
    }

    /// Notes that a prefix has no best path any more.
    pub(crate) fn remove(&mut self, key: K) {
        let length = key.length();
        let count = self.count(length);
        *count -= 1;
        let none = *count == 0;
        if length > K::AREA {
            self.long -= 1;
        } else if none {
            self.short &= !(1 << length);
        }
    }

    /// Notes in its area that there is a long prefix.
    fn mark(&mut self, key: K) {
        let area = self.area(key.first_bits());
        if let Some(lengths) = self.areas.get_mut(area)
            && let Ok(marked) = K::Long::try_from((*lengths).into() | Self::bit(key.length()))
        {
            *lengths = marked;
        }
    }

    const fn bit(length: u8) -> u128 {
        1 << (length - K::AREA - 1)
    }

    fn area(&self, first_bits: u32) -> usize {
        let mixed = u64::from(first_bits).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & self.areas.len().wrapping_sub(1)
    }

    /// Whether there are too few areas for one more long prefix.
    pub(crate) fn needs_growth(&self) -> bool {
        self.long >= self.areas.len() * PER_AREA
    }

    /// Makes more areas; `all` are the prefixes that have a best path.
    pub(crate) fn grow(&mut self, all: impl Iterator<Item = K>) {
        let areas = (2 * self.long / PER_AREA + 1).next_power_of_two();
        self.areas = Vec::new();
        self.areas.resize(areas, K::Long::default());
        all.filter(|key| key.length() > K::AREA)
            .for_each(|key| self.mark(key));
    }

    /// The lengths, up to a longest, that a prefix around an address may have, the longest first.
    pub(crate) fn around(&self, address: IpAddr, length: u8) -> impl Iterator<Item = u8> + use<K> {
        let host = K::around(address, K::FAMILY.max_length());
        let area = host.and_then(|host| self.areas.get(self.area(host.first_bits())));
        let long = area.map_or(0, |lengths| (*lengths).into());
        let long = match length.checked_sub(K::AREA) {
            None | Some(0) => 0,
            Some(longest) => long & (u128::MAX >> (128 - longest)),
        };
        let short = u128::from(self.short) & (u128::MAX >> (127 - length.min(K::AREA)));
        descending(long)
            .map(|bit| bit + K::AREA + 1)
            .chain(descending(short))
    }
}

/// The numbers of the bits that are set, the highest first.
fn descending(bits: u128) -> impl Iterator<Item = u8> {
    let highest = |bits: u128| bits.checked_ilog2().map(|bit| (bits, bit as u8));
    let rest = move |(bits, bit): &(u128, u8)| highest(bits & !(1 << bit));
    core::iter::successors(highest(bits), rest).map(|(_, bit)| bit)
}
