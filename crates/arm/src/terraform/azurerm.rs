//! The resources of the provider azurerm, versions 3 and 4, as Azure's documents.

use serde_json::{Map, Value, json};

use super::tree::{Planned, Tree};
use crate::resource::{Fields, ResourceId};

/// A resource as a document; none if it is of no use here.
pub(super) fn document(tree: &Tree<'_>, planned: &Planned<'_>) -> Option<Value> {
    let id = tree.id(planned)?;
    let values = planned.values();
    let properties = match planned.kind() {
        "azurerm_virtual_network" => network(&id, values),
        "azurerm_subnet" => subnet(values),
        "azurerm_virtual_network_peering" => peering(tree, planned),
        "azurerm_route_table" => route_table(values),
        "azurerm_route" => route(values),
        "azurerm_route_server" => route_server(tree, planned, &id),
        "azurerm_virtual_hub" => json!({
            "virtualWan": values.text("virtual_wan_id").map(|id| json!({"id": id})),
            "hubRoutingPreference": values.text("hub_routing_preference"),
        }),
        "azurerm_virtual_hub_ip" => json!({"subnet": reference(tree, planned, "subnet_id")}),
        "azurerm_route_server_bgp_connection" | "azurerm_virtual_hub_bgp_connection" => json!({
            "peerIp": values.text("peer_ip"), "peerAsn": values.number("peer_asn"),
        }),
        "azurerm_virtual_network_gateway" => gateway(tree, planned),
        "azurerm_virtual_network_gateway_connection" => connection(tree, planned),
        "azurerm_local_network_gateway" => {
            let bgp = values.items("bgp_settings").next();
            json!({
                "localNetworkAddressSpace": {"addressPrefixes": values.texts("address_space")},
                "bgpSettings": bgp.map(|bgp| json!({
                    "asn": bgp.number("asn"), "bgpPeeringAddress": bgp.text("bgp_peering_address"),
                })),
            })
        }
        "azurerm_express_route_circuit" | "azurerm_network_security_group" => json!({}),
        "azurerm_express_route_circuit_peering" => json!({
            "peeringType": values.text("peering_type"),
            "peerASN": values.number("peer_asn"),
            "primaryPeerAddressPrefix": values.text("primary_peer_address_prefix"),
        }),
        "azurerm_network_interface" => interface(tree, planned),
        "azurerm_lb" => balancer(tree, planned),
        "azurerm_lb_backend_address_pool" => json!({}),
        "azurerm_private_endpoint" => private_endpoint(tree, planned),
        kind if kind.ends_with("virtual_machine") => machine(tree, planned),
        _ => return None,
    };
    let mut document = Map::new();
    document.insert("id".to_owned(), json!(id));
    for key in ["name", "location", "tags"] {
        if let Some(value) = values.field(key) {
            document.insert(key.to_owned(), value.0.clone());
        }
    }
    document.insert("properties".to_owned(), properties);
    Some(Value::Object(document))
}

/// What stands in resources of its own, and belongs into others: tables and groups of subnets,
/// backends of load balancers, the IP configurations of Route Servers.
pub(super) fn associate(tree: &Tree<'_>, documents: &mut Vec<Value>) {
    for planned in tree.resources() {
        let of = |key| tree.reference(planned, key);
        match planned.kind() {
            "azurerm_subnet_route_table_association" => {
                refer(
                    documents,
                    of("subnet_id"),
                    "routeTable",
                    of("route_table_id"),
                );
            }
            "azurerm_subnet_network_security_group_association" => {
                let group = of("network_security_group_id");
                refer(documents, of("subnet_id"), "networkSecurityGroup", group);
            }
            "azurerm_network_interface_backend_address_pool_association" => {
                let (nic, pool) = (of("network_interface_id"), of("backend_address_pool_id"));
                let Some((nic, pool)) = nic.zip(pool) else {
                    continue;
                };
                let nic = ResourceId::new(&nic);
                let mut all = documents.iter_mut();
                let nic = all.find(|document| Fields(document).id().as_ref() == Some(&nic));
                let own = nic.map(|nic| &mut nic["properties"]["ipConfigurations"][0]);
                if let Some(own) = own.filter(|own| own.is_object()) {
                    own["properties"]["loadBalancerBackendAddressPools"] = json!([{"id": pool}]);
                }
            }
            "azurerm_lb_backend_address_pool_address" => {
                let pool = of("backend_address_pool_id").map(|pool| ResourceId::new(&pool));
                let mut all = documents.iter_mut();
                let pool = all.find(|document| pool.is_some() && Fields(document).id() == pool);
                if let (Some(pool), Some(ip)) = (pool, planned.values().text("ip_address")) {
                    let address = json!({"properties": {"ipAddress": ip}});
                    match &mut pool["properties"]["loadBalancerBackendAddresses"] {
                        Value::Array(all) => all.push(address),
                        other => *other = json!([address]),
                    }
                }
            }
            "azurerm_route_server" => {
                let hub = tree.id(planned);
                let subnet = reference(tree, planned, "subnet_id");
                documents.extend(hub.map(|hub| {
                    let id = format!("{hub}/ipConfigurations/ipConfig1");
                    json!({"id": id, "name": "ipConfig1", "properties": {"subnet": subnet}})
                }));
            }
            _ => {}
        }
    }
}

/// Has a document refer to another.
fn refer(documents: &mut [Value], whose: Option<String>, key: &str, to: Option<String>) {
    let Some((whose, to)) = whose.zip(to) else {
        return;
    };
    let whose = ResourceId::new(&whose);
    let mut all = documents.iter_mut();
    if let Some(document) = all.find(|document| Fields(document).id().as_ref() == Some(&whose)) {
        document["properties"][key] = json!({"id": to});
    }
}

fn reference(tree: &Tree<'_>, planned: &Planned<'_>, key: &str) -> Option<Value> {
    tree.reference(planned, key).map(|id| json!({"id": id}))
}

fn network(id: &str, values: Fields<'_>) -> Value {
    let subnets = values.items("subnet").filter_map(|own| {
        let name = own.text("name")?;
        let group = own.text("security_group").filter(|id| !id.is_empty());
        let table = own.text("route_table_id").filter(|id| !id.is_empty());
        Some(json!({
            "id": format!("{id}/subnets/{name}"),
            "name": name,
            "properties": {
                "addressPrefix": own.text("address_prefix"),
                "addressPrefixes": own.texts("address_prefixes"),
                "networkSecurityGroup": group.map(|id| json!({"id": id})),
                "routeTable": table.map(|id| json!({"id": id})),
            },
        }))
    });
    json!({
        "addressSpace": {"addressPrefixes": values.texts("address_space")},
        "subnets": subnets.collect::<Vec<_>>(),
    })
}

fn subnet(values: Fields<'_>) -> Value {
    // Version 3 says whether they are enforced, version 4 which.
    let enforced = values.flag("private_endpoint_network_policies_enabled");
    let enforced = enforced.map(|enforced| if enforced { "Enabled" } else { "Disabled" });
    let policies = values
        .text("private_endpoint_network_policies")
        .or(enforced);
    json!({
        "addressPrefixes": values.texts("address_prefixes"),
        "privateEndpointNetworkPolicies": policies,
    })
}

fn peering(tree: &Tree<'_>, planned: &Planned<'_>) -> Value {
    let values = planned.values();
    json!({
        "remoteVirtualNetwork": reference(tree, planned, "remote_virtual_network_id"),
        "allowVirtualNetworkAccess": values.flag("allow_virtual_network_access").unwrap_or(true),
        "allowForwardedTraffic": values.flag("allow_forwarded_traffic"),
        "allowGatewayTransit": values.flag("allow_gateway_transit"),
        "useRemoteGateways": values.flag("use_remote_gateways"),
        "peerCompleteVnets": values.flag("peer_complete_virtual_networks_enabled"),
        "localSubnetNames": values.texts("local_subnet_names"),
        "remoteSubnetNames": values.texts("remote_subnet_names"),
    })
}

fn route_table(values: Fields<'_>) -> Value {
    // Version 4 says the opposite of what version 3 said.
    let disabled = values.flag("disable_bgp_route_propagation");
    let enabled = values.flag("bgp_route_propagation_enabled");
    let routes = values
        .items("route")
        .map(|own| json!({"name": own.text("name"), "properties": route(own)}));
    json!({
        "disableBgpRoutePropagation": disabled.or(enabled.map(|enabled| !enabled)),
        "routes": routes.collect::<Vec<_>>(),
    })
}

fn route(values: Fields<'_>) -> Value {
    json!({
        "addressPrefix": values.text("address_prefix"),
        "nextHopType": values.text("next_hop_type"),
        "nextHopIpAddress": values.text("next_hop_in_ip_address").filter(|text| !text.is_empty()),
    })
}

fn route_server(tree: &Tree<'_>, planned: &Planned<'_>, id: &str) -> Value {
    let values = planned.values();
    json!({
        "sku": "Standard",
        "allowBranchToBranchTraffic": values.flag("branch_to_branch_traffic_enabled"),
        "hubRoutingPreference": values.text("hub_routing_preference"),
        "virtualRouterAsn": values.number("virtual_router_asn"),
        "virtualRouterIps": values.texts("virtual_router_ips"),
        "ipConfigurations": [{
            "id": format!("{id}/ipConfigurations/ipConfig1"),
            "properties": {"subnet": reference(tree, planned, "subnet_id")},
        }],
    })
}

fn gateway(tree: &Tree<'_>, planned: &Planned<'_>) -> Value {
    let values = planned.values();
    let subnets = (0..values.items("ip_configuration").count()).map(|n| {
        let subnet = tree.reference_in(planned, "ip_configuration", n, "subnet_id");
        json!({"properties": {"subnet": subnet.map(|id| json!({"id": id}))}})
    });
    let bgp = values.items("bgp_settings").next();
    let addresses = bgp
        .into_iter()
        .flat_map(|bgp| bgp.items("peering_addresses"));
    let addresses =
        addresses.map(|own| json!({"defaultBgpIpAddresses": own.texts("default_addresses")}));
    let clients = values.items("vpn_client_configuration").next();
    json!({
        "gatewayType": values.text("type"),
        "activeActive": values.flag("active_active"),
        "ipConfigurations": subnets.collect::<Vec<_>>(),
        "bgpSettings": bgp.map(|bgp| json!({
            "asn": bgp.number("asn"), "bgpPeeringAddresses": addresses.collect::<Vec<_>>(),
        })),
        "vpnClientConfiguration": clients.map(|clients| json!({
            "vpnClientAddressPool": {"addressPrefixes": clients.texts("address_space")},
        })),
        "gatewayDefaultSite": reference(tree, planned, "default_local_network_gateway_id"),
        "allowRemoteVnetTraffic": values.flag("remote_vnet_traffic_enabled"),
        "allowVirtualWanTraffic": values.flag("virtual_wan_traffic_enabled"),
    })
}

fn connection(tree: &Tree<'_>, planned: &Planned<'_>) -> Value {
    let values = planned.values();
    let own = values.items("custom_bgp_addresses").next();
    let own = own
        .into_iter()
        .flat_map(|own| [own.text("primary"), own.text("secondary")]);
    let own = own
        .flatten()
        .map(|address| json!({"customBgpIpAddress": address}));
    json!({
        "connectionType": values.text("type"),
        "virtualNetworkGateway1": reference(tree, planned, "virtual_network_gateway_id"),
        "virtualNetworkGateway2": reference(tree, planned, "peer_virtual_network_gateway_id"),
        "localNetworkGateway2": reference(tree, planned, "local_network_gateway_id"),
        "peer": reference(tree, planned, "express_route_circuit_id"),
        "routingWeight": values.number("routing_weight"),
        "enableBgp": values.flag("bgp_enabled").or_else(|| values.flag("enable_bgp")),
        "gatewayCustomBgpIpAddresses": own.collect::<Vec<_>>(),
    })
}

/// The subnet and address of each block of a kind.
fn addresses(tree: &Tree<'_>, planned: &Planned<'_>, block: &str) -> Vec<Value> {
    let blocks = planned.values().items(block).enumerate();
    let addresses = blocks.map(|(n, own)| {
        let subnet = tree.reference_in(planned, block, n, "subnet_id");
        json!({
            "name": own.text("name"),
            "properties": {
                "subnet": subnet.map(|id| json!({"id": id})),
                "privateIPAddress": own.text("private_ip_address").filter(|text| !text.is_empty()),
            },
        })
    });
    addresses.collect()
}

fn interface(tree: &Tree<'_>, planned: &Planned<'_>) -> Value {
    let values = planned.values();
    let forwards = values.flag("ip_forwarding_enabled");
    json!({
        "ipConfigurations": addresses(tree, planned, "ip_configuration"),
        "enableIPForwarding": forwards.or_else(|| values.flag("enable_ip_forwarding")),
    })
}

fn balancer(tree: &Tree<'_>, planned: &Planned<'_>) -> Value {
    json!({"frontendIPConfigurations": addresses(tree, planned, "frontend_ip_configuration")})
}

fn private_endpoint(tree: &Tree<'_>, planned: &Planned<'_>) -> Value {
    let values = planned.values();
    let mut own = values.items("private_service_connection");
    let address = own.find_map(|own| own.text("private_ip_address"));
    json!({
        "subnet": reference(tree, planned, "subnet_id"),
        "customDnsConfigs": address.map(|ip| json!([{"ipAddresses": [ip]}])),
    })
}

fn machine(tree: &Tree<'_>, planned: &Planned<'_>) -> Value {
    let ids = planned.values().texts("network_interface_ids");
    let mut ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
    if ids.is_empty() {
        ids.extend(tree.reference(planned, "network_interface_ids"));
    }
    let nics: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    json!({"networkProfile": {"networkInterfaces": nics}})
}
