//! Section 7 of the catalogue: gateways and circuit edges.

use routehub_policy::{Action, Fallback, Match, Policy, Rule};
use routehub_types::{Asn, Prefix, RuleId};

use super::given::*;

fn changed(actions: Vec<Action>, as_path: &str) -> String {
    let rule = Rule::change(RuleId(114), "edge", vec![], actions);
    let policy = Policy::compile(vec![rule], Fallback::Accept(RuleId(114)));
    let sent = route(as_path);
    let (attrs, _) = passed(policy.evaluate(&sent, prefix("10.99.0.0/16"), &from(NVA)));
    attrs.as_path.to_string()
}

#[test]
fn r_112_a_vpn_gateway_keeps_the_default_route_and_what_overlaps_its_network_from_its_peers() {
    let default = Match::exactly([prefix("0.0.0.0/0")]);
    let rules = vec![
        Rule::reject(RuleId(112), "default route", vec![default]),
        Rule::overlap(RuleId(112), [prefix("10.10.0.0/16")]),
    ];
    let export = Policy::compile(rules, Fallback::Accept(RuleId(112)));
    for kept in ["0.0.0.0/0", "10.10.0.0/16", "10.10.7.0/24"] {
        assert_eq!(
            refused(&export, &route("65001"), kept),
            Some(RuleId(112)),
            "{kept}"
        );
    }
    for sent in ["0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "192.168.0.0/16"] {
        assert_eq!(refused(&export, &route("65001"), sent), None, "{sent}");
    }
}

#[test]
fn r_113_with_gateway_transit_spoke_prefixes_count_as_local_and_supersets_pass() {
    let import = |local: &[Prefix]| {
        let rule = Rule::overlap(RuleId(113), local.iter().copied());
        Policy::compile(vec![rule], Fallback::Accept(RuleId(113)))
    };
    let (hub, spoke) = (prefix("10.10.0.0/16"), prefix("10.11.0.0/24"));
    let with_transit = import(&[hub, spoke]);
    assert_eq!(
        refused(&with_transit, &route("65000"), "10.11.0.0/24"),
        Some(RuleId(113))
    );
    assert_eq!(
        refused(&with_transit, &route("65000"), "10.11.0.0/16"),
        None
    );
    assert_eq!(
        refused(&import(&[hub]), &route("65000"), "10.11.0.0/24"),
        None
    );
}

#[test]
fn r_114_and_r_160_an_edge_hides_leading_private_asns_from_on_premises() {
    let edge = vec![Action::REMOVE_LEADING_PRIVATE, Action::prepend(EDGE, 1)];
    let edge = |path| changed(edge.clone(), path);
    assert_eq!(edge("65515 65001 65001 65001"), "12076");
    assert_eq!(edge("65515"), "12076");
    assert_eq!(edge("65515 65001 3320"), "12076 3320");
    assert_eq!(
        edge("65515 3320 65001 3321 64512"),
        "12076 3320 65001 3321 64512"
    );
    assert_eq!(
        edge("65515 4200000000 4294967294 64511 65001"),
        "12076 64511 65001"
    );
}

#[test]
fn r_153_a_gateway_of_another_asn_is_an_external_peer_on_both_sides() {
    let gateway = Asn(300);
    let hop = |asn| vec![Action::prepend(asn, 1)];
    let to_route_server = changed(hop(gateway), "200");
    assert_eq!(changed(hop(OWN), &to_route_server), "65515 300 200");
    let to_gateway = changed(hop(OWN), "65001");
    assert_eq!(changed(hop(gateway), &to_gateway), "300 65515 65001");
}

#[test]
fn r_154_an_edge_passes_routes_between_gateways_with_its_own_asn_in_place_of_theirs() {
    let hairpin = vec![
        Action::ReplaceAsn {
            from: OWN,
            to: EDGE,
        },
        Action::prepend(EDGE, 1),
    ];
    assert_eq!(changed(hairpin.clone(), "65515"), "12076 12076");
    assert_eq!(changed(hairpin, "65515 65001"), "12076 12076 65001");
}

#[test]
fn worked_example_3_an_nva_overrides_or_strips_the_receivers_asn() {
    let nva = Asn(64000);
    let overriding = vec![
        Action::ReplaceAsn { from: OWN, to: nva },
        Action::prepend(nva, 1),
    ];
    assert_eq!(changed(overriding, "65515"), "64000 64000");
    let stripping = vec![
        Action::RemoveAsns(vec![OWN]),
        Action::prepend(Asn(65001), 1),
    ];
    assert_eq!(changed(stripping, "65515 65000"), "65001 65000");
}
