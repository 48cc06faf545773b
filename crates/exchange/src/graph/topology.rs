//! Who is peered with whom, and whose gateways each network uses.

use std::collections::HashMap;

use routehub_types::Prefix;

use crate::estate::{Estate, Peering, PeeringFlags};

/// A virtual network by its place in the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VnetId(pub(crate) usize);

/// One end of a peering, seen from a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// The network at the other end.
    pub vnet: VnetId,
    /// Whether the peering crosses regions.
    pub global: bool,
    /// Whether traffic may pass, so that system routes stand for it.
    pub access: bool,
}

/// The virtual networks and their peerings, resolved.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    by_name: HashMap<String, VnetId>,
    names: Vec<String>,
    spaces: Vec<Vec<Prefix>>,
    neighbors: Vec<Vec<Neighbor>>,
    hub: Vec<Option<VnetId>>,
}

impl Topology {
    /// Resolves the networks of an estate.
    pub(super) fn new(estate: &Estate) -> Self {
        let names = estate.vnets.iter().enumerate();
        let count = estate.vnets.len();
        let mut topology = Self {
            by_name: names
                .map(|(place, vnet)| (vnet.name.clone(), VnetId(place)))
                .collect(),
            names: estate.vnets.iter().map(|vnet| vnet.name.clone()).collect(),
            spaces: estate
                .vnets
                .iter()
                .map(|vnet| vnet.address_space.clone())
                .collect(),
            neighbors: vec![Vec::new(); count],
            hub: vec![None; count],
        };
        for peering in &estate.peerings {
            let (Some(a), Some(b)) = (topology.vnet(&peering.a), topology.vnet(&peering.b)) else {
                continue;
            };
            let global = is_global(estate, peering, a, b);
            topology.direct(a, b, global, peering.a_to_b, peering.b_to_a);
            topology.direct(b, a, global, peering.b_to_a, peering.a_to_b);
        }
        topology
    }

    /// Enters what `from` has of a peering: `near` is the object that lives in it.
    fn direct(
        &mut self,
        from: VnetId,
        to: VnetId,
        global: bool,
        near: PeeringFlags,
        far: PeeringFlags,
    ) {
        let access = near.allow_virtual_network_access;
        self.neighbors[from.0].push(Neighbor {
            vnet: to,
            global,
            access,
        });
        // both flags, one on each side.
        if near.use_remote_gateways && far.allow_gateway_transit {
            self.hub[from.0] = Some(to);
        }
    }

    /// The network of a name.
    pub fn vnet(&self, name: &str) -> Option<VnetId> {
        self.by_name.get(name).copied()
    }

    /// All networks, in the order of the estate.
    pub fn vnets(&self) -> impl Iterator<Item = VnetId> + use<> {
        (0..self.spaces.len()).map(VnetId)
    }

    /// The name of a network.
    pub fn name(&self, vnet: VnetId) -> &str {
        &self.names[vnet.0]
    }

    /// The address space of a network.
    pub fn space(&self, vnet: VnetId) -> &[Prefix] {
        &self.spaces[vnet.0]
    }

    /// The networks peered with this one, in the order of the estate's peerings.
    pub fn neighbors(&self, vnet: VnetId) -> &[Neighbor] {
        &self.neighbors[vnet.0]
    }

    /// Whether packets pass between two networks both ways: one network, or peered with access.
    pub fn connects(&self, a: VnetId, b: VnetId) -> bool {
        let passes = |from, to| {
            let mut there = self.accessible(from);
            there.any(|neighbor| neighbor.vnet == to)
        };
        a == b || passes(a, b) && passes(b, a)
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

    /// A network's own prefixes and those of the networks that use its gateways: what a Route
    /// Server or gateway in it announces, and what no route may lie inside.
    pub fn transit_space(&self, vnet: VnetId) -> Vec<Prefix> {
        let own = self.space(vnet).iter();
        own.chain(self.spokes(vnet).flat_map(|spoke| self.space(spoke)))
            .copied()
            .collect()
    }

    /// A network's own prefixes and those of every network peered with it: what system routes
    /// cover, so that no programmed route may lie inside.
    pub fn system_space(&self, vnet: VnetId) -> impl Iterator<Item = Prefix> {
        let own = self.space(vnet).iter();
        let peered = self.accessible(vnet);
        own.chain(peered.flat_map(|neighbor| self.space(neighbor.vnet)))
            .copied()
    }

    /// The networks peered with this one that traffic may pass to.
    pub fn accessible(&self, vnet: VnetId) -> impl Iterator<Item = &Neighbor> {
        self.neighbors(vnet)
            .iter()
            .filter(|neighbor| neighbor.access)
    }
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
        assert_eq!(topology.system_space(VnetId(0)).count(), 3);
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
