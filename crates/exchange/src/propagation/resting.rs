//! Prefixes that never come to rest because of what real routers announce: after a bounded attempt
//! they stay as they are, until something is told of them again.

use std::collections::{BTreeMap, BTreeSet};

use routehub_types::Prefix;

use crate::graph::SpeakerId;
use crate::ribs::Changed;

/// Prefixes that were given up for now, each with the speakers that have something to tell of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Resting {
    prefixes: BTreeMap<Prefix, BTreeSet<SpeakerId>>,
}

impl Resting {
    pub(super) fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// What speakers have to tell rests.
    pub(super) fn put(&mut self, changed: Changed) {
        for prefix in changed.prefixes {
            let speakers = self.prefixes.entry(prefix).or_default();
            speakers.insert(changed.speaker);
        }
    }

    /// Something was told of a prefix: who has to go on.
    pub(super) fn wake(&mut self, prefix: Prefix) -> BTreeSet<SpeakerId> {
        self.prefixes.remove(&prefix).unwrap_or_default()
    }

    /// The prefixes that rest, by the speakers that have something to tell.
    pub(super) fn by_speakers(&self) -> BTreeMap<&BTreeSet<SpeakerId>, Vec<Prefix>> {
        let mut all: BTreeMap<_, Vec<Prefix>> = BTreeMap::new();
        for (prefix, speakers) in &self.prefixes {
            all.entry(speakers).or_default().push(*prefix);
        }
        all
    }
}
