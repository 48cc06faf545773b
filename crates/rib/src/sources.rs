//! The sources of a table, what they are and what they hold.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::limit::Run;
use crate::{Source, SourceCounts};

/// What the decision process reads of a source, close together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceData {
    pub(crate) address: IpAddr,
    pub(crate) router_id: u32,
    pub(crate) cost: u32,
    pub(crate) tie_break: u32,
    pub(crate) rank: u8,
    pub(crate) external: bool,
}

/// A source as configured, and its counts.
#[derive(Clone, Debug)]
pub(crate) struct SourceState {
    pub(crate) source: Source,
    pub(crate) counts: SourceCounts,
    pub(crate) run: Run,
}

/// Every source of a table, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    data: Vec<SourceData>,
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
        let data = SourceData {
            address: source.peer_address,
            router_id: source.router_id.0,
            cost: source.cost,
            tie_break: source.tie_break,
            rank: source.rank,
            external: source.external,
        };
        self.data.resize(self.states.len(), data);
        self.data[number] = data;
        match &mut self.states[number] {
            Some(state) => state.source = source,
            vacant => {
                *vacant = Some(SourceState {
                    source,
                    counts: SourceCounts::default(),
                    run: Run::default(),
                });
            }
        }
    }

    pub(crate) fn remove(&mut self, number: u16) {
        if let Some(state) = self.states.get_mut(usize::from(number)) {
            *state = None;
        }
    }

    #[inline]
    pub(crate) fn data(&self, number: u16) -> &SourceData {
        &self.data[usize::from(number)]
    }

    pub(crate) fn state(&self, number: u16) -> Option<&SourceState> {
        self.states.get(usize::from(number))?.as_ref()
    }

    pub(crate) fn state_mut(&mut self, number: u16) -> Option<&mut SourceState> {
        self.states.get_mut(usize::from(number))?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &SourceState)> {
        let numbered = (0..=u16::MAX).zip(&self.states);
        numbered.filter_map(|(number, state)| Some((number, state.as_ref()?)))
    }
}
