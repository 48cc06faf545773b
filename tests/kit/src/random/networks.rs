//! Random networks, the Route Servers of hubs, and peerings.

use routehub_exchange::estate::{
    Estate, PeeredSubnets, Peering, RouteServer, RoutingPreference, Subnet, Vnet,
};
use routehub_types::Prefix;

use super::numbers::{Numbers, prefix};

pub(super) fn hub_name(n: usize) -> String {
    format!("hub{n}")
}

pub(super) fn server_in(n: usize) -> RouteServer {
    RouteServer::new(format!("rs{n}"), hub_name(n))
}

pub(super) fn networks(numbers: &mut Numbers, estate: &mut Estate) {
    for n in 0..1 + numbers.below(3) {
        let subnet = |name: &str, text: String| Subnet::new(name, prefix(&text));
        let mut hub = Vnet {
            name: hub_name(n),
            address_space: std::iter::once(prefix(&format!("10.{n}.0.0/16")))
                .chain(
                    numbers
                        .once_in(5)
                        .then(|| prefix(&format!("fd00:{n}::/48"))),
                )
                .collect(),
            subnets: vec![
                subnet("RouteServerSubnet", format!("10.{n}.6.0/26")),
                subnet("GatewaySubnet", format!("10.{n}.7.0/26")),
                subnet("first", format!("10.{n}.1.0/24")),
            ],
            region: numbers.once_in(3).then(|| format!("region{n}")),
            virtual_wan: numbers.once_in(4),
            ..Vnet::default()
        };
        hub.summarized_gateway_prefixes = summaries(numbers, n);
        estate.vnets.push(hub);
        if !numbers.once_in(4) {
            let mut server = server_in(n);
            server.branch_to_branch = numbers.below(3) > 0;
            let all = [
                RoutingPreference::ExpressRoute,
                RoutingPreference::VpnGateway,
                RoutingPreference::AsPath,
            ];
            server.routing_preference = *numbers.one_of(&all);
            estate.route_servers.push(server);
        }
    }
    let hubs = estate.vnets.len();
    spokes(numbers, hubs, estate);
    for n in 1..hubs {
        if !numbers.once_in(3) {
            let mut peering = Peering::plain(hub_name(0), hub_name(n));
            peering.b_to_a.allow_virtual_network_access = !numbers.once_in(5);
            estate.peerings.push(peering);
        }
    }
}

/// Networks that are peered with some hub.
fn spokes(numbers: &mut Numbers, hubs: usize, estate: &mut Estate) {
    for n in 0..numbers.below(4) {
        let mut space = vec![prefix(&format!("10.{}.0.0/16", 100 + n))];
        if numbers.once_in(5) {
            space.push(prefix(&format!("2001:db8:{n}::/48")));
        }
        estate.vnets.push(Vnet {
            name: format!("spoke{n}"),
            address_space: space,
            subnets: vec![
                Subnet::new("first", prefix(&format!("10.{}.1.0/24", 100 + n))),
                Subnet::new("second", prefix(&format!("10.{}.2.0/24", 100 + n))),
            ],
            ..Vnet::default()
        });
        let hub = hub_name(numbers.below(hubs));
        let mut peering = if numbers.once_in(4) {
            Peering::plain(hub, format!("spoke{n}"))
        } else {
            Peering::hub_and_spoke(hub, format!("spoke{n}"))
        };
        if numbers.once_in(5) {
            peering.subnets = Some(PeeredSubnets {
                a: vec!["first".into(), "GatewaySubnet".into()],
                b: vec![["first", "second"][numbers.below(2)].into()],
            });
        }
        estate.peerings.push(peering);
    }
}

/// Summaries of a hub: of it alone, of it and of some spokes, of something else.
fn summaries(numbers: &mut Numbers, hub: usize) -> Vec<Prefix> {
    let own = prefix(&format!("10.{hub}.0.0/16"));
    match numbers.below(8) {
        0 => vec![own],
        1 => vec![prefix("10.0.0.0/14"), prefix("10.100.0.0/15")],
        2 => vec![prefix("192.168.0.0/16")],
        _ => Vec::new(),
    }
}
