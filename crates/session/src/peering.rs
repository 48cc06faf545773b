//! The state machines at work: events become actions, actions become outputs.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

mod messages;
mod timers;

use routehub_types::{FamilySet, Instant};
use routehub_wire::{Capability, Context};

use crate::connection::{Connection, Connections, Slot};
use crate::fsm::{Action, Attributes, transition};
use crate::peer_routes::{RetainedRoutes, StaleRoutes, UpdateRun};
use crate::retry::{Random, Retry};
use crate::{
    Counters, Down, DownReason, Event, FsmEvent, LastError, Output, SessionConfig, State,
    SweepReason,
};

/// One of the state machines of a session (RFC 4271 section 8.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    random: Random,
    pub(crate) now: Instant,
    /// For which time all timers have expired that were due.
    pub(crate) expired_at: Option<Instant>,
    /// When the message at hand was received.
    pub(crate) received_at: Instant,
    /// Whether an operator wants the session.
    started: bool,
    /// The state while there is no connection: Idle, Connect or Active.
    pub(crate) base: State,
    pub(crate) connections: Connections,
    pub(crate) retry: Retry,
    pub(crate) established_at: Option<Instant>,
    pub(crate) changed_at: Instant,
    stale: StaleRoutes,
    run: UpdateRun,
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
            connections: Connections::default(),
            retry: Retry::default(),
            established_at: None,
            changed_at: Instant::ZERO,
            stale: StaleRoutes::default(),
            run: UpdateRun::default(),
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
        const LAST: Instant = Instant::from_millis(u64::MAX / 2);
        self.now = self.now.max(now.min(LAST));
    }

    /// The state of the session: that of the connection that got furthest.
    pub(crate) fn state(&self) -> State {
        let states = self
            .connections
            .iter()
            .map(|(_, connection)| connection.state);
        states.max().unwrap_or(self.base)
    }

    /// The state machine of the first connection, or that which has none.
    pub(crate) fn first_machine(&self) -> Machine {
        self.connections.first().map_or(Machine::Base, Machine::At)
    }

    fn connection_of(&self, machine: Machine) -> Option<&Connection> {
        match machine {
            Machine::Base => None,
            Machine::At(slot) => self.connections.at(slot),
        }
    }

    /// An operator wants the session.
    pub(crate) fn start(&mut self) {
        if !self.started || self.state() == State::Idle {
            self.started = true;
            self.retry.start_over();
        }
        let event = match self.config.passive {
            true => FsmEvent::ManualStartWithPassiveTcpEstablishment,
            false => FsmEvent::ManualStart,
        };
        self.fire(self.first_machine(), event, None);
    }

    /// An operator does not want the session any more.
    pub(crate) fn stop(&mut self, reason: &DownReason) {
        self.started = false;
        self.end_everywhere(FsmEvent::ManualStop, reason);
        self.retry.stop_idle_hold();
        self.sweep_retained(self.stale.retained(), SweepReason::Stopped);
    }

    fn attributes(&self, machine: Machine) -> Attributes {
        let connection = self.connection_of(machine);
        Attributes {
            passive: self.config.passive,
            delay_open: self.config.timers.delay_open.is_some(),
            notify_without_open: self.config.notify_without_open,
            collision_detect_established: self.config.collision_detect_established,
            delay_open_running: connection.is_some_and(Connection::delays_open),
            idle_hold_running: self.retry.is_held_back(),
            peer_restarts_gracefully: connection.is_some_and(Connection::peer_restarts_gracefully),
        }
    }

    /// Raises an event; the reason is what a connection or session that ends by it ends for.
    pub(crate) fn fire(&mut self, machine: Machine, event: FsmEvent, reason: Option<&DownReason>) {
        let connection = self.connection_of(machine);
        let state = connection.map_or(self.base, |connection| connection.state);
        let step = transition(state, event, &self.attributes(machine));
        let before = (step.next != state).then(|| self.state());
        for action in step.actions {
            self.act(machine, *action, reason);
        }
        if let Some(before) = before {
            self.enter(machine, step.next);
            if self.state() != before {
                self.changed_at = self.now;
            }
        }
    }

    fn enter(&mut self, machine: Machine, next: State) {
        if let Machine::At(slot) = machine {
            if let Some(connection) = self.connections.at_mut(slot) {
                let is_new = connection.state != next && next == State::Established;
                connection.state = next;
                if is_new {
                    self.on_established(slot);
                }
                return;
            }
            // The other connection lives on: the session is in its state.
            if self.connections.first().is_some() {
                return;
            }
        }
        self.base = next;
        match next {
            State::Idle => {
                self.retry.stop_connect_retry();
                self.abandon_dial();
            }
            State::Active if self.connections.dialled().is_some() => self.base = State::Connect,
            _ => {}
        }
    }

    fn act(&mut self, machine: Machine, action: Action, reason: Option<&DownReason>) {
        let alone = match machine {
            Machine::Base => true,
            Machine::At(slot) => self.connections.at(slot.other()).is_none(),
        };
        match action {
            Action::ZeroRetryCounter => self.retry.counter = 0,
            Action::CountRetry => self.retry.counter = self.retry.counter.saturating_add(1),
            Action::StartConnectRetry if alone => self.start_connect_retry(),
            Action::StopConnectRetry => self.retry.stop_connect_retry(),
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
        if let Some(connection) = self.connections.at_mut(slot) {
            connection.set_timer(action, self.now, self.received_at, &self.config.timers);
        }
    }

    fn start_connect_retry(&mut self) {
        if !self.config.passive {
            let time = self.config.timers.connect_retry;
            self.retry
                .start_connect_retry(self.now, time, &mut self.random);
        }
    }

    fn dial(&mut self) {
        let id = self.connections.dial();
        self.retry.on_dial();
        self.counters.connects += 1;
        self.queue.push_back(Output::Connect(id));
    }

    fn abandon_dial(&mut self) {
        let abandoned = self.connections.end_dial();
        self.queue.extend(abandoned.map(Output::Close));
    }

    fn damp(&mut self) {
        if self.config.damp_peer_oscillations && self.config.automatic_start {
            let time = self.config.timers.idle_hold;
            self.retry.damp(self.now, time, &mut self.random);
        }
    }

    /// A connection was closed by the peer or is lost, and all that came over it is read.
    pub(crate) fn connection_fails(&mut self, slot: Slot) {
        let (event, reason) = (FsmEvent::TcpConnectionFails, DownReason::ConnectionClosed);
        self.fire(Machine::At(slot), event, Some(&reason));
    }

    /// Lets the oldest connection go on which the peer has not sent its OPEN, for a newer one; says
    /// no if there is none. The session is in the state that it was in: nothing has failed.
    pub(crate) fn replace_silent(&mut self) -> bool {
        let connections = self.connections.iter();
        let silent = connections.filter(|(_, connection)| connection.negotiated.is_none());
        let Some((slot, _)) = silent.min_by_key(|(_, connection)| connection.id) else {
            return false;
        };
        let reason = DownReason::Replaced;
        if !self
            .connections
            .at(slot)
            .is_some_and(Connection::delays_open)
        {
            self.send_notification(slot, Some(&reason));
        }
        self.drop_connection(slot, Some(&reason));
        true
    }

    /// Lets a connection go; its session, if it was established, goes down.
    fn drop_connection(&mut self, slot: Slot, reason: Option<&DownReason>) {
        let Some(connection) = self.connections.take(slot) else {
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

    /// A connection became established.
    fn on_established(&mut self, slot: Slot) {
        let Some(negotiated) = self.connections.agreed(slot).cloned() else {
            return;
        };
        self.abandon_dial();
        self.retry.on_established();
        self.established_at = Some(self.now);
        self.counters.established += 1;
        // RFC 4724 section 4.2: only the first session after a restart says so.
        for capability in &mut self.config.capabilities.0 {
            if let Capability::GracefulRestart(restart) = capability {
                restart.restarting = false;
            }
        }
        let restart = negotiated.graceful_restart;
        self.emit(Event::Established(Box::new(negotiated)));
        let until = self.now + self.config.timers.stale;
        let lost = self.stale.on_established(restart.as_ref(), until);
        self.sweep_retained(lost, SweepReason::NotPreserved);
    }

    /// The established connection is gone.
    fn on_down(&mut self, connection: Connection, reason: DownReason) {
        let uptime = self.now - self.established_at.take().unwrap_or(self.now);
        if uptime >= self.config.timers.idle_hold.longest {
            self.retry.on_stable();
        }
        self.run.end();
        let agreed = connection.negotiated.as_ref();
        let restart = agreed.and_then(|agreed| agreed.graceful_restart);
        let expected = restart.filter(|restart| {
            let graceful = reason.is_graceful(restart.notification, connection.notified.as_ref());
            graceful && !restart.kept().is_empty()
        });
        let longest = self.config.timers.stale;
        let ended = self.stale.on_down(expected, self.now, longest);
        self.emit_sweeps(ended.lost, SweepReason::SecondRestart);
        reason.count(&mut self.counters.downs);
        self.last_down = Some((self.now, reason.clone()));
        self.emit(Event::Down(Box::new(Down {
            reason,
            sent: connection.notified,
            retained: self.stale.retained(),
        })));
        self.end_restart(ended.at_once, SweepReason::RestartTime);
    }

    /// The peer is not back in time: its stale routes of these families are long-lived stale from
    /// here on if that was agreed on (RFC 9494 section 4.2), or go.
    fn end_restart(&mut self, families: FamilySet, reason: SweepReason) {
        for family in families.iter() {
            match self.stale.long_lived_begins(family, self.now) {
                Some(until) if until > self.now => {
                    self.emit(Event::LongLivedStale(family, until - self.now));
                }
                Some(_) => self.sweep_retained(
                    FamilySet::EMPTY.with(family),
                    SweepReason::LongLivedStaleTime,
                ),
                None => self.sweep_retained(FamilySet::EMPTY.with(family), reason),
            }
        }
    }

    /// Routes were long-lived stale for long enough. What became stale later, when the peer was lost
    /// again, waits for its restart time (RFC 9494 section 4.2).
    fn end_long_lived(&mut self) {
        let later = self.stale.end_long_lived_before_restart(self.now);
        for family in later.iter() {
            self.emit(Event::SweepLongLivedStale(family));
        }
        let families = self.stale.beyond_long_lived(self.now);
        self.sweep_retained(families, SweepReason::LongLivedStaleTime);
    }

    /// What stays although the session was lost.
    pub(crate) fn retained_routes(&self) -> impl Iterator<Item = RetainedRoutes> + '_ {
        self.stale.retained_routes()
    }

    /// Retained routes of families that are still stale go.
    fn sweep_retained(&mut self, families: FamilySet, reason: SweepReason) {
        families
            .iter()
            .for_each(|family| self.stale.release(family));
        self.emit_sweeps(families, reason);
    }

    fn emit_sweeps(&mut self, families: FamilySet, reason: SweepReason) {
        for family in families.iter() {
            self.emit(Event::SweepStale(family, reason));
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

    /// Ends every connection, or the wait for one.
    pub(crate) fn end_everywhere(&mut self, event: FsmEvent, reason: &DownReason) {
        let connected = self.connections.first().is_some();
        for slot in Slot::ALL {
            if self.connections.at(slot).is_some() {
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
        let alone = self.connections.first().is_none();
        let fell = self.started && self.base == State::Idle && alone;
        if !fell || !self.config.automatic_start || self.retry.is_held_back() {
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
