//! What all parts of a server use.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{mpsc, oneshot};

use super::start_error::Stopped;
use crate::clock::Clock;
use crate::engine_task;
use crate::engine_task::request::Request;
use crate::event::EventSender;

/// The engine task's inbox, events, counters and the clock of a server.
pub(super) struct ServerContext {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) events: EventSender,
    pub(super) refused: Arc<AtomicU64>,
    pub(super) clock: Clock,
    pub(super) seed: u64,
}

impl ServerContext {
    /// A context with a clock that starts now, and the receiver of its requests.
    pub(super) fn new() -> (Self, mpsc::Receiver<Request>) {
        let (requests, inbox) = engine_task::inbox();
        let context = Self {
            requests,
            events: EventSender::new(),
            refused: Arc::default(),
            clock: Clock::start(),
            seed: RandomState::new().hash_one(()),
        };
        (context, inbox)
    }

    /// Sends a request to the engine task, and waits for the answer.
    pub(super) async fn request<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Stopped> {
        let (sender, answer) = oneshot::channel();
        let sent = self.requests.send(request(sender)).await;
        sent.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }
}
