//! What the server shares with those who change what runs.

use std::sync::Arc;

use tokio::sync::{Mutex, watch};

use super::running::{Directory, Running};
use super::sessions::ServerContext;

/// A server at work.
pub(super) struct Shared {
    pub(super) context: ServerContext,
    pub(super) directory: watch::Sender<Arc<Directory>>,
    pub(super) running: Mutex<Running>,
}

impl Shared {
    pub(super) fn new(context: ServerContext, running: Running) -> Self {
        Self {
            context,
            directory: watch::Sender::new(running.directory()),
            running: Mutex::new(running),
        }
    }

    /// Shows what runs now.
    pub(super) fn show(&self, running: &Running) {
        self.directory.send_replace(running.directory());
    }
}
