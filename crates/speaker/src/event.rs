//! Events of a running server, for whoever subscribes to them.

mod connection;
mod kept;
mod malformed;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use routehub::LimitExceeded;
use routehub::estate::OverLimit;
use routehub::types::{Asn, Escaped, Family, FamilySet, Prefix};
use routehub_session::{DownReason, SweepReason};
use tokio::sync::broadcast;

use crate::Neighbor;
use crate::bfd::BfdChange;
pub use connection::{ConnectionRefusal, DynamicConnection};
pub use malformed::{FaultReport, MalformedUpdate};

/// Events that are kept for a slow subscriber; the oldest are lost first.
const EVENTS: usize = 1024;

/// An event of a running server.
#[derive(Clone, Debug)]
pub struct ServerEvent {
    /// The neighbour that it concerns; none if it is not known, or not one alone.
    pub neighbor: Option<Arc<Neighbor>>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// The session is established.
    Established {
        /// The peer's ASN.
        asn: Asn,
        /// The hold time agreed on; zero: none.
        hold_time: Duration,
    },
    /// A run of updates has ended; so many routes are held of the peer now.
    Learned {
        /// How many.
        routes: usize,
    },
    /// The session is no longer established.
    Down(DownReason),
    /// A connection ended before the session was established.
    AttemptFailed(DownReason),
    /// A session of BFD beside the peer's has another state (RFC 5880).
    Bfd(BfdChange),
    /// Routes are kept back from the peer because no message to it can hold them; those that it
    /// had are withdrawn from it (RFC 4271 section 9.1.3, RFC 8654 section 4).
    Unsendable {
        /// Their prefixes.
        prefixes: Vec<Prefix>,
    },
    /// The peer announced more routes than it may; with the numbers, where they are known.
    LimitExceeded(Option<LimitExceeded>),
    /// The peer announced more routes than it may, and its session goes on.
    BeyondMaximum {
        /// What is done.
        action: OverLimit,
        /// By how much.
        exceeded: LimitExceeded,
    },
    /// The peer may have announced too many routes: its session is not held for so long, or until
    /// it is enabled.
    Paused(Option<Duration>),
    /// The peer restarts: its routes of these families stay, and are stale (RFC 4724 section 4.2).
    Retained(FamilySet),
    /// The peer is not back within its restart time: its stale routes of a family stay for so long
    /// at the most, long-lived stale (RFC 9494 section 4.2).
    LongLivedStale(Family, Duration),
    /// Routes of the peer in a family that were stale are gone.
    Swept(Family, SweepReason),
    /// An UPDATE of the peer was malformed: its routes count as withdrawn, or attributes of it were
    /// left out (RFC 7606).
    Malformed(Arc<MalformedUpdate>),
    /// So many refused routes of the peer are not kept with their reasons, because there are too
    /// many.
    NotKept {
        /// How many.
        routes: usize,
    },
    /// The session failed, and is not tried again for so long: every connection of the peer is
    /// refused until then.
    HeldBack(Duration),
    /// A connection was refused.
    Refused {
        /// The listening address.
        local: SocketAddr,
        /// The remote address.
        remote: IpAddr,
        /// Why.
        why: ConnectionRefusal,
        /// How many were refused so far: of strangers, or of this peer.
        refused: u64,
    },
    /// A router that nobody described has connected from this prefix, and is a peer from here on.
    PeerAdded(Prefix),
    /// The session of a peer that came by itself from this prefix is over, and the peer is gone.
    PeerRemoved(Prefix),
    /// The kernel dropped segments because of their TCP-MD5 signatures (RFC 2385). It does not say
    /// whose they were.
    SignaturesRefused {
        /// Signatures that are wrong: the keys differ.
        wrong: u64,
        /// Signatures that are missing.
        missing: u64,
        /// Signatures where none is expected.
        unexpected: u64,
    },
    /// A sink rejected changes, or failed.
    Sink {
        /// Its name.
        sink: &'static str,
        /// Why not.
        error: String,
    },
    /// A sink has taken again what it rejected or lost.
    SinkRestored {
        /// Its name.
        sink: &'static str,
        /// How many routes were put back that it had lost.
        put_back: u64,
    },
    /// An event of the network file's language was applied; its id.
    Happened(String),
    /// Another network was loaded.
    Reloaded(Reloaded),
    /// Something failed that the server goes on without.
    Failed(String),
}

impl EventKind {
    /// What programs call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Established { .. } => "established",
            Self::Learned { .. } => "learned",
            Self::Down(_) => "down",
            Self::AttemptFailed(_) => "attempt_failed",
            Self::Bfd(_) => "bfd",
            Self::Unsendable { .. } => "unsendable",
            Self::LimitExceeded(_) => "limit_exceeded",
            Self::BeyondMaximum { .. } => "beyond_maximum",
            Self::Paused(_) => "paused",
            Self::Retained(_) => "retained",
            Self::LongLivedStale(..) => "long_lived_stale",
            Self::Swept(..) => "swept",
            Self::Malformed(_) => "malformed",
            Self::NotKept { .. } => "refused_not_kept",
            Self::HeldBack(_) => "held_back",
            Self::Refused { .. } => "refused",
            Self::PeerAdded(_) => "peer_added",
            Self::PeerRemoved(_) => "peer_removed",
            Self::SignaturesRefused { .. } => "signatures_refused",
            Self::Sink { .. } => "sink",
            Self::SinkRestored { .. } => "sink_restored",
            Self::Happened(_) => "happened",
            Self::Reloaded(_) => "reloaded",
            Self::Failed(_) => "failed",
        }
    }
}

impl ServerEvent {
    /// The address that it is about: that of the neighbour, or of a stranger.
    pub fn source(&self) -> Option<IpAddr> {
        match (&self.kind, &self.neighbor) {
            (EventKind::Refused { remote, .. }, _) => Some(*remote),
            (_, Some(neighbor)) => neighbor.remote.first().copied(),
            _ => None,
        }
    }
}

/// What became of sessions when a server loaded another network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Sessions that went on.
    pub kept: usize,
    /// Sessions that began anew, because their configuration differs.
    pub reset: usize,
    /// Sessions that there were not before.
    pub added: usize,
    /// Sessions that there are no longer.
    pub removed: usize,
}

/// Where events are published.
#[derive(Clone, Debug)]
pub(crate) struct EventSender(broadcast::Sender<ServerEvent>);

impl EventSender {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(EVENTS))
    }

    /// All events from here on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<ServerEvent> {
        self.0.subscribe()
    }

    /// Whether there are subscribers.
    pub(crate) fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Sends an event to all subscribers.
    pub(crate) fn publish(&self, neighbor: Option<&Arc<Neighbor>>, kind: EventKind) {
        let neighbor = neighbor.map(Arc::clone);
        // There may be no subscriber.
        let _ = self.0.send(ServerEvent { neighbor, kind });
    }
}

impl fmt::Display for ServerEvent {
    /// A line that nothing in names and texts can break.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(neighbor) = &self.neighbor {
            write!(f, "{}: ", Escaped::line(neighbor))?;
        }
        write!(f, "{}", Escaped::line(&self.kind))
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Established { asn, hold_time } => {
                let seconds = hold_time.as_secs();
                write!(f, "established, AS {asn}, hold time {seconds} s")
            }
            Self::Learned { routes } => write!(f, "{routes} routes learned"),
            Self::Down(reason) => write!(f, "down: {reason}"),
            Self::AttemptFailed(reason) => write!(f, "not established: {reason}"),
            Self::Bfd(change) => write!(f, "{change}"),
            Self::Unsendable { prefixes } => {
                let prefixes = Listed(prefixes, prefixes.len());
                write!(f, "no message to it can hold {prefixes}")
            }
            Self::Malformed(update) => write!(f, "{update}"),
            Self::NotKept { routes } => {
                write!(
                    f,
                    "{routes} refused routes are not kept: there are too many"
                )
            }
            Self::HeldBack(time) => {
                let seconds = time.as_secs_f64();
                write!(f, "held back for {seconds:.1} s after failures")
            }
            Self::Refused {
                local,
                remote,
                why,
                refused,
            } => write!(
                f,
                "connection from {remote} to {local} refused, {refused} so far: {why}"
            ),
            Self::SignaturesRefused {
                wrong,
                missing,
                unexpected,
            } => write!(
                f,
                "segments dropped for their TCP-MD5 signature: {wrong} wrong, {missing} missing, \
                 {unexpected} unexpected"
            ),
            Self::PeerAdded(prefix) => write!(f, "a peer from here on, by {prefix}"),
            Self::PeerRemoved(prefix) => write!(f, "no peer any more, by {prefix}"),
            Self::Sink { sink, error } => write!(f, "sink {sink}: {error}"),
            Self::SinkRestored { sink, put_back } => match put_back {
                0 => write!(f, "sink {sink} takes changes again"),
                _ => write!(f, "sink {sink} has {put_back} lost routes again"),
            },
            Self::Happened(id) => write!(f, "event {id} happened"),
            Self::Reloaded(reloaded) => write!(f, "{reloaded}"),
            Self::Failed(why) => f.write_str(why),
            Self::LimitExceeded(_)
            | Self::BeyondMaximum { .. }
            | Self::Paused(_)
            | Self::Retained(_)
            | Self::LongLivedStale(..)
            | Self::Swept(..) => self.fmt_of_routes(f),
        }
    }
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kept,
            reset,
            added,
            removed,
        } = self;
        write!(
            f,
            "reloaded: {kept} sessions go on, {reset} are reset, {added} are new, {removed} are gone"
        )
    }
}

/// Prefixes that a line of text names; of more it says how many.
const NAMED: usize = 8;

/// Prefixes as a line of text names them: the first ones, and how many there are.
struct Listed<'a>(&'a [Prefix], usize);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, prefix) in self.0.iter().take(NAMED).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{prefix}")?;
        }
        match self.1.checked_sub(NAMED) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}
