//! Route updates: what one speaker tells another.

use alloc::vec::Vec;
use core::fmt;
use core::num::ParseIntError;
use core::str::FromStr;

use crate::{AttrId, Attrs, ParsePrefixError, Prefix};

/// A path identifier (RFC 7911): tells several paths of one prefix from one peer apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PathId(pub u32);

/// Network layer reachability information: one prefix, with a path id where add-path is in use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Why a text is no prefix with or without a path id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseNlriError {
    /// What stands before `#` is no prefix.
    #[error(transparent)]
    Prefix(#[from] ParsePrefixError),
    /// What stands after `#` is no path id.
    #[error("path id: {0}")]
    PathId(#[from] ParseIntError),
}

impl FromStr for Nlri {
    type Err = ParseNlriError;

    /// Reads `10.0.0.0/8`, or with a path id `10.0.0.0/8#7`.
    fn from_str(text: &str) -> Result<Self, ParseNlriError> {
        let (prefix, path_id) = match text.split_once('#') {
            Some((prefix, id)) => (prefix, Some(PathId(id.parse()?))),
            None => (text, None),
        };
        let prefix = prefix.parse()?;
        Ok(Self { prefix, path_id })
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_prefix_with_its_path_id_reads_as_it_is_written() {
        for text in ["10.0.0.0/8", "2001:db8::/32#7"] {
            assert_eq!(
                text.parse::<Nlri>().map(|nlri| nlri.to_string()),
                Ok(text.into())
            );
        }
        assert!(matches!(
            "10.0.0.1/8".parse::<Nlri>(),
            Err(ParseNlriError::Prefix(_))
        ));
        assert!(matches!(
            "10.0.0.0/8#x".parse::<Nlri>(),
            Err(ParseNlriError::PathId(_))
        ));
    }
}
