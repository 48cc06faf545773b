//! What a live server tells whoever watches it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use routehub::types::Asn;
use routehub_session::DownReason;

use crate::{Neighbor, Reloaded};

/// Something that happened, and with whom.
#[derive(Clone, Debug)]
pub struct Notice {
    /// With whom; none if with somebody unknown.
    pub neighbor: Option<Arc<Neighbor>>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// The session is established.
    Established {
        /// The peer's ASN.
        asn: Asn,
        /// The hold time agreed on; zero: none.
        hold_time: Duration,
    },
    /// A run of updates has ended; so many routes are held of the peer now.
    Learned {
        /// How many.
        routes: usize,
    },
    /// The session is no longer established.
    Down(DownReason),
    /// A connection ended before the session was established.
    AttemptFailed(DownReason),
    /// The peer announced more routes than it may.
    LimitExceeded,
    /// A connection was refused.
    Refused {
        /// Where it came in.
        local: SocketAddr,
        /// Where it came from.
        remote: IpAddr,
        /// How many were refused so far.
        refused: u64,
    },
    /// A sink did not take everything.
    Sink {
        /// Which one.
        sink: &'static str,
        /// Why not.
        error: String,
    },
    /// An event that somebody let happen, by its id.
    Happened(String),
    /// The server went over to another network.
    Reloaded(Reloaded),
    /// The estate could not follow.
    Failed(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(neighbor) = &self.neighbor {
            write!(f, "{neighbor}: ")?;
        }
        match &self.what {
            What::Established { asn, hold_time } => {
                let seconds = hold_time.as_secs();
                write!(f, "established, AS {asn}, hold time {seconds} s")
            }
            What::Learned { routes } => write!(f, "{routes} routes learned"),
            What::Down(reason) => write!(f, "down: {reason}"),
            What::AttemptFailed(reason) => write!(f, "not established: {reason}"),
            What::LimitExceeded => f.write_str("more routes than it may announce"),
            What::Refused {
                local,
                remote,
                refused,
            } => write!(
                f,
                "connection from {remote} to {local} refused, {refused} so far"
            ),
            What::Sink { sink, error } => write!(f, "sink {sink}: {error}"),
            What::Happened(id) => write!(f, "event {id} happened"),
            What::Reloaded(Reloaded {
                kept,
                reset,
                added,
                removed,
            }) => write!(
                f,
                "reloaded: {kept} sessions go on, {reset} are reset, {added} are new, \
                 {removed} are gone"
            ),
            What::Failed(why) => f.write_str(why),
        }
    }
}
