//! Connect and Active: a connection is being opened, or awaited, or waits for the peer's OPEN.

use super::Action::{
    AbandonDial, CountRetry, Damp, Dial, Drop, Refuse, SendKeepalive, SendNotification, SendOpen,
    StartConnectRetry, StartDelayOpen, StartLargeHold, StartNegotiatedTimers, StopConnectRetry,
    StopDelayOpen, ZeroRetryCounter,
};
use super::{Attributes, Transition, to};
use crate::FsmEvent::{self, *};
use crate::State::{Active, Connect, Idle, OpenConfirm, OpenSent};

pub(super) const fn from_connect(event: FsmEvent, attributes: &Attributes) -> Transition {
    match event {
        ManualStop => to(
            Idle,
            &[
                StopDelayOpen,
                AbandonDial,
                Drop,
                ZeroRetryCounter,
                StopConnectRetry,
            ],
        ),
        ConnectRetryTimerExpires => to(
            Connect,
            &[AbandonDial, Drop, StartConnectRetry, StopDelayOpen, Dial],
        ),
        DelayOpenTimerExpires => to(OpenSent, &[StopDelayOpen, SendOpen, StartLargeHold]),
        TcpConnectionFails if attributes.delay_open_running => {
            to(Active, &[StartConnectRetry, StopDelayOpen, Drop])
        }
        TcpConnectionFails => to(Idle, &[StopConnectRetry, Drop]),
        _ => either(event, attributes, Connect),
    }
}

pub(super) const fn from_active(event: FsmEvent, attributes: &Attributes) -> Transition {
    match event {
        ManualStop if attributes.delay_open_running && attributes.notify_without_open => to(
            Idle,
            &[
                SendNotification,
                StopDelayOpen,
                Drop,
                ZeroRetryCounter,
                StopConnectRetry,
            ],
        ),
        ManualStop => to(
            Idle,
            &[StopDelayOpen, Drop, ZeroRetryCounter, StopConnectRetry],
        ),
        ConnectRetryTimerExpires => to(Connect, &[StartConnectRetry, Dial]),
        DelayOpenTimerExpires => to(
            OpenSent,
            &[StopConnectRetry, StopDelayOpen, SendOpen, StartLargeHold],
        ),
        // The RFC also restarts the ConnectRetryTimer, which Idle ignores: the next start arms it.
        TcpConnectionFails => to(
            Idle,
            &[StopConnectRetry, StopDelayOpen, Drop, CountRetry, Damp],
        ),
        _ => either(event, attributes, Active),
    }
}

/// The events that both states answer alike.
const fn either(event: FsmEvent, attributes: &Attributes, here: crate::State) -> Transition {
    match event {
        ManualStart
        | AutomaticStart
        | ManualStartWithPassiveTcpEstablishment
        | AutomaticStartWithPassiveTcpEstablishment
        | AutomaticStartWithDampPeerOscillations
        | AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment
        | TcpConnectionValid => to(here, &[]),
        TcpCrInvalid => to(here, &[Refuse]),
        TcpCrAcked | TcpConnectionConfirmed if attributes.delay_open => {
            to(here, &[StopConnectRetry, StartDelayOpen])
        }
        TcpCrAcked | TcpConnectionConfirmed => {
            to(OpenSent, &[StopConnectRetry, SendOpen, StartLargeHold])
        }
        BgpOpenWithDelayOpenTimerRunning => to(
            OpenConfirm,
            &[
                StopConnectRetry,
                StopDelayOpen,
                SendOpen,
                SendKeepalive,
                StartNegotiatedTimers,
            ],
        ),
        BgpHeaderErr | BgpOpenMsgErr if attributes.notify_without_open => to(
            Idle,
            &[
                SendNotification,
                StopConnectRetry,
                StopDelayOpen,
                Drop,
                CountRetry,
                Damp,
            ],
        ),
        NotifMsgVerErr if attributes.delay_open_running => {
            to(Idle, &[StopConnectRetry, StopDelayOpen, Drop])
        }
        _ => to(
            Idle,
            &[
                StopConnectRetry,
                StopDelayOpen,
                AbandonDial,
                Drop,
                CountRetry,
                Damp,
            ],
        ),
    }
}
