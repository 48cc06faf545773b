//! Routes both ways between a daemon and both instances of a Route Server: announced, withdrawn,
//! asked for again, lost in silence, lost with the daemon, and always found again.

use std::net::Ipv4Addr;

use routehub_session::DownReason;
use routehub_speaker::EventKind;

use routehub_testkit::daemons::{Announced, Daemon, Heard, Kind, Restart, Router};
use routehub_testkit::isolated::{isolated, let_through};
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::{until, until_equal};

/// The addresses of the Route Server's instances.
pub(crate) const INSTANCES: [Ipv4Addr; 2] =
    [Ipv4Addr::new(10, 1, 255, 4), Ipv4Addr::new(10, 1, 255, 5)];

/// The address of the live NVA.
pub(crate) const NVA: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 4);

/// A hub with a Route Server, a live SD-WAN NVA and a modelled firewall, and a spoke with a VM.
pub(crate) const NETWORK: &str = "schema: routehub/1
title: A live NVA in a hub, a modelled one and a spoke beside it
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.1.255.0/26}]
  - {name: spoke, address_space: [10.2.0.0/16]}
  - {name: late, address_space: [10.3.0.0/16]}
peerings:
  - {hub: hub, spoke: spoke}
route_servers:
  - {name: rs, vnet: hub, branch_to_branch: true}
nvas:
  - {name: sdwan, vnet: hub, ip: 10.1.2.4, asn: 65001, sessions: [rs], live: true}
  - name: firewall
    vnet: hub
    ip: 10.1.3.4
    asn: 65002
    sessions: [rs]
    originates: [{prefix: 10.60.0.0/16, as_path: [65010], communities: ['65002:9']}]
nics:
  - {name: vm, vnet: spoke}
events:
  - {id: firewall-down, nva_down: {nva: firewall}}
  - {id: firewall-up, nva_up: {nva: firewall}}
  - {id: peer, add_peering: {hub: hub, spoke: late}}
  - {id: unpeer, remove_peering: {a: hub, b: late}}
";

/// The router that the file awaits.
pub(crate) fn router() -> Router {
    Router {
        address: NVA,
        asn: 65001,
        peers: INSTANCES.to_vec(),
        peer_asn: 65515,
        hold_time: 6,
        password: None,
        restart: Restart::Plain,
        passes_on: true,
        announces: vec![Announced {
            prefix: "10.250.0.0/16".to_owned(),
            communities: vec!["65001:7", "65001:8"],
        }],
    }
}

/// What the router hears from both instances, with the second spoke and the firewall or without.
fn told(with_late: bool, with_firewall: bool) -> Vec<Heard> {
    let mut told = Vec::new();
    for instance in INSTANCES {
        let route = |prefix: &str, as_path: &str, communities: &[&str]| Heard {
            from: instance.to_string(),
            prefix: prefix.to_owned(),
            as_path: as_path.to_owned(),
            next_hop: instance.to_string(),
            communities: communities.iter().map(ToString::to_string).collect(),
        };
        told.push(route("10.1.0.0/16", "65515", &[]));
        told.push(route("10.2.0.0/16", "65515", &["65518:65518"]));
        if with_late {
            told.push(route("10.3.0.0/16", "65515", &["65518:65518"]));
        }
        if with_firewall {
            let communities = ["65002:9", "65517:65517"];
            told.push(route("10.60.0.0/16", "65515 65002 65010", &communities));
        }
    }
    told
}

/// Waits until both sides know all of the other.
async fn agreed(lab: &Lab, daemon: &dyn Daemon) {
    let look = || lab.learned("sdwan");
    let rows = until("both instances learn", look, |rows| rows.len() == 2).await;
    for (row, instance) in rows.iter().zip(0..) {
        assert_eq!(row.prefix.to_string(), "10.250.0.0/16");
        assert_eq!(row.as_path.to_string(), "65001");
        assert_eq!(row.next_hop, Some(NVA.into()));
        let communities: Vec<String> = row.communities.iter().map(ToString::to_string).collect();
        assert_eq!(communities, ["65001:7", "65001:8"]);
        assert_eq!(row.instance, Some(instance));
    }
    assert_eq!(
        lab.next_hops("vm", "10.250.0.0/16").await,
        [NVA.to_string()]
    );
    until_equal("the daemon hears", || daemon.heard(), &told(false, true)).await;
}

/// Waits until nothing is known of the NVA any more.
async fn forgotten(lab: &Lab) {
    let look = || lab.learned("sdwan");
    until("all is withdrawn", look, Vec::is_empty).await;
    assert!(lab.next_hops("vm", "10.250.0.0/16").await.is_empty());
}

/// What the model does beside the daemon reaches it, and the daemon gets all again when it asks.
async fn changes_and_refreshes(lab: &mut Lab, daemon: &dyn Daemon) {
    lab.happen("firewall-down").await;
    until_equal("a withdrawal", || daemon.heard(), &told(false, false)).await;
    lab.happen("firewall-up").await;
    until_equal("it is back", || daemon.heard(), &told(false, true)).await;

    let before = daemon.updates(INSTANCES[0]);
    if daemon.refresh() {
        let look = || std::future::ready(daemon.updates(INSTANCES[0]));
        until("a refresh", look, |now| *now >= before + 3).await;
        until_equal("the same again", || daemon.heard(), &told(false, true)).await;
    }

    // a Route Server asks in its turn when a network is peered.
    lab.happen("peer").await;
    if daemon.answers_refresh() {
        lab.notice("all of it again", 2, has_learned).await;
    }
    until_equal("a spoke", || daemon.heard(), &told(true, true)).await;
    lab.happen("unpeer").await;
    agreed(lab, daemon).await;
}

/// What it announces and withdraws as it runs is learned and gone; once announced, it is there again
/// after a reset too, and once withdrawn it is not.
async fn changes_its_routes(lab: &Lab, daemon: &dyn Daemon) {
    let added = Announced {
        prefix: "10.251.0.0/16".to_owned(),
        communities: vec!["65001:9"],
    };
    let learned = || async {
        let rows = lab.learned("sdwan").await.into_iter();
        rows.map(|row| row.prefix.to_string()).collect::<Vec<_>>()
    };
    let (own, other) = ("10.250.0.0/16", "10.251.0.0/16");
    daemon.announce(&added);
    let both = |seen: &Vec<String>| *seen == [own, own, other, other];
    until("another route", learned, both).await;
    daemon.withdraw(own);
    let only = |seen: &Vec<String>| *seen == [other, other];
    until("the first is withdrawn", learned, only).await;
    let_through(false);
    until("hold timers expire", learned, Vec::is_empty).await;
    let_through(true);
    until("the same again", learned, only).await;
    daemon.announce(&router().announces[0]);
    until("the first again", learned, both).await;
    daemon.withdraw(other);
    agreed(lab, daemon).await;
}

/// Whether a run of updates has ended with the one route of the daemon.
fn has_learned(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Learned { routes: 1 })
}

async fn both_ways(kind: Kind) {
    let mut lab = Lab::start(NETWORK).await;
    assert_eq!(lab.server.addresses().len(), 2);
    let Some(daemon) = kind.start(&router()) else {
        return;
    };
    lab.notice("both instances learn", 2, has_learned).await;
    agreed(&lab, daemon.as_ref()).await;
    changes_and_refreshes(&mut lab, daemon.as_ref()).await;
    changes_its_routes(&lab, daemon.as_ref()).await;

    lab.noticed();
    let_through(false);
    let silent = |kind: &EventKind| matches!(kind, EventKind::Down(DownReason::HoldTimerExpired));
    lab.notice("hold timers expire", 2, silent).await;
    forgotten(&lab).await;
    let gone = || std::future::ready(daemon.established());
    until("the daemon's expire too", gone, |count| *count == 0).await;
    let_through(true);
    agreed(&lab, daemon.as_ref()).await;

    drop(daemon.process());
    forgotten(&lab).await;
    let daemon = kind.start(&router()).expect("it is installed");
    agreed(&lab, daemon.as_ref()).await;
    daemon.process().terminate();
    forgotten(&lab).await;
    assert_eq!(lab.server.refused(), 0);
    lab.stop().await;
}

fn test(kind: Kind) {
    let addresses = INSTANCES.into_iter().chain([NVA]);
    isolated(addresses, move || both_ways(kind));
}

#[test]
fn bird_and_both_instances_exchange_routes_and_lose_and_find_each_other() {
    test(Kind::Bird);
}

#[test]
fn exabgp_and_both_instances_exchange_routes_and_lose_and_find_each_other() {
    test(Kind::Exabgp);
}

#[test]
fn frr_and_both_instances_exchange_routes_and_lose_and_find_each_other() {
    test(Kind::Frr);
}

#[test]
fn gobgp_and_both_instances_exchange_routes_and_lose_and_find_each_other() {
    test(Kind::Gobgp);
}

#[test]
fn openbgpd_and_both_instances_exchange_routes_and_lose_and_find_each_other() {
    test(Kind::Openbgpd);
}
