//! The decision process as data: which steps, in which order, and where each path stands.

mod process;
mod step;

use alloc::vec::Vec;

use routehub_types::RuleId;
use smallvec::SmallVec;

pub(crate) use process::{Candidate, DecisionProcess};
pub(crate) use step::Compared;
pub use step::Step;

use crate::change::PathRef;
use step::StepKey;

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
    /// `max_paths` (at least 1).
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
    fn eliminating(&self) -> impl Iterator<Item = Step> + '_ {
        let ties = match self.max_paths {
            1 => self.tie_breakers.as_slice(),
            _ => &[],
        };
        self.steps.iter().chain(ties).copied()
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
