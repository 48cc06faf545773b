//! The devices that decide on the ways of packets, by numbers.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use routehub_exchange::Exchange;
use routehub_exchange::estate::{Estate, ReadvertisedNextHop, Routes, UserRouteTarget};
use routehub_exchange::view::{SpeakerId, VnetId};
use routehub_types::Prefix;

use super::ends::INTERNET;
use super::hop::TraceHop;

/// A device by its name; several instances of one name are one.
#[derive(Debug)]
struct Station {
    name: String,
    /// Whether an interface decides alone, by the longest of its routes.
    is_interface: bool,
    vnet: Option<VnetId>,
}

/// All devices of an exchange.
#[derive(Debug, Default)]
pub(super) struct Stations {
    by_name: HashMap<String, u32>,
    all: Vec<Station>,
    /// By network.
    by_vnet: Vec<Vec<u32>>,
    /// The networks in which somebody forwards, or that a next hop is named in.
    forwarding: BTreeSet<VnetId>,
}

impl Stations {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let (estate, topology, graph) = (exchange.estate(), exchange.topology(), exchange.graph());
        let mut stations = Self {
            by_vnet: vec![Vec::new(); topology.vnets().count()],
            ..Self::default()
        };
        for id in graph.speakers() {
            let speaker = graph.speaker(id);
            stations.add(&speaker.to_string(), speaker.vnet, false);
            stations.forwarding.extend(speaker.vnet);
        }
        for balancer in &estate.load_balancers {
            let vnet = topology.vnet(&balancer.vnet);
            stations.add(&balancer.name, vnet, false);
            stations.forwarding.extend(vnet);
        }
        for endpoint in &estate.private_endpoints {
            stations.add(&endpoint.name, topology.vnet(&endpoint.vnet), false);
        }
        for nic in &estate.nics {
            let vnet = topology.vnet(&nic.vnet);
            stations.add(&nic.name, vnet, true);
            stations.forwarding.extend(vnet.filter(|_| nic.forwarding));
        }
        stations.add(INTERNET, None, false);
        let hops = next_hops(estate);
        stations.forwarding.extend(topology.vnets().filter(|vnet| {
            let mut space = topology.space(*vnet).iter();
            space.any(|prefix| hops.iter().any(|hop| prefix.contains_address(*hop)))
        }));
        stations
    }

    fn add(&mut self, name: &str, vnet: Option<VnetId>, is_interface: bool) {
        if let Some(known) = self.by_name.get(name) {
            // Who has the name of another decides like both.
            let known = &mut self.all[*known as usize];
            known.is_interface &= is_interface;
            return;
        }
        let number = self.all.len() as u32;
        self.by_name.insert(name.to_owned(), number);
        self.all.push(Station {
            name: name.to_owned(),
            is_interface,
            vnet,
        });
        if let Some(vnet) = vnet {
            self.by_vnet[vnet.index()].push(number);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// The name of a device.
    pub(super) fn name(&self, station: u32) -> &str {
        &self.all[station as usize].name
    }

    pub(super) fn named(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The network that a device is in.
    pub(super) fn vnet_of(&self, station: u32) -> Option<VnetId> {
        self.all[station as usize].vnet
    }

    /// The devices of a network.
    pub(super) fn in_vnet(&self, vnet: VnetId) -> &[u32] {
        &self.by_vnet[vnet.index()]
    }

    pub(super) fn of_speaker(&self, exchange: &Exchange, id: SpeakerId) -> Option<u32> {
        self.named(&exchange.speaker(id).to_string())
    }

    /// Whether nobody forwards in a network, and no next hop is named there.
    pub(super) fn is_leaf(&self, vnet: VnetId) -> bool {
        !self.forwarding.contains(&vnet)
    }

    /// What decides at a hop: the device, and the length of the prefix below which other routes do
    /// not matter.
    pub(super) fn stop(&self, hop: &TraceHop) -> Option<(u32, u8)> {
        let number = self.named(&hop.at)?;
        let station = &self.all[number as usize];
        // Ranges that are dropped depend on shorter prefixes too.
        let by_length = station.is_interface && hop.by != "None";
        let least = hop.prefix.filter(|_| by_length);
        Some((number, least.map_or(0, Prefix::length)))
    }
}

/// Every address that something of an estate names as a next hop.
fn next_hops(estate: &Estate) -> BTreeSet<IpAddr> {
    let mut hops = BTreeSet::new();
    let mut of = |routes: &Routes| hops.extend(routes.next_hop);
    for nva in &estate.nvas {
        nva.originates.iter().for_each(|own| of(&own.routes));
        nva.advertises.iter().for_each(|own| of(&own.routes));
    }
    for nva in &estate.nvas {
        let rules = nva.readvertises.iter();
        hops.extend(rules.filter_map(|rule| match rule.next_hop {
            ReadvertisedNextHop::Address(address) => Some(address),
            _ => None,
        }));
    }
    let user = estate.route_tables.iter().flat_map(|table| &table.routes);
    hops.extend(user.filter_map(|route| match route.target {
        UserRouteTarget::VirtualAppliance(address) => Some(address),
        _ => None,
    }));
    hops
}
