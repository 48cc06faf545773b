//! The clock: real time as the milliseconds that the sans-IO crates take as an argument.

use std::time::Duration;

use routehub::types::Instant;

/// Milliseconds since the start of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: tokio::time::Instant,
}

impl Clock {
    /// A clock that starts now.
    pub(crate) fn start() -> Self {
        Self {
            start: tokio::time::Instant::now(),
        }
    }

    /// What it shows now, rounded down.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_millis(self.start.elapsed().as_millis() as u64)
    }

    /// When it will show this.
    pub(crate) fn at(&self, instant: Instant) -> tokio::time::Instant {
        self.start + Duration::from_millis(instant.as_millis())
    }
}
