//! Links that real routers play one end of: sessions up and down, export groups, and the one way
//! in which a peer is told what differs from what it was sent.

mod export_groups;
mod links;
mod regroup;
mod resync;
mod takeover;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use routehub_rib::{MemberId, Pull, Ticket};
use routehub_types::{Family, FamilySet};

use crate::NotConverged;
use crate::graph::LinkId;
use crate::propagation::Model;

use export_groups::ExportGroups;
pub use links::LiveLink;
pub(crate) use links::{listening_address, live_links, our_adjacency};
use resync::{Backlog, PullBuffer};
pub(crate) use takeover::{Engine, OldEngine};

/// A real router that is a member of an export group.
#[derive(Debug)]
struct Peer {
    member: MemberId,
    backlog: Backlog,
}

/// Everything that is kept for real routers beside the model.
#[derive(Debug, Default)]
pub(crate) struct Live {
    groups: ExportGroups,
    peers: BTreeMap<LinkId, Peer>,
    /// Peers whose export policy is no longer that of their group.
    regrouping: BTreeSet<LinkId>,
    buffer: PullBuffer,
}

impl Live {
    /// A session is established: its peer may send, and becomes a member of an export group.
    pub(crate) fn link_up(
        &mut self,
        model: &mut Model,
        link: LinkId,
        encoding: u32,
        families: FamilySet,
    ) -> Result<(), NotConverged> {
        if our_adjacency(model.deployment().graph(), link).is_none() {
            return Ok(());
        }
        model.change_link(link, |link| {
            link.down.not_established = false;
            link.down.limit = None;
            link.notification = None;
        });
        self.join(model, link, encoding, families);
        model.converge()
    }

    /// A session is no longer established: what its peer announced is withdrawn.
    pub(crate) fn link_down(
        &mut self,
        model: &mut Model,
        link: LinkId,
        notification: Option<(u8, u8)>,
    ) -> Result<(), NotConverged> {
        if our_adjacency(model.deployment().graph(), link).is_none() {
            return Ok(());
        }
        model.change_link(link, |link| {
            link.down.not_established = true;
            // Who is switched off is not reset, and how it was told says nothing.
            if !link.down.is_switched_off() {
                link.resets += 1;
                link.notification = link.notification.or(notification);
            }
        });
        self.leave(model, link);
        model.converge()
    }

    /// Makes a link a member of the export group that fits it.
    fn join(&mut self, model: &mut Model, link: LinkId, encoding: u32, families: FamilySet) {
        let Some(to_peer) = our_adjacency(model.deployment().graph(), link) else {
            return;
        };
        let rewrites = model.outbound(to_peer).rewrites_prefixes();
        if let Some(member) = self.groups.join(model, to_peer, encoding, families) {
            let backlog = Backlog::new(rewrites);
            self.peers.insert(link, Peer { member, backlog });
        }
    }

    /// Takes a link out of its export group.
    fn leave(&mut self, model: &mut Model, link: LinkId) {
        if let Some(peer) = self.peers.remove(&link) {
            peer.backlog.release(model.ribs_mut().store_mut());
            self.groups.leave(model, link, peer.member);
        }
    }

    /// Looks at all routes of the groups again whose export policy may be another one; a peer
    /// whose policy is no longer that of its group finds another before routes are sent next.
    pub(crate) fn follow_exports(&mut self, model: &mut Model) {
        for link in model.take_exports_changed() {
            if self.groups.is_misfit(model, link) {
                self.regrouping.insert(link);
            } else {
                self.groups.reexport(model, link);
            }
        }
    }

    /// Sends a real peer all routes of a family again (RFC 2918).
    pub(crate) fn refresh(&mut self, model: &mut Model, link: LinkId, family: Family) {
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.backlog.refresh(family);
            if let Some((rib, _)) = self.groups.rib(model, link) {
                rib.refresh_member(peer.member, family);
            }
        }
    }

    /// Looks at up to `budget` changed prefixes of each export group, and names the links that
    /// have something to pull; says whether prefixes are left.
    pub(crate) fn flush(
        &mut self,
        model: &mut Model,
        budget: usize,
        mut ready: impl FnMut(LinkId),
    ) -> bool {
        self.regroup(model, &mut ready);
        let mut more = false;
        for place in 0..self.groups.len() {
            let flushed = self.flush_group(model, place, budget);
            more |= flushed.more;
            // Who has just joined, or asked for everything again, waits for the last prefix.
            if flushed.batches > 0 || flushed.prefixes > 0 && !flushed.more {
                self.groups.members(place).for_each(&mut ready);
            }
        }
        model.ribs_mut().collect_garbage();
        more
    }

    /// What a real peer is sent next.
    pub(crate) fn pull<'a>(&'a mut self, model: &'a mut Model, link: LinkId) -> Pull<'a> {
        let Some(peer) = self.peers.get_mut(&link) else {
            return Pull::Idle;
        };
        let Some(to_peer) = our_adjacency(model.deployment().graph(), link) else {
            return Pull::Idle;
        };
        if !peer.backlog.is_empty()
            && let Some(own) = model.ribs().source(to_peer.reverse())
        {
            let Some((rib, _)) = self.groups.rib(model, link) else {
                return Pull::Idle;
            };
            let pulled = peer.backlog.pull(rib, peer.member, own, &mut self.buffer);
            return pulled.unwrap_or(Pull::Idle);
        }
        match self.groups.rib(model, link) {
            Some((rib, store)) => rib.pull(store, peer.member),
            None => Pull::Idle,
        }
    }

    /// Keeps an encoded batch for the other members of the group.
    pub(crate) fn keep_encoded(
        &mut self,
        model: &mut Model,
        link: LinkId,
        ticket: Ticket,
        bytes: Bytes,
    ) {
        if let Some((rib, _)) = self.groups.rib(model, link) {
            rib.keep_encoded(ticket, bytes);
        }
    }

    /// How many routes a real peer is sent.
    pub(crate) fn sent_count(&self, model: &Model, link: LinkId) -> usize {
        let sent = self.peers.get(&link).and_then(|peer| {
            let rib = self.groups.read_rib(model, link)?;
            let families = Family::ALL.into_iter();
            Some(
                families
                    .map(|family| rib.adj_out_len(peer.member, family))
                    .sum(),
            )
        });
        sent.unwrap_or_default()
    }
}
