//! Two real routers and what passes from one to the other: branch-to-branch, switched while they
//! are connected, and NO_ADVERTISE.

use std::net::Ipv4Addr;

use crate::both_ways::{INSTANCES, NVA, router};
use routehub_testkit::daemons::{Announced, Daemon, Heard, Kind, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::{until, until_equal};

const FIREWALL: Ipv4Addr = Ipv4Addr::new(10, 1, 3, 4);

const NETWORK: &str = "schema: routehub/1
title: Two live NVAs in a hub
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.1.255.0/26}]
route_servers:
  - {name: rs, vnet: hub}
nvas:
  - {name: sdwan, vnet: hub, ip: 10.1.2.4, asn: 65001, sessions: [rs], live: true}
  - {name: firewall, vnet: hub, ip: 10.1.3.4, asn: 65002, sessions: [rs], live: true}
nics:
  - {name: vm, vnet: hub}
events:
  - {id: together, set_branch_to_branch: {route_server: rs, value: true}}
  - {id: alone, set_branch_to_branch: {route_server: rs, value: false}}
";

fn firewall() -> Router {
    let route = |prefix: &str, communities| Announced {
        prefix: prefix.to_owned(),
        communities,
    };
    Router {
        address: FIREWALL,
        asn: 65002,
        announces: vec![
            route("10.60.0.0/16", vec!["65002:9"]),
            route("10.61.0.0/16", vec!["65535:65282"]),
        ],
        ..router()
    }
}

/// What a router hears: the hub, and routes of the other one.
fn told(routes: &[(&str, &str, &[&str])]) -> Vec<Heard> {
    let mut told = Vec::new();
    for instance in INSTANCES {
        let all = [("10.1.0.0/16", "65515", [].as_slice())];
        for (prefix, as_path, communities) in all.iter().chain(routes) {
            told.push(Heard {
                from: instance.to_string(),
                prefix: (*prefix).to_owned(),
                as_path: (*as_path).to_owned(),
                next_hop: instance.to_string(),
                communities: communities.iter().map(ToString::to_string).collect(),
            });
        }
    }
    told
}

async fn two(sdwan: Kind, other: Kind) {
    let lab = Lab::start(NETWORK).await;
    let (Some(sdwan), Some(other)) = (sdwan.start(&router()), other.start(&firewall())) else {
        return;
    };
    for prefix in ["10.60.0.0/16", "10.61.0.0/16"] {
        let look = || lab.next_hops("vm", prefix);
        let there = |hops: &Vec<String>| *hops == [FIREWALL.to_string()];
        until("the VM has it", look, there).await;
    }
    let hears = |daemon: &dyn Daemon| daemon.heard();
    until_equal("only the hub", || hears(sdwan.as_ref()), &told(&[])).await;
    until_equal("only the hub", || hears(other.as_ref()), &told(&[])).await;

    // R-092; the route with NO_ADVERTISE stays.
    let communities = ["65002:9", "65517:65517"];
    let passed_on = told(&[("10.60.0.0/16", "65515 65002", &communities)]);
    let communities = ["65001:7", "65001:8", "65517:65517"];
    let back = told(&[("10.250.0.0/16", "65515 65001", &communities)]);
    for _ in 0..2 {
        lab.happen("together").await;
        until_equal("the other's", || hears(sdwan.as_ref()), &passed_on).await;
        until_equal("the other's", || hears(other.as_ref()), &back).await;
        lab.happen("alone").await;
        until_equal("the hub again", || hears(sdwan.as_ref()), &told(&[])).await;
        until_equal("the hub again", || hears(other.as_ref()), &told(&[])).await;
    }
    assert_eq!(
        lab.next_hops("vm", "10.61.0.0/16").await,
        [FIREWALL.to_string()]
    );
    assert_eq!(
        lab.next_hops("vm", "10.250.0.0/16").await,
        [NVA.to_string()]
    );
    assert_eq!((sdwan.established(), other.established()), (2, 2));
    lab.stop().await;
}

#[test]
fn branch_to_branch_is_switched_under_frr_and_exabgp_and_no_advertise_is_kept() {
    let addresses = INSTANCES.into_iter().chain([NVA, FIREWALL]);
    isolated(addresses, || two(Kind::Frr, Kind::Exabgp));
}
