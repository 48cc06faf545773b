//! What reasons cost: a change of one prefix while nobody reads them, and right after somebody
//! has; and what reading them takes.
//!
//! `cargo bench -p routehub-benches --bench explain`. Reasons are stored where they are computed,
//! so the first two figures are to be the same but for caches that the reader has used.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use routehub::estate::Routes;
use routehub::{Event, Network};
use routehub_benches::estates::{LITERAL, large, network};
use routehub_types::{Community, Prefix};

const NIC: &str = "nic-spoke7";

fn announcement(n: u16) -> Event {
    Event::Advertise {
        nva: "nva3".into(),
        routes: vec![Routes {
            prefixes: vec![LITERAL.parse().expect("a prefix")],
            communities: vec![Community::new(65003, n)],
            ..Routes::default()
        }],
        to: None,
        instance: None,
    }
}

fn explanation(network: &Network) -> String {
    let prefix: Prefix = LITERAL.parse().expect("a prefix");
    let why = network.explain(NIC, prefix);
    why.expect("there is such a NIC").to_string()
}

/// The time of changes, with something between that is not timed.
fn changes(network: &mut Network, times: u64, between: impl Fn(&Network)) -> Duration {
    let mut all = Duration::ZERO;
    for n in 0..times {
        let event = announcement((n % 60_000) as u16);
        let start = Instant::now();
        network.apply(&event).expect("it settles");
        all += start.elapsed();
        between(network);
    }
    all
}

fn explain(c: &mut Criterion) {
    let mut network = network(large(500));
    network.apply(&announcement(77)).expect("it settles");
    let told = explanation(&network);
    assert!(told.contains("65003:77"), "the change is seen:\n{told}");

    let mut group = c.benchmark_group("explain");
    group.sample_size(10);
    group.bench_function("a change, nothing is read", |b| {
        b.iter_custom(|times| changes(&mut network, times, |_| {}));
    });
    let read = |network: &Network| drop(black_box(explanation(network)));
    group.bench_function("a change, all reasons are read before the next", |b| {
        b.iter_custom(|times| changes(&mut network, times, read));
    });
    group.bench_function("why a NIC has a route", |b| {
        b.iter(|| black_box(explanation(&network)));
    });
    let address = "198.18.7.7";
    group.bench_function("where a packet goes", |b| {
        b.iter(|| black_box(network.trace(NIC, address)));
    });
    group.finish();
}

criterion_group!(benches, explain);
criterion_main!(benches);
