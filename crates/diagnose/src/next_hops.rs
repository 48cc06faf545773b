//! Addresses that user-defined routes name, and that packets do not reach.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_exchange::estate::Estate;
use routehub_exchange::view::NicView;
use routehub_exchange::{Exchange, rules};
use routehub_types::RuleId;

use crate::words::listed;

/// What is wrong with an address as next hop of a user-defined route, for some interfaces: it is of no
/// use, out of reach, or nobody's; none where packets go there.
pub(crate) fn next_hop_fault(
    exchange: &Exchange,
    views: &[NicView<'_>],
    hop: IpAddr,
) -> Option<(RuleId, String)> {
    let (estate, topology) = (exchange.estate(), exchange.topology());
    let mut gateways = estate.gateways.iter();
    if let Some(gateway) = gateways.find(|of| estate.gateway_addresses(&of.name).contains(&hop)) {
        let fault = format!(
            "{hop} is an address of gateway {}. Use next hop type VirtualNetworkGateway.",
            gateway.name
        );
        return Some((rules::GATEWAY_AS_NEXT_HOP, fault));
    }
    let mut servers = estate.route_servers.iter();
    let has_address = |ips: Option<[IpAddr; 2]>| ips.is_some_and(|ips| ips.contains(&hop));
    if let Some(server) = servers.find(|of| has_address(estate.instance_addresses(of))) {
        let fault = format!(
            "{hop} is an address of Route Server {}, which forwards no packets. Name an NVA's.",
            server.name
        );
        return Some((rules::GATEWAY_AS_NEXT_HOP, fault));
    }
    let far = views.iter().filter(|view| !view.reaches(hop));
    let far: BTreeSet<&str> = far.map(|view| topology.name(view.vnet())).collect();
    if !far.is_empty() {
        let fault = format!(
            "{hop} is neither in {} nor in a network peered with it. Peer them, or name a next hop \
             in reach.",
            listed(far)
        );
        return Some((rules::NEXT_HOP_UNREACHABLE, fault));
    }
    (!is_known(estate, hop)).then(|| {
        let fault = format!(
            "nobody that the network describes has {hop}. Name the address of an NVA, a load \
             balancer or a NIC with `ip`."
        );
        (rules::UNKNOWN_NEXT_HOP, fault)
    })
}

/// Whether somebody has an address: an NVA, a NIC, a load balancer, a private endpoint.
fn is_known(estate: &Estate, address: IpAddr) -> bool {
    estate.nvas.iter().any(|nva| nva.ip == address)
        || estate.nics.iter().any(|nic| nic.ip == Some(address))
        || estate
            .load_balancers
            .iter()
            .any(|of| of.frontend == address)
        || estate.private_endpoints.iter().any(|of| of.ip == address)
}
