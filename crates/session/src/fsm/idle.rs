//! Idle: no connection, and none is accepted.

use super::Action::{Dial, Refuse, StartConnectRetry, ZeroRetryCounter};
use super::{Attributes, Transition, to};
use crate::FsmEvent::{self, *};
use crate::State::{Active, Connect, Idle};

pub(super) const fn transition(event: FsmEvent, attributes: &Attributes) -> Transition {
    match event {
        ManualStart | AutomaticStart => to(Connect, &[ZeroRetryCounter, StartConnectRetry, Dial]),
        ManualStartWithPassiveTcpEstablishment | AutomaticStartWithPassiveTcpEstablishment => {
            to(Active, &[ZeroRetryCounter, StartConnectRetry])
        }
        // While the IdleHoldTimer runs, damping holds the session in Idle.
        AutomaticStartWithDampPeerOscillations
        | AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment
            if attributes.idle_hold_running =>
        {
            to(Idle, &[])
        }
        AutomaticStartWithDampPeerOscillations => to(Connect, &[StartConnectRetry, Dial]),
        AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment => {
            to(Active, &[StartConnectRetry])
        }
        IdleHoldTimerExpires if attributes.passive => to(Active, &[StartConnectRetry]),
        IdleHoldTimerExpires => to(Connect, &[StartConnectRetry, Dial]),
        TcpConnectionValid | TcpCrInvalid | TcpCrAcked | TcpConnectionConfirmed => {
            to(Idle, &[Refuse])
        }
        _ => to(Idle, &[]),
    }
}
