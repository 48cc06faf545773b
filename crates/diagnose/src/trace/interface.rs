//! What an interface does with a packet: the longest of its active rows decides.

use std::net::IpAddr;

use routehub_exchange::estate::Nic;
use routehub_exchange::view::{LinkKind, NicView, Origin, Role, SpeakerId, SpeakerKind, VnetId};
use routehub_exchange::{EffectiveRow, NextHopType, RouteSource, rules};
use routehub_types::{Family, Prefix};

use super::ends::is_private;
use super::forwarding::Device;
use super::hop::{TraceEnd, TraceHop};
use super::packet::{Packet, dropped, no_route};
use super::place::{Place, Spot};

/// A row that decides on a packet.
pub(super) struct Decision {
    /// The longest prefix of the row around the address.
    pub(super) prefix: Prefix,
    pub(super) row: EffectiveRow,
}

impl Decision {
    /// Whether the row leads to a network by itself, not by what somebody announced.
    pub(super) fn is_local(&self) -> bool {
        matches!(
            self.row.next_hop_type,
            NextHopType::VnetLocal
                | NextHopType::VNetPeering
                | NextHopType::VNetGlobalPeering
                | NextHopType::InterfaceEndpoint
        )
    }

    /// Whether packets that follow the row are lost.
    pub(super) fn leads_nowhere(&self) -> bool {
        self.row.next_hop_type == NextHopType::None
    }

    /// Whether the row leads to the internet.
    pub(super) fn leads_to_internet(&self) -> bool {
        self.row.next_hop_type == NextHopType::Internet
    }

    /// Whether it is a user-defined route.
    pub(super) fn is_of_user(&self) -> bool {
        self.row.source == RouteSource::User
    }
}

impl Packet<'_, '_> {
    /// At an interface: the longest active row decides.
    pub(super) fn at_interface(&mut self, at: &str, nic: &Nic) -> Option<TraceHop> {
        let view = self.exchange.fabric().nic(nic)?;
        Some(match self.decision(view, nic) {
            Some(decision) => self.by_row(at, view, &decision),
            None => no_route(at),
        })
    }

    /// The row of an interface that decides on the packet.
    pub(super) fn decision(&mut self, view: NicView<'_>, nic: &Nic) -> Option<Decision> {
        let table = self.forwarding.table(view, &nic.name, self.address);
        let (prefix, row) = table.longest_match(self.address)?;
        let row = row.clone();
        Some(Decision { prefix, row })
    }

    /// By a row of an interface.
    pub(super) fn by_row(&mut self, at: &str, view: NicView<'_>, by: &Decision) -> TraceHop {
        TraceHop {
            source: Some(by.row.source),
            ..self.led_by_row(at, view, by)
        }
    }

    fn led_by_row(&mut self, at: &str, view: NicView<'_>, by: &Decision) -> TraceHop {
        let (prefix, row) = (by.prefix, &by.row);
        let end = |end| TraceHop::ending(at, Some(prefix), format!("{:?}", row.next_hop_type), end);
        let programmed = row.source == RouteSource::VirtualNetworkGateway;
        match row.next_hop_type {
            _ if self.is_broken_by_route_server(view.vnet()) => {
                let vnet = self.exchange.topology().name(view.vnet());
                let evidence = format!("a Route Server is in VNet {vnet}");
                end(dropped(rules::IPV4_ONLY, evidence))
            }
            NextHopType::VnetLocal
            | NextHopType::VNetPeering
            | NextHopType::VNetGlobalPeering
            | NextHopType::InterfaceEndpoint => self.in_local_network(at, view, by),
            NextHopType::Internet if is_private(self.address) => {
                let evidence = "the internet has no route to private addresses";
                end(dropped(rules::NO_ROUTE, evidence))
            }
            NextHopType::Internet => end(self.delivered(Place::internet())),
            NextHopType::VirtualNetworkServiceEndpoint => {
                let place = Place::new(Spot::Internet, "the service endpoint", []);
                end(self.delivered(place))
            }
            NextHopType::None if programmed => end(dropped(
                rules::NEXT_HOP_UNREACHABLE,
                "no next hop of the route is reachable",
            )),
            NextHopType::None => end(dropped(
                rules::SYSTEM_ROUTES,
                "the route's next hop type is None",
            )),
            NextHopType::VirtualNetworkGateway if row.next_hops.is_empty() => {
                self.by_gateways(at, prefix, (view, row.source))
            }
            NextHopType::VirtualAppliance | NextHopType::VirtualNetworkGateway => {
                let hops = row.next_hops.iter();
                let ways = hops.map(|hop| self.by_next_hop(at, prefix, view, *hop, programmed));
                let ways = ways.collect();
                parted(at, prefix, &row.next_hops, ways)
            }
        }
    }

    /// By one next hop of a row.
    fn by_next_hop(
        &mut self,
        at: &str,
        prefix: Prefix,
        view: NicView<'_>,
        hop: IpAddr,
        programmed: bool,
    ) -> TraceHop {
        let end = |end| TraceHop::ending(at, Some(prefix), hop.to_string(), end);
        let there = self.local_network(view, hop);
        if let Some(gateway) = self.gateway_with(hop) {
            return if programmed {
                self.at_device(Device::Speaker(gateway), Some(prefix))
            } else {
                let evidence = format!("{hop} is of gateway {}", self.exchange.speaker(gateway));
                end(dropped(rules::GATEWAY_AS_NEXT_HOP, evidence))
            };
        }
        let Some(there) = there else {
            let evidence = format!("next hop {hop}");
            return end(dropped(rules::NEXT_HOP_UNREACHABLE, evidence));
        };
        if let Some(kept) = self.kept_at_peering(view.vnet(), there) {
            return end(kept);
        }
        match self.forwarding.owner_in(there, hop) {
            Some(device) => self.at_device(device, Some(prefix)),
            None => {
                let vnet = self.exchange.topology().name(there);
                let evidence = format!("next hop {hop} in VNet {vnet}");
                end(dropped(rules::UNKNOWN_NEXT_HOP, evidence))
            }
        }
    }

    /// The gateway with an address. Gateways may share addresses: the one meant has a way on that
    /// is not the Route Server.
    fn gateway_with(&mut self, address: IpAddr) -> Option<SpeakerId> {
        let owners = self.forwarding.owners(address).iter();
        let gateways = owners.filter_map(|(_, device)| match device {
            Device::Speaker(id) if self.exchange.speaker(*id).gateway().is_some() => Some(*id),
            _ => None,
        });
        let gateways: Vec<SpeakerId> = gateways.collect();
        let mut leading_on = gateways.iter().filter(|id| self.leads_on(**id));
        leading_on.next().or(gateways.first()).copied()
    }

    /// Whether a gateway has another way to the address than by a Route Server.
    fn leads_on(&self, id: SpeakerId) -> bool {
        if self.clients_of(id).is_some() {
            return true;
        }
        let Some((_, origins)) = self.best_origins(id) else {
            return false;
        };
        let mut origins = origins.iter();
        origins.any(|origin| match origin {
            Origin::Link(link) => {
                self.exchange.graph().link(*link).kind != LinkKind::GatewayToRouteServer
            }
            _ => true,
        })
    }

    /// A route by a gateway whose address is not known, or a user-defined one to the gateway:
    /// that is the VPN gateway, as ExpressRoute takes routes by BGP alone.
    fn by_gateways(
        &mut self,
        at: &str,
        prefix: Prefix,
        (view, source): (NicView<'_>, RouteSource),
    ) -> TraceHop {
        let (fabric, graph) = (self.exchange.fabric(), self.exchange.graph());
        let hubs = [Some(view.vnet()), view.hub()].into_iter().flatten();
        let gateways = hubs.flat_map(|hub| fabric.programmers_in(hub).gateways().to_vec());
        let mut gateways: Vec<SpeakerId> = gateways.collect();
        let is_vpn = |id: &SpeakerId| graph.speaker(*id).role() == Some(Role::VpnGateway);
        if source == RouteSource::User && gateways.iter().any(is_vpn) {
            gateways.retain(is_vpn);
        }
        if gateways.iter().any(|id| !fabric.is_down(*id)) {
            gateways.retain(|id| !fabric.is_down(*id));
        }
        if source != RouteSource::User && gateways.iter().any(|id| self.leads_on(*id)) {
            gateways.retain(|id| self.leads_on(*id));
        }
        if gateways.is_empty() {
            let end = dropped(rules::UNKNOWN_NEXT_HOP, "there is no gateway");
            return TraceHop::ending(at, Some(prefix), "VirtualNetworkGateway", end);
        }
        let ways = gateways.into_iter();
        let ways = ways.map(|id| self.at_device(Device::Speaker(id), Some(prefix)));
        let ways = ways.collect();
        parted(at, prefix, &[], ways)
    }

    /// In the interface's own network or in one peered with it, if the peering lets the packet
    /// pass.
    fn in_local_network(&mut self, at: &str, view: NicView<'_>, by: &Decision) -> TraceHop {
        let kind = format!("{:?}", by.row.next_hop_type);
        let Some(there) = self.local_network(view, self.address) else {
            let vnet = self.exchange.topology().name(view.vnet());
            let evidence = format!("neither VNet {vnet} nor one peered with it has the address");
            let end = dropped(rules::NO_ROUTE, evidence);
            return TraceHop::ending(at, Some(by.prefix), kind, end);
        };
        let mut hop = match self.kept_at_peering(view.vnet(), there) {
            Some(kept) => TraceHop::ending(at, Some(by.prefix), "", kept),
            None => self.in_network(at, Some(by.prefix), there),
        };
        hop.by = kind;
        hop
    }

    /// At whoever has the address in a network.
    pub(super) fn in_network(
        &mut self,
        at: &str,
        prefix: Option<Prefix>,
        vnet: VnetId,
    ) -> TraceHop {
        let end = |end| TraceHop::ending(at, prefix, "", end);
        match self.forwarding.owner_in(vnet, self.address) {
            Some(balancer @ Device::Balancer(_)) => {
                let way = self.at_device(balancer, None);
                TraceHop::parting(at, prefix, "", vec![way])
            }
            Some(Device::Speaker(id)) if self.exchange.is_nva_down(id) => {
                let evidence = self.exchange.speaker(id).to_string();
                end(dropped(rules::NVA_DOWN, evidence))
            }
            _ => end(self.delivered(self.place_in(vnet))),
        }
    }

    /// A network that the address is in, and who has it there.
    pub(super) fn place_in(&self, vnet: VnetId) -> Place {
        let name = self.exchange.topology().name(vnet).to_owned();
        let spot = Spot::Network(vnet);
        match self.forwarding.owner_in(vnet, self.address) {
            Some(owner) => {
                let owner = self.name(owner);
                let text = format!("{owner} in VNet {name}");
                Place::new(spot, text, [owner, name])
            }
            None => Place::new(spot, format!("VNet {name}"), [name]),
        }
    }

    /// The interface's own network or one peered with it, whichever has an address.
    fn local_network(&self, view: NicView<'_>, address: IpAddr) -> Option<VnetId> {
        let holds = |space: &[Prefix]| space.iter().any(|prefix| prefix.contains_address(address));
        if holds(self.exchange.topology().space(view.vnet())) {
            return Some(view.vnet());
        }
        let mut peered = view.neighbors().filter(|neighbor| holds(&neighbor.space));
        peered.next().map(|neighbor| neighbor.vnet)
    }

    /// What keeps the packet from passing a peering: access that is off on either side, or
    /// forwarded traffic on the receiving one. What a gateway takes in for the networks
    /// that use it is no matter of these flags.
    fn kept_at_peering(&self, from: VnetId, to: VnetId) -> Option<TraceEnd> {
        let topology = self.exchange.topology();
        let (near, far) = (topology.neighbor(from, to)?, topology.neighbor(to, from)?);
        let [from_name, to_name] = [from, to].map(|vnet| topology.name(vnet));
        if self.is_at_gateway() && topology.hub(to) == Some(from) {
            return None;
        }
        if !near.access {
            let evidence = format!(
                "peering of {from_name} and {to_name}: allow_virtual_network_access is off"
            );
            return Some(dropped(rules::NO_NETWORK_ACCESS, evidence));
        }
        let is_of_one = |source: VnetId| source == from || source == to;
        if far.takes_forwarded || self.source.is_some_and(is_of_one) {
            return None;
        }
        let source = self.source.map(|source| topology.name(source));
        let source = source.unwrap_or("outside the networks");
        let evidence = format!(
            "peering of {to_name} with {from_name}: allow_forwarded_traffic is off in {to_name}, \
             and the packet comes from {source}"
        );
        Some(dropped(rules::FORWARDED_TRAFFIC_OFF, evidence))
    }

    /// Whether the packet is an IPv6 one in a network whose Route Server breaks IPv6.
    fn is_broken_by_route_server(&self, vnet: VnetId) -> bool {
        let exchange = self.exchange;
        Prefix::host(self.address).family() == Family::Ipv6
            && !exchange.parameters().ipv6
            && !exchange.fabric().programmers_in(vnet).servers().is_empty()
    }

    fn is_at_gateway(&self) -> bool {
        let last = self.last_device();
        matches!(last, Some(Device::Speaker(id)) if is_gateway(self.exchange.speaker(id).kind))
    }
}

fn is_gateway(kind: SpeakerKind) -> bool {
    matches!(kind, SpeakerKind::Gateway { .. })
}

/// A hop from which ways go on.
pub(super) fn parted(at: &str, prefix: Prefix, hops: &[IpAddr], ways: Vec<TraceHop>) -> TraceHop {
    let by = crate::words::listed(hops);
    TraceHop::parting(at, Some(prefix), by, ways)
}
