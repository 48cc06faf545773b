//! A packet on its way: what each interface, NVA, gateway and circuit does with it.

use std::cmp::Reverse;
use std::net::IpAddr;

use routehub_exchange::estate::Nic;
use routehub_exchange::view::{
    LinkKind, NicView, Origin, Outbound, Role, Speaker, SpeakerId, SpeakerKind, VnetId,
};
use routehub_exchange::{Exchange, NextHopType, RouteSource, RouteState, rules};
use routehub_rib::BestPath;
use routehub_types::{Family, Prefix, RuleId};

use super::{TraceEnd, TraceHop};
use crate::Reason;
use crate::explain::{interface_of, longest_around, programmed_around};
use crate::words::{joined, listed};

fn delivered(to: impl Into<String>) -> TraceEnd {
    TraceEnd::Delivered { to: to.into() }
}

pub(super) fn dropped(rule: RuleId, evidence: impl Into<String>) -> TraceEnd {
    TraceEnd::Dropped(Reason::new(rule, evidence))
}

/// The end of a way that no route leads on from.
fn ended(at: &str, end: TraceEnd) -> TraceHop {
    TraceHop::ending(at, None, "", end)
}

fn no_route(at: &str) -> TraceHop {
    ended(at, dropped(rules::NO_ROUTE, ""))
}

/// A packet on its way.
pub(super) struct Packet<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) address: IpAddr,
    /// The network it starts from.
    source: Option<VnetId>,
    /// The devices it was at, the interface it started from left out.
    passed: Vec<SpeakerId>,
}

impl<'a> Packet<'a> {
    /// At its start.
    pub(super) fn new(exchange: &'a Exchange, address: IpAddr) -> Self {
        Self {
            exchange,
            address,
            source: None,
            passed: Vec::new(),
        }
    }

    /// At an interface: the longest active row decides.
    pub(super) fn at_interface(&mut self, at: &str, nic: &Nic) -> Option<TraceHop> {
        let exchange = self.exchange;
        let view = exchange.fabric().nic(nic)?;
        self.source.get_or_insert(view.vnet());
        let by = exchange.fabric().programmers(view, &nic.name);
        let destination = Prefix::host(self.address);
        let programmed = programmed_around(exchange, &by, destination);
        let rows = view.rows(programmed.into_iter()).into_iter();
        let active = rows.filter(|row| row.state == RouteState::Active);
        let around = active.filter_map(|row| Some((longest_around(&row, destination)?, row)));
        let longest = around.min_by_key(|(prefix, _)| Reverse(prefix.length()));
        let Some((prefix, row)) = longest else {
            return Some(no_route(at));
        };
        let end = |end| TraceHop::ending(at, Some(prefix), format!("{:?}", row.next_hop_type), end);
        let programmed = row.source == RouteSource::VirtualNetworkGateway;
        Some(match row.next_hop_type {
            _ if self.is_broken_by_route_server(view.vnet()) => {
                let vnet = exchange.topology().name(view.vnet());
                end(dropped(
                    rules::IPV4_ONLY,
                    format!("a Route Server is in VNet {vnet}"),
                ))
            }
            NextHopType::VnetLocal => end(delivered(self.in_network(view.vnet()))),
            NextHopType::VNetPeering
            | NextHopType::VNetGlobalPeering
            | NextHopType::InterfaceEndpoint => end(self.in_local_network(view)),
            NextHopType::Internet => end(delivered("the internet")),
            NextHopType::VirtualNetworkServiceEndpoint => end(delivered("the service endpoint")),
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
                let ways = hops.map(|hop| {
                    if let Some(kept) = self.kept_before(view, *hop) {
                        return TraceHop::ending(at, Some(prefix), hop.to_string(), kept);
                    }
                    let near = programmed || view.reaches(*hop);
                    self.at_address(at, prefix, *hop, near)
                });
                parted(at, prefix, &row.next_hops, ways.collect())
            }
        })
    }

    /// A network that the address is in, and who has it there: an NVA, a NIC or a private
    /// endpoint.
    fn in_network(&self, vnet: VnetId) -> String {
        let estate = self.exchange.estate();
        let vnet = self.exchange.topology().name(vnet);
        let here = |name: &str, ip: IpAddr| name == vnet && ip == self.address;
        let nvas = estate.nvas.iter().filter(|nva| here(&nva.vnet, nva.ip));
        let endpoints = estate.private_endpoints.iter();
        let endpoints = endpoints.filter(|endpoint| here(&endpoint.vnet, endpoint.ip));
        let nics = estate.nics.iter();
        let nics = nics.filter(|nic| nic.ip.is_some_and(|ip| here(&nic.vnet, ip)));
        let names = nvas.map(|nva| &nva.name);
        let names = names.chain(endpoints.map(|endpoint| &endpoint.name));
        match names.chain(nics.map(|nic| &nic.name)).next() {
            Some(name) => format!("{name} in VNet {vnet}"),
            None => format!("VNet {vnet}"),
        }
    }

    /// In the interface's own network or in one peered with it, if the peering lets the packet
    /// pass.
    fn in_local_network(&self, view: NicView<'_>) -> TraceEnd {
        let there = self.local_network(view, self.address);
        let there = there.unwrap_or_else(|| view.vnet());
        let kept = self.kept_at_peering(view.vnet(), there);
        kept.unwrap_or_else(|| delivered(self.in_network(there)))
    }

    /// The interface's own network or one peered with it, whichever has an address.
    fn local_network(&self, view: NicView<'_>, address: IpAddr) -> Option<VnetId> {
        let holds = |space: &[Prefix]| space.iter().any(|prefix| prefix.contains_address(address));
        let own = self.exchange.topology().space(view.vnet());
        let mut peered = view.neighbors().filter(|neighbor| holds(&neighbor.space));
        if holds(own) {
            return Some(view.vnet());
        }
        peered.next().map(|neighbor| neighbor.vnet)
    }

    /// What keeps the packet from a next hop in a peered network. Gateways that a network uses
    /// are no matter of the peering's flags for packets.
    fn kept_before(&self, view: NicView<'_>, hop: IpAddr) -> Option<TraceEnd> {
        let graph = self.exchange.graph();
        let is_gateway =
            |id: &SpeakerId| matches!(graph.speaker(*id).kind, SpeakerKind::Gateway { .. });
        if self.who_has(hop).iter().any(is_gateway) {
            return None;
        }
        self.kept_at_peering(view.vnet(), self.local_network(view, hop)?)
    }

    /// What keeps the packet from passing a peering: access that is off on either side, or
    /// forwarded traffic on the receiving one.
    fn kept_at_peering(&self, from: VnetId, to: VnetId) -> Option<TraceEnd> {
        let topology = self.exchange.topology();
        let (near, far) = (topology.neighbor(from, to)?, topology.neighbor(to, from)?);
        let [from_name, to_name] = [from, to].map(|vnet| topology.name(vnet));
        if !near.access {
            let evidence = format!(
                "peering of {from_name} and {to_name}: allow_virtual_network_access is off"
            );
            return Some(dropped(rules::NO_NETWORK_ACCESS, evidence));
        }
        let source = self
            .source
            .filter(|source| *source != from && *source != to)?;
        if far.takes_forwarded {
            return None;
        }
        let source = topology.name(source);
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
        let gateways = gateways.into_iter();
        let ways: Vec<TraceHop> = gateways.map(|id| self.at_speaker(id)).collect();
        if ways.is_empty() {
            let end = dropped(rules::UNKNOWN_NEXT_HOP, "there is no gateway");
            return TraceHop::ending(at, Some(prefix), "VirtualNetworkGateway", end);
        }
        parted(at, prefix, &[], ways)
    }

    /// At the device that has a next hop address.
    fn at_address(&mut self, at: &str, prefix: Prefix, hop: IpAddr, near: bool) -> TraceHop {
        if !near {
            let end = dropped(rules::NEXT_HOP_UNREACHABLE, format!("next hop {hop}"));
            return TraceHop::ending(at, Some(prefix), hop.to_string(), end);
        }
        let there = self.who_has(hop);
        // Gateways may share addresses: the one meant has a way on that is not the Route Server.
        let mut leading_on = there.iter().filter(|id| self.leads_on(**id));
        if let Some(id) = leading_on.next().or(there.first()) {
            return self.at_speaker(*id);
        }
        let end = delivered(format!("{hop}, which the file does not describe"));
        ended(&hop.to_string(), end)
    }

    /// NVAs and gateways with an address; a gateway also has those of the edge routers that its
    /// connections lead to.
    fn who_has(&self, address: IpAddr) -> Vec<SpeakerId> {
        let graph = self.exchange.graph();
        let has = |id: &SpeakerId| {
            let speaker = graph.speaker(*id);
            !is_route_server(speaker) && speaker.addresses.contains(&address)
        };
        let links = graph.links().map(|link| graph.link(link));
        let by_edge = links.filter_map(|link| match &link.kind {
            LinkKind::GatewayToEdge(to) if to.nic_next_hops.contains(&address) => {
                Some(link.a.speaker)
            }
            _ => None,
        });
        graph.speakers().filter(has).chain(by_edge).collect()
    }

    /// Whether a speaker has another way to the address than by a Route Server.
    fn leads_on(&self, id: SpeakerId) -> bool {
        let graph = self.exchange.graph();
        let SpeakerKind::Gateway { .. } = graph.speaker(id).kind else {
            return true;
        };
        match self.longest_match(id) {
            _ if self.clients_of(id).is_some() => true,
            Some((_, _, Origin::Link(link))) => {
                graph.link(link).kind != LinkKind::GatewayToRouteServer
            }
            other => other.is_some(),
        }
    }

    /// The pool of a gateway's point-to-site clients that the address is of, where no longer
    /// prefix of its RIB leads elsewhere.
    fn clients_of(&self, id: SpeakerId) -> Option<Prefix> {
        let SpeakerKind::Gateway { gateway, .. } = self.exchange.speaker(id).kind else {
            return None;
        };
        let pools = self
            .exchange
            .estate()
            .gateways
            .get(gateway)?
            .p2s_pools
            .iter();
        let around = pools.filter(|pool| pool.contains_address(self.address));
        let pool = *around.max_by_key(|pool| pool.length())?;
        let known = self.longest_match(id);
        let is_longer = known.is_some_and(|(prefix, ..)| prefix.length() > pool.length());
        (!is_longer).then_some(pool)
    }

    /// The best route to the address in the RIB of a speaker, and where it comes from.
    pub(super) fn longest_match(&self, id: SpeakerId) -> Option<(Prefix, BestPath, Origin)> {
        let rib = self.exchange.rib(id)?;
        let (prefix, best) = rib.longest_match(self.address)?;
        Some((prefix, best, rib.origin(best.source)))
    }

    /// At an NVA, gateway, circuit or site.
    pub(super) fn at_speaker(&mut self, id: SpeakerId) -> TraceHop {
        let speaker = self.exchange.speaker(id);
        let at = speaker.to_string();
        if self.passed.contains(&id) {
            return ended(&at, self.came_back(id));
        }
        self.passed.push(id);
        let hop = match speaker.kind {
            SpeakerKind::Nva { nva } => self.at_nva(id, nva, &at),
            SpeakerKind::Site { .. } => ended(&at, delivered(format!("site {at}"))),
            SpeakerKind::CustomerEdge { .. } => ended(&at, delivered(at.clone())),
            _ => self.by_rib(id, &at),
        };
        self.passed.pop();
        hop
    }

    /// At a speaker where it was already.
    fn came_back(&self, id: SpeakerId) -> TraceEnd {
        let is_nva = matches!(self.exchange.speaker(id).kind, SpeakerKind::Nva { .. });
        let rule = if is_nva && self.passed.last() == Some(&id) {
            rules::ROUTE_TO_ITSELF
        } else {
            rules::FORWARDING_LOOP
        };
        let round = self.passed.iter().skip_while(|passed| **passed != id);
        let names = round.chain([&id]).map(|id| self.exchange.speaker(*id));
        TraceEnd::Loop(Reason::new(rule, joined(names, " -> ")))
    }

    /// An NVA has the networks that it announces itself behind it, sends by its direct neighbours
    /// what it learned of them, and all else by its interface.
    fn at_nva(&mut self, id: SpeakerId, nva: usize, at: &str) -> TraceHop {
        let exchange = self.exchange;
        let own = exchange.originated_around(id, Prefix::host(self.address));
        let own = own.into_iter().max_by_key(|prefix| prefix.length());
        match (own, self.neighbors_route(id)) {
            (own, Some((prefix, neighbor)))
                if own.is_none_or(|own| own.length() < prefix.length()) =>
            {
                parted(at, prefix, &[], vec![self.at_speaker(neighbor)])
            }
            // Of a default route nothing is behind an NVA but the internet, by its interface.
            (Some(own), _) if !own.is_default() => {
                let end = delivered(format!("the network behind {at}"));
                TraceHop::ending(at, Some(own), "", end)
            }
            _ => {
                let nic = interface_of(exchange.estate(), &exchange.estate().nvas[nva]);
                let hop = self.at_interface(at, &nic);
                hop.unwrap_or_else(|| no_route(at))
            }
        }
    }

    /// The route to the address that an NVA learned from a direct neighbour, and which.
    fn neighbors_route(&self, nva: SpeakerId) -> Option<(Prefix, SpeakerId)> {
        let exchange = self.exchange;
        let mut direct = exchange
            .outbound_to(nva)
            .filter(|outbound| outbound.link().kind == LinkKind::NvaToNeighbor);
        if exchange.rib(nva).is_some() {
            let (prefix, best, _) = self.longest_match(nva)?;
            let from = direct.find(|outbound| outbound.source() == Some(best.source))?;
            return Some((prefix, from.sender()));
        }
        let routes = direct.flat_map(|outbound: Outbound<'_>| {
            let prefixes = outbound.routes().into_keys();
            prefixes.map(move |prefix| (prefix, outbound.sender()))
        });
        let around = routes.filter(|(prefix, _)| prefix.contains_address(self.address));
        around.max_by_key(|(prefix, _)| prefix.length())
    }

    /// At a gateway or a circuit's edge: the longest match in its RIB decides.
    fn by_rib(&mut self, id: SpeakerId, at: &str) -> TraceHop {
        let exchange = self.exchange;
        if let Some(pool) = self.clients_of(id) {
            let clients = format!("point-to-site clients of {}", exchange.speaker(id).name);
            return TraceHop::ending(at, Some(pool), "", delivered(clients));
        }
        if let Some(hop) = self.by_default_site(id, at) {
            return hop;
        }
        let Some((prefix, best, origin)) = self.longest_match(id) else {
            return no_route(at);
        };
        let Origin::Link(link) = origin else {
            let topology = exchange.topology();
            let own = exchange.speaker(id).vnet.into_iter();
            let mut vnets = own.flat_map(|vnet| std::iter::once(vnet).chain(topology.spokes(vnet)));
            let holds = |space: &Prefix| space.contains(prefix);
            let holder = vnets.find(|vnet| topology.space(*vnet).iter().any(holds));
            let to = holder.map_or_else(String::new, |vnet| self.in_network(vnet));
            return TraceHop::ending(at, Some(prefix), "", delivered(to));
        };
        let Some(peer) = exchange.graph().link(link).peer_of(id) else {
            return TraceHop::ending(at, Some(prefix), "", dropped(rules::NO_ROUTE, ""));
        };
        if !is_route_server(exchange.speaker(peer)) {
            return parted(at, prefix, &[], vec![self.at_speaker(peer)]);
        }
        // Packets do not pass a Route Server: the host route leads to the NVA.
        let hops = self.next_hops_beyond(peer, prefix, best);
        let ways = hops
            .iter()
            .map(|hop| self.at_address(at, prefix, *hop, true));
        parted(at, prefix, &hops, ways.collect())
    }

    /// Where a route that a Route Server instance sent leads.
    fn next_hops_beyond(&self, server: SpeakerId, prefix: Prefix, best: BestPath) -> Vec<IpAddr> {
        let exchange = self.exchange;
        let there = exchange.rib(server).map(|rib| rib.best(prefix));
        let paths = there.iter().flat_map(|paths| paths.iter());
        let next_hop = |path: &BestPath| exchange.attrs(path.attrs).next_hop.address;
        let mut hops: Vec<IpAddr> = paths.map(next_hop).collect();
        if hops.is_empty() {
            hops.push(next_hop(&best));
        }
        hops.sort_unstable();
        hops.dedup();
        hops
    }
}

fn is_route_server(speaker: &Speaker) -> bool {
    matches!(speaker.kind, SpeakerKind::RouteServer { .. })
}

/// A hop from which ways go on.
fn parted(at: &str, prefix: Prefix, hops: &[IpAddr], mut ways: Vec<TraceHop>) -> TraceHop {
    // Several addresses of one device are one way.
    ways.dedup();
    // What ended before it left is an end of this very hop.
    if let [only] = ways.as_slice()
        && only.at == at
        && matches!(only.end, Some(TraceEnd::Dropped(_)))
    {
        return only.clone();
    }
    TraceHop {
        at: at.to_owned(),
        prefix: Some(prefix),
        by: listed(hops),
        end: ways.is_empty().then(|| dropped(rules::NO_ROUTE, "")),
        next: ways,
    }
}
