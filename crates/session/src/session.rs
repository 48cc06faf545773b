//! The session: inputs and outputs.

use alloc::vec::Vec;

use routehub_types::Instant;
use routehub_wire::{EncodeError, HEADER_LEN, Message, MessageType, Notification, Open, decode};

use crate::negotiation::offered_hold_time;
use crate::peering::{Machine, Peering};
use crate::receive::ReceiveBuffer;
use crate::slots::{Slot, Slots};
use crate::{ConnectionId, Direction, DownReason, FsmEvent, Output, SessionConfig, State};

/// A BGP session with one peer.
///
/// Inputs are the `handle_…` functions and the commands; after each, [`poll`](Self::poll) is
/// called until it gives nothing, and again at [`poll_timeout`](Self::poll_timeout). The crate's
/// documentation shows the loop.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) peering: Peering,
    receive: Slots<ReceiveBuffer>,
}

/// What a message that was taken from a receive buffer asks for.
enum Taken {
    /// It is dealt with, and there may be outputs.
    Done,
    /// It is an UPDATE of the established session.
    Update(Slot, core::ops::Range<usize>),
}

impl Session {
    /// A session in Idle; the seed decides all that is left to chance.
    ///
    /// # Errors
    /// The OPEN that the configuration asks for cannot be encoded.
    pub fn new(config: SessionConfig, seed: u64) -> Result<Self, EncodeError> {
        let open = Open {
            asn: config.local_asn,
            hold_time: offered_hold_time(&config),
            router_id: config.local_router_id,
            capabilities: config.capabilities.clone(),
        };
        open.encode(&mut Vec::new())?;
        Ok(Self {
            peering: Peering::new(config, seed),
            receive: Slots::default(),
        })
    }

    /// The operator starts the session: ManualStart, or
    /// ManualStart_with_PassiveTcpEstablishment where the configuration says passive. Ends what
    /// damping holds back.
    pub fn handle_start(&mut self, now: Instant) {
        let peering = &mut self.peering;
        peering.advance(now);
        if !peering.started || peering.state() == State::Idle {
            peering.started = true;
            peering.idle_hold = None;
            peering.damped = 0;
            peering.dials = 0;
        }
        let event = if peering.config.passive {
            FsmEvent::ManualStartWithPassiveTcpEstablishment
        } else {
            FsmEvent::ManualStart
        };
        let machine = peering
            .connected()
            .next()
            .map_or(Machine::Base, |(slot, _)| Machine::At(slot));
        peering.fire(machine, event, None);
    }

    /// The operator stops the session: ManualStop. The peer is told the reason, usually
    /// [`Notification::ADMINISTRATIVE_SHUTDOWN`] with a text (RFC 9003).
    ///
    /// Nothing more comes out of a stopped session once it is drained.
    pub fn handle_stop(&mut self, now: Instant, reason: Notification) {
        let peering = &mut self.peering;
        peering.advance(now);
        peering.started = false;
        peering.end_everywhere(FsmEvent::ManualStop, &DownReason::Stopped(reason));
        peering.idle_hold = None;
        peering.sweep_all_retained(crate::SweepReason::Stopped);
    }

    /// The layers above end the session, for example at a route limit: AutomaticStop. The peer is
    /// told the reason, usually a Cease, and the session starts again by itself.
    pub fn teardown(&mut self, now: Instant, reason: Notification) {
        self.end(now, &DownReason::TornDown(reason));
    }

    pub(crate) fn end(&mut self, now: Instant, reason: &DownReason) {
        self.peering.advance(now);
        self.peering.end_everywhere(FsmEvent::AutomaticStop, reason);
        self.peering.restart_if_idle();
    }

    /// The peer opened a TCP connection, which the caller has found to come from the peer's
    /// address; none: it is refused, close it.
    #[must_use = "a connection that is refused must be closed"]
    pub fn handle_accepted(&mut self, now: Instant) -> Option<ConnectionId> {
        self.peering.advance(now);
        let peering = &mut self.peering;
        let taken = peering.connected().count() + usize::from(peering.dial.is_some());
        if peering.state() == State::Idle || taken > 1 {
            let machine = peering
                .connected()
                .next()
                .map_or(Machine::Base, |(slot, _)| Machine::At(slot));
            peering.fire(machine, FsmEvent::TcpCrInvalid, None);
            peering.counters.refused += 1;
            return None;
        }
        peering.counters.accepted += 1;
        let id = peering.take_id();
        self.open(id, Direction::Incoming);
        Some(id)
    }

    /// The connection that [`Output::Connect`] asked for is open.
    pub fn handle_connected(&mut self, now: Instant, id: ConnectionId) {
        self.peering.advance(now);
        if self.peering.dial == Some(id) {
            self.peering.dial = None;
            self.open(id, Direction::Outgoing);
        }
    }

    /// Gives a connection that is open now its state machine.
    fn open(&mut self, id: ConnectionId, direction: Direction) {
        let event = match direction {
            Direction::Outgoing => FsmEvent::TcpCrAcked,
            Direction::Incoming => FsmEvent::TcpConnectionConfirmed,
        };
        let peering = &mut self.peering;
        let tracked = peering.connected().next().map(|(slot, _)| slot);
        if let Some(slot) = tracked {
            let waits = peering
                .connection(slot)
                .is_some_and(|connection| connection.delay_open.is_some());
            if !waits {
                let reason = DownReason::PeerRestarted;
                peering.fire(Machine::At(slot), event, Some(&reason));
            }
        }
        // A second connection has a state machine of its own, which listens.
        let state = match tracked.and_then(|slot| peering.connection(slot)) {
            Some(_) => State::Active,
            None => peering.base,
        };
        let slot = peering.place(id, direction, state);
        self.receive.at_mut(slot).clear();
        peering.fire(Machine::At(slot), event, None);
    }

    /// The connection that [`Output::Connect`] asked for could not be opened.
    pub fn handle_connect_failed(&mut self, now: Instant, id: ConnectionId) {
        let peering = &mut self.peering;
        peering.advance(now);
        if peering.dial != Some(id) {
            return;
        }
        peering.dial = None;
        peering.attempt_failed(DownReason::ConnectFailed);
        if peering.connected().next().is_none() {
            peering.fire(Machine::Base, FsmEvent::TcpConnectionFails, None);
        }
        peering.restart_if_idle();
    }

    /// Bytes came on a connection.
    pub fn handle_bytes(&mut self, now: Instant, id: ConnectionId, bytes: &[u8]) {
        self.peering.advance(now);
        if let Some(slot) = self.peering.slot_of(id) {
            self.peering.end_run_if_quiet();
            self.receive.at_mut(slot).push(self.peering.now, bytes);
        }
    }

    /// A connection was closed by the peer or is lost: TcpConnectionFails.
    pub fn handle_closed(&mut self, now: Instant, id: ConnectionId) {
        let peering = &mut self.peering;
        peering.advance(now);
        let Some(slot) = peering.slot_of(id) else {
            return;
        };
        if let Some(connection) = peering.connection_mut(slot) {
            connection.closed = true;
        }
        let reason = DownReason::ConnectionClosed;
        peering.fire(
            Machine::At(slot),
            FsmEvent::TcpConnectionFails,
            Some(&reason),
        );
        peering.restart_if_idle();
    }

    /// The connection took so many octets of what [`Output::Send`] gave out: without this the
    /// SendHoldTimer expires (RFC 9687).
    pub fn handle_written(&mut self, now: Instant, id: ConnectionId, octets: usize) {
        self.peering.advance(now);
        if let Some(slot) = self.peering.slot_of(id) {
            self.peering.written(slot, octets as u64);
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.peering.advance(now);
        self.expire();
    }

    fn expire(&mut self) {
        let max_len = self.peering.max_receive_len;
        let receive = &self.receive;
        self.peering
            .expire(|slot| receive.at(slot).has_message(max_len));
    }

    /// The next output, in order; none: nothing is left to do until the next input or
    /// [`poll_timeout`](Self::poll_timeout).
    ///
    /// An UPDATE is lent from the receive buffer, and costs no memory. Timers that are due expire
    /// between two outputs, so that a KEEPALIVE leaves in the middle of a burst of routes.
    pub fn poll(&mut self, now: Instant) -> Option<Output<'_>> {
        self.peering.advance(now);
        let (slot, range) = loop {
            if let Some(output) = self.peering.queue.pop_front() {
                return Some(output);
            }
            // Once for every moment is enough while there are messages to read.
            if self.peering.expired_at != Some(self.peering.now) {
                self.expire();
                continue;
            }
            match self.take_message() {
                Some(Taken::Update(slot, range)) => break (slot, range),
                Some(Taken::Done) => self.peering.restart_if_idle(),
                None => {
                    self.expire();
                    if self.peering.queue.is_empty() {
                        return None;
                    }
                }
            }
        };
        let Self { peering, receive } = self;
        let bytes = receive.at(slot).message(range);
        let context = peering.receive_context(slot);
        match decode(bytes, &context) {
            Ok(Message::Update(view)) => {
                if peering.update(slot, &view) {
                    return Some(Output::Update(view));
                }
            }
            Ok(_) => {}
            Err(error) => peering.body_error(slot, MessageType::Update, error),
        }
        peering.restart_if_idle();
        peering.queue.pop_front()
    }

    /// Takes the next message of any connection and, unless it is an UPDATE, deals with it.
    fn take_message(&mut self) -> Option<Taken> {
        let Self { peering, receive } = self;
        let max_len = peering.max_receive_len;
        for slot in Slot::ALL {
            let Some(state) = peering.connection(slot).map(|connection| connection.state) else {
                continue;
            };
            let buffer = receive.at_mut(slot);
            let range = match buffer.next(max_len) {
                Ok(None) => continue,
                Ok(Some(range)) => range,
                Err(error) => {
                    peering.header_error(slot, error);
                    return Some(Taken::Done);
                }
            };
            peering.received_at = buffer.received_at();
            let bytes = buffer.message(range.clone());
            // The frame is good, so it has a type.
            let kind = bytes.get(HEADER_LEN - 1).copied();
            let kind = kind.and_then(MessageType::from_code)?;
            peering.counters.received.count(kind, bytes.len());
            if kind == MessageType::Update && state == State::Established {
                return Some(Taken::Update(slot, range));
            }
            peering.message(slot, kind, bytes);
            return Some(Taken::Done);
        }
        None
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; after `poll` gave nothing,
    /// always later than the time it was given. None: nothing is waited for.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.peering.next_deadline()
    }
}
