//! Requests, one by one.

use serde_json::json;

use crate::azure::{Azure, GROUP, network, run};

#[test]
fn what_is_written_runs_and_its_routes_are_shown() {
    let mut azure = Azure::with_hub_and_spoke();
    let hub = azure.get(&network("virtualHubs/rs"));
    assert_eq!(
        hub["properties"]["virtualRouterIps"],
        json!(["10.0.6.4", "10.0.6.5"])
    );
    let half = azure.get(&network(
        "virtualNetworks/hub/virtualNetworkPeerings/to-spoke",
    ));
    assert_eq!(half["properties"]["peeringState"], "Connected");
    let learned = azure.post(&network("virtualHubs/rs/bgpConnections/nva/learnedRoutes"));
    assert_eq!(learned["RouteServiceRole_IN_1"][0]["asPath"], "65001");
    let advertised = azure.post(&network(
        "virtualHubs/rs/bgpConnections/nva/advertisedRoutes",
    ));
    assert_eq!(
        advertised["RouteServiceRole_IN_0"][1]["network"],
        "10.1.0.0/16"
    );
    assert_eq!(azure.next_hops("192.168.0.0/16"), json!(["10.0.4.4"]));
    let machine = format!("{GROUP}/providers/Microsoft.Compute/virtualMachines/vm");
    let watcher = azure.get("/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Network/networkWatchers");
    let watcher = watcher["value"][0]["id"]
        .as_str()
        .expect("a watcher")
        .to_owned();
    let packet = json!({
        "targetResourceId": machine, "sourceIPAddress": "10.1.0.4",
        "destinationIPAddress": "192.168.7.7",
    });
    let hop = azure.done("POST", &format!("{watcher}/nextHop"), &packet.to_string());
    assert_eq!(
        (&hop["nextHopType"], &hop["nextHopIpAddress"]),
        (&json!("VirtualNetworkGateway"), &json!("10.0.4.4"))
    );
}

#[test]
fn a_machine_that_is_stopped_takes_its_routes_along() {
    let mut azure = Azure::with_hub_and_spoke();
    let machine = format!("{GROUP}/providers/Microsoft.Compute/virtualMachines/nva");
    azure.post(&format!("{machine}/deallocate"));
    assert_eq!(azure.next_hops("192.168.0.0/16"), json!([]));
    azure.post(&format!("{machine}/start"));
    assert_eq!(azure.next_hops("192.168.0.0/16"), json!(["10.0.4.4"]));
}

#[test]
fn what_azure_refuses_is_refused_with_its_code_and_nothing_is_lost() {
    let mut azure = Azure::with_hub_and_spoke();
    let before = azure.endpoint.kept();
    let peer = |ip: &str, asn: u32| json!({"properties": {"peerIp": ip, "peerAsn": asn}});
    let vnet = |space: &str| json!({"properties": {"addressSpace": {"addressPrefixes": [space]}}});
    let rs = network("virtualHubs/rs/bgpConnections/other");
    let subnet = network("virtualNetworks/hub/subnets/other");
    let subnet_of = |prefix: &str| json!({"properties": {"addressPrefix": prefix}});
    let cases = [
        (rs.clone(), peer("10.0.4.9", 65515), 400, "InvalidPeerAsn"),
        (rs.clone(), peer("x", 65002), 400, "InvalidIPAddress"),
        (rs, peer("10.0.4.4", 65002), 400, "InvalidOperation"),
        (
            network("virtualHubs/none/bgpConnections/a"),
            peer("10.0.4.9", 65002),
            404,
            "ParentResourceNotFound",
        ),
        (
            network("virtualNetworks/new"),
            vnet("10.0.0.1/16"),
            400,
            "InvalidCIDRNotation",
        ),
        (
            network("virtualNetworks/new"),
            json!({"properties": []}),
            400,
            "InvalidRequestContent",
        ),
        (
            network("virtualNetworks/hub"),
            vnet("10.7.0.0/16"),
            400,
            "NetcfgInvalidSubnet",
        ),
        (
            subnet.clone(),
            subnet_of("10.9.0.0/24"),
            400,
            "NetcfgInvalidSubnet",
        ),
        (
            subnet,
            subnet_of("10.0.4.128/25"),
            400,
            "NetcfgSubnetRangesOverlap",
        ),
        (
            network("networkInterfaces/x"),
            json!({"properties": {"ipConfigurations": [{"properties": {
                "privateIPAddress": "10.0.4.4",
                "subnet": {"id": network("virtualNetworks/hub/subnets/nva")}}}]}}),
            400,
            "PrivateIPAddressInUse",
        ),
        (
            network("networkInterfaces/x"),
            json!({"properties": {"ipConfigurations": [{"properties": {
                "subnet": {"id": network("virtualNetworks/hub/subnets/none")}}}]}}),
            400,
            "InvalidResourceReference",
        ),
        (
            network("networkInterfaces/nva"),
            json!({"tags": {"routehub_originates": "10.0.0.0/33"}, "properties": {"ipConfigurations": [
                {"properties": {"privateIPAddress": "10.0.4.4",
                    "subnet": {"id": network("virtualNetworks/hub/subnets/nva")}}}]}}),
            400,
            "InvalidTagValue",
        ),
        (
            network("virtualNetworkGateways/gw"),
            json!({"properties": {"gatewayType": "Vpn", "ipConfigurations": [{"properties": {
                "subnet": {"id": network("virtualNetworks/hub/subnets/nva")}}}]}}),
            400,
            "InvalidOperation",
        ),
        (
            GROUP.replace("/rg", "/none") + "/providers/Microsoft.Network/virtualNetworks/v",
            vnet("10.7.0.0/16"),
            404,
            "ResourceGroupNotFound",
        ),
    ];
    for (path, body, status, code) in cases {
        assert_eq!(
            azure.code("PUT", &path, &body),
            (status, code.to_owned()),
            "{path}"
        );
    }
    for (path, code) in [
        ("virtualNetworks/hub", "InUseSubnetCannotBeDeleted"),
        (
            "virtualNetworks/hub/subnets/nva",
            "InUseSubnetCannotBeDeleted",
        ),
        ("publicIPAddresses/pip", "PublicIPAddressCannotBeDeleted"),
    ] {
        assert_eq!(
            azure.code("DELETE", &network(path), &json!({})),
            (400, code.to_owned()),
            "{path}"
        );
    }
    assert_eq!(azure.endpoint.kept(), before);
    assert_eq!(azure.next_hops("192.168.0.0/16"), json!(["10.0.4.4"]));
}

#[test]
fn the_ninth_peer_is_one_too_many() {
    let mut azure = Azure::with_hub_and_spoke();
    for n in 2..=8 {
        azure.put(
            &network(&format!("virtualHubs/rs/bgpConnections/p{n}")),
            &json!({"properties": {"peerIp": format!("10.0.4.{}", 10 + n), "peerAsn": 65100 + n}}),
        );
    }
    let ninth = json!({"properties": {"peerIp": "10.0.4.99", "peerAsn": 65109}});
    let code = azure.code("PUT", &network("virtualHubs/rs/bgpConnections/p9"), &ninth);
    assert_eq!(
        code,
        (
            400,
            "MaximumLocalNetworkSitesLimitReachedForGateway".to_owned()
        )
    );
}

#[test]
fn overlapping_networks_and_those_without_gateways_are_not_peered() {
    let mut azure = Azure::with_hub_and_spoke();
    let vnet = |space: &str| json!({"properties": {"addressSpace": {"addressPrefixes": [space]}}});
    azure.put(&network("virtualNetworks/same"), &vnet("10.0.0.0/8"));
    azure.put(&network("virtualNetworks/empty"), &vnet("10.9.0.0/16"));
    let half = |to: &str, uses: bool| {
        let remote = json!({"id": network(&format!("virtualNetworks/{to}"))});
        json!({"properties": {"remoteVirtualNetwork": remote, "useRemoteGateways": uses}})
    };
    let path = |from: &str| network(&format!("virtualNetworks/{from}/virtualNetworkPeerings/p"));
    let code = azure.code("PUT", &path("same"), &half("hub", false));
    assert_eq!(code, (400, "VnetAddressSpacesOverlap".to_owned()));
    let code = azure.code("PUT", &path("spoke"), &half("empty", true));
    assert_eq!(code, (400, "RemoteVnetHasNoGateways".to_owned()));
    let code = azure.code("PUT", &path("spoke"), &half("hub", false));
    assert_eq!(
        code,
        (400, "AnotherPeeringAlreadyReferencesRemoteVnet".to_owned())
    );
}

#[test]
fn a_half_without_its_other_is_disconnected_and_carries_nothing() {
    let mut azure = Azure::with_hub_and_spoke();
    azure.done(
        "DELETE",
        &network("virtualNetworks/hub/virtualNetworkPeerings/to-spoke"),
        "",
    );
    let half = azure.get(&network(
        "virtualNetworks/spoke/virtualNetworkPeerings/to-hub",
    ));
    assert_eq!(half["properties"]["peeringState"], "Disconnected");
    assert_eq!(azure.next_hops("192.168.0.0/16"), json!([]));
}

#[test]
fn documents_are_kept_and_taken_up_again() {
    let mut azure = Azure::with_hub_and_spoke();
    let kept = azure.endpoint.kept().to_string();
    let mut other = Azure::new();
    let change = other.endpoint.take_up(&kept).expect("JSON");
    other.exchange = run(&change);
    other.endpoint.commit(change);
    assert_eq!(
        other.next_hops("192.168.0.0/16"),
        azure.next_hops("192.168.0.0/16")
    );
    let [there, here] = [&mut other, &mut azure].map(|azure| azure.get(&network("virtualHubs/rs")));
    assert_eq!(there["properties"], here["properties"]);
}

#[test]
fn names_stay_when_another_group_has_a_resource_of_that_name() {
    let mut azure = Azure::with_hub_and_spoke();
    let other = GROUP.replace("/rg", "/other");
    azure.put(&other, &json!({"location": "westeurope"}));
    azure.put(
        &format!("{other}/providers/Microsoft.Network/virtualNetworks/hub"),
        &json!({"properties": {"addressSpace": {"addressPrefixes": ["10.50.0.0/16"]}}}),
    );
    let names: Vec<&str> = azure
        .exchange
        .estate()
        .vnets
        .iter()
        .map(|vnet| &*vnet.name)
        .collect();
    assert_eq!(names, ["other-hub", "hub", "spoke"]);
}

#[test]
fn a_connection_comes_as_a_template_without_quotes() {
    let mut azure = Azure::with_hub_and_spoke();
    azure.put(
        &network("virtualNetworks/hub/subnets/GatewaySubnet"),
        &json!({"properties": {"addressPrefix": "10.0.7.0/26"}}),
    );
    let subnet = json!({"id": network("virtualNetworks/hub/subnets/GatewaySubnet")});
    let gateway = azure.put(
        &network("virtualNetworkGateways/gw"),
        &json!({"properties": {"gatewayType": "Vpn", "activeActive": true, "ipConfigurations": [
            {"name": "a", "properties": {"subnet": subnet}},
            {"name": "b", "properties": {"subnet": subnet}}]}}),
    );
    assert_eq!(
        gateway["properties"]["bgpSettings"]["bgpPeeringAddress"],
        "10.0.7.4,10.0.7.5"
    );
    azure.put(
        &network("localNetworkGateways/branch"),
        &json!({"tags": {"routehub_routes": "10.200.0.0/16"}, "properties": {
            "localNetworkAddressSpace": {"addressPrefixes": []},
            "bgpSettings": {"asn": 65101, "bgpPeeringAddress": "172.31.0.1"}}}),
    );
    let template = format!(
        r#"{{"properties": {{"mode": "incremental", "parameters": {{"key": {{"value": "k"}}}}, template: {{
            "parameters": {{"key": {{"type": "securestring"}}}},
            "resources": [{{"type": "Microsoft.Network/connections", "name": "c1", "apiVersion": "2015-06-15",
                "location": "westeurope", "properties": {{"connectionType": "IPSec", "enableBgp": true,
                "sharedKey": "[parameters('key')]",
                "virtualNetworkGateway1": {{"id": "{}"}}, "localNetworkGateway2": {{"id": "{}"}}}}}}],
            "outputs": {{"resource": {{"type": "object", "value": "[reference('c1')]"}}}}}}}}}}"#,
        network("virtualNetworkGateways/gw"),
        network("localNetworkGateways/branch"),
    );
    let deployment = format!("{GROUP}/providers/Microsoft.Resources/deployments/d1");
    let answer = azure.done("PUT", &deployment, &template);
    assert_eq!(
        answer["properties"]["outputs"]["resource"]["value"]["sharedKey"],
        "k"
    );
    let learned = azure.post(&network("virtualNetworkGateways/gw/getLearnedRoutes"));
    let learned = learned["value"].as_array().expect("rows").clone();
    assert!(
        learned
            .iter()
            .any(|row| row["network"] == "10.200.0.0/16" && row["asPath"] == "65101")
    );
    let status = azure.post(&network(
        "virtualNetworkGateways/gw/getBgpPeerStatus?peer=172.31.0.1",
    ));
    assert_eq!(status["value"].as_array().map(Vec::len), Some(2));
    let sent = azure.post(&network(
        "virtualNetworkGateways/gw/getAdvertisedRoutes?peer=172.31.0.1",
    ));
    assert_eq!(sent["value"][0]["network"], "10.0.0.0/16");
}

#[test]
fn hostile_requests_get_an_error_and_lose_nothing() {
    let mut azure = Azure::with_hub_and_spoke();
    let before = azure.endpoint.kept();
    let deep = format!("{}1{}", r#"{"a":"#.repeat(90), "}".repeat(90));
    let bodies = [
        "",
        "[]",
        "1",
        "{",
        "null",
        "\"x\"",
        r#"{"properties": 3}"#,
        r#"{"properties": {"addressSpace": 3}}"#,
        &deep,
        "\u{0}",
    ];
    let long = "a".repeat(10_000);
    let paths = [
        network("virtualNetworks/x"),
        network("virtualHubs/rs/bgpConnections/x"),
        network("virtualNetworks/hub/subnets/x"),
        network("virtualNetworks/hub/virtualNetworkPeerings/x"),
        format!("{GROUP}/providers/Microsoft.Resources/deployments/x"),
        network(&format!("virtualNetworks/{long}/subnets/{long}")),
        "/".to_owned(),
        "//%00/%ff/..".to_owned(),
        "/subscriptions".to_owned(),
    ];
    for method in ["PUT", "PATCH", "POST", "OPTIONS", "DELETE"] {
        for path in &paths {
            for body in bodies {
                let answer = azure.send(method, path, body);
                let is_delete = method == "DELETE" && answer.status == 204;
                assert!(
                    answer.status >= 400 || is_delete,
                    "{method} {path} {body}: {answer:?}"
                );
            }
        }
    }
    assert_eq!(azure.endpoint.kept(), before);
}
