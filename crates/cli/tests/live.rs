//! What `docs/live.md` says of a live server: the metrics that its alerts and its dashboard use are
//! those that a server has.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A network whose one NVA has to connect, on addresses of this machine.
const FILE: &str = "
schema: routehub/1
title: A live NVA
profile: {base: open, max_routes_per_peer: 1000}
vnets: [{name: hub, address_space: [10.0.0.0/16]}]
route_servers: [{name: rs, vnet: hub, ips: [10.0.6.4, 10.0.6.5]}]
nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], live: true, peer_address: 127.0.77.1, bfd: {interval_ms: 300}}]
nics: [{name: vm, vnet: hub}]
listen: {addresses: {10.0.6.4: '127.0.77.4:17977', 10.0.6.5: '127.0.77.5:17977'}}
";

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_happens_is_told_as_lines_of_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("network.yaml");
    // Addresses of its own: the server of another test may run beside it.
    std::fs::write(&file, FILE.replace("127.0.77.", "127.0.78.")).expect("a file");
    let child = Command::new(env!("CARGO_BIN_EXE_routehub"))
        .arg("serve")
        .arg(&file)
        .args(["--http", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .spawn();
    let mut server = Server(child.expect("the program starts"));
    let mut lines = BufReader::new(server.0.stdout.take().expect("a pipe")).lines();
    let mut next = || -> serde_json::Value {
        let line = lines.next().expect("a line").expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let address = loop {
        let line = next();
        assert!(line["unix_ms"].is_u64() && line["event"].is_string());
        let text = line["text"].as_str().expect("a text");
        if let Some((_, address)) = text.split_once("answering on http://") {
            break address.to_owned();
        }
    };
    let mut stream = TcpStream::connect(&address).expect("it answers");
    let body = "{id: on, set_branch_to_branch: {route_server: rs, value: true}}";
    write!(
        stream,
        "POST /v1/events HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("a request");
    let happened = loop {
        let line = next();
        if line["event"] != "said" && line["event"] != "bfd" {
            break line;
        }
    };
    assert!(
        happened["text"]
            .as_str()
            .is_some_and(|text| text.contains("on"))
    );
}

/// What a server answers of a path.
fn answered(path: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("network.yaml");
    std::fs::write(&file, FILE).expect("a file");
    let child = Command::new(env!("CARGO_BIN_EXE_routehub"))
        .arg("serve")
        .arg(&file)
        .args(["--http", "127.0.0.1:0", "--sink", "memory"])
        .stdout(Stdio::piped())
        .spawn();
    let mut server = Server(child.expect("the program starts"));
    let lines = BufReader::new(server.0.stdout.take().expect("a pipe")).lines();
    let mut lines = lines.map(|line| line.expect("a line"));
    let address = lines
        .find_map(|line| Some(line.split_once("answering on http://")?.1.to_owned()))
        .expect("it says where it answers");
    let mut stream = TcpStream::connect(&address).expect("it answers");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

/// A crate that the page names.
const CRATE: &str = "routehub_speaker";
/// The one metric without our name.
const MEMORY: &str = "process_resident_memory_bytes";

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    let words = text.split(|c| !is_part(c));
    let is_metric =
        |word: &&str| word.starts_with("routehub_") && *word != CRATE || *word == MEMORY;
    words.filter(is_metric).collect()
}

#[test]
fn alerts_and_dashboard_use_metrics_that_there_are() {
    let answer = answered("/metrics");
    let types = answer
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let known: BTreeSet<String> = types
        .filter_map(|line| {
            let (name, kind) = line.split_once(' ')?;
            let suffix = if kind == "counter" { "_total" } else { "" };
            Some(format!("{name}{suffix}"))
        })
        .collect();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for page in ["live.md", "live/alerts.yaml", "live/grafana.json"] {
        let text = std::fs::read_to_string(docs.join(page)).expect("a page");
        let used = metrics(&text);
        assert!(!used.is_empty(), "{page}");
        let unknown: Vec<&&str> = used.iter().filter(|name| !known.contains(**name)).collect();
        assert!(unknown.is_empty(), "{page}: {unknown:?}");
    }
}

#[test]
fn every_alert_is_on_the_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = std::fs::read_to_string(docs.join("live.md")).expect("the page");
    let alerts = std::fs::read_to_string(docs.join("live/alerts.yaml")).expect("the alerts");
    let names = alerts.split("alert: ").skip(1);
    for name in names.filter_map(|rest| rest.split_whitespace().next()) {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}
