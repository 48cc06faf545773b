//! One engine in place of another: real peers that both know go on without noticing.
//!
//! The new model gets the routes that the old one received, and works out by itself what it would
//! send. A peer is then told what differs from what it was sent: nothing else is sent to it, and
//! nothing that it was sent is taken back for a moment.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use routehub_rib::{Admission, Age, AttrStore, LimitExceeded, SourceId};
use routehub_types::{AttrId, Family, Instant, Nlri, RuleId, Update};

use super::{Exchange, Live};
use crate::estate::Event;
use crate::graph::{AdjacencyId, LinkId, LiveLink};
use crate::propagation::{EventError, Model, NotConverged};
use crate::ribs::Origin;

/// Routes of one peer with equal attributes, and refused for good by the same rule or not; the
/// oldest first.
type Received = BTreeMap<(Reverse<Age>, AttrId, Option<RuleId>), Vec<Nlri>>;

/// The ids of the new model for attribute sets of the old one, by their old ids.
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
        self.model.set_time(now);
        let mut renamed = Renamed::new();
        for (from, to) in links {
            if let Some(to_peer) = self.graph().our_adjacency(*to) {
                self.inherit_link(old, *from, to_peer);
                self.inherit_received(old, *from, to_peer.reverse(), &mut renamed);
            }
        }
        let takes_paths = links
            .iter()
            .filter(|(from, to)| self.inherit_paths(old, links, *from, *to));
        let takes_paths: Vec<LinkId> = takes_paths.map(|(_, to)| *to).collect();
        self.model.converge()?;
        let inherited: Vec<LinkId> = links.iter().map(|(_, to)| *to).collect();
        // Limits of on-premises routers were enforced as the estate came to rest.
        let mut exceeded = inherited.clone();
        exceeded.retain(|link| self.graph().link(*link).down.limit.is_some());
        let ended = self.end_beyond_limit(inherited);
        if !ended.is_empty() {
            self.model.converge()?;
        }
        exceeded.extend(ended);
        exceeded.dedup();
        while self.live.flush(&mut self.model, usize::MAX, |_| {}) {}
        for (from, to) in links.iter().filter(|(_, to)| !takes_paths.contains(to)) {
            self.inherit_sent(old, *from, *to);
        }
        Ok(exceeded)
    }

    /// Goes over to the estate that an event makes of this one. Real routers go on without
    /// noticing; where that cannot be, the event is refused.
    pub(super) fn describe_anew(&mut self, event: &Event) -> Result<(), EventError> {
        let mut next = Self {
            model: self.model.described_anew(event)?,
            live: Live::default(),
        };
        let links = self.graph().live_links();
        let there = next.graph().live_links();
        let same = |live: &LiveLink| {
            // Links of neighbours that came by themselves are behind all others there.
            let found = there.iter().find(|other| other.joins_same_as(live))?;
            let link = live.link;
            (*live
                == LiveLink {
                    link,
                    ..found.clone()
                })
            .then_some((link, found.link))
        };
        let pairs = links.iter().map(same).collect::<Option<Vec<_>>>();
        let links = pairs.filter(|pairs| pairs.len() == there.len());
        let links: Vec<(LinkId, LinkId)> = links.ok_or(EventError::RealRouters)?;
        next.take_over(next.model.time(), self, &links)?;
        next.model.note_description(&mut self.model);
        *self = next;
        Ok(())
    }

    /// State and counters of a link, and its place in an export group. A peer whose routes are not
    /// known, because an event had taken its link down, is asked for them.
    fn inherit_link(&mut self, old: &Self, from: LinkId, to_peer: AdjacencyId) {
        let before = old.graph().link(from);
        self.model.change_link(to_peer.link, |link| {
            link.down.not_established = before.down.not_established;
            link.retained = before.retained;
            link.down.limit = before.down.limit;
            link.notification = before.notification;
            link.resets = before.resets;
            link.route_refreshes = before.route_refreshes;
        });
        if let Some((encoding, families)) = old.live.agreed(from) {
            self.live
                .join(&mut self.model, to_peer.link, encoding, families);
        }
        if self.is_up(to_peer.link) && !before.is_up() {
            self.model.request_refresh(to_peer.link);
        }
    }

    fn is_up(&self, link: LinkId) -> bool {
        self.graph().link(link).is_up()
    }

    /// The routes that a peer announced.
    fn inherit_received(
        &mut self,
        old: &Self,
        from: LinkId,
        from_peer: AdjacencyId,
        renamed: &mut Renamed,
    ) {
        let old_peer = old.graph().our_adjacency(from);
        let inbound = old_peer.and_then(|to_peer| old.model.ribs().inbound(to_peer.reverse()));
        let Some((rib, source)) = inbound.filter(|_| self.is_up(from_peer.link)) else {
            return;
        };
        let mut received = Received::new();
        for route in rib.adj_in(source) {
            let attrs = *renamed
                .entry(route.received)
                .or_insert_with(|| self.model.ribs_mut().intern(&rib.attrs(route.received)));
            let nlri = Nlri {
                prefix: route.prefix,
                path_id: route.path_id,
            };
            let refused = match route.imported {
                Admission::Unusable(rule) => Some(rule),
                _ => None,
            };
            let alike = received.entry((Reverse(route.age), attrs, refused));
            alike.or_default().push(nlri);
        }
        let mut stale = received.split_off(&(Reverse(Age::Stale), AttrId(0), None));
        let fresh = stale.split_off(&(Reverse(Age::Fresh), AttrId(0), None));
        if !received.is_empty() {
            self.restore_all(from_peer, received);
            self.mark_all_stale(from_peer);
            for family in Family::ALL {
                self.model.mark_long_lived(from_peer, family);
            }
        }
        self.restore_all(from_peer, stale);
        self.mark_all_stale(from_peer);
        self.restore_all(from_peer, fresh);
    }

    fn restore_all(&mut self, from_peer: AdjacencyId, received: Received) {
        for ((_, attrs, refused), announced) in received {
            let update = Update {
                withdrawn: &[],
                attrs,
                announced: &announced,
            };
            match refused {
                Some(rule) => self.model.refuse(from_peer, &update, rule),
                None => self.model.restore(from_peer, &update),
            }
        }
    }

    /// All that was restored until now is stale.
    fn mark_all_stale(&mut self, from_peer: AdjacencyId) {
        for family in Family::ALL {
            self.model.ribs_mut().mark_stale(from_peer, family);
        }
    }

    /// Ends the links whose peers hold more routes than they may, and names them.
    fn end_beyond_limit(&mut self, mut links: Vec<LinkId>) -> Vec<LinkId> {
        links.retain(|link| {
            let exceeded = self.beyond_limit(*link);
            if let Some(exceeded) = exceeded {
                self.model.end_by_limit(*link, exceeded);
            }
            exceeded.is_some()
        });
        links
    }

    /// How the routes that are held of a link's peer are more than they may be, if they are.
    fn beyond_limit(&self, link: LinkId) -> Option<LimitExceeded> {
        let from_peer = self.graph().our_adjacency(link)?.reverse();
        let (rib, source) = self.model.ribs().inbound(from_peer)?;
        let max = rib.source_data(source)?.limit?.max;
        let held = rib.counts(source).counted();
        (held > max).then_some(LimitExceeded {
            held,
            announced: 0,
            max,
        })
    }

    /// What a peer was sent that takes several paths; says whether it is such a peer.
    fn inherit_paths(
        &mut self,
        old: &Self,
        links: &[(LinkId, LinkId)],
        from: LinkId,
        to: LinkId,
    ) -> bool {
        let Some(to_peer) = old.graph().our_adjacency(from) else {
            return false;
        };
        let sender = old.graph().sending_end(to_peer).speaker;
        let Some(rib) = old.model.ribs().rib(sender) else {
            return false;
        };
        let source = |model: &Model, known: SourceId| {
            let Origin::Link(before) = rib.origin(known) else {
                return None;
            };
            let (_, now) = links.iter().find(|(from, _)| *from == before)?;
            let ours = model.deployment().graph().our_adjacency(*now)?;
            model.ribs().source(ours.reverse())
        };
        let old_store = old.model.ribs().store();
        let attrs = |store: &mut AttrStore, id: AttrId| store.intern(&old_store.attrs(id));
        self.live
            .inherit_paths(&mut self.model, to, (&old.live, from), source, attrs)
    }

    /// What a peer was sent, and what it is to be told.
    fn inherit_sent(&mut self, old: &Self, from: LinkId, to: LinkId) {
        let Some(mut sent) = old.live.sent_state(&old.model, from) else {
            return;
        };
        let mut renamed = Renamed::new();
        let (ribs, old_store) = (self.model.ribs_mut(), old.model.ribs().store());
        let routes = sent
            .iter_mut()
            .flat_map(|(_, state)| state.routes.values_mut());
        for attrs in routes.flatten() {
            let new = renamed.entry(*attrs);
            *attrs = *new.or_insert_with(|| ribs.intern(&old_store.attrs(*attrs)));
        }
        self.live.resync(&mut self.model, to, sent);
    }
}
