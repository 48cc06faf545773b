//! The reason that a peer gave is not lost, whatever the server notices first.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use routehub::types::{AsPath, Asn, Attrs, Nlri, Prefix, RouterId};
use routehub_testkit::wait::until;
use routehub_wire::{AfiSafi, Capability, Context, KEEPALIVE, Notification, Open, Packer};
use socket2::{Domain, Socket, Type};

use crate::client::{Lines, look};
use crate::lab::{Lab, Network, PORT};

/// A connection from a peer's address, with a small window.
fn connect(from: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_reuse_address(true).expect("set");
    socket.set_recv_buffer_size(4096).expect("set");
    socket
        .bind(&SocketAddr::new(from, 0).into())
        .expect("bound");
    socket.connect(&to.into()).expect("connected");
    socket.into()
}

fn open(asn: u32) -> Vec<u8> {
    let open = Open {
        asn: Asn(asn),
        hold_time: 180,
        router_id: RouterId(asn),
        capabilities: [
            Capability::Multiprotocol(AfiSafi::IPV4),
            Capability::FourOctetAs(Asn(asn)),
        ]
        .into_iter()
        .collect(),
    };
    let mut octets = Vec::new();
    open.encode(&mut octets).expect("an OPEN");
    octets
}

/// Many routes, each with attributes of its own, so that each takes a message.
fn many_messages(count: u32) -> Vec<u8> {
    let next_hop: IpAddr = "10.1.2.102".parse().expect("an address");
    let mut packer = Packer::new(&Context::default());
    let mut octets = Vec::new();
    for n in 0..count {
        let mut attrs = Attrs::new(AsPath::sequence([Asn(65002)]), next_hop);
        attrs.communities = (0..200)
            .map(|m| routehub::types::Community(n << 8 | m))
            .collect();
        let address: IpAddr = std::net::Ipv4Addr::from(0x1700_0000 + (n << 8)).into();
        let route = Prefix::new(address, 24).expect("a prefix");
        let packed = packer.announce(&attrs, &[Nlri::from(route)], &mut octets);
        packed.expect("an UPDATE");
    }
    octets
}

/// A peer that does not read says why it ends the session and resets the connection: the server has
/// much to write, and notices the reset as it writes. Both are on one thread, so that it sees all of
/// it at once.
#[tokio::test]
async fn a_reason_before_a_reset_is_read_though_a_write_fails_first() {
    let network = Network {
        profile: "open",
        ..Network::new()
    };
    let lab = Lab::new(&network).await;
    let second = network.router("nva2");
    second.until("up", |seen| seen.established == 1).await;
    let to = SocketAddr::new(network.addresses.host(4), PORT);
    let from = network.addresses.host(101);
    let established = move || {
        let mut peer = connect(from, to);
        let said = peer.write_all(&[&open(65001)[..], &KEEPALIVE].concat());
        said.expect("written");
        peer.read_exact(&mut [0; 64]).expect("an OPEN and more");
        peer
    };
    let peer = tokio::task::spawn_blocking(established).await;
    let mut peer = peer.expect("established");
    second.send(many_messages(6000));
    lab.learned("nva2", 6000).await;
    let mut events = Lines::open(lab.http, "/v1/events", "*/*").await;
    // It has long since stopped to take anything.
    let sent = || async {
        let peers = look(lab.http, "/v1/peers").await;
        peers[0]["session"]["counters"]["sent"]["octets"].as_u64()
    };
    let last = std::cell::Cell::new((None, 0));
    let unchanged = || async {
        let (now, (before, times)) = (sent().await, last.get());
        let times = if now == before { times + 1 } else { 0 };
        last.set((now, times));
        times
    };
    until("nothing more is sent", unchanged, |times| *times >= 10).await;
    let mut octets = Vec::new();
    let why = Notification::ADMINISTRATIVE_SHUTDOWN.with_text("moving away");
    why.encode(&mut octets);
    peer.write_all(&octets).expect("written");
    socket2::SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .expect("set");
    drop(peer);
    let told = events.until("\"event\":\"down\"").await + &events.until("\n").await;
    assert!(told.contains("moving away"), "{told}");
    let received = || async {
        let peers = look(lab.http, "/v1/peers").await;
        peers[0]["session"]["last_notification_received"]["text"].clone()
    };
    until("the report has it", received, |text| text == "moving away").await;
}
