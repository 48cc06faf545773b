//! What one speaker sends to another, and why not: the one answer. The model's Adj-RIB-Out is
//! this view; nothing is stored but the static routes of NVAs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use routehub_rib::SourceId;
use routehub_types::{AsPath, Asn, Attrs, Family, Prefix, RuleId};

use crate::estate::{Nva, Origination, RouteMapAction, Routes, SessionRole};
use crate::graph::{
    AdjacencyId, Deployment, Link, LinkId, PeerClass, Side, Speaker, SpeakerId, SpeakerKind,
    UNKNOWN_ADDRESS,
};
use crate::policy::Policies;
use crate::ribs::{Only, RibView, Ribs, is_unsendable};
use crate::rules;

/// Routes by prefix; where a prefix is stated twice, the later statement wins.
pub(super) type Announcements = BTreeMap<Prefix, Arc<Attrs>>;

/// No routes.
static NONE: Announcements = Announcements::new();

/// The static routes of NVAs' sessions with Route Servers: sent exactly so.
#[derive(Clone, Debug, Default)]
pub(super) struct StaticRoutes {
    by_session: BTreeMap<AdjacencyId, Announcements>,
    /// The prefixes that each NVA originates, in order: who passes on many asks for each.
    originated: BTreeMap<SpeakerId, Vec<Prefix>>,
}

impl StaticRoutes {
    /// Enters what the estate says for a link.
    pub(super) fn enter(&mut self, deployment: &Deployment, link: LinkId) {
        let graph = deployment.graph();
        let from_nva = link.from(Side::A);
        let server = graph.receiver(from_nva);
        let Some((nva, instance)) = deployment
            .nva(graph.sender(from_nva))
            .zip(server.route_server_instance())
        else {
            return;
        };
        let fits = nva.advertises.iter().filter(|advertisement| {
            advertisement.to == server.name
                && advertisement.instance.is_none_or(|only| only == instance)
        });
        let announcements = announcements(nva, fits.map(|advertisement| &advertisement.routes));
        self.by_session.insert(from_nva, announcements);
    }

    /// Enters what the estate says that NVAs originate.
    pub(super) fn enter_originated(&mut self, deployment: &Deployment) {
        let graph = deployment.graph();
        for id in graph.speakers() {
            if let Some(nva) = deployment.nva(graph.speaker(id)) {
                let own = nva.originates.iter().flat_map(|own| &own.routes.prefixes);
                let mut own: Vec<Prefix> = own.copied().collect();
                own.sort_unstable();
                own.dedup();
                self.originated.insert(id, own);
            }
        }
    }

    /// Forgets a link, and an NVA whose last one it was.
    pub(super) fn forget(&mut self, link: LinkId, nva: Option<SpeakerId>) {
        for adjacency in link.adjacencies() {
            self.by_session.remove(&adjacency);
        }
        if let Some(nva) = nva {
            self.originated.remove(&nva);
        }
    }

    /// Whether it is known that an NVA does not originate a prefix.
    fn is_foreign(&self, nva: SpeakerId, prefix: Prefix) -> bool {
        let own = self.originated.get(&nva);
        own.is_some_and(|own| own.binary_search(&prefix).is_err())
    }

    /// Goes on from what an NVA sent when its estate was described in another way: what events
    /// changed stays changed, unless the description says something else of the prefix.
    pub(super) fn carry_over(
        &mut self,
        from_nva: AdjacencyId,
        (before, old): (&Self, &Deployment),
        old_from_nva: AdjacencyId,
    ) {
        let Some(sent) = before.by_session.get(&old_from_nva) else {
            return;
        };
        let mut entered = Self::default();
        entered.enter(old, old_from_nva.link);
        let described = entered.by_session.get(&old_from_nva).unwrap_or(&NONE);
        let routes = self.by_session.entry(from_nva).or_default();
        for prefix in sent.keys().chain(described.keys()) {
            let by_event = sent.get(prefix) != described.get(prefix);
            if !by_event || routes.get(prefix) != described.get(prefix) {
                continue;
            }
            match sent.get(prefix) {
                Some(attrs) => {
                    routes.insert(*prefix, Arc::clone(attrs));
                }
                None => {
                    routes.remove(prefix);
                }
            }
        }
    }

    /// Adds routes to those that an NVA sends; they replace those of the same prefixes.
    pub(super) fn add(&mut self, from_nva: AdjacencyId, routes: Announcements) {
        let own = self.by_session.entry(from_nva).or_default();
        own.extend(routes);
    }

    /// What an NVA sends, by prefix.
    pub(super) fn prefixes(&self, from_nva: AdjacencyId) -> &Announcements {
        self.by_session.get(&from_nva).unwrap_or(&NONE)
    }

    /// Takes prefixes off those that an NVA sends.
    pub(super) fn remove(&mut self, from_nva: AdjacencyId, prefixes: &[Prefix]) {
        let routes = self.by_session.entry(from_nva).or_default();
        for prefix in prefixes {
            routes.remove(prefix);
        }
    }
}

/// An NVA's static routes; a path that is not given is the NVA's ASN.
pub(super) fn announcements<'a>(
    nva: &Nva,
    routes: impl IntoIterator<Item = &'a Routes>,
) -> Announcements {
    let mut all = Announcements::new();
    for routes in routes {
        let attrs = Arc::new(attributes(routes, &[nva.asn], nva.ip));
        let prefixes = routes.prefixes.iter();
        all.extend(prefixes.map(|prefix| (*prefix, Arc::clone(&attrs))));
    }
    all
}

fn attributes(routes: &Routes, path: &[Asn], next_hop: IpAddr) -> Attrs {
    let path = routes.as_path.as_deref().unwrap_or(path);
    let path = AsPath::sequence(path.iter().copied());
    let mut attrs = Attrs::new(path, routes.next_hop.unwrap_or(next_hop));
    attrs.origin = routes.origin;
    attrs.med = routes.med;
    for community in &routes.communities {
        attrs.add_community(*community);
    }
    attrs
}

/// What one speaker sends to a neighbour, and why not.
#[derive(Clone, Copy)]
pub struct Outbound<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) ribs: &'a Ribs,
    pub(super) static_routes: &'a StaticRoutes,
    pub(super) adjacency: AdjacencyId,
}

/// Routes of a speaker's own by prefix; none is for a route of which this neighbour does not hear.
pub(super) type Originated = BTreeMap<Prefix, Option<Attrs>>;

impl<'a> Outbound<'a> {
    /// The link.
    pub fn link(self) -> &'a Link {
        self.deployment.graph().link(self.adjacency.link)
    }

    /// The link by its place in the graph.
    pub const fn link_id(self) -> LinkId {
        self.adjacency.link
    }

    /// Who sends.
    pub fn sender(self) -> SpeakerId {
        self.link().end(self.adjacency.sender).speaker
    }

    /// Who receives.
    pub fn receiver(self) -> SpeakerId {
        self.deployment.graph().receiver_id(self.adjacency)
    }

    /// What the receiver's RIB calls the sender; none if the receiver only ends routes.
    pub fn source(self) -> Option<SourceId> {
        self.ribs.source(self.adjacency)
    }

    fn sending_speaker(self) -> &'a Speaker {
        self.deployment.graph().sender(self.adjacency)
    }

    /// The static routes that are sent.
    fn static_routes(self) -> &'a Announcements {
        let routes = self.static_routes.by_session.get(&self.adjacency);
        routes.filter(|_| !self.link().live).unwrap_or(&NONE)
    }

    /// The prefixes that a gateway announces here in the place of networks.
    fn summaries(self) -> impl Iterator<Item = Prefix> {
        self.deployment.gateway_summaries(self.adjacency)
    }

    /// Whether a gateway announces the prefix here in the place of networks.
    pub fn is_summary(self, prefix: Prefix) -> bool {
        self.summaries().any(|summary| summary == prefix)
    }

    /// What a summary carries: the gateway's ASN and address.
    fn summary_attrs(self) -> Attrs {
        let asn = self.sending_speaker().asn;
        let next_hop = self
            .deployment
            .graph()
            .sending_end(self.adjacency)
            .next_hop();
        Attrs::new(AsPath::sequence(asn), next_hop)
    }

    /// Routes that the estate gives a modelled sender, of an NVA with who is to hear of them. Of
    /// equal prefixes the later counts.
    fn described(self) -> impl DoubleEndedIterator<Item = (&'a Routes, Option<&'a Origination>)> {
        let estate = self.deployment.estate();
        let sender = self.sending_speaker().kind;
        let own = self.link().kind.static_routes();
        let (routes, originates): (&[Routes], &[Origination]) = match (own, sender) {
            _ if self.link().live => (&[], &[]),
            (Some(own), SpeakerKind::Site { .. }) => (std::slice::from_ref(own), &[]),
            (_, SpeakerKind::Site { site }) => (&estate.sites[site].routes, &[]),
            (_, SpeakerKind::Nva { nva }) => (&[], &estate.nvas[nva].originates),
            _ => (&[], &[]),
        };
        let of_link: Vec<&Routes> = match sender {
            SpeakerKind::CustomerEdge { circuit, link } if !self.link().live => {
                estate.circuits[circuit].announced(link).collect()
            }
            _ => Vec::new(),
        };
        let originated = originates.iter().map(|own| (&own.routes, Some(own)));
        let described = routes.iter().chain(of_link).map(|routes| (routes, None));
        described.chain(originated)
    }

    /// What described routes carry: the sender's ASN as path where none is given, in front of it
    /// what an NVA sends over eBGP; neither path nor next hop where the link is static. None if
    /// only other neighbours hear of them.
    fn described_attrs(self, routes: &Routes, origination: Option<&Origination>) -> Option<Attrs> {
        let (graph, link) = (self.deployment.graph(), self.link());
        if link.kind.is_static() {
            return Some(Attrs::new(AsPath::empty(), UNKNOWN_ADDRESS));
        }
        let asn = self.sending_speaker().asn;
        let next_hop = graph.sending_end(self.adjacency).next_hop();
        let Some(origination) = origination else {
            return Some(attributes(routes, asn.as_slice(), next_hop));
        };
        let neighbor = &graph.receiver(self.adjacency).name;
        if !origination.to.is_empty() && !origination.to.contains(neighbor) {
            return None;
        }
        let mut attrs = attributes(routes, &[], next_hop);
        if let Some(asn) = asn.filter(|_| link.external) {
            let times = 1 + usize::from(origination.prepend);
            attrs.as_path.prepend(asn, times);
        }
        Some(attrs)
    }

    /// What the sender announces here of its own accord.
    pub fn originated(self) -> BTreeMap<Prefix, Attrs> {
        let own = self.all_originated().into_iter();
        own.filter_map(|(prefix, attrs)| Some((prefix, attrs?)))
            .collect()
    }

    /// The same with the prefixes that only others hear of: those are not passed on either.
    pub(super) fn all_originated(self) -> Originated {
        let mut own = Originated::new();
        for (routes, origination) in self.described() {
            let attrs = self.described_attrs(routes, origination);
            for prefix in &routes.prefixes {
                let slot = own.entry(*prefix).or_insert(None);
                if attrs.is_some() {
                    slot.clone_from(&attrs);
                }
            }
        }
        for summary in self.summaries() {
            own.insert(summary, Some(self.summary_attrs()));
        }
        let fixed = self.static_routes().iter();
        own.extend(fixed.map(|(prefix, attrs)| (*prefix, Some(Attrs::clone(attrs)))));
        own
    }

    /// What the sender announces of its own accord for a prefix; none if it is not the sender's
    /// own, so that it may be passed on.
    ///
    /// # Errors
    /// [`ANNOUNCED_TO_OTHERS`](rules::ANNOUNCED_TO_OTHERS) if only other neighbours hear of it.
    pub fn originated_for(self, prefix: Prefix) -> Option<Result<Attrs, RuleId>> {
        if let Some(attrs) = self.static_routes().get(&prefix) {
            return Some(Ok(Attrs::clone(attrs)));
        }
        if self.is_summary(prefix) {
            return Some(Ok(self.summary_attrs()));
        }
        if self.static_routes.is_foreign(self.sender(), prefix) {
            return None;
        }
        let own = self.described();
        let mut own = own
            .filter(|(routes, _)| routes.prefixes.contains(&prefix))
            .peekable();
        own.peek()?;
        let mut sent = own.filter_map(|(routes, own)| self.described_attrs(routes, own));
        Some(sent.next_back().ok_or(rules::ANNOUNCED_TO_OTHERS))
    }

    /// The prefixes around a destination among those that the estate describes as the sender's own.
    pub(super) fn described_around(self, destination: Prefix) -> impl Iterator<Item = Prefix> {
        let described = self.described();
        described.flat_map(move |(routes, _)| {
            let prefixes = routes.prefixes.iter().copied();
            // A list may have thousands: what is around is found in one go.
            let around = prefixes.filter(|prefix| prefix.contains(destination));
            around.collect::<Vec<_>>()
        })
    }

    /// The same among its static routes and summaries.
    pub(super) fn static_around(self, destination: Prefix) -> impl Iterator<Item = Prefix> {
        let prefixes = self.all_static();
        prefixes.filter(move |prefix| prefix.contains(destination))
    }

    /// The prefixes of its static routes and summaries.
    pub(super) fn all_static(self) -> impl Iterator<Item = Prefix> {
        let prefixes = self.static_routes().keys().copied();
        prefixes.chain(self.summaries())
    }

    /// The prefixes that the estate describes as the sender's own.
    pub(super) fn all_described(self) -> impl Iterator<Item = Prefix> {
        let described = self.described();
        described.flat_map(|(routes, _)| routes.prefixes.iter().copied())
    }

    /// What the sender makes of a prefix of its RIB, whether or not the link is up: as what it
    /// leaves.
    ///
    /// # Errors
    /// The rule that keeps it back.
    pub fn route_for(self, prefix: Prefix) -> Result<(Prefix, Attrs), RuleId> {
        self.ribs.exported(self.adjacency).route(prefix)
    }

    /// Everything that is sent to prefixes around a destination; nothing if the link is down.
    pub fn routes_around(self, destination: Prefix) -> BTreeMap<Prefix, Attrs> {
        if !self.link().is_up() {
            return BTreeMap::new();
        }
        if self.rewrites_prefixes() {
            let mut routes = self.routes_if_up();
            routes.retain(|prefix, _| prefix.contains(destination));
            return routes;
        }
        let own = self.described_around(destination);
        let own = own.chain(self.static_around(destination));
        let held = self.ribs.rib(self.sender()).into_iter();
        let held = held.flat_map(|rib| rib.covering(destination));
        let around: BTreeSet<Prefix> = own.chain(held).collect();
        let sent = around
            .into_iter()
            .filter_map(|prefix| match self.originated_for(prefix) {
                Some(own) => Some((prefix, own.ok()?)),
                None => self.route_for(prefix).ok(),
            });
        sent.collect()
    }

    /// Everything that is sent; nothing if the link is down.
    pub fn routes(self) -> BTreeMap<Prefix, Attrs> {
        if self.link().is_up() {
            self.routes_if_up()
        } else {
            BTreeMap::new()
        }
    }

    /// What is sent of some prefixes, which are not put under others on their way.
    pub(crate) fn routes_of(self, prefixes: &[Prefix]) -> BTreeMap<Prefix, Attrs> {
        let prefixes = prefixes.iter().filter(|_| self.link().is_up());
        let routes = prefixes.filter_map(|prefix| match self.originated_for(*prefix) {
            Some(own) => Some((*prefix, own.ok()?)),
            None => self.route_for(*prefix).ok(),
        });
        routes.collect()
    }

    /// What is sent of all prefixes, or of some.
    pub(crate) fn routes_only(self, only: Only<'_>) -> BTreeMap<Prefix, Attrs> {
        match only {
            Only::All => self.routes(),
            Only::These(prefixes) => self.routes_of(prefixes),
        }
    }

    /// Everything that would be sent if the link were up.
    pub fn routes_if_up(self) -> BTreeMap<Prefix, Attrs> {
        self.routes_and_unsendable().0
    }

    /// How many IPv4 and how many IPv6 routes are sent.
    pub fn counts(self) -> [usize; 2] {
        match self.link().is_up() {
            true => self.counts_if_up(),
            false => [0; 2],
        }
    }

    /// How many IPv4 and how many IPv6 routes would be sent if the link were up.
    pub fn counts_if_up(self) -> [usize; 2] {
        let count = |prefixes: &mut dyn Iterator<Item = Prefix>| {
            let mut counts = [0; 2];
            for prefix in prefixes {
                counts[usize::from(prefix.family() == Family::Ipv6)] += 1;
            }
            counts
        };
        if self.rewrites_prefixes() {
            return count(&mut self.routes_if_up().into_keys());
        }
        let originated = self.all_originated();
        let exported = self.ribs.exported(self.adjacency).prefixes();
        let propagated = exported.filter(|prefix| !originated.contains_key(prefix));
        let own = originated.iter().filter(|(_, attrs)| attrs.is_some());
        count(&mut propagated.chain(own.map(|(prefix, _)| *prefix)))
    }

    /// The same, and the prefixes of the sender's RIB that no message to the receiver can hold.
    pub(super) fn routes_and_unsendable(self) -> (BTreeMap<Prefix, Attrs>, Vec<Prefix>) {
        let mut unsendable = Vec::new();
        let originated = self.all_originated();
        let mut propagated = BTreeMap::new();
        let rib = self.ribs.rib(self.sender()).into_iter();
        let held = rib.flat_map(RibView::prefixes);
        for prefix in held.filter(|prefix| !originated.contains_key(prefix)) {
            let (sent, attrs) = match self.route_for(prefix) {
                Ok(route) => route,
                Err(rule) => {
                    unsendable.extend(is_unsendable(rule).then_some(prefix));
                    continue;
                }
            };
            // Where a map puts one prefix in the place of several, or of one that is there
            // already, the shortest AS path is sent, then what has its own name.
            let merit = (attrs.as_path.length(), sent != prefix);
            let better = |(best, _): &((usize, bool), Attrs)| merit < *best;
            if propagated.get(&sent).is_none_or(better) {
                propagated.insert(sent, (merit, attrs));
            }
        }
        let propagated = propagated.into_iter();
        let propagated = propagated.map(|(prefix, (_, attrs))| (prefix, attrs));
        let own = originated.into_iter();
        let own = own.filter_map(|(prefix, attrs)| Some((prefix, attrs?)));
        (propagated.chain(own).collect(), unsendable)
    }

    /// The rules that change a prefix on its way out, or put it in the place of others.
    pub fn changing_rules(self, prefix: Prefix) -> Vec<RuleId> {
        if self.is_summary(prefix) {
            return vec![rules::SUMMARIZED_GATEWAY_PREFIXES];
        }
        self.ribs.exported(self.adjacency).changing_rules(prefix)
    }

    /// Whether the sender passes routes of a class on to the receiver.
    pub fn lets_pass(self, class: PeerClass) -> bool {
        Policies::of(self.deployment).lets_pass(self.adjacency, class)
    }

    /// The part that a plain route server plays at one end of the link (RFC 9234).
    pub(crate) fn role(self) -> Option<SessionRole> {
        let options = self.deployment.session_options(self.adjacency.link);
        options.and_then(|options| options.role)
    }

    /// The name of the route map on what the sender sends, if that is a Route Server.
    pub fn outbound_map(self) -> Option<String> {
        Some(self.deployment.outbound_map(self.adjacency)?.name.clone())
    }

    /// The name of the route map on what the receiver takes in, if that is a Route Server.
    pub fn inbound_map(self) -> Option<String> {
        Some(self.deployment.inbound_map(self.adjacency)?.name.clone())
    }

    /// The rules of that map that change or drop a route of the sender's, by map and number.
    pub fn outbound_map_rules(self, prefix: Prefix) -> Vec<String> {
        self.ribs.exported(self.adjacency).map_rules(prefix)
    }

    /// The rules of the receiver's map that change or drop a route as it is sent.
    pub fn inbound_map_rules(self, prefix: Prefix, attrs: &Attrs) -> Vec<String> {
        self.ribs.inbound_map_rules(self.adjacency, prefix, attrs)
    }

    /// Whether what is sent may stand under another prefix than what it comes from.
    pub fn rewrites_prefixes(self) -> bool {
        if self.summaries().next().is_some() {
            return true;
        }
        let map = self.deployment.outbound_map(self.adjacency);
        let mut rules = map.into_iter().flat_map(|map| &map.rules);
        rules.any(|rule| {
            let mut actions = rule.actions.iter();
            actions.any(|action| matches!(action, RouteMapAction::ReplacePrefix(_)))
        })
    }
}
