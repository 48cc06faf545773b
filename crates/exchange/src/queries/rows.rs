//! Rows of the tables that an estate shows.
//!
//! Tables are sorted by prefix, then by the sender's place in the estate, so that equal estates
//! show equal tables. A field that a table does not have stays at its default.

use std::fmt;
use std::net::IpAddr;

use routehub_types::{AsPath, Community, Prefix};

use crate::graph::Link;

/// Where a route came from, in the words of the management interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum RouteOrigin {
    /// Local to the gateway: network prefixes and static sites.
    Network,
    /// Learned over eBGP.
    EBgp,
    /// Learned over iBGP.
    IBgp,
    /// The ORIGIN attribute is IGP.
    Igp,
    /// The ORIGIN attribute is EGP.
    Egp,
    /// The ORIGIN attribute is INCOMPLETE.
    Incomplete,
}

impl fmt::Display for RouteOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Network => "Network",
            Self::EBgp => "EBgp",
            Self::IBgp => "IBgp",
            Self::Igp => "Igp",
            Self::Egp => "Egp",
            Self::Incomplete => "Incomplete",
        })
    }
}

/// A route that a speaker holds or sends: one row of a learned or advertised table.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RouteRow {
    /// Where to.
    pub prefix: Prefix,
    /// The AS path, nearest first.
    pub as_path: AsPath,
    /// The next hop; none where it is not known.
    pub next_hop: Option<IpAddr>,
    /// Standard communities, sorted, each once.
    pub communities: Vec<Community>,
    /// How the route came about.
    pub origin: RouteOrigin,
    /// The weight that the interface shows.
    pub weight: u32,
    /// The address the row came from.
    pub source_peer: Option<IpAddr>,
    /// The Route Server instance that holds or sent it, 0 or 1.
    pub instance: Option<u8>,
    /// The name of the speaker it came from.
    pub from: Option<String>,
}

/// The state of a session as tables show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum SessionState {
    /// Routes are exchanged.
    Established,
    /// Down.
    Idle,
    /// The peer was refused when it was created.
    Failed,
}

impl SessionState {
    /// The state of a link.
    pub(super) fn of(link: &Link) -> Self {
        match link.down.refused {
            Some(_) => Self::Failed,
            None if link.is_up() => Self::Established,
            None => Self::Idle,
        }
    }
}

/// A session of an NVA with one instance of a Route Server.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRow {
    /// The instance, 0 or 1.
    pub instance: u8,
    /// Its state.
    pub state: SessionState,
    /// How many rows the learned table has from it.
    pub routes: usize,
    /// The NOTIFICATION that ended it: code and subcode.
    pub notification: Option<(u8, u8)>,
    /// The hold time agreed, in seconds.
    pub hold_time: u16,
    /// How many route refreshes the Route Server sent.
    pub route_refreshes: u32,
    /// How many times the session was reset.
    pub resets: u32,
}
