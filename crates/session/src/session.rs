//! The session: inputs, commands, outputs, and what an operator may look at.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use routehub_types::{Family, FamilySet, Instant};
use routehub_wire::{
    EncodeError, HEADER_LEN, Message, MessageType, Notification, RefreshKind, RouteRefresh, decode,
};

use crate::connection::{ReceiveBuffer, Slot, Slots};
use crate::negotiation::our_open;
use crate::peering::{Machine, Peering};
use crate::{
    ConnectionId, Counters, Direction, DownReason, FsmEvent, LastError, Negotiated, Output,
    RetainedRoutes, SessionConfig, State, Timer,
};

/// A BGP session with one peer.
///
/// Inputs are the `handle_…` functions and the commands; after each, [`poll`](Self::poll) is
/// called until it gives nothing, and again at [`poll_timeout`](Self::poll_timeout). The crate's
/// documentation shows the loop.
#[derive(Clone, Debug)]
pub struct Session {
    peering: Peering,
    receive: Slots<ReceiveBuffer>,
}

/// The session is not established, so there is nobody to send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is not established")]
pub struct NotEstablished;

/// What became of a request for the peer's routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshRequest {
    /// The peer was asked for its routes of these families.
    Sent(FamilySet),
    /// The peer cannot be asked: the session was reset, and the peer sends all its routes when it
    /// is established again.
    Reset,
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
        our_open(&config).encode(&mut Vec::new())?;
        Ok(Self {
            peering: Peering::new(config, seed),
            receive: Slots::default(),
        })
    }

    /// The operator starts the session: ManualStart, or
    /// ManualStart_with_PassiveTcpEstablishment where the configuration says passive. Ends what
    /// damping holds back.
    pub fn handle_start(&mut self, now: Instant) {
        self.peering.advance(now);
        self.peering.start();
    }

    /// The operator stops the session: ManualStop. The peer is told the reason, usually
    /// [`Notification::ADMINISTRATIVE_SHUTDOWN`] with a text (RFC 9003).
    ///
    /// Nothing more comes out of a stopped session once it is drained.
    pub fn handle_stop(&mut self, now: Instant, reason: Notification) {
        self.peering.advance(now);
        self.peering.stop(&DownReason::Stopped(reason));
    }

    /// The layers above end the session, for example at a route limit: AutomaticStop. The peer is
    /// told the reason, usually a Cease, and the session starts again by itself.
    pub fn teardown(&mut self, now: Instant, reason: Notification) {
        self.end(now, &DownReason::TornDown(reason));
    }

    /// The same where the peer's routes are not to be kept: where both sides would keep them after a
    /// NOTIFICATION, it is a hard reset (RFC 8538 section 3.1).
    pub fn hard_reset(&mut self, now: Instant, reason: Notification) {
        let agreed = self.negotiated();
        let restart = agreed.and_then(|agreed| agreed.graceful_restart);
        let reason = match restart.is_some_and(|restart| restart.notification) {
            true => reason.into_hard_reset(),
            false => reason,
        };
        self.teardown(now, reason);
    }

    fn end(&mut self, now: Instant, reason: &DownReason) {
        self.peering.advance(now);
        self.peering.end_everywhere(FsmEvent::AutomaticStop, reason);
        self.peering.restart_if_idle();
    }

    /// The peer opened a TCP connection, which the caller has found to come from the peer's
    /// address; none: it is refused, close it. Where there are two connections already, it takes the
    /// place of the oldest one on which the peer has not sent its OPEN: silent ones do not lock the
    /// peer out.
    #[must_use = "a connection that is refused must be closed"]
    pub fn handle_accepted(&mut self, now: Instant) -> Option<ConnectionId> {
        let peering = &mut self.peering;
        peering.advance(now);
        let dialled = usize::from(peering.connections.dialled().is_some());
        let is_full = peering.connections.iter().count() + dialled > 1;
        if peering.state() == State::Idle || is_full && !peering.replace_silent() {
            peering.fire(peering.first_machine(), FsmEvent::TcpCrInvalid, None);
            peering.counters.refused += 1;
            return None;
        }
        peering.counters.accepted += 1;
        let id = peering.connections.next_id();
        self.open(id, Direction::Incoming);
        Some(id)
    }

    /// The connection that [`Output::Connect`] asked for is open.
    pub fn handle_connected(&mut self, now: Instant, id: ConnectionId) {
        self.peering.advance(now);
        if self.peering.connections.end_dial_of(id) {
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
        let tracked = peering.connections.iter().next();
        if let Some((slot, _)) = tracked.filter(|(_, connection)| !connection.delays_open()) {
            let reason = DownReason::PeerRestarted;
            peering.fire(Machine::At(slot), event, Some(&reason));
        }
        // A second connection has a state machine of its own, which listens.
        let state = match peering.connections.first() {
            Some(_) => State::Active,
            None => peering.base,
        };
        let slot = peering.connections.place(id, direction, state);
        self.receive.at_mut(slot).clear();
        peering.fire(Machine::At(slot), event, None);
    }

    /// The connection that [`Output::Connect`] asked for could not be opened.
    pub fn handle_connect_failed(&mut self, now: Instant, id: ConnectionId) {
        let peering = &mut self.peering;
        peering.advance(now);
        if !peering.connections.end_dial_of(id) {
            return;
        }
        peering.attempt_failed(DownReason::ConnectFailed);
        if peering.connections.first().is_none() {
            peering.fire(Machine::Base, FsmEvent::TcpConnectionFails, None);
        }
        peering.restart_if_idle();
    }

    /// Bytes came on a connection.
    pub fn handle_bytes(&mut self, now: Instant, id: ConnectionId, bytes: &[u8]) {
        self.peering.advance(now);
        if let Some(slot) = self.peering.connections.with_id(id) {
            self.peering.end_run_if_quiet();
            self.receive.at_mut(slot).push(self.peering.now, bytes);
        }
    }

    /// A connection was closed by the peer or is lost: TcpConnectionFails. Whole messages that came
    /// before are read first: one of them may be the NOTIFICATION that says why.
    pub fn handle_closed(&mut self, now: Instant, id: ConnectionId) {
        let peering = &mut self.peering;
        peering.advance(now);
        let Some(slot) = peering.connections.with_id(id) else {
            return;
        };
        if let Some(connection) = peering.connections.at_mut(slot) {
            connection.closed = true;
        }
        if !self.receive.at(slot).has_message(peering.max_receive_len) {
            peering.connection_fails(slot);
            peering.restart_if_idle();
        }
    }

    /// The connection took so many octets of what [`Output::Send`] gave out: without this the
    /// SendHoldTimer expires (RFC 9687).
    pub fn handle_written(&mut self, now: Instant, id: ConnectionId, octets: usize) {
        let peering = &mut self.peering;
        peering.advance(now);
        let slot = peering.connections.with_id(id);
        if let Some(connection) = slot.and_then(|slot| peering.connections.at_mut(slot)) {
            connection.written(octets as u64, peering.now, peering.config.timers.send_hold);
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
            Err(error) => peering.message_error(slot, FsmEvent::UpdateMsgErr, error),
        }
        peering.restart_if_idle();
        peering.queue.pop_front()
    }

    /// Takes the next message of any connection and, unless it is an UPDATE, deals with it.
    fn take_message(&mut self) -> Option<Taken> {
        let Self { peering, receive } = self;
        let max_len = peering.max_receive_len;
        for slot in Slot::ALL {
            let Some(connection) = peering.connections.at(slot) else {
                continue;
            };
            let (state, is_closed) = (connection.state, connection.closed);
            let buffer = receive.at_mut(slot);
            let range = match buffer.next(max_len) {
                Ok(None) if is_closed => {
                    peering.connection_fails(slot);
                    return Some(Taken::Done);
                }
                Ok(None) => continue,
                Ok(Some(range)) => range,
                Err(error) => {
                    peering.message_error(slot, FsmEvent::BgpHeaderErr, error);
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

/// What the layers above tell an established session to send.
impl Session {
    /// Sends UPDATEs that are encoded for [`Negotiated::send`], one or more whole messages, packed
    /// once for all sessions that share its key; the begin and end of a refresh may stand among
    /// them (RFC 7313).
    ///
    /// # Errors
    /// The session is not established.
    pub fn send_encoded(
        &mut self,
        now: Instant,
        messages: impl Into<Bytes>,
    ) -> Result<(), NotEstablished> {
        let messages = messages.into();
        let peering = &mut self.peering;
        peering.advance(now);
        let slot = peering.connections.established().ok_or(NotEstablished)?;
        let mut rest: &[u8] = &messages;
        while let Some([.., high, low, kind]) = rest.first_chunk::<HEADER_LEN>() {
            let length = usize::from(u16::from_be_bytes([*high, *low])).max(HEADER_LEN);
            let kind = MessageType::from_code(*kind).unwrap_or(MessageType::Update);
            peering.counters.sent.count(kind, length);
            rest = rest.get(length..).unwrap_or_default();
        }
        peering.give_out(slot, messages);
        peering.restart_keepalive(slot);
        Ok(())
    }

    /// Sends a ROUTE-REFRESH: a request for the peer's routes of a family (RFC 2918), or the begin
    /// or end of sending ours again (RFC 7313), which must not come before the End-of-RIB of a
    /// session with graceful restart. What the peer does not understand, or a family that is not
    /// in use, is not sent; whether it was is the answer.
    ///
    /// # Errors
    /// The session is not established.
    pub fn send_route_refresh(
        &mut self,
        now: Instant,
        family: Family,
        kind: RefreshKind,
    ) -> Result<bool, NotEstablished> {
        let peering = &mut self.peering;
        peering.advance(now);
        let slot = peering.connections.established().ok_or(NotEstablished)?;
        let agreed = peering.connections.agreed(slot);
        let understood = agreed.is_some_and(|negotiated| {
            let kind_known = match kind {
                RefreshKind::Request => negotiated.route_refresh,
                RefreshKind::Begin | RefreshKind::End => negotiated.enhanced_refresh,
                RefreshKind::Other(_) => false,
            };
            kind_known && negotiated.families.contains(family)
        });
        if understood {
            let mut bytes = Vec::new();
            RouteRefresh::new(family, kind).encode(&mut bytes);
            peering.send(slot, MessageType::RouteRefresh, Bytes::from(bytes));
        }
        Ok(understood)
    }

    /// Asks for all routes of the peer again; a peer without the route refresh capability is reset
    ///
    ///
    /// # Errors
    /// The session is not established.
    pub fn request_refresh(&mut self, now: Instant) -> Result<RefreshRequest, NotEstablished> {
        self.peering.advance(now);
        let agreed = self.negotiated().ok_or(NotEstablished)?;
        if !agreed.route_refresh {
            let reason = Notification::ADMINISTRATIVE_RESET;
            self.end(now, &DownReason::NoRouteRefresh(reason));
            return Ok(RefreshRequest::Reset);
        }
        Ok(RefreshRequest::Sent(self.soft_refresh(now)?))
    }

    /// Asks for all routes of the peer again; one without the route refresh capability is not
    /// asked. The answer says for which families it was.
    ///
    /// # Errors
    /// The session is not established.
    pub fn soft_refresh(&mut self, now: Instant) -> Result<FamilySet, NotEstablished> {
        let families = self.negotiated().ok_or(NotEstablished)?.families;
        let mut asked = FamilySet::EMPTY;
        for family in families.iter() {
            if self.send_route_refresh(now, family, RefreshKind::Request)? {
                asked = asked.with(family);
            }
        }
        Ok(asked)
    }
}

/// What an operator may look at.
impl Session {
    /// The configuration.
    pub fn config(&self) -> &SessionConfig {
        &self.peering.config
    }

    /// The state: that of the connection that got furthest.
    pub fn state(&self) -> State {
        self.peering.state()
    }

    /// When the state last changed.
    pub fn state_since(&self) -> Instant {
        self.peering.changed_at
    }

    /// What was agreed on, while the session is established.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        let connections = &self.peering.connections;
        connections.agreed(connections.established()?)
    }

    /// How long the session is established; none: it is not.
    pub fn uptime(&self, now: Instant) -> Option<Duration> {
        self.peering.established_at.map(|since| now - since)
    }

    /// The connections that are open, with their states.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Direction, State)> + '_ {
        let connections = self.peering.connections.iter();
        connections.map(|(_, connection)| (connection.id, connection.direction, connection.state))
    }

    /// The timers that are armed, and when they expire; a timer of a connection is there once for
    /// each.
    pub fn timers(&self) -> impl Iterator<Item = (Timer, Instant)> + '_ {
        self.peering.timers()
    }

    /// The families whose routes stay although the session was lost, and until when.
    pub fn retained_routes(&self) -> impl Iterator<Item = RetainedRoutes> + '_ {
        self.peering.retained_routes()
    }

    /// Until when damping holds the session in Idle; none: it does not.
    pub fn held_back_until(&self) -> Option<Instant> {
        self.peering.retry.held_back_until()
    }

    /// What was counted since the session was made.
    pub fn counters(&self) -> &Counters {
        &self.peering.counters
    }

    /// The ConnectRetryCounter (RFC 4271 section 8).
    pub fn connect_retry_counter(&self) -> u32 {
        self.peering.retry.counter
    }

    /// The last NOTIFICATION that the peer was sent.
    pub fn last_sent_error(&self) -> Option<&LastError> {
        self.peering.last_sent.as_ref()
    }

    /// The last NOTIFICATION that the peer sent.
    pub fn last_received_error(&self) -> Option<&LastError> {
        self.peering.last_received.as_ref()
    }

    /// When and why the session last went down.
    pub fn last_down(&self) -> Option<(Instant, &DownReason)> {
        let (at, reason) = self.peering.last_down.as_ref()?;
        Some((*at, reason))
    }
}
