//! What a routing table costs in time: filling, updates, decisions, loss of a source, lookups.
//!
//! `cargo bench -p routehub-benches --bench rib`; `ROUTEHUB_CORPORA` names the folder of recorded
//! prefixes. Times are per element: per path, per prefix decided, per lookup.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant as Clock};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use routehub_benches::tables::{Numbers, attribute_sets, full_table};
use routehub_rib::{
    Admission, Announcement, AttrStore, DecisionConfig, Delta, GroupConfig, GroupId, MemberId,
    Pull, RawKey, Rib, Source, SourceId, Step,
};
use routehub_types::{AttrId, Attrs, Family, Ipv4Prefix, Nlri, Prefix, RouterId, Update};

/// Prefixes announced with one set at once: of a usual UPDATE, and of a packed one.
const BATCHES: [usize; 2] = [8, 64];
/// Prefixes announced between two flushes of the export group.
const TURN: usize = 1 << 12;
const SETS: usize = 150_000;

/// A table, its sources and its one export group.
struct Bed {
    store: AttrStore,
    rib: Rib,
    sources: Vec<SourceId>,
    group: GroupId,
    /// Who is sent the table, if anyone.
    member: Option<MemberId>,
    /// The attribute sets, in a random order.
    sets: Vec<AttrId>,
    next: usize,
    batch: usize,
}

impl Bed {
    fn new(sources: u32, sets: &[Attrs], config: DecisionConfig, batch: usize) -> Self {
        let mut store = AttrStore::new(1);
        let mut sets: Vec<AttrId> = sets.iter().map(|set| store.intern(set)).collect();
        sets.iter().for_each(|set| store.retain(*set));
        Numbers::new(5).shuffle(&mut sets);
        let mut rib = Rib::new(2, config);
        let source = |number| Source {
            router_id: RouterId(number),
            peer_address: IpAddr::V4(Ipv4Addr::from_bits(number)),
            external: true,
            ..Source::default()
        };
        let sources = (1..=sources).map(|number| rib.add_source(source(number)).expect("room"));
        let sources = sources.collect();
        let group = rib.add_group(GroupConfig::default());
        Self {
            store,
            rib,
            sources,
            group,
            member: None,
            sets,
            next: 0,
            batch,
        }
    }

    /// The bed with a member that pulls all that is flushed.
    fn with_member(mut self) -> Self {
        self.member = Some(self.rib.add_member(self.group, None));
        self
    }

    /// Announces prefixes from one source, each batch with another set, and flushes the group.
    fn announce(&mut self, source: usize, prefixes: &[Nlri]) {
        for turn in prefixes.chunks(TURN) {
            for announced in turn.chunks(self.batch) {
                self.next = (self.next + 1) % self.sets.len();
                let attrs = self.sets[self.next];
                let update = Update {
                    withdrawn: &[],
                    attrs,
                    announced,
                };
                let accept = |_: &mut AttrStore, path: &Announcement| Admission::Accept(path.attrs);
                let (store, rib) = (&mut self.store, &mut self.rib);
                rib.apply(store, self.sources[source], &update, accept, |_, _| {});
            }
            self.flush();
        }
    }

    fn flush(&mut self) {
        let (store, rib) = (&mut self.store, &mut self.rib);
        while rib
            .flush(store, self.group, TURN, |_, best| Ok(best.attrs))
            .more
        {}
        if let Some(member) = self.member {
            while !matches!(black_box(rib.pull(store, member)), Pull::Idle) {}
        }
    }
}

fn table() -> Vec<Nlri> {
    let table = full_table(Family::Ipv4);
    println!("prefixes: {}", table.origin);
    table.prefixes.into_iter().map(Nlri::from).collect()
}

/// Different prefixes, any number of them.
fn many(count: u32) -> Vec<Nlri> {
    let mut prefixes: Vec<Nlri> = (0..count)
        .map(|n| {
            let address = Ipv4Addr::from_bits(n.wrapping_mul(0x9e37_79b1));
            Nlri::from(Prefix::V4(Ipv4Prefix::host(address)))
        })
        .collect();
    Numbers::new(9).shuffle(&mut prefixes);
    prefixes
}

/// Times `run` on a new bed each time; what `prepare` and dropping take is left out.
fn timed<T>(iterations: u64, prepare: impl Fn() -> T, run: impl Fn(&mut T)) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..iterations {
        let mut bed = prepare();
        let begin = Clock::now();
        run(&mut bed);
        total += begin.elapsed();
    }
    total
}

/// One best path, all steps of RFC 4271.
fn config() -> DecisionConfig {
    DecisionConfig::rfc4271()
}

fn full(c: &mut Criterion) {
    let (prefixes, sets) = (table(), attribute_sets(SETS, 3));
    let mut again = prefixes.clone();
    Numbers::new(4).shuffle(&mut again);
    let mut group = c.benchmark_group("full table");
    group.sample_size(10);
    group.throughput(Throughput::Elements(prefixes.len() as u64));
    for batch in BATCHES {
        let new = || Bed::new(2, &sets, config(), batch);
        let mut bench = |name: &str, run: &mut dyn FnMut(u64) -> Duration| {
            group.bench_function(format!("{name}, batches of {batch}"), |b| {
                b.iter_custom(&mut *run);
            });
        };
        bench("first fill", &mut |n| {
            timed(n, new, |bed| bed.announce(0, &prefixes))
        });
        let filled = || {
            let mut bed = new();
            bed.announce(0, &prefixes);
            bed
        };
        bench("second path", &mut |n| {
            timed(n, filled, |bed| bed.announce(1, &again))
        });
        let mut bed = filled();
        bench("update, one path a prefix", &mut |n| {
            repeated(n, || bed.announce(0, &again))
        });
        bed.announce(1, &prefixes);
        bench("update, two paths a prefix", &mut |n| {
            repeated(n, || bed.announce(0, &again))
        });
        let mut bed = filled().with_member();
        bed.flush();
        bench("update, one path a prefix, a member pulls", &mut |n| {
            repeated(n, || bed.announce(0, &again))
        });
    }
    group.finish();
}

/// Times `run`, so many times.
fn repeated(iterations: u64, mut run: impl FnMut()) -> Duration {
    let begin = Clock::now();
    (0..iterations).for_each(|_| run());
    begin.elapsed()
}

/// What ten and a hundred times the size takes.
fn growth(c: &mut Criterion) {
    let sets = attribute_sets(10_000, 3);
    let mut group = c.benchmark_group("growth");
    group.sample_size(10);
    for count in [100_000, 1_000_000, 10_000_000] {
        let prefixes = many(count);
        let mut again = prefixes.clone();
        Numbers::new(4).shuffle(&mut again);
        let new = || Bed::new(2, &sets, config(), BATCHES[0]);
        let filled = |sources: usize| {
            let mut bed = new();
            (0..sources).for_each(|source| bed.announce(source, &prefixes));
            bed
        };
        group.throughput(Throughput::Elements(count.into()));
        group.bench_function(format!("first fill, {count} paths"), |b| {
            b.iter_custom(|n| timed(n, new, |bed| bed.announce(0, &prefixes)));
        });
        group.bench_function(format!("update, {count} paths"), |b| {
            let mut bed = filled(1);
            b.iter_custom(|n| repeated(n, || bed.announce(0, &again)));
        });
        if count > 1_000_000 {
            continue;
        }
        group.bench_function(format!("source loss, {count} paths"), |b| {
            let lose = |bed: &mut Bed| {
                let (source, mut told) = (bed.sources[0], 0);
                let visit = |_: &AttrStore, _: &Delta<'_>| told += 1;
                let applied = bed.rib.withdraw_all(&mut bed.store, source, visit);
                assert_eq!((applied.withdrawn, applied.changed), (count, told));
                bed.flush();
            };
            b.iter_custom(|n| timed(n, || filled(2), lose));
        });
    }
    group.finish();
}

/// Eight paths a prefix in a small table: the decision itself.
fn decision(c: &mut Criterion) {
    let mut group = c.benchmark_group("decision");
    let (prefixes, sets) = (many(1000), attribute_sets(1000, 3));
    let ecmp = DecisionConfig::new([Step::Rank, Step::AsPathLength], [Step::PeerAddress], 8);
    for (name, config) in [("RFC 4271", config()), ("rank, path length, ECMP", ecmp)] {
        let mut bed = Bed::new(8, &sets, config, BATCHES[0]);
        for source in 0..8 {
            bed.announce(source, &prefixes);
        }
        group.throughput(Throughput::Elements(prefixes.len() as u64));
        group.bench_function(format!("8 paths, {name}"), |b| {
            b.iter(|| {
                let (store, rib) = (&mut bed.store, &mut bed.rib);
                black_box(rib.reconfigure(store, [], None, |_, _| {}))
            });
        });
    }
    group.finish();
}

fn lookup(c: &mut Criterion) {
    let prefixes = table();
    let mut bed = Bed::new(1, &attribute_sets(SETS, 3), config(), BATCHES[0]);
    bed.announce(0, &prefixes);
    let mut numbers = Numbers::new(8);
    let mut wanted = Vec::new();
    for _ in 0..100_000 {
        wanted.push(prefixes[numbers.below(prefixes.len() as u64) as usize].prefix);
    }
    let addresses: Vec<IpAddr> = wanted.iter().map(|prefix| prefix.address()).collect();
    let mut group = c.benchmark_group("lookup");
    group.throughput(Throughput::Elements(addresses.len() as u64));
    group.bench_function("longest match", |b| {
        b.iter(|| {
            for address in &addresses {
                black_box(bed.rib.longest_match(*address));
            }
        });
    });
    group.bench_function("exact", |b| {
        b.iter(|| {
            for prefix in &wanted {
                black_box(bed.rib.best(*prefix));
            }
        });
    });
    group.finish();
}

/// The attributes as a speaker with four-octet ASNs sends them.
fn block(attrs: &Attrs) -> Vec<u8> {
    let mut block = vec![0x40, 1, 1, attrs.origin as u8];
    let path: Vec<u32> = attrs.as_path.asns().map(|asn| asn.0).collect();
    block.extend([0x40, 2, 2 + 4 * path.len() as u8, 2, path.len() as u8]);
    path.iter().for_each(|asn| block.extend(asn.to_be_bytes()));
    block.extend([0x40, 3, 4, 10, 0, 0, 1]);
    if let Some(med) = attrs.med {
        block.extend([0x80, 4, 4]);
        block.extend(med.to_be_bytes());
    }
    if !attrs.communities.is_empty() {
        block.extend([0xc0, 8, 4 * attrs.communities.len() as u8]);
        let octets = attrs.communities.iter().map(|one| one.0.to_be_bytes());
        octets.for_each(|octets| block.extend(octets));
    }
    block
}

/// Attribute sets seen before: what an UPDATE costs at the door.
fn intern(c: &mut Criterion) {
    let attrs = attribute_sets(SETS, 3);
    let mut store = AttrStore::new(1);
    let ids: Vec<AttrId> = attrs.iter().map(|set| store.intern(set)).collect();
    ids.iter().for_each(|id| store.retain(*id));
    let mut group = c.benchmark_group("attribute store");
    group.throughput(Throughput::Elements(attrs.len() as u64));
    group.bench_function("intern a known set", |b| {
        b.iter(|| {
            for set in &attrs {
                black_box(store.intern(set));
            }
        });
    });
    let blocks: Vec<Vec<u8>> = attrs.iter().map(block).collect();
    let key = |block| RawKey {
        ctx: 1,
        next_hop: None,
        block,
    };
    for (block, set) in blocks.iter().zip(&attrs) {
        store.intern_raw(key(block), || set.clone());
    }
    assert_eq!(store.len(), attrs.len());
    group.bench_function("intern a known raw block", |b| {
        b.iter(|| {
            for block in &blocks {
                black_box(store.intern_raw(key(block), || panic!("known")));
            }
        });
    });
    group.bench_function("decode a set", |b| {
        b.iter(|| {
            for id in &ids {
                black_box(store.attrs(*id));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decision, intern, full, lookup, growth);
criterion_main!(benches);
