//! Addresses that user-defined routes name, and that packets do not reach.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_exchange::estate::{Estate, Nva, UserRouteTarget};
use routehub_exchange::view::NicView;
use routehub_exchange::{Exchange, rules};
use routehub_types::{Prefix, RuleId};

use crate::described::interface_of;
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

/// User-defined routes of an NVA's own interface that lead to the NVA.
pub(crate) struct ToItself<'a> {
    /// The name of its route table.
    pub(crate) table: &'a str,
    /// The prefixes of the routes, one at least.
    pub(crate) prefixes: Vec<Prefix>,
}

/// The user-defined routes of an NVA's own interface that lead to it, by its address or that of a
/// load balancer before it.
pub(crate) fn routes_to_itself<'a>(exchange: &'a Exchange, nva: &Nva) -> Option<ToItself<'a>> {
    let estate = exchange.estate();
    let interface = interface_of(estate, nva);
    let table = exchange
        .fabric()
        .nic(&interface)?
        .route_table()?
        .name
        .as_str();
    let table = estate.route_tables.iter().find(|of| of.name == table)?;
    let leads = |hop: IpAddr| {
        let mut balancers = estate.load_balancers.iter();
        hop == nva.ip || balancers.any(|of| of.frontend == hop && of.backends.contains(&nva.name))
    };
    let routes = table.routes.iter();
    let to_itself = routes.filter(|route| match route.target {
        UserRouteTarget::VirtualAppliance(hop) => leads(hop),
        _ => false,
    });
    let prefixes: Vec<Prefix> = to_itself.map(|route| route.prefix).collect();
    (!prefixes.is_empty()).then_some(ToItself {
        table: &table.name,
        prefixes,
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
