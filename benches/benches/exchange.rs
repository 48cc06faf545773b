//! What a large estate costs in time: 500 networks, eight NVAs with 4,000 routes each, two
//! gateways; loading it, a change of one prefix, the failure of an NVA, the routes of a NIC.
//!
//! `cargo bench -p routehub-benches --bench exchange`. Targets: a load under a second, a change of
//! one prefix 20 microseconds, a failure 1 microsecond per changed route.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use routehub::estate::Routes;
use routehub::{Event, Network, NvaSessions};
use routehub_benches::estates::{ROUTES, large, network};
use routehub_types::Community;

const VNETS: u32 = 500;

fn load(c: &mut Criterion) {
    let estate = large(VNETS);
    let mut group = c.benchmark_group("exchange");
    group.sample_size(10);
    group.bench_function("load", |b| {
        b.iter_batched(|| estate.clone(), network, BatchSize::PerIteration);
    });
    group.finish();
}

/// The announcement of one prefix, with one of many attribute sets.
fn announcement(n: u16) -> Event {
    Event::Advertise {
        nva: "nva3".into(),
        routes: vec![Routes {
            prefixes: vec!["198.18.7.0/24".parse().expect("a prefix")],
            communities: vec![Community::new(65003, n)],
            ..Routes::default()
        }],
        to: None,
        instance: None,
    }
}

fn one_prefix(c: &mut Criterion) {
    let mut network = network(large(VNETS));
    let mut n = 0;
    c.bench_function("exchange/one prefix changes", |b| {
        b.iter(|| {
            n = (n + 1) % 60_000;
            network.apply(&announcement(n)).expect("it settles");
        });
    });
    let withdrawal = Event::Withdraw {
        nva: "nva3".into(),
        prefixes: vec!["198.18.7.0/24".parse().expect("a prefix")],
        to: None,
        instance: None,
    };
    c.bench_function("exchange/one prefix comes and goes", |b| {
        b.iter(|| {
            network.apply(&announcement(1)).expect("it settles");
            network.apply(&withdrawal).expect("it settles");
        });
    });
}

/// The time that an event takes, over and over, with another one between that is not timed.
fn timed(network: &mut Network, times: u64, event: &Event, back: &Event) -> Duration {
    let mut all = Duration::ZERO;
    for _ in 0..times {
        let start = Instant::now();
        network.apply(event).expect("it settles");
        all += start.elapsed();
        network.apply(back).expect("it settles");
    }
    all
}

fn failure(c: &mut Criterion) {
    let mut network = network(large(VNETS));
    let sessions = NvaSessions {
        nva: "nva3".into(),
        ..NvaSessions::default()
    };
    let (down, up) = (Event::NvaDown(sessions.clone()), Event::NvaUp(sessions));
    let mut group = c.benchmark_group("exchange");
    group.sample_size(20);
    // Both instances lose every route.
    group.throughput(Throughput::Elements(u64::from(2 * ROUTES)));
    group.bench_function("an NVA fails", |b| {
        b.iter_custom(|times| timed(&mut network, times, &down, &up));
    });
    network.apply(&down).expect("it settles");
    group.bench_function("an NVA comes back", |b| {
        b.iter_custom(|times| timed(&mut network, times, &up, &down));
    });
    group.finish();
}

fn nic(c: &mut Criterion) {
    let network = network(large(VNETS));
    let mut group = c.benchmark_group("exchange");
    group.sample_size(10);
    group.bench_function("effective routes of a NIC", |b| {
        b.iter(|| black_box(network.nic_effective("nic-spoke7")));
    });
    group.finish();
}

criterion_group!(benches, load, one_prefix, failure, nic);
criterion_main!(benches);
