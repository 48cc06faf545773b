//! Route Servers, their route maps, and NVAs as documents: a machine with a NIC, and a connection
//! for each Route Server.

use routehub_exchange::Estate;
use routehub_exchange::estate::{
    Nva, NvaSession, ROUTE_SERVER_SUBNET, RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule,
    RouteServer, RoutingPreference,
};
use routehub_types::{Asn, Community, Prefix};
use serde_json::{Value, json};

use super::fabric::pool;
use super::ids::{Ids, given, resource};
use crate::import::PREFIX;
use crate::resource::segment;

/// Peers of a Route Server up to which their order does not matter.
const UNORDERED: usize = 8;

/// The documents of an estate's Route Servers and NVAs.
pub(super) fn servers(estate: &Estate, ids: &mut Ids) -> Vec<Value> {
    let mut documents = Vec::new();
    for server in &estate.route_servers {
        documents.extend(route_server(server, ids));
    }
    for map in &estate.route_maps {
        let mut servers = estate.route_servers.iter();
        let uses = |server: &&RouteServer| {
            sessions(estate, &server.name).any(|own| has_map(own.1, &map.name))
        };
        let first = || estate.route_servers.first();
        if let Some(server) = servers.find(uses).or_else(first) {
            let hub = ids.of("virtualHubs", &server.name);
            let id = format!("{hub}/routeMaps/{}", segment(&map.name));
            documents.push(resource(&id, &map.name, route_map(map)));
        }
    }
    for nva in &estate.nvas {
        documents.extend(machine(estate, nva, ids));
    }
    for server in &estate.route_servers {
        let all: Vec<(&Nva, &NvaSession)> = sessions(estate, &server.name).collect();
        for (n, (nva, session)) in all.iter().enumerate() {
            // Connections come in the order of their names; who comes first matters beyond the limit.
            let name = match all.len() {
                ..=UNORDERED => segment(&nva.name),
                _ => format!("{n:03}-{}", segment(&nva.name)),
            };
            documents.push(connection(estate, nva, session, &name, ids));
        }
    }
    documents
}

/// The sessions with a Route Server, in the order of NVAs.
fn sessions<'a>(
    estate: &'a Estate,
    server: &'a str,
) -> impl Iterator<Item = (&'a Nva, &'a NvaSession)> {
    estate.nvas.iter().flat_map(move |nva| {
        let own = nva
            .sessions
            .iter()
            .filter(move |own| own.route_server == server);
        own.map(move |session| (nva, session))
    })
}

fn has_map(session: &NvaSession, map: &str) -> bool {
    let maps = [&session.inbound_route_map, &session.outbound_route_map];
    maps.into_iter().flatten().any(|own| own == map)
}

fn route_server(server: &RouteServer, ids: &mut Ids) -> [Value; 2] {
    let preference = match server.routing_preference {
        RoutingPreference::ExpressRoute => "ExpressRoute",
        RoutingPreference::VpnGateway => "VpnGateway",
        RoutingPreference::AsPath => "ASPath",
    };
    let properties = given(json!({
        "sku": "Standard",
        "virtualRouterIps": server.ips,
        "virtualRouterAsn": server.asn,
        "allowBranchToBranchTraffic": server.branch_to_branch,
        "hubRoutingPreference": preference,
    }));
    let hub = ids.resource("virtualHubs", &server.name, properties);
    let id = format!(
        "{}/ipConfigurations/Default",
        ids.of("virtualHubs", &server.name)
    );
    let subnet = ids.subnet(&server.vnet, ROUTE_SERVER_SUBNET);
    [hub, resource(&id, "Default", json!({"subnet": subnet}))]
}

/// The machine of an NVA, and its NIC if the estate has none with its address.
fn machine(estate: &Estate, nva: &Nva, ids: &mut Ids) -> Vec<Value> {
    let mut nics = estate.nics.iter();
    let own = nics.find(|nic| nic.vnet == nva.vnet && nic.ip == Some(nva.ip));
    let mut documents = Vec::new();
    let nic = match own {
        Some(nic) => ids.reference("networkInterfaces", &nic.name),
        None => {
            let name = format!("nva {}", nva.name);
            let vnet = estate.vnets.iter().find(|vnet| vnet.name == nva.vnet);
            let subnets = vnet.into_iter().flat_map(|vnet| &vnet.subnets);
            let mut subnets = subnets.filter(|subnet| subnet.prefix.contains_address(nva.ip));
            let subnet = subnets.next().map_or("-", |subnet| subnet.name.as_str());
            let pools = estate.load_balancers.iter();
            let pools = pools.filter(|balancer| balancer.backends.contains(&nva.name));
            let pools: Vec<Value> = pools.map(|balancer| pool(balancer, ids)).collect();
            let properties = json!({
                "enableIPForwarding": true,
                "ipConfigurations": [{
                    "name": "ipconfig1",
                    "properties": given(json!({
                        "subnet": ids.subnet(&nva.vnet, subnet),
                        "privateIPAddress": nva.ip,
                        "loadBalancerBackendAddressPools": (!pools.is_empty()).then_some(pools),
                    })),
                }],
            });
            let mut nic = ids.resource("networkInterfaces", &name, properties);
            nic["tags"] = json!({format!("{PREFIX}nic"): "none"});
            documents.push(nic);
            ids.reference("networkInterfaces", &name)
        }
    };
    let properties = json!({"networkProfile": {"networkInterfaces": [nic]}});
    documents.push(ids.resource("virtualMachines", &nva.name, properties));
    documents
}

fn connection(
    estate: &Estate,
    nva: &Nva,
    session: &NvaSession,
    name: &str,
    ids: &mut Ids,
) -> Value {
    let hub = ids.of("virtualHubs", &session.route_server);
    let maps = estate
        .route_servers
        .first()
        .map(|first| ids.of("virtualHubs", &first.name));
    let map = |own: &Option<String>| {
        let map = segment(own.as_ref()?);
        Some(json!({"id": format!("{}/routeMaps/{map}", maps.as_ref()?)}))
    };
    let routing = given(json!({
        "inboundRouteMap": map(&session.inbound_route_map),
        "outboundRouteMap": map(&session.outbound_route_map),
    }));
    let routing = routing.as_object().filter(|own| !own.is_empty()).cloned();
    let properties = given(json!({
        "peerIp": nva.ip,
        "peerAsn": nva.asn,
        "routingConfiguration": routing,
    }));
    resource(&format!("{hub}/bgpConnections/{name}"), name, properties)
}

fn route_map(map: &RouteMap) -> Value {
    let rules: Vec<Value> = map.rules.iter().map(rule).collect();
    json!({"rules": rules})
}

fn rule(rule: &RouteMapRule) -> Value {
    let next = if rule.continues {
        "Continue"
    } else {
        "Terminate"
    };
    json!({
        "name": rule.name,
        "nextStepIfMatched": next,
        "matchCriteria": rule.matches.iter().map(criterion).collect::<Vec<_>>(),
        "actions": rule.actions.iter().map(action).collect::<Vec<_>>(),
    })
}

fn texts<T: ToString>(list: &[T]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn numbers(asns: &[Asn]) -> Vec<String> {
    asns.iter().map(|asn| asn.0.to_string()).collect()
}

fn criterion(criterion: &RouteMapMatch) -> Value {
    use RouteMapMatch as M;
    let prefixes = |condition, list: &[Prefix]| json!({"matchCondition": condition, "routePrefix": texts(list)});
    let communities = |condition, list: &[Community]| json!({"matchCondition": condition, "community": texts(list)});
    let asns =
        |condition, list: &[Asn]| json!({"matchCondition": condition, "asPath": numbers(list)});
    match criterion {
        M::PrefixEquals(list) => prefixes("Equals", list),
        M::PrefixContains(list) => prefixes("Contains", list),
        M::CommunityEquals(list) => communities("Equals", list),
        M::CommunityContains(list) => communities("Contains", list),
        M::AsPathEquals(list) => asns("Equals", list),
        M::AsPathContains(list) => asns("Contains", list),
    }
}

fn action(action: &RouteMapAction) -> Value {
    use RouteMapAction as A;
    let with =
        |kind, key: &str, list: Vec<String>| json!({"type": kind, "parameters": [{key: list}]});
    match action {
        A::Drop => json!({"type": "Drop", "parameters": []}),
        A::ReplacePrefix(list) => with("Replace", "routePrefix", texts(list)),
        A::PrependAsPath(list) => with("Add", "asPath", numbers(list)),
        A::ReplaceAsPath(list) => with("Replace", "asPath", numbers(list)),
        A::AddCommunities(list) => with("Add", "community", texts(list)),
        A::ReplaceCommunities(list) => with("Replace", "community", texts(list)),
        A::RemoveCommunities(list) => with("Remove", "community", texts(list)),
    }
}
