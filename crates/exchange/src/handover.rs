//! One exchange in place of another: real peers that both know go on without noticing.
//!
//! The new exchange gets the routes that the old one received, and works out by itself what it
//! would send. A peer is then owed what differs from what it knows: nothing else is sent to it,
//! and nothing that it knows is taken back for a moment.

use std::collections::{BTreeMap, HashMap};

use routehub_rib::{AdjIn, Announcement, AttrStore, Delta, Rib, SourceId};
use routehub_types::{AttrId, Family, Instant, Nlri, Update};

use crate::NotConverged;
use crate::exchange::Exchange;
use crate::link::LinkId;
use crate::settle::admission;

/// Routes of one peer with equal attributes; stale ones first.
type Received = BTreeMap<(bool, AttrId), Vec<Nlri>>;

/// The ids of the new exchange for attribute sets of the old one, by their old ids.
type Renamed = HashMap<AttrId, AttrId>;

impl Exchange {
    /// Goes on in place of `old`: each pair is a link of it and the one here that a real router
    /// plays in its place. To be called before anything else is done with this exchange.
    ///
    /// Sessions of these links go on: routes of their peers stay, and the peers are sent what
    /// differs. A peer whose routes are not known, because an event had taken its link down, is
    /// asked for them ([`take_refreshes`](Self::take_refreshes)). The answer names the links whose
    /// peers have announced more routes than they may from now on.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest with these routes.
    pub fn take_over(
        &mut self,
        now: Instant,
        old: &Self,
        links: &[(LinkId, LinkId)],
    ) -> Result<Vec<LinkId>, NotConverged> {
        self.now = now;
        let mut renamed = Renamed::new();
        for (from, to) in links {
            self.inherit_link(old, *from, *to);
            self.inherit_received(old, *from, *to, &mut renamed);
        }
        self.settle()?;
        let exceeded = self.beyond_limit(links.iter().map(|(_, to)| *to));
        if !exceeded.is_empty() {
            self.settle()?;
        }
        while self.flush(usize::MAX, |_| {}) {}
        for (from, to) in links {
            self.inherit_known(old, *from, *to);
        }
        Ok(exceeded)
    }

    /// State and counters of a link, and its place in an export group.
    fn inherit_link(&mut self, old: &Self, from: LinkId, to: LinkId) {
        let Some(side) = self.our_side(to) else {
            return;
        };
        let before = old.graph.link(from);
        self.set_down(to, |link| {
            link.down.not_established = before.down.not_established;
            link.down.limit = before.down.limit;
            link.notification = before.notification;
            link.resets = before.resets;
            link.route_refreshes = before.route_refreshes;
        });
        if let Some((encoding, families)) = old.agreed(from) {
            self.join(to, side, encoding, families);
        }
        if self.graph.link(to).is_up() && !before.is_up() {
            self.refreshes.push(to);
        }
    }

    /// The routes that a peer announced.
    fn inherit_received(&mut self, old: &Self, from: LinkId, to: LinkId, renamed: &mut Renamed) {
        if !self.graph.link(to).is_up() {
            return;
        }
        let mut received = Received::new();
        for route in old.adj_in_of(from) {
            let attrs = *renamed
                .entry(route.received)
                .or_insert_with(|| self.store.intern(&old.store.attrs(route.received)));
            let nlri = Nlri {
                prefix: route.prefix,
                path_id: route.path_id,
            };
            received
                .entry((!route.stale, attrs))
                .or_default()
                .push(nlri);
        }
        let mut stale: Vec<Family> = Vec::new();
        for ((fresh, attrs), nlri) in received {
            if fresh {
                stale
                    .drain(..)
                    .for_each(|family| self.mark_stale(to, family));
            } else {
                let families = nlri.iter().map(|one| one.prefix.family());
                stale.extend(families);
                stale.sort_unstable();
                stale.dedup();
            }
            self.restore(to, attrs, &nlri);
        }
        stale
            .into_iter()
            .for_each(|family| self.mark_stale(to, family));
    }

    /// Takes routes of a peer in that were counted against its limit before.
    fn restore(&mut self, link: LinkId, attrs: AttrId, announced: &[Nlri]) {
        let Some(side) = self.our_side(link) else {
            return;
        };
        let told = self.graph.link(link).end(side).speaker;
        let direction = &mut self.directions[link.0 as usize][side.other() as usize];
        let (Some(source), Some(table)) = (direction.source, self.tables[told.0 as usize].as_mut())
        else {
            return;
        };
        let update = Update {
            withdrawn: &[],
            attrs,
            announced,
        };
        let parameters = &self.parameters;
        let admit = |store: &mut AttrStore, one: &Announcement| {
            admission(direction, parameters, store, one)
        };
        let mut changed = Vec::new();
        let see = |_: &AttrStore, delta: &Delta<'_>| changed.push(delta.prefix);
        table
            .rib
            .apply(&mut self.store, source, &update, admit, see);
        self.note_changed(told, changed);
    }

    /// Ends the links whose peers hold more routes than they may.
    fn beyond_limit(&mut self, links: impl Iterator<Item = LinkId>) -> Vec<LinkId> {
        let beyond = |link: &LinkId| {
            let source = self.our_source(*link);
            let limit = source.and_then(|(rib, source)| rib.source(source)?.limit);
            limit.is_some_and(|limit| self.live_routes(*link) > limit.max as usize)
        };
        let beyond: Vec<LinkId> = links.filter(beyond).collect();
        for link in &beyond {
            self.exceeded(*link);
        }
        beyond
    }

    /// What a peer knows, and what it is owed.
    fn inherit_known(&mut self, old: &Self, from: LinkId, to: LinkId) {
        let Some(mut knowledge) = old.knowledge(from) else {
            return;
        };
        let mut renamed = Renamed::new();
        let known = knowledge
            .iter_mut()
            .flat_map(|(_, one)| one.known.values_mut());
        for attrs in known.flatten() {
            *attrs = *renamed
                .entry(*attrs)
                .or_insert_with(|| self.store.intern(&old.store.attrs(*attrs)));
        }
        self.owe_difference(to, knowledge);
    }

    /// The table that holds what a real peer announces, and what it calls the peer.
    fn our_source(&self, link: LinkId) -> Option<(&Rib, SourceId)> {
        let side = self.our_side(link)?;
        let table = self.table(self.graph.link(link).end(side).speaker)?;
        Some((&table.rib, self.direction_of(link, side.other()).source?))
    }

    /// What a real peer announced.
    fn adj_in_of(&self, link: LinkId) -> impl Iterator<Item = AdjIn> {
        let found = self.our_source(link).into_iter();
        let both = found.flat_map(|found| Family::ALL.map(|family| (found, family)));
        both.flat_map(|((rib, source), family)| rib.adj_in(source, family))
    }
}
