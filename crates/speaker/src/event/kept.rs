//! What is said of a peer's routes as a whole: too many, or kept although it is gone.

use std::fmt;

use routehub::estate::OverLimit;
use routehub::types::{Family, FamilySet};
use routehub_session::SweepReason;

use super::EventKind;

impl EventKind {
    /// Writes events about a peer's routes as a whole; of others nothing.
    pub(super) fn fmt_of_routes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LimitExceeded(None) => f.write_str("more routes than it may announce"),
            Self::LimitExceeded(Some(numbers)) => {
                write!(f, "more routes than it may announce: {numbers}")
            }
            Self::BeyondMaximum { action, exceeded } => {
                let done = match action {
                    OverLimit::Discard => "further ones are discarded",
                    _ => "the session goes on",
                };
                write!(f, "more routes than it may have: {exceeded}; {done}")
            }
            Self::Paused(Some(time)) => {
                write!(f, "not held for {} s after too many routes", time.as_secs())
            }
            Self::Paused(None) => {
                f.write_str("not held after too many routes, until it is enabled")
            }
            Self::Retained(families) => {
                write!(f, "it restarts: its routes stay, {}", Families(*families))
            }
            Self::LongLivedStale(family, time) => {
                let family = Families([*family].into_iter().collect());
                let seconds = time.as_secs();
                write!(
                    f,
                    "it is not back in time: its routes stay for {seconds} s, long-lived stale, \
                     {family}"
                )
            }
            Self::Swept(family, reason) => {
                let family = Families([*family].into_iter().collect());
                write!(f, "its stale routes are gone, {family}: {}", why(*reason))
            }
            _ => Ok(()),
        }
    }
}

/// Families as a line of text names them.
struct Families(FamilySet);

impl fmt::Display for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, family) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { " and " };
            let name = match family {
                Family::Ipv4 => "IPv4",
                Family::Ipv6 => "IPv6",
            };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
    }
}

/// Why stale routes went.
const fn why(reason: SweepReason) -> &'static str {
    match reason {
        SweepReason::EndOfRib => "it has sent all that it has now",
        SweepReason::EndOfRefresh => "it has sent its routes again",
        SweepReason::RestartTime => "it did not come back in time",
        SweepReason::StaleTime => "they were stale for too long",
        SweepReason::LongLivedStaleTime => "they were long-lived stale for too long",
        SweepReason::NotPreserved => "it came back without them",
        SweepReason::SecondRestart => "it was lost again before it had sent them",
        SweepReason::Stopped => "its session was stopped",
    }
}
