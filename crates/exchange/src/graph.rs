//! The graph of speakers and links that an estate makes.

mod build;
mod deployment;
mod dynamic;
mod gateways;
mod link;
mod speaker;
mod topology;
mod transit;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use routehub_types::Asn;

use crate::estate::CircuitLink;

pub(crate) use deployment::Deployment;
pub use link::{
    AdjacencyId, CircuitConnection, Down, End, Link, LinkId, LinkKind, Side, UNKNOWN_ADDRESS,
};
pub use speaker::{PeerClass, Role, Speaker, SpeakerId, SpeakerKind};
pub use topology::{Neighbor, Topology, VnetId};
pub(crate) use transit::{SpaceChange, TopologyChange};

/// Speakers and links. Ids are places; what an event removes is only taken down. Places of neighbours
/// that came by themselves and are gone are vacant until the next one comes.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    speakers: Vec<Speaker>,
    links: Vec<Link>,
    links_of: Vec<Vec<LinkId>>,
    by_name: HashMap<String, Vec<SpeakerId>>,
    vacant_speakers: BTreeSet<SpeakerId>,
    vacant_links: BTreeSet<LinkId>,
}

impl Graph {
    /// All speakers, in order.
    pub fn speakers(&self) -> impl Iterator<Item = SpeakerId> + use<> {
        // Without dynamic neighbours it is empty, and costs nothing.
        let vacant = self.vacant_speakers.clone();
        let all = (0..self.speakers.len()).map(|place| SpeakerId(place as u32));
        all.filter(move |id| !vacant.contains(id))
    }

    /// What a speaker is.
    pub fn speaker(&self, id: SpeakerId) -> &Speaker {
        &self.speakers[id.index()]
    }

    /// Sets the addresses that an end of a link uses.
    fn set_addresses(&mut self, link: LinkId, side: Side, addresses: Vec<IpAddr>) {
        let link = &mut self.links[link.index()];
        match side {
            Side::A => link.a.addresses = addresses,
            Side::B => link.b.addresses = addresses,
        }
    }

    /// All links, in order.
    pub fn links(&self) -> impl Iterator<Item = LinkId> + use<> {
        let vacant = self.vacant_links.clone();
        let all = (0..self.links.len()).map(|place| LinkId(place as u32));
        all.filter(move |id| !vacant.contains(id))
    }

    /// What a link is, and how it stands.
    pub fn link(&self, id: LinkId) -> &Link {
        &self.links[id.index()]
    }

    /// The links of a speaker, in the order they were made.
    pub fn links_of(&self, speaker: SpeakerId) -> &[LinkId] {
        &self.links_of[speaker.index()]
    }

    /// What a speaker sends over each of its links.
    pub fn outbound(&self, speaker: SpeakerId) -> impl Iterator<Item = AdjacencyId> + use<'_> {
        let links = self.links_of(speaker).iter();
        links.filter_map(move |link| Some(link.from(self.link(*link).side_of(speaker)?)))
    }

    /// What a speaker is sent over each of its links.
    pub fn inbound(&self, speaker: SpeakerId) -> impl Iterator<Item = AdjacencyId> + use<'_> {
        self.outbound(speaker).map(AdjacencyId::reverse)
    }

    /// The end of a link that sends.
    pub fn sending_end(&self, adjacency: AdjacencyId) -> &End {
        self.link(adjacency.link).end(adjacency.sender)
    }

    /// The speaker that sends.
    pub fn sender(&self, adjacency: AdjacencyId) -> &Speaker {
        self.speaker(self.sending_end(adjacency).speaker)
    }

    /// The speaker that receives.
    pub fn receiver(&self, adjacency: AdjacencyId) -> &Speaker {
        self.sender(adjacency.reverse())
    }

    /// The speaker that receives, by its place.
    pub fn receiver_id(&self, adjacency: AdjacencyId) -> SpeakerId {
        self.sending_end(adjacency.reverse()).speaker
    }

    /// The speakers of a name: the instances of a Route Server or gateway; of a circuit the edge of
    /// each link, then the customer's edge behind each.
    pub fn named(&self, name: &str) -> &[SpeakerId] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The speaker of a name, the first where there are several.
    pub fn first_named(&self, name: &str) -> Option<SpeakerId> {
        self.named(name).first().copied()
    }

    /// The instance of a Route Server or gateway.
    pub fn instance(&self, name: &str, instance: u8) -> Option<SpeakerId> {
        self.named(name).get(usize::from(instance)).copied()
    }

    /// The edge router of a link of a circuit.
    pub fn edge(&self, circuit: &str, link: CircuitLink) -> Option<SpeakerId> {
        self.end_of(circuit, link, Speaker::is_edge)
    }

    /// The customer's edge behind a link of a circuit.
    pub fn customer_edge(&self, circuit: &str, link: CircuitLink) -> Option<SpeakerId> {
        self.end_of(circuit, link, Speaker::is_on_premises)
    }

    /// The customer's edges of a circuit, if the speaker is one of them: they are of one network;
    /// else the speaker.
    pub fn same_premises(&self, id: SpeakerId) -> Vec<SpeakerId> {
        let speaker = self.speaker(id);
        if !speaker.is_on_premises() || speaker.circuit_link().is_none() {
            return vec![id];
        }
        let all = self.named(&speaker.name).iter().copied();
        all.filter(|id| self.speaker(*id).is_on_premises())
            .collect()
    }

    fn end_of(
        &self,
        circuit: &str,
        link: CircuitLink,
        is: impl Fn(&Speaker) -> bool,
    ) -> Option<SpeakerId> {
        let mut ends = self.named(circuit).iter().copied();
        ends.find(|id| {
            let speaker = self.speaker(*id);
            is(speaker) && speaker.circuit_link() == Some(link)
        })
    }

    /// What the sender is to the receiver, by the propagation rules.
    pub fn class_of_sender(&self, adjacency: AdjacencyId) -> Option<PeerClass> {
        let role = self.receiver(adjacency).role()?;
        let sender = self.sender(adjacency);
        match (&self.link(adjacency.link).kind, sender.role()) {
            (LinkKind::StaticSite(_), _) => Some(PeerClass::StaticSite),
            (LinkKind::SiteRouters(_), _) => Some(PeerClass::SiteRouter),
            (LinkKind::GatewayToPeer, Some(Role::VpnGateway)) => Some(PeerClass::PeerVpnGateway),
            (LinkKind::GatewayToPeer, _) => Some(PeerClass::PeerExpressRouteGateway),
            // To an edge alone its gateways differ.
            (LinkKind::GatewayToEdge(_), _) if role == Role::Edge && sender.virtual_wan => {
                Some(PeerClass::VirtualWanGateway)
            }
            _ => sender.class_for(role),
        }
    }

    /// What the receiver is to the sender, by the propagation rules.
    pub fn class_of_receiver(&self, adjacency: AdjacencyId) -> Option<PeerClass> {
        match self.class_of_sender(adjacency.reverse())? {
            // What goes to gateways is the same for all; who may hear of whom their rows say.
            PeerClass::VirtualWanGateway => Some(PeerClass::ExpressRouteGateway),
            class => Some(class),
        }
    }

    /// The link of two speakers.
    pub fn link_between(&self, a: SpeakerId, b: SpeakerId) -> Option<LinkId> {
        let mut links = self.links_of(a).iter().copied();
        links.find(|link| self.link(*link).peer_of(a) == Some(b))
    }

    /// The same link by the other link of a circuit: of the same gateway's instance, or with the
    /// customer.
    pub fn twin_link(&self, id: LinkId) -> Option<LinkId> {
        let link = self.link(id);
        let [a, b] = [link.a.speaker, link.b.speaker];
        let other = |speaker: &Speaker| speaker.circuit_link().map(CircuitLink::other);
        let (near, far) = (self.speaker(a), self.speaker(b));
        let a = match other(near) {
            Some(link) => self.edge(&near.name, link)?,
            None => a,
        };
        let b = match (&link.kind, other(far)?) {
            (LinkKind::EdgeToCustomer, link) => self.customer_edge(&far.name, link)?,
            (_, link) => self.edge(&far.name, link)?,
        };
        self.link_between(a, b)
    }

    /// The links of everything of one name with everything of another, in order.
    pub fn links_between(&self, a: &str, b: &str) -> Vec<LinkId> {
        let near = self.named(a).iter();
        let links = near.flat_map(|near| {
            let links = self.links_of(*near).iter().copied();
            links.filter(move |link| {
                let far = self.link(*link).peer_of(*near);
                far.is_some_and(|far| self.speaker(far).name == b)
            })
        });
        links.collect()
    }

    /// The links of an NVA with the instances of a Route Server.
    pub fn peering_links(&self, route_server: &str, nva: &str) -> Vec<(u8, LinkId)> {
        let nva = self.first_named(nva);
        let links = (0..2u8).filter_map(|instance| {
            let server = self.instance(route_server, instance)?;
            let link = self.link_between(server, nva?)?;
            let is_peering = self.link(link).kind.is_peering();
            is_peering.then_some((instance, link))
        });
        links.collect()
    }

    /// What we send over a link that a real router plays one end of.
    pub(crate) fn our_adjacency(&self, link: LinkId) -> Option<AdjacencyId> {
        Some(link.from(self.link(link).our_side()?))
    }

    /// The links that real routers play, in order; those without addresses or refused are left
    /// out.
    pub(crate) fn live_links(&self) -> Vec<LiveLink> {
        self.links()
            .filter_map(|link| self.live_link(link))
            .collect()
    }

    /// A link that a real router plays; none if it has no addresses or is refused.
    pub(crate) fn live_link(&self, link: LinkId) -> Option<LiveLink> {
        let to_peer = self.our_adjacency(link)?;
        if self.link(link).down.refused.is_some() {
            return None;
        }
        let (local, remote) = (self.sender(to_peer), self.receiver(to_peer));
        Some(LiveLink {
            link,
            local: local.name.clone(),
            instance: local.instance(),
            circuit_link: local.circuit_link(),
            remote: remote.name.clone(),
            local_asn: local.asn?,
            remote_asn: remote.asn?,
            local_address: self.listening_address(link)?,
            remote_addresses: self.sending_end(to_peer.reverse()).addresses.clone(),
        })
    }

    /// How many places of links there are, vacant ones too: the next link that is described gets a
    /// new one.
    pub(crate) fn link_places(&self) -> usize {
        self.links.len()
    }

    /// Where we hold the session of a link that a real router plays: our first address. The edge
    /// of a circuit is where its first connection shows it.
    pub(crate) fn listening_address(&self, link: LinkId) -> Option<IpAddr> {
        let ours = self.sending_end(self.our_adjacency(link)?);
        let shown = || {
            let links = self.links_of(ours.speaker).iter();
            let mut connections = links
                .map(|link| self.link(*link))
                .filter(|link| link.kind.is_to_circuit() && link.b.speaker == ours.speaker);
            connections.find_map(|link| link.b.addresses.first())
        };
        ours.addresses.first().or_else(shown).copied()
    }
}

/// A link that a real router plays one end of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLink {
    /// The link.
    pub link: LinkId,
    /// The name of the speaker that is ours.
    pub local: String,
    /// Which instance of a Route Server or gateway it is.
    pub instance: Option<u8>,
    /// Which link of a circuit it is the edge of.
    pub circuit_link: Option<CircuitLink>,
    /// The name of the speaker that the real router plays.
    pub remote: String,
    /// Our ASN.
    pub local_asn: Asn,
    /// Its ASN.
    pub remote_asn: Asn,
    /// Our address.
    pub local_address: IpAddr,
    /// Its addresses.
    pub remote_addresses: Vec<IpAddr>,
}

impl LiveLink {
    /// Whether it joins the same two as another link, of this estate or of one that came after it.
    pub fn joins_same_as(&self, other: &Self) -> bool {
        let ends = |link: &Self| (link.instance, link.circuit_link);
        self.local == other.local && self.remote == other.remote && ends(self) == ends(other)
    }
}
