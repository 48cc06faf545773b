//! Events that change, add or remove any object of a network.

use std::path::Path;

use routehub::estate::{Estate, Object, ObjectName};
use routehub::{Event, EventError, Network};
use routehub_scenario::{Scenario, parse_events};

use crate::support::{files, labs, read};

/// A file of `tests/data/field/azure`.
fn field(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field/azure");
    std::fs::read_to_string(folder.join(name)).expect("the file is there")
}

/// The network of a field file, with other events.
fn with_events(events: &str) -> String {
    let text = field("set-any-field.yaml");
    let network = text.split("events:").next().expect("what stands before");
    format!("{network}events:\n{events}")
}

/// Every object of an estate.
fn objects(estate: &Estate) -> Vec<ObjectName> {
    let mut all = Vec::new();
    all.extend(estate.vnets.iter().cloned().map(Object::Vnet));
    for vnet in &estate.vnets {
        all.extend(vnet.subnets.iter().cloned().map(|subnet| {
            Object::Subnet(routehub::estate::VnetSubnet {
                vnet: vnet.name.clone(),
                subnet,
            })
        }));
    }
    all.extend(estate.peerings.iter().cloned().map(Object::Peering));
    all.extend(
        estate
            .route_servers
            .iter()
            .cloned()
            .map(Object::RouteServer),
    );
    all.extend(estate.nvas.iter().cloned().map(Object::Nva));
    all.extend(estate.gateways.iter().cloned().map(Object::Gateway));
    all.extend(estate.circuits.iter().cloned().map(Object::Circuit));
    all.extend(estate.sites.iter().cloned().map(Object::Site));
    all.extend(estate.route_tables.iter().cloned().map(Object::RouteTable));
    all.extend(estate.nics.iter().cloned().map(Object::Nic));
    let endpoints = estate.private_endpoints.iter();
    all.extend(endpoints.cloned().map(Object::PrivateEndpoint));
    let balancers = estate.load_balancers.iter();
    all.extend(balancers.cloned().map(Object::LoadBalancer));
    all.extend(estate.route_maps.iter().cloned().map(Object::RouteMap));
    all.iter().map(Object::name).collect()
}

/// The kind and the name as a file has them.
fn written(name: &ObjectName) -> String {
    match name {
        ObjectName::Nic(name) => format!("nic: '{name}'"),
        ObjectName::PrivateEndpoint(name) => format!("private_endpoint: '{name}'"),
        ObjectName::LoadBalancer(name) => format!("load_balancer: '{name}'"),
        ObjectName::Subnet(name) => format!("subnet: '{}/{}'", name.vnet, name.name),
        ObjectName::Nva(name) => format!("nva: '{name}'"),
        ObjectName::RouteServer(name) => format!("route_server: '{name}'"),
        ObjectName::Gateway(name) => format!("gateway: '{name}'"),
        ObjectName::Circuit(name) => format!("circuit: '{name}'"),
        ObjectName::Site(name) => format!("site: '{name}'"),
        ObjectName::Peering(ends) => format!("peering: ['{}', '{}']", ends.a, ends.b),
        ObjectName::RouteTable(name) => format!("route_table: '{name}'"),
        ObjectName::RouteMap(name) => format!("route_map: '{name}'"),
        ObjectName::Vnet(name) => format!("vnet: '{name}'"),
    }
}

#[test]
fn every_object_of_every_lab_and_field_file_is_written_and_read_back() {
    let mut read_back = 0;
    let azure = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/field/azure");
    for (lab, text) in labs().into_iter().chain(files(&azure)) {
        let scenario = read(&lab, &text);
        for name in objects(&scenario.estate) {
            let text = format!("{{id: x, set: {{{}}}}}", written(&name));
            let events = parse_events(&text, &scenario.estate, true);
            let events = events.unwrap_or_else(|wrong| panic!("{lab}: {name:?}: {wrong:?}"));
            let [(_, Event::Set(object))] = &events[..] else {
                panic!("{events:?}");
            };
            assert_eq!(
                Some(&**object),
                scenario.estate.object(&name).as_ref(),
                "{lab}"
            );
            read_back += 1;
        }
    }
    assert!(read_back > 300, "{read_back}");
}

#[test]
fn what_is_wrong_with_a_change_is_told_as_of_a_file() {
    for (event, told) in [
        (
            "set: {vnet: spoke, adress_space: [10.1.0.0/16]}",
            "unknown key `adress_space` in VNet `spoke`; did you mean `address_space`?",
        ),
        (
            "set: {vnt: spoke}",
            "unknown key `vnt`; did you mean `vnet`?",
        ),
        (
            "set: {vnet: spok}",
            "there is no VNet `spok`; did you mean `spoke`?",
        ),
        (
            "set: {subnet: spoke/wrk, route_table: rt}",
            "there is no subnet `wrk`; did you mean `work`?",
        ),
        (
            "set: {vnet: spoke, address_space: [10.1.0.1/16]}",
            "prefix has host bits: 10.1.0.0/16 is meant",
        ),
        (
            "set: {vnet: spoke, name: other}",
            "an object keeps its name",
        ),
        ("set: {peering: hub/spok}", "there is no VNet `spok`"),
        (
            "set: {nic: vm, route_table: nort}",
            "there is no route table `nort`",
        ),
        ("add: {nics: {name: x, vnet: hub}}", "did you mean `nic`?"),
        ("add: {nic: {name: x}}", "NIC `x` lacks the key `vnet`"),
        (
            "add: {nic: {name: vm, vnet: hub}}",
            "the name `vm` belongs to a NIC already",
        ),
        (
            "add: {nic: {name: x, vnet: hubb}}",
            "NIC `x`: there is no VNet `hubb`",
        ),
        (
            "add: {peering: {hub: hub, spoke: spoke}}",
            "are peered already",
        ),
        (
            "add: {subnet: {name: spoke/work, prefix: 10.1.1.0/24}}",
            "the name `work` belongs to a subnet already",
        ),
        ("remove: {subnet: work}", "a subnet is named with its VNet"),
        (
            "remove: {route_table: rtt}",
            "there is no route table `rtt`; did you mean `rt`?",
        ),
        (
            "remove: {site: branch}",
            "gateway `gw`: there is no site `branch`",
        ),
        (
            "remove: {vnet: a, nic: b}",
            "one object is expected, not `vnet` and `nic`",
        ),
        (
            "set: {gateway: gw, connections: [{site: branchh}]}",
            "there is no site `branchh`; did you mean `branch`?",
        ),
    ] {
        let text = with_events(&format!("  - {{id: change, {event}}}\n"));
        let wrong = Scenario::parse(&text).expect_err(event);
        let line = text.lines().count();
        assert!(wrong[0].to_string().contains(told), "{event}: {}", wrong[0]);
        assert_eq!(wrong[0].at.line, line, "{event}");
    }
}

#[test]
fn an_event_is_checked_against_the_estate_that_those_before_it_make() {
    let text = with_events(
        "  - {id: gone, remove: {peering: {a: hub, b: spoke}}}\n  \
         - {id: other space, set: {vnet: spoke, address_space: [10.0.0.0/8], subnets: []}}\n  \
         - {id: no subnet, set: {nic: vm, subnet: null}}\n  \
         - {id: again, add: {peering: {hub: hub, spoke: spoke}}}\n",
    );
    let wrong = Scenario::parse(&text).expect_err("it does not fit");
    let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("event `other space`: NIC `vm`: there is no subnet `work`"));
    assert!(
        told[1].contains("event `again`") && told[1].contains("(R-123)"),
        "{told:?}"
    );
}

#[test]
fn a_change_that_does_not_fit_leaves_the_network_as_it_was() {
    let scenario = read("set-any-field", &field("set-any-field.yaml"));
    let mut network = scenario.network().expect("it settles");
    let before = network.snapshot();
    let mut hub = scenario.estate.vnets[0].clone();
    hub.address_space = vec!["10.1.0.0/16".parse().expect("a prefix")];
    let refused = network.apply(&Event::Set(Box::new(Object::Vnet(hub))));
    assert!(
        matches!(refused, Err(EventError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(before, network.snapshot());
}

/// What every NIC and every peer sees after the events of a text.
fn seen(events: &str) -> Network {
    let scenario = read("events", &with_events(events));
    let mut network = scenario.network().expect("it settles");
    for (id, event) in &scenario.events {
        network
            .apply(event)
            .unwrap_or_else(|error| panic!("{id}: {error}"));
    }
    network
}

#[test]
fn what_events_did_before_holds_after_an_object_changed() {
    let down = "  - {id: a, nva_down: {nva: nva}}\n  - {id: b, advertise: {nva: nva, routes: [{prefix: 9.0.0.0/8}]}}\n  - {id: c, connection_down: {gateway: gw, to: branch}}\n";
    let change = "  - {id: d, set: {vnet: spoke, address_space: [10.1.0.0/16, 10.2.0.0/16]}}\n";
    let up =
        "  - {id: e, nva_up: {nva: nva}}\n  - {id: f, connection_up: {gateway: gw, to: branch}}\n";
    let network = seen(&format!("{down}{change}"));
    assert!(network.rs_learned("rs", "nva").expect("a name").is_empty());
    assert!(
        network
            .on_prem_learned("branch")
            .expect("a name")
            .is_empty()
    );
    let network = seen(&format!("{down}{change}{up}"));
    let learned = network.rs_learned("rs", "nva").expect("a name");
    assert_eq!(
        learned.len(),
        4,
        "both prefixes at both instances: {learned:?}"
    );
    assert_eq!(
        network.snapshot(),
        seen(&format!("{down}{up}{change}")).snapshot()
    );
}

#[test]
fn a_changed_peering_refreshes_as_a_new_one_does() {
    let off = "  - {id: off, set: {peering: hub/spoke, b_to_a: {use_remote_gateways: false}}}\n";
    let on = "  - {id: on, set: {peering: hub/spoke, b_to_a: {use_remote_gateways: true}}}\n";
    let refreshes = |events: &str| {
        let sessions = seen(events).sessions("rs", "nva").expect("a name");
        sessions.iter().map(|row| row.route_refreshes).sum::<u32>()
    };
    assert_eq!(refreshes(off), 0);
    assert_eq!(refreshes(&format!("{off}{on}")), 2);
}

#[test]
fn an_event_of_an_object_reports_what_it_changes() {
    let scenario = read("set-any-field", &field("set-any-field.yaml"));
    let mut network = scenario.network().expect("it settles");
    let estate = network.estate().clone();
    let text = "{id: x, set: {nva: nva, originates: [{prefix: 192.168.0.0/16}, {prefix: 192.168.9.0/24}]}}";
    let events = parse_events(text, &estate, false).expect("an event");
    let report = network.apply(&events[0].1).expect("it fits");
    let changed: Vec<String> = report
        .best_paths
        .iter()
        .map(|of| format!("{} {:?}", of.speaker, of.prefixes))
        .collect();
    assert!(report.links.is_empty(), "{:?}", report.links);
    assert!(
        changed.iter().all(|of| of.ends_with("[192.168.9.0/24]")),
        "{changed:?}"
    );
    assert!(
        changed.iter().any(|of| of.starts_with("rs/0 ")),
        "{changed:?}"
    );
}

#[test]
fn what_a_user_changes_in_the_portal_is_an_event() {
    let scenario = read("set-any-field", &field("set-any-field.yaml"));
    for report in scenario.check().expect("it settles") {
        assert_eq!(report.failures(), 0, "{report}");
    }
}

#[test]
fn r182_a_session_whose_peer_gets_another_asn_or_address_counts_a_reset() {
    let text = field("../rules/sessions-of-other-ends-reset.yaml");
    let reports = read("sessions", &text).check().expect("it settles");
    assert_eq!(reports.len(), 3);
    for report in reports {
        assert_eq!(report.failures(), 0, "{report}");
    }
}
