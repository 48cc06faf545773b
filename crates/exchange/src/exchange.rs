//! The exchange: an estate at work, with real routers in some places.

mod dynamic;
mod live;
mod takeover;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use routehub_rib::{LimitExceeded, Pull, RawKey, SourceId, Ticket};
use routehub_types::{AttrId, Attrs, Family, FamilySet, Instant, Nlri, Prefix, RuleId, Update};

use crate::estate::{CheckedEstate, Estate, Event, UnknownName};
use crate::fabric::{Changes, EffectiveRow, Fabric, VnetRoutes};
use crate::graph::{
    AdjacencyId, Deployment, Graph, LinkId, LiveLink, Side, Speaker, SpeakerId, Topology,
    UNKNOWN_ADDRESS,
};
use crate::parameters::Parameters;
use crate::propagation::{
    EventError, Footprint, Model, NotConverged, Outbound, SessionOrder, Watch,
};
use crate::ribs::{Encoding, Only, RibView};

use live::Live;

/// An estate at work.
///
/// Every change converges before it returns: afterwards no speaker has anything new to tell
/// another.
#[derive(Clone, Debug)]
pub struct Exchange {
    model: Model,
    live: Live,
}

impl Exchange {
    /// The exchange of an estate, everything modelled up and converged. Speakers named in `live`
    /// are played by real routers: their links are down until told otherwise.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate never comes to rest.
    pub fn new(
        estate: CheckedEstate,
        parameters: Parameters,
        live: &BTreeSet<String>,
        seed: u64,
    ) -> Result<Self, NotConverged> {
        let deployment = Deployment::new(estate, parameters, live.clone());
        Ok(Self {
            model: Model::new(deployment, seed)?,
            live: Live::default(),
        })
    }

    /// The same exchange, of which copies are cheap: they share every table that neither changes.
    #[must_use]
    pub fn share(self) -> Self {
        Self {
            model: self.model.share(),
            live: self.live,
        }
    }

    /// Applies an event and converges.
    ///
    /// # Errors
    /// [`EventError`] if the event names something unknown, what it makes of the estate does not
    /// fit together, or the estate does not converge.
    pub fn apply_event(&mut self, event: &Event) -> Result<(), EventError> {
        self.model.check_routes(event)?;
        self.model.touch_all();
        if event.describes_anew() {
            return self.describe_anew(event);
        }
        let applied = self.model.apply_event(event);
        self.live.follow_exports(&mut self.model);
        applied
    }

    /// The parameters it works by.
    pub fn parameters(&self) -> &Parameters {
        self.model.deployment().parameters()
    }

    /// The estate as it is now, events included.
    pub fn estate(&self) -> &Estate {
        self.model.deployment().estate()
    }

    /// The virtual networks and their peerings.
    pub fn topology(&self) -> &Topology {
        self.model.deployment().topology()
    }

    /// The speakers and their links.
    pub fn graph(&self) -> &Graph {
        self.model.deployment().graph()
    }

    /// The speaker of an id.
    pub fn speaker(&self, id: SpeakerId) -> &Speaker {
        self.graph().speaker(id)
    }

    /// The RIB of a speaker; none if it only ends routes.
    pub fn rib(&self, speaker: SpeakerId) -> Option<RibView<'_>> {
        self.model.ribs().rib(speaker)
    }

    /// What the speaker on the side of the sender sends over a link.
    pub fn outbound(&self, link: LinkId, sender: Side) -> Outbound<'_> {
        self.model.outbound(link.from(sender))
    }

    /// What a speaker sends to each of its neighbours, in the order of its links.
    pub fn outbound_from(&self, speaker: SpeakerId) -> impl Iterator<Item = Outbound<'_>> {
        let adjacencies = self.graph().outbound(speaker);
        adjacencies.map(|adjacency| self.model.outbound(adjacency))
    }

    /// What each of its neighbours sends to a speaker, in the order of its links.
    pub fn outbound_to(&self, speaker: SpeakerId) -> impl Iterator<Item = Outbound<'_>> {
        let adjacencies = self.graph().inbound(speaker);
        adjacencies.map(|adjacency| self.model.outbound(adjacency))
    }

    /// The prefixes around a destination that a speaker announces of its own accord, to whomever.
    pub fn originated_around(&self, speaker: SpeakerId, to: Prefix) -> BTreeSet<Prefix> {
        self.model.originated_around(speaker, to)
    }

    /// The prefixes that a speaker announces of its own accord, to whomever.
    pub fn originated_by(&self, speaker: SpeakerId) -> BTreeSet<Prefix> {
        self.model.originated_by(speaker)
    }

    /// Why a Route Server would refuse an NVA, by its place in the estate, as a peer (R-001,
    ///
    pub fn peer_refusal(&self, nva: usize, route_server: &str) -> Option<RuleId> {
        let nva = self.estate().nvas.get(nva)?;
        self.model.deployment().peer_refusal(nva, route_server)
    }

    /// Whether an event took an NVA down as a whole: it forwards no packets either.
    pub fn is_nva_down(&self, nva: SpeakerId) -> bool {
        self.model.deployment().is_nva_down(nva)
    }

    /// What the networks' NICs are programmed with.
    pub fn fabric(&self) -> Fabric<'_> {
        self.model.fabric()
    }

    /// The effective routes of a NIC.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn nic_effective(&self, nic: &str) -> Result<Vec<EffectiveRow>, UnknownName> {
        let mut nics = self.estate().nics.iter();
        let found = nics.find(|other| other.name == nic);
        let rows = found.and_then(|nic| self.fabric().effective(nic));
        rows.ok_or_else(|| {
            let known = self.estate().nics.iter().map(|other| other.name.as_str());
            UnknownName::among("NIC", nic, known)
        })
    }

    /// The routes of a network.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such network.
    pub fn vnet_routes(&self, vnet: &str) -> Result<VnetRoutes<'_>, UnknownName> {
        self.fabric().vnet_routes(vnet).ok_or_else(|| {
            let known = self.estate().vnets.iter().map(|other| other.name.as_str());
            UnknownName::among("virtual network", vnet, known)
        })
    }

    /// The networks whose NICs may use routes of a Route Server instance or gateway, by name: its
    /// own first, then those that use it.
    pub fn vnets_served(&self, speaker: SpeakerId) -> impl Iterator<Item = &str> {
        let vnets = self.model.deployment().vnets_served(speaker);
        vnets.map(|id| self.estate().vnets[id.0].name.as_str())
    }

    /// Writes down what changes from here on, until [`take_changes`](Self::take_changes) reads it.
    /// It grows with every change that is not read.
    pub fn keep_journal(&mut self) {
        self.model.journal_mut().0.keep();
    }

    /// What changed since the last call, or since the journal is kept; nothing if it is not.
    pub fn take_changes(&mut self) -> Changes {
        let (journal, deployment) = self.model.journal_mut();
        journal.take(deployment)
    }

    /// Writes down what events look at from here on, until [`take_footprint`](Self::take_footprint)
    /// reads it. It grows with every event that is not read.
    pub fn keep_footprint(&mut self) {
        self.model.keep_footprint();
    }

    /// What events looked at since the last call; none if it is not written down.
    pub fn take_footprint(&mut self) -> Option<Footprint> {
        self.model.take_footprint()
    }

    /// Whether events with these footprints, each from here, have nothing to do with each other:
    /// together they come to what each of them comes to.
    pub fn are_apart(&self, a: &Footprint, b: &Footprint) -> bool {
        self.model.are_apart(a, b)
    }

    /// Prefixes that never come to rest because of what real routers announce, and stay as they are
    /// until something is told of them; each with the names of those who keep changing them.
    pub fn restless(&self) -> Vec<(Vec<String>, Vec<Prefix>)> {
        self.model.restless()
    }

    /// Begins to read tables in shares: what changes from here on is written down as long as this
    /// is kept.
    pub fn watch(&self) -> Watch {
        self.model.touched().watch()
    }

    /// The prefixes of which anything may have changed since the last call, or since the reading
    /// began; none if everything may be another.
    pub fn changed_since(&self, watch: &mut Watch) -> Option<Vec<Prefix>> {
        self.model.touched().since(watch)
    }

    /// The id of an attribute set.
    pub fn intern(&mut self, attrs: &Attrs) -> AttrId {
        self.model.ribs_mut().intern(attrs)
    }

    /// The id of an attribute set received as a raw block; `parse` is asked only if the block is
    /// new.
    pub fn intern_raw(&mut self, raw: RawKey<'_>, parse: impl FnOnce() -> Attrs) -> AttrId {
        self.model.ribs_mut().store_mut().intern_raw(raw, parse)
    }

    /// The attributes of a set.
    pub fn attrs(&self, id: AttrId) -> Attrs {
        self.model.ribs().store().attrs(id)
    }

    /// The length of the AS path of an attribute set, as the decision counts it.
    pub fn path_length(&self, id: AttrId) -> u16 {
        self.model.ribs().store().key(id).path_length
    }

    /// The links that real routers play, in order; those without addresses or refused are left
    /// out.
    pub fn live_links(&self) -> Vec<LiveLink> {
        self.graph().live_links()
    }

    /// The attributes of a set as a real peer is sent them: where the estate does not tell our
    /// address to be its next hop, that of the session is.
    pub fn sent_attrs(&self, link: LinkId, id: AttrId) -> Attrs {
        let mut attrs = self.attrs(id);
        if attrs.next_hop.address == UNKNOWN_ADDRESS
            && let Some(address) = self.graph().listening_address(link)
        {
            attrs.next_hop = address.into();
        }
        attrs
    }

    /// A session is established: its peer may send, and becomes a member of an export group.
    /// `encoding` says how it is written to, `families` what was agreed.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn link_up(
        &mut self,
        link: LinkId,
        encoding: &Arc<dyn Encoding>,
        families: FamilySet,
    ) -> Result<(), NotConverged> {
        self.model.touch_all();
        self.live.link_up(&mut self.model, link, encoding, families)
    }

    /// A session is no longer established: what its peer announced is withdrawn. Routes of retained
    /// families stay and are stale, until [`sweep_stale`](Self::sweep_stale) or until the peer
    /// announces them again (RFC 4724 section 4.2).
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn link_down(
        &mut self,
        link: LinkId,
        notification: Option<(u8, u8)>,
        retained: FamilySet,
    ) -> Result<(), NotConverged> {
        self.model.touch_all();
        self.live
            .link_down(&mut self.model, link, notification, retained)
    }

    /// Whether an event switched a real peer's session off: it is not to be held until another
    /// switches it on.
    pub fn is_switched_off(&self, link: LinkId) -> bool {
        self.graph().link(link).down.is_switched_off()
    }

    /// What a real peer sends us over a link.
    fn peer_adjacency(&self, link: LinkId) -> Option<AdjacencyId> {
        Some(self.graph().our_adjacency(link)?.reverse())
    }

    /// Applies one UPDATE of a real peer.
    ///
    /// Says no if it announced more routes than it may: the session has to end with Cease,
    /// maximum number of prefixes reached; its routes are withdrawn already.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn receive(
        &mut self,
        now: Instant,
        link: LinkId,
        update: &Update<'_>,
    ) -> Result<bool, NotConverged> {
        let Some(from_peer) = self.peer_adjacency(link) else {
            return Ok(true);
        };
        if !self.graph().link(link).is_up() {
            return Ok(true);
        }
        self.model.set_time(now);
        let fits = self.model.receive(from_peer, update);
        let is_limited_at_rest = !self.graph().link(link).kind.is_peering();
        if self.model.is_pending() || is_limited_at_rest {
            self.model.converge()?;
        }
        // Limits of on-premises routers are enforced when all is told.
        Ok(fits && self.graph().link(link).down.limit.is_none())
    }

    /// Keeps routes that a real peer announced as refused by a rule, whatever import says of them:
    /// their UPDATE is malformed, and they count as withdrawn (RFC 7606 section 2).
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn refuse(
        &mut self,
        link: LinkId,
        update: &Update<'_>,
        rule: RuleId,
    ) -> Result<(), NotConverged> {
        if let Some(from_peer) = self.peer_adjacency(link)
            && self.graph().link(link).is_up()
        {
            self.model.refuse(from_peer, update, rule);
            self.model.converge()?;
        }
        Ok(())
    }

    /// By how much the routes of a real peer exceeded its limit when its session last ended for
    /// that.
    pub fn limit_exceeded(&self, link: LinkId) -> Option<LimitExceeded> {
        self.model.exceeded(link)
    }

    /// The links whose real peers are to be asked for their routes again since the last call
    ///
    pub fn take_refreshes(&mut self) -> Vec<LinkId> {
        self.model.take_refreshes()
    }

    /// What events since the last call have to be done to the sessions of real peers, in order.
    pub fn take_orders(&mut self) -> Vec<(LinkId, SessionOrder)> {
        self.model.take_orders()
    }

    /// Ends the update run of a real peer.
    pub fn end_run(&mut self, link: LinkId) {
        if let Some(from_peer) = self.peer_adjacency(link) {
            self.model.ribs_mut().end_run(from_peer);
        }
    }

    /// How many routes are held of a real peer.
    pub fn live_routes(&self, link: LinkId) -> usize {
        let from_peer = self.peer_adjacency(link);
        let inbound = from_peer.and_then(|id| self.model.ribs().inbound(id));
        inbound.map_or(0, |(rib, source)| rib.counts(source).counted() as usize)
    }

    /// How many refused routes of a real peer are not kept, because there are too many.
    pub fn live_not_kept(&self, link: LinkId) -> usize {
        let from_peer = self.peer_adjacency(link);
        let inbound = from_peer.and_then(|id| self.model.ribs().inbound(id));
        inbound.map_or(0, |(rib, source)| rib.counts(source).not_kept as usize)
    }

    /// The routes of a real peer in a family are stale from here on (RFC 7313 section 4).
    pub fn mark_stale(&mut self, link: LinkId, family: Family) {
        if let Some(from_peer) = self.peer_adjacency(link) {
            self.model.ribs_mut().mark_stale(from_peer, family);
        }
    }

    /// The stale routes of a real peer in a family are long-lived stale from here on, until they are
    /// swept or announced again: they come after all others, and go to peers only that take such
    /// ([`Encoding::takes_long_lived`]). Those with NO_LLGR are refused (RFC 9494 sections 4.2 and
    /// 4.3).
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn mark_long_lived(&mut self, link: LinkId, family: Family) -> Result<(), NotConverged> {
        self.model.touch_all();
        Live::mark_long_lived(&mut self.model, link, family)
    }

    /// Routes of a real peer in a family that are still stale go.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn sweep_stale(&mut self, link: LinkId, family: Family) -> Result<(), NotConverged> {
        self.model.touch_all();
        self.live.sweep_stale(&mut self.model, link, family)
    }

    /// Routes of a real peer in a family that are still long-lived stale go, while those that became
    /// stale later stay: a peer that was lost again before it had sent all its routes may be back in
    /// time (RFC 9494 section 4.2).
    ///
    /// # Errors
    /// [`NotConverged`] if the estate does not come to rest any more.
    pub fn sweep_long_lived(&mut self, link: LinkId, family: Family) -> Result<(), NotConverged> {
        self.model.touch_all();
        Live::sweep_long_lived(&mut self.model, link, family)
    }

    /// Sends a real peer all routes of a family again (RFC 2918).
    pub fn refresh(&mut self, link: LinkId, family: Family) {
        self.live.refresh(&mut self.model, link, family);
    }

    /// Looks at up to `budget` changed prefixes of each export group, and names the links that
    /// have something to pull; says whether prefixes are left.
    pub fn flush(&mut self, budget: usize, ready: impl FnMut(LinkId)) -> bool {
        self.live.flush(&mut self.model, budget, ready)
    }

    /// What a real peer is sent next.
    pub fn pull(&mut self, link: LinkId) -> Pull<'_> {
        self.live.pull(&mut self.model, link)
    }

    /// Keeps an encoded batch for the other members of the group.
    pub fn keep_encoded(&mut self, link: LinkId, ticket: Ticket, bytes: Bytes) {
        self.live.keep_encoded(&mut self.model, link, ticket, bytes);
    }

    /// Prefixes that were found since the last call to be kept back from a real peer because no
    /// message to it can hold them: it was sent a withdrawal if it had such a route before.
    pub fn take_unsendable(&mut self) -> Vec<(LinkId, Prefix)> {
        self.live.take_unsendable()
    }

    /// What a real peer holds of us by what it pulled until now: the attributes that it was sent
    /// last; none where it may have been sent something that is not certain. A prefix that is not
    /// there it does not hold.
    pub fn sent_routes(&self, link: LinkId) -> BTreeMap<Prefix, Option<Attrs>> {
        let states = self.live.sent_state(&self.model, link);
        let routes = states.into_iter().flatten();
        let routes = routes.flat_map(|(_, state)| state.routes);
        routes
            .map(|(prefix, attrs)| (prefix, attrs.map(|id| self.sent_attrs(link, id))))
            .collect()
    }

    /// What a real peer holds of us that takes several paths of a prefix (RFC 7911), by what it
    /// pulled until now: like [`sent_routes`](Self::sent_routes), each path under its identifier.
    /// None if it takes one path of each prefix.
    pub fn sent_paths(&self, link: LinkId) -> Option<BTreeMap<Nlri, Option<Attrs>>> {
        let held = self.live.held_paths(link)?.into_iter();
        let held = held.map(|((prefix, id), attrs)| {
            let path_id = Some(id);
            let attrs = attrs.map(|attrs| self.sent_attrs(link, attrs));
            (Nlri { prefix, path_id }, attrs)
        });
        Some(held.collect())
    }

    /// How many routes a real peer is sent, and how many no message to it can hold.
    pub(crate) fn sent_counts(&self, link: LinkId) -> (usize, usize) {
        self.live.sent_counts(&self.model, link)
    }

    /// The model of everything as it is now, started from nothing.
    pub(crate) fn afresh(&self) -> Option<Result<Model, NotConverged>> {
        self.model.afresh()
    }

    /// How many routes a circuit is sent over a connection, or would be.
    pub(crate) fn route_count(&self, link: LinkId) -> usize {
        self.model.route_count(link)
    }

    /// The receiver's RIB, and what it calls the sender.
    pub(crate) fn inbound(&self, adjacency: AdjacencyId) -> Option<(RibView<'_>, SourceId)> {
        self.model.ribs().inbound(adjacency)
    }

    /// What the receiver holds as received, import's rejects left out.
    pub(crate) fn received(&self, adjacency: AdjacencyId) -> Vec<(Prefix, Attrs)> {
        self.received_of(adjacency, Only::All)
    }

    /// The same of some prefixes.
    pub(crate) fn received_of(
        &self,
        adjacency: AdjacencyId,
        only: Only<'_>,
    ) -> Vec<(Prefix, Attrs)> {
        let Some((rib, source)) = self.inbound(adjacency) else {
            return Vec::new();
        };
        let routes = only.of(rib, source).into_iter();
        let learned = routes.filter(RibView::is_learned);
        learned
            .map(|route| (route.prefix, rib.attrs(route.received)))
            .collect()
    }
}
