//! An NVA fails: the VM's routes in the kernel move, and its streams go on.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use nix::sched::{CloneFlags, setns};
use routehub_scenario::Scenario;
use routehub_speaker::Server;
use routehub_speaker::sink::kernel::Namespace as Place;
use routehub_speaker::sink::{KernelSink, KernelTarget, Sinks};
use rtnetlink::MulticastGroup;
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};

use crate::bgp::Speaker;
use crate::netns::{Namespace, PATIENCE, may, route, until};
use crate::topology::{Lab, NETWORK};
use crate::traffic::Streams;

/// What the kernel said of a route: when, and how many next hops it has now.
#[derive(Clone, Debug)]
pub(crate) struct News {
    at: Instant,
    pub(crate) prefix: String,
    pub(crate) next_hops: usize,
}

/// Listens to the kernel of a namespace for ever.
pub(crate) fn monitor(place: &Namespace) -> Receiver<News> {
    let (sender, news) = channel();
    let (ready, listening) = channel();
    let path = File::open(place.path()).expect("the namespace");
    std::thread::spawn(move || {
        setns(path, CloneFlags::CLONE_NEWNET).expect("the namespace");
        runtime().block_on(async {
            let groups = [MulticastGroup::Ipv4Route];
            let connection = rtnetlink::new_multicast_connection(&groups);
            let (connection, _handle, mut messages) = connection.expect("a connection");
            tokio::spawn(connection);
            ready.send(()).expect("who waits");
            while let Some((message, _)) = messages.next().await {
                let at = Instant::now();
                let (next_hops, route) = match message.payload {
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewRoute(route)) => {
                        (next_hops(&route), route)
                    }
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelRoute(route)) => {
                        (0, route)
                    }
                    _ => continue,
                };
                let prefix = prefix(&route);
                if sender
                    .send(News {
                        at,
                        prefix,
                        next_hops,
                    })
                    .is_err()
                {
                    return;
                }
            }
        });
    });
    listening.recv_timeout(PATIENCE).expect("a monitor");
    news
}

fn next_hops(route: &RouteMessage) -> usize {
    let of = |attribute: &RouteAttribute| match attribute {
        RouteAttribute::MultiPath(hops) => hops.len(),
        RouteAttribute::Gateway(_) => 1,
        _ => 0,
    };
    route.attributes.iter().map(of).sum()
}

fn prefix(route: &RouteMessage) -> String {
    let to = |attribute: &RouteAttribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(to)) => Some(to.to_string()),
        _ => None,
    };
    let to = route.attributes.iter().find_map(to).unwrap_or_default();
    format!("{to}/{}", route.header.destination_prefix_length)
}

/// All that the kernel says until it says that a route is gone.
pub(crate) fn hear_until_gone(news: &Receiver<News>, prefix: &str) -> Vec<News> {
    let deadline = Instant::now() + PATIENCE;
    let mut heard: Vec<News> = Vec::new();
    while !heard
        .last()
        .is_some_and(|one| one.prefix == prefix && one.next_hops == 0)
    {
        let left = deadline.saturating_duration_since(Instant::now());
        heard.push(news.recv_timeout(left).expect("news of the kernel"));
    }
    heard
}

/// When the kernel first says that a route has so many next hops.
fn hear(news: &Receiver<News>, next_hops: usize) -> Instant {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let one = news.recv_timeout(left).expect("news of the kernel");
        if one.next_hops == next_hops {
            return one.at;
        }
    }
}

/// A server with the kernel sink inside the fabric.
struct Running {
    server: Arc<Server>,
    /// Dropped, it has the server stop.
    stop: tokio::sync::oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    fn start(lab: &Lab, file: &str) -> Self {
        let scenario = Scenario::parse(file).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        let sink = KernelSink::open(&[KernelTarget {
            vnet: "spoke".to_owned(),
            namespace: Some(Place::File(lab.vm.path())),
            table: 254,
        }]);
        let sinks = Sinks {
            sinks: vec![Box::new(sink.expect("a sink"))],
            patience: PATIENCE,
        };
        let place = File::open(lab.fabric.path()).expect("the namespace");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (ready, serving) = channel();
        let thread = std::thread::spawn(move || {
            setns(place, CloneFlags::CLONE_NEWNET).expect("the namespace");
            let runtime = runtime();
            runtime.block_on(async {
                let Scenario {
                    profile,
                    estate,
                    live,
                    ..
                } = scenario;
                let server = Server::start_with(&profile, estate, &live, sinks).await;
                let server = Arc::new(server.expect("a server"));
                ready.send(Arc::clone(&server)).expect("who waits");
                // Either way.
                let _ = stopped.await;
                let server = Arc::into_inner(server).expect("nobody else has it");
                server.stop("the test is over").await;
            });
        });
        Self {
            server: serving.recv_timeout(PATIENCE).expect("a server"),
            stop,
            thread,
        }
    }

    /// How many rows the Route Server has of an NVA.
    fn learned(&self, nva: String) -> usize {
        let ask = move |engine: &routehub::Engine| engine.exchange().rs_learned("rs", &nva).len();
        runtime().block_on(self.server.ask(ask)).expect("an answer")
    }

    fn stop(self) {
        drop(self.server);
        drop(self.stop);
        self.thread.join().expect("an end");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime")
}

#[test]
fn streams_survive_when_an_nva_is_killed_and_the_kernel_has_the_other_at_once() {
    if !may() {
        return;
    }
    let lab = Lab::new();
    let running = Running::start(&lab, NETWORK);
    let (first, _second, _on_prem) = (lab.start_nva(0), lab.start_nva(1), lab.start_on_prem());
    let look = || lab.vm.routes(254);
    let both = vec![route("192.168.0.0/16", &["10.0.4.4", "10.0.4.5"])];
    until("both NVAs are next hops", look, |routes| *routes == both);
    let back = || lab.on_prem.routes_of(254, "proto bird");
    let ways = route("10.1.0.0/16", &["172.16.1.1", "172.16.2.1"]);
    until("there are two ways back", back, |routes| {
        routes.contains(&ways)
    });

    let streams = Streams::start(&lab.vm, &lab.on_prem, 16);
    let before = [lab.forwarded(0), lab.forwarded(1)];
    let sent = || [lab.forwarded(0), lab.forwarded(1)];
    until("both NVAs forward", sent, |now| {
        now[0] > before[0] + 100 && now[1] > before[1] + 100
    });

    let news = monitor(&lab.vm);
    // It fails as a whole.
    lab.nvas[0].set("net/ipv4/ip_forward", "0");
    let killed = Instant::now();
    first.kill();
    let moved = hear(&news, 1);
    assert_eq!(look(), [route("192.168.0.0/16", &["10.0.4.5"])]);
    let alone = lab.forwarded(1);
    until(
        "the other NVA forwards",
        || lab.forwarded(1),
        |now| *now > alone + 2000,
    );
    let streams = streams.end();
    let longest = streams.iter().map(|stream| stream.longest).max();
    println!(
        "killed -> the kernel's notification: {:?}; the longest that one of {} streams waited: {:?}",
        moved - killed,
        streams.len(),
        longest.expect("streams")
    );
    assert!(streams.iter().all(|stream| stream.answers > 0));
    assert!(moved - killed < Duration::from_secs(10));

    lab.nvas[0].set("net/ipv4/ip_forward", "1");
    let _back = lab.start_nva(0);
    until("both NVAs are next hops again", look, |routes| {
        *routes == both
    });
    running.stop();
    assert_eq!(look(), [], "nothing is left when the server has stopped");
}

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
    if !may() {
        return;
    }
    let lab = Lab::new();
    for n in 1..=ROUNDS + 1 {
        lab.nvas[0].ip(&format!("address add 10.0.5.{n}/32 dev eth0"));
    }
    let running = Running::start(&lab, &many());
    let news = monitor(&lab.vm);
    let connect = |n: u8| {
        [4, 5].map(|instance| {
            let (own, to) = ([10, 0, 5, n].into(), [10, 0, 6, instance].into());
            let mut session = Speaker::connect(&lab.nvas[0], own, 64600 + u16::from(n), to);
            session.announce_on_prem();
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
        let learned = || running.learned(format!("nva{n}"));
        until("both instances learn it", learned, |rows| *rows == 2);
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
