//! What can be read of an exchange besides its tables: who speaks with whom, every RIB, what each
//! speaker sends to each neighbour, and what the fabric makes of it.
//!
//! This is what explanations, traces and findings are made from. Nothing is decided here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub_policy::{Outcome, RouteMeta};
use routehub_rib::{AdjIn, BestPath, BestSet, PathView, SourceCounts, SourceId};
use routehub_types::{AttrId, Attrs, Prefix, RuleId};

use crate::estate::Nic;
use crate::exchange::Exchange;
use crate::exchange_table::Class;
use crate::graph;
use crate::rules;
use crate::speaker_table::Table;

pub use crate::addresses::{GATEWAY_SUBNET, ROUTE_SERVER_SUBNET};
pub use crate::announce::UNKNOWN_ADDRESS;
pub use crate::effective::{NicView, ProgrammedRoute};
pub use crate::graph::Graph;
pub use crate::link::{CircuitConnection, Down, End, Link, LinkId, LinkKind, Side};
pub use crate::programmed::Programmers;
pub use crate::speaker::{Speaker, SpeakerId, SpeakerKind};
pub use crate::speaker_table::Origin;
pub use crate::topology::{Neighbor, Topology, VnetId};

impl Exchange {
    /// The virtual networks and their peerings.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The speakers and their links.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The RIB of a speaker; none if it only ends routes.
    pub fn rib(&self, speaker: SpeakerId) -> Option<RibView<'_>> {
        let table = self.table(speaker)?;
        Some(RibView {
            exchange: self,
            table,
        })
    }

    /// What the speaker on the side of the sender sends over a link.
    pub fn outbound(&self, link: LinkId, sender: Side) -> Outbound<'_> {
        Outbound {
            exchange: self,
            link,
            sender,
        }
    }

    /// What a speaker sends to each of its neighbours, in the order of its links.
    pub fn outbound_from(&self, speaker: SpeakerId) -> impl Iterator<Item = Outbound<'_>> {
        let links = self.graph.links_of(speaker).iter();
        links.filter_map(move |link| {
            Some(self.outbound(*link, self.graph.link(*link).side_of(speaker)?))
        })
    }

    /// What each of its neighbours sends to a speaker, in the order of its links.
    pub fn outbound_to(&self, speaker: SpeakerId) -> impl Iterator<Item = Outbound<'_>> {
        let links = self.graph.links_of(speaker).iter();
        links.filter_map(move |link| {
            let receiver = self.graph.link(*link).side_of(speaker)?;
            Some(self.outbound(*link, receiver.other()))
        })
    }

    /// Why a Route Server would refuse an NVA, by its place in the estate, as a peer (R-001,
    ///
    pub fn peer_refusal(&self, nva: usize, route_server: &str) -> Option<RuleId> {
        let (estate, parameters) = (&self.estate, &self.parameters);
        graph::refusal(estate, parameters, &self.topology, nva, route_server)
    }

    /// What the networks' NICs are programmed with.
    pub fn fabric(&self) -> Fabric<'_> {
        Fabric(self)
    }

    /// The length of the AS path of an attribute set, as the decision counts it.
    pub fn path_length(&self, id: AttrId) -> u16 {
        self.store.key(id).path_length
    }
}

/// The routes of one speaker.
#[derive(Clone, Copy)]
pub struct RibView<'a> {
    exchange: &'a Exchange,
    table: &'a Table,
}

impl<'a> RibView<'a> {
    /// Prefixes that have a best path, in order.
    pub fn prefixes(self) -> impl Iterator<Item = Prefix> + 'a {
        self.table.prefixes()
    }

    /// All paths of a prefix and where each stands, those in use first.
    pub fn paths(self, prefix: Prefix) -> Vec<PathView> {
        self.table.rib.paths(&self.exchange.store, prefix)
    }

    /// The paths in use for a prefix, the best one first.
    pub fn best(self, prefix: Prefix) -> BestSet {
        self.table.rib.best(prefix)
    }

    /// The longest prefix around an address that has a best path, and that path.
    pub fn longest_match(self, address: IpAddr) -> Option<(Prefix, BestPath)> {
        let (prefix, best) = self.table.rib.longest_match(address)?;
        Some((prefix, *best.first()?))
    }

    /// Where the routes of a source come from.
    pub fn origin(self, source: SourceId) -> Origin {
        self.table.origin(source)
    }

    /// What a source announced, with what import made of it, in order.
    pub fn adj_in(self, source: SourceId) -> impl Iterator<Item = AdjIn> + 'a {
        self.table.adj_in(source)
    }

    /// How many routes a source announced, and what became of them.
    pub fn counts(self, source: SourceId) -> SourceCounts {
        self.table.rib.counts(source)
    }
}

/// What one speaker sends to a neighbour, and why not.
#[derive(Clone, Copy)]
pub struct Outbound<'a> {
    exchange: &'a Exchange,
    link: LinkId,
    sender: Side,
}

impl<'a> Outbound<'a> {
    /// The link.
    pub fn link(self) -> &'a Link {
        self.exchange.graph.link(self.link)
    }

    /// Who sends.
    pub fn sender(self) -> SpeakerId {
        self.link().end(self.sender).speaker
    }

    /// Who receives.
    pub fn receiver(self) -> SpeakerId {
        self.link().end(self.sender.other()).speaker
    }

    /// What the receiver's RIB calls the sender; none if the receiver only ends routes.
    pub fn source(self) -> Option<SourceId> {
        self.exchange.direction_of(self.link, self.sender).source
    }

    /// What the sender announces here of its own accord.
    pub fn originated(self) -> BTreeMap<Prefix, Attrs> {
        let all = self.exchange.stated(self.link, self.sender).into_iter();
        all.filter_map(|(prefix, attrs)| Some((prefix, attrs?)))
            .collect()
    }

    /// The same for one prefix; none if it is not the sender's own.
    ///
    /// # Errors
    /// [`ANNOUNCED_TO_OTHERS`](rules::ANNOUNCED_TO_OTHERS) if other neighbours hear of it only.
    pub fn originated_for(self, prefix: Prefix) -> Option<Result<Attrs, RuleId>> {
        let own = self.exchange.stated_for(self.link, self.sender, prefix)?;
        Some(own.ok_or(rules::ANNOUNCED_TO_OTHERS))
    }

    /// The sender's own prefixes around a destination, those for others included.
    pub fn originated_around(self, destination: Prefix) -> impl Iterator<Item = Prefix> + 'a {
        self.exchange
            .stated_around(self.link, self.sender, destination)
    }

    /// What the sender makes of a prefix of its RIB, whether or not the link is up: as what it
    /// leaves.
    ///
    /// # Errors
    /// The rule that keeps it back.
    pub fn route_for(self, prefix: Prefix) -> Result<(Prefix, Attrs), RuleId> {
        self.exchange.passed_on(self.link, self.sender, prefix)
    }

    /// Everything that is sent; nothing if the link is down.
    pub fn routes(self) -> BTreeMap<Prefix, Attrs> {
        self.exchange.offers(self.link, self.sender)
    }

    /// The rules that change a prefix of the sender's RIB on its way out.
    pub fn changing_rules(self, prefix: Prefix) -> Vec<RuleId> {
        let Some(table) = self.exchange.table(self.sender()) else {
            return Vec::new();
        };
        let Some(best) = table.rib.best(prefix).first().copied() else {
            return Vec::new();
        };
        let meta = RouteMeta {
            source: table.class(best.source),
            neighbor: None,
        };
        let export = &self.exchange.direction_of(self.link, self.sender).export;
        let attrs = self.exchange.store.attrs(best.attrs);
        let (verdict, steps) = export.explain(&attrs, prefix, &meta);
        if !matches!(verdict.outcome, Outcome::Accept { .. }) {
            return Vec::new();
        }
        let changing = steps.iter().filter(|step| step.changed);
        let rules = changing.map(|step| step.rule);
        rules.filter(|rule| *rule != rules::NONE).collect()
    }

    /// Whether the sender passes routes of a class on to the receiver.
    pub fn lets_pass(self, class: Class) -> bool {
        let policies = self.exchange.policies();
        policies.lets_pass(self.link(), self.sender, class)
    }

    /// The route map on what the sender sends, if that is a Route Server.
    pub fn outbound_map(self) -> Option<String> {
        let policies = self.exchange.policies();
        let map = policies.outbound_map(self.link(), self.sender)?;
        Some(map.name.clone())
    }

    /// The route map on what the receiver takes in, if that is a Route Server.
    pub fn inbound_map(self) -> Option<String> {
        let policies = self.exchange.policies();
        let map = policies.inbound_map(self.link(), self.sender.other())?;
        Some(map.name.clone())
    }
}

/// What the networks' NICs are programmed with.
#[derive(Clone, Copy)]
pub struct Fabric<'a>(&'a Exchange);

impl<'a> Fabric<'a> {
    /// What decides the effective routes of a NIC; none if its network is not known.
    pub fn nic(self, nic: &'a Nic) -> Option<NicView<'a>> {
        self.0.nic_view(nic)
    }

    /// Who programs a NIC of a network: those in the network, else in the hub it uses.
    pub fn programmers(self, vnet: VnetId, nic: &str) -> Programmers {
        self.0.programmers(vnet, nic)
    }

    /// The Route Server instances and gateways in a network.
    pub fn programmers_in(self, vnet: VnetId) -> Programmers {
        self.0.sources(vnet)
    }

    /// The route that these programmers have for a prefix.
    pub fn programmed_route(self, by: &Programmers, prefix: Prefix) -> Option<ProgrammedRoute> {
        self.0.programmed_route(by, prefix)
    }

    /// Every route that these programmers have, by prefix.
    pub fn programmed(self, by: &Programmers) -> impl Iterator<Item = ProgrammedRoute> + 'a {
        self.0.programmed_from(by.clone())
    }

    /// How many NICs stand in a network and in those that use it.
    pub fn nics_served(self, vnet: &str) -> usize {
        self.0.machines(vnet)
    }

    /// Whether a Route Server was deleted by an event.
    pub fn is_removed(self, speaker: SpeakerId) -> bool {
        self.0.is_removed(speaker)
    }
}
