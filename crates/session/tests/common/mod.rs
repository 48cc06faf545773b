//! Two sessions, a network between them and a clock of their own.
#![allow(dead_code, unreachable_pub, reason = "every test uses a part of it")]

pub mod alone;
pub mod messages;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use routehub_session::{
    ConnectionId, Down, DownReason, Event, Negotiated, Output, RunEnd, Session, SessionConfig,
    State, SweepReason,
};
use routehub_types::{Asn, Family, Instant, RouterId};
use routehub_wire::{MessageType, Outcome};

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    A,
    B,
}

impl Who {
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// An output in owned form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Connect(ConnectionId),
    Sent(ConnectionId, Vec<u8>),
    Closed(ConnectionId),
    Established(Box<Negotiated>),
    Update {
        outcome: Outcome,
        announced: Vec<String>,
        withdrawn: Vec<String>,
    },
    EndOfRib(Family),
    RunEnded(RunEnd),
    RefreshRequested(Family),
    MarkStale(Family),
    LongLivedStale(Family, Duration),
    SweepStale(Family, SweepReason),
    SweepLongLivedStale(Family),
    Down(Box<Down>),
    AttemptFailed(Box<DownReason>),
}

impl Seen {
    pub fn of(output: Output<'_>) -> Self {
        match output {
            Output::Connect(id) => Self::Connect(id),
            Output::Send(id, bytes) => Self::Sent(id, bytes.to_vec()),
            Output::Close(id) => Self::Closed(id),
            Output::Event(Event::Established(negotiated)) => Self::Established(negotiated),
            Output::Update(view) => Self::Update {
                outcome: view.outcome(),
                announced: (view.announced())
                    .flat_map(|field| field.nlri)
                    .map(|nlri| nlri.to_string())
                    .collect(),
                withdrawn: (view.withdrawn()).map(|nlri| nlri.to_string()).collect(),
            },
            Output::Event(Event::EndOfRib(family)) => Self::EndOfRib(family),
            Output::Event(Event::RunEnded(end)) => Self::RunEnded(end),
            Output::Event(Event::RefreshRequested(family)) => Self::RefreshRequested(family),
            Output::Event(Event::MarkStale(family)) => Self::MarkStale(family),
            Output::Event(Event::LongLivedStale(family, time)) => {
                Self::LongLivedStale(family, time)
            }
            Output::Event(Event::SweepStale(family, why)) => Self::SweepStale(family, why),
            Output::Event(Event::SweepLongLivedStale(family)) => Self::SweepLongLivedStale(family),
            Output::Event(Event::Down(down)) => Self::Down(down),
            Output::Event(Event::AttemptFailed(reason)) => Self::AttemptFailed(reason),
        }
    }
}

/// Everything that comes out at this time.
pub fn drain(session: &mut Session, now: Instant) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(output) = session.poll(now) {
        seen.push(Seen::of(output));
    }
    seen
}

/// The types of the messages in these outputs.
pub fn sent(seen: &[Seen]) -> Vec<MessageType> {
    let bytes = seen.iter().filter_map(|one| match one {
        Seen::Sent(_, bytes) => Some(bytes),
        _ => None,
    });
    bytes
        .map(|bytes| MessageType::from_code(bytes[18]).expect("a message type"))
        .collect()
}

/// The NOTIFICATIONs in these outputs: code, subcode and data.
pub fn notifications(seen: &[Seen]) -> Vec<(u8, u8, Vec<u8>)> {
    let bytes = seen.iter().filter_map(|one| match one {
        Seen::Sent(_, bytes) if bytes[18] == 3 => Some(bytes),
        _ => None,
    });
    bytes
        .map(|bytes| (bytes[19], bytes[20], bytes[21..].to_vec()))
        .collect()
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// AS 64512 with BGP identifier 10.0.6.4.
pub const LOCAL: (Asn, RouterId) = (Asn(64512), RouterId(0x0a00_0604));
/// AS 65001 with BGP identifier 10.0.4.4.
pub const PEER: (Asn, RouterId) = (Asn(65001), RouterId(0x0a00_0404));

/// The configuration of the one with the higher BGP identifier.
pub fn local_config() -> SessionConfig {
    SessionConfig::new(LOCAL.0, PEER.0, LOCAL.1)
}

/// The configuration of the one with the lower BGP identifier.
pub fn peer_config() -> SessionConfig {
    SessionConfig::new(PEER.0, LOCAL.0, PEER.1)
}

/// A source of chance for tests (xorshift).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// Something that the network does at a time.
#[derive(Clone, Debug)]
enum Delivery {
    /// A SYN arrives at the other side.
    Arrive { from: Who, id: ConnectionId },
    /// The answer to a SYN arrives.
    Connected { at: Who, id: ConnectionId },
    /// Bytes arrive.
    Bytes {
        at: Who,
        id: ConnectionId,
        bytes: Vec<u8>,
    },
    /// A FIN or RST arrives.
    Closed { at: Who, id: ConnectionId },
}

/// One side of the pair.
pub struct Side {
    pub session: Session,
    pub seen: Vec<(Instant, Seen)>,
    /// The other end of each of its connections.
    ends: BTreeMap<ConnectionId, ConnectionId>,
    /// When the last bytes sent on a connection arrive: TCP keeps the order.
    arrives: BTreeMap<ConnectionId, Instant>,
}

impl Side {
    fn new(config: SessionConfig, seed: u64) -> Self {
        Self {
            session: Session::new(config, seed).expect("a configuration that can be encoded"),
            seen: Vec::new(),
            ends: BTreeMap::new(),
            arrives: BTreeMap::new(),
        }
    }

    /// What it saw, without the times.
    pub fn events(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().map(|(_, seen)| seen)
    }

    pub fn count(&self, test: impl Fn(&Seen) -> bool) -> usize {
        self.events().filter(|seen| test(seen)).count()
    }

    pub fn connects(&self) -> usize {
        self.count(|seen| matches!(seen, Seen::Connect(_)))
    }

    pub fn downs(&self) -> Vec<&Down> {
        let downs = self.events().filter_map(|seen| match seen {
            Seen::Down(down) => Some(&**down),
            _ => None,
        });
        downs.collect()
    }

    pub fn failures(&self) -> Vec<&DownReason> {
        let failures = self.events().filter_map(|seen| match seen {
            Seen::AttemptFailed(reason) => Some(&**reason),
            _ => None,
        });
        failures.collect()
    }
}

/// Two sessions over a network in memory.
pub struct Pair {
    pub now: Instant,
    pub a: Side,
    pub b: Side,
    network: BTreeMap<(Instant, u64), Delivery>,
    sequence: u64,
    chance: Chance,
    /// How long everything travels.
    pub latency: Duration,
    /// Whether bytes are cut and merged at any place and everything takes its own time.
    pub shuffled: bool,
    /// Whether the network swallows everything.
    pub silent: bool,
    /// Whether a connection cannot be opened by this side.
    pub firewall: [bool; 2],
}

impl Pair {
    pub fn new(a: SessionConfig, b: SessionConfig) -> Self {
        Self::seeded(a, b, 1)
    }

    pub fn seeded(a: SessionConfig, b: SessionConfig, seed: u64) -> Self {
        Self {
            now: Instant::from_millis(1_000),
            a: Side::new(a, seed),
            b: Side::new(b, seed ^ 0x5555),
            network: BTreeMap::new(),
            sequence: 0,
            chance: Chance::new(seed),
            latency: Duration::from_millis(1),
            shuffled: false,
            silent: false,
            firewall: [false; 2],
        }
    }

    /// Two sessions that both connect, started.
    pub fn started() -> Self {
        let mut pair = Self::new(local_config(), peer_config());
        pair.start();
        pair
    }

    /// Two sessions that are established, of which A only listens.
    pub fn established() -> Self {
        Self::established_with(local_config(), peer_config())
    }

    pub fn established_with(mut a: SessionConfig, b: SessionConfig) -> Self {
        a.passive = true;
        let mut pair = Self::new(a, b);
        pair.start();
        pair.run(seconds(2));
        assert_eq!(pair.states(), (State::Established, State::Established));
        pair
    }

    pub fn start(&mut self) {
        for who in [Who::A, Who::B] {
            let now = self.now;
            self.session(who).handle_start(now);
            self.drain(who);
        }
    }

    pub fn states(&self) -> (State, State) {
        (self.a.session.state(), self.b.session.state())
    }

    pub fn side(&mut self, who: Who) -> &mut Side {
        match who {
            Who::A => &mut self.a,
            Who::B => &mut self.b,
        }
    }

    pub fn session(&mut self, who: Who) -> &mut Session {
        &mut self.side(who).session
    }

    /// Does something to one session and lets it speak.
    pub fn with<T>(&mut self, who: Who, act: impl FnOnce(&mut Session, Instant) -> T) -> T {
        let now = self.now;
        let done = act(self.session(who), now);
        self.drain(who);
        done
    }

    fn deliver_at(&mut self, at: Instant, delivery: Delivery) {
        self.sequence += 1;
        self.network.insert((at, self.sequence), delivery);
    }

    fn travel(&mut self) -> Instant {
        let jitter = if self.shuffled {
            self.chance.below(40)
        } else {
            0
        };
        self.now + self.latency + Duration::from_millis(jitter)
    }

    /// Carries out all that a session wants.
    pub fn drain(&mut self, who: Who) {
        let now = self.now;
        while let Some(output) = self.session(who).poll(now).map(Seen::of) {
            self.side(who).seen.push((now, output.clone()));
            match output {
                Seen::Connect(id) => self.connect(who, id),
                Seen::Sent(id, bytes) => self.send(who, id, &bytes),
                Seen::Closed(id) => self.close(who, id),
                _ => {}
            }
        }
        let timeout = self.session(who).poll_timeout();
        assert!(
            timeout.is_none_or(|at| at > now),
            "{timeout:?} is not after {now:?}"
        );
    }

    fn connect(&mut self, from: Who, id: ConnectionId) {
        if !self.silent && !self.firewall[from as usize] {
            let at = self.travel();
            self.deliver_at(at, Delivery::Arrive { from, id });
        }
    }

    fn send(&mut self, from: Who, id: ConnectionId, bytes: &[u8]) {
        let now = self.now;
        let octets = bytes.len();
        self.session(from).handle_written(now, id, octets);
        let Some(end) = self.side(from).ends.get(&id).copied() else {
            return;
        };
        if self.silent {
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let most = rest.len() as u64;
            let cut = if self.shuffled {
                1 + self.chance.below(most)
            } else {
                most
            };
            let (chunk, left) = rest.split_at(cut as usize);
            rest = left;
            let at = self.in_order(from, id);
            let bytes = chunk.to_vec();
            let at_who = from.other();
            self.deliver_at(
                at,
                Delivery::Bytes {
                    at: at_who,
                    id: end,
                    bytes,
                },
            );
        }
    }

    /// When something sent now arrives, never before what was sent earlier.
    fn in_order(&mut self, from: Who, id: ConnectionId) -> Instant {
        let at = self.travel();
        let last = self.side(from).arrives.entry(id).or_default();
        *last = (*last).max(at);
        *last
    }

    fn close(&mut self, from: Who, id: ConnectionId) {
        let end = self.side(from).ends.remove(&id).filter(|_| !self.silent);
        if let Some(end) = end {
            let at = self.in_order(from, id);
            self.deliver_at(
                at,
                Delivery::Closed {
                    at: from.other(),
                    id: end,
                },
            );
        }
    }

    /// Loses every connection, with a RST to both sides.
    pub fn reset_connections(&mut self) {
        self.network.clear();
        for who in [Who::A, Who::B] {
            let ids: Vec<_> = std::mem::take(&mut self.side(who).ends)
                .into_keys()
                .collect();
            for id in ids {
                let now = self.now;
                self.session(who).handle_closed(now, id);
            }
            self.drain(who);
        }
    }

    /// The machine of a side dies: nothing of its connections is ever heard again.
    pub fn forget(&mut self, who: Who) {
        self.network.clear();
        self.side(who).ends.clear();
        self.side(who.other()).ends.clear();
    }

    /// A side starts anew with nothing but its configuration.
    pub fn restart(&mut self, who: Who, config: SessionConfig) {
        self.forget(who);
        *self.side(who) = Side::new(config, 99);
        self.with(who, Session::handle_start);
    }

    fn deliver(&mut self, delivery: Delivery) {
        let now = self.now;
        match delivery {
            Delivery::Arrive { from, id } => self.arrive(from, id),
            Delivery::Connected { at, id } => {
                self.session(at).handle_connected(now, id);
                self.drain(at);
            }
            Delivery::Bytes { at, id, bytes } => {
                self.session(at).handle_bytes(now, id, &bytes);
                self.drain(at);
            }
            Delivery::Closed { at, id } => {
                self.side(at).ends.remove(&id);
                self.session(at).handle_closed(now, id);
                self.drain(at);
            }
        }
    }

    fn arrive(&mut self, from: Who, id: ConnectionId) {
        let now = self.now;
        let answer = self.travel();
        self.side(from).arrives.insert(id, answer);
        self.deliver_at(answer, Delivery::Connected { at: from, id });
        let to = from.other();
        match self.session(to).handle_accepted(now) {
            Some(end) => {
                self.side(to).ends.insert(end, id);
                self.side(from).ends.insert(id, end);
                self.side(to).arrives.insert(end, answer);
            }
            None => self.deliver_at(answer, Delivery::Closed { at: from, id }),
        }
        self.drain(to);
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let delivery = self.network.first_key_value().map(|((at, _), _)| *at);
            let timers = [self.a.session.poll_timeout(), self.b.session.poll_timeout()];
            let next = delivery
                .into_iter()
                .chain(timers.into_iter().flatten())
                .min();
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = next;
            if delivery == Some(next)
                && let Some((_, delivery)) = self.network.pop_first()
            {
                self.deliver(delivery);
            }
            for (who, timer) in [Who::A, Who::B].into_iter().zip(timers) {
                if timer.is_some_and(|at| at <= next) {
                    self.session(who).handle_timeout(next);
                    self.drain(who);
                }
            }
        }
        self.now = end;
    }

    /// Sends encoded messages from an established session.
    pub fn send_encoded(&mut self, who: Who, bytes: Vec<u8>) {
        let sent = self.with(who, |session, now| {
            session.send_encoded(now, Bytes::from(bytes))
        });
        sent.expect("established");
    }
}
