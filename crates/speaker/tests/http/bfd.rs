//! BFD as HTTP shows it, with a peer that is played packet by packet.

use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant as SystemInstant};

use routehub_bfd::{
    Arrival, Config, Diagnostic, Endpoint, Hops, Instant, Interval, Output, Path, Timers,
};
use routehub_testkit::wait::until;
use serde_json::{Value, json};

use crate::client::{Lines, get, look, post};
use crate::lab::{Addresses, Lab, Network};

/// What a played peer is told.
pub(crate) enum Say {
    AdminDown,
    Silence,
    /// Packets leave with this TTL.
    Ttl(u32),
}

/// A system that runs BFD with the server, on a thread of its own; it is silent when this is gone.
pub(crate) struct BfdPeer {
    say: Sender<Say>,
}

impl BfdPeer {
    pub(crate) fn start(addresses: &Addresses, host: u8, hops: Hops, interval: u32) -> Self {
        let (local, remote) = (addresses.host(host), addresses.host(4));
        let path = Path {
            hops,
            local,
            remote,
        };
        let socket = UdpSocket::bind((local, hops.port())).expect("a socket");
        let wait = Some(Duration::from_millis(2));
        socket.set_read_timeout(wait).expect("an option");
        socket.set_ttl(255).expect("an option");
        let interval = Interval::from_millis(interval);
        let timers = Timers::new(interval, interval, 3).expect("timers");
        let (say, said) = channel();
        std::thread::spawn(move || run(&socket, path, Config::multihop(timers), &said));
        Self { say }
    }

    pub(crate) fn say(&self, what: Say) {
        assert!(self.say.send(what).is_ok(), "the peer runs");
    }
}

fn run(socket: &UdpSocket, path: Path, config: Config, said: &Receiver<Say>) {
    let start = SystemInstant::now();
    let now = || Instant::from_micros(start.elapsed().as_micros() as u64);
    let mut system = Endpoint::new(7);
    let session = system.add(now(), path, config).expect("a session");
    let to = SocketAddr::new(path.remote, path.hops.port());
    let mut silent = false;
    loop {
        match said.try_recv() {
            Ok(Say::AdminDown) => {
                system.disable(now(), session, Diagnostic::AdministrativelyDown);
            }
            Ok(Say::Silence) => silent = true,
            Ok(Say::Ttl(ttl)) => socket.set_ttl(ttl).expect("an option"),
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
            Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
        }
        let mut octets = [0; 100];
        if let Ok((length, _)) = socket.recv_from(&mut octets) {
            let arrival = Arrival { path, ttl: 255 };
            let _ = system.handle_datagram(now(), &arrival, &octets[..length]);
        }
        system.handle_timeout(now());
        while let Some((_, _, output)) = system.poll() {
            if let (Output::Send(datagram), false) = (output, silent) {
                socket.send_to(datagram.octets(), to).expect("sent");
            }
        }
    }
}

/// A network under `open` whose first NVA has this `bfd`.
fn network(more: &'static str) -> Network {
    let mut network = Network::new();
    network.profile = "open";
    network.live[0].3 = more;
    network
}

/// BFD of the first NVA.
async fn bfd(lab: &Lab) -> Value {
    let peers = look(lab.http, "/v1/peers").await;
    let mut peers = peers.as_array().expect("a list").iter();
    let nva = peers.find(|peer| peer["name"] == "nva1").expect("a peer");
    nva["bfd"].clone()
}

async fn until_state(lab: &Lab, state: &str) -> Value {
    until(state, || bfd(lab), |bfd| bfd["state"] == state).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_fails_ends_the_session_and_all_of_it_is_shown() {
    let network = network(", bfd: {interval_ms: 60}");
    let lab = Lab::new(&network).await;
    let mut events = Lines::open(lab.http, "/v1/events", "*/*").await;
    let router = network.router("nva1");
    router
        .until("a session", |seen| seen.established == 1)
        .await;
    let peer = BfdPeer::start(&network.addresses, 101, Hops::Multiple, 60);
    let shown = until_state(&lab, "Up").await;
    // The file does not say how far the peer is away: over one hop nobody begins.
    let session = &shown["sessions"][1];
    assert_eq!(session["hops"], "multiple");
    assert_eq!(shown["sessions"][0]["counters"]["sent"], 0);
    assert_eq!(session["remote_state"], "Up");
    assert_ne!(session["local_discriminator"], 0);
    assert!(session["remote_discriminator"].is_u64());
    assert_eq!(session["transmit_interval_ms"], 60.0);
    assert_eq!(session["counters"]["downs"], 0);
    let line = events.until("is Up, was").await;
    assert!(line.contains("\"event\":\"bfd\""), "{line}");

    peer.say(Say::Silence);
    router
        .until("it is told why", |seen| seen.notifications == [(6, 10)])
        .await;
    let line = events.until("\"to\":\"Down\"").await;
    let diagnostic = json!({"code": 1, "name": "Control Detection Time Expired"}).to_string();
    assert!(line.contains(&diagnostic), "{line}");
    let shown = until_state(&lab, "Down").await;
    let down = &shown["sessions"][1]["last_down"]["diagnostic"]["code"];
    assert_eq!(*down, 1, "{shown}");
    let metrics = get(lab.http, "/metrics").await.body;
    let value = |name: &str| {
        let line = metrics.lines().find(|line| {
            line.starts_with(&format!("routehub_bfd_{name}{{")) && line.contains("multiple")
        });
        let value = line.and_then(|line| line.rsplit(' ').next());
        value.unwrap_or_default().to_owned()
    };
    assert_eq!(value("session_up"), "0.0", "{metrics}");
    assert_eq!(value("session_downs_total"), "1", "{metrics}");
    // BGP without BFD is what there is then.
    router
        .until("a session again", |seen| seen.established == 2)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_holds_bfd_down_ends_no_session() {
    let network = network(", bfd: {interval_ms: 60, multihop: true}");
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    let peer = BfdPeer::start(&network.addresses, 101, Hops::Multiple, 60);
    until_state(&lab, "Up").await;
    router
        .until("a session", |seen| seen.established == 1)
        .await;
    peer.say(Say::AdminDown);
    let shown = until_state(&lab, "Down").await;
    let session = &shown["sessions"][0];
    assert_eq!(session["remote_state"], "AdminDown", "{shown}");
    assert_eq!(session["diagnostic"]["code"], 3, "{shown}");
    // There and back over the session, behind whatever it would have been told.
    router.announce("10.1.2.101", &["192.168.1.0/24"]);
    lab.learned("nva1", 1).await;
    router.send([&[0xff; 16][..], &[0, 23, 5, 0, 1, 0, 1]].concat());
    router.until("all again", |seen| seen.updates > 1).await;
    assert_eq!(router.seen().notifications, []);
    assert_eq!(router.seen().established, 1);
    drop(peer);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_switches_a_peer_off_holds_bfd_down_too() {
    let network = network(", bfd: {interval_ms: 60, multihop: true}");
    let lab = Lab::new(&network).await;
    let _peer = BfdPeer::start(&network.addresses, 101, Hops::Multiple, 60);
    until_state(&lab, "Up").await;
    let down = post(lab.http, "", "{id: down, nva_down: {nva: nva1}}").await;
    assert_eq!(down.status, 200, "{down:?}");
    let shown = until_state(&lab, "AdminDown").await;
    assert_eq!(shown["sessions"][0]["diagnostic"]["code"], 7, "{shown}");
    let up = post(lab.http, "", "{id: up, nva_up: {nva: nva1}}").await;
    assert_eq!(up.status, 200, "{up:?}");
    until_state(&lab, "Up").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_one_hop_packets_from_further_away_are_discarded_and_counted() {
    let network = network(", bfd: {interval_ms: 60, multihop: false}");
    let lab = Lab::new(&network).await;
    let peer = BfdPeer::start(&network.addresses, 101, Hops::Single, 60);
    until_state(&lab, "Up").await;
    peer.say(Say::Ttl(254));
    let shown = until_state(&lab, "Down").await;
    let discarded = &shown["sessions"][0]["counters"]["discarded"]["ttl"];
    assert!(discarded.as_u64() >= Some(3), "{shown}");
    peer.say(Say::Ttl(255));
    until_state(&lab, "Up").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_bfd_and_leaves_the_session_alone() {
    let mut network = network(", bfd: {interval_ms: 60, multihop: true}");
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router
        .until("a session", |seen| seen.established == 1)
        .await;
    let _peer = BfdPeer::start(&network.addresses, 101, Hops::Multiple, 60);
    let before = until_state(&lab, "Up").await;
    let discriminator = |bfd: &Value| bfd["sessions"][0]["local_discriminator"].clone();

    network.live[0].3 = ", bfd: {interval_ms: 80, multihop: true}";
    assert_eq!(lab.reload(&network).await.kept, 2);
    let slower = |bfd: &Value| bfd["sessions"][0]["detection_time_ms"] == 240.0;
    let now = until("other timers", || bfd(&lab), slower).await;
    assert_eq!(now["state"], "Up");
    assert_eq!(discriminator(&now), discriminator(&before));
    assert_eq!(now["sessions"][0]["counters"]["downs"], 0);

    network.live[0].3 = "";
    assert_eq!(lab.reload(&network).await.kept, 2);
    assert_eq!(bfd(&lab).await, Value::Null);
    network.live[0].3 = ", bfd: {interval_ms: 60, multihop: true}";
    assert_eq!(lab.reload(&network).await.kept, 2);
    let again = until_state(&lab, "Up").await;
    assert_ne!(discriminator(&again), discriminator(&before));
    let seen = router.seen();
    assert_eq!((seen.established, seen.notifications), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_server_of_azure_has_no_bfd_r_037() {
    let mut network = network(", bfd: {interval_ms: 60}");
    network.profile = "azure-2026";
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router
        .until("a session", |seen| seen.established == 1)
        .await;
    let shown = bfd(&lab).await;
    assert_eq!(shown["state"], "off");
    assert!(
        shown["why"]
            .as_str()
            .is_some_and(|why| why.contains("R-037")),
        "{shown}"
    );
    // Nobody receives there.
    let port = |hops: Hops| UdpSocket::bind((network.addresses.host(4), hops.port()));
    assert!(port(Hops::Multiple).is_ok());
    assert!(port(Hops::Single).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_bfd_nobody_waits_for_it() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let start = SystemInstant::now();
    for _ in 0..10 {
        lab.live.server.bfd().await;
    }
    assert!(start.elapsed() < Duration::from_secs(1), "it is not asked");
    assert_eq!(bfd(&lab).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_named() {
    let network = network(", bfd: {multihop: true}");
    let address = (network.addresses.host(4), Hops::Multiple.port());
    let _taken = UdpSocket::bind(address).expect("an address");
    let scenario = network.scenario();
    let server =
        routehub_speaker::Server::start(&scenario.profile, scenario.estate, &scenario.live);
    let error = server.await.expect_err("an error").to_string();
    let expected = format!("cannot use {}:4784 for BFD: ", address.0);
    assert!(error.starts_with(&expected), "{error}");
}
