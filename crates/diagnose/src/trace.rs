//! The way of a packet through networks, NVAs, gateways and circuits, by the routes that each
//! holds.

use std::net::IpAddr;

use routehub_rib::BestPath;
use routehub_types::{Prefix, RuleId};

use crate::estate::Nic;
use crate::exchange::Exchange;
use crate::link::{LinkId, LinkKind, Side};
use crate::rules;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::Origin;
use crate::table::{EffectiveRow, NextHopType, RouteSource, RouteState};
use crate::topology::VnetId;

use super::Reason;
use super::nic::interface_of;

/// The way of a packet.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Trace {
    /// The network interface it starts from.
    pub nic: String,
    /// Where it goes.
    pub address: IpAddr,
    /// Where it is first; equal next hops part ways.
    pub way: TraceHop,
}

/// Where a packet is, and what becomes of it there.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TraceHop {
    /// The interface, NVA, gateway or circuit.
    pub at: String,
    /// The prefix of the route it follows there.
    pub prefix: Option<Prefix>,
    /// The next hop or next hop type of that route.
    pub by: String,
    /// Where it may be next; several with ECMP, none at an end.
    pub next: Vec<TraceHop>,
    /// How it ends, if it ends here.
    pub end: Option<TraceEnd>,
}

/// How the way of a packet ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum TraceEnd {
    /// It arrives.
    Delivered {
        /// Where.
        to: String,
    },
    /// It is lost.
    Dropped(Reason),
    /// It comes back to where it was.
    Loop(Reason),
}

impl Trace {
    /// Whether every way arrives.
    pub fn arrives(&self) -> bool {
        self.way.arrives()
    }
}

impl TraceHop {
    fn arrives(&self) -> bool {
        match &self.end {
            Some(end) => matches!(end, TraceEnd::Delivered { .. }),
            None => self.next.iter().all(Self::arrives),
        }
    }

    fn ending(at: &str, prefix: Option<Prefix>, by: impl Into<String>, end: TraceEnd) -> Self {
        Self {
            at: at.to_owned(),
            prefix,
            by: by.into(),
            next: Vec::new(),
            end: Some(end),
        }
    }
}

fn delivered(to: impl Into<String>) -> TraceEnd {
    TraceEnd::Delivered { to: to.into() }
}

fn dropped(rule: RuleId, evidence: impl Into<String>) -> TraceEnd {
    TraceEnd::Dropped(Reason::new(rule, evidence))
}

impl Exchange {
    /// The way of a packet from a NIC to an address; none if there is no such NIC.
    pub fn trace(&self, nic: &str, address: IpAddr) -> Option<Trace> {
        let one = self.estate.nics.iter().find(|one| one.name == nic)?;
        let packet = Packet {
            exchange: self,
            address,
        };
        let way = packet.at_interface(nic, one, &mut Vec::new())?;
        Some(Trace {
            nic: nic.to_owned(),
            address,
            way,
        })
    }
}

/// A packet on its way. `passed` are the devices it was at, the interface it started from left
/// out.
struct Packet<'a> {
    exchange: &'a Exchange,
    address: IpAddr,
}

impl Packet<'_> {
    /// At an interface: the longest active row decides.
    fn at_interface(&self, at: &str, nic: &Nic, passed: &mut Vec<SpeakerId>) -> Option<TraceHop> {
        let exchange = self.exchange;
        let view = exchange.nic_view(nic)?;
        let by = exchange.programmers(view.vnet, &nic.name);
        let programmed = exchange.programmed_around(&by, Prefix::host(self.address));
        let rows = view.rows(programmed.into_iter());
        let mut found: Option<(Prefix, EffectiveRow)> = None;
        for row in rows {
            let around = row
                .prefixes
                .iter()
                .filter(|one| one.contains_address(self.address));
            let longest = around.max_by_key(|one| one.length()).copied();
            if let Some(prefix) = longest
                && row.state == RouteState::Active
                && found
                    .as_ref()
                    .is_none_or(|(than, _)| prefix.length() > than.length())
            {
                found = Some((prefix, row));
            }
        }
        let Some((prefix, row)) = found else {
            let end = dropped(rules::NO_ROUTE, "");
            return Some(TraceHop::ending(at, None, "", end));
        };
        let end = |end| TraceHop::ending(at, Some(prefix), format!("{:?}", row.next_hop_type), end);
        Some(match row.next_hop_type {
            NextHopType::VnetLocal => end(delivered(self.in_network(view.vnet))),
            NextHopType::VNetPeering | NextHopType::VNetGlobalPeering => {
                end(delivered(self.in_peered_network(view.vnet)))
            }
            NextHopType::Internet => end(delivered("the internet")),
            NextHopType::VirtualNetworkServiceEndpoint => end(delivered("the service endpoint")),
            NextHopType::None if row.source == RouteSource::VirtualNetworkGateway => end(dropped(
                rules::NEXT_HOP_UNREACHABLE,
                "no next hop of the route is reachable",
            )),
            NextHopType::None => end(dropped(
                rules::SYSTEM_ROUTES,
                "the route's next hop type is None",
            )),
            NextHopType::VirtualNetworkGateway if row.next_hops.is_empty() => {
                self.by_gateways(at, prefix, view.vnet, passed)
            }
            NextHopType::VirtualAppliance | NextHopType::VirtualNetworkGateway => {
                let programmed = row.source == RouteSource::VirtualNetworkGateway;
                let ways = row.next_hops.iter().map(|hop| {
                    let near = programmed || view.reaches(*hop);
                    self.at_address(at, prefix, *hop, near, passed)
                });
                joined(at, prefix, &row.next_hops, ways.collect())
            }
        })
    }

    /// A network that the address is in, and who has it there.
    fn in_network(&self, vnet: VnetId) -> String {
        let name = &self.exchange.estate.vnets[vnet.0].name;
        match self
            .exchange
            .estate
            .nvas
            .iter()
            .find(|nva| nva.ip == self.address)
        {
            Some(nva) => format!("{} in VNet {name}", nva.name),
            None => format!("VNet {name}"),
        }
    }

    fn in_peered_network(&self, vnet: VnetId) -> String {
        let topology = &self.exchange.topology;
        let holds = |vnet: &VnetId| {
            let mut space = topology.space(*vnet).iter();
            space.any(|one| one.contains_address(self.address))
        };
        let neighbors = topology.neighbors(vnet).iter().filter(|one| one.access);
        let there = neighbors.map(|one| one.vnet).find(holds);
        there.map_or_else(String::new, |vnet| self.in_network(vnet))
    }

    /// A route by a gateway whose address is not known.
    fn by_gateways(
        &self,
        at: &str,
        prefix: Prefix,
        vnet: VnetId,
        passed: &mut Vec<SpeakerId>,
    ) -> TraceHop {
        let hubs = [Some(vnet), self.exchange.topology.hub(vnet)]
            .into_iter()
            .flatten();
        let gateways: Vec<SpeakerId> = hubs
            .flat_map(|hub| self.exchange.sources(hub).gateways().to_vec())
            .collect();
        let ways: Vec<TraceHop> = gateways
            .into_iter()
            .map(|id| self.at_speaker(id, passed))
            .collect();
        if ways.is_empty() {
            let end = dropped(rules::UNKNOWN_NEXT_HOP, "there is no gateway");
            return TraceHop::ending(at, Some(prefix), "VirtualNetworkGateway", end);
        }
        joined(at, prefix, &[], ways)
    }

    /// At the device that has a next hop address.
    fn at_address(
        &self,
        at: &str,
        prefix: Prefix,
        hop: IpAddr,
        near: bool,
        passed: &mut Vec<SpeakerId>,
    ) -> TraceHop {
        if !near {
            let end = dropped(rules::NEXT_HOP_UNREACHABLE, format!("next hop {hop}"));
            return TraceHop::ending(at, Some(prefix), hop.to_string(), end);
        }
        let there = self.who_has(hop);
        // Gateways may share addresses: the one meant has a way on that is not the Route Server.
        let meant = there
            .iter()
            .find(|id| self.leads_on(**id))
            .or(there.first());
        if let Some(id) = meant {
            return self.at_speaker(*id, passed);
        }
        let end = delivered(format!("{hop}, which the file does not describe"));
        TraceHop::ending(&hop.to_string(), None, "", end)
    }

    /// NVAs and gateways with an address; a gateway also has those of the edge routers that its
    /// connections lead to.
    fn who_has(&self, address: IpAddr) -> Vec<SpeakerId> {
        let graph = &self.exchange.graph;
        let has = |id: &SpeakerId| {
            let speaker = graph.speaker(*id);
            !matches!(speaker.kind, SpeakerKind::RouteServer { .. })
                && speaker.addresses.contains(&address)
        };
        let mut there: Vec<SpeakerId> = graph.speakers().filter(has).collect();
        there.extend(
            graph
                .links()
                .filter_map(|link| match &graph.link(link).kind {
                    LinkKind::GatewayToEdge(to) if to.nic_next_hops.contains(&address) => {
                        Some(graph.link(link).a.speaker)
                    }
                    _ => None,
                }),
        );
        there
    }

    /// Whether a speaker has another way to the address than by a Route Server.
    fn leads_on(&self, id: SpeakerId) -> bool {
        let graph = &self.exchange.graph;
        let SpeakerKind::Gateway { .. } = graph.speaker(id).kind else {
            return true;
        };
        let Some(table) = self.exchange.table(id) else {
            return false;
        };
        let best = table.rib.longest_match(self.address);
        let origin = best.and_then(|(_, best)| best.first().map(|one| table.origin(one.source)));
        match origin {
            Some(Origin::Link(link)) => graph.link(link).kind != LinkKind::GatewayToRouteServer,
            other => other.is_some(),
        }
    }

    /// At an NVA, gateway, circuit or site.
    fn at_speaker(&self, id: SpeakerId, passed: &mut Vec<SpeakerId>) -> TraceHop {
        let speaker = self.exchange.graph.speaker(id);
        let at = speaker.to_string();
        if passed.contains(&id) {
            let itself =
                passed.last() == Some(&id) && matches!(speaker.kind, SpeakerKind::Nva { .. });
            let rule = if itself {
                rules::ROUTE_TO_ITSELF
            } else {
                rules::FORWARDING_LOOP
            };
            let names = passed.iter().skip_while(|one| **one != id);
            let mut names: Vec<String> = names
                .map(|one| self.exchange.graph.speaker(*one).to_string())
                .collect();
            names.push(at.clone());
            let end = TraceEnd::Loop(Reason::new(rule, names.join(" -> ")));
            return TraceHop::ending(&at, None, "", end);
        }
        passed.push(id);
        let hop = match speaker.kind {
            SpeakerKind::Nva { nva } => self.at_nva(id, nva, &at, passed),
            SpeakerKind::Site { .. } => {
                TraceHop::ending(&at, None, "", delivered(format!("site {at}")))
            }
            SpeakerKind::CustomerEdge { .. } => {
                TraceHop::ending(&at, None, "", delivered(at.clone()))
            }
            _ => self.by_table(id, &at, passed),
        };
        passed.pop();
        hop
    }

    /// An NVA has the networks that it announces itself behind it, sends by its direct neighbours
    /// what it learned of them, and all else by its interface.
    fn at_nva(&self, id: SpeakerId, nva: usize, at: &str, passed: &mut Vec<SpeakerId>) -> TraceHop {
        let exchange = self.exchange;
        let one = &exchange.estate.nvas[nva];
        let own = exchange.graph.links_of(id).iter().filter_map(|link| {
            let side = exchange.graph.link(*link).side_of(id)?;
            let stated = exchange.stated_around(*link, side, Prefix::host(self.address));
            stated.max_by_key(|prefix| prefix.length())
        });
        let own = own.max_by_key(|prefix| prefix.length());
        let learned = self.neighbors_route(id);
        match (own, learned) {
            (own, Some((prefix, link))) if own.is_none_or(|own| own.length() < prefix.length()) => {
                let ways = exchange.graph.link(link).peer_of(id);
                let ways = ways.map(|peer| self.at_speaker(peer, passed));
                joined(at, prefix, &[], ways.into_iter().collect())
            }
            // Of a default route nothing is behind an NVA but the internet, by its interface.
            (Some(own), _) if !own.is_default() => {
                let end = delivered(format!("the network behind {at}"));
                TraceHop::ending(at, Some(own), "", end)
            }
            _ => {
                let nic = interface_of(&exchange.estate, one);
                let hop = self.at_interface(at, &nic, passed);
                hop.unwrap_or_else(|| TraceHop::ending(at, None, "", dropped(rules::NO_ROUTE, "")))
            }
        }
    }

    /// The route to the address that an NVA learned from a direct neighbour.
    fn neighbors_route(&self, nva: SpeakerId) -> Option<(Prefix, LinkId)> {
        let exchange = self.exchange;
        let direct = |link: &LinkId| exchange.graph.link(*link).kind == LinkKind::NvaToNeighbor;
        if let Some(table) = exchange.table(nva) {
            let (prefix, best) = table.rib.longest_match(self.address)?;
            return match table.origin(best.first()?.source) {
                Origin::Link(link) if direct(&link) => Some((prefix, link)),
                _ => None,
            };
        }
        let links = exchange.graph.links_of(nva).iter().copied().filter(direct);
        let routes = links.flat_map(|link| {
            let side = exchange.graph.link(link).side_of(nva).map(Side::other);
            let offers = side
                .map(|side| exchange.offers(link, side))
                .unwrap_or_default();
            offers.into_keys().map(move |prefix| (prefix, link))
        });
        let around = routes.filter(|(prefix, _)| prefix.contains_address(self.address));
        around.max_by_key(|(prefix, _)| prefix.length())
    }

    /// At a gateway or a circuit's edge: the longest match in its table decides.
    fn by_table(&self, id: SpeakerId, at: &str, passed: &mut Vec<SpeakerId>) -> TraceHop {
        let exchange = self.exchange;
        let found = exchange.table(id).and_then(|table| {
            let (prefix, best) = table.rib.longest_match(self.address)?;
            let best: BestPath = *best.first()?;
            Some((prefix, best, table.origin(best.source)))
        });
        let Some((prefix, best, origin)) = found else {
            return TraceHop::ending(at, None, "", dropped(rules::NO_ROUTE, ""));
        };
        let link = match origin {
            Origin::OwnNetwork | Origin::Spoke => {
                let vnets = (0..exchange.estate.vnets.len()).map(VnetId);
                let mut holders =
                    vnets.filter(|vnet| exchange.topology.space(*vnet).contains(&prefix));
                let to = holders.next().map(|vnet| self.in_network(vnet));
                return TraceHop::ending(at, Some(prefix), "", delivered(to.unwrap_or_default()));
            }
            Origin::Link(link) => link,
        };
        let Some(peer) = exchange.graph.link(link).peer_of(id) else {
            return TraceHop::ending(at, Some(prefix), "", dropped(rules::NO_ROUTE, ""));
        };
        let server = matches!(
            exchange.graph.speaker(peer).kind,
            SpeakerKind::RouteServer { .. }
        );
        if !server {
            let next = self.at_speaker(peer, passed);
            return joined(at, prefix, &[], vec![next]);
        }
        // Packets do not pass a Route Server: the host route leads to the NVA.
        let hops = self.next_hops_beyond(peer, prefix, best);
        let ways = hops
            .iter()
            .map(|hop| self.at_address(at, prefix, *hop, true, passed));
        joined(at, prefix, &hops, ways.collect())
    }

    /// Where a route that a Route Server instance sent leads.
    fn next_hops_beyond(&self, server: SpeakerId, prefix: Prefix, best: BestPath) -> Vec<IpAddr> {
        let exchange = self.exchange;
        let there = exchange.table(server).map(|table| table.rib.best(prefix));
        let mut hops: Vec<IpAddr> = there
            .iter()
            .flat_map(|paths| paths.iter())
            .map(|path| exchange.store.attrs(path.attrs).next_hop.address)
            .collect();
        if hops.is_empty() {
            hops.push(exchange.store.attrs(best.attrs).next_hop.address);
        }
        hops.sort_unstable();
        hops.dedup();
        hops
    }
}

/// A hop from which ways go on.
fn joined(at: &str, prefix: Prefix, hops: &[IpAddr], mut ways: Vec<TraceHop>) -> TraceHop {
    // Several addresses of one device are one way.
    ways.dedup();
    let by: Vec<String> = hops.iter().map(ToString::to_string).collect();
    // What ended before it left is an end of this very hop.
    if let [only] = ways.as_slice()
        && only.at == at
        && only
            .end
            .as_ref()
            .is_some_and(|end| matches!(end, TraceEnd::Dropped(_)))
    {
        return only.clone();
    }
    TraceHop {
        at: at.to_owned(),
        prefix: Some(prefix),
        by: by.join(", "),
        end: ways.is_empty().then(|| dropped(rules::NO_ROUTE, "")),
        next: ways,
    }
}
