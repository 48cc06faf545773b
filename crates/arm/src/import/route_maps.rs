//! Route maps of Route Servers.

use routehub_exchange::estate::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};
use routehub_types::{Asn, Community, Prefix};

use super::Importer;
use crate::resource::Fields;

impl Importer<'_> {
    /// Imports route maps.
    pub(super) fn route_maps(&mut self) {
        let documents = self.documents;
        for (id, fields) in documents.of_kind("virtualHubs/routeMaps") {
            let name = fields.text("name").unwrap_or(id.last()).to_owned();
            let mut rules = Vec::new();
            for rule in fields.items("rules") {
                match route_map_rule(rule) {
                    Some(rule) => rules.push(rule),
                    None => {
                        let rule = rule.text("name").unwrap_or_default();
                        let what = format!(
                            "rule {rule} of route map {name} matches or does what routehub does \
                             not know, and is left out"
                        );
                        self.remarks.note(what, None);
                    }
                }
            }
            self.estate.route_maps.push(RouteMap { name, rules });
        }
    }
}

fn route_map_rule(rule: Fields<'_>) -> Option<RouteMapRule> {
    let matches = rule.items("matchCriteria").map(criterion);
    let actions = rule.items("actions").flat_map(|action| {
        let kind = action.text("type").unwrap_or_default().to_ascii_lowercase();
        if kind == "drop" {
            return vec![Some(RouteMapAction::Drop)];
        }
        let parameters = action.items("parameters");
        let actions = parameters.map(|parameters| self::action(&kind, parameters));
        actions.collect()
    });
    let next = rule.text("nextStepIfMatched").unwrap_or_default();
    Some(RouteMapRule {
        name: rule.text("name").unwrap_or_default().to_owned(),
        matches: matches.collect::<Option<_>>()?,
        actions: actions.collect::<Option<_>>()?,
        continues: next.eq_ignore_ascii_case("continue"),
    })
}

/// What a criterion or an action names: prefixes, communities or ASNs.
enum Named {
    Prefixes(Vec<Prefix>),
    Communities(Vec<Community>),
    Asns(Vec<Asn>),
}

fn named(fields: Fields<'_>) -> Option<Named> {
    fn all<T: std::str::FromStr>(texts: &[&str]) -> Option<Vec<T>> {
        texts.iter().map(|text| text.parse().ok()).collect()
    }
    let texts = |key| Some(fields.texts(key)).filter(|texts| !texts.is_empty());
    if let Some(prefixes) = texts("routePrefix") {
        return all(&prefixes).map(Named::Prefixes);
    }
    if let Some(communities) = texts("community") {
        return all(&communities).map(Named::Communities);
    }
    let asns = all::<u32>(&fields.texts("asPath"))?;
    Some(Named::Asns(asns.into_iter().map(Asn).collect()))
}

fn criterion(fields: Fields<'_>) -> Option<RouteMapMatch> {
    use RouteMapMatch as M;
    let condition = fields.text("matchCondition")?.to_ascii_lowercase();
    Some(match (condition.as_str(), named(fields)?) {
        ("equals", Named::Prefixes(list)) => M::PrefixEquals(list),
        ("contains", Named::Prefixes(list)) => M::PrefixContains(list),
        ("equals", Named::Communities(list)) => M::CommunityEquals(list),
        ("contains", Named::Communities(list)) => M::CommunityContains(list),
        ("equals", Named::Asns(list)) => M::AsPathEquals(list),
        ("contains", Named::Asns(list)) => M::AsPathContains(list),
        _ => return None,
    })
}

fn action(kind: &str, fields: Fields<'_>) -> Option<RouteMapAction> {
    use RouteMapAction as A;
    Some(match (kind, named(fields)?) {
        ("replace", Named::Prefixes(list)) => A::ReplacePrefix(list),
        ("add", Named::Asns(list)) => A::PrependAsPath(list),
        ("replace", Named::Asns(list)) => A::ReplaceAsPath(list),
        ("add", Named::Communities(list)) => A::AddCommunities(list),
        ("replace", Named::Communities(list)) => A::ReplaceCommunities(list),
        ("remove", Named::Communities(list)) => A::RemoveCommunities(list),
        _ => return None,
    })
}
