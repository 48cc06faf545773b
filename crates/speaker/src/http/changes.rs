//! The changes of the networks' routes, for whoever listens.

use std::fmt;
use std::io;

use bytes::Bytes;
use tokio::sync::broadcast;

use crate::sink::{JsonSink, Sink};

/// Batches that wait for who listens; the oldest are lost first.
const BATCHES: usize = 64;

/// Where changes of routes go on their way to those who listen.
///
/// Give its [`sink`](Self::sink) to the server and itself to the
/// [`Http`](super::Http::with_changes).
#[derive(Clone)]
pub struct Changes(broadcast::Sender<Bytes>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(BATCHES))
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes")
    }
}

impl Changes {
    /// What is to be told of the changes.
    pub fn sink(&self) -> Box<dyn Sink> {
        Box::new(JsonSink::new(self.clone()))
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Bytes> {
        self.0.subscribe()
    }
}

/// Takes the lines of a batch at once.
impl io::Write for Changes {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.0.receiver_count() > 0 {
            // Who listened may have gone.
            let _ = self.0.send(Bytes::copy_from_slice(lines));
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
