//! Neighbours that come by themselves, and go.

use super::Exchange;
use crate::estate::{DynamicPeer, DynamicRefusal};
use crate::graph::{LinkId, LiveLink};
use crate::propagation::NotConverged;

impl Exchange {
    /// Adds a session of a router that the estate does not describe: its link is down until told
    /// otherwise. What others have does not change, and costs nothing.
    ///
    /// # Errors
    /// [`DynamicRefusal`]; nothing has changed then.
    pub fn add_dynamic(&mut self, peer: &DynamicPeer) -> Result<LiveLink, DynamicRefusal> {
        let link = self.model.add_dynamic(peer)?;
        let live = self.graph().live_link(link);
        live.ok_or_else(|| DynamicRefusal::NoInstance {
            route_server: peer.route_server.clone(),
            instance: peer.instance,
        })
    }

    /// Removes a session of a router that the estate does not describe, with all that was known of
    /// it, and the router with its last one. Its place may be another's afterwards. Says whether
    /// there was such a session.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn remove_dynamic(&mut self, link: LinkId) -> Result<bool, NotConverged> {
        self.live.forget(&mut self.model, link);
        let removed = self.model.remove_dynamic(link);
        self.live.follow_exports(&mut self.model);
        removed
    }

    /// Whether nobody described an NVA: it came by itself.
    pub fn is_dynamic(&self, name: &str) -> bool {
        self.model.deployment().is_dynamic(name)
    }
}
