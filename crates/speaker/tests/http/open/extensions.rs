//! What a plain route server offers beyond Azure's: graceful restart of the peer, enhanced refresh,
//! longer messages, roles.

use routehub::types::{AsPath, Asn, Attrs, LargeCommunity};
use routehub_testkit::wait::until;
use routehub_wire::{AfiSafi, Capability, GracefulRestart, Role};

use crate::client::{Lines, look, post};
use crate::lab::{Lab, Network};
use crate::router::{Router, Seen};

/// A plain route server, whose first peer has these keys.
fn open(keys: &'static str) -> Network {
    let mut network = Network::new();
    network.profile = "open";
    network.live[0].3 = keys;
    network
}

/// How many routes of the two routers it has: those of others do not count.
fn of_peers(seen: &Seen) -> usize {
    let mut own = seen.routes.clone();
    own.retain(|prefix, _| {
        let prefix = prefix.to_string();
        ["192.168.1.", "192.168.2.", "192.168.3."]
            .iter()
            .any(|own| prefix.starts_with(own))
    });
    own.len()
}

fn restarting(time: u16) -> Capability {
    Capability::GracefulRestart(GracefulRestart {
        time,
        families: vec![(AfiSafi::IPV4, true)],
        ..GracefulRestart::default()
    })
}

/// What ends the first sending of routes.
pub(super) const END_OF_RIB: [u8; 23] = {
    let mut message = [0xff; 23];
    let mut at = 16;
    let rest = [0, 23, 2, 0, 0, 0, 0];
    while at < 23 {
        message[at] = rest[at - 16];
        at += 1;
    }
    message
};

/// A router with two routes, which the other one has.
async fn with_two_routes(lab: &Lab, network: &Network, offers: &[Capability]) -> (Router, Router) {
    let first = network.router_with("nva1", offers);
    let second = network.router("nva2");
    first.announce("10.1.2.101", &["192.168.1.0/24", "192.168.2.0/24"]);
    first.send(END_OF_RIB.to_vec());
    lab.learned("nva1", 2).await;
    let both = |seen: &Seen| of_peers(seen) == 2;
    second.until("both routes", both).await;
    (first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_a_peer_that_restarts_stay_and_what_it_does_not_send_again_goes() {
    let network = open(", graceful_restart: true");
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let (first, second) = with_two_routes(&lab, &network, &[restarting(120)]).await;
    // It is gone without a word: nothing is withdrawn.
    drop(first);
    lines.until("it restarts: its routes stay, IPv4").await;
    let shown = look(lab.http, "/v1/peers").await;
    let nva1 = shown.as_array().expect("a list").iter();
    let nva1 = nva1
        .clone()
        .find(|peer| peer["name"] == "nva1")
        .expect("it");
    assert_ne!(nva1["state"], "Established", "{nva1}");
    assert_eq!(nva1["learned"], 2, "{nva1}");
    let first = network.router_with("nva1", &[restarting(120)]);
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    first.send(END_OF_RIB.to_vec());
    lab.learned("nva1", 1).await;
    let gone = |seen: &Seen| of_peers(seen) == 1;
    let seen = second.until("one route", gone).await;
    assert_eq!(seen.withdrawn.len(), 1, "{seen:?}");
    assert_eq!(seen.withdrawn[0].to_string(), "192.168.2.0/24");
    assert_eq!(seen.established, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_of_a_peer_that_does_not_come_back_go_with_its_restart_time() {
    let network = open(", graceful_restart: true");
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let (first, second) = with_two_routes(&lab, &network, &[restarting(1)]).await;
    drop(first);
    lines.until("it did not come back in time").await;
    lab.learned("nva1", 0).await;
    let gone = |seen: &Seen| of_peers(seen) == 0;
    second.until("no routes", gone).await;
    let resets = look(lab.http, "/v1/peers").await;
    let nva1 = resets.as_array().expect("a list").iter();
    let nva1 = nva1
        .clone()
        .find(|peer| peer["name"] == "nva1")
        .expect("it");
    assert_eq!(nva1["resets"], 1, "{nva1}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_by_the_operator_retains_nothing() {
    let network = open(", graceful_restart: true");
    let lab = Lab::new(&network).await;
    let restart = Capability::GracefulRestart(GracefulRestart {
        notification: true,
        time: 120,
        families: vec![(AfiSafi::IPV4, true)],
        ..GracefulRestart::default()
    });
    let (first, second) = with_two_routes(&lab, &network, &[restart]).await;
    let done = post(lab.http, "", "{id: r, reset: {peer: nva1}}").await;
    assert_eq!(done.status, 200, "{done:?}");
    // A hard reset, as both would keep routes after a NOTIFICATION (RFC 8538).
    let told = |seen: &Seen| seen.notifications == [(6, 9)];
    first.until("a hard reset", told).await;
    let gone = |seen: &Seen| of_peers(seen) == 0;
    second.until("no routes", gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azures_profile_offers_none_of_it() {
    let mut network = open(
        ", graceful_restart: true, long_lived_graceful_restart: true, enhanced_refresh: true, \
             extended_messages: true, role: rs",
    );
    network.profile = "azure-2026";
    let lab = Lab::new(&network).await;
    let offers = [
        restarting(120),
        Capability::EnhancedRouteRefresh,
        Capability::ExtendedMessage,
    ];
    let first = network.router_with("nva1", &offers);
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    drop(first);
    lab.learned("nva1", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_both_understand_is_marked_at_its_begin_and_end() {
    let network = open(", enhanced_refresh: true");
    let lab = Lab::new(&network).await;
    let first = network.router_with("nva1", &[Capability::EnhancedRouteRefresh]);
    let second = network.router("nva2");
    second.announce("10.1.2.102", &["192.168.2.0/24"]);
    let has = |seen: &Seen| of_peers(seen) == 1;
    first.until("a route", has).await;
    let refresh = [&[0xff; 16][..], &[0, 23, 5, 0, 1, 0, 1]].concat();
    first.send(refresh);
    let marked = |seen: &Seen| seen.marks == (1, 1);
    let seen = first.until("both marks", marked).await;
    assert_eq!(of_peers(&seen), 1);
    let clear = "{id: c, soft_clear: {peer: nva1, direction: out}}";
    assert_eq!(post(lab.http, "", clear).await.status, 200);
    let marked = |seen: &Seen| seen.marks == (3, 3);
    first.until("marks of both families", marked).await;
    assert_eq!(second.seen().marks, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_needs_a_long_message_reaches_who_takes_long_messages() {
    let mut network = open(", extended_messages: true");
    network.live[1].3 = ", extended_messages: true";
    network.live.push(("nva3", 103, 65003, ""));
    let _lab = Lab::new(&network).await;
    let long = [Capability::ExtendedMessage];
    let (first, second) = (
        network.router_with("nva1", &long),
        network.router_with("nva2", &long),
    );
    let third = network.router("nva3");
    let mut attrs = attributes("10.1.2.102", 65002);
    // 500 of 12 octets are more than a message of 4,096 holds.
    for n in 0..500 {
        attrs
            .large_communities
            .push(LargeCommunity::new(65002, n, n));
    }
    second.announce_with(attrs, &["192.168.2.0/24"]);
    second.announce("10.1.2.102", &["192.168.3.0/24"]);
    let both = |seen: &Seen| of_peers(seen) == 2;
    let seen = first.until("both routes", both).await;
    let prefix = "192.168.2.0/24".parse().expect("a prefix");
    assert_eq!(seen.routes[&prefix].large_communities.len(), 500);
    let one = |seen: &Seen| of_peers(seen) == 1;
    third.until("the short one", one).await;
}

fn attributes(next_hop: &str, asn: u32) -> Attrs {
    let next_hop: std::net::IpAddr = next_hop.parse().expect("an address");
    Attrs::new(AsPath::sequence([Asn(asn)]), next_hop)
}

/// RFC 9234 section 5: R-1028, R-1029.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaks_is_not_believed_and_routes_to_clients_are_marked() {
    let mut network = open(", role: rs, strict_role: true");
    network.live[1].3 = ", role: rs";
    let lab = Lab::new(&network).await;
    let client = [Capability::Role(Role::RouteServerClient)];
    let first = network.router_with("nva1", &client);
    let second = network.router_with("nva2", &client);
    let mut leaked = attributes("10.1.2.102", 65002);
    leaked.only_to_customer = Some(Asn(65010));
    second.announce_with(leaked, &["192.168.2.0/24"]);
    second.announce("10.1.2.102", &["192.168.3.0/24"]);
    let one = |seen: &Seen| of_peers(seen) == 1;
    let seen = first.until("the route that is not leaked", one).await;
    let passed = "192.168.3.0/24".parse().expect("a prefix");
    let attrs = &seen.routes[&passed];
    assert_eq!(attrs.only_to_customer, Some(Asn(65515)));
    let path = "/v1/route-servers/rs/peerings/nva2/refused-routes";
    let refused = until(
        "the leaked one",
        || look(lab.http, path),
        |rows| rows.to_string().contains("R-1028"),
    );
    refused.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tells_no_role_is_refused_where_one_is_asked_for() {
    let network = open(", role: rs, strict_role: true");
    let _lab = Lab::new(&network).await;
    let none = network.router("nva1");
    let mismatch = |seen: &Seen| seen.notifications.first() == Some(&(2, 11));
    none.until("a role is asked for", mismatch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_refused_routes_ten_thousand_are_kept_and_the_rest_is_counted() {
    let network = open("");
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let router = network.router("nva1");
    // The Route Server's own ASN stands in the path.
    let mut looped = attributes("10.1.2.101", 65001);
    looped.as_path = AsPath::sequence([Asn(65001), Asn(65515)]);
    let prefixes: Vec<String> = (0..10_500_u32)
        .map(|n| format!("100.{}.{}.0/24", 64 + n / 256, n % 256))
        .collect();
    let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    router.announce_with(looped, &prefixes);
    lines.until("refused_not_kept").await;
    let shown = until(
        "all of them",
        || look(lab.http, "/v1/peers"),
        |peers| {
            let mut peers = peers.as_array().into_iter().flatten();
            peers.any(|peer| peer["name"] == "nva1" && peer["refused_not_kept"] == 500)
        },
    );
    let shown = shown.await;
    let mut peers = shown.as_array().into_iter().flatten();
    let nva1 = peers.find(|peer| peer["name"] == "nva1").expect("it");
    // Counted are all, kept with their reasons but these.
    assert_eq!(nva1["refused"], 10_500, "{nva1}");
    assert_eq!(nva1["learned"], 0, "{nva1}");
}
