//! Where paths come from, and what the decision process knows about it.

mod limit;
mod table;

use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

use routehub_types::{Asn, RouterId};

pub use limit::{LimitExceeded, LimitMode, RouteLimit};
pub(crate) use table::Sources;

/// A source of paths in one [`Rib`](crate::Rib): a BGP session, or what the speaker originates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub peer_as: Asn,
    /// Whether the peer is of another AS (eBGP).
    pub external: bool,
    /// The cost of the way to the peer, lower is preferred ([`Step::Cost`](crate::Step::Cost)).
    pub cost: u32,
    /// A configured number, lower is preferred ([`Step::TieBreak`](crate::Step::TieBreak)).
    pub tie_break: u32,
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
            peer_as: Asn::ZERO,
            external: false,
            cost: 0,
            tie_break: 0,
            limit: None,
            max_rejected: u32::MAX,
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
    /// Rejected routes beyond [`Source::max_rejected`] since the source came up: not kept.
    pub not_kept: u32,
    /// Routes that [`Rib::mark_stale`](crate::Rib::mark_stale) marked and nothing refreshed yet.
    pub stale: u32,
}

impl SourceCounts {
    /// Routes that count against the route limit: accepted and filtered ones.
    pub const fn counted(self) -> u32 {
        self.accepted + self.filtered
    }
}
