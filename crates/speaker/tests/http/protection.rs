//! Passwords and GTSM: what is asked for holds from the first octet, and is not shown.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use routehub_scenario::Scenario;
use routehub_speaker::Server;
use socket2::{Domain, Socket, Type};

use crate::client::{Lines, get, look};
use crate::lab::{Lab, Network, PORT};

/// A connection from a peer's address, whose packets have this TTL.
fn connect(from: IpAddr, to: SocketAddr, ttl: u32) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_ttl_v4(ttl)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect_timeout(&to.into(), Duration::from_secs(2))?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    Ok(socket.into())
}

/// One of two neighbours of a listener asks for GTSM: its connection from afar is closed unread.
#[tokio::test(flavor = "multi_thread")]
async fn gtsm_holds_for_the_first_octet_where_another_neighbour_does_without() {
    let mut network = Network::new();
    network.live[0].3 = ", ttl_security: true";
    let lab = Lab::new(&network).await;
    let mut events = Lines::open(lab.http, "/v1/events", "*/*").await;
    let to = SocketAddr::new(network.addresses.host(4), PORT);
    let hosts = [network.addresses.host(101), network.addresses.host(102)];
    let answers = tokio::task::spawn_blocking(move || {
        [(0, 64), (0, 254), (0, 255), (1, 64)].map(|(host, ttl)| {
            let mut stream = connect(hosts[host], to, ttl).ok()?;
            // The server may have closed before it can be written.
            let _ = stream.write_all(&[0xff; 16]);
            let mut first = [0; 19];
            stream.read_exact(&mut first).ok().map(|()| first[18])
        })
    });
    let answers = answers.await.expect("no panic");
    assert_eq!(
        answers,
        [None, None, Some(1), Some(1)],
        "an OPEN, or nothing"
    );
    let told = events.until("\"event\":\"refused\"").await + &events.until("\n").await;
    assert!(
        told.contains("it cannot be protected as configured"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_shown_nowhere() {
    let mut network = Network::new();
    network.live[0].3 = ", password: opensesame";
    let lab = Lab::new(&network).await;
    for path in ["/v1/peers", "/v1/tables", "/v1/findings", "/metrics", "/"] {
        let answer = get(lab.http, path).await;
        assert!(!answer.body.contains("opensesame"), "{path}");
    }
    assert_eq!(look(lab.http, "/v1/peers").await[0]["name"], "nva1");
}

/// A file with a live NVA that listens on a port of its own.
fn file(key: &str) -> String {
    format!(
        "schema: routehub/1\ntitle: x\nvnets: [{{name: hub, address_space: [10.1.0.0/16]}}]\n\
         route_servers: [{{name: rs, vnet: hub, ips: [10.1.255.4, 10.1.255.5]}}]\n\
         nvas: [{{name: nva, vnet: hub, ip: 10.1.2.4, asn: 65001, live: true, {key}, \
         sessions: [{{route_server: rs, instances: [0]}}]}}]\n\
         listen: {{addresses: {{10.1.255.4: \"127.0.0.1:0\"}}}}\n"
    )
}

async fn start(text: &str, directory: &std::path::Path) -> Result<Server, String> {
    let mut scenario = Scenario::parse(text).map_err(|wrong| format!("{wrong:?}"))?;
    scenario.live.look_in(directory);
    let server = Server::start(&scenario.profile, scenario.estate, &scenario.live).await;
    server.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_may_stand_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = directory.path().join("key");
    std::fs::write(&key, "opensesame\n").expect("written");
    let server = start(&file("password_file: key"), directory.path()).await;
    let server = server.expect("it starts");
    let neighbors = server.neighbors();
    assert!(!format!("{neighbors:?}").contains("opensesame"));
    server.stop("over").await;
    let error = start(&file("password_file: nokey"), directory.path()).await;
    let error = error.expect_err("there is no such file");
    assert!(error.contains("nva") && error.contains("nokey"), "{error}");
    let both = file("password_file: key, password: x");
    let error = start(&both, directory.path()).await.err();
    let error = error.expect("one is enough");
    assert!(error.contains("both"), "{error}");
    std::fs::write(&key, "\n").expect("written");
    let error = start(&file("password_file: key"), directory.path())
        .await
        .err();
    assert!(error.expect("no key").contains("octets"));
}
