//! Connections whose OPEN has not come: bounded in number and time. The newest take the place of the
//! oldest, so that silent ones lock nobody out.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use routehub::types::Asn;
use tokio::net::TcpStream;
use tokio::task::{AbortHandle, JoinSet};

use super::open;
use crate::event::DynamicConnection;
use crate::session::command::Accepted;
use crate::session::listener::Arrival;

/// How many there are at most.
const WAITING: usize = 64;

/// A connection by where it was accepted and where it comes from.
type Ends = (SocketAddr, IpAddr);

/// What became of a connection.
pub(super) struct Read {
    pub(super) local: SocketAddr,
    pub(super) remote: IpAddr,
    /// The connection and the ASN of its OPEN, or why there is none.
    pub(super) result: Result<(Accepted, Asn), DynamicConnection>,
}

/// Connections whose OPEN has not come.
#[derive(Default)]
pub(super) struct Waiting {
    tasks: JoinSet<Read>,
    /// The oldest first.
    order: VecDeque<(Ends, AbortHandle)>,
}

impl Waiting {
    /// Waits for the OPEN of a connection. Gives the ends of the one whose place it takes: that of
    /// the same router, or the oldest if there are too many.
    pub(super) fn add(&mut self, arrival: Arrival) -> Option<Ends> {
        self.order.retain(|(_, task)| !task.is_finished());
        let Arrival {
            local,
            remote,
            stream,
        } = arrival;
        let ends = (local, remote);
        let same = self.order.iter().position(|(other, _)| *other == ends);
        let oldest = (self.order.len() >= WAITING).then_some(0);
        let replaced = same.or(oldest).and_then(|place| self.order.remove(place));
        if let Some((_, task)) = &replaced {
            task.abort();
        }
        let task = self.tasks.spawn(Self::read(local, remote, stream));
        self.order.push_back((ends, task));
        replaced.map(|(ends, _)| ends)
    }

    /// The next one whose OPEN has come, or that has failed; none for now if there is none.
    pub(super) async fn next(&mut self) -> Option<Read> {
        loop {
            match self.tasks.join_next().await? {
                Ok(read) => return Some(read),
                // Another has taken its place.
                Err(_) => continue,
            }
        }
    }

    async fn read(local: SocketAddr, remote: IpAddr, mut stream: TcpStream) -> Read {
        let result = match open::read(&mut stream).await {
            Ok((read, asn)) => Ok((Accepted { stream, read }, asn)),
            Err(DynamicConnection::NoOpen(told)) => {
                open::refuse(stream, &told).await;
                Err(DynamicConnection::NoOpen(told))
            }
            Err(why) => Err(why),
        };
        Read {
            local,
            remote,
            result,
        }
    }
}
