//! The model: speakers, what they hold, and what they have still to tell each other.

mod bounds;
mod converge;
mod deliver;
mod description;
mod dynamic;
mod events;
mod footprint;
mod maximum;
mod outbound;
mod peerings;
mod pending;
mod resting;
mod sessions;
mod touched;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use routehub_rib::{Age, LimitExceeded};
use routehub_types::{AsPath, Attrs, Family, Instant, Prefix};

use crate::fabric::{Fabric, Journal};
use crate::graph::{AdjacencyId, Deployment, Link, LinkId, SpeakerId, UNKNOWN_ADDRESS, VnetId};
use crate::part::Part;
use crate::ribs::{Changed, Encoding, Origin, Ribs};

pub use converge::{NotConverged, some_of};
pub use events::EventError;
pub use footprint::Footprint;
pub use outbound::Outbound;
use outbound::StaticRoutes;
use pending::Pending;
use resting::Resting;
pub use sessions::SessionOrder;
use touched::Touched;
pub use touched::Watch;

/// A deployment at work.
///
/// Every change converges before it returns: afterwards no speaker has anything new to tell
/// another.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    deployment: Deployment,
    ribs: Ribs,
    static_routes: Part<StaticRoutes>,
    pending: Pending,
    journal: Journal,
    touched: Touched,
    /// What events look at, if it is written down.
    footprint: Option<Box<Footprint>>,
    /// Prefixes that never come to rest, while real routers take part.
    resting: Resting,
    /// Whether real routers take part.
    live: bool,
    /// Whether it came to rest before: what happens from here on are changes.
    started: bool,
    /// Links of real routers that are to be asked for their routes again.
    refreshes: Vec<LinkId>,
    /// What is to be done to sessions of real routers.
    orders: Vec<(LinkId, SessionOrder)>,
    /// Links whose peers have more routes than they may, and whose sessions go on.
    beyond: BTreeSet<LinkId>,
    /// Links on which something else is sent than before, of which real peers are to be told.
    exports_changed: BTreeSet<LinkId>,
    /// By how much the route limit of a link was last exceeded.
    exceeded: BTreeMap<LinkId, LimitExceeded>,
    now: Instant,
    seed: u64,
}

impl Model {
    /// The model of a deployment, converged.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate never comes to rest.
    pub(crate) fn new(deployment: Deployment, seed: u64) -> Result<Self, NotConverged> {
        let static_routes = Self::described_static_routes(&deployment);
        Self::started(deployment, static_routes, seed)
    }

    /// The same deployment, events included, as it rests when it starts from nothing: nobody holds
    /// anything from before. None if nothing happened yet, or where real routers would
    /// have to say what they announce.
    pub(crate) fn afresh(&self) -> Option<Result<Self, NotConverged>> {
        const SEED: u64 = 0;
        let graph = self.deployment.graph();
        let is_live = graph.links().any(|link| graph.link(link).live);
        let fresh = || {
            let static_routes = (*self.static_routes).clone();
            Self::started(self.deployment.clone(), static_routes, SEED)
        };
        (self.now != Instant::ZERO && !is_live).then(fresh)
    }

    /// The same, where forks share what they do not change.
    pub(crate) fn share(self) -> Self {
        Self {
            deployment: self.deployment.share(),
            ribs: self.ribs.share(),
            static_routes: self.static_routes.share(),
            ..self
        }
    }

    fn described_static_routes(deployment: &Deployment) -> StaticRoutes {
        let mut static_routes = StaticRoutes::default();
        for link in deployment.graph().links() {
            static_routes.enter(deployment, link);
        }
        static_routes.enter_originated(deployment);
        static_routes
    }

    fn started(
        deployment: Deployment,
        static_routes: StaticRoutes,
        seed: u64,
    ) -> Result<Self, NotConverged> {
        let mut model = Self::unsettled(deployment, static_routes, seed);
        model.synchronize_all();
        model.converge()?;
        model.started = true;
        Ok(model)
    }

    /// The model of a deployment in which every speaker knows its own routes, and nothing was told
    /// yet.
    fn unsettled(deployment: Deployment, static_routes: StaticRoutes, seed: u64) -> Self {
        let graph = deployment.graph();
        let live = graph.links().any(|link| graph.link(link).live);
        let mut model = Self {
            ribs: Ribs::new(&deployment, seed),
            deployment,
            static_routes: static_routes.into(),
            pending: Pending::new(seed),
            journal: Journal::default(),
            touched: Touched::default(),
            footprint: None,
            resting: Resting::default(),
            live,
            started: false,
            refreshes: Vec::new(),
            orders: Vec::new(),
            beyond: BTreeSet::new(),
            exports_changed: BTreeSet::new(),
            exceeded: BTreeMap::new(),
            now: Instant::ZERO,
            seed,
        };
        for speaker in model.deployment.graph().speakers() {
            model.announce_networks(speaker);
        }
        model
    }

    fn synchronize_all(&mut self) {
        for link in self.deployment.graph().links() {
            self.synchronize_link(link);
        }
    }

    pub(crate) fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    pub(crate) fn ribs(&self) -> &Ribs {
        &self.ribs
    }

    pub(crate) fn ribs_mut(&mut self) -> &mut Ribs {
        &mut self.ribs
    }

    pub(crate) fn journal_mut(&mut self) -> (&mut Journal, &Deployment) {
        (&mut self.journal, &self.deployment)
    }

    pub(crate) fn fabric(&self) -> Fabric<'_> {
        Fabric::new(&self.deployment, &self.ribs)
    }

    /// What the sender of an adjacency sends.
    pub(crate) fn outbound(&self, adjacency: AdjacencyId) -> Outbound<'_> {
        Outbound {
            deployment: &self.deployment,
            ribs: &self.ribs,
            static_routes: &self.static_routes,
            adjacency,
        }
    }

    /// The prefixes around a destination that a speaker announces of its own accord, to whomever.
    pub(crate) fn originated_around(&self, speaker: SpeakerId, to: Prefix) -> BTreeSet<Prefix> {
        let outbound = self.deployment.graph().outbound(speaker);
        let outbound: Vec<_> = outbound.map(|adjacency| self.outbound(adjacency)).collect();
        let fixed = outbound.iter().flat_map(|each| each.static_around(to));
        // What the estate describes is the same for every neighbour that a model plays.
        let modelled = outbound.iter().find(|each| !each.link().live).into_iter();
        fixed
            .chain(modelled.flat_map(|each| each.described_around(to)))
            .collect()
    }

    /// The prefixes that a speaker announces of its own accord, to whomever.
    pub(crate) fn originated_by(&self, speaker: SpeakerId) -> BTreeSet<Prefix> {
        let outbound = self.deployment.graph().outbound(speaker);
        let outbound: Vec<_> = outbound.map(|adjacency| self.outbound(adjacency)).collect();
        let fixed = outbound.iter().flat_map(|each| each.all_static());
        let modelled = outbound.iter().find(|each| !each.link().live).into_iter();
        fixed
            .chain(modelled.flat_map(|each| each.all_described()))
            .collect()
    }

    /// What the messages over an adjacency to a real router can hold from here on; none: it is not
    /// written to.
    pub(crate) fn set_encoding(
        &mut self,
        to_peer: AdjacencyId,
        encoding: Option<&Arc<dyn Encoding>>,
    ) {
        let encoding = encoding.map(Arc::clone);
        self.ribs.set_encoding(&self.deployment, to_peer, encoding);
    }

    /// The time at which the last change happened.
    pub(crate) const fn time(&self) -> Instant {
        self.now
    }

    /// By how much the route limit of a link was last exceeded.
    pub(crate) fn exceeded(&self, link: LinkId) -> Option<LimitExceeded> {
        self.exceeded.get(&link).copied()
    }

    /// Sets the time at which what follows happens.
    pub(crate) fn set_time(&mut self, now: Instant) {
        self.now = now;
    }

    /// The links of real routers that are to be asked for their routes again since the last call.
    pub(crate) fn take_refreshes(&mut self) -> Vec<LinkId> {
        std::mem::take(&mut self.refreshes)
    }

    /// What is to be done to sessions of real routers since the last call, in order.
    pub(crate) fn take_orders(&mut self) -> Vec<(LinkId, SessionOrder)> {
        std::mem::take(&mut self.orders)
    }

    /// Has a real router asked for its routes again.
    pub(crate) fn request_refresh(&mut self, link: LinkId) {
        self.refreshes.push(link);
    }

    /// The links on which something else is sent since the last call.
    pub(crate) fn take_exports_changed(&mut self) -> BTreeSet<LinkId> {
        std::mem::take(&mut self.exports_changed)
    }

    /// What has changed since somebody began to read.
    pub(crate) const fn touched(&self) -> &Touched {
        &self.touched
    }

    /// Anything may have changed for those who read.
    pub(crate) fn touch_all(&mut self) {
        self.touched.note_all();
    }

    /// Writes down that best paths changed at a speaker, and has its neighbours told if any
    /// listens.
    pub(crate) fn note_changed(&mut self, changed: Changed) {
        if changed.prefixes.is_empty() {
            return;
        }
        self.touched.note(changed.prefixes.iter().copied());
        if let Some(footprint) = &mut self.footprint {
            footprint.note_prefixes(changed.prefixes.iter().copied());
        }
        self.journal.note_paths(&self.deployment, &changed);
        if !self.resting.is_empty() {
            self.wake(&changed.prefixes);
        }
        if self.has_listeners(changed.speaker) {
            self.pending.add(changed);
        }
    }

    /// Something was told of prefixes: those that rest go on.
    #[cold]
    fn wake(&mut self, prefixes: &[Prefix]) {
        for prefix in prefixes {
            for speaker in self.resting.wake(*prefix) {
                let prefixes = vec![*prefix];
                self.pending.add(Changed { speaker, prefixes });
            }
        }
    }

    /// Prefixes that never come to rest and stay as they are for now, with the names of those who
    /// have something to tell of them.
    pub(crate) fn restless(&self) -> Vec<(Vec<String>, Vec<Prefix>)> {
        let graph = self.deployment.graph();
        let names = |speakers: &BTreeSet<SpeakerId>| {
            let names = speakers.iter().map(|id| graph.speaker(*id).to_string());
            names.collect()
        };
        let resting = self.resting.by_speakers().into_iter();
        resting
            .map(|(speakers, prefixes)| (names(speakers), prefixes))
            .collect()
    }

    /// Stale routes of a family at the receiver are long-lived stale from here on (RFC 9494 section
    /// 4.2).
    pub(crate) fn mark_long_lived(&mut self, adjacency: AdjacencyId, family: Family) {
        let parameters = self.deployment.parameters();
        let changed = self.ribs.mark_long_lived(adjacency, parameters, family);
        self.note_changed(changed);
    }

    /// Drops the routes of a family that are still at least so old at the receiver.
    pub(crate) fn sweep(
        &mut self,
        adjacency: AdjacencyId,
        family: Family,
        youngest: Age,
    ) -> Result<(), NotConverged> {
        let changed = self.ribs.sweep(adjacency, family, youngest);
        self.note_changed(changed);
        self.converge()
    }

    /// Whether a speaker has something to tell its neighbours.
    pub(crate) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether a speaker has a neighbour that keeps what it hears of it.
    fn has_listeners(&self, speaker: SpeakerId) -> bool {
        let mut outbound = self.deployment.graph().outbound(speaker);
        outbound.any(|adjacency| self.ribs.passes_routes(adjacency))
    }

    /// Changes how a link stands, and does what follows.
    pub(crate) fn change_link(&mut self, link: LinkId, change: impl FnOnce(&mut Link)) {
        self.note_changed_link(link);
        match self.deployment.change_link(link, change) {
            (true, false) => {
                self.touched.note_all();
                self.journal.note_link(link);
                self.withdraw_all(link);
            }
            (false, true) => {
                self.touched.note_all();
                self.journal.note_link(link);
                self.synchronize_link(link);
            }
            _ => {}
        }
    }

    /// Drops what both ends of a link that went down hold from each other.
    fn withdraw_all(&mut self, link: LinkId) {
        for adjacency in link.adjacencies() {
            let changed = self.ribs.withdraw_all(adjacency);
            self.note_changed(changed);
        }
    }

    /// The network of a speaker that announces networks. A plain route server has no routes of its
    /// own (RFC 7947): peers' routes do not compete with them.
    fn announced_network(&self, id: SpeakerId) -> Option<VnetId> {
        let speaker = self.deployment.graph().speaker(id);
        let is_plain = speaker.is_route_server() && self.deployment.parameters().transparent;
        speaker
            .vnet
            .filter(|_| speaker.programs_nics() && !is_plain)
    }

    /// Makes a speaker's RIB hold the prefixes of its network and of those that use it.
    fn announce_networks(&mut self, id: SpeakerId) {
        let Some(vnet) = self.announced_network(id) else {
            return;
        };
        let ipv6 = self.has_ipv6(id);
        let fits = |prefix: &Prefix| ipv6 || matches!(prefix, Prefix::V4(_));
        let topology = self.deployment.topology();
        let own = topology.space(vnet).iter().copied();
        let own: BTreeSet<Prefix> = own.filter(fits).collect();
        let spokes: BTreeSet<Prefix> = topology.spoke_space(vnet).filter(fits).collect();
        for (origin, wanted) in [(Origin::OwnNetwork, own), (Origin::Spoke, spokes)] {
            let changed = self.ribs.set_local(id, origin, &of_network(), &wanted);
            changed
                .into_iter()
                .for_each(|changed| self.note_changed(changed));
        }
    }

    /// Whether a speaker has the IPv6 prefixes of networks: a Route Server has none;
    /// gateways do.
    fn has_ipv6(&self, id: SpeakerId) -> bool {
        let is_server = self.deployment.graph().speaker(id).is_route_server();
        !is_server || self.deployment.parameters().ipv6
    }
}

/// What the prefixes of networks carry.
fn of_network() -> Attrs {
    Attrs::new(AsPath::empty(), UNKNOWN_ADDRESS)
}
