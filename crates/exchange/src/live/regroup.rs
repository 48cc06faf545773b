//! Peers that go on in another export group or another engine, and are told what differs.

use std::collections::BTreeMap;

use routehub_rib::{Flushed, Sent};
use routehub_types::{AttrId, Family, FamilySet, Prefix};

use super::Live;
use super::resync::{SentState, SentStates};
use crate::graph::LinkId;
use crate::propagation::Model;

/// A peer on its way from one export group to another.
struct Move {
    link: LinkId,
    encoding: u32,
    families: FamilySet,
    sent: SentStates,
    /// The sets that it was sent, which must not give their ids to others meanwhile.
    ids: Vec<AttrId>,
}

impl Live {
    /// What a peer was sent.
    pub(super) fn sent_state(&self, model: &Model, link: LinkId) -> Option<SentStates> {
        let peer = self.peers.get(&link)?;
        let rib = self.groups.read_rib(model, link)?;
        Some(Family::ALL.map(|family| {
            let sent = rib.sent_state(peer.member, family).into_iter();
            let mut routes: BTreeMap<Prefix, Option<AttrId>> = sent
                .map(|(prefix, sent)| match sent {
                    Sent::Route(attrs) => (prefix, Some(attrs)),
                    Sent::Uncertain => (prefix, None),
                })
                .collect();
            let rewritten = peer.backlog.rewritten().into_iter().flatten();
            routes.extend(rewritten.map(|(prefix, attrs)| (*prefix, Some(*attrs))));
            routes.extend(peer.backlog.waiting().map(|prefix| (prefix, None)));
            routes.retain(|prefix, _| prefix.family() == family);
            let eor_pending = rib.eor_pending(peer.member, family);
            let state = SentState {
                eor_pending,
                routes,
            };
            (family, state)
        }))
    }

    /// Has a peer that joined a group, which is flushed, told what differs from what it was sent.
    pub(super) fn resync(&mut self, model: &mut Model, link: LinkId, states: SentStates) {
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.backlog.clear();
        }
        let mut differ: Vec<(Option<AttrId>, Prefix)> = Vec::new();
        for (family, state) in states {
            let Some(peer) = self.peers.get(&link) else {
                return;
            };
            let Some((rib, store)) = self.groups.rib(model, link) else {
                return;
            };
            let sent = rib.adj_out(peer.member, family);
            let sent = sent.into_iter().map(|route| (route.prefix, route.attrs));
            let rewritten = peer.backlog.rewritten().into_iter().flatten();
            let rewritten = rewritten.filter(|(prefix, _)| prefix.family() == family);
            let rewritten = rewritten.map(|(prefix, attrs)| (*prefix, *attrs));
            let mut now: BTreeMap<Prefix, AttrId> = sent.chain(rewritten).collect();
            for (prefix, old) in state.routes {
                let new = now.remove(&prefix);
                // Who is told everything again needs to hear of nothing else but what is gone.
                let is_told = if state.eor_pending {
                    new.is_some()
                } else {
                    old.is_some() && old == new
                };
                if !is_told {
                    differ.push((new, prefix));
                }
            }
            rib.mark_up_to_date(store, peer.member, family);
            if state.eor_pending {
                self.refresh(model, link, family);
            } else {
                differ.extend(now.into_iter().map(|(prefix, new)| (Some(new), prefix)));
            }
        }
        // What goes into one message stands together.
        differ.sort_unstable();
        if let Some(peer) = self.peers.get_mut(&link) {
            let differ = differ.into_iter().map(|(_, prefix)| prefix);
            peer.backlog.wait_first(differ);
        }
    }

    /// Looks at up to `budget` changed prefixes of the group at a place.
    pub(super) fn flush_group(
        &mut self,
        model: &mut Model,
        place: usize,
        budget: usize,
    ) -> Flushed {
        let (group, to_peer) = self.groups.group(place);
        let link = to_peer.link;
        let peer = self.peers.get(&link);
        let rewrites = peer.is_some_and(|peer| peer.backlog.rewritten().is_some());
        let flushed = model
            .ribs_mut()
            .flush_group(to_peer, group, budget, rewrites);
        if rewrites && flushed.prefixes > 0 && !flushed.more {
            let families = self.groups.agreed(link).map(|(_, families)| families);
            let mut sent = model.sent_ids(to_peer);
            sent.retain(|prefix, _| families.is_some_and(|all| all.contains(prefix.family())));
            if let Some(peer) = self.peers.get_mut(&link) {
                peer.backlog.rewrite(model.ribs_mut().store_mut(), sent);
            }
        }
        flushed
    }

    /// Flushes the group of a link whole.
    fn flush_whole(&mut self, model: &mut Model, link: LinkId) {
        if let Some(place) = self.groups.place_of(link) {
            while self.flush_group(model, place, usize::MAX).more {}
        }
    }

    /// Puts peers into the export groups that fit them now; they are told what differs. All leave
    /// before any joins: a group exports as its members do, and those who leave do otherwise.
    pub(super) fn regroup(&mut self, model: &mut Model, mut ready: impl FnMut(LinkId)) {
        let links = std::mem::take(&mut self.regrouping).into_iter();
        let moves: Vec<Move> = links
            .filter_map(|link| self.take_out(model, link))
            .collect();
        for Move {
            link,
            encoding,
            families,
            ..
        } in &moves
        {
            self.join(model, *link, *encoding, *families);
        }
        for Move {
            link, sent, ids, ..
        } in moves
        {
            self.flush_whole(model, link);
            self.resync(model, link, sent);
            let store = model.ribs_mut().store_mut();
            ids.into_iter().for_each(|id| store.release(id));
            ready(link);
        }
    }

    fn take_out(&mut self, model: &mut Model, link: LinkId) -> Option<Move> {
        let sent = self.sent_state(model, link)?;
        let (encoding, families) = self.groups.agreed(link)?;
        let ids = sent.iter().flat_map(|(_, state)| state.routes.values());
        let ids: Vec<AttrId> = ids.copied().flatten().collect();
        let store = model.ribs_mut().store_mut();
        ids.iter().for_each(|id| store.retain(*id));
        self.leave(model, link);
        Some(Move {
            link,
            encoding,
            families,
            sent,
            ids,
        })
    }
}
