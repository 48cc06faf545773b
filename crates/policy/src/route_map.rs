//! Route maps: rule lists in the form that users of hosted route servers write them.
//!
//! A route map has one place for each direction of a connection. Its rules become a [`Policy`]
//! one to one ([`RouteMap::compile`]); what may not be in one, [`RouteMap::check`] finds. A
//! replaced prefix leaves with the verdict; counting what contributes to a summary is the table's
//! part.

mod check;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use routehub_types::{Asn, Community, Family, Prefix, RuleId};

use crate::{Action, AsnRules, CommunityPattern, Fallback, Match, Next, Policy, Rule, SourceClass};

pub use check::{RouteMapError, RouteMapFault, RouteMapPlace};

/// A named list of rules; a route that fits none passes unchanged.
///
/// ```
/// use routehub_policy::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule, RouteMapTerms};
/// use routehub_types::RuleId;
///
/// let summary = "172.16.0.0/12".parse()?;
/// let rule = RouteMapRule {
///     matches: vec![RouteMapMatch::PrefixContains(vec![summary])],
///     actions: vec![RouteMapAction::ReplacePrefix(vec![summary])],
///     ..RouteMapRule::default()
/// };
/// let map = RouteMap { name: "summarise".into(), rules: vec![rule] };
/// let terms = RouteMapTerms { rule: RuleId(140), ..RouteMapTerms::default() };
/// assert!(map.check(&terms).is_empty());
/// assert_eq!(
///     map.compile(&terms).to_string(),
///     "R-140 summarise rule 1: prefix in 172.16.0.0/12 or longer -> replace prefix with 172.16.0.0/12; \
///      clear AS path; clear communities; accept\n\
///      R-140: any other route -> accept\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RouteMap {
    /// Its name.
    pub name: String,
    /// The rules, in order.
    pub rules: Vec<RouteMapRule>,
}

/// A rule of a route map: all criteria must hold, none match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct RouteMapRule {
    /// Its name; may be empty.
    pub name: String,
    /// The criteria.
    pub matches: Vec<RouteMapMatch>,
    /// What is done; the order has no meaning.
    pub actions: Vec<RouteMapAction>,
    /// Whether the next rule is looked at after a match.
    pub continues: bool,
}

/// One criterion of a route map rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RouteMapMatch {
    /// The prefix is one of these.
    PrefixEquals(Vec<Prefix>),
    /// The prefix is one of these or beneath one.
    PrefixContains(Vec<Prefix>),
    /// All these communities are present.
    CommunityEquals(Vec<Community>),
    /// Any of these communities is present.
    CommunityContains(Vec<Community>),
    /// The path is these ASNs in this order.
    AsPathEquals(Vec<Asn>),
    /// Any of these ASNs is in the path.
    AsPathContains(Vec<Asn>),
}

/// One action of a route map rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RouteMapAction {
    /// Drop the route.
    Drop,
    /// Replace the prefix, one to one or by a summary; AS path and communities become empty.
    ReplacePrefix(Vec<Prefix>),
    /// Put ASNs in front of the path, the first nearest.
    PrependAsPath(Vec<Asn>),
    /// Replace the path; empty clears it.
    ReplaceAsPath(Vec<Asn>),
    /// Add communities.
    AddCommunities(Vec<Community>),
    /// Replace the communities; empty clears them.
    ReplaceCommunities(Vec<Community>),
    /// Remove communities.
    RemoveCommunities(Vec<Community>),
}

/// What the operator of the route server lets route maps do, and under which rule numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct RouteMapTerms {
    /// The number under which verdicts of route maps go, and faults in what they mean.
    pub rule: RuleId,
    /// The number under which what is not allowed is refused or left alone.
    pub refusal: RuleId,
    /// ASNs that may not be put in front of a path.
    pub prepend_asns: AsnRules,
    /// ASNs that may not stand in a path that replaces another.
    pub replace_asns: AsnRules,
    /// Communities that may not be removed.
    pub reserved_communities: Vec<Community>,
    /// The number of the rule that reserves them.
    pub reserved_rule: RuleId,
    /// Source classes whose routes no route map touches.
    pub untouched: Vec<SourceClass>,
    /// The source classes whose default route may be touched; none: all.
    pub default_route_from: Option<Vec<SourceClass>>,
}

impl RouteMapRule {
    /// A rule that ends the map where all criteria hold.
    pub fn new(
        matches: impl IntoIterator<Item = RouteMapMatch>,
        actions: impl IntoIterator<Item = RouteMapAction>,
    ) -> Self {
        Self {
            matches: matches.into_iter().collect(),
            actions: actions.into_iter().collect(),
            ..Self::default()
        }
    }
}

impl RouteMap {
    /// A map of these rules.
    pub fn new(name: impl Into<String>, rules: impl IntoIterator<Item = RouteMapRule>) -> Self {
        Self {
            name: name.into(),
            rules: rules.into_iter().collect(),
        }
    }

    /// The policy of this route map. It does what is written, also where [`RouteMap::check`]
    /// finds faults; but reserved communities stay where communities are removed or replaced. (A
    /// new prefix empties them all.)
    pub fn compile(&self, terms: &RouteMapTerms) -> Policy {
        let guards = terms.guards();
        let rules = (1..).zip(&self.rules);
        let rules = rules.map(|(n, rule)| rule.compile(self.name_of(n, rule), terms));
        Policy::compile(guards.chain(rules), Fallback::Accept(terms.rule))
    }

    /// What verdicts call a rule: the map's name, the rule's number and its name.
    fn name_of(&self, number: u32, rule: &RouteMapRule) -> String {
        match rule.name.is_empty() {
            true => format!("{} rule {number}", self.name),
            false => format!("{} rule {number} ({})", self.name, rule.name),
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
        let matches = self.matches.iter().map(RouteMapMatch::compile);
        let actions = actions.into_iter().flat_map(|action| action.compile(terms));
        let next = match self.continues {
            true => Next::Continue,
            false => Next::Stop,
        };
        Rule::new(terms.rule, name, matches, actions, next)
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
            Self::RemoveCommunities(list) => {
                let may_go =
                    |community: &&Community| !terms.reserved_communities.contains(community);
                let list: Vec<Community> = list.iter().filter(may_go).copied().collect();
                let action = (!list.is_empty()).then(|| Action::RemoveCommunities(patterns(&list)));
                action.into_iter().collect()
            }
        }
    }
}

fn patterns(list: &[Community]) -> Vec<CommunityPattern> {
    list.iter().copied().map(CommunityPattern::from).collect()
}
