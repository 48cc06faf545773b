//! Route maps in few words.

use routehub_policy::{Policy, RouteMap, RouteMapAction as Do, RouteMapMatch as If, RouteMapRule};
use routehub_types::{Asn, Attrs, Prefix, RuleId};

use super::given::*;

pub(crate) fn rule(matches: Vec<If>, actions: Vec<Do>) -> RouteMapRule {
    RouteMapRule {
        matches,
        actions,
        ..RouteMapRule::default()
    }
}

pub(crate) fn then_next(rule: RouteMapRule) -> RouteMapRule {
    RouteMapRule {
        continues: true,
        ..rule
    }
}

pub(crate) fn map(rules: Vec<RouteMapRule>) -> RouteMap {
    RouteMap {
        name: "m".into(),
        rules,
    }
}

pub(crate) fn policy(rules: Vec<RouteMapRule>) -> Policy {
    map(rules).compile(&terms())
}

pub(crate) fn through(policy: &Policy, attrs: &Attrs, to: &str) -> (Attrs, Prefix) {
    passed(policy.evaluate(attrs, prefix(to), &from(NVA)))
}

pub(crate) fn asns(list: &[u32]) -> Vec<Asn> {
    list.iter().copied().map(Asn).collect()
}

pub(crate) fn faults(rules: Vec<RouteMapRule>) -> Vec<(RuleId, String)> {
    let errors = map(rules).check(&terms());
    errors
        .into_iter()
        .map(|one| (one.rule, one.to_string()))
        .collect()
}
