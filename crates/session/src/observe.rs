//! What an operator may look at.

use core::time::Duration;

use routehub_types::Instant;

use crate::{
    ConnectionId, Counters, Direction, DownReason, LastError, Negotiated, Session, SessionConfig,
    State, Timer,
};

impl Session {
    /// The configuration.
    pub fn config(&self) -> &SessionConfig {
        &self.peering.config
    }

    /// The state: that of the connection that got furthest.
    pub fn state(&self) -> State {
        self.peering.state()
    }

    /// When the state last changed.
    pub fn state_since(&self) -> Instant {
        self.peering.changed_at
    }

    /// What was agreed on, while the session is established.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        let slot = self.peering.established()?;
        self.peering.connection(slot)?.negotiated.as_ref()
    }

    /// How long the session is established; none: it is not.
    pub fn uptime(&self, now: Instant) -> Option<Duration> {
        self.peering.established_at.map(|since| now - since)
    }

    /// The connections that are open, with their states.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, Direction, State)> + '_ {
        let connected = self.peering.connected();
        connected.map(|(_, connection)| (connection.id, connection.direction, connection.state))
    }

    /// The timers that are armed, and when they expire; a timer of a connection is there once for
    /// each.
    pub fn timers(&self) -> impl Iterator<Item = (Timer, Instant)> + '_ {
        self.peering.timers()
    }

    /// What was counted since the session was made.
    pub fn counters(&self) -> &Counters {
        &self.peering.counters
    }

    /// The ConnectRetryCounter (RFC 4271 section 8).
    pub fn connect_retry_counter(&self) -> u32 {
        self.peering.retry_counter
    }

    /// The last NOTIFICATION that the peer was sent.
    pub fn last_sent_error(&self) -> Option<&LastError> {
        self.peering.last_sent.as_ref()
    }

    /// The last NOTIFICATION that the peer sent.
    pub fn last_received_error(&self) -> Option<&LastError> {
        self.peering.last_received.as_ref()
    }

    /// When and why the session last went down.
    pub fn last_down(&self) -> Option<(Instant, &DownReason)> {
        self.peering
            .last_down
            .as_ref()
            .map(|(at, reason)| (*at, reason))
    }
}
