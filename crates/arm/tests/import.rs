//! Networks made of what Azure's tools printed: public dumps, and small documents for each trap.

use std::fs;
use std::path::Path;

use routehub_arm::{Documents, Import};
use routehub_exchange::estate::{Connection, GatewayKind, UserRouteTarget};
use routehub_scenario::Scenario;

/// The import of all documents of a folder of `tests/data`.
fn folder(name: &str) -> Import {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let mut documents = Documents::new();
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("a file can be listed").path())
        .collect();
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).expect("a file can be read");
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        documents.add(&name, &text).expect("it is JSON");
    }
    documents.import()
}

/// The import of one document.
fn of(text: &str) -> Import {
    let mut documents = Documents::new();
    documents.add("document.json", text).expect("it is JSON");
    documents.import()
}

fn text(import: &Import) -> String {
    import.network_file("imported", "azure-2026")
}

fn remarks(import: &Import) -> Vec<&str> {
    import
        .remarks
        .iter()
        .map(|remark| remark.what.as_str())
        .collect()
}

#[test]
fn an_estate_of_two_hubs_shows_the_effective_routes_that_azure_printed() {
    let import = folder("hubless");
    assert_eq!(remarks(&import), Vec::<&str>::new());
    let scenario = Scenario::parse(&text(&import)).expect("it fits together");
    assert_eq!(*scenario.estate, import.estate);
    let reports = scenario.check().expect("it settles");
    let (rows, wrong) = reports.iter().fold((0, 0), |(rows, wrong), report| {
        (rows + report.hard, wrong + report.failures())
    });
    assert_eq!((rows, wrong), (20, 0), "{reports:?}");
}

#[test]
fn what_az_prints_flat_is_a_network() {
    let import = folder("az-flat");
    let scenario = Scenario::parse(&text(&import)).expect("it fits together");
    let estate = &scenario.estate;
    assert_eq!((estate.vnets.len(), estate.peerings.len()), (4, 3));
    let table = &estate.route_tables[0];
    let hop = UserRouteTarget::VirtualAppliance("10.2.0.4".parse().unwrap());
    assert_eq!(
        (table.routes[0].target, &*table.name),
        (hop, "rt-hub1-vnra")
    );
    assert!(!estate.peerings[0].a_to_b.allow_virtual_network_access);
}

/// Networks of a gateway with two connections: to a circuit of another subscription, and to a site.
const GATEWAYS: &str = r##"# az resource list
{"value": [
  {"id": "/subscriptions/A/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/hub",
   "name": "hub", "location": "westeurope",
   "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
     {"id": "/subscriptions/a/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/HUB/subnets/GatewaySubnet",
      "name": "GatewaySubnet", "properties": {"addressPrefix": "10.0.1.0/26"}}]}},
  {"id": "/subscriptions/A/resourceGroups/RG/providers/Microsoft.Network/virtualNetworkGateways/vpn",
   "name": "vpn", "properties": {"gatewayType": "Vpn", "activeActive": true, "bgpSettings": {"asn": 65515,
     "bgpPeeringAddress": "10.0.1.8,10.0.1.9"},
     "ipConfigurations": [{"properties": {"subnet": {"id": "/subscriptions/a/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/gatewaysubnet"}}}]}},
  {"id": "/subscriptions/A/resourceGroups/RG/providers/Microsoft.Network/virtualNetworkGateways/er",
   "name": "er", "properties": {"gatewayType": "ExpressRoute",
     "ipConfigurations": [{"properties": {"subnet": {"id": "/subscriptions/a/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/gatewaysubnet"}}}]}},
  {"id": "/subscriptions/A/resourceGroups/RG/providers/Microsoft.Network/localNetworkGateways/paris",
   "name": "paris", "properties": {"localNetworkAddressSpace": {"addressPrefixes": ["192.168.0.0/16", "172.16.0.1/32"]},
     "bgpSettings": {"asn": 65010, "bgpPeeringAddress": "172.16.0.1"}}},
  {"id": "/subscriptions/A/resourceGroups/RG/providers/Microsoft.Network/connections/c1",
   "name": "c1", "properties": {"connectionType": "IPsec", "enableBgp": true,
     "virtualNetworkGateway1": {"id": "/subscriptions/a/resourcegroups/rg/providers/microsoft.network/virtualnetworkgateways/VPN"},
     "localNetworkGateway2": {"id": "/subscriptions/a/resourceGroups/rg/providers/Microsoft.Network/localNetworkGateways/paris"}}},
  {"id": "/subscriptions/A/resourceGroups/RG/providers/Microsoft.Network/connections/c2",
   "name": "c2", "properties": {"connectionType": "ExpressRoute", "routingWeight": 10,
     "virtualNetworkGateway1": {"id": "/subscriptions/a/resourceGroups/rg/providers/Microsoft.Network/virtualNetworkGateways/er"},
     "peer": {"id": "/subscriptions/OTHER/resourceGroups/x/providers/Microsoft.Network/expressRouteCircuits/madrid"}}}
]}"##;

#[test]
fn gateways_sites_and_circuits_of_other_subscriptions_are_found_whatever_the_case_of_ids() {
    let import = of(GATEWAYS);
    assert_eq!(import.estate.check(), []);
    let [er, vpn] = import.estate.gateways.as_slice() else {
        panic!("{:?}", import.estate.gateways);
    };
    assert_eq!((er.kind, er.bgp_ips.len()), (GatewayKind::ExpressRoute, 0));
    assert_eq!((vpn.bgp_ips.len(), vpn.asn), (2, None));
    assert!(
        matches!(&er.connections[..], [Connection::Circuit { weight: 10, circuit, .. }] if circuit == "madrid")
    );
    let site = &import.estate.sites[0];
    assert_eq!(site.asn.map(|asn| asn.0), Some(65010));
    // The host route of the router comes with BGP; what else is given stands beside it.
    assert_eq!(site.static_prefixes, ["192.168.0.0/16".parse().unwrap()]);
    let remarks = remarks(&import).join("\n");
    assert!(
        remarks.contains("circuit madrid is in no document"),
        "{remarks}"
    );
    assert!(
        remarks.contains("what site paris announces is not known"),
        "{remarks}"
    );
}

#[test]
fn half_a_peering_of_a_network_that_is_there_is_left_out_and_told() {
    let import = of(r#"[
      {"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/a", "name": "a",
       "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
       "virtualNetworkPeerings": [{"name": "p", "peeringState": "Initiated", "remoteVirtualNetwork":
         {"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/b"}}]},
      {"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/b", "name": "b",
       "addressSpace": {"addressPrefixes": ["10.2.0.0/16"]}}]"#);
    assert_eq!(import.estate.peerings, []);
    assert_eq!(
        remarks(&import),
        ["the peering from a to b has no half in b, and is left out"]
    );
}

#[test]
fn a_peered_network_of_another_subscription_has_the_address_space_that_its_peering_says() {
    let import = of(r#"[
      {"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/spoke", "name": "spoke",
       "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
       "virtualNetworkPeerings": [{"name": "p", "peeringState": "Connected", "useRemoteGateways": true,
         "remoteAddressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "remoteVirtualNetwork":
         {"id": "/subscriptions/other/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/hub"}}]}]"#);
    assert_eq!(import.estate.check(), []);
    let hub = import.estate.vnets.iter().find(|vnet| vnet.name == "hub");
    assert_eq!(hub.unwrap().address_space, ["10.9.0.0/16".parse().unwrap()]);
    let peering = &import.estate.peerings[0];
    assert_eq!((&*peering.a, &*peering.b), ("hub", "spoke"));
    assert_eq!(remarks(&import).len(), 2);
}

#[test]
fn two_resources_of_one_name_are_told_apart_by_their_groups() {
    let vnet = |group: &str, space: &str| {
        format!(
            r#"{{"id": "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/vnet",
                "name": "vnet", "addressSpace": {{"addressPrefixes": ["{space}"]}}}}"#
        )
    };
    let text = format!(
        "[{}, {}]",
        vnet("one", "10.1.0.0/16"),
        vnet("two", "10.2.0.0/16")
    );
    let names: Vec<String> = of(&text)
        .estate
        .vnets
        .into_iter()
        .map(|vnet| vnet.name)
        .collect();
    assert_eq!(names, ["one-vnet", "two-vnet"]);
}

#[test]
fn whatever_json_says_an_import_comes_of_it() {
    for text in [
        "[]",
        "{}",
        "null",
        "3",
        r#""x""#,
        "[[[]]]",
        r#"{"value": {"value": 1}}"#,
        r#"{"id": 7}"#,
        r#"{"id": "/providers/"}"#,
        r#"{"id": "/subscriptions/s/providers/x"}"#,
        r#"{"id": "/providers/Microsoft.Network/virtualNetworks", "addressSpace": []}"#,
        r#"{"id": "/providers/Microsoft.Network/virtualHubs/h/bgpConnections", "peerIp": 1}"#,
        r#"{"RouteServiceRole_IN_0": 1}"#,
        r#"[{"nextHopType": 1, "state": []}]"#,
        r#"[{"network": "x", "asPath": 1}]"#,
        r#"{"format_version": "1.0", "values": []}"#,
    ] {
        let import = of(text);
        assert!(import.estate.vnets.len() <= 1, "{text}");
    }
}
