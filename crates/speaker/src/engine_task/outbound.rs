//! The way of encoded messages from the engine task to a session: only as many as it has capacity
//! for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use routehub_wire::Notification;
use tokio::sync::{Notify, mpsc, oneshot};

/// Encoded messages for a peer.
pub(crate) type Chunk = Vec<Bytes>;

/// Chunks that are queued for a session at most: one is written while the next is made.
const CHUNKS: usize = 2;

/// The engine task's end; a new one each time that the session is established, so that nothing of
/// an old session reaches a new one.
#[derive(Debug)]
pub(crate) struct OutboundSender {
    chunks: mpsc::Sender<Chunk>,
    wants_capacity: Arc<AtomicBool>,
    refresh: Arc<Notify>,
    teardown: Option<oneshot::Sender<Notification>>,
}

/// The session's end.
#[derive(Debug)]
pub(crate) struct OutboundReceiver {
    chunks: mpsc::Receiver<Chunk>,
    wants_capacity: Arc<AtomicBool>,
    refresh: Arc<Notify>,
    /// None once it was received, or the sender is gone.
    teardown: Option<oneshot::Receiver<Notification>>,
}

/// What the engine task sends to a session.
pub(crate) enum Outbound {
    /// Encoded routes for the peer.
    Chunk(Chunk),
    /// End the session with this NOTIFICATION.
    TearDown(Notification),
    /// Send a ROUTE-REFRESH request (RFC 2918).
    RequestRefresh,
}

/// Both ends of a new way.
pub(crate) fn outbound() -> (OutboundSender, OutboundReceiver) {
    let (chunks, chunk_receiver) = mpsc::channel(CHUNKS);
    let (teardown, teardown_receiver) = oneshot::channel();
    let sender = OutboundSender {
        chunks,
        wants_capacity: Arc::default(),
        refresh: Arc::default(),
        teardown: Some(teardown),
    };
    let receiver = OutboundReceiver {
        chunks: chunk_receiver,
        wants_capacity: Arc::clone(&sender.wants_capacity),
        refresh: Arc::clone(&sender.refresh),
        teardown: Some(teardown_receiver),
    };
    (sender, receiver)
}

/// Whether a session takes another chunk.
pub(crate) enum Capacity<'a> {
    /// Yes.
    Available(mpsc::Permit<'a, Chunk>),
    /// Not before its [`Request::Writable`](super::request::Request::Writable).
    Full,
    /// Never again: the session has ended.
    Closed,
}

impl OutboundSender {
    /// Capacity for a chunk. Where there is none, the session reports when there is.
    pub(crate) fn capacity(&self) -> Capacity<'_> {
        let refused = match self.chunks.try_reserve() {
            Ok(permit) => return Capacity::Available(permit),
            Err(refused) => refused,
        };
        if matches!(refused, mpsc::error::TrySendError::Closed(())) {
            return Capacity::Closed;
        }
        self.wants_capacity.store(true, Ordering::SeqCst);
        // The session may have taken a chunk before it could see that.
        match self.chunks.try_reserve() {
            Ok(permit) => Capacity::Available(permit),
            Err(_) => Capacity::Full,
        }
    }

    /// Has the session send a ROUTE-REFRESH request.
    pub(crate) fn request_refresh(&self) {
        self.refresh.notify_one();
    }

    /// Has the session end with this NOTIFICATION.
    pub(crate) fn tear_down(&mut self, why: Notification) {
        if let Some(teardown) = self.teardown.take() {
            // The session may have ended already.
            let _ = teardown.send(why);
        }
    }
}

impl OutboundReceiver {
    /// The next thing sent; chunks only if `take_chunks`. Nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self, take_chunks: bool) -> Outbound {
        let Self {
            chunks,
            refresh,
            teardown,
            ..
        } = self;
        tokio::select! {
            Some(chunk) = chunks.recv(), if take_chunks => Outbound::Chunk(chunk),
            Some(why) = torn_down(teardown) => Outbound::TearDown(why),
            () = refresh.notified() => Outbound::RequestRefresh,
        }
    }

    /// Whether the engine task waits for capacity, which a chunk that was taken has just made.
    pub(crate) fn take_wants_capacity(&self) -> bool {
        self.wants_capacity.swap(false, Ordering::SeqCst)
    }
}

async fn torn_down(teardown: &mut Option<oneshot::Receiver<Notification>>) -> Option<Notification> {
    let why = teardown.as_mut()?.await;
    *teardown = None;
    why.ok()
}
