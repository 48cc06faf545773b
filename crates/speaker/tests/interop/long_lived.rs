//! A daemon that does not come back in time (RFC 9494): its routes stay for longer, marked for a
//! neighbour that takes such and withdrawn from one that does not, and go after their time; and
//! nothing is lost if it comes back before.

use std::net::{IpAddr, Ipv4Addr};

use routehub_scenario::Scenario;
use routehub_session::SweepReason;
use routehub_speaker::EventKind;
use routehub_speaker::sink::Sinks;
use routehub_testkit::daemons::{Announced, Bird, Kind, Restart, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::until;

use crate::both_ways::INSTANCES;
use crate::restart::Told;

const PREFIX: &str = "10.250.0.0/16";

/// The daemon asks for half a minute, and gets less.
const NETWORK: &str = "schema: routehub/1
title: A plain route server that keeps a client's routes for long
profile: open
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.1.255.0/26}]
  - {name: spoke, address_space: [10.2.0.0/16]}
peerings:
  - {hub: hub, spoke: spoke}
route_servers:
  - {name: rs, vnet: hub}
nvas:
  - {name: first, vnet: hub, ip: 10.1.2.11, asn: 65001, sessions: [{route_server: rs, instances: [0]}],
     live: true, graceful_restart: true, long_lived_graceful_restart: true, long_lived_stale_time: 20}
  - {name: taking, vnet: hub, ip: 10.1.2.12, asn: 65002, sessions: [{route_server: rs, instances: [0]}], live: true}
  - {name: plain, vnet: hub, ip: 10.1.2.13, asn: 65003, sessions: [{route_server: rs, instances: [0]}], live: true}
";

fn host(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, 2, host)
}

fn first(restart: Restart) -> Router {
    Router {
        address: host(11),
        asn: 65001,
        peers: vec![INSTANCES[0]],
        peer_asn: 65515,
        hold_time: 6,
        password: None,
        restart,
        passes_on: false,
        announces: vec![Announced {
            prefix: PREFIX.to_owned(),
            communities: Vec::new(),
        }],
    }
}

/// A BIRD that only listens, and says whether it takes long-lived stale routes.
fn listener(number: u8, long_lived: &str) -> Option<Bird> {
    let (own, server) = (host(10 + number), INSTANCES[0]);
    let asn = 65000 + u32::from(number);
    Bird::start(&format!(
        "log stderr all;
router id {own};
protocol device {{ }}
protocol bgp server {{
  local {own} as {asn};
  neighbor {server} as 65515;
  strict bind;
  multihop;
  connect retry time 1;
  connect delay time 1;
  long lived graceful restart {long_lived};
  ipv4 {{ import all; export none; }};
}}
"
    ))
}

/// Whether it has the daemon's route, and if so whether that is marked.
fn has(bird: &Bird) -> Option<bool> {
    let shown = bird.ask(&format!("show route {PREFIX} all"));
    shown
        .contains("BGP.as_path: 65001")
        .then(|| shown.contains("(65535,6)"))
}

async fn restarts(kind: Kind) {
    let told = Told::default();
    let sinks = Sinks {
        sinks: vec![Box::new(told.clone())],
        ..Sinks::default()
    };
    let scenario = Scenario::parse(NETWORK).expect("a network");
    let mut lab = Lab::serve_with(scenario, sinks).await;
    let (taking, plain) = (listener(2, "aware"), listener(3, "off"));
    let Some((taking, plain)) = taking.zip(plain) else {
        return;
    };
    let Some(daemon) = kind.start(&first(Restart::LongLived)) else {
        return;
    };
    let look = || std::future::ready((has(&taking), has(&plain)));
    let fresh = (Some(false), Some(false));
    until("both have the route", look, |has| *has == fresh).await;
    let seen = || std::future::ready(told.seen());
    let next_hop: Vec<IpAddr> = vec![host(11).into()];
    until("the networks have it", seen, |seen| {
        seen.last() == Some(&next_hop)
    })
    .await;

    daemon.process().kill();
    let kept = |kind: &EventKind| matches!(kind, EventKind::Retained(_));
    lab.notice("its routes stay", 1, kept).await;
    let begins = |kind: &EventKind| matches!(kind, EventKind::LongLivedStale(..));
    lab.notice("they stay for long", 1, begins).await;
    let marked = (Some(true), None);
    until("one has it marked", look, |has| *has == marked).await;
    assert_eq!(lab.learned("first").await.len(), 1);

    let back = first(Restart::LongLivedBack);
    let daemon = kind.start(&back).expect("it is installed");
    until("both have it again", look, |has| *has == fresh).await;
    let lost = told.seen().contains(&Vec::new());
    assert!(!lost, "lost for a moment: {:?}", told.seen());

    // Without a word it is gone when its time is over.
    daemon.process().kill();
    lab.notice("they stay for long again", 1, begins).await;
    until("one has it marked again", look, |has| *has == marked).await;
    let over =
        |kind: &EventKind| matches!(kind, EventKind::Swept(_, SweepReason::LongLivedStaleTime));
    lab.notice("their time is over", 1, over).await;
    until("nobody has it", look, |has| *has == (None, None)).await;
    assert_eq!(lab.learned("first").await.len(), 0);
    lab.stop().await;
}

fn test(kind: Kind) {
    let addresses = [11, 12, 13].map(host);
    isolated(INSTANCES.into_iter().chain(addresses), move || {
        restarts(kind)
    });
}

#[test]
fn bird_comes_back_late_or_never() {
    test(Kind::Bird);
}

#[test]
fn frr_comes_back_late_or_never() {
    test(Kind::Frr);
}

#[test]
fn gobgp_comes_back_late_or_never() {
    test(Kind::Gobgp);
}
