//! Established: routes are exchanged.

use super::Action::{
    CountRetry, Damp, Drop, Refuse, RestartHold, SendKeepalive, SendNotification,
    StartConnectRetry, StopConnectRetry, TrackSecond, ZeroRetryCounter,
};
use super::{Attributes, Transition, to};
use crate::FsmEvent::{self, *};
use crate::State::{Connect, Established, Idle};

pub(super) const fn transition(event: FsmEvent, attributes: &Attributes) -> Transition {
    match event {
        ManualStart
        | AutomaticStart
        | ManualStartWithPassiveTcpEstablishment
        | AutomaticStartWithPassiveTcpEstablishment
        | AutomaticStartWithDampPeerOscillations
        | AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment => to(Established, &[]),
        ManualStop => to(
            Idle,
            &[SendNotification, StopConnectRetry, Drop, ZeroRetryCounter],
        ),
        KeepaliveTimerExpires => to(Established, &[SendKeepalive]),
        // A peer that restarts gracefully and connects again has lost this connection.
        TcpCrAcked | TcpConnectionConfirmed if attributes.peer_restarts_gracefully => {
            to(Connect, &[Drop, ZeroRetryCounter, StartConnectRetry])
        }
        TcpConnectionValid | TcpCrAcked | TcpConnectionConfirmed => to(Established, &[TrackSecond]),
        TcpCrInvalid => to(Established, &[Refuse]),
        NotifMsgVerErr | NotifMsg | TcpConnectionFails => {
            to(Idle, &[StopConnectRetry, Drop, CountRetry])
        }
        // The other connection is closed instead (RFC 4271 section 6.8).
        OpenCollisionDump if !attributes.collision_detect_established => to(Established, &[]),
        KeepAliveMsg | UpdateMsg => to(Established, &[RestartHold]),
        RouteRefreshMsg => to(Established, &[]),
        // AutomaticStop, HoldTimer_Expires, SendHoldTimer_Expires, BGPHeaderErr (RFC 4271 section
        // 6.1 gives it its own error code), UpdateMsgErr, OpenCollisionDump, and all that is a
        // Finite State Machine Error here.
        _ => to(
            Idle,
            &[SendNotification, StopConnectRetry, Drop, CountRetry, Damp],
        ),
    }
}
