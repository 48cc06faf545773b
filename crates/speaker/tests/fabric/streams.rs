//! Sinks that only tell or remember: every change in order, all of them in the end, and nobody waits
//! for a slow one.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use routehub::estate::{Peering, Routes as Announced, RoutingPreference};
use routehub::types::Prefix;
use routehub::{Engine, Event, Instance, NvaSessions, RouteSource, VnetRoute};
use routehub_scenario::Scenario;
use routehub_speaker::Server;
use routehub_speaker::sink::{JsonSink, MemoryRoutes, MemorySink, Sink, SinkError, Sinks};
use routehub_testkit::fabric::NETWORK;
use routehub_testkit::wait::{self, PATIENCE, until};

/// The network of the kernel tests with both NVAs modelled, and more: a gateway with a site, and a
/// second spoke.
fn modelled() -> String {
    let announce = "originates: [{prefix: 192.168.0.0/16}]";
    let network = NETWORK.replace("live: true", announce).replace(
        "peerings:\n",
        "  - {name: other, address_space: [10.2.0.0/16]}\npeerings:\n",
    );
    network
        .replace(
            "RouteServerSubnet, prefix: 10.0.6.0/26}",
            "RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}",
        )
        .replace(
            "route_servers:\n",
            "  - {hub: hub, spoke: other}\nroute_servers:\n",
        )
        .replace(
            "nics:\n",
            "gateways:
  - {name: vpn, vnet: hub, type: vpn, connections: [{site: branch}]}
sites:
  - {name: branch, asn: 65101, bgp_ips: [172.31.0.1], prefixes: [10.200.0.0/16, 192.168.0.0/16]}
nics:
  - {name: beside, vnet: other}
  - {name: inside, vnet: hub}
",
        )
}

async fn serve(file: &str, sinks: Vec<Box<dyn Sink>>) -> Server {
    let scenario = Scenario::parse(file).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let Scenario {
        profile,
        estate,
        live,
        ..
    } = scenario;
    let sinks = Sinks {
        sinks,
        ..Sinks::default()
    };
    let server = Server::start_with(&profile, estate, &live, sinks).await;
    server.expect("a server")
}

async fn happen(server: &Server, event: Event) {
    let done = server.apply(event).await;
    done.expect("a server").expect("an event that applies");
}

fn sessions(nva: &str) -> NvaSessions {
    NvaSessions {
        nva: nva.to_owned(),
        route_server: None,
        instance: None,
    }
}

/// What a sink writes, for the test to read.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    /// Waits until so many lines are written in all.
    async fn lines(&self, count: usize) -> Vec<String> {
        let written = async || {
            let octets = self.0.lock().expect("a lock").clone();
            String::from_utf8(octets).expect("a text")
        };
        let enough = |text: &String| text.lines().count() >= count;
        let text = until(&format!("{count} lines"), written, enough).await;
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn json_lines_tell_each_change_of_each_network_once_and_in_order() {
    let written = Shared::default();
    let announce = "originates: [{prefix: 192.168.0.0/16}]";
    let network = NETWORK.replace("live: true", announce);
    let server = serve(&network, vec![Box::new(JsonSink::new(written.clone()))]).await;
    let change = |vnet: &str, hops: &str| {
        format!(
            r#"{{"op":"replace","vnet":"{vnet}","prefix":"192.168.0.0/16","next_hops":[{hops}]}}"#
        )
    };
    let both = r#""10.0.4.4","10.0.4.5""#;
    let mut expected = vec![
        change("hub", both),
        change("spoke", both),
        r#"{"op":"commit","batch":1,"changes":2}"#.to_owned(),
        r#"{"op":"complete"}"#.to_owned(),
    ];
    assert_eq!(written.lines(expected.len()).await, expected);

    happen(&server, Event::NvaDown(sessions("nva1"))).await;
    expected.extend([
        change("hub", r#""10.0.4.5""#),
        change("spoke", r#""10.0.4.5""#),
        r#"{"op":"commit","batch":2,"changes":2}"#.to_owned(),
    ]);
    assert_eq!(written.lines(expected.len()).await, expected);

    let (a, b) = ("hub".to_owned(), "spoke".to_owned());
    happen(&server, Event::RemovePeering { a, b }).await;
    expected.extend([
        r#"{"op":"withdraw","vnet":"spoke","prefix":"192.168.0.0/16"}"#.to_owned(),
        r#"{"op":"commit","batch":3,"changes":1}"#.to_owned(),
    ]);
    assert_eq!(written.lines(expected.len()).await, expected);

    happen(&server, Event::NvaDown(sessions("nva2"))).await;
    expected.extend([
        r#"{"op":"withdraw","vnet":"hub","prefix":"192.168.0.0/16"}"#.to_owned(),
        r#"{"op":"commit","batch":4,"changes":1}"#.to_owned(),
    ]);
    assert_eq!(written.lines(expected.len()).await, expected);
    server.stop("the test is over").await;
    assert_eq!(written.lines(0).await, expected, "nothing more is told");
}

type Routes = BTreeMap<Prefix, Vec<IpAddr>>;

/// What the engine says of a network, and of a NIC in it.
fn of_engine(engine: &Engine, vnet: &str, nic: &str) -> [Routes; 2] {
    let routes = engine.exchange().vnet_routes(vnet).expect("a network");
    let route = |VnetRoute { prefix, next_hops }| (prefix, next_hops);
    let rows = engine.exchange().nic_effective(nic).expect("a NIC");
    let rows = rows.into_iter();
    let rows = rows.filter(|row| row.source == RouteSource::VirtualNetworkGateway);
    [
        routes.all().map(route).collect(),
        rows.map(|row| (row.prefixes[0], row.next_hops.into_vec()))
            .collect(),
    ]
}

/// Waits until memory holds what the engine says.
async fn until_equal(server: &Server, memory: &MemoryRoutes, after: &[Event]) {
    for (vnet, nic) in [("hub", "inside"), ("spoke", "vm"), ("other", "beside")] {
        let ask = move |engine: &Engine| of_engine(engine, vnet, nic);
        let [wanted, of_nic] = server.ask(ask).await.expect("an answer");
        assert_eq!(wanted, of_nic);
        let what = format!("{vnet} after {after:#?}");
        wait::until_equal(&what, || memory.of(vnet), &wanted).await;
    }
}

/// A number below a bound: the next of a linear congruential generator.
fn below(seed: &mut u64, bound: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*seed >> 33) as usize % bound
}

fn any_event(seed: &mut u64) -> Event {
    let nva = ["nva1", "nva2"][below(seed, 2)].to_owned();
    let spoke = ["spoke", "other"][below(seed, 2)];
    let instance = Instance {
        route_server: "rs".to_owned(),
        instance: below(seed, 2) as u8,
    };
    let prefixes: Vec<Prefix> = (0..=below(seed, 3))
        .map(|_| format!("10.{}.0.0/16", 100 + below(seed, 4)))
        .map(|text| text.parse().expect("a prefix"))
        .collect();
    match below(seed, 10) {
        0 => Event::NvaDown(sessions(&nva)),
        1 => Event::NvaUp(sessions(&nva)),
        2 => Event::InstanceDown(instance),
        3 => Event::InstanceUp(instance),
        4 => Event::RemovePeering {
            a: "hub".to_owned(),
            b: spoke.to_owned(),
        },
        5 => Event::AddPeering(Peering::hub_and_spoke("hub", spoke)),
        6 => Event::SetBranchToBranch {
            route_server: "rs".to_owned(),
            value: below(seed, 2) == 0,
        },
        7 => Event::SetRoutingPreference {
            route_server: "rs".to_owned(),
            value: [RoutingPreference::AsPath, RoutingPreference::ExpressRoute][below(seed, 2)],
        },
        8 => Event::Withdraw {
            nva,
            prefixes,
            to: None,
            instance: None,
        },
        _ => Event::Advertise {
            nva,
            routes: vec![Announced {
                prefixes,
                ..Announced::default()
            }],
            to: None,
            instance: [None, Some(0), Some(1)][below(seed, 3)],
        },
    }
}

#[tokio::test]
async fn memory_holds_what_nics_and_networks_use_after_random_events() {
    let sink = MemorySink::default();
    let memory = sink.routes();
    let server = serve(&modelled(), vec![Box::new(sink)]).await;
    let (mut seed, mut told, mut changed) = (7, Vec::new(), 0);
    until_equal(&server, &memory, &told).await;
    assert_eq!(memory.all().len(), 3, "every network has routes");
    for _ in 0..400 {
        let before = memory.all();
        let event = any_event(&mut seed);
        told.push(event.clone());
        // One that does not apply changes nothing.
        let _ = server.apply(event).await.expect("a server");
        until_equal(&server, &memory, &told).await;
        changed += usize::from(memory.all() != before);
    }
    assert!(changed > 80, "{changed} events changed something");
    server.stop("the test is over").await;
}

/// A sink that waits in each batch until it may go on.
struct Slow {
    go: Receiver<()>,
    told: Sender<(String, Prefix, Option<usize>)>,
}

impl Sink for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn replace(&mut self, vnet: &str, prefix: Prefix, next_hops: &[IpAddr]) {
        let told = (vnet.to_owned(), prefix, Some(next_hops.len()));
        self.told.send(told).expect("who listens");
    }

    fn withdraw(&mut self, vnet: &str, prefix: Prefix) {
        self.told
            .send((vnet.to_owned(), prefix, None))
            .expect("who listens");
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        // When nobody holds it back any more, it runs.
        let _ = self.go.recv();
        Ok(())
    }
}

#[tokio::test]
async fn a_sink_that_is_stuck_holds_nobody_up_and_hears_of_each_prefix_once() {
    const PREFIXES: u32 = 2000;
    let (hold, go) = channel();
    let (told, hears) = channel();
    let file = modelled().replace("vnets:", "profile: open\nvnets:");
    let server = serve(&file, vec![Box::new(Slow { go, told })]).await;
    // It is stuck in its first batch from here on.
    let first = hears.recv_timeout(PATIENCE).expect("a change");
    assert_eq!(first.0, "hub");
    let prefix = |n: u32| -> Prefix {
        let [.., a, b] = n.to_be_bytes();
        format!("172.{}.{a}.{b}/32", 20).parse().expect("a prefix")
    };
    let routes = Announced {
        prefixes: (0..PREFIXES).map(prefix).collect(),
        ..Announced::default()
    };
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        for nva in ["nva1", "nva2"] {
            let (nva, to, instance) = (nva.to_owned(), None, None);
            let event = Event::Advertise {
                nva: nva.clone(),
                routes: vec![routes.clone()],
                to: None,
                instance: None,
            };
            happen(&server, event).await;
            let asked = Instant::now();
            server.ask(|_| ()).await.expect("an answer");
            longest = longest.max(asked.elapsed());
            let prefixes = routes.prefixes.clone();
            happen(
                &server,
                Event::Withdraw {
                    nva,
                    prefixes,
                    to,
                    instance,
                },
            )
            .await;
        }
    }
    let event = Event::Advertise {
        nva: "nva1".to_owned(),
        routes: vec![routes.clone()],
        to: None,
        instance: None,
    };
    happen(&server, event).await;
    println!("the longest answer while {PREFIXES} prefixes changed 41 times: {longest:?}");
    // Sinks hear of what changed after 64 requests at most: before the last of these they have.
    for _ in 0..=64 {
        server.ask(|_| ()).await.expect("an answer");
    }
    drop(hold);

    let mut count: BTreeMap<(String, Prefix), usize> = BTreeMap::new();
    let wanted = 3 * PREFIXES as usize;
    while count.len() < wanted {
        let (vnet, prefix, hops) = hears.recv_timeout(PATIENCE).expect("a change");
        if routes.prefixes.contains(&prefix) {
            assert_eq!(hops, Some(1), "{vnet} {prefix}");
            *count.entry((vnet, prefix)).or_default() += 1;
        }
    }
    server.stop("the test is over").await;
    assert!(count.values().all(|times| *times == 1));
    let more = hears
        .try_iter()
        .filter(|(_, prefix, _)| routes.prefixes.contains(prefix));
    assert_eq!(more.count(), 0);
}
