//! A daemon restarts gracefully (RFC 4724): no network ever loses its routes.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use routehub::types::Prefix;
use routehub_scenario::Scenario;
use routehub_speaker::EventKind;
use routehub_speaker::sink::{Sink, SinkError, Sinks};
use routehub_testkit::daemons::{Kind, Restart, Router};
use routehub_testkit::isolated::isolated;
use routehub_testkit::lab::Lab;
use routehub_testkit::wait::until;

use crate::both_ways::{INSTANCES, NETWORK, NVA, router};

/// What a kernel would be told of one prefix, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Vec<IpAddr>>>>);

const PREFIX: &str = "10.250.0.0/16";

impl Told {
    fn note(&self, prefix: Prefix, next_hops: &[IpAddr]) {
        if prefix.to_string() == PREFIX {
            self.0.lock().expect("no panic").push(next_hops.to_vec());
        }
    }

    fn seen(&self) -> Vec<Vec<IpAddr>> {
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
    let told = Told::default();
    let sinks = Sinks {
        sinks: vec![Box::new(told.clone())],
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

    daemon.process().kill();
    let kept = |kind: &EventKind| matches!(kind, EventKind::Retained(_));
    lab.notice("both keep its routes", INSTANCES.len(), kept)
        .await;
    assert_eq!(of_daemon(&lab).await, 2);
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

    // Without a restart it is gone when its time is over, or it takes its routes back.
    drop(daemon.process());
    lab.notice("both keep its routes", INSTANCES.len(), kept)
        .await;
    assert_eq!(of_daemon(&lab).await, 2);
    lab.stop().await;
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
