//! What a session gives out.

use alloc::boxed::Box;
use core::time::Duration;

use bytes::Bytes;
use routehub_types::{Family, FamilySet};
use routehub_wire::{Notification, UpdateView};

use crate::{DownReason, Negotiated};

/// A connection of a session: the session numbers them, and no number comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConnectionId(pub u64);

/// Who opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Direction {
    /// The peer did.
    Incoming,
    /// We did.
    Outgoing,
}

/// The next thing to do or to know, in order.
#[derive(Clone, Debug)]
pub enum Output<'a> {
    /// Open a TCP connection to the peer, and answer with
    /// [`handle_connected`](crate::Session::handle_connected) or
    /// [`handle_connect_failed`](crate::Session::handle_connect_failed).
    Connect(ConnectionId),
    /// Send these bytes: one or more whole messages. What was written is reported by
    /// [`handle_written`](crate::Session::handle_written).
    Send(ConnectionId, Bytes),
    /// Send what is left if it goes without waiting, then close; a connection that is still being
    /// opened is given up. Nothing about it need be reported any more.
    Close(ConnectionId),
    /// An UPDATE of the established session, with its RFC 7606 outcome; never one that ends the
    /// session. It is lent from the receive buffer; [`CheckedUpdates`](routehub_wire::CheckedUpdates)
    /// keeps it.
    Update(UpdateView<'a>),
    /// Something to know.
    Event(Event),
}

/// What happened in a session.
#[derive(Clone, Debug)]
pub enum Event {
    /// Routes may be exchanged from here on.
    Established(Box<Negotiated>),
    /// The peer has sent all its routes of a family (RFC 4724 section 2).
    EndOfRib(Family),
    /// The UPDATEs since the last such event, or since Established, belong together.
    RunEnded(RunEnd),
    /// The peer wants our routes of a family again (RFC 2918).
    RefreshRequested(Family),
    /// The routes of the peer in a family are stale from here on (RFC 7313 section 4).
    MarkStale(Family),
    /// The peer is not back within its restart time: its stale routes of a family are long-lived
    /// stale from here on, for so long at the most (RFC 9494 section 4.2).
    LongLivedStale(Family, Duration),
    /// Routes of the peer in a family that are still stale go.
    SweepStale(Family, SweepReason),
    /// Routes of the peer in a family that are still long-lived stale go, as their time is over,
    /// while the peer may be back in time for those that became stale later (RFC 9494 section 4.2).
    SweepLongLivedStale(Family),
    /// The session is no longer established.
    Down(Box<Down>),
    /// A connection, or the attempt to open one, ended before it was established.
    AttemptFailed(Box<DownReason>),
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// Why.
    pub reason: DownReason,
    /// The NOTIFICATION that the peer was sent.
    pub sent: Option<Notification>,
    /// The families whose routes stay and are stale, because the peer restarts gracefully
    /// (RFC 4724 section 4.2, RFC 9494 section 4.2); the routes of all others go.
    pub retained: FamilySet,
}

/// What ended an update run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RunEnd {
    /// The End-of-RIB marker of a family: the first, or without a quiet gap any.
    EndOfRib,
    /// No UPDATE came for the quiet gap.
    QuietGap,
}

/// Why stale routes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SweepReason {
    /// The peer has sent all its routes (RFC 4724 section 4.2).
    EndOfRib,
    /// The peer has sent its routes again (RFC 7313 section 4).
    EndOfRefresh,
    /// The peer did not come back within its restart time (RFC 4724 section 4.2).
    RestartTime,
    /// They were stale for the longest time (RFC 8538 section 4.1, RFC 7313 section 4).
    StaleTime,
    /// They were long-lived stale for the Long-lived Stale Time (RFC 9494 section 4.2).
    LongLivedStaleTime,
    /// The peer came back without its forwarding state, or without the family (RFC 4724 section
    /// 4.2).
    NotPreserved,
    /// The peer was lost again before its routes were complete (RFC 4724 section 4.2).
    SecondRestart,
    /// The session was stopped.
    Stopped,
}
