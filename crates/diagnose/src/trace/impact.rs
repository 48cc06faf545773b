//! What becomes of the ways between ends: which are lost, which leave inspection, which see only
//! half of a connection.

use std::fmt;

use routehub_exchange::rules;
use routehub_types::RuleId;

use super::ways::{Way, Ways};
use crate::words::joined;

/// What an event does to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ImpactKind {
    /// Packets do not arrive any more.
    Lost,
    /// Packets come back to where they were.
    Loop,
    /// Packets arrive, and pass no NVA any more that could inspect them.
    LeavesInspection,
    /// Stateful NVAs see only half of connections.
    Asymmetric,
    /// A limit ended a session, or refused routes.
    Limit,
    /// What was lost, or went another way, does so still after the repair.
    NotRestored,
    /// The routes never come to rest.
    NotSettled,
    /// Packets arrive by another way.
    Moved,
}

impl ImpactKind {
    /// All of them, the worst first.
    pub const ALL: [Self; 8] = [
        Self::NotSettled,
        Self::Loop,
        Self::Lost,
        Self::LeavesInspection,
        Self::Asymmetric,
        Self::Limit,
        Self::NotRestored,
        Self::Moved,
    ];

    /// Whether something is worse than before; else it is only otherwise.
    pub const fn is_harm(self) -> bool {
        !matches!(self, Self::Moved)
    }

    /// In a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Loop => "loop",
            Self::LeavesInspection => "past inspection",
            Self::Asymmetric => "asymmetric",
            Self::Limit => "limit",
            Self::NotRestored => "not restored",
            Self::NotSettled => "not settled",
            Self::Moved => "by another way",
        }
    }
}

impl fmt::Display for ImpactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// What an event does to packets from one end to another, as number of a pair of [`Ways`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairImpact {
    /// What.
    pub kind: ImpactKind,
    /// Which pair.
    pub pair: usize,
}

/// What an event does, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Impact {
    /// What.
    pub kind: ImpactKind,
    /// Where packets start; of a session one end.
    pub from: String,
    /// Where they go; of a session the other end.
    pub to: String,
    /// Why.
    pub because: String,
    /// The rule by which it is so.
    pub rule: Option<RuleId>,
    /// What to do.
    pub remedy: Option<&'static str>,
}

impl Impact {
    pub(crate) fn new(
        kind: ImpactKind,
        [from, to]: [&str; 2],
        because: String,
        rule: Option<RuleId>,
    ) -> Self {
        Self {
            kind,
            from: from.to_owned(),
            to: to.to_owned(),
            because,
            remedy: rule.and_then(rules::remedy),
            rule,
        }
    }
}

impl Ways {
    /// What is worse or otherwise than it was in `before`, in order.
    pub fn impacts(&self, before: &Self) -> Vec<PairImpact> {
        let mut impacts = Vec::new();
        for pair in self.differing(before) {
            let (Some(was), Some(is)) = (before.way(pair), self.way(pair)) else {
                continue;
            };
            let mut add = |kind| impacts.push(PairImpact { kind, pair });
            if is.loops && !was.loops && (was.arrives || !is.arrives) {
                add(ImpactKind::Loop);
            } else if was.arrives && !is.arrives {
                add(ImpactKind::Lost);
            }
            if was.is_inspected() && is.arrives && !is.is_inspected() {
                add(ImpactKind::LeavesInspection);
            }
            let (from, to) = self.ends.of_pair(pair);
            if from < to && is.arrives {
                let was_symmetric = before.asymmetry(pair) == Some(None);
                if was_symmetric && matches!(self.asymmetry(pair), Some(Some(_))) {
                    add(ImpactKind::Asymmetric);
                }
            }
            if was.arrives && is.arrives && Self::moved(was, is) {
                add(ImpactKind::Moved);
            }
        }
        impacts
    }

    /// What is not as it was in `before`, though what happened in between was undone.
    pub fn not_restored(&self, before: &Self) -> Vec<PairImpact> {
        let pairs = self.differing(before).into_iter();
        let differs = |pair: &usize| match (before.way(*pair), self.way(*pair)) {
            (Some(was), Some(is)) => was.arrives && (!is.arrives || Self::moved(was, is)),
            _ => false,
        };
        let kind = ImpactKind::NotRestored;
        let lost = pairs.filter(differs);
        lost.map(|pair| PairImpact { kind, pair }).collect()
    }

    /// Whether packets pass other devices.
    fn moved(was: &Way, is: &Way) -> bool {
        was.passed != is.passed || was.by != is.by
    }

    /// The devices on each way, in words.
    pub(super) fn told_by(&self, way: Option<&Way>) -> String {
        let ways = way.into_iter().flat_map(|way| way.by.iter());
        let ways = ways.map(|devices| match devices.as_slice() {
            [] => "the networks alone".to_owned(),
            devices => {
                let names = devices.iter();
                joined(names.map(|device| self.ends.stations.name(*device)), " > ")
            }
        });
        joined(ways, " or ")
    }

    /// The names of the ends of a pair.
    ///
    /// # Panics
    /// If there is no such pair.
    pub fn ends_of(&self, pair: usize) -> [&str; 2] {
        let (from, to) = self.ends.of_pair(pair);
        [from, to].map(|end| &*self.ends.ends[end].name)
    }

    /// An impact in words; these ways are those with it, `before` those without.
    pub fn tell(&self, before: &Self, impact: PairImpact) -> Impact {
        let PairImpact { kind, pair } = impact;
        let (was, is) = (before.way(pair), self.way(pair));
        let by = |way| self.told_by(way);
        let (because, rule) = match kind {
            ImpactKind::Asymmetric => {
                let evidence = self.asymmetry(pair).flatten().unwrap_or_default();
                (evidence, Some(rules::ASYMMETRIC_WAYS))
            }
            ImpactKind::LeavesInspection => {
                let text = format!("before by {}, now by {}", by(was), by(is));
                (text, Some(rules::LEAVES_INSPECTION))
            }
            ImpactKind::Moved => (format!("before by {}, now by {}", by(was), by(is)), None),
            ImpactKind::NotRestored if is.is_some_and(|way| way.arrives) => {
                let text = format!("before by {}, after the repair by {}", by(was), by(is));
                (text, Some(rules::STICKY_FAILBACK))
            }
            _ => {
                let because = is.map(|way| way.because.to_string());
                (because.unwrap_or_default(), is.and_then(|way| way.rule))
            }
        };
        Impact::new(kind, self.ends_of(pair), because, rule)
    }
}
