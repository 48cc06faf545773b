//! Sessions brought to a state, and events raised in them by inputs alone.

use std::time::Duration;

use bytes::Bytes;
use routehub_session::{ConnectionId, FsmEvent, SendHold, Session, SessionConfig, State};
use routehub_types::{Family, Instant};
use routehub_wire::{AfiSafi, Capability, GracefulRestart, Notification, RefreshKind};

use crate::common::messages::{
    bytes_of, keepalive, message, notification, peer_open, route_refresh, update, update_malformed,
};
use crate::common::{Seen, drain, local_config};
use crate::table::Condition;

/// A session in a state.
pub(crate) struct Stage {
    session: Session,
    now: Instant,
    /// The connection whose state machine the event is about.
    id: Option<ConnectionId>,
    /// The connection that is being opened.
    dial: Option<ConnectionId>,
    condition: Condition,
}

/// What came of an event.
pub(crate) struct Raised {
    pub(crate) session: Session,
    pub(crate) seen: Vec<Seen>,
    pub(crate) id: Option<ConnectionId>,
    pub(crate) counter_before: u32,
    pub(crate) refused: bool,
    /// Connections that are left besides that of the event.
    pub(crate) others: usize,
}

fn config(state: State, event: FsmEvent, condition: Condition) -> SessionConfig {
    let attributes = condition.attributes();
    let mut config = local_config();
    let fell = state == State::Idle && matches!(event.number(), 5 | 7 | 13);
    config.automatic_start = fell;
    config.damp_peer_oscillations = condition != Condition::Undamped;
    config.notify_without_open = attributes.notify_without_open;
    config.collision_detect_established = attributes.collision_detect_established;
    if attributes.delay_open || event == FsmEvent::BgpOpenWithDelayOpenTimerRunning {
        config.timers.delay_open = Some(Duration::from_secs(3));
    }
    config.timers.send_hold = if event == FsmEvent::SendHoldTimerExpires {
        SendHold::After(Duration::from_secs(10))
    } else {
        SendHold::Off
    };
    config.timers.run_gap = None;
    let waits_in_active = state == State::Active && attributes.delay_open;
    let collides = event == FsmEvent::OpenCollisionDump;
    config.passive = attributes.passive || (waits_in_active && !collides);
    if attributes.peer_restarts_gracefully {
        config.capabilities.0.push(restart());
    }
    config
}

fn restart() -> Capability {
    Capability::GracefulRestart(GracefulRestart {
        time: 120,
        families: vec![(AfiSafi::IPV4, true)],
        ..GracefulRestart::default()
    })
}

impl Stage {
    /// A session in a state in which the event can be raised.
    pub(crate) fn new(state: State, event: FsmEvent, condition: Condition) -> Self {
        let config = config(state, event, condition);
        let session = Session::new(config, 1).expect("a good configuration");
        let mut stage = Self {
            session,
            now: Instant::from_millis(1_000),
            id: None,
            dial: None,
            condition,
        };
        match state {
            State::Idle => stage.idle(event),
            State::Connect => stage.connect(),
            State::Active => stage.active(event),
            _ => stage.opening(state, event),
        }
        let reached = stage
            .session
            .connections()
            .find(|one| Some(one.0) == stage.id);
        let reached = reached.map_or(stage.session.state(), |one| one.2);
        // Events 5 and 7 are raised in the same instant in which the session falls to Idle.
        if !(state == State::Idle && matches!(event.number(), 5 | 7)) {
            assert_eq!(reached, state);
        }
        stage
    }

    fn drain(&mut self) -> Vec<Seen> {
        drain(&mut self.session, self.now)
    }

    fn start(&mut self) {
        self.session.handle_start(self.now);
        self.dial = self.drain().into_iter().find_map(|one| match one {
            Seen::Connect(id) => Some(id),
            _ => None,
        });
    }

    /// The connection under way is open.
    fn connected(&mut self) -> ConnectionId {
        let id = self.dial.take().expect("a connection under way");
        self.session.handle_connected(self.now, id);
        self.drain();
        id
    }

    fn accepted(&mut self) -> Option<ConnectionId> {
        let id = self.session.handle_accepted(self.now);
        self.drain();
        id
    }

    fn give(&mut self, id: Option<ConnectionId>, bytes: &[u8]) -> Vec<Seen> {
        let id = id.expect("a connection");
        self.session.handle_bytes(self.now, id, bytes);
        self.drain()
    }

    /// Lets time pass until something happens.
    fn wait(&mut self) -> Vec<Seen> {
        self.now = self.session.poll_timeout().expect("a timer");
        self.session.handle_timeout(self.now);
        self.drain()
    }

    fn idle(&mut self, event: FsmEvent) {
        match event.number() {
            1..=4 | 8 | 15 | 17 => {}
            5 | 7 => self.start(),
            13 => {
                self.start();
                let id = match self.dial {
                    Some(_) => Some(self.connected()),
                    None => self.accepted(),
                };
                self.give(id, &bad_header());
            }
            _ => {
                self.start();
                self.id = Some(self.connected());
                let why = Notification::ADMINISTRATIVE_SHUTDOWN;
                self.session.handle_stop(self.now, why);
                self.drain();
            }
        }
    }

    fn connect(&mut self) {
        self.start();
        if self.condition.attributes().delay_open_running {
            self.id = Some(self.connected());
        }
    }

    fn active(&mut self, event: FsmEvent) {
        self.start();
        if event == FsmEvent::OpenCollisionDump {
            // Ours is further than the peer's, which still waits for its OPEN.
            let first = self.connected();
            self.give(Some(first), &bytes_of(&peer_open()));
            self.id = self.accepted();
        } else if self.condition.attributes().delay_open_running {
            self.id = self.accepted();
        } else if let Some(dial) = self.dial.take() {
            let id = self.accepted().expect("accepted");
            self.session.handle_connect_failed(self.now, dial);
            self.session.handle_closed(self.now, id);
            self.drain();
        }
    }

    /// OpenSent, OpenConfirm or Established.
    fn opening(&mut self, state: State, event: FsmEvent) {
        self.start();
        let collides = event == FsmEvent::OpenCollisionDump;
        let dial_stays = matches!(event, FsmEvent::TcpCrAcked | FsmEvent::TcpCrInvalid)
            || (collides && state == State::OpenConfirm);
        if collides && state == State::OpenSent {
            let first = self.connected();
            self.give(Some(first), &bytes_of(&peer_open()));
            self.id = self.accepted();
            return;
        }
        let incoming = dial_stays || self.dial.is_none() || collides;
        self.id = if incoming {
            self.accepted()
        } else {
            Some(self.connected())
        };
        let mut open = peer_open();
        if self.condition == Condition::Graceful {
            open.capabilities.0.push(restart());
        }
        if state >= State::OpenConfirm {
            self.give(self.id, &bytes_of(&open));
        }
        if state == State::Established {
            self.give(self.id, &keepalive());
        }
    }

    /// Raises the event.
    pub(crate) fn raise(mut self, event: FsmEvent) -> Raised {
        let counter_before = self.session.connect_retry_counter();
        let mut refused = false;
        let seen = match event {
            FsmEvent::ManualStart | FsmEvent::ManualStartWithPassiveTcpEstablishment => {
                self.session.handle_start(self.now);
                self.drain()
            }
            FsmEvent::ManualStop => {
                let why = Notification::ADMINISTRATIVE_SHUTDOWN;
                self.session.handle_stop(self.now, why);
                self.drain()
            }
            FsmEvent::AutomaticStop => {
                let why = Notification::MAXIMUM_PREFIXES;
                self.session.teardown(self.now, why);
                self.drain()
            }
            FsmEvent::TcpCrInvalid => {
                refused = self.refuse();
                self.drain()
            }
            FsmEvent::TcpCrAcked | FsmEvent::TcpConnectionConfirmed => {
                let (seen, id) = self.second(event);
                refused = id.is_none();
                seen
            }
            FsmEvent::TcpConnectionFails => self.fail(),
            FsmEvent::OpenCollisionDump => self.collide(),
            _ if (9..=13).contains(&event.number()) => self.expire(event),
            FsmEvent::SendHoldTimerExpires => {
                let bytes = Bytes::from(update([1]));
                let sent = self.session.send_encoded(self.now, bytes);
                sent.expect("established");
                self.drain();
                self.wait()
            }
            _ if matches!(event.number(), 5 | 7) => self.fail(),
            _ => {
                let bytes = message_of(event);
                self.give(self.id, &bytes)
            }
        };
        let others = self
            .session
            .connections()
            .filter(|one| Some(one.0) != self.id);
        let others = others.count();
        Raised {
            session: self.session,
            seen,
            id: self.id,
            counter_before,
            refused,
            others,
        }
    }

    /// Brings one connection too many.
    fn refuse(&mut self) -> bool {
        for _ in 0..3 {
            if self.session.handle_accepted(self.now).is_none() {
                return true;
            }
            self.drain();
        }
        false
    }

    /// Brings a connection; without one before, the event is about it.
    fn second(&mut self, event: FsmEvent) -> (Vec<Seen>, Option<ConnectionId>) {
        let id = if event == FsmEvent::TcpCrAcked {
            let id = self.dial.take().expect("a connection under way");
            self.session.handle_connected(self.now, id);
            Some(id)
        } else {
            self.session.handle_accepted(self.now)
        };
        self.id = self.id.or(id);
        (self.drain(), id)
    }

    fn fail(&mut self) -> Vec<Seen> {
        match (self.id, self.dial) {
            (Some(id), _) => self.session.handle_closed(self.now, id),
            (None, Some(id)) => self.session.handle_connect_failed(self.now, id),
            (None, None) => panic!("nothing that could fail"),
        }
        self.drain()
    }

    /// Brings the OPEN that makes this connection lose.
    fn collide(&mut self) -> Vec<Seen> {
        let open = bytes_of(&peer_open());
        let (_, _, state) = self
            .session
            .connections()
            .find(|one| Some(one.0) == self.id)
            .expect("a connection");
        let winner = match state {
            State::Active | State::OpenSent => self.id,
            State::OpenConfirm => Some(self.connected()),
            _ => self.accepted(),
        };
        self.give(winner, &open)
    }

    fn expire(&mut self, event: FsmEvent) -> Vec<Seen> {
        let mut seen = self.wait();
        if event == FsmEvent::HoldTimerExpires {
            while !seen.iter().any(|one| matches!(one, Seen::Closed(_))) {
                seen = self.wait();
            }
        }
        seen
    }
}

fn bad_header() -> Vec<u8> {
    let mut bytes = keepalive();
    bytes[17] = 18;
    bytes
}

fn message_of(event: FsmEvent) -> Vec<u8> {
    match event {
        FsmEvent::BgpOpen | FsmEvent::BgpOpenWithDelayOpenTimerRunning => bytes_of(&peer_open()),
        FsmEvent::BgpHeaderErr => bad_header(),
        FsmEvent::BgpOpenMsgErr => {
            let mut bytes = bytes_of(&peer_open());
            bytes[19] = 3;
            bytes
        }
        FsmEvent::NotifMsgVerErr => notification(&Notification::UNSUPPORTED_VERSION),
        FsmEvent::NotifMsg => notification(&Notification::ADMINISTRATIVE_RESET),
        FsmEvent::KeepAliveMsg => keepalive(),
        FsmEvent::UpdateMsg => update([1]),
        FsmEvent::UpdateMsgErr => update_malformed(),
        FsmEvent::RouteRefreshMsg => route_refresh(Family::Ipv4, RefreshKind::Request),
        other => message(0, other.name().as_bytes()),
    }
}
