//! Who has a link with whom, and by which addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::Parameters;
use routehub_exchange::estate::{
    CircuitLink, Connection, Estate, Gateway, GatewayKind, RouteServer,
};
use routehub_types::Prefix;

use super::Node;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LinkKind {
    /// NVA, Route Server instance.
    Session,
    /// Gateway, Route Server instance.
    Internal,
    /// Gateway, circuit edge.
    Circuit {
        weight: u32,
        nic_next_hops: Vec<IpAddr>,
    },
    /// Gateway, site with BGP.
    Site,
    /// Gateway, site: prefixes that the gateway has without BGP.
    Static(Vec<Prefix>),
    /// Gateway, site: addresses of the site's routers.
    Routers(Vec<Prefix>),
    /// Two VPN gateways.
    Gateways,
    /// Two instances of gateways of one network.
    Peers,
    /// NVA, NVA or site.
    Neighbors,
    /// Circuit edge, customer's edge.
    Customer,
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) a: Node,
    pub(crate) b: Node,
    pub(crate) kind: LinkKind,
    pub(crate) a_addresses: Vec<IpAddr>,
    pub(crate) b_addresses: Vec<IpAddr>,
    pub(crate) refused: bool,
}

impl Link {
    /// Prefixes that the gateway has without BGP.
    pub(crate) fn fixed(&self) -> Option<&[Prefix]> {
        match &self.kind {
            LinkKind::Static(prefixes) | LinkKind::Routers(prefixes) => Some(prefixes),
            _ => None,
        }
    }

    pub(crate) fn end(&self, first: bool) -> &Node {
        if first { &self.a } else { &self.b }
    }

    /// The node at the other end, and its addresses.
    pub(crate) fn beyond(&self, node: &Node) -> (&Node, &[IpAddr]) {
        if self.a == *node {
            (&self.b, &self.b_addresses)
        } else {
            (&self.a, &self.a_addresses)
        }
    }

    pub(crate) fn addresses_of(&self, node: &Node) -> &[IpAddr] {
        if self.a == *node {
            &self.a_addresses
        } else {
            &self.b_addresses
        }
    }
}

fn subnet(estate: &Estate, vnet: &str, name: &str) -> Option<Prefix> {
    let vnet = estate.vnets.iter().find(|one| one.name == vnet)?;
    let subnet = vnet.subnets.iter().find(|one| one.name == name)?;
    Some(subnet.prefix)
}

fn plus(prefix: Prefix, n: u32) -> IpAddr {
    match prefix.address() {
        IpAddr::V4(base) => IpAddr::V4((base.to_bits() + n).into()),
        IpAddr::V6(base) => IpAddr::V6((base.to_bits() + u128::from(n)).into()),
    }
}

/// Whether a VPN gateway and a site or gateway hold no session: one ASN, or a site with Azure's
///
fn of_one_asn(
    estate: &Estate,
    parameters: &Parameters,
    gateway: &Gateway,
    connection: &Connection,
) -> bool {
    let asn = |gateway: &Gateway| gateway.asn.unwrap_or(parameters.asn);
    match connection {
        Connection::Circuit { .. } => false,
        Connection::Gateway { gateway: other } => {
            let other = estate.gateways.iter().find(|one| one.name == *other);
            asn(gateway) == asn(other.unwrap())
        }
        Connection::Site { site, bgp, .. } => {
            let site = estate.sites.iter().find(|one| one.name == *site).unwrap();
            let azures = site.asn == Some(parameters.asn);
            let bgp = bgp.unwrap_or(site.asn.is_some());
            let banned = azures && !parameters.forbidden_peer_asns.is_empty();
            bgp && (site.asn == Some(asn(gateway)) || banned)
        }
    }
}

pub(crate) fn instance_address(
    estate: &Estate,
    server: &RouteServer,
    instance: u8,
) -> Option<IpAddr> {
    match server.ips {
        Some(both) => Some(both[usize::from(instance)]),
        None => {
            let subnet = subnet(estate, &server.vnet, "RouteServerSubnet")?;
            Some(plus(subnet, 4 + u32::from(instance)))
        }
    }
}

/// Who in a GatewaySubnet has which addresses: instances by gateway, edges by gateway and circuit.
pub(crate) struct Addresses {
    instances: BTreeMap<String, Vec<IpAddr>>,
    edges: BTreeMap<(String, String), Vec<IpAddr>>,
}

/// given addresses first, then those of instances, then those of edges, each the usual ones
/// or the next that are free.
pub(crate) fn addresses(estate: &Estate) -> Addresses {
    let mut used: BTreeSet<(String, IpAddr)> = BTreeSet::new();
    let mut it = Addresses {
        instances: BTreeMap::new(),
        edges: BTreeMap::new(),
    };
    for nva in &estate.nvas {
        used.insert((nva.vnet.clone(), nva.ip));
    }
    for server in &estate.route_servers {
        for n in 0..2 {
            let address = instance_address(estate, server, n);
            used.extend(address.map(|one| (server.vnet.clone(), one)));
        }
    }
    for gateway in &estate.gateways {
        let own = gateway.bgp_ips.iter();
        used.extend(own.map(|one| (gateway.vnet.clone(), *one)));
        for connection in &gateway.connections {
            if let Connection::Circuit {
                msee_ips,
                nic_next_hops,
                ..
            } = connection
            {
                let both = msee_ips.iter().chain(nic_next_hops);
                used.extend(both.map(|one| (gateway.vnet.clone(), *one)));
            }
        }
    }
    let mut choose = |vnet: &str, usual: u32, count: u32| -> Vec<IpAddr> {
        let Some(subnet) = subnet(estate, vnet, "GatewaySubnet") else {
            return Vec::new();
        };
        let size = 1u32 << (32 - subnet.length());
        let mut places = vec![usual];
        places.extend((4..size).step_by(2));
        for place in places {
            let all: Vec<IpAddr> = (place..place + count).map(|n| plus(subnet, n)).collect();
            let fits = place + count < size;
            let free = all
                .iter()
                .all(|one| !used.contains(&(vnet.to_owned(), *one)));
            if fits && free {
                used.extend(all.iter().map(|one| (vnet.to_owned(), *one)));
                return all;
            }
        }
        Vec::new()
    };
    for gateway in &estate.gateways {
        let count = instance_count(gateway);
        let mut own = gateway.bgp_ips.clone();
        own.truncate(count as usize);
        if own.is_empty() {
            own = match gateway.kind {
                GatewayKind::Vpn => choose(&gateway.vnet, 4, count),
                GatewayKind::ExpressRoute => choose(&gateway.vnet, 12, count),
            };
        }
        it.instances.insert(gateway.name.clone(), own);
    }
    for gateway in &estate.gateways {
        for connection in &gateway.connections {
            if let Connection::Circuit {
                circuit, msee_ips, ..
            } = connection
            {
                let mut edge = msee_ips.clone();
                if edge.is_empty() {
                    edge = choose(&gateway.vnet, 4, 2);
                }
                it.edges
                    .insert((gateway.name.clone(), circuit.clone()), edge);
            }
        }
    }
    it
}

/// How many instances a gateway has.
fn instance_count(gateway: &Gateway) -> u32 {
    match gateway.active_active && gateway.bgp_ips.len() != 1 {
        true => 2,
        false => 1,
    }
}

/// The instances of a gateway, and the address of each.
pub(crate) fn instances(estate: &Estate, gateway: &Gateway) -> Vec<(Node, Option<IpAddr>)> {
    let own = &addresses(estate).instances[&gateway.name];
    let all = 0..instance_count(gateway) as usize;
    all.map(|n| {
        let node = Node::Gateway(gateway.name.clone(), n as u8);
        (node, own.get(n).copied())
    })
    .collect()
}

/// Every link of an estate at the start.
pub(crate) fn links(estate: &Estate, parameters: &Parameters) -> Vec<Link> {
    let mut all = Vec::new();
    for server in &estate.route_servers {
        all.extend(links_of_server(estate, parameters, server));
    }
    for nva in &estate.nvas {
        for name in &nva.neighbors {
            let other = estate.nvas.iter().find(|one| one.name == *name);
            let (node, addresses) = match other {
                Some(other) => (Node::Nva(name.clone()), vec![other.ip]),
                None => {
                    let site = estate.sites.iter().find(|one| one.name == *name).unwrap();
                    (Node::Site(name.clone()), site.bgp_ips.clone())
                }
            };
            all.push(Link {
                a: Node::Nva(nva.name.clone()),
                b: node,
                kind: LinkKind::Neighbors,
                a_addresses: vec![nva.ip],
                b_addresses: addresses,
                refused: false,
            });
        }
    }
    for gateway in &estate.gateways {
        for one in &gateway.connections {
            let refused = of_one_asn(estate, parameters, gateway, one);
            all.extend(
                connection(estate, gateway, one)
                    .into_iter()
                    .map(|link| Link {
                        refused: refused && !matches!(link.kind, LinkKind::Static(_)),
                        ..link
                    }),
            );
        }
    }
    all.extend(peers(estate, parameters));
    for circuit in &estate.circuits {
        let own = [
            (CircuitLink::Primary, &circuit.links.primary),
            (CircuitLink::Secondary, &circuit.links.secondary),
        ];
        for (link, own) in own {
            if circuit.on_prem.is_none() {
                continue;
            }
            let address = own.as_ref().and_then(|own| own.ce_ip).or(circuit.ce_ip);
            all.push(Link {
                a: Node::Edge(circuit.name.clone(), link),
                b: Node::Customer(circuit.name.clone(), link),
                kind: LinkKind::Customer,
                a_addresses: Vec::new(),
                b_addresses: address.into_iter().collect(),
                refused: false,
            });
        }
    }
    all
}

/// The links of a Route Server: with the NVAs that name it, and with the gateways of its network.
pub(crate) fn links_of_server(
    estate: &Estate,
    parameters: &Parameters,
    server: &RouteServer,
) -> Vec<Link> {
    let mut all = Vec::new();
    let mut peers = 0;
    let address = |instance| {
        instance_address(estate, server, instance)
            .into_iter()
            .collect()
    };
    for nva in &estate.nvas {
        let mut sessions = nva
            .sessions
            .iter()
            .filter(|one| one.route_server == server.name);
        let Some(session) = sessions.next() else {
            continue;
        };
        let forbidden = parameters.peer_asns().check(nva.asn).is_err();
        let own = server.asn.unwrap_or(parameters.asn) == nva.asn;
        let full = parameters.max_peers.is_some_and(|max| peers >= max);
        peers += 1;
        for instance in 0..2u8 {
            if session.instances[usize::from(instance)] {
                all.push(Link {
                    a: Node::Nva(nva.name.clone()),
                    b: Node::RouteServer(server.name.clone(), instance),
                    kind: LinkKind::Session,
                    a_addresses: vec![nva.ip],
                    b_addresses: address(instance),
                    refused: forbidden || own || full,
                });
            }
        }
    }
    for gateway in estate.gateways.iter().filter(|one| one.vnet == server.vnet) {
        for (node, own) in instances(estate, gateway) {
            for instance in 0..2u8 {
                all.push(Link {
                    a: node.clone(),
                    b: Node::RouteServer(server.name.clone(), instance),
                    kind: LinkKind::Internal,
                    a_addresses: own.into_iter().collect(),
                    b_addresses: address(instance),
                    refused: false,
                });
            }
        }
    }
    all
}

/// iBGP between the instances of the gateways of a network that have one ASN.
fn peers(estate: &Estate, parameters: &Parameters) -> Vec<Link> {
    let gateways = estate.gateways.iter();
    let all: Vec<_> = gateways
        .flat_map(|one| instances(estate, one).into_iter().map(move |it| (one, it)))
        .collect();
    let asn = |one: &Gateway| one.asn.unwrap_or(parameters.asn);
    let mut links = Vec::new();
    for (n, (one, (a, a_address))) in all.iter().enumerate() {
        for (other, (b, b_address)) in &all[n + 1..] {
            let vpn = one.kind == GatewayKind::Vpn || other.kind == GatewayKind::Vpn;
            if vpn && one.vnet == other.vnet && asn(one) == asn(other) {
                links.push(Link {
                    a: a.clone(),
                    b: b.clone(),
                    kind: LinkKind::Peers,
                    a_addresses: a_address.iter().copied().collect(),
                    b_addresses: b_address.iter().copied().collect(),
                    refused: false,
                });
            }
        }
    }
    links
}

/// The links of a connection, of each instance that holds it.
fn connection(estate: &Estate, gateway: &Gateway, connection: &Connection) -> Vec<Link> {
    let mut all = Vec::new();
    let both = instances(estate, gateway);
    for (n, (node, own)) in both.iter().enumerate() {
        let mut add = |b: Node, kind, a_addresses, b_addresses| {
            all.push(Link {
                a: node.clone(),
                b,
                kind,
                a_addresses,
                b_addresses,
                refused: false,
            });
        };
        let own: Vec<IpAddr> = own.iter().copied().collect();
        match connection {
            Connection::Circuit {
                circuit,
                weight,
                nic_next_hops,
                ..
            } => {
                let edges = addresses(estate).edges;
                let edge = edges[&(gateway.name.clone(), circuit.clone())].clone();
                // of two the first is the primary link's, the second the secondary's.
                let one = estate.circuits.iter().find(|one| one.name == *circuit);
                let only = edge.len() == 1 && one.unwrap().links.secondary.is_none();
                let mine = |all: &[IpAddr], n: usize| -> Vec<IpAddr> {
                    let all = all.iter().enumerate();
                    let mine = all.filter(|(place, _)| place % 2 == n);
                    mine.map(|(_, one)| *one).collect()
                };
                for (n, link) in [CircuitLink::Primary, CircuitLink::Secondary]
                    .into_iter()
                    .enumerate()
                {
                    if only && n == 1 {
                        continue;
                    }
                    let near = mine(&edge, n);
                    let hops = match nic_next_hops.len() {
                        0 => near.clone(),
                        1 => nic_next_hops.clone(),
                        _ if only => nic_next_hops.clone(),
                        _ => mine(nic_next_hops, n),
                    };
                    let kind = LinkKind::Circuit {
                        weight: *weight,
                        nic_next_hops: hops,
                    };
                    add(Node::Edge(circuit.clone(), link), kind, own.clone(), near);
                }
            }
            Connection::Site {
                site,
                bgp,
                instances,
                apipa,
            } => {
                if both.len() > 1 && !instances[n] {
                    continue;
                }
                let one = estate.sites.iter().find(|one| one.name == *site).unwrap();
                let far = Node::Site(site.clone());
                let bgp = bgp.unwrap_or(one.asn.is_some());
                let mut fixed = one.static_prefixes.clone();
                if bgp {
                    let held = (0..both.len()).filter(|one| both.len() == 1 || instances[*one]);
                    let held: Vec<usize> = held.collect();
                    let place = match held.len() == apipa.len() {
                        true => held.iter().position(|one| *one == n).unwrap(),
                        false => n,
                    };
                    let near = apipa.get(place).map_or(own.clone(), |one| vec![*one]);
                    add(far.clone(), LinkKind::Site, near, one.bgp_ips.clone());
                    let routers = one.bgp_ips.iter().map(|one| Prefix::host(*one));
                    let routers = LinkKind::Routers(routers.collect());
                    add(far.clone(), routers, own.clone(), Vec::new());
                } else {
                    fixed.extend(one.routes.iter().flat_map(|one| &one.prefixes));
                }
                add(far, LinkKind::Static(fixed), own, Vec::new());
            }
            Connection::Gateway { gateway } => {
                let other = estate.gateways.iter().find(|one| one.name == *gateway);
                for (far, address) in instances(estate, other.unwrap()) {
                    let far_addresses = address.into_iter().collect();
                    add(far, LinkKind::Gateways, own.clone(), far_addresses);
                }
            }
        }
    }
    all
}
