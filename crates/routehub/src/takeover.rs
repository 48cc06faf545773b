//! Reload: an engine of another estate takes over from the running one, and the sessions of peers
//! that are in both go on.

use std::collections::BTreeSet;

use routehub_exchange::{CheckedEstate, Event, Exchange, LiveLink, NotConverged, Parameters};
use routehub_types::{Instant, PeerId};

use crate::engine::{Peer, put};
use crate::{Effect, Engine, EngineError, Input};

/// An engine that is to take over from a running one, and the peers that are in both.
#[derive(Debug)]
pub struct ReloadedEngine {
    pub(crate) engine: Engine,
    pub(crate) kept: Vec<PeerId>,
}

impl ReloadedEngine {
    /// An engine of this estate, for real routers that play the speakers named in `live`. For each
    /// of its peers `keep` says which peer of the running engine it was: its id stays. Others get
    /// ids that are not `taken`, so that nothing of an old session can be mistaken for theirs.
    ///
    /// The running engine is not needed for this, and can go on working meanwhile.
    ///
    /// # Errors
    /// [`NotConverged`] if what is modelled of the estate does not converge.
    pub fn new(
        estate: CheckedEstate,
        parameters: Parameters,
        live: &BTreeSet<String>,
        seed: u64,
        taken: &BTreeSet<PeerId>,
        mut keep: impl FnMut(&LiveLink) -> Option<PeerId>,
    ) -> Result<Self, NotConverged> {
        let exchange = Exchange::new(estate, parameters, live, seed)?;
        let mut peers: Vec<Option<Peer>> = Vec::new();
        let mut kept = Vec::new();
        let mut new = Vec::new();
        for link in exchange.live_links() {
            match keep(&link) {
                Some(id) if !kept.contains(&id) => {
                    put(&mut peers, id.0 as usize, link);
                    kept.push(id);
                }
                _ => new.push(link),
            }
        }
        for link in new {
            let free = |id: &u32| {
                let vacant = peers.get(*id as usize).is_none_or(Option::is_none);
                vacant && !taken.contains(&PeerId(*id))
            };
            let index = (0..).find(free).unwrap_or(u32::MAX) as usize;
            put(&mut peers, index, link);
        }
        let engine = Engine::with(exchange, peers);
        Ok(Self { engine, kept })
    }

    /// The engine, without any route of a peer.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Has an event happen before it takes over.
    ///
    /// # Errors
    /// [`EngineError`] if it names something unknown.
    pub fn apply(&mut self, event: &Event) -> Result<(), EngineError> {
        self.engine.handle(Instant::ZERO, Input::Event(event))
    }

    /// The peers of the running engine whose sessions go on.
    pub fn kept(&self) -> &[PeerId] {
        &self.kept
    }

    /// Takes over from `running`. Sessions of kept peers go on: the routes they announced stay, and
    /// they are sent what differs from what they were sent before. Later input of other peers has
    /// no effect.
    ///
    /// The time that this takes grows with the routes received and sent.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not converge with these routes; `running` is as before
    /// then.
    pub fn take_over(self, now: Instant, running: &mut Engine) -> Result<(), NotConverged> {
        let Self { mut engine, kept } = self;
        let pairs = kept.iter().filter_map(|id| {
            let links = running.peer(*id).zip(engine.peer(*id));
            links.map(|(from, to)| (from.link, to.link))
        });
        let pairs: Vec<_> = pairs.collect();
        let exceeded = engine.exchange.take_over(now, &running.exchange, &pairs)?;
        for id in &kept {
            if let (Ok(before), Ok(after)) = (running.peer_mut(*id), engine.peer_mut(*id)) {
                after.packer = before.packer.take();
                after.marks = before.marks;
                let (is_ready, is_on) = (after.packer.is_some(), before.off && !after.off);
                if is_ready {
                    engine.ready(*id);
                }
                // What an event switched off is on in the new estate.
                if is_on {
                    engine.effects.push_back(Effect::Switched {
                        peer: *id,
                        on: true,
                        text: None,
                    });
                }
            }
        }
        for effect in running.effects.drain(..) {
            let (Effect::RequestRefresh(id) | Effect::LimitExceeded(id)) = effect else {
                continue;
            };
            if kept.contains(&id) {
                engine.effects.push_back(effect);
            }
        }
        for link in exceeded {
            if let Some(id) = engine.peer_of(link) {
                engine.effects.push_back(Effect::LimitExceeded(id));
            }
        }
        engine.request_refreshes();
        *running = engine;
        Ok(())
    }
}
