//! What traces read of an exchange, each once: who has which address, what interfaces use, what
//! speakers without a RIB were told.

use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use routehub_exchange::estate::Nic;
use routehub_exchange::view::{
    LinkKind, NicView, ProgrammedRoute, Programmers, SpeakerId, SpeakerKind, VnetId,
};
use routehub_exchange::{EffectiveRow, Exchange, RouteState};
use routehub_types::Prefix;

use super::assumed::assumed_addresses;
use super::own::{OwnPrefixes, own_around};
use crate::explain::supernets;

/// How many lengths a prefix may have, of either family.
const LENGTHS: usize = 129;

/// A device that takes packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Device {
    /// An NVA, an instance of a gateway, a circuit's edge, a site, a customer's edge.
    Speaker(SpeakerId),
    /// A load balancer, by its place in the estate.
    Balancer(usize),
    /// A NIC, by its place in the estate.
    Nic(usize),
    /// A private endpoint, by its place in the estate.
    Endpoint(usize),
}

/// The active rows of an interface.
pub(super) struct Table {
    rows: Vec<EffectiveRow>,
    by_prefix: HashMap<Prefix, usize>,
    /// Which lengths there are: for others nothing is looked up.
    has_length: [bool; LENGTHS],
}

impl Table {
    fn new(mut rows: Vec<EffectiveRow>) -> Self {
        rows.retain(|row| row.state == RouteState::Active);
        let mut by_prefix = HashMap::new();
        let mut has_length = [false; LENGTHS];
        for (place, row) in rows.iter().enumerate() {
            for prefix in &row.prefixes {
                by_prefix.entry(*prefix).or_insert(place);
                has_length[usize::from(prefix.length())] = true;
            }
        }
        Self {
            rows,
            by_prefix,
            has_length,
        }
    }

    /// The row with the longest prefix around an address.
    pub(super) fn longest_match(&self, address: IpAddr) -> Option<(Prefix, &EffectiveRow)> {
        let around = supernets(Prefix::host(address));
        let mut around = around.filter(|prefix| self.has_length[usize::from(prefix.length())]);
        around.find_map(|prefix| Some((prefix, &self.rows[*self.by_prefix.get(&prefix)?])))
    }
}

/// What decides the rows of an interface.
#[derive(PartialEq, Eq, Hash)]
struct TableKey {
    vnet: VnetId,
    subnet: Option<usize>,
    route_table: Option<String>,
    service_endpoints: Vec<Prefix>,
    /// The programmed routes around the destination: no other one has a say in the rows that
    /// matter.
    programmed: Rc<[ProgrammedRoute]>,
}

/// A route that a speaker was told by a neighbour.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) prefix: Prefix,
    pub(super) from: SpeakerId,
    /// Whether it came over a direct session, not from a Route Server.
    pub(super) is_direct: bool,
    /// What is compared of routes to one prefix; the least is best.
    preference: (usize, bool),
    next_hop: IpAddr,
}

/// Who has which address. No event changes it that leaves the objects of an estate as they are.
#[derive(Debug)]
pub(super) struct Addresses {
    /// Who has an address, and in which network.
    owners: HashMap<IpAddr, Vec<(Option<VnetId>, Device)>>,
    /// The addresses that NICs without one are taken to have.
    assumed: HashMap<String, IpAddr>,
}

impl Addresses {
    /// Those of an exchange.
    pub(super) fn of(exchange: &Exchange) -> Self {
        let assumed = assumed_addresses(exchange.estate());
        Self {
            owners: owners(exchange, &assumed),
            assumed: (assumed.into_iter())
                .map(|(name, address)| (name.to_owned(), address))
                .collect(),
        }
    }
}

/// What traces read of an exchange.
pub(super) struct Forwarding<'a> {
    pub(super) exchange: &'a Exchange,
    addresses: Arc<Addresses>,
    /// What speakers have of their own, if it was looked up.
    own: Option<Arc<OwnPrefixes>>,
    programmed: HashMap<Programmers, HashMap<IpAddr, Rc<[ProgrammedRoute]>>>,
    tables: HashMap<TableKey, Rc<Table>>,
    heard: HashMap<(SpeakerId, IpAddr), Rc<[Heard]>>,
}

impl<'a> Forwarding<'a> {
    pub(super) fn new(exchange: &'a Exchange) -> Self {
        Self::with(exchange, Arc::new(Addresses::of(exchange)), None)
    }

    /// Of an exchange where these have the addresses, and these prefixes of their own.
    pub(super) fn with(
        exchange: &'a Exchange,
        addresses: Arc<Addresses>,
        own: Option<Arc<OwnPrefixes>>,
    ) -> Self {
        Self {
            exchange,
            addresses,
            own,
            programmed: HashMap::new(),
            tables: HashMap::new(),
            heard: HashMap::new(),
        }
    }

    /// Who has which address.
    pub(super) fn addresses(&self) -> Arc<Addresses> {
        Arc::clone(&self.addresses)
    }

    /// The longest prefix around an address that an NVA, a site or a customer's edge has of its own.
    pub(super) fn own_around(&self, id: SpeakerId, address: IpAddr) -> Option<Prefix> {
        match &self.own {
            Some(own) => own.around(id, address),
            None => own_around(self.exchange, id, address),
        }
    }

    /// The address of a NIC, given or taken to be so.
    pub(super) fn address_of(&self, nic: &Nic) -> Option<IpAddr> {
        nic.ip
            .or_else(|| self.addresses.assumed.get(&nic.name).copied())
    }

    /// Everybody who has an address, and the network.
    pub(super) fn owners(&self, address: IpAddr) -> &[(Option<VnetId>, Device)] {
        let owners = self.addresses.owners.get(&address);
        owners.map_or(&[], Vec::as_slice)
    }

    /// Who has an address of a network.
    pub(super) fn owner_in(&self, vnet: VnetId, address: IpAddr) -> Option<Device> {
        let mut owners = self.owners(address).iter();
        owners.find_map(|(of, device)| (*of == Some(vnet)).then_some(*device))
    }

    /// The rows that an interface uses around a destination.
    pub(super) fn table(&mut self, view: NicView<'_>, nic: &str, to: IpAddr) -> Rc<Table> {
        let by = self.exchange.fabric().programmers(view, nic);
        let key = TableKey {
            vnet: view.vnet(),
            subnet: view.subnet(),
            route_table: view.route_table().map(|table| table.name.clone()),
            service_endpoints: view.service_endpoints().to_vec(),
            programmed: self.programmed(by, to),
        };
        if let Some(known) = self.tables.get(&key) {
            return Rc::clone(known);
        }
        let table = Rc::new(Table::new(view.rows(&key.programmed)));
        self.tables.insert(key, Rc::clone(&table));
        table
    }

    /// The programmed routes around a destination.
    fn programmed(&mut self, by: Programmers, to: IpAddr) -> Rc<[ProgrammedRoute]> {
        let known = self.programmed.get(&by).and_then(|known| known.get(&to));
        if let Some(known) = known {
            return Rc::clone(known);
        }
        let fabric = self.exchange.fabric();
        let routes: Rc<[ProgrammedRoute]> = fabric.programmed_around(&by, Prefix::host(to)).into();
        let known = self.programmed.entry(by).or_default();
        known.insert(to, Rc::clone(&routes));
        routes
    }

    /// The best of what a speaker without a RIB was told around an address: the routes to the
    /// longest prefix with the shortest AS path, eBGP before iBGP, the lowest next hop first.
    pub(super) fn heard_around(&mut self, id: SpeakerId, address: IpAddr) -> Rc<[Heard]> {
        if let Some(known) = self.heard.get(&(id, address)) {
            return Rc::clone(known);
        }
        let heard = self.heard(id, address);
        let merit = |route: &Heard| {
            (
                usize::MAX - usize::from(route.prefix.length()),
                route.preference,
            )
        };
        let best = heard.iter().map(merit).min();
        let mut best: Vec<Heard> = (heard.into_iter())
            .filter(|route| Some(merit(route)) == best)
            .collect();
        best.sort_by_key(|route| (route.next_hop, route.from));
        let best: Rc<[Heard]> = best.into();
        self.heard.insert((id, address), Rc::clone(&best));
        best
    }

    /// What a speaker was told around an address; what has its own ASN in the path it does not use
    /// (RFC 4271 section 9.1.2).
    fn heard(&self, id: SpeakerId, address: IpAddr) -> Vec<Heard> {
        let exchange = self.exchange;
        let own = exchange.speaker(id).asn;
        let mut heard = Vec::new();
        // Behind both links of a circuit is one network.
        let ends = exchange.graph().same_premises(id);
        for outbound in ends.into_iter().flat_map(|id| exchange.outbound_to(id)) {
            let (link, from) = (outbound.link(), outbound.sender());
            for (prefix, attrs) in outbound.routes_around(Prefix::host(address)) {
                let is_own = own.is_some_and(|own| attrs.as_path.contains(own));
                if is_own && link.external {
                    continue;
                }
                heard.push(Heard {
                    prefix,
                    from,
                    is_direct: !link.kind.is_peering(),
                    preference: (attrs.as_path.length(), !link.external),
                    next_hop: attrs.next_hop.address,
                });
            }
        }
        heard
    }
}

/// Who has which address: what is most likely meant comes first.
fn owners<'a>(
    exchange: &'a Exchange,
    assumed: &HashMap<&'a str, IpAddr>,
) -> HashMap<IpAddr, Vec<(Option<VnetId>, Device)>> {
    let (graph, estate, topology) = (exchange.graph(), exchange.estate(), exchange.topology());
    let mut all: Vec<(IpAddr, Option<VnetId>, Device)> = Vec::new();
    for id in graph.speakers() {
        let speaker = graph.speaker(id);
        let addresses = speaker.addresses.iter();
        all.extend(addresses.map(|address| (*address, speaker.vnet, Device::Speaker(id))));
    }
    // A gateway also has the addresses of the edge routers that its connections lead to.
    for link in graph.links().map(|id| graph.link(id)) {
        if let LinkKind::GatewayToEdge(to) = &link.kind {
            let gateway = link.a.speaker;
            let vnet = graph.speaker(gateway).vnet;
            let edges = to.nic_next_hops.iter();
            all.extend(edges.map(|address| (*address, vnet, Device::Speaker(gateway))));
        }
    }
    let balancers = estate.load_balancers.iter().enumerate();
    all.extend(balancers.map(|(place, balancer)| {
        let vnet = topology.vnet(&balancer.vnet);
        (balancer.frontend, vnet, Device::Balancer(place))
    }));
    let endpoints = estate.private_endpoints.iter().enumerate();
    all.extend(endpoints.map(|(place, endpoint)| {
        let vnet = topology.vnet(&endpoint.vnet);
        (endpoint.ip, vnet, Device::Endpoint(place))
    }));
    let nics = estate.nics.iter().enumerate();
    all.extend(nics.filter_map(|(place, nic)| {
        let address = nic.ip.or_else(|| assumed.get(&*nic.name).copied())?;
        Some((address, topology.vnet(&nic.vnet), Device::Nic(place)))
    }));
    let mut owners: HashMap<IpAddr, Vec<(Option<VnetId>, Device)>> = HashMap::new();
    for (address, vnet, device) in all {
        let is_removed = matches!(device, Device::Speaker(id) if is_gone(exchange, id));
        let owners = owners.entry(address).or_default();
        if !is_removed && !owners.contains(&(vnet, device)) {
            owners.push((vnet, device));
        }
    }
    owners
}

/// Whether an event deleted the Route Server that a speaker is an instance of.
fn is_gone(exchange: &Exchange, id: SpeakerId) -> bool {
    let is_server = matches!(exchange.speaker(id).kind, SpeakerKind::RouteServer { .. });
    is_server && exchange.fabric().is_removed(id)
}
