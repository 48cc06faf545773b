//! A server under strain: many sessions and resets by the hundred, a peer that does not read, a
//! server that is killed. `-- --nocapture` shows the figures.

mod process;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use process::Process;
use routehub::types::{Asn, Attrs, Prefix};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::peer::{Peer, announced, encode};
use routehub_wire::Context;
use tokio::task::JoinSet;

/// Sessions of one process.
const PEERS: u16 = 500;

/// How often every session is reset: a thousand resets altogether.
const ROUNDS: usize = 2;

/// Sessions of a server that is killed.
const FEW: u16 = 20;

/// The first ASN of the peers.
const FIRST_ASN: u32 = 64000;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

pub(crate) fn server() -> SocketAddr {
    SocketAddr::new(SERVER.into(), 179)
}

/// The address of a peer.
pub(crate) fn address(peer: u16) -> Ipv4Addr {
    let [high, low] = peer.to_be_bytes();
    Ipv4Addr::new(10, 99, 1 + high, low)
}

fn asn(peer: u16) -> u32 {
    FIRST_ASN + u32::from(peer)
}

/// A plain route server with this many live peers.
pub(crate) fn network(peers: u16) -> String {
    let mut text = "schema: routehub/1
title: Many peers
profile: open
vnets: [{name: lan, address_space: [10.99.0.0/16]}]
route_servers: [{name: rs, vnet: lan, ips: [10.99.0.1, 10.99.0.2], asn: 63999}]
nvas:
"
    .to_owned();
    for peer in 0..peers {
        let (ip, asn) = (address(peer), asn(peer));
        text += &format!(
            "  - {{name: p{peer}, vnet: lan, ip: {ip}, asn: {asn}, live: true, \
             sessions: [{{route_server: rs, instances: [0]}}]}}\n"
        );
    }
    text
}

fn prefix(number: u32) -> Prefix {
    let text = format!("{}/32", Ipv4Addr::from(0x1400_0000 + number));
    text.parse().expect("a prefix")
}

/// UPDATEs of a peer for these prefixes.
fn update(peer: u16, med: u32, prefixes: &[Prefix]) -> Vec<u8> {
    let mut attrs = Attrs {
        next_hop: std::net::IpAddr::from(address(peer)).into(),
        med: Some(med),
        ..Attrs::default()
    };
    attrs.as_path.prepend(Asn(asn(peer)), 1);
    encode(&Context::default(), &attrs, prefixes)
}

/// A peer with a session and one prefix of its own.
pub(crate) async fn join(peer: u16) -> Peer {
    let mut session = Peer::establish(address(peer), server(), asn(peer)).await;
    let route = update(peer, 0, &[prefix(peer.into())]);
    session.send(&route).await.expect("a connection");
    session
}

/// Reads until so many announcements have come.
pub(crate) async fn hear(peer: &mut Peer, mut routes: usize) {
    while routes > 0 {
        let message = peer.next().await.expect("a session that stays");
        routes = routes.saturating_sub(announced(&message).len());
    }
}

/// All peers, once each has heard of all others.
pub(crate) async fn join_all(peers: u16) -> Vec<Peer> {
    let mut joining = JoinSet::new();
    for peer in 0..peers {
        joining.spawn(async move {
            let mut session = join(peer).await;
            hear(&mut session, usize::from(peers) - 1).await;
            session
        });
    }
    joining.join_all().await
}

/// Resident memory of a process, in KiB.
fn resident(process: &str) -> u64 {
    let file = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(file).expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    number.expect("resident memory")
}

/// How many sessions hold a route.
async fn routes(lab: &Lab, peers: u16) -> usize {
    let count = move |engine: &routehub::Engine| {
        let learned = |peer| {
            engine
                .exchange()
                .rs_learned("rs", &format!("p{peer}"))
                .expect("a name")
        };
        (0..peers).map(|peer| learned(peer).len()).sum()
    };
    lab.server.ask(count).await.expect("an answer")
}

/// Everybody leaves without a word and comes back, again and again.
async fn five_hundred_sessions() {
    let process = Process::start(PEERS);
    let first = Peer::establish(address(0), server(), asn(0)).await;
    let idle = process.resident();
    drop(first);
    // What a first round of resets leaves behind is as large as it gets.
    drop(join_all(PEERS).await);
    let mut peers = join_all(PEERS).await;
    let before = process.resident();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        peers.clear();
        peers = join_all(PEERS).await;
    }
    let (took, after) = (start.elapsed(), process.resident());
    println!(
        "{PEERS} sessions: {} bytes each, {idle} KiB without; {} resets in {took:.1?}; \
         {after} KiB after them, {before} KiB before",
        (before - idle) * 1024 / u64::from(PEERS),
        ROUNDS * usize::from(PEERS),
    );
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert!(
        after <= before + before / 10,
        "{after} KiB, {before} before"
    );
}

/// What is killed says nothing, and what is started again has all its sessions back.
async fn killed_and_started() {
    for _ in 0..2 {
        let process = Process::start(FEW);
        let mut peers = join_all(FEW).await;
        drop(process);
        for peer in &mut peers {
            assert_eq!(peer.last_words().await, None, "it was killed");
        }
    }
    let _process = Process::start(FEW);
    let mut peers = join_all(FEW).await;
    let refresh = [&[0xff; 16][..], &[0, 23, 5, 0, 1, 0, 1]].concat();
    for peer in &mut peers {
        peer.send(&refresh).await.expect("a connection");
        hear(peer, usize::from(FEW) - 1).await;
    }
}

/// Prefixes that change, and how often each does.
const CHANGING: u32 = 1000;
const CHANGES: u32 = 200;

/// One peer changes 200,000 routes, one reads nothing, and one hears the last of them in time.
async fn a_peer_that_does_not_read() {
    let lab = Lab::start(&network(3)).await;
    let mut sender = Peer::establish(address(0), server(), asn(0)).await;
    let mut reader = Peer::establish(address(1), server(), asn(1)).await;
    let stuck = Peer::establish(address(2), server(), asn(2)).await;
    let prefixes: Vec<Prefix> = (0..CHANGING).map(prefix).collect();
    let updates = |med| update(0, med, &prefixes);
    sender.send(&updates(0)).await.expect("a connection");
    hear(&mut reader, prefixes.len()).await;

    let before = resident("self");
    let start = Instant::now();
    let last = update(0, 7, &[prefix(CHANGING)]);
    let send = async {
        for med in 1..=CHANGES {
            sender.send(&updates(med)).await.expect("a connection");
        }
        sender.send(&last).await.expect("a connection");
    };
    let end = prefix(CHANGING);
    let read = async {
        loop {
            let message = reader.next().await.expect("a session that stays");
            if announced(&message).contains(&end) {
                break;
            }
        }
    };
    tokio::join!(send, read);
    let (took, grown) = (start.elapsed(), resident("self").saturating_sub(before));
    let changes = CHANGING * CHANGES;
    println!("{changes} changes beside a peer that does not read: {took:.1?}, {grown} KiB more");
    assert!(grown < 32 << 10, "{grown} KiB more");
    assert_eq!(routes(&lab, 3).await, prefixes.len() + 1);

    // It reads again, and hears of every route once and of few twice.
    let mut late = stuck;
    let mut left = prefixes.len() + 1;
    let mut heard = 0;
    while left > 0 {
        let message = late.next().await.expect("a session that stays");
        for prefix_heard in announced(&message) {
            heard += 1;
            left -= usize::from(prefix_heard == end) * left;
        }
    }
    assert!(heard < changes / 4, "{heard} routes for one that was late");
    lab.stop().await;
}

/// One test at a time: what they measure is the machine's.
fn alone<F: Future<Output = ()>>(peers: u16, test: impl FnOnce() -> F + Send + 'static) {
    static ALONE: Mutex<()> = Mutex::new(());
    // That another test failed is its own matter.
    let _guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let addresses = [SERVER].into_iter().chain((0..peers).map(address));
    isolated(addresses, test);
}

#[test]
fn five_hundred_sessions_are_reset_a_thousand_times_in_a_minute_and_memory_is_as_before() {
    alone(PEERS, five_hundred_sessions);
}

#[test]
fn a_peer_that_does_not_read_delays_nobody_and_costs_no_memory() {
    alone(3, a_peer_that_does_not_read);
}

#[test]
fn a_server_that_is_killed_and_started_again_has_all_its_sessions_back() {
    alone(FEW, killed_and_started);
}
