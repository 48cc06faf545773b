//! Addresses that the file may leave out: they follow from the subnets.

use std::net::IpAddr;

use routehub_types::Prefix;

use crate::estate::{Connection, Estate, Gateway, GatewayKind, RouteServer};

/// The subnet that Route Servers live in.
pub const ROUTE_SERVER_SUBNET: &str = "RouteServerSubnet";
/// The subnet that gateways live in.
pub const GATEWAY_SUBNET: &str = "GatewaySubnet";

/// The instances' addresses of a Route Server, as given or base + 4 and + 5 of its subnet.
pub(crate) fn route_server(estate: &Estate, server: &RouteServer) -> Option<[IpAddr; 2]> {
    server.ips.or_else(|| {
        let subnet = subnet(estate, &server.vnet, ROUTE_SERVER_SUBNET)?;
        Some([host(subnet, 4)?, host(subnet, 5)?])
    })
}

/// The instances' addresses of a gateway, as given or from GatewaySubnet: base + 4, + 5 for VPN,
/// + 12, + 13 for ExpressRoute.
pub(crate) fn gateway(estate: &Estate, gateway: &Gateway) -> Vec<IpAddr> {
    if !gateway.bgp_ips.is_empty() {
        return gateway.bgp_ips.clone();
    }
    let first = match gateway.kind {
        GatewayKind::Vpn => 4,
        GatewayKind::ExpressRoute => 12,
    };
    let both = if gateway.active_active { 2 } else { 1 };
    let subnet = subnet(estate, &gateway.vnet, GATEWAY_SUBNET);
    subnet
        .iter()
        .flat_map(|s| (first..first + both).filter_map(|n| host(*s, n)))
        .collect()
}

/// The edge routers' addresses of a circuit connection, as given or base + 4, + 5 of
/// GatewaySubnet.
pub(crate) fn edge(estate: &Estate, gateway: &Gateway, connection: &Connection) -> Vec<IpAddr> {
    let Connection::Circuit { msee_ips, .. } = connection else {
        return Vec::new();
    };
    if !msee_ips.is_empty() {
        return msee_ips.clone();
    }
    let subnet = subnet(estate, &gateway.vnet, GATEWAY_SUBNET);
    subnet
        .iter()
        .flat_map(|s| [4, 5].into_iter().filter_map(|n| host(*s, n)))
        .collect()
}

/// A subnet of a network by name.
pub(crate) fn subnet(estate: &Estate, vnet: &str, name: &str) -> Option<Prefix> {
    let vnet = estate.vnets.iter().find(|one| one.name == vnet)?;
    vnet.subnets
        .iter()
        .find(|one| one.name == name)
        .map(|one| one.prefix)
}

impl Estate {
    /// A subnet of a network by name.
    pub fn subnet(&self, vnet: &str, name: &str) -> Option<Prefix> {
        subnet(self, vnet, name)
    }
}

/// The nth address of a prefix, if it has so many.
fn host(prefix: Prefix, n: u8) -> Option<IpAddr> {
    let address = match prefix.address() {
        IpAddr::V4(base) => IpAddr::V4(base.to_bits().checked_add(n.into())?.into()),
        IpAddr::V6(base) => IpAddr::V6(base.to_bits().checked_add(n.into())?.into()),
    };
    prefix.contains_address(address).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::{Subnet, Vnet};

    fn estate() -> Estate {
        let subnet = |name: &str, prefix: &str| Subnet {
            name: name.into(),
            prefix: prefix.parse().unwrap(),
            route_table: None,
            network_security_group: None,
        };
        let subnets = vec![
            subnet(ROUTE_SERVER_SUBNET, "10.10.0.64/27"),
            subnet(GATEWAY_SUBNET, "10.10.1.0/27"),
        ];
        let vnets = vec![Vnet {
            name: "hub".into(),
            subnets,
            ..Vnet::default()
        }];
        Estate {
            vnets,
            ..Estate::default()
        }
    }

    #[test]
    fn r021_instances_take_the_first_two_addresses_that_can_be_assigned() {
        let estate = estate();
        let addresses = route_server(&estate, &RouteServer::new("rs", "hub"));
        assert_eq!(
            addresses,
            Some(["10.10.0.68", "10.10.0.69"].map(|a| a.parse().unwrap()))
        );
        assert_eq!(
            route_server(&estate, &RouteServer::new("rs", "elsewhere")),
            None
        );
    }

    #[test]
    fn gateways_take_addresses_by_their_kind() {
        let estate = estate();
        let text = |kind| {
            let addresses = gateway(&estate, &Gateway::new("gw", "hub", kind));
            addresses
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(text(GatewayKind::Vpn), ["10.10.1.4", "10.10.1.5"]);
        assert_eq!(
            text(GatewayKind::ExpressRoute),
            ["10.10.1.12", "10.10.1.13"]
        );
    }
}
