//! Sections 2 and 4 of the catalogue: who may be a peer, and what enters the table.

use routehub_policy::{Fallback, Policy, Rule, SetVerdict};
use routehub_types::{Asn, FamilySet, RuleId};

use super::given::*;

/// Loop check, overlap with the hub and one spoke, IPv4 alone: in the order of the catalogue.
fn admission() -> Policy {
    let local = ["10.10.0.0/16", "10.11.0.0/24"].map(prefix);
    Policy::compile(
        vec![
            Rule::own_asn(RuleId(50), OWN),
            Rule::families(RuleId(59), FamilySet::IPV4),
            Rule::overlap(RuleId(51), local),
        ],
        Fallback::Accept(RuleId(53)),
    )
}

#[test]
fn r_024_forbidden_and_four_octet_asns_are_refused_as_peers() {
    let rules = peer_asns();
    let forbidden = [
        8074,
        8075,
        12076,
        65515,
        65517,
        65518,
        65519,
        65520,
        23456,
        64496,
        64511,
        65535,
        65536,
        65551,
        65552,
        131_072,
        4_200_000_000,
    ];
    for asn in forbidden.map(Asn) {
        let refusal = rules.check(asn).unwrap_err();
        assert_eq!((refusal.asn, refusal.rule), (asn, RuleId(24)));
    }
    let allowed = [
        1, 8073, 8076, 12075, 12077, 23455, 23457, 64495, 64512, 65001, 65514, 65516, 65521, 65534,
    ];
    for asn in allowed.map(Asn) {
        assert_eq!(rules.check(asn), Ok(()));
    }
}

#[test]
fn r_024_a_refusal_says_who_keeps_the_number_and_under_which_rule() {
    let text = |asn| peer_asns().check(Asn(asn)).unwrap_err().to_string();
    assert_eq!(text(65515), "AS 65515 is reserved by Azure (R-024)");
    assert_eq!(text(65540), "AS 65540 is reserved by IANA (R-024)");
    assert_eq!(text(70000), "AS 70000 is too large for two octets (R-024)");
}

#[test]
fn r_027_two_nvas_of_one_asn_drop_each_others_routes_by_their_own_loop_check() {
    let nva = Policy::compile(
        vec![Rule::own_asn(RuleId(27), Asn(65010))],
        Fallback::Accept(RuleId(0)),
    );
    assert_eq!(
        refused(&nva, &route("65515 65010"), "192.168.0.0/16"),
        Some(RuleId(27))
    );
    // The route server itself sends it: nothing in its own rules suppresses it.
    let export = Policy::compile(
        vec![Rule::prepend_own(RuleId(85), OWN)],
        Fallback::Accept(RuleId(85)),
    );
    assert_eq!(refused(&export, &route("65010"), "192.168.0.0/16"), None);
}

#[test]
fn r_034_four_octet_asns_deeper_in_the_path_are_accepted() {
    assert_eq!(
        refused(&admission(), &route("65001 4200000001"), "192.168.0.0/16"),
        None
    );
}

#[test]
fn r_050_a_path_with_the_own_asn_is_refused_whatever_the_prefix() {
    let looped = route("65001 65515");
    assert_eq!(
        refused(&admission(), &looped, "10.10.0.0/16"),
        Some(RuleId(50))
    );
    assert_eq!(
        refused(&admission(), &looped, "192.168.0.0/16"),
        Some(RuleId(50))
    );
    // So the attribute set alone decides.
    let verdict = admission().set_verdict(&looped, &from(NVA));
    assert_eq!(verdict, SetVerdict::Reject(RuleId(50)));
}

#[test]
fn r_050_the_own_asn_in_a_set_is_a_loop_too() {
    assert_eq!(
        refused(&admission(), &route("65001 {65515,7}"), "192.168.0.0/16"),
        Some(RuleId(50))
    );
}

#[test]
fn r_050_the_remedies_pass() {
    // Stripped, and overridden with the NVA's own ASN.
    for remedied in ["65001", "64000 64000"] {
        assert_eq!(
            refused(&admission(), &route(remedied), "192.168.0.0/16"),
            None
        );
    }
}

#[test]
fn r_051_a_route_equal_to_or_inside_a_local_prefix_is_refused() {
    for inside in [
        "10.10.0.0/16",
        "10.10.0.64/27",
        "10.10.1.0/27",
        "10.11.0.0/24",
        "10.11.0.7/32",
    ] {
        assert_eq!(
            refused(&admission(), &route("65001"), inside),
            Some(RuleId(51)),
            "{inside}"
        );
    }
    for outside in ["0.0.0.0/0", "10.30.0.0/27", "10.40.0.0/16", "10.11.1.0/24"] {
        assert_eq!(
            refused(&admission(), &route("65001"), outside),
            None,
            "{outside}"
        );
    }
    assert_eq!(
        admission().set_verdict(&route("65001"), &from(NVA)),
        SetVerdict::AskPrefix
    );
}

#[test]
fn r_051_without_local_prefixes_the_attribute_set_alone_decides() {
    let rules = vec![
        Rule::own_asn(RuleId(50), OWN),
        Rule::overlap(RuleId(51), []),
    ];
    let policy = Policy::compile(rules, Fallback::Accept(RuleId(53)));
    let verdict = policy.set_verdict(&route("65001"), &from(NVA));
    assert_eq!(verdict, SetVerdict::Accept(None));
}

#[test]
fn r_052_supernets_of_a_local_prefix_pass() {
    let local = [prefix("10.0.0.0/16")];
    let policy = Policy::compile(
        vec![Rule::overlap(RuleId(51), local)],
        Fallback::Accept(RuleId(52)),
    );
    assert_eq!(refused(&policy, &route("65001"), "10.0.0.0/8"), None);
    assert_eq!(
        refused(&policy, &route("65001"), "10.0.0.0/16"),
        Some(RuleId(51))
    );
    assert_eq!(
        refused(&policy, &route("65001"), "10.0.1.0/24"),
        Some(RuleId(51))
    );
}

#[test]
fn r_053_nothing_else_is_filtered() {
    let any = [
        "0.0.0.0/0",
        "192.168.0.0/16",
        "172.16.0.0/12",
        "8.8.8.0/24",
        "192.0.2.1/32",
        "100.64.0.0/10",
    ];
    for one in any {
        let verdict = admission()
            .evaluate(route("65001"), prefix(one), &from(NVA))
            .rule;
        assert_eq!(verdict, RuleId(53), "{one}");
    }
}

#[test]
fn r_054_the_edge_asn_in_a_path_is_accepted_by_the_route_server_and_refused_by_an_edge() {
    assert_eq!(
        refused(&admission(), &route("65001 12076 65100"), "192.168.0.0/16"),
        None
    );
    let edge = Policy::compile(
        vec![Rule::own_asn(RuleId(54), EDGE)],
        Fallback::Accept(RuleId(54)),
    );
    assert_eq!(
        refused(&edge, &route("65515 12076"), "192.168.0.0/16"),
        Some(RuleId(54))
    );
}

#[test]
fn r_054_an_allowance_counts_how_often_the_own_asn_stands_there() {
    let rule = Rule::own_asn_beyond(RuleId(54), EDGE, 1);
    let edge = Policy::compile(vec![rule], Fallback::Accept(RuleId(54)));
    assert_eq!(
        refused(&edge, &route("65515 12076"), "192.168.0.0/16"),
        None
    );
    assert_eq!(
        refused(&edge, &route("12076 65515 12076"), "192.168.0.0/16"),
        Some(RuleId(54))
    );
}

#[test]
fn r_055_and_r_058_next_hop_path_and_communities_pass_unchanged() {
    let mut sent = route_with("65001 65100", &["65001:7", "12076:51004"]);
    sent.next_hop = core::net::Ipv4Addr::new(10, 0, 5, 100).into();
    let (attrs, to) = passed(admission().evaluate(&sent, prefix("10.0.0.0/8"), &from(NVA)));
    assert_eq!((attrs, to), (sent, prefix("10.0.0.0/8")));
}

#[test]
fn r_059_ipv6_routes_are_refused() {
    assert_eq!(
        refused(&admission(), &route("65001"), "2001:db8::/32"),
        Some(RuleId(59))
    );
    assert_eq!(
        refused(&admission(), &route("65001"), "::/0"),
        Some(RuleId(59))
    );
}
