//! Chance from a seed: the same seed gives the same session.

/// Numbers that look random: SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The upper half of the next number.
    pub(crate) const fn next_u32(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }

    /// A number of a range, its ends included.
    pub(crate) const fn between(&mut self, least: u32, most: u32) -> u32 {
        let width = (most - least) as u64 + 1;
        least + (self.next() % width) as u32
    }
}
