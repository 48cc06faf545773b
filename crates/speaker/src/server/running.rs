//! What runs in a server: sessions, listeners, sinks and the engine task.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use routehub::types::Prefix;
use routehub::{Engine, Input, Profile};
use routehub_scenario::{DynamicNeighbors, Live};
use routehub_wire::Notification;
use tokio::task::JoinSet;

use super::dynamic::config::DynamicConfig;
use super::sessions::{
    self, PendingSession, RunningListener, RunningSession, ServerContext, Unstarted,
};
use super::start_error::{StartError, Stopped};
use crate::Neighbor;
use crate::bfd::{BfdPlan, BfdService, PathAlarm};
use crate::engine_task::EngineTask;
use crate::engine_task::fib_feed::FibFeed;
use crate::event::EventKind;
use crate::session::command::SessionHandle;
use crate::session::signatures;
use crate::sink::Sinks;
use crate::sink::report::SinkState;
use crate::sink::runner::RunningSink;

/// How long sinks may take to end: the kernel's routes are removed one by one.
const STOP_SINKS: Duration = Duration::from_secs(20);

/// What can be looked at while something changes.
pub(super) struct Directory {
    pub(super) sessions: Vec<SessionHandle>,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) sinks: Vec<Arc<SinkState>>,
}

/// What runs.
pub(super) struct Running {
    pub(super) sessions: Vec<RunningSession>,
    /// By the address that was configured.
    pub(super) listeners: BTreeMap<SocketAddr, RunningListener>,
    sinks: Vec<RunningSink>,
    bfd: BfdService,
    /// Looks for segments with wrong signatures, while some peer has a key.
    signatures: JoinSet<()>,
    dynamic: DynamicConfig,
    stopped: bool,
}

impl Running {
    /// Starts everything, or nothing.
    pub(super) fn start(
        context: &ServerContext,
        mut engine: Engine,
        unstarted: Unstarted,
        profile: &Profile,
        live: &Live,
        sinks: Sinks,
    ) -> Result<Self, StartError> {
        let Unstarted { inbox, mut bfd } = unstarted;
        let dynamic = DynamicConfig::new(&engine, live, profile);
        let pending: Vec<PendingSession> = engine
            .peers()
            .map(|(id, link)| PendingSession::new(context, Neighbor::new(id, link, live, profile)))
            .collect::<Result<_, _>>()?;
        let handles = || pending.iter().map(PendingSession::handle);
        for event in handles().filter_map(|handle| handle.neighbor().shutdown()) {
            engine.handle(context.clock.now(), Input::Event(&event))?;
        }
        let bound = sessions::listen(context, sessions::by_address(handles(), &dynamic))?;
        let neighbors = handles().map(|handle| (Arc::clone(handle.neighbor()), handle));
        let watched = bfd.plan(with_alarms(neighbors))?;
        let mut fib_feed = FibFeed::new(handles().map(|handle| handle.neighbor().id));
        let sinks = start_sinks(context, sinks, &mut fib_feed)?;
        let task = EngineTask::new(
            engine,
            context.clock,
            handles().map(SessionHandle::by_id).collect(),
            context.events.clone(),
            fib_feed,
        );
        task.spawn(inbox).map_err(StartError::Thread)?;
        bfd.carry_out(watched, &context.events)
            .map_err(StartError::Thread)?;
        let listeners = bound.into_iter();
        let mut running = Self {
            listeners: listeners
                .map(|(address, listener)| (address, RunningListener::start(listener)))
                .collect(),
            sessions: pending.into_iter().map(PendingSession::start).collect(),
            sinks,
            bfd,
            signatures: JoinSet::new(),
            dynamic,
            stopped: false,
        };
        running.watch_signatures(context);
        Ok(running)
    }

    /// Looks for segments with wrong signatures, if some peer has a key.
    pub(super) fn watch_signatures(&mut self, context: &ServerContext) {
        let neighbors = self.sessions.iter();
        let mut neighbors = neighbors.map(|session| session.handle().neighbor());
        self.signatures.abort_all();
        let mut dynamic = self.dynamic.instances().iter();
        let signs = |those: &DynamicNeighbors| those.template.password.is_some();
        if neighbors.any(|neighbor| neighbor.has_password())
            || dynamic.any(|instance| instance.neighbors.iter().any(signs))
        {
            self.signatures
                .spawn(signatures::watch(context.events.clone()));
        }
    }

    /// Opens what BFD needs to watch these sessions, those that are new and those that go on.
    pub(super) fn plan_bfd<'a>(
        &self,
        sessions: impl Iterator<Item = (Arc<Neighbor>, &'a SessionHandle)>,
    ) -> Result<BfdPlan, StartError> {
        Ok(self.bfd.plan(with_alarms(sessions))?)
    }

    /// Has BFD watch whom the plan names.
    pub(super) fn watch_paths(&mut self, context: &ServerContext, plan: BfdPlan) {
        if let Err(error) = self.bfd.carry_out(plan, &context.events) {
            let why = format!("no BFD: {}", StartError::Thread(error));
            context.events.publish(None, EventKind::Failed(why));
        }
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        let sessions = self.sessions.iter();
        let listeners = self.listeners.values();
        Arc::new(Directory {
            sessions: sessions.map(|session| session.handle().clone()).collect(),
            addresses: listeners
                .map(|running| running.listener().local())
                .collect(),
            sinks: self
                .sinks
                .iter()
                .map(|sink| Arc::clone(sink.state()))
                .collect(),
        })
    }

    /// From where which instances take routers that nobody described.
    pub(super) const fn dynamic(&self) -> &DynamicConfig {
        &self.dynamic
    }

    /// Goes over to other prefixes of dynamic neighbours.
    pub(super) fn set_dynamic(&mut self, dynamic: DynamicConfig) {
        self.dynamic = dynamic;
    }

    /// The session with a router that came by itself, unless it is over.
    pub(super) fn dynamic_session(
        &self,
        local: SocketAddr,
        remote: IpAddr,
    ) -> Option<&RunningSession> {
        self.sessions.iter().find(|session| {
            let (handle, neighbor) = (session.handle(), session.handle().neighbor());
            let is_same = neighbor.local == local && neighbor.remote.contains(&remote);
            is_same && neighbor.is_dynamic() && !handle.is_over()
        })
    }

    /// How many sessions there are with routers that came from a prefix.
    pub(super) fn count_dynamic(&self, prefix: Prefix) -> usize {
        let neighbors = self.sessions.iter();
        let neighbors = neighbors.map(|session| session.handle().neighbor());
        neighbors
            .filter(|neighbor| neighbor.came_from() == Some(prefix))
            .count()
    }

    /// Begins the session with a router that came by itself.
    pub(super) fn add_dynamic(&mut self, context: &ServerContext, session: PendingSession) {
        let neighbor = Arc::clone(session.handle().neighbor());
        if let Some(listener) = self.listeners.get(&neighbor.local) {
            listener.listener().take_in(session.handle());
        }
        self.sessions.push(session.start());
        if neighbor.bfd().is_some() {
            self.watch_dynamic_paths(context);
        }
    }

    /// The sessions of routers that came by themselves which are over: they are no longer among
    /// those that run.
    pub(super) fn take_over_sessions(&mut self, context: &ServerContext) -> Vec<SessionHandle> {
        let is_over = |session: &mut RunningSession| {
            let handle = session.handle();
            handle.neighbor().is_dynamic() && handle.is_over()
        };
        let over = self.sessions.extract_if(.., is_over);
        let over: Vec<SessionHandle> = over.map(|session| session.handle().clone()).collect();
        for session in &over {
            if let Some(listener) = self.listeners.get(&session.neighbor().local) {
                listener.listener().forget(session);
            }
        }
        if over
            .iter()
            .any(|session| session.neighbor().bfd().is_some())
        {
            self.watch_dynamic_paths(context);
        }
        over
    }

    /// Has BFD watch the paths of all sessions that there are now.
    fn watch_dynamic_paths(&mut self, context: &ServerContext) {
        let handles = self.sessions.iter().map(RunningSession::handle);
        let handles = handles.map(|handle| (Arc::clone(handle.neighbor()), handle));
        match self.plan_bfd(handles) {
            Ok(plan) => self.watch_paths(context, plan),
            Err(error) => {
                let why = format!("no BFD: {error}");
                context.events.publish(None, EventKind::Failed(why));
            }
        }
    }

    /// An error once everything has stopped.
    pub(super) fn check(&self) -> Result<(), Stopped> {
        if self.stopped { Err(Stopped) } else { Ok(()) }
    }

    /// Stops everything but the engine task. Sessions end with Cease, administrative shutdown, and
    /// this text (RFC 9003).
    pub(super) async fn stop(&mut self, text: &str) {
        self.stopped = true;
        // Before the sessions: that they end is no failure of their paths.
        self.bfd.stop();
        self.signatures.abort_all();
        for (_, listener) in std::mem::take(&mut self.listeners) {
            listener.close().await;
        }
        let why = Notification::ADMINISTRATIVE_SHUTDOWN.with_text(text);
        let sinks = std::mem::take(&mut self.sinks);
        for sink in &sinks {
            sink.stop();
        }
        let sessions = std::mem::take(&mut self.sessions).into_iter();
        sessions::stop(sessions.map(|session| (session, why.clone())).collect()).await;
        let ends = async {
            for sink in sinks {
                sink.ended().await;
            }
        };
        // A sink that has not ended by then is left behind.
        let _ = tokio::time::timeout(STOP_SINKS, ends).await;
    }
}

/// Neighbours, and how the session with each is told that its path has failed.
fn with_alarms<'a>(
    sessions: impl Iterator<Item = (Arc<Neighbor>, &'a SessionHandle)>,
) -> impl Iterator<Item = (Arc<Neighbor>, PathAlarm)> {
    sessions.map(|(neighbor, session)| (neighbor, session.alarm().clone()))
}

fn start_sinks(
    context: &ServerContext,
    sinks: Sinks,
    fib_feed: &mut FibFeed,
) -> Result<Vec<RunningSink>, StartError> {
    let mut running = Vec::new();
    for sink in sinks.sinks {
        let only = sink.follows();
        let sink = RunningSink::start(sink, context.events.clone(), sinks.patience);
        let sink = sink.map_err(StartError::Thread)?;
        fib_feed.add(sink.queue(), only);
        running.push(sink);
    }
    Ok(running)
}
