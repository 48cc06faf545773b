//! Section 11 of the catalogue: what route maps may not do, and what they may not touch.

use core::net::IpAddr;

use routehub_policy::{
    Fallback, Policy, RouteMapAction as Do, RouteMapFault, RouteMapMatch as If, RouteMapPlace,
    RouteMeta, Rule, SetVerdict,
};
use routehub_types::RuleId;

use super::given::*;
use super::maps::*;

#[test]
fn r_145_private_reserved_and_four_octet_asns_may_not_be_put_in_front() {
    let refused = [
        65001,
        64512,
        65534,
        8074,
        12076,
        65515,
        65520,
        0,
        23456,
        65535,
        65536,
        70000,
        4_200_000_000,
    ];
    for asn in refused {
        let faults = faults(vec![rule(
            vec![],
            vec![Do::PrependAsPath(asns(&[3320, asn]))],
        )]);
        assert_eq!(faults.len(), 1, "{asn}: {faults:?}");
        assert_eq!(faults[0].0, RuleId(145));
    }
    assert_eq!(
        faults(vec![rule(
            vec![],
            vec![Do::PrependAsPath(asns(&[3320, 3320, 64000]))]
        )]),
        []
    );
}

#[test]
fn r_145_a_new_path_may_have_private_but_no_reserved_asns() {
    let refused = |asn| faults(vec![rule(vec![], vec![Do::ReplaceAsPath(asns(&[asn]))])]).len();
    assert_eq!(
        [65001, 65515, 12076, 70000, 65535].map(refused),
        [0, 1, 1, 1, 1]
    );
}

#[test]
fn r_145_an_error_names_map_rule_number_and_reason() {
    let mut one = rule(vec![], vec![Do::PrependAsPath(asns(&[65001]))]);
    one.name = "far".into();
    assert_eq!(faults(vec![rule(vec![], vec![]), one]), [(
        RuleId(145),
        "route map m, rule 2 (far): AS 65001 is for private use, RFC 6996 (R-145), so it may not be put in front of a path".into(),
    )]);
}

#[test]
fn r_145_and_r_100_reserved_communities_may_not_be_removed() {
    let reserved = terms().reserved_communities;
    let found = faults(vec![rule(
        vec![],
        vec![Do::RemoveCommunities(reserved.clone())],
    )]);
    assert_eq!(found.len(), reserved.len());
    assert!(
        found.iter().all(|(rule, _)| *rule == RuleId(100)),
        "{found:?}"
    );
    assert_eq!(
        faults(vec![rule(
            vec![],
            vec![Do::RemoveCommunities(vec![community("65001:7")])]
        )]),
        []
    );
}

#[test]
fn r_100_reserved_communities_stay_whatever_is_removed() {
    let policy = policy(vec![rule(
        vec![],
        vec![Do::RemoveCommunities(vec![BRANCH, community("65001:7")])],
    )]);
    let (attrs, _) = through(
        &policy,
        &route_with("65001", &["65001:7", "65517:65517"]),
        "10.0.0.0/8",
    );
    assert_eq!(attrs.communities, [BRANCH]);
}

#[test]
fn r_100_reserved_communities_stay_when_others_are_replaced() {
    let policy = policy(vec![rule(
        vec![],
        vec![Do::ReplaceCommunities(vec![community("7:7")])],
    )]);
    let (attrs, _) = through(
        &policy,
        &route_with("65001", &["65001:7", "65517:65517"]),
        "10.0.0.0/8",
    );
    assert_eq!(attrs.communities, [community("7:7"), BRANCH]);
}

#[test]
fn r_145_prefixes_of_virtual_networks_pass_untouched() {
    let policy = policy(vec![rule(vec![], vec![Do::Drop])]);
    let vnet = route("");
    let own = policy.evaluate(&vnet, prefix("10.10.0.0/16"), &from(VNET));
    assert!(own.is_accept());
    assert_eq!(own.rule, RuleId(145));
    assert!(refused(&policy, &route("65001"), "10.10.0.0/16").is_some());
}

#[test]
fn r_145_the_default_route_is_touched_only_where_it_comes_from_on_premises_or_an_nva() {
    let mut terms = terms();
    terms.untouched.clear();
    let policy = map(vec![rule(vec![], vec![Do::Drop])]).compile(&terms);
    let rule_for = |source| {
        policy
            .evaluate(route(""), prefix("0.0.0.0/0"), &from(source))
            .rule
    };
    assert_eq!(
        [NVA, VPN, CIRCUIT, VNET].map(rule_for),
        [140, 140, 140, 145].map(RuleId)
    );
}

#[test]
fn r_144_a_replacement_must_say_what_becomes_of_each_route() {
    let replace = |matches, new: &[&str]| {
        let new = new.iter().map(|one| prefix(one)).collect();
        let errors = map(vec![rule(matches, vec![Do::ReplacePrefix(new)])]).check(&terms());
        errors.into_iter().map(|one| one.fault).collect::<Vec<_>>()
    };
    let two = ["10.0.0.0/8", "192.168.0.0/16"];
    let elsewhere = prefix("172.16.0.0/12");
    assert_eq!(replace(vec![], &[]), [RouteMapFault::NoPrefix]);
    assert_eq!(replace(vec![], &two), [RouteMapFault::UnboundPrefix]);
    assert_eq!(
        replace(vec![If::PrefixContains(vec![elsewhere])], &two),
        [RouteMapFault::AmbiguousPrefix(elsewhere)]
    );
    let (matched, new) = (prefix("10.0.0.0/8"), prefix("2001:db8::/32"));
    assert_eq!(
        replace(vec![If::PrefixEquals(vec![matched])], &["2001:db8::/32"]),
        [RouteMapFault::Family { matched, new }]
    );
    assert_eq!(
        replace(vec![If::PrefixEquals(vec![matched])], &["172.16.0.0/12"]),
        []
    );
}

#[test]
fn r_146_a_peer_outside_the_virtual_network_takes_no_route_map() {
    let vnet = [prefix("10.10.0.0/16")];
    let place = RouteMapPlace {
        map: "m",
        peer: None,
        inside: &vnet,
        kind_fits: true,
    };
    let attach = |peer: &str, kind_fits| {
        let peer: Option<IpAddr> = peer.parse().ok();
        RouteMapPlace {
            peer,
            kind_fits,
            ..place
        }
        .check(RuleId(146))
    };
    assert_eq!(attach("10.10.1.4", true), Ok(()));
    let outside = attach("10.20.1.4", true).unwrap_err();
    assert_eq!(outside.rule, RuleId(146));
    assert_eq!(
        outside.to_string(),
        "route map m: peer 10.20.1.4 is outside the virtual network of the route server, so its connection takes no route map"
    );
    let kind = attach("10.10.1.4", false).unwrap_err();
    assert_eq!(kind.fault, RouteMapFault::ConnectionKind);
    let gateway = place.check(RuleId(146));
    assert_eq!(gateway, Ok(()), "a connection of a gateway");
}

#[test]
fn r_148_the_route_as_received_is_not_touched_by_the_inbound_map() {
    let received = route_with("65001", &["65001:7"]);
    let copy = received.clone();
    let policy = policy(vec![rule(
        vec![],
        vec![Do::ReplaceAsPath(vec![]), Do::ReplaceCommunities(vec![])],
    )]);
    let (after, _) = through(&policy, &received, "10.0.0.0/8");
    assert_ne!(after, received);
    assert_eq!(received, copy);
}

#[test]
fn r_150_no_inbound_map_can_rescue_a_route_with_the_own_asn() {
    let admission = Policy::compile(
        vec![Rule::own_asn(RuleId(50), OWN)],
        Fallback::Accept(RuleId(53)),
    );
    let clears = policy(vec![rule(vec![], vec![Do::ReplaceAsPath(vec![])])]);
    let import = admission.then(&clears);
    let verdict = import.set_verdict(&route("65001 65515"), &RouteMeta::default());
    assert_eq!(verdict, SetVerdict::Reject(RuleId(50)));
}
