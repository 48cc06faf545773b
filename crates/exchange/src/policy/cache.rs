//! A policy with what it said of attribute sets: kept per set, forgotten with it.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::FixedState;
use routehub_policy::{Outcome, Policy, RouteMeta, SetVerdict, SourceClass};
use routehub_rib::AttrStore;
use routehub_types::{AttrId, Prefix, RuleId};

use crate::part::Part;

/// What a policy says of an attribute set, kept so that it is asked once.
#[derive(Clone, Copy, Debug)]
enum CachedVerdict {
    /// Passes as it is.
    Unchanged,
    /// Passes as this set.
    Changed(AttrId),
    /// Does not pass, by this rule.
    Blocked(RuleId),
    /// Each prefix has to be asked.
    AskPrefix,
}

impl CachedVerdict {
    /// Keeps a verdict; the set it changes to lives as long as the entry that names it.
    fn of(verdict: SetVerdict, store: &mut AttrStore) -> Self {
        match verdict {
            SetVerdict::Accept(None) => Self::Unchanged,
            SetVerdict::Accept(Some(changed)) => {
                let id = store.intern(&changed);
                store.retain(id);
                Self::Changed(id)
            }
            SetVerdict::Reject(rule) => Self::Blocked(rule),
            SetVerdict::AskPrefix => Self::AskPrefix,
        }
    }

    fn release(self, store: &mut AttrStore) {
        if let Self::Changed(id) = self {
            store.release(id);
        }
    }
}

/// What a policy said, by attribute set and class of source.
type Verdicts = HashMap<AttrId, Vec<(SourceClass, CachedVerdict)>, FixedState>;

/// A policy and its verdicts.
#[derive(Clone, Debug)]
pub(crate) struct CachedPolicy {
    policy: Policy,
    verdicts: Part<Verdicts>,
}

impl CachedPolicy {
    /// A policy that was not asked yet.
    pub(crate) fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            verdicts: HashMap::with_hasher(FixedState::with_seed(seed)).into(),
        }
    }

    /// The same, of which copies share the verdicts.
    pub(crate) fn share(self) -> Self {
        Self {
            policy: self.policy,
            verdicts: self.verdicts.share(),
        }
    }

    /// The policy itself.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the policy makes of a route: prefix and attributes that it leaves with.
    ///
    /// # Errors
    /// The rule that rejects the route.
    pub(crate) fn evaluate(
        &mut self,
        store: &mut AttrStore,
        source: SourceClass,
        attrs: AttrId,
        prefix: Prefix,
    ) -> Result<(Prefix, AttrId), RuleId> {
        let meta = RouteMeta {
            source,
            neighbor: None,
        };
        let verdicts = self.verdicts.get(&attrs).into_iter().flatten();
        let mut cached = verdicts.filter(|(class, _)| *class == source);
        let verdict = match cached.next() {
            Some((_, verdict)) => *verdict,
            None => {
                let verdict = self.policy.set_verdict(&store.attrs(attrs), &meta);
                let verdict = CachedVerdict::of(verdict, store);
                let entry = self.verdicts.to_mut().entry(attrs).or_default();
                entry.push((source, verdict));
                verdict
            }
        };
        match verdict {
            CachedVerdict::Unchanged => Ok((prefix, attrs)),
            CachedVerdict::Changed(id) => Ok((prefix, id)),
            CachedVerdict::Blocked(rule) => Err(rule),
            CachedVerdict::AskPrefix => {
                let set = store.attrs(attrs);
                let verdict = self.policy.evaluate(&set, prefix, &meta);
                match verdict.outcome {
                    Outcome::Accept {
                        attrs: changed,
                        prefix,
                    } => match changed {
                        Cow::Borrowed(_) => Ok((prefix, attrs)),
                        Cow::Owned(changed) => Ok((prefix, store.intern(&changed))),
                    },
                    Outcome::Reject => Err(verdict.rule),
                }
            }
        }
    }

    /// Puts another policy in the place of this one. Says whether it is another.
    pub(crate) fn replace(&mut self, policy: Policy, store: &mut AttrStore) -> bool {
        if self.policy == policy {
            return false;
        }
        self.policy = policy;
        self.clear(store);
        true
    }

    /// Forgets all that was said.
    pub(crate) fn clear(&mut self, store: &mut AttrStore) {
        let none = HashMap::with_hasher(self.verdicts.hasher().clone());
        let old = std::mem::replace(&mut self.verdicts, none.into());
        for (_, verdict) in old.values().flatten() {
            verdict.release(store);
        }
    }

    /// Puts a policy in the place of this one that says the same of every attribute set.
    pub(crate) fn replace_alike(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Whether something was said of sets that are no more, which are in order.
    pub(crate) fn knows_any(&self, freed: &[AttrId]) -> bool {
        if freed.len() < self.verdicts.len() {
            return freed.iter().any(|id| self.verdicts.contains_key(id));
        }
        let mut known = self.verdicts.keys();
        known.any(|id| freed.binary_search(id).is_ok())
    }

    /// Forgets what was said of sets that are no more, which are in order.
    pub(crate) fn forget(&mut self, freed: &[AttrId], store: &mut AttrStore) {
        if self.verdicts.is_shared() && !self.knows_any(freed) {
            return;
        }
        let known = self.verdicts.to_mut();
        let mut release = |verdicts: &[(SourceClass, CachedVerdict)]| {
            for (_, verdict) in verdicts {
                verdict.release(store);
            }
        };
        if freed.len() < known.len() {
            for id in freed {
                release(&known.remove(id).unwrap_or_default());
            }
            return;
        }
        known.retain(|id, verdicts| {
            let is_freed = freed.binary_search(id).is_ok();
            if is_freed {
                release(verdicts);
            }
            !is_freed
        });
    }
}
