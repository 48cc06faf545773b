//! Events that an operator makes of sessions: reset, soft clear, shutdown. In the model they do to
//! routes what they do to a real router's; the session of a real router is told by whoever holds it.

use routehub_rib::LimitExceeded;

use super::Model;
use super::converge::NotConverged;
use super::events::{EventError, unknown};
use crate::estate::{ClearDirection, NvaSessions, OverLimit, PeerSessions, SessionEnd, SoftClear};
use crate::graph::LinkId;

/// What is to be done to the session of a real router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOrder {
    /// It ends with Cease, administrative reset, and this text (RFC 9003), and begins anew.
    Reset(Option<String>),
    /// It ends with Cease, administrative shutdown, and this text, and is not held any more.
    Shutdown(Option<String>),
    /// It is held again, also if it ended because of too many routes.
    Enable,
    /// All routes of one direction, or both, are told again.
    SoftClear(ClearDirection),
    /// It goes on, although the peer announced more routes than it may: this is done.
    BeyondMaximum(OverLimit, LimitExceeded),
}

impl Model {
    /// The links that an event about sessions means.
    fn links_with(&self, sessions: &PeerSessions) -> Result<Vec<LinkId>, EventError> {
        let graph = self.deployment.graph();
        let PeerSessions {
            peer,
            to,
            instance,
            link: of_circuit,
        } = sessions;
        let fits = |id: &LinkId| {
            let link = graph.link(*id);
            let Some(side) = link.kind.peer_side() else {
                return false;
            };
            let far = graph.speaker(link.end(side).speaker);
            let ours = graph.speaker(link.end(side.other()).speaker);
            far.name == *peer
                && to.as_ref().is_none_or(|to| ours.name == *to)
                && (instance.is_none() || ours.instance() == *instance)
                && (of_circuit.is_none() || ours.circuit_link() == *of_circuit)
        };
        let links: Vec<LinkId> = graph.links().filter(fits).collect();
        match links.is_empty() {
            true => Err(unknown("session with", peer)()),
            false => Ok(links),
        }
    }

    fn is_live(&self, link: LinkId) -> bool {
        self.deployment.graph().link(link).live
    }

    pub(super) fn order(&mut self, link: LinkId, order: SessionOrder) {
        if self.is_live(link) {
            self.orders.push((link, order));
        }
    }

    /// Sessions of an NVA go down or come back; all of them: the NVA with them.
    pub(super) fn set_sessions(
        &mut self,
        sessions: &NvaSessions,
        down: bool,
    ) -> Result<(), EventError> {
        let meant = self.sessions(sessions)?;
        let is_whole = sessions.route_server.is_none() && sessions.instance.is_none();
        let nva = self.deployment.graph().first_named(&sessions.nva);
        if let Some(nva) = nva.filter(|_| is_whole || !down) {
            self.deployment.set_nva_down(nva, down);
        }
        for adjacency in meant {
            self.change_link(adjacency.link, |link| {
                link.down.by_event = down;
                if !down {
                    link.down.limit = None;
                    link.notification = None;
                }
            });
            if !down {
                self.order(adjacency.link, SessionOrder::Enable);
            }
        }
        Ok(())
    }

    /// Sessions end and begin anew.
    pub(super) fn reset_sessions(&mut self, end: &SessionEnd) -> Result<(), EventError> {
        let links = self.links_with(&end.sessions())?;
        for link in &links {
            self.order(*link, SessionOrder::Reset(end.text.clone()));
        }
        let modelled: Vec<LinkId> = links
            .into_iter()
            .filter(|id| self.resets_here(*id))
            .collect();
        self.switch(&modelled, true);
        self.converge()?;
        self.switch(&modelled, false);
        Ok(())
    }

    /// Whether a reset is all the model's: nobody else holds the session, and it is up.
    fn resets_here(&self, link: LinkId) -> bool {
        let link = self.deployment.graph().link(link);
        // One that the limit ended may begin anew; one that is switched off stays so.
        !link.live && !link.down.is_switched_off() && link.down.refused.is_none()
    }

    fn switch(&mut self, links: &[LinkId], off: bool) {
        for link in links {
            self.change_link(*link, |link| {
                link.down.by_event = off;
                if !off {
                    link.down.limit = None;
                    link.notification = None;
                }
            });
        }
    }

    /// Sessions end and are not held any more.
    pub(super) fn shut_sessions(&mut self, end: &SessionEnd) -> Result<(), EventError> {
        let links = self.links_with(&end.sessions())?;
        for link in &links {
            self.order(*link, SessionOrder::Shutdown(end.text.clone()));
        }
        self.switch(&links, true);
        Ok(())
    }

    /// Sessions are held again.
    pub(super) fn enable_sessions(&mut self, sessions: &PeerSessions) -> Result<(), EventError> {
        let links = self.links_with(sessions)?;
        self.switch(&links, false);
        for link in links {
            self.order(link, SessionOrder::Enable);
        }
        Ok(())
    }

    /// Routes of sessions that are up are told again, as a route refresh asks for, and looked at
    /// again. What a modelled peer sends again counts like any run.
    pub(super) fn clear_sessions(&mut self, clear: &SoftClear) -> Result<(), EventError> {
        let links = self.links_with(&clear.sessions())?;
        for id in links {
            if !self.deployment.graph().link(id).is_up() {
                continue;
            }
            if clear.direction.is_in() {
                self.clear_in(id)?;
            }
            self.order(id, SessionOrder::SoftClear(clear.direction));
        }
        Ok(())
    }

    fn clear_in(&mut self, id: LinkId) -> Result<(), NotConverged> {
        let Some(side) = self.deployment.graph().link(id).kind.peer_side() else {
            return Ok(());
        };
        let from_peer = id.from(side);
        let changed = self
            .ribs
            .reapply_import(from_peer, self.deployment.parameters());
        self.note_changed(changed);
        if !self.is_live(id) {
            self.deployment
                .change_link(id, |link| link.route_refreshes += 1);
            self.send_again(from_peer);
        }
        self.converge()
    }
}
