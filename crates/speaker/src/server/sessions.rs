//! Sessions and listeners that a server holds, and those that it is to hold.

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
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::Common;
use super::start_error::StartError;
use crate::Neighbor;
use crate::session::io::Outside;
use crate::session::listener::{Awaited, Listener};
use crate::session::select::Command;
use crate::session::task::SessionTask;

/// Commands that wait for a session at most.
const COMMANDS: usize = 4;

/// How long sessions may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(3);

/// A session that runs.
pub(crate) struct Held {
    pub(crate) neighbor: Arc<Neighbor>,
    pub(crate) config: SessionConfig,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) switch: Arc<watch::Sender<bool>>,
    task: JoinHandle<()>,
}

/// A session that is to run.
pub(crate) struct Planned {
    pub(crate) neighbor: Arc<Neighbor>,
    config: SessionConfig,
    session: Session,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) switch: Arc<watch::Sender<bool>>,
    inbox: mpsc::Receiver<Command>,
}

/// A listener that runs.
pub(crate) struct Open {
    pub(crate) listener: Arc<Listener>,
    task: JoinHandle<()>,
}

/// How the session with a neighbour is configured.
pub(crate) fn config(profile: &Profile, neighbor: &Neighbor) -> SessionConfig {
    SessionConfig {
        passive: neighbor.passive,
        ..profile.session_config(&neighbor.link)
    }
}

impl Planned {
    /// The session with the peer of this number.
    pub(crate) fn new(
        common: &Common,
        profile: &Profile,
        live: &Live,
        (id, link): (PeerId, &LiveLink),
    ) -> Result<Self, StartError> {
        let neighbor = Neighbor::new(id, link, live, profile);
        try_protection(&neighbor)?;
        let config = config(profile, &neighbor);
        let session = Session::new(config.clone(), common.seed ^ u64::from(id.0));
        let session = session.map_err(|error| StartError::Open {
            neighbor: Box::new(neighbor.clone()),
            error,
        })?;
        let (commands, inbox) = mpsc::channel(COMMANDS);
        Ok(Self {
            neighbor: Arc::new(neighbor),
            config,
            session,
            commands,
            switch: Arc::new(watch::Sender::new(true)),
            inbox,
        })
    }

    /// Lets it run.
    pub(crate) fn start(self, common: &Common) -> Held {
        let task = SessionTask {
            session: self.session,
            clock: common.clock,
            commands: self.inbox,
            switch: self.switch.subscribe(),
            outside: Outside::new(
                Arc::clone(&self.neighbor),
                common.owner.clone(),
                common.notices.clone(),
            ),
        };
        Held {
            neighbor: self.neighbor,
            config: self.config,
            commands: self.commands,
            switch: self.switch,
            task: tokio::spawn(task.run()),
        }
    }
}

/// Protects a socket that nobody uses, to see whether this system can.
fn try_protection(neighbor: &Neighbor) -> Result<(), StartError> {
    let trial = || {
        let socket = match neighbor.local {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        neighbor.protect(socket.as_fd())?;
        neighbor.believe_near(socket.as_fd())
    };
    trial().map_err(|error| StartError::Protect {
        neighbor: Box::new(neighbor.clone()),
        error,
    })
}

/// Who is awaited where.
pub(crate) fn awaited<'a>(
    sessions: impl Iterator<Item = (&'a Arc<Neighbor>, &'a mpsc::Sender<Command>)>,
) -> BTreeMap<SocketAddr, Awaited> {
    let mut all: BTreeMap<SocketAddr, Awaited> = BTreeMap::new();
    for (neighbor, commands) in sessions {
        let peers = all.entry(neighbor.local).or_default();
        for remote in &neighbor.remote {
            peers.insert(*remote, (Arc::clone(neighbor), commands.clone()));
        }
    }
    all
}

/// Listens on an address.
pub(crate) fn bind(
    common: &Common,
    address: SocketAddr,
    awaited: Awaited,
) -> Result<Listener, StartError> {
    let who = awaited.values().next();
    let who = who.map(|(neighbor, _)| match neighbor.link.instance {
        Some(instance) => format!("{} {instance}", neighbor.link.local),
        None => neighbor.link.local.clone(),
    });
    let listener = Listener::bind(
        address,
        awaited,
        common.notices.clone(),
        Arc::clone(&common.refused),
    );
    listener.map_err(|error| StartError::Listen {
        address,
        who: who.unwrap_or_default(),
        error,
    })
}

impl Open {
    pub(crate) fn new(listener: Listener) -> Self {
        let listener = Arc::new(listener);
        let task = tokio::spawn(Arc::clone(&listener).run());
        Self { listener, task }
    }

    /// Closes it; the address is free afterwards.
    pub(crate) async fn close(mut self) {
        self.task.abort();
        // It has ended either way.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends sessions, each with what its peer is to be told; who has not gone by then is cut off.
pub(crate) async fn stop(sessions: Vec<(Held, Notification)>) {
    let all = async {
        for (held, why) in &sessions {
            // A session that has ended needs not be stopped.
            let _ = held.commands.send(Command::Stop(why.clone())).await;
        }
        let mut sessions = sessions;
        for (held, _) in &mut sessions {
            // A session that failed is gone as well.
            let _ = (&mut held.task).await;
        }
    };
    let _ = tokio::time::timeout(GOOD_BYE, all).await;
}
