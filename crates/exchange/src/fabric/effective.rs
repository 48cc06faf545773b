//! The effective routes of a NIC: system routes, programmed routes and user-defined routes, and
//! which of them win.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use routehub_types::{Family, Ipv4Prefix, Prefix};

use super::rows::{EffectiveRow, NextHopType, RouteSource, RouteState};
use crate::estate::{Nic, RouteTable, UserRouteTarget};
use crate::graph::{Deployment, UNKNOWN_ADDRESS, VnetId};
use crate::parameters::UnreachableNextHop;

/// A route that a Route Server or gateway programs, before the NIC's own rules apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammedRoute {
    /// Where to.
    pub prefix: Prefix,
    /// Where packets go.
    pub(super) next_hops: Vec<ProgrammedNextHop>,
}

/// A next hop of a programmed route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ProgrammedNextHop {
    /// An address that an NVA announced: usable only where the fabric reaches it.
    Appliance(IpAddr),
    /// A gateway instance or edge router: the fabric forwards to it from anywhere.
    Gateway(IpAddr),
    /// A gateway whose address is not known.
    UnknownGateway,
}

/// Ranges that the platform drops unless a network or a route covers them.
const DROPPED: [([u8; 4], u8); 17] = [
    ([10, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([198, 18, 0, 0], 15),
    ([25, 33, 0, 0], 16),
    ([25, 41, 0, 0], 20),
    ([25, 48, 0, 0], 12),
    ([25, 4, 0, 0], 14),
    ([157, 59, 0, 0], 16),
    ([40, 108, 0, 0], 17),
    ([40, 109, 0, 0], 16),
    ([104, 146, 0, 0], 17),
    ([104, 147, 0, 0], 16),
    ([23, 103, 0, 0], 18),
    ([20, 35, 252, 0], 22),
];

/// What decides a NIC's effective routes, besides the programmed ones.
#[derive(Clone, Copy)]
pub struct NicView<'a> {
    deployment: &'a Deployment,
    vnet: VnetId,
    service_endpoints: &'a [Prefix],
    route_table: Option<&'a RouteTable>,
}

impl<'a> NicView<'a> {
    /// The view of a NIC; none if its network is not known.
    pub(super) fn of_nic(deployment: &'a Deployment, nic: &'a Nic) -> Option<Self> {
        let vnet = deployment.topology().vnet(&nic.vnet)?;
        Some(Self {
            service_endpoints: &nic.service_endpoints,
            route_table: route_table(deployment, nic, vnet),
            ..Self::of_vnet(deployment, vnet)
        })
    }

    /// The view of a NIC of a network, without route table and service endpoints.
    pub(super) const fn of_vnet(deployment: &'a Deployment, vnet: VnetId) -> Self {
        Self {
            deployment,
            vnet,
            service_endpoints: &[],
            route_table: None,
        }
    }

    /// The NIC's network.
    pub fn vnet(&self) -> VnetId {
        self.vnet
    }

    /// Prefixes of service endpoints on its subnet.
    pub fn service_endpoints(&self) -> &'a [Prefix] {
        self.service_endpoints
    }

    /// Its route table, its own or its subnet's.
    pub fn route_table(&self) -> Option<&'a RouteTable> {
        self.route_table
    }

    /// Next hops of a programmed route that are left out because the NIC's network does not
    /// reach them.
    pub fn unreachable_next_hops(&self, route: &ProgrammedRoute) -> Vec<IpAddr> {
        if self.shows_unreachable() {
            return Vec::new();
        }
        let hops = route.next_hops.iter().filter_map(|hop| match hop {
            ProgrammedNextHop::Appliance(address) if !self.reaches(*address) => Some(*address),
            _ => None,
        });
        hops.collect()
    }

    /// All rows, sorted by prefix, then system, user-defined and programmed routes.
    pub fn rows(&self, programmed: impl Iterator<Item = ProgrammedRoute>) -> Vec<EffectiveRow> {
        let user = self.user_rows();
        let overridden: BTreeSet<Prefix> =
            user.iter().flat_map(|row| &row.prefixes).copied().collect();
        let mut bgp: Vec<EffectiveRow> = Vec::new();
        if !self.propagation_disabled() {
            let covered = self.covered_space();
            let free = |route: &ProgrammedRoute| !inside_any(route.prefix, &covered);
            bgp.extend(
                programmed
                    .filter(free)
                    .map(|route| self.programmed_row(&route)),
            );
        }
        let learned: BTreeSet<Prefix> = bgp.iter().flat_map(|row| &row.prefixes).copied().collect();
        let mut rows = self.system_rows(&overridden, &learned);
        rows.extend(user);
        rows.extend(bgp);
        for row in &mut rows {
            // a user-defined route of the same prefix wins over every other.
            let loses = row
                .prefixes
                .iter()
                .all(|prefix| overridden.contains(prefix));
            if row.source != RouteSource::User && loses {
                row.state = RouteState::Invalid;
            }
            row.disable_bgp_route_propagation = self.propagation_disabled();
        }
        rows.sort_by(|a, b| (&a.prefixes, a.source).cmp(&(&b.prefixes, b.source)));
        rows
    }

    /// "Propagate gateway routes" is off: neither gateway nor Route Server routes.
    pub fn propagation_disabled(&self) -> bool {
        self.route_table
            .is_some_and(|table| table.disable_bgp_route_propagation)
    }

    /// What no programmed route may lie inside: own and peered networks, service
    /// endpoints.
    pub(super) fn covered_space(&self) -> Vec<Prefix> {
        let space = self.deployment.topology().system_space(self.vnet);
        space
            .chain(self.service_endpoints.iter().copied())
            .collect()
    }

    /// Whether the fabric reaches an address from this NIC: in its network or one peered with it
    ///
    pub fn reaches(&self, address: IpAddr) -> bool {
        let host = Prefix::host(address);
        let mut space = self.deployment.topology().system_space(self.vnet);
        space.any(|around| around.contains(host))
    }

    /// Whether next hops that the NIC's network does not reach stand as if it did.
    fn shows_unreachable(&self) -> bool {
        self.deployment.parameters().unreachable_next_hop == UnreachableNextHop::Show
    }

    fn system_rows(
        &self,
        overridden: &BTreeSet<Prefix>,
        learned: &BTreeSet<Prefix>,
    ) -> Vec<EffectiveRow> {
        let topology = self.deployment.topology();
        let ipv6 = self.deployment.parameters().ipv6;
        let mut rows = Vec::new();
        let mut add = |prefix: Prefix, next_hop_type| {
            if ipv6 || prefix.family() == Family::Ipv4 {
                rows.push(row([prefix], next_hop_type, RouteSource::Default));
            }
        };
        for prefix in topology.space(self.vnet) {
            add(*prefix, NextHopType::VnetLocal);
        }
        for neighbor in topology.accessible(self.vnet) {
            let kind = if neighbor.global {
                NextHopType::VNetGlobalPeering
            } else {
                NextHopType::VNetPeering
            };
            for prefix in topology.space(neighbor.vnet) {
                add(*prefix, kind);
            }
        }
        // a learned default route hides the system one and the dropped ranges; a
        // user-defined one hides only the latter.
        let default = Prefix::default_of(Family::Ipv4);
        if !learned.contains(&default) {
            add(default, NextHopType::Internet);
            if !overridden.contains(&default) {
                for prefix in self.dropped_ranges(learned) {
                    add(prefix, NextHopType::None);
                }
            }
        }
        if !self.service_endpoints.is_empty() {
            let prefixes = self.service_endpoints.iter().copied();
            let kind = NextHopType::VirtualNetworkServiceEndpoint;
            rows.push(row(prefixes, kind, RouteSource::Default));
        }
        rows
    }

    /// The dropped ranges that neither a network covers nor a programmed route replaces.
    fn dropped_ranges<'b>(
        &'b self,
        learned: &'b BTreeSet<Prefix>,
    ) -> impl Iterator<Item = Prefix> + 'b {
        let space: Vec<Prefix> = self.deployment.topology().system_space(self.vnet).collect();
        DROPPED
            .iter()
            .filter_map(|(address, length)| {
                Ipv4Prefix::truncated(Ipv4Addr::from(*address), *length).map(Prefix::V4)
            })
            .filter(move |prefix| !inside_any(*prefix, &space) && !learned.contains(prefix))
    }

    fn user_rows(&self) -> Vec<EffectiveRow> {
        let routes = self.route_table.iter().flat_map(|table| &table.routes);
        let rows = routes.map(|route| {
            let (kind, next_hop) = match route.target {
                UserRouteTarget::VirtualAppliance(address) => {
                    (NextHopType::VirtualAppliance, Some(address))
                }
                UserRouteTarget::VirtualNetworkGateway => {
                    (NextHopType::VirtualNetworkGateway, None)
                }
                UserRouteTarget::VnetLocal => (NextHopType::VnetLocal, None),
                UserRouteTarget::Internet => (NextHopType::Internet, None),
                UserRouteTarget::None => (NextHopType::None, None),
            };
            EffectiveRow {
                next_hops: next_hop.into_iter().collect(),
                name: route.name.clone(),
                ..row([route.prefix], kind, RouteSource::User)
            }
        });
        rows.collect()
    }

    pub(super) fn programmed_row(&self, route: &ProgrammedRoute) -> EffectiveRow {
        let mut next_hops = BTreeSet::new();
        let mut reachable = false;
        for next_hop in &route.next_hops {
            match *next_hop {
                ProgrammedNextHop::Appliance(address) => {
                    if self.shows_unreachable() || self.reaches(address) {
                        reachable = true;
                        next_hops.extend((address != UNKNOWN_ADDRESS).then_some(address));
                    }
                }
                ProgrammedNextHop::Gateway(address) => {
                    reachable = true;
                    next_hops.insert(address);
                }
                ProgrammedNextHop::UnknownGateway => reachable = true,
            }
        }
        let kind = if reachable {
            NextHopType::VirtualNetworkGateway
        } else {
            NextHopType::None
        };
        EffectiveRow {
            next_hops: next_hops.into_iter().collect(),
            ..row([route.prefix], kind, RouteSource::VirtualNetworkGateway)
        }
    }
}

/// The NIC's own route table, else that of its subnet.
fn route_table<'a>(
    deployment: &'a Deployment,
    nic: &'a Nic,
    vnet: VnetId,
) -> Option<&'a RouteTable> {
    let estate = deployment.estate();
    let mut subnets = estate.vnets[vnet.0].subnets.iter();
    let subnet = subnets.find(|subnet| Some(&subnet.name) == nic.subnet.as_ref());
    let of_subnet = subnet.and_then(|subnet| subnet.route_table.as_ref());
    let name = nic.route_table.as_ref().or(of_subnet)?;
    let mut tables = estate.route_tables.iter();
    tables.find(|table| table.name == *name)
}

/// Whether a prefix is equal to or inside one of a list.
pub(super) fn inside_any(prefix: Prefix, space: &[Prefix]) -> bool {
    space.iter().any(|around| around.contains(prefix))
}

fn row(
    prefixes: impl IntoIterator<Item = Prefix>,
    next_hop_type: NextHopType,
    source: RouteSource,
) -> EffectiveRow {
    EffectiveRow {
        prefixes: prefixes.into_iter().collect(),
        next_hop_type,
        next_hops: Vec::new(),
        source,
        state: RouteState::Active,
        name: None,
        disable_bgp_route_propagation: false,
    }
}
