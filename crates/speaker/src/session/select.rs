//! What the task of a session waits for, all at once.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use routehub_session::ConnectionId;
use routehub_wire::Notification;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::Neighbor;
use crate::engine_task::request::{Chunk, Inlet, Request};
use crate::session::connection::{Connection, Readiness};
use crate::session::report::SessionReport;

/// What a session's task is told from outside.
#[derive(Debug)]
pub(crate) enum Command {
    /// The peer has connected.
    Accepted(TcpStream),
    /// Stop; tell the peer why.
    Stop(Notification),
    /// Say how the session is.
    Report(oneshot::Sender<SessionReport>),
    /// The neighbour is known by this from now on.
    Known(Arc<Neighbor>),
}

/// A connection that is being opened.
pub(crate) struct Dial {
    pub(crate) id: ConnectionId,
    pub(crate) opening: Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>,
}

/// A place in the owner's inbox that is waited for.
pub(crate) type Place = Pin<
    Box<dyn Future<Output = Result<mpsc::OwnedPermit<Request>, mpsc::error::SendError<()>>> + Send>,
>;

/// Why a session's task woke up.
pub(crate) enum Wake {
    Command(Command),
    /// There is a place in the owner's inbox.
    Place(mpsc::OwnedPermit<Request>),
    /// The owner of the routes is gone.
    OwnerGone,
    /// A connection is open, or could not be opened.
    Dialled(ConnectionId, io::Result<TcpStream>),
    Ready(usize, Readiness),
    /// Routes to send.
    Chunk(Chunk),
    /// The owner of the routes ends the session.
    TearDown(Notification),
    /// The owner of the routes wants all of the peer's routes again.
    RequestRefresh,
    /// An event switched the session on, or off.
    Switched(bool),
    Timeout,
}

/// Everything that a session's task waits for.
pub(crate) struct Sources<'a> {
    pub(crate) commands: &'a mut mpsc::Receiver<Command>,
    pub(crate) place: &'a mut Option<Place>,
    pub(crate) dial: &'a mut Option<Dial>,
    pub(crate) connections: &'a [Connection],
    /// Whether connections are read from.
    pub(crate) read: bool,
    pub(crate) inlet: &'a mut Option<Inlet>,
    /// Whether chunks are taken.
    pub(crate) write: bool,
    /// Whether the session is to be held.
    pub(crate) switch: &'a mut watch::Receiver<bool>,
    pub(crate) timeout: Option<tokio::time::Instant>,
}

impl Sources<'_> {
    /// The next of them.
    pub(crate) async fn next(self) -> Wake {
        let Sources {
            commands,
            place,
            dial,
            connections,
            read,
            inlet,
            write,
            switch,
            timeout,
        } = self;
        let (chunks, teardown, refresh) = match inlet.as_mut() {
            Some(inlet) => (
                Some(&mut inlet.chunks),
                Some(&mut inlet.teardown),
                Some(&inlet.refresh),
            ),
            None => (None, None, None),
        };
        let chunks = chunks.filter(|_| write);
        tokio::select! {
            // Without a server there is nobody left to run the session for.
            command = commands.recv() => Wake::Command(command.unwrap_or(
                Command::Stop(Notification::ADMINISTRATIVE_SHUTDOWN),
            )),
            place = ready(place) => place.map_or(Wake::OwnerGone, Wake::Place),
            (id, opened) = dialled(dial) => Wake::Dialled(id, opened),
            (at, readiness) = poll_fn(|cx| {
                let mut each = connections.iter().enumerate();
                each.find_map(|(at, one)| match one.poll_ready(cx, read) {
                    Poll::Ready(readiness) => Some(Poll::Ready((at, readiness))),
                    Poll::Pending => None,
                })
                .unwrap_or(Poll::Pending)
            }) => Wake::Ready(at, readiness),
            Some(chunk) = async { chunks?.recv().await }, if write => Wake::Chunk(chunk),
            Some(why) = torn_down(teardown) => Wake::TearDown(why),
            () = asked(refresh) => Wake::RequestRefresh,
            Ok(()) = switch.changed() => Wake::Switched(*switch.borrow_and_update()),
            () = sleep(timeout) => Wake::Timeout,
        }
    }
}

async fn ready(place: &mut Option<Place>) -> Option<mpsc::OwnedPermit<Request>> {
    match place {
        Some(waiting) => {
            let permit = waiting.await.ok();
            *place = None;
            permit
        }
        None => std::future::pending().await,
    }
}

async fn dialled(dial: &mut Option<Dial>) -> (ConnectionId, io::Result<TcpStream>) {
    match dial {
        Some(one) => {
            let opened = one.opening.as_mut().await;
            let id = one.id;
            *dial = None;
            (id, opened)
        }
        None => std::future::pending().await,
    }
}

async fn torn_down(
    end: Option<&mut Option<oneshot::Receiver<Notification>>>,
) -> Option<Notification> {
    let end = end?;
    let why = end.as_mut()?.await;
    *end = None;
    why.ok()
}

async fn asked(refresh: Option<&Arc<Notify>>) {
    match refresh {
        Some(refresh) => refresh.notified().await,
        None => std::future::pending().await,
    }
}

async fn sleep(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
