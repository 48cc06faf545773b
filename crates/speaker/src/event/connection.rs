//! Why connections were refused.

use std::fmt;
use std::num::NonZeroU16;
use std::time::Duration;

use routehub::DynamicRefusal;
use routehub::types::{Asn, Prefix};
use routehub_wire::Notification;

/// Why a connection was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// Nobody is awaited from that address.
    Stranger,
    /// The peer's session has more connections waiting than it can look at.
    Busy,
    /// The protection that is configured for the peer cannot be set on the connection.
    Protection,
    /// The session failed and is held back for so long (damping of oscillations, RFC 4271 section
    /// 8.1.1).
    HeldBack(Duration),
    /// The session is switched off.
    Stopped,
    /// The session has two connections on which the peer has sent its OPEN.
    TwoConnections,
    /// A router that nobody described is not taken as a peer.
    Dynamic(DynamicConnection),
}

/// Why a router that nobody described is not taken as a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DynamicConnection {
    /// There are as many sessions from its prefix as there may be.
    TooMany {
        /// The prefix.
        prefix: Prefix,
        /// How many there may be.
        at_most: NonZeroU16,
    },
    /// Nobody may have its ASN there.
    Asn {
        /// The prefix.
        prefix: Prefix,
        /// The ASN.
        asn: Asn,
    },
    /// It did not send its OPEN in time, or others have connected since.
    Silent,
    /// It closed the connection before its OPEN was there.
    Closed,
    /// What came first is no OPEN; what it was told.
    NoOpen(Notification),
    /// The estate has no place for it.
    Refused(DynamicRefusal),
    /// No session with it can be.
    Failed(String),
}

impl fmt::Display for DynamicConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { prefix, at_most } => {
                write!(f, "{prefix} has its {at_most} sessions already")
            }
            Self::Asn { prefix, asn } => write!(f, "AS {asn} is not awaited from {prefix}"),
            Self::Silent => f.write_str("its OPEN did not come in time"),
            Self::Closed => f.write_str("it was closed before its OPEN was there"),
            Self::NoOpen(told) => write!(f, "what came first is no OPEN: {told}"),
            Self::Refused(why) => write!(f, "{why}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for ConnectionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger => f.write_str("nobody is awaited from there"),
            Self::Busy => f.write_str("too many of the peer's connections wait"),
            Self::Protection => f.write_str("it cannot be protected as configured"),
            Self::HeldBack(time) => {
                let seconds = time.as_secs_f64();
                write!(f, "the session is held back for another {seconds:.1} s")
            }
            Self::Stopped => f.write_str("the session is switched off"),
            Self::TwoConnections => f.write_str("the session has two connections already"),
            Self::Dynamic(why) => write!(f, "{why}"),
        }
    }
}
