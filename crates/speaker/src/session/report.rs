//! A session as an operator sees it.

use std::time::Duration;

use routehub::types::{Asn, FamilySet, Instant, RouterId};
use routehub_session::{Counters, DownReason, Session, State};

/// How a session is at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionReport {
    /// The state: that of the connection that got furthest.
    pub state: State,
    /// For how long it is in this state.
    pub in_state: Duration,
    /// For how long it is established.
    pub uptime: Option<Duration>,
    /// What was agreed on, while it is established.
    pub agreed: Option<Agreement>,
    /// What was counted since it was configured.
    pub counters: Counters,
    /// How long ago it was no longer established, and why.
    pub last_down: Option<(Duration, DownReason)>,
}

/// What a session agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The peer's ASN.
    pub peer_asn: Asn,
    /// The peer's BGP identifier.
    pub peer_router_id: RouterId,
    /// The hold time; zero: none.
    pub hold_time: Duration,
    /// The families.
    pub families: FamilySet,
}

impl SessionReport {
    /// How a session is now.
    pub(crate) fn of(session: &Session, now: Instant) -> Self {
        let agreed = session.negotiated();
        let down = session.last_down();
        Self {
            state: session.state(),
            in_state: now.since(session.state_since()),
            uptime: session.uptime(now),
            agreed: agreed.map(|agreed| Agreement {
                peer_asn: agreed.peer_asn,
                peer_router_id: agreed.peer_router_id,
                hold_time: agreed.hold_time,
                families: agreed.families,
            }),
            counters: *session.counters(),
            last_down: down.map(|(at, why)| (now.since(at), why.clone())),
        }
    }
}
