//! The ways between sessions and the engine task: what is asked of it, and the encoded messages that
//! it sends, only as many as a session has capacity for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use routehub::types::{Family, FamilySet, PeerId};
use routehub::{
    DynamicPeer, DynamicRefusal, Engine, EngineError, Event, LiveLink, NotConverged, ReloadedEngine,
};
use routehub_session::{Event as SessionEvent, Negotiated};
use routehub_wire::{CheckedUpdates, Notification};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::session::command::SessionHandle;

/// The engine task's inbox: requests of all sessions, in the order of each.
pub(crate) enum Request {
    /// A session is established, and messages to its peer go there.
    Established(PeerId, Box<Negotiated>, Peer),
    /// Something else happened in a session.
    Session(PeerId, SessionEvent),
    /// The UPDATEs of one read.
    Updates(PeerId, CheckedUpdates),
    /// The session has capacity for chunks again.
    Writable(PeerId),
    /// Apply an event to the estate.
    Event(Box<Event>, oneshot::Sender<Result<(), EngineError>>),
    /// Add a peer that comes by itself.
    AddDynamic(
        Box<DynamicPeer>,
        oneshot::Sender<Result<(PeerId, LiveLink), DynamicRefusal>>,
    ),
    /// The session of such a peer is there.
    Enroll(SessionHandle),
    /// Remove such a peer, whose session has ended.
    RemoveDynamic(PeerId, oneshot::Sender<()>),
    /// Replace the engine, and the sessions that it knows.
    Reload(
        Box<ReloadedEngine>,
        Sessions,
        oneshot::Sender<Result<(), NotConverged>>,
    ),
    /// Read from the engine.
    Ask(Box<dyn FnOnce(&Engine) + Send>),
}

/// Sessions by the ids that the engine knows their peers by.
pub(crate) type Sessions = BTreeMap<PeerId, SessionHandle>;

/// Encoded messages for a peer.
pub(crate) type Chunk = Vec<Bytes>;

/// Chunks that are queued for a session at most: one is written while the next is made.
const CHUNKS: usize = 2;

/// Octets after which a chunk is full.
const CHUNK: usize = 1 << 16;

/// An established session as the engine task sees it; a new one each time that it is established,
/// so that nothing of an old session reaches a new one.
#[derive(Debug)]
pub(crate) struct Peer {
    chunks: mpsc::Sender<Chunk>,
    wants_capacity: Arc<AtomicBool>,
    refresh: Arc<Notify>,
    soft_refresh: Arc<Notify>,
    teardown: Option<oneshot::Sender<Notification>>,
    /// Whether the engine has messages for it.
    pending: bool,
    /// Whether it has no capacity until its [`Request::Writable`].
    full: bool,
    /// Families whose End-of-RIB has not come.
    eor_pending: FamilySet,
}

/// The session's end.
#[derive(Debug)]
pub(crate) struct OutboundReceiver {
    chunks: mpsc::Receiver<Chunk>,
    wants_capacity: Arc<AtomicBool>,
    refresh: Arc<Notify>,
    soft_refresh: Arc<Notify>,
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
    /// The same, unless the peer does not understand it.
    SoftRefresh,
}

/// Both ends of a new way, for a session with these families.
pub(crate) fn outbound(families: FamilySet) -> (Peer, OutboundReceiver) {
    let (chunks, chunk_receiver) = mpsc::channel(CHUNKS);
    let (teardown, teardown_receiver) = oneshot::channel();
    let peer = Peer {
        chunks,
        wants_capacity: Arc::default(),
        refresh: Arc::default(),
        soft_refresh: Arc::default(),
        teardown: Some(teardown),
        pending: false,
        full: false,
        eor_pending: families,
    };
    let receiver = OutboundReceiver {
        chunks: chunk_receiver,
        wants_capacity: Arc::clone(&peer.wants_capacity),
        refresh: Arc::clone(&peer.refresh),
        soft_refresh: Arc::clone(&peer.soft_refresh),
        teardown: Some(teardown_receiver),
    };
    (peer, receiver)
}

impl Peer {
    /// The same session under another engine, which reports anew what it has for it.
    pub(super) fn reset_pending(&mut self) {
        (self.pending, self.full) = (false, false);
    }

    /// Whether it has no capacity until it reports so.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// Whether the engine has messages for it.
    pub(super) const fn is_pending(&self) -> bool {
        self.pending
    }

    /// The engine has messages for it; whether that is new.
    pub(super) fn mark_pending(&mut self) -> bool {
        !std::mem::replace(&mut self.pending, true)
    }

    /// The End-of-RIB of a family has come; whether it was the last one.
    pub(super) fn eor_received(&mut self, family: Family) -> bool {
        self.eor_pending = self.eor_pending.without(family);
        self.eor_pending.is_empty()
    }

    /// Has the session send a ROUTE-REFRESH request.
    pub(super) fn request_refresh(&self) {
        self.refresh.notify_one();
    }

    /// Has the session send a ROUTE-REFRESH request if the peer understands it.
    pub(super) fn soft_refresh(&self) {
        self.soft_refresh.notify_one();
    }

    /// Has the session end with this NOTIFICATION.
    pub(super) fn tear_down(&mut self, why: Notification) {
        if let Some(teardown) = self.teardown.take() {
            // The session may have ended already.
            let _ = teardown.send(why);
        }
    }

    /// Sends what `pull` gives as far as the session has capacity; whether it took anything.
    pub(super) fn send(&mut self, mut pull: impl FnMut() -> Option<Bytes>) -> bool {
        self.full = false;
        let mut sent = false;
        while self.pending {
            let permit = match reserve(&self.chunks, &self.wants_capacity) {
                Ok(permit) => permit,
                Err(TrySendError::Full(())) => {
                    self.full = true;
                    break;
                }
                Err(TrySendError::Closed(())) => {
                    self.pending = false;
                    break;
                }
            };
            let mut chunk = Vec::new();
            let mut octets = 0;
            while octets < CHUNK {
                let Some(bytes) = pull() else {
                    self.pending = false;
                    break;
                };
                octets += bytes.len();
                chunk.push(bytes);
            }
            if !chunk.is_empty() {
                sent = true;
                permit.send(chunk);
            }
        }
        sent
    }
}

/// Capacity for a chunk. Where there is none, the session reports when there is.
fn reserve<'a>(
    chunks: &'a mpsc::Sender<Chunk>,
    wants_capacity: &AtomicBool,
) -> Result<mpsc::Permit<'a, Chunk>, TrySendError<()>> {
    let first = chunks.try_reserve();
    if matches!(first, Err(TrySendError::Full(()))) {
        wants_capacity.store(true, Ordering::SeqCst);
        // The session may have taken a chunk before it could see that.
        return chunks.try_reserve();
    }
    first
}

impl OutboundReceiver {
    /// The next thing sent; chunks only if `take_chunks`. Nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self, take_chunks: bool) -> Outbound {
        let Self {
            chunks,
            refresh,
            soft_refresh,
            teardown,
            ..
        } = self;
        tokio::select! {
            Some(chunk) = chunks.recv(), if take_chunks => Outbound::Chunk(chunk),
            Some(why) = torn_down(teardown) => Outbound::TearDown(why),
            () = refresh.notified() => Outbound::RequestRefresh,
            () = soft_refresh.notified() => Outbound::SoftRefresh,
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
