//! Clients that do harm: what they cost is bounded, and the routes do not wait for them.

use std::time::{Duration, Instant};

use routehub::types::{Ipv4Prefix, Prefix};
use routehub_testkit::process::is_alone;
use routehub_testkit::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{get, look};
use crate::lab::{Lab, Network};

/// So many host routes.
fn many(count: u32) -> Vec<Prefix> {
    let base = u32::from_be_bytes([100, 64, 0, 0]);
    let hosts = (0..count).map(|n| Ipv4Prefix::host((base + n).into()));
    hosts.map(Prefix::V4).collect()
}

/// The one sample of a metric without labels.
async fn metric(to: std::net::SocketAddr, name: &str) -> Option<f64> {
    let answer = get(to, "/metrics").await;
    let mut lines = answer.body.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok())
}

fn resident_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.expect("a line").split_whitespace();
    words
        .filter_map(|word| word.parse().ok())
        .next()
        .expect("kB")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_delays_neither_routes_nor_other_clients() {
    let network = Network {
        profile: "open",
        ..Network::new()
    };
    let lab = Lab::new(&network).await;
    let (first, second) = (network.router("nva1"), network.router("nva2"));
    first.announce_all("10.1.2.101", many(40_000));
    second
        .until("all is told", |seen| seen.routes.len() > 40_000)
        .await;

    let path = "/v1/route-servers/rs/peerings/nva1/learned-routes";
    let mut stuck = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(lab.http).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", lab.http);
        stream.write_all(request.as_bytes()).await.expect("sent");
        // It has an answer, and reads no more of it.
        stream.read_exact(&mut [0; 100]).await.expect("a head");
        stuck.push(stream);
    }
    let start = Instant::now();
    first.announce("10.1.2.101", &["192.168.1.0/24"]);
    let wanted = "192.168.1.0/24".parse().expect("a prefix");
    second
        .until("a new route passes", |seen| {
            seen.routes.contains_key(&wanted)
        })
        .await;
    let table = look(lab.http, path).await;
    let rows = table["RouteServiceRole_IN_0"].as_array().expect("rows");
    assert_eq!(rows.len(), 40_001);
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    // They are cut off when nothing has moved for half a minute.
    let timed_out =
        || async { metric(lab.http, "routehub_http_connections_timed_out_total").await };
    until("all are cut off", timed_out, |count| *count == Some(3.0)).await;
    for stream in &mut stuck {
        let mut rest = Vec::new();
        let read = stream.read_to_end(&mut rest).await;
        let cut = read.is_err() || rest.len() < 5_000_000;
        assert!(cut, "{} octets", rest.len());
    }
    assert_eq!(get(lab.http, "/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_not_waited_for_and_others_are_served() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(lab.http).await.expect("a connection");
        stream
            .write_all(b"GET / HTTP/1.1\r\nX-Slow: ")
            .await
            .expect("sent");
        slow.push(stream);
    }
    look(lab.http, "/healthz").await;
    let mut last = slow.pop().expect("one");
    let mut rest = Vec::new();
    let end = last.read_to_end(&mut rest);
    let end = tokio::time::timeout(Duration::from_secs(25), end).await;
    assert!(end.is_ok(), "the head was waited for");

    let mut stream = TcpStream::connect(lab.http).await.expect("a connection");
    let huge = format!("GET / HTTP/1.1\r\nX-Huge: {}\r\n\r\n", "x".repeat(200_000));
    // It may be refused before it is all sent.
    let _ = stream.write_all(huge.as_bytes()).await;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_limited_and_one_that_does_not_read_loses_what_is_oldest() {
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let mut open = Vec::new();
    for _ in 0..routehub_speaker::http::STREAMS {
        open.push(crate::client::Lines::open(lab.http, "/v1/events", "*/*").await);
    }
    let answer = get(lab.http, "/v1/events").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.error(), "too many streams are open");
    open.truncate(1);
    // The places of those that have gone are free when the server has seen it.
    let look = || async { get_started(lab.http).await };
    until("a place is free", look, |status| *status == 200).await;
}

/// The status of a stream, which is left at once.
async fn get_started(to: std::net::SocketAddr) -> u16 {
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    let request = format!("GET /v1/events HTTP/1.1\r\nHost: {to}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.expect("a head");
    std::str::from_utf8(&head[9..])
        .expect("digits")
        .parse()
        .expect("a status")
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_while_requests_events_and_reloads_go_on() {
    if !is_alone("limits::memory_stays_while_requests_events_and_reloads_go_on") {
        return;
    }
    let network = Network::new();
    let lab = Lab::new(&network).await;
    let router = network.router("nva1");
    router.announce_all("10.1.2.101", many(1000));
    lab.learned("nva1", 1000).await;
    let other = Network {
        branch_to_branch: false,
        ..network.clone()
    };
    let mut after_warming = 0;
    for round in 0..60 {
        for path in [
            "/metrics",
            "/v1/peers",
            "/v1/tables",
            "/v1/route-servers/rs/peerings/nva1/learned-routes",
            "/v1/nics/vm/effective-routes",
        ] {
            assert_eq!(get(lab.http, path).await.status, 200);
        }
        lab.reload(if round % 2 == 0 { &other } else { &network })
            .await;
        if round == 20 {
            after_warming = resident_memory();
        }
    }
    let now = resident_memory();
    assert!(
        now < after_warming + after_warming / 10 + 4096,
        "{after_warming} kB have become {now} kB"
    );
    assert_eq!(router.seen().established, 1);
    assert_eq!(router.seen().notifications, []);
}

/// Sends this, and gives what comes back and when.
async fn exchange(to: std::net::SocketAddr, sent: &str) -> (String, Duration) {
    let start = Instant::now();
    let mut stream = TcpStream::connect(to).await.expect("a connection");
    stream.write_all(sent.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    // A connection that is cut off may be reset.
    let _ = tokio::time::timeout(Duration::from_secs(60), stream.read_to_string(&mut answer)).await;
    (answer, start.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let lab = Lab::new(&Network::new()).await;
    let head = format!("POST /v1/events HTTP/1.1\r\nHost: {}\r\n", lab.http);
    let mut stream = TcpStream::connect(lab.http).await.expect("a connection");
    let request = format!("{head}Content-Length: 1000\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let (mut read, mut write) = stream.split();
    let start = Instant::now();
    let mut answer = [0; 12];
    let drip = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if write.write_all(b" ").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        all = read.read_exact(&mut answer) => { all.expect("an answer"); }
        () = drip => {}
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert!(
        start.elapsed() < Duration::from_secs(25),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_is_refused_before_a_body_is_there() {
    let network = Network::new();
    let http = std::net::SocketAddr::new(network.addresses.host(80), 0);
    let lab = Lab::with(&network, http, Some("secret")).await;
    for (token, status) in [("", "401"), ("Authorization: Bearer wrong\r\n", "401")] {
        let head = format!("POST /v1/events HTTP/1.1\r\nHost: {}\r\n{token}", lab.http);
        let sent = format!("{head}Expect: 100-continue\r\nContent-Length: 900000\r\n\r\n");
        let mut stream = TcpStream::connect(lab.http).await.expect("a connection");
        stream.write_all(sent.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        let read = stream.read_exact(&mut answer);
        let read = tokio::time::timeout(Duration::from_secs(5), read).await;
        read.expect("at once").expect("an answer");
        assert_eq!(
            String::from_utf8_lossy(&answer),
            format!("HTTP/1.1 {status}")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_are_answered_however_many_connections_there_are() {
    let lab = Lab::new(&Network::new()).await;
    let mut open = Vec::new();
    for _ in 0..2 * routehub_speaker::http::CONNECTIONS {
        let mut stream = TcpStream::connect(lab.http).await.expect("a connection");
        let begun = stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await;
        begun.expect("sent");
        open.push(stream);
        if open.len() == routehub_speaker::http::PER_CLIENT + 8 {
            let answer = get(lab.http, "/v1/peers").await;
            assert_eq!(answer.status, 503, "{answer:?}");
            assert!(
                answer.error().contains("too many connections"),
                "{answer:?}"
            );
        }
    }
    for path in ["/healthz", "/metrics"] {
        let start = Instant::now();
        assert_eq!(get(lab.http, path).await.status, 200, "{path}");
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{path}: {:?}",
            start.elapsed()
        );
    }
    drop(open);
    let look = || async { get(lab.http, "/v1/peers").await.status };
    until("there are places again", look, |status| *status == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_somebody_else_is_refused_whatever_it_asks_for() {
    let lab = Lab::new(&Network::new()).await;
    let (ip, port) = (lab.http.ip(), lab.http.port());
    let ours = [
        format!("{ip}:{port}"),
        ip.to_string(),
        format!("LocalHost:{port}"),
    ];
    let others = [
        format!("attacker.example:{port}"),
        "10.0.0.1".to_owned(),
        format!("{ip}.attacker.example"),
        format!("localhost.attacker.example:{port}"),
        String::new(),
    ];
    for (hosts, good) in [(&ours[..], true), (&others[..], false)] {
        for host in hosts {
            for path in ["/v1/peers", "/healthz", "/metrics"] {
                let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n");
                let sent = format!("{head}Connection: close\r\n\r\n");
                let (answer, _) = exchange(lab.http, &sent).await;
                assert_eq!(answer.starts_with("HTTP/1.1 200"), good, "{host}: {answer}");
            }
        }
    }
    let none = "GET /v1/peers HTTP/1.1\r\nConnection: close\r\n\r\n";
    let (answer, _) = exchange(lab.http, none).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let absolute = format!("GET http://evil.example/ HTTP/1.1\r\nHost: {ip}\r\n");
    let (answer, _) = exchange(lab.http, &format!("{absolute}Connection: close\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_not_told_more_than_it_may_and_told_what_it_lost() {
    let lab = Lab::new(&Network::new()).await;
    let mut stream = crate::client::Lines::open(lab.http, "/v1/events", "*/*").await;
    let to = std::net::SocketAddr::new(lab.live.server.addresses()[0].ip(), crate::lab::PORT);
    let flood = tokio::task::spawn_blocking(move || {
        for _ in 0..4000 {
            drop(std::net::TcpStream::connect(to));
        }
    });
    flood.await.expect("no panic");
    let lost = stream.until("\"event\":\"lost\"").await;
    assert!(lost.lines().count() <= 4000);
    let look = || async { metric(lab.http, "routehub_stream_lines_lost_total").await };
    until("they are counted", look, |lost| {
        lost.is_some_and(|lost| lost > 0.0)
    })
    .await;
}
