//! An NVA fails: the VM's routes in the kernel move, and its streams go on.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use routehub_testkit::fabric::{Fabric, FabricServer, NETWORK, Streams};
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::namespace::route;
use routehub_testkit::wait::{PATIENCE, block_until};

use crate::bgp::Speaker;
use crate::watch::{hear, monitor};
use crate::{lab, start_routers};

/// A server in the hub.
fn serve(lab: &Fabric, file: &str) -> FabricServer {
    FabricServer::start(lab, file, |_| {}).expect("a server")
}

/// How many rows the Route Server has of an NVA.
fn learned(server: &FabricServer, nva: String) -> usize {
    let ask = move |engine: &routehub::Engine| {
        engine
            .exchange()
            .rs_learned("rs", &nva)
            .expect("a name")
            .len()
    };
    server.ask(ask).expect("an answer")
}

/// Gives the first NVA's namespace the address of another.
fn add_address(lab: &Fabric, n: u8) {
    let add = format!("address add 10.0.5.{n}/32 dev eth0");
    lab.nvas[0].ip(&add).expect("an address");
}

#[test]
fn streams_survive_when_an_nva_is_killed_and_the_kernel_has_the_other_at_once() {
    if !may_isolate() {
        return;
    }
    let lab = lab();
    let running = serve(&lab, NETWORK);
    let (first, _second, _on_prem) = start_routers(&lab);
    let look = || lab.vm.routes(254);
    let both = vec![route("192.168.0.0/16", &["10.0.4.4", "10.0.4.5"])];
    block_until("both NVAs are next hops", look, |routes| *routes == both);
    let back = || lab.on_prem.routes_of(254, "proto bird");
    let ways = route("10.1.0.0/16", &["172.16.1.1", "172.16.2.1"]);
    block_until("there are two ways back", back, |routes| {
        routes.contains(&ways)
    });

    let streams = Streams::open(&lab, 16).expect("streams");
    let sent = || lab.forwarded().expect("counters");
    let before = sent();
    block_until("both NVAs forward", sent, |now| {
        now[0] > before[0] + 100 && now[1] > before[1] + 100
    });

    let news = monitor(&lab.vm);
    // It fails as a whole.
    lab.nvas[0].set("net/ipv4/ip_forward", "0").expect("set");
    let killed = Instant::now();
    first.kill();
    let moved = hear(&news, 1);
    assert_eq!(look(), [route("192.168.0.0/16", &["10.0.4.5"])]);
    let alone = sent();
    block_until("the other NVA forwards", sent, |now| {
        now[1] > alone[1] + 2000
    });
    let streams = streams.end();
    println!(
        "killed -> the kernel's notification: {:?}; the longest that one of {} streams waited: {:?}",
        moved - killed,
        streams.whole,
        streams.longest
    );
    assert_eq!(streams.whole, 16, "{streams:?}");
    assert!(streams.answers.iter().all(|answers| *answers > 0));
    assert!(moved - killed < Duration::from_secs(10));

    lab.nvas[0].set("net/ipv4/ip_forward", "1").expect("set");
    let _back = lab.start_nva(0).expect("a BIRD");
    block_until("both NVAs are next hops again", look, |routes| {
        *routes == both
    });
    running.stop();
    assert_eq!(look(), [], "nothing is left when the server has stopped");
}

/// 192.168.0.0/16, as it stands in an UPDATE.
const ON_PREM: [u8; 3] = [16, 192, 168];

/// How often a close is measured.
const ROUNDS: u8 = 40;

/// A hub whose NVAs, at 10.0.5.1 and so on, come and go, and the same spoke.
fn many() -> String {
    let nvas = (1..=ROUNDS + 1).map(|n| {
        let asn = 64600 + u16::from(n);
        format!(
            "  - {{name: nva{n}, vnet: hub, ip: 10.0.5.{n}, asn: {asn}, sessions: [rs], live: true}}\n"
        )
    });
    let (before, rest) = NETWORK.split_once("nvas:\n").expect("NVAs");
    let (_, after) = rest.split_once("nics:\n").expect("NICs");
    let before = before.replace("vnets:", "profile: open\nvnets:");
    format!("{before}nvas:\n{}nics:\n{after}", nvas.collect::<String>())
}

#[test]
fn from_tcp_close_to_the_kernel_in_many_failures() {
    if !may_isolate() {
        return;
    }
    let lab = lab();
    for n in 1..=ROUNDS + 1 {
        add_address(&lab, n);
    }
    let running = serve(&lab, &many());
    let news = monitor(&lab.vm);
    let connect = |n: u8| {
        [4, 5].map(|instance| {
            let (own, to) = ([10, 0, 5, n].into(), [10, 0, 6, instance].into());
            let mut session = Speaker::connect(&lab.nvas[0], own, 64600 + u16::from(n), to);
            session.announce(&[ON_PREM]);
            session
        })
    };
    let _stays = connect(ROUNDS + 1);
    hear(&news, 1);
    let mut times = Vec::new();
    for n in 1..=ROUNDS {
        let goes = connect(n);
        hear(&news, 2);
        // Or the other instance could learn it later.
        let rows = || learned(&running, format!("nva{n}"));
        block_until("both instances learn it", rows, |rows| *rows == 2);
        let closed = Instant::now();
        drop(goes);
        times.push(hear(&news, 1) - closed);
    }
    times.sort();
    println!(
        "TCP close -> the kernel's notification, {ROUNDS} times: shortest {:?}, median {:?}, \
         longest {:?}",
        times[0],
        times[times.len() / 2],
        times[times.len() - 1]
    );
    assert!(times[times.len() / 2] < Duration::from_secs(1));
    running.stop();
}

#[test]
fn four_thousand_routes_move_together() {
    if !may_isolate() {
        return;
    }
    let lab = lab();
    for n in [1, 2] {
        add_address(&lab, n);
    }
    let running = serve(&lab, &many());
    let news = monitor(&lab.vm);
    let prefixes: Vec<[u8; 4]> = (0..4000_u16)
        .map(|n| {
            let [high, low] = n.to_be_bytes();
            [24, 172, 16 + high, low]
        })
        .collect();
    let connect = |n: u8| {
        [4, 5].map(|instance| {
            let (own, to) = ([10, 0, 5, n].into(), [10, 0, 6, instance].into());
            let mut session = Speaker::connect(&lab.nvas[0], own, 64600 + u16::from(n), to);
            session.announce(&prefixes);
            session
        })
    };
    // The time until as many routes as there are have so many next hops.
    let all = |next_hops: usize| {
        let mut seen = BTreeSet::new();
        loop {
            let change = news.recv_timeout(PATIENCE).expect("news of the kernel");
            if change.next_hops.len() == next_hops {
                seen.insert(change.prefix);
            } else {
                seen.remove(&change.prefix);
            }
            if seen.len() == prefixes.len() {
                return change.at;
            }
        }
    };
    let _stays = connect(1);
    all(1);
    let goes = connect(2);
    all(2);
    let rows = || learned(&running, "nva2".to_owned());
    block_until("both instances learn all", rows, |rows| {
        *rows == 2 * prefixes.len()
    });
    let closed = Instant::now();
    drop(goes);
    let moved = all(1) - closed;
    println!(
        "TCP close -> the kernel's last notification of {}: {moved:?}",
        prefixes.len()
    );
    let routes = lab.vm.routes(254);
    assert_eq!(routes.len(), prefixes.len());
    assert!(routes.iter().all(|(_, hops)| *hops == ["10.0.5.1"]));
    running.stop();
    assert_eq!(lab.vm.routes(254), []);
}
