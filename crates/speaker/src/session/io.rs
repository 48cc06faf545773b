//! Session IO: what the outputs of a session act on, and what its inputs come from. Its
//! connections, the engine task's inbox, what the engine task sends, and the server's events.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;

use routehub_session::{ConnectionId, Event, Negotiated, Output};
use routehub_wire::CheckedUpdates;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::connection::{Connection, tcp_socket};
use super::select::{Command, Dial, InboxPermit, WaitSet};
use crate::Neighbor;
use crate::engine_task::outbound::{OutboundReceiver, outbound};
use crate::engine_task::request::Request;
use crate::event::{EventKind, EventSender};

/// Octets that wait to be written before the next chunk of routes is taken.
const UNWRITTEN: usize = 1 << 16;

/// All IO of a session.
pub(crate) struct SessionIo {
    neighbor: Arc<Neighbor>,
    requests: mpsc::Sender<Request>,
    events: EventSender,
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
    ) -> Self {
        Self {
            neighbor,
            requests,
            events,
            connections: Vec::new(),
            dial: None,
            outbound: None,
            outbox: VecDeque::new(),
            permit: None,
            burst: CheckedUpdates::default(),
            closing: JoinSet::new(),
        }
    }

    /// Everything that can happen, besides commands, the switch and time.
    pub(super) fn wait_set<'a>(
        &'a mut self,
        commands: &'a mut mpsc::Receiver<Command>,
        switch: &'a mut watch::Receiver<bool>,
        timeout: Option<tokio::time::Instant>,
    ) -> WaitSet<'a> {
        let unwritten: usize = self.connections.iter().map(Connection::queued).sum();
        WaitSet {
            commands,
            permit: &mut self.permit,
            dial: &mut self.dial,
            connections: &self.connections,
            read: self.outbox.is_empty(),
            outbound: &mut self.outbound,
            take_chunks: unwritten < UNWRITTEN,
            switch,
            timeout,
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
            Output::Update(view) => self.burst.push(&view),
            Output::Event(event) => {
                self.end_burst();
                self.on_event(event);
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        let request = match event {
            Event::Established(agreed) => self.established(agreed),
            Event::AttemptFailed(reason) => return self.publish(EventKind::AttemptFailed(*reason)),
            event => {
                if let Event::Down(down) = &event {
                    self.outbound = None;
                    self.publish(EventKind::Down(down.reason.clone()));
                }
                Request::Session(self.neighbor.id, event)
            }
        };
        self.outbox.push_back(request);
    }

    fn established(&mut self, agreed: Box<Negotiated>) -> Request {
        let (sender, receiver) = outbound();
        self.outbound = Some(receiver);
        self.publish(EventKind::Established {
            asn: agreed.peer_asn,
            hold_time: agreed.hold_time,
        });
        Request::Established(self.neighbor.id, agreed, sender)
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

    /// Reads once from a connection. One that is broken, or closed by the peer, is an error with
    /// its id, and is dropped.
    pub(super) fn read(
        &mut self,
        at: usize,
        take: impl FnOnce(ConnectionId, &[u8]),
    ) -> Result<(), ConnectionId> {
        let Some(connection) = self.connections.get(at) else {
            return Ok(());
        };
        match connection.read(|bytes| take(connection.id(), bytes)) {
            Ok(None | Some(1..)) => Ok(()),
            Ok(Some(0)) | Err(_) => Err(self.connections.swap_remove(at).id()),
        }
    }

    /// Writes as much as a connection takes. One that is broken is an error with its id, and is
    /// dropped.
    pub(super) fn write(
        &mut self,
        at: usize,
        written: impl FnOnce(ConnectionId, usize),
    ) -> Result<(), ConnectionId> {
        let Some(connection) = self.connections.get_mut(at) else {
            return Ok(());
        };
        match connection.write() {
            Ok(0) => {}
            Ok(octets) => written(connection.id(), octets),
            Err(_) => return Err(self.connections.swap_remove(at).id()),
        }
        Ok(())
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
