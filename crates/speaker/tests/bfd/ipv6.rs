//! BFD over IPv6.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use routehub_bfd::{Diagnostic, Discriminator, Hops, Interval, Packet, Received, State};
use routehub_testkit::isolated::{command, isolated};
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::until;

const OURS: &str = "fd00::4";
const THEIRS: &str = "fd00::101";

/// A hub whose Route Server and NVA really speak IPv6.
fn network() -> String {
    format!(
        "schema: routehub/1
title: An NVA that is reached by IPv6
profile: open
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets: [{{name: RouteServerSubnet, prefix: 10.1.255.0/26}}]
route_servers:
  - {{name: rs, vnet: hub}}
nvas:
  - {{name: nva1, vnet: hub, ip: 10.1.2.101, asn: 65001, live: true, peer_address: '{THEIRS}',
     bfd: {{interval_ms: 300, multihop: false}},
     sessions: [{{route_server: rs, instances: [0]}}]}}
listen:
  port: 1790
  addresses: {{10.1.255.4: '[{OURS}]:1790', 10.1.255.5: '[fd00::5]:1790'}}
"
    )
}

fn first_packet() -> Packet {
    Packet {
        diagnostic: Diagnostic::None,
        state: State::Down,
        poll: false,
        is_final: false,
        control_plane_independent: false,
        demand: false,
        detect_mult: 3.try_into().expect("not zero"),
        my_discriminator: Discriminator::new(9).expect("not zero"),
        your_discriminator: None,
        desired_min_tx: Interval::SLOW,
        required_min_rx: Interval::from_millis(300),
        required_min_echo_rx: Interval::ZERO,
    }
}

#[test]
fn packets_pass_over_ipv6_and_their_hop_limit_counts() {
    isolated([], || async {
        for address in [OURS, "fd00::5", THEIRS] {
            let address = format!("{address}/128");
            command(
                "ip",
                &["-6", "address", "add", &address, "dev", "lo", "nodad"],
            );
        }
        let theirs = SocketAddr::new(THEIRS.parse().expect("an address"), Hops::Single.port());
        let socket = UdpSocket::bind(theirs).expect("a socket");
        let patience = Some(Duration::from_secs(20));
        socket.set_read_timeout(patience).expect("an option");
        let lab = Lab::start(&network()).await;
        // The server begins.
        let mut octets = [0; 100];
        let (length, from) = socket.recv_from(&mut octets).expect("a packet");
        assert!(Hops::SOURCE_PORTS.contains(&from.port()), "{from}");
        let received = Received::parse(&octets[..length]).expect("a packet");
        assert_eq!(received.packet.state, State::Down);

        // A routed packet is none of a neighbour's.
        let to = SocketAddr::new(OURS.parse().expect("an address"), Hops::Single.port());
        let send = |hop_limit: u32| {
            socket2::SockRef::from(&socket)
                .set_unicast_hops_v6(hop_limit)
                .expect("an option");
            let sent = socket.send_to(first_packet().encode().octets(), to);
            sent.expect("sent");
        };
        let report = async || {
            let status = lab.server.bfd().await;
            let mut reports = status.sessions.into_values().flatten();
            reports.next().expect("a session")
        };
        send(254);
        until("it is discarded", &report, |report| {
            report.counters.discarded.iter().eq([("ttl", 1)])
        })
        .await;
        assert_eq!(report().await.state, State::Down);
        send(255);
        until("it is heard", &report, |report| report.state == State::Init).await;
    });
}
