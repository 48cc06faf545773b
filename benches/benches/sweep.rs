//! What every failure of an estate costs: singles by kind and all of them, pairs, the failure of an
//! NVA in meshes of hubs of several sizes. `sweep_cost` of this package has the large estates.
//!
//! `cargo bench -p routehub-benches --bench sweep`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use routehub::sweep::{FailureKind, Outcome, Sweep};
use routehub::{Event, Network, NvaSessions};
use routehub_benches::estates::{hubs, large, mesh, network};

/// The first element of a kind.
fn first(sweep: &Sweep, kind: FailureKind) -> usize {
    let mut elements = sweep.elements().iter();
    let place = elements.position(|failure| failure.kind == kind);
    place.expect("there is one")
}

/// One failure of each kind in the estate of 500 networks and 32,000 routes, judged and repaired.
fn singles_by_kind(c: &mut Criterion) {
    let sweep = Sweep::new(network(large(500)));
    let mut group = c.benchmark_group("sweep/500 networks");
    group.sample_size(10);
    for kind in [
        FailureKind::Nva,
        FailureKind::Instance,
        FailureKind::Connection,
        FailureKind::Peering,
    ] {
        let place = first(&sweep, kind);
        assert!(!sweep.single(place).changed.is_empty());
        group.bench_function(kind.words(), |b| b.iter(|| black_box(sweep.single(place))));
    }
    group.finish();
}

/// All singles and all pairs of two hubs with 25 networks each.
fn small_estate(c: &mut Criterion) {
    let sweep = Sweep::new(network(hubs(2, 25)));
    let singles: Vec<Outcome> = sweep.singles().collect();
    assert!(singles.iter().any(Outcome::is_harm));
    let count = sweep.elements().len();
    let mut group = c.benchmark_group("sweep/50 networks");
    group.sample_size(10);
    group.bench_function(format!("all {count} singles"), |b| {
        b.iter(|| sweep.singles().map(black_box).count());
    });
    let pairs = count * (count - 1) / 2;
    assert_eq!(sweep.pairs(&singles).count(), pairs);
    group.bench_function(format!("all {pairs} pairs"), |b| {
        b.iter(|| sweep.pairs(&singles).map(black_box).count());
    });
    group.finish();
}

/// An NVA of a mesh fails and comes back.
fn nva_of_mesh(c: &mut Criterion) {
    let mut group = c.benchmark_group("sweep/mesh of hubs");
    group.sample_size(10);
    for hubs in [4, 8, 12, 20] {
        let network = network(mesh(hubs)).share();
        let sessions = NvaSessions {
            nva: "nva0".into(),
            ..NvaSessions::default()
        };
        let down = Event::NvaDown(sessions);
        let fail = |network: &Network| {
            let mut fork = network.clone();
            fork.apply(&down).expect("it settles");
            fork
        };
        assert!(
            fail(&network).nva_learned("nva1").expect("a name").len()
                < network.nva_learned("nva1").expect("a name").len()
        );
        group.bench_with_input(BenchmarkId::new("an NVA fails", hubs), &network, |b, of| {
            b.iter(|| fail(of));
        });
    }
    group.finish();
}

criterion_group!(benches, singles_by_kind, small_estate, nva_of_mesh);
criterion_main!(benches);
