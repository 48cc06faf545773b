//! Decision by elimination (RFC 4271 section 9.1.2).
//!
//! Every step looks at all paths that are left and drops those that are worse than another. Pairs
//! are never compared across a MED group, so the order of the paths cannot matter.

use core::cmp::Ordering;

use routehub_types::{Asn, AttrId};
use smallvec::SmallVec;

use super::DecisionConfig;
use super::step::{Compared, Step, UseKey};
use crate::memory::Outcome;
use crate::source::Sources;
use crate::{AttrStore, DecisionKey};

/// A path that takes part in the decision, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) key: DecisionKey,
    pub(crate) attrs: AttrId,
    /// Where the path is stored.
    pub(crate) at: u32,
    pub(crate) path_id: Option<u32>,
    pub(crate) source: u16,
    pub(crate) derived: bool,
    /// Whether it was in the best set before.
    pub(crate) current: bool,
    pub(crate) outcome: Outcome,
}

/// The places of the candidates that are left.
type Left = SmallVec<[u32; 16]>;

/// The decision process: how it is configured, and what it looks at.
#[derive(Clone, Copy)]
pub(crate) struct DecisionProcess<'a> {
    pub(crate) config: &'a DecisionConfig,
    pub(crate) sources: &'a Sources,
    pub(crate) store: &'a AttrStore,
}

impl DecisionProcess<'_> {
    /// Gives every candidate its outcome.
    pub(crate) fn decide(&self, all: &mut [Candidate]) {
        if let [only] = all {
            only.outcome = Outcome::Used(0);
            return;
        }
        if let [first, second] = all
            && self.decide_pair(first, second)
        {
            return;
        }
        let mut left = Left::new();
        left.extend(0..all.len() as u32);
        self.eliminate(&mut left, all);
        if left.len() > 1 {
            left.sort_unstable_by(|a, b| self.order(&all[*a as usize], &all[*b as usize]));
        }
        let max = usize::from(self.config.max_paths());
        let full = match max {
            1 => Step::Identity,
            _ => Step::MaxPaths,
        };
        for (place, at) in left.iter().enumerate() {
            all[*at as usize].outcome = match u8::try_from(place) {
                Ok(place) if usize::from(place) < max => Outcome::Used(place),
                _ => Outcome::Lost(full),
            };
        }
    }

    /// Decides between two, which is the same as elimination; says whether a step told them apart.
    fn decide_pair(&self, first: &mut Candidate, second: &mut Candidate) -> bool {
        for step in self.config.eliminating() {
            let (winner, loser) = match self.compare(step, first, second) {
                Ordering::Less => (first, second),
                Ordering::Greater => (second, first),
                Ordering::Equal => continue,
            };
            winner.outcome = Outcome::Used(0);
            loser.outcome = Outcome::Lost(step);
            return true;
        }
        false
    }

    /// Drops at each step what is worse there, until one is left.
    fn eliminate(&self, left: &mut Left, all: &mut [Candidate]) {
        for step in self.config.eliminating() {
            if left.len() < 2 {
                return;
            }
            match step {
                Step::Failback => {
                    let before = left.clone();
                    drop_losers(step, left, all, |path, all| {
                        let mut before = before.iter().map(|at| &all[*at as usize]);
                        before.any(|before| self.yields_to(path, before))
                    });
                }
                step => step.with_key(KeepLowest {
                    process: self,
                    step,
                    left,
                    all,
                }),
            }
        }
    }

    #[inline]
    fn compared<'a>(&'a self, path: &'a Candidate) -> Compared<'a> {
        Compared {
            source: path.source,
            sources: self.sources,
            attrs: &path.key,
            current: path.current,
            id: path.attrs,
            store: self.store,
        }
    }

    /// How two paths compare at a step; the lesser one is better.
    fn compare(&self, step: Step, path: &Candidate, other: &Candidate) -> Ordering {
        match step {
            Step::Med if path.key.neighbor != other.key.neighbor => Ordering::Equal,
            Step::Failback => {
                let yields = self.yields_to(path, other);
                yields.cmp(&self.yields_to(other, path))
            }
            step => step.with_key(Pair(&self.compared(path), &self.compared(other))),
        }
    }

    /// Whether a path of a lower rank gives way to one that was best before.
    fn yields_to(&self, path: &Candidate, before: &Candidate) -> bool {
        before.current
            && !path.current
            && self.compare(Step::Rank, path, before).is_lt()
            && self.compare(Step::AsPathLength, path, before).is_ge()
    }

    /// The order of paths that are equal so far.
    pub(crate) fn order(&self, path: &Candidate, other: &Candidate) -> Ordering {
        let by_step = |step: &Step| self.compare(*step, path, other);
        let mut steps = self.config.tie_breakers().iter().map(by_step);
        steps
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
            .then(path.source.cmp(&other.source))
            .then(path.path_id.cmp(&other.path_id))
            .then(path.derived.cmp(&other.derived))
            .then_with(|| self.store.compare(path.attrs.0, other.attrs.0))
    }

    /// To which path another one lost at a step: the best one, which was better at that step - but
    /// within a neighbour AS a MED is compared with the paths of that AS that were left then.
    pub(crate) fn winner(&self, all: &[Candidate], loser: u32, step: Step) -> Option<u32> {
        if step != Step::Med {
            let best = all.iter().find(|path| path.outcome == Outcome::Used(0))?;
            return Some(best.at);
        }
        let steps = self.config.steps();
        let place = |step: Step| steps.iter().position(|other| *other == step);
        let med = place(Step::Med)?;
        let neighbor = all.iter().find(|path| path.at == loser)?.key.neighbor;
        let was_left = |path: &&Candidate| match path.outcome {
            Outcome::Used(_) => true,
            Outcome::Lost(step) => place(step).is_none_or(|at| at > med),
        };
        let group = all
            .iter()
            .filter(|path| path.key.neighbor == neighbor)
            .filter(was_left);
        let winner = group.min_by(|path, other| self.order(path, other))?;
        Some(winner.at)
    }
}

/// Compares the keys of two paths.
struct Pair<'a>(&'a Compared<'a>, &'a Compared<'a>);

impl UseKey for Pair<'_> {
    type Output = Ordering;

    #[inline]
    fn with<V: Ord>(self, key: impl Fn(&Compared<'_>) -> V) -> Ordering {
        key(self.0).cmp(&key(self.1))
    }
}

/// Drops every path whose key is not the lowest; for a MED, the lowest of its neighbour AS.
struct KeepLowest<'a> {
    process: &'a DecisionProcess<'a>,
    step: Step,
    left: &'a mut Left,
    all: &'a mut [Candidate],
}

impl UseKey for KeepLowest<'_> {
    type Output = ();

    #[inline]
    fn with<V: Copy + Ord>(self, key: impl Fn(&Compared<'_>) -> V) {
        let key = |path: &Candidate| key(&self.process.compared(path));
        if self.step == Step::Med {
            // Of each neighbour AS its own lowest.
            let med = |path: &Candidate| (path.key.neighbor, key(path));
            let meds = self.left.iter().map(|at| med(&self.all[*at as usize]));
            let mut lowest: SmallVec<[(Asn, V); 16]> = meds.collect();
            lowest.sort_unstable();
            lowest.dedup_by_key(|(neighbor, _)| *neighbor);
            drop_losers(self.step, self.left, self.all, |path, _| {
                lowest.binary_search(&med(path)).is_err()
            });
            return;
        }
        let mut keys = self.left.iter().map(|at| key(&self.all[*at as usize]));
        let Some(first) = keys.next() else { return };
        let (lowest, same) = keys.fold((first, true), |(lowest, same), key| {
            (lowest.min(key), same && key == first)
        });
        if !same {
            drop_losers(self.step, self.left, self.all, |path, _| {
                key(path) != lowest
            });
        }
    }
}

/// Drops the paths for which `loses` holds.
#[inline]
fn drop_losers(
    step: Step,
    left: &mut Left,
    all: &mut [Candidate],
    loses: impl Fn(&Candidate, &[Candidate]) -> bool,
) {
    left.retain(|at| {
        let loses = loses(&all[*at as usize], all);
        if loses {
            all[*at as usize].outcome = Outcome::Lost(step);
        }
        !loses
    });
}
