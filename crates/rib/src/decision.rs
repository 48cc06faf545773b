//! The decision process as data: which steps, in which order, and where each path stands.

use alloc::vec::Vec;
use core::fmt;

use routehub_types::RuleId;

use crate::PathRef;

/// One step of the decision process: it eliminates every path that is worse than another there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[repr(u8)]
pub enum Step {
    /// The lowest class of source ([`Source::rank`](crate::Source::rank)).
    Rank,
    /// The highest LOCAL_PREF; 100 where there is none (RFC 4271 section 9.1.1).
    LocalPref,
    /// The shortest AS path (RFC 4271 section 9.1.2.2 a).
    AsPathLength,
    /// The lowest ORIGIN (RFC 4271 section 9.1.2.2 b).
    Origin,
    /// The lowest MED among paths of one neighbour AS; 0 where there is none (RFC 4271
    /// section 9.1.2.2 c).
    Med,
    /// The lowest MED among all paths; 0 where there is none.
    MedAlways,
    /// External paths before internal ones (RFC 4271 section 9.1.2.2 d).
    External,
    /// The lowest cost to the source ([`Source::cost`](crate::Source::cost); RFC 4271 section
    /// 9.1.2.2 e).
    Cost,
    /// The lowest configured number ([`Source::tie_break`](crate::Source::tie_break)).
    TieBreak,
    /// Paths that were in the best set before.
    Current,
    /// Paths of a lower rank than one that was in the best set before only if their AS path is
    /// shorter: what was better and comes back stays away.
    Failback,
    /// The lowest BGP identifier of the source, or of the ORIGINATOR_ID where there is one
    /// (RFC 4271 section 9.1.2.2 f, RFC 4456 section 9).
    RouterId,
    /// The lowest peer address, IPv4 before IPv6 (RFC 4271 section 9.1.2.2 g).
    PeerAddress,
    /// The lowest next hop address, IPv4 before IPv6; costs more than the other steps.
    NextHop,
    /// Equal so far, but the best set was full: never configured, only reported.
    MaxPaths,
    /// The source's number, the path id, the attributes: never configured, it ends every tie.
    Identity,
}

impl Step {
    /// Every step, in the order of declaration.
    pub const ALL: [Self; 16] = [
        Self::Rank,
        Self::LocalPref,
        Self::AsPathLength,
        Self::Origin,
        Self::Med,
        Self::MedAlways,
        Self::External,
        Self::Cost,
        Self::TieBreak,
        Self::Current,
        Self::Failback,
        Self::RouterId,
        Self::PeerAddress,
        Self::NextHop,
        Self::MaxPaths,
        Self::Identity,
    ];

    /// The name, as operators read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::LocalPref => "local preference",
            Self::AsPathLength => "AS path length",
            Self::Origin => "origin",
            Self::Med => "MED within the neighbour AS",
            Self::MedAlways => "MED",
            Self::External => "external before internal",
            Self::Cost => "cost",
            Self::TieBreak => "tie-break number",
            Self::Current => "best before",
            Self::Failback => "best before, and no longer",
            Self::RouterId => "router id",
            Self::PeerAddress => "peer address",
            Self::NextHop => "next hop address",
            Self::MaxPaths => "number of equal paths",
            Self::Identity => "order of sources",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

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
}

impl Default for DecisionConfig {
    fn default() -> Self {
        Self::rfc4271()
    }
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
