//! The effective routes of a NIC: system routes, programmed routes and user-defined routes, and
//! which of them win.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use routehub_types::{Family, Prefix};
use smallvec::SmallVec;

use crate::estate::{
    DisablePeeringRoute, NetworkPolicies, Nic, PrivateEndpoint, RouteTable, UserRouteTarget,
};
use crate::graph::{Deployment, Neighbor, UNKNOWN_ADDRESS, VnetId};
use crate::parameters::UnreachableNextHop;

/// Where an effective route comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum RouteSource {
    /// A system route.
    Default,
    /// A user-defined route.
    User,
    /// A Route Server or a gateway.
    VirtualNetworkGateway,
}

/// Whether an effective route is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum RouteState {
    /// In use.
    Active,
    /// Overridden by a route of the same prefix.
    Invalid,
}

/// The next hop type of an effective route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum NextHopType {
    /// Within the network.
    VnetLocal,
    /// To a peered network of the same region.
    VNetPeering,
    /// To a peered network of another region.
    VNetGlobalPeering,
    /// By way of a gateway, or of the next hops that a Route Server programmed.
    VirtualNetworkGateway,
    /// To an address that a user-defined route names.
    VirtualAppliance,
    /// To the internet.
    Internet,
    /// Nowhere.
    None,
    /// To a service endpoint.
    VirtualNetworkServiceEndpoint,
    /// To a private endpoint.
    InterfaceEndpoint,
}

/// One row of a NIC's effective routes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EffectiveRow {
    /// Where to; a service endpoint row has several.
    pub prefixes: SmallVec<[Prefix; 1]>,
    /// By way of what.
    pub next_hop_type: NextHopType,
    /// The addresses, sorted; several are ECMP.
    pub next_hops: SmallVec<[IpAddr; 2]>,
    /// Where the row comes from.
    pub source: RouteSource,
    /// Whether it is used.
    pub state: RouteState,
    /// The name of a user-defined route.
    pub name: Option<String>,
    /// Whether the NIC's route table disables propagation.
    pub disable_bgp_route_propagation: bool,
}

impl EffectiveRow {
    /// The order of a NIC's table: by prefix, then system, user-defined and programmed routes.
    fn order(&self, other: &Self) -> Ordering {
        (&self.prefixes, self.source).cmp(&(&other.prefixes, other.source))
    }
}

/// A route that a Route Server or gateway programs, before the NIC's own rules apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProgrammedRoute {
    /// Where to.
    pub prefix: Prefix,
    /// Where packets go.
    pub(super) next_hops: Arc<[ProgrammedNextHop]>,
}

/// A next hop of a programmed route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ProgrammedNextHop {
    /// An address that an NVA announced: usable only where the fabric reaches it.
    Appliance(IpAddr),
    /// A gateway instance or edge router: the fabric forwards to it from anywhere.
    Gateway(IpAddr),
    /// A gateway whose address is not known.
    UnknownGateway,
}

impl ProgrammedNextHop {
    fn address(&self) -> Option<IpAddr> {
        match *self {
            Self::Appliance(address) | Self::Gateway(address) => Some(address),
            Self::UnknownGateway => None,
        }
    }
}

/// What of next hops is of use on a NIC: of many routes few next hops, so that each are asked about
/// once.
#[derive(Default)]
struct UsedNextHops {
    known: BTreeMap<Arc<[ProgrammedNextHop]>, Option<SmallVec<[IpAddr; 2]>>>,
    /// Those of prefixes in a row are often the same.
    last: Option<Arc<[ProgrammedNextHop]>>,
    used_of_last: Option<SmallVec<[IpAddr; 2]>>,
}

impl UsedNextHops {
    /// Those of a route; none where packets are dropped.
    fn of(&mut self, view: &NicView<'_>, route: &ProgrammedRoute) -> Option<&[IpAddr]> {
        let same = |last: &Arc<_>| Arc::ptr_eq(last, &route.next_hops);
        if !self.last.as_ref().is_some_and(same) {
            let known = self.known.entry(Arc::clone(&route.next_hops));
            let used = known.or_insert_with(|| view.used_next_hops(route));
            self.used_of_last.clone_from(used);
            self.last = Some(Arc::clone(&route.next_hops));
        }
        self.used_of_last.as_deref()
    }
}

/// What decides a NIC's effective routes, besides the programmed ones.
#[derive(Clone, Copy)]
pub struct NicView<'a> {
    deployment: &'a Deployment,
    vnet: VnetId,
    /// Its subnet, by its place in the network.
    subnet: Option<usize>,
    service_endpoints: &'a [Prefix],
    route_table: Option<&'a RouteTable>,
}

impl<'a> NicView<'a> {
    /// The view of a NIC; none if its network is not known.
    pub(super) fn of_nic(deployment: &'a Deployment, nic: &'a Nic) -> Option<Self> {
        let vnet = deployment.topology().vnet(&nic.vnet)?;
        let subnet = subnet_of(deployment, nic, vnet);
        Some(Self {
            subnet,
            service_endpoints: &nic.service_endpoints,
            route_table: route_table(deployment, nic, vnet, subnet),
            ..Self::of_vnet(deployment, vnet)
        })
    }

    /// The view of a NIC of a network, without route table and service endpoints.
    pub(super) const fn of_vnet(deployment: &'a Deployment, vnet: VnetId) -> Self {
        Self {
            deployment,
            vnet,
            subnet: None,
            service_endpoints: &[],
            route_table: None,
        }
    }

    /// The NIC's network.
    pub fn vnet(&self) -> VnetId {
        self.vnet
    }

    /// The place of its subnet in the network, if it is known.
    pub fn subnet(&self) -> Option<usize> {
        self.subnet
    }

    /// The peerings that its subnet takes part in.
    pub fn neighbors(&self) -> impl Iterator<Item = &'a Neighbor> + use<'a> {
        let topology = self.deployment.topology();
        topology.neighbors_of(self.vnet, self.subnet)
    }

    /// The network whose gateways and Route Server it uses: its subnet has to take part in the
    /// peering.
    pub fn hub(&self) -> Option<VnetId> {
        let hub = self.deployment.topology().hub(self.vnet)?;
        let mut neighbors = self.neighbors();
        neighbors
            .any(|neighbor| neighbor.vnet == hub)
            .then_some(hub)
    }

    /// Its network's own prefixes and what it sees of every network peered with it.
    pub fn local_space(&self) -> impl Iterator<Item = Prefix> + use<'a> {
        let own = self.deployment.topology().space(self.vnet).iter();
        own.chain(self.neighbors().flat_map(|neighbor| &neighbor.space))
            .copied()
    }

    /// Private endpoints of its network and of those peered with it.
    pub fn private_endpoints(&self) -> impl Iterator<Item = &'a PrivateEndpoint> + use<'a> {
        let view = *self;
        let topology = self.deployment.topology();
        let endpoints = self.deployment.estate().private_endpoints.iter();
        endpoints.filter(move |endpoint| match topology.vnet(&endpoint.vnet) {
            Some(vnet) if vnet == view.vnet => true,
            vnet => view.neighbors().any(|neighbor| {
                let mut seen = neighbor.space.iter();
                Some(neighbor.vnet) == vnet
                    && seen.any(|prefix| prefix.contains_address(endpoint.ip))
            }),
        })
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
        let left_out = route.next_hops.iter().filter(|hop| !self.uses(hop));
        left_out.filter_map(ProgrammedNextHop::address).collect()
    }

    /// Whether a next hop stands in a route: what is not reached does only where that is the
    /// behaviour asked for.
    fn uses(&self, next_hop: &ProgrammedNextHop) -> bool {
        match *next_hop {
            ProgrammedNextHop::Appliance(address) => {
                let behaviour = self.deployment.parameters().unreachable_next_hop;
                behaviour == UnreachableNextHop::Show || self.reaches(address)
            }
            ProgrammedNextHop::Gateway(_) | ProgrammedNextHop::UnknownGateway => true,
        }
    }

    /// All rows, by prefix, then system, user-defined and programmed routes. The routes are in the
    /// order of their prefixes.
    pub fn rows(&self, programmed: &[ProgrammedRoute]) -> Vec<EffectiveRow> {
        debug_assert!(programmed.is_sorted_by_key(|route| route.prefix));
        let hiding = self.hiding_prefixes().into_iter();
        let hiding = hiding.filter_map(|prefix| {
            let place = programmed.binary_search_by_key(&prefix, |route| route.prefix);
            programmed.get(place.ok()?)
        });
        let mut beside = self.rows_beside(&self.learned_rows(hiding));
        beside.sort_by(EffectiveRow::order);
        // Few rows into many that are in order: nothing is sorted again.
        let mut beside = beside.into_iter().peekable();
        let mut rows = Vec::with_capacity(programmed.len() + beside.len());
        for row in self.learned(programmed) {
            while let Some(earlier) = beside.next_if(|other| other.order(&row).is_lt()) {
                rows.push(earlier);
            }
            rows.push(row);
        }
        rows.extend(beside);
        rows
    }

    /// The rows of programmed routes.
    pub(super) fn learned_rows(
        &self,
        programmed: impl IntoIterator<Item: Borrow<ProgrammedRoute>>,
    ) -> Vec<EffectiveRow> {
        self.learned(programmed).collect()
    }

    /// The same, each when it is asked for.
    fn learned(
        &self,
        programmed: impl IntoIterator<Item: Borrow<ProgrammedRoute>>,
    ) -> impl Iterator<Item = EffectiveRow> {
        let covered = Cover::new(self.covered_space());
        let overridden = prefixes(&self.user_rows());
        let mut used = UsedNextHops::default();
        let propagates = !self.propagation_disabled();
        programmed.into_iter().filter_map(move |route| {
            let route = route.borrow();
            let free = propagates && !covered.has(route.prefix);
            free.then(|| {
                let next_hops = used.of(self, route);
                self.with_state(learned_row(route.prefix, next_hops), &overridden)
            })
        })
    }

    /// The other rows: system and user-defined routes, some of which learned ones hide.
    pub(super) fn rows_beside(&self, learned: &[EffectiveRow]) -> Vec<EffectiveRow> {
        let user = self.user_rows();
        let overridden = prefixes(&user);
        // Of many learned routes only few can hide a system route.
        let hiding = self.hiding_prefixes();
        let hides = |prefix: &Prefix| hiding.contains(prefix);
        let hidden_by = learned.iter().flat_map(|row| &row.prefixes).copied();
        let hidden_by = hidden_by.filter(hides).collect();
        let system = self.system_rows(&overridden, &hidden_by);
        let rows = system.into_iter().chain(user);
        rows.map(|row| self.with_state(row, &overridden)).collect()
    }

    /// The prefixes whose learned routes hide system routes.
    pub(super) fn hiding_prefixes(&self) -> Vec<Prefix> {
        let defaults = Family::ALL.into_iter().map(Prefix::default_of);
        let ranges = self.deployment.parameters().dropped_ranges.iter();
        defaults.chain(ranges.copied()).collect()
    }

    /// a user-defined route of the same prefix wins over every other; R-169: over a private
    /// endpoint's also one that is wider, where network policies hold.
    fn with_state(&self, mut row: EffectiveRow, overridden: &BTreeSet<Prefix>) -> EffectiveRow {
        let mut prefixes = row.prefixes.iter();
        let loses = prefixes.all(|prefix| overridden.contains(prefix))
            || self.overriding_endpoint(&row).is_some();
        if row.source != RouteSource::User && loses {
            row.state = RouteState::Invalid;
        }
        row.disable_bgp_route_propagation = self.propagation_disabled();
        row
    }

    /// "Propagate gateway routes" is off: neither gateway nor Route Server routes.
    pub fn propagation_disabled(&self) -> bool {
        self.route_table
            .is_some_and(|table| table.disable_bgp_route_propagation)
    }

    /// Whether its route table leaves out the routes of peerings.
    pub fn peering_routes_disabled(&self) -> bool {
        self.route_table
            .is_some_and(|table| table.disable_peering_route == DisablePeeringRoute::All)
    }

    /// What its system routes cover, so that no programmed route may lie inside: own and peered
    /// networks, service endpoints, private endpoints.
    pub(super) fn covered_space(&self) -> Vec<Prefix> {
        let mut covered: Vec<Prefix> = if self.peering_routes_disabled() {
            let own = self.deployment.topology().space(self.vnet);
            let endpoints = self.private_endpoints();
            let hosts = endpoints.map(|endpoint| Prefix::host(endpoint.ip));
            own.iter().copied().chain(hosts).collect()
        } else {
            self.local_space().collect()
        };
        covered.extend(self.service_endpoints);
        covered
    }

    /// Whether the fabric reaches an address from this NIC: in its network or one peered with it
    ///
    pub fn reaches(&self, address: IpAddr) -> bool {
        let host = Prefix::host(address);
        self.local_space().any(|around| around.contains(host))
    }

    /// The user-defined route that makes a private endpoint's row Invalid although it is wider:
    /// where the endpoint's subnet has network policies for routes, one that is no wider than the
    /// endpoint's network.
    pub fn overriding_endpoint(&self, row: &EffectiveRow) -> Option<Prefix> {
        if row.next_hop_type != NextHopType::InterfaceEndpoint {
            return None;
        }
        let prefix = *row.prefixes.first()?;
        let mut endpoints = self.private_endpoints();
        let endpoint = endpoints.find(|endpoint| Prefix::host(endpoint.ip) == prefix)?;
        let estate = self.deployment.estate();
        let subnet = estate.subnet(&endpoint.vnet, &endpoint.subnet)?;
        if subnet.network_policies != NetworkPolicies::Routes {
            return None;
        }
        let topology = self.deployment.topology();
        let mut space = topology.space(topology.vnet(&endpoint.vnet)?).iter();
        let network = space.find(|space| space.contains(prefix))?;
        let routes = self.route_table?.routes.iter().map(|route| route.prefix);
        let around = routes.filter(|route| route.contains(prefix) && network.contains(*route));
        around.max_by_key(|route| route.length())
    }

    fn system_rows(
        &self,
        overridden: &BTreeSet<Prefix>,
        learned: &BTreeSet<Prefix>,
    ) -> Vec<EffectiveRow> {
        let space = self.deployment.topology().space(self.vnet);
        let mut rows = Vec::new();
        let mut add = |prefix: Prefix, next_hop_type| {
            rows.push(row(prefix, next_hop_type, RouteSource::Default));
        };
        for prefix in space {
            add(*prefix, NextHopType::VnetLocal);
        }
        for neighbor in self.neighbors().filter(|_| !self.peering_routes_disabled()) {
            let kind = if neighbor.global {
                NextHopType::VNetGlobalPeering
            } else {
                NextHopType::VNetPeering
            };
            for prefix in &neighbor.space {
                add(*prefix, kind);
            }
        }
        for endpoint in self.private_endpoints() {
            add(Prefix::host(endpoint.ip), NextHopType::InterfaceEndpoint);
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
        // in a network with IPv6 there is a default route of that family too.
        let default = Prefix::default_of(Family::Ipv6);
        let mut families = space.iter().map(|prefix| prefix.family());
        if families.any(|family| family == Family::Ipv6) && !learned.contains(&default) {
            add(default, NextHopType::Internet);
        }
        if let Some(first) = self.service_endpoints.first() {
            let kind = NextHopType::VirtualNetworkServiceEndpoint;
            rows.push(EffectiveRow {
                prefixes: SmallVec::from_slice(self.service_endpoints),
                ..row(*first, kind, RouteSource::Default)
            });
        }
        rows
    }

    /// The dropped ranges of the year that neither a network covers nor a programmed route
    /// replaces.
    fn dropped_ranges<'b>(
        &'b self,
        learned: &'b BTreeSet<Prefix>,
    ) -> impl Iterator<Item = Prefix> + 'b {
        let space: Vec<Prefix> = self.local_space().collect();
        let ranges = self.deployment.parameters().dropped_ranges.iter().copied();
        ranges.filter(move |prefix| !inside_any(*prefix, &space) && !learned.contains(prefix))
    }

    fn user_rows(&self) -> Vec<EffectiveRow> {
        let routes = self.route_table.iter().flat_map(|table| &table.routes);
        let rows = routes.map(|route| {
            let mut next_hops = SmallVec::new();
            let kind = match route.target {
                UserRouteTarget::VirtualAppliance(address) => {
                    next_hops.push(address);
                    NextHopType::VirtualAppliance
                }
                UserRouteTarget::VirtualNetworkGateway => NextHopType::VirtualNetworkGateway,
                UserRouteTarget::VnetLocal => NextHopType::VnetLocal,
                UserRouteTarget::Internet => NextHopType::Internet,
                UserRouteTarget::None => NextHopType::None,
            };
            EffectiveRow {
                next_hops,
                name: route.name.clone(),
                ..row(route.prefix, kind, RouteSource::User)
            }
        });
        rows.collect()
    }

    pub(super) fn programmed_row(&self, route: &ProgrammedRoute) -> EffectiveRow {
        learned_row(route.prefix, self.used_next_hops(route).as_deref())
    }

    /// The next hops that the row of a programmed route shows, in order; none where none is of use
    ///
    pub(super) fn used_next_hops(&self, route: &ProgrammedRoute) -> Option<SmallVec<[IpAddr; 2]>> {
        let hops = route.next_hops.iter();
        let mut used = hops.filter(|hop| self.uses(hop)).peekable();
        used.peek()?;
        let addresses = used.filter_map(ProgrammedNextHop::address);
        let known = addresses.filter(|address| *address != UNKNOWN_ADDRESS);
        let next_hops: BTreeSet<IpAddr> = known.collect();
        Some(next_hops.into_iter().collect())
    }
}

/// The row of a programmed route; without next hops it leads nowhere.
fn learned_row(prefix: Prefix, next_hops: Option<&[IpAddr]>) -> EffectiveRow {
    let kind = match next_hops {
        Some(_) => NextHopType::VirtualNetworkGateway,
        None => NextHopType::None,
    };
    EffectiveRow {
        next_hops: SmallVec::from_slice(next_hops.unwrap_or_default()),
        ..row(prefix, kind, RouteSource::VirtualNetworkGateway)
    }
}

/// The place of the NIC's subnet: the one it names, else the one that has its address.
fn subnet_of(deployment: &Deployment, nic: &Nic, vnet: VnetId) -> Option<usize> {
    let mut subnets = deployment.estate().vnets[vnet.0].subnets.iter();
    subnets.position(|subnet| match (&nic.subnet, nic.ip) {
        (Some(name), _) => subnet.name == *name,
        (None, Some(ip)) => subnet.prefix.contains_address(ip),
        (None, None) => false,
    })
}

/// The NIC's own route table, else that of its subnet.
fn route_table<'a>(
    deployment: &'a Deployment,
    nic: &'a Nic,
    vnet: VnetId,
    subnet: Option<usize>,
) -> Option<&'a RouteTable> {
    let estate = deployment.estate();
    let subnet = subnet.and_then(|place| estate.vnets[vnet.0].subnets.get(place));
    let of_subnet = subnet.and_then(|subnet| subnet.route_table.as_ref());
    let name = nic.route_table.as_ref().or(of_subnet)?;
    let mut tables = estate.route_tables.iter();
    tables.find(|table| table.name == *name)
}

/// Whether a prefix is equal to or inside one of a list.
pub(super) fn inside_any(prefix: Prefix, space: &[Prefix]) -> bool {
    space.iter().any(|around| around.contains(prefix))
}

/// Prefixes to be inside of: none inside another, in order, so that the one around is next to it.
pub(super) struct Cover(Vec<Prefix>);

impl Cover {
    pub(super) fn new(mut prefixes: Vec<Prefix>) -> Self {
        prefixes.sort_unstable();
        let mut widest: Vec<Prefix> = Vec::new();
        for prefix in prefixes {
            if !widest.last().is_some_and(|around| around.contains(prefix)) {
                widest.push(prefix);
            }
        }
        Self(widest)
    }

    /// Whether a prefix is equal to or inside one of them.
    pub(super) fn has(&self, prefix: Prefix) -> bool {
        let next = self.0.partition_point(|around| *around <= prefix);
        let before = next.checked_sub(1).and_then(|place| self.0.get(place));
        before.is_some_and(|around| around.contains(prefix))
    }
}

/// The prefixes of rows.
fn prefixes(rows: &[EffectiveRow]) -> BTreeSet<Prefix> {
    rows.iter().flat_map(|row| &row.prefixes).copied().collect()
}

fn row(prefix: Prefix, next_hop_type: NextHopType, source: RouteSource) -> EffectiveRow {
    EffectiveRow {
        prefixes: SmallVec::from_buf([prefix]),
        next_hop_type,
        next_hops: SmallVec::new(),
        source,
        state: RouteState::Active,
        name: None,
        disable_bgp_route_propagation: false,
    }
}
