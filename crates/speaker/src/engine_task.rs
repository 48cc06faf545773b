//! The owner of the routes: one thread, which never waits for a session.

pub(crate) mod fib_feed;
pub(crate) mod request;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use routehub::types::{Family, FamilySet, PeerId};
use routehub::{Effect, Engine, EngineError, Input, NotConverged};
use routehub_session::RunEnd;
use routehub_wire::{Context, Message, Notification, decode, frame};
use tokio::sync::{broadcast, mpsc};

use crate::clock::Clock;
use crate::engine_task::fib_feed::Follower;
use crate::engine_task::request::{Agreed, Neighbors, Outlet, Replacement, Request, Room};
use crate::event::{Notice, What};

/// Requests that wait for the owner at most.
pub(crate) const INBOX: usize = 64;

/// Requests that are taken before routes are handed out.
const BURST: usize = 64;

/// Octets after which a chunk is full.
const CHUNK: usize = 1 << 16;

/// How long the owner lets sessions write before it looks at more routes for nobody who can take
/// them: what changes again meanwhile is then sent once.
const PATIENCE: Duration = Duration::from_millis(1);

/// What the owner knows of a session.
#[derive(Debug, Default)]
struct Peer {
    outlet: Option<Outlet>,
    receive: Context,
    /// Whether the engine has something for it.
    pending: bool,
    /// Whether it takes nothing before it says so.
    full: bool,
    /// Families whose End-of-RIB has not come.
    untold: FamilySet,
}

impl Peer {
    /// All routes of a family are told: whether that was the last family.
    fn ends(&mut self, family: Family) -> bool {
        self.untold = self.untold.iter().filter(|one| *one != family).collect();
        self.untold.is_empty()
    }
}

/// How the handing out of routes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// There is nothing more to do until somebody asks for something.
    Done,
    /// There is more to look at, but nobody could take any of the last share.
    Ahead,
}

/// The engine, and the ways to the sessions.
pub(crate) struct Owner {
    engine: Engine,
    clock: Clock,
    neighbors: Neighbors,
    peers: Vec<Peer>,
    pending: Vec<PeerId>,
    notices: broadcast::Sender<Notice>,
    follower: Option<Follower>,
}

impl Owner {
    pub(crate) fn new(
        engine: Engine,
        clock: Clock,
        neighbors: Neighbors,
        notices: broadcast::Sender<Notice>,
        follower: Option<Follower>,
    ) -> Self {
        let peers = neighbors.iter().map(|_| Peer::default()).collect();
        Self {
            engine,
            clock,
            neighbors,
            peers,
            pending: Vec::new(),
            notices,
            follower,
        }
    }

    /// Works until nobody can ask for anything any more.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        if let Some(follower) = &mut self.follower {
            follower.start(&mut self.engine);
        }
        let mut pace = Pace::Done;
        loop {
            let first = match pace {
                Pace::Done => inbox.recv().await,
                Pace::Ahead => match tokio::time::timeout(PATIENCE, inbox.recv()).await {
                    Ok(request) => request,
                    Err(_) => {
                        pace = self.hand_out();
                        continue;
                    }
                },
            };
            let Some(first) = first else { return };
            self.take(first);
            for _ in 1..BURST {
                let Ok(request) = inbox.try_recv() else { break };
                self.take(request);
            }
            // Before sessions are served: packets go by these.
            if let Some(follower) = &mut self.follower {
                follower.follow(&mut self.engine);
            }
            pace = self.hand_out();
        }
    }

    fn take(&mut self, request: Request) {
        let now = self.clock.now();
        let (id, input) = match request {
            Request::Updates(peer, messages) => return self.updates(peer, &messages),
            Request::Writable(peer) => {
                if self.peer(peer).is_some_and(|peer| peer.pending) {
                    self.pending.push(peer);
                }
                return;
            }
            Request::Established(peer, agreed) => return self.established(peer, *agreed),
            Request::Event(event, answer) => {
                let result = self.engine.handle(now, Input::Event(&event));
                // Who asked may have gone.
                let _ = answer.send(result);
                return;
            }
            Request::Replace(replacement, answer) => {
                // Who asked may have gone.
                let _ = answer.send(self.replace(*replacement));
                return;
            }
            Request::Ask(ask) => return ask(&self.engine),
            Request::Down(peer, notification) => {
                if let Some(one) = self.peer(peer) {
                    *one = Peer::default();
                }
                (peer, Input::Down { peer, notification })
            }
            Request::RunEnded(peer, end) => {
                let ended = self.engine.handle(now, Input::RunEnded { peer });
                self.report(peer, ended);
                // Without an End-of-RIB of each family, silence is all there is to go by.
                if end == RunEnd::QuietGap {
                    self.heard_all(peer);
                }
                return self.learned(peer);
            }
            Request::EndOfRib(peer, family) => {
                if self.peer(peer).is_some_and(|one| one.ends(family)) {
                    self.heard_all(peer);
                }
                return;
            }
            Request::Refresh(peer, family) => (peer, Input::RefreshRequested { peer, family }),
            Request::MarkStale(peer, family) => (peer, Input::MarkStale { peer, family }),
            Request::SweepStale(peer, family) => (peer, Input::SweepStale { peer, family }),
        };
        let result = self.engine.handle(now, input);
        self.report(id, result);
    }

    /// Goes on with another estate. Sessions that are not kept have ended before this.
    fn replace(&mut self, replacement: Replacement) -> Result<(), NotConverged> {
        let Replacement {
            successor,
            neighbors,
        } = replacement;
        let kept: BTreeSet<PeerId> = successor.kept().iter().copied().collect();
        let before: Vec<PeerId> = self.engine.peers().map(|(id, _)| id).collect();
        successor.take_over(self.clock.now(), &mut self.engine)?;
        self.pending.clear();
        self.peers.resize_with(neighbors.len(), Peer::default);
        for (id, peer) in (0..).map(PeerId).zip(&mut self.peers) {
            if kept.contains(&id) {
                (peer.pending, peer.full) = (false, false);
            } else {
                *peer = Peer::default();
            }
        }
        self.neighbors = neighbors;
        if let Some(follower) = &mut self.follower {
            let gone = before.into_iter().filter(|id| !kept.contains(id));
            gone.for_each(|id| follower.heard(id));
            follower.start(&mut self.engine);
        }
        Ok(())
    }

    fn established(&mut self, peer: PeerId, agreed: Agreed) {
        if let Some(one) = self.peer(peer) {
            *one = Peer {
                outlet: Some(agreed.outlet),
                receive: agreed.receive,
                untold: agreed.families,
                ..Peer::default()
            };
        }
        let input = Input::Established {
            peer,
            send: agreed.send,
            families: agreed.families,
        };
        let result = self.engine.handle(self.clock.now(), input);
        self.report(peer, result);
    }

    /// Takes in the UPDATEs of one read. The session has seen them already: here they are free of
    /// what would end it.
    fn updates(&mut self, peer: PeerId, messages: &Bytes) {
        let now = self.clock.now();
        let Some(context) = self.peer(peer).map(|one| one.receive) else {
            return;
        };
        let mut rest: &[u8] = messages;
        while let Ok(Some(length)) = frame(rest, context.max_len()) {
            let (message, behind) = rest.split_at(length);
            rest = behind;
            if let Ok(Message::Update(view)) = decode(message, &context) {
                let context = &context;
                let input = Input::Update {
                    peer,
                    view,
                    context,
                };
                if let Err(error) = self.engine.handle(now, input) {
                    self.report(peer, Err(error));
                }
            }
        }
    }

    /// Lets the engine look at what changed, share by share, and hands it to the sessions that
    /// take it.
    fn hand_out(&mut self) -> Pace {
        self.heed_waiting();
        self.serve_pending();
        loop {
            let open = self.peers.iter().filter(|one| one.outlet.is_some()).count();
            let full = self.peers.iter().filter(|one| one.full).count();
            if full > 0 && full == open {
                return Pace::Done;
            }
            let Some(effect) = self.engine.poll() else {
                return Pace::Done;
            };
            self.heed(&effect);
            self.heed_waiting();
            let moved = self.serve_pending();
            if !moved && self.peers.iter().any(|one| one.full) {
                return Pace::Ahead;
            }
        }
    }

    fn heed_waiting(&mut self) {
        while let Some(effect) = self.engine.waiting_effect() {
            self.heed(&effect);
        }
    }

    fn heed(&mut self, effect: &Effect) {
        match *effect {
            Effect::Ready(peer) => {
                if let Some(one) = self.peer(peer)
                    && one.outlet.is_some()
                    && !std::mem::replace(&mut one.pending, true)
                {
                    self.pending.push(peer);
                }
            }
            Effect::RequestRefresh(peer) => {
                if let Some(outlet) = self.peer(peer).and_then(|one| one.outlet.as_ref()) {
                    outlet.request_refresh();
                }
            }
            Effect::Switched { peer, on } => {
                if let Some(Some(known)) = self.neighbors.get(peer.0 as usize) {
                    known.switch.send_replace(on);
                }
            }
            Effect::LimitExceeded(peer) => {
                if let Some(outlet) = self.peer(peer).and_then(|one| one.outlet.as_mut()) {
                    outlet.tear_down(Notification::MAXIMUM_PREFIXES);
                }
                self.tell(peer, What::LimitExceeded);
            }
        }
    }

    /// Serves who has something; says whether anybody took anything.
    fn serve_pending(&mut self) -> bool {
        let mut moved = false;
        for peer in std::mem::take(&mut self.pending) {
            moved |= self.serve(peer);
        }
        moved
    }

    /// Hands a session what it takes; says whether it took anything.
    fn serve(&mut self, id: PeerId) -> bool {
        let Self { engine, peers, .. } = self;
        let Some(peer) = peers.get_mut(id.0 as usize) else {
            return false;
        };
        peer.full = false;
        let mut gave = false;
        while peer.pending {
            let room = peer.outlet.as_ref().map_or(Room::Gone, Outlet::room);
            let permit = match room {
                Room::Here(permit) => permit,
                Room::Later => {
                    peer.full = true;
                    break;
                }
                Room::Gone => {
                    peer.pending = false;
                    break;
                }
            };
            let mut chunk = Vec::new();
            let mut octets = 0;
            while octets < CHUNK {
                let Some(bytes) = engine.pull(id) else {
                    peer.pending = false;
                    break;
                };
                octets += bytes.len();
                chunk.push(bytes);
            }
            if !chunk.is_empty() {
                gave = true;
                permit.send(chunk);
            }
        }
        gave
    }

    fn heard_all(&mut self, peer: PeerId) {
        if let Some(follower) = &mut self.follower {
            follower.heard(peer);
        }
    }

    fn learned(&self, peer: PeerId) {
        if self.notices.receiver_count() == 0 {
            return;
        }
        if let Some(link) = self.engine.peer(peer) {
            let routes = self.engine.exchange().live_routes(link.link);
            self.tell(peer, What::Learned { routes });
        }
    }

    fn report(&self, peer: PeerId, result: Result<(), EngineError>) {
        // Of a neighbour that is no longer there, something may still be on its way.
        if let Err(error) = result
            && !matches!(error, EngineError::UnknownPeer(_))
        {
            self.tell(peer, What::Failed(error.to_string()));
        }
    }

    fn tell(&self, peer: PeerId, what: What) {
        let known = self.neighbors.get(peer.0 as usize);
        let neighbor = known.and_then(|known| Some(Arc::clone(&known.as_ref()?.neighbor)));
        // Without anybody who watches, nobody is told.
        let _ = self.notices.send(Notice { neighbor, what });
    }

    fn peer(&mut self, id: PeerId) -> Option<&mut Peer> {
        self.peers.get_mut(id.0 as usize)
    }
}
