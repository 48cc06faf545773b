//! What is said as something to expect: findings, all or none of some, and phrases of explanations.

use routehub_scenario::{Report, Scenario};

const NETWORK: &str = "
schema: routehub/1
title: An NVA that keeps what it learns
vnets:
  - {name: hub, address_space: [10.0.0.0/24], subnets: [{name: RouteServerSubnet, prefix: 10.0.0.128/26}]}
route_servers: [{name: rs, vnet: hub}]
nvas: [{name: nva, vnet: hub, ip: 10.0.0.4, asn: 65004, sessions: [rs], neighbors: [dc]}]
sites: [{name: dc, asn: 65100, bgp_ips: [172.31.0.1], prefixes: [10.50.0.0/16]}]
nics: [{name: vm, vnet: hub}]
expect:
  - at: initial
";

fn report(expected: &str) -> Report {
    let text = format!("{NETWORK}    {expected}\n");
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let mut reports = scenario.check().expect("it settles");
    reports.remove(0)
}

#[track_caller]
fn holds(expected: &str, hard: usize) {
    let report = report(expected);
    assert_eq!((report.hard, report.failures()), (hard, 0), "{report}");
}

#[track_caller]
fn differs(expected: &str, words: &str) {
    let report = report(expected);
    assert_eq!(report.failures(), 1, "{report}");
    assert!(report.to_string().contains(words), "{report}");
}

const BOTH: &str = "{rule: R-020, subject: rs}, {rule: R-1002, subject: nva, severity: warning}";

#[test]
fn findings_may_be_complete() {
    holds(&format!("findings: {{complete: true, rows: [{BOTH}]}}"), 2);
    differs(
        "findings: {complete: true, rows: [{rule: R-020, subject: rs}]}",
        "no other findings (complete)",
    );
    holds(
        "findings: {complete: false, rows: [{rule: R-020, subject: rs}]}",
        1,
    );
}

#[test]
fn findings_may_be_absent() {
    for absent in [
        "findings: {absent: [{rule: R-129}, {rule: R-020, subject: nva}]}",
        "absent: [{findings: rs, rule: R-129}, {rule: R-066}]",
    ] {
        holds(absent, 2);
    }
    differs("absent: [{findings: nva}]", "R-1002");
    differs(
        "absent: [{rule: R-020}, {nic_effective: vm, prefix: 10.50.0.0/16}]",
        "R-020",
    );
    differs(
        "findings: {absent: [{subject: rs, severity: info}]}",
        "absent: {subject: rs",
    );
}

#[test]
fn an_absent_finding_needs_something_that_it_is_about() {
    let text = format!("{NETWORK}    findings: {{absent: [{{severity: info}}]}}\n");
    let wrong = Scenario::parse(&text).expect_err("nothing is named");
    assert!(wrong[0].to_string().contains("rule"), "{wrong:?}");
}

#[test]
fn explanations_have_phrases() {
    holds(
        "explains: [{name: vm, destination: 10.50.0.0/16, says: ['no rule in `readvertises` of nva', Remedy]}]",
        1,
    );
    differs(
        "explains: [{name: vm, destination: 10.50.1.1, says: [used, branch-to-branch]}]",
        "10.50.0.0/16 is not there",
    );
    let text = format!("{NETWORK}    explains: [{{name: vn, destination: 10.50.1.1, says: []}}]\n");
    let wrong = Scenario::parse(&text).expect_err("there is no such name");
    assert!(
        wrong[0].to_string().contains("did you mean `vm`?"),
        "{wrong:?}"
    );
}
