//! Policies: rule lists, one behind the other, and their evaluation.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;

use routehub_types::{Attrs, Prefix, RuleId};

use crate::apply::Route;
use crate::rule_list::{CompiledRule, RuleList};
use crate::{
    Action, Fallback, Match, Next, Outcome, RouteMeta, Rule, RuleAt, SetVerdict, Step, Verdict,
};

/// A compiled policy: one rule list or several in a chain. Cloning is cheap.
///
/// Rules of a list are looked at in order; one that fits does its actions and then ends the list
/// or goes on. A route that a list accepts goes to the next list of the chain.
#[derive(Clone, Debug)]
pub struct Policy {
    lists: Arc<[Arc<RuleList>]>,
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
    pub fn compile(rules: Vec<Rule>, fallback: Fallback) -> Self {
        let list = Arc::new(RuleList::compile(rules, fallback));
        Self {
            lists: Arc::from([list]),
        }
    }

    /// A policy without rules that accepts every route.
    pub fn accept_all(rule: RuleId) -> Self {
        Self::compile(Vec::new(), Fallback::Accept(rule))
    }

    /// A policy without rules that refuses every route.
    pub fn reject_all(rule: RuleId) -> Self {
        Self::compile(Vec::new(), Fallback::Reject(rule))
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
        (0u32..).zip(self.lists.iter()).flat_map(|(list, one)| {
            let rules = (0u32..).zip(&one.rules);
            rules.map(move |(rule, one)| (RuleAt { list, rule }, &one.rule))
        })
    }

    /// The rule at a place that a verdict named.
    pub fn rule(&self, at: RuleAt) -> Option<&Rule> {
        let list = self.lists.get(at.list as usize)?;
        list.rules.get(at.rule as usize).map(|one| &one.rule)
    }

    /// Whether the outcome may depend on the class of the source.
    pub fn asks_source(&self) -> bool {
        self.asks(|condition| matches!(condition, Match::Source(_)))
    }

    /// Whether the outcome may depend on the AS of the neighbour.
    pub fn asks_neighbor(&self) -> bool {
        self.asks(|condition| matches!(condition, Match::Neighbor(_)))
    }

    fn asks(&self, of_kind: impl Fn(&Match) -> bool) -> bool {
        let inner = |mut condition: &Match| loop {
            match condition {
                Match::Not(inner) => condition = inner,
                other => return of_kind(other),
            }
        };
        self.rules().any(|(_, rule)| rule.matches.iter().any(inner))
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

    /// What the policy says of one route.
    pub fn evaluate<'a>(&self, attrs: &'a Attrs, prefix: Prefix, meta: &RouteMeta) -> Verdict<'a> {
        self.evaluate_cow(Cow::Borrowed(attrs), prefix, meta)
    }

    /// What the policy says of one route whose attributes may already be a changed copy.
    pub fn evaluate_cow<'a>(
        &self,
        attrs: Cow<'a, Attrs>,
        prefix: Prefix,
        meta: &RouteMeta,
    ) -> Verdict<'a> {
        self.judge(attrs, prefix, meta, |_| ())
    }

    /// The same as [`evaluate`](Self::evaluate), with every rule that the route fitted.
    pub fn explain<'a>(
        &self,
        attrs: &'a Attrs,
        prefix: Prefix,
        meta: &RouteMeta,
    ) -> (Verdict<'a>, Vec<Step>) {
        let mut steps = Vec::new();
        let verdict = self.judge(Cow::Borrowed(attrs), prefix, meta, |step| steps.push(step));
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
