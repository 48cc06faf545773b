//! Traces against a naive walker: on random estates, following the effective routes hop by hop
//! gives the same ways, and no trace arrives where the walker does not.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use routehub_diagnose::{TraceEnd, TraceHop, trace};
use routehub_exchange::estate::{Nic, Nva};
use routehub_exchange::view::{LinkKind, Origin, SpeakerId, SpeakerKind};
use routehub_exchange::{Exchange, NextHopType, RouteSource, RouteState};
use routehub_testkit::random::{self, Numbers};
use routehub_types::Prefix;

const ADDRESSES: [&str; 10] = [
    "10.0.1.9",
    "10.0.1.4",
    "10.1.1.9",
    "10.100.1.9",
    "10.101.2.7",
    "10.200.0.1",
    "192.168.1.1",
    "192.168.2.9",
    "172.16.0.1",
    "8.8.8.8",
];

/// What draws an estate whose user-defined routes lead to a Route Server's own address.
const TO_A_ROUTE_SERVER: &[u16] = &[
    0, 0, 2224, 114, 27132, 0, 1890, 0, 0, 0, 0, 0, 16408, 0, 0, 0, 0, 3368, 0, 0, 0, 0, 0, 0, 216,
    27622, 0, 1208, 0, 6985, 4, 31471, 0, 1206, 0, 3288, 774, 0, 168, 2382, 34436, 0, 1538, 0,
    53377, 0, 29829, 585, 28, 1602, 81, 5619, 0, 6318, 7587, 84, 29264, 39611, 0, 44812, 21, 36227,
    60555, 43204, 29179, 56488, 16916, 3382, 33105, 36554, 22702, 44695, 48529, 62764, 16301,
    36586, 36823, 43711, 29934, 17894, 54922, 33709, 50574, 45126, 50936, 38531, 45411, 11911,
    7979, 39121, 43121, 33314, 35488, 12929, 15891, 2500, 263, 64662, 852, 47521, 39807, 62553,
    39236, 21776, 18132, 32074, 40268, 33049, 61003, 19212, 11326, 62141, 49896, 64602, 11269,
    11207, 18859, 33965, 59923, 7933, 60858, 14071, 64982, 43379, 30962, 24948, 63447, 50167,
    45660,
];

/// Ways that were compared, and those among them that arrive.
static WAYS: AtomicUsize = AtomicUsize::new(0);
static ARRIVED: AtomicUsize = AtomicUsize::new(0);

/// The names on a way, one after the other, and where it ends; `lost` if it does not arrive.
type Way = (Vec<String>, String);
type Ways = BTreeSet<Way>;

/// The walker: a packet to an address, from the network of a NIC.
struct Walker<'a> {
    exchange: &'a Exchange,
    to: IpAddr,
    source: String,
}

/// What the walker does not try to follow.
struct Unknown;

impl Walker<'_> {
    fn around(&self, prefixes: impl IntoIterator<Item = Prefix>) -> Option<u8> {
        let around = prefixes
            .into_iter()
            .filter(|prefix| prefix.contains_address(self.to));
        around.map(Prefix::length).max()
    }

    /// By the longest active row of an interface; `outside` at a gateway.
    fn interface(
        &self,
        nic: &Nic,
        names: &[String],
        seen: &[SpeakerId],
        at_gateway: bool,
    ) -> Result<Ways, Unknown> {
        let rows = self.exchange.fabric().effective(nic).ok_or(Unknown)?;
        let mut best = None;
        for row in rows.iter().filter(|row| row.state == RouteState::Active) {
            let length = self.around(row.prefixes.iter().copied());
            if let Some(length) = length
                && best.is_none_or(|(longest, _)| length > longest)
            {
                best = Some((length, row));
            }
        }
        let end = |end: &str| Ok(Ways::from([(names.to_vec(), end.to_owned())]));
        let Some((_, row)) = best else {
            return end("lost");
        };
        let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        let private = private.map(|prefix| prefix.parse::<Prefix>().expect("a prefix"));
        let programmed = row.source == RouteSource::VirtualNetworkGateway;
        match row.next_hop_type {
            NextHopType::None => end("lost"),
            NextHopType::Internet if at_gateway || self.around(private).is_some() => end("lost"),
            NextHopType::Internet => end("the internet"),
            NextHopType::VirtualNetworkServiceEndpoint => end("the service endpoint"),
            NextHopType::VirtualNetworkGateway if row.next_hops.is_empty() => Err(Unknown),
            NextHopType::VirtualAppliance | NextHopType::VirtualNetworkGateway => {
                let mut ways = Ways::new();
                for hop in &row.next_hops {
                    ways.extend(self.next_hop(nic, names, seen, *hop, programmed)?);
                }
                Ok(ways)
            }
            _ => match self.network_of(nic, self.to) {
                Some(vnet) if self.passes(&nic.vnet, &vnet, at_gateway) => end(&Self::place(&vnet)),
                _ => end("lost"),
            },
        }
    }

    fn next_hop(
        &self,
        nic: &Nic,
        names: &[String],
        seen: &[SpeakerId],
        hop: IpAddr,
        programmed: bool,
    ) -> Result<Ways, Unknown> {
        let lost = || Ok(Ways::from([(names.to_vec(), "lost".to_owned())]));
        let graph = self.exchange.graph();
        let has = |id: &SpeakerId| graph.speaker(*id).addresses.contains(&hop);
        let is_gateway = |id: &SpeakerId| graph.speaker(*id).gateway().is_some();
        let own = graph.speakers().filter(|id| has(id) && is_gateway(id));
        let edges = graph
            .links()
            .filter_map(|link| match &graph.link(link).kind {
                LinkKind::GatewayToEdge(to) if to.nic_next_hops.contains(&hop) => {
                    Some(graph.link(link).a.speaker)
                }
                _ => None,
            });
        let gateways: BTreeSet<SpeakerId> = own.chain(edges).collect();
        if !gateways.is_empty() {
            // Which of several is meant, traces work out by what each leads to.
            let mut gateways = gateways.into_iter();
            return match (gateways.next(), gateways.next()) {
                (Some(gateway), _) if !programmed => {
                    let _ = gateway;
                    lost()
                }
                (Some(gateway), None) => self.speaker(gateway, names, seen, None),
                _ => Err(Unknown),
            };
        }
        let Some(vnet) = self.network_of(nic, hop) else {
            return lost();
        };
        let at_gateway = seen.last().is_some_and(is_gateway);
        if !self.passes(&nic.vnet, &vnet, at_gateway) {
            return lost();
        }
        let mut nvas = self.exchange.estate().nvas.iter();
        match nvas.find(|nva| nva.vnet == vnet && nva.ip == hop) {
            Some(nva) => self.speaker(graph.named(&nva.name)[0], names, seen, None),
            None => match graph
                .speakers()
                .find(|id| has(id) && self.is_server_in(*id, &vnet))
            {
                // Packets come to a Route Server, and go no further.
                Some(server) => {
                    let name = graph.speaker(server).to_string();
                    Ok(Ways::from([([names, &[name]].concat(), "lost".into())]))
                }
                None => lost(),
            },
        }
    }

    fn is_server_in(&self, id: SpeakerId, vnet: &str) -> bool {
        match self.exchange.speaker(id).kind {
            SpeakerKind::RouteServer { server, .. } => {
                self.exchange.estate().route_servers[server].vnet == vnet
            }
            _ => false,
        }
    }

    /// The network that an interface sees an address in: its own, or a peered one.
    fn network_of(&self, nic: &Nic, address: IpAddr) -> Option<String> {
        let estate = self.exchange.estate();
        let holds = |space: &[Prefix]| space.iter().any(|prefix| prefix.contains_address(address));
        let named = |name: &str| estate.vnets.iter().find(|vnet| vnet.name == name);
        if holds(&named(&nic.vnet)?.address_space) {
            return Some(nic.vnet.clone());
        }
        estate.peerings.iter().find_map(|peering| {
            let subnets = peering.subnets.as_ref();
            let (far, near_subnets, far_subnets) = if peering.a == nic.vnet {
                (&peering.b, subnets.map(|s| &s.a), subnets.map(|s| &s.b))
            } else if peering.b == nic.vnet {
                (&peering.a, subnets.map(|s| &s.b), subnets.map(|s| &s.a))
            } else {
                return None;
            };
            let takes_part = near_subnets.is_none_or(|subnets| {
                nic.subnet
                    .as_ref()
                    .is_some_and(|subnet| subnets.contains(subnet))
            });
            let far = named(far)?;
            let seen = match far_subnets {
                None => holds(&far.address_space),
                Some(names) => far.subnets.iter().any(|subnet| {
                    names.contains(&subnet.name) && subnet.prefix.contains_address(address)
                }),
            };
            (takes_part && seen).then(|| far.name.clone())
        })
    }

    /// Whether the flags of a peering let the packet pass.
    fn passes(&self, from: &str, to: &str, at_gateway: bool) -> bool {
        let mut peerings = self.exchange.estate().peerings.iter();
        let between = |peering: &&routehub_exchange::estate::Peering| {
            [(&*peering.a, &*peering.b), (&*peering.b, &*peering.a)].contains(&(from, to))
        };
        let Some(peering) = peerings.find(between) else {
            return true;
        };
        let topology = self.exchange.topology();
        let hub = topology.vnet(to).and_then(|to| topology.hub(to));
        if at_gateway && hub.is_some() && hub == topology.vnet(from) {
            return true;
        }
        let receiving = if peering.b == to {
            peering.b_to_a
        } else {
            peering.a_to_b
        };
        let access = peering.a_to_b.allow_virtual_network_access
            && peering.b_to_a.allow_virtual_network_access;
        access && (receiving.allow_forwarded_traffic || [from, to].contains(&&*self.source))
    }

    fn place(vnet: &str) -> String {
        format!("VNet {vnet}")
    }

    fn speaker(
        &self,
        id: SpeakerId,
        names: &[String],
        seen: &[SpeakerId],
        by: Option<u8>,
    ) -> Result<Ways, Unknown> {
        let speaker = self.exchange.speaker(id);
        let names = [names, &[speaker.to_string()]].concat();
        if seen.contains(&id) {
            return Ok(Ways::from([(names, "lost".to_owned())]));
        }
        let seen = [seen, &[id]].concat();
        match speaker.kind {
            SpeakerKind::Nva { nva } => {
                self.nva(id, &self.exchange.estate().nvas[nva], &names, &seen)
            }
            SpeakerKind::Gateway { gateway, .. } => {
                let gateway = &self.exchange.estate().gateways[gateway];
                if gateway.default_site.is_some() || !gateway.p2s_pools.is_empty() {
                    return Err(Unknown);
                }
                let known = self.by_rib(id, &names, &seen)?;
                if let Some(ways) = known {
                    return Ok(ways);
                }
                let nic = Nic {
                    name: gateway.name.clone(),
                    vnet: gateway.vnet.clone(),
                    subnet: Some("GatewaySubnet".into()),
                    ..Nic::default()
                };
                self.interface(&nic, &names, &seen, true)
            }
            SpeakerKind::Edge { .. } => {
                let ways = self.by_rib(id, &names, &seen)?;
                Ok(ways.unwrap_or_else(|| Ways::from([(names, "lost".to_owned())])))
            }
            // What comes to on-premises is compared by that it comes there.
            _ if by.is_some() => Ok(Ways::from([(names, "on-premises".to_owned())])),
            _ => Err(Unknown),
        }
    }

    /// By the neighbours that the best routes came from; none where they lead into networks.
    fn by_rib(
        &self,
        id: SpeakerId,
        names: &[String],
        seen: &[SpeakerId],
    ) -> Result<Option<Ways>, Unknown> {
        let Some(rib) = self.exchange.rib(id) else {
            return Err(Unknown);
        };
        let longest = rib
            .prefixes()
            .filter(|prefix| prefix.contains_address(self.to));
        let Some(prefix) = longest.max_by_key(|prefix| prefix.length()) else {
            // What a gateway does without a route is a matter of its subnet's own routes.
            return Err(Unknown);
        };
        let mut ways = Ways::new();
        for path in &rib.best(prefix) {
            let Origin::Link(link) = rib.origin(path.source) else {
                return Ok(None);
            };
            let link = self.exchange.graph().link(link);
            if link.kind == LinkKind::GatewayToRouteServer {
                return Ok(None);
            }
            let peer = link.peer_of(id).ok_or(Unknown)?;
            ways.extend(self.speaker(peer, names, seen, Some(prefix.length()))?);
        }
        Ok(Some(ways))
    }

    fn nva(
        &self,
        id: SpeakerId,
        nva: &Nva,
        names: &[String],
        seen: &[SpeakerId],
    ) -> Result<Ways, Unknown> {
        let end = |end: String| Ok(Ways::from([(names.to_vec(), end)]));
        if nva.ip == self.to {
            return end(Self::place(&nva.vnet));
        }
        let exchange = self.exchange;
        if exchange.rib(id).is_some() || !nva.neighbors.is_empty() || nva.asn.0 == 65515 {
            return Err(Unknown);
        }
        let direct = |id| {
            let links = exchange.graph().links_of(id).iter();
            links
                .map(|link| exchange.graph().link(*link))
                .any(|link| !link.kind.is_peering())
        };
        if direct(id) {
            return Err(Unknown);
        }
        // It has what it announces, its interface's rows, and what a Route Server told it.
        let originated = nva.originates.iter().flat_map(|own| &own.routes.prefixes);
        let advertised = nva.advertises.iter().flat_map(|own| &own.routes.prefixes);
        let own = originated.chain(advertised).copied();
        let own = self.around(own.filter(|prefix| prefix.length() > 1));
        let heard = exchange.outbound_to(id).flat_map(|outbound| {
            let routes = outbound.routes().into_iter();
            let usable = routes.filter(|(_, attrs)| !attrs.as_path.contains(nva.asn));
            usable.map(|(prefix, _)| prefix).collect::<Vec<_>>()
        });
        let heard = self.around(heard);
        let nic = Nic {
            name: nva.name.clone(),
            vnet: nva.vnet.clone(),
            subnet: self.subnet_of(nva),
            ..Nic::default()
        };
        let rows = exchange.fabric().effective(&nic).ok_or(Unknown)?;
        let rows = rows.iter().filter(|row| row.state == RouteState::Active);
        let rows = rows.filter_map(|row| Some((self.around(row.prefixes.iter().copied())?, row)));
        let row = rows.max_by_key(|(length, row)| (*length, std::cmp::Reverse(row.source)));
        let leading = row.filter(|(_, row)| row.next_hop_type != NextHopType::None);
        let local = leading.is_some_and(|(length, row)| {
            use NextHopType as T;
            let kind = row.next_hop_type;
            Some(length) >= own
                && [
                    T::VnetLocal,
                    T::VNetPeering,
                    T::VNetGlobalPeering,
                    T::InterfaceEndpoint,
                ]
                .contains(&kind)
        });
        let interface = leading.map(|(length, _)| length).max(heard);
        if own.is_some() && !local && interface <= own {
            return end(format!("the network behind {}", nva.name));
        }
        self.interface(&nic, names, seen, false)
    }

    fn subnet_of(&self, nva: &Nva) -> Option<String> {
        let vnets = &self.exchange.estate().vnets;
        let vnet = vnets.iter().find(|vnet| vnet.name == nva.vnet)?;
        let around = vnet
            .subnets
            .iter()
            .filter(|subnet| subnet.prefix.contains_address(nva.ip));
        let subnet = around.max_by_key(|subnet| subnet.prefix.length())?;
        Some(subnet.name.clone())
    }
}

/// The ways of a trace; none where it refers to what is written above.
fn ways_of(hop: &TraceHop, names: &[String], ways: &mut Ways) -> Option<()> {
    let names = [names, std::slice::from_ref(&hop.at)].concat();
    let end = match &hop.end {
        None => {
            let mut next = hop.next.iter();
            return next.try_for_each(|next| ways_of(next, &names, ways));
        }
        Some(TraceEnd::Delivered { to }) => to.to_string(),
        Some(TraceEnd::AsAbove) => return None,
        Some(_) => "lost".to_owned(),
    };
    ways.insert((names, end));
    Some(())
}

/// A way with each name once in a row; whatever is on-premises is that.
fn plain(exchange: &Exchange, ways: Ways) -> Ways {
    let on_premises = |name: &String| {
        let sites = exchange.estate().sites.iter();
        sites.into_iter().any(|site| site.name == *name) || name.ends_with(" on-premises")
    };
    let ways = ways.into_iter().map(|(mut names, end)| {
        names.dedup();
        match names.iter().position(on_premises) {
            Some(place) => {
                names.truncate(place + 1);
                (names, "on-premises".to_owned())
            }
            // Who has an address, a NIC taken to have it among others, is not looked at.
            None => match end.find("VNet ") {
                Some(place) => (names, end[place..].to_owned()),
                None => (names, end),
            },
        }
    });
    ways.collect()
}

fn compare(exchange: &Exchange) -> Result<(), TestCaseError> {
    for nic in &exchange.estate().nics {
        for to in ADDRESSES {
            let walker = Walker {
                exchange,
                to: to.parse().expect("an address"),
                source: nic.vnet.clone(),
            };
            let Ok(walked) = walker.interface(nic, std::slice::from_ref(&nic.name), &[], false)
            else {
                continue;
            };
            let traced = trace(exchange, &nic.name, to).expect("its ends are known");
            let mut ways = Ways::new();
            if ways_of(&traced.way, &[], &mut ways).is_none() {
                continue;
            }
            let (ways, walked) = (plain(exchange, ways), plain(exchange, walked));
            prop_assert_eq!(&ways, &walked, "{}", traced);
            WAYS.fetch_add(ways.len(), Relaxed);
            let arrived = ways.iter().filter(|(_, end)| end != "lost").count();
            ARRIVED.fetch_add(arrived, Relaxed);
        }
    }
    Ok(())
}

/// Compares the ways on the estate that numbers draw.
fn draw_and_compare(numbers: Vec<u16>) -> Result<(), TestCaseError> {
    let mut numbers = Numbers::new(numbers);
    let parameters = random::parameters(&mut numbers);
    let estate = random::checked(random::estate(&mut numbers));
    match Exchange::new(estate, parameters, &BTreeSet::new(), 0) {
        Ok(exchange) => compare(&exchange),
        Err(_) => Ok(()),
    }
}

#[test]
fn a_packet_to_a_route_server_comes_there_and_is_lost() {
    let compared = draw_and_compare(TO_A_ROUTE_SERVER.to_vec());
    compared.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_naive_walker_takes_the_ways_of_the_traces() {
    let config = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let numbers = proptest::collection::vec(any::<u16>(), 0..200);
    let ran = runner.run(&numbers, draw_and_compare);
    ran.unwrap_or_else(|error| panic!("{error}"));
    let (ways, arrived) = (WAYS.load(Relaxed), ARRIVED.load(Relaxed));
    assert!(
        ways > 3000 && arrived > 1000,
        "{ways} ways, {arrived} of them arrive"
    );
}
