//! A question about a name that nothing has is an error with the nearest name, never an empty answer.

use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{Nic, Nva, RouteServer, Vnet};
use routehub::{Estate, Event, Network, Profile, ShareCursor, TableId, TableKind};

fn network() -> Network {
    let estate = Estate {
        vnets: vec![Vnet::new("hub", ["10.0.0.0/16".parse().expect("a prefix")])],
        route_servers: vec![RouteServer::new("rs", "hub").with_ips([[10, 0, 1, 4], [10, 0, 1, 5]])],
        nvas: vec![Nva::new("nva", "hub", Ipv4Addr::new(10, 0, 4, 4), 65001).with_sessions("rs")],
        nics: vec![Nic::new("vm", "hub").with_ip([10, 0, 4, 9])],
        ..Estate::default()
    };
    Network::new(&Profile::default(), estate).expect("a network")
}

fn says<T>(asked: Result<T, impl std::fmt::Display>, wanted: &str) {
    let unknown = asked.err().map(|unknown| unknown.to_string());
    assert_eq!(unknown.as_deref(), Some(wanted));
}

#[test]
fn tables_in_shares_are_of_what_there_is() {
    let network = network();
    let table = |kind, owner: &str, peer: Option<&str>| TableId {
        kind,
        owner: owner.to_owned(),
        peer: peer.map(str::to_owned),
    };
    let known = table(TableKind::NicEffective, "vm", None);
    let from = ShareCursor::default();
    assert!(network.table_share(&known, from, 16).is_ok());
    assert!(network.rows_about(&known, &[]).is_ok() && network.rows_beside(&known).is_ok());
    for (id, wanted) in [
        (
            table(TableKind::NicEffective, "wm", None),
            "there is no NIC `wm`; did you mean `vm`?",
        ),
        (
            table(TableKind::RsLearned, "rs", Some("nvu")),
            "there is no NVA `nvu`; did you mean `nva`?",
        ),
        (
            table(TableKind::RsLearned, "sr", Some("nva")),
            "there is no Route Server `sr`; did you mean `rs`?",
        ),
    ] {
        says(network.table_share(&id, from, 16), wanted);
        says(network.rows_about(&id, &[]), wanted);
        says(network.rows_beside(&id), wanted);
    }
}

#[test]
fn an_event_that_names_what_is_not_there_says_what_was_meant() {
    let mut network = network();
    let applied = network.apply(&Event::nva_down("nvu"));
    says(applied, "there is no NVA `nvu`; did you mean `nva`?");
}

#[test]
fn networks_and_instances_are_those_there_are() {
    let network = network();
    assert!(network.vnet_routes("hub").is_ok());
    says(
        network.vnet_routes("hob"),
        "there is no virtual network `hob`; did you mean `hub`?",
    );
    let first = IpAddr::from([10, 0, 1, 4]);
    assert_eq!(network.instance_address("rs", 0), Ok(first));
    says(
        network.instance_address("sr", 0),
        "there is no Route Server `sr`; did you mean `rs`?",
    );
    says(
        network.instance_address("rs", 2),
        "there is no Route Server instance `rs/2`",
    );
}
