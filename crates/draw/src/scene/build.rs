//! The nodes of an estate.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub::Exchange;
use routehub::estate::{Circuit, Estate, Gateway, GatewayKind, Nva, RouteServer, Routes, Site};
use routehub::types::Prefix;
use routehub_exchange::view::SpeakerKind;

use super::{Kind, Node, NodeId, State};

/// Names of networks, by which the others find where they are.
type Networks = BTreeMap<String, NodeId>;

/// Every node: networks first, then what is in them, then what is outside.
pub(super) fn nodes(exchange: &Exchange) -> Vec<Node> {
    let estate = exchange.estate();
    let mut nodes = vnets(exchange);
    let names = nodes.iter().enumerate();
    let networks: Networks = names
        .map(|(place, node)| (node.name.clone(), NodeId(place)))
        .collect();
    devices(exchange, &networks, &mut nodes);
    interfaces(estate, &networks, &mut nodes);
    for circuit in &estate.circuits {
        nodes.push(circuit_node(exchange, circuit));
        nodes.extend(customer_node(circuit));
    }
    nodes.extend(estate.sites.iter().map(site_node));
    nodes
}

fn node(kind: Kind, name: &str, details: Vec<String>) -> Node {
    let told = std::iter::once(format!("{} {name}", kind.word())).chain(details.iter().cloned());
    Node {
        kind,
        name: name.to_owned(),
        tip: told.collect::<Vec<_>>().join("\n"),
        details,
        vnet: None,
        region: None,
        hub: None,
        state: State::Plain,
        count: 1,
    }
}

fn vnets(exchange: &Exchange) -> Vec<Node> {
    let topology = exchange.topology();
    let ids: Vec<_> = topology.vnets().collect();
    let place = |vnet| ids.iter().position(|id| *id == vnet).map(NodeId);
    let all = exchange.estate().vnets.iter().zip(&ids);
    let nodes = all.map(|(vnet, id)| {
        let space = vnet.address_space.iter().copied();
        let mut made = node(Kind::Vnet, &vnet.name, vec![some_prefixes(space.clone())]);
        made.tip = format!("VNet {}\n{}", vnet.name, all_prefixes(space));
        if let Some(region) = &vnet.region {
            made.tip.push_str(&format!("\n{region}"));
        }
        made.region.clone_from(&vnet.region);
        made.hub = topology.hub(*id).and_then(place);
        made
    });
    nodes.collect()
}

fn devices(exchange: &Exchange, networks: &Networks, nodes: &mut Vec<Node>) {
    let estate = exchange.estate();
    let placed = |mut node: Node, vnet: &str| {
        node.vnet = networks.get(vnet).copied();
        node
    };
    for gateway in &estate.gateways {
        nodes.push(placed(gateway_node(exchange, gateway), &gateway.vnet));
    }
    for nva in &estate.nvas {
        nodes.push(placed(nva_node(exchange, nva), &nva.vnet));
    }
    for balancer in &estate.load_balancers {
        let details = vec![format!("load balancer · {}", balancer.frontend)];
        let made = node(Kind::LoadBalancer, &balancer.name, details);
        nodes.push(placed(made, &balancer.vnet));
    }
    for server in &estate.route_servers {
        nodes.push(placed(server_node(exchange, server), &server.vnet));
    }
}

fn interfaces(estate: &Estate, networks: &Networks, nodes: &mut Vec<Node>) {
    let nics = estate.nics.iter();
    let nics = nics.map(|nic| (Kind::Nic, &nic.name, &nic.vnet, nic.ip));
    let endpoints = estate.private_endpoints.iter();
    let endpoints = endpoints.map(|endpoint| {
        let kind = Kind::PrivateEndpoint;
        (kind, &endpoint.name, &endpoint.vnet, Some(endpoint.ip))
    });
    for (kind, name, vnet, ip) in nics.chain(endpoints) {
        let mut made = node(kind, name, ip.iter().map(IpAddr::to_string).collect());
        made.vnet = networks.get(vnet).copied();
        nodes.push(made);
    }
}

/// Which instances of a Route Server or gateway are down.
fn instances_down(exchange: &Exchange, name: &str) -> (Vec<u8>, usize) {
    let graph = exchange.graph();
    let instances = graph.named(name).iter();
    let instances = instances.filter_map(|id| Some((*id, exchange.speaker(*id).instance()?)));
    let all: Vec<_> = instances.collect();
    let down = all.iter().filter(|(id, _)| exchange.fabric().is_down(*id));
    (down.map(|(_, instance)| *instance).collect(), all.len())
}

/// Says of a Route Server or gateway which of its instances is down.
fn mark_instances(node: &mut Node, exchange: &Exchange) {
    let (down, all) = instances_down(exchange, &node.name);
    match down.as_slice() {
        [] => {}
        [only] if all > 1 => {
            let said = format!("instance {only} is down");
            node.tip.push_str(&format!("\n{said}"));
            node.details.push(said);
        }
        _ => node.state = State::Down,
    }
}

fn gateway_node(exchange: &Exchange, gateway: &Gateway) -> Node {
    let kind = match gateway.kind {
        GatewayKind::ExpressRoute => Kind::ExpressRouteGateway,
        GatewayKind::Vpn => Kind::VpnGateway,
    };
    let addresses = exchange.estate().gateway_addresses(&gateway.name);
    let mut made = node(kind, &gateway.name, vec![kind.word().to_owned()]);
    if !addresses.is_empty() {
        made.tip.push_str(&format!("\n{}", listed(&addresses)));
    }
    if let Some(asn) = gateway.asn {
        made.tip.push_str(&format!("\nAS {asn}"));
    }
    mark_instances(&mut made, exchange);
    made
}

fn nva_node(exchange: &Exchange, nva: &Nva) -> Node {
    let details = vec![format!("NVA · AS {}", nva.asn), nva.ip.to_string()];
    let mut made = node(Kind::Nva, &nva.name, details);
    let speaker = exchange
        .graph()
        .named(&nva.name)
        .iter()
        .find(|id| matches!(exchange.speaker(**id).kind, SpeakerKind::Nva { .. }));
    if speaker.is_some_and(|id| exchange.is_nva_down(*id)) {
        made.state = State::Down;
    }
    made
}

fn server_node(exchange: &Exchange, server: &RouteServer) -> Node {
    let mut said = "Route Server".to_owned();
    if server.branch_to_branch {
        said.push_str(" · branch-to-branch");
    }
    let mut made = node(Kind::RouteServer, &server.name, vec![said]);
    if let Some(ips) = exchange.estate().instance_addresses(server) {
        made.tip.push_str(&format!("\n{}", listed(&ips)));
    }
    mark_instances(&mut made, exchange);
    made
}

fn circuit_node(exchange: &Exchange, circuit: &Circuit) -> Node {
    let details = vec!["ExpressRoute circuit".to_owned()];
    let mut made = node(Kind::Circuit, &circuit.name, details);
    let graph = exchange.graph();
    let edges = graph
        .named(&circuit.name)
        .iter()
        .filter(|id| exchange.speaker(**id).is_edge());
    let links = edges.flat_map(|id| graph.links_of(*id));
    let mut links = links
        .filter(|link| graph.link(**link).kind.is_to_circuit())
        .peekable();
    if links.peek().is_some() && links.all(|link| !graph.link(*link).is_up()) {
        made.state = State::Down;
    }
    made
}

fn customer_node(circuit: &Circuit) -> Option<Node> {
    let customer = circuit.on_prem.as_ref()?;
    let mut details = vec![format!("on-premises · AS {}", customer.asn)];
    details.extend(prefixes_of(&customer.routes));
    Some(node(Kind::Customer, &circuit.name, details))
}

fn site_node(site: &Site) -> Node {
    let mut details = vec![match site.asn {
        Some(asn) => format!("site · AS {asn}"),
        None => "site · without BGP".to_owned(),
    }];
    details.extend(prefixes_of(&site.routes));
    node(Kind::Site, &site.name, details)
}

/// The prefixes of announcements in a line; none if there are none.
fn prefixes_of(routes: &[Routes]) -> Option<String> {
    let prefixes = routes
        .iter()
        .flat_map(|routes| routes.prefixes.iter().copied());
    let said = some_prefixes(prefixes);
    (!said.is_empty()).then_some(said)
}

/// The first prefix, and how many more there are.
fn some_prefixes(mut prefixes: impl Iterator<Item = Prefix>) -> String {
    let Some(first) = prefixes.next() else {
        return String::new();
    };
    match (prefixes.next(), prefixes.count()) {
        (None, _) => first.to_string(),
        (Some(second), 0) => format!("{first}, {second}"),
        (Some(_), more) => format!("{first} and {} more", more + 1),
    }
}

/// Prefixes in a text that somebody asks for.
fn all_prefixes(prefixes: impl Iterator<Item = Prefix>) -> String {
    const MOST: usize = 20;
    let all: Vec<String> = prefixes.map(|prefix| prefix.to_string()).collect();
    let mut said = all[..all.len().min(MOST)].join(", ");
    if all.len() > MOST {
        said.push_str(&format!(" and {} more", all.len() - MOST));
    }
    said
}

fn listed(addresses: &[IpAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    texts.join(", ")
}
