//! Peers that come by themselves: nobody described them, and nothing of them is left when they go.

use routehub_exchange::{DynamicPeer, DynamicRefusal, LiveLink};
use routehub_types::PeerId;

use crate::engine::put;
use crate::{Engine, EngineError, ReloadedEngine};

impl Engine {
    /// Adds a session of a router that the estate does not describe: a peer like any other until
    /// it is [removed](Self::remove_dynamic).
    ///
    /// # Errors
    /// [`DynamicRefusal`]; nothing has changed then.
    pub fn add_dynamic(
        &mut self,
        peer: &DynamicPeer,
    ) -> Result<(PeerId, &LiveLink), DynamicRefusal> {
        let vacant = self.peers.iter().position(Option::is_none);
        let place = vacant.unwrap_or(self.peers.len());
        self.add_dynamic_as(PeerId(place as u32), peer)
    }

    pub(crate) fn add_dynamic_as(
        &mut self,
        id: PeerId,
        peer: &DynamicPeer,
    ) -> Result<(PeerId, &LiveLink), DynamicRefusal> {
        let link = self.exchange.add_dynamic(peer)?;
        Ok((id, put(&mut self.peers, id.0 as usize, link)))
    }

    /// Removes a peer that came by itself, with all that was known of it. Its session has ended; what
    /// it has still to say must have been said, as its id may be another's afterwards. Says whether
    /// there was such a peer.
    ///
    /// # Errors
    /// [`EngineError::NotConverged`] if the estate does not come to rest any more.
    pub fn remove_dynamic(&mut self, id: PeerId) -> Result<bool, EngineError> {
        let Some(link) = self.peer(id).map(|live| live.link) else {
            return Ok(false);
        };
        let removed = self.exchange.remove_dynamic(link)?;
        if removed && let Some(peer) = self.peers.get_mut(id.0 as usize) {
            *peer = None;
            while self.peers.last().is_some_and(Option::is_none) {
                self.peers.pop();
            }
            self.effects.retain(|effect| effect.peer() != id);
        }
        Ok(removed)
    }

    /// Links have other places in an estate that was described anew.
    pub(crate) fn follow_links(&mut self) {
        let links = self.exchange.live_links();
        for peer in self.peers.iter_mut().flatten() {
            let mut links = links.iter();
            if let Some(now) = links.find(|now| now.joins_same_as(&peer.link)) {
                peer.link.link = now.link;
            }
        }
    }
}

impl ReloadedEngine {
    /// Has a peer of the running engine that came by itself go on in this one, if `keep` says that
    /// its session can; says whether it does.
    pub fn keep_dynamic(
        &mut self,
        id: PeerId,
        peer: &DynamicPeer,
        keep: impl FnOnce(&LiveLink) -> bool,
    ) -> bool {
        let Ok((_, link)) = self.engine.add_dynamic_as(id, peer) else {
            return false;
        };
        if keep(link) {
            self.kept.push(id);
            return true;
        }
        // It has announced nothing yet, so that there is nothing to come to rest.
        let _ = self.engine.remove_dynamic(id);
        false
    }
}
