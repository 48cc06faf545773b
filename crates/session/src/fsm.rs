//! The finite state machine of RFC 4271 section 8.2.2 as a pure function: a state and an event in,
//! what to do and the next state out.
//!
//! One file per state; the arms stand in the order of the RFC. `CONFORMANCE.md` lists every state
//! and event with the test that holds it.

mod connect_active;
mod established;
mod idle;
mod opening;

use crate::{FsmEvent, State};

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
        State::Idle => idle::transition(event, attributes),
        State::Connect => connect_active::from_connect(event, attributes),
        State::Active => connect_active::from_active(event, attributes),
        State::OpenSent => opening::from_open_sent(event),
        State::OpenConfirm => opening::from_open_confirm(event),
        State::Established => established::transition(event, attributes),
    }
}

const fn to(next: State, actions: &'static [Action]) -> Transition {
    Transition { actions, next }
}
