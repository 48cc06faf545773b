//! What policies said of attribute sets: kept per set, forgotten with it.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use routehub_policy::{SetVerdict, SourceClass};
use routehub_rib::AttrStore;
use routehub_types::{AttrId, RuleId};

use crate::exchange::Exchange;

/// What a policy says of an attribute set, kept so that it is asked once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KnownVerdict {
    /// Passes as it is.
    Unchanged,
    /// Passes as this set.
    Changed(AttrId),
    /// Does not pass, by this rule.
    Blocked(RuleId),
    /// Each prefix has to be asked.
    AskPrefix,
}

impl KnownVerdict {
    /// Keeps a verdict; the set it changes to lives as long as the entry that names it.
    pub(crate) fn of(verdict: SetVerdict, store: &mut AttrStore) -> Self {
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

    fn let_go(self, store: &mut AttrStore) {
        if let Self::Changed(id) = self {
            store.release(id);
        }
    }
}

/// The verdicts of one policy, by attribute set and class of source.
#[derive(Debug)]
pub(crate) struct Verdicts(HashMap<AttrId, Vec<(SourceClass, KnownVerdict)>, FixedState>);

impl Verdicts {
    /// None yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self(HashMap::with_hasher(FixedState::with_seed(seed)))
    }

    /// What was said of a set from such a source.
    pub(crate) fn known(&self, class: SourceClass, id: AttrId) -> Option<KnownVerdict> {
        let all = self.0.get(&id)?.iter();
        let mut fitting = all.filter(|(of, _)| *of == class);
        fitting.next().map(|(_, verdict)| *verdict)
    }

    /// Notes a verdict that is not known yet.
    pub(crate) fn note(&mut self, class: SourceClass, id: AttrId, verdict: KnownVerdict) {
        self.0.entry(id).or_default().push((class, verdict));
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self, store: &mut AttrStore) {
        for (_, verdict) in self.0.drain().flat_map(|(_, all)| all) {
            verdict.let_go(store);
        }
    }

    /// Forgets what was said of sets that are no more.
    fn forget(&mut self, freed: &[AttrId], store: &mut AttrStore) {
        for id in freed {
            if self.0.is_empty() {
                return;
            }
            for (_, verdict) in self.0.remove(id).into_iter().flatten() {
                verdict.let_go(store);
            }
        }
    }
}

impl Exchange {
    /// Forgets verdicts about attribute sets that are no more.
    pub(crate) fn collect(&mut self) {
        let mut freed = Vec::new();
        loop {
            self.store.collect(|id| freed.push(id));
            if freed.is_empty() {
                return;
            }
            for direction in self.directions.iter_mut().flatten() {
                direction.imported.forget(&freed, &mut self.store);
                direction.exported.forget(&freed, &mut self.store);
            }
            freed.clear();
        }
    }
}
