//! What every failure of a large estate costs: all singles on one thread and on two, a sample of
//! all pairs, and the ways of every two ends that each is judged by.
//!
//! `cargo run --release -p routehub-benches --bin sweep_cost`; one run, in milliseconds.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use routehub::Network;
use routehub::sweep::{FailureKind, Outcome, Sweep};
use routehub_benches::estates::{hubs, large, network};

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = what();
    (result, start.elapsed())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// All singles, on so many threads.
fn singles(sweep: &Sweep, threads: usize) -> Vec<Outcome> {
    let count = sweep.elements().len();
    let parts = thread::scope(|scope| {
        let worker = |number: usize| {
            scope.spawn(move || {
                let places = (number..count).step_by(threads);
                places
                    .map(|place| (place, sweep.single(place)))
                    .collect::<BTreeMap<usize, Outcome>>()
            })
        };
        let workers: Vec<_> = (0..threads).map(worker).collect();
        let parts = workers.into_iter().map(thread::ScopedJoinHandle::join);
        parts.map(Result::unwrap_or_default).collect::<Vec<_>>()
    });
    let mut all: BTreeMap<usize, Outcome> = parts.into_iter().flatten().collect();
    (0..count).filter_map(|place| all.remove(&place)).collect()
}

/// What the failures of each kind cost on average.
fn by_kind(sweep: &Sweep) {
    let mut kinds: BTreeMap<FailureKind, (Duration, u32)> = BTreeMap::new();
    let mut seen: BTreeMap<FailureKind, u32> = BTreeMap::new();
    for (place, failure) in sweep.elements().iter().enumerate() {
        let tried = seen.entry(failure.kind).or_default();
        *tried += 1;
        if *tried <= 8 {
            let (_, time) = timed(|| sweep.single(place));
            let (all, count) = kinds.entry(failure.kind).or_default();
            *all += time;
            *count += 1;
        }
    }
    for (kind, (all, count)) in kinds {
        println!(
            "    {:22} {:8.2} each, {} of them",
            kind.words(),
            ms(all / count),
            seen[&kind]
        );
    }
}

fn tell(name: &str, network: Network) {
    let (sweep, preparing) = timed(|| Sweep::new(network));
    let count = sweep.elements().len();
    println!(
        "{name}: {count} elements, ways of all ends {:.0}",
        ms(preparing)
    );
    by_kind(&sweep);
    let (_, alone) = timed(|| singles(&sweep, 1));
    let (outcomes, both) = timed(|| singles(&sweep, 2));
    println!(
        "  all singles: one thread {:.0}, two threads {:.0}",
        ms(alone),
        ms(both)
    );
    let sample = [count / 3, count / 2, count * 9 / 10];
    let tried: usize = sample.iter().map(|place| count - place - 1).sum();
    let (_, pairs) = timed(|| {
        for place in sample {
            sweep.pairs_with(place, &outcomes);
        }
    });
    let each = ms(pairs) / tried.max(1) as f64;
    let all = count * (count - 1) / 2;
    println!(
        "  pairs: {each:.3} each on one thread ({tried} tried); all {all}: {:.0} s on two",
        each * all as f64 / 2e3
    );
}

fn main() {
    tell("500 networks, 32,000 routes", network(large(500)));
    tell("2,000 networks, 40 NVAs", network(hubs(5, 400)));
}
