//! Errors of decoding and encoding.

use core::fmt;

use routehub_types::Family;

use crate::{Notification, Reason};

/// A message that cannot be used: why, where, and what to tell the peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DecodeError {
    /// Why.
    pub reason: Reason,
    /// Where in the message, in octets from the start of its header.
    pub offset: usize,
    /// What to send before the session is closed.
    pub notification: Notification,
}

impl DecodeError {
    pub(crate) const fn new(reason: Reason, offset: usize, notification: Notification) -> Self {
        Self {
            reason,
            offset,
            notification,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reason,
            offset,
            notification,
        } = self;
        write!(f, "octet {offset}: {reason} (answer {notification})")
    }
}

impl core::error::Error for DecodeError {}

impl From<DecodeError> for Notification {
    fn from(error: DecodeError) -> Self {
        error.notification
    }
}

/// Something that has no encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// It does not fit the longest message or its length field.
    #[error("{length} octets where at most {max} fit")]
    TooLong {
        /// The octets it needs.
        length: usize,
        /// The octets there is room for.
        max: usize,
    },
    /// The next hop cannot go with prefixes of this family on this session.
    #[error("this next hop cannot be sent with {family} prefixes on this session")]
    NextHop {
        /// The family of the prefixes.
        family: Family,
    },
    /// The family is not in use on this session.
    #[error("{family} is not in use on this session")]
    FamilyNotInUse {
        /// The family of the prefixes.
        family: Family,
    },
    /// An attribute that this library has typed is among the unknown ones.
    #[error("attribute type {code} is not unknown")]
    KnownAttribute {
        /// The attribute type code.
        code: u8,
    },
    /// An AS path or list is longer than an attribute can be.
    #[error("attribute type {code} is longer than 65,535 octets")]
    AttributeTooLong {
        /// The attribute type code.
        code: u8,
    },
}
