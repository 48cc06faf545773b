//! What holds for every session, whatever is done to it in whatever order.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use common::messages::{
    bytes_of, end_of_rib, keepalive, message, notification, peer_open, peer_open_with,
    route_refresh, update, update_malformed, update_treat_as_withdraw,
};
use common::{Seen, drain, local_config};
use proptest::prelude::*;
use routehub_session::{ConnectionId, Session, SessionConfig, State, Timer};
use routehub_types::{Family, Instant};
use routehub_wire::{
    AfiSafi, Capability, GracefulRestart, LongLivedFamily, Notification, RefreshKind,
};

/// Something done to a session.
#[derive(Clone, Debug)]
enum Input {
    Start,
    Stop,
    Teardown,
    RequestRefresh,
    Accept,
    Connected,
    ConnectFailed,
    /// Bytes on a connection, by its place among those that are open or were.
    Bytes(usize, Vec<u8>),
    Closed(usize),
    Written(usize, usize),
    SendEncoded,
    /// Time passes, in milliseconds.
    Wait(u64),
    /// Time passes until the next timer.
    Timeout,
}

fn restart() -> Capability {
    Capability::GracefulRestart(GracefulRestart {
        restarting: false,
        notification: true,
        time: 20,
        families: vec![(AfiSafi::IPV4, true)],
    })
}

/// Keeps IPv4 for less than a minute, and IPv6, which has no restart time, for longer.
fn long_lived() -> Capability {
    let families = [(AfiSafi::IPV4, 30), (AfiSafi::IPV6, 90)];
    let listed = families.map(|(family, stale_time)| LongLivedFamily {
        family,
        forwarding: true,
        stale_time,
    });
    Capability::LongLivedGracefulRestart(listed.to_vec())
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let more = [restart(), long_lived(), Capability::EnhancedRouteRefresh];
    let opening = [bytes_of(&peer_open_with(more.clone())), keepalive()].concat();
    let refresh = |kind| route_refresh(Family::Ipv4, kind);
    prop_oneof![
        4 => Just(opening),
        2 => Just(bytes_of(&peer_open())),
        1 => Just(bytes_of(&common::messages::local_open())),
        4 => Just(keepalive()),
        3 => Just(update([1, 2])),
        1 => Just(update_treat_as_withdraw()),
        1 => Just(update_malformed()),
        2 => Just(end_of_rib()),
        1 => Just(notification(&Notification::ADMINISTRATIVE_RESET)),
        1 => Just(notification(&Notification::UNSUPPORTED_VERSION)),
        1 => Just(refresh(RefreshKind::Request)),
        1 => Just(refresh(RefreshKind::Begin)),
        1 => Just(refresh(RefreshKind::End)),
        1 => (0..8_u8, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(code, body)| message(code, &body)),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ]
}

/// Bytes, sometimes cut short.
fn cut_bytes() -> impl Strategy<Value = Vec<u8>> {
    (bytes(), any::<prop::sample::Index>(), 0..8_u8).prop_map(|(mut bytes, at, cut)| {
        if cut == 0 && !bytes.is_empty() {
            bytes.truncate(at.index(bytes.len()));
        }
        bytes
    })
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        3 => Just(Input::Start),
        1 => Just(Input::Stop),
        1 => Just(Input::Teardown),
        1 => Just(Input::RequestRefresh),
        6 => Just(Input::Accept),
        6 => Just(Input::Connected),
        2 => Just(Input::ConnectFailed),
        20 => (0..3_usize, cut_bytes()).prop_map(|(place, bytes)| Input::Bytes(place, bytes)),
        2 => (0..3_usize).prop_map(Input::Closed),
        2 => (0..3_usize, 0..5000_usize).prop_map(|(place, octets)| Input::Written(place, octets)),
        2 => Just(Input::SendEncoded),
        4 => (0..90_000_u64).prop_map(Input::Wait),
        6 => Just(Input::Timeout),
    ]
}

fn config() -> impl Strategy<Value = SessionConfig> {
    (
        any::<[bool; 7]>(),
        prop::sample::select(vec![0, 3, 30, 180]),
    )
        .prop_map(|(on, hold)| {
            let mut config = local_config();
            config.passive = on[0];
            config.damp_peer_oscillations = on[1];
            config.automatic_start = on[2];
            config.collision_detect_established = on[3];
            config.timers.delay_open = on[4].then_some(Duration::from_secs(5));
            config.timers.hold_time = Duration::from_secs(hold);
            if on[5] {
                config.capabilities.0.push(restart());
                config.capabilities.0.push(long_lived());
                config.capabilities.0.push(Capability::EnhancedRouteRefresh);
            }
            config.notify_without_open = on[6];
            config
        })
}

/// A session, and all that must stay true of it.
struct Watched {
    session: Session,
    now: Instant,
    dial: Option<ConnectionId>,
    ids: Vec<ConnectionId>,
    closed: BTreeSet<ConnectionId>,
    told: BTreeSet<ConnectionId>,
    established: bool,
    started: bool,
    log: Vec<Seen>,
}

impl Watched {
    fn new(config: SessionConfig, seed: u64) -> Self {
        Self {
            session: Session::new(config, seed).expect("a good configuration"),
            now: Instant::ZERO,
            dial: None,
            ids: Vec::new(),
            closed: BTreeSet::new(),
            told: BTreeSet::new(),
            established: false,
            started: false,
            log: Vec::new(),
        }
    }

    /// A connection by its place: 0 is the latest one.
    fn id(&self, place: usize) -> Option<ConnectionId> {
        self.ids.iter().rev().nth(place).copied()
    }

    fn apply(&mut self, input: &Input) {
        let was_stopped = !self.started;
        self.give(input);
        let seen = drain(&mut self.session, self.now);
        for one in &seen {
            self.watch(one);
        }
        if was_stopped && !self.started {
            assert_eq!(seen, [], "a stopped session is silent");
        }
        self.log.extend(seen);
        self.check_timers();
        self.check_connections();
    }

    fn give(&mut self, input: &Input) {
        let now = self.now;
        let session = &mut self.session;
        match input {
            Input::Start => {
                self.started = true;
                session.handle_start(now);
            }
            Input::Stop => {
                session.handle_stop(now, Notification::ADMINISTRATIVE_SHUTDOWN);
                self.started = false;
                // The stop itself speaks.
                for one in drain(session, now) {
                    self.watch(&one);
                    self.log.push(one);
                }
            }
            Input::Teardown => session.teardown(now, Notification::MAXIMUM_PREFIXES),
            Input::RequestRefresh => {
                let _ = session.request_refresh(now);
            }
            Input::Accept => self.ids.extend(session.handle_accepted(now)),
            Input::Connected => {
                if let Some(id) = self.dial.take() {
                    session.handle_connected(now, id);
                    self.ids.push(id);
                }
            }
            Input::ConnectFailed => {
                if let Some(id) = self.dial.take() {
                    session.handle_connect_failed(now, id);
                }
            }
            Input::Bytes(place, bytes) => {
                if let Some(id) = self.id(*place) {
                    self.session.handle_bytes(now, id, bytes);
                }
            }
            Input::Closed(place) => {
                if let Some(id) = self.id(*place) {
                    self.session.handle_closed(now, id);
                    self.closed.insert(id);
                }
            }
            Input::Written(place, octets) => {
                if let Some(id) = self.id(*place) {
                    self.session.handle_written(now, id, *octets);
                }
            }
            Input::SendEncoded => {
                let _ = session.send_encoded(now, Bytes::from(update([3])));
            }
            Input::Wait(millis) => {
                self.now += Duration::from_millis(*millis);
                session.handle_timeout(self.now);
            }
            Input::Timeout => {
                self.now = session.poll_timeout().unwrap_or(now);
                session.handle_timeout(self.now);
            }
        }
    }

    fn watch(&mut self, seen: &Seen) {
        match seen {
            Seen::Connect(id) => {
                assert_eq!(self.dial.replace(*id), None, "one attempt at a time");
            }
            Seen::Sent(id, bytes) => {
                assert!(!self.closed.contains(id), "sent after the close");
                assert!(!self.told.contains(id), "sent after a NOTIFICATION");
                if bytes[18] == 3 {
                    self.told.insert(*id);
                }
            }
            Seen::Closed(id) => {
                assert!(self.closed.insert(*id), "closed twice");
                if self.dial == Some(*id) {
                    self.dial = None;
                }
            }
            Seen::Established(_) => {
                assert!(!self.established, "established twice");
                self.established = true;
            }
            Seen::Down(_) => {
                assert!(self.established, "down without having been up");
                self.established = false;
            }
            Seen::Update { .. } | Seen::EndOfRib(_) | Seen::RunEnded(_) | Seen::MarkStale(_) => {
                assert!(
                    self.established,
                    "{seen:?} of a session that is not established"
                );
            }
            _ => {}
        }
    }

    /// Timers are armed only in states that need them, and expire in the future.
    fn check_timers(&self) {
        let state = self.session.state();
        let states: Vec<State> = self.session.connections().map(|one| one.2).collect();
        let any = |least: State| states.iter().any(|state| *state >= least);
        for (timer, at) in self.session.timers() {
            assert!(
                at > self.now,
                "{timer:?} at {at:?} is not after {:?}",
                self.now
            );
            let needed = match timer {
                Timer::ConnectRetry => {
                    states.is_empty() && matches!(state, State::Connect | State::Active)
                }
                Timer::IdleHold => self.started && state == State::Idle,
                Timer::DelayOpen => states.iter().any(|one| *one < State::OpenSent),
                Timer::Hold => any(State::OpenSent),
                Timer::Keepalive => any(State::OpenConfirm),
                Timer::SendHold | Timer::UpdateRun | Timer::Refresh => state == State::Established,
                Timer::Restart => self.started && state != State::Established,
                Timer::Retained => self.started,
                Timer::LongLived => self.started && state != State::Established,
            };
            assert!(needed, "{timer:?} in {state}, connections {states:?}");
        }
    }

    fn check_connections(&self) {
        let states: Vec<State> = self.session.connections().map(|one| one.2).collect();
        assert!(
            states.len() + usize::from(self.dial.is_some()) <= 2,
            "{states:?}"
        );
        let established = states
            .iter()
            .filter(|one| **one == State::Established)
            .count();
        assert_eq!(established, usize::from(self.established));
        assert_eq!(self.session.negotiated().is_some(), self.established);
        assert_eq!(self.session.uptime(self.now).is_some(), self.established);
        for (id, _, _) in self.session.connections() {
            assert!(!self.closed.contains(&id), "a connection that was closed");
        }
    }
}

fn run(config: &SessionConfig, seed: u64, inputs: &[Input]) -> Watched {
    let mut watched = Watched::new(config.clone(), seed);
    for input in inputs {
        watched.apply(input);
    }
    watched
}

proptest! {
    #[test]
    fn a_session_keeps_its_promises(
        config in config(),
        seed in any::<u64>(),
        inputs in prop::collection::vec(input(), 0..60),
    ) {
        run(&config, seed, &inputs);
    }

    #[test]
    fn a_session_that_is_opened_keeps_its_promises(
        config in config(),
        inputs in prop::collection::vec(input(), 0..40),
    ) {
        let more = [restart(), Capability::EnhancedRouteRefresh];
        let opening = [bytes_of(&peer_open_with(more)), keepalive()].concat();
        let mut all = vec![Input::Start, Input::Accept, Input::Bytes(0, opening)];
        all.extend(inputs);
        let watched = run(&config, 1, &all);
        prop_assert!(watched.session.counters().established > 0);
    }

    #[test]
    fn the_same_inputs_and_seed_give_the_same_outputs(
        config in config(),
        seed in any::<u64>(),
        inputs in prop::collection::vec(input(), 0..60),
    ) {
        let one = run(&config, seed, &inputs);
        let two = run(&config, seed, &inputs);
        prop_assert_eq!(one.log, two.log);
        prop_assert_eq!(one.session.counters(), two.session.counters());
        prop_assert_eq!(one.session.poll_timeout(), two.session.poll_timeout());
    }

    #[test]
    fn it_does_not_matter_how_a_stream_is_cut(
        pieces in prop::collection::vec(bytes(), 0..12),
        cuts in prop::collection::vec(1..50_usize, 1..60),
    ) {
        let more = [restart(), Capability::EnhancedRouteRefresh];
        let mut stream = [bytes_of(&peer_open_with(more)), keepalive()].concat();
        stream.extend(pieces.concat());
        let mut config = local_config();
        config.passive = true;
        let mut whole = Watched::new(config.clone(), 1);
        let mut parts = Watched::new(config, 1);
        for watched in [&mut whole, &mut parts] {
            watched.apply(&Input::Start);
            watched.apply(&Input::Accept);
        }
        whole.apply(&Input::Bytes(0, stream.clone()));
        let mut rest = stream.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, left) = rest.split_at((*cut).min(rest.len()));
            parts.apply(&Input::Bytes(0, part.to_vec()));
            rest = left;
        }
        prop_assert_eq!(whole.log, parts.log);
    }
}
