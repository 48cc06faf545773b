//! An estate as it stands: what it consists of now, and which of it is up.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_policy::Policy;
use routehub_types::{Asn, Prefix, RuleId};

use super::Graph;
use super::build::GraphBuilder;
use super::link::{AdjacencyId, Down, Link, LinkId, LinkKind};
use super::speaker::{Speaker, SpeakerId, SpeakerKind};
use super::topology::{Topology, VnetId};
use super::transit::{TopologyChange, TransitSpaces};
use crate::estate::{
    CheckedEstate, Estate, Gateway, Nva, Peering, RouteMap, RouteServer, SessionOptions,
};
use crate::parameters::Parameters;
use crate::part::Part;
use crate::rules;

/// Names of the inbound and outbound route map of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MapNames {
    pub(crate) inbound: Option<String>,
    pub(crate) outbound: Option<String>,
}

/// An estate, the graph that it makes, and what events have done to both.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    parameters: Part<Parameters>,
    pub(super) estate: Part<Estate>,
    pub(super) topology: Topology,
    transit: Part<TransitSpaces>,
    pub(super) graph: Part<Graph>,
    /// Names of the speakers that real routers play.
    pub(super) live: BTreeSet<String>,
    /// Route maps on connections with gateways, by Route Server and gateway. (Those with NVAs
    /// stand in the estate.)
    gateway_maps: BTreeMap<(String, String), MapNames>,
    removed: BTreeSet<SpeakerId>,
    instances_down: BTreeSet<SpeakerId>,
    /// NVAs that are down as a whole, not only their sessions.
    nvas_down: BTreeSet<SpeakerId>,
    /// Names of NVAs that nobody described: they came by themselves.
    pub(super) dynamic: BTreeSet<String>,
}

impl Deployment {
    /// The deployment of an estate, everything modelled up; links of speakers named in `live` are
    /// not established.
    pub(crate) fn new(
        estate: CheckedEstate,
        parameters: Parameters,
        live: BTreeSet<String>,
    ) -> Self {
        let estate = estate.into_inner();
        let mut deployment = Self {
            topology: Topology::new(&estate),
            transit: TransitSpaces::default().into(),
            graph: Graph::default().into(),
            parameters: parameters.into(),
            estate: estate.into(),
            live,
            gateway_maps: BTreeMap::new(),
            removed: BTreeSet::new(),
            instances_down: BTreeSet::new(),
            nvas_down: BTreeSet::new(),
            dynamic: BTreeSet::new(),
        };
        deployment.builder().build();
        deployment.refuse_peers();
        deployment.compile_transit();
        deployment
    }

    /// The same, where forks share what they do not change.
    pub(crate) fn share(self) -> Self {
        Self {
            parameters: self.parameters.share(),
            estate: self.estate.share(),
            transit: self.transit.share(),
            graph: self.graph.share(),
            ..self
        }
    }

    /// Compiles what the speakers of each network refuse as lying inside it.
    fn compile_transit(&mut self) {
        let graph = &self.graph;
        let speakers = graph.speakers().map(|id| graph.speaker(id));
        let speakers = speakers.filter(|speaker| speaker.programs_nics());
        let vnets: BTreeSet<VnetId> = speakers.filter_map(|speaker| speaker.vnet).collect();
        let transit = self.transit.to_mut();
        transit.compile(&self.topology, vnets.into_iter());
    }

    /// What a Route Server in a network refuses as lying inside it.
    pub(crate) fn inside_server_network(&self, vnet: VnetId) -> Option<&Policy> {
        self.transit.of_server(vnet)
    }

    /// What a gateway in a network refuses as lying inside it.
    pub(crate) fn inside_gateway_network(&self, vnet: VnetId) -> Option<&Policy> {
        self.transit.of_gateway(vnet)
    }

    /// The estate as it stands: without the Route Servers that are gone.
    pub(crate) fn standing(&self) -> Estate {
        let servers = self.estate.route_servers.iter().enumerate();
        let gone = |place: usize| {
            let mut removed = self.removed.iter();
            removed.any(|id| match self.graph.speaker(*id).kind {
                SpeakerKind::RouteServer { server, .. } => server == place,
                _ => false,
            })
        };
        let standing = servers.filter(|(place, _)| !gone(*place));
        Estate {
            route_servers: standing.map(|(_, server)| server.clone()).collect(),
            ..(*self.estate).clone()
        }
    }

    /// The deployment of another description of this one, in which what events did to this one
    /// still holds; with the links that were here and are there.
    pub(crate) fn described_anew(&self, estate: CheckedEstate) -> (Self, Vec<(LinkId, LinkId)>) {
        let mut new = Self::new(estate, (*self.parameters).clone(), self.live.clone());
        new.dynamic.clone_from(&self.dynamic);
        let pairs = self.same_links(&new);
        for (before, now) in &pairs {
            let before = self.graph.link(*before);
            let now = &mut new.graph.to_mut().links[now.index()];
            now.down = Down {
                refused: now.down.refused,
                ..before.down
            };
            now.route_refreshes = before.route_refreshes;
            now.resets = before.resets;
            now.notification = before.notification;
        }
        let speakers = self.same_speakers(&new);
        let down = self.instances_down.iter();
        for instance in down.filter_map(|id| speakers.get(id)) {
            new.instances_down.insert(*instance);
            for link in new.graph.links_of[instance.index()].clone() {
                new.graph.to_mut().links[link.index()].down.instance = true;
            }
        }
        let down = self.nvas_down.iter();
        new.nvas_down = down.filter_map(|id| speakers.get(id)).copied().collect();
        let ways = BTreeMap::from_iter(new.changed_ways(&self.topology));
        for (before, now) in &pairs {
            let was_up = self.graph.link(*before).is_up();
            let way = ways.get(now);
            // A session is of two addresses and two ASNs: others are another one's.
            let is_other = self.session_ends(*before) != new.session_ends(*now);
            let now = &mut new.graph.to_mut().links[now.index()];
            if let Some(gone) = way {
                now.down.unreachable = *gone;
            }
            let ends = is_other || !now.is_up();
            now.resets += u32::from(was_up && ends && !now.live);
        }
        let maps = self.gateway_maps.iter();
        let known = |name: &str| !new.graph.named(name).is_empty();
        let maps = maps.filter(|((server, gateway), _)| known(server) && known(gateway));
        new.gateway_maps = maps
            .map(|(key, maps)| (key.clone(), maps.clone()))
            .collect();
        (new, pairs)
    }

    /// What the ends of a link are to a BGP session.
    fn session_ends(&self, link: LinkId) -> [(Option<Asn>, &[IpAddr]); 2] {
        let link = self.graph.link(link);
        [&link.a, &link.b].map(|end| (self.graph.speaker(end.speaker).asn, &*end.addresses))
    }

    /// The speakers that stand here under the name, and in the part, of one there.
    pub(crate) fn same_speakers(&self, other: &Self) -> BTreeMap<SpeakerId, SpeakerId> {
        let mut same = BTreeMap::new();
        for (name, all) in &self.graph.by_name {
            let standing = all.iter().filter(|id| !self.removed.contains(*id));
            for (id, there) in standing.zip(other.graph.named(name)) {
                let kinds = [
                    self.graph.speaker(*id).kind,
                    other.graph.speaker(*there).kind,
                ];
                let [here_kind, there_kind] = kinds.map(|kind| std::mem::discriminant(&kind));
                if here_kind == there_kind {
                    same.insert(*id, *there);
                }
            }
        }
        same
    }

    /// The links between speakers that are here and there.
    fn same_links(&self, other: &Self) -> Vec<(LinkId, LinkId)> {
        let speakers = self.same_speakers(other);
        let kind = |link: &Link| std::mem::discriminant(&link.kind);
        let mut there: BTreeMap<(SpeakerId, SpeakerId), Vec<LinkId>> = BTreeMap::new();
        for id in other.graph.links() {
            let link = other.graph.link(id);
            let ends = (link.a.speaker, link.b.speaker);
            there.entry(ends).or_default().push(id);
        }
        let mut pairs = Vec::new();
        for id in self.graph.links() {
            let link = self.graph.link(id);
            let ends = [&link.a, &link.b].map(|end| speakers.get(&end.speaker));
            let [Some(a), Some(b)] = ends else {
                continue;
            };
            let Some(links) = there.get_mut(&(*a, *b)) else {
                continue;
            };
            let same = |there: &LinkId| kind(other.graph.link(*there)) == kind(link);
            if let Some(place) = links.iter().position(same) {
                pairs.push((id, links.remove(place)));
            }
        }
        pairs
    }

    pub(super) fn builder(&mut self) -> GraphBuilder<'_> {
        GraphBuilder {
            graph: self.graph.to_mut(),
            estate: &self.estate,
            parameters: &self.parameters,
            topology: &self.topology,
            live: &self.live,
        }
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    pub(crate) fn estate(&self) -> &Estate {
        &self.estate
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The Route Server that a speaker is an instance of.
    pub(crate) fn route_server(&self, speaker: &Speaker) -> Option<&RouteServer> {
        match speaker.kind {
            SpeakerKind::RouteServer { server, .. } => self.estate.route_servers.get(server),
            _ => None,
        }
    }

    /// The gateway that a speaker is, or is an instance of.
    pub(crate) fn gateway(&self, speaker: &Speaker) -> Option<&Gateway> {
        match speaker.kind {
            SpeakerKind::Gateway { gateway, .. } => self.estate.gateways.get(gateway),
            _ => None,
        }
    }

    /// The prefixes that a gateway announces to circuits and sites in the place of networks, if its
    /// network has any.
    pub(crate) fn gateway_summaries(
        &self,
        adjacency: AdjacencyId,
    ) -> impl Iterator<Item = Prefix> + use<'_> {
        let sender = self.graph.sender(adjacency);
        let kind = &self.graph.link(adjacency.link).kind;
        let summaries: &[Prefix] = match (sender.kind, sender.vnet) {
            (SpeakerKind::Gateway { .. }, Some(vnet)) if kind.is_outward() => {
                &self.estate.vnets[vnet.0].summarized_gateway_prefixes
            }
            _ => &[],
        };
        summaries.iter().copied()
    }

    /// The NVA that a speaker is.
    pub(crate) fn nva(&self, speaker: &Speaker) -> Option<&Nva> {
        match speaker.kind {
            SpeakerKind::Nva { nva } => self.estate.nvas.get(nva),
            _ => None,
        }
    }

    /// The networks whose NICs may use routes of a Route Server instance or gateway: its own first,
    /// then those that use it.
    pub(crate) fn vnets_served(&self, speaker: SpeakerId) -> impl Iterator<Item = VnetId> {
        let own = self.graph.speaker(speaker).vnet;
        let served = own.into_iter().flat_map(|vnet| self.topology.spokes(vnet));
        own.into_iter().chain(served)
    }

    /// Whether an event deleted the Route Server.
    pub(crate) fn is_removed(&self, speaker: SpeakerId) -> bool {
        self.removed.contains(&speaker)
    }

    /// Whether the instance is down.
    pub(crate) fn is_instance_down(&self, speaker: SpeakerId) -> bool {
        self.instances_down.contains(&speaker)
    }

    /// Whether an NVA is down as a whole.
    pub(crate) fn is_nva_down(&self, nva: SpeakerId) -> bool {
        self.nvas_down.contains(&nva)
    }

    /// The route map on what a Route Server takes in.
    pub(crate) fn inbound_map(&self, adjacency: AdjacencyId) -> Option<&RouteMap> {
        let names = self.map_names(adjacency.reverse())?;
        self.route_map(&names.inbound?)
    }

    /// The route map on what a Route Server sends.
    pub(crate) fn outbound_map(&self, adjacency: AdjacencyId) -> Option<&RouteMap> {
        let names = self.map_names(adjacency)?;
        self.route_map(&names.outbound?)
    }

    /// Whether a Route Server has a route map on what it takes in from a gateway.
    pub(crate) fn is_mapped_gateway(&self, speaker: SpeakerId) -> bool {
        let name = &self.graph.speaker(speaker).name;
        let mut maps = self.gateway_maps.iter();
        maps.any(|((_, gateway), maps)| gateway == name && maps.inbound.is_some())
    }

    fn route_map(&self, name: &str) -> Option<&RouteMap> {
        self.estate.route_maps.iter().find(|map| map.name == name)
    }

    /// The maps of the Route Server that is the sender.
    fn map_names(&self, adjacency: AdjacencyId) -> Option<MapNames> {
        let server = self.route_server(self.graph.sender(adjacency))?;
        let peer = self.graph.receiver(adjacency);
        match (&self.graph.link(adjacency.link).kind, self.nva(peer)) {
            (LinkKind::NvaToRouteServer { session }, Some(nva)) => {
                let session = nva.sessions.get(*session)?;
                Some(MapNames {
                    inbound: session.inbound_route_map.clone(),
                    outbound: session.outbound_route_map.clone(),
                })
            }
            _ => {
                let key = (server.name.clone(), peer.name.clone());
                self.gateway_maps.get(&key).cloned()
            }
        }
    }

    /// Why a Route Server refuses an NVA as a peer: a forbidden ASN, too many, or
    /// after the upgrade a network that does not use its gateways.
    pub(crate) fn peer_refusal(&self, nva: &Nva, route_server: &str) -> Option<RuleId> {
        let parameters = &self.parameters;
        let mut servers = self.estate.route_servers.iter();
        let server = servers.find(|server| server.name == route_server);
        let own = server.map_or(parameters.asn, |server| parameters.route_server_asn(server));
        if let Err(refused) = parameters.peer_asns().check(nva.asn) {
            return Some(refused.rule);
        }
        if nva.asn == own {
            return Some(rules::PEER_ASN);
        }
        let earlier = self
            .estate
            .nvas
            .iter()
            .take_while(|other| other.name != nva.name);
        let before = earlier
            .filter(|other| other.peers_with(route_server))
            .count();
        if parameters
            .max_peers
            .is_some_and(|limit| before >= limit as usize)
        {
            return Some(rules::PEER_LIMIT);
        }
        let here = server.and_then(|server| self.topology.vnet(&server.vnet));
        let from = self.topology.vnet(&nva.vnet);
        let uses = from == here || from.is_some_and(|from| self.topology.hub(from) == here);
        (parameters.upgraded && !uses).then_some(rules::PEER_NEEDS_REMOTE_GATEWAYS)
    }

    /// Why a VPN gateway holds no session with a site or another gateway: both have one ASN
    /// or the site has the one that is Azure's.
    fn connection_refusal(&self, gateway: &Speaker, other: &Speaker) -> Option<RuleId> {
        let refused =
            self.parameters
                .carries_no_bgp(gateway.asn, other.asn?, other.is_on_premises());
        refused.then_some(rules::CONNECTION_OF_ONE_ASN)
    }

    /// What each session is refused for now, of those that may be.
    pub(crate) fn refusals(&self) -> Vec<(LinkId, Option<RuleId>)> {
        let links = self.graph.links().filter_map(|id| {
            let link = self.graph.link(id);
            let [a, b] = [&link.a, &link.b].map(|end| self.graph.speaker(end.speaker));
            let refused = match link.kind {
                LinkKind::NvaToRouteServer { .. } => self.peer_refusal(self.nva(a)?, &b.name),
                LinkKind::GatewayToSite | LinkKind::GatewayToGateway => {
                    self.connection_refusal(a, b)
                }
                _ => return None,
            };
            Some((id, refused))
        });
        links.collect()
    }

    /// Sessions of NVAs whose way to the Route Server is gone, unlike in an earlier topology, or
    /// there again. What never was reachable is left as it is.
    pub(crate) fn changed_ways(&self, before: &Topology) -> Vec<(LinkId, bool)> {
        let links = self.graph.links().filter_map(|id| {
            let link = self.graph.link(id);
            let nva = self.nva(self.graph.speaker(link.a.speaker))?;
            let server = self.route_server(self.graph.speaker(link.b.speaker))?;
            let addresses = [Some(nva.ip), link.b.addresses.first().copied()];
            let connects = |topology: &Topology| {
                let ends = topology.vnet(&nva.vnet).zip(topology.vnet(&server.vnet));
                ends.is_some_and(|ends| topology.reaches(ends, addresses))
            };
            let now = connects(&self.topology);
            (connects(before) != now).then_some((id, !now))
        });
        links.collect()
    }

    fn refuse_peers(&mut self) {
        for (link, refused) in self.refusals() {
            self.graph.to_mut().links[link.index()].down.refused = refused;
        }
    }

    /// Changes how a link stands. Says whether it is up before and after; that its session ended
    /// is counted.
    pub(crate) fn change_link(
        &mut self,
        link: LinkId,
        change: impl FnOnce(&mut Link),
    ) -> (bool, bool) {
        let link = &mut self.graph.to_mut().links[link.index()];
        let (before, was_established) = (link.is_up(), !link.down.not_established);
        change(link);
        let after = link.is_up();
        // The session of a real router ends when it says so, once, whatever is modelled meanwhile.
        let ended = match link.live {
            true => was_established && link.down.not_established,
            false => before && !after,
        };
        link.resets += u32::from(ended);
        (before, after)
    }

    /// What the session over a link is asked for by a plain route server; under Azure's profiles
    /// nothing is.
    pub(crate) fn session_options(&self, link: LinkId) -> Option<&SessionOptions> {
        let options = &self.estate().session_options;
        if options.is_empty() || !self.parameters.transparent {
            return None;
        }
        let link = self.graph().link(link);
        let peer = link.end(link.kind.peer_side()?).speaker;
        options.get(&self.graph().speaker(peer).name)
    }

    /// How many paths of a prefix a real peer is sent that takes several.
    pub(crate) fn most_paths(&self, link: LinkId) -> usize {
        let options = self.session_options(link);
        let most = options.map_or(SessionOptions::MOST_PATHS, |options| options.most_paths);
        most.get().into()
    }

    /// Changes a Route Server; none if there is no such.
    pub(crate) fn change_route_server(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut RouteServer),
    ) -> Option<()> {
        let mut servers = self.estate.to_mut().route_servers.iter_mut();
        servers.find(|server| server.name == name).map(change)
    }

    /// Changes an NVA; none if there is no such.
    pub(crate) fn change_nva(&mut self, name: &str, change: impl FnOnce(&mut Nva)) -> Option<()> {
        let mut nvas = self.estate.to_mut().nvas.iter_mut();
        nvas.find(|nva| nva.name == name).map(change)
    }

    /// Changes the peerings of two networks, and what follows from them.
    pub(crate) fn change_peerings(
        &mut self,
        ends: [&str; 2],
        change: impl FnOnce(&mut Vec<Peering>),
    ) -> TopologyChange {
        change(&mut self.estate.to_mut().peerings);
        let ends = ends.into_iter();
        let vnets: BTreeSet<VnetId> = ends.filter_map(|name| self.topology.vnet(name)).collect();
        let after = self.topology.changed(&self.estate, &vnets);
        let before = std::mem::replace(&mut self.topology, after);
        let change = TopologyChange::new(before, &self.topology, vnets);
        let changed = change.spaces.iter().map(|space| space.vnet);
        let known = changed.filter(|vnet| self.transit.of_server(*vnet).is_some());
        let known: Vec<VnetId> = known.collect();
        if !known.is_empty() {
            let transit = self.transit.to_mut();
            transit.compile(&self.topology, known.into_iter());
        }
        change
    }

    /// Changes the route maps on the connection of a Route Server with a gateway.
    pub(crate) fn change_gateway_maps(
        &mut self,
        route_server: &str,
        gateway: &str,
        change: impl FnOnce(&mut MapNames),
    ) {
        let key = (route_server.to_owned(), gateway.to_owned());
        change(self.gateway_maps.entry(key).or_default());
    }

    /// Adds a Route Server, its instances and their links.
    pub(crate) fn add_route_server(&mut self, server: RouteServer) {
        self.estate.to_mut().route_servers.push(server);
        let place = self.estate.route_servers.len() - 1;
        let known = self.graph.links.len();
        self.builder().add_route_server(place);
        for link in self.graph.to_mut().links.iter_mut().skip(known) {
            let ends = [link.a.speaker, link.b.speaker];
            link.down.instance = ends.iter().any(|end| self.instances_down.contains(end));
        }
        self.refuse_peers();
        self.compile_transit();
    }

    /// Notes that the Route Server of an instance is deleted.
    pub(crate) fn remove_instance(&mut self, instance: SpeakerId) {
        self.removed.insert(instance);
    }

    /// Notes that an instance of a Route Server or gateway goes down or comes back.
    pub(crate) fn set_instance_down(&mut self, instance: SpeakerId, down: bool) {
        if down {
            self.instances_down.insert(instance);
        } else {
            self.instances_down.remove(&instance);
        }
    }

    /// Notes that an NVA goes down as a whole or comes back.
    pub(crate) fn set_nva_down(&mut self, nva: SpeakerId, down: bool) {
        if down {
            self.nvas_down.insert(nva);
        } else {
            self.nvas_down.remove(&nva);
        }
    }
}
