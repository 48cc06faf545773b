//! What policy costs a route.
//!
//! `prefix_rules` holds the promise that the number of prefix rules hardly matters: ten times the
//! rules must not cost ten times the time. `one_by_one` is the same list looked at rule by rule.

use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use routehub_policy::{Action, Fallback, Match, Policy, RouteMeta, Rule};
use routehub_types::{Asn, Attrs, Community, FamilySet, Prefix, RuleId};

const OWN: Asn = Asn(64500);

fn prefix(address: u32, length: u8) -> Prefix {
    Prefix::new(IpAddr::V4(Ipv4Addr::from(address)), length).unwrap()
}

/// One rule for each of `count` networks of 10.0.0.0/8 and beyond.
fn prefix_rules(count: u32) -> Vec<Rule> {
    let rule = |n: u32| {
        let network = prefix(0x0a00_0000 + (n << 10), 22);
        Rule::reject(RuleId(51), "inside", vec![Match::inside([network])])
    };
    (0..count).map(rule).collect()
}

fn route() -> Attrs {
    let mut attrs = Attrs::new(
        "65001 65100 65200".parse().unwrap(),
        Ipv4Addr::new(10, 0, 4, 4),
    );
    attrs.add_community(Community::new(65001, 7));
    attrs
}

/// Prefixes of which half fall into the rules.
fn prefixes() -> Vec<Prefix> {
    let spread = |n: u32| n.wrapping_mul(2_654_435_761);
    let inside = (0..512).map(|n| prefix(0x0a00_0000 | (spread(n) & 0x003f_ff00), 24));
    let outside = (0..512).map(|n| prefix(0xac00_0000 | (spread(n) & 0x003f_ff00), 24));
    inside.chain(outside).collect()
}

/// Evaluates each prefix; says how many pass.
fn passing(policy: &Policy, attrs: &Attrs, prefixes: &[Prefix]) -> usize {
    let meta = RouteMeta::default();
    let passes = |prefix: &&Prefix| policy.evaluate(attrs, **prefix, &meta).is_accept();
    prefixes.iter().filter(passes).count()
}

fn by_number_of_prefix_rules(c: &mut Criterion) {
    let (attrs, prefixes) = (route(), prefixes());
    let mut group = c.benchmark_group("prefix_rules");
    group.throughput(Throughput::Elements(prefixes.len() as u64));
    for count in [1, 10, 100, 1_000, 10_000] {
        let policy = Policy::compile(prefix_rules(count), Fallback::Accept(RuleId(53)));
        group.bench_with_input(BenchmarkId::new("compiled", count), &policy, |b, policy| {
            b.iter(|| passing(policy, black_box(&attrs), &prefixes));
        });
    }
    let rules = prefix_rules(1_000);
    let meta = RouteMeta::default();
    group.bench_function(BenchmarkId::new("one_by_one", rules.len()), |b| {
        let fits =
            |rule: &Rule, prefix| rule.matches.iter().all(|m| m.holds(&attrs, prefix, &meta));
        b.iter(|| {
            let kept = |prefix: &&Prefix| !rules.iter().any(|rule| fits(rule, **prefix));
            prefixes.iter().filter(kept).count()
        });
    });
    group.finish();
}

/// What a route server asks of every route: loop check, family, overlap with 500 networks.
fn admission() -> Policy {
    let networks = (0..500u32).map(|n| prefix(0x0a00_0000 + (n << 16), 16));
    let rules = vec![
        Rule::own_asn(RuleId(50), OWN),
        Rule::families(RuleId(59), FamilySet::IPV4),
        Rule::overlap(RuleId(51), networks),
    ];
    Policy::compile(rules, Fallback::Accept(RuleId(53)))
}

fn of_a_route_server(c: &mut Criterion) {
    let (attrs, prefixes, meta) = (route(), prefixes(), RouteMeta::default());
    let mut group = c.benchmark_group("route_server");
    let admission = admission();
    group.throughput(Throughput::Elements(prefixes.len() as u64));
    group.bench_function("admission_per_prefix", |b| {
        b.iter(|| passing(&admission, black_box(&attrs), &prefixes));
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("admission_per_set", |b| {
        b.iter(|| admission.set_verdict(black_box(&attrs), &meta));
    });
    group.bench_function("admission_compiled", |b| b.iter(self::admission));
    let export = vec![
        Rule::carries(RuleId(98), "NO_ADVERTISE", Community::NO_ADVERTISE),
        Rule::change(
            RuleId(85),
            "tag",
            vec![],
            vec![Action::AddCommunities(vec![Community::new(7, 7)])],
        ),
        Rule::prepend_own(RuleId(85), OWN),
    ];
    let export = Policy::compile(export, Fallback::Accept(RuleId(85)));
    group.bench_function("export_per_set", |b| {
        b.iter(|| export.set_verdict(black_box(&attrs), &meta));
    });
    group.finish();
}

criterion_group!(benches, by_number_of_prefix_rules, of_a_route_server);
criterion_main!(benches);
