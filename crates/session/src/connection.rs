//! The TCP connections of a session, each with its state machine and the bytes it received.

use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;

use routehub_types::Instant;
use routehub_wire::{DecodeError, Notification, frame};

use crate::fsm::Action;
use crate::{ConnectionId, Direction, Negotiated, SendHold, State, Timer, Timers};

/// One of the two places for a connection: a session has at most two (RFC 4271 section 6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    First,
    Second,
}

impl Slot {
    pub(crate) const ALL: [Self; 2] = [Self::First, Self::Second];

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// One value per place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots<T> {
    first: T,
    second: T,
}

impl<T> Slots<T> {
    pub(crate) const fn at(&self, slot: Slot) -> &T {
        match slot {
            Slot::First => &self.first,
            Slot::Second => &self.second,
        }
    }

    pub(crate) const fn at_mut(&mut self, slot: Slot) -> &mut T {
        match slot {
            Slot::First => &mut self.first,
            Slot::Second => &mut self.second,
        }
    }
}

/// The connections that are open, and the one that is being opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    open: Slots<Option<Connection>>,
    dial: Option<ConnectionId>,
    last_id: u64,
}

impl Connections {
    /// A number that no connection has had.
    pub(crate) const fn next_id(&mut self) -> ConnectionId {
        self.last_id += 1;
        ConnectionId(self.last_id)
    }

    /// Begins to open a connection.
    pub(crate) fn dial(&mut self) -> ConnectionId {
        let id = self.next_id();
        self.dial = Some(id);
        id
    }

    /// The connection that is being opened.
    pub(crate) const fn dialled(&self) -> Option<ConnectionId> {
        self.dial
    }

    /// No connection is being opened any more; gives the one that was.
    pub(crate) const fn end_dial(&mut self) -> Option<ConnectionId> {
        self.dial.take()
    }

    /// The attempt to open this connection is over; whether it was under way.
    pub(crate) fn end_dial_of(&mut self, id: ConnectionId) -> bool {
        self.dial.take_if(|dialled| *dialled == id).is_some()
    }

    /// Gives a new connection a place and a state machine in this state.
    pub(crate) fn place(&mut self, id: ConnectionId, direction: Direction, state: State) -> Slot {
        let slot = match self.at(Slot::First) {
            None => Slot::First,
            Some(_) => Slot::Second,
        };
        *self.open.at_mut(slot) = Some(Connection::new(id, direction, state));
        slot
    }

    pub(crate) const fn at(&self, slot: Slot) -> Option<&Connection> {
        self.open.at(slot).as_ref()
    }

    pub(crate) const fn at_mut(&mut self, slot: Slot) -> Option<&mut Connection> {
        self.open.at_mut(slot).as_mut()
    }

    /// Takes a connection out.
    pub(crate) const fn take(&mut self, slot: Slot) -> Option<Connection> {
        self.open.at_mut(slot).take()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &Connection)> {
        let slots = Slot::ALL.into_iter();
        slots.filter_map(|slot| Some((slot, self.at(slot)?)))
    }

    pub(crate) fn first(&self) -> Option<Slot> {
        self.iter().next().map(|(slot, _)| slot)
    }

    fn find(&self, fits: impl Fn(&Connection) -> bool) -> Option<Slot> {
        self.iter()
            .find_map(|(slot, connection)| fits(connection).then_some(slot))
    }

    pub(crate) fn with_id(&self, id: ConnectionId) -> Option<Slot> {
        self.find(|connection| connection.id == id)
    }

    pub(crate) fn established(&self) -> Option<Slot> {
        self.find(|connection| connection.state == State::Established)
    }

    /// What was agreed on over a connection.
    pub(crate) fn agreed(&self, slot: Slot) -> Option<&Negotiated> {
        self.at(slot)?.negotiated.as_ref()
    }
}

/// A connection that is open.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) direction: Direction,
    /// Connect or Active while the DelayOpenTimer runs, OpenSent, OpenConfirm or Established.
    pub(crate) state: State,
    /// What was agreed on, once the peer's OPEN is accepted.
    pub(crate) negotiated: Option<Negotiated>,
    /// The NOTIFICATION that ends the connection, once it is given out.
    pub(crate) notified: Option<Notification>,
    /// Whether the other side has closed, so that nothing is left to close.
    pub(crate) closed: bool,
    delay_open: Option<Instant>,
    hold: Option<Instant>,
    keepalive: Option<Instant>,
    send_hold: Option<Instant>,
    /// Octets given out to be sent that are not reported as written.
    unwritten: u64,
}

impl Connection {
    const fn new(id: ConnectionId, direction: Direction, state: State) -> Self {
        Self {
            id,
            direction,
            state,
            negotiated: None,
            notified: None,
            closed: false,
            delay_open: None,
            hold: None,
            keepalive: None,
            send_hold: None,
            unwritten: 0,
        }
    }

    /// Whether the peer's routes are kept when it restarts and connects anew (RFC 4724 section 5).
    pub(crate) fn peer_restarts_gracefully(&self) -> bool {
        let restart = self.negotiated.as_ref().and_then(|n| n.graceful_restart);
        restart.is_some_and(|restart| !restart.kept().is_empty())
    }

    /// The timers of the connection, and when they expire.
    pub(crate) const fn deadlines(&self) -> [(Timer, Option<Instant>); 4] {
        [
            (Timer::Keepalive, self.keepalive),
            (Timer::Hold, self.hold),
            (Timer::SendHold, self.send_hold),
            (Timer::DelayOpen, self.delay_open),
        ]
    }

    pub(crate) const fn delays_open(&self) -> bool {
        self.delay_open.is_some()
    }

    /// Does what an action says of the DelayOpenTimer and the HoldTimer.
    pub(crate) fn set_timer(
        &mut self,
        action: Action,
        now: Instant,
        received_at: Instant,
        timers: &Timers,
    ) {
        let agreed = self.negotiated.as_ref();
        let hold_time = agreed.map(|n| n.hold_time).filter(|time| !time.is_zero());
        match action {
            Action::StartDelayOpen => self.delay_open = timers.delay_open.map(|time| now + time),
            Action::StopDelayOpen => self.delay_open = None,
            Action::StartLargeHold => self.hold = Some(now + timers.open_hold),
            Action::StartNegotiatedTimers => self.hold = hold_time.map(|time| now + time),
            Action::RestartHold => self.hold = hold_time.map(|time| received_at + time),
            _ => {}
        }
    }

    /// Sets the KeepaliveTimer.
    pub(crate) const fn set_keepalive(&mut self, due: Option<Instant>) {
        self.keepalive = due;
    }

    /// When the SendHoldTimer expires if it starts now; none: it is not armed.
    fn send_hold_due(&self, now: Instant, configured: SendHold) -> Option<Instant> {
        let hold_time = self.negotiated.as_ref()?.hold_time;
        let time = match configured {
            _ if self.state != State::Established => return None,
            SendHold::Off => return None,
            SendHold::After(time) => time,
            SendHold::Auto if hold_time.is_zero() => return None,
            SendHold::Auto => (hold_time * 2).max(Duration::from_secs(480)),
        };
        Some(now + time)
    }

    /// Octets were given out to be sent.
    pub(crate) fn sent(&mut self, octets: usize, now: Instant, send_hold: SendHold) {
        self.unwritten += octets as u64;
        if self.send_hold.is_none() {
            self.send_hold = self.send_hold_due(now, send_hold);
        }
    }

    /// The peer's TCP took octets of what was given out.
    pub(crate) fn written(&mut self, octets: u64, now: Instant, send_hold: SendHold) {
        self.unwritten = self.unwritten.saturating_sub(octets);
        let due = self.send_hold_due(now, send_hold);
        self.send_hold = due.filter(|_| self.unwritten > 0);
    }

    /// The NOTIFICATION that says this to the peer: what is meant to last ends graceful restart
    /// too (RFC 8538 section 5.1).
    pub(crate) fn notify(&mut self, error: Notification) -> Notification {
        let agreed = self.negotiated.as_ref();
        let restart = agreed.and_then(|agreed| agreed.graceful_restart);
        let lasting = error.code == Notification::HARD_RESET.code && matches!(error.subcode, 1..=3);
        let error = match restart.is_some_and(|restart| restart.notification) && lasting {
            true => error.into_hard_reset(),
            false => error,
        };
        self.notified.insert(error).clone()
    }
}

/// A buffer that gives out whole messages in place.
///
/// Memory is kept and used again; what was read is dropped when more is pushed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReceiveBuffer {
    bytes: Vec<u8>,
    read: usize,
    received_at: Instant,
}

impl ReceiveBuffer {
    pub(crate) fn push(&mut self, now: Instant, bytes: &[u8]) {
        if self.read > 0 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
        self.received_at = now;
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.read = 0;
    }

    /// When the last bytes came.
    pub(crate) const fn received_at(&self) -> Instant {
        self.received_at
    }

    fn unread(&self) -> &[u8] {
        self.bytes.get(self.read..).unwrap_or_default()
    }

    /// Whether there is a message, or a header that is wrong.
    pub(crate) fn has_message(&self, max_len: usize) -> bool {
        !matches!(frame(self.unread(), max_len), Ok(None))
    }

    /// Takes the next whole message, if there is one; its bytes stay until more is pushed.
    pub(crate) fn next(&mut self, max_len: usize) -> Result<Option<Range<usize>>, DecodeError> {
        let Some(length) = frame(self.unread(), max_len)? else {
            return Ok(None);
        };
        let start = self.read;
        self.read += length;
        Ok(Some(start..self.read))
    }

    /// The bytes of a message that [`next`](Self::next) took.
    pub(crate) fn message(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }
}
