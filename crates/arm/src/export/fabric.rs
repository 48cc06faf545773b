//! Networks, peerings, route tables, NICs, private endpoints and load balancers as documents.

use std::collections::BTreeSet;

use routehub_exchange::Estate;
use routehub_exchange::estate::{
    DisablePeeringRoute, LoadBalancer, NetworkPolicies, Nic, Peering, PeeringFlags, Subnet,
    UserRoute, UserRouteTarget, Vnet,
};
use serde_json::{Value, json};

use super::ids::{Ids, given};
use crate::resource::segment;

/// The documents of an estate's networks and of what is in them.
pub(super) fn fabric(estate: &Estate, ids: &mut Ids) -> Vec<Value> {
    let mut documents = Vec::new();
    for vnet in &estate.vnets {
        documents.push(network(estate, vnet, ids));
    }
    let subnets = || estate.vnets.iter().flat_map(|vnet| &vnet.subnets);
    let groups: BTreeSet<&String> = subnets()
        .filter_map(|subnet| subnet.network_security_group.as_ref())
        .collect();
    for group in groups {
        documents.push(ids.resource("networkSecurityGroups", group, json!({"securityRules": []})));
    }
    for table in &estate.route_tables {
        let routes: Vec<Value> = table.routes.iter().enumerate().map(user_route).collect();
        let peering = match table.disable_peering_route {
            DisablePeeringRoute::None => Value::Null,
            DisablePeeringRoute::All => json!("All"),
        };
        let properties = given(json!({
            "disableBgpRoutePropagation": table.disable_bgp_route_propagation,
            "disablePeeringRoute": peering,
            "routes": routes,
        }));
        documents.push(ids.resource("routeTables", &table.name, properties));
    }
    for nic in &estate.nics {
        documents.push(interface(estate, nic, ids));
    }
    for endpoint in &estate.private_endpoints {
        let properties = json!({
            "subnet": ids.subnet(&endpoint.vnet, &endpoint.subnet),
            "customDnsConfigs": [{
                "fqdn": format!("{}.privatelink.example", endpoint.name),
                "ipAddresses": [endpoint.ip],
            }],
        });
        documents.push(ids.resource("privateEndpoints", &endpoint.name, properties));
    }
    for balancer in &estate.load_balancers {
        documents.push(load_balancer(estate, balancer, ids));
    }
    documents
}

fn network(estate: &Estate, vnet: &Vnet, ids: &mut Ids) -> Value {
    let subnets: Vec<Value> = vnet
        .subnets
        .iter()
        .map(|own| subnet(vnet, own, ids))
        .collect();
    let mut halves = Vec::new();
    for peering in &estate.peerings {
        if peering.a == vnet.name {
            halves.push(half(estate, peering, &peering.b, peering.a_to_b, ids));
        } else if peering.b == vnet.name {
            halves.push(half(estate, peering, &peering.a, peering.b_to_a, ids));
        }
    }
    let summaries = &vnet.summarized_gateway_prefixes;
    let summaries = (!summaries.is_empty()).then(|| json!({"addressPrefixes": summaries}));
    let properties = given(json!({
        "addressSpace": {"addressPrefixes": vnet.address_space},
        "summarizedGatewayPrefixes": summaries,
        "subnets": subnets,
        "virtualNetworkPeerings": halves,
    }));
    let mut resource = ids.resource("virtualNetworks", &vnet.name, properties);
    if let Some(region) = &vnet.region {
        resource["location"] = json!(region);
    }
    resource
}

fn subnet(vnet: &Vnet, subnet: &Subnet, ids: &mut Ids) -> Value {
    let table = subnet.route_table.as_ref();
    let group = subnet.network_security_group.as_ref();
    let policies = match subnet.network_policies {
        NetworkPolicies::None => Value::Null,
        NetworkPolicies::Routes => json!("RouteTableEnabled"),
    };
    json!({
        "id": ids.subnet(&vnet.name, &subnet.name)["id"],
        "name": subnet.name,
        "properties": given(json!({
            "addressPrefix": subnet.prefix,
            "routeTable": table.map(|table| ids.reference("routeTables", table)),
            "networkSecurityGroup":
                group.map(|group| ids.reference("networkSecurityGroups", group)),
            "privateEndpointNetworkPolicies": policies,
        })),
    })
}

/// The half of a peering that leads to a network.
fn half(estate: &Estate, peering: &Peering, to: &str, flags: PeeringFlags, ids: &mut Ids) -> Value {
    let from = if peering.a == to {
        &peering.b
    } else {
        &peering.a
    };
    let name = format!("to-{}", segment(to));
    let remote = estate.vnets.iter().find(|vnet| vnet.name == to);
    let space = remote.map(|vnet| json!({"addressPrefixes": vnet.address_space}));
    let mut properties = json!({
        "remoteVirtualNetwork": ids.reference("virtualNetworks", to),
        "remoteAddressSpace": space,
        "peeringState": "Connected",
        "peerCompleteVnets": peering.subnets.is_none(),
        "allowVirtualNetworkAccess": flags.allow_virtual_network_access,
        "allowForwardedTraffic": flags.allow_forwarded_traffic,
        "allowGatewayTransit": flags.allow_gateway_transit,
        "useRemoteGateways": flags.use_remote_gateways,
    });
    if let Some(subnets) = &peering.subnets {
        let own = if peering.a == *from {
            (&subnets.a, &subnets.b)
        } else {
            (&subnets.b, &subnets.a)
        };
        properties["localSubnetNames"] = json!(own.0);
        properties["remoteSubnetNames"] = json!(own.1);
    }
    let vnet = ids.of("virtualNetworks", from);
    json!({
        "id": format!("{vnet}/virtualNetworkPeerings/{name}"),
        "name": name,
        "properties": given(properties),
    })
}

fn user_route((n, route): (usize, &UserRoute)) -> Value {
    let (kind, address) = match route.target {
        UserRouteTarget::VirtualAppliance(address) => ("VirtualAppliance", Some(address)),
        UserRouteTarget::VirtualNetworkGateway => ("VirtualNetworkGateway", None),
        UserRouteTarget::VnetLocal => ("VnetLocal", None),
        UserRouteTarget::Internet => ("Internet", None),
        UserRouteTarget::None => ("None", None),
    };
    let name = route.name.clone().unwrap_or_else(|| format!("route-{n}"));
    json!({
        "name": name,
        "properties": given(json!({
            "addressPrefix": route.prefix,
            "nextHopType": kind,
            "nextHopIpAddress": address,
        })),
    })
}

fn interface(estate: &Estate, nic: &Nic, ids: &mut Ids) -> Value {
    // A NIC that does not say in which subnet it is is in none that there is.
    let subnet = nic.subnet.as_deref().unwrap_or("-");
    let pools = estate
        .load_balancers
        .iter()
        .filter(|balancer| balancer.backends.contains(&nic.name));
    let pools: Vec<Value> = pools.map(|balancer| pool(balancer, ids)).collect();
    let configuration = json!({
        "name": "ipconfig1",
        "properties": given(json!({
            "subnet": ids.subnet(&nic.vnet, subnet),
            "privateIPAddress": nic.ip,
            "loadBalancerBackendAddressPools": (!pools.is_empty()).then_some(pools),
        })),
    });
    let properties = json!({
        "ipConfigurations": [configuration],
        "enableIPForwarding": nic.forwarding,
    });
    ids.resource("networkInterfaces", &nic.name, properties)
}

/// A reference to the backends of a load balancer.
pub(super) fn pool(balancer: &LoadBalancer, ids: &mut Ids) -> Value {
    json!({"id": format!("{}/backendAddressPools/backends", ids.of("loadBalancers", &balancer.name))})
}

fn load_balancer(estate: &Estate, balancer: &LoadBalancer, ids: &mut Ids) -> Value {
    let vnet = estate.vnets.iter().find(|vnet| vnet.name == balancer.vnet);
    let subnet = vnet.and_then(|vnet| {
        let mut subnets = vnet.subnets.iter();
        subnets.find(|subnet| subnet.prefix.contains_address(balancer.frontend))
    });
    let subnet = subnet.map_or("-", |subnet| subnet.name.as_str());
    let properties = json!({
        "frontendIPConfigurations": [{
            "name": "frontend",
            "properties": {
                "subnet": ids.subnet(&balancer.vnet, subnet),
                "privateIPAddress": balancer.frontend,
            },
        }],
        "backendAddressPools": [{"name": "backends"}],
    });
    ids.resource("loadBalancers", &balancer.name, properties)
}
