//! Accepts TCP connections: from configured peers only.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use routehub::types::Prefix;
use routehub_scenario::DynamicNeighbors;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::command::SessionHandle;
use super::connection::tcp_socket;
use crate::event::{ConnectionRefusal, EventKind, EventSender};
use crate::sockopt;

/// Connections that wait to be accepted at most.
const BACKLOG: u32 = 1024;

/// The pause after a connection could not be accepted, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Who may connect to a listening address.
#[derive(Clone, Default)]
pub(crate) struct ExpectedPeers {
    /// The sessions with those who may, by their remote addresses.
    pub(crate) peers: HashMap<IpAddr, SessionHandle>,
    /// Prefixes from which others may, too.
    pub(crate) dynamic: Arc<[DynamicNeighbors]>,
}

/// A connection from a prefix of dynamic neighbours.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Where it was accepted.
    pub(crate) local: SocketAddr,
    /// Where it comes from.
    pub(crate) remote: IpAddr,
    pub(crate) stream: TcpStream,
}

/// Listens on one of our addresses.
pub(crate) struct Listener {
    socket: TcpListener,
    local: SocketAddr,
    expected: Mutex<ExpectedPeers>,
    arrivals: mpsc::Sender<Arrival>,
    refusals: Refusals,
}

/// Counts and tells the connections that are refused although no session refuses them.
#[derive(Clone)]
pub(crate) struct Refusals {
    events: EventSender,
    refused: Arc<AtomicU64>,
}

impl Refusals {
    pub(crate) const fn new(events: EventSender, refused: Arc<AtomicU64>) -> Self {
        Self { events, refused }
    }

    /// A connection was refused.
    pub(crate) fn note(&self, local: SocketAddr, remote: IpAddr, why: ConnectionRefusal) {
        let kind = EventKind::Refused {
            local,
            remote,
            why,
            refused: self.refused.fetch_add(1, Ordering::Relaxed) + 1,
        };
        self.events.publish(None, kind);
    }
}

impl Listener {
    /// Listens for these peers; who comes from a prefix of dynamic neighbours is handed over.
    pub(crate) fn bind(
        address: SocketAddr,
        expected: ExpectedPeers,
        arrivals: mpsc::Sender<Arrival>,
        refusals: Refusals,
    ) -> io::Result<Self> {
        let socket = tcp_socket(address)?;
        socket.set_reuseaddr(true)?;
        sockopt::save_syn(socket.as_fd())?;
        protect(socket.as_fd(), address.ip(), &expected)?;
        socket.bind(address)?;
        let socket = socket.listen(BACKLOG)?;
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            expected: Mutex::new(expected),
            arrivals,
            refusals,
        })
    }

    /// Where it listens.
    pub(crate) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Listens for these peers from now on.
    pub(crate) fn expect_only(&self, expected: &ExpectedPeers) -> io::Result<()> {
        let socket = self.socket.as_fd();
        let before = std::mem::replace(&mut *self.expected(), expected.clone());
        let signs = |session: &SessionHandle| {
            let neighbor = session.neighbor();
            neighbor.has_password() && !neighbor.is_dynamic()
        };
        for (remote, session) in &before.peers {
            if signs(session) && !expected.peers.get(remote).is_some_and(signs) {
                sockopt::remove_md5_key(socket, *remote)?;
            }
        }
        let signed = |all: &ExpectedPeers, prefix: Prefix| {
            let mut all = all.dynamic.iter();
            all.any(|those| those.prefix == prefix && those.template.password.is_some())
        };
        for those in &*before.dynamic {
            if signed(&before, those.prefix) && !signed(expected, those.prefix) {
                sockopt::remove_md5_key_of_prefix(socket, those.prefix)?;
            }
        }
        sockopt::set_min_ttl(socket, self.local.ip(), 0)?;
        protect(socket, self.local.ip(), expected)
    }

    /// Hands connections of a peer that has come by itself over to its session from now on.
    pub(crate) fn take_in(&self, session: &SessionHandle) {
        let remote = session.neighbor().remote.iter();
        let peers = &mut self.expected().peers;
        peers.extend(remote.map(|remote| (*remote, session.clone())));
    }

    /// A peer that had come by itself is gone.
    pub(crate) fn forget(&self, session: &SessionHandle) {
        let peers = &mut self.expected().peers;
        for remote in &session.neighbor().remote {
            peers.remove(remote);
        }
    }

    fn expected(&self) -> MutexGuard<'_, ExpectedPeers> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts connections and hands them to their sessions, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let Ok((stream, remote)) = self.socket.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let address = remote.ip().to_canonical();
            if let Err(why) = self.hand_over(stream, address) {
                self.refusals.note(self.local, address, why);
            }
        }
    }

    /// Hands a connection to the session it is for, or to where those go that have none yet.
    fn hand_over(&self, stream: TcpStream, remote: IpAddr) -> Result<(), ConnectionRefusal> {
        let (session, gtsm) = {
            let expected = self.expected();
            let session = expected.peers.get(&remote).cloned();
            // One that came by itself may be over and not yet forgotten.
            let session =
                session.filter(|known| !known.neighbor().is_dynamic() || !known.is_over());
            let mut dynamic = expected.dynamic.iter();
            let gtsm = match &session {
                Some(session) => Some(session.neighbor().ttl_security),
                None => dynamic
                    .find(|those| those.contains(remote))
                    .map(|those| those.template.ttl_security),
            };
            (session, gtsm)
        };
        let gtsm = gtsm.ok_or(ConnectionRefusal::Stranger)?;
        // What came before the option below is set is not looked at, if the first packet came from
        // too far (GTSM, RFC 5082).
        if gtsm && is_from_afar(stream.as_fd()) {
            return Err(ConnectionRefusal::Protection);
        }
        let protected = match gtsm {
            true => sockopt::set_min_ttl(stream.as_fd(), remote, sockopt::GTSM_TTL),
            false => Ok(()),
        };
        protected.map_err(|_| ConnectionRefusal::Protection)?;
        let Some(session) = session else {
            let local = self.local;
            let arrival = Arrival {
                local,
                remote,
                stream,
            };
            let handed = self.arrivals.try_send(arrival);
            return handed.map_err(|_| ConnectionRefusal::Busy);
        };
        let protected = session.neighbor().set_user_timeout(stream.as_fd());
        protected.map_err(|_| ConnectionRefusal::Protection)?;
        match session.accept(stream) {
            true => Ok(()),
            false => Err(ConnectionRefusal::Busy),
        }
    }
}

/// Whether the SYN of a connection had another TTL than GTSM requires, or does not tell.
fn is_from_afar(socket: BorrowedFd<'_>) -> bool {
    let ttl = sockopt::ttl_of_syn(socket);
    ttl.ok().flatten() != Some(sockopt::GTSM_TTL)
}

/// Sets the TCP-MD5 keys of these peers and the sent TTL on a listening socket, and `IP_MINTTL` if
/// all of them use GTSM: then the kernel drops the SYNs of others.
fn protect(socket: BorrowedFd<'_>, local: IpAddr, expected: &ExpectedPeers) -> io::Result<()> {
    let neighbors = || expected.peers.values().map(SessionHandle::neighbor);
    let templates = || expected.dynamic.iter().map(|those| &those.template);
    let uses_gtsm = neighbors().map(|neighbor| neighbor.ttl_security);
    let uses_gtsm = uses_gtsm.chain(templates().map(|template| template.ttl_security));
    let all_use_gtsm = { uses_gtsm }.all(|uses| uses);
    // Those who came by themselves have what their prefix has.
    for neighbor in neighbors().filter(|neighbor| !neighbor.is_dynamic()) {
        neighbor.protect(socket)?;
    }
    for those in &*expected.dynamic {
        if let Some(key) = &those.template.password {
            sockopt::set_md5_key_of_prefix(socket, those.prefix, key.as_str())?;
        }
        if those.template.ttl_security {
            sockopt::set_ttl_max(socket, local)?;
        }
    }
    match all_use_gtsm {
        true => sockopt::set_min_ttl(socket, local, sockopt::GTSM_TTL),
        false => Ok(()),
    }
}
