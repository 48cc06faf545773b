//! What holds for every rule list, every route and every text.

use std::borrow::Cow;

use core::net::Ipv4Addr;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use routehub_policy::{
    Action, CommunityPattern, Fallback, Match, Next, Outcome, PathExpr, Policy, PrefixMatch,
    PrivateScope, RemovePrivate, RouteMeta, Rule, SetVerdict, SourceClass,
};
use routehub_types::{
    AsPath, Asn, Attrs, Community, ExtendedCommunity, Ipv4Prefix, Ipv6Prefix, LargeCommunity,
    NextHop, Origin, Prefix, RuleId, Segment, SegmentKind,
};

/// Few prefixes, close together, so that they meet.
fn prefix() -> impl Strategy<Value = Prefix> {
    let v4 = (0..16u32, 0..=6u8).prop_map(|(bits, length)| {
        let address = Ipv4Addr::from(bits << 28);
        Prefix::V4(Ipv4Prefix::truncated(address, length).unwrap())
    });
    let v6 = (0..8u128, 0..=4u8).prop_map(|(bits, length)| {
        Prefix::V6(Ipv6Prefix::truncated((bits << 124).into(), length).unwrap())
    });
    prop_oneof![4 => v4, 1 => v6]
}

pub(crate) fn any_prefix() -> impl Strategy<Value = Prefix> {
    let v4 = (any::<u32>(), 0..=32u8)
        .prop_map(|(bits, length)| Prefix::V4(Ipv4Prefix::truncated(bits.into(), length).unwrap()));
    prop_oneof![prefix(), v4]
}

fn prefix_match() -> impl Strategy<Value = PrefixMatch> {
    prop_oneof![
        prefix().prop_map(PrefixMatch::Exact),
        prefix().prop_map(PrefixMatch::Covers),
        prefix().prop_map(PrefixMatch::or_longer),
        (prefix(), 0..8u8, 0..8u8).prop_map(|(prefix, min, max)| PrefixMatch::Within {
            prefix,
            min,
            max
        }),
    ]
}

fn asn() -> impl Strategy<Value = Asn> {
    prop_oneof![4 => 1..5u32, 2 => 64_512..64_515u32, 1 => any::<u32>()].prop_map(Asn)
}

fn community() -> impl Strategy<Value = Community> {
    (0..3u16, 0..3u16).prop_map(|(high, low)| Community::new(high, low))
}

fn as_path() -> impl Strategy<Value = AsPath> {
    let kind = prop_oneof![
        4 => Just(SegmentKind::Sequence),
        1 => Just(SegmentKind::Set),
        1 => Just(SegmentKind::ConfedSequence),
    ];
    let segment = (kind, vec(asn(), 0..4)).prop_map(|(kind, asns)| Segment { kind, asns });
    vec(segment, 0..3).prop_map(AsPath::from_segments)
}

pub(crate) fn attrs() -> impl Strategy<Value = Attrs> {
    let numbers = (option::of(0..3u32), option::of(0..3u32), 0..4u32);
    (as_path(), vec(community(), 0..4), numbers).prop_map(
        |(as_path, mut tags, (med, pref, hop))| {
            tags.sort_unstable();
            tags.dedup();
            Attrs {
                communities: tags,
                med,
                local_pref: pref,
                ..Attrs::new(as_path, Ipv4Addr::from(hop << 28))
            }
        },
    )
}

pub(crate) fn meta() -> impl Strategy<Value = RouteMeta> {
    (0..3u8, option::of(asn())).prop_map(|(source, neighbor)| RouteMeta {
        source: SourceClass(source),
        neighbor,
    })
}

fn pattern() -> impl Strategy<Value = CommunityPattern> {
    prop_oneof![
        community().prop_map(CommunityPattern::from),
        Just("0:*".parse().unwrap()),
        Just("*:1-2".parse().unwrap()),
    ]
}

fn condition() -> impl Strategy<Value = Match> {
    let exprs = ["^1", ".* 2$", "^[1-3]* .?$", "64512+", "^$", "[^1] 1"];
    let one = prop_oneof![
        6 => vec(prefix_match(), 0..4).prop_map(Match::Prefix),
        1 => vec(asn(), 0..3).prop_map(Match::AsnInPath),
        1 => (asn(), 0..3u32).prop_map(|(asn, times)| Match::AsnMoreThan { asn, times }),
        1 => vec(asn(), 0..3).prop_map(Match::PathIs),
        1 => (0..4u32, 0..4u32).prop_map(|(first, last)| Match::PathLength(first..=last)),
        1 => prop::sample::select(exprs.to_vec()).prop_map(|text| Match::Path(text.parse().unwrap())),
        1 => vec(asn(), 0..3).prop_map(Match::Neighbor),
        1 => vec((0..3u8).prop_map(SourceClass), 0..3).prop_map(Match::Source),
        1 => vec(pattern(), 0..3).prop_map(Match::AnyCommunity),
        1 => vec(pattern(), 0..3).prop_map(Match::AllCommunities),
        1 => vec(prefix(), 0..3).prop_map(Match::NextHop),
        1 => vec(asn(), 0..3).prop_map(Match::OnlyToCustomer),
        1 => (0..3u32, 0..3u32).prop_map(|(first, last)| Match::Med(first..=last)),
        1 => (0..3u32, 0..3u32).prop_map(|(first, last)| Match::LocalPref(first..=last)),
    ];
    (one, prop::bool::weighted(0.2)).prop_map(|(one, not)| if not { one.negated() } else { one })
}

/// Actions that do the same once or twice, each by itself and after one another.
fn setting() -> impl Strategy<Value = Action> {
    let large = (0..2u32).prop_map(|n| LargeCommunity::new(n, n, n));
    let extended = (0..2u32).prop_map(|n| ExtendedCommunity::route_target(Asn(n), n));
    prop_oneof![
        vec(community(), 0..3).prop_map(Action::AddCommunities),
        vec(pattern(), 0..3).prop_map(Action::RemoveCommunities),
        (vec(community(), 0..3), vec(pattern(), 0..2))
            .prop_map(|(with, keep)| Action::ReplaceCommunities { with, keep }),
        vec(large.clone(), 0..3).prop_map(Action::AddLargeCommunities),
        vec(large, 0..3).prop_map(Action::RemoveLargeCommunities),
        vec(extended.clone(), 0..3).prop_map(Action::AddExtendedCommunities),
        vec(extended, 0..3).prop_map(Action::RemoveExtendedCommunities),
        option::of(0..3u32).prop_map(Action::SetMed),
        option::of(0..3u32).prop_map(Action::SetLocalPref),
        (0..3u32).prop_map(|n| Action::SetNextHop(NextHop::from(Ipv4Addr::from(n)))),
        Just(Action::SetOrigin(Origin::Egp)),
        asn().prop_map(Action::AddOnlyToCustomer),
        vec(asn(), 0..3).prop_map(Action::ReplacePath),
    ]
}

/// Actions on the path or the prefix that do nothing more the second time.
fn settled() -> impl Strategy<Value = Action> {
    let scope = prop::sample::select(vec![
        PrivateScope::All,
        PrivateScope::Leading,
        PrivateScope::PrivatePaths,
    ]);
    prop_oneof![
        (asn(), asn()).prop_map(|(from, to)| Action::ReplaceAsn { from, to }),
        vec(asn(), 0..3).prop_map(Action::RemoveAsns),
        (scope, option::of(asn()), option::of(asn())).prop_map(|(scope, replace_with, keep)| {
            Action::RemovePrivate(RemovePrivate {
                scope,
                replace_with,
                keep,
            })
        }),
        vec(prefix(), 0..3).prop_map(Action::ReplacePrefix),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => Just(Action::Reject),
        2 => Just(Action::Accept),
        4 => setting(),
        3 => settled(),
        1 => vec(asn(), 0..3).prop_map(Action::Prepend),
    ]
}

pub(crate) fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let next = prop_oneof![Just(Next::Stop), Just(Next::Continue)];
    let rule = (vec(condition(), 0..3), vec(action(), 0..3), next);
    vec(rule, 0..10).prop_map(|parts| {
        let numbered = (1u16..).zip(parts);
        numbered
            .map(|(n, (matches, actions, next))| Rule::new(RuleId(n), "", matches, actions, next))
            .collect()
    })
}

pub(crate) fn fallback() -> impl Strategy<Value = Fallback> {
    let (yes, no) = (Fallback::Accept(RuleId(900)), Fallback::Reject(RuleId(901)));
    prop::bool::ANY.prop_map(move |accept| if accept { yes } else { no })
}

/// A reference without an index and without a set part: every rule in order, every condition.
pub(crate) fn one_by_one(
    rules: &[Rule],
    fallback: Fallback,
    attrs: &Attrs,
    prefix: Prefix,
    meta: &RouteMeta,
) -> (Option<(Attrs, Prefix)>, RuleId) {
    let (mut attrs, mut prefix) = (attrs.clone(), prefix);
    for rule in rules {
        if !rule
            .matches
            .iter()
            .all(|one| one.holds(&attrs, prefix, meta))
        {
            continue;
        }
        for action in &rule.actions {
            match action {
                Action::Accept => return (Some((attrs, prefix)), rule.id),
                Action::Reject => return (None, rule.id),
                change => {
                    let alone = Rule::change(rule.id, "", vec![], vec![change.clone()]);
                    let alone = Policy::compile(vec![alone], Fallback::Accept(rule.id));
                    let verdict = alone.evaluate(&attrs, prefix, meta);
                    let Outcome::Accept {
                        attrs: a,
                        prefix: p,
                    } = verdict.outcome
                    else {
                        panic!("a change refuses nothing");
                    };
                    (attrs, prefix) = (a.into_owned(), p);
                }
            }
        }
        if rule.next == Next::Stop {
            return (Some((attrs, prefix)), rule.id);
        }
    }
    match fallback {
        Fallback::Accept(rule) => (Some((attrs, prefix)), rule),
        Fallback::Reject(rule) => (None, rule),
    }
}

pub(crate) fn outcome(
    policy: &Policy,
    attrs: &Attrs,
    prefix: Prefix,
    meta: &RouteMeta,
) -> (Option<(Attrs, Prefix)>, RuleId) {
    let verdict = policy.evaluate(attrs, prefix, meta);
    let passed = match verdict.outcome {
        Outcome::Accept { attrs, prefix } => Some((attrs.into_owned(), prefix)),
        Outcome::Reject => None,
    };
    (passed, verdict.rule)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_compiled_list_agrees_with_looking_at_every_rule(
        rules in rules(), fallback in fallback(), attrs in attrs(), prefix in any_prefix(), meta in meta()
    ) {
        let policy = Policy::compile(rules.clone(), fallback);
        let expected = one_by_one(&rules, fallback, &attrs, prefix, &meta);
        prop_assert_eq!(outcome(&policy, &attrs, prefix, &meta), expected);
    }

    #[test]
    fn what_the_set_decides_holds_for_every_prefix(
        rules in rules(), fallback in fallback(), attrs in attrs(), prefixes in vec(any_prefix(), 1..8), meta in meta()
    ) {
        let policy = Policy::compile(rules, fallback);
        let verdict = policy.set_verdict(&attrs, &meta);
        for prefix in prefixes {
            let (passed, rule) = outcome(&policy, &attrs, prefix, &meta);
            match &verdict {
                SetVerdict::AskPrefix => {}
                SetVerdict::Reject(by) => prop_assert_eq!((passed, rule), (None, *by)),
                SetVerdict::Accept(changed) => {
                    let expected = changed.as_ref().unwrap_or(&attrs).clone();
                    prop_assert_eq!(passed, Some((expected, prefix)));
                }
            }
        }
    }

    #[test]
    fn rules_behind_the_deciding_one_have_no_say(
        rules in rules(), behind in rules(), fallback in fallback(), attrs in attrs(), prefix in any_prefix(), meta in meta()
    ) {
        let policy = Policy::compile(rules.clone(), fallback);
        if let Some(at) = policy.evaluate(&attrs, prefix, &meta).at {
            let mut other = rules[..=at.rule as usize].to_vec();
            other.extend(behind);
            let other = Policy::compile(other, Fallback::Reject(RuleId(999)));
            prop_assert_eq!(
                outcome(&other, &attrs, prefix, &meta),
                outcome(&policy, &attrs, prefix, &meta)
            );
        }
    }

    #[test]
    fn settings_change_nothing_more_the_second_time(
        lists in vec((vec(prefix_match(), 0..3), vec(setting(), 0..3)), 0..5), attrs in attrs(), prefix in any_prefix()
    ) {
        let rules = lists.into_iter().map(|(matches, actions)| {
            Rule::change(RuleId(1), "", vec![Match::Prefix(matches)], actions)
        });
        let policy = Policy::compile(rules, Fallback::Accept(RuleId(2)));
        let once = outcome(&policy, &attrs, prefix, &RouteMeta::default());
        let (first, _) = once.0.clone().unwrap();
        prop_assert_eq!(outcome(&policy, &first, prefix, &RouteMeta::default()), once);
    }

    #[test]
    fn an_idempotent_action_changes_nothing_more_the_second_time(
        action in prop_oneof![setting(), settled()], attrs in attrs(), prefix in any_prefix()
    ) {
        let rule = Rule::change(RuleId(1), "", vec![], vec![action]);
        let policy = Policy::compile(vec![rule], Fallback::Accept(RuleId(2)));
        let meta = RouteMeta::default();
        let (first, to) = outcome(&policy, &attrs, prefix, &meta).0.unwrap();
        let (verdict, steps) = policy.explain(&first, to, &meta);
        prop_assert_eq!(verdict.outcome, Outcome::Accept { attrs: Cow::Borrowed(&first), prefix: to });
        prop_assert!(!steps[0].changed);
    }

    #[test]
    fn attributes_are_copied_exactly_when_they_change(
        rules in rules(), attrs in attrs(), prefix in any_prefix(), meta in meta()
    ) {
        let policy = Policy::compile(rules, Fallback::Accept(RuleId(900)));
        let (verdict, steps) = policy.explain(&attrs, prefix, &meta);
        if let Outcome::Accept { attrs: after, prefix: to } = verdict.outcome {
            let changed = steps.iter().any(|step| step.changed);
            match after {
                Cow::Borrowed(_) => prop_assert!(!changed || to != prefix),
                Cow::Owned(_) => prop_assert!(changed),
            }
        }
    }

    #[test]
    fn a_chain_is_one_policy_behind_the_other(
        first in rules(), second in rules(), ends in (fallback(), fallback()), attrs in attrs(), prefix in any_prefix(), meta in meta()
    ) {
        let (first, second) = (Policy::compile(first, ends.0), Policy::compile(second, ends.1));
        let expected = match outcome(&first, &attrs, prefix, &meta) {
            (Some((attrs, prefix)), _) => outcome(&second, &attrs, prefix, &meta),
            refused => refused,
        };
        prop_assert_eq!(outcome(&first.then(&second), &attrs, prefix, &meta), expected);
    }

    #[test]
    fn without_a_word_on_source_or_neighbour_neither_matters(
        rules in rules(), attrs in attrs(), prefix in any_prefix(), meta in (meta(), meta())
    ) {
        let policy = Policy::compile(rules, Fallback::Accept(RuleId(900)));
        let mut other = meta.0;
        if !policy.asks_source() { other.source = meta.1.source; }
        if !policy.asks_neighbor() { other.neighbor = meta.1.neighbor; }
        prop_assert_eq!(policy.set_verdict(&attrs, &other), policy.set_verdict(&attrs, &meta.0));
        prop_assert_eq!(outcome(&policy, &attrs, prefix, &other), outcome(&policy, &attrs, prefix, &meta.0));
    }

    #[test]
    fn no_text_panics_and_what_is_read_is_written_back(text in "[-0-9 .*+?^$\\[\\]:a-z]{0,24}") {
        if let Ok(expr) = text.parse::<PathExpr>() {
            prop_assert_eq!(expr.to_string().parse::<PathExpr>(), Ok(expr));
        }
        if let Ok(pattern) = text.parse::<CommunityPattern>() {
            prop_assert_eq!(pattern.to_string().parse::<CommunityPattern>(), Ok(pattern));
        }
    }

    #[test]
    fn every_rule_can_be_told(rules in rules()) {
        for rule in rules {
            prop_assert!(rule.to_string().contains("->"));
        }
    }
}
