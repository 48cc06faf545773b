//! What a large estate costs in time: 500 networks, eight NVAs with 4,000 routes each, two
//! gateways; loading it, a change of one prefix, the failure of an NVA, a peering, the routes of a
//! NIC. Everything that is timed is looked at first: a session that a limit ended would be fast.
//!
//! `cargo bench -p routehub-benches --bench exchange`. Targets: a load under a second, a change of
//! one prefix 20 microseconds, a failure 1 microsecond per changed route.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use routehub::estate::{Peering, Routes};
use routehub::{Event, Network, NvaSessions};
use routehub_benches::estates::{LITERAL, ROUTES, large, network};
use routehub_types::{Community, Prefix};

const VNETS: u32 = 500;

/// The rows of both instances that an NVA has.
fn learned(network: &Network, nva: &str) -> u32 {
    network.rs_learned("rs", nva).expect("a name").len() as u32
}

fn load(c: &mut Criterion) {
    let estate = large(VNETS);
    let loaded = network(estate.clone());
    assert_eq!(learned(&loaded, "nva0"), 2 * ROUTES);
    assert_eq!(
        loaded.nva_learned("nva0").expect("a name").len() as u32,
        2 * VNETS
    );
    let mut group = c.benchmark_group("exchange");
    group.sample_size(10);
    group.bench_function("load", |b| {
        b.iter_batched(|| estate.clone(), network, BatchSize::PerIteration);
    });
    group.finish();
}

fn literal() -> Prefix {
    LITERAL.parse().expect("a prefix")
}

/// The announcement of one prefix, with one of many attribute sets.
fn announcement(n: u16) -> Event {
    Event::Advertise {
        nva: "nva3".into(),
        routes: vec![Routes {
            prefixes: vec![literal()],
            communities: vec![Community::new(65003, n)],
            ..Routes::default()
        }],
        to: None,
        instance: None,
    }
}

fn withdrawal() -> Event {
    Event::Withdraw {
        nva: "nva3".into(),
        prefixes: vec![literal()],
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
    network.apply(&announcement(n)).expect("it settles");
    let rows = network.rs_learned("rs", "nva3").expect("a name");
    let changed = rows.iter().find(|row| row.prefix == literal());
    let communities = changed.map(|row| row.communities.clone());
    assert_eq!(communities, Some(vec![Community::new(65003, n)]));
    network.apply(&withdrawal()).expect("it settles");
    let without = learned(&network, "nva3");
    network.apply(&announcement(1)).expect("it settles");
    assert_eq!(learned(&network, "nva3"), without + 2);
    c.bench_function("exchange/one prefix goes and comes", |b| {
        b.iter(|| {
            network.apply(&withdrawal()).expect("it settles");
            network.apply(&announcement(1)).expect("it settles");
        });
    });
    assert_eq!(learned(&network, "nva3"), without + 2);
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
        nva: "nva2".into(),
        ..NvaSessions::default()
    };
    let (down, up) = (Event::NvaDown(sessions.clone()), Event::NvaUp(sessions));
    let mut group = c.benchmark_group("exchange");
    group.sample_size(20);
    assert_eq!(learned(&network, "nva2"), 2 * ROUTES);
    // Both instances lose every route.
    group.throughput(Throughput::Elements(u64::from(2 * ROUTES)));
    group.bench_function("an NVA fails", |b| {
        b.iter_custom(|times| timed(&mut network, times, &down, &up));
    });
    network.apply(&down).expect("it settles");
    assert_eq!(learned(&network, "nva2"), 0);
    group.bench_function("an NVA comes back", |b| {
        b.iter_custom(|times| timed(&mut network, times, &up, &down));
    });
    group.finish();
}

/// What a spoke that comes and goes costs, and a switch that every route depends on.
fn topology(c: &mut Criterion) {
    let mut network = network(large(VNETS));
    let add = Event::AddPeering(Peering::hub_and_spoke("hub", "spoke7"));
    let remove = Event::RemovePeering {
        a: "hub".into(),
        b: "spoke7".into(),
    };
    let switch = |value| Event::SetBranchToBranch {
        route_server: "rs".into(),
        value,
    };
    let mut group = c.benchmark_group("exchange");
    group.sample_size(10);
    group.bench_function("a peering ends", |b| {
        b.iter_custom(|times| timed(&mut network, times, &remove, &add));
    });
    group.bench_function("branch-to-branch is switched off", |b| {
        network.apply(&switch(true)).expect("it settles");
        b.iter_custom(|times| timed(&mut network, times, &switch(false), &switch(true)));
    });
    group.finish();
    // No limit has ended a session on the way.
    assert_eq!(learned(&network, "nva2"), 2 * ROUTES);
}

fn nic(c: &mut Criterion) {
    let network = network(large(VNETS));
    let mut group = c.benchmark_group("exchange");
    group.sample_size(10);
    group.bench_function("effective routes of a NIC", |b| {
        b.iter(|| black_box(network.nic_effective("nic-spoke7").expect("a name")));
    });
    group.finish();
}

criterion_group!(benches, load, one_prefix, failure, topology, nic);
criterion_main!(benches);
