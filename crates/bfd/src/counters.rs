//! What an operator counts.

use crate::{Diagnostic, DiscardCounters, Instant, State};

/// What happened in a session since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that were given out to be sent.
    pub sent: u64,
    /// Packets that were received and had an effect.
    pub received: u64,
    /// Packets that had none, by reason.
    pub discarded: DiscardCounters,
    /// How often the session reached Up.
    pub ups: u64,
    /// How often the session left Up.
    pub downs: u64,
}

/// A session has another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// When.
    pub at: Instant,
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// Why the state of this system changed last: to anything but Up, why it is so.
    pub diagnostic: Diagnostic,
    /// The state that the remote system says it has.
    pub remote_state: State,
    /// Why, as it says.
    pub remote_diagnostic: Diagnostic,
}

impl StateChange {
    /// Whether the path has failed: the session was Up and is so no longer, and no operator on
    /// either side wanted that. A session that is AdminDown says nothing of the path (RFC 5880
    /// section 6.2, RFC 5882 section 4.2).
    pub fn is_failure(&self) -> bool {
        self.from == State::Up && self.to == State::Down && self.remote_state != State::AdminDown
    }
}
