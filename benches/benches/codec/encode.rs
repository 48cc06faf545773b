//! Encoding: one prefix a message, from each codec's own model of it.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use netgauze_parse_utils::WritablePdu as _;
use routehub_types::{Attrs, Nlri};
use routehub_wire::{Context, Packer};
use zettabgp::prelude::BgpMessage as _;

use crate::peers::{Peers, rustbgpd_update};
use crate::{messages, walk};

/// A pass over all messages: writes each at the start of the buffer and sums the lengths.
type Pass = Box<dyn FnMut(&mut Vec<u8>) -> usize>;

/// The codecs, each with the same messages in its own model.
fn passes(set: &[Vec<u8>]) -> Vec<(&'static str, Pass)> {
    vec![
        ("routehub-wire", ours(set.len() as u64)),
        ("netgauze-bgp-pkt", netgauze(set)),
        ("rustbgpd-wire", rustbgpd(set)),
        ("zettabgp", zettabgp(set)),
    ]
}

fn ours(count: u64) -> Pass {
    let routes: Vec<(Attrs, Vec<Nlri>)> = (0..count)
        .map(|seed| {
            (
                messages::attrs(seed),
                messages::prefixes(seed + 1_000_000, 1),
            )
        })
        .collect();
    let mut packer = Packer::new(&Context::default());
    Box::new(move |out| {
        let one = |(attrs, prefixes): &(Attrs, Vec<Nlri>)| {
            out.clear();
            let written = packer.announce(black_box(attrs), prefixes, out);
            debug_assert_eq!(written, Ok(1));
            black_box(&out).len()
        };
        routes.iter().map(one).sum()
    })
}

fn netgauze(set: &[Vec<u8>]) -> Pass {
    let mut peers = Peers::new();
    let models: Vec<_> = set
        .iter()
        .map(|bytes| peers.netgauze_message(bytes).expect("read"))
        .collect();
    Box::new(move |out| {
        let one = |message: &netgauze_bgp_pkt::BgpMessage| {
            out.clear();
            let written = black_box(message).write(out);
            debug_assert!(written.is_ok());
            black_box(&out).len()
        };
        models.iter().map(one).sum()
    })
}

fn rustbgpd(set: &[Vec<u8>]) -> Pass {
    let models: Vec<_> = set
        .iter()
        .map(|bytes| rustbgpd_update(bytes).expect("read"))
        .collect();
    Box::new(move |out| {
        let one = |model: &rustbgpd_wire::ParsedUpdate| {
            out.clear();
            let message = rustbgpd_wire::UpdateMessage::build(
                &black_box(model).announced,
                &model.withdrawn,
                &model.attributes,
                true,
                false,
                rustbgpd_wire::Ipv4UnicastMode::Body,
            );
            let written = message.encode(out);
            debug_assert!(written.is_ok());
            black_box(&out).len()
        };
        models.iter().map(one).sum()
    })
}

fn zettabgp(set: &[Vec<u8>]) -> Pass {
    let params = Peers::new().zettabgp_params();
    let models: Vec<_> = set
        .iter()
        .map(|bytes| {
            let mut update = zettabgp::prelude::BgpUpdateMessage::new();
            update.decode_from(&params, &bytes[19..]).expect("read");
            update
        })
        .collect();
    Box::new(move |out| {
        out.resize(4096, 0);
        let one = |update: &zettabgp::prelude::BgpUpdateMessage| {
            let length = black_box(update)
                .encode_to(&params, &mut out[19..])
                .expect("written");
            let kind = zettabgp::prelude::BgpMessageType::Update;
            params
                .prepare_message_buf(out, kind, length)
                .expect("written");
            black_box(&out);
            length + 19
        };
        models.iter().map(one).sum()
    })
}

/// What a codec writes means what this one's message does; zettabgp spends two octets more, on a
/// longer length field.
fn check(set: &[Vec<u8>]) {
    let mut out = Vec::new();
    for (name, mut pass) in passes(set) {
        assert!(pass(&mut out) > 0);
        let length = usize::from(u16::from_be_bytes([out[16], out[17]]));
        let last = set.last().expect("a message");
        assert_eq!(walk::walk(&out[..length]), walk::walk(last), "{name}");
    }
}

pub(crate) fn encode(criterion: &mut Criterion) {
    let set = messages::made(1024, 1);
    check(&set);
    let mut out = Vec::new();
    println!("encode/1 prefix: best of 2000 passes, ns a message");
    for (name, mut pass) in passes(&set) {
        let best = crate::best(2000, || pass(&mut out));
        println!("  {name:<18} {:8.1}", best / set.len() as f64);
    }
    let mut group = criterion.benchmark_group("encode/1 prefix");
    group.throughput(Throughput::Elements(set.len() as u64));
    for (name, mut pass) in passes(&set) {
        group.bench_function(name, |bencher| bencher.iter(|| pass(&mut out)));
    }
    group.finish();
}
