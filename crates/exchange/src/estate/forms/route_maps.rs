//! Route maps by criterion, action and next step.

use routehub_policy::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};
use routehub_types::{Asn, Community, Prefix};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::only;

/// A route map.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "route map")]
#[schemars(rename = "RouteMap")]
pub struct RouteMapForm {
    /// Its name.
    name: String,
    /// Its rules, in order.
    rules: Vec<RuleForm>,
}

/// Reads route maps.
pub(in crate::estate) fn route_maps<'de, D>(deserializer: D) -> Result<Vec<RouteMap>, D::Error>
where
    D: Deserializer<'de>,
{
    let forms = Vec::<RouteMapForm>::deserialize(deserializer)?;
    Ok(forms.into_iter().map(Into::into).collect())
}

/// A rule of a route map.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "rule")]
#[schemars(rename = "RouteMapRule")]
struct RuleForm {
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// The criteria, all of which must hold.
    #[serde(default)]
    r#match: Vec<Criterion>,
    /// What is done.
    #[serde(default)]
    actions: Vec<Action>,
    /// Whether the next rule is looked at after a match.
    #[serde(default)]
    next_step: NextStep,
}

/// What follows a match.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NextStep {
    /// No rule.
    #[default]
    Terminate,
    /// The next rule.
    Continue,
}

impl From<RouteMapForm> for RouteMap {
    fn from(form: RouteMapForm) -> Self {
        let rules = form.rules.into_iter().map(|rule| RouteMapRule {
            name: rule.name.unwrap_or_default(),
            matches: rule.r#match.into_iter().map(|read| read.0).collect(),
            actions: rule.actions.into_iter().map(|read| read.0).collect(),
            continues: rule.next_step == NextStep::Continue,
        });
        Self {
            name: form.name,
            rules: rules.collect(),
        }
    }
}

/// A criterion.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "CriterionForm")]
#[schemars(with = "CriterionForm")]
struct Criterion(RouteMapMatch);

/// A criterion.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "criterion")]
#[schemars(extend("oneOf" = [
    {"required": ["prefixes"]}, {"required": ["communities"]}, {"required": ["as_path"]}
]))]
struct CriterionForm {
    /// How it is compared.
    condition: Condition,
    /// Prefixes.
    #[serde(default)]
    prefixes: Option<Vec<Prefix>>,
    /// Communities.
    #[serde(default)]
    communities: Option<Vec<Community>>,
    /// ASNs.
    #[serde(default)]
    as_path: Option<Vec<Asn>>,
}

/// How a criterion is compared.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Condition {
    /// It is one of these prefixes; it has all these communities; it is this path.
    Equals,
    /// It is beneath one of these prefixes; it has any of these communities or ASNs.
    Contains,
}

/// What a criterion or an action is about.
enum Field {
    Prefixes(Vec<Prefix>),
    Communities(Vec<Community>),
    AsPath(Vec<Asn>),
}

impl Field {
    /// The one that is given.
    fn only(
        prefixes: Option<Vec<Prefix>>,
        communities: Option<Vec<Community>>,
        as_path: Option<Vec<Asn>>,
    ) -> Result<Self, String> {
        let (_, field) = only([
            ("prefixes", prefixes.map(Self::Prefixes)),
            ("communities", communities.map(Self::Communities)),
            ("as_path", as_path.map(Self::AsPath)),
        ])?;
        Ok(field)
    }
}

impl TryFrom<CriterionForm> for Criterion {
    type Error = String;

    fn try_from(form: CriterionForm) -> Result<Self, String> {
        use Condition::{Contains, Equals};
        let field = Field::only(form.prefixes, form.communities, form.as_path)?;
        Ok(Self(match (form.condition, field) {
            (Equals, Field::Prefixes(list)) => RouteMapMatch::PrefixEquals(list),
            (Contains, Field::Prefixes(list)) => RouteMapMatch::PrefixContains(list),
            (Equals, Field::Communities(list)) => RouteMapMatch::CommunityEquals(list),
            (Contains, Field::Communities(list)) => RouteMapMatch::CommunityContains(list),
            (Equals, Field::AsPath(list)) => RouteMapMatch::AsPathEquals(list),
            (Contains, Field::AsPath(list)) => RouteMapMatch::AsPathContains(list),
        }))
    }
}

/// An action.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "ActionForm")]
#[schemars(with = "ActionForm")]
struct Action(RouteMapAction);

/// An action.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "action")]
struct ActionForm {
    /// What is done.
    r#type: ActionType,
    /// Prefixes.
    #[serde(default)]
    prefixes: Option<Vec<Prefix>>,
    /// Communities.
    #[serde(default)]
    communities: Option<Vec<Community>>,
    /// ASNs.
    #[serde(default)]
    as_path: Option<Vec<Asn>>,
}

/// What an action does.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ActionType {
    /// Adds communities, or puts ASNs in front.
    Add,
    /// Replaces the prefix, the path or the communities.
    Replace,
    /// Removes communities.
    Remove,
    /// Drops the route.
    Drop,
}

impl TryFrom<ActionForm> for Action {
    type Error = String;

    fn try_from(form: ActionForm) -> Result<Self, String> {
        use ActionType::{Add, Drop, Remove, Replace};
        let ActionForm {
            r#type: action,
            prefixes,
            communities,
            as_path,
        } = form;
        let alone = prefixes.is_none() && communities.is_none() && as_path.is_none();
        if action == Drop && alone {
            return Ok(Self(RouteMapAction::Drop));
        }
        Ok(Self(
            match (action, Field::only(prefixes, communities, as_path)?) {
                (Replace, Field::Prefixes(list)) => RouteMapAction::ReplacePrefix(list),
                (Add, Field::Communities(list)) => RouteMapAction::AddCommunities(list),
                (Replace, Field::Communities(list)) => RouteMapAction::ReplaceCommunities(list),
                (Remove, Field::Communities(list)) => RouteMapAction::RemoveCommunities(list),
                (Add, Field::AsPath(list)) => RouteMapAction::PrependAsPath(list),
                (Replace, Field::AsPath(list)) => RouteMapAction::ReplaceAsPath(list),
                (Add | Remove, Field::Prefixes(_)) => {
                    return Err("prefixes can only be replaced".into());
                }
                (Remove, Field::AsPath(_)) => {
                    return Err("ASNs can be added or replaced, not removed".into());
                }
                (Drop, _) => return Err("`drop` stands alone".into()),
            },
        ))
    }
}
