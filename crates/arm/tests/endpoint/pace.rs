//! What takes its time, as in Azure.

use std::time::Duration;

use routehub_arm::Pace;
use routehub_exchange::Event;
use routehub_types::Instant;
use serde_json::{Value, json};

use crate::azure::{Azure, network};

/// Minutes after the start.
fn minute(minutes: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(60 * minutes)
}

fn real() -> Pace {
    "1x".parse().expect("a factor")
}

/// A hub with a gateway and a subnet for a Route Server, made at once; from here on everything
/// takes its time.
fn with_gateway() -> Azure {
    let mut azure = Azure::new();
    let subnets = [
        ("nva", "10.0.4.0/24"),
        ("RouteServerSubnet", "10.0.6.0/26"),
        ("GatewaySubnet", "10.0.7.0/26"),
    ];
    let subnets: Vec<Value> = subnets
        .iter()
        .map(|(name, prefix)| json!({"name": name, "properties": {"addressPrefix": prefix}}))
        .collect();
    azure.put(
        &network("virtualNetworks/hub"),
        &json!({"properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}}),
    );
    let subnet = json!({"id": network("virtualNetworks/hub/subnets/GatewaySubnet")});
    azure.put(
        &network("virtualNetworkGateways/gw"),
        &json!({"properties": {"gatewayType": "Vpn", "activeActive": true, "ipConfigurations": [
            {"name": "a", "properties": {"subnet": subnet}},
            {"name": "b", "properties": {"subnet": subnet}}]}}),
    );
    azure.put(
        &network("virtualHubs/rs"),
        &json!({"properties": {"sku": "Standard"}}),
    );
    azure.with_pace(real())
}

fn configuration() -> Value {
    json!({"properties": {
        "subnet": {"id": network("virtualNetworks/hub/subnets/RouteServerSubnet")}}})
}

const CONFIGURATION: &str = "virtualHubs/rs/ipConfigurations/Default";

fn header<'a>(answer: &'a routehub_arm::Response, name: &str) -> Option<&'a str> {
    let mut headers = answer.headers.iter();
    let (_, value) = headers.find(|(own, _)| *own == name)?;
    Some(value)
}

/// The path of a URL that an answer names.
fn path(answer: &routehub_arm::Response, name: &str) -> String {
    let url = header(answer, name).expect("it is there");
    let path = url.strip_prefix("https://localhost:8443");
    path.expect("it is here").to_owned()
}

#[test]
fn a_route_server_is_there_after_its_time_and_clients_can_ask_how_far_it_is() {
    let mut azure = with_gateway();
    let answer = azure.send("PUT", &network(CONFIGURATION), &configuration().to_string());
    assert_eq!(answer.status, 201);
    let body = answer.body.clone().expect("a body");
    assert_eq!(body["properties"]["provisioningState"], "Updating");
    assert_eq!(header(&answer, "retry-after"), Some("10"));
    assert_eq!(header(&answer, "location"), None);
    let status = path(&answer, "azure-asyncoperation");
    azure.pass(minute(29));
    assert_eq!(azure.get(&status), json!({"status": "InProgress"}));
    let hub = azure.get(&network("virtualHubs/rs"));
    assert_eq!(hub["properties"]["routingState"], "Provisioning");
    assert_eq!(hub["properties"]["virtualRouterIps"], json!([]));
    azure.pass(minute(30));
    assert_eq!(azure.get(&status)["status"], "Succeeded");
    let hub = azure.get(&network("virtualHubs/rs"));
    assert_eq!(hub["properties"]["routingState"], "Provisioned");
    assert_eq!(hub["properties"]["virtualRouterIps"][0], "10.0.6.4");
    let made = azure.get(&network(CONFIGURATION));
    assert_eq!(made["properties"]["provisioningState"], "Succeeded");
    assert_eq!(azure.endpoint.due(azure.at), None);
}

#[test]
fn the_gateways_of_its_network_are_interrupted_meanwhile() {
    let mut azure = with_gateway();
    azure.at = minute(1);
    let put = azure.begin("PUT", &network(CONFIGURATION), &configuration());
    let down = put.events();
    assert_eq!(down.len(), 2);
    assert!(matches!(&down[0], Event::GatewayInstanceDown(own) if own.gateway == "gw"));
    let findings = put.findings();
    assert_eq!((findings.len(), &*findings[0].subject), (1, "gw"));
    azure.commit(put);
    assert_eq!(azure.endpoint.due(azure.at), Some(minute(11)));
    let up = azure.endpoint.advance(minute(11)).expect("a change");
    assert!(up.runs_otherwise() && up.events().is_empty());
    assert_eq!(up.news(), ["gw is no longer interrupted (R-138)"]);
    azure.commit(up);
    azure.pass(minute(31));
    let delete = azure.begin("DELETE", &network(CONFIGURATION), &json!({}));
    assert_eq!(delete.events().len(), 2);
}

#[test]
fn what_needs_what_is_being_done_is_refused_until_it_is_done() {
    let mut azure = with_gateway();
    azure.send("PUT", &network(CONFIGURATION), &configuration().to_string());
    let peer = json!({"properties": {"peerIp": "10.0.4.4", "peerAsn": 65001}});
    let connection = network("virtualHubs/rs/bgpConnections/nva");
    let subnet = network("virtualNetworks/hub/subnets/other");
    let prefix = json!({"properties": {"addressPrefix": "10.0.8.0/24"}});
    let early = azure.code("PUT", &connection, &peer);
    let wanted = "HubBgpConnectionParentHubMustHaveProvisionedRoutingState";
    assert_eq!(early, (400, wanted.to_owned()));
    let wanted = (409, "AnotherOperationInProgress".to_owned());
    assert_eq!(azure.code("PUT", &subnet, &prefix), wanted);
    assert_eq!(
        azure.code("DELETE", &network(CONFIGURATION), &json!({})),
        wanted
    );
    azure.pass(minute(30));
    assert_eq!(azure.send("PUT", &subnet, &prefix.to_string()).status, 201);
    let nic = json!({"properties": {"ipConfigurations": [{"name": "a", "properties": {
        "subnet": {"id": subnet}}}]}});
    let wanted = (409, "ReferencedResourceNotProvisioned".to_owned());
    assert_eq!(
        azure.code("PUT", &network("networkInterfaces/vm"), &nic),
        wanted
    );
    assert_eq!(
        azure.send("PUT", &connection, &peer.to_string()).status,
        201
    );
}

#[test]
fn what_is_deleted_is_there_until_it_is_gone() {
    let mut azure = with_gateway();
    let gateway = network("virtualNetworkGateways/gw");
    let answer = azure.send("DELETE", &gateway, "");
    assert_eq!((answer.status, &answer.body), (202, &None));
    let result = path(&answer, "location");
    let there = azure.get(&gateway);
    assert_eq!(there["properties"]["provisioningState"], "Deleting");
    assert_eq!(azure.exchange.estate().gateways.len(), 1);
    // Whoever starts again finds it done.
    assert!(!azure.endpoint.kept().to_string().contains("\"gw\""));
    assert_eq!(azure.send("GET", &result, "").status, 202);
    azure.pass(minute(10));
    assert_eq!(azure.send("GET", &result, "").status, 204);
    assert_eq!(azure.send("GET", &gateway, "").status, 404);
    assert_eq!(azure.exchange.estate().gateways.len(), 0);
}

#[test]
fn questions_take_their_time_too() {
    let mut azure = Azure::with_hub_and_spoke().with_pace(real());
    let question = network("networkInterfaces/vm/effectiveRouteTable");
    let answer = azure.send("POST", &question, "");
    assert_eq!(answer.status, 202);
    let result = path(&answer, "location");
    assert_eq!(azure.send("GET", &result, "").status, 202);
    azure.pass(minute(1));
    let routes = azure.get(&result);
    assert!(
        routes["value"]
            .as_array()
            .is_some_and(|rows| rows.len() > 2)
    );
}

#[test]
fn a_change_whose_network_cannot_run_has_failed_and_can_be_made_again() {
    let mut azure = with_gateway();
    let subnet = network("virtualNetworks/hub/subnets/other");
    let prefix = json!({"properties": {"addressPrefix": "10.0.8.0/24"}});
    let answer = azure.send("PUT", &subnet, &prefix.to_string());
    let change = azure.endpoint.advance(minute(1)).expect("a change");
    azure.at = minute(1);
    azure.endpoint.give_up(change, &"no room");
    let status = azure.get(&path(&answer, "azure-asyncoperation"));
    assert_eq!(status["status"], "Failed");
    assert_eq!(status["error"]["message"], "no room");
    let there = azure.get(&subnet);
    assert_eq!(there["properties"]["provisioningState"], "Failed");
    let prefix = json!({"properties": {"addressPrefix": "10.0.9.0/24"}});
    azure.send("PUT", &subnet, &prefix.to_string());
    azure.pass(minute(2));
    let there = azure.get(&subnet);
    assert_eq!(there["properties"]["provisioningState"], "Succeeded");
    let subnets = &azure.exchange.estate().vnets[0].subnets;
    assert!(subnets.iter().any(|subnet| subnet.name == "other"));
}

#[test]
fn a_faster_clock_makes_it_shorter() {
    let mut azure = with_gateway().with_pace("60x".parse().expect("a factor"));
    azure.send("PUT", &network(CONFIGURATION), &configuration().to_string());
    assert_eq!(
        azure.endpoint.due(azure.at),
        Some(Instant::from_millis(10_000))
    );
    azure.pass(Instant::from_millis(30_000));
    let hub = azure.get(&network("virtualHubs/rs"));
    assert_eq!(hub["properties"]["routingState"], "Provisioned");
}
