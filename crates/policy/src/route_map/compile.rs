//! From route maps to rules.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use routehub_types::{Community, Family, Prefix};

use super::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule, RouteMapTerms};
use crate::{Action, CommunityPattern, Fallback, Match, Next, Policy, Rule};

impl RouteMap {
    /// The policy of this route map. It does what is written, also where [`RouteMap::check`]
    /// finds faults.
    pub fn compile(&self, terms: &RouteMapTerms) -> Policy {
        let guards = terms.guards();
        let rules = (1..).zip(&self.rules);
        let rules = rules.map(|(n, rule)| rule.compile(self.name_of(n, rule), terms));
        Policy::compile(guards.chain(rules).collect(), Fallback::Accept(terms.rule))
    }

    /// What verdicts call a rule: the map's name, and the rule's or its number.
    fn name_of(&self, number: u32, rule: &RouteMapRule) -> String {
        match rule.name.is_empty() {
            true => format!("{} rule {number}", self.name),
            false => format!("{} rule {}", self.name, rule.name),
        }
    }
}

impl RouteMapTerms {
    /// Rules that let pass what no route map may touch.
    fn guards(&self) -> impl Iterator<Item = Rule> {
        let untouched = (!self.untouched.is_empty()).then(|| {
            let from = Match::Source(self.untouched.clone());
            Rule::accept(self.refusal, "not for route maps", Vec::from([from]))
        });
        let default = self.default_route_from.as_ref().map(|sources| {
            let default = Match::exactly(Family::ALL.map(Prefix::default_of));
            let elsewhere = Match::Source(sources.clone()).negated();
            let matches = Vec::from([default, elsewhere]);
            Rule::accept(self.refusal, "default route not for route maps", matches)
        });
        untouched.into_iter().chain(default)
    }
}

impl RouteMapRule {
    fn compile(&self, name: String, terms: &RouteMapTerms) -> Rule {
        let mut actions: Vec<&RouteMapAction> = self.actions.iter().collect();
        actions.sort_by_key(|action| action.turn());
        Rule {
            id: terms.rule,
            name,
            matches: self.matches.iter().map(RouteMapMatch::compile).collect(),
            actions: actions
                .into_iter()
                .flat_map(|action| action.compile(terms))
                .collect(),
            next: if self.continues {
                Next::Continue
            } else {
                Next::Stop
            },
        }
    }
}

impl RouteMapMatch {
    fn compile(&self) -> Match {
        match self {
            Self::PrefixEquals(list) => Match::exactly(list.iter().copied()),
            Self::PrefixContains(list) => Match::inside(list.iter().copied()),
            Self::CommunityEquals(list) => Match::AllCommunities(patterns(list)),
            Self::CommunityContains(list) => Match::AnyCommunity(patterns(list)),
            Self::AsPathEquals(list) => Match::PathIs(list.clone()),
            Self::AsPathContains(list) => Match::AsnInPath(list.clone()),
        }
    }
}

impl RouteMapAction {
    /// When the action takes its turn, whatever the order they are written in: replacing comes
    /// before adding, and a new prefix, which empties path and communities, before all.
    const fn turn(&self) -> u8 {
        match self {
            Self::Drop => 0,
            Self::ReplacePrefix(_) => 1,
            Self::ReplaceAsPath(_) => 2,
            Self::PrependAsPath(_) => 3,
            Self::ReplaceCommunities(_) => 4,
            Self::RemoveCommunities(_) => 5,
            Self::AddCommunities(_) => 6,
        }
    }

    fn compile(&self, terms: &RouteMapTerms) -> Vec<Action> {
        match self {
            Self::Drop => Vec::from([Action::Reject]),
            Self::ReplacePrefix(list) => Vec::from([
                Action::ReplacePrefix(list.clone()),
                Action::ReplacePath(Vec::new()),
                Action::clear_communities(),
            ]),
            Self::PrependAsPath(list) => Vec::from([Action::Prepend(list.clone())]),
            Self::ReplaceAsPath(list) => Vec::from([Action::ReplacePath(list.clone())]),
            Self::AddCommunities(list) => Vec::from([Action::AddCommunities(list.clone())]),
            Self::ReplaceCommunities(list) => Vec::from([Action::ReplaceCommunities {
                with: list.clone(),
                keep: patterns(&terms.reserved_communities),
            }]),
            Self::RemoveCommunities(list) => Vec::from([Action::RemoveCommunities(patterns(list))]),
        }
    }
}

fn patterns(list: &[Community]) -> Vec<CommunityPattern> {
    list.iter().copied().map(CommunityPattern::from).collect()
}
