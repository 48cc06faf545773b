//! What an event says that it changed, and that it leaves nothing out.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{
    Estate, Nic, Nva, NvaSession, Origination, Peering, RouteServer, Routes, Vnet,
};
use routehub::{EffectiveRow, Event, Instance, Network, NvaSessions, Profile};
use routehub_types::Asn;

fn vnet(name: &str, space: &str) -> Vnet {
    Vnet {
        name: name.into(),
        address_space: vec![space.parse().expect("a prefix")],
        ..Vnet::default()
    }
}

fn nva(name: &str, last: u8, asn: u32, prefixes: &[&str]) -> Nva {
    let prefixes = prefixes.iter().map(|one| one.parse().expect("a prefix"));
    Nva {
        sessions: vec![NvaSession::both("rs")],
        originates: vec![Origination {
            routes: Routes {
                prefixes: prefixes.collect(),
                ..Routes::default()
            },
            ..Origination::default()
        }],
        ..Nva::new(name, "hub", Ipv4Addr::new(10, 0, 4, last), Asn(asn))
    }
}

fn network() -> Network {
    let estate = Estate {
        vnets: vec![
            vnet("hub", "10.0.0.0/16"),
            vnet("spoke", "10.1.0.0/16"),
            vnet("alone", "10.2.0.0/16"),
        ],
        peerings: vec![Peering::hub_and_spoke("hub", "spoke")],
        route_servers: vec![RouteServer {
            ips: Some([4, 5].map(|last| IpAddr::V4(Ipv4Addr::new(10, 0, 6, last)))),
            ..RouteServer::new("rs", "hub")
        }],
        nvas: vec![
            nva("one", 4, 65001, &["192.168.1.0/24", "192.168.2.0/24"]),
            nva("two", 5, 65002, &["192.168.2.0/24"]),
        ],
        nics: ["hub", "spoke", "alone"]
            .map(|vnet| Nic {
                name: format!("in-{vnet}"),
                vnet: vnet.into(),
                ..Nic::default()
            })
            .into(),
        ..Estate::default()
    };
    Network::new(&Profile::default(), estate).expect("it settles")
}

fn down(nva: &str) -> Event {
    Event::NvaDown(NvaSessions {
        nva: nva.into(),
        ..NvaSessions::default()
    })
}

#[test]
fn a_failure_names_sessions_best_paths_and_networks() {
    let mut network = network();
    let report = network.apply(&down("one")).expect("it settles");
    assert_eq!(
        report.to_string(),
        "one - rs/0: down
one - rs/1: down
rs/0: best paths to 192.168.1.0/24, 192.168.2.0/24
rs/1: best paths to 192.168.1.0/24, 192.168.2.0/24
machines in hub, spoke may have other routes
"
    );
    assert!(report.moved.is_empty());
}

#[test]
fn an_event_without_effect_says_so() {
    let mut network = network();
    network.apply(&down("one")).expect("it settles");
    let again = network.apply(&down("one")).expect("it settles");
    assert!(again.is_empty());
    assert_eq!(again.to_string(), "nothing changes\n");
}

#[test]
fn what_an_event_that_is_refused_left_behind_is_not_in_the_next_report() {
    let mut network = network();
    network.apply(&down("nobody")).expect_err("there is none");
    assert!(
        network
            .apply(&Event::Withdraw {
                nva: "one".into(),
                prefixes: Vec::new(),
                to: None,
                instance: None,
            })
            .expect("it settles")
            .is_empty()
    );
}

fn seen(network: &Network) -> BTreeMap<String, Vec<EffectiveRow>> {
    let nics = network.estate().nics.iter();
    nics.map(|nic| {
        (
            nic.vnet.clone(),
            network.nic_effective(&nic.name).expect("a name"),
        )
    })
    .collect()
}

#[test]
fn networks_that_are_not_named_see_what_they_saw() {
    let mut network = network();
    let instance = |down: bool| {
        let one = Instance {
            route_server: "rs".into(),
            instance: 0,
        };
        if down {
            Event::InstanceDown(one)
        } else {
            Event::InstanceUp(one)
        }
    };
    let events = [
        down("two"),
        instance(true),
        Event::AddPeering(Peering::hub_and_spoke("hub", "alone")),
        instance(false),
        down("one"),
        Event::RemovePeering {
            a: "hub".into(),
            b: "spoke".into(),
        },
        Event::SetBranchToBranch {
            route_server: "rs".into(),
            value: true,
        },
    ];
    let mut before = seen(&network);
    let mut differed = 0;
    for event in &events {
        let report = network.apply(event).expect("it settles");
        let after = seen(&network);
        for (vnet, rows) in &after {
            if rows != &before[vnet] {
                differed += 1;
                assert!(
                    report.vnets.contains(vnet),
                    "{vnet} after {event:?}: {report:?}"
                );
            }
        }
        before = after;
    }
    assert!(differed > 4, "{differed}");
}
