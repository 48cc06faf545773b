//! What a session gives out, each as a line of text. What a peer chose itself is escaped: nothing in
//! a line can drive a terminal.

use core::fmt::{self, Display, Formatter};

use crate::{ConnectionId, Down, Event, Negotiated, RunEnd, SweepReason};

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Established(agreed) => write!(f, "established, {agreed}"),
            Self::EndOfRib(family) => write!(f, "all {family} routes of the peer are here"),
            Self::RunEnded(end) => write!(f, "the UPDATEs so far belong together: {end}"),
            Self::RefreshRequested(family) => write!(f, "the peer wants {family} routes again"),
            Self::MarkStale(family) => write!(f, "{family} routes of the peer are stale"),
            Self::LongLivedStale(family, time) => {
                let seconds = time.as_secs();
                write!(
                    f,
                    "{family} routes of the peer are long-lived stale for {seconds} s"
                )
            }
            Self::SweepStale(family, reason) => {
                write!(f, "{family} routes that are still stale go: {reason}")
            }
            Self::SweepLongLivedStale(family) => {
                write!(
                    f,
                    "{family} routes that are long-lived stale go: their time is over"
                )
            }
            Self::Down(down) => write!(f, "down, {down}"),
            Self::AttemptFailed(reason) => write!(f, "not established, {reason}"),
        }
    }
}

impl Display for Negotiated {
    /// Who the peer is, the hold time and the families.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (asn, id, hold_time) = (self.peer_asn, self.peer_router_id, self.hold_time.as_secs());
        write!(
            f,
            "peer AS {asn}, BGP identifier {id}, hold time {hold_time} s"
        )?;
        self.families
            .iter()
            .try_for_each(|family| write!(f, ", {family}"))
    }
}

impl Display for Down {
    /// Why, and the families whose routes stay.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        self.retained
            .iter()
            .try_for_each(|family| write!(f, ", {family} routes stay"))
    }
}

impl Display for RunEnd {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::EndOfRib => "End-of-RIB",
            Self::QuietGap => "it was quiet",
        })
    }
}

impl Display for SweepReason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::EndOfRib => "the peer has sent all its routes",
            Self::EndOfRefresh => "the peer has sent its routes again",
            Self::RestartTime => "the peer did not come back within its restart time",
            Self::StaleTime => "they were stale for the longest time",
            Self::LongLivedStaleTime => "they were long-lived stale for the longest time",
            Self::NotPreserved => "the peer did not keep its forwarding state",
            Self::SecondRestart => "the peer was lost again before its routes were complete",
            Self::Stopped => "the session was stopped",
        })
    }
}

impl Display for ConnectionId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "connection{}", self.0)
    }
}
