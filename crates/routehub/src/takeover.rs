//! An engine in place of another, as when the estate is described anew: peers that stay do not
//! notice.

use std::collections::BTreeSet;

use routehub_exchange::{Estate, Exchange, LiveLink, NotConverged, Parameters};
use routehub_types::{Instant, PeerId};

use crate::engine::Peer;
use crate::{Effect, Engine};

/// An engine that is to go on in place of another one, and the peers that both know.
#[derive(Debug)]
pub struct Successor {
    engine: Engine,
    kept: Vec<PeerId>,
}

impl Successor {
    /// An engine of this estate, for real routers that play the speakers named in `live`. For each
    /// of its peers `keep` says which one of the engine before it goes on as: its number stays.
    /// Others get numbers that are not `taken`, so that nothing of an old session can be mistaken
    /// for theirs.
    ///
    /// The engine before is not needed for this, and can go on working meanwhile.
    ///
    /// # Errors
    /// [`NotConverged`] if what is modelled of the estate does not come to rest.
    pub fn new(
        estate: Estate,
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
            let place = (0..).find(free).unwrap_or(u32::MAX) as usize;
            put(&mut peers, place, link);
        }
        let engine = Engine::with(exchange, peers);
        Ok(Self { engine, kept })
    }

    /// The engine, before it knows of anything that came from a peer.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The peers of the engine before that go on.
    pub fn kept(&self) -> &[PeerId] {
        &self.kept
    }

    /// Takes the place of `old`. Sessions of kept peers go on: what they announced stays, and they
    /// are sent what differs from what they know. What still comes of
    /// others is of no effect.
    ///
    /// The time that this takes grows with the routes received and sent.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest with these routes; `old` is as it was
    /// then.
    pub fn take_over(self, now: Instant, old: &mut Engine) -> Result<(), NotConverged> {
        let Self { mut engine, kept } = self;
        let pairs = kept.iter().filter_map(|id| {
            let links = old.peer(*id).zip(engine.peer(*id));
            links.map(|(from, to)| (from.link, to.link))
        });
        let pairs: Vec<_> = pairs.collect();
        let exceeded = engine.exchange.take_over(now, &old.exchange, &pairs)?;
        for id in &kept {
            let place = id.0 as usize;
            let before = old.peers.get_mut(place).and_then(Option::as_mut);
            let after = engine.peers.get_mut(place).and_then(Option::as_mut);
            if let (Some(before), Some(after)) = (before, after) {
                after.packer = before.packer.take();
                if after.packer.is_some() {
                    engine.ready(*id);
                }
                // Events are forgotten.
                if before.off {
                    let (peer, on) = (*id, true);
                    engine.effects.push_back(Effect::Switched { peer, on });
                }
            }
        }
        for effect in old.effects.drain(..) {
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
        *old = engine;
        Ok(())
    }
}

fn put(peers: &mut Vec<Option<Peer>>, place: usize, link: LiveLink) {
    if peers.len() <= place {
        peers.resize_with(place + 1, || None);
    }
    peers[place] = Some(Peer::new(link));
}
