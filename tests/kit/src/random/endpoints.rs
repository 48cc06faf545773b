//! Random private endpoints.

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::{Estate, NetworkPolicies, PrivateEndpoint};

use super::numbers::Numbers;

/// An endpoint in some networks, in a subnet with or without network policies.
pub(super) fn private_endpoints(numbers: &mut Numbers, estate: &mut Estate) {
    for vnet in &mut estate.vnets {
        if !numbers.once_in(4) {
            continue;
        }
        if numbers.below(2) > 0 {
            for subnet in &mut vnet.subnets {
                subnet.network_policies = NetworkPolicies::Routes;
            }
        }
        let IpAddr::V4(base) = vnet.address_space[0].address() else {
            continue;
        };
        estate.private_endpoints.push(PrivateEndpoint {
            name: format!("endpoint-{}", vnet.name),
            vnet: vnet.name.clone(),
            subnet: "first".into(),
            ip: Ipv4Addr::from_bits(base.to_bits() + 0x0109).into(),
        });
    }
}
