//! Time as an argument.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// A moment, in milliseconds since a start that the caller chose.
///
/// Core crates never fetch the time: whoever drives them passes it in, so that tests and models
/// run on a clock of their own.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Instant(u64);

impl Instant {
    /// The start of the caller's clock.
    pub const ZERO: Self = Self(0);

    /// The moment so many milliseconds after the start of the caller's clock.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The milliseconds since the start of the caller's clock.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time since an earlier moment; zero if that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// The moment so much later, a part of a millisecond counted as a whole one; saturates.
    fn add(self, duration: Duration) -> Self {
        let part = u64::from(duration.subsec_nanos().div_ceil(1_000_000));
        let millis = duration.as_secs().saturating_mul(1000).saturating_add(part);
        Self(self.0.saturating_add(millis))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The same as [`Instant::since`].
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Instant {
    /// Such as `90.250 s`, since the start of the caller's clock.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1000, self.0 % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_timer_never_ends_before_its_time() {
        assert_eq!(
            Instant::from_millis(5) + Duration::from_micros(1),
            Instant::from_millis(6)
        );
        assert_eq!(
            Instant::from_millis(5) + Duration::from_secs(2),
            Instant::from_millis(2005)
        );
    }

    #[test]
    fn sums_and_differences_saturate() {
        assert_eq!(
            Instant::from_millis(u64::MAX) + Duration::MAX,
            Instant::from_millis(u64::MAX)
        );
        assert_eq!(
            Instant::from_millis(3) - Instant::from_millis(7),
            Duration::ZERO
        );
        assert_eq!(
            Instant::from_millis(7) - Instant::from_millis(3),
            Duration::from_millis(4)
        );
    }

    #[test]
    fn a_moment_is_counted_in_milliseconds() {
        let mut now = Instant::ZERO;
        now += Duration::from_secs(90);
        now += Duration::from_millis(25);
        assert_eq!(now.as_millis(), 90_025);
        assert_eq!(now.to_string(), "90.025 s");
    }
}
