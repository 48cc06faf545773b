//! All tables of an estate as text, of the reference and of the exchange alike.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::estate::{CircuitLink, Connection, Estate};
use routehub_exchange::{EffectiveRow, Exchange, RouteOrigin, RouteRow};
use routehub_types::{Origin, Prefix};

use super::taking::Class;
use super::{Model, Node, Route, Routes};

/// Rows, sorted, by the name of the table.
pub(crate) type Tables = BTreeMap<String, Vec<String>>;

/// The pairs of a gateway and what it is connected to.
fn connections(estate: &Estate) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for gateway in &estate.gateways {
        for one in &gateway.connections {
            let to = match one {
                Connection::Circuit { circuit, .. } => circuit,
                Connection::Site { site, .. } => site,
                Connection::Gateway { gateway } => gateway,
            };
            all.push((gateway.name.clone(), to.clone()));
            if matches!(one, Connection::Gateway { .. }) {
                all.push((to.clone(), gateway.name.clone()));
            }
        }
    }
    all
}

/// The pairs of a Route Server and an NVA that has sessions with it.
fn sessions(estate: &Estate) -> Vec<(String, String)> {
    let servers = |name: &str| estate.route_servers.iter().any(|one| one.name == name);
    let nvas = estate.nvas.iter();
    nvas.flat_map(|nva| {
        nva.sessions
            .iter()
            .map(|one| (one.route_server.clone(), nva.name.clone()))
    })
    .filter(|(server, _)| servers(server))
    .collect()
}

/// All tables of an exchange.
pub(crate) fn of_exchange(exchange: &Exchange) -> Tables {
    let estate = exchange.estate();
    let mut all = Tables::new();
    let mut put = |name: String, rows: Vec<RouteRow>| {
        let mut rows: Vec<String> = rows.iter().map(row_text).collect();
        rows.sort();
        all.insert(name, rows);
    };
    for (server, nva) in sessions(estate) {
        put(
            format!("rs_learned {server} {nva}"),
            exchange.rs_learned(&server, &nva).unwrap_or_default(),
        );
        put(
            format!("rs_advertised {server} {nva}"),
            exchange.rs_advertised(&server, &nva).unwrap_or_default(),
        );
    }
    for nva in &estate.nvas {
        put(
            format!("nva_learned {}", nva.name),
            exchange.nva_learned(&nva.name).unwrap_or_default(),
        );
    }
    for gateway in &estate.gateways {
        let rows = exchange.gateway_learned(&gateway.name).unwrap_or_default();
        put(format!("gateway_learned {}", gateway.name), rows);
    }
    for (gateway, to) in connections(estate) {
        let rows = exchange
            .gateway_advertised(&gateway, &to)
            .unwrap_or_default();
        put(format!("gateway_advertised {gateway} {to}"), rows);
    }
    for circuit in &estate.circuits {
        let name = &circuit.name;
        put(
            format!("circuit_routes {name}"),
            exchange.circuit_routes(name).unwrap_or_default(),
        );
        put(
            format!("on_prem_learned {name}"),
            exchange.on_prem_learned(name).unwrap_or_default(),
        );
    }
    for site in &estate.sites {
        let rows = exchange.on_prem_learned(&site.name).unwrap_or_default();
        put(format!("on_prem_learned {}", site.name), rows);
    }
    for (server, nva) in sessions(estate) {
        let rows = exchange.sessions(&server, &nva).unwrap_or_default();
        let rows = rows
            .iter()
            .map(|one| format!("{} {:?} {}", one.instance, one.state, one.routes));
        all.insert(format!("sessions {server} {nva}"), rows.collect());
    }
    for nic in &estate.nics {
        let rows = exchange.nic_effective(&nic.name).unwrap();
        all.insert(format!("nic_effective {}", nic.name), effective_text(&rows));
    }
    all
}

pub(crate) fn effective_text(rows: &[EffectiveRow]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

/// What both links of a circuit have is one row.
fn of_links(rows: [Vec<String>; 2]) -> Vec<String> {
    let [primary, secondary] = rows.map(BTreeSet::from_iter);
    let both = primary.intersection(&secondary).cloned();
    let first = primary.difference(&secondary);
    let second = secondary.difference(&primary);
    both.chain(first.map(|row| format!("{row} by primary")))
        .chain(second.map(|row| format!("{row} by secondary")))
        .collect()
}

fn row_text(row: &RouteRow) -> String {
    let path: Vec<u32> = row.as_path.asns().map(|asn| asn.0).collect();
    let RouteRow {
        prefix,
        next_hop,
        communities,
        origin,
        weight,
        source_peer,
        instance,
        from,
        local_address,
        link,
        ..
    } = row;
    let link = link.map_or(String::new(), |link| format!(" by {link}"));
    format!(
        "{prefix} path {path:?} next hop {next_hop:?} communities {communities:?} {origin:?} \
         weight {weight} local {local_address:?} peer {source_peer:?} instance {instance:?} \
         from {from:?}{link}"
    )
}

/// What a table says of a route beside the route itself.
#[derive(Clone, Default)]
struct Beside {
    origin: Option<RouteOrigin>,
    weight: u32,
    local: Option<IpAddr>,
    peer: Option<IpAddr>,
    instance: Option<u8>,
    from: Option<String>,
}

fn text(prefix: Prefix, route: &Route, beside: &Beside) -> String {
    let communities: Vec<_> = route.communities.iter().copied().collect();
    let origin = beside.origin.unwrap_or(match route.origin {
        Origin::Igp => RouteOrigin::Igp,
        Origin::Egp => RouteOrigin::Egp,
        Origin::Incomplete => RouteOrigin::Incomplete,
    });
    format!(
        "{prefix} path {:?} next hop {:?} communities {communities:?} {origin:?} \
         weight {} local {:?} peer {:?} instance {:?} from {:?}",
        route.path,
        route.next_hop,
        beside.weight,
        beside.local,
        beside.peer,
        beside.instance,
        beside.from
    )
}

impl Model {
    /// All tables of the reference.
    pub(crate) fn tables(&self) -> Tables {
        let mut all = Tables::new();
        let mut put = |name: String, mut rows: Vec<String>| {
            rows.sort();
            all.insert(name, rows);
        };
        for (server, nva) in sessions(&self.estate) {
            put(
                format!("rs_learned {server} {nva}"),
                self.learned(&server, &nva),
            );
            put(
                format!("rs_advertised {server} {nva}"),
                self.advertised(&server, &nva),
            );
            put(
                format!("sessions {server} {nva}"),
                self.session_rows(&server, &nva),
            );
        }
        for nva in &self.estate.nvas {
            let name = &nva.name;
            put(
                format!("nva_learned {name}"),
                self.hears(&Node::Nva(name.clone())),
            );
        }
        for gateway in &self.estate.gateways {
            let name = &gateway.name;
            put(
                format!("gateway_learned {name}"),
                self.gateway_learned(name),
            );
        }
        for (gateway, to) in connections(&self.estate) {
            let rows = self.gateway_tells(&gateway, &to);
            put(format!("gateway_advertised {gateway} {to}"), rows);
        }
        for circuit in &self.estate.circuits {
            let name = &circuit.name;
            let both = [CircuitLink::Primary, CircuitLink::Secondary];
            let edges = both.map(|link| Node::Edge(name.clone(), link));
            let rows = edges.map(|node| self.takes(&node, |_| Beside::default()));
            put(format!("circuit_routes {name}"), of_links(rows));
            let customers = both.map(|link| Node::Customer(name.clone(), link));
            let rows = customers.map(|node| self.hears(&node));
            put(format!("on_prem_learned {name}"), of_links(rows));
        }
        for site in &self.estate.sites {
            let name = &site.name;
            put(
                format!("on_prem_learned {name}"),
                self.hears(&Node::Site(name.clone())),
            );
        }
        for nic in &self.estate.nics {
            put(
                format!("nic_effective {}", nic.name),
                effective_text(&self.nic_effective(nic)),
            );
        }
        all
    }

    /// The sessions of an NVA with a Route Server: instance, server's end, link.
    fn sessions_of(&self, server: &str, nva: &str) -> Vec<(u8, Node, usize)> {
        let links = self.links.iter().enumerate();
        let mut all: Vec<_> = links
            .filter_map(|(n, link)| match (&link.a, &link.b) {
                (Node::Nva(a), Node::RouteServer(b, instance)) if a == nva && b == server => {
                    Some((*instance, link.b.clone(), n))
                }
                _ => None,
            })
            .collect();
        all.sort();
        all
    }

    /// What a Route Server shows as learned: before the inbound map, without what it
    /// refuses by.
    fn shown(&self, node: &Node, link: usize) -> Routes {
        let overlap = !self.parameters.show_overlap_in_learned;
        let mut heard = self.heard(node, link);
        heard.retain(|prefix, route| self.takes_in(node, link, *prefix, route, overlap));
        heard
    }

    fn learned(&self, server: &str, nva: &str) -> Vec<String> {
        let mut rows = Vec::new();
        for (instance, node, link) in self.sessions_of(server, nva) {
            let beside = Beside {
                origin: Some(RouteOrigin::EBgp),
                weight: 32768,
                peer: self.links[link].a_addresses.first().copied(),
                instance: Some(instance),
                from: Some(nva.to_owned()),
                ..Beside::default()
            };
            let shown = self.shown(&node, link);
            rows.extend(
                shown
                    .iter()
                    .map(|(prefix, route)| text(*prefix, route, &beside)),
            );
        }
        rows
    }

    fn session_rows(&self, server: &str, nva: &str) -> Vec<String> {
        let sessions = self.sessions_of(server, nva).into_iter();
        let rows = sessions.map(|(instance, node, link)| {
            let state = match (self.is_refused(link), self.is_up(link)) {
                (true, _) => "Failed",
                (_, true) => "Established",
                _ => "Idle",
            };
            format!("{instance} {state} {}", self.shown(&node, link).len())
        });
        rows.collect()
    }

    fn advertised(&self, server: &str, nva: &str) -> Vec<String> {
        let mut rows = Vec::new();
        for (instance, _, link) in self.sessions_of(server, nva) {
            let beside = Beside {
                instance: Some(instance),
                ..Beside::default()
            };
            let sent = self.sent.get(&(link, false)).into_iter().flatten();
            rows.extend(sent.map(|(prefix, route)| text(*prefix, route, &beside)));
        }
        rows
    }

    /// Rows of what came over a link: one for each address that the sender has.
    fn rows_from(
        &self,
        sender: &Node,
        link: usize,
        routes: Routes,
        beside: &Beside,
    ) -> Vec<String> {
        let addresses = self.links[link].addresses_of(sender);
        let mut each: Vec<Option<IpAddr>> = addresses.iter().copied().map(Some).collect();
        if each.is_empty() {
            each.push(None);
        }
        let instance = match sender {
            Node::RouteServer(_, instance) => Some(*instance),
            _ => None,
        };
        let mut rows = Vec::new();
        for (prefix, route) in routes {
            let own = route.next_hop == addresses.first().copied();
            for address in &each {
                let mut route = route.clone();
                if own {
                    route.next_hop = *address;
                }
                let beside = Beside {
                    peer: *address,
                    instance,
                    from: Some(sender.name().to_owned()),
                    ..beside.clone()
                };
                rows.push(text(prefix, &route, &beside));
            }
        }
        rows
    }

    /// All that a speaker hears.
    fn hears(&self, node: &Node) -> Vec<String> {
        let mut rows = Vec::new();
        for (n, link) in self.links.iter().enumerate() {
            if link.a == *node || link.b == *node {
                let sender = link.beyond(node).0.clone();
                rows.extend(self.rows_from(&sender, n, self.heard(node, n), &Beside::default()));
            }
        }
        rows
    }

    /// All that a speaker hears and takes in.
    fn takes(&self, node: &Node, beside: impl Fn(usize) -> Beside) -> Vec<String> {
        let mut rows = Vec::new();
        for (n, link) in self.links.iter().enumerate() {
            if link.fixed().is_some() || link.a != *node && link.b != *node {
                continue;
            }
            let mut routes = self.heard(node, n);
            routes.retain(|prefix, route| self.admits(node, n, *prefix, route));
            let sender = link.beyond(node).0.clone();
            rows.extend(self.rows_from(&sender, n, routes, &beside(n)));
        }
        rows
    }

    fn gateway_learned(&self, name: &str) -> Vec<String> {
        let instances = self.instances(name);
        let each = instances.into_iter();
        each.flat_map(|(node, address)| self.instance_learned(&node, address))
            .collect()
    }

    fn instance_learned(&self, node: &Node, local: Option<IpAddr>) -> Vec<String> {
        let mut rows = self.takes(node, |link| Beside {
            origin: Some(match self.is_external(link) {
                true => RouteOrigin::EBgp,
                false => RouteOrigin::IBgp,
            }),
            weight: match self.class_beyond(node, link) {
                Class::Circuit | Class::BesideExpressRoute => 32769,
                _ => 32768,
            },
            local,
            ..Beside::default()
        });
        let vnet = &self.gateway(node.name()).vnet;
        let mut networks = self.space(vnet);
        // A prefix that several networks have is a single route.
        let of_spokes = self.spokes_of(vnet).into_iter();
        let of_spokes: BTreeSet<Prefix> =
            of_spokes.flat_map(|spoke| self.seen(vnet, spoke)).collect();
        networks.extend(of_spokes);
        for (n, link) in self.links.iter().enumerate() {
            if link.a == *node && link.fixed().is_some() {
                let heard = self.heard(node, n).into_iter();
                let taken = heard.filter(|(prefix, route)| self.admits(node, n, *prefix, route));
                networks.extend(taken.map(|(prefix, _)| prefix));
            }
        }
        let beside = Beside {
            origin: Some(RouteOrigin::Network),
            weight: 32768,
            local,
            peer: local,
            ..Beside::default()
        };
        rows.extend(
            networks
                .iter()
                .map(|prefix| text(*prefix, &Route::default(), &beside)),
        );
        rows
    }

    fn gateway_tells(&self, gateway: &str, to: &str) -> Vec<String> {
        let mut rows = BTreeSet::new();
        for (node, local) in self.instances(gateway) {
            for (n, link) in self.links.iter().enumerate() {
                let far = if link.a == node {
                    &link.b
                } else if link.b == node {
                    &link.a
                } else {
                    continue;
                };
                if far.name() != to {
                    continue;
                }
                let routes = self
                    .sent
                    .get(&(n, link.a == node))
                    .cloned()
                    .unwrap_or_default();
                let beside = Beside {
                    local,
                    ..Beside::default()
                };
                for row in self.rows_from(&node, n, routes, &beside) {
                    let end = row.find(" peer ").unwrap();
                    rows.insert(format!("{} peer None instance None from None", &row[..end]));
                }
            }
        }
        rows.into_iter().collect()
    }
}
