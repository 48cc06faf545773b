//! The states, events and timers of the BGP finite state machine, by their names in RFC 4271.

use core::fmt;

/// A state of the BGP finite state machine (RFC 4271 section 8.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum State {
    /// Not started, or held back after a failure: every incoming connection is refused.
    #[default]
    Idle,
    /// A connection to the peer is being opened.
    Connect,
    /// Listening for the peer's connection.
    Active,
    /// Our OPEN is sent, the peer's is awaited.
    OpenSent,
    /// Both OPENs are good, the peer's KEEPALIVE is awaited.
    OpenConfirm,
    /// Routes are exchanged.
    Established,
}

impl State {
    /// All states, in the order of a session's rise.
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::Connect,
        Self::Active,
        Self::OpenSent,
        Self::OpenConfirm,
        Self::Established,
    ];
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        })
    }
}

macro_rules! fsm_events {
    ($($(#[$docs:meta])* $name:ident = $number:literal, $rfc:literal;)*) => {
        /// An event of the BGP finite state machine (RFC 4271 section 8.1, RFC 9687 section 4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum FsmEvent {
            $($(#[$docs])* $name = $number,)*
        }

        impl FsmEvent {
            /// All events, in the order of their numbers.
            pub const ALL: [Self; 30] = [$(Self::$name),*];

            /// The name in the RFC.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $rfc,)*
                }
            }

            /// The number in the RFC; 0 for what the RFC gives no number.
            pub const fn number(self) -> u8 {
                self as u8
            }
        }
    };
}

fsm_events! {
    /// A ROUTE-REFRESH arrived; RFC 2918 adds the message but no event.
    RouteRefreshMsg = 0, "RouteRefreshMsg";
    /// The operator starts a session that connects.
    ManualStart = 1, "ManualStart";
    /// The operator stops the session.
    ManualStop = 2, "ManualStop";
    /// The system starts a session that connects.
    AutomaticStart = 3, "AutomaticStart";
    /// The operator starts a session that listens.
    ManualStartWithPassiveTcpEstablishment = 4, "ManualStart_with_PassiveTcpEstablishment";
    /// The system starts a session that listens first.
    AutomaticStartWithPassiveTcpEstablishment = 5, "AutomaticStart_with_PassiveTcpEstablishment";
    /// The system starts a session that connects, unless damping holds it back.
    AutomaticStartWithDampPeerOscillations = 6, "AutomaticStart_with_DampPeerOscillations";
    /// The system starts a session that listens, unless damping holds it back.
    AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment = 7,
        "AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment";
    /// The system ends the session, for example at a route limit.
    AutomaticStop = 8, "AutomaticStop";
    /// It is time to connect again.
    ConnectRetryTimerExpires = 9, "ConnectRetryTimer_Expires";
    /// The peer was silent for the hold time.
    HoldTimerExpires = 10, "HoldTimer_Expires";
    /// It is time for a KEEPALIVE.
    KeepaliveTimerExpires = 11, "KeepaliveTimer_Expires";
    /// The peer's OPEN was awaited long enough.
    DelayOpenTimerExpires = 12, "DelayOpenTimer_Expires";
    /// The session was held back long enough.
    IdleHoldTimerExpires = 13, "IdleHoldTimer_Expires";
    /// A TCP SYN of the peer arrived.
    TcpConnectionValid = 14, "TcpConnection_Valid";
    /// A connection that the session does not want arrived.
    TcpCrInvalid = 15, "Tcp_CR_Invalid";
    /// The connection that we opened is up.
    TcpCrAcked = 16, "Tcp_CR_Acked";
    /// A connection that the peer opened is up.
    TcpConnectionConfirmed = 17, "TcpConnectionConfirmed";
    /// A connection was closed, or could not be opened.
    TcpConnectionFails = 18, "TcpConnectionFails";
    /// A good OPEN arrived.
    BgpOpen = 19, "BGPOpen";
    /// A good OPEN arrived before ours was sent.
    BgpOpenWithDelayOpenTimerRunning = 20, "BGPOpen with DelayOpenTimer running";
    /// A message header is wrong.
    BgpHeaderErr = 21, "BGPHeaderErr";
    /// An OPEN is wrong or not acceptable.
    BgpOpenMsgErr = 22, "BGPOpenMsgErr";
    /// This connection loses against another one.
    OpenCollisionDump = 23, "OpenCollisionDump";
    /// The peer refuses our version.
    NotifMsgVerErr = 24, "NotifMsgVerErr";
    /// The peer ends the session.
    NotifMsg = 25, "NotifMsg";
    /// A KEEPALIVE arrived.
    KeepAliveMsg = 26, "KeepAliveMsg";
    /// An UPDATE arrived.
    UpdateMsg = 27, "UpdateMsg";
    /// An UPDATE arrived that ends the session (RFC 7606 leaves few).
    UpdateMsgErr = 28, "UpdateMsgErr";
    /// The peer took nothing of what was sent for the send hold time.
    SendHoldTimerExpires = 29, "SendHoldTimer_Expires";
}

impl fmt::Display for FsmEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A timer of a session, in the order in which those expire that are due at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Timer {
    /// KeepaliveTimer: until the next KEEPALIVE.
    Keepalive,
    /// The quiet gap that ends an update run.
    UpdateRun,
    /// HoldTimer: until the peer was silent for too long.
    Hold,
    /// SendHoldTimer: until the peer took nothing for too long (RFC 9687).
    SendHold,
    /// DelayOpenTimer: how long our OPEN waits for the peer's.
    DelayOpen,
    /// ConnectRetryTimer: until the next attempt to connect, in Connect and Active.
    ConnectRetry,
    /// IdleHoldTimer: how long damping holds the session in Idle.
    IdleHold,
    /// Until a peer that restarts gracefully must be back (RFC 4724).
    Restart,
    /// Until routes of a family that are kept through a restart go; once for each family (RFC 8538
    /// section 4.1).
    Retained,
    /// Until long-lived stale routes of a family go; once for each family (RFC 9494 section 4.2).
    LongLived,
    /// Until routes that are not sent again go (RFC 7313 section 4).
    Refresh,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_stands_at_its_number() {
        for (number, event) in FsmEvent::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(event.number()), number, "{event}");
        }
    }
}
