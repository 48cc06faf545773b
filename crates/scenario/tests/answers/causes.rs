//! Explanations name the real cause: each in a network where others could be suspected.

use crate::named_rules::{Asked, Changes, NICS, NVA, ON_PREM, SERVER, answer, network};
use Asked::Explain;

/// A route map of three rules on what the Route Server takes in, and a second NVA.
const INBOUND: Changes = &[
    (
        SERVER,
        "route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
route_maps:
  - name: clean
    rules:
      - {match: [{condition: equals, prefixes: [10.67.0.0/16]}], actions: [{type: add, communities: ['65001:7']}]}
      - {name: no-lab, match: [{condition: contains, prefixes: [10.68.0.0/14]}], actions: [{type: drop}]}
      - {match: [{condition: contains, prefixes: [172.20.0.0/14]}], actions: [{type: replace, prefixes: [172.20.0.0/14]}]}",
    ),
    (
        NVA,
        "nvas:
  - {name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [{route_server: rs, inbound_route_map: clean}], originates: [{prefixes: [10.67.0.0/16, 10.69.0.0/16, 172.21.0.0/16]}]}
  - {name: other, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs]}",
    ),
];

/// The same of what it sends to the second NVA.
const OUTBOUND: Changes = &[
    (
        SERVER,
        "route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
route_maps:
  - name: out
    rules:
      - {match: [{condition: equals, prefixes: [10.69.0.0/16]}], actions: [{type: drop}]}
      - {name: far, match: [{condition: equals, prefixes: [10.67.0.0/16]}], actions: [{type: add, as_path: [3356]}]}
      - {match: [{condition: contains, prefixes: [172.20.0.0/14]}], actions: [{type: replace, prefixes: [172.20.0.0/14]}]}",
    ),
    (
        NVA,
        "nvas:
  - {name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefixes: [10.67.0.0/16, 10.69.0.0/16, 172.21.0.0/16]}]}
  - {name: other, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [{route_server: rs, outbound_route_map: out}]}",
    ),
];

const USER_ROUTES: Changes = &[(
    NICS,
    "nics: [{name: vm, vnet: spoke, route_table: user}]
route_tables: [{name: user, routes: [{prefix: 10.66.0.0/17, next_hop_type: None}, {prefix: 10.66.128.0/17, next_hop: 10.9.9.9}]}]",
)];

#[rustfmt::skip]
const CAUSES: &[(Changes, Asked, &[&str])] = &[
    (USER_ROUTES, Explain("vm", "10.66.1.1"), &["packets are dropped: route table user sends them nowhere", "10.66.0.0/16 by 10.0.4.4 (VirtualNetworkGateway): not used here: 10.66.0.0/17 is longer"]),
    (USER_ROUTES, Explain("vm", "10.66.200.1"), &["packets are dropped: route table user, 10.9.9.9 is neither in spoke nor in a network peered with it"]),
    (&[("originates: [{prefix: 10.66.0.0/16}]", "neighbors: [dc]"), ("sites:\n", "sites:\n  - {name: dc, asn: 65090, bgp_ips: [172.31.9.1], prefixes: [10.90.0.0/16]}\n")],
        Explain("vm", "10.90.0.1"), &["no rule in `readvertises` of nva fits it for rs"]),
    (&[("{circuit: er, msee_ips: [10.0.7.20, 10.0.7.21]}", "{circuit: er}, {circuit: fast, weight: 9}"),
        ("circuits: [", "circuits: [{name: fast, on_prem: {asn: 65021, routes: [{prefix: 10.200.0.0/16, as_path: [65021, 65021]}]}}, ")],
        Explain("ergw", "10.200.0.0/16"), &["lost to fast by a higher routing weight of its connection (R-116, R-069): 9 against 0"]),
    (INBOUND, Explain("vm", "10.69.0.1"), &["10.69.0.0/16 is not there: from nva: route map clean rule 2 (no-lab) (R-140"]),
    (INBOUND, Explain("rs", "10.67.0.0/16"), &["import makes of it AS path 65001, next hop 10.0.4.4, communities 65001:7 (route map clean rule 1)"]),
    (INBOUND, Explain("vm", "172.21.0.1"), &["172.21.0.0/16 is not there: from nva: route map clean rule 3 (R-143", "route map clean rule 3 puts another prefix in its place",
        "import makes of it AS path empty, next hop 10.0.4.4 (route map clean rule 3)"]),
    (OUTBOUND, Explain("other", "10.69.0.0/16"), &["rs does not send it: route map out rule 1 (R-140"]),
    (OUTBOUND, Explain("other", "10.67.0.0/16"), &["R-140 by route map out rule 2 (far)"]),
    (OUTBOUND, Explain("rs", "172.21.0.0/16"), &["route map out rule 3 sends 172.20.0.0/14 in its place"]),
    (OUTBOUND, Explain("other", "172.20.0.0/14"), &["R-140 by route map out rule 3"]),
    (&[(ON_PREM, "on_prem: {asn: 65020, prefixes: [10.66.0.0/16]}")], Explain("vm", "10.66.0.1"), &["lost to ergw by the routing preference (R-061)"]),
];

#[test]
fn explanations_name_the_cause_that_decided() {
    let mut silent = Vec::new();
    for (changes, asked, phrases) in CAUSES {
        let (text, _) = answer(&network(changes), asked);
        let missing = phrases.iter().filter(|phrase| !text.contains(**phrase));
        silent.extend(missing.map(|phrase| format!("{phrase:?} is not in\n{text}")));
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn what_both_instances_agree_about_is_told_once() {
    let (text, _) = answer(&network(&[]), &Explain("vm", "10.100.0.1"));
    for once in [
        "10.100.0.0/16 at rs, both instances",
        "10.100.0.0/16 at vpngw\n",
    ] {
        assert_eq!(text.matches(once).count(), 1, "{text}");
    }
}
