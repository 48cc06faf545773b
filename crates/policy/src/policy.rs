//! Policies: rule lists, one behind the other, and their evaluation.

mod apply;
mod difference;
mod prefix_index;
mod rule_list;

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use routehub_types::{Attrs, Prefix, RuleId};

use crate::{Action, Fallback, Next, Outcome, RouteMeta, Rule, RuleAt, SetVerdict, Step, Verdict};
use apply::Route;
use rule_list::{CompiledRule, RuleList};

/// A compiled policy: one rule list or several in a chain. Cloning is cheap.
///
/// Rules of a list are looked at in order; one that fits does its actions and then ends the list
/// or goes on. A route that a list accepts goes to the next list of the chain.
///
/// ```
/// use routehub_policy::{Fallback, Policy, RouteMeta, Rule};
/// use routehub_types::{Asn, Attrs, RuleId};
/// use core::net::Ipv4Addr;
///
/// let own = Rule::own_asn(RuleId(50), Asn(64500));
/// let admission = Policy::compile(vec![own], Fallback::Accept(RuleId(53)));
/// let local = Rule::overlap(RuleId(51), ["10.0.0.0/16".parse()?]);
/// let import = admission.then(&Policy::compile(vec![local], Fallback::Accept(RuleId(52))));
///
/// let attrs = Attrs::new("65001".parse()?, Ipv4Addr::new(10, 0, 4, 4));
/// let (verdict, _) = import.explain(&attrs, "10.0.7.0/24".parse()?, &RouteMeta::default());
/// assert!(!verdict.is_accept());
/// let rule = import.rule(verdict.at).map(ToString::to_string);
/// assert_eq!(
///     rule.as_deref(),
///     Some("R-051 inside a local prefix: prefix in 10.0.0.0/16 or longer -> reject")
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    lists: Arc<[Arc<RuleList>]>,
}

/// Two policies are equal if they have the same rules in the same lists.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        let same = |(list, other): (&Arc<RuleList>, &Arc<RuleList>)| {
            Arc::ptr_eq(list, other)
                || (list.fallback == other.fallback && list.written().eq(other.written()))
        };
        self.lists.len() == other.lists.len() && self.lists.iter().zip(other.lists.iter()).all(same)
    }
}

impl Eq for Policy {}

impl Hash for Policy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for list in self.lists.iter() {
            list.fallback.hash(state);
            list.written().for_each(|rule| rule.hash(state));
        }
    }
}

/// Writes a line for each rule and for the end of each list.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for list in self.lists.iter() {
            for rule in &list.rules {
                writeln!(f, "{}", rule.rule)?;
            }
            writeln!(f, "{}", list.fallback)?;
        }
        Ok(())
    }
}

/// How a walk through the rules ended.
struct End {
    kind: EndKind,
    rule: RuleId,
    at: Option<RuleAt>,
}

enum EndKind {
    Accept,
    Reject,
    /// Without a prefix there is no answer.
    AskPrefix,
}

impl Policy {
    /// Compiles a list of rules; `fallback` is for routes that no rule accepts or rejects.
    pub fn compile(rules: impl IntoIterator<Item = Rule>, fallback: Fallback) -> Self {
        let rules = rules.into_iter().collect();
        let list = Arc::new(RuleList::compile(rules, fallback));
        Self {
            lists: Arc::from([list]),
        }
    }

    /// A policy without rules that accepts every route.
    pub fn accept_all(rule: RuleId) -> Self {
        Self::compile([], Fallback::Accept(rule))
    }

    /// A policy without rules that refuses every route.
    pub fn reject_all(rule: RuleId) -> Self {
        Self::compile([], Fallback::Reject(rule))
    }

    /// The chain of this policy and another: what this one accepts, the other one sees.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let lists = self.lists.iter().chain(next.lists.iter());
        Self {
            lists: lists.cloned().collect(),
        }
    }

    /// All rules with their places, in order.
    pub fn rules(&self) -> impl Iterator<Item = (RuleAt, &Rule)> {
        (0u32..).zip(self.lists.iter()).flat_map(|(list, rules)| {
            let rules = (0u32..).zip(&rules.rules);
            rules.map(move |(rule, compiled)| (RuleAt { list, rule }, &compiled.rule))
        })
    }

    /// The rule at a place that a verdict or a step named; none for that of a fallback.
    pub fn rule(&self, at: impl Into<Option<RuleAt>>) -> Option<&Rule> {
        let at = at.into()?;
        let list = self.lists.get(at.list as usize)?;
        list.rules
            .get(at.rule as usize)
            .map(|compiled| &compiled.rule)
    }

    /// Whether the outcome may depend on the class of the source.
    pub fn asks_source(&self) -> bool {
        self.lists.iter().any(|list| list.asks_source)
    }

    /// Whether the outcome may depend on the AS of the neighbour.
    pub fn asks_neighbor(&self) -> bool {
        self.lists.iter().any(|list| list.asks_neighbor)
    }

    /// What the attribute set alone says of all routes that carry it. Worth caching by set, and
    /// by source class and neighbour AS if [`asks_source`](Self::asks_source) and
    /// [`asks_neighbor`](Self::asks_neighbor) say so.
    pub fn set_verdict(&self, attrs: &Attrs, meta: &RouteMeta) -> SetVerdict {
        let mut route = Route {
            attrs: Cow::Borrowed(attrs),
            prefix: None,
        };
        let end = self.walk(&mut route, meta, |_| ());
        match (end.kind, route.attrs) {
            (EndKind::Accept, Cow::Borrowed(_)) => SetVerdict::Accept(None),
            (EndKind::Accept, Cow::Owned(changed)) => SetVerdict::Accept(Some(changed)),
            (EndKind::Reject, _) => SetVerdict::Reject(end.rule),
            (EndKind::AskPrefix, _) => SetVerdict::AskPrefix,
        }
    }

    /// What the policy says of one route. Its attributes are lent or given: a verdict on lent ones
    /// borrows them until [`Verdict::into_owned`], and nothing else.
    pub fn evaluate<'a>(
        &self,
        attrs: impl Into<Cow<'a, Attrs>>,
        prefix: Prefix,
        meta: &RouteMeta,
    ) -> Verdict<'a> {
        self.judge(attrs.into(), prefix, meta, |_| ())
    }

    /// The same as [`evaluate`](Self::evaluate), with every rule that the route fitted.
    pub fn explain<'a>(
        &self,
        attrs: impl Into<Cow<'a, Attrs>>,
        prefix: Prefix,
        meta: &RouteMeta,
    ) -> (Verdict<'a>, Vec<Step>) {
        let mut steps = Vec::new();
        let verdict = self.judge(attrs.into(), prefix, meta, |step| steps.push(step));
        (verdict, steps)
    }

    fn judge<'a>(
        &self,
        attrs: Cow<'a, Attrs>,
        prefix: Prefix,
        meta: &RouteMeta,
        see: impl FnMut(Step),
    ) -> Verdict<'a> {
        let mut route = Route {
            attrs,
            prefix: Some(prefix),
        };
        let End { kind, rule, at } = self.walk(&mut route, meta, see);
        let outcome = match kind {
            EndKind::Accept => Outcome::Accept {
                attrs: route.attrs,
                prefix: route.prefix.unwrap_or(prefix),
            },
            EndKind::Reject | EndKind::AskPrefix => Outcome::Reject,
        };
        Verdict { outcome, rule, at }
    }

    /// Takes a route through the rules; the only place where rules are looked at.
    fn walk(&self, route: &mut Route<'_>, meta: &RouteMeta, mut see: impl FnMut(Step)) -> End {
        let mut last = End {
            kind: EndKind::Accept,
            rule: RuleId::default(),
            at: None,
        };
        for (n, list) in (0u32..).zip(self.lists.iter()) {
            last = list.walk(n, route, meta, &mut see);
            if !matches!(last.kind, EndKind::Accept) {
                break;
            }
        }
        last
    }
}

impl RuleList {
    fn walk(
        &self,
        list: u32,
        route: &mut Route<'_>,
        meta: &RouteMeta,
        see: &mut impl FnMut(Step),
    ) -> End {
        let mut from = 0;
        let (mut prefix, mut place) = (route.prefix, self.locate(route.prefix));
        while let Some(rule) = self.first_from(from, place) {
            from = rule + 1;
            let Some(compiled) = self.rules.get(rule as usize) else {
                break;
            };
            if !compiled.fits_set(&route.attrs, meta) {
                continue;
            }
            let at = RuleAt { list, rule };
            let kind = match route.prefix {
                None if compiled.asks_prefix() => Some(EndKind::AskPrefix),
                Some(prefix) if !compiled.fits_prefix(prefix) => continue,
                _ => compiled.act(at, route, see),
            };
            if let Some(kind) = kind {
                return End {
                    kind,
                    rule: compiled.rule.id,
                    at: Some(at),
                };
            }
            if route.prefix != prefix {
                (prefix, place) = (route.prefix, self.locate(route.prefix));
            }
        }
        let (kind, rule) = match self.fallback {
            Fallback::Accept(rule) => (EndKind::Accept, rule),
            Fallback::Reject(rule) => (EndKind::Reject, rule),
        };
        End {
            kind,
            rule,
            at: None,
        }
    }
}

impl CompiledRule {
    /// Does the actions; says how that ends the list, if it does.
    fn act(
        &self,
        at: RuleAt,
        route: &mut Route<'_>,
        see: &mut impl FnMut(Step),
    ) -> Option<EndKind> {
        let mut end = match self.rule.next {
            Next::Stop => Some(EndKind::Accept),
            Next::Continue => None,
        };
        let mut changed = false;
        for action in &self.rule.actions {
            match action {
                Action::Accept => end = Some(EndKind::Accept),
                Action::Reject => end = Some(EndKind::Reject),
                change => {
                    changed |= route.apply(change);
                    continue;
                }
            }
            break;
        }
        see(Step {
            at,
            rule: self.rule.id,
            changed,
        });
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Match;
    use core::net::Ipv4Addr;
    use routehub_types::Asn;
    use std::string::ToString;

    fn overlap() -> Policy {
        let local = Rule::overlap(RuleId(51), ["10.0.0.0/16".parse().unwrap()]);
        let own = Rule::own_asn(RuleId(50), Asn(64500));
        Policy::compile(std::vec![own, local], Fallback::Accept(RuleId(53)))
    }

    #[test]
    fn a_policy_is_written_as_its_rules() {
        let chain = overlap().then(&Policy::reject_all(RuleId(7)));
        assert_eq!(
            chain.to_string(),
            "R-050 own AS in path: AS path has one of 64500 -> reject\n\
             R-051 inside a local prefix: prefix in 10.0.0.0/16 or longer -> reject\n\
             R-053: any other route -> accept\n\
             R-007: any other route -> reject\n"
        );
    }

    #[test]
    fn policies_of_the_same_rules_are_equal() {
        let other = Policy::compile(
            overlap().rules().map(|(_, rule)| rule.clone()),
            Fallback::Accept(RuleId(53)),
        );
        assert_eq!(overlap(), other);
        assert_ne!(overlap(), overlap().then(&other));
        assert_ne!(overlap(), Policy::accept_all(RuleId(53)));
        assert_ne!(
            Policy::reject_all(RuleId(53)),
            Policy::accept_all(RuleId(53))
        );
    }

    #[test]
    fn every_rule_is_found_where_it_stands() {
        let chain = overlap().then(&overlap());
        assert_eq!(chain.rules().count(), 4);
        for (at, rule) in chain.rules() {
            assert_eq!(chain.rule(at), Some(rule));
        }
        assert_eq!(chain.rule(RuleAt { list: 2, rule: 0 }), None);
    }

    #[test]
    fn an_explanation_has_every_rule_that_fitted_and_says_what_it_changed() {
        let rules = std::vec![
            Rule::change(
                RuleId(1),
                "med",
                Vec::new(),
                Vec::from([Action::SetMed(Some(7))])
            ),
            Rule::change(
                RuleId(2),
                "again",
                Vec::new(),
                Vec::from([Action::SetMed(Some(7))])
            ),
            Rule::reject(RuleId(3), "other", Vec::from([Match::Med(8..=8)])),
            Rule::accept(RuleId(4), "end", Vec::from([Match::Med(7..=7)])),
        ];
        let policy = Policy::compile(rules, Fallback::Reject(RuleId(9)));
        let attrs = Attrs::new("65001".parse().unwrap(), Ipv4Addr::new(10, 0, 4, 4));
        let (verdict, steps) =
            policy.explain(&attrs, "10.0.0.0/8".parse().unwrap(), &RouteMeta::default());
        assert_eq!((verdict.rule, verdict.is_accept()), (RuleId(4), true));
        let told: Vec<_> = steps
            .iter()
            .map(|step| (step.rule.0, step.changed))
            .collect();
        assert_eq!(told, [(1, true), (2, false), (4, false)]);
    }

    #[test]
    fn a_reject_among_the_actions_ends_them() {
        let actions = Vec::from([Action::Reject, Action::Accept]);
        let rule = Rule::change(RuleId(1), "both", Vec::new(), actions);
        let policy = Policy::compile(std::vec![rule], Fallback::Accept(RuleId(9)));
        assert_eq!(
            policy.set_verdict(&Attrs::default(), &RouteMeta::default()),
            SetVerdict::Reject(RuleId(1))
        );
    }
}
