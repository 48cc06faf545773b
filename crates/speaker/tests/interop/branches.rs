//! Real routers where no NVA is: a site behind a VPN gateway, and a customer's edge behind a
//! circuit. Both instances of the gateway speak BGP to the one, Microsoft's edge router to the
//! other.

use std::net::Ipv4Addr;

use crate::both_ways::router;
use routehub_testkit::daemons::{Announced, Heard, Kind, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::{until, until_equal};

/// The instances of the VPN gateway.
const GATEWAY: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 1, 254, 4), Ipv4Addr::new(10, 1, 254, 5)];
const EDGE: Ipv4Addr = Ipv4Addr::new(10, 1, 254, 20);
const SECONDARY_EDGE: Ipv4Addr = Ipv4Addr::new(10, 1, 254, 21);
const SITE: Ipv4Addr = Ipv4Addr::new(172, 31, 0, 1);
const CUSTOMER: Ipv4Addr = Ipv4Addr::new(172, 30, 0, 1);

const NETWORK: &str = "schema: routehub/1
title: A live branch and a live customer behind a circuit
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets:
      - {name: RouteServerSubnet, prefix: 10.1.255.0/26}
      - {name: GatewaySubnet, prefix: 10.1.254.0/26}
  - {name: spoke, address_space: [10.2.0.0/16]}
peerings:
  - {hub: hub, spoke: spoke}
route_servers:
  - {name: rs, vnet: hub, branch_to_branch: true}
nvas:
  - name: sdwan
    vnet: hub
    ip: 10.1.2.4
    asn: 65001
    sessions: [rs]
    originates: [{prefix: 10.250.0.0/16}]
gateways:
  - {name: vpngw, vnet: hub, type: vpn, connections: [{site: branch}]}
  - name: ergw
    vnet: hub
    type: express_route
    connections: [{circuit: metro, msee_ips: [10.1.254.20, 10.1.254.21]}]
sites:
  - {name: branch, asn: 65101, bgp_ips: [172.31.0.1], live: true}
circuits:
  - {name: metro, ce_ip: 172.30.0.1, on_prem: {asn: 64999, live: true}}
nics:
  - {name: vm, vnet: spoke}
events:
  - {id: alone, set_branch_to_branch: {route_server: rs, value: false}}
  - {id: together, set_branch_to_branch: {route_server: rs, value: true}}
  - {id: down, gateway_instance_down: {gateway: vpngw, instance: 0}}
  - {id: up, gateway_instance_up: {gateway: vpngw, instance: 0}}
";

/// A router that announces one route to its peers.
fn branch(
    (address, asn): (Ipv4Addr, u32),
    (peers, peer_asn): (&[Ipv4Addr], u32),
    prefix: &str,
) -> Router {
    Router {
        address,
        asn,
        peers: peers.to_vec(),
        peer_asn,
        announces: vec![Announced {
            prefix: prefix.to_owned(),
            communities: vec!["64999:1"],
        }],
        ..router()
    }
}

/// What a router hears from its peers.
fn told(from: &[Ipv4Addr], routes: &[Told]) -> Vec<Heard> {
    from.iter()
        .flat_map(|from| told_by(*from, routes))
        .collect()
}

fn told_by(from: Ipv4Addr, routes: &[Told]) -> Vec<Heard> {
    let heard = |(prefix, as_path, communities): &Told| Heard {
        from: from.to_string(),
        prefix: (*prefix).to_owned(),
        as_path: (*as_path).to_owned(),
        next_hop: from.to_string(),
        communities: communities.iter().map(ToString::to_string).collect(),
    };
    routes.iter().map(heard).collect()
}

async fn hybrid(site: Kind, customer: Kind) {
    let lab = Lab::start(NETWORK).await;
    let site = site.start(&branch((SITE, 65101), (&GATEWAY, 65515), "10.200.0.0/16"));
    let customer = customer.start(&branch(
        (CUSTOMER, 64999),
        (&[EDGE], 12076),
        "10.210.0.0/16",
    ));
    let (Some(site), Some(customer)) = (site, customer) else {
        return;
    };
    let site_hears = || site.heard();
    let customer_hears = || customer.heard();
    until_equal(
        "the branch hears",
        site_hears,
        &told(&GATEWAY, &BRANCH_TOLD),
    )
    .await;
    until_equal(
        "the customer hears",
        customer_hears,
        &told(&[EDGE], &CUSTOMER_TOLD),
    )
    .await;
    for (prefix, hops) in [
        ("10.200.0.0/16", ["10.1.254.4", "10.1.254.5"].as_slice()),
        // there is no session by the secondary link.
        ("10.210.0.0/16", &["10.1.254.20"]),
    ] {
        let look = || lab.next_hops("vm", prefix);
        until("the VM's next hops", look, |seen| *seen == hops).await;
    }

    // without branch-to-branch each hears of the networks alone.
    lab.happen("alone").await;
    until_equal("networks", site_hears, &told(&GATEWAY, &BRANCH_TOLD[..2])).await;
    until_equal(
        "networks",
        customer_hears,
        &told(&[EDGE], &CUSTOMER_TOLD[..2]),
    )
    .await;
    lab.happen("together").await;
    until_equal("all again", site_hears, &told(&GATEWAY, &BRANCH_TOLD)).await;
    until_equal("all again", customer_hears, &told(&[EDGE], &CUSTOMER_TOLD)).await;

    // with one instance down the other is the next hop.
    lab.happen("down").await;
    let rest = told(&GATEWAY[1..], &BRANCH_TOLD);
    until_equal("one instance", site_hears, &rest).await;
    let look = || lab.next_hops("vm", "10.200.0.0/16");
    until("one next hop", look, |seen| *seen == ["10.1.254.5"]).await;
    until_equal(
        "the customer hears as before",
        customer_hears,
        &told(&[EDGE], &CUSTOMER_TOLD),
    )
    .await;
    lab.happen("up").await;
    until_equal("both instances", site_hears, &told(&GATEWAY, &BRANCH_TOLD)).await;
    until("both next hops", look, |seen| seen.len() == 2).await;

    site.process().terminate();
    let mut rest = told(&[EDGE], &CUSTOMER_TOLD);
    rest.retain(|route| route.prefix != "10.200.0.0/16");
    until_equal("no branch", customer_hears, &rest).await;
    let look = || lab.next_hops("vm", "10.200.0.0/16");
    until("the VM has no branch", look, Vec::is_empty).await;
    lab.stop().await;
}

type Told = (&'static str, &'static str, &'static [&'static str]);

/// The networks, and what comes through the Route Server.
const BRANCH_TOLD: [Told; 4] = [
    ("10.1.0.0/16", "65515", &[]),
    ("10.2.0.0/16", "65515", &[]),
    (
        "10.210.0.0/16",
        "65515 12076 64999",
        &["64999:1", "65517:65517"],
    ),
    ("10.250.0.0/16", "65515 65001", &["65517:65517"]),
];

/// The same at the edge, which leaves private ASNs out.
const CUSTOMER_TOLD: [Told; 4] = [
    ("10.1.0.0/16", "12076", &[]),
    ("10.2.0.0/16", "12076", &[]),
    ("10.200.0.0/16", "12076", &["64999:1", "65517:65517"]),
    ("10.250.0.0/16", "12076", &["65517:65517"]),
];

#[test]
fn a_live_branch_and_a_live_customer_hear_of_each_other_and_of_the_networks() {
    let [first, second] = GATEWAY;
    let addresses = [first, second, EDGE, SECONDARY_EDGE, SITE, CUSTOMER];
    isolated(addresses, || hybrid(Kind::Bird, Kind::Frr));
}
