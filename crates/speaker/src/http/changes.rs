//! The changes of the networks' routes, for streams.

use std::fmt;
use std::io;

use bytes::Bytes;
use tokio::sync::broadcast;

use crate::sink::{JsonSink, Sink};

/// Batches that are kept for a slow stream; the oldest are lost first.
const BATCHES: usize = 64;

/// The way of changed routes from the engine to streams.
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
    /// The sink that receives the changes.
    pub fn sink(&self) -> Box<dyn Sink> {
        Box::new(JsonSink::new(self.clone()))
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Bytes> {
        self.0.subscribe()
    }
}

/// Takes the lines of a batch at once.
impl io::Write for Changes {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.0.receiver_count() > 0 {
            // The last receiver may be gone.
            let _ = self.0.send(Bytes::copy_from_slice(lines));
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
