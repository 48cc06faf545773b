//! Sessions for tests, and a channel between two of them.
#![allow(dead_code, reason = "every test uses its own part of this")]

use std::time::Duration;

use routehub_bfd::{
    Config, Datagram, Discard, Discriminator, Instant, Interval, Output, Packet, Received, Session,
    State, StateChange, Timers,
};

/// A second.
pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn number(number: u32) -> Discriminator {
    Discriminator::new(number).expect("not zero")
}

/// Timers with the same interval, in milliseconds, both ways.
pub(crate) fn timers(interval: u32, detect_mult: u8) -> Timers {
    let interval = Interval::from_millis(interval);
    Timers::new(interval, interval, detect_mult).expect("timers")
}

/// A session of ours, 300 ms and 3 packets, with the discriminator 7.
pub(crate) fn session() -> Session {
    session_with(Config::single_hop(timers(300, 3)))
}

pub(crate) fn session_with(config: Config) -> Session {
    Session::new(Instant::ZERO, number(7), config, 42)
}

/// What a remote system says, in this state: it has the discriminator 9 and knows ours.
pub(crate) fn packet(state: State) -> Packet {
    let heard = state != State::Down && state != State::AdminDown;
    Packet {
        diagnostic: routehub_bfd::Diagnostic::None,
        state,
        poll: false,
        is_final: false,
        control_plane_independent: false,
        demand: false,
        detect_mult: 3.try_into().expect("not zero"),
        my_discriminator: number(9),
        your_discriminator: heard.then(|| number(7)),
        desired_min_tx: Interval::from_millis(300),
        required_min_rx: Interval::from_millis(300),
        required_min_echo_rx: Interval::ZERO,
    }
}

/// Hands a packet to a session.
pub(crate) fn hand(session: &mut Session, now: Instant, packet: &Packet) -> Result<(), Discard> {
    let datagram = packet.encode();
    let received = Received::parse(datagram.octets()).expect("a packet");
    session.handle_packet(now, 255, &received)
}

/// All that a session wants: the packets that it sends, and the changes of its state.
pub(crate) fn drain(session: &mut Session) -> (Vec<Packet>, Vec<StateChange>) {
    let (mut packets, mut changes) = (Vec::new(), Vec::new());
    while let Some(output) = session.poll() {
        match output {
            Output::Send(datagram) => packets.push(read(&datagram)),
            Output::StateChange(change) => changes.push(change),
        }
    }
    (packets, changes)
}

pub(crate) fn read(datagram: &Datagram) -> Packet {
    Received::parse(datagram.octets()).expect("a packet").packet
}

/// A session that is Up, at this time, with nothing left to send.
pub(crate) fn up(now: Instant) -> Session {
    up_with(now, Config::single_hop(timers(300, 3)))
}

pub(crate) fn up_with(now: Instant, config: Config) -> Session {
    let mut session = session_with(config);
    hand(&mut session, now, &packet(State::Down)).expect("no discard");
    hand(&mut session, now, &packet(State::Init)).expect("no discard");
    let answer = Packet {
        is_final: true,
        ..packet(State::Up)
    };
    hand(&mut session, now, &answer).expect("no discard");
    hand(&mut session, now, &packet(State::Up)).expect("no discard");
    assert_eq!(session.state(), State::Up);
    drain(&mut session);
    session
}

/// A channel with a session at each end.
pub(crate) struct Channel {
    pub(crate) now: Instant,
    pub(crate) ends: [Session; 2],
    /// Datagrams on their way: when they arrive, and at which end.
    pub(crate) flying: Vec<(Instant, usize, Datagram)>,
    /// Every change of state, with its end.
    pub(crate) changes: Vec<(usize, StateChange)>,
    /// When an end received something last.
    pub(crate) heard: [Instant; 2],
}

/// What becomes of a datagram: lost, or how long it takes.
pub(crate) type Fate = Option<Duration>;

impl Channel {
    pub(crate) fn new(configs: [Config; 2], seed: u64) -> Self {
        let [a, b] = configs;
        Self {
            now: Instant::ZERO,
            ends: [
                Session::new(Instant::ZERO, number(7), a, seed),
                Session::new(Instant::ZERO, number(9), b, seed ^ 1),
            ],
            flying: Vec::new(),
            changes: Vec::new(),
            heard: [Instant::ZERO; 2],
        }
    }

    /// Lets time pass; `fate` says what becomes of each datagram that is sent to an end.
    pub(crate) fn run(&mut self, time: Duration, mut fate: impl FnMut(usize) -> Fate) {
        let end = self.now + time;
        loop {
            self.carry_out(&mut fate);
            let arrivals = self.flying.iter().map(|(at, ..)| *at);
            let timeouts = self.ends.iter().filter_map(Session::poll_timeout);
            let next = arrivals.chain(timeouts).min().filter(|next| *next < end);
            let Some(next) = next else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            let now = self.now;
            // What has arrived comes before time passes.
            while let Some(at) = self.flying.iter().position(|(at, ..)| *at <= now) {
                let (_, to, datagram) = self.flying.remove(at);
                let received = Received::parse(datagram.octets()).expect("a packet");
                if self.ends[to].handle_packet(now, 255, &received).is_ok() {
                    self.heard[to] = now;
                }
            }
            self.ends.iter_mut().for_each(|end| end.handle_timeout(now));
        }
    }

    fn carry_out(&mut self, fate: &mut impl FnMut(usize) -> Fate) {
        for at in [0, 1] {
            while let Some(output) = self.ends[at].poll() {
                match output {
                    Output::StateChange(change) => self.changes.push((at, change)),
                    Output::Send(datagram) => {
                        if let Some(time) = fate(1 - at) {
                            self.flying.push((self.now + time, 1 - at, datagram));
                        }
                    }
                }
            }
        }
    }

    pub(crate) fn states(&self) -> [State; 2] {
        [self.ends[0].state(), self.ends[1].state()]
    }
}
