//! Route updates: what one speaker tells another.

use alloc::vec::Vec;
use core::fmt;

use crate::{AttrId, Attrs, Prefix};

/// A path identifier (RFC 7911): tells several paths of one prefix from one peer apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PathId(pub u32);

/// Network layer reachability information: one prefix, with a path id where add-path is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Nlri {
    /// The destination.
    pub prefix: Prefix,
    /// Which of the peer's paths to it; none without add-path.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub path_id: Option<PathId>,
}

impl From<Prefix> for Nlri {
    fn from(prefix: Prefix) -> Self {
        Self {
            prefix,
            path_id: None,
        }
    }
}

impl fmt::Display for Nlri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path_id {
            None => self.prefix.fmt(f),
            Some(PathId(id)) => write!(f, "{}#{id}", self.prefix),
        }
    }
}

/// The routes of one UPDATE of a peer: prefixes withdrawn, and prefixes announced with one set of
/// path attributes, by its number in the store of whoever takes it.
///
/// A prefix that stands in both lists is announced (RFC 4271 section 4.3). Whoever knows no path
/// ids leaves them out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Update<'a> {
    /// Prefixes that the sender no longer reaches.
    pub withdrawn: &'a [Nlri],
    /// The attributes of what is announced; of no meaning without any.
    pub attrs: AttrId,
    /// Prefixes that the sender reaches.
    pub announced: &'a [Nlri],
}

/// The routes of one UPDATE in owned form: prefixes withdrawn, and prefixes announced with one
/// set of path attributes.
///
/// A prefix that stands in both lists is announced (RFC 4271 section 4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RouteUpdate {
    /// What is no longer reachable by the sender.
    pub withdrawn: Vec<Nlri>,
    /// The attributes of what is announced; of no meaning without prefixes.
    pub attrs: Attrs,
    /// What is reachable by the sender.
    pub announced: Vec<Nlri>,
}

impl RouteUpdate {
    /// An announcement of these prefixes.
    pub fn announce(attrs: Attrs, prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        let announced = prefixes.into_iter().map(Nlri::from).collect();
        Self {
            withdrawn: Vec::new(),
            attrs,
            announced,
        }
    }

    /// A withdrawal of these prefixes.
    pub fn withdraw(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        let withdrawn = prefixes.into_iter().map(Nlri::from).collect();
        Self {
            withdrawn,
            ..Self::default()
        }
    }
}
