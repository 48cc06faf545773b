//! The engine task: one thread that owns the engine and never waits for a session.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use routehub::types::PeerId;
use routehub::{Effect, Engine, EngineError, Input, NotConverged, ReloadedEngine};
use routehub_session::{Event as SessionEvent, RunEnd};
use routehub_wire::{CheckedUpdates, Notification};
use tokio::sync::mpsc;

pub(crate) mod channel;
pub(crate) mod fib_feed;

use crate::clock::Clock;
use crate::event::{EventKind, EventSender};
use crate::session::command::SessionHandle;
use channel::{Peer, Request, Sessions};
use fib_feed::FibFeed;

/// Requests in the inbox at most.
const INBOX: usize = 64;

/// Requests that are handled before routes are sent.
const BURST: usize = 64;

/// How long sessions may write before the engine looks at more routes that no session has capacity
/// for: what changes again meanwhile is then sent once.
const FULL_PAUSE: Duration = Duration::from_millis(1);

/// How a flush of outbound routes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flushed {
    /// There is nothing more to do before the next request.
    All,
    /// The engine has more, but no session had capacity for any of the last share.
    Blocked,
}

/// The engine, and its side of every session.
pub(crate) struct EngineTask {
    engine: Engine,
    clock: Clock,
    sessions: Sessions,
    /// Those that are established.
    peers: BTreeMap<PeerId, Peer>,
    pending: Vec<PeerId>,
    /// Refused routes of each peer that are not kept, as far as it was told.
    not_kept: BTreeMap<PeerId, usize>,
    events: EventSender,
    fib_feed: FibFeed,
}

/// Both ends of an inbox for the engine task.
pub(crate) fn inbox() -> (mpsc::Sender<Request>, mpsc::Receiver<Request>) {
    mpsc::channel(INBOX)
}

impl EngineTask {
    pub(crate) fn new(
        engine: Engine,
        clock: Clock,
        sessions: Sessions,
        events: EventSender,
        fib_feed: FibFeed,
    ) -> Self {
        Self {
            engine,
            clock,
            sessions,
            peers: BTreeMap::new(),
            pending: Vec::new(),
            not_kept: BTreeMap::new(),
            events,
            fib_feed,
        }
    }

    /// Runs on a thread of its own, which ends once nobody can send requests any more.
    pub(crate) fn spawn(self, inbox: mpsc::Receiver<Request>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let thread = std::thread::Builder::new().name("routes".to_owned());
        thread.spawn(move || runtime.block_on(self.run(inbox)))?;
        Ok(())
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        self.fib_feed.start(&mut self.engine);
        let mut flushed = Flushed::All;
        loop {
            let first = match flushed {
                Flushed::All => inbox.recv().await,
                Flushed::Blocked => match tokio::time::timeout(FULL_PAUSE, inbox.recv()).await {
                    Ok(request) => request,
                    Err(_) => {
                        flushed = self.flush_outbound();
                        continue;
                    }
                },
            };
            let Some(first) = first else { return };
            self.handle(first);
            for _ in 1..BURST {
                let Ok(request) = inbox.try_recv() else { break };
                self.handle(request);
            }
            // Before peers: packets are forwarded by these.
            self.fib_feed.update(&mut self.engine);
            flushed = self.flush_outbound();
        }
    }

    fn handle(&mut self, request: Request) {
        match request {
            Request::Established(id, agreed, peer) => {
                if self.sessions.contains_key(&id) {
                    self.peers.insert(id, peer);
                }
                self.on_session_event(id, &SessionEvent::Established(agreed));
            }
            Request::Session(id, event) => self.on_session_event(id, &event),
            Request::Updates(id, updates) => self.updates(id, &updates),
            Request::Writable(id) => {
                if self.peers.get(&id).is_some_and(Peer::is_pending) {
                    self.pending.push(id);
                }
            }
            Request::Event(event, answer) => {
                let result = self.engine.handle(self.clock.now(), Input::Event(&event));
                // The receiver may be gone.
                let _ = answer.send(result);
            }
            Request::AddDynamic(peer, answer) => {
                let added = self.engine.add_dynamic(&peer);
                // The receiver may be gone.
                let _ = answer.send(added.map(|(id, link)| (id, link.clone())));
            }
            Request::Enroll(session) => {
                self.sessions.extend([session.by_id()]);
            }
            Request::RemoveDynamic(id, answer) => {
                self.remove_dynamic(id);
                let _ = answer.send(());
            }
            Request::Reload(engine, sessions, answer) => {
                // The receiver may be gone.
                let _ = answer.send(self.reload(*engine, sessions));
            }
            Request::Ask(ask) => ask(&self.engine),
        }
    }

    /// Nothing of a peer that came by itself is left: its id may be another's.
    fn remove_dynamic(&mut self, id: PeerId) {
        let removed = self.engine.remove_dynamic(id);
        self.publish_failure(id, removed.map(|_| ()));
        self.sessions.remove(&id);
        self.peers.remove(&id);
        self.not_kept.remove(&id);
        self.pending.retain(|pending| *pending != id);
        self.fib_feed.eor_received(id);
    }

    fn on_session_event(&mut self, id: PeerId, event: &SessionEvent) {
        if let Some(input) = Input::from_session(id, event) {
            let result = self.engine.handle(self.clock.now(), input);
            self.publish_failure(id, result);
        }
        match event {
            SessionEvent::Down(_) => {
                self.peers.remove(&id);
                self.not_kept.remove(&id);
            }
            SessionEvent::RunEnded(end) => {
                // Without an End-of-RIB of each family, silence is all there is to go by.
                if *end == RunEnd::QuietGap {
                    self.fib_feed.eor_received(id);
                }
                self.publish_learned(id);
                self.publish_not_kept(id);
            }
            SessionEvent::EndOfRib(family) => {
                let peer = self.peers.get_mut(&id);
                let was_last = peer.is_some_and(|peer| peer.eor_received(*family));
                if was_last {
                    self.fib_feed.eor_received(id);
                }
            }
            _ => {}
        }
    }

    /// Replaces the engine. Sessions that are not kept have ended before this.
    fn reload(&mut self, engine: ReloadedEngine, sessions: Sessions) -> Result<(), NotConverged> {
        let kept: BTreeSet<PeerId> = engine.kept().iter().copied().collect();
        let before: Vec<PeerId> = self.engine.peers().map(|(id, _)| id).collect();
        engine.take_over(self.clock.now(), &mut self.engine)?;
        self.pending.clear();
        self.peers.retain(|id, _| kept.contains(id));
        self.peers.values_mut().for_each(Peer::reset_pending);
        self.sessions = sessions;
        let gone = before.into_iter().filter(|id| !kept.contains(id));
        gone.for_each(|id| self.fib_feed.eor_received(id));
        self.fib_feed.start(&mut self.engine);
        Ok(())
    }

    /// Hands the UPDATEs of one read to the engine. The session has checked them: none of these
    /// ends it.
    fn updates(&mut self, peer: PeerId, updates: &CheckedUpdates) {
        let now = self.clock.now();
        for view in updates.iter() {
            if let Err(error) = self.engine.handle(now, Input::Update { peer, view }) {
                self.publish_failure(peer, Err(error));
            }
        }
    }

    /// Lets the engine look at what changed, share by share, and sends it to the sessions that
    /// have capacity.
    fn flush_outbound(&mut self) -> Flushed {
        self.on_waiting_effects();
        self.send_pending();
        loop {
            let full = self.count_full();
            if full > 0 && full == self.peers.len() {
                return Flushed::All;
            }
            let Some(effect) = self.engine.poll() else {
                return Flushed::All;
            };
            self.on_effect(&effect);
            self.on_waiting_effects();
            let sent = self.send_pending();
            if !sent && self.count_full() > 0 {
                return Flushed::Blocked;
            }
        }
    }

    fn count_full(&self) -> usize {
        self.peers.values().filter(|peer| peer.is_full()).count()
    }

    fn on_waiting_effects(&mut self) {
        while let Some(effect) = self.engine.waiting_effect() {
            self.on_effect(&effect);
        }
    }

    fn on_effect(&mut self, effect: &Effect) {
        match *effect {
            Effect::Unsendable { peer, ref prefixes } => {
                let prefixes = prefixes.clone();
                self.publish(peer, EventKind::Unsendable { prefixes });
            }
            Effect::Ready(id) => {
                if self.peers.get_mut(&id).is_some_and(Peer::mark_pending) {
                    self.pending.push(id);
                }
            }
            Effect::RequestRefresh(id) => {
                if let Some(peer) = self.peers.get(&id) {
                    peer.request_refresh();
                }
            }
            Effect::BeyondMaximum {
                peer,
                action,
                exceeded,
            } => self.publish(peer, EventKind::BeyondMaximum { action, exceeded }),
            Effect::SoftRefresh(id) => {
                if let Some(peer) = self.peers.get(&id) {
                    peer.soft_refresh();
                }
            }
            Effect::Reset { peer, ref text } => {
                if let Some(peer) = self.peers.get_mut(&peer) {
                    let why = Notification::ADMINISTRATIVE_RESET;
                    let told = |text: &String| why.clone().with_text(text);
                    peer.tear_down(text.as_ref().map_or(why.clone(), told));
                }
            }
            Effect::Switched { peer, on, ref text } => {
                if let Some(session) = self.sessions.get(&peer) {
                    session.switch(on, text.clone());
                }
            }
            Effect::LimitExceeded(id) => {
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.tear_down(Notification::MAXIMUM_PREFIXES);
                }
                let link = self.engine.peer(id).map(|peer| peer.link);
                let exceeded = link.and_then(|link| self.engine.exchange().limit_exceeded(link));
                self.publish(id, EventKind::LimitExceeded(exceeded));
            }
        }
    }

    /// Sends to the sessions that the engine has messages for; whether any of them took some.
    fn send_pending(&mut self) -> bool {
        let mut sent = false;
        for id in std::mem::take(&mut self.pending) {
            if let Some(peer) = self.peers.get_mut(&id) {
                sent |= peer.send(|| self.engine.pull(id));
            }
        }
        sent
    }

    fn publish_learned(&self, peer: PeerId) {
        if self.events.is_watched()
            && let Some(link) = self.engine.peer(peer)
        {
            let routes = self.engine.exchange().live_routes(link.link);
            self.publish(peer, EventKind::Learned { routes });
        }
    }

    fn publish_not_kept(&mut self, peer: PeerId) {
        let Some(link) = self.engine.peer(peer) else {
            return;
        };
        let routes = self.engine.exchange().live_not_kept(link.link);
        if routes > self.not_kept.insert(peer, routes).unwrap_or(0) {
            self.publish(peer, EventKind::NotKept { routes });
        }
    }

    fn publish_failure(&self, peer: PeerId, result: Result<(), EngineError>) {
        // Requests of a neighbour that is no longer configured may still be in the inbox.
        if let Err(error) = result
            && !matches!(error, EngineError::UnknownPeer(_))
        {
            self.publish(peer, EventKind::Failed(error.to_string()));
        }
    }

    fn publish(&self, peer: PeerId, kind: EventKind) {
        let session = self.sessions.get(&peer);
        self.events
            .publish(session.map(SessionHandle::neighbor), kind);
    }
}
