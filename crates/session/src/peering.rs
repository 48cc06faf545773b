//! The state machines at work: events become actions, actions become outputs.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

mod collision;
mod messages;
mod restart;
mod sending;
pub(crate) mod timers;

use routehub_types::Instant;
use routehub_wire::{Capability, Context};

use crate::connection::Connection;
use crate::fsm::{Action, Attributes, transition};
use crate::random::Random;
use crate::slots::{Slot, Slots};
use crate::stale::StaleRoutes;
use crate::{
    ConnectionId, Counters, Direction, DownReason, Event, FsmEvent, LastError, Output,
    SessionConfig, State,
};

/// One of the state machines of a session (RFC 4271 section 8.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// The one that has no connection.
    Base,
    /// That of a connection.
    At(Slot),
}

/// All of a session but the bytes that it lends.
#[derive(Clone, Debug)]
pub(crate) struct Peering {
    pub(crate) config: SessionConfig,
    /// The longest message that the peer may send (RFC 8654 section 4).
    pub(crate) max_receive_len: usize,
    pub(crate) random: Random,
    pub(crate) now: Instant,
    /// For which time all timers have expired that were due.
    pub(crate) expired_at: Option<Instant>,
    /// When the message at hand was received.
    pub(crate) received_at: Instant,
    /// Whether an operator wants the session.
    pub(crate) started: bool,
    /// The state while there is no connection: Idle, Connect or Active.
    pub(crate) base: State,
    /// The connection that is being opened.
    pub(crate) dial: Option<ConnectionId>,
    pub(crate) connections: Slots<Option<Connection>>,
    pub(crate) next_id: u64,
    pub(crate) connect_retry: Option<Instant>,
    pub(crate) idle_hold: Option<Instant>,
    /// The ConnectRetryCounter.
    pub(crate) retry_counter: u32,
    /// Attempts to connect since the session was last established.
    pub(crate) dials: u32,
    /// Failures in a row that damping counts.
    pub(crate) damped: u32,
    pub(crate) established_at: Option<Instant>,
    pub(crate) changed_at: Instant,
    pub(crate) stale: StaleRoutes,
    /// Whether UPDATEs came that no end of a run followed.
    pub(crate) run_open: bool,
    /// When the quiet gap ends the update run at hand.
    pub(crate) run_gap: Option<Instant>,
    pub(crate) queue: VecDeque<Output<'static>>,
    pub(crate) counters: Counters,
    pub(crate) last_sent: Option<LastError>,
    pub(crate) last_received: Option<LastError>,
    pub(crate) last_down: Option<(Instant, DownReason)>,
}

impl Peering {
    pub(crate) fn new(config: SessionConfig, seed: u64) -> Self {
        let offered = &config.capabilities;
        let longest = Context {
            extended_message: offered.contains(&Capability::ExtendedMessage),
            ..Context::default()
        };
        Self {
            max_receive_len: longest.max_len(),
            config,
            random: Random::new(seed),
            now: Instant::ZERO,
            expired_at: None,
            received_at: Instant::ZERO,
            started: false,
            base: State::Idle,
            dial: None,
            connections: Slots::default(),
            next_id: 0,
            connect_retry: None,
            idle_hold: None,
            retry_counter: 0,
            dials: 0,
            damped: 0,
            established_at: None,
            changed_at: Instant::ZERO,
            stale: StaleRoutes::default(),
            run_open: false,
            run_gap: None,
            queue: VecDeque::new(),
            counters: Counters::default(),
            last_sent: None,
            last_received: None,
            last_down: None,
        }
    }

    /// Takes note of the time; a clock that goes back stands still, and so does one so far ahead
    /// that nothing could be later.
    pub(crate) fn advance(&mut self, now: Instant) {
        const LAST: Instant = Instant(u64::MAX / 2);
        self.now = self.now.max(now.min(LAST));
    }

    pub(crate) fn take_id(&mut self) -> ConnectionId {
        self.next_id += 1;
        ConnectionId(self.next_id)
    }

    pub(crate) const fn connection(&self, slot: Slot) -> Option<&Connection> {
        self.connections.at(slot).as_ref()
    }

    pub(crate) const fn connection_mut(&mut self, slot: Slot) -> Option<&mut Connection> {
        self.connections.at_mut(slot).as_mut()
    }

    pub(crate) fn connected(&self) -> impl Iterator<Item = (Slot, &Connection)> {
        Slot::ALL
            .into_iter()
            .filter_map(|slot| Some((slot, self.connection(slot)?)))
    }

    pub(crate) fn slot_of(&self, id: ConnectionId) -> Option<Slot> {
        self.connected()
            .find_map(|(slot, connection)| (connection.id == id).then_some(slot))
    }

    pub(crate) fn established(&self) -> Option<Slot> {
        self.connected()
            .find_map(|(slot, connection)| (connection.state == State::Established).then_some(slot))
    }

    /// The state of the session: that of the connection that got furthest.
    pub(crate) fn state(&self) -> State {
        let states = self.connected().map(|(_, connection)| connection.state);
        states.max().unwrap_or(self.base)
    }

    fn attributes(&self, machine: Machine) -> Attributes {
        let connection = match machine {
            Machine::Base => None,
            Machine::At(slot) => self.connection(slot),
        };
        Attributes {
            passive: self.config.passive,
            delay_open: self.config.timers.delay_open.is_some(),
            notify_without_open: self.config.notify_without_open,
            collision_detect_established: self.config.collision_detect_established,
            delay_open_running: connection
                .is_some_and(|connection| connection.delay_open.is_some()),
            idle_hold_running: self.idle_hold.is_some(),
            peer_restarts_gracefully: connection.is_some_and(Connection::peer_restarts_gracefully),
        }
    }

    /// Raises an event; the reason is what a connection or session that ends by it ends for.
    pub(crate) fn fire(&mut self, machine: Machine, event: FsmEvent, reason: Option<&DownReason>) {
        let state = match machine {
            Machine::Base => self.base,
            Machine::At(slot) => self
                .connection(slot)
                .map_or(self.base, |connection| connection.state),
        };
        let step = transition(state, event, &self.attributes(machine));
        if step.next == state {
            self.act_all(machine, step.actions, reason);
            return;
        }
        let before = self.state();
        self.act_all(machine, step.actions, reason);
        self.enter(machine, step.next);
        if self.state() != before {
            self.changed_at = self.now;
        }
    }

    fn act_all(&mut self, machine: Machine, actions: &[Action], reason: Option<&DownReason>) {
        for action in actions {
            self.act(machine, *action, reason);
        }
    }

    fn enter(&mut self, machine: Machine, next: State) {
        if let Machine::At(slot) = machine {
            if let Some(connection) = self.connection_mut(slot) {
                let is_new = connection.state != next && next == State::Established;
                connection.state = next;
                if is_new {
                    self.on_established(slot);
                }
                return;
            }
            // The other connection lives on: the session is in its state.
            if self.connected().next().is_some() {
                return;
            }
        }
        self.base = next;
        match next {
            State::Idle => {
                self.connect_retry = None;
                self.abandon_dial();
            }
            State::Active if self.dial.is_some() => self.base = State::Connect,
            _ => {}
        }
    }

    fn act(&mut self, machine: Machine, action: Action, reason: Option<&DownReason>) {
        let alone = match machine {
            Machine::Base => true,
            Machine::At(slot) => self.connection(slot.other()).is_none(),
        };
        match action {
            Action::ZeroRetryCounter => self.retry_counter = 0,
            Action::CountRetry => self.retry_counter = self.retry_counter.saturating_add(1),
            Action::StartConnectRetry if alone => self.start_connect_retry(),
            Action::StopConnectRetry => self.connect_retry = None,
            Action::Dial => self.dial(),
            Action::AbandonDial if alone => self.abandon_dial(),
            Action::Damp if alone => self.damp(),
            // What concerns the whole session waits until its last connection is gone.
            Action::StartConnectRetry | Action::AbandonDial | Action::Damp => {}
            Action::Refuse | Action::TrackSecond => {
                // About a connection that is not here yet: done by who raised the event.
            }
            _ => {
                if let Machine::At(slot) = machine {
                    self.act_on_connection(slot, action, reason);
                }
            }
        }
    }

    fn act_on_connection(&mut self, slot: Slot, action: Action, reason: Option<&DownReason>) {
        match action {
            Action::SendOpen => self.send_open(slot),
            Action::SendKeepalive => self.send_keepalive(slot),
            Action::SendNotification => self.send_notification(slot, reason),
            Action::Drop => self.drop_connection(slot, reason),
            _ => {}
        }
        let now = self.now;
        let received_at = self.received_at;
        let timers = self.config.timers;
        let Some(connection) = self.connections.at_mut(slot) else {
            return;
        };
        let agreed = connection.negotiated.as_ref();
        let hold_time = agreed.map(|n| n.hold_time).filter(|time| !time.is_zero());
        match action {
            Action::StartDelayOpen => connection.delay_open = timers.delay_open.map(|t| now + t),
            Action::StopDelayOpen => connection.delay_open = None,
            Action::StartLargeHold => connection.hold = Some(now + timers.open_hold),
            Action::StartNegotiatedTimers => connection.hold = hold_time.map(|t| now + t),
            Action::RestartHold => connection.hold = hold_time.map(|t| received_at + t),
            _ => {}
        }
    }

    fn start_connect_retry(&mut self) {
        if self.config.passive {
            return;
        }
        let time = self.config.timers.connect_retry;
        let time = time.after(self.dials.saturating_sub(1));
        self.connect_retry = Some(self.now + self.random.jittered(time));
    }

    fn dial(&mut self) {
        let id = self.take_id();
        self.dial = Some(id);
        self.dials = self.dials.saturating_add(1);
        self.counters.connects += 1;
        self.queue.push_back(Output::Connect(id));
    }

    pub(crate) fn abandon_dial(&mut self) {
        if let Some(id) = self.dial.take() {
            self.queue.push_back(Output::Close(id));
        }
    }

    fn damp(&mut self) {
        if !self.config.damp_peer_oscillations || !self.config.automatic_start {
            return;
        }
        let time = self.config.timers.idle_hold.after(self.damped);
        self.damped = self.damped.saturating_add(1);
        self.idle_hold = Some(self.now + self.random.jittered(time));
    }

    /// Lets a connection go; its session, if it was established, goes down.
    fn drop_connection(&mut self, slot: Slot, reason: Option<&DownReason>) {
        let Some(connection) = self.connections.at_mut(slot).take() else {
            return;
        };
        if !connection.closed {
            self.queue.push_back(Output::Close(connection.id));
        }
        let reason = reason.cloned().unwrap_or(DownReason::ConnectionClosed);
        if connection.state == State::Established {
            self.on_down(connection, reason);
        } else {
            self.attempt_failed(reason);
        }
    }

    pub(crate) fn attempt_failed(&mut self, reason: DownReason) {
        reason.count(&mut self.counters.failed_attempts);
        self.emit(Event::AttemptFailed(Box::new(reason)));
    }

    /// Gives out an event.
    pub(crate) fn emit(&mut self, event: Event) {
        self.queue.push_back(Output::Event(event));
    }

    /// Gives a new connection a place and a state machine in this state.
    pub(crate) fn place(&mut self, id: ConnectionId, direction: Direction, state: State) -> Slot {
        let slot = match self.connection(Slot::First) {
            None => Slot::First,
            Some(_) => Slot::Second,
        };
        *self.connections.at_mut(slot) = Some(Connection::new(id, direction, state));
        slot
    }

    /// Ends every connection, or the wait for one.
    pub(crate) fn end_everywhere(&mut self, event: FsmEvent, reason: &DownReason) {
        let connected = self.connected().next().is_some();
        for slot in Slot::ALL {
            if self.connection(slot).is_some() {
                self.fire(Machine::At(slot), event, Some(reason));
            }
        }
        if !connected {
            self.fire(Machine::Base, event, Some(reason));
        }
    }

    /// Starts a session again that fell to Idle by itself (RFC 4271 section 8.1.2, Events 5, 7):
    /// it listens first, and connects when the ConnectRetryTimer says so.
    pub(crate) fn restart_if_idle(&mut self) {
        let fell = self.started && self.base == State::Idle && self.connected().next().is_none();
        if !fell || !self.config.automatic_start || self.idle_hold.is_some() {
            return;
        }
        let event = if self.config.damp_peer_oscillations {
            FsmEvent::AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment
        } else {
            FsmEvent::AutomaticStartWithPassiveTcpEstablishment
        };
        self.fire(Machine::Base, event, None);
    }
}
