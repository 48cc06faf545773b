//! Long-lived graceful restart (RFC 9494): what becomes of the routes of a peer that does not come
//! back in time, and who is told of them.

use routehub::types::{Attrs, Community};
use routehub_testkit::wait::until;
use routehub_wire::{AfiSafi, Capability, GracefulRestart, LongLivedFamily};
use serde_json::{Value, json};

use super::extensions::END_OF_RIB;
use crate::client::{Lines, get, look};
use crate::lab::{Lab, Network};
use crate::router::{Router, Seen};

const ROUTES: [&str; 2] = ["192.168.1.0/24", "192.168.2.0/24"];

/// A plain route server, whose first peer it keeps for so long beyond its restart; the second takes
/// such routes, the third does not.
fn network(keys: &'static str) -> Network {
    let mut network = Network::new();
    network.profile = "open";
    network.live[0].3 = keys;
    network.live.push(("nva3", 103, 65003, ""));
    network
}

/// Graceful restart of a second, and for ten minutes beyond.
fn restarting() -> [Capability; 2] {
    let restart = GracefulRestart {
        time: 1,
        families: vec![(AfiSafi::IPV4, true)],
        ..GracefulRestart::default()
    };
    let long_lived = LongLivedFamily {
        family: AfiSafi::IPV4,
        forwarding: true,
        stale_time: 600,
    };
    [
        Capability::GracefulRestart(restart),
        Capability::LongLivedGracefulRestart(vec![long_lived]),
    ]
}

/// A peer that takes stale routes and restarts as usual.
fn taking() -> [Capability; 2] {
    [
        Capability::GracefulRestart(GracefulRestart::default()),
        Capability::LongLivedGracefulRestart(Vec::new()),
    ]
}

/// The routes of the first router that another has, and whether each is marked.
fn held(seen: &Seen) -> Vec<(String, bool)> {
    let is_marked = |attrs: &Attrs| attrs.has_community(Community::LLGR_STALE);
    let routes = seen.routes.iter();
    let routes = routes.map(|(prefix, attrs)| (prefix.to_string(), is_marked(attrs)));
    let mut routes: Vec<(String, bool)> = routes.collect();
    routes.retain(|(prefix, _)| ROUTES.contains(&prefix.as_str()));
    routes
}

fn both(are_marked: bool) -> Vec<(String, bool)> {
    ROUTES.map(|route| (route.to_owned(), are_marked)).to_vec()
}

struct Three {
    first: Router,
    second: Router,
    third: Router,
}

/// The first has two routes, which the others have.
async fn three(lab: &Lab, network: &Network) -> Three {
    let three = Three {
        first: network.router_with("nva1", &restarting()),
        second: network.router_with("nva2", &taking()),
        third: network.router("nva3"),
    };
    three.first.announce("10.1.2.101", &ROUTES);
    three.first.send(END_OF_RIB.to_vec());
    lab.learned("nva1", 2).await;
    for router in [&three.second, &three.third] {
        router
            .until("both routes", |seen| held(seen) == both(false))
            .await;
    }
    three
}

async fn peer(lab: &Lab, name: &str) -> Value {
    let shown = look(lab.http, "/v1/peers").await;
    let mut peers = shown.as_array().expect("a list").iter();
    let found = peers.find(|peer| peer["name"] == name);
    found.expect("a peer").clone()
}

/// What is said while the routes stay.
async fn is_told(lab: &Lab, most: f64) {
    let nva1 = peer(lab, "nva1").await;
    assert_eq!((&nva1["learned"], &nva1["stale"]), (&json!(2), &json!(2)));
    let retained = &nva1["session"]["retained"];
    assert_eq!(retained[0]["family"], "ipv4", "{nva1}");
    assert_eq!(retained[0]["state"], "long_lived_stale", "{nva1}");
    let left = retained[0]["seconds_left"].as_f64().expect("a number");
    assert!(left > 0.0 && left <= most, "{nva1}");
    let offered = &nva1["session"]["capabilities"]["offered"];
    let codes = offered.as_array().expect("a list").iter();
    assert!(codes.clone().any(|offered| offered["code"] == 71), "{nva1}");
    let metrics = get(lab.http, "/metrics").await.body;
    for expected in [
        "bgp_peer_prefixes_stale_count{",
        "bgp_peer_stale_seconds_left{",
        "state=\"long_lived_stale\"",
    ] {
        assert!(metrics.contains(expected), "{expected}: {metrics}");
    }
    let asked = "/v1/explain?name=rs&destination=192.168.1.1";
    let explained = look(lab.http, asked).await;
    let text = explained["text"].as_str().expect("a text");
    let why = "to nva3: not sent: a long-lived stale route goes only to neighbours that take such";
    assert!(text.contains(why), "{text}");
    let age = "nva1 has not announced it since its session was lost";
    assert!(text.contains(age), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_stay_marked_for_their_time_and_only_who_takes_such_has_them() {
    let network = network(
        ", graceful_restart: true, long_lived_graceful_restart: true, long_lived_stale_time: 8",
    );
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let three = three(&lab, &network).await;
    let nva2 = peer(&lab, "nva2").await;
    let agreed = &nva2["session"]["capabilities"]["agreed"];
    assert_eq!(agreed["takes_long_lived_stale"], true, "{nva2}");
    drop(three.first);
    lines.until("it restarts: its routes stay, IPv4").await;
    let said = "it is not back in time: its routes stay for 8 s, long-lived stale, IPv4";
    let told = lines.until(&format!("{said}\"}}")).await;
    let told = told.lines().find(|line| line.contains(said));
    let told: Value = serde_json::from_str(told.expect("a line")).expect("JSON");
    assert_eq!(told["event"], "long_lived_stale");
    assert_eq!(
        (&told["family"], &told["seconds"]),
        (&json!("ipv4"), &json!(8.0))
    );
    let marked = |seen: &Seen| held(seen) == both(true);
    three.second.until("marked routes", marked).await;
    let none = |seen: &Seen| held(seen).is_empty();
    let seen = three.third.until("no routes", none).await;
    assert_eq!((seen.established, seen.withdrawn.len()), (1, 2));
    is_told(&lab, 8.0).await;
    lines.until("they were long-lived stale for too long").await;
    lab.learned("nva1", 0).await;
    three.second.until("no routes", none).await;
    assert_eq!(peer(&lab, "nva1").await["session"]["retained"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_comes_back_late_finds_them_there() {
    let network =
        network(", graceful_restart: true, long_lived_graceful_restart: true, hold_time: 30");
    let lab = Lab::new(&network).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let three = three(&lab, &network).await;
    drop(three.first);
    // The peer says ten minutes, the file a day.
    lines.until("its routes stay for 600 s").await;
    let marked = |seen: &Seen| held(seen) == both(true);
    three.second.until("marked routes", marked).await;
    let first = network.router_with("nva1", &restarting());
    first.announce("10.1.2.101", &ROUTES[..1]);
    let mixed = |seen: &Seen| held(seen) == [both(false)[0].clone(), both(true)[1].clone()];
    three.second.until("one marked route", mixed).await;
    first.send(END_OF_RIB.to_vec());
    lab.learned("nva1", 1).await;
    let fresh = |seen: &Seen| held(seen) == both(false)[..1];
    let seen = three.second.until("one route", fresh).await;
    let gone: Vec<String> = seen.withdrawn.iter().map(ToString::to_string).collect();
    assert_eq!(gone, ROUTES[1..], "it had the other one all the while");
    three.third.until("one route", fresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_came_by_itself_is_there_as_long_as_its_routes() {
    let mut network = Network::new();
    network.profile = "open";
    let text = network.text().replace(
        "branch_to_branch: true}",
        "branch_to_branch: true, dynamic_neighbors: [{prefix: 10.1.8.0/24, asn: any, \
         graceful_restart: true, long_lived_graceful_restart: true, long_lived_stale_time: 3}]}",
    );
    let text = text.replace(
        "10.1.8.0/24",
        &format!("{}/32", network.addresses.host(140)),
    );
    let text = text.replace(
        "address_space: [10.1.0.0/16]",
        &format!(
            "address_space: [10.1.0.0/16, {}/32]",
            network.addresses.host(140)
        ),
    );
    let scenario = crate::lab::parse(&text);
    let http = std::net::SocketAddr::new(network.addresses.host(80), 0);
    let lab = Lab::serve(scenario, http, None).await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let own = network.addresses.host(140);
    let to = std::net::SocketAddr::new(network.addresses.host(4), crate::lab::PORT);
    let router = Router::start_with(own, 65040, to, &restarting());
    router.announce("10.1.2.140", &ROUTES);
    lines.until("2 routes learned").await;
    drop(router);
    lines
        .until("its routes stay for 3 s, long-lived stale")
        .await;
    let name = own.to_string();
    assert_eq!(peer(&lab, &name).await["learned"], 2);
    lines.until("no peer any more").await;
    let look = || async { look(lab.http, "/v1/peers").await };
    let is_gone = |shown: &Value| {
        let mut peers = shown.as_array().expect("a list").iter();
        peers.all(|peer| peer["name"] != name)
    };
    until("it is gone", look, is_gone).await;
}
