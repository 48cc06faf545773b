//! Who connects to an address of ours: configured peers, or nobody.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{broadcast, mpsc};

use crate::notice::{Notice, What};
use crate::wake::Command;

/// Connections that wait to be taken at most.
const BACKLOG: u32 = 1024;

/// The pause after a connection could not be taken, as when there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on one of our addresses.
pub(crate) struct Listener {
    socket: TcpListener,
    local: SocketAddr,
    sessions: HashMap<IpAddr, mpsc::Sender<Command>>,
    notices: broadcast::Sender<Notice>,
    refused: Arc<AtomicU64>,
}

impl Listener {
    /// Listens for these peers.
    pub(crate) fn bind(
        address: SocketAddr,
        sessions: HashMap<IpAddr, mpsc::Sender<Command>>,
        notices: broadcast::Sender<Notice>,
        refused: Arc<AtomicU64>,
    ) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let socket = socket.listen(BACKLOG)?;
        Ok(Self {
            local: socket.local_addr()?,
            socket,
            sessions,
            notices,
            refused,
        })
    }

    /// Where it listens.
    pub(crate) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Takes connections and hands them to their sessions, for ever.
    pub(crate) async fn run(self) {
        loop {
            let Ok((stream, remote)) = self.socket.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let address = remote.ip().to_canonical();
            let session = self.sessions.get(&address);
            // A session that does not get to it has more connections than it can want.
            let taken = session.map(|session| session.try_send(Command::Accepted(stream)));
            if !matches!(taken, Some(Ok(()))) {
                self.count_refused(address);
            }
        }
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
