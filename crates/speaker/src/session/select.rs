//! What the task of a session waits for, all at once.

use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use routehub_session::ConnectionId;
use routehub_wire::Notification;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};

use super::connection::{Connection, Readiness};
use super::report::SessionReport;
use crate::Neighbor;
use crate::engine_task::outbound::{Outbound, OutboundReceiver};
use crate::engine_task::request::Request;

/// What the server tells the task of a session.
#[derive(Debug)]
pub(crate) enum Command {
    /// The peer has connected.
    Accepted(TcpStream),
    /// Stop with this NOTIFICATION.
    Stop(Notification),
    /// Report the session's state.
    Report(oneshot::Sender<SessionReport>),
    /// The neighbour has another description after a reload.
    SetNeighbor(Arc<Neighbor>),
}

/// A connection that is being opened.
pub(super) struct Dial {
    pub(super) id: ConnectionId,
    pub(super) opening: Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>,
}

/// A place in the engine task's inbox that is waited for.
pub(super) type InboxPermit = Pin<
    Box<dyn Future<Output = Result<mpsc::OwnedPermit<Request>, mpsc::error::SendError<()>>> + Send>,
>;

/// Why a session's task woke up.
pub(super) enum Wake {
    Command(Command),
    /// There is a place in the engine task's inbox.
    InboxPermit(mpsc::OwnedPermit<Request>),
    /// The engine task has ended.
    EngineGone,
    /// A connection is open, or could not be opened.
    Dialled(ConnectionId, io::Result<TcpStream>),
    Ready(usize, Readiness),
    Outbound(Outbound),
    /// An event switched the session on, or off.
    Switched(bool),
    Timeout,
}

/// Everything that a session's task waits for.
pub(super) struct WaitSet<'a> {
    pub(super) commands: &'a mut mpsc::Receiver<Command>,
    pub(super) permit: &'a mut Option<InboxPermit>,
    pub(super) dial: &'a mut Option<Dial>,
    pub(super) connections: &'a [Connection],
    /// Whether connections are read from.
    pub(super) read: bool,
    pub(super) outbound: &'a mut Option<OutboundReceiver>,
    /// Whether chunks are taken.
    pub(super) take_chunks: bool,
    /// Whether the session is to run.
    pub(super) switch: &'a mut watch::Receiver<bool>,
    pub(super) timeout: Option<tokio::time::Instant>,
}

impl WaitSet<'_> {
    /// The first that happens.
    pub(super) async fn next(self) -> Wake {
        let Self {
            commands,
            permit,
            dial,
            connections,
            read,
            outbound,
            take_chunks,
            switch,
            timeout,
        } = self;
        tokio::select! {
            // Without a server nothing is left to run the session for.
            command = commands.recv() => Wake::Command(command.unwrap_or(
                Command::Stop(Notification::ADMINISTRATIVE_SHUTDOWN),
            )),
            permit = permitted(permit) => permit.map_or(Wake::EngineGone, Wake::InboxPermit),
            (id, opened) = dialled(dial) => Wake::Dialled(id, opened),
            (at, readiness) = poll_fn(|cx| {
                let mut each = connections.iter().enumerate();
                each.find_map(|(at, connection)| match connection.poll_ready(cx, read) {
                    Poll::Ready(readiness) => Some(Poll::Ready((at, readiness))),
                    Poll::Pending => None,
                })
                .unwrap_or(Poll::Pending)
            }) => Wake::Ready(at, readiness),
            Some(outbound) = async { Some(outbound.as_mut()?.next(take_chunks).await) } =>
                Wake::Outbound(outbound),
            Ok(()) = switch.changed() => Wake::Switched(*switch.borrow_and_update()),
            () = sleep(timeout) => Wake::Timeout,
        }
    }
}

async fn permitted(permit: &mut Option<InboxPermit>) -> Option<mpsc::OwnedPermit<Request>> {
    let Some(waiting) = permit else {
        return pending().await;
    };
    let ready = waiting.await.ok();
    *permit = None;
    ready
}

async fn dialled(dial: &mut Option<Dial>) -> (ConnectionId, io::Result<TcpStream>) {
    let Some(Dial { id, opening }) = dial else {
        return pending().await;
    };
    let (id, opened) = (*id, opening.as_mut().await);
    *dial = None;
    (id, opened)
}

async fn sleep(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => pending().await,
    }
}
