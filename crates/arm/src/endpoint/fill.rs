//! What Azure adds to a resource when it shows it: states, defaults, and what follows from others.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::network::Network;
use super::state::Operations;
use super::store::Store;
use crate::resource::{Fields, ResourceId};

/// A resource as answers show it; none if it is not there.
pub(super) fn shown(
    store: &Store,
    network: &Network,
    operations: &Operations,
    id: &ResourceId,
) -> Option<Value> {
    let mut value = store.get(id)?.as_object()?.clone();
    let mut properties = match value.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    let state = operations.state_of(id);
    properties.insert("provisioningState".to_owned(), json!(state));
    for (list, parts) in store.lists(id) {
        let parts = parts
            .iter()
            .filter_map(|part| shown(store, network, operations, part));
        properties.insert(list.to_owned(), parts.collect());
    }
    let own = store.fields(id)?;
    let mut filling = Filling { properties };
    match id.kind().as_str() {
        "virtualhubs" => filling.hub(store, network, operations, id),
        "virtualhubs/ipconfigurations" => {
            filling.default("privateIPAllocationMethod", json!("Dynamic"));
        }
        "virtualnetworks/virtualnetworkpeerings" => filling.peering(store, id, own),
        "virtualnetworks" => filling.default("enableDdosProtection", json!(false)),
        "virtualnetworks/subnets" => filling.subnet(),
        "virtualnetworkgateways" => filling.gateway(network, id, own),
        "connections" => {
            let gateway = own.reference("virtualNetworkGateway1");
            let known = gateway.is_some_and(|gateway| network.names.knows(&gateway));
            let state = if known { "Connected" } else { "NotConnected" };
            filling.set("connectionStatus", json!(state));
        }
        "networkinterfaces" => filling.nic(store, id),
        "publicipaddresses" => {
            filling.default("publicIPAddressVersion", json!("IPv4"));
            filling.default("publicIPAllocationMethod", json!("Dynamic"));
            filling.default("idleTimeoutInMinutes", json!(4));
        }
        "routetables" => filling.default("disableBgpRoutePropagation", json!(false)),
        "routetables/routes" => filling.set("hasBgpOverride", json!(false)),
        "expressroutecircuits" => {
            filling.default("circuitProvisioningState", json!("Enabled"));
            filling.default("serviceProviderProvisioningState", json!("Provisioned"));
            filling.default("serviceKey", json!(crate::resource::SUBSCRIPTION));
        }
        "expressroutecircuits/peerings" => filling.circuit_peering(id),
        _ => {}
    }
    value.insert("properties".to_owned(), Value::Object(filling.properties));
    value.insert("etag".to_owned(), json!(store.etag(id)));
    Some(Value::Object(value))
}

/// The properties of a resource while they are filled in.
struct Filling {
    properties: Map<String, Value>,
}

impl Filling {
    fn set(&mut self, key: &str, value: Value) {
        self.properties.insert(key.to_owned(), value);
    }

    /// Sets what is not there.
    fn default(&mut self, key: &str, value: Value) {
        let own = self.properties.entry(key).or_insert(Value::Null);
        if own.is_null() {
            *own = value;
        }
    }

    /// A Route Server has addresses from its IP configuration on.
    fn hub(&mut self, store: &Store, network: &Network, operations: &Operations, id: &ResourceId) {
        let references = |list| -> Value {
            let parts = store.parts(id, list);
            let ids = parts.filter_map(|(part, _)| Some(json!({"id": store.written(part)?})));
            ids.collect()
        };
        let name = network.names.name(id);
        let mut servers = network.estate.route_servers.iter();
        let server = servers.find(|server| server.name == name);
        let addresses = server.and_then(|server| network.estate.instance_addresses(server));
        let addresses: Vec<String> = addresses
            .into_iter()
            .flatten()
            .map(|address| address.to_string())
            .collect();
        let is_being_made = || {
            let mut parts = operations.provisioned();
            parts.any(|part| part.parent().as_ref() == Some(id))
        };
        let state = match addresses.is_empty() {
            false => "Provisioned",
            true if is_being_made() => "Provisioning",
            true => "None",
        };
        let own = store.fields(id);
        let asn = own.and_then(|own| own.number("virtualRouterAsn"));
        self.set("virtualRouterIps", json!(addresses));
        self.set("routingState", json!(state));
        self.set("virtualRouterAsn", json!(asn.unwrap_or(65515)));
        self.default("sku", json!("Standard"));
        self.default("allowBranchToBranchTraffic", json!(false));
        self.default("hubRoutingPreference", json!("ExpressRoute"));
        self.default("preferredRoutingGateway", json!("ExpressRoute"));
        self.default(
            "virtualRouterAutoScaleConfiguration",
            json!({"minCapacity": 2}),
        );
        self.default("virtualHubRouteTableV2s", json!([]));
        self.set("bgpConnections", references("bgpConnections"));
        self.set("ipConfigurations", references("ipConfigurations"));
    }

    fn peering(&mut self, store: &Store, id: &ResourceId, own: Fields<'_>) {
        let far = own.reference("remoteVirtualNetwork");
        self.set("peeringState", json!(store.peering_state(id, own)));
        self.set("peeringSyncLevel", json!("FullyInSync"));
        let far = far.and_then(|far| store.fields(&far));
        if let Some(space) = far.and_then(|far| far.field("addressSpace")) {
            self.set("remoteAddressSpace", space.0.clone());
            self.set("remoteVirtualNetworkAddressSpace", space.0.clone());
        }
        let flags = [
            ("allowVirtualNetworkAccess", true),
            ("allowForwardedTraffic", false),
            ("allowGatewayTransit", false),
            ("useRemoteGateways", false),
            ("doNotVerifyRemoteGateways", false),
            ("peerCompleteVnets", true),
        ];
        for (flag, value) in flags {
            self.default(flag, json!(value));
        }
    }

    fn subnet(&mut self) {
        self.default("delegations", json!([]));
        self.default("privateEndpointNetworkPolicies", json!("Disabled"));
        self.default("privateLinkServiceNetworkPolicies", json!("Enabled"));
    }

    fn gateway(&mut self, network: &Network, id: &ResourceId, own: Fields<'_>) {
        let name = network.names.name(id);
        let addresses = network.estate.gateway_addresses(&name);
        let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        let mut settings = match self.properties.remove("bgpSettings") {
            Some(Value::Object(settings)) => settings,
            _ => Map::new(),
        };
        settings.entry("asn").or_insert(json!(65515));
        settings.entry("peerWeight").or_insert(json!(0));
        settings.insert("bgpPeeringAddress".to_owned(), json!(texts.join(",")));
        let written = own.text("id").unwrap_or_default();
        let named = own
            .items("ipConfigurations")
            .map(|own| own.text("name").unwrap_or("default"));
        let each = named.zip(&texts).map(|(name, address)| {
            json!({
                "ipconfigurationId": format!("{written}/ipConfigurations/{name}"),
                "defaultBgpIpAddresses": [address],
                "customBgpIpAddresses": [],
                "tunnelIpAddresses": [],
            })
        });
        settings.insert("bgpPeeringAddresses".to_owned(), each.collect());
        self.set("bgpSettings", Value::Object(settings));
        self.default("activeActive", json!(false));
        self.default("enableBgp", json!(false));
        self.default("gatewayType", json!("Vpn"));
    }

    fn nic(&mut self, store: &Store, id: &ResourceId) {
        let written = store.written(id).unwrap_or_default();
        let own = self
            .properties
            .get_mut("ipConfigurations")
            .and_then(Value::as_array_mut);
        for (n, part) in own.into_iter().flatten().enumerate() {
            let Some(part) = part.as_object_mut() else {
                continue;
            };
            let name = part
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or("ipconfig1")
                .to_owned();
            part.insert(
                "id".to_owned(),
                json!(format!("{written}/ipConfigurations/{name}")),
            );
            part.insert("name".to_owned(), json!(name));
            if let Some(Value::Object(properties)) = part.get_mut("properties") {
                properties.insert("provisioningState".to_owned(), json!("Succeeded"));
                properties
                    .entry("privateIPAllocationMethod")
                    .or_insert(json!("Dynamic"));
                properties
                    .entry("privateIPAddressVersion")
                    .or_insert(json!("IPv4"));
                properties.insert("primary".to_owned(), json!(n == 0));
            }
        }
        self.default("enableIPForwarding", json!(false));
        self.default("enableAcceleratedNetworking", json!(false));
        if let Some(machine) = store.machine_of(id) {
            self.set("virtualMachine", json!({"id": machine}));
        }
    }

    fn circuit_peering(&mut self, id: &ResourceId) {
        let kind = if id.last().contains("microsoft") {
            "MicrosoftPeering"
        } else {
            "AzurePrivatePeering"
        };
        self.default("peeringType", json!(kind));
        self.default("state", json!("Enabled"));
        self.default("azureASN", json!(12076));
    }
}
