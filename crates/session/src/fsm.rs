//! The finite state machine of RFC 4271 section 8.2.2 as a pure function: a state and an event in,
//! what to do and the next state out.
//!
//! The arms stand in the order of the RFC. `CONFORMANCE.md` lists every state and event with the
//! test that holds it.

use self::Action::{
    AbandonDial, CountRetry, Damp, Dial, Drop, Refuse, RestartHold, SendKeepalive,
    SendNotification, SendOpen, StartConnectRetry, StartDelayOpen, StartLargeHold,
    StartNegotiatedTimers, StopConnectRetry, StopDelayOpen, TrackSecond, ZeroRetryCounter,
};
use crate::FsmEvent::{self, *};
use crate::State::{self, Active, Connect, Established, Idle, OpenConfirm, OpenSent};

/// What a transition does, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sets the ConnectRetryCounter to zero.
    ZeroRetryCounter,
    /// Increments the ConnectRetryCounter.
    CountRetry,
    /// Starts the ConnectRetryTimer; not of a session that only listens.
    StartConnectRetry,
    /// Stops the ConnectRetryTimer.
    StopConnectRetry,
    /// Initiates a TCP connection.
    Dial,
    /// Gives up a TCP connection that is still being opened.
    AbandonDial,
    /// Starts the DelayOpenTimer.
    StartDelayOpen,
    /// Stops the DelayOpenTimer.
    StopDelayOpen,
    /// Sends an OPEN.
    SendOpen,
    /// Sends a KEEPALIVE and restarts the KeepaliveTimer.
    SendKeepalive,
    /// Sends the NOTIFICATION that the event calls for.
    SendNotification,
    /// Sets the HoldTimer to a large value.
    StartLargeHold,
    /// Sets HoldTimer and KeepaliveTimer by what was negotiated.
    StartNegotiatedTimers,
    /// Restarts the HoldTimer.
    RestartHold,
    /// Drops the TCP connection of this state machine.
    Drop,
    /// Performs peer oscillation damping, where configured.
    Damp,
    /// Refuses the TCP connection that the event is about.
    Refuse,
    /// Gives the second TCP connection a state machine of its own.
    TrackSecond,
}

/// The answer of the state machine to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// What to do, in order.
    pub actions: &'static [Action],
    /// The state afterwards.
    pub next: State,
}

/// The optional session attributes (RFC 4271 section 8.1.1) and facts that a transition turns on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// PassiveTcpEstablishment: the session listens and never connects.
    pub passive: bool,
    /// DelayOpen: OPEN waits for the peer's.
    pub delay_open: bool,
    /// SendNOTIFICATIONwithoutOPEN.
    pub notify_without_open: bool,
    /// CollisionDetectEstablishedState.
    pub collision_detect_established: bool,
    /// Whether the DelayOpenTimer runs.
    pub delay_open_running: bool,
    /// Whether the IdleHoldTimer runs.
    pub idle_hold_running: bool,
    /// Whether the peer of this connection restarts gracefully (RFC 4724 section 5).
    pub peer_restarts_gracefully: bool,
}

/// The transition for an event in a state (RFC 4271 section 8.2.2).
pub const fn transition(state: State, event: FsmEvent, attributes: &Attributes) -> Transition {
    match state {
        Idle => from_idle(event, attributes),
        Connect => from_connect(event, attributes),
        Active => from_active(event, attributes),
        OpenSent => from_open_sent(event),
        OpenConfirm => from_open_confirm(event),
        Established => from_established(event, attributes),
    }
}

const fn to(next: State, actions: &'static [Action]) -> Transition {
    Transition { actions, next }
}

/// No connection, and none is accepted.
const fn from_idle(event: FsmEvent, attributes: &Attributes) -> Transition {
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

/// A connection is being opened, or waits for the peer's OPEN.
const fn from_connect(event: FsmEvent, attributes: &Attributes) -> Transition {
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
        _ => connecting(event, attributes, Connect),
    }
}

/// A connection is awaited, or waits for the peer's OPEN.
const fn from_active(event: FsmEvent, attributes: &Attributes) -> Transition {
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
        _ => connecting(event, attributes, Active),
    }
}

/// The events that Connect and Active answer alike.
const fn connecting(event: FsmEvent, attributes: &Attributes, here: State) -> Transition {
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

const fn from_open_sent(event: FsmEvent) -> Transition {
    match event {
        TcpConnectionFails => to(Active, &[Drop, StartConnectRetry]),
        BgpOpen => to(
            OpenConfirm,
            &[StopConnectRetry, SendKeepalive, StartNegotiatedTimers],
        ),
        _ => opening(event, OpenSent),
    }
}

const fn from_open_confirm(event: FsmEvent) -> Transition {
    match event {
        KeepaliveTimerExpires => to(OpenConfirm, &[SendKeepalive]),
        TcpConnectionFails => to(Idle, &[StopConnectRetry, Drop, CountRetry, Damp]),
        KeepAliveMsg => to(Established, &[RestartHold]),
        // A second OPEN on one connection is an unexpected message: what it could collide with is
        // another connection, and that one has a state machine of its own.
        _ => opening(event, OpenConfirm),
    }
}

/// The events that OpenSent and OpenConfirm answer alike.
const fn opening(event: FsmEvent, here: State) -> Transition {
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

/// Routes are exchanged.
const fn from_established(event: FsmEvent, attributes: &Attributes) -> Transition {
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
