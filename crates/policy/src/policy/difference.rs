//! In what two policies differ, where that is little.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use routehub_types::Prefix;

use super::Policy;
use crate::{Action, Match, PrefixMatch, Rule};

impl Policy {
    /// Where two policies are the same but for the prefixes that conditions list: the prefixes
    /// that a route has to be equal to or inside of to fare otherwise. What either says of an
    /// attribute set alone is the same then. None if they differ in anything else.
    ///
    /// ```
    /// use routehub_policy::{Fallback, Policy, Rule};
    /// use routehub_types::{Prefix, RuleId};
    ///
    /// let local = |space: &[&str]| {
    ///     let space: Vec<Prefix> = space.iter().map(|text| text.parse().unwrap()).collect();
    ///     Policy::compile(vec![Rule::overlap(RuleId(51), space)], Fallback::Accept(RuleId(52)))
    /// };
    /// let (before, after) = (local(&["10.0.0.0/16", "10.1.0.0/24"]), local(&["10.0.0.0/16"]));
    /// assert_eq!(before.differing_prefixes(&after), Some(vec!["10.1.0.0/24".parse()?]));
    /// assert_eq!(before.differing_prefixes(&local(&[])), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn differing_prefixes(&self, other: &Self) -> Option<Vec<Prefix>> {
        if self.lists.len() != other.lists.len() {
            return None;
        }
        let mut differing = BTreeSet::new();
        for (list, other) in self.lists.iter().zip(other.lists.iter()) {
            if Arc::ptr_eq(list, other) {
                continue;
            }
            if list.fallback != other.fallback || list.rules.len() != other.rules.len() {
                return None;
            }
            for (rule, other) in list.written().zip(other.written()) {
                rule_differs(rule, other, &mut differing)?;
            }
        }
        if !differing.is_empty() && (self.replaces_prefixes() || other.replaces_prefixes()) {
            // Conditions may see other prefixes than routes come with.
            return None;
        }
        Some(differing.into_iter().collect())
    }

    fn replaces_prefixes(&self) -> bool {
        let mut actions = self.rules().flat_map(|(_, rule)| &rule.actions);
        actions.any(|action| matches!(action, Action::ReplacePrefix(_)))
    }
}

fn rule_differs(rule: &Rule, other: &Rule, differing: &mut BTreeSet<Prefix>) -> Option<()> {
    let alike = (rule.id, &rule.name, &rule.actions, rule.next)
        == (other.id, &other.name, &other.actions, other.next);
    if !alike || rule.matches.len() != other.matches.len() {
        return None;
    }
    for (condition, other) in rule.matches.iter().zip(&other.matches) {
        condition_differs(condition, other, differing)?;
    }
    Some(())
}

fn condition_differs(
    condition: &Match,
    other: &Match,
    differing: &mut BTreeSet<Prefix>,
) -> Option<()> {
    match (condition, other) {
        (Match::Not(inner), Match::Not(other)) => condition_differs(inner, other, differing),
        (Match::Prefix(list), Match::Prefix(other)) if list == other => Some(()),
        // A condition that lists nothing decides by itself.
        (Match::Prefix(list), Match::Prefix(other)) if list.is_empty() || other.is_empty() => None,
        (Match::Prefix(list), Match::Prefix(other)) => {
            let (list, other) = unlike(list, other);
            let [list, other] = [list, other].map(sets);
            for (around, _, _) in list?.symmetric_difference(&other?) {
                differing.insert(*around);
            }
            Some(())
        }
        _ => (condition == other).then_some(()),
    }
}

/// What is left of two lists without what both begin and end with.
fn unlike<'a, T: PartialEq>(mut a: &'a [T], mut b: &'a [T]) -> (&'a [T], &'a [T]) {
    while let ([first, rest @ ..], [other, others @ ..]) = (a, b)
        && first == other
    {
        (a, b) = (rest, others);
    }
    while let ([rest @ .., last], [others @ .., other]) = (a, b)
        && last == other
    {
        (a, b) = (rest, others);
    }
    (a, b)
}

/// Sets of prefixes by the prefix that is around all of each; none if one has supernets in it.
fn sets(list: &[PrefixMatch]) -> Option<BTreeSet<(Prefix, u8, u8)>> {
    let sets = list.iter().map(|set| match *set {
        PrefixMatch::Exact(prefix) => Some((prefix, prefix.length(), prefix.length())),
        PrefixMatch::Within { prefix, min, max } => Some((prefix, min, max)),
        PrefixMatch::Covers(_) => None,
    });
    sets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fallback;
    use routehub_types::{Asn, RuleId};

    fn policy(rules: Vec<Rule>) -> Policy {
        Policy::compile(rules, Fallback::Accept(RuleId(9)))
    }

    #[test]
    fn policies_that_differ_in_more_than_prefixes_are_not_compared() {
        let space = |text: &str| Rule::overlap(RuleId(1), [text.parse().unwrap()]);
        let own = Rule::own_asn(RuleId(2), Asn(64500));
        let before = policy(Vec::from([own.clone(), space("10.0.0.0/16")]));
        let same = policy(Vec::from([own.clone(), space("10.0.0.0/16")]));
        assert_eq!(before.differing_prefixes(&same), Some(Vec::new()));
        let other = policy(Vec::from([own, space("10.1.0.0/16")]));
        let both = ["10.0.0.0/16", "10.1.0.0/16"].map(|text| text.parse().unwrap());
        assert_eq!(before.differing_prefixes(&other), Some(both.to_vec()));
        let foreign = Rule::own_asn(RuleId(2), Asn(64501));
        let other = policy(Vec::from([foreign, space("10.0.0.0/16")]));
        assert_eq!(before.differing_prefixes(&other), None);
        assert_eq!(before.differing_prefixes(&before.then(&other)), None);
    }
}
