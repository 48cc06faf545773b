//! Networks of what Terraform prints: states and plans of azurerm 3 and 4, and templates.

use routehub_arm::{Documents, Import};
use routehub_exchange::estate::UserRouteTarget;
use serde_json::{Value, json};

fn of(value: &Value) -> Import {
    let mut documents = Documents::new();
    documents
        .add("document", &value.to_string())
        .expect("it is JSON");
    documents.import()
}

const GROUP: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";

/// A resource of a state, whose id is known.
fn known(kind: &str, name: &str, path: &str, values: Value) -> Value {
    let mut all = json!({"id": format!("{GROUP}/{path}"), "name": name, "location": "westeurope"});
    if let Value::Object(values) = values {
        for (key, value) in values {
            all[key] = value;
        }
    }
    json!({
        "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
        "values": all,
    })
}

#[test]
fn a_state_of_azurerm_3_is_a_network() {
    let subnet = |name: &str, prefix: &str| {
        known(
            "azurerm_subnet",
            name,
            &format!("virtualNetworks/hub/subnets/{name}"),
            json!({"virtual_network_name": "hub", "address_prefixes": [prefix]}),
        )
    };
    let id = |path: &str| format!("{GROUP}/{path}");
    let resources = json!([
        known("azurerm_virtual_network", "hub", "virtualNetworks/hub", json!({"address_space": ["10.0.0.0/16"]})),
        subnet("RouteServerSubnet", "10.0.6.0/26"),
        subnet("GatewaySubnet", "10.0.7.0/26"),
        subnet("nva", "10.0.4.0/24"),
        known("azurerm_route_table", "rt", "routeTables/rt", json!({
            "disable_bgp_route_propagation": true,
            "route": [{"name": "default", "address_prefix": "0.0.0.0/0",
                "next_hop_type": "VirtualAppliance", "next_hop_in_ip_address": "10.0.4.4"}],
        })),
        {"address": "azurerm_subnet_route_table_association.a", "type": "azurerm_subnet_route_table_association",
         "name": "a", "values": {"subnet_id": id("virtualNetworks/hub/subnets/nva"), "route_table_id": id("routeTables/rt")}},
        known("azurerm_route_server", "rs", "virtualHubs/rs", json!({
            "subnet_id": id("virtualNetworks/hub/subnets/RouteServerSubnet"),
            "branch_to_branch_traffic_enabled": true, "hub_routing_preference": "ASPath",
            "virtual_router_ips": ["10.0.6.5", "10.0.6.4"], "virtual_router_asn": 65515,
        })),
        known("azurerm_route_server_bgp_connection", "nva1", "virtualHubs/rs/bgpConnections/nva1", json!({
            "route_server_id": id("virtualHubs/rs"), "peer_asn": 65001, "peer_ip": "10.0.4.4",
        })),
        known("azurerm_network_interface", "nva1-nic", "networkInterfaces/nva1-nic", json!({
            "enable_ip_forwarding": true,
            "ip_configuration": [{"name": "a", "subnet_id": id("virtualNetworks/hub/subnets/nva"), "private_ip_address": "10.0.4.4"}],
        })),
        known("azurerm_virtual_network_gateway", "gw", "virtualNetworkGateways/gw", json!({
            "type": "Vpn", "active_active": true,
            "ip_configuration": [{"subnet_id": id("virtualNetworks/hub/subnets/GatewaySubnet")}],
            "bgp_settings": [{"asn": 65010, "peering_addresses": [
                {"default_addresses": ["10.0.7.4"]}, {"default_addresses": ["10.0.7.5"]}]}],
        })),
        known("azurerm_local_network_gateway", "site", "localNetworkGateways/site", json!({
            "address_space": ["10.9.0.0/16"], "bgp_settings": [{"asn": 65020, "bgp_peering_address": "172.16.0.1"}],
        })),
        known("azurerm_virtual_network_gateway_connection", "c", "connections/c", json!({
            "type": "IPsec", "virtual_network_gateway_id": id("virtualNetworkGateways/gw"),
            "local_network_gateway_id": id("localNetworkGateways/site"), "enable_bgp": true,
        })),
    ]);
    let import =
        of(&json!({"format_version": "1.0", "values": {"root_module": {"resources": resources}}}));
    let estate = &import.estate;
    assert_eq!(estate.check(), []);
    assert!(estate.route_servers[0].branch_to_branch);
    assert_eq!(estate.route_servers[0].ips, None, "the usual ones");
    assert_eq!(estate.nvas[0].ip.to_string(), "10.0.4.4");
    assert!(estate.nics[0].forwarding);
    assert!(estate.route_tables[0].disable_bgp_route_propagation);
    let hop = UserRouteTarget::VirtualAppliance("10.0.4.4".parse().unwrap());
    assert_eq!(estate.route_tables[0].routes[0].target, hop);
    let subnets = &estate.vnets[0].subnets;
    assert_eq!(subnets[0].route_table.as_deref(), Some("rt"));
    let gateway = &estate.gateways[0];
    assert_eq!(
        (gateway.asn.map(|asn| asn.0), gateway.bgp_ips.len()),
        (Some(65010), 2)
    );
    assert_eq!(gateway.connections[0].to(), "site");
}

#[test]
fn a_plan_of_azurerm_4_has_no_ids_and_its_references_are_followed() {
    let planned = |address: &str, values: Value| {
        let (kind, name) = address
            .rsplit_once("module.net.")
            .map_or(address, |(_, own)| own)
            .split_once('.')
            .expect("a type and a name");
        let name = name.split('[').next().unwrap_or_default();
        json!({"address": address, "mode": "managed", "type": kind, "name": name, "values": values})
    };
    let configured = |kind: &str, name: &str, expressions: Value| json!({"address": format!("{kind}.{name}"), "type": kind, "name": name, "expressions": expressions});
    let refers = |to: &str| json!({"references": [format!("{to}.id"), to]});
    let inside = json!([
        planned(
            "module.net.azurerm_virtual_network.hub",
            json!({
            "name": "hub", "resource_group_name": "rg", "location": "westeurope", "address_space": ["10.0.0.0/16"]})
        ),
        planned(
            "module.net.azurerm_subnet.own[\"rs\"]",
            json!({
            "name": "RouteServerSubnet", "resource_group_name": "rg", "virtual_network_name": "hub", "address_prefixes": ["10.0.6.0/26"]})
        ),
        planned(
            "module.net.azurerm_subnet.own[\"nva\"]",
            json!({
            "name": "nva", "resource_group_name": "rg", "virtual_network_name": "hub", "address_prefixes": ["10.0.4.0/24"]})
        ),
        planned(
            "module.net.azurerm_route_server.rs",
            json!({
            "name": "rs", "resource_group_name": "rg", "location": "westeurope", "branch_to_branch_traffic_enabled": false})
        ),
        planned(
            "module.net.azurerm_route_server_bgp_connection.nva",
            json!({
            "name": "nva", "peer_asn": 65001, "peer_ip": "10.0.4.4"})
        ),
        planned(
            "module.net.azurerm_route_table.rt",
            json!({
            "name": "rt", "resource_group_name": "rg", "location": "westeurope", "bgp_route_propagation_enabled": false})
        ),
        planned(
            "module.net.azurerm_subnet_route_table_association.a",
            json!({})
        ),
        planned(
            "module.net.azurerm_network_interface.vm",
            json!({
            "name": "vm", "resource_group_name": "rg", "ip_forwarding_enabled": true,
            "ip_configuration": [{"name": "a", "private_ip_address_allocation": "Dynamic"}]})
        ),
    ]);
    let configuration = json!([
        configured(
            "azurerm_subnet",
            "own",
            json!({"virtual_network_name": refers("azurerm_virtual_network.hub")})
        ),
        configured(
            "azurerm_route_server",
            "rs",
            json!({"subnet_id": {"references": ["azurerm_subnet.own[\"rs\"].id", "azurerm_subnet.own[\"rs\"]"]}})
        ),
        configured(
            "azurerm_route_server_bgp_connection",
            "nva",
            json!({"route_server_id": refers("azurerm_route_server.rs")})
        ),
        configured(
            "azurerm_subnet_route_table_association",
            "a",
            json!({
            "subnet_id": {"references": ["azurerm_subnet.own[\"nva\"].id"]}, "route_table_id": refers("azurerm_route_table.rt")})
        ),
        configured(
            "azurerm_network_interface",
            "vm",
            json!({
            "ip_configuration": [{"subnet_id": {"references": ["azurerm_subnet.own[\"nva\"].id"]}}]})
        ),
    ]);
    let import = of(&json!({
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": [{"address": "module.net", "resources": inside}]}},
        "configuration": {"root_module": {"module_calls": {"net": {"module": {"resources": configuration}}}}},
    }));
    let estate = &import.estate;
    assert_eq!(estate.check(), []);
    assert_eq!(estate.vnets[0].subnets.len(), 2);
    assert_eq!(estate.route_servers[0].vnet, "hub");
    assert_eq!(estate.nvas[0].sessions[0].route_server, "rs");
    assert_eq!(
        estate.vnets[0].subnets[0].route_table.as_deref(),
        Some("rt")
    );
    assert!(estate.route_tables[0].disable_bgp_route_propagation);
    assert_eq!(estate.nics[0].subnet.as_deref(), Some("nva"));
}

#[test]
fn a_load_balancer_leads_to_the_nvas_and_nics_behind_it() {
    let pool = format!("{GROUP}/loadBalancers/lb/backendAddressPools/p");
    let subnet = json!({"id": format!("{GROUP}/virtualNetworks/hub/subnets/nva")});
    let nic = |name: &str, ip: &str| {
        json!({
            "id": format!("{GROUP}/networkInterfaces/{name}"), "name": name,
            "ipConfigurations": [{"subnet": subnet, "privateIPAddress": ip, "loadBalancerBackendAddressPools": [{"id": pool}]}],
        })
    };
    let import = of(&json!([
        {"id": format!("{GROUP}/virtualNetworks/hub"), "name": "hub", "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
         "subnets": [{"name": "nva", "addressPrefix": "10.0.4.0/24"}, {"name": "RouteServerSubnet", "addressPrefix": "10.0.6.0/26"}]},
        {"id": format!("{GROUP}/virtualHubs/rs"), "name": "rs", "virtualRouterIps": ["10.0.6.4", "10.0.6.5"]},
        {"id": format!("{GROUP}/virtualHubs/rs/bgpConnections/fw"), "name": "fw", "peerIp": "10.0.4.4", "peerAsn": 65001},
        nic("fw-nic", "10.0.4.4"), nic("other", "10.0.4.9"),
        {"id": format!("{GROUP}/loadBalancers/lb"), "name": "lb", "backendAddressPools": [{"id": pool}],
         "frontendIPConfigurations": [{"privateIPAddress": "10.0.4.200", "subnet": subnet}]},
    ]));
    assert_eq!(import.estate.check(), []);
    let balancer = &import.estate.load_balancers[0];
    assert_eq!(
        (balancer.frontend.to_string().as_str(), &*balancer.vnet),
        ("10.0.4.200", "hub")
    );
    assert_eq!(balancer.backends, ["fw", "other"]);
}

#[test]
fn a_template_with_loops_and_nested_deployments_is_a_network() {
    let nested = json!({
        "parameters": {"name": {"type": "string"}, "space": {"type": "string"}},
        "resources": [{
            "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2023-04-01",
            "name": "[parameters('name')]", "location": "[resourceGroup().location]",
            "properties": {
                "addressSpace": {"addressPrefixes": ["[parameters('space')]"]},
                "copy": [{"name": "subnets", "count": 2, "input": {
                    "name": "[format('s{0}', copyIndex('subnets'))]",
                    "properties": {"addressPrefix": "[cidrSubnet(parameters('space'), 24, copyIndex('subnets'))]"}}}],
            },
        }],
        "outputs": {"id": {"type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', parameters('name'))]"}},
    });
    let deployment = |name: &str| {
        json!({
            "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name,
            "properties": {"expressionEvaluationOptions": {"scope": "inner"}, "mode": "Incremental",
                "parameters": {"name": {"value": name}, "space": {"value": if name == "hub" { "10.0.0.0/16" } else { "10.1.0.0/16" }}},
                "template": nested},
        })
    };
    let import = of(&json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "variables": {"to": "spoke"},
        "resources": [
            {"type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "name": "[concat('hub', '/to-', variables('to'))]",
             "dependsOn": ["hub"], "properties": {"remoteVirtualNetwork": {"id": "[reference('spoke').outputs.id.value]"}}},
            {"type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "name": "spoke/to-hub",
             "properties": {"remoteVirtualNetwork": {"id": "[reference('hub').outputs.id.value]"}}},
            deployment("hub"), deployment("spoke"),
        ],
    }));
    assert_eq!(import.estate.check(), []);
    let names: Vec<&str> = import.estate.vnets.iter().map(|vnet| &*vnet.name).collect();
    assert_eq!(names, ["hub", "spoke"]);
    assert_eq!(
        import.estate.vnets[1].subnets[1].prefix,
        "10.1.1.0/24".parse().unwrap()
    );
    assert_eq!(import.estate.peerings.len(), 1);
}

#[test]
fn templates_that_multiply_or_lead_nowhere_are_told_and_take_nothing_from_others() {
    let template = |variables: Value, name: &str| {
        json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "variables": variables,
            "resources": [{"type": "Microsoft.Network/virtualNetworks", "name": name, "properties": {}}],
        })
    };
    let mut doubling = json!({"v0": "xxxxxxxxxxxxxxxx"});
    for n in 1..40 {
        let before = n - 1;
        doubling[format!("v{n}")] = json!(format!(
            "[concat(variables('v{before}'), variables('v{before}'))]"
        ));
    }
    let endless = json!({"a": "[variables('b')]", "b": "[variables('a')]"});
    for (variables, name) in [
        (doubling, "[variables('v39')]"),
        (endless, "[variables('a')]"),
        (json!({}), "[parameters('none')]"),
        (json!({}), "[unheardof('x')]"),
        (json!({}), "[padLeft('x', 900000000, 'y')]"),
    ] {
        let import = of(&template(variables, name));
        assert_eq!(import.estate.vnets, []);
        assert!(
            import.remarks[0].what.contains("a template ("),
            "{:?}",
            import.remarks
        );
    }
}
