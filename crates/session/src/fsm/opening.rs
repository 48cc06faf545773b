//! OpenSent and OpenConfirm: the two speakers introduce themselves.

use super::Action::{
    CountRetry, Damp, Drop, Refuse, RestartHold, SendKeepalive, SendNotification,
    StartConnectRetry, StartNegotiatedTimers, StopConnectRetry, TrackSecond, ZeroRetryCounter,
};
use super::{Transition, to};
use crate::FsmEvent::{self, *};
use crate::State::{Active, Established, Idle, OpenConfirm, OpenSent};

pub(super) const fn from_open_sent(event: FsmEvent) -> Transition {
    match event {
        TcpConnectionFails => to(Active, &[Drop, StartConnectRetry]),
        BgpOpen => to(
            OpenConfirm,
            &[StopConnectRetry, SendKeepalive, StartNegotiatedTimers],
        ),
        _ => either(event, OpenSent),
    }
}

pub(super) const fn from_open_confirm(event: FsmEvent) -> Transition {
    match event {
        KeepaliveTimerExpires => to(OpenConfirm, &[SendKeepalive]),
        TcpConnectionFails => to(Idle, &[StopConnectRetry, Drop, CountRetry, Damp]),
        KeepAliveMsg => to(Established, &[RestartHold]),
        // A second OPEN on one connection is an unexpected message: what it could collide with is
        // another connection, and that one has a state machine of its own.
        _ => either(event, OpenConfirm),
    }
}

/// The events that both states answer alike.
const fn either(event: FsmEvent, here: crate::State) -> Transition {
    match event {
        ManualStart
        | AutomaticStart
        | ManualStartWithPassiveTcpEstablishment
        | AutomaticStartWithPassiveTcpEstablishment
        | AutomaticStartWithDampPeerOscillations
        | AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment => to(here, &[]),
        ManualStop => to(
            Idle,
            &[SendNotification, StopConnectRetry, Drop, ZeroRetryCounter],
        ),
        TcpConnectionValid | TcpCrAcked | TcpConnectionConfirmed => to(here, &[TrackSecond]),
        TcpCrInvalid => to(here, &[Refuse]),
        NotifMsgVerErr => to(Idle, &[StopConnectRetry, Drop]),
        // No NOTIFICATION answers a NOTIFICATION (RFC 4271 section 6.4), in OpenSent neither.
        NotifMsg => to(Idle, &[StopConnectRetry, Drop, CountRetry, Damp]),
        // AutomaticStop, HoldTimer_Expires, BGPHeaderErr, BGPOpenMsgErr, OpenCollisionDump, and
        // all that is a Finite State Machine Error here.
        _ => to(
            Idle,
            &[SendNotification, StopConnectRetry, Drop, CountRetry, Damp],
        ),
    }
}
