//! The sources of a table, what they are and what they hold.

use alloc::vec::Vec;

use super::limit::Run;
use crate::{Source, SourceCounts};

/// What a source holds and sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceState {
    pub(crate) counts: SourceCounts,
    pub(crate) run: Run,
}

/// Every source of a table, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// As configured; of a removed one, as it was.
    sources: Vec<Source>,
    states: Vec<Option<SourceState>>,
}

impl Sources {
    /// The number the next source gets, the first one for which `free` holds.
    pub(crate) fn vacant(&self, free: impl Fn(u16) -> bool) -> usize {
        self.states
            .iter()
            .enumerate()
            .position(|(n, state)| state.is_none() && u16::try_from(n).is_ok_and(&free))
            .unwrap_or(self.states.len())
    }

    pub(crate) fn put(&mut self, number: usize, source: Source) {
        if self.states.len() <= number {
            self.states.resize_with(number + 1, || None);
        }
        self.sources.resize_with(self.states.len(), Source::default);
        self.sources[number] = source;
        self.states[number].get_or_insert_default();
    }

    pub(crate) fn remove(&mut self, number: u16) {
        if let Some(state) = self.states.get_mut(usize::from(number)) {
            *state = None;
        }
    }

    /// What a source is, or was before it was removed.
    #[inline]
    pub(crate) fn source(&self, number: u16) -> &Source {
        &self.sources[usize::from(number)]
    }

    /// What a source is, if it was not removed.
    pub(crate) fn get(&self, number: u16) -> Option<&Source> {
        self.state(number)?;
        self.sources.get(usize::from(number))
    }

    pub(crate) fn state(&self, number: u16) -> Option<&SourceState> {
        self.states.get(usize::from(number))?.as_ref()
    }

    pub(crate) fn state_mut(&mut self, number: u16) -> Option<&mut SourceState> {
        self.states.get_mut(usize::from(number))?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &Source)> {
        (0..=u16::MAX)
            .zip(&self.sources)
            .filter(|(number, _)| self.state(*number).is_some())
    }
}
