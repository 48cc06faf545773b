//! Findings about gateways: addresses that were chosen for them, sites that get what is left.

use std::net::IpAddr;

use routehub_exchange::estate::{Connection, Gateway, GatewayAddresses, UserRouteTarget};
use routehub_exchange::rules;
use routehub_exchange::view::GATEWAY_SUBNET;

use super::Findings;
use crate::words::{joined, listed};

/// Addresses that were chosen where others have the same GatewaySubnet, so that Azure may have
/// chosen otherwise.
pub(super) fn chosen_addresses(findings: &mut Findings<'_>) {
    let estate = findings.exchange.estate();
    let addresses = GatewayAddresses::of(estate);
    for (place, gateway) in estate.gateways.iter().enumerate() {
        let Some(subnet) = estate.subnet(&gateway.vnet, GATEWAY_SUBNET) else {
            continue;
        };
        let (chosen, missing) = left_out(&addresses, place, gateway);
        let mut others = estate.gateways.iter();
        let shares = others.any(|other| other.name != gateway.name && other.vnet == gateway.vnet);
        let mut said = Vec::new();
        if !chosen.is_empty() && (shares || circuits(gateway) > 1) {
            said.push(format!(
                "Addresses chosen from GatewaySubnet for {}: Azure may give it others.",
                joined(chosen, ", for ")
            ));
        }
        if !missing.is_empty() {
            let (prefix, missing) = (subnet.prefix, listed(missing));
            said.push(format!(
                "GatewaySubnet {prefix} has no address left for {missing}."
            ));
        }
        if !said.is_empty() {
            let keys = match (gateway.bgp_ips.is_empty(), lacks_edges(gateway)) {
                (true, true) => "bgp_ips and msee_ips",
                (true, false) => "bgp_ips",
                _ => "msee_ips",
            };
            let text = format!("{} Give its {keys}.", said.join(" "));
            findings.info(rules::CHOSEN_ADDRESSES, &gateway.name, text);
        }
    }
}

/// For whom the file leaves addresses out: those that were chosen, and those that got none.
fn left_out(
    addresses: &GatewayAddresses,
    place: usize,
    gateway: &Gateway,
) -> (Vec<String>, Vec<String>) {
    let (mut chosen, mut missing) = (Vec::new(), Vec::new());
    let mut note = |whose: String, addresses: &[IpAddr]| match addresses {
        [] => missing.push(whose),
        some => chosen.push(format!("{whose} {}", listed(some))),
    };
    if gateway.bgp_ips.is_empty() {
        let whose = match gateway.instance_count() {
            1 => "its instance",
            _ => "its instances",
        };
        note(whose.to_owned(), addresses.instances(place));
    }
    for (n, connection) in gateway.connections.iter().enumerate() {
        if let Connection::Circuit {
            circuit, msee_ips, ..
        } = connection
            && msee_ips.is_empty()
        {
            let whose = format!("the edge of circuit {circuit}");
            note(whose, addresses.edges(place, n));
        }
    }
    (chosen, missing)
}

fn circuits(gateway: &Gateway) -> usize {
    let connections = gateway.connections.iter();
    let circuits =
        connections.filter(|connection| matches!(connection, Connection::Circuit { .. }));
    circuits.count()
}

/// Whether addresses of edge routers are left out.
fn lacks_edges(gateway: &Gateway) -> bool {
    let mut connections = gateway.connections.iter();
    connections.any(
        |connection| matches!(connection, Connection::Circuit { msee_ips, .. } if msee_ips.is_empty()),
    )
}

/// Default sites to which no subnet sends anything.
pub(super) fn unused_default_sites(findings: &mut Findings<'_>) {
    let estate = findings.exchange.estate();
    let routes = estate.route_tables.iter().flat_map(|table| &table.routes);
    let mut routes = routes.filter(|route| route.prefix.is_default());
    if routes.any(|route| route.target == UserRouteTarget::VirtualNetworkGateway) {
        return;
    }
    for gateway in &estate.gateways {
        if let Some(site) = &gateway.default_site {
            let text = format!(
                "Nothing is sent to its default site {site}: no route table has a route to \
                 0.0.0.0/0 with next hop type VirtualNetworkGateway, and the default site programs \
                 no NIC by itself."
            );
            findings.info(rules::STATIC_PREFIXES, &gateway.name, text);
        }
    }
}
