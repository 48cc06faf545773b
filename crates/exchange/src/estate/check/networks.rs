//! Networks: their subnets and NICs, addresses in them and one owner each, peerings.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::error::{EstateError, Kind, List, Place, Problem};
use super::names::{Names, nearest_name};
use super::report::Report;
use routehub_types::Prefix;

use crate::estate::{Estate, GatewayAddresses, Peering, RouteServer, Vnet};

/// Checks subnets, route tables and NICs: places, names and references.
pub(super) fn check_fabric(names: &Names<'_>, errors: &mut Vec<EstateError>) {
    let estate = names.estate;
    for (index, vnet) in estate.vnets.iter().enumerate() {
        check_subnets(names, vnet, index, errors);
    }
    for (index, table) in estate.route_tables.iter().enumerate() {
        let mut report = Report::entry(Kind::RouteTable, &table.name, index, errors);
        let mut seen = HashMap::new();
        for (n, route) in table.routes.iter().enumerate() {
            let place = report.item("routes", n).key("prefix");
            let first = seen.entry(route.prefix).or_insert_with(|| place.clone());
            if *first != place {
                let prefix = route.prefix;
                let problem = Problem::PrefixTwice { prefix };
                report.note_with(place, problem, Some(first.clone()));
            }
        }
    }
    for (index, nic) in estate.nics.iter().enumerate() {
        let mut report = Report::entry(Kind::Nic, &nic.name, index, errors);
        report.note_field("vnet", names.need_vnet(&nic.vnet));
        let problem = names.need_if(&[Kind::RouteTable], nic.route_table.as_deref());
        report.note_field("route_table", problem);
        if let (Some(subnet), Some(vnet)) = (&nic.subnet, names.vnet(&nic.vnet)) {
            check_place(vnet, subnet, nic.ip, &mut report);
        }
    }
    for (index, endpoint) in estate.private_endpoints.iter().enumerate() {
        let mut report = Report::entry(Kind::PrivateEndpoint, &endpoint.name, index, errors);
        report.note_field("vnet", names.need_vnet(&endpoint.vnet));
        if let Some(vnet) = names.vnet(&endpoint.vnet) {
            check_place(vnet, &endpoint.subnet, Some(endpoint.ip), &mut report);
        }
    }
    for (index, balancer) in estate.load_balancers.iter().enumerate() {
        let mut report = Report::entry(Kind::LoadBalancer, &balancer.name, index, errors);
        report.note_field("vnet", names.need_vnet(&balancer.vnet));
        for (n, backend) in balancer.backends.iter().enumerate() {
            let problem = names.need(&[Kind::Nva, Kind::Nic], backend);
            report.note(report.item("backends", n), problem);
        }
    }
}

/// An error unless a network has a subnet of that name.
fn need_subnet(vnet: &Vnet, name: &str) -> Option<Problem> {
    let known = || vnet.subnets.iter().map(|subnet| subnet.name.as_str());
    let missing = !known().any(|known| known == name);
    missing.then(|| Problem::NoSuch {
        wanted: &[Kind::Subnet],
        name: name.to_owned(),
        nearest: nearest_name(name, known()).map(str::to_owned),
        is: None,
    })
}

/// Checks the subnet and the address of an object in a network.
fn check_place(vnet: &Vnet, subnet: &str, address: Option<IpAddr>, report: &mut Report<'_>) {
    report.note_field("subnet", need_subnet(vnet, subnet));
    let mut subnets = vnet.subnets.iter();
    let subnet = subnets.find(|known| known.name == subnet);
    if let (Some(subnet), Some(address)) = (subnet, address) {
        // An address outside the network is told once, as that.
        let mut space = vnet.address_space.iter();
        let outside = space.any(|prefix| prefix.contains_address(address))
            && !subnet.prefix.contains_address(address);
        let problem = outside.then(|| Problem::AddressOutsideSubnet {
            address,
            subnet: subnet.name.clone(),
            prefix: subnet.prefix,
        });
        report.note_field("ip", problem);
    }
}

/// Checks the subnets of a network: inside it, with a name of their own.
fn check_subnets(names: &Names<'_>, vnet: &Vnet, index: usize, errors: &mut Vec<EstateError>) {
    let mut seen: HashMap<&str, Place> = HashMap::new();
    for (n, subnet) in vnet.subnets.iter().enumerate() {
        let mut report = Report::entry(Kind::Subnet, &subnet.name, index, errors);
        let place = report.item("subnets", n);
        let mut space = vnet.address_space.iter();
        if !space.any(|prefix| prefix.contains(subnet.prefix)) {
            let problem = Problem::SubnetOutside {
                prefix: subnet.prefix,
                vnet: vnet.name.clone(),
                space: vnet.address_space.clone(),
            };
            report.note(place.clone().key("prefix"), problem);
        }
        let mut report = Report::entry(Kind::Vnet, &vnet.name, index, errors);
        let named = place.clone().key("name");
        if let Some(first) = seen.insert(&subnet.name, named.clone()) {
            let problem = Problem::NameTwice {
                name: subnet.name.clone(),
                first: Kind::Subnet,
            };
            report.note_with(named, problem, Some(first));
        }
        let problem = names.need_if(&[Kind::RouteTable], subnet.route_table.as_deref());
        report.note(place.key("route_table"), problem);
    }
}

/// The addresses in use: per network and address, the owner and where it says so.
#[derive(Default)]
pub(super) struct InUse {
    owners: HashMap<(String, IpAddr), (String, Place)>,
    /// The Route Server of a network, and its place.
    servers: HashMap<String, (String, Place)>,
}

/// What errors call a Route Server.
fn object(route_server: &str) -> String {
    format!("{} `{route_server}`", Kind::RouteServer)
}

impl InUse {
    /// Checks the addresses of Route Servers, NVAs and gateways, and says which are in use.
    pub(super) fn check(names: &Names<'_>, errors: &mut Vec<EstateError>) -> Self {
        let estate = names.estate;
        let mut used = Self::default();
        for (index, server) in estate.route_servers.iter().enumerate() {
            let mut report = Report::entry(Kind::RouteServer, &server.name, index, errors);
            used.add_route_server(estate, server, &mut report);
        }
        for (index, nva) in estate.nvas.iter().enumerate() {
            if let Some(vnet) = names.vnet(&nva.vnet) {
                let mut report = Report::entry(Kind::Nva, &nva.name, index, errors);
                used.claim(vnet, nva.ip, report.field("ip"), &mut report);
            }
        }
        let addresses = GatewayAddresses::of(estate);
        for (index, gateway) in estate.gateways.iter().enumerate() {
            if let Some(vnet) = names.vnet(&gateway.vnet) {
                let mut report = Report::entry(Kind::Gateway, &gateway.name, index, errors);
                let given = !gateway.bgp_ips.is_empty();
                for (n, address) in addresses.instances(index).iter().enumerate() {
                    let place = if given {
                        report.item("bgp_ips", n)
                    } else {
                        report.place()
                    };
                    used.claim(vnet, *address, place, &mut report);
                }
            }
        }
        for (index, endpoint) in estate.private_endpoints.iter().enumerate() {
            if let Some(vnet) = names.vnet(&endpoint.vnet) {
                let mut report =
                    Report::entry(Kind::PrivateEndpoint, &endpoint.name, index, errors);
                used.claim(vnet, endpoint.ip, report.field("ip"), &mut report);
            }
        }
        for (index, balancer) in estate.load_balancers.iter().enumerate() {
            if let Some(vnet) = names.vnet(&balancer.vnet) {
                let name = &balancer.name;
                let mut report = Report::entry(Kind::LoadBalancer, name, index, errors);
                used.claim(
                    vnet,
                    balancer.frontend,
                    report.field("frontend"),
                    &mut report,
                );
            }
        }
        for (index, nic) in estate.nics.iter().enumerate() {
            if let (Some(vnet), Some(ip)) = (names.vnet(&nic.vnet), nic.ip)
                && !used.is_of_nva(vnet, ip)
            {
                let mut report = Report::entry(Kind::Nic, &nic.name, index, errors);
                used.claim(vnet, ip, report.field("ip"), &mut report);
            }
        }
        used
    }

    /// Whether an NVA has an address: its NIC may stand in the estate too.
    fn is_of_nva(&self, vnet: &Vnet, address: IpAddr) -> bool {
        let owner = self.owners.get(&(vnet.name.clone(), address));
        owner.is_some_and(|(_, place)| place.list == List::Nvas)
    }

    /// Checks a Route Server that comes after those known, and adds it to them.
    pub(super) fn add_route_server(
        &mut self,
        estate: &Estate,
        server: &RouteServer,
        report: &mut Report<'_>,
    ) {
        let Some(vnet) = estate.vnets.iter().find(|vnet| vnet.name == server.vnet) else {
            return;
        };
        let mut report = report.of(object(&server.name));
        let name = || vnet.name.clone();
        if let Some((first, other)) = self.servers.get(&vnet.name) {
            let (vnet, first) = (name(), first.clone());
            let problem = Problem::TwoRouteServers { vnet, first };
            report.note_with(report.field("vnet"), problem, Some(other.clone()));
        } else {
            let entry = (server.name.clone(), report.place());
            self.servers.insert(name(), entry);
        }
        let Some(addresses) = estate.instance_addresses(server) else {
            report.note(
                report.place(),
                Problem::NoInstanceAddresses { vnet: name() },
            );
            return;
        };
        for (n, address) in addresses.into_iter().enumerate() {
            let place = if server.ips.is_some() {
                report.item("ips", n)
            } else {
                report.place()
            };
            self.claim(vnet, address, place, &mut report);
        }
    }

    /// A Route Server is gone, its addresses with it.
    pub(super) fn remove_route_server(&mut self, name: &str) {
        let object = object(name);
        self.owners.retain(|_, (owner, _)| *owner != object);
        self.servers.retain(|_, (server, _)| server != name);
    }

    /// An owner takes an address of a network, as it says at a place.
    fn claim(&mut self, vnet: &Vnet, address: IpAddr, place: Place, report: &mut Report<'_>) {
        let space = &vnet.address_space;
        let name = vnet.name.clone();
        if !space.iter().any(|prefix| prefix.contains_address(address)) {
            let problem = Problem::AddressOutside {
                address,
                vnet: name,
                space: space.clone(),
            };
            report.note(place, problem);
        } else if let Some((first, other)) = self.owners.get(&(name.clone(), address)) {
            let problem = Problem::AddressTwice {
                address,
                vnet: name,
                first: first.clone(),
            };
            report.note_with(place, problem, Some(other.clone()));
        } else {
            let owner = (report.object().to_owned(), place);
            self.owners.insert((name, address), owner);
        }
    }
}

/// What the peerings looked at so far have taken.
#[derive(Default)]
pub(super) struct Peered {
    pairs: HashMap<(String, String), Place>,
    /// Who uses whose gateways, and where it says so.
    users: HashMap<String, (String, Place)>,
}

/// Networks that have, or will have, a gateway or a Route Server.
pub(super) fn with_gateways<'a>(estate: &'a Estate, later: &[&'a RouteServer]) -> HashSet<&'a str> {
    let gateways = estate.gateways.iter().map(|g| g.vnet.as_str());
    let servers = estate.route_servers.iter().chain(later.iter().copied());
    gateways.chain(servers.map(|s| s.vnet.as_str())).collect()
}

/// Two names in a fixed order.
pub(super) fn pair(a: &str, b: &str) -> (String, String) {
    (a.min(b).to_owned(), a.max(b).to_owned())
}

impl Peered {
    /// Checks every peering of the estate; `remotes` are the networks with something to use.
    pub(super) fn check(
        names: &Names<'_>,
        remotes: &HashSet<&str>,
        errors: &mut Vec<EstateError>,
    ) -> Self {
        let mut peered = Self::default();
        for (index, peering) in names.estate.peerings.iter().enumerate() {
            let object = format!("peering of `{}` and `{}`", peering.a, peering.b);
            let place = Place::entry(List::Peerings, index);
            let mut report = Report::new(object, place, errors);
            peered.add(names, remotes, peering, &mut report);
        }
        peered
    }

    /// Whether these two are peered.
    pub(super) fn contains(&self, a: &str, b: &str) -> bool {
        self.pairs.contains_key(&pair(a, b))
    }

    /// Forgets a peering.
    pub(super) fn remove(&mut self, a: &str, b: &str) {
        self.pairs.remove(&pair(a, b));
        for (vnet, remote) in [(a, b), (b, a)] {
            if self.users.get(vnet).is_some_and(|(of, _)| of == remote) {
                self.users.remove(vnet);
            }
        }
    }

    /// Checks a peering that comes after those known, and adds it to them.
    pub(super) fn add(
        &mut self,
        names: &Names<'_>,
        remotes: &HashSet<&str>,
        peering: &Peering,
        report: &mut Report<'_>,
    ) {
        let (a, b) = (&peering.a, &peering.b);
        let mut well = report.note_field("a", names.need_vnet(a));
        well &= report.note_field("b", names.need_vnet(b));
        well &= report.note_field("b", (a == b).then_some(Problem::PeeredWithItself));
        if !well {
            return;
        }
        let first = self.pairs.insert(pair(a, b), report.place());
        if first.is_some() {
            let (a, b) = (a.clone(), b.clone());
            report.note_with(report.place(), Problem::PeeredTwice { a, b }, first);
            return;
        }
        let (Some(a), Some(b)) = (names.vnet(a), names.vnet(b)) else {
            return;
        };
        let spaces = match &peering.subnets {
            None => [&a.address_space, &b.address_space].map(Clone::clone),
            Some(named) => [("a", a, &named.a), ("b", b, &named.b)]
                .map(|(key, vnet, names)| peered_subnets(key, vnet, names, report)),
        };
        report.note(report.place(), overlap([a, b], &spaces));
        for (key, flags, vnet, remote) in [
            ("a_to_b", peering.a_to_b, a, b),
            ("b_to_a", peering.b_to_a, b, a),
        ] {
            let there = remotes.contains(remote.name.as_str());
            if flags.use_remote_gateways && (there || !peering.transit_if_any) {
                let flag = report.field(key).key("use_remote_gateways");
                self.use_gateways(remotes, vnet, remote, &mut report.at(flag));
            }
        }
    }

    /// A network uses the gateways of another.
    fn use_gateways(
        &mut self,
        remotes: &HashSet<&str>,
        vnet: &Vnet,
        remote: &Vnet,
        report: &mut Report<'_>,
    ) {
        let (name, space) = (vnet.name.clone(), vnet.address_space.clone());
        if let Some((first, other)) = self.users.get(&name) {
            let problem = Problem::RemoteGatewaysTwice {
                vnet: name,
                space,
                first: first.clone(),
                second: remote.name.clone(),
            };
            report.note_with(report.place(), problem, Some(other.clone()));
            return;
        }
        let used = (remote.name.clone(), report.place());
        self.users.insert(name.clone(), used);
        if !remotes.contains(remote.name.as_str()) {
            let problem = Problem::NoRemoteGateways {
                vnet: name,
                space,
                remote: remote.name.clone(),
                remote_space: remote.address_space.clone(),
            };
            report.note(report.place(), problem);
        }
    }
}

/// The prefixes of the subnets that one side of a peering names.
fn peered_subnets(
    key: &'static str,
    vnet: &Vnet,
    names: &[String],
    report: &mut Report<'_>,
) -> Vec<Prefix> {
    let place = report.field("subnets").key(key);
    if names.is_empty() {
        let vnet = vnet.name.clone();
        report.note(place, Problem::NoPeeredSubnet { vnet });
        return Vec::new();
    }
    for (n, name) in names.iter().enumerate() {
        report.note(place.clone().item(n), need_subnet(vnet, name));
    }
    let subnets = vnet.subnets.iter();
    let named = subnets.filter(|subnet| names.contains(&subnet.name));
    named.map(|subnet| subnet.prefix).collect()
}

fn overlap([a, b]: [&Vnet; 2], [of_a, of_b]: &[Vec<Prefix>; 2]) -> Option<Problem> {
    of_a.iter().find_map(|&in_a| {
        let in_b = of_b.iter().find(|&&in_b| in_a.overlaps(in_b))?;
        Some(Problem::Overlap {
            a: (a.name.clone(), in_a),
            b: (b.name.clone(), *in_b),
        })
    })
}
