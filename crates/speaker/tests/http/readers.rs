//! Reading never delays routing: clients read tables of 100,000 routes and whatever else there is,
//! and an UPDATE of another peer goes its way meanwhile. Figures are those of a build with optimization; without, the
//! tables are shorter, and nothing is said about time:
//!
//! ```text
//! cargo test --release -p routehub-speaker --test http -- --nocapture readers
//! ```

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use routehub::types::{AsPath, Asn, Attrs, Ipv4Prefix, Prefix};
use routehub_testkit::peer::{Peer, announced, encode};
use routehub_wire::Context;

use crate::lab::{Lab, Network, PORT};

/// Routes of the tables.
const ROUTES: u32 = if cfg!(debug_assertions) {
    10_000
} else {
    100_000
};
/// Round trips that are measured.
const TRIPS: u32 = if cfg!(debug_assertions) { 50 } else { 500 };
/// The pause between two of them.
const PAUSE: Duration = Duration::from_millis(10);
/// The time that 95 of 100 round trips may take while tables are read.
const GOAL: Duration = Duration::from_millis(5);

fn resident_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let mut words = line.expect("a line").split_whitespace();
    words.find_map(|word| word.parse().ok()).expect("kB")
}

fn update(asn: u32, next_hop: IpAddr, prefixes: &[Prefix]) -> Vec<u8> {
    let attrs = Attrs::new(AsPath::sequence([Asn(asn)]), next_hop);
    encode(&Context::default(), &attrs, prefixes)
}

async fn hear(peer: &mut Peer, wanted: impl Fn(&Prefix) -> bool, mut count: usize) {
    while count > 0 {
        let message = peer.next().await.expect("a session that stays");
        let heard = announced(&message);
        count = count.saturating_sub(heard.iter().filter(|prefix| wanted(prefix)).count());
    }
}

/// How long each UPDATE takes from one peer to another, in order of time.
async fn trips(from: &mut Peer, to: &mut Peer, first: u32) -> Vec<Duration> {
    let mut all = Vec::new();
    for trip in first..first + TRIPS {
        let address = Ipv4Addr::from(u32::from_be_bytes([192, 0, 0, 0]) + (trip << 8));
        let prefix = Prefix::new(address.into(), 24).expect("a prefix");
        let octets = update(65002, "10.1.2.102".parse().expect("an address"), &[prefix]);
        let start = Instant::now();
        from.send(&octets).await.expect("a connection");
        hear(to, |heard| *heard == prefix, 1).await;
        all.push(start.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    all.sort_unstable();
    all
}

fn part(trips: &[Duration], percent: usize) -> Duration {
    trips[(trips.len() - 1) * percent / 100]
}

fn told(what: &str, trips: &[Duration]) {
    let [half, most, all] = [50, 95, 100].map(|percent| part(trips, percent));
    eprintln!("{what}: median {half:.2?}, p95 {most:.2?}, longest {all:.2?}");
}

/// Reads tables until it is told to stop.
fn read(to: SocketAddr, path: &str, stop: &AtomicBool, tables: &AtomicUsize) {
    let mut octets = vec![0; 1 << 18];
    while !stop.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(to).expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut start = [0; 15];
        stream.read_exact(&mut start).expect("a status");
        assert_eq!(start, *b"HTTP/1.1 200 OK", "{path}");
        let mut length = 0;
        loop {
            match stream.read(&mut octets).expect("octets") {
                0 => break,
                more => length += more,
            }
        }
        let is_table = path.contains("table") || path.contains("ed-routes") || path == EFFECTIVE;
        let least = if is_table { ROUTES as usize * 50 } else { 2 };
        assert!(length > least, "{path}: {length} octets");
        tables.fetch_add(1, Ordering::Relaxed);
    }
}

const LEARNED: &str = "/v1/route-servers/rs/peerings/nva1/learned-routes";
const ADVERTISED: &str = "/v1/route-servers/rs/peerings/nva3/advertised-routes";
const EFFECTIVE: &str = "/v1/nics/vm/effective-routes";

#[tokio::test(flavor = "multi_thread")]
async fn six_readers_of_long_tables_do_not_delay_an_update() {
    read_and_update(&[LEARNED, LEARNED, LEARNED, ADVERTISED, ADVERTISED, EFFECTIVE]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_all_tables_do_not_delay_an_update() {
    read_and_update(&["/v1/tables", "/v1/tables"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_everything_else_do_not_delay_an_update() {
    read_and_update(&[
        "/v1/findings",
        "/v1/peers",
        "/v1/explain?name=vm&destination=100.64.0.1",
        "/v1/trace?from=vm&to=100.64.0.1",
        "/metrics",
        "/v1/tables",
    ])
    .await;
}

/// Reads these while UPDATEs go from one peer to another.
async fn read_and_update(paths: &'static [&'static str]) {
    let network = Network {
        profile: "open",
        live: vec![
            ("nva1", 101, 65001, ""),
            ("nva2", 102, 65002, ""),
            ("nva3", 103, 65003, ""),
        ],
        ..Network::new()
    };
    let lab = Lab::new(&network).await;
    let to = SocketAddr::new(network.addresses.host(4), PORT);
    let join = async |host: u8, asn| {
        let IpAddr::V4(address) = network.addresses.host(host) else {
            panic!("127.0.0.0/8");
        };
        Peer::establish(address, to, asn).await
    };
    let mut first = join(101, 65001).await;
    let (mut from, mut heard) = (join(102, 65002).await, join(103, 65003).await);
    let base = u32::from_be_bytes([100, 64, 0, 0]);
    let hosts = (0..ROUTES).map(|n| Prefix::V4(Ipv4Prefix::host((base + n).into())));
    let hosts: Vec<Prefix> = hosts.collect();
    let octets = update(65001, "10.1.2.101".parse().expect("an address"), &hosts);
    let is_host = |prefix: &Prefix| prefix.length() == 32;
    let all = ROUTES as usize;
    let sent = first.send(&octets);
    let (sent, (), ()) = tokio::join!(
        sent,
        hear(&mut from, is_host, all),
        hear(&mut heard, is_host, all)
    );
    sent.expect("a connection");
    let before = resident_memory();
    let alone = trips(&mut from, &mut heard, 0).await;
    told("alone", &alone);

    let (stop, tables) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let readers: Vec<_> = paths
        .iter()
        .map(|path| {
            let (stop, tables, to) = (Arc::clone(&stop), Arc::clone(&tables), lab.http);
            std::thread::spawn(move || read(to, path, &stop, &tables))
        })
        .collect();
    let loaded = trips(&mut from, &mut heard, TRIPS).await;
    told("with readers", &loaded);
    let after = resident_memory();
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        tokio::task::spawn_blocking(move || reader.join())
            .await
            .expect("no panic")
            .expect("no panic");
    }
    let count = tables.load(Ordering::Relaxed);
    eprintln!("{count} tables read; memory {before} kB before, {after} kB with readers");
    assert!(count >= paths.len());
    // Builds without optimization say nothing about time.
    assert!(cfg!(debug_assertions) || part(&loaded, 95) < GOAL);
}
