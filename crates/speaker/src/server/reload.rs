//! A reload: another network in place of the present one, while sessions run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use routehub::types::PeerId;
use routehub::{CheckedEstate, Event, LiveLink, Profile, ReloadedEngine};
use routehub_scenario::Live;
use routehub_wire::Notification;

use super::dynamic::config::DynamicConfig;
use super::running::Running;
use super::sessions::{self, PendingSession, RunningListener, RunningSession, ServerContext};
use super::start_error::{StartError, Stopped, live_speakers};
use crate::Neighbor;
use crate::bfd::BfdPlan;
use crate::engine_task::channel::Request;
use crate::event::{EventKind, Reloaded};
use crate::neighbor::SessionKey;
use crate::session::command::SessionHandle;
use crate::session::listener::Listener;

/// All that can fail of a reload, done beside what runs.
pub(super) struct ReloadPlan {
    engine: ReloadedEngine,
    /// Sessions that are new or reset.
    pending: Vec<PendingSession>,
    /// The neighbours whose sessions go on, with their links in the new estate.
    kept: BTreeMap<PeerId, Arc<Neighbor>>,
    /// Listeners on addresses that are new.
    bound: BTreeMap<SocketAddr, Listener>,
    /// Which paths BFD watches.
    watched: BfdPlan,
    /// From where routers are taken that nobody described.
    dynamic: DynamicConfig,
}

impl ReloadPlan {
    pub(super) async fn new(
        context: &ServerContext,
        running: &Running,
        profile: &Profile,
        estate: CheckedEstate,
        live: &Live,
    ) -> Result<Self, StartError> {
        let mut engine = reloaded_engine(context, running, profile, estate, live).await?;
        let dynamic = DynamicConfig::new(engine.engine(), live, profile);
        let peers = engine.engine().peers();
        let neighbors = peers.map(|(id, link)| Neighbor::new(id, link, live, profile));
        let shutdowns: Vec<Event> = neighbors
            .filter_map(|neighbor| neighbor.shutdown())
            .collect();
        for event in &shutdowns {
            engine.apply(event)?;
        }
        let mut pending = Vec::new();
        let mut kept = BTreeMap::new();
        for (id, link) in engine.engine().peers() {
            let neighbor = Neighbor::new(id, link, live, profile);
            if engine.kept().contains(&id) {
                kept.insert(id, Arc::new(neighbor));
            } else {
                pending.push(PendingSession::new(context, neighbor)?);
            }
        }
        kept.extend(keep_dynamic(&mut engine, running, &dynamic));
        let pending_handles = pending.iter().map(PendingSession::handle);
        let mut expected = sessions::by_address(pending_handles, &dynamic);
        expected.retain(|address, _| !running.listeners.contains_key(address));
        let bound = sessions::listen(context, expected)?;
        let running_handles = running.sessions.iter().filter_map(|session| {
            let (id, handle) = (session.handle().neighbor().id, session.handle());
            Some((Arc::clone(kept.get(&id)?), handle))
        });
        let new_handles = pending.iter().map(PendingSession::handle);
        let new_handles = new_handles.map(|handle| (Arc::clone(handle.neighbor()), handle));
        let watched = running.plan_bfd(running_handles.chain(new_handles))?;
        Ok(Self {
            engine,
            pending,
            kept,
            bound,
            watched,
            dynamic,
        })
    }

    /// Replaces the engine, then sessions and listeners.
    ///
    /// # Errors
    /// As of [`Server::reload`](super::Server::reload); nothing has changed then.
    pub(super) async fn carry_out(
        self,
        context: &ServerContext,
        running: &mut Running,
    ) -> Result<Reloaded, StartError> {
        let Self {
            engine,
            pending,
            kept,
            bound,
            watched,
            dynamic,
        } = self;
        let running_handles = running.sessions.iter().filter_map(|session| {
            let (id, session) = session.handle().by_id();
            Some((id, session.with_neighbor(kept.get(&id)?)))
        });
        let pending_handles = pending.iter().map(PendingSession::handle);
        let pending_handles = pending_handles.map(SessionHandle::by_id);
        let sessions = running_handles.chain(pending_handles).collect();
        let engine = Box::new(engine);
        let replaced = context.request(|answer| Request::Reload(engine, sessions, answer));
        replaced.await??;
        let keys = pending
            .iter()
            .map(|session| session.handle().neighbor().key());
        let reloaded = end_sessions(running, &keys.collect(), &kept).await;
        running.set_dynamic(dynamic);
        move_listeners(context, running, &pending);
        let started = pending.into_iter().map(PendingSession::start);
        running.sessions.extend(started);
        for (address, listener) in bound {
            let listener = RunningListener::start(listener);
            running.listeners.insert(address, listener);
        }
        running.watch_signatures(context);
        running.watch_paths(context, watched);
        Ok(reloaded)
    }
}

/// The engine of another network, in which neighbours whose sessions go on keep their ids.
async fn reloaded_engine(
    context: &ServerContext,
    running: &Running,
    profile: &Profile,
    estate: CheckedEstate,
    live: &Live,
) -> Result<ReloadedEngine, StartError> {
    let neighbors = || {
        running
            .sessions
            .iter()
            .map(|session| session.handle().neighbor())
    };
    let taken: BTreeSet<PeerId> = neighbors().map(|neighbor| neighbor.id).collect();
    let described = neighbors().filter(|neighbor| !neighbor.is_dynamic());
    let before = described.map(|neighbor| (neighbor.key(), Arc::clone(neighbor)));
    let before: BTreeMap<SessionKey, Arc<Neighbor>> = before.collect();
    let (profile, live, seed) = (profile.clone(), live.clone(), context.seed);
    let build = move || {
        let keep = |link: &LiveLink| {
            let neighbor = Neighbor::new(PeerId(0), link, &live, &profile);
            let before = before.get(&neighbor.key())?;
            neighbor.same_session_as(before).then_some(before.id)
        };
        let live_speakers = live_speakers(&live);
        let parameters = (&profile).into();
        ReloadedEngine::new(estate, parameters, &live_speakers, seed, &taken, keep)
    };
    let built = tokio::task::spawn_blocking(build).await;
    Ok(built.map_err(|_| Stopped)??)
}

/// Has peers that came by themselves go on that may come by the new file too, in the same way.
fn keep_dynamic(
    engine: &mut ReloadedEngine,
    running: &Running,
    dynamic: &DynamicConfig,
) -> Vec<(PeerId, Arc<Neighbor>)> {
    let sessions = running.sessions.iter().map(RunningSession::handle);
    let here = sessions.filter(|session| session.neighbor().is_dynamic() && !session.is_over());
    let kept = here.filter_map(|session| {
        let before = session.neighbor();
        let (instance, those) = dynamic.same(before)?;
        let remote = *before.remote.first()?;
        let peer = instance.peer(those, remote, before.link.remote_asn);
        let mut now = None;
        let keep = |link: &LiveLink| {
            let neighbor = dynamic.neighbor(before.id, link, those);
            let is_same = neighbor.same_session_as(before);
            now = Some(neighbor).filter(|_| is_same);
            is_same
        };
        engine.keep_dynamic(before.id, &peer, keep);
        Some((before.id, Arc::new(now?)))
    });
    kept.collect()
}

/// Ends the sessions that are not kept; those of `pending_keys` start anew.
async fn end_sessions(
    running: &mut Running,
    pending_keys: &BTreeSet<SessionKey>,
    kept: &BTreeMap<PeerId, Arc<Neighbor>>,
) -> Reloaded {
    let mut reloaded = Reloaded::default();
    let mut ended = Vec::new();
    for session in std::mem::take(&mut running.sessions) {
        let neighbor = session.handle().neighbor();
        if kept.contains_key(&neighbor.id) {
            reloaded.kept += 1;
            running.sessions.push(session);
        } else if pending_keys.contains(&neighbor.key()) {
            reloaded.reset += 1;
            ended.push((session, Notification::CONFIGURATION_CHANGE));
        } else {
            reloaded.removed += 1;
            ended.push((session, Notification::PEER_DECONFIGURED));
        }
    }
    reloaded.added = pending_keys.len() - reloaded.reset;
    sessions::stop(ended).await;
    for session in &mut running.sessions {
        if let Some(neighbor) = kept.get(&session.handle().neighbor().id) {
            session.set_neighbor(neighbor).await;
        }
    }
    reloaded
}

/// Has listeners accept the peers that there are now, and drops those that nobody connects to.
fn move_listeners(context: &ServerContext, running: &mut Running, pending: &[PendingSession]) {
    let running_handles = running.sessions.iter().map(RunningSession::handle);
    let handles = running_handles.chain(pending.iter().map(PendingSession::handle));
    let expected = sessions::by_address(handles, running.dynamic());
    running.listeners.retain(|address, listener| {
        let Some(expected) = expected.get(address) else {
            return false;
        };
        if let Err(error) = listener.listener().expect_only(expected) {
            let why = format!("{address} listens as before: {error}");
            context.events.publish(None, EventKind::Failed(why));
        }
        true
    });
}
