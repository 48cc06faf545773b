//! What cuts two ends from each other: single points of failure, and pairs that are one together.

use std::collections::{BTreeMap, BTreeSet};

use routehub_diagnose::ImpactKind;

use super::{Outcome, Sweep};

/// What has to fail for packets from one end not to reach another any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cuts {
    /// Where packets start.
    pub from: String,
    /// Where they go.
    pub to: String,
    /// Single points of failure: what is enough alone.
    pub single: Vec<String>,
    /// What is enough together, and neither alone; empty if pairs were not tried.
    pub pairs: Vec<[String; 2]>,
}

impl Cuts {
    /// How many elements have to fail at least.
    pub fn smallest(&self) -> usize {
        if self.single.is_empty() { 2 } else { 1 }
    }
}

impl Sweep {
    /// The smallest cuts of each pair of ends that these outcomes know of, in the order of the
    /// estate.
    pub fn cuts<'a>(&self, outcomes: impl IntoIterator<Item = &'a Outcome>) -> Vec<Cuts> {
        let mut places: BTreeMap<usize, BTreeSet<&[usize]>> = BTreeMap::new();
        for outcome in outcomes {
            let cuts = |kind| matches!(kind, ImpactKind::Lost | ImpactKind::Loop);
            for impact in outcome.pairs.iter().filter(|impact| cuts(impact.kind)) {
                places
                    .entry(impact.pair)
                    .or_default()
                    .insert(&outcome.places);
            }
        }
        let name = |place: usize| self.elements()[place].to_string();
        let cuts = places.into_iter().map(|(pair, places)| {
            let [from, to] = self.ways().ends_of(pair).map(str::to_owned);
            let mut cuts = Cuts {
                from,
                to,
                single: Vec::new(),
                pairs: Vec::new(),
            };
            for set in places {
                match *set {
                    [only] => cuts.single.push(name(only)),
                    [one, other] => cuts.pairs.push([one, other].map(name)),
                    _ => {}
                }
            }
            cuts
        });
        cuts.collect()
    }
}
