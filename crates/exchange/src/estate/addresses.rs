//! Addresses that the file may leave out: they follow from the subnets.

use std::net::IpAddr;
use std::ops::Range;

use routehub_types::Prefix;

use super::{Connection, Estate, Gateway, GatewayKind, RouteServer, Subnet};

/// The name of the subnet that Route Servers live in.
pub const ROUTE_SERVER_SUBNET: &str = "RouteServerSubnet";
/// The name of the subnet that gateways live in.
pub const GATEWAY_SUBNET: &str = "GatewaySubnet";

impl Estate {
    /// The addresses of a gateway's instances, as given or from its subnet; empty if there is no
    /// such gateway, or nothing to derive them from.
    pub fn gateway_addresses(&self, name: &str) -> Vec<IpAddr> {
        let gateway = self.gateways.iter().find(|gateway| gateway.name == name);
        gateway.map_or_else(Vec::new, |gateway| self.bgp_addresses(gateway))
    }

    /// The instances' addresses of a Route Server, as given or base + 4 and + 5 of its subnet
    ///
    pub fn instance_addresses(&self, server: &RouteServer) -> Option<[IpAddr; 2]> {
        server.ips.or_else(|| {
            let subnet = self.subnet(&server.vnet, ROUTE_SERVER_SUBNET)?.prefix;
            Some([host(subnet, 4)?, host(subnet, 5)?])
        })
    }

    /// The instances' addresses of a gateway, as given or from GatewaySubnet: base + 4, + 5 for
    /// VPN, + 12, + 13 for ExpressRoute.
    pub fn bgp_addresses(&self, gateway: &Gateway) -> Vec<IpAddr> {
        if !gateway.bgp_ips.is_empty() {
            return gateway.bgp_ips.clone();
        }
        let first = match gateway.kind {
            GatewayKind::Vpn => 4,
            GatewayKind::ExpressRoute => 12,
        };
        let both = if gateway.active_active { 2 } else { 1 };
        self.gateway_subnet_hosts(gateway, first..first + both)
    }

    /// The edge routers' addresses of a circuit connection, as given or base + 4, + 5 of
    /// GatewaySubnet.
    pub fn edge_addresses(&self, gateway: &Gateway, connection: &Connection) -> Vec<IpAddr> {
        match connection {
            Connection::Circuit { msee_ips, .. } if msee_ips.is_empty() => {
                self.gateway_subnet_hosts(gateway, 4..6)
            }
            Connection::Circuit { msee_ips, .. } => msee_ips.clone(),
            _ => Vec::new(),
        }
    }

    fn gateway_subnet_hosts(&self, gateway: &Gateway, places: Range<u8>) -> Vec<IpAddr> {
        let subnet = self.subnet(&gateway.vnet, GATEWAY_SUBNET);
        let hosts = subnet.map(|subnet| places.filter_map(|place| host(subnet.prefix, place)));
        hosts.into_iter().flatten().collect()
    }

    /// A subnet of a network by name.
    pub fn subnet(&self, vnet: &str, name: &str) -> Option<&Subnet> {
        let vnet = self.vnets.iter().find(|other| other.name == vnet)?;
        vnet.subnets.iter().find(|subnet| subnet.name == name)
    }
}

/// The address at a place of a prefix, if it has so many.
fn host(prefix: Prefix, place: u8) -> Option<IpAddr> {
    let address = match prefix.address() {
        IpAddr::V4(base) => IpAddr::V4(base.to_bits().checked_add(place.into())?.into()),
        IpAddr::V6(base) => IpAddr::V6(base.to_bits().checked_add(place.into())?.into()),
    };
    prefix.contains_address(address).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::Vnet;

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
        let addresses = estate.instance_addresses(&RouteServer::new("rs", "hub"));
        assert_eq!(
            addresses,
            Some(["10.10.0.68", "10.10.0.69"].map(|a| a.parse().unwrap()))
        );
        assert_eq!(
            estate.instance_addresses(&RouteServer::new("rs", "elsewhere")),
            None
        );
    }

    #[test]
    fn gateways_take_addresses_by_their_kind() {
        let estate = estate();
        let text = |kind| {
            let addresses = estate.bgp_addresses(&Gateway::new("gw", "hub", kind));
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
