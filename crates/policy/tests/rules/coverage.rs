//! No rule of the sections that are about policy is forgotten: each has a test here, or stands in
//! the table of those that something else decides.

use std::collections::BTreeSet;

/// The rules of sections 2 (ASN), 4 (import), 7 (export) and 11 (route maps) of the catalogue.
const SECTIONS: [(u16, u16); 5] = [(20, 27), (50, 59), (92, 100), (111, 118), (140, 150)];
/// Rules of section 7 with later numbers.
const LATER: (u16, u16) = (153, 156);

/// Rules that no policy decides, and who does.
const ELSEWHERE: [(u16, &str); 16] = [
    (20, "exchange: two instances and a finding"),
    (21, "exchange: addresses of instances"),
    (22, "output only: names of instance roles"),
    (23, "a number of the profile"),
    (25, "exchange: where a peer's address lies"),
    (26, "exchange: flags of a peering"),
    (56, "exchange: reachability from a NIC"),
    (57, "exchange: a finding about next hops"),
    (94, "exchange: which sessions there are"),
    (111, "exchange: a finding about gateways"),
    (115, "session: timers of a circuit's edge"),
    (116, "rib: weight in the decision"),
    (118, "exchange: next hops of NICs"),
    (147, "exchange: upgrade of a Route Server"),
    (155, "output only: weight and origin in tables"),
    (156, "exchange: which sessions there are"),
];

/// Rules that are out of scope, or about the interface of the product.
const OUT_OF_SCOPE: [(u16, &str); 2] = [
    (117, "summarised prefixes of gateways are out of scope"),
    (149, "how an association is written in the interface"),
];

/// The numbers in the names of tests of this folder.
fn tested() -> BTreeSet<u16> {
    let files = [
        include_str!("admission.rs"),
        include_str!("export.rs"),
        include_str!("refusals.rs"),
        include_str!("route_maps.rs"),
        include_str!("speakers.rs"),
    ];
    let lines = files.iter().flat_map(|file| file.lines());
    let names = lines.filter_map(|line| line.strip_prefix("fn ")?.split('(').next());
    let after_r = |name: &'static str| name.split("r_").skip(1);
    let numbers = names
        .flat_map(after_r)
        .filter_map(|rest| rest.get(..3)?.parse().ok());
    numbers.collect()
}

#[test]
fn every_rule_of_the_sections_is_tested_or_decided_elsewhere() {
    let tested = tested();
    let elsewhere: BTreeSet<u16> = ELSEWHERE
        .iter()
        .chain(&OUT_OF_SCOPE)
        .map(|(n, _)| *n)
        .collect();
    let all = SECTIONS
        .iter()
        .chain([&LATER])
        .flat_map(|(first, last)| *first..=*last);
    let missing: Vec<u16> = all
        .filter(|rule| !tested.contains(rule) && !elsewhere.contains(rule))
        .collect();
    assert_eq!(missing, [0; 0]);
    let both: Vec<&u16> = tested.intersection(&elsewhere).collect();
    assert_eq!(both, [&0; 0], "tested here, so not elsewhere");
    assert!(tested.len() > 20, "names were found: {tested:?}");
}
