//! The sessions of a server: pending until their tasks are started, then running.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use routehub::types::PeerId;
use routehub::{LiveLink, Profile};
use routehub_scenario::Live;
use routehub_session::{Session, SessionConfig};
use routehub_wire::Notification;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::context::ServerContext;
use super::start_error::StartError;
use crate::Neighbor;
use crate::engine_task::request::{Neighbors, PeerHandle};
use crate::session::connection::tcp_socket;
use crate::session::io::SessionIo;
use crate::session::listener::{ExpectedPeer, ExpectedPeers};
use crate::session::select::Command;
use crate::session::task::SessionTask;

/// Commands that wait for a session at most.
const COMMANDS: usize = 4;

/// How long sessions may take to end.
const STOP: Duration = Duration::from_secs(3);

/// How a session is configured.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SessionSettings {
    neighbor: Arc<Neighbor>,
    config: SessionConfig,
}

/// A session's settings, and the ways to its task.
pub(super) struct SessionHandle {
    settings: SessionSettings,
    commands: mpsc::Sender<Command>,
    switch: Arc<watch::Sender<bool>>,
}

/// A session whose task is not started yet.
pub(super) struct PendingSession {
    handle: SessionHandle,
    session: Session,
    inbox: mpsc::Receiver<Command>,
}

/// A session whose task runs, until this is dropped.
pub(super) struct RunningSession {
    handle: SessionHandle,
    task: JoinSet<()>,
}

impl SessionSettings {
    pub(super) fn new(id: PeerId, link: &LiveLink, live: &Live, profile: &Profile) -> Self {
        let neighbor = Arc::new(Neighbor::new(id, link, live, profile));
        let config = SessionConfig {
            passive: neighbor.passive,
            ..profile.session_config(&neighbor.link)
        };
        Self { neighbor, config }
    }

    pub(super) const fn neighbor(&self) -> &Arc<Neighbor> {
        &self.neighbor
    }

    /// Whether a session with the other settings can go on as one with these.
    pub(super) fn same_session_as(&self, other: &Self) -> bool {
        self.neighbor.same_session_as(&other.neighbor) && self.config == other.config
    }
}

impl SessionHandle {
    pub(super) const fn settings(&self) -> &SessionSettings {
        &self.settings
    }

    pub(super) const fn neighbor(&self) -> &Arc<Neighbor> {
        &self.settings.neighbor
    }

    /// The peer as its listener knows it.
    pub(super) fn expected_peer(&self) -> ExpectedPeer {
        ExpectedPeer {
            neighbor: Arc::clone(self.neighbor()),
            commands: self.commands.clone(),
        }
    }

    /// The peer as the engine task knows it, with this description of it.
    pub(super) fn peer_handle(&self, neighbor: &Arc<Neighbor>) -> PeerHandle {
        PeerHandle {
            neighbor: Arc::clone(neighbor),
            switch: Arc::clone(&self.switch),
        }
    }
}

impl PendingSession {
    pub(super) fn new(
        context: &ServerContext,
        settings: SessionSettings,
    ) -> Result<Self, StartError> {
        let neighbor = &settings.neighbor;
        try_protection(neighbor)?;
        let seed = context.seed ^ u64::from(neighbor.id.0);
        let session = Session::new(settings.config.clone(), seed);
        let session = session.map_err(|error| StartError::Open {
            neighbor: Box::new(neighbor.as_ref().clone()),
            error,
        })?;
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let handle = SessionHandle {
            settings,
            commands,
            switch: Arc::new(watch::Sender::new(true)),
        };
        Ok(Self {
            handle,
            session,
            inbox,
        })
    }

    pub(super) const fn handle(&self) -> &SessionHandle {
        &self.handle
    }

    /// Starts the task.
    pub(super) fn start(self, context: &ServerContext) -> RunningSession {
        let Self {
            handle,
            session,
            inbox,
        } = self;
        let neighbor = Arc::clone(handle.neighbor());
        let io = SessionIo::new(neighbor, context.requests.clone(), context.events.clone());
        let switch = handle.switch.subscribe();
        let mut task = JoinSet::new();
        task.spawn(SessionTask::new(session, context.clock, io, inbox, switch).run());
        RunningSession { handle, task }
    }
}

impl RunningSession {
    pub(super) const fn handle(&self) -> &SessionHandle {
        &self.handle
    }

    /// Goes on with another description of its neighbour.
    pub(super) async fn set_neighbor(&mut self, neighbor: &Arc<Neighbor>) {
        self.handle.settings.neighbor = Arc::clone(neighbor);
        let command = Command::SetNeighbor(Arc::clone(neighbor));
        // The session may have ended.
        let _ = self.handle.commands.send(command).await;
    }
}

/// Sets the options on a socket that is not used, to see whether this system has them.
fn try_protection(neighbor: &Neighbor) -> Result<(), StartError> {
    let trial = || {
        let socket = tcp_socket(neighbor.local)?;
        neighbor.protect(socket.as_fd())?;
        neighbor.set_min_ttl(socket.as_fd())
    };
    trial().map_err(|error| StartError::Protect {
        neighbor: Box::new(neighbor.clone()),
        error,
    })
}

/// Peers by the addresses that are listened on for them.
pub(super) fn expected_peers(
    peers: impl Iterator<Item = ExpectedPeer>,
) -> BTreeMap<SocketAddr, ExpectedPeers> {
    let mut expected: BTreeMap<SocketAddr, ExpectedPeers> = BTreeMap::new();
    for peer in peers {
        let here = expected.entry(peer.neighbor.local).or_default();
        for remote in &peer.neighbor.remote {
            here.insert(*remote, peer.clone());
        }
    }
    expected
}

/// Peers by their ids.
pub(super) fn by_id(handles: impl Iterator<Item = PeerHandle>) -> Neighbors {
    let mut neighbors = Neighbors::new();
    for handle in handles {
        let index = handle.neighbor.id.0 as usize;
        if neighbors.len() <= index {
            neighbors.resize(index + 1, None);
        }
        if let Some(free) = neighbors.get_mut(index) {
            *free = Some(handle);
        }
    }
    neighbors
}

/// Ends sessions, each with a NOTIFICATION; those that have not ended after a while are cut off.
pub(super) async fn stop(sessions: Vec<(RunningSession, Notification)>) {
    let all = async {
        for (session, why) in &sessions {
            // The session may have ended.
            let _ = session
                .handle
                .commands
                .send(Command::Stop(why.clone()))
                .await;
        }
        for (mut session, _) in sessions {
            // A task that panicked has ended too.
            let _ = session.task.join_next().await;
        }
    };
    let _ = tokio::time::timeout(STOP, all).await;
}
