//! Sections 6 and 7 of the catalogue: what a route server passes on, and as what.

use core::net::Ipv4Addr;

use routehub_policy::{
    Action, Fallback, Match, PeerKind, Policy, Rule, SetVerdict, SourceClass, WellKnown,
};
use routehub_types::{Community, NextHop, RuleId};

use super::given::*;

const INSTANCE: Ipv4Addr = Ipv4Addr::new(10, 10, 0, 68);

fn well_known() -> WellKnown {
    WellKnown {
        no_advertise: Some(RuleId(98)),
        no_export: Some(RuleId(99)),
        ..WellKnown::default()
    }
}

/// What goes to NVAs: marked, one own ASN in front, the instance as next hop.
fn to_nvas(branch_to_branch: bool) -> Policy {
    let mut rules = well_known().export_rules(PeerKind::External);
    if !branch_to_branch {
        let other = Match::Source(vec![VNET]).negated();
        rules.push(Rule::reject(
            RuleId(92),
            "branch-to-branch is off",
            vec![other],
        ));
    }
    let branches = vec![Match::Source(vec![NVA, VPN, CIRCUIT])];
    rules.push(Rule::tag(RuleId(86), "branch", branches, vec![BRANCH]));
    rules.push(Rule::prepend_own(RuleId(85), OWN));
    let self_hop = Action::SetNextHop(NextHop::from(INSTANCE));
    rules.push(Rule::change(RuleId(85), "self", vec![], vec![self_hop]));
    Policy::compile(rules, Fallback::Accept(RuleId(85)))
}

#[test]
fn r_085_and_r_086_one_own_asn_in_front_the_instance_as_next_hop_and_the_branch_mark() {
    let sent = route_with("65010", &["65001:7"]);
    let (attrs, _) = passed(to_nvas(true).evaluate(&sent, prefix("10.99.0.0/16"), &from(NVA)));
    assert_eq!(attrs.as_path, path("65515 65010"));
    assert_eq!(attrs.next_hop, NextHop::from(INSTANCE));
    assert_eq!(attrs.communities, [community("65001:7"), BRANCH]);
}

#[test]
fn r_085_every_route_of_one_set_leaves_with_the_same_new_set() {
    let sent = route("65010");
    let SetVerdict::Accept(Some(changed)) = to_nvas(true).set_verdict(&sent, &from(NVA)) else {
        panic!("the set decides");
    };
    for to in ["10.99.0.0/16", "0.0.0.0/0"] {
        let (attrs, _) = passed(to_nvas(true).evaluate(&sent, prefix(to), &from(NVA)));
        assert_eq!(attrs, changed);
    }
}

#[test]
fn r_080_and_r_081_prefixes_of_peered_networks_are_marked_and_the_own_ones_are_not() {
    const SPOKE: SourceClass = SourceClass(5);
    let spokes = vec![Match::Source(vec![SPOKE])];
    let rules = vec![
        Rule::tag(RuleId(81), "peered", spokes, vec![PEERED]),
        Rule::prepend_own(RuleId(85), OWN),
    ];
    let policy = Policy::compile(rules, Fallback::Accept(RuleId(80)));
    for (source, marks) in [(VNET, vec![]), (SPOKE, vec![PEERED])] {
        let own = route("");
        let (attrs, _) = passed(policy.evaluate(&own, prefix("10.11.0.0/24"), &from(source)));
        assert_eq!((attrs.as_path, attrs.communities), (path("65515"), marks));
    }
}

#[test]
fn r_092_and_r_093_branch_to_branch_decides_over_every_class_but_the_networks_themselves() {
    let sent = route("65000");
    for source in [NVA, VPN, CIRCUIT] {
        let off = to_nvas(false).set_verdict(&sent, &from(source));
        assert_eq!(off, SetVerdict::Reject(RuleId(92)));
        let on = to_nvas(true).set_verdict(&sent, &from(source));
        assert!(matches!(on, SetVerdict::Accept(Some(_))));
    }
    let vnet = to_nvas(false).set_verdict(&route(""), &from(VNET));
    assert!(matches!(vnet, SetVerdict::Accept(Some(_))));
    assert!(to_nvas(true).asks_source(), "the cache must know the class");
    assert!(!to_nvas(true).asks_neighbor());
}

#[test]
fn r_095_towards_a_gateway_of_the_same_asn_the_path_is_unchanged() {
    let policy = Policy::compile(
        well_known().export_rules(PeerKind::Internal),
        Fallback::Accept(RuleId(95)),
    );
    assert_eq!(
        policy.set_verdict(&route("65001"), &from(NVA)),
        SetVerdict::Accept(None)
    );
}

#[test]
fn r_096_circuit_to_circuit_and_client_pools_are_not_exchanged() {
    let barred = Match::Source(vec![CIRCUIT, CLIENTS]);
    let to_circuit = Policy::compile(
        vec![Rule::reject(
            RuleId(96),
            "no circuit to circuit, no clients",
            vec![barred],
        )],
        Fallback::Accept(RuleId(93)),
    );
    for source in [CIRCUIT, CLIENTS] {
        let verdict = to_circuit.set_verdict(&route("12076 65000"), &from(source));
        assert_eq!(verdict, SetVerdict::Reject(RuleId(96)));
    }
    assert_eq!(
        to_circuit.set_verdict(&route("65001"), &from(NVA)),
        SetVerdict::Accept(None)
    );
}

#[test]
fn r_097_a_circuits_routes_with_the_branch_mark_are_refused_by_a_gateway_next_to_a_route_server() {
    let import = Policy::compile(
        vec![Rule::carries(RuleId(97), "from another hub", BRANCH)],
        Fallback::Accept(RuleId(93)),
    );
    let marked = route_with("12076 12076 65001", &["65517:65517"]);
    assert_eq!(
        refused(&import, &marked, "192.168.0.0/16"),
        Some(RuleId(97))
    );
    assert_eq!(
        refused(&import, &route("12076 65100"), "192.168.0.0/16"),
        None
    );
}

#[test]
fn r_098_no_advertise_goes_to_nobody() {
    let tagged = route_with("65001", &["65535:65282"]);
    for to in [
        PeerKind::Internal,
        PeerKind::Confederation,
        PeerKind::External,
        PeerKind::Bilateral,
    ] {
        let policy = Policy::compile(well_known().export_rules(to), Fallback::Accept(RuleId(93)));
        assert_eq!(
            refused(&policy, &tagged, "0.0.0.0/0"),
            Some(RuleId(98)),
            "{to:?}"
        );
    }
}

#[test]
fn r_098_no_advertise_is_no_reason_to_refuse_a_route_on_import() {
    assert!(well_known().import_rules().is_empty());
}

#[test]
fn r_099_no_export_stops_at_the_border_of_the_as_and_can_be_switched_off() {
    let tagged = route_with("65001", &["65535:65281"]);
    let refusal = |known: &WellKnown, to| {
        let policy = Policy::compile(known.export_rules(to), Fallback::Accept(RuleId(93)));
        refused(&policy, &tagged, "0.0.0.0/0")
    };
    assert_eq!(
        refusal(&well_known(), PeerKind::External),
        Some(RuleId(99)),
        "to an NVA"
    );
    assert_eq!(
        refusal(&well_known(), PeerKind::Internal),
        None,
        "to a gateway of the same AS"
    );
    let ignoring = WellKnown {
        no_export: None,
        ..well_known()
    };
    assert_eq!(refusal(&ignoring, PeerKind::External), None);
}

#[test]
fn r_100_numbers_of_the_interface_are_the_communities_written_with_a_colon() {
    for (number, text) in [
        (4_293_853_166, "65518:65518"),
        (4_293_787_629, "65517:65517"),
        (4_293_734_188, "65517:12076"),
    ] {
        assert_eq!(Community(number), community(text));
    }
}
