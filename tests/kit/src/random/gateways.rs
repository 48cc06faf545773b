//! Random sites and gateways.

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::{Connection, Estate, Gateway, GatewayKind, Site};
use routehub_types::Asn;

use super::networks::hub_name;
use super::numbers::{Numbers, any_prefix, prefix, routes};
use super::{circuits, tunnels};

pub(super) fn sites(numbers: &mut Numbers, estate: &mut Estate) {
    for n in 0..3u8 {
        let mut asn = (n < 2).then_some(Asn(65101 + u32::from(n)));
        if n == 1 && numbers.once_in(6) {
            asn = Some(*numbers.one_of(&[65515, 65010].map(Asn)));
        }
        let announced = (0..=numbers.below(2))
            .map(|_| routes(numbers, asn))
            .collect();
        estate.sites.push(Site {
            name: format!("site{n}"),
            asn,
            bgp_ips: vec![IpAddr::V4(Ipv4Addr::new(172, 31, n, 1))],
            routes: announced,
            static_prefixes: match numbers.once_in(4) {
                true => vec![any_prefix(numbers)],
                false => Vec::new(),
            },
        });
    }
}

pub(super) fn gateways(numbers: &mut Numbers, estate: &mut Estate) {
    let hubs = estate
        .vnets
        .iter()
        .filter(|known| known.name.starts_with("hub"))
        .count();
    for hub in 0..hubs {
        if numbers.below(3) > 0 {
            let name = format!("vpn{hub}");
            let mut gateway = Gateway::new(&name, hub_name(hub), GatewayKind::Vpn);
            if numbers.once_in(3) {
                gateway.asn = Some(Asn(65010 + hub as u32));
            }
            if numbers.once_in(6) {
                gateway.p2s_pools.push(prefix("172.20.0.0/24"));
            }
            gateway.active_active = !numbers.once_in(6);
            for site in 0..3u8 {
                if numbers.below(2) > 0 {
                    let tunnel = tunnels::tunnel(numbers, site, gateway.active_active);
                    gateway.connections.push(tunnel);
                }
            }
            let first = estate
                .gateways
                .iter()
                .find(|known| known.kind == GatewayKind::Vpn);
            if let (Some(first), true) = (first, numbers.once_in(3)) {
                let gateway_name = first.name.clone();
                gateway.connections.push(Connection::Gateway {
                    gateway: gateway_name,
                });
            }
            estate.gateways.push(gateway);
        }
        for copy in 0..numbers.below(3) {
            let name = format!("er{hub}{copy}");
            let mut gateway = Gateway::new(&name, hub_name(hub), GatewayKind::ExpressRoute);
            let says = |numbers: &mut Numbers| (numbers.below(3) > 0).then(|| numbers.once_in(2));
            gateway.allow_remote_vnet_traffic = says(numbers);
            gateway.allow_virtual_wan_traffic = says(numbers);
            if copy > 0 {
                let last = |n| IpAddr::V4(Ipv4Addr::new(10, hub as u8, 7, n));
                gateway.bgp_ips = vec![last(20), last(21)];
                if numbers.once_in(3) {
                    gateway.bgp_ips.pop();
                }
            }
            for circuit in 0..2 {
                if numbers.below(3) > 0 {
                    gateway.connections.push(Connection::Circuit {
                        circuit: format!("circuit{circuit}"),
                        weight: numbers.below(2) as u32,
                        msee_ips: circuits::edges(numbers, hub, (copy, circuit)),
                        nic_next_hops: circuits::next_hops(numbers, hub, circuit),
                    });
                }
            }
            estate.gateways.push(gateway);
        }
    }
}
