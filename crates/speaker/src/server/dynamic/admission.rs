//! Who of those that connect is taken as a peer, and what is done when its session is over.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use routehub::types::Asn;
use routehub_scenario::DynamicNeighbors;
use routehub_wire::Notification;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::running::Running;
use super::super::sessions::{PendingSession, RunningSession};
use super::super::shared::Shared;
use super::open;
use super::waiting::{Read, Waiting};
use crate::engine_task::channel::Request;
use crate::event::{ConnectionRefusal, DynamicConnection, EventKind};
use crate::session::command::{Accepted, SessionHandle};
use crate::session::listener::{Arrival, Refusals};

/// Refused connections that are told why at a time; others are closed at once.
const TOLD: usize = 64;

/// Why a router is refused: what is told of it, and what it is told.
type Refusal = (DynamicConnection, Notification);

/// Takes in routers that nobody described.
pub(in super::super) struct Reception {
    shared: Arc<Shared>,
    arrived: mpsc::Receiver<Arrival>,
    refusals: Refusals,
    waiting: Waiting,
    /// Those that are being told why they are refused.
    telling: JoinSet<()>,
}

impl Reception {
    pub(in super::super) fn new(shared: Arc<Shared>, arrived: mpsc::Receiver<Arrival>) -> Self {
        Self {
            refusals: shared.context.refusals(),
            shared,
            arrived,
            waiting: Waiting::default(),
            telling: JoinSet::new(),
        }
    }

    /// Works for ever.
    pub(in super::super) async fn run(mut self) {
        let ended = Arc::clone(&self.shared.context.session_ended);
        loop {
            tokio::select! {
                Some(arrival) = self.arrived.recv() => {
                    if let Some((local, remote)) = self.waiting.add(arrival) {
                        self.note(local, remote, DynamicConnection::Silent);
                    }
                }
                Some(read) = self.waiting.next() => self.read(read).await,
                () = ended.notified() => self.remove_over().await,
                Some(_) = self.telling.join_next() => {}
                else => return,
            }
        }
    }

    fn note(&self, local: SocketAddr, remote: IpAddr, why: DynamicConnection) {
        let why = ConnectionRefusal::Dynamic(why);
        self.refusals.note(local, remote, why);
    }

    /// An OPEN has come, or will not.
    async fn read(&mut self, read: Read) {
        let Read {
            local,
            remote,
            result,
        } = read;
        let (accepted, asn) = match result {
            Ok(opened) => opened,
            Err(why) => return self.note(local, remote, why),
        };
        // A peer that comes back may find its old session over, but not yet gone.
        self.remove_over().await;
        if let Err((accepted, (why, told))) = self.admit(local, remote, accepted, asn).await {
            self.note(local, remote, why);
            if self.telling.len() < TOLD {
                let stream = accepted.stream;
                self.telling
                    .spawn(async move { open::refuse(stream, &told).await });
            }
        }
    }

    /// Takes a router as a peer, if it may be one, and begins its session.
    async fn admit(
        &self,
        local: SocketAddr,
        remote: IpAddr,
        accepted: Accepted,
        asn: Asn,
    ) -> Result<(), (Accepted, Refusal)> {
        let mut running = self.shared.running.lock().await;
        // It may have connected once more.
        let known = running.dynamic_session(local, remote);
        if let Some(known) = known.map(RunningSession::handle) {
            if !known.accept(accepted) {
                self.refusals.note(local, remote, ConnectionRefusal::Busy);
            }
            return Ok(());
        }
        match self.session(&running, local, remote, asn).await {
            Ok(session) => {
                self.begin(&mut running, session, accepted).await;
                Ok(())
            }
            Err(refusal) => Err((accepted, refusal)),
        }
    }

    /// The session of a router that is taken as a peer. The engine knows the peer from here on.
    async fn session(
        &self,
        running: &Running,
        local: SocketAddr,
        remote: IpAddr,
        asn: Asn,
    ) -> Result<PendingSession, Refusal> {
        let rejected = |why| (why, Notification::CONNECTION_REJECTED);
        let failed = |why: String| rejected(DynamicConnection::Failed(why));
        running.check().map_err(|why| failed(why.to_string()))?;
        // A reload may have taken the prefix away meanwhile.
        let gone = || failed("nobody is awaited from there any more".to_owned());
        let instance = running.dynamic().at(local).ok_or_else(gone)?;
        let mut neighbors = instance.neighbors.iter();
        let those = neighbors.find(|those| those.contains(remote));
        let those = those.ok_or_else(gone)?;
        may_come(running, those, asn)?;
        let peer = instance.peer(those, remote, asn);
        let context = &self.shared.context;
        let added = context.request(|answer| Request::AddDynamic(Box::new(peer), answer));
        let added = added.await.map_err(|why| failed(why.to_string()))?;
        let (id, link) = added.map_err(|why| rejected(DynamicConnection::Refused(why)))?;
        let neighbor = running.dynamic().neighbor(id, &link, those);
        match PendingSession::new(context, neighbor) {
            Ok(session) => Ok(session),
            Err(why) => {
                let removed = context.request(|answer| Request::RemoveDynamic(id, answer));
                // Without an engine nothing is left to be removed.
                let _ = removed.await;
                Err(failed(why.to_string()))
            }
        }
    }

    async fn begin(&self, running: &mut Running, session: PendingSession, accepted: Accepted) {
        let context = &self.shared.context;
        let handle = session.handle().clone();
        // Before the session can say anything.
        let _ = context.requests.send(Request::Enroll(handle.clone())).await;
        let neighbor = Arc::clone(handle.neighbor());
        if let Some(prefix) = neighbor.came_from() {
            let added = EventKind::PeerAdded(prefix);
            context.events.publish(Some(&neighbor), added);
        }
        // Its inbox is empty.
        handle.accept(accepted);
        running.add_dynamic(context, session);
        self.shared.show(running);
    }

    /// Removes the peers whose sessions are over, with all that was known of them.
    async fn remove_over(&self) {
        let context = &self.shared.context;
        let mut running = self.shared.running.lock().await;
        let over = running.take_over_sessions(context);
        if over.is_empty() {
            return;
        }
        for neighbor in over.iter().map(SessionHandle::neighbor) {
            let id = neighbor.id;
            let removed = context.request(|answer| Request::RemoveDynamic(id, answer));
            if removed.await.is_err() {
                return;
            }
            if let Some(prefix) = neighbor.came_from() {
                let removed = EventKind::PeerRemoved(prefix);
                context.events.publish(Some(neighbor), removed);
            }
        }
        self.shared.show(&running);
    }
}

/// Whether one more router with this ASN may come.
fn may_come(running: &Running, those: &DynamicNeighbors, asn: Asn) -> Result<(), Refusal> {
    let prefix = those.prefix;
    if !those.allows(asn) {
        let why = DynamicConnection::Asn { prefix, asn };
        return Err((why, Notification::BAD_PEER_AS));
    }
    if running.count_dynamic(prefix) >= usize::from(those.at_most.get()) {
        let at_most = those.at_most;
        let why = DynamicConnection::TooMany { prefix, at_most };
        return Err((why, Notification::CONNECTION_REJECTED));
    }
    Ok(())
}
