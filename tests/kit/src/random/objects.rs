//! Random events that change, add or remove an object; what they make of an estate may not fit.

use routehub_exchange::Event;
use routehub_exchange::estate::{
    Connection, Estate, Nic, Object, ObjectName, Peering, PeeringEnds, RoutingPreference,
    UserRouteTarget, Vnet,
};
use routehub_types::Asn;

use super::circuits::links;
use super::numbers::{Numbers, any_prefix, prefix, routes};
use super::nvas::rules;
use super::tables::any_map;

/// An event; none where the one drawn needs something that is not there.
pub fn object_event(numbers: &mut Numbers, estate: &Estate) -> Option<Event> {
    let set = |object| Event::Set(Box::new(object));
    Some(match numbers.below(12) {
        0 => set(Object::Vnet(vnet(numbers, estate)?)),
        1 | 2 => set(nva(numbers, estate)?),
        3 => {
            let mut server = numbers.any_of(&estate.route_servers)?.clone();
            server.branch_to_branch = numbers.below(2) == 0;
            if numbers.once_in(2) {
                server.routing_preference = *numbers.one_of(&[
                    RoutingPreference::AsPath,
                    RoutingPreference::VpnGateway,
                    RoutingPreference::ExpressRoute,
                ]);
            }
            set(Object::RouteServer(server))
        }
        4 => set(gateway(numbers, estate)?),
        5 => {
            let mut site = numbers.any_of(&estate.sites)?.clone();
            site.routes = vec![routes(numbers, site.asn)];
            set(Object::Site(site))
        }
        6 => {
            let mut circuit = numbers.any_of(&estate.circuits)?.clone();
            let on_prem = circuit.on_prem.as_mut()?;
            if numbers.below(2) == 0 {
                on_prem.routes = vec![routes(numbers, Some(on_prem.asn))];
            } else {
                circuit.links = links(numbers, 0, circuit.on_prem.as_ref());
            }
            set(Object::Circuit(circuit))
        }
        7 => set(peering(numbers, estate)?),
        8 => {
            let mut table = numbers.any_of(&estate.route_tables)?.clone();
            table.disable_bgp_route_propagation = numbers.below(2) == 0;
            if let Some(route) = table.routes.first_mut() {
                route.target = UserRouteTarget::None;
            }
            set(Object::RouteTable(table))
        }
        9 => {
            let mut nic = numbers.any_of(&estate.nics)?.clone();
            nic.route_table = (numbers.below(3) > 0).then(|| "table1".to_owned());
            set(Object::Nic(nic))
        }
        10 => added(numbers, estate),
        _ => Event::Remove(removed(numbers, estate)?),
    })
}

/// A network with one prefix more, or only its first.
fn vnet(numbers: &mut Numbers, estate: &Estate) -> Option<Vnet> {
    let mut vnet = numbers.any_of(&estate.vnets)?.clone();
    vnet.address_space.truncate(1);
    if numbers.below(3) > 0 {
        let more = prefix(&format!("10.{}.0.0/16", 200 + numbers.below(4)));
        vnet.address_space.push(more);
    }
    Some(vnet)
}

fn nva(numbers: &mut Numbers, estate: &Estate) -> Option<Object> {
    let mut nva = numbers.any_of(&estate.nvas)?.clone();
    match numbers.below(6) {
        0 => {
            for own in &mut nva.originates {
                own.routes.prefixes = vec![any_prefix(numbers)];
            }
        }
        1 => nva.readvertises = rules(numbers),
        2 => nva.route_refresh = !nva.route_refresh,
        3 => {
            let session = nva.sessions.first_mut()?;
            session.instances[1] = !session.instances[1];
        }
        4 => {
            let session = nva.sessions.first_mut()?;
            session.inbound_route_map = any_map(numbers);
        }
        _ => {
            nva.sessions.pop();
            nva.advertises.retain(|own| {
                let mut sessions = nva.sessions.iter();
                sessions.any(|session| session.route_server == own.to)
            });
        }
    }
    Some(Object::Nva(nva))
}

fn gateway(numbers: &mut Numbers, estate: &Estate) -> Option<Object> {
    let mut gateway = numbers.any_of(&estate.gateways)?.clone();
    if numbers.once_in(4) {
        gateway.connections.pop();
    }
    if numbers.once_in(4) {
        gateway.asn = Some(Asn(65020));
    }
    for connection in &mut gateway.connections {
        match connection {
            Connection::Circuit { weight, .. } => *weight = numbers.below(3) as u32,
            Connection::Site { instances, .. } => instances[1] = !instances[1],
            Connection::Gateway { .. } => {}
        }
    }
    Some(Object::Gateway(gateway))
}

fn peering(numbers: &mut Numbers, estate: &Estate) -> Option<Object> {
    let mut peering = numbers.any_of(&estate.peerings)?.clone();
    match numbers.below(3) {
        0 => {
            let flag = &mut peering.a_to_b.allow_virtual_network_access;
            *flag = !*flag;
        }
        1 => {
            let flag = &mut peering.b_to_a.use_remote_gateways;
            *flag = !*flag;
        }
        _ => {
            let flag = &mut peering.a_to_b.allow_gateway_transit;
            *flag = !*flag;
        }
    }
    Some(Object::Peering(peering))
}

fn added(numbers: &mut Numbers, estate: &Estate) -> Event {
    let object = match numbers.below(4) {
        0 => Object::Vnet(Vnet {
            name: "later".to_owned(),
            address_space: vec![prefix("10.210.0.0/16")],
            ..Vnet::default()
        }),
        1 => Object::Nic(Nic {
            name: "nic-later".to_owned(),
            vnet: numbers.one_of(&estate.vnets).name.clone(),
            ..Nic::default()
        }),
        2 => Object::Peering(Peering::plain("hub0", "later")),
        _ => Object::Peering(Peering::hub_and_spoke("hub0", "later")),
    };
    Event::Add(Box::new(object))
}

fn removed(numbers: &mut Numbers, estate: &Estate) -> Option<ObjectName> {
    Some(match numbers.below(6) {
        0 => ObjectName::Nva(numbers.any_of(&estate.nvas)?.name.clone()),
        1 => ObjectName::Nic("nic-later".to_owned()),
        2 => ObjectName::Vnet("later".to_owned()),
        3 => ObjectName::Gateway(numbers.any_of(&estate.gateways)?.name.clone()),
        4 => ObjectName::Site(numbers.any_of(&estate.sites)?.name.clone()),
        _ => {
            let Peering { a, b, .. } = numbers.any_of(&estate.peerings)?.clone();
            ObjectName::Peering(PeeringEnds { a: b, b: a })
        }
    })
}
