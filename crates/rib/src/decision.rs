//! The decision process as data: which steps, in which order, and where each path stands.
//!
//! Decision is by elimination (RFC 4271 section 9.1.2): every step looks at all paths that are
//! left and drops those that are worse than another. Pairs are never compared across a MED group,
//! so the order of the paths cannot matter.

mod step;

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use routehub_types::{Asn, AttrId, RuleId};
use smallvec::SmallVec;

pub(crate) use step::Compared;
pub use step::Step;

use crate::memory::Outcome;
use crate::source::{PathRef, Sources};
use crate::{AttrStore, DecisionKey};
use step::{StepKey, UseKey};

/// How a speaker decides: steps that eliminate, steps that order what is equal, and how many
/// equal paths it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionConfig {
    steps: Vec<Step>,
    tie_breakers: Vec<Step>,
    max_paths: u8,
}

impl DecisionConfig {
    /// Decides by `steps`; orders what survives all of them by `tie_breakers`, and uses the first
    /// `max_paths` (at least 1). Paths of one source with the same attributes are one way.
    ///
    /// With one path the tie-breakers are steps like the others. With more, they only order: the
    /// first path is the one that is sent to others. A MED among tie-breakers compares
    /// all paths; [`Step::Current`] and [`Step::Failback`] among them are left out.
    pub fn new(
        steps: impl IntoIterator<Item = Step>,
        tie_breakers: impl IntoIterator<Item = Step>,
        max_paths: u8,
    ) -> Self {
        let reported = |step: &Step| matches!(step, Step::MaxPaths | Step::Identity);
        let tie_breakers = tie_breakers.into_iter().filter_map(|step| match step {
            Step::Med => Some(Step::MedAlways),
            Step::Current | Step::Failback => None,
            step => (!reported(&step)).then_some(step),
        });
        Self {
            steps: steps.into_iter().filter(|step| !reported(step)).collect(),
            tie_breakers: tie_breakers.collect(),
            max_paths: max_paths.max(1),
        }
    }

    /// The process of RFC 4271 section 9.1: one best path.
    pub fn rfc4271() -> Self {
        Self::new(
            [
                Step::LocalPref,
                Step::AsPathLength,
                Step::Origin,
                Step::Med,
                Step::External,
                Step::Cost,
            ],
            [Step::RouterId, Step::PeerAddress],
            1,
        )
    }

    /// The same with another number of paths in use: with more than one, those that all steps but
    /// the tie-breakers leave are used side by side (ECMP).
    #[must_use]
    pub fn with_max_paths(self, max_paths: u8) -> Self {
        Self {
            max_paths: max_paths.max(1),
            ..self
        }
    }

    /// The steps that eliminate.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps that order what survived.
    pub fn tie_breakers(&self) -> &[Step] {
        &self.tie_breakers
    }

    /// How many paths the best set holds at most.
    pub const fn max_paths(&self) -> u8 {
        self.max_paths
    }

    /// The steps that eliminate, with the tie-breakers if these leave one path.
    fn eliminating(&self, store: &AttrStore) -> impl Iterator<Item = Step> + '_ {
        let ties = match self.max_paths {
            1 => self.tie_breakers.as_slice(),
            _ => &[],
        };
        let steps = match self.steps.as_slice() {
            [Step::LongLivedStale, steps @ ..] if !store.has_long_lived_stale() => steps,
            steps => steps,
        };
        steps.iter().chain(ties).copied()
    }

    /// What the steps say of a path by itself.
    pub(crate) fn preference(&self, path: &Compared<'_>) -> Preference {
        let steps = self.steps.iter().filter(|step| !step.is_relative());
        let keys = steps.map(|step| step.key(path)).collect();
        Preference { keys }
    }
}

impl Default for DecisionConfig {
    fn default() -> Self {
        Self::rfc4271()
    }
}

/// How good a best path is, by the [steps](DecisionConfig::steps) that eliminate: the lesser one
/// is better.
///
/// [`Rib::preference`](crate::Rib::preference) makes them. Only those of tables with the same
/// configuration compare. Steps that depend on the other paths of a table ([`Step::Med`],
/// [`Step::Current`], [`Step::Failback`]) have no say, and tie-breakers neither.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Preference {
    keys: SmallVec<[StepKey; 4]>,
}

/// Where a path stands among the paths of its prefix, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Standing {
    /// The best path, the one that is sent to others.
    Best,
    /// As good as the best path, and used beside it.
    Equal,
    /// Eliminated.
    Lost {
        /// At this step.
        step: Step,
        /// By this path: the best one, or for MED the one of the same neighbour AS.
        to: PathRef,
    },
    /// No candidate: import rejected it.
    Ineligible(RuleId),
    /// No candidate under this prefix: import put another prefix in its place.
    Replaced,
}

impl fmt::Display for Standing {
    /// Writes `best`, or `lost at as_path_length to source1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Best => f.write_str("best"),
            Self::Equal => f.write_str("equal"),
            Self::Lost { step, to } => write!(f, "lost at {step} to {to}"),
            Self::Ineligible(rule) => write!(f, "refused ({rule})"),
            Self::Replaced => f.write_str("replaced"),
        }
    }
}

/// A path that takes part in the decision, and what becomes of it.
///
/// In this order the key is copied as a whole: behind a field that ends within a word, the copy
/// was made of two overlapping parts, and reading it back cost a third of a decision.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) key: DecisionKey,
    pub(crate) attrs: AttrId,
    /// Where the path is stored.
    pub(crate) at: u32,
    pub(crate) path: PathRef,
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
        if let [only] = left[..] {
            all[only as usize].outcome = Outcome::Used(0);
            return;
        }
        left.sort_unstable_by(|a, b| self.order(&all[*a as usize], &all[*b as usize]));
        let max = self.config.max_paths();
        let full = match max {
            1 => Step::Identity,
            _ => Step::MaxPaths,
        };
        let mut place = 0;
        // The sources seen, some of which share a bit: most say what they say once.
        let mut seen = 0_u64;
        for (rank, at) in left.iter().enumerate() {
            let Candidate { path, attrs, .. } = all[*at as usize];
            let bit = 1 << (path.source.0 % u64::BITS as u16);
            // What a source says twice, of another prefix or by another path id, is one way.
            let said = seen & bit != 0
                && left[..rank].iter().any(|before| {
                    let before = &all[*before as usize];
                    (before.path.source, before.attrs) == (path.source, attrs)
                });
            seen |= bit;
            all[*at as usize].outcome = if place == max {
                Outcome::Lost(full)
            } else if said {
                Outcome::Lost(Step::Identity)
            } else {
                place += 1;
                Outcome::Used(place - 1)
            };
        }
    }

    /// Decides between two, which is the same as elimination; says whether a step told them apart.
    fn decide_pair(&self, first: &mut Candidate, second: &mut Candidate) -> bool {
        for step in self.config.eliminating(self.store) {
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
        for step in self.config.eliminating(self.store) {
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
            source: path.path.source.0,
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
    fn order(&self, path: &Candidate, other: &Candidate) -> Ordering {
        let by_step = |step: &Step| self.compare(*step, path, other);
        let mut steps = self.config.tie_breakers().iter().map(by_step);
        steps
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
            .then(path.path.cmp(&other.path))
            .then_with(|| self.store.compare(path.attrs, other.attrs))
    }

    /// To which path another one lost at a step: the best one, which was better at that step - but
    /// within a neighbour AS a MED is compared with the paths of that AS that were left then.
    pub(crate) fn winner(&self, all: &[Candidate], loser: u32, step: Step) -> Option<PathRef> {
        if step != Step::Med {
            let best = all.iter().find(|path| path.outcome == Outcome::Used(0))?;
            return Some(best.path);
        }
        let steps = self.config.steps();
        let place = |step: Step| steps.iter().position(|other| *other == step);
        let med = place(Step::Med)?;
        let neighbor = all.iter().find(|path| path.at == loser)?.key.neighbor;
        let was_left = |path: &&Candidate| match path.outcome {
            Outcome::Used(_) => true,
            Outcome::Lost(step) => place(step).is_none_or(|at| at > med),
        };
        let group = all.iter().filter(|path| path.key.neighbor == neighbor);
        let left = group.filter(was_left);
        let winner = left.min_by(|path, other| self.order(path, other))?;
        Some(winner.path)
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
