//! One TCP connection: reads into the memory of its thread, writes from a queue.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use routehub_session::ConnectionId;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::sockopt;

/// Octets that one read takes at most.
const READ: usize = 1 << 16;

/// Pieces that one write takes at most.
const PIECES: usize = 256;

/// How long a connection that is closed may take to deliver what was written last.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// How long the kernel tries to deliver what was written last once nobody waits for it.
const CLOSED: Duration = Duration::from_secs(10);

thread_local! {
    /// What a read reads into: it is handed on before the next one, so one for each thread is
    /// enough, however many connections there are.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// An open connection of a session.
#[derive(Debug)]
pub(super) struct Connection {
    id: ConnectionId,
    stream: TcpStream,
    queue: VecDeque<Bytes>,
    queued: usize,
}

/// A socket of this address's family.
pub(crate) fn tcp_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
}

/// What a connection can do without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Be read from.
    Read,
    /// Be written to.
    Write,
}

impl Connection {
    pub(super) fn new(id: ConnectionId, stream: TcpStream) -> Self {
        // Messages are put together before they are written: waiting for more gains nothing. A
        // connection on which this fails is broken, which reading from it will tell.
        let _ = stream.set_nodelay(true);
        Self {
            id,
            stream,
            queue: VecDeque::new(),
            queued: 0,
        }
    }

    /// The number that the session knows it by.
    pub(super) const fn id(&self) -> ConnectionId {
        self.id
    }

    /// Octets that are not written yet.
    pub(super) const fn queued(&self) -> usize {
        self.queued
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.queued += bytes.len();
        self.queue.push_back(bytes);
    }

    /// What can be done now; reading only if it is wanted, writing only if there is something.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>, read: bool) -> Poll<Readiness> {
        // An error shows when it is tried.
        if !self.queue.is_empty() && self.stream.poll_write_ready(cx).is_ready() {
            return Poll::Ready(Readiness::Write);
        }
        if read && self.stream.poll_read_ready(cx).is_ready() {
            return Poll::Ready(Readiness::Read);
        }
        Poll::Pending
    }

    /// Reads what is there, once: none if there is nothing, 0 octets at the end of the stream.
    pub(super) fn read(&self, take: impl FnOnce(&[u8])) -> io::Result<Option<usize>> {
        BUFFER.with_borrow_mut(|buffer| match self.stream.try_read(buffer) {
            Ok(length) => {
                take(buffer.get(..length).unwrap_or_default());
                Ok(Some(length))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Writes as much as it takes; says how many octets.
    pub(super) fn write(&mut self) -> io::Result<usize> {
        let mut written = 0;
        while !self.queue.is_empty() {
            let mut pieces = [IoSlice::new(&[]); PIECES];
            let mut filled = 0;
            for (bytes, piece) in self.queue.iter().zip(&mut pieces) {
                *piece = IoSlice::new(bytes);
                filled += 1;
            }
            let pieces = pieces.get(..filled).unwrap_or(&[]);
            let octets = match self.stream.try_write_vectored(pieces) {
                Ok(octets) => octets,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            written += octets;
            self.advance(octets);
        }
        if self.queue.is_empty() {
            // The next write may be hours away.
            self.queue.shrink_to(PIECES);
        }
        Ok(written)
    }

    fn advance(&mut self, mut octets: usize) {
        self.queued -= octets;
        while let Some(first) = self.queue.front_mut() {
            if octets < first.len() {
                first.advance(octets);
                return;
            }
            octets -= first.len();
            self.queue.pop_front();
        }
    }

    /// Writes what is left and closes. A connection with octets that nobody read would be reset,
    /// and the peer might never see why: so they are read until the peer closes too, but not long.
    pub(super) async fn close(mut self) {
        let gentle = async {
            for mut bytes in self.queue.drain(..) {
                self.stream.write_all_buf(&mut bytes).await?;
            }
            self.stream.shutdown().await?;
            tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await
        };
        // Whatever comes of it, the connection is closed after this, and the kernel tries to deliver
        // what is left for a while.
        let _ = tokio::time::timeout(LINGER, gentle).await;
        let _ = sockopt::set_user_timeout(self.stream.as_fd(), CLOSED);
    }
}
