//! Accepts TCP connections: from configured peers only.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::command::SessionHandle;
use super::connection::tcp_socket;
use crate::event::{ConnectionRefusal, EventKind, EventSender};
use crate::sockopt;

/// Connections that wait to be accepted at most.
const BACKLOG: u32 = 1024;

/// The pause after a connection could not be accepted, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// The sessions whose peers may connect to a listening address, by their remote addresses.
pub(crate) type ExpectedPeers = HashMap<IpAddr, SessionHandle>;

/// Listens on one of our addresses.
pub(crate) struct Listener {
    socket: TcpListener,
    local: SocketAddr,
    expected: Mutex<ExpectedPeers>,
    events: EventSender,
    refused: Arc<AtomicU64>,
}

impl Listener {
    /// Listens for these peers.
    pub(crate) fn bind(
        address: SocketAddr,
        expected: ExpectedPeers,
        events: EventSender,
        refused: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let socket = tcp_socket(address)?;
        socket.set_reuseaddr(true)?;
        sockopt::save_syn(socket.as_fd())?;
        protect(socket.as_fd(), &expected)?;
        socket.bind(address)?;
        let socket = socket.listen(BACKLOG)?;
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            expected: Mutex::new(expected),
            events,
            refused,
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
        let signs = |session: &SessionHandle| session.neighbor().has_password();
        for (remote, session) in &before {
            if signs(session) && !expected.get(remote).is_some_and(signs) {
                sockopt::remove_md5_key(socket, *remote)?;
            }
        }
        sockopt::set_min_ttl(socket, self.local.ip(), 0)?;
        protect(socket, expected)
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
                self.count_refused(address, why);
            }
        }
    }

    /// Hands a connection to the session it is for.
    fn hand_over(&self, stream: TcpStream, remote: IpAddr) -> Result<(), ConnectionRefusal> {
        let session = self.expected().get(&remote).cloned();
        let session = session.ok_or(ConnectionRefusal::Stranger)?;
        let neighbor = session.neighbor();
        // What came before the option below is set is not looked at, if the first packet came from
        // too far (GTSM, RFC 5082).
        if neighbor.ttl_security && is_from_afar(stream.as_fd()) {
            return Err(ConnectionRefusal::Protection);
        }
        let protected = neighbor.set_min_ttl(stream.as_fd());
        let protected = protected.and_then(|()| neighbor.set_user_timeout(stream.as_fd()));
        protected.map_err(|_| ConnectionRefusal::Protection)?;
        match session.accept(stream) {
            true => Ok(()),
            false => Err(ConnectionRefusal::Busy),
        }
    }

    fn count_refused(&self, remote: IpAddr, why: ConnectionRefusal) {
        let kind = EventKind::Refused {
            local: self.local,
            remote,
            why,
            refused: self.refused.fetch_add(1, Ordering::Relaxed) + 1,
        };
        self.events.publish(None, kind);
    }
}

/// Whether the SYN of a connection had another TTL than GTSM requires, or does not tell.
fn is_from_afar(socket: BorrowedFd<'_>) -> bool {
    let ttl = sockopt::ttl_of_syn(socket);
    ttl.ok().flatten() != Some(sockopt::GTSM_TTL)
}

/// Sets the TCP-MD5 keys of these peers and the sent TTL on a listening socket, and `IP_MINTTL` if
/// all of them use GTSM: then the kernel drops the SYNs of others.
fn protect(socket: BorrowedFd<'_>, expected: &ExpectedPeers) -> io::Result<()> {
    let neighbors = || expected.values().map(SessionHandle::neighbor);
    let all_use_gtsm = neighbors().all(|neighbor| neighbor.ttl_security);
    for neighbor in neighbors() {
        neighbor.protect(socket)?;
        if all_use_gtsm {
            neighbor.set_min_ttl(socket)?;
        }
    }
    Ok(())
}
