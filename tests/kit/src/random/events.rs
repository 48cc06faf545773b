//! Random events that fit an estate as it is now.

use routehub_exchange::estate::{CircuitLink, Connection, Estate, Peering, RoutingPreference};
use routehub_exchange::{ConnectionEnds, Event, GatewayInstance, Instance, NvaSessions};

use super::networks::{hub_name, server_in};
use super::numbers::{Numbers, any_prefix, routes};
use super::nvas::rules;
use super::tables::any_map;

/// An event; none where the one drawn needs something that is not there.
pub fn event(numbers: &mut Numbers, estate: &Estate, removed: &[String]) -> Option<Event> {
    let mut draw = Draw {
        numbers,
        estate,
        removed,
    };
    match draw.numbers.below(18) {
        n @ (0 | 1) => draw.setting(n),
        n @ (2..=4 | 14) => draw.announcement(n),
        n @ (5..=10 | 15 | 16) => draw.failure(n),
        11 => add_peering(draw.numbers, estate),
        12 => {
            let peering = draw.numbers.any_of(&estate.peerings)?;
            Some(Event::RemovePeering {
                a: peering.b.clone(),
                b: peering.a.clone(),
            })
        }
        13 => servers_come_and_go(draw.numbers, estate, removed),
        _ => {
            let server = draw.server()?;
            set_route_map(draw.numbers, estate, server)
        }
    }
}

/// What an event is drawn from.
struct Draw<'a> {
    numbers: &'a mut Numbers,
    estate: &'a Estate,
    removed: &'a [String],
}

impl Draw<'_> {
    /// A Route Server that is not removed.
    fn server(&mut self) -> Option<String> {
        let servers = self.estate.route_servers.iter();
        let alive = servers.filter(|known| !self.removed.contains(&known.name));
        let alive: Vec<_> = alive.collect();
        Some(self.numbers.any_of(&alive)?.name.clone())
    }

    /// The same, once in three times.
    fn server_or_all(&mut self) -> Option<String> {
        match self.numbers.once_in(3) {
            true => self.server(),
            false => None,
        }
    }

    fn setting(&mut self, n: usize) -> Option<Event> {
        let route_server = self.server()?;
        Some(match n {
            0 => Event::SetBranchToBranch {
                route_server,
                value: self.numbers.below(2) == 0,
            },
            _ => Event::SetRoutingPreference {
                route_server,
                value: *self.numbers.one_of(&[
                    RoutingPreference::AsPath,
                    RoutingPreference::VpnGateway,
                    RoutingPreference::ExpressRoute,
                ]),
            },
        })
    }

    fn announcement(&mut self, n: usize) -> Option<Event> {
        let nva = self.numbers.any_of(&self.estate.nvas)?;
        Some(match n {
            4 => Event::Withdraw {
                nva: nva.name.clone(),
                prefixes: vec![any_prefix(self.numbers), any_prefix(self.numbers)],
                to: None,
                instance: self.numbers.once_in(3).then_some(0),
            },
            14 => Event::SetReadvertises {
                nva: nva.name.clone(),
                rules: rules(self.numbers),
            },
            _ => {
                let all = (0..=self.numbers.below(2))
                    .map(|_| routes(self.numbers, Some(nva.asn)))
                    .collect();
                Event::Advertise {
                    nva: nva.name.clone(),
                    routes: all,
                    to: self.server_or_all(),
                    instance: self.numbers.once_in(3).then_some(1),
                }
            }
        })
    }

    /// Something fails, or comes back.
    fn failure(&mut self, n: usize) -> Option<Event> {
        Some(match n {
            5 | 6 => {
                let sessions = NvaSessions {
                    nva: self.numbers.any_of(&self.estate.nvas)?.name.clone(),
                    route_server: self.server_or_all(),
                    instance: self.numbers.once_in(3).then_some(0),
                };
                match n {
                    5 => Event::NvaDown(sessions),
                    _ => Event::NvaUp(sessions),
                }
            }
            7 | 8 => {
                let instance = Instance {
                    route_server: self.server()?,
                    instance: self.numbers.below(2) as u8,
                };
                match n {
                    7 => Event::InstanceDown(instance),
                    _ => Event::InstanceUp(instance),
                }
            }
            9 => Event::ConnectionDown(connection(self.numbers, self.estate)?),
            10 => Event::ConnectionUp(connection(self.numbers, self.estate)?),
            _ => {
                let gateway = self.numbers.any_of(&self.estate.gateways)?;
                let instance = GatewayInstance {
                    gateway: gateway.name.clone(),
                    instance: self.numbers.below(gateway.instance_count()) as u8,
                };
                match n {
                    15 => Event::GatewayInstanceDown(instance),
                    _ => Event::GatewayInstanceUp(instance),
                }
            }
        })
    }
}

fn connection(numbers: &mut Numbers, estate: &Estate) -> Option<ConnectionEnds> {
    let all: Vec<_> = estate
        .gateways
        .iter()
        .flat_map(|gateway| gateway.connections.iter().map(move |to| (gateway, to)))
        .collect();
    if all.is_empty() {
        return None;
    }
    let (gateway, to) = numbers.one_of(&all);
    let mut link = None;
    if let Connection::Circuit {
        circuit, msee_ips, ..
    } = to
    {
        let both = [CircuitLink::Primary, CircuitLink::Secondary];
        let circuit = estate.circuits.iter().find(|known| known.name == *circuit);
        let drawn = *numbers.one_of(&both);
        let has_link = circuit.is_some_and(|known| known.has_link(drawn, msee_ips));
        link = (has_link && numbers.below(3) > 0).then_some(drawn);
    }
    let to = match to {
        Connection::Circuit { circuit, .. } => circuit,
        Connection::Site { site, .. } => site,
        Connection::Gateway { gateway } => gateway,
    };
    Some(ConnectionEnds {
        gateway: gateway.name.clone(),
        to: to.clone(),
        link,
    })
}

fn add_peering(numbers: &mut Numbers, estate: &Estate) -> Option<Event> {
    let a = numbers.one_of(&estate.vnets).name.clone();
    let b = numbers.one_of(&estate.vnets).name.clone();
    let joins = |known: &Peering| (known.a == a && known.b == b) || (known.a == b && known.b == a);
    if a == b || estate.peerings.iter().any(joins) {
        return None;
    }
    let uses = |known: &Peering| {
        known.a == b && known.a_to_b.use_remote_gateways
            || known.b == b && known.b_to_a.use_remote_gateways
    };
    let spoke = b.starts_with("spoke") && a.starts_with("hub");
    let free = !estate.peerings.iter().any(uses);
    Some(Event::AddPeering(
        if spoke && free && numbers.below(4) < 3 {
            Peering::hub_and_spoke(a, b)
        } else {
            Peering::plain(a, b)
        },
    ))
}

fn servers_come_and_go(
    numbers: &mut Numbers,
    estate: &Estate,
    removed: &[String],
) -> Option<Event> {
    let hubs = estate
        .vnets
        .iter()
        .filter(|known| known.name.starts_with("hub"))
        .count();
    let hub = numbers.below(hubs);
    let mut here = estate
        .route_servers
        .iter()
        .filter(|known| known.vnet == hub_name(hub));
    if let Some(server) = here.clone().find(|known| !removed.contains(&known.name)) {
        return Some(Event::RemoveRouteServer {
            route_server: server.name.clone(),
        });
    }
    let mut server = server_in(hub);
    if here.next().is_some() {
        server.name = format!("rs{hub}-again");
        if estate
            .route_servers
            .iter()
            .any(|known| known.name == server.name)
        {
            return None;
        }
    }
    server.branch_to_branch = numbers.below(2) == 0;
    Some(Event::AddRouteServer(server))
}

fn set_route_map(numbers: &mut Numbers, estate: &Estate, server: String) -> Option<Event> {
    let vnet = &estate
        .route_servers
        .iter()
        .find(|known| known.name == server)?
        .vnet;
    let nvas = estate.nvas.iter().filter(|nva| {
        nva.sessions
            .iter()
            .any(|known| known.route_server == server && known.instances[0])
    });
    let mut peers: Vec<&String> = nvas.map(|known| &known.name).collect();
    peers.extend(
        estate
            .gateways
            .iter()
            .filter(|known| known.vnet == *vnet)
            .map(|known| &known.name),
    );
    if peers.is_empty() {
        return None;
    }
    let peer = (*numbers.one_of(&peers)).clone();
    Some(Event::SetRouteMap {
        route_server: server,
        peer,
        inbound: (numbers.below(2) == 0).then(|| any_map(numbers)),
        outbound: (numbers.below(2) == 0).then(|| any_map(numbers)),
    })
}
