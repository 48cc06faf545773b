//! Section 11 of the catalogue: what route maps match and do.

use routehub_policy::{
    Fallback, Policy, RouteMapAction as Do, RouteMapMatch as If, Rule, SetVerdict,
};
use routehub_types::RuleId;

use super::given::*;
use super::maps::*;

#[test]
fn r_140_rules_are_looked_at_in_order_and_the_first_that_terminates_decides() {
    let policy = policy(vec![
        rule(
            vec![If::PrefixContains(vec![prefix("10.0.0.0/8")])],
            vec![Do::PrependAsPath(asns(&[3320]))],
        ),
        rule(vec![], vec![Do::Drop]),
    ]);
    let (attrs, _) = through(&policy, &route("65001"), "10.7.0.0/16");
    assert_eq!(attrs.as_path, path("3320 65001"));
    assert_eq!(
        refused(&policy, &route("65001"), "192.168.0.0/16"),
        Some(RuleId(140))
    );
}

#[test]
fn r_140_a_rule_that_continues_hands_its_changes_to_the_next() {
    let tag = community("65001:7");
    let policy = policy(vec![
        then_next(rule(vec![], vec![Do::AddCommunities(vec![tag])])),
        rule(
            vec![If::CommunityContains(vec![tag])],
            vec![Do::PrependAsPath(asns(&[3320]))],
        ),
    ]);
    let (attrs, _) = through(&policy, &route("65001"), "10.7.0.0/16");
    assert_eq!(
        (attrs.as_path, attrs.communities),
        (path("3320 65001"), vec![tag])
    );
}

#[test]
fn r_140_a_verdict_names_the_map_and_its_rule() {
    let mut named = rule(vec![], vec![Do::Drop]);
    named.name = "the rest".into();
    let first = rule(vec![If::AsPathContains(asns(&[7]))], vec![Do::Drop]);
    let policy = policy(vec![first, named]);
    let name = |as_path| {
        let attrs = route(as_path);
        let verdict = policy.evaluate(&attrs, prefix("10.7.0.0/16"), &from(NVA));
        let rule = verdict.at.and_then(|at| policy.rule(at));
        rule.map(|rule| rule.name.clone())
    };
    assert_eq!(name("7"), Some("m rule 1".into()));
    assert_eq!(name("8"), Some("m rule 2 (the rest)".into()));
}

#[test]
fn r_140_what_nothing_matches_is_permitted_unchanged() {
    let policy = policy(vec![rule(
        vec![If::AsPathContains(asns(&[7]))],
        vec![Do::Drop],
    )]);
    assert_eq!(
        policy.set_verdict(&route("65001"), &from(NVA)),
        SetVerdict::Accept(None)
    );
    let verdict = policy
        .evaluate(route("65001"), prefix("10.7.0.0/16"), &from(NVA))
        .rule;
    assert_eq!(verdict, RuleId(140));
}

#[test]
fn r_140_all_criteria_must_hold_and_no_criteria_match_all() {
    let both = vec![
        If::PrefixContains(vec![prefix("10.0.0.0/8")]),
        If::AsPathContains(asns(&[65001])),
    ];
    let policy_of_both = policy(vec![rule(both, vec![Do::Drop])]);
    assert!(refused(&policy_of_both, &route("65001"), "10.1.0.0/16").is_some());
    assert!(refused(&policy_of_both, &route("65002"), "10.1.0.0/16").is_none());
    assert!(refused(&policy_of_both, &route("65001"), "11.0.0.0/16").is_none());
    let all = policy(vec![rule(vec![], vec![Do::Drop])]);
    assert!(refused(&all, &route("65001"), "11.0.0.0/16").is_some());
}

#[test]
fn r_141_a_connection_has_an_inbound_and_an_outbound_map_behind_the_fixed_rules() {
    let admission = Policy::compile(
        vec![Rule::own_asn(RuleId(50), OWN)],
        Fallback::Accept(RuleId(53)),
    );
    let inbound = policy(vec![rule(vec![], vec![Do::PrependAsPath(asns(&[3320]))])]);
    let import = admission.then(&inbound);
    let (attrs, _) = through(&import, &route("65001"), "10.7.0.0/16");
    assert_eq!(attrs.as_path, path("3320 65001"));
    let sends = Policy::compile(
        vec![Rule::prepend_own(RuleId(85), OWN)],
        Fallback::Accept(RuleId(85)),
    );
    let outbound = policy(vec![rule(
        vec![],
        vec![Do::AddCommunities(vec![community("7:7")])],
    )]);
    let (sent, _) = through(&outbound.then(&sends), &attrs, "10.7.0.0/16");
    assert_eq!(sent.as_path, path("65515 3320 65001"));
}

#[test]
fn r_142_prefix_equals_is_exact_and_contains_takes_what_is_beneath() {
    let listed = || vec![prefix("10.1.0.0/16"), prefix("10.2.0.0/16")];
    let drops = |criterion| policy(vec![rule(vec![criterion], vec![Do::Drop])]);
    let (equals, contains) = (
        drops(If::PrefixEquals(listed())),
        drops(If::PrefixContains(listed())),
    );
    for (to, by_equals, by_contains) in [
        ("10.1.0.0/16", true, true),
        ("10.2.0.0/16", true, true),
        ("10.2.1.0/24", false, true),
        ("10.0.0.0/8", false, false),
        ("10.3.0.0/16", false, false),
    ] {
        assert_eq!(
            refused(&equals, &route("65001"), to).is_some(),
            by_equals,
            "{to}"
        );
        assert_eq!(
            refused(&contains, &route("65001"), to).is_some(),
            by_contains,
            "{to}"
        );
    }
}

#[test]
fn r_142_community_equals_asks_for_all_and_contains_for_any() {
    let listed = || vec![community("65001:1"), community("65001:2")];
    let drops = |criterion| policy(vec![rule(vec![criterion], vec![Do::Drop])]);
    let (equals, contains) = (
        drops(If::CommunityEquals(listed())),
        drops(If::CommunityContains(listed())),
    );
    for (carried, by_equals, by_contains) in [
        (&["65001:2", "7:7", "65001:1"][..], true, true),
        (&["65001:2"], false, true),
        (&["7:7"], false, false),
        (&[], false, false),
    ] {
        let attrs = route_with("65001", carried);
        assert_eq!(
            refused(&equals, &attrs, "10.0.0.0/8").is_some(),
            by_equals,
            "{carried:?}"
        );
        assert_eq!(
            refused(&contains, &attrs, "10.0.0.0/8").is_some(),
            by_contains,
            "{carried:?}"
        );
    }
}

#[test]
fn r_142_as_path_equals_asks_for_the_asns_in_order_and_contains_for_any() {
    let drops = |criterion| policy(vec![rule(vec![criterion], vec![Do::Drop])]);
    let equals = drops(If::AsPathEquals(asns(&[65001, 65002])));
    let contains = drops(If::AsPathContains(asns(&[65001, 65002])));
    for (as_path, by_equals, by_contains) in [
        ("65001 65002", true, true),
        ("65002 65001", false, true),
        ("65001 65002 65003", false, true),
        ("{65001,65002}", false, true),
        ("65003", false, false),
        ("", false, false),
    ] {
        assert_eq!(
            refused(&equals, &route(as_path), "10.0.0.0/8").is_some(),
            by_equals,
            "{as_path}"
        );
        assert_eq!(
            refused(&contains, &route(as_path), "10.0.0.0/8").is_some(),
            by_contains,
            "{as_path}"
        );
    }
}

#[test]
fn r_143_path_actions_add_replace_and_clear() {
    let path_after = |action| {
        through(
            &policy(vec![rule(vec![], vec![action])]),
            &route("65001 65100"),
            "10.0.0.0/8",
        )
        .0
        .as_path
    };
    assert_eq!(
        path_after(Do::PrependAsPath(asns(&[3320, 3321]))),
        path("3320 3321 65001 65100")
    );
    assert_eq!(path_after(Do::ReplaceAsPath(asns(&[7, 8]))), path("7 8"));
    assert_eq!(path_after(Do::ReplaceAsPath(vec![])), path(""));
}

#[test]
fn r_143_community_actions_add_replace_clear_and_remove() {
    let sent = route_with("65001", &["65001:1", "65001:2"]);
    let after = |action| {
        through(
            &policy(vec![rule(vec![], vec![action])]),
            &sent,
            "10.0.0.0/8",
        )
        .0
        .communities
    };
    let list = |texts: &[&str]| texts.iter().map(|one| community(one)).collect::<Vec<_>>();
    assert_eq!(
        after(Do::AddCommunities(list(&["65001:3", "65001:1"]))),
        list(&["65001:1", "65001:2", "65001:3"])
    );
    assert_eq!(
        after(Do::ReplaceCommunities(list(&["7:7"]))),
        list(&["7:7"])
    );
    assert_eq!(after(Do::ReplaceCommunities(vec![])), []);
    assert_eq!(
        after(Do::RemoveCommunities(list(&["65001:1", "9:9"]))),
        list(&["65001:2"])
    );
}

#[test]
fn r_144_a_replaced_prefix_loses_path_and_communities() {
    let replace = policy(vec![rule(
        vec![If::PrefixEquals(vec![prefix("192.168.100.0/24")])],
        vec![Do::ReplacePrefix(vec![prefix("192.168.102.0/24")])],
    )]);
    let sent = route_with("65002 65100", &["65002:7"]);
    let (attrs, to) = through(&replace, &sent, "192.168.100.0/24");
    assert_eq!((attrs.as_path, to), (path(""), prefix("192.168.102.0/24")));
    assert!(attrs.communities.is_empty());
    // What the rule does not match stays as it is.
    assert_eq!(
        through(&replace, &sent, "192.168.100.128/30"),
        (sent.clone(), prefix("192.168.100.128/30"))
    );
}

#[test]
fn r_144_every_contributor_maps_to_the_summary() {
    let summary = prefix("172.16.0.0/12");
    let summarise = policy(vec![rule(
        vec![If::PrefixContains(vec![summary])],
        vec![Do::ReplacePrefix(vec![summary])],
    )]);
    for contributor in [
        "172.16.0.0/20",
        "172.18.0.0/22",
        "172.16.16.0/26",
        "172.31.255.255/32",
    ] {
        assert_eq!(through(&summarise, &route("65002"), contributor).1, summary);
    }
    assert_eq!(
        summarise.set_verdict(&route("65002"), &from(NVA)),
        SetVerdict::AskPrefix
    );
}

#[test]
fn r_144_of_several_summaries_each_route_gets_the_one_around_it() {
    let summaries = ["10.0.0.0/8", "10.9.0.0/16", "192.168.0.0/16"]
        .map(prefix)
        .to_vec();
    let rules = vec![rule(
        vec![If::PrefixContains(summaries.clone())],
        vec![Do::ReplacePrefix(summaries)],
    )];
    assert_eq!(faults(rules.clone()), []);
    let policy = policy(rules);
    for (from, to) in [
        ("10.1.0.0/16", "10.0.0.0/8"),
        ("10.9.9.0/24", "10.9.0.0/16"),
        ("192.168.7.0/24", "192.168.0.0/16"),
    ] {
        assert_eq!(through(&policy, &route("65002"), from).1, prefix(to));
    }
}

#[test]
fn r_144_path_and_communities_can_be_added_again_whatever_the_order_they_are_written_in() {
    let summary = prefix("172.16.0.0/12");
    let mut actions = vec![
        Do::AddCommunities(vec![community("65002:7")]),
        Do::PrependAsPath(asns(&[3320])),
        Do::ReplacePrefix(vec![summary]),
    ];
    for _ in 0..2 {
        let policy = policy(vec![rule(vec![], actions.clone())]);
        let (attrs, to) = through(&policy, &route("65002"), "172.16.0.0/20");
        assert_eq!((attrs.as_path, to), (path("3320"), summary));
        assert_eq!(attrs.communities, [community("65002:7")]);
        actions.reverse();
    }
}

#[test]
fn r_144_a_later_rule_sees_the_new_prefix() {
    let summary = prefix("172.16.0.0/12");
    let policy = policy(vec![
        then_next(rule(
            vec![If::PrefixContains(vec![summary])],
            vec![Do::ReplacePrefix(vec![summary])],
        )),
        rule(
            vec![If::PrefixEquals(vec![summary])],
            vec![Do::PrependAsPath(asns(&[3320]))],
        ),
        rule(
            vec![If::PrefixEquals(vec![prefix("172.16.0.0/20")])],
            vec![Do::Drop],
        ),
    ]);
    let (attrs, to) = through(&policy, &route("65002"), "172.16.0.0/20");
    assert_eq!((attrs.as_path, to), (path("3320"), summary));
}
