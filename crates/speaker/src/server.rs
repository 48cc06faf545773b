//! The server: everything started together and stopped together.

mod reload;
mod sessions;
mod start_error;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use routehub::types::PeerId;
use routehub::{Engine, EngineError, Estate, Event, Profile};
use routehub_scenario::Live;
use routehub_wire::Notification;
use tokio::sync::{Mutex, broadcast, mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::engine_task::fib_feed::Follower;
use crate::engine_task::request::{Known, Neighbors, Request};
use crate::engine_task::{INBOX, Owner};
use crate::session::report::SessionReport;
use crate::session::select::Command;
use crate::sink::Sinks;
use crate::sink::change_queue::Board;
use crate::sink::runner;
use crate::{Neighbor, Notice};

pub use reload::Reloaded;
use sessions::{Held, Open, Planned};
use start_error::check;
pub use start_error::{StartError, Stopped};

/// How long sinks may take to end: the kernel's routes are removed one by one.
const SINKS_END: Duration = Duration::from_secs(20);

/// Notices that wait for who watches; the oldest are lost first.
const NOTICES: usize = 1024;

/// How long a session may take to say how it is.
const REPORT: Duration = Duration::from_secs(1);

/// What all parts of a server use.
pub(crate) struct Common {
    pub(crate) owner: mpsc::Sender<Request>,
    pub(crate) notices: broadcast::Sender<Notice>,
    pub(crate) refused: Arc<AtomicU64>,
    pub(crate) clock: Clock,
    pub(crate) seed: u64,
}

/// What can be looked at while something changes.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) sessions: Vec<(Arc<Neighbor>, mpsc::Sender<Command>)>,
    addresses: Vec<SocketAddr>,
}

/// What runs.
#[derive(Default)]
pub(crate) struct Running {
    pub(crate) sessions: Vec<Held>,
    /// By the address that was asked for.
    pub(crate) listeners: BTreeMap<SocketAddr, Open>,
    sinks: Vec<RunningSink>,
    stopped: bool,
}

/// The thread of a sink: its board, and what speaks once it has ended.
struct RunningSink {
    board: Arc<Board>,
    end: oneshot::Receiver<()>,
}

/// A route server with real routers in some places of its estate.
///
/// It can be shared: everything is asked of `&self`.
pub struct Server {
    pub(crate) common: Common,
    pub(crate) view: watch::Sender<Arc<View>>,
    pub(crate) running: Mutex<Running>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses = self.addresses();
        f.debug_struct("Server")
            .field("addresses", &addresses)
            .finish_non_exhaustive()
    }
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
        check(live)?;
        let seed = RandomState::new().hash_one(());
        let engine = Engine::new(estate, profile.into(), &live_names(live), seed)?;
        let (notices, _) = broadcast::channel(NOTICES);
        let (owner, inbox) = mpsc::channel(INBOX);
        let common = Common {
            owner,
            notices,
            refused: Arc::default(),
            clock: Clock::start(),
            seed,
        };
        let planned = engine.peers();
        let planned = planned.map(|peer| Planned::new(&common, profile, live, peer));
        let planned: Vec<Planned> = planned.collect::<Result<_, _>>()?;
        let sessions = planned.iter().map(|one| (&one.neighbor, &one.commands));
        let mut listeners = Vec::new();
        for (address, awaited) in sessions::awaited(sessions) {
            listeners.push((address, sessions::bind(&common, address, awaited)?));
        }
        let neighbors = by_number(planned.iter().map(|one| (&one.neighbor, &one.switch)));
        let awaited = planned.iter().map(|one| one.neighbor.id);
        let (sinks, follower) = start_sinks(&common, sinks, awaited)?;
        let notices = common.notices.clone();
        let owner = Owner::new(engine, common.clock, neighbors, notices, follower);
        start_owner(owner, inbox)?;
        let listeners = listeners.into_iter();
        let running = Running {
            listeners: listeners
                .map(|(address, listener)| (address, Open::new(listener)))
                .collect(),
            sessions: planned.into_iter().map(|one| one.start(&common)).collect(),
            sinks,
            stopped: false,
        };
        Ok(Self {
            common,
            view: watch::Sender::new(running.view()),
            running: Mutex::new(running),
        })
    }

    /// Everyone that a session is held with.
    pub fn neighbors(&self) -> Vec<Arc<Neighbor>> {
        let view = self.view.borrow();
        let all = view.sessions.iter();
        all.map(|(neighbor, _)| Arc::clone(neighbor)).collect()
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.view.borrow().addresses.clone()
    }

    /// How many connections were refused.
    pub fn refused(&self) -> u64 {
        self.common.refused.load(Ordering::Relaxed)
    }

    /// Everything that happens from here on. Who does not keep up loses the oldest.
    pub fn watch(&self) -> broadcast::Receiver<Notice> {
        self.common.notices.subscribe()
    }

    /// How every session is; none for one that does not say so within a second, because it is
    /// about to end.
    pub async fn sessions(&self) -> Vec<(Arc<Neighbor>, Option<SessionReport>)> {
        let view = Arc::clone(&self.view.borrow());
        let deadline = tokio::time::Instant::now() + REPORT;
        let mut asked = Vec::with_capacity(view.sessions.len());
        for (neighbor, commands) in &view.sessions {
            let (sender, answer) = oneshot::channel();
            let ask = commands.send(Command::Report(sender));
            // A session that has ended answers nothing.
            let _ = tokio::time::timeout_at(deadline, ask).await;
            asked.push((Arc::clone(neighbor), answer));
        }
        let mut all = Vec::with_capacity(asked.len());
        for (neighbor, answer) in asked {
            let answer = tokio::time::timeout_at(deadline, answer).await;
            all.push((neighbor, answer.ok().and_then(Result::ok)));
        }
        all
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
        self.request(Request::Ask(Box::new(ask))).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// Lets something happen to the estate.
    ///
    /// # Errors
    /// [`Stopped`], or within it the [`EngineError`] if the event names something unknown or the
    /// estate does not settle.
    pub async fn apply(&self, event: Event) -> Result<Result<(), EngineError>, Stopped> {
        let (sender, answer) = oneshot::channel();
        self.request(Request::Event(Box::new(event), sender))
            .await?;
        answer.await.map_err(|_| Stopped)
    }

    pub(crate) async fn request(&self, request: Request) -> Result<(), Stopped> {
        let sent = self.common.owner.send(request).await;
        sent.map_err(|_| Stopped)
    }

    /// Ends every session with Cease, administrative shutdown, and this text (RFC 9003), then
    /// stops listening. Routes can still be asked for; nothing starts again.
    pub async fn stop(&self, text: &str) {
        let mut running = self.running.lock().await;
        running.stopped = true;
        for (_, open) in std::mem::take(&mut running.listeners) {
            open.close().await;
        }
        let why = Notification::ADMINISTRATIVE_SHUTDOWN.with_text(text);
        let sessions = std::mem::take(&mut running.sessions);
        let sessions = sessions.into_iter().map(|one| (one, why.clone()));
        let sinks = std::mem::take(&mut running.sinks);
        for sink in &sinks {
            sink.board.stop();
        }
        sessions::stop(sessions.collect()).await;
        let ends = async {
            for sink in sinks {
                // Ended either way.
                let _ = sink.end.await;
            }
        };
        // Who has not ended by then is left behind.
        let _ = tokio::time::timeout(SINKS_END, ends).await;
        self.view.send_replace(running.view());
    }
}

impl Running {
    pub(crate) fn view(&self) -> Arc<View> {
        let sessions = self.sessions.iter();
        let sessions = sessions.map(|one| (Arc::clone(&one.neighbor), one.commands.clone()));
        let listeners = self.listeners.values();
        Arc::new(View {
            sessions: sessions.collect(),
            addresses: listeners.map(|one| one.listener.local()).collect(),
        })
    }

    /// Says no once everything has stopped.
    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if self.stopped { Err(Stopped) } else { Ok(()) }
    }
}

/// The names of the speakers that real routers play.
pub(crate) fn live_names(live: &Live) -> BTreeSet<String> {
    let names = live.peers.iter().filter(|(_, peer)| peer.live);
    names.map(|(name, _)| name.clone()).collect()
}

/// Neighbours by their numbers.
pub(crate) fn by_number<'a>(
    all: impl Iterator<Item = (&'a Arc<Neighbor>, &'a Arc<watch::Sender<bool>>)>,
) -> Neighbors {
    let mut places = Neighbors::new();
    for (neighbor, switch) in all {
        let place = neighbor.id.0 as usize;
        if places.len() <= place {
            places.resize(place + 1, None);
        }
        if let Some(place) = places.get_mut(place) {
            *place = Some(Known {
                neighbor: Arc::clone(neighbor),
                switch: Arc::clone(switch),
            });
        }
    }
    places
}

/// Starts the sinks; none: nobody follows the networks' routes.
fn start_sinks(
    common: &Common,
    sinks: Sinks,
    awaited: impl Iterator<Item = PeerId>,
) -> Result<(Vec<RunningSink>, Option<Follower>), StartError> {
    let mut follower = Follower::new(awaited);
    let mut running = Vec::new();
    for sink in sinks.sinks {
        let board = Arc::new(Board::default());
        follower.add(Arc::clone(&board), sink.follows());
        let notices = common.notices.clone();
        let end = runner::start(sink, Arc::clone(&board), notices, sinks.patience);
        let end = end.map_err(StartError::Thread)?;
        running.push(RunningSink { board, end });
    }
    let follower = (!running.is_empty()).then_some(follower);
    Ok((running, follower))
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
