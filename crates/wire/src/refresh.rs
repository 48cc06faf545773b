//! The ROUTE-REFRESH message.

use alloc::vec::Vec;

use routehub_types::Family;

use crate::frame::{MARKER, MessageType};
use crate::{AfiSafi, Context};

/// What a ROUTE-REFRESH is for (RFC 7313 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RefreshKind {
    /// Asks for the routes to be sent again (RFC 2918).
    Request,
    /// BoRR: the routes are about to be sent again.
    Begin,
    /// EoRR: the routes have been sent again.
    End,
    /// Of a subtype that is not assigned: to be ignored.
    Other(u8),
}

/// A request to send the routes of a family again, or the begin or end of doing so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RouteRefresh {
    /// The family, known or not.
    pub family: AfiSafi,
    /// What the message is for.
    pub kind: RefreshKind,
}

impl RouteRefresh {
    /// A message for a family that this library routes.
    pub fn new(family: Family, kind: RefreshKind) -> Self {
        Self {
            family: family.into(),
            kind,
        }
    }

    /// The family that the message is about; none if the message is to be ignored: another family
    /// than those in use (RFC 2918 section 4), or a subtype without a meaning (RFC 7313 section 5).
    pub fn applies_to(&self, context: &Context) -> Option<Family> {
        let family = self.family.family()?;
        let known = !matches!(self.kind, RefreshKind::Other(_));
        (known && context.families.contains(family)).then_some(family)
    }

    /// Appends the whole message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MARKER);
        out.extend_from_slice(&[0, Self::LEN as u8, MessageType::RouteRefresh.code()]);
        out.extend_from_slice(&self.family.afi.to_be_bytes());
        out.extend_from_slice(&[self.kind.subtype(), self.family.safi]);
    }

    /// Length of the message, header included.
    pub(crate) const LEN: usize = 23;
}

impl RefreshKind {
    /// The message subtype of RFC 7313.
    pub const fn subtype(self) -> u8 {
        match self {
            Self::Request => 0,
            Self::Begin => 1,
            Self::End => 2,
            Self::Other(subtype) => subtype,
        }
    }

    /// The kind of a subtype.
    pub const fn from_subtype(subtype: u8) -> Self {
        match subtype {
            0 => Self::Request,
            1 => Self::Begin,
            2 => Self::End,
            other => Self::Other(other),
        }
    }
}
