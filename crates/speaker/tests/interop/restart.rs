//! A daemon restarts gracefully (RFC 4724): no network ever loses its routes, and the kernel of a
//! machine in one never says that a route is gone.

use std::net::IpAddr;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use routehub::types::Prefix;
use routehub_scenario::Scenario;
use routehub_speaker::EventKind;
use routehub_speaker::sink::kernel::Namespace as Place;
use routehub_speaker::sink::{KernelSink, KernelTarget, Sink, SinkError, Sinks};
use routehub_testkit::daemons::{Kind, Restart, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::kernel::{RouteChange, watch_routes};
use routehub_testkit::lab::Lab;
use routehub_testkit::namespace::{Namespace, route};
use routehub_testkit::wait::until;

use crate::both_ways::{INSTANCES, NETWORK, NVA, router};

/// What a kernel would be told of one prefix, in order.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Vec<IpAddr>>>>);

const PREFIX: &str = "10.250.0.0/16";

impl Told {
    fn note(&self, prefix: Prefix, next_hops: &[IpAddr]) {
        if prefix.to_string() == PREFIX {
            self.0.lock().expect("no panic").push(next_hops.to_vec());
        }
    }

    pub(crate) fn seen(&self) -> Vec<Vec<IpAddr>> {
        self.0.lock().expect("no panic").clone()
    }
}

impl Sink for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn replace(&mut self, _: &str, prefix: Prefix, next_hops: &[IpAddr]) {
        self.note(prefix, next_hops);
    }

    fn withdraw(&mut self, _: &str, prefix: Prefix) {
        self.note(prefix, &[]);
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// The kernel of a machine in the spoke, which has the network's routes, and what it says of them.
struct Machine {
    place: Namespace,
    news: Receiver<RouteChange>,
}

impl Machine {
    fn new() -> Self {
        let place = Namespace::new().expect("a namespace");
        place.link("eth0", &place, "other").expect("a link");
        let own = "address add 10.1.0.4/16 dev eth0";
        place.ip(own).expect("an address");
        let (sender, news) = channel();
        let tell = move |change: anyhow::Result<RouteChange>| {
            sender.send(change.expect("a kernel that tells")).is_ok()
        };
        watch_routes(&place, tell).expect("a monitor");
        Self { place, news }
    }

    fn sink(&self) -> KernelSink {
        let target = KernelTarget {
            vnet: "spoke".to_owned(),
            namespace: Some(Place::File(self.place.path())),
            table: 254,
        };
        KernelSink::open(&[target]).expect("a sink")
    }

    /// Whether it has the daemon's route.
    fn has_route(&self) -> bool {
        let next_hop = NVA.to_string();
        let routes = self.place.routes(254);
        routes.contains(&route(PREFIX, &[&next_hop]))
    }

    /// How often the kernel has said since the last call that the daemon's route is gone.
    fn losses(&self) -> usize {
        let news = self.news.try_iter();
        news.filter(|change| change.prefix == PREFIX && change.next_hops.is_empty())
            .count()
    }
}

/// How many instances have the daemon's own route; it may send others back.
async fn of_daemon(lab: &Lab) -> usize {
    let rows = lab.learned("sdwan").await;
    rows.iter()
        .filter(|row| row.prefix.to_string() == PREFIX)
        .count()
}

async fn restarts(kind: Kind) {
    let file = NETWORK.replace("vnets:", "profile: open\nvnets:");
    let file = file.replace("live: true", "live: true, graceful_restart: true");
    let (told, machine) = (Told::default(), Machine::new());
    let sinks = Sinks {
        sinks: vec![Box::new(told.clone()), Box::new(machine.sink())],
        ..Sinks::default()
    };
    let scenario = Scenario::parse(&file).expect("a network");
    let mut lab = Lab::serve_with(scenario, sinks).await;
    let graceful = Router {
        restart: Restart::Graceful,
        ..router()
    };
    let Some(daemon) = kind.start(&graceful) else {
        return;
    };
    let look = || of_daemon(&lab);
    until("both instances learn", look, |rows| *rows == 2).await;
    let look = || std::future::ready(told.seen());
    let there = |seen: &Vec<Vec<IpAddr>>| seen.last() == Some(&vec![NVA.into()]);
    until("the networks have it", look, there).await;
    let look = || std::future::ready(machine.has_route());
    until("the kernel has it", look, |has| *has).await;

    daemon.process().kill();
    let kept = |kind: &EventKind| matches!(kind, EventKind::Retained(_));
    lab.notice("both keep its routes", INSTANCES.len(), kept)
        .await;
    assert_eq!(of_daemon(&lab).await, 2);
    assert!(machine.has_route());
    let back = Router {
        restart: Restart::Back,
        ..router()
    };
    let daemon = kind.start(&back).expect("it is installed");
    let again = |kind: &EventKind| matches!(kind, EventKind::Learned { routes: 1.. });
    lab.notice("both learn again", INSTANCES.len(), again).await;
    assert_eq!(daemon.established(), INSTANCES.len());
    let seen = told.seen();
    assert!(!seen.contains(&Vec::new()), "lost for a moment: {seen:?}");
    assert!(machine.has_route());
    assert_eq!(machine.losses(), 0, "the kernel lost it for a moment");

    // Without a restart it is gone when its time is over, or it takes its routes back.
    drop(daemon.process());
    lab.notice("both keep its routes", INSTANCES.len(), kept)
        .await;
    assert_eq!(of_daemon(&lab).await, 2);
    assert_eq!(machine.losses(), 0, "the kernel lost it");
    lab.stop().await;
    // The kernel would have said it.
    let look = || std::future::ready(machine.losses());
    until("the kernel says that it is gone", look, |losses| {
        *losses == 1
    })
    .await;
}

fn test(kind: Kind) {
    let addresses = INSTANCES.into_iter().chain([NVA]);
    isolated(addresses, move || restarts(kind));
}

#[test]
fn bird_restarts_and_no_route_is_lost() {
    test(Kind::Bird);
}

#[test]
fn frr_restarts_and_no_route_is_lost() {
    test(Kind::Frr);
}

#[test]
fn gobgp_restarts_and_no_route_is_lost() {
    test(Kind::Gobgp);
}
