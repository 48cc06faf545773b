//! Where paths come from: what the decision process knows about it, and how many routes it holds
//! and may announce.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use routehub_types::{Asn, Instant, PathId, RouterId};

use crate::memory::grown;

/// A source of paths in one [`Rib`](crate::Rib): a BGP session, or what the speaker originates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SourceId(pub(crate) u16);

impl SourceId {
    /// The number of the source in its table, counted from 0 in the order of addition.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "source{}", self.0)
    }
}

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Names one path of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PathRef {
    /// Where the path comes from.
    pub source: SourceId,
    /// Its path id, with add-path.
    pub path_id: Option<PathId>,
    /// Whether it is derived from other prefixes of the source.
    pub derived: bool,
}

impl fmt::Display for PathRef {
    /// Writes `source3`, and with add-path `source3#7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        match self.path_id {
            Some(PathId(id)) => write!(f, "#{id}"),
            None => Ok(()),
        }
    }
}

/// What the decision process and the route limit know about a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The class of the source, lower is preferred ([`Step::Rank`](crate::Step::Rank)).
    pub rank: u8,
    /// The peer's BGP identifier.
    pub router_id: RouterId,
    /// The peer's address.
    pub peer_address: IpAddr,
    /// The peer's AS.
    pub peer_asn: Asn,
    /// Whether the peer is of another AS (eBGP).
    pub external: bool,
    /// The cost of the way to the peer, lower is preferred ([`Step::Cost`](crate::Step::Cost)).
    pub cost: u32,
    /// A configured number, lower is preferred ([`Step::TieBreak`](crate::Step::TieBreak)).
    pub tie_break: u32,
    /// Whether the community LLGR_STALE means something on its paths: they are long-lived stale
    /// ([`Step::LongLivedStale`](crate::Step::LongLivedStale)).
    pub long_lived: bool,
    /// How many routes the source may send; none is no limit.
    pub limit: Option<RouteLimit>,
    /// How many rejected routes are kept; further ones are only counted.
    pub max_rejected: u32,
}

impl Default for Source {
    /// An internal source of rank 0 without a limit.
    fn default() -> Self {
        Self {
            rank: 0,
            router_id: RouterId(0),
            peer_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            peer_asn: Asn::ZERO,
            external: false,
            cost: 0,
            tie_break: 0,
            long_lived: false,
            limit: None,
            max_rejected: u32::MAX,
        }
    }
}

impl Source {
    /// A peer of another AS (eBGP), of rank 0 without a limit.
    pub fn external(peer_asn: Asn, router_id: RouterId, peer_address: impl Into<IpAddr>) -> Self {
        Self {
            external: true,
            ..Self::internal(peer_asn, router_id, peer_address)
        }
    }

    /// A peer of the same AS (iBGP), of rank 0 without a limit.
    pub fn internal(peer_asn: Asn, router_id: RouterId, peer_address: impl Into<IpAddr>) -> Self {
        Self {
            peer_asn,
            router_id,
            peer_address: peer_address.into(),
            ..Self::default()
        }
    }
}

/// There is no number left for another source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a table holds at most {max} sources", max = Self::MAX)]
pub struct TooManySources;

impl TooManySources {
    /// How many sources one table can have.
    pub const MAX: usize = u16::MAX as usize;
}

/// How many routes a source holds (Adj-RIB-In), both families together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SourceCounts {
    /// Accepted routes, replaced ones included.
    pub accepted: u32,
    /// Rejected routes that are listed as learned and counted against the route limit
    /// ([`Admission::Filter`](crate::Admission)).
    pub filtered: u32,
    /// Rejected routes that are kept with their reason.
    pub rejected: u32,
    /// Routes that are kept with their reason and cannot be used whatever import says
    /// ([`Admission::Unusable`](crate::Admission)).
    pub unusable: u32,
    /// Rejected routes beyond [`Source::max_rejected`] since the source came up: not kept.
    pub not_kept: u32,
    /// Routes that are stale, long-lived or not ([`Age`](crate::Age)).
    pub stale: u32,
}

impl SourceCounts {
    /// Routes that count against the route limit: accepted and filtered ones.
    pub const fn counted(self) -> u32 {
        self.accepted + self.filtered
    }
}

/// How many routes a source may send before its session has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteLimit {
    /// The largest number that is still allowed.
    pub max: u32,
    /// What is counted against it.
    pub mode: LimitMode,
}

/// What a route limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitMode {
    /// Routes held before an UPDATE plus all that it announces, known ones counted again.
    PerMessage,
    /// Routes held before an update run plus all that the run announces, known ones again.
    PerBatch {
        /// A run ends when nothing came for so long.
        gap: Duration,
        /// A run ends when it has lasted so long, whether or not there was a gap.
        longest: Duration,
    },
    /// Different prefixes: those held and those an UPDATE adds.
    StrictRib,
}

/// A source announced more routes than its limit allows: its session has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{held} routes held and {announced} announced are more than the limit of {max}")]
pub struct LimitExceeded {
    /// Routes held before the UPDATE or run.
    pub held: u32,
    /// Routes that the UPDATE or run announced, the refused UPDATE included.
    pub announced: u32,
    /// The limit.
    pub max: u32,
}

/// The update run that a source is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    held: u32,
    announced: u32,
    first: Instant,
    last: Instant,
}

/// What a source is, holds and sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceState {
    /// As configured; of a removed source, as it was.
    pub(crate) source: Source,
    is_present: bool,
    pub(crate) counts: SourceCounts,
    /// Where there is none, the next UPDATE begins one.
    pub(crate) run: Option<Run>,
}

impl SourceState {
    /// Counts an UPDATE that announces `nlri` prefixes, `new` of which are different ones that
    /// are not held.
    pub(crate) fn count(
        &mut self,
        (nlri, new): (u32, impl FnOnce() -> u32),
        now: Instant,
    ) -> Result<(), LimitExceeded> {
        let Some(RouteLimit { max, mode }) = self.source.limit else {
            return Ok(());
        };
        let held = self.counts.counted();
        let (held, announced) = match mode {
            LimitMode::PerMessage => (held, nlri),
            LimitMode::StrictRib => (held, new()),
            LimitMode::PerBatch { gap, longest } => {
                let goes_on =
                    |run: &Run| now.since(run.last) < gap && now.since(run.first) < longest;
                let run = self.run.filter(goes_on).unwrap_or(Run {
                    held,
                    announced: 0,
                    first: now,
                    last: now,
                });
                let announced = run.announced.saturating_add(nlri);
                self.run = Some(Run {
                    announced,
                    last: now,
                    ..run
                });
                (run.held, announced)
            }
        };
        if announced > 0 && held.saturating_add(announced) > max {
            return Err(LimitExceeded {
                held,
                announced,
                max,
            });
        }
        Ok(())
    }
}

/// Every source of a table, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(Vec<SourceState>);

impl Sources {
    /// The number the next source gets, the first one for which `free` holds.
    pub(crate) fn vacant(&self, free: impl Fn(u16) -> bool) -> usize {
        let mut states = self.0.iter().enumerate();
        states
            .position(|(n, state)| !state.is_present && u16::try_from(n).is_ok_and(&free))
            .unwrap_or(self.0.len())
    }

    pub(crate) fn put(&mut self, number: usize, source: Source) {
        let state = grown(&mut self.0, number);
        state.source = source;
        state.is_present = true;
    }

    pub(crate) fn remove(&mut self, number: u16) {
        if let Some(state) = self.get_mut(number) {
            *state = SourceState {
                source: state.source.clone(),
                ..SourceState::default()
            };
        }
    }

    /// What a source is, or was before it was removed.
    #[inline]
    pub(crate) fn source(&self, number: u16) -> &Source {
        &self.0[usize::from(number)].source
    }

    /// The counts of a source that holds something.
    #[inline]
    pub(crate) fn counts_mut(&mut self, number: u16) -> &mut SourceCounts {
        &mut self.0[usize::from(number)].counts
    }

    pub(crate) fn get(&self, number: u16) -> Option<&SourceState> {
        let state = self.0.get(usize::from(number));
        state.filter(|state| state.is_present)
    }

    pub(crate) fn get_mut(&mut self, number: u16) -> Option<&mut SourceState> {
        let state = self.0.get_mut(usize::from(number));
        state.filter(|state| state.is_present)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &Source)> {
        let present = (0..=u16::MAX)
            .zip(&self.0)
            .filter(|(_, state)| state.is_present);
        present.map(|(number, state)| (number, &state.source))
    }
}
