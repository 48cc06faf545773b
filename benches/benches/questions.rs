//! What questions about a whole estate cost: findings, all rows of a NIC, what an event changes row
//! by row, who reaches whom.
//!
//! `cargo bench -p routehub-benches --bench questions`. Every estate has 32,000 routes of NVAs.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use routehub::{Difference, Event, NvaSessions, TableKind, findings, matrix};
use routehub_benches::estates::{large, network};

/// How many networks: findings and rows are asked of each.
const SIZES: [u32; 4] = [10, 100, 500, 2000];
/// A matrix has the square of its ends.
const MATRIX_SIZES: [u32; 3] = [10, 40, 100];

fn of_an_estate(c: &mut Criterion) {
    let mut group = c.benchmark_group("questions");
    group.sample_size(10);
    for vnets in SIZES {
        let network = network(large(vnets));
        group.bench_function(BenchmarkId::new("findings", vnets), |b| {
            b.iter(|| black_box(findings(&network)));
        });
        let nic = TableKind::NicEffective.of("nic-hub");
        group.bench_function(BenchmarkId::new("rows of a NIC", vnets), |b| {
            b.iter(|| black_box(network.rows(&nic).expect("a name")));
        });
    }
    for vnets in MATRIX_SIZES {
        let network = network(large(vnets));
        group.bench_function(BenchmarkId::new("matrix", vnets), |b| {
            b.iter(|| black_box(matrix(&network)));
        });
    }
    group.finish();
}

fn difference(c: &mut Criterion) {
    let before = network(large(10));
    let mut after = network(large(10));
    let event = Event::NvaDown(NvaSessions {
        nva: "nva3".into(),
        route_server: None,
        instance: None,
    });
    after.apply(&event).expect("it settles");
    let mut group = c.benchmark_group("questions");
    group.sample_size(10);
    group.bench_function(BenchmarkId::new("difference by an event", 10), |b| {
        b.iter(|| black_box(Difference::of(&before, &after)));
    });
    group.finish();
}

criterion_group!(benches, of_an_estate, difference);
criterion_main!(benches);
