//! A list of rules, sorted into what the attribute set decides and what the prefix decides.

use alloc::vec::Vec;

use routehub_types::{Attrs, Prefix};

use super::prefix_index::{NodeAt, PrefixIndex};
use crate::{Action, Fallback, Match, PrefixMatch, RouteMeta, Rule};

/// A compiled list of rules.
#[derive(Debug)]
pub(crate) struct RuleList {
    pub(crate) rules: Vec<CompiledRule>,
    pub(crate) fallback: Fallback,
    /// Rules that a prefix must fit to be looked at, by prefix.
    by_prefix: PrefixIndex,
    /// All other rules, ascending.
    others: Vec<u32>,
    /// Whether a rule asks for the class of the source.
    pub(crate) asks_source: bool,
    /// Whether a rule asks for the AS of the neighbour.
    pub(crate) asks_neighbor: bool,
}

/// A rule and its conditions by what they ask.
#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub(crate) rule: Rule,
    /// Positions of conditions that the attribute set, the source and the neighbour decide.
    of_set: Vec<usize>,
    /// Conditions on the prefix that the index of the list has not decided.
    of_prefix: Vec<PrefixCondition>,
    /// Whether the index of the list decides one condition.
    indexed: bool,
    /// Whether an action maps the route to another prefix.
    replaces_prefix: bool,
    /// Whether a condition names no prefix at all, so that nothing fits.
    never: bool,
}

/// A condition on the prefix.
#[derive(Debug)]
struct PrefixCondition {
    index: PrefixIndex,
    /// Whether it is that the prefix fits, or that it does not.
    wanted: bool,
}

/// Where a prefix stands among the prefix conditions of a list.
#[derive(Clone, Copy)]
pub(crate) enum Located {
    /// There is no prefix, only an attribute set.
    Anywhere,
    /// In this node, with this length.
    At(Option<NodeAt>, u8),
}

impl RuleList {
    pub(crate) fn compile(rules: Vec<Rule>, fallback: Fallback) -> Self {
        let mut indexed: Vec<(u32, PrefixMatch)> = Vec::new();
        let mut others = Vec::new();
        let asked = |of_kind: fn(&Match) -> bool| {
            let mut all = rules.iter().flat_map(|rule| &rule.matches);
            all.any(|condition| of_kind(condition.bare()))
        };
        let asks_source = asked(|condition| matches!(condition, Match::Source(_)));
        let asks_neighbor = asked(|condition| matches!(condition, Match::Neighbor(_)));
        let rules: Vec<CompiledRule> = rules.into_iter().map(CompiledRule::new).collect();
        for (n, rule) in (0u32..).zip(&rules) {
            match rule.indexable() {
                Some(list) => indexed.extend(list.iter().map(|prefix| (n, *prefix))),
                None => others.push(n),
            }
        }
        let by_prefix = PrefixIndex::new(indexed.iter().map(|(n, prefix)| (*n, prefix)));
        Self {
            rules,
            fallback,
            by_prefix,
            others,
            asks_source,
            asks_neighbor,
        }
    }

    /// The rules as they were written.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|compiled| &compiled.rule)
    }

    /// Finds the place of a prefix, once for all rules.
    pub(crate) fn locate(&self, prefix: Option<Prefix>) -> Located {
        match prefix {
            None => Located::Anywhere,
            Some(prefix) => Located::At(self.by_prefix.locate(prefix), prefix.length()),
        }
    }

    /// The first rule not before `from` that the prefix may fit; without a prefix, any.
    pub(crate) fn first_from(&self, from: u32, place: Located) -> Option<u32> {
        let Located::At(node, length) = place else {
            return ((from as usize) < self.rules.len()).then_some(from);
        };
        let at = self.others.partition_point(|rule| *rule < from);
        let other = self.others.get(at).copied();
        let indexed = self.by_prefix.first_from(from, node, length);
        match (indexed, other) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

impl CompiledRule {
    fn new(rule: Rule) -> Self {
        let mut of_set = Vec::new();
        let mut of_prefix = Vec::new();
        let (mut indexed, mut never) = (false, false);
        for (n, condition) in rule.matches.iter().enumerate() {
            match prefix_condition(condition, true) {
                None => of_set.push(n),
                Some(([], wanted)) => never |= wanted,
                Some((_, true)) if !indexed => indexed = true,
                Some((list, wanted)) => of_prefix.push(PrefixCondition {
                    index: PrefixIndex::new(list.iter().map(|prefix| (0, prefix))),
                    wanted,
                }),
            }
        }
        let replaces = |action: &Action| matches!(action, Action::ReplacePrefix(_));
        let replaces_prefix = rule.actions.iter().any(replaces);
        Self {
            rule,
            of_set,
            of_prefix,
            indexed,
            replaces_prefix,
            never,
        }
    }

    /// The condition that the index of the list decides: the first that the prefix must fit.
    fn indexable(&self) -> Option<&[PrefixMatch]> {
        let mut conditions = self.rule.matches.iter();
        conditions.find_map(|condition| match prefix_condition(condition, true) {
            Some((list, true)) if !list.is_empty() => Some(list),
            _ => None,
        })
    }

    /// Whether the prefix has a say in whether the rule fits, or in what it makes of the route.
    pub(crate) fn asks_prefix(&self) -> bool {
        self.indexed || !self.of_prefix.is_empty() || self.replaces_prefix
    }

    /// Whether all conditions hold that do not ask the prefix.
    pub(crate) fn fits_set(&self, attrs: &Attrs, meta: &RouteMeta) -> bool {
        let mut conditions = self.of_set.iter().filter_map(|n| self.rule.matches.get(*n));
        !self.never && conditions.all(|condition| condition.holds_for_set(attrs, meta))
    }

    /// Whether the prefix fits the conditions that the index of the list left open.
    pub(crate) fn fits_prefix(&self, prefix: Prefix) -> bool {
        let mut conditions = self.of_prefix.iter();
        conditions.all(|condition| condition.index.holds(prefix) == condition.wanted)
    }
}

/// The prefix sets of a condition on the prefix, and whether the prefix must fit one.
fn prefix_condition(condition: &Match, wanted: bool) -> Option<(&[PrefixMatch], bool)> {
    match condition {
        Match::Prefix(list) => Some((list, wanted)),
        Match::Not(inner) => prefix_condition(inner, !wanted),
        _ => None,
    }
}
