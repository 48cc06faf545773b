//! A case, played to a daemon over TCP.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use routehub::types::{Attrs, Community, Family, Nlri};
use routehub_testkit::cases::{Case, ExaminedState};
use routehub_testkit::daemons::{Daemon, Heard, Kind};
use routehub_testkit::peer::{KEEPALIVE_TYPE, NOTIFICATION_TYPE, OPEN_TYPE};
use routehub_testkit::wait::{PATIENCE, block_until};
use routehub_wire::{
    Capability, Context, KEEPALIVE, MAX_LEN, Message, Packer, decode, encode_end_of_rib, frame,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::judge::{PREFIX, Seen};
use crate::subject::{SUBJECT, configuration, peer_of, router};

/// A prefix that is announced behind the message: once it is there, the message is dealt with.
const BARRIER: &str = "192.0.2.0/24";

/// How long a daemon has to say something before more is sent; what it says comes at once.
const MOMENT: Duration = Duration::from_millis(400);

/// How long it has to take what is sent next.
const LONG: Duration = Duration::from_secs(10);

/// How long a session goes on after a route was taken: a daemon may come to grief as it passes it on.
const PASSES_ON: Duration = Duration::from_millis(1500);

/// Whoever plays cases to a daemon.
pub(crate) struct Player {
    kind: Kind,
    daemon: Box<dyn Daemon>,
    /// The community of the routes before the next case: no other case's routes have it.
    mark: u16,
}

/// Starts a daemon, and waits until it listens; none if it is not installed.
fn launch(kind: Kind) -> Option<Box<dyn Daemon>> {
    let daemon = kind.start_with(&router(), &configuration(kind))?;
    let listens = || {
        assert!(!daemon.has_ended(), "it takes no such configuration");
        std::net::TcpStream::connect((SUBJECT, 179)).is_ok()
    };
    block_until("a daemon that listens", listens, |listens| *listens);
    Some(daemon)
}

/// What comes next on a connection.
enum Next {
    Message(Vec<u8>),
    End,
    Nothing,
}

/// A connection to the daemon.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects from an address; none while it is refused.
    async fn open(from: Ipv4Addr) -> Option<Self> {
        let socket = TcpSocket::new_v4().expect("a socket");
        // The last connection may still be on its way out.
        socket.set_reuseaddr(true).expect("an option");
        socket
            .bind(SocketAddr::new(from.into(), 0))
            .expect("an address");
        let to = SocketAddr::new(SUBJECT.into(), 179);
        Some(Self {
            stream: socket.connect(to).await.ok()?,
            buffer: Vec::new(),
        })
    }

    async fn send(&mut self, bytes: &[u8]) {
        // Whether it is closed, what comes next says.
        let _ = self.stream.write_all(bytes).await;
    }

    async fn next(&mut self, patience: Duration) -> Next {
        let end = tokio::time::Instant::now() + patience;
        loop {
            if let Some(length) = frame(&self.buffer, MAX_LEN).expect("a message") {
                return Next::Message(self.buffer.drain(..length).collect());
            }
            let read = self.stream.read_buf(&mut self.buffer);
            match tokio::time::timeout_at(end, read).await {
                Err(_) => return Next::Nothing,
                Ok(Ok(0) | Err(_)) => return Next::End,
                Ok(Ok(_)) => {}
            }
        }
    }

    /// The first message of a type that comes, or how the session ends before.
    async fn wait_for(&mut self, wanted: Option<u8>, patience: Duration) -> Result<Vec<u8>, Seen> {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.next(left).await {
                Next::Nothing => return Err(Seen::Silent),
                Next::End => return Err(Seen::Closed),
                Next::Message(message) if message[18] == NOTIFICATION_TYPE => {
                    let Ok(Message::Notification(sent)) = decode(&message, &Context::default())
                    else {
                        panic!("a NOTIFICATION: {message:02x?}");
                    };
                    return Err(Seen::Notification(sent));
                }
                Next::Message(message) if Some(message[18]) == wanted => return Ok(message),
                Next::Message(_) => {}
            }
        }
    }
}

impl Player {
    /// Starts a daemon; none if it is not installed.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        let daemon = launch(kind)?;
        Some(Self {
            kind,
            daemon,
            mark: 0,
        })
    }

    /// Plays a case, as soon as the daemon lets its peer in.
    pub(crate) async fn play(&mut self, case: &Case) -> Seen {
        let start = Instant::now();
        loop {
            self.mark += 1;
            let seen = self.try_play(case).await;
            if self.daemon.has_ended() {
                self.daemon = launch(self.kind).expect("it is installed");
                return Seen::Crashed;
            }
            if let Some(seen) = seen {
                return seen;
            }
            assert!(start.elapsed() < PATIENCE, "{}: no session", case.id);
            // One of the daemons has to be asked before it is ready again.
            self.daemon.established();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// None if the session did not come to the state of the case.
    async fn try_play(&self, case: &Case) -> Option<Seen> {
        let mut connection = Connection::open(peer_of(&case.session)).await?;
        let open = connection.wait_for(Some(OPEN_TYPE), LONG).await.ok()?;
        if !offers(&open, case) {
            return Some(Seen::NotOffered);
        }
        if case.state == ExaminedState::OpenSent {
            connection.send(&case.message).await;
            let answer = connection.wait_for(Some(KEEPALIVE_TYPE), LONG).await;
            return Some(answer.map_or_else(|seen| seen, |_| Seen::Opened));
        }
        let mut bytes = Vec::new();
        case.session
            .peer_open()
            .encode(&mut bytes)
            .expect("an OPEN");
        connection.send(&bytes).await;
        connection.wait_for(Some(KEEPALIVE_TYPE), LONG).await.ok()?;
        if case.state == ExaminedState::Established {
            let mut bytes = KEEPALIVE.to_vec();
            bytes.extend(self.baseline(case));
            encode_end_of_rib(Family::Ipv4, &mut bytes);
            connection.send(&bytes).await;
            self.until(&mut connection, |held| self.is_marked(held), PREFIX)
                .await
                .ok()?;
        }
        let seen = self.send(&mut connection, case).await;
        if seen == Seen::Taken {
            tokio::time::sleep(PASSES_ON).await;
        }
        Some(seen)
    }

    /// Sends the message of a case: what is seen then.
    async fn send(&self, connection: &mut Connection, case: &Case) -> Seen {
        connection.send(&case.message).await;
        match connection.wait_for(None, MOMENT).await {
            Err(Seen::Silent) => {}
            Err(seen) => return seen,
            Ok(_) => panic!("nothing was waited for"),
        }
        if case.state == ExaminedState::OpenConfirm {
            connection.send(&KEEPALIVE).await;
        }
        connection.send(&barrier(case)).await;
        let there = |held: &[Heard]| !held.is_empty();
        if let Err(seen) = self.until(connection, there, BARRIER).await {
            return seen;
        }
        let held = self.daemon.held(PREFIX);
        if held.is_empty() && case.state == ExaminedState::Established {
            Seen::Gone
        } else if held.is_empty() || held.iter().all(|route| self.has_mark(route)) {
            Seen::NoEffect
        } else {
            Seen::Taken
        }
    }

    /// Waits until the routes to a prefix are as they should be; how the session ends before.
    async fn until(
        &self,
        connection: &mut Connection,
        good: impl Fn(&[Heard]) -> bool,
        prefix: &str,
    ) -> Result<(), Seen> {
        let start = Instant::now();
        while !good(&self.daemon.held(prefix)) {
            match connection.wait_for(None, Duration::from_millis(30)).await {
                Err(Seen::Silent) if start.elapsed() < LONG => {}
                Err(seen) => return Err(seen),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// The routes before the message.
    fn baseline(&self, case: &Case) -> Vec<u8> {
        let (mut attrs, routes) = case.session.baseline();
        attrs.communities = vec![Community(0x1092_0000 | u32::from(self.mark))];
        announcement(case, &attrs, routes.into_iter())
    }

    fn has_mark(&self, route: &Heard) -> bool {
        let mark = format!("{}:{}", 0x1092, self.mark);
        route.communities.contains(&mark)
    }

    fn is_marked(&self, held: &[Heard]) -> bool {
        held.iter().any(|route| self.has_mark(route))
    }
}

/// UPDATEs as the peer of a case writes them.
fn announcement(case: &Case, attrs: &Attrs, prefix: impl Iterator<Item = Nlri>) -> Vec<u8> {
    let routes: Vec<Nlri> = prefix.collect();
    let mut bytes = Vec::new();
    let packed = Packer::new(&case.session.context()).announce(attrs, &routes, &mut bytes);
    packed.expect("UPDATEs");
    bytes
}

/// The route behind the message.
fn barrier(case: &Case) -> Vec<u8> {
    let (attrs, routes) = case.session.baseline();
    let barrier = routes.into_iter().take(1).map(|route| Nlri {
        prefix: BARRIER.parse().expect("a prefix"),
        ..route
    });
    announcement(case, &attrs, barrier)
}

/// Whether the daemon offers what the case says that it does.
fn offers(open: &[u8], case: &Case) -> bool {
    let Ok(Message::Open(open)) = decode(open, &Context::default()) else {
        panic!("an OPEN: {open:02x?}");
    };
    let wanted = case.session.local_capabilities().expect("a role");
    let mut wanted = wanted.0.iter().filter(|wanted| {
        matches!(
            wanted,
            Capability::Role(_)
                | Capability::AddPath(_)
                | Capability::EnhancedRouteRefresh
                | Capability::ExtendedMessage
        )
    });
    wanted.all(|wanted| {
        let mut offered = open.capabilities.0.iter();
        offered.any(|offered| std::mem::discriminant(offered) == std::mem::discriminant(wanted))
    })
}
