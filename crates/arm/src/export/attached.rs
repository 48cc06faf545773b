//! Gateways, circuits, sites and the connections between them as documents.

use routehub_exchange::Estate;
use routehub_exchange::estate::{Circuit, Connection, GATEWAY_SUBNET, Gateway, GatewayKind, Site};
use serde_json::{Value, json};

use super::ids::{Ids, given};

/// The documents of what attaches an estate's on-premises networks.
pub(super) fn attached(estate: &Estate, ids: &mut Ids) -> Vec<Value> {
    let mut documents = Vec::new();
    for circuit in &estate.circuits {
        documents.push(express_route(circuit, ids));
    }
    for site in &estate.sites {
        documents.push(local_gateway(site, ids));
    }
    for own in &estate.gateways {
        documents.push(gateway(own, ids));
    }
    for own in &estate.gateways {
        for to in &own.connections {
            documents.extend(connection(own, to, ids));
        }
    }
    documents
}

fn express_route(circuit: &Circuit, ids: &mut Ids) -> Value {
    let asn = circuit.on_prem.as_ref().map(|on_prem| on_prem.asn);
    let properties = json!({
        "serviceProviderProvisioningState": "Provisioned",
        "peerings": [{
            "name": "AzurePrivatePeering",
            "properties": given(json!({"peeringType": "AzurePrivatePeering", "peerASN": asn})),
        }],
    });
    ids.resource("expressRouteCircuits", &circuit.name, properties)
}

fn local_gateway(site: &Site, ids: &mut Ids) -> Value {
    let prefixes = match site.asn {
        Some(_) => site.static_prefixes.clone(),
        None => site
            .routes
            .iter()
            .flat_map(|routes| routes.prefixes.clone())
            .collect(),
    };
    let bgp = site.asn.map(|asn| {
        let addresses: Vec<String> = site.bgp_ips.iter().map(ToString::to_string).collect();
        json!({"asn": asn, "bgpPeeringAddress": addresses.join(",")})
    });
    let properties = given(json!({
        "localNetworkAddressSpace": {"addressPrefixes": prefixes},
        "bgpSettings": bgp,
    }));
    ids.resource("localNetworkGateways", &site.name, properties)
}

fn gateway(gateway: &Gateway, ids: &mut Ids) -> Value {
    let kind = match gateway.kind {
        GatewayKind::ExpressRoute => "ExpressRoute",
        GatewayKind::Vpn => "Vpn",
    };
    let addresses: Vec<Value> = gateway
        .bgp_ips
        .iter()
        .map(|address| json!({"defaultBgpIpAddresses": [address]}))
        .collect();
    let pools = &gateway.p2s_pools;
    let pools =
        (!pools.is_empty()).then(|| json!({"vpnClientAddressPool": {"addressPrefixes": pools}}));
    let site = gateway.default_site.as_ref();
    let properties = given(json!({
        "gatewayType": kind,
        "activeActive": gateway.active_active,
        "enableBgp": true,
        "bgpSettings": given(json!({
            "asn": gateway.asn,
            "bgpPeeringAddresses": (!addresses.is_empty()).then_some(addresses),
        })),
        "ipConfigurations": [{
            "name": "default",
            "properties": {"subnet": ids.subnet(&gateway.vnet, GATEWAY_SUBNET)},
        }],
        "vpnClientConfiguration": pools,
        "gatewayDefaultSite": site.map(|site| ids.reference("localNetworkGateways", site)),
        "allowRemoteVnetTraffic": gateway.allow_remote_vnet_traffic,
        "allowVirtualWanTraffic": gateway.allow_virtual_wan_traffic,
    }));
    ids.resource("virtualNetworkGateways", &gateway.name, properties)
}

/// A connection; of two gateways, the two that Azure has.
fn connection(gateway: &Gateway, to: &Connection, ids: &mut Ids) -> Vec<Value> {
    let own = ids.reference("virtualNetworkGateways", &gateway.name);
    let (properties, back) = match to {
        Connection::Circuit {
            circuit, weight, ..
        } => {
            let peer = ids.reference("expressRouteCircuits", circuit);
            let properties = json!({
                "connectionType": "ExpressRoute",
                "virtualNetworkGateway1": own,
                "peer": peer,
                "routingWeight": weight,
            });
            (properties, None)
        }
        Connection::Site {
            site, bgp, apipa, ..
        } => {
            let own_addresses: Vec<Value> = apipa
                .iter()
                .map(|address| json!({"customBgpIpAddress": address}))
                .collect();
            let properties = json!({
                "connectionType": "IPsec",
                "virtualNetworkGateway1": own,
                "localNetworkGateway2": ids.reference("localNetworkGateways", site),
                "enableBgp": bgp.unwrap_or(true),
                "gatewayCustomBgpIpAddresses": own_addresses,
            });
            (properties, None)
        }
        Connection::Gateway { gateway: other } => {
            let there = ids.reference("virtualNetworkGateways", other);
            let between = |from: &Value, to: &Value| {
                json!({
                    "connectionType": "Vnet2Vnet",
                    "virtualNetworkGateway1": from,
                    "virtualNetworkGateway2": to,
                    "enableBgp": true,
                })
            };
            (between(&own, &there), Some(between(&there, &own)))
        }
    };
    let name = format!("{}-to-{}", gateway.name, to.to());
    let mut documents = vec![ids.resource("connections", &name, properties)];
    if let Some(back) = back {
        let name = format!("{}-to-{}", to.to(), gateway.name);
        documents.push(ids.resource("connections", &name, back));
    }
    documents
}
