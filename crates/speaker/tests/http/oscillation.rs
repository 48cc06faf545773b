//! What a live peer makes oscillate costs its own updates only, and rests with a finding until
//! something is told of it again (R-1026).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use routehub::types::{AsPath, Asn, Attrs, Nlri, Prefix};
use routehub_speaker::http::Http;
use routehub_speaker::sink::Sinks;
use routehub_testkit::lab;
use routehub_testkit::peer::{Peer, announced, encode};
use routehub_testkit::wait::until;
use routehub_wire::{Context, Packer};
use serde_json::Value;

use crate::client::{get, look};
use crate::lab::{Addresses, PORT, parse};

/// A modelled NVA passes everything on, and a map makes what comes back from it shorter than what
/// real routers announce.
fn network(addresses: Addresses) -> String {
    let live = |name: &str, host: u8, asn: u32| {
        let address = addresses.host(host);
        format!(
            "  - {{name: {name}, vnet: hub, ip: 10.0.4.{host}, asn: {asn}, live: true, \
             peer_address: {address}, sessions: [{{route_server: rs, instances: [0]}}]}}\n"
        )
    };
    format!(
        "schema: routehub/1
title: A map that clears the path of what comes back
vnets: [{{name: hub, address_space: [10.0.0.0/16], subnets: [{{name: RouteServerSubnet, prefix: 10.0.6.0/26}}]}}]
route_servers: [{{name: rs, vnet: hub, branch_to_branch: true, ips: [10.0.6.4, 10.0.6.5]}}]
nvas:
{}{}{}  - name: near
    vnet: hub
    ip: 10.0.4.5
    asn: 65002
    sessions: [{{route_server: rs, inbound_route_map: clear}}]
    readvertises: [{{to: all, as_path: strip}}]
route_maps: [{{name: clear, rules: [{{match: [{{condition: equals, prefixes: [192.168.0.0/16]}}], actions: [{{type: replace, as_path: []}}]}}]}}]
listen:
  addresses: {{10.0.6.4: '{}:{PORT}'}}
",
        live("far", 101, 65001),
        live("other", 103, 65003),
        live("hears", 104, 65004),
        addresses.host(4),
    )
}

fn route(asn: u32, host: u8, path: &[u32], prefix: &str) -> Vec<u8> {
    let path = std::iter::once(&asn).chain(path).map(|asn| Asn(*asn));
    let next_hop = IpAddr::from([10, 0, 4, host]);
    let attrs = Attrs::new(AsPath::sequence(path), next_hop);
    encode(
        &Context::default(),
        &attrs,
        &[prefix.parse().expect("a prefix")],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn r1026_an_oscillation_rests_with_a_finding_and_others_go_on() {
    let addresses = Addresses::new();
    let scenario = parse(&network(addresses));
    let live = lab::Lab::serve_with(scenario, Sinks::default()).await;
    let http = SocketAddr::new(addresses.host(80), 0);
    let http = Http::bind(http, None).await.expect("an address");
    let at = http.address().expect("an address");
    let answering = tokio::spawn(http.serve(Arc::clone(&live.server)));
    let to = SocketAddr::new(addresses.host(4), PORT);
    let join = async |host: u8, asn| {
        let IpAddr::V4(address) = addresses.host(host) else {
            panic!("127.0.0.0/8");
        };
        Peer::establish(address, to, asn).await
    };
    let (mut far, mut other) = (join(101, 65001).await, join(103, 65003).await);
    let mut hears = join(104, 65004).await;
    let findings = || async { look(at, "/v1/findings").await };
    let is_told = |found: &Value| {
        let mut found = found.as_array().into_iter().flatten();
        found.any(|one| one["rule"].to_string().contains("1026"))
    };
    for _ in 0..20 {
        let sent = far
            .send(&route(65001, 101, &[65001], "192.168.0.0/16"))
            .await;
        sent.expect("a connection");
    }
    until("it is found", findings, is_told).await;
    let start = Instant::now();
    for n in 0..100 {
        let prefix = format!("172.16.{n}.0/24");
        other
            .send(&route(65003, 103, &[], &prefix))
            .await
            .expect("a connection");
        let wanted: Prefix = prefix.parse().expect("a prefix");
        loop {
            let message = hears.next().await.expect("a session that stays");
            if announced(&message).contains(&wanted) {
                break;
            }
        }
    }
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "{:?}",
        start.elapsed()
    );
    assert!(is_told(&findings().await));
    let mut octets = Vec::new();
    let gone: Prefix = "192.168.0.0/16".parse().expect("a prefix");
    let packed = Packer::new(&Context::default()).withdraw(&[Nlri::from(gone)], &mut octets);
    packed.expect("encoded");
    far.send(&octets).await.expect("a connection");
    until("it is gone", findings, |found| !is_told(found)).await;
    let learned = get(at, "/v1/route-servers/rs/peerings/near/learned-routes")
        .await
        .body;
    assert!(!learned.contains("192.168.0.0/16"), "{learned}");
    answering.abort();
}
