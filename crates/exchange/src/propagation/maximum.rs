//! The routes that a plain route server takes from a peer at most, where the session goes on beyond
//! that: the operator is told, and with the action `discard` further prefixes are refused.

use routehub_rib::LimitExceeded;
use routehub_types::{Nlri, Update};

use super::Model;
use super::sessions::SessionOrder;
use crate::estate::{MaximumPrefix, OverLimit};
use crate::graph::AdjacencyId;
use crate::ribs::RibView;

/// Announced prefixes that there is room for, and those beyond.
type Divided = (Vec<Nlri>, Vec<Nlri>);

impl Model {
    /// Compares what an UPDATE announces with what its sender may have. Gives what is to be taken
    /// in and what is to be discarded; none: all is to be taken in.
    pub(super) fn beyond_maximum(
        &mut self,
        adjacency: AdjacencyId,
        update: &Update<'_>,
    ) -> Option<Divided> {
        let maximum = self.goes_on_beyond(adjacency)?;
        let (rib, source) = self.ribs.inbound(adjacency)?;
        let holds = |nlri: &Nlri| {
            let mut held = rib.adj_in_for(source, nlri.prefix).into_iter();
            held.any(|route| route.path_id == nlri.path_id && RibView::is_learned(&route))
        };
        let max = maximum.limit.get();
        let held = rib.counts(source).counted();
        let withdrawn = update.withdrawn.iter().filter(|nlri| holds(nlri)).count();
        let mut room = max.saturating_sub(held.saturating_sub(clamp(withdrawn)));
        let (mut fitting, mut beyond) = (Vec::new(), Vec::new());
        for nlri in update.announced {
            if holds(nlri) {
                fitting.push(*nlri);
            } else if room > 0 {
                room -= 1;
                fitting.push(*nlri);
            } else {
                beyond.push(*nlri);
            }
        }
        if beyond.is_empty() {
            // Told again once it was within the limit for a while.
            if room > 0 {
                self.beyond.remove(&adjacency.link);
            }
            return None;
        }
        let exceeded = LimitExceeded {
            held,
            announced: clamp(update.announced.len()),
            max,
        };
        if self.beyond.insert(adjacency.link) {
            let action = maximum.action;
            let order = SessionOrder::BeyondMaximum(action, exceeded);
            self.orders.push((adjacency.link, order));
        }
        (maximum.action == OverLimit::Discard).then_some((fitting, beyond))
    }

    /// The limit of a sender whose session goes on beyond it.
    fn goes_on_beyond(&self, adjacency: AdjacencyId) -> Option<MaximumPrefix> {
        let maximum = self
            .deployment
            .session_options(adjacency.link)?
            .maximum_prefix?;
        let kind = &self.deployment.graph().link(adjacency.link).kind;
        let is_of_peer = kind.peer_side() == Some(adjacency.sender);
        (is_of_peer && !maximum.ends_session()).then_some(maximum)
    }
}

fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
