//! The sessions of a server and its listeners: first made, then running.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use routehub_session::Session;
use routehub_wire::Notification;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;

use super::dynamic::config::DynamicConfig;
use super::start_error::{StartError, Stopped};
use crate::Neighbor;
use crate::bfd::{BfdHandle, BfdService};
use crate::clock::Clock;
use crate::engine_task;
use crate::engine_task::channel::Request;
use crate::event::EventSender;
use crate::session::command::{Command, SessionHandle};
use crate::session::connection::tcp_socket;
use crate::session::io::SessionIo;
use crate::session::listener::{Arrival, ExpectedPeers, Listener, Refusals};
use crate::session::task::SessionTask;

/// Connections that wait to be looked at for who they are of, at most.
const ARRIVALS: usize = 64;

/// How long sessions may take to end.
const STOP: Duration = Duration::from_secs(3);

/// The engine task's inbox, events, counters and the clock of a server.
pub(super) struct ServerContext {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) events: EventSender,
    pub(super) refused: Arc<AtomicU64>,
    pub(super) clock: Clock,
    pub(super) bfd: BfdHandle,
    /// Where connections go from prefixes of dynamic neighbours.
    pub(super) arrivals: mpsc::Sender<Arrival>,
    /// Told when the task of a session ends.
    pub(super) session_ended: Arc<Notify>,
    pub(super) seed: u64,
}

impl ServerContext {
    /// A context with a clock that starts now, what is not started yet, and where connections
    /// from prefixes of dynamic neighbours come out.
    pub(super) fn new() -> io::Result<(Self, Unstarted, mpsc::Receiver<Arrival>)> {
        let (requests, inbox) = engine_task::inbox();
        let seed = RandomState::new().hash_one(());
        let bfd = BfdService::new(seed)?;
        let (arrivals, arrived) = mpsc::channel(ARRIVALS);
        let context = Self {
            requests,
            events: EventSender::new(),
            refused: Arc::default(),
            clock: Clock::start(),
            bfd: bfd.handle().clone(),
            arrivals,
            session_ended: Arc::default(),
            seed,
        };
        Ok((context, Unstarted { inbox, bfd }, arrived))
    }

    /// Counts and tells connections that no session refuses.
    pub(super) fn refusals(&self) -> Refusals {
        Refusals::new(self.events.clone(), Arc::clone(&self.refused))
    }

    /// Sends a request to the engine task, and waits for the answer.
    pub(super) async fn request<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Stopped> {
        let (sender, answer) = oneshot::channel();
        let sent = self.requests.send(request(sender)).await;
        sent.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }
}

/// What is started together with everything that uses it.
pub(super) struct Unstarted {
    /// The receiver of the engine task's requests.
    pub(super) inbox: mpsc::Receiver<Request>,
    /// BFD, which watches nobody yet.
    pub(super) bfd: BfdService,
}

/// A session whose task is not started yet.
pub(super) struct PendingSession {
    handle: SessionHandle,
    task: SessionTask,
    ended: Arc<Notify>,
}

/// A session whose task runs, until this is dropped.
pub(super) struct RunningSession {
    handle: SessionHandle,
    task: JoinSet<()>,
}

impl PendingSession {
    pub(super) fn new(context: &ServerContext, neighbor: Neighbor) -> Result<Self, StartError> {
        try_protection(&neighbor)?;
        let seed = context.seed ^ u64::from(neighbor.id.0);
        let session = Session::new(neighbor.session_config().clone(), seed);
        let session = session.map_err(|error| StartError::Open {
            neighbor: Box::new(neighbor.clone()),
            error,
        })?;
        let (handle, inbox) = SessionHandle::new(neighbor, context.bfd.clone());
        let neighbor = Arc::clone(handle.neighbor());
        let (requests, events) = (context.requests.clone(), context.events.clone());
        let io = SessionIo::new(neighbor, requests, events, inbox);
        let task = SessionTask::new(session, context.clock, io);
        let ended = Arc::clone(&context.session_ended);
        Ok(Self {
            handle,
            task,
            ended,
        })
    }

    pub(super) const fn handle(&self) -> &SessionHandle {
        &self.handle
    }

    /// Starts the task.
    pub(super) fn start(self) -> RunningSession {
        let (session, ended) = (self.task, self.ended);
        let mut task = JoinSet::new();
        task.spawn(async move {
            session.run().await;
            // Its inbox is closed: whoever looks for what is over finds it.
            ended.notify_one();
        });
        RunningSession {
            handle: self.handle,
            task,
        }
    }
}

impl RunningSession {
    pub(super) const fn handle(&self) -> &SessionHandle {
        &self.handle
    }

    /// Goes on with another description of its neighbour.
    pub(super) async fn set_neighbor(&mut self, neighbor: &Arc<Neighbor>) {
        self.handle = self.handle.with_neighbor(neighbor);
        let command = Command::SetNeighbor(Arc::clone(neighbor));
        self.handle.send(command).await;
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

/// Ends sessions, each with a NOTIFICATION; those that have not ended after a while are cut off.
pub(super) async fn stop(sessions: Vec<(RunningSession, Notification)>) {
    let all = async {
        for (session, why) in &sessions {
            session.handle.send(Command::Stop(why.clone())).await;
        }
        for (mut session, _) in sessions {
            // A task that panicked has ended too.
            let _ = session.task.join_next().await;
        }
    };
    let _ = tokio::time::timeout(STOP, all).await;
}

/// A listener whose task runs, until this is dropped.
pub(super) struct RunningListener {
    listener: Arc<Listener>,
    task: JoinSet<()>,
}

impl RunningListener {
    pub(super) fn start(listener: Listener) -> Self {
        let listener = Arc::new(listener);
        let mut task = JoinSet::new();
        task.spawn(Arc::clone(&listener).run());
        Self { listener, task }
    }

    pub(super) fn listener(&self) -> &Listener {
        &self.listener
    }

    /// Closes it; the address is free afterwards.
    pub(super) async fn close(mut self) {
        self.task.shutdown().await;
    }
}

/// Sessions by the addresses that are listened on for their peers, and those at which others may
/// connect.
pub(super) fn by_address<'a>(
    sessions: impl Iterator<Item = &'a SessionHandle>,
    dynamic: &DynamicConfig,
) -> BTreeMap<SocketAddr, ExpectedPeers> {
    let mut expected: BTreeMap<SocketAddr, ExpectedPeers> = BTreeMap::new();
    for instance in dynamic.instances() {
        let at = expected.entry(instance.local).or_default();
        at.dynamic = Arc::clone(&instance.neighbors);
    }
    for session in sessions {
        let neighbor = session.neighbor();
        let peers = neighbor.remote.iter().map(|peer| (*peer, session.clone()));
        let at = expected.entry(neighbor.local).or_default();
        at.peers.extend(peers);
    }
    expected
}

/// Listens on all these addresses, or on none.
pub(super) fn listen(
    context: &ServerContext,
    expected: impl IntoIterator<Item = (SocketAddr, ExpectedPeers)>,
) -> Result<BTreeMap<SocketAddr, Listener>, StartError> {
    let bind = |(address, expected): (SocketAddr, ExpectedPeers)| {
        let link = expected.peers.values().next();
        let link = link.map(|session| &session.neighbor().link);
        let who = link.map(|link| match (link.instance, link.circuit_link) {
            (Some(instance), _) => format!("{} {instance}", link.local),
            (None, Some(of)) => format!("{} {of}", link.local),
            (None, None) => link.local.clone(),
        });
        let arrivals = context.arrivals.clone();
        let listener = Listener::bind(address, expected, arrivals, context.refusals());
        let listener = listener.map_err(|error| StartError::Listen {
            address,
            who: who.unwrap_or_else(|| "dynamic neighbours".to_owned()),
            error,
        })?;
        Ok((address, listener))
    };
    expected.into_iter().map(bind).collect()
}
