//! Decoding and encoding UPDATEs, beside a bare walk over the bytes and five other codecs.
//!
//! ```text
//! ROUTEHUB_CORPORA=folder cargo bench --package routehub-benches --bench codec
//! ```
//! Every codec must come to the sum of the bare walk, on every message that is measured. Without
//! `ROUTEHUB_CORPORA` only made-up messages are measured. Before criterion's statistics a table of
//! the best passes is printed, which other work on the machine disturbs least.

mod encode;
mod messages;
mod ours;
mod peers;
mod walk;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use routehub_wire::Context;

use peers::Peers;

/// A codec by name.
type Sum = fn(&mut Peers, &[u8]) -> Option<u64>;

/// What recorded messages are decoded for: tables of their time hold AS_SETs, which is no reason
/// to leave them out.
const CONTEXT: fn() -> Context = || Context {
    reject_as_set: false,
    ..Context::default()
};

/// The bare walk, this codec, the others.
const CODECS: [(&str, Sum); 7] = [
    ("bare walk", |_, message| walk::walk(message)),
    ("routehub-wire", |_, message| ours::sum(message, &CONTEXT())),
    ("netgauze-bgp-pkt", Peers::netgauze),
    ("rustbgpd-wire", Peers::rustbgpd),
    ("zettabgp", Peers::zettabgp),
    ("routecore", Peers::routecore),
    ("bgpkit-parser", Peers::bgpkit),
];

/// The messages on which all codecs come to the sum of the walk, and how many those are.
fn agreed(name: &str, all: Vec<Vec<u8>>, must_all: bool) -> Vec<Vec<u8>> {
    let mut peers = Peers::new();
    let mut refusals = [0; CODECS.len()];
    let before = all.len();
    let agreed: Vec<Vec<u8>> = all
        .into_iter()
        .filter(|message| {
            let wanted = walk::walk(message);
            let mut agree = wanted.is_some();
            for ((_, sum), refusals) in CODECS.iter().zip(&mut refusals) {
                let same = sum(&mut peers, message) == wanted;
                *refusals += usize::from(!same);
                agree &= same;
            }
            agree
        })
        .collect();
    println!(
        "{name}: {} of {before} messages summed alike by all",
        agreed.len()
    );
    for ((codec, _), refusals) in CODECS.iter().zip(refusals) {
        if refusals != 0 {
            println!("  {codec}: another sum, or none, for {refusals}");
        }
    }
    assert!(!must_all || agreed.len() == before, "{name}: sums differ");
    agreed
}

/// The shortest of so many passes, in nanoseconds: what other work on the machine disturbs least.
fn best<T>(passes: usize, mut pass: impl FnMut() -> T) -> f64 {
    let one = |_| {
        let start = Instant::now();
        black_box(pass());
        start.elapsed().as_nanos() as f64
    };
    (0..passes).map(one).fold(f64::INFINITY, f64::min)
}

/// A pass of a codec over a set of messages.
fn pass(peers: &mut Peers, sum: Sum, set: &[Vec<u8>]) -> u64 {
    set.iter().fold(0u64, |total, message| {
        let sum = sum(peers, black_box(message));
        total.wrapping_add(sum.unwrap_or_default())
    })
}

fn decode(criterion: &mut Criterion) {
    let mut sets = vec![
        (
            "1 prefix",
            agreed("1 prefix", messages::made(1024, 1), true),
        ),
        (
            "300 prefixes",
            agreed("300 prefixes", messages::made(64, 300), true),
        ),
    ];
    if let Some(recorded) = messages::recorded("ris2019.as4.bgp.gz") {
        sets.push(("ris2019", agreed("ris2019", recorded, false)));
    }
    let mut peers = Peers::new();
    for (name, set) in sets {
        let passes = 2_000_000 / set.len().max(1000);
        println!("decode/{name}: best of {passes} passes, ns a message");
        for (codec, sum) in CODECS {
            // Chunk by chunk: a short pass is more often left alone than a long one.
            let chunks = set.chunks(1024);
            let best = chunks.map(|chunk| best(passes, || pass(&mut peers, sum, chunk)));
            println!("  {codec:<18} {:8.1}", best.sum::<f64>() / set.len() as f64);
        }
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        group.throughput(Throughput::Elements(set.len() as u64));
        for (codec, sum) in CODECS {
            group.bench_function(codec, |bencher| {
                bencher.iter(|| pass(&mut peers, sum, &set));
            });
        }
    }
}

criterion_group!(codec, decode, encode::encode);
criterion_main!(codec);
