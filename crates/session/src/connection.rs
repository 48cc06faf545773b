//! One TCP connection and its state machine.

use routehub_types::Instant;
use routehub_wire::Notification;

use crate::{ConnectionId, Direction, Negotiated, State};

/// A connection that is open.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) direction: Direction,
    /// Connect or Active while the DelayOpenTimer runs, OpenSent, OpenConfirm or Established.
    pub(crate) state: State,
    pub(crate) delay_open: Option<Instant>,
    pub(crate) hold: Option<Instant>,
    pub(crate) keepalive: Option<Instant>,
    pub(crate) send_hold: Option<Instant>,
    /// What was agreed on, once the peer's OPEN is accepted.
    pub(crate) negotiated: Option<Negotiated>,
    /// Octets given out to be sent that are not reported as written.
    pub(crate) unwritten: u64,
    /// The NOTIFICATION that ends the connection, once it is given out.
    pub(crate) notified: Option<Notification>,
    /// Whether the other side has closed, so that nothing is left to close.
    pub(crate) closed: bool,
}

impl Connection {
    pub(crate) const fn new(id: ConnectionId, direction: Direction, state: State) -> Self {
        Self {
            id,
            direction,
            state,
            delay_open: None,
            hold: None,
            keepalive: None,
            send_hold: None,
            negotiated: None,
            unwritten: 0,
            notified: None,
            closed: false,
        }
    }

    /// Whether the peer's routes are kept when it restarts and connects anew (RFC 4724 section 5).
    pub(crate) fn peer_restarts_gracefully(&self) -> bool {
        let restart = self.negotiated.as_ref().and_then(|n| n.graceful_restart);
        restart.is_some_and(|restart| !restart.families.is_empty())
    }
}
