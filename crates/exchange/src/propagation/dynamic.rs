//! Neighbours that come by themselves, and go.

use super::Model;
use super::converge::NotConverged;
use crate::estate::{DynamicPeer, DynamicRefusal};
use crate::graph::LinkId;

impl Model {
    /// Adds a session of a neighbour that comes by itself, not yet established. Nothing that others
    /// have changes.
    ///
    /// # Errors
    /// [`DynamicRefusal`]; nothing has changed then.
    pub(crate) fn add_dynamic(&mut self, peer: &DynamicPeer) -> Result<LinkId, DynamicRefusal> {
        let link = self.deployment.add_dynamic(peer)?;
        self.ribs.enter_link(&self.deployment, link);
        self.static_routes.to_mut().enter(&self.deployment, link);
        self.live = true;
        self.touched.note_all();
        Ok(link)
    }

    /// Removes a session of a neighbour that came by itself, and the neighbour with its last one;
    /// says whether there was one.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub(crate) fn remove_dynamic(&mut self, link: LinkId) -> Result<bool, NotConverged> {
        let near = self.deployment.graph().link(link).a.speaker;
        let name = &self.deployment.graph().speaker(near).name;
        if !self.deployment.is_dynamic(name) {
            return Ok(false);
        }
        self.change_link(link, |link| link.down.removed = true);
        self.converge()?;
        let changed = self.ribs.vacate_link(link);
        changed
            .into_iter()
            .for_each(|changed| self.note_changed(changed));
        let Some(vacated) = self.deployment.remove_dynamic(link) else {
            return Ok(false);
        };
        if let Some(nva) = vacated.nva {
            self.ribs.vacate_speaker(nva);
        }
        self.static_routes.to_mut().forget(link, vacated.nva);
        self.refreshes.retain(|other| *other != link);
        self.orders.retain(|(other, _)| *other != link);
        self.beyond.remove(&link);
        self.exports_changed.remove(&link);
        self.exceeded.remove(&link);
        self.touched.note_all();
        self.converge()?;
        Ok(true)
    }
}
