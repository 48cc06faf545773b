//! A packet on its way, from device to device.

use std::collections::HashMap;
use std::net::IpAddr;

use routehub_exchange::estate::Nic;
use routehub_exchange::view::{SpeakerId, SpeakerKind, VnetId};
use routehub_exchange::{Exchange, rules};
use routehub_types::{Prefix, RuleId};

use super::ends::{Start, Target};
use super::forwarding::{Device, Forwarding};
use super::hop::{TraceEnd, TraceHop};
use super::place::{Place, Spot};
use crate::described::interface_of;
use crate::explain::instance_of_several;
use crate::next_hops::routes_to_itself;
use crate::words::Reason;
use crate::words::{framed, joined, listed};

/// How many hops a trace writes out; what comes again beyond them is only named.
const MOST_HOPS: usize = 1000;

pub(super) fn dropped(rule: RuleId, evidence: impl Into<String>) -> TraceEnd {
    TraceEnd::Dropped(Reason::new(rule, evidence))
}

/// The end of a way that no route leads on from.
pub(super) fn ended(at: &str, end: TraceEnd) -> TraceHop {
    TraceHop::ending(at, None, "", end)
}

pub(super) fn no_route(at: &str) -> TraceHop {
    ended(at, dropped(rules::NO_ROUTE, ""))
}

/// A packet on its way.
pub(super) struct Packet<'a, 'f> {
    pub(super) forwarding: &'f mut Forwarding<'a>,
    pub(super) exchange: &'a Exchange,
    pub(super) address: IpAddr,
    target: Option<Spot>,
    /// The network it starts from; none: it comes from elsewhere.
    pub(super) source: Option<VnetId>,
    /// The devices it is at or was at, the first one first.
    passed: Vec<Device>,
    /// Devices whose ways on are known already.
    walked: HashMap<Device, TraceHop>,
    /// How many hops are written out.
    hops: usize,
}

impl<'a, 'f> Packet<'a, 'f> {
    /// Before its start.
    pub(super) fn new(forwarding: &'f mut Forwarding<'a>, target: &Target) -> Self {
        Self {
            exchange: forwarding.exchange,
            forwarding,
            address: target.address,
            target: target.spot,
            source: None,
            passed: Vec::new(),
            walked: HashMap::new(),
            hops: 0,
        }
    }

    /// Takes what is known of the ways from devices on, of packets of the same source.
    pub(super) fn know(&mut self, walked: HashMap<Device, TraceHop>) {
        self.walked = walked;
    }

    /// What is known of the ways from devices on, whatever way led there.
    pub(super) fn into_known(mut self) -> HashMap<Device, TraceHop> {
        self.walked.retain(|_, hop| !hop.has_loop());
        self.walked
    }

    /// The network that packets from a start have their address in.
    pub(super) fn source_of(&self, start: &Start) -> Option<VnetId> {
        match start {
            Start::Interface(nic) => self.exchange.topology().vnet(&nic.vnet),
            Start::Speaker(id) if self.exchange.speaker(*id).is_nva() => {
                self.exchange.speaker(*id).vnet
            }
            Start::Speaker(_) | Start::Internet => None,
        }
    }

    /// The way from a start.
    pub(super) fn way(mut self, start: &Start) -> TraceHop {
        self.walk(start)
    }

    /// The same, and keeps what it found out.
    pub(super) fn walk(&mut self, start: &Start) -> TraceHop {
        self.source = self.source_of(start);
        match start {
            Start::Interface(nic) => {
                let hop = self.at_interface(&nic.name, nic);
                hop.unwrap_or_else(|| no_route(&nic.name))
            }
            Start::Speaker(id) => self.at_device(Device::Speaker(*id), None),
            Start::Internet => self.on_the_internet(),
        }
    }

    /// From the internet packets come to public addresses of interfaces, by no route of networks.
    fn on_the_internet(&mut self) -> TraceHop {
        let topology = self.exchange.topology();
        let meant = match self.target {
            Some(Spot::Network(vnet)) => Some(vnet),
            _ => topology.vnets().find(|vnet| {
                let mut space = topology.space(*vnet).iter();
                space.any(|prefix| prefix.contains_address(self.address))
            }),
        };
        match meant {
            Some(vnet) => {
                let mut hop = self.in_network("internet", None, vnet);
                "its public address, if it has one".clone_into(&mut hop.by);
                hop
            }
            None if self.target == Some(Spot::Internet) => {
                ended("internet", self.delivered(Place::internet()))
            }
            None => {
                let evidence = "what comes from the internet does not pass these networks";
                ended("internet", dropped(rules::NO_ROUTE, evidence))
            }
        }
    }

    /// An arrival, where it is meant to arrive or elsewhere.
    pub(super) fn delivered(&self, to: Place) -> TraceEnd {
        match self.target {
            Some(target) if target != to.spot() => TraceEnd::Elsewhere { to },
            _ => TraceEnd::Delivered { to },
        }
    }

    /// The name of a device.
    pub(super) fn name(&self, device: Device) -> String {
        let estate = self.exchange.estate();
        match device {
            Device::Speaker(id) => self.exchange.speaker(id).to_string(),
            Device::Balancer(place) => estate.load_balancers[place].name.clone(),
            Device::Nic(place) => estate.nics[place].name.clone(),
            Device::Endpoint(place) => estate.private_endpoints[place].name.clone(),
        }
    }

    /// At a device, which it is led to by a prefix.
    pub(super) fn at_device(&mut self, device: Device, by: Option<Prefix>) -> TraceHop {
        let instance = match device {
            Device::Speaker(id) => instance_of_several(self.exchange, id),
            _ => None,
        };
        TraceHop {
            instance,
            ..self.walk_on(device, by)
        }
    }

    fn walk_on(&mut self, device: Device, by: Option<Prefix>) -> TraceHop {
        let at = self.name(device);
        if self.passed.contains(&device) {
            return ended(&at, self.came_back(device));
        }
        if let Some(known) = self.walked.get(&device) {
            let size = known.size();
            if self.hops + size > MOST_HOPS || known.has_loop() {
                return ended(&at, TraceEnd::AsAbove);
            }
            self.hops += size;
            return known.clone();
        }
        self.passed.push(device);
        self.hops += 1;
        let mut hop = match device {
            Device::Speaker(id) => self.at_speaker(id, &at, by),
            Device::Balancer(place) => self.at_balancer(place, &at),
            Device::Nic(place) => self.at_nic(place, &at),
            Device::Endpoint(_) => {
                let evidence = "a private endpoint forwards nothing";
                ended(&at, dropped(rules::NOT_FORWARDING, evidence))
            }
        };
        hop.stateful = match device {
            Device::Speaker(id) => self.exchange.speaker(id).is_nva(),
            Device::Balancer(_) | Device::Nic(_) => true,
            Device::Endpoint(_) => false,
        };
        hop.balances = matches!(device, Device::Balancer(_));
        self.passed.pop();
        self.walked.insert(device, hop.clone());
        hop
    }

    fn at_speaker(&mut self, id: SpeakerId, at: &str, by: Option<Prefix>) -> TraceHop {
        match self.exchange.speaker(id).kind {
            SpeakerKind::Nva { nva } => self.at_nva(id, nva, at),
            SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. } => {
                self.on_premises(id, at, by)
            }
            SpeakerKind::Gateway { gateway, .. } => self.at_gateway(id, gateway, at),
            SpeakerKind::Edge { .. } => self.by_rib(id, at),
            SpeakerKind::RouteServer { .. } => {
                let evidence = "packets do not pass a Route Server";
                ended(at, dropped(rules::NOT_FORWARDING, evidence))
            }
        }
    }

    /// At a NIC that a route names as next hop: it forwards if it is set to.
    fn at_nic(&mut self, place: usize, at: &str) -> TraceHop {
        let nic = &self.exchange.estate().nics[place];
        if self.forwarding.address_of(nic) == Some(self.address)
            && let Some(vnet) = self.exchange.topology().vnet(&nic.vnet)
        {
            return ended(at, self.delivered(self.place_in(vnet)));
        }
        if !nic.forwarding {
            let evidence = format!("forwarding is off on NIC {at}");
            return ended(at, dropped(rules::NOT_FORWARDING, evidence));
        }
        let hop = self.at_interface(at, nic);
        hop.unwrap_or_else(|| no_route(at))
    }

    /// At a load balancer: any backend that is up may get the packet.
    fn at_balancer(&mut self, place: usize, at: &str) -> TraceHop {
        let balancer = &self.exchange.estate().load_balancers[place];
        let backends: Vec<Device> = self.healthy_backends(&balancer.backends);
        if backends.is_empty() {
            let evidence = format!("backends {}", listed(&balancer.backends));
            return ended(at, dropped(rules::NO_HEALTHY_BACKEND, evidence));
        }
        let is_for_it = balancer.frontend == self.address;
        let ways = backends.into_iter().map(|backend| {
            if is_for_it && let Some(vnet) = self.exchange.topology().vnet(&balancer.vnet) {
                let name = self.name(backend);
                let names = [name.clone(), balancer.name.clone(), balancer.vnet.clone()];
                let text = format!("{name} behind {}", balancer.name);
                let place = Place::new(Spot::Network(vnet), text, names);
                return ended(&name, self.delivered(place));
            }
            self.at_device(backend, None)
        });
        let ways = ways.collect();
        TraceHop::parting(at, None, "", ways)
    }

    /// The backends of a load balancer that answer its probes.
    fn healthy_backends(&self, names: &[String]) -> Vec<Device> {
        let (graph, estate) = (self.exchange.graph(), self.exchange.estate());
        let device = |name: &String| {
            let mut speakers = graph.named(name).iter();
            if let Some(nva) = speakers.find(|id| graph.speaker(**id).is_nva()) {
                let is_down = self.exchange.is_nva_down(*nva);
                return (!is_down).then_some(Device::Speaker(*nva));
            }
            let place = estate.nics.iter().position(|nic| nic.name == *name)?;
            Some(Device::Nic(place))
        };
        names.iter().filter_map(device).collect()
    }

    /// At a device where it was already.
    fn came_back(&self, device: Device) -> TraceEnd {
        let is_nva = matches!(device, Device::Speaker(id) if self.exchange.speaker(id).is_nva());
        // To itself by way of the load balancer that it is behind is to itself.
        let is_behind = match (device, self.passed.last()) {
            (Device::Balancer(place), Some(last @ Device::Speaker(_))) => {
                let backends = &self.exchange.estate().load_balancers[place].backends;
                backends.contains(&self.name(*last))
            }
            (_, last) => is_nva && last == Some(&device),
        };
        let own_table = match self.passed.last() {
            Some(Device::Speaker(id)) if is_behind => self.leads_to_itself(*id),
            _ => None,
        };
        let rule = match own_table {
            Some(_) => rules::OWN_ROUTE_TABLE,
            None if is_behind => rules::ROUTE_TO_ITSELF,
            None => rules::FORWARDING_LOOP,
        };
        let round = self.passed.iter().skip_while(|passed| **passed != device);
        let names = round.chain([&device]).map(|device| self.name(*device));
        let table = framed(" by route table ", own_table.unwrap_or_default(), "");
        TraceEnd::Loop(Reason::new(rule, joined(names, " -> ") + &table))
    }

    /// The route table of an NVA's own interface, if it leads the packet to the NVA.
    fn leads_to_itself(&self, nva: SpeakerId) -> Option<&'a str> {
        let estate = self.exchange.estate();
        let SpeakerKind::Nva { nva } = self.exchange.speaker(nva).kind else {
            return None;
        };
        let to_itself = routes_to_itself(self.exchange, &estate.nvas[nva])?;
        let mut prefixes = to_itself.prefixes.iter();
        let leads = prefixes.any(|prefix| prefix.contains_address(self.address));
        leads.then_some(to_itself.table)
    }

    /// The device it is at; none at the interface it starts from.
    pub(super) fn last_device(&self) -> Option<Device> {
        self.passed.last().copied()
    }

    /// The interface of an NVA.
    pub(super) fn interface_of_nva(&self, nva: usize) -> Nic {
        let estate = self.exchange.estate();
        interface_of(estate, &estate.nvas[nva])
    }
}
