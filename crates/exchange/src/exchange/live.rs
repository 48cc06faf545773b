//! Links that real routers play one end of: sessions up and down, export groups, and the one way
//! in which a peer is told what differs from what it was sent.

mod export_groups;
mod paths;
mod resync;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use routehub_rib::{
    Age, AttrStore, Flushed, GroupId, MemberId, Pull, Sent, SourceId, Ticket, Unsendable,
};
use routehub_types::{AttrId, Family, FamilySet, PathId, Prefix};

use crate::graph::{AdjacencyId, LinkId};
use crate::propagation::{Model, NotConverged};
use crate::ribs::Encoding;

use export_groups::ExportGroups;
use paths::PathTable;
use resync::{Backlog, PullBuffer, SentState, SentStates};

/// A real router that is a member of an export group.
#[derive(Clone, Debug)]
struct Peer {
    member: MemberId,
    backlog: Backlog,
    /// What it is sent that takes several paths of a prefix, in the place of what its group has.
    paths: Option<PathTable>,
}

/// A peer on its way from one export group to another.
struct Move {
    link: LinkId,
    encoding: Arc<dyn Encoding>,
    families: FamilySet,
    sent: SentStates,
    /// The sets that it was sent, which must not give their ids to others meanwhile.
    ids: Vec<AttrId>,
    paths: Option<PathTable>,
}

/// Everything that is kept for real routers beside the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    groups: ExportGroups,
    peers: BTreeMap<LinkId, Peer>,
    /// Peers whose export policy is no longer that of their group.
    regrouping: BTreeSet<LinkId>,
    buffer: PullBuffer,
    /// What was found since somebody asked that no message to a peer can hold.
    unsendable: Vec<(LinkId, Prefix)>,
}

impl Live {
    /// A session is established: its peer may send, and becomes a member of an export group.
    pub(super) fn link_up(
        &mut self,
        model: &mut Model,
        link: LinkId,
        encoding: &Arc<dyn Encoding>,
        families: FamilySet,
    ) -> Result<(), NotConverged> {
        if model.deployment().graph().our_adjacency(link).is_none() {
            return Ok(());
        }
        model.change_link(link, |link| {
            link.down.not_established = false;
            link.retained = FamilySet::EMPTY;
            link.down.limit = None;
            link.notification = None;
        });
        self.join(model, link, encoding, families);
        model.converge()
    }

    /// A session is no longer established: what its peer announced is withdrawn, but for the
    /// families that are retained, whose routes are stale from here on (RFC 4724 section 4.2).
    pub(super) fn link_down(
        &mut self,
        model: &mut Model,
        link: LinkId,
        notification: Option<(u8, u8)>,
        retained: FamilySet,
    ) -> Result<(), NotConverged> {
        let Some(to_peer) = model.deployment().graph().our_adjacency(link) else {
            return Ok(());
        };
        // What went for another reason does not come back.
        let is_up = model.deployment().graph().link(link).is_up();
        let retained = match is_up {
            true => retained,
            false => FamilySet::EMPTY,
        };
        if !retained.is_empty() {
            for family in Family::ALL {
                model.ribs_mut().mark_stale(to_peer.reverse(), family);
                if !retained.contains(family) {
                    model.sweep(to_peer.reverse(), family, Age::Stale)?;
                }
            }
        }
        model.change_link(link, |link| {
            link.down.not_established = true;
            link.retained = retained;
            // How it was told that it is switched off says nothing.
            if !link.down.is_switched_off() {
                link.notification = link.notification.or(notification);
            }
        });
        self.leave(model, link);
        model.converge()
    }

    /// Stale routes of a real peer in a family are long-lived stale from here on.
    pub(super) fn mark_long_lived(
        model: &mut Model,
        link: LinkId,
        family: Family,
    ) -> Result<(), NotConverged> {
        let Some(to_peer) = model.deployment().graph().our_adjacency(link) else {
            return Ok(());
        };
        model.mark_long_lived(to_peer.reverse(), family);
        model.converge()
    }

    /// Stale routes of a real peer in a family go. Once none are left of a peer that has not come
    /// back, its session is down like any other.
    pub(super) fn sweep_stale(
        &mut self,
        model: &mut Model,
        link: LinkId,
        family: Family,
    ) -> Result<(), NotConverged> {
        let Some(to_peer) = model.deployment().graph().our_adjacency(link) else {
            return Ok(());
        };
        model.change_link(link, |link| link.retained = link.retained.without(family));
        model.sweep(to_peer.reverse(), family, Age::Stale)
    }

    /// Long-lived stale routes of a real peer in a family go; later ones stay.
    pub(super) fn sweep_long_lived(
        model: &mut Model,
        link: LinkId,
        family: Family,
    ) -> Result<(), NotConverged> {
        let Some(to_peer) = model.deployment().graph().our_adjacency(link) else {
            return Ok(());
        };
        model.sweep(to_peer.reverse(), family, Age::LongLivedStale)
    }

    /// Makes a link a member of the export group that fits it.
    pub(super) fn join(
        &mut self,
        model: &mut Model,
        link: LinkId,
        encoding: &Arc<dyn Encoding>,
        families: FamilySet,
    ) {
        let Some(to_peer) = model.deployment().graph().our_adjacency(link) else {
            return;
        };
        let rewrites = model.outbound(to_peer).rewrites_prefixes();
        model.set_encoding(to_peer, Some(encoding));
        if let Some(member) = self.groups.join(model, to_peer, encoding, families) {
            let add_path = encoding.add_path();
            let takes_paths = !add_path.is_empty() && !rewrites;
            let peer = Peer {
                member,
                backlog: Backlog::new(rewrites),
                paths: takes_paths.then(|| PathTable::new(families, add_path)),
            };
            self.peers.insert(link, peer);
        }
    }

    /// Takes a link out of its export group.
    fn leave(&mut self, model: &mut Model, link: LinkId) {
        if let Some(to_peer) = model.deployment().graph().our_adjacency(link) {
            model.set_encoding(to_peer, None);
        }
        if let Some(peer) = self.peers.remove(&link) {
            let store = model.ribs_mut().store_mut();
            peer.backlog.release(store);
            if let Some(paths) = peer.paths {
                paths.release(store);
            }
            self.groups.leave(model, link, peer.member);
        }
    }

    /// Forgets a link that is no more.
    pub(super) fn forget(&mut self, model: &mut Model, link: LinkId) {
        self.leave(model, link);
        self.regrouping.remove(&link);
        self.unsendable.retain(|(other, _)| *other != link);
    }

    /// Looks at all routes of the groups again whose export policy may be another one; a peer
    /// whose policy is no longer that of its group finds another before routes are sent next.
    pub(super) fn follow_exports(&mut self, model: &mut Model) {
        for link in model.take_exports_changed() {
            if self.groups.is_misfit(model, link) {
                self.regrouping.insert(link);
            } else {
                self.groups.reexport(model, link);
            }
        }
    }

    /// Sends a real peer all routes of a family again (RFC 2918).
    pub(super) fn refresh(&mut self, model: &mut Model, link: LinkId, family: Family) {
        if let Some(peer) = self.peers.get_mut(&link) {
            if let Some(paths) = &mut peer.paths {
                return paths.refresh(family);
            }
            peer.backlog.refresh(family);
            if let Some((rib, _)) = self.groups.rib(model, link) {
                rib.refresh_member(peer.member, family);
            }
        }
    }

    /// Looks at up to `budget` changed prefixes of each export group, and names the links that
    /// have something to pull; says whether prefixes are left.
    pub(super) fn flush(
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
    pub(super) fn pull<'a>(&'a mut self, model: &'a mut Model, link: LinkId) -> Pull<'a> {
        let Some(peer) = self.peers.get_mut(&link) else {
            return Pull::Idle;
        };
        let Some(to_peer) = model.deployment().graph().our_adjacency(link) else {
            return Pull::Idle;
        };
        if let Some(paths) = &mut peer.paths
            && let Some(own) = model.ribs().source(to_peer.reverse())
        {
            let all_known = !self.groups.needs_flush(model, link);
            return paths.pull(own, all_known, &mut self.buffer);
        }
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
    pub(super) fn keep_encoded(
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

    /// How many routes a real peer is sent, and how many are kept back because no message to it
    /// can hold them.
    pub(super) fn sent_counts(&self, model: &Model, link: LinkId) -> (usize, usize) {
        let counts = self.peers.get(&link).and_then(|peer| {
            if let Some(paths) = &peer.paths {
                return Some((paths.len(), paths.unsendable_len()));
            }
            if let Some(rewritten) = peer.backlog.rewritten() {
                return Some((rewritten.len(), peer.backlog.unsendable().len()));
            }
            let rib = self.groups.read_rib(model, link)?;
            let sum = |count: &dyn Fn(Family) -> usize| Family::ALL.into_iter().map(count).sum();
            Some((
                sum(&|family| rib.adj_out_len(peer.member, family)),
                sum(&|family| rib.unsendable_len(peer.member, family)),
            ))
        });
        counts.unwrap_or_default()
    }

    /// What was found since the last call that no message to a peer can hold.
    pub(super) fn take_unsendable(&mut self) -> Vec<(LinkId, Prefix)> {
        std::mem::take(&mut self.unsendable)
    }

    /// Notes what no message to the members of the group at a place can hold; nobody would be sent
    /// its own routes.
    fn note_unsendable(&mut self, model: &Model, place: usize, found: &[Unsendable]) {
        for member in self.groups.members(place) {
            let to_peer = model.deployment().graph().our_adjacency(member);
            let own = to_peer.and_then(|to_peer| model.ribs().source(to_peer.reverse()));
            let for_member = found.iter().filter(|route| Some(route.source) != own);
            let for_member = for_member.map(|route| (member, route.prefix));
            self.unsendable.extend(for_member);
        }
    }

    /// What was agreed on with a peer: how it is written to, and the families.
    pub(super) fn agreed(&self, link: LinkId) -> Option<(&Arc<dyn Encoding>, FamilySet)> {
        self.groups.agreed(link)
    }

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
    fn flush_group(&mut self, model: &mut Model, place: usize, budget: usize) -> Flushed {
        let (group, to_peer) = self.groups.group(place);
        let link = to_peer.link;
        if self
            .peers
            .get(&link)
            .is_some_and(|peer| peer.paths.is_some())
        {
            return self.flush_paths(model, (group, to_peer), budget);
        }
        let peer = self.peers.get(&link);
        let rewrites = peer.is_some_and(|peer| peer.backlog.rewritten().is_some());
        let flushed = model
            .ribs_mut()
            .flush_group(to_peer, group, budget, rewrites);
        if !flushed.unsendable.is_empty() {
            self.note_unsendable(model, place, &flushed.unsendable);
        }
        if rewrites && flushed.prefixes > 0 && !flushed.more {
            let families = self.groups.agreed(link).map(|(_, families)| families);
            let (mut sent, unsendable) = model.rewritten(to_peer);
            sent.retain(|prefix, _| families.is_some_and(|all| all.contains(prefix.family())));
            if let Some(peer) = self.peers.get_mut(&link) {
                peer.backlog.rewrite(model.ribs_mut().store_mut(), sent);
                let new = peer.backlog.set_unsendable(unsendable);
                self.unsendable
                    .extend(new.into_iter().map(|prefix| (link, prefix)));
            }
        }
        flushed
    }

    /// The same of a peer that takes several paths of a prefix.
    #[cold]
    fn flush_paths(
        &mut self,
        model: &mut Model,
        (group, to_peer): (GroupId, AdjacencyId),
        budget: usize,
    ) -> Flushed {
        let limit = model.deployment().most_paths(to_peer.link);
        let (changed, more) = model.ribs_mut().take_changed(to_peer, group, budget);
        let flushed = Flushed {
            prefixes: changed.len(),
            more,
            ..Flushed::default()
        };
        let peer = self.peers.get_mut(&to_peer.link);
        let Some(paths) = peer.and_then(|peer| peer.paths.as_mut()) else {
            return flushed;
        };
        for prefix in changed {
            let most = paths.most(prefix, limit);
            let (sent, unsendable) = model.ribs_mut().paths_sent(to_peer, prefix, most);
            paths.set(model.ribs_mut().store_mut(), prefix, &sent);
            if paths.set_unsendable(prefix, unsendable) {
                self.unsendable.push((to_peer.link, prefix));
            }
        }
        if !more {
            paths.confirm(model.ribs_mut().store_mut());
        }
        flushed
    }

    /// What a peer holds that takes several paths, by what it pulled; none if it takes one.
    pub(super) fn held_paths(
        &self,
        link: LinkId,
    ) -> Option<BTreeMap<(Prefix, PathId), Option<AttrId>>> {
        let paths = self.peers.get(&link)?.paths.as_ref()?;
        Some(paths.held())
    }

    /// Has a peer that takes several paths go on from what it was sent in another exchange; says
    /// whether it is such a peer in both.
    pub(super) fn inherit_paths(
        &mut self,
        model: &mut Model,
        to: LinkId,
        (old, from): (&Self, LinkId),
        source: impl Fn(&Model, SourceId) -> Option<SourceId>,
        mut attrs: impl FnMut(&mut AttrStore, AttrId) -> AttrId,
    ) -> bool {
        let sent = old.peers.get(&from).and_then(|peer| peer.paths.as_ref());
        let here = self.peers.get_mut(&to).and_then(|peer| peer.paths.as_mut());
        let Some((sent, here)) = sent.zip(here) else {
            return false;
        };
        let sources: BTreeMap<SourceId, Option<SourceId>> = sent
            .sources()
            .map(|known| (known, source(model, known)))
            .collect();
        let source = |known| sources.get(&known).copied().flatten();
        let store = model.ribs_mut().store_mut();
        here.go_on_from(store, sent, source, |store, id| attrs(store, id));
        true
    }

    /// Flushes the group of a link whole.
    fn flush_whole(&mut self, model: &mut Model, link: LinkId) {
        if let Some(place) = self.groups.place_of(link) {
            while self.flush_group(model, place, usize::MAX).more {}
        }
    }

    /// Puts peers into the export groups that fit them now; they are told what differs. All leave
    /// before any joins: a group exports as its members do, and those who leave do otherwise.
    fn regroup(&mut self, model: &mut Model, mut ready: impl FnMut(LinkId)) {
        let links = std::mem::take(&mut self.regrouping).into_iter();
        let moves: Vec<Move> = links
            .filter_map(|link| self.take_out(model, link))
            .collect();
        for Move {
            link,
            encoding,
            families,
            paths,
            ..
        } in &moves
        {
            self.join(model, *link, encoding, *families);
            let here = self.peers.get_mut(link);
            if let Some((here, before)) = here
                .and_then(|peer| peer.paths.as_mut())
                .zip(paths.as_ref())
            {
                let store = model.ribs_mut().store_mut();
                here.go_on_from(store, before, Some, |_, id| id);
            }
        }
        for Move {
            link,
            sent,
            ids,
            paths,
            ..
        } in moves
        {
            self.flush_whole(model, link);
            match paths {
                Some(paths) => paths.release(model.ribs_mut().store_mut()),
                None => self.resync(model, link, sent),
            }
            let store = model.ribs_mut().store_mut();
            ids.into_iter().for_each(|id| store.release(id));
            ready(link);
        }
    }

    fn take_out(&mut self, model: &mut Model, link: LinkId) -> Option<Move> {
        let sent = self.sent_state(model, link)?;
        let paths = self.peers.get_mut(&link)?.paths.take();
        let (encoding, families) = self.groups.agreed(link)?;
        let encoding = Arc::clone(encoding);
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
            paths,
        })
    }
}
