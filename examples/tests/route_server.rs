//! `route_server` as its users run it, with a hand-made neighbour.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use routehub_testkit::example;
use routehub_testkit::wait::{PATIENCE, block_until};
use routehub_types::{Asn, RouterId};
use routehub_wire::{
    AfiSafi, Capability, Context, KEEPALIVE, MAX_LEN, Message, Notification, Open, decode, frame,
};

/// A loopback address of this process alone.
fn address(host: u8) -> IpAddr {
    let [.., second, third] = std::process::id().to_be_bytes();
    IpAddr::from([127, second % 64, third, host])
}

fn network() -> String {
    format!(
        "schema: routehub/1
title: A hub with a live NVA
vnets:
  - {{name: hub, address_space: [10.1.0.0/16]}}
route_servers:
  - {{name: rs, vnet: hub, ips: [10.1.255.4, 10.1.255.5]}}
nvas:
  - {{name: nva, vnet: hub, ip: 10.1.2.4, asn: 65001, live: true, peer_address: {},
     sessions: [{{route_server: rs, instances: [0]}}]}}
listen:
  addresses: {{10.1.255.4: '{}:179'}}
",
        address(100),
        address(4)
    )
}

struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    file: tempfile::NamedTempFile,
}

impl Server {
    /// Runs the example with the network above; [`expect`](Self::expect) reads what it prints.
    fn start(port: u16) -> Self {
        Self::start_with(port, &[])
    }

    /// The same with further arguments.
    fn start_with(port: u16, more: &[&str]) -> Self {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(network().as_bytes()).expect("room");
        let mut child = example::command("route_server")
            .arg(file.path())
            .args(["--listen-port", &port.to_string()])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, lines, file }
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        let length = self.lines.read_line(&mut line).expect("a line");
        assert!(length > 0, "it has ended");
        line
    }

    /// The next line, which must hold this.
    fn expect(&mut self, part: &str) -> String {
        let line = self.next_line();
        assert!(line.contains(part), "{line:?} is not {part:?}");
        line
    }

    /// Asks it to stop, as a service manager does.
    fn terminate(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let done = Command::new("kill").args([signal, &process]).status();
        assert!(done.expect("kill runs").success());
    }

    /// Writes another network into its file, and has it read that.
    fn reload(&mut self, network: &str) {
        std::fs::write(self.file.path(), network).expect("room");
        self.signal("-HUP");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connects from a loopback address.
fn connect(from: IpAddr, to: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let opened = runtime.expect("a runtime").block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0))?;
        socket.connect(to).await?.into_std()
    });
    let stream = opened.expect("a connection");
    stream.set_nonblocking(false).expect("a socket that waits");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// The next message of a stream.
fn next(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Vec<u8> {
    loop {
        if let Some(length) = frame(buffer, MAX_LEN).expect("a message") {
            return buffer.drain(..length).collect();
        }
        let mut bytes = [0; 4096];
        let length = stream.read(&mut bytes).expect("bytes");
        assert!(length > 0, "closed in the middle of {buffer:?}");
        buffer.extend_from_slice(&bytes[..length]);
    }
}

#[test]
fn a_configured_neighbour_peers_a_stranger_does_not_and_sigterm_ends_with_cease() {
    let port = 1790;
    let to = SocketAddr::new(address(4), port);
    let mut server = Server::start(port);
    server.expect(&format!("listening on {to}"));
    server.expect("awaiting nva at rs 0");

    let mut stranger = connect(address(99), to);
    assert_eq!(stranger.read(&mut [0; 1]).expect("an end"), 0);
    server.expect(&format!("connection from {} to {to} refused", address(99)));

    let mut stream = connect(address(100), to);
    let capabilities = [
        Capability::FourOctetAs(Asn(65001)),
        Capability::Multiprotocol(AfiSafi::IPV4),
    ];
    let open = Open {
        asn: Asn(65001),
        hold_time: 90,
        router_id: RouterId(1),
        capabilities: capabilities.into_iter().collect(),
    };
    let mut bytes = Vec::new();
    open.encode(&mut bytes).expect("an OPEN");
    bytes.extend(KEEPALIVE);
    stream.write_all(&bytes).expect("an open stream");
    server.expect("established, AS 65001, hold time 90 s");

    server.terminate();
    let (context, mut buffer) = (Context::default(), Vec::new());
    let last = loop {
        let message = next(&mut stream, &mut buffer);
        if let Message::Notification(last) = decode(&message, &context).expect("a message") {
            break last;
        }
    };
    assert_eq!(
        last,
        Notification::ADMINISTRATIVE_SHUTDOWN.with_text("routehub is stopping")
    );
    server.expect("stopping");
    assert_eq!(server.child.wait().expect("an end").code(), Some(0));
}

/// The answer to a request.
fn ask(to: &str, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(to).expect("a connection");
    let length = body.len();
    let head = format!("{request} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n");
    let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn http_answers_events_happen_and_sighup_reads_the_file_again() {
    let http = SocketAddr::new(address(80), 0).to_string();
    let mut server = Server::start_with(1791, &["--http", &http]);
    server.expect("listening on");
    server.expect("awaiting nva at rs 0");
    let line = server.expect("answering on http://");
    let at = line.trim().strip_prefix("answering on http://");
    let at = at.expect("an address").to_owned();

    let learned = "GET /v1/route-servers/rs/peerings/nva/learned-routes";
    let answer = ask(&at, learned, "");
    assert!(
        answer.ends_with("{\"RouteServiceRole_IN_0\":[],\"RouteServiceRole_IN_1\":[]}\n"),
        "{answer}"
    );
    let event = "{id: on, set_branch_to_branch: {route_server: rs, value: true}}";
    let answer = ask(&at, "POST /v1/events", event);
    assert!(answer.ends_with("{\"applied\":[\"on\"]}\n"), "{answer}");
    server.expect("event on happened");

    server.reload(&network().replace("title", "titel"));
    let said = server.expect("not reloaded, nothing has changed: ");
    assert!(said.contains("titel"), "{said}");
    server.reload(&network());
    // What is wrong was shown in several lines.
    while server.next_line() != "reloaded: 1 sessions go on, 0 are reset, 0 are new, 0 are gone\n" {
    }
    server.reload(&network().replace("65001", "65002"));
    server.expect("reloaded: 0 sessions go on, 1 are reset, 0 are new, 0 are gone");
    let peers = ask(&at, "GET /v1/peers", "");
    assert!(peers.contains("\"asn\":65002"), "{peers}");
    server.terminate();
    while server.next_line() != "stopping\n" {}
    assert_eq!(server.child.wait().expect("an end").code(), Some(0));
}

/// A standard output that is full and that nobody reads.
fn full() -> (UnixStream, Stdio) {
    let (reader, mut writer) = UnixStream::pair().expect("two ends");
    writer.set_nonblocking(true).expect("set");
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    writer.set_nonblocking(false).expect("set");
    (reader, OwnedFd::from(writer).into())
}

/// Waits until a server answers, and a metric of it is as it should be.
fn until_metric(to: &str, name: &str, good: impl Fn(f64) -> bool) {
    let look = || {
        let answer = TcpStream::connect(to).map(|_| ask(to, "GET /metrics", ""));
        let answer = answer.unwrap_or_default();
        let line = answer.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse::<f64>().ok())
    };
    block_until(name, look, |value| value.is_some_and(&good));
}

#[test]
fn an_output_that_nobody_reads_stops_neither_signals_nor_answers() {
    for errors_too in [false, true] {
        let (mut reader, stdout) = full();
        let (_errors, stderr) = full();
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(network().as_bytes()).expect("room");
        let port = if errors_too { 1794 } else { 1795 };
        let at = SocketAddr::new(address(80), 8180 + u16::from(errors_too)).to_string();
        let mut command = example::command("route_server");
        command.arg(file.path());
        command.args(["--listen-port", &port.to_string(), "--http", &at]);
        if errors_too {
            // Lines of JSON go to the output, and everything else to the errors.
            command.args(["--sink", "json", "--sink-wait", "1"]);
            command.stderr(stderr);
        }
        let child = command.stdout(stdout).spawn().expect("cargo runs");
        let (_, nobody) = UnixStream::pair().expect("two ends");
        let nobody = std::process::ChildStdout::from(OwnedFd::from(nobody));
        let lines = BufReader::new(nobody);
        let mut server = Server { child, lines, file };
        until_metric(&at, "routehub_log_lines_written_total", |lines| {
            lines == 0.0
        });
        for _ in 0..3000 {
            drop(connect(address(99), SocketAddr::new(address(4), port)));
        }
        let refused = |lines| lines >= 1000.0;
        until_metric(&at, "routehub_log_lines_limited_total", refused);
        server.reload(&network().replace("65001", "65002"));
        let look = || ask(&at, "GET /v1/peers", "");
        block_until("it was read again", look, |peers| {
            peers.contains("\"asn\":65002")
        });
        let look = || ask(&at, "GET /healthz", "");
        let is_told = |health: &String| {
            let of_sink = health.contains("sink json: it has taken nothing");
            health.contains("nobody reads it")
                && of_sink == errors_too
                && health.starts_with("HTTP/1.1 200") != errors_too
        };
        block_until("it says so", look, is_told);
        if !errors_too {
            // As soon as somebody reads, it says what there was.
            let mut text = [0; 1 << 20];
            let mut seen = String::new();
            while !seen.contains("were left out") {
                let length = reader.read(&mut text).expect("lines");
                seen.push_str(&String::from_utf8_lossy(&text[..length]));
            }
            assert!(seen.contains("listening on"), "{seen}");
        }
        server.terminate();
        let end = || {
            server
                .child
                .try_wait()
                .expect("a child")
                .map(|end| end.code())
        };
        let start = std::time::Instant::now();
        block_until("it has ended", end, |end| *end == Some(Some(0)));
        assert!(start.elapsed() < std::time::Duration::from_secs(15));
    }
}

#[test]
fn a_host_that_is_not_ours_and_a_reader_without_the_token_learn_nothing() {
    let mut token = tempfile::NamedTempFile::new().expect("a file");
    token.write_all(b"only-to-read\n").expect("room");
    let token = token.path().display().to_string();
    let http = SocketAddr::new(address(81), 0).to_string();
    let more = ["--http", &http, "--http-host", "routes.example"];
    let more = [&more[..], &["--read-token-file", &token]].concat();
    let mut server = Server::start_with(1796, &more);
    server.expect("listening on");
    server.expect("awaiting nva at rs 0");
    let line = server.expect("answering on http://");
    let at = line.trim().strip_prefix("answering on http://");
    let at = at.expect("an address").to_owned();
    let status = |host: &str, path: &str, token: &str| {
        let mut stream = TcpStream::connect(&at).expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        let request = format!("{request}{token}\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer[9..12].to_owned()
    };
    let read = "Authorization: Bearer only-to-read\r\n";
    assert_eq!(status("evil.example", "/v1/peers", read), "421");
    assert_eq!(status("routes.example", "/v1/peers", read), "200");
    assert_eq!(status(&at, "/v1/peers", read), "200");
    assert_eq!(status(&at, "/v1/peers", ""), "401");
    assert_eq!(status(&at, "/healthz", ""), "200");
}

#[test]
fn a_token_file_that_holds_no_token_is_an_error_at_start() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(network().as_bytes()).expect("room");
    let file = file.path().display().to_string();
    let listen = ["--listen-port", "1790", "--http", "127.0.0.1:0"];
    let arguments = [
        &[file.as_str()],
        &listen[..],
        &["--token-file", "/dev/null"],
    ]
    .concat();
    let run = example::run("route_server", &arguments, b"");
    let errors = run.err;
    assert_eq!(run.code, Some(2), "{errors}");
    assert!(
        errors.contains("the token file /dev/null: a token is one line"),
        "{errors}"
    );
}

#[test]
fn a_file_that_is_wrong_is_shown_and_nothing_is_served() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    let wrong = network().replace("title", "titel");
    file.write_all(wrong.as_bytes()).expect("room");
    let file = file.path().display().to_string();
    let run = example::run("route_server", &[&file], b"");
    let errors = run.err;
    assert_eq!(run.code, Some(2), "{errors}");
    assert!(
        errors.contains("titel") && errors.contains(":2:1"),
        "{errors}"
    );
    assert!(run.out.is_empty());
}
