//! How a session is told that the path to its peer has failed.

use tokio::sync::watch;

/// Tells a session that its path has failed, and never waits for it: it counts the failures, so
/// that a session that looks late is told once.
#[derive(Clone, Debug)]
pub(crate) struct PathAlarm(watch::Sender<u64>);

/// Where a session is told.
#[derive(Debug)]
pub(crate) struct AlarmReceiver(watch::Receiver<u64>);

impl PathAlarm {
    /// Both ends.
    pub(crate) fn new() -> (Self, AlarmReceiver) {
        let (sender, receiver) = watch::channel(0);
        (Self(sender), AlarmReceiver(receiver))
    }

    /// The path has failed.
    pub(super) fn raise(&self) {
        self.0.send_modify(|failures| *failures += 1);
    }
}

impl AlarmReceiver {
    /// Waits for the next failure; none comes once nobody watches the path any more. Nothing is
    /// lost if the future is dropped.
    pub(crate) async fn next(&mut self) -> Option<()> {
        self.0.changed().await.ok()
    }
}
