//! When a row fits, told by hand-made tables.

use std::net::IpAddr;

use routehub::types::{AsPath, Asn};
use routehub::{
    EffectiveRow, NextHopType, RouteOrigin, RouteRow, RouteSource, RouteState, SessionRow,
    SessionState, TableKind, TableRows,
};
use routehub_scenario::{Report, Scenario, Tables, compare};

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A row of a route that was sent from 10.0.0.x by instance x - 4.
fn route(prefix: &str, path: &[u32], next_hop: Option<&str>, from: &str) -> RouteRow {
    let peer = address(from);
    RouteRow {
        prefix: prefix.parse().expect("a prefix"),
        as_path: AsPath::sequence(path.iter().map(|asn| Asn(*asn))),
        next_hop: next_hop.map(address),
        communities: vec!["65518:65518".parse().expect("a community")],
        origin: RouteOrigin::Igp,
        weight: 0,
        source_peer: Some(peer),
        local_address: None,
        link: None,
        instance: Some(u8::from(from.ends_with('5'))),
        from: Some("rs".to_owned()),
        refused: None,
        stale: None,
    }
}

fn effective(prefix: &str, kind: NextHopType, next_hops: &[&str]) -> EffectiveRow {
    EffectiveRow {
        prefixes: [prefix.parse().expect("a prefix")].into(),
        next_hop_type: kind,
        next_hops: next_hops.iter().map(|hop| address(hop)).collect(),
        source: RouteSource::Default,
        state: RouteState::Active,
        name: None,
        disable_bgp_route_propagation: false,
    }
}

fn session(instance: u8, state: SessionState, routes: usize) -> SessionRow {
    SessionRow {
        instance,
        state,
        routes,
        notification: (state == SessionState::Idle).then_some((6, 1)),
        hold_time: 180,
        route_refreshes: 0,
        resets: 0,
    }
}

/// What is seen: two instances at 10.0.0.4 and .5 that tell `n` two prefixes.
fn seen() -> Tables {
    let own = |prefix: &str, path: &[u32]| {
        ["10.0.0.4", "10.0.0.5"].map(|from| route(prefix, path, Some(from), from))
    };
    let learned = [
        own("10.1.0.0/16", &[65515]),
        own("10.2.0.0/16", &[65515, 65001]),
    ]
    .concat();
    let nic = vec![
        effective("10.1.0.0/16", NextHopType::VnetLocal, &[]),
        effective(
            "10.9.0.0/16",
            NextHopType::VirtualNetworkGateway,
            &["10.0.1.4", "10.0.1.5"],
        ),
        effective("10.0.0.0/8", NextHopType::None, &[]),
    ];
    let sessions = vec![
        session(0, SessionState::Established, 2),
        session(1, SessionState::Idle, 0),
    ];
    let advertised = TableKind::RsAdvertised.between("rs", "n");
    Tables {
        rows: [
            (
                TableKind::NvaLearned.of("n"),
                TableRows::Routes(learned.clone()),
            ),
            (advertised, TableRows::Routes(learned)),
            (TableKind::NicEffective.of("vm"), TableRows::Effective(nic)),
            (
                TableKind::Sessions.between("rs", "n"),
                TableRows::Sessions(sessions),
            ),
        ]
        .into(),
        instances: [(
            "rs".to_owned(),
            [Some(address("10.0.0.4")), Some(address("10.0.0.5"))],
        )]
        .into(),
        ..Tables::default()
    }
}

/// Compares what `expect` says of the tables above.
fn report(tables: &str) -> Report {
    let file = format!(
        "schema: routehub/1
title: x
vnets: [{{name: hub, address_space: [10.0.0.0/16]}}]
route_servers: [{{name: rs, vnet: hub, ips: [10.0.0.4, 10.0.0.5]}}]
nvas: [{{name: n, vnet: hub, ip: 10.0.1.4, asn: 1, sessions: [rs]}}]
nics: [{{name: vm, vnet: hub}}]
expect:
  - at: initial
    {tables}
"
    );
    let scenario = Scenario::parse(&file).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    compare(&scenario.expectations[0], &seen())
}

#[track_caller]
fn holds(tables: &str) {
    let report = report(tables);
    assert!(report.differences.is_empty(), "{tables}\n{report}");
}

#[track_caller]
fn differs(tables: &str) -> Report {
    let report = report(tables);
    assert!(report.failures() > 0, "nothing differs: {tables}");
    report
}

/// A row of what `n` learned.
fn learned(row: &str) -> String {
    format!("nva_learned: {{n: [{row}]}}")
}

#[test]
fn a_field_that_is_left_out_is_not_looked_at() {
    holds(&learned("{prefix: 10.2.0.0/16}"));
    holds(&learned(
        "{prefix: 10.2.0.0/16, as_path: [65515, 65001], from: rs, origin: Igp}",
    ));
    differs(&learned("{prefix: 10.2.0.0/16, as_path: [65001, 65515]}"));
    differs(&learned("{prefix: 10.2.0.0/16, as_path: [65515]}"));
    differs(&learned("{prefix: 10.2.0.0/16, as_path: []}"));
    differs(&learned("{prefix: 10.2.0.0/17}"));
}

#[test]
fn communities_are_an_exact_set() {
    holds(&learned(
        "{prefix: 10.2.0.0/16, communities: ['65518:65518', '65518:65518']}",
    ));
    differs(&learned("{prefix: 10.2.0.0/16, communities: []}"));
    differs(&learned(
        "{prefix: 10.2.0.0/16, communities: ['65518:65518', '65517:65517']}",
    ));
}

#[test]
fn next_hops_of_all_fitting_rows_are_one_set() {
    holds(&learned(
        "{prefix: 10.2.0.0/16, next_hop: [10.0.0.5, 10.0.0.4]}",
    ));
    differs(&learned("{prefix: 10.2.0.0/16, next_hop: [10.0.0.4]}"));
    differs(&learned(
        "{prefix: 10.2.0.0/16, next_hop: [10.0.0.4, 10.0.0.5, 10.0.0.6]}",
    ));
    differs(&learned("{prefix: 10.2.0.0/16, next_hop: []}"));
    holds(&learned(
        "{prefix: 10.2.0.0/16, instance: 1, next_hop: [10.0.0.5]}",
    ));
    holds("nic_effective: {vm: [{prefix: 10.1.0.0/16, next_hop: []}]}");
    holds("nic_effective: {vm: [{prefix: 10.9.0.0/16, next_hop: [10.0.1.5, 10.0.1.4]}]}");
    differs("nic_effective: {vm: [{prefix: 10.9.0.0/16, next_hop: [10.0.1.5]}]}");
}

#[test]
fn self_is_the_address_of_the_very_instance_that_sent_the_row() {
    holds(&learned("{prefix: 10.2.0.0/16, next_hop: [self]}"));
    holds("rs_advertised: {rs: {n: [{prefix: 10.2.0.0/16, next_hop: [self]}]}}");
    let mut crossed = seen();
    let table = crossed.rows.get_mut(&TableKind::NvaLearned.of("n"));
    let Some(TableRows::Routes(rows)) = table else {
        panic!("it is there");
    };
    let (first, second) = (rows[2].next_hop, rows[3].next_hop);
    (rows[2].next_hop, rows[3].next_hop) = (second, first);
    let file = "schema: routehub/1
title: x
vnets: [{name: hub, address_space: [10.0.0.0/16]}]
nvas: [{name: n, vnet: hub, ip: 10.0.1.4, asn: 1, sessions: []}]
expect: [{at: initial, nva_learned: {n: [{prefix: 10.2.0.0/16, next_hop: [self]}]}}]
";
    let scenario = Scenario::parse(file).expect("it is right");
    assert_eq!(compare(&scenario.expectations[0], &crossed).failures(), 1);
}

#[test]
fn any_of_asks_for_some_and_nothing_else() {
    let nic = |hops: &str| {
        format!("nic_effective: {{vm: [{{prefix: 10.9.0.0/16, next_hop: {{any_of: [{hops}]}}}}]}}")
    };
    holds(&nic("10.0.1.4, 10.0.1.5, 10.0.1.6"));
    differs(&nic("10.0.1.4"));
    differs(&nic("10.0.1.6"));
    differs("nic_effective: {vm: [{prefix: 10.1.0.0/16, next_hop: {any_of: [10.0.1.4]}}]}");
}

#[test]
fn a_complete_table_has_no_other_rows_but_those_of_type_none() {
    let all = "{prefix: 10.1.0.0/16}, {prefix: 10.9.0.0/16}";
    holds(&format!(
        "nic_effective: {{vm: {{complete: true, rows: [{all}]}}}}"
    ));
    holds("nic_effective: {vm: {complete: false, rows: [{prefix: 10.1.0.0/16}]}}");
    let told = differs("nic_effective: {vm: {complete: true, rows: [{prefix: 10.1.0.0/16}]}}");
    assert!(told.to_string().contains("10.9.0.0/16"), "{told}");
    differs("nva_learned: {n: {complete: true, rows: []}}");
    holds("rs_learned: {rs: {n: {complete: true, rows: []}}}");
}

#[test]
fn a_soft_row_covers_a_row_of_a_complete_table() {
    let rows = "{prefix: 10.1.0.0/16}, {prefix: 10.9.0.0/16, next_hop: [10.9.9.9], soft: true}";
    let report = report(&format!(
        "nic_effective: {{vm: {{complete: true, rows: [{rows}]}}}}"
    ));
    assert_eq!(
        (report.failures(), report.differences.len()),
        (0, 1),
        "{report}"
    );
    assert_eq!((report.hard, report.soft), (1, 1));
}

#[test]
fn absent_means_that_no_row_fits_all_that_is_given() {
    let absent = |row: &str| format!("absent: [{{{row}}}]");
    holds(&absent("nva_learned: n, prefix: 10.3.0.0/16"));
    differs(&absent("nva_learned: n, prefix: 10.2.0.0/16"));
    holds(&absent(
        "nva_learned: n, prefix: 10.2.0.0/16, as_path: [65515]",
    ));
    differs(&absent(
        "rs_advertised: rs, nva: n, prefix: 10.2.0.0/16, instance: 1",
    ));
    differs(&absent(
        "nic_effective: vm, prefix: 10.9.0.0/16, next_hop: [10.0.1.5, 10.7.7.7]",
    ));
    holds(&absent(
        "nic_effective: vm, prefix: 10.9.0.0/16, next_hop: [10.7.7.7]",
    ));
    differs(&absent(
        "nva_learned: n, prefix: 10.2.0.0/16, next_hop: [self]",
    ));
    differs(&absent(
        "nic_effective: vm, prefix: 10.0.0.0/8, next_hop_type: None",
    ));
}

#[test]
fn a_sessions_row_holds_for_each_instance_or_for_the_one_named() {
    let sessions = |rows: &str| format!("sessions: {{rs: {{n: [{rows}]}}}}");
    holds(&sessions(
        "{state: Established, routes: 2, instance: 0}, {state: Idle, instance: 1}",
    ));
    holds(&sessions("{state: Idle, notification: 6/1, instance: 1}"));
    differs(&sessions("{state: Established}"));
    differs(&sessions("{state: Established, routes: 3, instance: 0}"));
    differs(&sessions(
        "{state: Established, notification: 6/1, instance: 0}",
    ));
}
