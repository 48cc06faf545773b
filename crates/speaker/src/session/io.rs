//! All that surrounds a session in its task: connections, the way to the owner of the routes and
//! back, and whoever watches.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;

use bytes::Bytes;
use routehub::types::PeerId;
use routehub_session::{ConnectionId, Down, Event, Negotiated, Output};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use crate::Neighbor;
use crate::engine_task::request::{Agreed, Inlet, Request, outlet};
use crate::event::{Notice, What};
use crate::session::connection::Connection;
use crate::session::select::{Dial, Place};

/// What the outputs of a session act on.
pub(crate) struct Outside {
    pub(crate) neighbor: Arc<Neighbor>,
    owner: mpsc::Sender<Request>,
    notices: broadcast::Sender<Notice>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) dial: Option<Dial>,
    pub(crate) inlet: Option<Inlet>,
    /// What the owner has not taken yet, in order. While there is something, nothing is read.
    pub(crate) outbox: VecDeque<Request>,
    pub(crate) place: Option<Place>,
    /// UPDATEs that were read, behind all of the outbox.
    burst: Vec<u8>,
    /// Connections that are closed but still deliver their last words.
    pub(crate) closing: JoinSet<()>,
}

impl Outside {
    pub(crate) fn new(
        neighbor: Arc<Neighbor>,
        owner: mpsc::Sender<Request>,
        notices: broadcast::Sender<Notice>,
    ) -> Self {
        Self {
            neighbor,
            owner,
            notices,
            connections: Vec::new(),
            dial: None,
            inlet: None,
            outbox: VecDeque::new(),
            place: None,
            burst: Vec::new(),
            closing: JoinSet::new(),
        }
    }

    /// Octets that are not written yet.
    pub(crate) fn unwritten(&self) -> usize {
        self.connections.iter().map(Connection::queued).sum()
    }

    /// Does what a session wants.
    pub(crate) fn carry_out(&mut self, output: Output<'_>) {
        match output {
            Output::Connect(id) => self.dial = Some(self.open(id)),
            Output::Send(id, bytes) => {
                if let Some(one) = self.connections.iter_mut().find(|one| one.id == id) {
                    one.push(bytes);
                }
            }
            Output::Close(id) => self.close(id),
            Output::Event(Event::Update(view)) => self.burst.extend_from_slice(view.message()),
            Output::Event(event) => {
                self.end_burst();
                self.event(event);
            }
        }
    }

    fn event(&mut self, event: Event<'_>) {
        let peer = self.neighbor.id;
        let request = match event {
            Event::Established(agreed) => self.established(&agreed),
            Event::RunEnded(end) => Request::RunEnded(peer, end),
            Event::RefreshRequested(family) => Request::Refresh(peer, family),
            Event::MarkStale(family) => Request::MarkStale(peer, family),
            Event::SweepStale(family, _) => Request::SweepStale(peer, family),
            Event::Down(down) => {
                self.inlet = None;
                let Down { reason, sent, .. } = *down;
                self.tell(What::Down(reason));
                Request::Down(peer, sent.map(|one| (one.code, one.subcode)))
            }
            Event::AttemptFailed(reason) => return self.tell(What::AttemptFailed(*reason)),
            Event::EndOfRib(family) => Request::EndOfRib(peer, family),
            // UPDATEs are gathered before this.
            Event::Update(_) => return,
        };
        self.outbox.push_back(request);
    }

    fn established(&mut self, agreed: &Negotiated) -> Request {
        let (outlet, inlet) = outlet();
        self.inlet = Some(inlet);
        self.tell(What::Established {
            asn: agreed.peer_asn,
            hold_time: agreed.hold_time,
        });
        let agreed = Agreed {
            receive: agreed.receive,
            send: agreed.send,
            families: agreed.families,
            outlet,
        };
        Request::Established(self.neighbor.id, Box::new(agreed))
    }

    /// Puts what was read behind the outbox.
    pub(crate) fn end_burst(&mut self) {
        if !self.burst.is_empty() {
            let messages = Bytes::from(std::mem::take(&mut self.burst));
            self.outbox
                .push_back(Request::Updates(self.neighbor.id, messages));
        }
    }

    /// Hands the outbox to the owner, as far as it takes it; says no if there is no owner any more.
    pub(crate) fn post(&mut self) -> bool {
        while self.place.is_none() {
            let Some(first) = self.outbox.pop_front() else {
                return true;
            };
            match self.owner.try_send(first) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(first)) => {
                    self.outbox.push_front(first);
                    self.place = Some(Box::pin(self.owner.clone().reserve_owned()));
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
            }
        }
        true
    }

    /// Hands over what is left, and lets closed connections deliver their last words.
    pub(crate) async fn end(mut self) {
        for request in self.outbox {
            if self.owner.send(request).await.is_err() {
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
            let socket = match target {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            socket.bind(SocketAddr::new(local, 0))?;
            neighbor.protect(socket.as_fd())?;
            neighbor.believe_near(socket.as_fd())?;
            neighbor.limit(socket.as_fd())?;
            socket.connect(target).await
        };
        Dial {
            id,
            opening: Box::pin(opening),
        }
    }

    pub(crate) fn take_in(&mut self, id: ConnectionId, stream: TcpStream) {
        self.connections.push(Connection::new(id, stream));
    }

    fn close(&mut self, id: ConnectionId) {
        self.dial.take_if(|dial| dial.id == id);
        if let Some(at) = self.connections.iter().position(|one| one.id == id) {
            let connection = self.connections.swap_remove(at);
            self.closing.spawn(connection.close());
        }
    }

    /// The number that the owner knows the session by.
    pub(crate) fn peer(&self) -> PeerId {
        self.neighbor.id
    }

    fn tell(&self, what: What) {
        let neighbor = Some(Arc::clone(&self.neighbor));
        // Without anybody who watches, nobody is told.
        let _ = self.notices.send(Notice { neighbor, what });
    }
}
