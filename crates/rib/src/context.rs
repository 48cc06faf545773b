//! What a table needs of the rest of the engine for one call, and what the call comes to.

use crate::change::{Applied, Delta, Visit};
use crate::decision::DecisionProcess;
use crate::source::Sources;
use crate::{AttrStore, DecisionConfig};

pub(crate) struct Context<'a> {
    pub(crate) store: &'a mut AttrStore,
    pub(crate) sources: &'a mut Sources,
    pub(crate) config: &'a DecisionConfig,
    /// Prefixes of the other family that have a best path.
    pub(crate) others: usize,
    /// Who is told of every prefix whose best set changed.
    pub(crate) visit: &'a mut Visit<'a>,
    pub(crate) applied: Applied,
}

impl Context<'_> {
    /// How many paths the best set of a decided entry holds at most.
    pub(crate) fn max_paths(&self) -> usize {
        self.config.max_paths().into()
    }

    pub(crate) fn process(&self) -> DecisionProcess<'_> {
        DecisionProcess {
            config: self.config,
            sources: self.sources,
            store: self.store,
        }
    }

    /// Counts a changed best set, and tells the visitor.
    pub(crate) fn notify(&mut self, delta: &Delta<'_>) {
        self.applied.changed += 1;
        (self.visit)(self.store, delta);
    }
}
