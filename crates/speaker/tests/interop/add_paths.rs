//! A daemon that takes several paths of a prefix (RFC 7911) has all that a plain route server has,
//! and one that sends several is heard.

use std::net::Ipv4Addr;

use routehub_testkit::daemons::{Announced, Bird, Kind, Restart, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::until;

const INSTANCES: [Ipv4Addr; 2] = crate::both_ways::INSTANCES;

const PREFIX: &str = "10.250.0.0/16";

const NETWORK: &str = "schema: routehub/1
title: A plain route server whose client takes several paths
profile: open
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.1.255.0/26}]
route_servers:
  - {name: rs, vnet: hub}
nvas:
  - {name: first, vnet: hub, ip: 10.1.2.11, asn: 65001, sessions: [{route_server: rs, instances: [0]}], live: true}
  - {name: second, vnet: hub, ip: 10.1.2.12, asn: 65002, sessions: [{route_server: rs, instances: [0]}], live: true}
  - {name: client, vnet: hub, ip: 10.1.2.13, asn: 65003, sessions: [{route_server: rs, instances: [0]}],
     live: true, add_paths: both, add_paths_limit: 4}
";

fn host(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, 2, host)
}

fn router(number: u8) -> Router {
    Router {
        address: host(10 + number),
        asn: 65000 + u32::from(number),
        peers: vec![INSTANCES[0]],
        peer_asn: 65515,
        hold_time: 6,
        password: None,
        restart: Restart::Plain,
        passes_on: false,
        announces: vec![Announced {
            prefix: PREFIX.to_owned(),
            communities: Vec::new(),
        }],
    }
}

/// A BIRD that takes several paths, and has two ways to a prefix of its own.
fn client() -> Option<Bird> {
    let (own, server) = (host(13), INSTANCES[0]);
    Bird::start(&format!(
        "log stderr all;
router id {own};
protocol device {{ }}
protocol static {{ ipv4 {{ preference 150; }}; route 10.77.0.0/16 blackhole {{ bgp_community.add((65003, 1)); }}; }}
protocol static {{ ipv4 {{ preference 140; }}; route 10.77.0.0/16 blackhole {{ bgp_community.add((65003, 2)); }}; }}
protocol bgp server {{
  local {own} as 65003;
  neighbor {server} as 65515;
  strict bind;
  multihop;
  connect retry time 1;
  connect delay time 1;
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; add paths on; }};
}}
"
    ))
}

/// The AS paths that it has of a prefix.
fn as_paths(bird: &Bird) -> Vec<String> {
    let shown = bird.ask(&format!("show route {PREFIX} all"));
    let paths = shown
        .lines()
        .filter_map(|line| line.trim().strip_prefix("BGP.as_path: "));
    let mut paths: Vec<String> = paths.map(str::to_owned).collect();
    paths.sort();
    paths
}

async fn several() {
    let lab = Lab::start(NETWORK).await;
    let Some(client) = client() else { return };
    let first = Kind::Bird.start(&router(1)).expect("it is installed");
    let second = Kind::Bird.start(&router(2)).expect("it is installed");
    let look = || std::future::ready(as_paths(&client));
    let both = ["65001".to_owned(), "65002".to_owned()];
    until("both paths", look, |paths| *paths == both).await;

    // What it sends itself is heard as two paths of one prefix.
    let look = || lab.learned("client");
    let rows = until("two paths of its own", look, |rows| rows.len() == 2).await;
    assert!(
        rows.iter()
            .all(|row| row.prefix.to_string() == "10.77.0.0/16"),
        "{rows:?}"
    );

    drop(first.process());
    let look = || std::future::ready(as_paths(&client));
    until("one path", look, |paths| *paths == both[1..]).await;
    let first = Kind::Bird.start(&router(1)).expect("it is installed");
    until("both paths again", look, |paths| *paths == both).await;
    // Who takes one path still has one.
    let heard = second.heard();
    let heard = heard.iter().filter(|route| route.prefix == PREFIX).count();
    assert!(heard <= 1, "{:?}", second.heard());
    drop(first);
    lab.stop().await;
}

#[test]
fn bird_has_all_paths_of_a_prefix_and_is_heard_with_its_own() {
    let own = [11, 12, 13].map(host);
    isolated(INSTANCES.into_iter().chain(own), several);
}
