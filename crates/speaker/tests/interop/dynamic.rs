//! Daemons that nobody described: peers of a plain route server as long as they run, with a key of
//! their prefix and without.

use std::net::Ipv4Addr;

use routehub_speaker::EventKind;
use routehub_testkit::daemons::{Announced, Daemon, Kind, Restart, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::until;

use crate::both_ways::INSTANCES;

const NETWORK: &str = "schema: routehub/1
title: A plain route server and whoever comes
profile: open
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.1.255.0/26}]
route_servers:
  - name: rs
    vnet: hub
    dynamic_neighbors:
      - {prefix: 10.1.2.0/24, asn: [65001, 65002, 65003]}
      - {prefix: 10.1.3.0/24, asn: any, password: key-of-the-prefix, at_most: 2}
";

fn router(address: Ipv4Addr, asn: u32, password: Option<&'static str>) -> Router {
    Router {
        address,
        asn,
        peers: INSTANCES.to_vec(),
        peer_asn: 65515,
        hold_time: 6,
        password,
        restart: Restart::Plain,
        passes_on: true,
        announces: vec![Announced {
            prefix: format!("10.{}.0.0/16", asn - 65001 + 150),
            communities: vec!["65001:7"],
        }],
    }
}

/// How many instances have a router's own route, if it is there; it may send others back.
async fn routes(lab: &Lab, router: &'static str, own: &str) -> usize {
    let question = move |engine: &routehub::Engine| engine.exchange().rs_learned("rs", router);
    let rows = lab.server.ask(question).await.expect("an answer");
    let rows = rows.unwrap_or_default();
    rows.iter()
        .filter(|row| row.prefix.to_string() == own)
        .count()
}

/// How many peers there are.
async fn peers(lab: &Lab) -> usize {
    let count = lab.server.ask(|engine| engine.peers().count()).await;
    count.expect("an answer")
}

/// A daemon comes beside a BIRD, both exchange routes by way of us, and go.
async fn come_and_go(kind: Kind) {
    let mut lab = Lab::start(NETWORK).await;
    let [first, second] = [Ipv4Addr::new(10, 1, 2, 11), Ipv4Addr::new(10, 1, 2, 12)];
    let Some(bird) = Kind::Bird.start(&router(first, 65001, None)) else {
        return;
    };
    let Some(daemon) = kind.start(&router(second, 65002, None)) else {
        return;
    };
    let look = || routes(&lab, "10.1.2.12", "10.151.0.0/16");
    until("both instances learn", look, |rows| *rows == 2).await;
    until("four sessions", || peers(&lab), |count| *count == 4).await;
    let heard = |daemon: &dyn Daemon, prefix: &str| {
        let heard = daemon.heard().into_iter();
        heard.filter(|route| route.prefix == prefix).count()
    };
    let look = || std::future::ready(heard(&*bird, "10.151.0.0/16"));
    until("BIRD hears of the other", look, |count| *count == 2).await;
    let look = || std::future::ready(heard(&*daemon, "10.150.0.0/16"));
    until("the other hears of BIRD", look, |count| *count == 2).await;

    drop(daemon.process());
    let gone = |kind: &EventKind| matches!(kind, EventKind::PeerRemoved(_));
    lab.notice("both sessions are gone", INSTANCES.len(), gone)
        .await;
    assert_eq!(peers(&lab).await, 2);
    assert_eq!(bird.established(), 2);
    let look = || std::future::ready(heard(&*bird, "10.151.0.0/16"));
    until("BIRD has lost it", look, |count| *count == 0).await;
    // It comes back.
    let daemon = kind
        .start(&router(second, 65002, None))
        .expect("it is installed");
    let look = || std::future::ready(daemon.established());
    until("it is back", look, |sessions| *sessions == 2).await;
    lab.stop().await;
}

/// Daemons with the key of the prefix are peers, and those without are not heard.
async fn with_a_key() {
    let mut lab = Lab::start(NETWORK).await;
    let [right, wrong] = [Ipv4Addr::new(10, 1, 3, 11), Ipv4Addr::new(10, 1, 3, 12)];
    let other = router(wrong, 65002, Some("another-key"));
    let Some(stranger) = Kind::Bird.start(&other) else {
        return;
    };
    let Some(bird) = Kind::Bird.start(&router(right, 65001, Some("key-of-the-prefix"))) else {
        return;
    };
    let look = || routes(&lab, "10.1.3.11", "10.150.0.0/16");
    until("both instances learn", look, |rows| *rows == 2).await;
    let refused = |kind: &EventKind| matches!(kind, EventKind::SignaturesRefused { .. });
    lab.notice("wrong signatures are told", 1, refused).await;
    until("two sessions", || peers(&lab), |count| *count == 2).await;
    assert_eq!(stranger.established(), 0);
    assert_eq!(bird.established(), 2);
    lab.stop().await;
}

fn test(kind: Kind) {
    let own = [[2, 11], [2, 12]].map(|[net, host]| Ipv4Addr::new(10, 1, net, host));
    isolated(INSTANCES.into_iter().chain(own), move || come_and_go(kind));
}

#[test]
fn bird_comes_by_itself_and_goes() {
    test(Kind::Bird);
}

#[test]
fn gobgp_comes_by_itself_and_goes() {
    test(Kind::Gobgp);
}

#[test]
fn frr_comes_by_itself_and_goes() {
    test(Kind::Frr);
}

#[test]
fn who_has_the_key_of_the_prefix_may_come() {
    let own = [11, 12].map(|host| Ipv4Addr::new(10, 1, 3, host));
    isolated(INSTANCES.into_iter().chain(own), with_a_key);
}
