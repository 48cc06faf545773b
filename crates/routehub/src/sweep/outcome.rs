//! What came of a failure.

use std::collections::BTreeMap;
use std::sync::Arc;

use routehub_diagnose::{BrokenPromise, EventReport, Impact, ImpactKind, PairImpact};

use super::Failure;
use super::effects::Effects;
use super::routes::RouteChange;

/// How many impacts of each kind an outcome tells in words.
const MOST_TOLD: usize = 100;

/// What came of one failure, or of several at once.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Outcome {
    /// What failed, in words.
    pub failed: Vec<String>,
    /// How often what happened; of several failures what none of them does by itself.
    pub counts: BTreeMap<ImpactKind, usize>,
    /// What happened, the worst first; of each kind the first hundred.
    pub impacts: Vec<Impact>,
    /// Promises that do not hold any more; of several failures those that none breaks by itself.
    pub broken: Vec<BrokenPromise>,
    /// Routes of machines that are others, the first of them; of single failures alone.
    pub routes: Vec<RouteChange>,
    /// Sessions, best paths and networks that changed.
    pub changed: EventReport,
    /// The places of what failed among the elements of the sweep.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) places: Vec<usize>,
    /// What happened to pairs of ends.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) pairs: Vec<PairImpact>,
    /// What the failure touched; of single failures alone.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) effects: Option<Arc<Effects>>,
}

impl Outcome {
    /// Of failures that changed nothing yet.
    pub(super) fn new(failures: &[(usize, &Failure)]) -> Self {
        Self {
            failed: failures
                .iter()
                .map(|(_, failure)| failure.to_string())
                .collect(),
            counts: BTreeMap::new(),
            impacts: Vec::new(),
            broken: Vec::new(),
            routes: Vec::new(),
            changed: EventReport::default(),
            places: failures.iter().map(|(place, _)| *place).collect(),
            pairs: Vec::new(),
            effects: None,
        }
    }

    /// Adds an impact, told in words if it is among the first of its kind.
    pub(super) fn add(&mut self, kind: ImpactKind, tell: impl FnOnce() -> Impact) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= MOST_TOLD {
            self.impacts.push(tell());
        }
    }

    /// Puts the worst first.
    pub(super) fn sort(&mut self) {
        let rank = |kind: ImpactKind| ImpactKind::ALL.iter().position(|other| *other == kind);
        self.impacts.sort_by_key(|impact| rank(impact.kind));
    }

    /// Whether it breaks this promise, for whatever reason.
    pub(super) fn breaks(&self, promise: &BrokenPromise) -> bool {
        let key = |broken: &BrokenPromise| (broken.line, broken.promise.clone());
        self.broken.iter().any(|broken| key(broken) == key(promise))
    }

    /// Whether anything is worse than before.
    pub fn is_harm(&self) -> bool {
        self.counts.keys().any(|kind| kind.is_harm())
    }

    /// How often something happened.
    pub fn count(&self, kind: ImpactKind) -> usize {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// How many impacts are worse than before, of all kinds.
    pub fn harms(&self) -> usize {
        let harms = self.counts.iter().filter(|(kind, _)| kind.is_harm());
        harms.map(|(_, count)| count).sum()
    }
}
