//! Route maps: rule lists in the form that users of hosted route servers write them.
//!
//! A route map has one place for each direction of a connection. Its rules become a [`Policy`]
//! one to one ([`RouteMap::compile`]); what may not be in one, [`RouteMap::check`] finds. A
//! replaced prefix leaves with the verdict; counting what contributes to a summary is the table's
//! part.

mod check;
mod compile;

use alloc::string::String;
use alloc::vec::Vec;

use routehub_types::{Asn, Community, Prefix, RuleId};

use crate::{AsnRules, SourceClass};

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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
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
