//! Route maps.

use routehub::estate::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};
use routehub::types::{Asn, Community};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AsNumber, CommunityText, RoutedPrefix, exactly_one, prefixes};

/// A route map.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "route map")]
#[schemars(rename = "RouteMap")]
pub(crate) struct RouteMapEntry {
    /// Its name.
    name: String,
    /// Its rules, in order.
    rules: Vec<RuleEntry>,
}

/// A rule of a route map.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "rule")]
#[schemars(rename = "RouteMapRule")]
struct RuleEntry {
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// The criteria, all of which must hold.
    #[serde(default)]
    r#match: Vec<MatchEntry>,
    /// What is done.
    #[serde(default)]
    actions: Vec<ActionEntry>,
    /// Whether the next rule is looked at after a match.
    #[serde(default)]
    next_step: StepWord,
}

/// What follows a match.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum StepWord {
    /// No rule.
    #[default]
    Terminate,
    /// The next rule.
    Continue,
}

/// A criterion.
#[derive(Deserialize)]
#[serde(try_from = "MatchFields")]
struct MatchEntry(RouteMapMatch);

/// A criterion.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "criterion")]
#[schemars(rename = "RouteMapMatch", extend("oneOf" = [
    {"required": ["prefixes"]}, {"required": ["communities"]}, {"required": ["as_path"]}
]))]
struct MatchFields {
    /// How it is compared.
    condition: ConditionWord,
    /// Prefixes.
    #[serde(default)]
    prefixes: Option<Vec<RoutedPrefix>>,
    /// Communities.
    #[serde(default)]
    communities: Option<Vec<CommunityText>>,
    /// ASNs.
    #[serde(default)]
    as_path: Option<Vec<AsNumber>>,
}

/// How a criterion is compared.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ConditionWord {
    /// It is one of these prefixes; it has all these communities; it is this path.
    Equals,
    /// It is beneath one of these prefixes; it has any of these communities or ASNs.
    Contains,
}

fn asns(list: &[AsNumber]) -> Vec<Asn> {
    list.iter().map(|asn| Asn::from(*asn)).collect()
}

fn communities(list: &[CommunityText]) -> Vec<Community> {
    list.iter().map(|community| community.0).collect()
}

impl TryFrom<MatchFields> for MatchEntry {
    type Error = String;

    fn try_from(fields: MatchFields) -> Result<Self, String> {
        use ConditionWord::{Contains, Equals};
        let MatchFields {
            condition,
            prefixes: listed,
            communities: given,
            as_path,
        } = fields;
        Ok(Self(match (condition, &listed, &given, &as_path) {
            (Equals, Some(list), None, None) => RouteMapMatch::PrefixEquals(prefixes(list)),
            (Contains, Some(list), None, None) => RouteMapMatch::PrefixContains(prefixes(list)),
            (Equals, None, Some(list), None) => RouteMapMatch::CommunityEquals(communities(list)),
            (Contains, None, Some(list), None) => {
                RouteMapMatch::CommunityContains(communities(list))
            }
            (Equals, None, None, Some(list)) => RouteMapMatch::AsPathEquals(asns(list)),
            (Contains, None, None, Some(list)) => RouteMapMatch::AsPathContains(asns(list)),
            _ => {
                return Err(exactly_one(&[
                    ("prefixes", listed.is_some()),
                    ("communities", given.is_some()),
                    ("as_path", as_path.is_some()),
                ]));
            }
        }))
    }
}

/// An action.
#[derive(Deserialize)]
#[serde(try_from = "ActionFields")]
struct ActionEntry(RouteMapAction);

/// An action.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "action")]
#[schemars(rename = "RouteMapAction")]
struct ActionFields {
    /// What is done.
    r#type: ActionWord,
    /// Prefixes.
    #[serde(default)]
    prefixes: Option<Vec<RoutedPrefix>>,
    /// Communities.
    #[serde(default)]
    communities: Option<Vec<CommunityText>>,
    /// ASNs.
    #[serde(default)]
    as_path: Option<Vec<AsNumber>>,
}

/// What an action does.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ActionWord {
    /// Adds communities, or puts ASNs in front.
    Add,
    /// Replaces the prefix, the path or the communities.
    Replace,
    /// Removes communities.
    Remove,
    /// Drops the route.
    Drop,
}

impl TryFrom<ActionFields> for ActionEntry {
    type Error = String;

    fn try_from(fields: ActionFields) -> Result<Self, String> {
        let ActionFields {
            r#type: word,
            prefixes: listed,
            communities: given,
            as_path,
        } = fields;
        let one = match (&listed, &given, &as_path) {
            (None, None, None) if word == ActionWord::Drop => {
                return Ok(Self(RouteMapAction::Drop));
            }
            (Some(list), None, None) => Field::Prefixes(list),
            (None, Some(list), None) => Field::Communities(list),
            (None, None, Some(list)) => Field::AsPath(list),
            _ => {
                return Err(exactly_one(&[
                    ("prefixes", listed.is_some()),
                    ("communities", given.is_some()),
                    ("as_path", as_path.is_some()),
                ]));
            }
        };
        one.action(word).map(Self)
    }
}

/// What an action is about.
enum Field<'a> {
    Prefixes(&'a [RoutedPrefix]),
    Communities(&'a [CommunityText]),
    AsPath(&'a [AsNumber]),
}

impl Field<'_> {
    fn action(&self, word: ActionWord) -> Result<RouteMapAction, String> {
        use ActionWord::{Add, Drop, Remove, Replace};
        Ok(match (word, self) {
            (Replace, Self::Prefixes(list)) => RouteMapAction::ReplacePrefix(prefixes(list)),
            (Add, Self::Communities(list)) => RouteMapAction::AddCommunities(communities(list)),
            (Replace, Self::Communities(list)) => {
                RouteMapAction::ReplaceCommunities(communities(list))
            }
            (Remove, Self::Communities(list)) => {
                RouteMapAction::RemoveCommunities(communities(list))
            }
            (Add, Self::AsPath(list)) => RouteMapAction::PrependAsPath(asns(list)),
            (Replace, Self::AsPath(list)) => RouteMapAction::ReplaceAsPath(asns(list)),
            (Add | Remove, Self::Prefixes(_)) => return Err("prefixes can only be replaced".into()),
            (Remove, Self::AsPath(_)) => {
                return Err("ASNs can be added or replaced, not removed".into());
            }
            (Drop, _) => return Err("`drop` stands alone".into()),
        })
    }
}

impl From<RouteMapEntry> for RouteMap {
    fn from(entry: RouteMapEntry) -> Self {
        let rules = entry.rules.into_iter().map(|rule| RouteMapRule {
            name: rule.name.unwrap_or_default(),
            matches: rule.r#match.into_iter().map(|one| one.0).collect(),
            actions: rule.actions.into_iter().map(|one| one.0).collect(),
            continues: rule.next_step == StepWord::Continue,
        });
        Self {
            name: entry.name,
            rules: rules.collect(),
        }
    }
}

same_schema! { MatchEntry = MatchFields, ActionEntry = ActionFields }
