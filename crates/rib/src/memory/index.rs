//! The index over the entries of a table: which entry has a hash.
//!
//! One look-up waits for memory once: a line is one line of the processor's cache and holds the
//! entries of twelve prefixes with eight bits of each one's hash. A prefix that finds its line full
//! goes to the next one, and the lines it passed count it.

use alloc::vec::Vec;

use super::entry::NONE;

/// Entries in one line.
const PLACES: usize = 12;
/// Of these, how many are taken on average when the index is to grow, in tenths.
const LOAD: usize = 7;

const ONES: u64 = u64::from_le_bytes([1; 8]);
/// All bits of each octet but the top one.
const LOW: u64 = ONES * 0x7f;
/// Times this, the lowest bit of octet `n` becomes bit `56 + n`.
const GATHER: u64 = 0x0102_0408_1020_4080;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line {
    /// Eight bits of each hash; 0 where there is none.
    tags: [u8; PLACES],
    /// How many entries stand in a later line because this one was full.
    passed: u32,
    entries: [u32; PLACES],
}

impl Line {
    const EMPTY: Self = Self {
        tags: [0; PLACES],
        passed: 0,
        entries: [NONE; PLACES],
    };

    /// The places with a tag in ascending order.
    #[inline]
    fn places(&self, tag: u8) -> Places {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.tags;
        let pattern = u64::from(tag) * ONES;
        let first = u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ pattern;
        let last = u64::from_le_bytes([i, j, k, l, 0, 0, 0, 0]) ^ (pattern & u64::from(u32::MAX));
        // The top bit of each octet that is zero, then these bits side by side: without a branch,
        // for a wrong guess would wait for memory.
        let zeros = |word: u64| !(((word & LOW) + LOW) | word | LOW);
        let bits = |word: u64| (zeros(word) >> 7).wrapping_mul(GATHER) >> 56;
        Places((bits(first) | (bits(last) & 0xf) << 8) as u32)
    }
}

/// Bits of places.
struct Places(u32);

impl Iterator for Places {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (place < PLACES).then_some(place)
    }
}

/// Entry numbers by hash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// A power of two of them, or none.
    lines: Vec<Line>,
    len: usize,
}

impl Index {
    /// The smallest index that is not full with so many entries.
    pub(crate) fn with_room(entries: usize) -> Self {
        let lines = entries * 10 / (PLACES * LOAD) + 1;
        Self {
            lines: alloc::vec![Line::EMPTY; lines.next_power_of_two()],
            len: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Whether one more entry needs a larger index.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len * 10 >= self.lines.len() * PLACES * LOAD
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & self.lines.len().wrapping_sub(1)
    }

    /// The line after another.
    #[inline]
    fn after(&self, line: usize) -> usize {
        (line + 1) & (self.lines.len() - 1)
    }

    #[inline]
    const fn tag(hash: u64) -> u8 {
        match (hash >> 56) as u8 {
            0 => 1,
            tag => tag,
        }
    }

    /// Reads of the line of a hash, which puts it into the processor's cache.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) -> u32 {
        self.lines
            .get(self.home(hash))
            .map_or(0, |line| line.passed)
    }

    /// The first entry in the line of a hash that may be its own; whose it is has to be looked at.
    #[inline]
    pub(crate) fn first_match(&self, hash: u64) -> Option<u32> {
        let line = self.lines.get(self.home(hash))?;
        let place = line.places(Self::tag(hash)).next()?;
        Some(line.entries[place])
    }

    /// The entry with a hash for which `fits` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, fits: impl Fn(u32) -> bool) -> Option<u32> {
        let (line, place) = self.place(hash, fits)?;
        Some(self.lines[line].entries[place])
    }

    #[inline]
    fn place(&self, hash: u64, fits: impl Fn(u32) -> bool) -> Option<(usize, usize)> {
        let mut at = self.home(hash);
        for _ in 0..self.lines.len() {
            let line = &self.lines[at];
            let mut places = line.places(Self::tag(hash));
            if let Some(place) = places.find(|place| fits(line.entries[*place])) {
                return Some((at, place));
            }
            if line.passed == 0 {
                return None;
            }
            at = self.after(at);
        }
        None
    }

    /// Adds an entry that is not there yet; there has to be room.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, entry: u32) {
        let mut at = self.home(hash);
        for _ in 0..self.lines.len() {
            let line = &mut self.lines[at];
            if let Some(place) = line.places(0).next() {
                line.tags[place] = Self::tag(hash);
                line.entries[place] = entry;
                self.len += 1;
                return;
            }
            line.passed += 1;
            at = self.after(at);
        }
    }

    /// Forgets an entry.
    pub(crate) fn remove(&mut self, hash: u64, entry: u32) -> bool {
        let Some((found, place)) = self.place(hash, |found| found == entry) else {
            return false;
        };
        let mut at = self.home(hash);
        while at != found {
            self.lines[at].passed -= 1;
            at = self.after(at);
        }
        self.lines[found].tags[place] = 0;
        self.len -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_one_line_of_the_cache() {
        assert_eq!((size_of::<Line>(), align_of::<Line>()), (64, 64));
    }

    #[test]
    fn an_empty_index_has_no_memory_and_finds_nothing() {
        let index = Index::default();
        assert!(index.is_full());
        assert_eq!(index.lines.capacity(), 0);
        assert_eq!(
            (index.first_match(7), index.find(7, |_| true)),
            (None, None)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        // Hashes of few values, so that lines overflow and tags collide.
        #[test]
        fn it_finds_what_was_inserted_and_not_removed(
            steps in prop::collection::vec((any::<bool>(), 0..3u64, 0..4u64, 0..40u32), 0..300)
        ) {
            let hash = |low: u64, high: u64| low | high << 56;
            let mut index = Index::with_room(200);
            let mut model = BTreeMap::new();
            for (insert, low, high, entry) in steps {
                let known = model.get(&entry).copied();
                if insert && known.is_none() && !index.is_full() {
                    index.insert(hash(low, high), entry);
                    model.insert(entry, hash(low, high));
                } else if let (false, Some(hash)) = (insert, known) {
                    prop_assert!(index.remove(hash, entry));
                    model.remove(&entry);
                    prop_assert!(!index.remove(hash, entry));
                }
                prop_assert_eq!(index.len(), model.len());
                for (entry, hash) in &model {
                    prop_assert_eq!(index.find(*hash, |found| found == *entry), Some(*entry));
                }
            }
            for entry in model.keys().copied().collect::<Vec<_>>() {
                index.remove(model[&entry], entry);
            }
            prop_assert!(index.lines.iter().all(|line| line.passed == 0 && line.tags == [0; PLACES]));
        }
    }
}
