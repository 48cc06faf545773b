//! What every message starts with.

use alloc::vec::Vec;
use core::fmt;

/// Length of the header every message starts with, in octets (RFC 4271 section 4.1).
pub const HEADER_LEN: usize = 19;
/// Length of the longest message without the extended message capability, in octets.
pub const MAX_LEN: usize = 4096;
/// Length of the longest extended message, in octets (RFC 8654).
pub const MAX_EXTENDED_LEN: usize = 65535;

/// The octets that every message starts with (RFC 4271 section 4.1).
pub(crate) const MARKER: [u8; 16] = [0xff; 16];

/// The type of a message (RFC 4271 section 4.1, RFC 2918).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum MessageType {
    /// Opens a session.
    Open = 1,
    /// Announces and withdraws routes.
    Update = 2,
    /// Names an error and ends the session.
    Notification = 3,
    /// Keeps the session alive.
    Keepalive = 4,
    /// Asks for routes to be sent again.
    RouteRefresh = 5,
}

impl MessageType {
    /// The type of a type code, if it is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Open),
            2 => Some(Self::Update),
            3 => Some(Self::Notification),
            4 => Some(Self::Keepalive),
            5 => Some(Self::RouteRefresh),
            _ => None,
        }
    }

    /// The type code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The lengths that a message of this type may have, header included, where up to `max_len`
    /// octets are agreed on. Extended messages do not cover OPEN and KEEPALIVE (RFC 8654).
    pub(crate) fn lengths(self, max_len: usize) -> core::ops::RangeInclusive<usize> {
        match self {
            Self::Open => 29..=max_len.min(MAX_LEN),
            Self::Update => 23..=max_len,
            Self::Notification => 21..=max_len,
            Self::Keepalive => HEADER_LEN..=HEADER_LEN,
            // Its own length depends on its subtype and is checked with the body (RFC 7313).
            Self::RouteRefresh => HEADER_LEN..=max_len,
        }
    }

    /// Appends the header of a message of this type and length.
    #[inline]
    pub(crate) fn write_header(self, length: u16, out: &mut Vec<u8>) {
        let [high, low] = length.to_be_bytes();
        out.extend_from_slice(&MARKER);
        out.extend_from_slice(&[high, low, self.code()]);
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Open => "OPEN",
            Self::Update => "UPDATE",
            Self::Notification => "NOTIFICATION",
            Self::Keepalive => "KEEPALIVE",
            Self::RouteRefresh => "ROUTE-REFRESH",
        })
    }
}
