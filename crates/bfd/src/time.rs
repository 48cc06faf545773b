//! Time as an argument, in the unit that BFD counts in.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// A moment, in microseconds since a start that the caller chose.
///
/// Nothing in this crate fetches the time: whoever drives a session passes it in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The start of the caller's clock.
    pub const ZERO: Self = Self(0);

    /// The moment so many microseconds after the start of the caller's clock.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The microseconds since the start of the caller's clock.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time since an earlier moment; zero if that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// The moment so much later, a part of a microsecond counted as a whole one; saturates.
    fn add(self, duration: Duration) -> Self {
        let part = u128::from(!duration.subsec_nanos().is_multiple_of(1000));
        let micros = u64::try_from(duration.as_micros() + part).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
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

/// The time between two packets as packets carry it, in microseconds (RFC 5880 section 4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(pub u32);

impl Interval {
    /// No packets at all, where an interval says how fast one may receive them (RFC 5880 section
    /// 4.1).
    pub const ZERO: Self = Self(0);

    /// What a session that is not Up sends at, or slower (RFC 5880 section 6.8.3).
    pub const SLOW: Self = Self(1_000_000);

    /// So many milliseconds; saturates at what a packet can carry, over an hour.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// The same as a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_micros(self.0 as u64)
    }
}

impl fmt::Display for Interval {
    /// Such as `300 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 1000 {
            0 => write!(f, "{} ms", self.0 / 1000),
            _ => write!(f, "{} us", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_never_ends_before_its_time() {
        assert_eq!(
            Instant::from_micros(5) + Duration::from_nanos(1),
            Instant::from_micros(6)
        );
        assert_eq!(
            Instant::from_micros(5) + Duration::from_millis(2),
            Instant::from_micros(2005)
        );
        assert_eq!(
            Instant::from_micros(u64::MAX) + Duration::MAX,
            Instant::from_micros(u64::MAX)
        );
        assert_eq!(
            Instant::from_micros(3).since(Instant::from_micros(7)),
            Duration::ZERO
        );
    }
}
