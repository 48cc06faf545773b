//! Bytes, connections, commands and timers in any order: a session never panics and keeps what
//! its documentation promises.
#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use routehub_session::{ConnectionId, Event, Output, Session, SessionConfig, State};
use routehub_types::{Asn, Family, Instant, RouterId};
use routehub_wire::{
    AfiSafi, Capability, GracefulRestart, KEEPALIVE, Notification, Open, RefreshKind,
};

/// What the session is configured with.
#[derive(Arbitrary, Debug)]
struct Settings {
    passive: bool,
    damp: bool,
    automatic_start: bool,
    collision_detect_established: bool,
    notify_without_open: bool,
    delay_open: bool,
    graceful_restart: bool,
    extended_message: bool,
    hold_time: u16,
    seed: u64,
}

/// Something done to the session.
#[derive(Arbitrary, Debug)]
enum Op {
    Start,
    Stop,
    Teardown,
    RequestRefresh,
    Refresh(bool),
    Accept,
    Connected,
    ConnectFailed,
    /// A good OPEN, of a peer with graceful restart or without.
    Open {
        place: u8,
        restarts: bool,
    },
    Keepalive {
        place: u8,
    },
    /// A message with a good header.
    Message {
        place: u8,
        code: u8,
        body: Vec<u8>,
    },
    Bytes {
        place: u8,
        bytes: Vec<u8>,
    },
    Closed {
        place: u8,
    },
    Written {
        place: u8,
        octets: u16,
    },
    Send(Vec<u8>),
    Wait {
        millis: u32,
    },
    Timeout,
}

fn restart() -> Capability {
    Capability::GracefulRestart(GracefulRestart {
        restarting: false,
        notification: true,
        time: 60,
        families: vec![(AfiSafi::IPV4, true)],
    })
}

fn config(settings: &Settings) -> SessionConfig {
    let mut config = SessionConfig::new(Asn(64512), Asn(65001), RouterId(9));
    config.passive = settings.passive;
    config.damp_peer_oscillations = settings.damp;
    config.automatic_start = settings.automatic_start;
    config.collision_detect_established = settings.collision_detect_established;
    config.notify_without_open = settings.notify_without_open;
    config.timers.delay_open = settings.delay_open.then_some(Duration::from_secs(5));
    config.timers.hold_time = Duration::from_secs(settings.hold_time.into());
    let capabilities = &mut config.capabilities.0;
    if settings.graceful_restart {
        capabilities.extend([restart(), Capability::EnhancedRouteRefresh]);
    }
    if settings.extended_message {
        capabilities.push(Capability::ExtendedMessage);
    }
    config
}

fn open(restarts: bool) -> Vec<u8> {
    let mut capabilities = vec![
        Capability::Multiprotocol(AfiSafi::IPV4),
        Capability::RouteRefresh,
        Capability::FourOctetAs(Asn(65001)),
    ];
    if restarts {
        capabilities.extend([restart(), Capability::EnhancedRouteRefresh]);
    }
    let open = Open {
        asn: Asn(65001),
        hold_time: 90,
        router_id: RouterId(7),
        capabilities: capabilities.into_iter().collect(),
    };
    let mut bytes = Vec::new();
    open.encode(&mut bytes).expect("an OPEN that fits");
    bytes
}

fn message(code: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 19).unwrap_or(u16::MAX);
    let mut bytes = vec![0xff; 16];
    bytes.extend(length.to_be_bytes());
    bytes.push(code);
    bytes.extend(body);
    bytes
}

/// A session and what must stay true of it.
struct Watched {
    session: Session,
    now: Instant,
    dial: Option<ConnectionId>,
    ids: Vec<ConnectionId>,
    closed: BTreeSet<ConnectionId>,
    told: BTreeSet<ConnectionId>,
    established: bool,
    started: bool,
}

impl Watched {
    fn id(&self, place: u8) -> Option<ConnectionId> {
        self.ids.iter().rev().nth(usize::from(place % 3)).copied()
    }

    fn give(&mut self, place: u8, bytes: &[u8]) {
        if let Some(id) = self.id(place) {
            self.session.handle_bytes(self.now, id, bytes);
        }
    }

    fn apply(&mut self, op: Op) {
        let now = self.now;
        let session = &mut self.session;
        match op {
            Op::Start => {
                self.started = true;
                session.handle_start(now);
            }
            Op::Stop => {
                session.handle_stop(now, Notification::ADMINISTRATIVE_SHUTDOWN);
                self.drain();
                self.started = false;
            }
            Op::Teardown => session.teardown(now, Notification::MAXIMUM_PREFIXES),
            Op::RequestRefresh => {
                let _ = session.request_refresh(now);
            }
            Op::Refresh(begin) => {
                let kind = if begin {
                    RefreshKind::Begin
                } else {
                    RefreshKind::End
                };
                let _ = session.send_route_refresh(now, Family::Ipv4, kind);
            }
            Op::Accept => self.ids.extend(session.handle_accepted(now)),
            Op::Connected => {
                if let Some(id) = self.dial.take() {
                    session.handle_connected(now, id);
                    self.ids.push(id);
                }
            }
            Op::ConnectFailed => {
                if let Some(id) = self.dial.take() {
                    session.handle_connect_failed(now, id);
                }
            }
            Op::Open { place, restarts } => self.give(place, &open(restarts)),
            Op::Keepalive { place } => self.give(place, &KEEPALIVE),
            Op::Message { place, code, body } => self.give(place, &message(code % 8, &body)),
            Op::Bytes { place, bytes } => self.give(place, &bytes),
            Op::Closed { place } => {
                if let Some(id) = self.id(place) {
                    self.session.handle_closed(now, id);
                    self.closed.insert(id);
                }
            }
            Op::Written { place, octets } => {
                if let Some(id) = self.id(place) {
                    self.session.handle_written(now, id, usize::from(octets));
                }
            }
            Op::Send(mut bytes) => {
                // No message, so that no NOTIFICATION of ours is mistaken for the session's.
                bytes.insert(0, 0);
                let _ = session.send_encoded(now, Bytes::from(bytes));
            }
            Op::Wait { millis } => {
                self.now += Duration::from_millis(u64::from(millis));
                session.handle_timeout(self.now);
            }
            Op::Timeout => {
                self.now = session.poll_timeout().unwrap_or(now);
                session.handle_timeout(self.now);
            }
        }
        let spoke = self.drain();
        assert!(self.started || !spoke, "a stopped session is silent");
        self.check();
    }

    /// Takes everything that comes out; whether there was anything.
    fn drain(&mut self) -> bool {
        let mut spoke = false;
        while let Some(output) = self.session.poll(self.now) {
            spoke = true;
            match output {
                Output::Connect(id) => assert_eq!(self.dial.replace(id), None),
                Output::Send(id, bytes) => {
                    assert!(!self.closed.contains(&id) && !self.told.contains(&id));
                    if bytes.get(18) == Some(&3) && bytes.starts_with(&[0xff; 16]) {
                        self.told.insert(id);
                    }
                }
                Output::Close(id) => {
                    assert!(self.closed.insert(id), "closed twice");
                    self.dial = self.dial.filter(|dial| *dial != id);
                }
                Output::Event(Event::Established(_)) => {
                    assert!(!self.established);
                    self.established = true;
                }
                Output::Event(Event::Down(_)) => {
                    assert!(self.established);
                    self.established = false;
                }
                Output::Update(view) => {
                    assert!(self.established);
                    let announced = view.announced().flat_map(|field| field.nlri).count();
                    let withdrawn = view.withdrawn().count();
                    assert!(announced + withdrawn <= view.message().len());
                }
                Output::Event(_) => {}
            }
        }
        spoke
    }

    fn check(&self) {
        let timeout = self.session.poll_timeout();
        assert!(
            timeout.is_none_or(|at| at > self.now),
            "a timer in the past"
        );
        let states: Vec<State> = self.session.connections().map(|one| one.2).collect();
        assert!(states.len() + usize::from(self.dial.is_some()) <= 2);
        let established = states.iter().filter(|one| **one == State::Established);
        assert_eq!(established.count(), usize::from(self.established));
        assert_eq!(self.session.negotiated().is_some(), self.established);
    }
}

fuzz_target!(|input: (Settings, Vec<Op>)| {
    let (settings, ops) = input;
    let Ok(session) = Session::new(config(&settings), settings.seed) else {
        return;
    };
    let mut watched = Watched {
        session,
        now: Instant::ZERO,
        dial: None,
        ids: Vec::new(),
        closed: BTreeSet::new(),
        told: BTreeSet::new(),
        established: false,
        started: false,
    };
    for op in ops {
        watched.apply(op);
    }
});
