//! Encoding: one prefix a message, and as many as fit.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use routehub_wire::{Context, Packer};

use crate::messages;

pub(crate) fn encode(criterion: &mut Criterion) {
    let routes: Vec<_> = (0..1024)
        .map(|seed| (messages::attrs(seed), messages::prefixes(seed, 1)))
        .collect();
    let mut group = criterion.benchmark_group("encode/1 prefix");
    group.throughput(Throughput::Elements(routes.len() as u64));
    group.bench_function("routehub-wire", |bencher| {
        let mut packer = Packer::new(&Context::default());
        let mut out = Vec::new();
        bencher.iter(|| {
            out.clear();
            for (attrs, prefixes) in black_box(&routes) {
                let _ = black_box(packer.announce(attrs, prefixes, &mut out));
            }
            out.len()
        });
    });
    group.finish();
}
