//! Who connects to an address of ours: configured peers, or nobody.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{broadcast, mpsc};

use crate::event::{Notice, What};
use crate::session::select::Command;
use crate::{Neighbor, sockopt};

/// Connections that wait to be taken at most.
const BACKLOG: u32 = 1024;

/// The pause after a connection could not be taken, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is awaited at an address, by where they connect from.
pub(crate) type Awaited = HashMap<IpAddr, (Arc<Neighbor>, mpsc::Sender<Command>)>;

/// Listens on one of our addresses.
pub(crate) struct Listener {
    socket: TcpListener,
    local: SocketAddr,
    awaited: Mutex<Awaited>,
    notices: broadcast::Sender<Notice>,
    refused: Arc<AtomicU64>,
}

impl Listener {
    /// Listens for these peers.
    pub(crate) fn bind(
        address: SocketAddr,
        awaited: Awaited,
        notices: broadcast::Sender<Notice>,
        refused: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        protect(socket.as_fd(), &awaited)?;
        socket.bind(address)?;
        let socket = socket.listen(BACKLOG)?;
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            awaited: Mutex::new(awaited),
            notices,
            refused,
        })
    }

    /// Where it listens.
    pub(crate) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Listens for these peers from now on.
    pub(crate) fn await_only(&self, awaited: &Awaited) -> io::Result<()> {
        let socket = self.socket.as_fd();
        let before = std::mem::replace(&mut *self.awaited(), awaited.clone());
        for (remote, (neighbor, _)) in &before {
            let signs = |(one, _): &(Arc<Neighbor>, _)| one.password.is_some();
            if neighbor.password.is_some() && !awaited.get(remote).is_some_and(signs) {
                sockopt::remove_md5_key(socket, *remote)?;
            }
        }
        sockopt::believe_all(socket, self.local.ip())?;
        protect(socket, awaited)
    }

    fn awaited(&self) -> MutexGuard<'_, Awaited> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes connections and hands them to their sessions, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let Ok((stream, remote)) = self.socket.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let address = remote.ip().to_canonical();
            if !self.hand_over(stream, address) {
                self.count_refused(address);
            }
        }
    }

    /// Hands a connection to the session it is for; says no if there is none.
    fn hand_over(&self, stream: TcpStream, remote: IpAddr) -> bool {
        let Some((neighbor, session)) = self.awaited().get(&remote).cloned() else {
            return false;
        };
        // A session that does not get to it has more connections than it can want.
        neighbor.believe_near(stream.as_fd()).is_ok()
            && neighbor.limit(stream.as_fd()).is_ok()
            && session.try_send(Command::Accepted(stream)).is_ok()
    }

    fn count_refused(&self, remote: IpAddr) {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        let what = What::Refused {
            local: self.local,
            remote,
            refused,
        };
        // Without anybody who watches, nobody is told.
        let _ = self.notices.send(Notice {
            neighbor: None,
            what,
        });
    }
}

/// Makes a listening socket one for these peers: signed with their keys, and where all are to be
/// near, those who are far do not even get a connection.
fn protect(socket: BorrowedFd<'_>, awaited: &Awaited) -> io::Result<()> {
    let all = || awaited.values().map(|(neighbor, _)| neighbor);
    let near = all().all(|neighbor| neighbor.ttl_security);
    for neighbor in all() {
        neighbor.protect(socket)?;
        if near {
            neighbor.believe_near(socket)?;
        }
    }
    Ok(())
}
