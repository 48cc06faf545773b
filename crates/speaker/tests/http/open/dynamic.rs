//! Routers that nobody described: peers as long as their sessions last, in bounded number, and
//! nothing of them is left.

use std::net::{IpAddr, SocketAddr};

use routehub_bfd::Hops;
use routehub_testkit::wait::until;
use routehub_wire::{AfiSafi, Capability, GracefulRestart};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::bfd::{BfdPeer, Say};
use crate::client::{Lines, get, look, post};
use crate::lab::{Addresses, Lab, PORT, parse};
use crate::router::{Router, Seen};

/// A plain route server that takes routers from a prefix, and one that is described beside them.
pub(crate) struct Open {
    pub(crate) addresses: Addresses,
    /// What stands behind the prefix.
    keys: &'static str,
}

impl Open {
    fn new(keys: &'static str) -> Self {
        Self {
            addresses: Addresses::new(),
            keys,
        }
    }

    fn prefix(&self) -> String {
        format!("{}/25", self.addresses.host(128))
    }

    fn text(&self) -> String {
        let host = |host| self.addresses.host(host);
        format!(
            "schema: routehub/1
title: A plain route server
profile: open
vnets:
  - name: hub
    address_space: [{}/24]
    subnets: [{{name: RouteServerSubnet, prefix: {}/27}}]
route_servers:
  - name: rs
    vnet: hub
    dynamic_neighbors: [{{prefix: {}{}}}]
nvas:
  - {{name: known, vnet: hub, ip: {}, asn: 65100, live: true, sessions: [{{route_server: rs, instances: [0]}}]}}
listen: {{port: {PORT}}}
",
            host(0),
            host(0),
            self.prefix(),
            self.keys,
            host(100),
        )
    }

    async fn serve(&self) -> Lab {
        let http = SocketAddr::new(self.addresses.host(80), 0);
        Lab::serve(parse(&self.text()), http, None).await
    }

    /// Where an instance listens.
    fn instance(&self, number: u8) -> SocketAddr {
        SocketAddr::new(self.addresses.host(4 + number), PORT)
    }

    fn router(&self, host: u8, asn: u32) -> Router {
        Router::start(self.addresses.host(host), asn, self.instance(0))
    }

    fn known(&self) -> Router {
        self.router(100, 65100)
    }

    fn name(&self, host: u8) -> String {
        self.addresses.host(host).to_string()
    }

    /// A connection from an address.
    async fn connect(&self, host: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        let from = SocketAddr::new(self.addresses.host(host), 0);
        socket.bind(from).expect("an address");
        socket.connect(self.instance(0)).await.expect("connected")
    }
}

/// The peers that came by themselves.
async fn dynamic(lab: &Lab) -> Vec<Value> {
    let peers = look(lab.http, "/v1/peers").await;
    let peers = peers.as_array().expect("a list").iter();
    let peers = peers.filter(|peer| !peer["dynamic"].is_null());
    let mut peers: Vec<Value> = peers.cloned().collect();
    peers.sort_by_key(|peer| peer["name"].to_string());
    peers
}

async fn are(lab: &Lab, count: usize) -> Vec<Value> {
    let what = format!("{count} dynamic peers");
    until(&what, || dynamic(lab), |peers| peers.len() == count).await
}

fn has(count: usize) -> impl Fn(&Seen) -> bool {
    move |seen: &Seen| seen.routes.len() == count
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_is_a_peer_and_nothing_is_left_when_it_goes() {
    let open = Open::new(", asn: any");
    let lab = open.serve().await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let known = open.known();
    let metrics = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    known.until("a session", |seen| seen.established == 1).await;
    let before = get(lab.http, "/metrics").await;
    let (first, second) = (open.router(129, 65001), open.router(130, 65002));
    first.announce("10.1.2.129", &["192.168.1.0/24"]);
    known.announce("10.1.2.100", &["192.168.9.0/24"]);
    known.until("the route", has(1)).await;
    first.until("the route of the other", has(1)).await;
    second.until("both routes", has(2)).await;
    let peers = are(&lab, 2).await;
    assert_eq!(peers[0]["name"], open.name(129), "{peers:?}");
    assert_eq!(peers[0]["asn"], 65001, "{peers:?}");
    assert_eq!(peers[0]["dynamic"], open.prefix(), "{peers:?}");
    assert_eq!(peers[0]["learned"], 1, "{peers:?}");
    let path = format!(
        "/v1/route-servers/rs/peerings/{}/learned-routes",
        open.name(129)
    );
    let learned = look(lab.http, &path).await.to_string();
    assert!(learned.contains("192.168.1.0/24"), "{learned}");
    let path = format!(
        "/v1/explain?name={}&destination=192.168.9.1",
        open.name(129)
    );
    let explained = look(lab.http, &path).await.to_string();
    assert!(explained.contains("known"), "{explained}");
    lines.until("peer_added").await;

    drop(first);
    let taken_back = |seen: &Seen| !seen.withdrawn.is_empty();
    second.until("the route is gone", taken_back).await;
    drop(second);
    lines.until("peer_removed").await;
    lines.until("peer_removed").await;
    are(&lab, 0).await;
    let after = get(lab.http, "/metrics").await;
    assert_eq!(metrics(&before.body), metrics(&after.body));
    assert!(!after.body.contains(&open.name(129)));
    let gone = get(lab.http, &path).await;
    assert_eq!(gone.status, 404, "{gone:?}");
    let estate = lab.live.server.ask(|engine| {
        let exchange = engine.exchange();
        let speakers = exchange.graph().speakers().count();
        (
            exchange.estate().nvas.len(),
            speakers,
            engine.peers().count(),
        )
    });
    // The described NVA and both instances.
    assert_eq!(estate.await.expect("an answer"), (1, 3, 1));
    assert_eq!(known.seen().established, 1);
    // It may come again.
    let again = open.router(129, 65077);
    again.until("the route of the other", has(1)).await;
    assert_eq!(are(&lab, 1).await[0]["asn"], 65077);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_more_dynamic_peers_than_there_may_be() {
    let open = Open::new(", asn: any, at_most: 3");
    let lab = open.serve().await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let mut routers: Vec<Router> = (0..3).map(|n| open.router(130 + n, 65001)).collect();
    are(&lab, 3).await;
    for router in &routers {
        router
            .until("a session", |seen| seen.established == 1)
            .await;
    }
    let late = open.router(140, 65001);
    let rejected = |seen: &Seen| seen.notifications.contains(&(6, 5));
    late.until("connection rejected", rejected).await;
    lines.until("has its 3 sessions already").await;
    assert_eq!(dynamic(&lab).await.len(), 3);
    assert!(
        routers
            .iter()
            .all(|router| router.seen().notifications.is_empty())
    );
    // Who is described is not counted among them.
    let known = open.known();
    known.until("a session", |seen| seen.established == 1).await;
    // Once one has gone there is room.
    drop(routers.pop());
    late.until("a session", |seen| seen.established == 1).await;
    are(&lab, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_asns_that_are_named_may_come_and_none_with_the_servers_own() {
    let open = Open::new(", asn: [65001, 4200000001]");
    let lab = open.serve().await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    let (first, second) = (open.router(130, 65001), open.router(131, 4_200_000_001));
    let wrong = open.router(132, 65002);
    let bad_peer_as = |seen: &Seen| seen.notifications.contains(&(2, 2));
    wrong.until("bad peer AS", bad_peer_as).await;
    lines.until("AS 65002 is not awaited from").await;
    for router in [&first, &second] {
        router
            .until("a session", |seen| seen.established == 1)
            .await;
    }
    are(&lab, 2).await;

    let open = Open::new(", asn: any");
    let lab = open.serve().await;
    let same = open.router(130, 65515);
    let rejected = |seen: &Seen| seen.notifications.contains(&(6, 5));
    same.until("connection rejected", rejected).await;
    assert_eq!(dynamic(&lab).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_inside_the_prefix_is_no_peer_without_an_open_and_locks_nobody_out() {
    let open = Open::new(", asn: any, at_most: 2");
    let lab = open.serve().await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    // A connection each from more addresses than may wait.
    let mut silent = Vec::new();
    for n in 0..100 {
        silent.push(open.connect(129 + n).await);
    }
    lines.until("its OPEN did not come in time").await;
    let router = open.router(240, 65001);
    router
        .until("a session", |seen| seen.established == 1)
        .await;
    assert_eq!(are(&lab, 1).await.len(), 1);
    // The oldest are closed, the newest wait.
    let mut octets = [0; 64];
    let closed = silent[0].read(&mut octets).await;
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");

    // What is no BGP is told so, and is over.
    let mut http = open.connect(250).await;
    let sent = tokio::io::AsyncWriteExt::write_all(&mut http, b"GET / HTTP/1.1\r\n\r\n padding");
    sent.await.expect("sent");
    let mut told = Vec::new();
    http.read_to_end(&mut told).await.expect("an answer");
    // Message Header Error, Connection Not Synchronized.
    assert_eq!(told.get(18..21), Some(&[3, 1, 1][..]), "{told:?}");
    lines.until("what came first is no OPEN").await;
    assert_eq!(dynamic(&lab).await.len(), 1);
    let peers = lab.live.server.ask(|engine| engine.peers().count()).await;
    assert_eq!(peers.expect("an answer"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_and_goes_without_end_leaves_nothing() {
    let open = Open::new(", asn: any, at_most: 4");
    let lab = open.serve().await;
    let known = open.known();
    known.announce("10.1.2.100", &["192.168.9.0/24"]);
    known.until("a session", |seen| seen.established == 1).await;
    for round in 0..10u8 {
        let routers: Vec<Router> = (0..4)
            .map(|n| open.router(130 + 4 * round + n, 65001 + u32::from(n)))
            .collect();
        for router in &routers {
            router.until("the route", has(1)).await;
        }
        drop(routers);
        are(&lab, 0).await;
    }
    let left = lab.live.server.ask(|engine| {
        let graph = engine.exchange().graph();
        let instance = graph.instance("rs", 0).expect("it");
        let sources = graph.links_of(instance).len();
        (engine.peers().count(), graph.links().count(), sources)
    });
    assert_eq!(left.await.expect("an answer"), (1, 1, 1));
    assert_eq!(known.seen().established, 1);
}

fn restarting(time: u16) -> Capability {
    Capability::GracefulRestart(GracefulRestart {
        time,
        families: vec![(AfiSafi::IPV4, true)],
        ..GracefulRestart::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dynamic_peer_that_restarts_stays_until_its_time_is_over() {
    let open = Open::new(", asn: any, graceful_restart: true");
    let lab = open.serve().await;
    let known = open.known();
    let start = |time| {
        let from: IpAddr = open.addresses.host(130);
        Router::start_with(from, 65001, open.instance(0), &[restarting(time)])
    };
    let first = start(120);
    first.announce("10.1.2.130", &["192.168.1.0/24"]);
    known.until("the route", has(1)).await;
    drop(first);
    let restarts = |peers: &Vec<Value>| peers.len() == 1 && peers[0]["state"] != "Established";
    let peers = until("it restarts", || dynamic(&lab), restarts).await;
    assert_eq!(peers[0]["learned"], 1, "{peers:?}");
    // It is back, and goes for good with less time.
    let first = start(1);
    first.announce("10.1.2.130", &["192.168.1.0/24"]);
    first.until("a session", |seen| seen.established == 1).await;
    assert!(known.seen().withdrawn.is_empty());
    drop(first);
    let gone = |seen: &Seen| seen.withdrawn.len() == 1;
    known.until("the route is gone", gone).await;
    are(&lab, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_dynamic_peers_whose_prefix_says_the_same() {
    let mut open = Open::new(", asn: any, at_most: 5");
    let lab = open.serve().await;
    let (known, first) = (open.known(), open.router(130, 65001));
    first.announce("10.1.2.130", &["192.168.1.0/24"]);
    known.until("the route", has(1)).await;
    open.keys = ", asn: [65001, 65002], at_most: 9";
    let reload = |text: String| {
        let scenario = parse(&text);
        let server = std::sync::Arc::clone(&lab.live.server);
        async move {
            let estate = scenario.estate;
            let reloaded = server.reload(&scenario.profile, estate, &scenario.live);
            reloaded.await.expect("reloaded")
        }
    };
    assert_eq!(reload(open.text()).await.kept, 2);
    assert_eq!(are(&lab, 1).await[0]["learned"], 1);
    let second = open.router(131, 65002);
    second.until("the route", has(1)).await;
    are(&lab, 2).await;
    // The second may not be there any more, and is told so.
    open.keys = ", asn: 65001";
    let reloaded = reload(open.text()).await;
    assert_eq!((reloaded.kept, reloaded.removed), (2, 1));
    let deconfigured = |seen: &Seen| seen.notifications.contains(&(6, 3));
    second.until("peer de-configured", deconfigured).await;
    are(&lab, 1).await;
    assert!(known.seen().withdrawn.is_empty());
    assert_eq!((first.seen().established, known.seen().established), (1, 1));
    // Without the key nobody is awaited.
    let text = open
        .text()
        .replace("    dynamic_neighbors", "    # dynamic_neighbors");
    assert_eq!(reload(text).await.removed, 1);
    first.until("peer de-configured", deconfigured).await;
    are(&lab, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_other_descriptions_find_dynamic_peers() {
    let open = Open::new(", asn: any");
    let lab = open.serve().await;
    let (known, first, second) = (
        open.known(),
        open.router(130, 65001),
        open.router(131, 65002),
    );
    first.announce("10.1.2.130", &["192.168.1.0/24"]);
    second.announce("10.1.2.131", &["192.168.2.0/24"]);
    known.until("both routes", has(2)).await;
    // Whose place was in between.
    drop(first);
    are(&lab, 1).await;
    let nic = "{id: n, add: {nic: {name: vm, vnet: hub}}}";
    let done = post(lab.http, "", nic).await;
    assert_eq!(done.status, 200, "{done:?}");
    let third = open.router(132, 65003);
    third.announce("10.1.2.132", &["192.168.3.0/24"]);
    let now = |seen: &Seen| seen.withdrawn.len() == 1 && seen.routes.len() == 2;
    known.until("the routes of both", now).await;
    let peers = are(&lab, 2).await;
    assert!(
        peers.iter().all(|peer| peer["state"] == "Established"),
        "{peers:?}"
    );
    // What is switched off stays so.
    let off = format!(
        "{{id: o, shutdown: {{peer: {}, text: enough}}}}",
        open.name(132)
    );
    let done = post(lab.http, "", &off).await;
    assert_eq!(done.status, 200, "{done:?}");
    let told = |seen: &Seen| seen.notifications.contains(&(6, 2));
    third.until("it is told", told).await;
    known
        .until("it is gone", |seen| seen.withdrawn.len() == 2)
        .await;
    let mut lines = Lines::open(lab.http, "/v1/events", "").await;
    lines.until("the session is switched off").await;
    let on = format!("{{id: e, enable: {{peer: {}}}}}", open.name(132));
    let done = post(lab.http, "", &on).await;
    assert_eq!(done.status, 200, "{done:?}");
    third
        .until("it is back", |seen| seen.established == 2)
        .await;
    assert_eq!(
        (known.seen().established, second.seen().established),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_is_watched_by_bfd_and_forgotten_when_its_path_fails() {
    let open = Open::new(", asn: any, bfd: {interval_ms: 60, multihop: true}");
    let lab = open.serve().await;
    let router = open.router(129, 65001);
    let peer = BfdPeer::start(&open.addresses, 129, Hops::Multiple, 60);
    let is_up = |peers: &Vec<Value>| peers.len() == 1 && peers[0]["bfd"]["state"] == "Up";
    until("BFD is up", || dynamic(&lab), is_up).await;
    peer.say(Say::Silence);
    router
        .until("it is told why", |seen| seen.notifications == [(6, 10)])
        .await;
    drop(router);
    are(&lab, 0).await;
    let metrics = get(lab.http, "/metrics").await.body;
    let left = metrics.contains("routehub_bfd_session_up{");
    assert!(!left, "{metrics}");
}
