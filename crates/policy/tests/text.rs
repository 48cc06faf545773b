//! Rules in words, and as JSON.

use routehub_policy::{
    Action, Match, Next, PrefixMatch, PrivateScope, RemovePrivate, Rule, SourceClass,
};
use routehub_types::{Asn, Community, Family, NextHop, Origin, RouterId, RuleId};

fn prefix(text: &str) -> routehub_types::Prefix {
    text.parse().unwrap()
}

fn conditions() -> Vec<(Match, &'static str)> {
    let ten = prefix("10.0.0.0/8");
    let within = |min, max| PrefixMatch::Within {
        prefix: ten,
        min,
        max,
    };
    let all = vec![
        PrefixMatch::Exact(ten),
        PrefixMatch::or_longer(ten),
        PrefixMatch::Covers(ten),
        within(8, 24),
        within(16, 32),
        within(16, 24),
        PrefixMatch::family(Family::Ipv6),
    ];
    vec![
        (
            Match::Prefix(all),
            "prefix in 10.0.0.0/8, 10.0.0.0/8 or longer, 10.0.0.0/8 or shorter, 10.0.0.0/8 le 24, \
             10.0.0.0/8 ge 16, 10.0.0.0/8 ge 16 le 24, ::/0 or longer",
        ),
        (Match::Prefix(vec![]), "prefix in (none)"),
        (
            Match::AsnInPath(vec![Asn(1), Asn(2)]),
            "AS path has one of 1, 2",
        ),
        (
            Match::AsnMoreThan {
                asn: Asn(1),
                times: 2,
            },
            "AS path has 1 more than 2 times",
        ),
        (Match::PathIs(vec![]), "AS path is empty"),
        (Match::PathLength(0..=3), "AS path length at most 3"),
        (Match::PathLength(3..=u32::MAX), "AS path length at least 3"),
        (Match::PathLength(3..=3), "AS path length 3"),
        (
            Match::Path("^1 .*$".parse().unwrap()),
            "AS path fits \"^1 .*$\"",
        ),
        (Match::Neighbor(vec![Asn(1)]).negated(), "not (from AS 1)"),
        (Match::Source(vec![SourceClass(3)]), "source class in 3"),
        (
            Match::AnyCommunity(vec!["65001:*".parse().unwrap()]),
            "any community of 65001:*",
        ),
        (Match::NextHop(vec![ten]), "next hop in 10.0.0.0/8"),
        (
            Match::Originator(vec![RouterId(0x0a00_0001)]),
            "originator in 10.0.0.1",
        ),
        (
            Match::Cluster(vec![RouterId(0x0a00_0001), RouterId(2)]),
            "cluster list has one of 10.0.0.1, 0.0.0.2",
        ),
        (Match::Origin(vec![Origin::Egp]), "origin in egp"),
        (Match::Med(1..=2), "MED 1 to 2"),
        (
            Match::LocalPref(1..=u32::MAX),
            "local preference at least 1",
        ),
    ]
}

fn actions() -> Vec<(Action, &'static str)> {
    let tag = Community::new(7, 7);
    let private = |replace_with, keep| {
        Action::RemovePrivate(RemovePrivate {
            scope: PrivateScope::Leading,
            replace_with,
            keep,
        })
    };
    let hop = NextHop::from(core::net::Ipv4Addr::new(10, 0, 0, 1));
    vec![
        (Action::prepend(Asn(7), 2), "prepend 7, 7"),
        (Action::ReplacePath(vec![]), "clear AS path"),
        (
            Action::ReplaceAsn {
                from: Asn(1),
                to: Asn(2),
            },
            "replace AS 1 with 2",
        ),
        (Action::REMOVE_ALL_PRIVATE, "remove private ASNs"),
        (
            Action::REMOVE_LEADING_PRIVATE,
            "remove leading private ASNs",
        ),
        (
            private(None, Some(Asn(9))),
            "remove leading private ASNs except 9",
        ),
        (
            private(Some(Asn(7)), None),
            "replace leading private ASNs with 7",
        ),
        (
            Action::ReplacePrefix(vec![prefix("::/0")]),
            "replace prefix with ::/0",
        ),
        (Action::AddCommunities(vec![tag]), "add communities 7:7"),
        (Action::clear_communities(), "clear communities"),
        (
            Action::ReplaceCommunities {
                with: vec![tag],
                keep: vec!["9:*".parse().unwrap()],
            },
            "set communities 7:7 except 9:*",
        ),
        (Action::AddOnlyToCustomer(Asn(64512)), "add OTC 64512"),
        (Action::SetMed(None), "remove MED"),
        (Action::SetLocalPref(Some(200)), "set local preference 200"),
        (Action::SetNextHop(hop), "set next hop 10.0.0.1"),
        (
            Action::SetOrigin(Origin::Incomplete),
            "set origin incomplete",
        ),
        (Action::Reject, "reject"),
    ]
}

#[test]
fn conditions_and_actions_are_plain_words() {
    for (condition, text) in conditions() {
        assert_eq!(condition.to_string(), text);
    }
    for (action, text) in actions() {
        assert_eq!(action.to_string(), text);
    }
}

#[test]
fn a_rule_says_what_comes_next() {
    let med = || vec![Action::SetMed(Some(7))];
    let both = vec![Match::Med(1..=1), Match::LocalPref(2..=2)];
    let stop = Rule::new(RuleId(1), "a", both, med(), Next::Stop);
    assert_eq!(
        stop.to_string(),
        "R-001 a: MED 1 and local preference 2 -> set MED 7; accept"
    );
    let on = Rule::change(RuleId(1), "a", vec![], med());
    assert_eq!(on.to_string(), "R-001 a: any route -> set MED 7; continue");
    let nothing = Rule::change(RuleId(1), "a", vec![], vec![]);
    assert_eq!(nothing.to_string(), "R-001 a: any route -> continue");
}

#[cfg(feature = "serde")]
#[test]
fn rules_read_back_from_json() {
    let rule = Rule::new(
        RuleId(7),
        "all",
        conditions().into_iter().map(|(one, _)| one),
        actions().into_iter().map(|(one, _)| one),
        Next::Continue,
    );
    let json = serde_json::to_string(&rule).unwrap();
    assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    let short = r#"{"id": 51, "name": "overlap", "actions": ["reject"],
        "matches": [{"prefix": [{"exact": "10.0.0.0/8"}]}, {"path": "^1"}, {"any_community": ["7:*"]}]}"#;
    let rule: Rule = serde_json::from_str(short).unwrap();
    assert_eq!(
        rule.to_string(),
        "R-051 overlap: prefix in 10.0.0.0/8 and AS path fits \"^1\" and any community of 7:* -> reject"
    );
    let error = serde_json::from_str::<Match>(r#"{"path": "^x"}"#)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("byte 1 of the path expression"),
        "{error}"
    );
}

#[test]
fn only_to_customer_is_written() {
    let any = Match::OnlyToCustomer(vec![]);
    assert_eq!(any.to_string(), "OTC is there");
    let other = Match::OnlyToCustomer(vec![Asn(1)]).negated();
    assert_eq!(other.to_string(), "not (OTC is one of 1)");
}
