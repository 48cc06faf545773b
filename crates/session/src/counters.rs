//! What an operator counts.

use routehub_types::Instant;
use routehub_wire::{MessageType, Notification};

/// How many messages of each type went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageCounters {
    /// OPEN messages.
    pub open: u64,
    /// UPDATE messages.
    pub update: u64,
    /// NOTIFICATION messages.
    pub notification: u64,
    /// KEEPALIVE messages.
    pub keepalive: u64,
    /// ROUTE-REFRESH messages.
    pub route_refresh: u64,
    /// Octets of all messages.
    pub octets: u64,
}

impl MessageCounters {
    /// All messages.
    pub const fn messages(&self) -> u64 {
        self.open + self.update + self.notification + self.keepalive + self.route_refresh
    }

    pub(crate) const fn count(&mut self, kind: MessageType, octets: usize) {
        let count = match kind {
            MessageType::Open => &mut self.open,
            MessageType::Update => &mut self.update,
            MessageType::Notification => &mut self.notification,
            MessageType::Keepalive => &mut self.keepalive,
            MessageType::RouteRefresh => &mut self.route_refresh,
        };
        *count += 1;
        self.octets += octets as u64;
    }
}

/// A NOTIFICATION that was sent or received, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LastError {
    /// When.
    pub at: Instant,
    /// What it said.
    pub notification: Notification,
}

/// What happened in a session since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counters {
    /// What was received.
    pub received: MessageCounters,
    /// What was given out to be sent.
    pub sent: MessageCounters,
    /// UPDATEs of which an attribute was dropped (RFC 7606).
    pub attribute_discards: u64,
    /// UPDATEs whose routes count as withdrawn (RFC 7606).
    pub treated_as_withdraw: u64,
    /// End-of-RIB markers received.
    pub end_of_rib: u64,
    /// Messages ignored, by reason.
    pub ignored: IgnoredCounters,
    /// How often the session reached Established.
    pub established: u64,
    /// How often the session left Established, by reason.
    pub downs: DownCounters,
    /// How often an attempt ended before Established, by reason.
    pub failed_attempts: DownCounters,
    /// Connections that we tried to open.
    pub connects: u64,
    /// Connections that the peer opened and we took.
    pub accepted: u64,
    /// Connections that the peer opened and we refused.
    pub refused: u64,
}

/// Messages that were read and had no effect, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IgnoredCounters {
    /// End-of-RIB markers of a family that is not in use.
    pub end_of_rib_family: u64,
    /// ROUTE-REFRESH for a family that is not in use.
    pub refresh_family: u64,
    /// ROUTE-REFRESH of an unknown subtype, or of one that was not negotiated.
    pub refresh_subtype: u64,
    /// ROUTE-REFRESH from a peer to which we did not offer it (RFC 2918 section 4).
    pub refresh_not_offered: u64,
    /// End of a route refresh that never began (RFC 7313 section 4).
    pub refresh_end_without_begin: u64,
    /// Begin of a route refresh before the End-of-RIB of a peer that restarts gracefully
    /// (RFC 7313 section 4).
    pub refresh_begin_before_end_of_rib: u64,
}

/// How often something ended, by reason: one count per kind of [`DownReason`](crate::DownReason).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DownCounters {
    /// By an operator's order, or that of the layers above.
    pub ordered: u64,
    /// The peer sent a NOTIFICATION.
    pub notification_received: u64,
    /// The HoldTimer expired.
    pub hold_timer: u64,
    /// The SendHoldTimer expired.
    pub send_hold_timer: u64,
    /// The connection was lost or could not be opened.
    pub connection: u64,
    /// A message was wrong.
    pub message_error: u64,
    /// An OPEN was readable but not acceptable.
    pub open_rejected: u64,
    /// A message did not fit the state.
    pub unexpected_message: u64,
    /// Another connection was kept instead.
    pub collision: u64,
}
