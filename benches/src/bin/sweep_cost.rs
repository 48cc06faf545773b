//! What every failure of a large estate costs: singles by kind and all of them on one thread and on
//! two, pairs, memory of a fork, and the failure of an NVA in meshes of hubs.
//!
//! `cargo run --release -p routehub-benches --bin sweep_cost -- [spokes] [hubs] [mesh]`; one run, in
//! milliseconds of the clock and, where other work is beside, of the processor.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use routehub::sweep::{FailureKind, Outcome, Sweep};
use routehub::{Event, Network, NvaSessions};
use routehub_benches::estates::{hubs, large, mesh, network};

/// How long the processor has worked for this thread (Linux).
fn processor() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next();
    let nanoseconds = first.and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// Times of the clock and of the processor.
#[derive(Clone, Copy, Default)]
struct Cost {
    clock: Duration,
    processor: Duration,
}

impl Cost {
    fn of<T>(what: impl FnOnce() -> T) -> (T, Self) {
        let (start, worked) = (Instant::now(), processor());
        let result = what();
        let cost = Self {
            clock: start.elapsed(),
            processor: processor().saturating_sub(worked),
        };
        (result, cost)
    }

    fn add(&mut self, other: Self) {
        self.clock += other.clock;
        self.processor += other.processor;
    }

    fn each(self, count: usize) -> String {
        let each = |time: Duration| ms(time) / count.max(1) as f64;
        format!("{:.3} ({:.3})", each(self.clock), each(self.processor))
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Resident memory, MiB (Linux).
fn resident() -> f64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1);
    let pages: f64 = pages.and_then(|text| text.parse().ok()).unwrap_or_default();
    pages * 4096.0 / (1024.0 * 1024.0)
}

/// All singles, on so many threads, and what the processor worked for them.
fn singles(sweep: &Sweep, threads: usize) -> (Vec<Outcome>, Duration) {
    let count = sweep.elements().len();
    let parts = thread::scope(|scope| {
        let worker = |number: usize| {
            scope.spawn(move || {
                let places = (number..count).step_by(threads);
                let outcomes = places.map(|place| (place, sweep.single(place)));
                let outcomes = outcomes.collect::<BTreeMap<usize, Outcome>>();
                (outcomes, processor())
            })
        };
        let workers: Vec<_> = (0..threads).map(worker).collect();
        let parts = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        parts.map(Result::unwrap_or_default).collect::<Vec<_>>()
    });
    let worked = parts.iter().map(|(_, worked)| *worked).sum();
    let parts = parts.into_iter().map(|(outcomes, _)| outcomes);
    let mut all: BTreeMap<usize, Outcome> = parts.flatten().collect();
    let outcomes = (0..count).filter_map(|place| all.remove(&place));
    (outcomes.collect(), worked)
}

/// What the failures of each kind cost on average.
fn by_kind(sweep: &Sweep) {
    let mut kinds: BTreeMap<FailureKind, (Cost, usize)> = BTreeMap::new();
    let mut seen: BTreeMap<FailureKind, usize> = BTreeMap::new();
    for (place, failure) in sweep.elements().iter().enumerate() {
        let tried = seen.entry(failure.kind).or_default();
        *tried += 1;
        if *tried <= 8 {
            let (_, cost) = Cost::of(|| sweep.single(place));
            let (all, count) = kinds.entry(failure.kind).or_default();
            all.add(cost);
            *count += 1;
        }
    }
    for (kind, (all, count)) in kinds {
        let (words, each) = (kind.words(), all.each(count));
        println!("    {words:22} {each} each, {} of them", seen[&kind]);
    }
}

/// Pairs with every so many elements: what all would cost on two threads.
fn pairs(sweep: &Sweep, outcomes: &[Outcome]) {
    let count = sweep.elements().len();
    let sample = (0..count).step_by(if count > 1000 { 97 } else { 11 });
    let mut tried = 0;
    let mut apart = 0;
    let ((), cost) = Cost::of(|| {
        for place in sample {
            let behind = &outcomes[place + 1..];
            let is_apart = |other: &&Outcome| sweep.are_apart(&outcomes[place], other);
            apart += behind.iter().filter(is_apart).count();
            tried += sweep.pairs_with(place, outcomes).len();
        }
    });
    let all = count * (count - 1) / 2;
    let of_two = ms(cost.processor) / tried.max(1) as f64 * all as f64 / 2e3;
    println!(
        "  pairs: {} each ({tried} tried, {apart} of them apart); all {all}: {of_two:.0} s on two threads",
        cost.each(tried)
    );
}

fn tell(name: &str, network: impl FnOnce() -> Network) {
    let before = resident();
    let network = network();
    let alone = resident() - before;
    let (sweep, preparing) = Cost::of(|| Sweep::new(network));
    let prepared = resident() - before;
    let count = sweep.elements().len();
    println!(
        "{name}: {count} elements, ways of all ends {}",
        preparing.each(1)
    );
    println!("  MiB: the estate {alone:.0}, with all ways {prepared:.0}");
    by_kind(&sweep);
    println!("  MiB after one of each kind: {:.0}", resident() - before);
    for threads in [1, 2] {
        let ((outcomes, worked), cost) = Cost::of(|| singles(&sweep, threads));
        println!(
            "  all singles on {threads}: {:.0} of the clock, {:.0} of the processor; MiB {:.0}",
            ms(cost.clock),
            ms(worked),
            resident() - before
        );
        if threads == 2 {
            pairs(&sweep, &outcomes);
            println!("  MiB after pairs: {:.0}", resident() - before);
        }
    }
}

/// An NVA of a mesh of hubs fails.
fn meshes() {
    for hubs in [4, 8, 12, 16, 20] {
        let network = network(mesh(hubs)).share();
        let down = Event::NvaDown(NvaSessions {
            nva: "nva0".into(),
            ..NvaSessions::default()
        });
        let (_, cost) = Cost::of(|| {
            let mut fork = network.clone();
            fork.apply(&down).map(|report| report.links.len())
        });
        println!("an NVA fails in a mesh of {hubs} hubs: {}", cost.each(1));
    }
}

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let is_meant = |name: &str| names.is_empty() || names.iter().any(|other| other == name);
    if is_meant("mesh") {
        meshes();
    }
    if is_meant("spokes") {
        tell("500 networks, 32,000 routes", || network(large(500)));
    }
    if is_meant("hubs") {
        tell("2,000 networks, 40 NVAs", || network(hubs(5, 400)));
    }
}
