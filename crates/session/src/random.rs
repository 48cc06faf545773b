//! The session's own source of chance: one seed, the same sequence everywhere.

use core::time::Duration;

/// A generator for jitter (splitmix64); not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Three quarters of the time to the whole of it (RFC 4271 section 10), in steps of 1/1024.
    pub(crate) fn jittered(&mut self, time: Duration) -> Duration {
        let steps = 768 + u32::try_from(self.next() % 257).unwrap_or(0);
        time.saturating_mul(steps) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_takes_off_a_quarter_at_most_and_varies() {
        let mut random = Random::new(7);
        let whole = Duration::from_secs(60);
        let times: [Duration; 64] = core::array::from_fn(|_| random.jittered(whole));
        assert!(
            times
                .iter()
                .all(|time| (whole * 3 / 4..=whole).contains(time))
        );
        assert!(times.windows(2).any(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn the_same_seed_gives_the_same_times() {
        let (mut first, mut second) = (Random::new(3), Random::new(3));
        for _ in 0..16 {
            assert_eq!(
                first.jittered(Duration::from_secs(5)),
                second.jittered(Duration::from_secs(5))
            );
        }
    }
}
