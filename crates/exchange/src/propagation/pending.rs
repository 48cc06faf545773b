//! What speakers have still to tell their neighbours, and who comes next.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use routehub_types::Prefix;

use crate::graph::SpeakerId;
use crate::ribs::Changed;

/// Who of those with something to tell comes next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// The speaker with the lowest number.
    Lowest,
    /// Any.
    Shuffled,
    /// The speaker after the last one.
    InTurn,
}

/// Prefixes that neighbours of a speaker have to be told of.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    prefixes: BTreeMap<SpeakerId, Vec<Prefix>>,
    /// The same that waits until there is nothing else to tell.
    later: BTreeMap<SpeakerId, BTreeSet<Prefix>>,
    shuffle: u64,
    /// Who told last.
    last: Option<SpeakerId>,
}

impl Pending {
    /// Nothing to tell.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            prefixes: BTreeMap::new(),
            later: BTreeMap::new(),
            shuffle: seed,
            last: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.prefixes.is_empty() && self.later.is_empty()
    }

    /// Notes that neighbours have to be told.
    pub(super) fn add(&mut self, changed: Changed) {
        let prefixes = self.prefixes.entry(changed.speaker).or_default();
        prefixes.extend(changed.prefixes);
    }

    /// Prefixes of which a speaker tells only when nobody has anything else to tell.
    pub(super) fn take_later(&mut self, speaker: SpeakerId) -> BTreeSet<Prefix> {
        self.later.remove(&speaker).unwrap_or_default()
    }

    /// Sets them.
    pub(super) fn set_later(&mut self, speaker: SpeakerId, prefixes: BTreeSet<Prefix>) {
        if !prefixes.is_empty() {
            self.later.insert(speaker, prefixes);
        }
    }

    /// All prefixes of all speakers.
    pub(super) fn all(&self) -> BTreeSet<Prefix> {
        let later = self.later.values().flatten();
        let all = self.prefixes.values().flatten().chain(later);
        all.copied().collect()
    }

    /// The speaker that tells next, and of which prefixes: in order, each once.
    pub(super) fn next(&mut self, order: Order) -> Option<Changed> {
        if self.prefixes.is_empty() {
            let later = std::mem::take(&mut self.later).into_iter();
            let told = later.map(|(speaker, prefixes)| (speaker, prefixes.into_iter().collect()));
            self.prefixes = told.collect();
        }
        let speaker = match order {
            Order::Lowest => {
                let mut speakers = self.prefixes.keys();
                speakers.find(|id| !self.later.contains_key(id)).copied()
            }
            Order::Shuffled => {
                // A linear congruential generator (Knuth's MMIX): any order will do that is not
                // regular.
                let next = self.shuffle.wrapping_mul(6_364_136_223_846_793_005);
                self.shuffle = next.wrapping_add(1_442_695_040_888_963_407);
                let place = (self.shuffle >> 33) as usize % self.prefixes.len().max(1);
                self.prefixes.keys().nth(place).copied()
            }
            Order::InTurn => self.last.and_then(|last| {
                let mut after = self.prefixes.range((Excluded(last), Unbounded));
                after.next().map(|(speaker, _)| *speaker)
            }),
        };
        let (speaker, mut prefixes) = match speaker {
            Some(speaker) => self.prefixes.remove_entry(&speaker),
            None => self.prefixes.pop_first(),
        }?;
        self.last = Some(speaker);
        prefixes.sort_unstable();
        prefixes.dedup();
        Some(Changed { speaker, prefixes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(speaker: u32, prefix: &str) -> Changed {
        Changed {
            speaker: SpeakerId::of(speaker),
            prefixes: vec![prefix.parse().unwrap()],
        }
    }

    fn waiting(prefix: &str) -> BTreeSet<Prefix> {
        BTreeSet::from([prefix.parse().unwrap()])
    }

    fn told(pending: &mut Pending) -> Vec<(SpeakerId, String)> {
        std::iter::from_fn(|| pending.next(Order::Lowest))
            .map(|changed| (changed.speaker, changed.prefixes[0].to_string()))
            .collect()
    }

    #[test]
    fn who_has_something_that_waits_comes_after_all_others() {
        let mut pending = Pending::new(1);
        for speaker in [1, 2, 3] {
            pending.add(changed(speaker, "10.0.0.0/8"));
        }
        pending.set_later(SpeakerId::of(1), waiting("20.0.0.0/8"));
        let named = |speaker, prefix: &str| (SpeakerId::of(speaker), prefix.to_owned());
        assert_eq!(
            told(&mut pending),
            [
                named(2, "10.0.0.0/8"),
                named(3, "10.0.0.0/8"),
                named(1, "10.0.0.0/8"),
                named(1, "20.0.0.0/8"),
            ]
        );
        assert!(pending.is_empty());
    }

    #[test]
    fn what_waits_counts_as_pending_until_it_is_taken() {
        let mut pending = Pending::new(1);
        pending.set_later(SpeakerId::of(4), waiting("20.0.0.0/8"));
        assert!(!pending.is_empty());
        assert_eq!(pending.all(), waiting("20.0.0.0/8"));
        assert_eq!(pending.take_later(SpeakerId::of(4)), waiting("20.0.0.0/8"));
        assert!(pending.is_empty());
    }
}
