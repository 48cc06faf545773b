//! Why a connection or session ended.

use alloc::vec::Vec;
use core::fmt;

use routehub_types::{Asn, FamilySet, RouterId};
use routehub_wire::{AfiSafi, DecodeError, Fault, MessageType, Notification, Role};

use crate::State;
use crate::counters::DownCounters;

/// Why a connection, and with it the session if it was the established one, ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DownReason {
    /// An operator stopped the session; the peer was told this.
    #[error("stopped by the operator, sent {0}")]
    Stopped(Notification),
    /// The layers above ended the session; the peer was told this.
    #[error("torn down, sent {0}")]
    TornDown(Notification),
    /// Routes were asked for again, and the peer has no route refresh capability; the
    /// peer was told this.
    #[error("reset, the peer has no route refresh, sent {0}")]
    NoRouteRefresh(Notification),
    /// The peer ended the session and said this.
    #[error("the peer sent {0}")]
    NotificationReceived(Notification),
    /// The peer was silent for the hold time (RFC 4271 section 6.5).
    #[error("hold timer expired")]
    HoldTimerExpired,
    /// The peer took nothing of what was sent for the send hold time (RFC 9687).
    #[error("send hold timer expired")]
    SendHoldTimerExpired,
    /// The connection could not be opened.
    #[error("the connection could not be opened")]
    ConnectFailed,
    /// The connection was not open after the ConnectRetryTime.
    #[error("the connection was not opened in time")]
    ConnectTimedOut,
    /// The connection was closed by the peer or lost.
    #[error("the connection was closed")]
    ConnectionClosed,
    /// A message was wrong (RFC 4271 section 6.1 and 6.2, RFC 7313 section 5).
    #[error("wrong message: {0}")]
    MessageError(DecodeError),
    /// An UPDATE had faults that end the session (RFC 4271 section 6.3, RFC 7606).
    #[error("wrong UPDATE, sent {notification}{}", Faults(faults))]
    UpdateError {
        /// What the peer is told.
        notification: Notification,
        /// All that is wrong with it.
        faults: Vec<Fault>,
    },
    /// An OPEN was readable but not acceptable.
    #[error("OPEN rejected: {0}")]
    OpenRejected(OpenRejection),
    /// A message did not fit the state (RFC 6608).
    #[error("{message} does not fit {state}")]
    UnexpectedMessage {
        /// The state of the connection.
        state: State,
        /// The type of the message.
        message: MessageType,
    },
    /// Another connection to the same peer was kept (RFC 4271 section 6.8).
    #[error("another connection was kept")]
    Collision,
    /// The peer opened another connection and had not sent its OPEN on this one.
    #[error("a newer connection took its place before an OPEN came")]
    Replaced,
    /// The peer restarted and connected again (RFC 4724 section 4.2).
    #[error("the peer restarted and connected again")]
    PeerRestarted,
}

impl DownReason {
    /// The NOTIFICATION that tells the peer; none where the peer is told nothing.
    pub fn notification(&self) -> Option<Notification> {
        match self {
            Self::Stopped(sent) | Self::TornDown(sent) | Self::NoRouteRefresh(sent) => {
                Some(sent.clone())
            }
            Self::HoldTimerExpired => Some(Notification::HOLD_TIMER_EXPIRED),
            Self::SendHoldTimerExpired => Some(Notification::SEND_HOLD_TIMER_EXPIRED),
            Self::MessageError(error) => Some(error.notification().clone()),
            Self::UpdateError { notification, .. } => Some(notification.clone()),
            Self::OpenRejected(rejection) => Some(rejection.notification()),
            Self::UnexpectedMessage { state, message } => Some(unexpected(*state, *message)),
            Self::Collision | Self::Replaced => Some(Notification::COLLISION_RESOLUTION),
            Self::NotificationReceived(_)
            | Self::ConnectFailed
            | Self::ConnectTimedOut
            | Self::ConnectionClosed
            | Self::PeerRestarted => None,
        }
    }

    /// Whether a session that ends like this, with this NOTIFICATION to the peer, is expected back
    /// (RFC 4724 section 4.2; after a NOTIFICATION only with the N bit, and never after a hard
    /// reset: RFC 8538 section 4).
    pub(crate) fn is_graceful(&self, n_bit: bool, sent: Option<&Notification>) -> bool {
        match self {
            Self::ConnectionClosed | Self::PeerRestarted => true,
            Self::Stopped(_) => false,
            Self::NotificationReceived(received) => n_bit && !received.is_hard_reset(),
            _ => n_bit && sent.is_some_and(|sent| !sent.is_hard_reset()),
        }
    }

    /// Counts this reason.
    pub(crate) const fn count(&self, counters: &mut DownCounters) {
        let count = match self {
            Self::Stopped(_) | Self::TornDown(_) | Self::NoRouteRefresh(_) => &mut counters.ordered,
            Self::NotificationReceived(_) => &mut counters.notification_received,
            Self::HoldTimerExpired => &mut counters.hold_timer,
            Self::SendHoldTimerExpired => &mut counters.send_hold_timer,
            Self::ConnectFailed
            | Self::ConnectTimedOut
            | Self::ConnectionClosed
            | Self::PeerRestarted => &mut counters.connection,
            Self::MessageError(_) | Self::UpdateError { .. } => &mut counters.message_error,
            Self::OpenRejected(_) => &mut counters.open_rejected,
            Self::UnexpectedMessage { .. } => &mut counters.unexpected_message,
            Self::Collision | Self::Replaced => &mut counters.collision,
        };
        *count += 1;
    }
}

/// The Finite State Machine Error of a message in a state (RFC 6608 section 4).
fn unexpected(state: State, message: MessageType) -> Notification {
    let error = match state {
        State::OpenSent => Notification::UNEXPECTED_IN_OPEN_SENT,
        State::OpenConfirm => Notification::UNEXPECTED_IN_OPEN_CONFIRM,
        State::Established => Notification::UNEXPECTED_IN_ESTABLISHED,
        State::Idle | State::Connect | State::Active => return Notification::FSM_ERROR,
    };
    error.with_data([message.code()].to_vec())
}

/// The faults of an UPDATE, behind what is said of it.
struct Faults<'a>(&'a [Fault]);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|fault| write!(f, "; {fault}"))
    }
}

/// Why an OPEN that can be read is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenRejection {
    /// The peer has another ASN than configured (RFC 4271 section 6.2).
    PeerAs {
        /// The configured one.
        expected: Asn,
        /// The peer's.
        actual: Asn,
    },
    /// The BGP identifier is 0, or ours although the peer is internal (RFC 6286 section 2.2).
    RouterId(RouterId),
    /// The hold time is lower than configured, in seconds (RFC 4271 section 6.2).
    HoldTime(u16),
    /// The peer speaks none of our families, which these are (RFC 5492 section 3).
    NoCommonFamily(FamilySet),
    /// The roles do not fit (RFC 9234 section 4.2).
    Role {
        /// Ours.
        local: Role,
        /// The peer's; none if it tells none.
        peer: Option<Role>,
    },
    /// The peer tells a role that is not assigned, and we have one (RFC 9234 section 4.2).
    RoleUnassigned {
        /// Ours.
        local: Role,
    },
}

impl OpenRejection {
    /// The NOTIFICATION that tells the peer.
    pub fn notification(&self) -> Notification {
        match self {
            Self::PeerAs { .. } => Notification::BAD_PEER_AS,
            Self::RouterId(_) => Notification::BAD_BGP_IDENTIFIER,
            Self::HoldTime(_) => Notification::UNACCEPTABLE_HOLD_TIME,
            Self::NoCommonFamily(ours) => {
                Notification::UNSUPPORTED_CAPABILITY.with_data(multiprotocol(*ours))
            }
            Self::Role { .. } | Self::RoleUnassigned { .. } => Notification::ROLE_MISMATCH,
        }
    }
}

/// The multiprotocol capabilities of these families, encoded (RFC 4760 section 8).
fn multiprotocol(families: FamilySet) -> Vec<u8> {
    let encoded = families.iter().flat_map(|family| {
        let AfiSafi { afi, safi } = family.into();
        let [high, low] = afi.to_be_bytes();
        [1, 4, high, low, 0, safi]
    });
    encoded.collect()
}

impl core::error::Error for OpenRejection {}

impl fmt::Display for OpenRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerAs { expected, actual } => {
                write!(f, "peer AS {actual}, expected {expected}")
            }
            Self::RouterId(id) => write!(f, "BGP identifier {id}"),
            Self::HoldTime(seconds) => write!(f, "hold time {seconds} s"),
            Self::NoCommonFamily(_) => f.write_str("no common address family"),
            Self::Role { local, peer } => match peer {
                Some(peer) => write!(f, "role {peer} does not fit ours, {local}"),
                None => write!(f, "no role, ours is {local}"),
            },
            Self::RoleUnassigned { local } => {
                write!(f, "a role that is not assigned, ours is {local}")
            }
        }
    }
}
