//! One TCP connection: reads into the memory of its thread, writes from a queue.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use routehub_session::ConnectionId;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::sockopt;

/// Octets that one read takes at most.
const READ: usize = 1 << 16;

/// Pieces that one write takes at most.
const PIECES: usize = 64;

/// How long a connection that is closed may take to deliver what was written last.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// How long the kernel tries to deliver what was written last once nobody waits for it.
const LAST: Duration = Duration::from_secs(10);

thread_local! {
    /// What a read reads into: it is handed on before the next one, so one for each thread is
    /// enough, however many connections there are.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// An open connection of a session.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    stream: TcpStream,
    queue: VecDeque<Bytes>,
    queued: usize,
}

/// What a connection can do without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Be read from.
    Read,
    /// Be written to.
    Write,
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, stream: TcpStream) -> Self {
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

    /// Octets that are not written yet.
    pub(crate) const fn queued(&self) -> usize {
        self.queued
    }

    pub(crate) fn push(&mut self, bytes: Bytes) {
        self.queued += bytes.len();
        self.queue.push_back(bytes);
    }

    /// What can be done now; reading only if it is wanted, writing only if there is something.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>, read: bool) -> Poll<Readiness> {
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
    pub(crate) fn read(&self, take: impl FnOnce(&[u8])) -> io::Result<Option<usize>> {
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
    pub(crate) fn write(&mut self) -> io::Result<usize> {
        let mut written = 0;
        while !self.queue.is_empty() {
            let mut pieces = [IoSlice::new(&[]); PIECES];
            let used = self.queue.iter().zip(&mut pieces);
            let used = used.map(|(bytes, piece)| *piece = IoSlice::new(bytes));
            let used = used.count();
            let took = match self
                .stream
                .try_write_vectored(pieces.get(..used).unwrap_or(&[]))
            {
                Ok(took) => took,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            written += took;
            self.advance(took);
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
    pub(crate) async fn close(mut self) {
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
        let _ = sockopt::give_up_after(self.stream.as_fd(), LAST);
    }
}
