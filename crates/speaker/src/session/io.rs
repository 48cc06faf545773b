//! Session IO: what the outputs of a session act on, and what its inputs come from. Its
//! connections, commands, the engine task's inbox, what the engine task sends, and the server's
//! events.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use routehub_session::{ConnectionId, Event, Negotiated, Output, SweepReason};
use routehub_wire::{CheckedUpdates, UpdateView};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::command::{Command, CommandInbox};
use super::connection::{Connection, Readiness, tcp_socket};
use crate::Neighbor;
use crate::engine_task::channel::{Outbound, OutboundReceiver, Request, outbound};
use crate::event::{ConnectionRefusal, EventKind, EventSender, MalformedUpdate};

/// Octets that wait to be written before the next chunk of routes is taken.
const UNWRITTEN: usize = 1 << 16;

/// How often a connection is read, to have all that has arrived before it ends.
const ARRIVED: usize = 128;

/// A connection that is being opened.
struct Dial {
    id: ConnectionId,
    opening: Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>,
}

/// A place in the engine task's inbox that is waited for.
type InboxPermit = Pin<
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
    Timeout,
}

/// All IO of a session.
pub(crate) struct SessionIo {
    neighbor: Arc<Neighbor>,
    requests: mpsc::Sender<Request>,
    events: EventSender,
    commands: CommandInbox,
    connections: Vec<Connection>,
    dial: Option<Dial>,
    outbound: Option<OutboundReceiver>,
    /// Requests that did not fit into the inbox, in order. While there are some, nothing is read.
    outbox: VecDeque<Request>,
    permit: Option<InboxPermit>,
    /// UPDATEs that were read, behind all of the outbox.
    burst: CheckedUpdates,
    /// Connections that are closed but still deliver what was written last.
    closing: JoinSet<()>,
}

impl SessionIo {
    pub(crate) fn new(
        neighbor: Arc<Neighbor>,
        requests: mpsc::Sender<Request>,
        events: EventSender,
        commands: CommandInbox,
    ) -> Self {
        Self {
            neighbor,
            requests,
            events,
            commands,
            connections: Vec::new(),
            dial: None,
            outbound: None,
            outbox: VecDeque::new(),
            permit: None,
            burst: CheckedUpdates::default(),
            closing: JoinSet::new(),
        }
    }

    /// The first that happens; nothing else is lost.
    pub(super) async fn next(&mut self, timeout: Option<Instant>) -> Wake {
        let unwritten: usize = self.connections.iter().map(Connection::queued).sum();
        let Self {
            commands,
            connections,
            dial,
            outbound,
            outbox,
            permit,
            ..
        } = self;
        let read = outbox.is_empty();
        tokio::select! {
            command = commands.next() => Wake::Command(command),
            Some(ready) = async { Some(permit.as_mut()?.await) } => {
                *permit = None;
                ready.map_or(Wake::EngineGone, Wake::InboxPermit)
            }
            Some((id, opened)) = async {
                let Dial { id, opening } = dial.as_mut()?;
                Some((*id, opening.await))
            } => {
                *dial = None;
                Wake::Dialled(id, opened)
            }
            (at, readiness) = poll_fn(|cx| {
                let mut each = connections.iter().enumerate();
                each.find_map(|(at, connection)| match connection.poll_ready(cx, read) {
                    Poll::Ready(readiness) => Some(Poll::Ready((at, readiness))),
                    Poll::Pending => None,
                })
                .unwrap_or(Poll::Pending)
            }) => Wake::Ready(at, readiness),
            Some(outbound) = async {
                Some(outbound.as_mut()?.next(unwritten < UNWRITTEN).await)
            } => Wake::Outbound(outbound),
            () = sleep_until(timeout.unwrap_or_else(Instant::now)), if timeout.is_some() =>
                Wake::Timeout,
        }
    }

    /// Carries out an output of the session.
    pub(super) fn carry_out(&mut self, output: Output<'_>) {
        match output {
            Output::Connect(id) => self.dial = Some(self.open(id)),
            Output::Send(id, bytes) => {
                let mut connections = self.connections.iter_mut();
                if let Some(connection) = connections.find(|connection| connection.id() == id) {
                    connection.push(bytes);
                }
            }
            Output::Close(id) => self.close(id),
            Output::Update(view) => {
                if !view.is_fault_free() {
                    self.on_malformed(&view);
                }
                self.burst.push(&view);
            }
            Output::Event(event) => {
                self.end_burst();
                self.on_event(event);
            }
        }
    }

    /// Tells what is wrong with an UPDATE (RFC 7606 section 6).
    #[cold]
    fn on_malformed(&self, view: &UpdateView<'_>) {
        if self.events.is_watched() {
            let malformed = Arc::new(MalformedUpdate::of(view));
            self.publish(EventKind::Malformed(malformed));
        }
    }

    /// Tells that a connection of the peer was refused.
    pub(super) fn on_refused(&self, why: ConnectionRefusal, refused: u64) {
        if let Some(remote) = self.neighbor.remote.first() {
            self.publish(EventKind::Refused {
                local: self.neighbor.local,
                remote: *remote,
                why,
                refused,
            });
        }
    }

    /// Tells that the session is not held for a while.
    pub(super) fn on_paused(&self, time: Option<Duration>) {
        self.publish(EventKind::Paused(time));
    }

    pub(super) fn neighbor(&self) -> &Neighbor {
        &self.neighbor
    }

    /// Tells that the session is held back after failures.
    pub(super) fn on_held_back(&self, time: Duration) {
        self.publish(EventKind::HeldBack(time));
    }

    fn on_event(&mut self, event: Event) {
        let request = match event {
            Event::Established(agreed) => self.established(agreed),
            Event::AttemptFailed(reason) => return self.publish(EventKind::AttemptFailed(*reason)),
            event => {
                if let Event::Down(down) = &event {
                    self.outbound = None;
                    self.publish(EventKind::Down(down.reason.clone()));
                    if !down.retained.is_empty() {
                        self.publish(EventKind::Retained(down.retained));
                    }
                }
                if let Event::LongLivedStale(family, time) = &event {
                    self.publish(EventKind::LongLivedStale(*family, *time));
                }
                // What the peer says again at its end is no news.
                if let Event::SweepStale(family, reason) = &event
                    && !matches!(reason, SweepReason::EndOfRib | SweepReason::EndOfRefresh)
                {
                    self.publish(EventKind::Swept(*family, *reason));
                }
                if let Event::SweepLongLivedStale(family) = &event {
                    self.publish(EventKind::Swept(*family, SweepReason::LongLivedStaleTime));
                }
                Request::Session(self.neighbor.id, event)
            }
        };
        self.outbox.push_back(request);
    }

    fn established(&mut self, agreed: Box<Negotiated>) -> Request {
        let (peer, receiver) = outbound(agreed.families);
        self.outbound = Some(receiver);
        self.publish(EventKind::Established {
            asn: agreed.peer_asn,
            hold_time: agreed.hold_time,
        });
        Request::Established(self.neighbor.id, agreed, peer)
    }

    /// Puts the UPDATEs that were read behind the outbox.
    pub(super) fn end_burst(&mut self) {
        if !self.burst.is_empty() {
            let updates = std::mem::take(&mut self.burst);
            self.outbox
                .push_back(Request::Updates(self.neighbor.id, updates));
        }
    }

    /// Moves the outbox to the engine task's inbox, as far as there is place; says no if the engine
    /// task has ended.
    pub(super) fn post(&mut self) -> bool {
        while self.permit.is_none() {
            let Some(first) = self.outbox.pop_front() else {
                return true;
            };
            match self.requests.try_send(first) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(first)) => {
                    self.outbox.push_front(first);
                    self.permit = Some(Box::pin(self.requests.clone().reserve_owned()));
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
            }
        }
        true
    }

    /// Uses a place in the engine task's inbox.
    pub(super) fn post_with(&mut self, permit: mpsc::OwnedPermit<Request>) {
        if let Some(request) = self.outbox.pop_front() {
            permit.send(request);
        }
    }

    /// A chunk was taken: the engine task is told if it waits for that.
    pub(super) fn chunk_taken(&mut self) {
        let receiver = self.outbound.as_ref();
        if receiver.is_some_and(OutboundReceiver::take_wants_capacity) {
            self.outbox.push_back(Request::Writable(self.neighbor.id));
        }
    }

    /// Hands over what is left, and lets closed connections deliver what was written last.
    pub(super) async fn end(mut self) {
        for request in self.outbox {
            if self.requests.send(request).await.is_err() {
                break;
            }
        }
        while self.closing.join_next().await.is_some() {}
    }

    fn open(&self, id: ConnectionId) -> Dial {
        let neighbor = Arc::clone(&self.neighbor);
        let (local, target) = (neighbor.local.ip(), neighbor.target());
        let opening = async move {
            let target = target.ok_or(io::ErrorKind::AddrNotAvailable)?;
            let socket = tcp_socket(target)?;
            socket.bind(SocketAddr::new(local, 0))?;
            neighbor.protect(socket.as_fd())?;
            neighbor.set_min_ttl(socket.as_fd())?;
            neighbor.set_user_timeout(socket.as_fd())?;
            socket.connect(target).await
        };
        Dial {
            id,
            opening: Box::pin(opening),
        }
    }

    /// Uses an open connection.
    pub(super) fn attach(&mut self, id: ConnectionId, stream: TcpStream) {
        self.connections.push(Connection::new(id, stream));
    }

    fn close(&mut self, id: ConnectionId) {
        self.dial.take_if(|dial| dial.id == id);
        let mut connections = self.connections.iter();
        if let Some(at) = connections.position(|connection| connection.id() == id) {
            let connection = self.connections.swap_remove(at);
            self.closing.spawn(connection.close());
        }
    }

    /// How many connections there are.
    pub(super) fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Reads once from a connection; says whether there may be more. One that is broken, or closed
    /// by the peer, is an error with its id, and is dropped.
    pub(super) fn read(
        &mut self,
        at: usize,
        take: impl FnOnce(ConnectionId, &[u8]),
    ) -> Result<bool, ConnectionId> {
        let Some(connection) = self.connections.get(at) else {
            return Ok(false);
        };
        match connection.read(|bytes| take(connection.id(), bytes)) {
            Ok(Some(1..)) => Ok(true),
            Ok(None) => Ok(false),
            Ok(Some(0)) | Err(_) => Err(self.connections.swap_remove(at).id()),
        }
    }

    /// Reads all that has arrived on a connection, up to a limit; an error as of
    /// [`read`](Self::read).
    pub(super) fn read_arrived(
        &mut self,
        at: usize,
        mut take: impl FnMut(ConnectionId, &[u8]),
    ) -> Result<(), ConnectionId> {
        for _ in 0..ARRIVED {
            if !self.read(at, &mut take)? {
                break;
            }
        }
        Ok(())
    }

    /// Drops a connection; its id.
    pub(super) fn drop_connection(&mut self, at: usize) -> Option<ConnectionId> {
        let is_there = at < self.connections.len();
        is_there.then(|| self.connections.swap_remove(at).id())
    }

    /// Writes as much as a connection takes; says no if it is broken.
    pub(super) fn write(&mut self, at: usize, written: impl FnOnce(ConnectionId, usize)) -> bool {
        let Some(connection) = self.connections.get_mut(at) else {
            return true;
        };
        match connection.write() {
            Ok(0) => {}
            Ok(octets) => written(connection.id(), octets),
            Err(_) => return false,
        }
        true
    }

    /// Forgets closed connections that have delivered everything.
    pub(super) fn reap_closed(&mut self) {
        while self.closing.try_join_next().is_some() {}
    }

    /// The neighbour has another description.
    pub(super) fn set_neighbor(&mut self, neighbor: Arc<Neighbor>) {
        self.neighbor = neighbor;
    }

    fn publish(&self, kind: EventKind) {
        self.events.publish(Some(&self.neighbor), kind);
    }
}
