//! Routes both ways between a BIRD and both instances of a Route Server.

use std::time::Duration;

use routehub::{EffectiveRow, RouteRow};
use routehub_speaker::Server;

use crate::bird::{Bird, Programs};
use crate::lab::{Addresses, PORT, network, serve, until};

fn configuration(addresses: Addresses) -> String {
    let (nva, zero, one) = (addresses.host(100), addresses.host(4), addresses.host(5));
    format!(
        "log stderr all;
router id {nva};
protocol device {{ }}
protocol static {{
  ipv4;
  route 10.250.0.0/16 unreachable;
}}
filter announce {{
  if source != RTS_STATIC then reject;
  bgp_next_hop = 10.1.2.4;
  bgp_community.add((65001, 7));
  accept;
}}
template bgp route_server {{
  local {nva} port 1791 as 65001;
  strict bind;
  multihop;
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  ipv4 {{ import all; export filter announce; }};
}}
protocol bgp instance0 from route_server {{ neighbor {zero} port {PORT} as 65515; }}
protocol bgp instance1 from route_server {{ neighbor {one} port {PORT} as 65515; }}
"
    )
}

async fn learned(server: &Server) -> Vec<RouteRow> {
    let question = |engine: &routehub::Engine| engine.exchange().rs_learned("rs", "sdwan");
    server.ask(question).await.expect("an answer")
}

async fn effective(server: &Server) -> Vec<EffectiveRow> {
    let question = |engine: &routehub::Engine| engine.exchange().nic_effective("vm");
    let rows = server.ask(question).await.expect("an answer");
    let rows = rows.expect("the NIC").into_iter();
    rows.filter(|row| row.prefixes == ["10.250.0.0/16".parse().unwrap()])
        .collect()
}

/// Blocks of `show route all`, one a route.
fn received(bird: &Bird<'_>, protocol: &str) -> Vec<String> {
    let text = bird.ask(&format!("show route protocol {protocol} all"));
    let mut blocks: Vec<String> = Vec::new();
    let mut prefix = "";
    for line in text.lines() {
        if line.contains(&format!("[{protocol} ")) {
            // Further routes to a prefix do not repeat it.
            prefix = line
                .split_whitespace()
                .next()
                .filter(|word| word.contains('/'))
                .unwrap_or(prefix);
            blocks.push(format!("{prefix}\n"));
        } else if let Some(block) = blocks.last_mut() {
            block.push_str(line.trim());
            block.push('\n');
        }
    }
    blocks.sort();
    blocks
}

#[tokio::test(flavor = "multi_thread")]
async fn bird_and_both_instances_exchange_routes_and_lose_and_find_each_other() {
    let Some(programs) = Programs::find() else {
        return;
    };
    let addresses = Addresses::new();
    let server = serve(&network(addresses)).await;
    assert_eq!(server.addresses().len(), 2);
    assert!(learned(&server).await.is_empty());

    for round in 1..=2 {
        let bird = programs.start(&configuration(addresses));
        let rows = until(
            "both instances learn 10.250.0.0/16",
            || learned(&server),
            |rows| rows.len() == 2,
        )
        .await;
        for (row, instance) in rows.iter().zip(0..) {
            assert_eq!(row.prefix.to_string(), "10.250.0.0/16");
            assert_eq!(row.as_path.to_string(), "65001");
            assert_eq!(row.next_hop, "10.1.2.4".parse().ok());
            assert_eq!(row.communities, ["65001:7".parse().unwrap()]);
            assert_eq!(row.instance, Some(instance), "round {round}");
        }
        let vm = effective(&server).await;
        assert_eq!(vm.len(), 1, "{vm:#?}");
        assert_eq!(
            vm[0].next_hops,
            ["10.1.2.4".parse::<std::net::IpAddr>().unwrap()]
        );

        for (protocol, instance) in [("instance0", "10.1.255.4"), ("instance1", "10.1.255.5")] {
            let look = async || received(&bird, protocol);
            let told = until("BIRD has hub and spoke", look, |told: &Vec<String>| {
                told.len() == 2
            })
            .await;
            for (route, prefix) in told.iter().zip(["10.1.0.0/16", "10.2.0.0/16"]) {
                assert!(route.starts_with(&format!("{prefix}\n")), "{route}");
                assert!(route.contains("BGP.as_path: 65515\n"), "{route}");
                assert!(
                    route.contains(&format!("BGP.next_hop: {instance}\n")),
                    "{route}"
                );
            }
            assert!(
                told[1].contains("BGP.community: (65518,65518)\n"),
                "{}",
                told[1]
            );
        }

        bird.stop();
        until("all is withdrawn", || learned(&server), Vec::is_empty).await;
        assert!(effective(&server).await.is_empty());
    }
    server.stop("the test is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bird_with_the_password_and_near_by_is_a_peer_and_others_get_no_connection() {
    let Some(programs) = Programs::find() else {
        return;
    };
    let addresses = Addresses::new();
    let protected = "live: true, password: open sesame, ttl_security: true";
    let file = network(addresses).replace("live: true", protected);
    let server = serve(&file).await;

    let stranger = tokio::net::TcpSocket::new_v4().expect("a socket");
    let own = format!("{}:0", addresses.host(100))
        .parse()
        .expect("an address");
    stranger.bind(own).expect("its address");
    let to = server.addresses()[0];
    let refused = tokio::time::timeout(Duration::from_millis(500), stranger.connect(to)).await;
    assert!(refused.is_err(), "{refused:?}");

    let configuration = configuration(addresses).replace(
        "multihop;",
        "multihop 1; ttl security on; password \"open sesame\";",
    );
    let bird = programs.start(&configuration);
    until(
        "both instances learn",
        || learned(&server),
        |rows| rows.len() == 2,
    )
    .await;
    bird.stop();
    server.stop("the test is over").await;
}
