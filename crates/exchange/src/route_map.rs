//! Route maps as policy rules.

use routehub_policy::{
    Action, CommunityPattern, Fallback, Match, Next, Policy, PrefixMatch, Rule, SourceClass,
};
use routehub_types::{Community, RuleId};

use crate::estate::{RouteMap, RouteMapAction, RouteMapMatch};

/// Compiles a route map; what nothing matches passes unchanged. It does not see routes of
/// the classes in `beyond`.
pub(crate) fn compile(map: &RouteMap, beyond: &[SourceClass]) -> Policy {
    let rules = map.rules.iter().map(|rule| {
        let mut matches: Vec<Match> = rule.matches.iter().map(condition).collect();
        if !beyond.is_empty() {
            matches.push(Match::Source(beyond.to_vec()).negated());
        }
        let actions = rule.actions.iter().flat_map(action).collect();
        let next = if rule.continues {
            Next::Continue
        } else {
            Next::Stop
        };
        Rule::new(RuleId(140), map.name.clone(), matches, actions, next)
    });
    Policy::compile(rules.collect(), Fallback::Accept(RuleId(140)))
}

fn condition(one: &RouteMapMatch) -> Match {
    let patterns = |list: &[Community]| list.iter().map(|c| CommunityPattern::from(*c)).collect();
    match one {
        RouteMapMatch::PrefixEquals(list) => Match::Prefix(
            list.iter()
                .map(|prefix| PrefixMatch::Exact(*prefix))
                .collect(),
        ),
        RouteMapMatch::PrefixContains(list) => Match::inside(list.iter().copied()),
        RouteMapMatch::CommunityEquals(list) => Match::AllCommunities(patterns(list)),
        RouteMapMatch::CommunityContains(list) => Match::AnyCommunity(patterns(list)),
        RouteMapMatch::AsPathEquals(list) => Match::PathIs(list.clone()),
        RouteMapMatch::AsPathContains(list) => Match::AsnInPath(list.clone()),
    }
}

fn action(one: &RouteMapAction) -> Vec<Action> {
    match one {
        RouteMapAction::Drop => vec![Action::Reject],
        // a replaced prefix leaves AS path and communities behind.
        RouteMapAction::ReplacePrefix(prefixes) => vec![
            Action::ReplacePrefix(prefixes.clone()),
            Action::ReplacePath(Vec::new()),
            Action::clear_communities(),
        ],
        RouteMapAction::PrependAsPath(asns) => vec![Action::Prepend(asns.clone())],
        RouteMapAction::ReplaceAsPath(asns) => vec![Action::ReplacePath(asns.clone())],
        RouteMapAction::AddCommunities(list) => vec![Action::AddCommunities(list.clone())],
        RouteMapAction::ReplaceCommunities(list) => {
            vec![Action::ReplaceCommunities {
                with: list.clone(),
                keep: Vec::new(),
            }]
        }
        RouteMapAction::RemoveCommunities(list) => {
            vec![Action::RemoveCommunities(
                list.iter().map(|c| (*c).into()).collect(),
            )]
        }
    }
}
