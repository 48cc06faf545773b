//! A session: its state machine and its timers (RFC 5880 section 6.8).

mod poll;
mod remote;
mod timers;
mod transmission;

use alloc::collections::VecDeque;
use core::time::Duration;

pub use remote::Remote;
pub use timers::{Timers, TimersError};

use crate::authentication::{Authentication, Numbers};
use crate::counters::{Counters, StateChange};
use crate::discard::Discard;
use crate::packet::{Datagram, Diagnostic, Discriminator, Packet, Received, State};
use crate::random::Random;
use crate::{Instant, Interval};
use poll::PollSequence;
use timers::UsedTimers;
use transmission::Transmission;

/// Who begins (RFC 5880 section 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Packets are sent whether or not the remote system is heard.
    #[default]
    Active,
    /// Nothing is sent before the remote system is heard.
    Passive,
}

/// How a session is configured. There is no demand mode and no echo function: packets never ask
/// for the first and say, with an interval of zero, that no echo is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Who begins.
    pub role: Role,
    /// How fast packets are sent and received.
    pub timers: Timers,
    /// How packets are authenticated; none: they are not.
    pub authentication: Option<Authentication>,
    /// The TTL, or hop limit, that packets must arrive with at least.
    pub least_ttl: u8,
}

impl Config {
    /// A session over one hop, in the active role (RFC 5881 section 3), without authentication:
    /// packets must arrive with TTL 255 (RFC 5881 section 5).
    pub const fn single_hop(timers: Timers) -> Self {
        Self {
            role: Role::Active,
            timers,
            authentication: None,
            least_ttl: u8::MAX,
        }
    }

    /// A session over any number of hops, in the active role, without authentication (RFC 5883).
    pub const fn multihop(timers: Timers) -> Self {
        Self {
            least_ttl: 0,
            ..Self::single_hop(timers)
        }
    }
}

/// What a session wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// This is to be sent to the remote system.
    Send(Datagram),
    /// The state has changed.
    StateChange(StateChange),
}

/// The authentication of a session, and the numbers of packets.
#[derive(Clone, Debug)]
struct Signatures {
    authentication: Authentication,
    /// The number of the last packet that was sent (bfd.XmitAuthSeq).
    sent: u32,
    /// The last packet that was sent, without number.
    last: Option<Datagram>,
    /// The number of the last packet that came, and when (bfd.RcvAuthSeq).
    received: Option<(u32, Instant)>,
}

/// A BFD session with one remote system.
///
/// One input, then [`poll`](Self::poll) until it gives nothing, then sleep until the next input or
/// [`poll_timeout`](Self::poll_timeout), whichever comes first. Packets that a socket has are
/// handed in before time is let pass: a remote system is not silent because its packets wait in a
/// buffer.
#[derive(Clone, Debug)]
pub struct Session {
    discriminator: Discriminator,
    role: Role,
    state: State,
    since: Instant,
    diagnostic: Diagnostic,
    timers: UsedTimers,
    remote: Remote,
    poll_sequence: PollSequence,
    transmission: Transmission,
    signatures: Option<Signatures>,
    least_ttl: u8,
    counters: Counters,
    last_down: Option<StateChange>,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A session in state Down, which begins at once if it is active. The discriminator must be
    /// that of no other session of this system; the same seed gives the same session.
    pub fn new(now: Instant, discriminator: Discriminator, config: Config, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let sent = random.next_u32();
        let signatures = config.authentication.map(|authentication| Signatures {
            authentication,
            sent,
            last: None,
            received: None,
        });
        let mut session = Self {
            discriminator,
            role: config.role,
            state: State::Down,
            since: now,
            diagnostic: Diagnostic::None,
            timers: UsedTimers::new(config.timers),
            remote: Remote::UNHEARD,
            poll_sequence: PollSequence::default(),
            transmission: Transmission::new(random),
            signatures,
            least_ttl: config.least_ttl,
            counters: Counters::default(),
            last_down: None,
            outputs: VecDeque::new(),
        };
        session.send_news(now);
        session
    }

    /// A packet came that is for this session, with this TTL or hop limit.
    ///
    /// # Errors
    /// It was discarded (RFC 5880 section 6.8.6).
    pub fn handle_packet(
        &mut self,
        now: Instant,
        ttl: u8,
        received: &Received<'_>,
    ) -> Result<(), Discard> {
        let result = match self.least_ttl {
            least if ttl < least => Err(Discard::Ttl {
                received: ttl,
                least,
            }),
            _ => self.receive(now, received),
        };
        match &result {
            Ok(()) => self.counters.received += 1,
            Err(discard) => self.counters.discarded.count(discard),
        }
        self.send_news(now);
        result
    }

    fn receive(&mut self, now: Instant, received: &Received<'_>) -> Result<(), Discard> {
        self.authenticate(now, received)?;
        let packet = &received.packet;
        self.remote.hear(now, packet);
        if packet.is_final {
            if self.poll_sequence.on_final() {
                self.timers.settle();
            }
        } else {
            self.poll_sequence.on_other();
        }
        if self.state == State::AdminDown {
            return Err(Discard::AdminDown);
        }
        self.follow(now, packet.state);
        if packet.poll {
            self.answer_poll(now);
        }
        Ok(())
    }

    fn authenticate(&mut self, now: Instant, received: &Received<'_>) -> Result<(), Discard> {
        let Some(signatures) = &self.signatures else {
            return match received.authentication() {
                Some(_) => Err(Discard::AuthenticationUnexpected),
                None => Ok(()),
            };
        };
        // Numbers are known for twice the detection time (RFC 5880 section 6.8.1).
        let known_for = self.detection_time().unwrap_or_default() * 2;
        let known = signatures.received;
        let known = known.filter(|(_, at)| now.since(*at) < known_for);
        let expected = known.map(|(last, _)| {
            let most = 3 * u32::from(received.packet.detect_mult.get());
            let first = u32::from(signatures.authentication.is_meticulous());
            Numbers {
                first: last.wrapping_add(first),
                width: most - first,
            }
        });
        let number = signatures.authentication.verify(received, expected)?;
        if let Some(signatures) = &mut self.signatures {
            signatures.received = Some((number, now));
        }
        Ok(())
    }

    /// The state machine (RFC 5880 section 6.8.6).
    fn follow(&mut self, now: Instant, remote: State) {
        let signaled = Diagnostic::NeighborSignaledSessionDown;
        match (self.state, remote) {
            (State::Down, State::Down) => self.change(now, State::Init, None),
            (State::Down, State::Init) | (State::Init, State::Init | State::Up) => {
                self.change(now, State::Up, None);
            }
            (State::Init, State::AdminDown) | (State::Up, State::AdminDown | State::Down) => {
                self.change(now, State::Down, Some(signaled));
            }
            (State::AdminDown, _)
            | (State::Down, State::AdminDown | State::Up)
            | (State::Init, State::Down)
            | (State::Up, State::Init | State::Up) => {}
        }
    }

    fn change(&mut self, now: Instant, to: State, diagnostic: Option<Diagnostic>) {
        let from = self.state;
        self.diagnostic = diagnostic.unwrap_or(self.diagnostic);
        if from == to {
            return;
        }
        self.state = to;
        self.since = now;
        let change = StateChange {
            at: now,
            from,
            to,
            diagnostic: self.diagnostic,
            remote_state: self.remote.state,
            remote_diagnostic: self.remote.diagnostic,
        };
        if to == State::Up {
            self.counters.ups += 1;
        }
        if from == State::Up {
            self.counters.downs += 1;
            self.last_down = Some(change);
        }
        if self.timers.follow(to == State::Up) {
            self.poll_sequence.request();
        }
        self.outputs.push_back(Output::StateChange(change));
    }

    /// Time has passed: what is due is done.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.silent_at().is_some_and(|at| at <= now) {
            // What was heard is forgotten, so that what is told next is not of it.
            self.remote.fall_silent();
            self.poll_sequence.on_silence();
            if matches!(self.state, State::Init | State::Up) {
                let why = Diagnostic::ControlDetectionTimeExpired;
                self.change(now, State::Down, Some(why));
            }
        }
        if self.next_packet_at().is_some_and(|at| at <= now) {
            self.send(now);
        }
        self.send_news(now);
    }

    /// An operator, or the layers above, hold the session down, for a reason such as
    /// [`Diagnostic::AdministrativelyDown`] or [`Diagnostic::PathDown`]; the remote system is told
    /// (RFC 5880 section 6.8.16).
    pub fn disable(&mut self, now: Instant, diagnostic: Diagnostic) {
        self.change(now, State::AdminDown, Some(diagnostic));
        self.send_news(now);
    }

    /// The session may come up, after [`disable`](Self::disable).
    pub fn enable(&mut self, now: Instant) {
        if self.state == State::AdminDown {
            self.change(now, State::Down, None);
            self.send_news(now);
        }
    }

    /// Goes over to other timers; the session stays as it is, and the remote system is told by a
    /// poll sequence (RFC 5880 section 6.8.3).
    pub fn set_timers(&mut self, now: Instant, timers: Timers) {
        if self.timers.change(timers, self.state == State::Up) {
            self.poll_sequence.request();
        }
        self.send_news(now);
    }

    /// The next output.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let times = [self.silent_at(), self.next_packet_at()];
        times.into_iter().flatten().min()
    }

    /// When the remote system counts as silent.
    fn silent_at(&self) -> Option<Instant> {
        Some(self.remote.heard? + self.detection_time()?)
    }

    /// When the next periodic packet is due.
    fn next_packet_at(&self) -> Option<Instant> {
        let is_wanted = self.remote.required_min_rx != Interval::ZERO
            && (!self.is_remote_in_demand_mode() || self.poll_sequence.is_active());
        let due = self.transmission.due(self.transmit_interval());
        due.filter(|_| is_wanted && self.may_send())
    }

    /// A passive session waits until it is spoken to.
    fn may_send(&self) -> bool {
        self.role == Role::Active || self.remote.discriminator.is_some()
    }

    fn is_remote_in_demand_mode(&self) -> bool {
        self.remote.demand && self.state == State::Up && self.remote.state == State::Up
    }

    /// What packets say now, without Poll and Final.
    fn contents(&self) -> Packet {
        let configured = self.timers.configured();
        Packet {
            diagnostic: self.diagnostic,
            state: self.state,
            poll: false,
            is_final: false,
            control_plane_independent: false,
            demand: false,
            detect_mult: configured.detect_mult(),
            my_discriminator: self.discriminator,
            your_discriminator: self.remote.discriminator,
            desired_min_tx: self.timers.desired_min_tx(),
            required_min_rx: configured.required_min_rx(),
            required_min_echo_rx: Interval::ZERO,
        }
    }

    /// Sends at once what is not known yet (RFC 5880 section 6.8.7).
    fn send_news(&mut self, now: Instant) {
        if self.may_send() && self.transmission.is_news(&self.contents()) {
            self.send(now);
        }
    }

    fn send(&mut self, now: Instant) {
        let contents = self.contents();
        self.transmission.sent(now, contents);
        let poll = self.poll_sequence.is_active();
        self.give_out(&Packet { poll, ..contents });
    }

    /// Answers a poll, whenever the next periodic packet is due.
    fn answer_poll(&mut self, now: Instant) {
        // What is news beside the answer is told by it.
        let contents = self.contents();
        if self.transmission.is_news(&contents) {
            self.transmission.sent(now, contents);
        }
        self.give_out(&Packet {
            is_final: true,
            ..contents
        });
    }

    fn give_out(&mut self, packet: &Packet) {
        let mut datagram = packet.encode();
        if let Some(signatures) = &mut self.signatures {
            let is_new = signatures.last.replace(datagram) != Some(datagram);
            if is_new || signatures.authentication.is_meticulous() {
                signatures.sent = signatures.sent.wrapping_add(1);
            }
            datagram = signatures.authentication.sign(datagram, signatures.sent);
        }
        self.counters.sent += 1;
        self.outputs.push_back(Output::Send(datagram));
    }
}

impl Session {
    /// The discriminator of this system (bfd.LocalDiscr).
    pub const fn discriminator(&self) -> Discriminator {
        self.discriminator
    }

    /// The state (bfd.SessionState).
    pub const fn state(&self) -> State {
        self.state
    }

    /// Since when it is in this state.
    pub const fn state_since(&self) -> Instant {
        self.since
    }

    /// Why the state changed last (bfd.LocalDiag).
    pub const fn diagnostic(&self) -> Diagnostic {
        self.diagnostic
    }

    /// What the remote system said last.
    pub const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// How it is configured to send and receive.
    pub const fn timers(&self) -> Timers {
        self.timers.configured()
    }

    /// What packets are apart that are sent now, before it is reduced by chance.
    pub fn transmit_interval(&self) -> Interval {
        self.timers.usable_tx().max(self.remote.required_min_rx)
    }

    /// For how long the remote system may be silent; none before it is heard.
    pub fn detection_time(&self) -> Option<Duration> {
        self.remote.detection_time(self.timers.usable_rx())
    }

    /// What was counted since it was made.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How it left Up last.
    pub const fn last_down(&self) -> Option<&StateChange> {
        self.last_down.as_ref()
    }
}
