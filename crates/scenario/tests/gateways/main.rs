//! Gateways by their instances: what they tell each other and their sites, which of them are next
//! hops, and what their tables show.

mod addresses;
mod beside;
mod instances;
mod sites;

use routehub::types::RuleId;
use routehub::{ConnectionEnds, Event, GatewayInstance, Network, Severity};
use routehub_scenario::Scenario;

/// A hub with both gateways, a spoke that uses them, and what they are connected to.
const NETWORK: &str = "
schema: routehub/1
title: Coexisting gateways
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
  - {name: spoke, address_space: [10.1.0.0/16]}
peerings: [{hub: hub, spoke: spoke}]
gateways:
  - {name: ergw, vnet: hub, type: express_route, bgp_ips: [10.0.7.12, 10.0.7.13], connections: [{circuit: er, msee_ips: [10.0.7.20, 10.0.7.21]}]}
  - {name: vpngw, vnet: hub, type: vpn, bgp_ips: [10.0.7.4, 10.0.7.5], connections: [{site: branch}, {site: shop}]}
circuits: [{name: er, on_prem: {asn: 65020, prefixes: [10.200.0.0/16, 10.250.0.0/16]}}]
sites:
  - {name: branch, asn: 65010, bgp_ips: [172.31.0.1], prefixes: [10.100.0.0/16, 10.250.0.0/16]}
  - {name: shop, prefixes: [10.110.0.0/16]}
nics: [{name: vm, vnet: spoke}]
";

/// The same with a Route Server and an NVA.
const SERVER: &str = "
nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 10.66.0.0/16}]}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: B2B}]
";

fn with_server(branch_to_branch: bool) -> String {
    let on = branch_to_branch.to_string();
    NETWORK.to_owned() + &SERVER.replace("B2B", &on)
}

fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    })
}

/// Checks what should be seen in a network.
#[track_caller]
fn holds(network: &str, expected: &str) {
    let text = format!("{network}\nexpect:\n{expected}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let reports = scenario.check().expect("it settles");
    let hard: usize = reports.iter().map(|report| report.hard).sum();
    assert!(hard > 0, "nothing is expected");
    for report in &reports {
        assert_eq!(report.failures(), 0, "{report}");
    }
}

/// The findings of a rule, each as its subject, whether it is an error, a warning or an info, and
/// its text.
fn found(text: &str, rule: u16) -> Vec<(String, Severity, String)> {
    let findings = network(text).findings().into_iter();
    let findings = findings.filter(|finding| finding.rule == RuleId(rule));
    findings
        .map(|finding| (finding.subject, finding.severity, finding.text))
        .collect()
}

fn network(text: &str) -> Network {
    let scenario = Scenario::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    scenario.network().expect("it settles")
}

/// Checks what a file is refused for.
#[track_caller]
fn is_refused(text: &str, says: &[&str]) {
    let wrong = Scenario::parse(text).expect_err(text);
    for words in says {
        let said: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert!(
            said.iter().any(|said| said.contains(words)),
            "{words}: {said:?}"
        );
    }
}
