//! When a session tries again: the ConnectRetryTimer, damping, and the chance in both.

use core::time::Duration;

use routehub_types::Instant;

use crate::{Backoff, Timer};

/// When a session tries again, and how often it failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retry {
    connect_retry: Option<Instant>,
    idle_hold: Option<Instant>,
    /// The ConnectRetryCounter.
    pub(crate) counter: u32,
    /// Attempts to connect since the session was last established.
    dials: u32,
    /// Failures in a row that damping counts.
    damped: u32,
}

impl Retry {
    /// The timers of the session's next attempt, and when they expire.
    pub(crate) const fn deadlines(&self) -> [(Timer, Option<Instant>); 2] {
        [
            (Timer::ConnectRetry, self.connect_retry),
            (Timer::IdleHold, self.idle_hold),
        ]
    }

    /// Forgets all failures but what the ConnectRetryCounter counts.
    pub(crate) const fn start_over(&mut self) {
        self.idle_hold = None;
        self.dials = 0;
        self.damped = 0;
    }

    pub(crate) const fn on_dial(&mut self) {
        self.dials = self.dials.saturating_add(1);
    }

    pub(crate) const fn on_established(&mut self) {
        self.dials = 0;
    }

    /// The session was up for long enough to count as stable.
    pub(crate) const fn on_stable(&mut self) {
        self.damped = 0;
    }

    /// Starts the ConnectRetryTimer.
    pub(crate) fn start_connect_retry(&mut self, now: Instant, time: Backoff, chance: &mut Random) {
        let time = time.after(self.dials.saturating_sub(1));
        self.connect_retry = Some(now + chance.jittered(time));
    }

    pub(crate) const fn stop_connect_retry(&mut self) {
        self.connect_retry = None;
    }

    /// Holds the session in Idle for longer after every failure: starts the IdleHoldTimer.
    pub(crate) fn damp(&mut self, now: Instant, time: Backoff, chance: &mut Random) {
        let time = time.after(self.damped);
        self.damped = self.damped.saturating_add(1);
        self.idle_hold = Some(now + chance.jittered(time));
    }

    pub(crate) const fn stop_idle_hold(&mut self) {
        self.idle_hold = None;
    }

    /// Until when damping holds the session in Idle.
    pub(crate) const fn held_back_until(&self) -> Option<Instant> {
        self.idle_hold
    }

    /// Whether damping holds the session in Idle.
    pub(crate) const fn is_held_back(&self) -> bool {
        self.idle_hold.is_some()
    }
}

/// The session's own source of chance: one seed, the same sequence everywhere.
///
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
