//! What a routing table costs in memory, by counting every allocation.
//!
//! `cargo run --release -p routehub-benches --bin rib_memory`; recorded prefixes are used if
//! `ROUTEHUB_CORPORA` names their folder. Counted are the bytes asked of the allocator.

use allocation_counter::{AllocationInfo, measure};
use routehub_benches::tables::{Numbers, attribute_sets, full_table};
use routehub_rib::{
    Admission, AttrStore, DecisionConfig, GroupConfig, Pull, Rib, Source, SourceId,
};
use routehub_types::{AttrId, Family, Nlri, Prefix, RouterId, Update};

/// Attribute sets of a full table.
const SETS: usize = 150_000;
/// Prefixes announced with one set at once.
const BATCH: usize = 8;
/// Prefixes announced between two flushes of the export group.
const TURN: usize = 1 << 12;

/// Announces a table from one source and sends it to the member of one group.
fn fill(
    (store, rib): (&mut AttrStore, &mut Rib),
    source: SourceId,
    prefixes: &[Nlri],
    sets: &[AttrId],
    seed: u64,
) {
    let mut numbers = Numbers::new(seed);
    for turn in prefixes.chunks(TURN) {
        for announced in turn.chunks(BATCH) {
            let attrs = sets[numbers.below(sets.len() as u64) as usize];
            let update = Update {
                withdrawn: &[],
                attrs,
                announced,
            };
            let accept = |_: &mut AttrStore, path: &routehub_rib::Announcement| {
                Admission::Accept(path.attrs)
            };
            rib.apply(store, source, &update, accept, |_, _| {});
        }
        let group = rib.groups().next().expect("there is a group");
        while rib.flush(store, group, TURN, |_, best| Ok(best.attrs)).more {}
        let member = rib.members(group).next().expect("there is a member");
        while !matches!(rib.pull(store, member), Pull::Idle) {}
    }
}

fn source(number: u32) -> Source {
    Source {
        router_id: RouterId(number),
        external: true,
        ..Source::default()
    }
}

/// Prints one line of the report: bytes reached, the target, and by how much it is missed.
fn report(what: &str, bytes: f64, target: f64) {
    let verdict = if bytes <= target {
        "reached".to_owned()
    } else {
        format!("missed by {:.2} B", bytes - target)
    };
    println!("{what:<50} {bytes:>8.2} {target:>8.0}  {verdict}");
}

fn table(family: Family, targets: [f64; 3]) {
    let table = full_table(family);
    let count = table.prefixes.len() as f64;
    println!("\n{family}: {count} prefixes ({})", table.origin);
    println!("{:<50} {:>8} {:>8}", "", "bytes", "target");
    let nlri: Vec<Nlri> = table.prefixes.iter().copied().map(Nlri::from).collect();
    let attrs = attribute_sets(SETS, 3);
    let mut store = AttrStore::new(1);
    let mut sets = Vec::with_capacity(SETS);
    let used = measure(|| {
        for set in &attrs {
            let id = store.intern(set);
            store.retain(id);
            sets.push(id);
        }
        store.collect(|_| {});
    });
    drop(attrs);
    let per_set = used.bytes_current as f64 / SETS as f64;
    report("attribute sets, each", per_set, 160.0);

    let mut rib = Rib::new(2, DecisionConfig::rfc4271());
    let empty = measure(|| drop(Rib::new(2, DecisionConfig::rfc4271())));
    let empty = empty.bytes_max;
    println!(
        "{:<50} {empty:>8}",
        "an empty table with its decision process"
    );
    let first = rib.add_source(source(1)).expect("there is room");
    let group = rib.add_group(GroupConfig::default());
    rib.add_member(group, None);
    let used = measure(|| fill((&mut store, &mut rib), first, &nlri, &sets, 1));
    let live = used.bytes_current as f64 / count;
    report("a prefix with one path, live", live, targets[0]);
    report(
        "a prefix with one path, at the peak of filling",
        used.bytes_max as f64 / count,
        targets[1],
    );

    let mut total = AllocationInfo::default();
    for number in 2..=8 {
        let other = rib.add_source(source(number)).expect("there is room");
        total += measure(|| fill((&mut store, &mut rib), other, &nlri, &sets, number.into()));
    }
    let further = total.bytes_current as f64 / (7.0 * count);
    report(
        "each further path of a prefix (8 in all)",
        further,
        targets[2],
    );
    let prefix: Prefix = table.prefixes[0];
    assert_eq!(rib.paths(&store, prefix).len(), 8, "{prefix} has all paths");
    assert_eq!(rib.len_of(family), table.prefixes.len());
}

fn main() {
    table(Family::Ipv4, [64.0, 72.0, 16.0]);
    table(Family::Ipv6, [80.0, 88.0, 16.0]);
}
