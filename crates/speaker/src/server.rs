//! The server: everything started together and stopped together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use routehub::{Engine, EngineError, Estate, Event, NotConverged, Profile};
use routehub_scenario::Live;
use routehub_session::{Session, SessionConfig};
use routehub_wire::{EncodeError, Notification};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::Clock;
use crate::follower::Follower;
use crate::listener::{Awaited, Listener};
use crate::outside::Outside;
use crate::owner::{INBOX, Owner};
use crate::request::Request;
use crate::session_task::SessionTask;
use crate::sink::Sinks;
use crate::sink::board::Board;
use crate::sink::runner;
use crate::sockopt::MAX_KEY;
use crate::wake::Command;
use crate::{Neighbor, Notice};

/// Notices that wait for who watches; the oldest are lost first.
const NOTICES: usize = 1024;

/// Commands that wait for a session at most.
const COMMANDS: usize = 4;

/// How long sessions may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(3);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What is modelled of the estate does not come to rest.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
    /// The OPEN of a session cannot be encoded.
    #[error("the OPEN for {neighbor} cannot be encoded: {error}")]
    Open {
        /// With whom the session is.
        neighbor: Box<Neighbor>,
        /// Why not.
        error: EncodeError,
    },
    /// The network asks for what this server has not.
    #[error("{peer} wants {what}, which this server does not have")]
    Unsupported {
        /// Whose setting it is.
        peer: String,
        /// The setting.
        what: &'static str,
    },
    /// The TCP-MD5 key of a peer cannot be used.
    #[error("the password of {peer} must have 1 to {MAX_KEY} octets")]
    Password {
        /// Whose password it is.
        peer: String,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {who}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Whose address it is.
        who: String,
        /// Why not.
        error: io::Error,
    },
    /// The thread of the routes, or of a sink, could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// The server has stopped, and there is nothing left to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server has stopped")]
pub struct Stopped;

/// A route server with real routers in some places of its estate.
#[derive(Debug)]
pub struct Server {
    neighbors: Vec<Arc<Neighbor>>,
    addresses: Vec<SocketAddr>,
    owner: mpsc::Sender<Request>,
    commands: Vec<mpsc::Sender<Command>>,
    sessions: JoinSet<()>,
    listeners: Vec<JoinHandle<()>>,
    notices: broadcast::Sender<Notice>,
    refused: Arc<AtomicU64>,
    sinks: Vec<RunningSink>,
}

/// The thread of a sink: its board, and what speaks once it has ended.
#[derive(Debug)]
struct RunningSink {
    board: Arc<Board>,
    end: oneshot::Receiver<()>,
}

impl Server {
    /// Listens on the address of every instance, gateway and edge that a real router is awaited
    /// at, and starts the sessions. Needs a tokio runtime with time and IO.
    ///
    /// # Errors
    /// [`StartError`], with nothing left running.
    pub async fn start(profile: &Profile, estate: Estate, live: &Live) -> Result<Self, StartError> {
        Self::start_with(profile, estate, live, Sinks::default()).await
    }

    /// The same, with sinks that are told the routes of the estate's networks.
    ///
    /// # Errors
    /// As of [`start`](Self::start).
    pub async fn start_with(
        profile: &Profile,
        estate: Estate,
        live: &Live,
        sinks: Sinks,
    ) -> Result<Self, StartError> {
        let names = live.peers.iter().filter(|(_, peer)| peer.live);
        let names: BTreeSet<String> = names.map(|(name, _)| name.clone()).collect();
        check(live)?;
        let seed = RandomState::new().hash_one(());
        let engine = Engine::new(estate, profile.into(), &names, seed)?;
        let (notices, _) = broadcast::channel(NOTICES);
        let (owner, inbox) = mpsc::channel(INBOX);
        let clock = Clock::start();
        let mut server = Self {
            neighbors: engine
                .peers()
                .map(|(id, link)| Arc::new(Neighbor::new(id, link, live, profile)))
                .collect(),
            addresses: Vec::new(),
            owner,
            commands: Vec::new(),
            sessions: JoinSet::new(),
            listeners: Vec::new(),
            notices: notices.clone(),
            refused: Arc::default(),
            sinks: Vec::new(),
        };
        let tasks = server.tasks(profile, clock, seed)?;
        let listeners = server.bind()?;
        let follower = server.start_sinks(sinks)?;
        let owner = Owner::new(engine, clock, server.neighbors.clone(), notices, follower);
        start_owner(owner, inbox)?;
        for listener in listeners {
            server.addresses.push(listener.local());
            server.listeners.push(tokio::spawn(listener.run()));
        }
        for task in tasks {
            server.sessions.spawn(task.run());
        }
        Ok(server)
    }

    /// Starts the sinks; none: nobody follows the networks' routes.
    fn start_sinks(&mut self, sinks: Sinks) -> Result<Option<Follower>, StartError> {
        let mut follower = Follower::new(self.neighbors.iter().map(|one| one.id));
        for sink in sinks.sinks {
            let board = Arc::new(Board::default());
            follower.add(Arc::clone(&board), sink.follows());
            let notices = self.notices.clone();
            let end = runner::start(sink, Arc::clone(&board), notices, sinks.patience);
            let end = end.map_err(StartError::Thread)?;
            self.sinks.push(RunningSink { board, end });
        }
        Ok((!self.sinks.is_empty()).then_some(follower))
    }

    /// A task for each session.
    fn tasks(
        &mut self,
        profile: &Profile,
        clock: Clock,
        seed: u64,
    ) -> Result<Vec<SessionTask>, StartError> {
        let mut tasks = Vec::new();
        for neighbor in &self.neighbors {
            let config = SessionConfig {
                passive: neighbor.passive,
                ..profile.session_config(&neighbor.link)
            };
            let session = Session::new(config, seed ^ u64::from(neighbor.id.0));
            let session = session.map_err(|error| StartError::Open {
                neighbor: Box::new(Neighbor::clone(neighbor)),
                error,
            })?;
            let (sender, commands) = mpsc::channel(COMMANDS);
            self.commands.push(sender);
            let outside = Outside::new(
                Arc::clone(neighbor),
                self.owner.clone(),
                self.notices.clone(),
            );
            tasks.push(SessionTask {
                session,
                clock,
                commands,
                outside,
            });
        }
        Ok(tasks)
    }

    /// Listens wherever a peer is awaited.
    fn bind(&self) -> Result<Vec<Listener>, StartError> {
        let mut awaited: BTreeMap<SocketAddr, Awaited> = BTreeMap::new();
        let mut whose = HashMap::new();
        for (neighbor, commands) in self.neighbors.iter().zip(&self.commands) {
            let peers = awaited.entry(neighbor.local).or_default();
            for remote in &neighbor.remote {
                peers.insert(*remote, (Arc::clone(neighbor), commands.clone()));
            }
            whose.insert(neighbor.local, neighbor);
        }
        let bind = |(address, awaited)| {
            let refused = Arc::clone(&self.refused);
            let listener = Listener::bind(address, awaited, self.notices.clone(), refused);
            listener.map_err(|error| StartError::Listen {
                address,
                who: whose
                    .get(&address)
                    .map(|neighbor| match neighbor.link.instance {
                        Some(instance) => format!("{} {instance}", neighbor.link.local),
                        None => neighbor.link.local.clone(),
                    })
                    .unwrap_or_default(),
                error,
            })
        };
        awaited.into_iter().map(bind).collect()
    }

    /// Everyone that a session is held with.
    pub fn neighbors(&self) -> impl Iterator<Item = &Neighbor> {
        self.neighbors.iter().map(AsRef::as_ref)
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// How many connections were refused.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Everything that happens from here on. Who does not keep up loses the oldest.
    pub fn watch(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Looks at the engine between two of its works.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (sender, answer) = oneshot::channel();
        let ask = move |engine: &Engine| {
            // Who asked may have gone.
            let _ = sender.send(question(engine));
        };
        let request = Request::Ask(Box::new(ask));
        self.owner.send(request).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }

    /// Lets something happen to the estate.
    ///
    /// # Errors
    /// [`Stopped`], or within it the [`EngineError`] if the event names something unknown or the
    /// estate does not settle.
    pub async fn apply(&self, event: Event) -> Result<Result<(), EngineError>, Stopped> {
        let (sender, answer) = oneshot::channel();
        let request = Request::Event(Box::new(event), sender);
        self.owner.send(request).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }

    /// Ends every session with Cease, administrative shutdown, and this text (RFC 9003), then
    /// stops.
    pub async fn stop(mut self, text: &str) {
        for listener in &self.listeners {
            listener.abort();
        }
        let why = Notification::ADMINISTRATIVE_SHUTDOWN.with_text(text);
        for sink in &self.sinks {
            sink.board.stop();
        }
        let all = async {
            for commands in &self.commands {
                // A session that has ended needs not be stopped.
                let _ = commands.send(Command::Stop(why.clone())).await;
            }
            while self.sessions.join_next().await.is_some() {}
            for sink in &mut self.sinks {
                // Ended either way.
                let _ = (&mut sink.end).await;
            }
        };
        // Who has not gone by then is cut off.
        let _ = tokio::time::timeout(GOOD_BYE, all).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for listener in &self.listeners {
            listener.abort();
        }
    }
}

/// Refuses settings that would not be kept.
fn check(live: &Live) -> Result<(), StartError> {
    for (name, peer) in live.peers.iter().filter(|(_, peer)| peer.live) {
        let peer_name = || name.clone();
        if peer.bfd.is_some() {
            let (peer, what) = (peer_name(), "bfd");
            return Err(StartError::Unsupported { peer, what });
        }
        let fits = |key: &String| (1..=MAX_KEY).contains(&key.len());
        if !peer.password.as_ref().is_none_or(fits) {
            let peer = peer_name();
            return Err(StartError::Password { peer });
        }
    }
    Ok(())
}

/// Runs the owner of the routes on a thread of its own, which ends with the last of those who can
/// ask it for something.
fn start_owner(owner: Owner, inbox: mpsc::Receiver<Request>) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(StartError::Thread)?;
    std::thread::Builder::new()
        .name("routes".to_owned())
        .spawn(move || runtime.block_on(owner.run(inbox)))
        .map_err(StartError::Thread)?;
    Ok(())
}
