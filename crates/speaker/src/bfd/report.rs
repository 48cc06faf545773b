//! What BFD tells of its sessions.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use routehub::types::PeerId;
use routehub_bfd::{
    Counters, Diagnostic, Discriminator, Hops, Instant, Interval, Path, Session, State, StateChange,
};

/// All of BFD at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BfdStatus {
    /// The sessions beside that of each neighbour that is watched.
    pub sessions: BTreeMap<PeerId, Vec<BfdReport>>,
    /// Packets that were of no session: why, by a short name, and how many.
    pub discarded: Vec<(&'static str, u64)>,
}

/// How a session of BFD is at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BfdReport {
    /// Whether it is over one hop (RFC 5881) or more (RFC 5883).
    pub hops: Hops,
    /// Our address.
    pub local: IpAddr,
    /// The peer's address.
    pub remote: IpAddr,
    /// The state.
    pub state: State,
    /// For how long it is in this state.
    pub in_state: Duration,
    /// Why its state changed last.
    pub diagnostic: Diagnostic,
    /// Our discriminator.
    pub local_discriminator: u32,
    /// The peer's discriminator; none: it is not heard.
    pub remote_discriminator: Option<u32>,
    /// The state that the peer says it has.
    pub remote_state: State,
    /// Why, as it says.
    pub remote_diagnostic: Diagnostic,
    /// What our packets are apart now, before jitter.
    pub transmit_interval: Interval,
    /// For how long the peer may be silent; none before it is heard.
    pub detection_time: Option<Duration>,
    /// What was counted since it was configured.
    pub counters: Counters,
    /// Packets that this system could not send.
    pub send_errors: u64,
    /// How long ago it was no longer Up, and why.
    pub last_down: Option<(Duration, Diagnostic)>,
}

impl BfdReport {
    pub(super) fn of(path: Path, session: &Session, now: Instant, send_errors: u64) -> Self {
        let remote = session.remote();
        let last_down = session.last_down();
        Self {
            hops: path.hops,
            local: path.local,
            remote: path.remote,
            state: session.state(),
            in_state: now.since(session.state_since()),
            diagnostic: session.diagnostic(),
            local_discriminator: session.discriminator().value(),
            remote_discriminator: remote.discriminator.map(Discriminator::value),
            remote_state: remote.state,
            remote_diagnostic: remote.diagnostic,
            transmit_interval: session.transmit_interval(),
            detection_time: session.detection_time(),
            counters: session.counters().clone(),
            send_errors,
            last_down: last_down.map(|change| (now.since(change.at), change.diagnostic)),
        }
    }
}

/// A session of BFD has another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BfdChange {
    /// Whether it is over one hop or more.
    pub hops: Hops,
    /// The change, and why.
    pub change: StateChange,
}

impl fmt::Display for BfdChange {
    /// Such as `BFD (multihop) is Down, was Up: Control Detection Time Expired`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hops = match self.hops {
            Hops::Single => "single hop",
            Hops::Multiple => "multihop",
        };
        let StateChange {
            from,
            to,
            diagnostic,
            remote_state,
            remote_diagnostic,
            ..
        } = self.change;
        write!(f, "BFD ({hops}) is {to}, was {from}")?;
        if matches!(to, State::Down | State::AdminDown) {
            write!(f, ": {diagnostic}")?;
        }
        if diagnostic == Diagnostic::NeighborSignaledSessionDown && to == State::Down {
            write!(f, ", {remote_state}: {remote_diagnostic}")?;
        }
        Ok(())
    }
}
