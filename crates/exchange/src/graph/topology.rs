//! Who is peered with whom, and whose gateways each network uses.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use routehub_types::Prefix;

use crate::estate::{Estate, Peering, PeeringFlags};

/// A virtual network by its place in the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VnetId(pub(crate) usize);

impl VnetId {
    /// Its place in the estate.
    pub const fn index(self) -> usize {
        self.0
    }
}

/// A peering, seen from one of its networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// The network at the other end.
    pub vnet: VnetId,
    /// Whether the peering crosses regions.
    pub global: bool,
    /// Whether packets may pass: both sides have to allow it. Routes stand in any case.
    pub access: bool,
    /// Whether this network takes packets from the other one whose source is in neither.
    pub takes_forwarded: bool,
    /// What is seen of the other network: its address space, or its peered subnets.
    pub space: Vec<Prefix>,
    /// The subnets of this network that are peered, by their place; none: all of it.
    subnets: Option<Vec<usize>>,
}

impl Neighbor {
    /// Whether a subnet of this network takes part; without one, whether all of them do.
    pub fn is_seen_from(&self, subnet: Option<usize>) -> bool {
        let named = self.subnets.as_ref();
        named.is_none_or(|named| subnet.is_some_and(|subnet| named.contains(&subnet)))
    }
}

/// The virtual networks and their peerings, resolved. Copies share what does not differ.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    networks: Arc<Networks>,
    /// By network.
    neighbors: Vec<Arc<[Neighbor]>>,
    hub: Vec<Option<VnetId>>,
}

/// What of networks no peering changes.
#[derive(Debug, Default)]
struct Networks {
    by_name: HashMap<String, VnetId>,
    names: Vec<String>,
    spaces: Vec<Vec<Prefix>>,
}

/// What a network has of its peerings.
#[derive(Default)]
struct Peered {
    neighbors: Vec<Neighbor>,
    hub: Option<VnetId>,
}

impl Topology {
    /// Resolves the networks of an estate.
    pub(super) fn new(estate: &Estate) -> Self {
        let vnets = estate.vnets.iter();
        let networks = Networks {
            by_name: (vnets.clone().enumerate())
                .map(|(place, vnet)| (vnet.name.clone(), VnetId(place)))
                .collect(),
            names: vnets.clone().map(|vnet| vnet.name.clone()).collect(),
            spaces: vnets.map(|vnet| vnet.address_space.clone()).collect(),
        };
        let mut topology = Self {
            networks: Arc::new(networks),
            ..Self::default()
        };
        let mut all: Vec<Peered> = Vec::new();
        all.resize_with(estate.vnets.len(), Peered::default);
        for peering in &estate.peerings {
            for (near, far) in topology.sides(peering).into_iter().flatten() {
                topology.enter(estate, peering, (near, far), &mut all[near.vnet.0]);
            }
        }
        for peered in all {
            topology.neighbors.push(peered.neighbors.into());
            topology.hub.push(peered.hub);
        }
        topology
    }

    /// The topology after peerings of these networks changed, and of no others.
    pub(super) fn changed(&self, estate: &Estate, vnets: &BTreeSet<VnetId>) -> Self {
        let mut topology = self.clone();
        for vnet in vnets {
            let name = self.name(*vnet);
            let mut peered = Peered::default();
            let peerings = estate.peerings.iter();
            for peering in peerings.filter(|peering| peering.a == name || peering.b == name) {
                for (near, far) in topology.sides(peering).into_iter().flatten() {
                    if near.vnet == *vnet {
                        topology.enter(estate, peering, (near, far), &mut peered);
                    }
                }
            }
            topology.neighbors[vnet.0] = peered.neighbors.into();
            topology.hub[vnet.0] = peered.hub;
        }
        topology
    }

    /// A peering as each of its networks has it, its own side first.
    fn sides<'a>(&self, peering: &'a Peering) -> Option<[(PeeringSide<'a>, PeeringSide<'a>); 2]> {
        let named = peering.subnets.as_ref();
        let a = PeeringSide {
            vnet: self.vnet(&peering.a)?,
            flags: peering.a_to_b,
            subnets: named.map(|named| named.a.as_slice()),
        };
        let b = PeeringSide {
            vnet: self.vnet(&peering.b)?,
            flags: peering.b_to_a,
            subnets: named.map(|named| named.b.as_slice()),
        };
        Some([(a, b), (b, a)])
    }

    /// Enters what the near side has of a peering.
    fn enter(
        &self,
        estate: &Estate,
        peering: &Peering,
        (near, far): (PeeringSide<'_>, PeeringSide<'_>),
        peered: &mut Peered,
    ) {
        let space = match far.places(estate) {
            None => self.space(far.vnet).to_vec(),
            Some(places) => {
                let subnets = &estate.vnets[far.vnet.0].subnets;
                places.iter().map(|place| subnets[*place].prefix).collect()
            }
        };
        peered.neighbors.push(Neighbor {
            vnet: far.vnet,
            global: is_global(estate, peering, near.vnet, far.vnet),
            access: near.flags.allow_virtual_network_access
                && far.flags.allow_virtual_network_access,
            takes_forwarded: near.flags.allow_forwarded_traffic,
            space,
            subnets: near.places(estate),
        });
        // both flags, one on each side. Where there may be nothing to use, another network
        // that has something is not forgotten for it.
        if near.flags.use_remote_gateways
            && far.flags.allow_gateway_transit
            && (!peering.transit_if_any || lends(estate, far.vnet) || peered.hub.is_none())
        {
            peered.hub = Some(far.vnet);
        }
    }

    /// The network of a name.
    pub fn vnet(&self, name: &str) -> Option<VnetId> {
        self.networks.by_name.get(name).copied()
    }

    /// All networks, in the order of the estate.
    pub fn vnets(&self) -> impl Iterator<Item = VnetId> + use<> {
        (0..self.networks.spaces.len()).map(VnetId)
    }

    /// The name of a network.
    pub fn name(&self, vnet: VnetId) -> &str {
        &self.networks.names[vnet.0]
    }

    /// The address space of a network.
    pub fn space(&self, vnet: VnetId) -> &[Prefix] {
        &self.networks.spaces[vnet.0]
    }

    /// The networks peered with this one, in the order of the estate's peerings.
    pub fn neighbors(&self, vnet: VnetId) -> &[Neighbor] {
        &self.neighbors[vnet.0]
    }

    /// Whether packets pass between two networks both ways: one network, or peered with access.
    pub fn connects(&self, a: VnetId, b: VnetId) -> bool {
        a == b || self.neighbor(a, b).is_some_and(|peering| peering.access)
    }

    /// Whether packets pass both ways between two addresses in two networks; an address that is
    /// not known is in whatever is peered.
    pub fn reaches(&self, (a, b): (VnetId, VnetId), [from, to]: [Option<IpAddr>; 2]) -> bool {
        let sees = |near: VnetId, far: VnetId, address: Option<IpAddr>| {
            let peering = self.neighbor(near, far);
            let whole = self
                .neighbor(far, near)
                .is_some_and(|back| back.subnets.is_none());
            peering.is_some_and(|peering| {
                let mut space = peering.space.iter();
                whole || address.is_none_or(|ip| space.any(|prefix| prefix.contains_address(ip)))
            })
        };
        a == b || self.connects(a, b) && sees(a, b, to) && sees(b, a, from)
    }

    /// The network whose gateways and Route Server this one uses.
    pub fn hub(&self, vnet: VnetId) -> Option<VnetId> {
        self.hub[vnet.0]
    }

    /// The networks that use this one's gateways and Route Server, in order.
    pub fn spokes(&self, hub: VnetId) -> impl Iterator<Item = VnetId> + '_ {
        let hubs = self.hub.iter().enumerate();
        hubs.filter(move |(_, used)| **used == Some(hub))
            .map(|(place, _)| VnetId(place))
    }

    /// What a network sees of those that use its gateways and Route Server: all of them, or the
    /// subnets that are peered.
    pub fn spoke_space(&self, hub: VnetId) -> impl Iterator<Item = Prefix> + '_ {
        let spokes = self.neighbors(hub).iter();
        let spokes = spokes.filter(move |spoke| self.hub(spoke.vnet) == Some(hub));
        spokes.flat_map(|spoke| &spoke.space).copied()
    }

    /// A network's own prefixes and those of the networks that use its gateways: what a Route
    /// Server or gateway in it announces, and what no route may lie inside.
    pub fn transit_space(&self, vnet: VnetId) -> Vec<Prefix> {
        let own = self.space(vnet).iter().copied();
        own.chain(self.spoke_space(vnet)).collect()
    }

    /// The peerings that a subnet of a network takes part in; without a subnet, those of the
    /// whole network.
    pub fn neighbors_of(
        &self,
        vnet: VnetId,
        subnet: Option<usize>,
    ) -> impl Iterator<Item = &Neighbor> {
        let neighbors = self.neighbors(vnet).iter();
        neighbors.filter(move |neighbor| neighbor.is_seen_from(subnet))
    }

    /// The peering of a network with another one.
    pub fn neighbor(&self, vnet: VnetId, other: VnetId) -> Option<&Neighbor> {
        let mut neighbors = self.neighbors(vnet).iter();
        neighbors.find(|neighbor| neighbor.vnet == other)
    }
}

/// One side of a peering.
#[derive(Clone, Copy)]
struct PeeringSide<'a> {
    vnet: VnetId,
    /// The flags of the object that lives there.
    flags: PeeringFlags,
    /// The subnets that are peered.
    subnets: Option<&'a [String]>,
}

impl PeeringSide<'_> {
    /// The places of the subnets that are peered; none: the whole network is.
    fn places(&self, estate: &Estate) -> Option<Vec<usize>> {
        let names = self.subnets?;
        let subnets = estate.vnets[self.vnet.0].subnets.iter().enumerate();
        let named = subnets.filter(|(_, subnet)| names.contains(&subnet.name));
        Some(named.map(|(place, _)| place).collect())
    }
}

/// Whether a network has a gateway or a Route Server that others could use.
fn lends(estate: &Estate, vnet: VnetId) -> bool {
    let name = &estate.vnets[vnet.0].name;
    let mut gateways = estate.gateways.iter().map(|gateway| &gateway.vnet);
    let mut servers = estate.route_servers.iter().map(|server| &server.vnet);
    gateways.any(|vnet| vnet == name) || servers.any(|vnet| vnet == name)
}

/// Whether a peering crosses regions: as it says, else whether both regions are known and differ.
fn is_global(estate: &Estate, peering: &Peering, a: VnetId, b: VnetId) -> bool {
    let region = |vnet: VnetId| estate.vnets[vnet.0].region.as_ref();
    peering
        .global
        .unwrap_or_else(|| match (region(a), region(b)) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::Vnet;

    fn estate(peerings: Vec<Peering>) -> Estate {
        let vnet = |name: &str, space: &str| Vnet {
            name: name.into(),
            address_space: vec![space.parse().unwrap()],
            ..Vnet::default()
        };
        Estate {
            vnets: vec![
                vnet("hub", "10.0.0.0/16"),
                vnet("spoke", "10.1.0.0/16"),
                vnet("plain", "10.9.0.0/16"),
            ],
            peerings,
            ..Estate::default()
        }
    }

    #[test]
    fn a_spoke_uses_the_hub_only_with_both_flags() {
        let mut half = Peering::hub_and_spoke("hub", "plain");
        half.a_to_b.allow_gateway_transit = false;
        let topology = Topology::new(&estate(vec![Peering::hub_and_spoke("hub", "spoke"), half]));
        assert_eq!(topology.hub(VnetId(1)), Some(VnetId(0)));
        assert_eq!(topology.hub(VnetId(2)), None);
        assert_eq!(topology.spokes(VnetId(0)).collect::<Vec<_>>(), [VnetId(1)]);
        assert_eq!(topology.transit_space(VnetId(0)).len(), 2);
        assert_eq!(topology.neighbors_of(VnetId(0), None).count(), 2);
    }

    #[test]
    fn r164_packets_pass_if_both_sides_allow_it() {
        let mut peering = Peering::plain("hub", "spoke");
        peering.b_to_a.allow_virtual_network_access = false;
        let topology = Topology::new(&estate(vec![peering]));
        for (vnet, other) in [(VnetId(0), VnetId(1)), (VnetId(1), VnetId(0))] {
            let neighbor = topology.neighbor(vnet, other).unwrap();
            assert!(!neighbor.access && !neighbor.space.is_empty());
        }
    }

    #[test]
    fn only_peered_subnets_see_and_are_seen() {
        let mut estate = estate(vec![Peering {
            subnets: Some(crate::estate::PeeredSubnets {
                a: vec!["first".into()],
                b: vec!["web".into()],
            }),
            ..Peering::hub_and_spoke("hub", "spoke")
        }]);
        let subnet =
            |name: &str, prefix: &str| crate::estate::Subnet::new(name, prefix.parse().unwrap());
        estate.vnets[0].subnets = vec![
            subnet("first", "10.0.1.0/24"),
            subnet("second", "10.0.2.0/24"),
        ];
        estate.vnets[1].subnets = vec![subnet("db", "10.1.1.0/24"), subnet("web", "10.1.2.0/24")];
        let topology = Topology::new(&estate);
        let seen = |subnet| topology.neighbors_of(VnetId(0), subnet).count();
        assert_eq!([seen(Some(0)), seen(Some(1)), seen(None)], [1, 0, 0]);
        let spokes: Vec<Prefix> = topology.spoke_space(VnetId(0)).collect();
        assert_eq!(spokes, ["10.1.2.0/24".parse().unwrap()]);
    }

    #[test]
    fn a_peering_is_global_if_it_says_so_or_the_regions_differ() {
        let mut estate = estate(vec![
            Peering::plain("hub", "spoke"),
            Peering::plain("hub", "plain"),
        ]);
        estate.vnets[0].region = Some("westeurope".into());
        estate.vnets[1].region = Some("northeurope".into());
        let global = |estate: &Estate| {
            let topology = Topology::new(estate);
            topology
                .neighbors(VnetId(0))
                .iter()
                .map(|n| n.global)
                .collect::<Vec<_>>()
        };
        assert_eq!(global(&estate), [true, false]);
        estate.peerings[0].global = Some(false);
        assert_eq!(global(&estate), [false, false]);
    }
}
