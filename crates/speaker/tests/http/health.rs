//! Which part is ill: a sink that does not take what it is told, or has lost it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use routehub::types::Prefix;
use routehub_speaker::http::Http;
use routehub_speaker::sink::{NotTaken, Sink, SinkError, Sinks};
use routehub_testkit::lab;
use routehub_testkit::wait::until;

use crate::client::{Lines, get};
use crate::lab::Network;

/// What becomes of a sink from outside.
#[derive(Clone, Default)]
struct Place {
    full: Arc<AtomicBool>,
    held: Arc<Mutex<Vec<(String, Prefix)>>>,
    lost: Arc<Mutex<Vec<(String, Prefix)>>>,
}

struct Breakable {
    place: Place,
    batch: Vec<(String, Prefix)>,
}

impl Sink for Breakable {
    fn name(&self) -> &'static str {
        "breakable"
    }

    fn replace(&mut self, vnet: &str, prefix: Prefix, _: &[IpAddr]) {
        self.batch.push((vnet.to_owned(), prefix));
    }

    fn withdraw(&mut self, _: &str, _: Prefix) {}

    fn commit(&mut self) -> Result<(), SinkError> {
        let batch = std::mem::take(&mut self.batch);
        if !self.place.full.load(Ordering::Relaxed) {
            self.place.held.lock().expect("no panic").extend(batch);
            return Ok(());
        }
        let not_taken = batch.into_iter().map(|(vnet, prefix)| NotTaken {
            vnet,
            prefix,
            why: "the disk is full".to_owned(),
        });
        Err(SinkError::NotTaken(not_taken.collect()))
    }

    fn lost(&mut self) -> Option<Vec<(String, Prefix)>> {
        Some(std::mem::take(
            &mut *self.place.lost.lock().expect("no panic"),
        ))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_takes_nothing_or_lost_something_is_told_of_and_so_is_its_recovery() {
    let network = Network::new();
    let place = Place::default();
    place.full.store(true, Ordering::Relaxed);
    let sink = Breakable {
        place: place.clone(),
        batch: Vec::new(),
    };
    let sinks = Sinks {
        sinks: vec![Box::new(sink)],
        ..Sinks::default()
    };
    let live = lab::Lab::serve_with(network.scenario(), sinks).await;
    let address = std::net::SocketAddr::new(network.addresses.host(80), 0);
    let http = Http::bind(address, None).await.expect("an address");
    let to = http.address().expect("an address");
    let answering = tokio::spawn(http.serve(Arc::clone(&live.server)));
    let health = || async {
        let answer = get(to, "/healthz").await;
        (answer.status, answer.body)
    };
    let is_full = |(status, body): &(u16, String)| {
        *status == 503 && body.contains("sink breakable") && body.contains("the disk is full")
    };
    until("it is ill", health, is_full).await;
    let mut events = Lines::open(to, "/v1/events", "*/*").await;
    place.full.store(false, Ordering::Relaxed);
    events.until("\"event\":\"sink_restored\"").await;
    until("it is well", health, |(status, _)| *status == 200).await;

    let one = place.held.lock().expect("no panic")[0].clone();
    place.lost.lock().expect("no panic").push(one.clone());
    let told = events.until("\"event\":\"sink\"").await + &events.until("\n").await;
    assert!(told.contains("replaced by somebody else"), "{told}");
    let told = events.until("\"event\":\"sink_restored\"").await + &events.until("\n").await;
    assert!(told.contains("\"put_back\":1"), "{told}");
    let held = place.held.lock().expect("no panic").clone();
    assert_eq!(held.iter().filter(|held| **held == one).count(), 2);
    let metrics = get(to, "/metrics").await.body;
    for line in [
        "routehub_sink_up{sink=\"breakable\"} 1.0",
        "routehub_sink_routes_put_back_total{sink=\"breakable\"} 1",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    answering.abort();
}
