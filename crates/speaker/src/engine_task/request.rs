//! What sessions and users ask of the owner of the routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use routehub::types::{Family, FamilySet, PeerId};
use routehub::{Engine, EngineError, Event, NotConverged, Successor};
use routehub_session::RunEnd;
use routehub_wire::{Context, Notification};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::Neighbor;

/// Encoded messages on their way to a peer.
pub(crate) type Chunk = Vec<Bytes>;

/// Chunks that wait for a session at most: one is written while the next is made.
const CHUNKS: usize = 2;

/// The owner's inbox: requests of all sessions, in the order of each.
pub(crate) enum Request {
    /// A session is established.
    Established(PeerId, Box<Agreed>),
    /// UPDATEs as they were received, one behind the other.
    Updates(PeerId, Bytes),
    /// A run of UPDATEs is over.
    RunEnded(PeerId, RunEnd),
    /// The peer has told all its routes of a family.
    EndOfRib(PeerId, Family),
    /// The peer wants all routes of a family again.
    Refresh(PeerId, Family),
    /// The peer's routes of a family are stale.
    MarkStale(PeerId, Family),
    /// The peer's routes that are still stale go.
    SweepStale(PeerId, Family),
    /// The session takes chunks again.
    Writable(PeerId),
    /// A session is no longer established; code and subcode of the NOTIFICATION that was sent.
    Down(PeerId, Option<(u8, u8)>),
    /// Something happens to the estate.
    Event(Box<Event>, oneshot::Sender<Result<(), EngineError>>),
    /// Another estate takes the place of the present one.
    Replace(Box<Replacement>, oneshot::Sender<Result<(), NotConverged>>),
    /// Somebody wants to look.
    Ask(Box<dyn FnOnce(&Engine) + Send>),
}

/// What takes the place of the present engine.
pub(crate) struct Replacement {
    pub(crate) successor: Successor,
    /// By their numbers.
    pub(crate) neighbors: Neighbors,
}

/// Neighbours by their numbers; a number may be free.
pub(crate) type Neighbors = Vec<Option<Known>>;

/// A neighbour, and what switches its session on and off.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) neighbor: Arc<Neighbor>,
    pub(crate) switch: Arc<watch::Sender<bool>>,
}

/// What a session agreed on, as far as routes are concerned.
pub(crate) struct Agreed {
    /// How messages of the peer are read.
    pub(crate) receive: Context,
    /// How messages to the peer are written.
    pub(crate) send: Context,
    /// The families in use.
    pub(crate) families: FamilySet,
    /// Where messages to the peer go.
    pub(crate) outlet: Outlet,
}

/// The owner's end of the way to a session; a new one each time that it is established, so that
/// nothing of an old session reaches a new one.
#[derive(Debug)]
pub(crate) struct Outlet {
    chunks: mpsc::Sender<Chunk>,
    starved: Arc<AtomicBool>,
    refresh: Arc<Notify>,
    teardown: Option<oneshot::Sender<Notification>>,
}

/// The session's end.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) chunks: mpsc::Receiver<Chunk>,
    /// None once it has spoken, or never will.
    pub(crate) teardown: Option<oneshot::Receiver<Notification>>,
    /// The peer is to be asked for its routes again.
    pub(crate) refresh: Arc<Notify>,
    starved: Arc<AtomicBool>,
}

/// Both ends of the way from the owner of the routes to a session.
pub(crate) fn outlet() -> (Outlet, Inlet) {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    let (end, teardown) = oneshot::channel();
    let starved = Arc::new(AtomicBool::new(false));
    let refresh = Arc::new(Notify::new());
    let outlet = Outlet {
        chunks: sender,
        starved: Arc::clone(&starved),
        refresh: Arc::clone(&refresh),
        teardown: Some(end),
    };
    let inlet = Inlet {
        chunks,
        teardown: Some(teardown),
        refresh,
        starved,
    };
    (outlet, inlet)
}

/// Whether a session takes another chunk.
pub(crate) enum Room<'a> {
    /// Yes, here.
    Here(mpsc::Permit<'a, Chunk>),
    /// Not before its [`Request::Writable`].
    Later,
    /// Never again.
    Gone,
}

impl Outlet {
    /// Room for a chunk. Where there is none, the session is told to say when there is.
    pub(crate) fn room(&self) -> Room<'_> {
        let refused = match self.chunks.try_reserve() {
            Ok(permit) => return Room::Here(permit),
            Err(refused) => refused,
        };
        if matches!(refused, mpsc::error::TrySendError::Closed(())) {
            return Room::Gone;
        }
        self.starved.store(true, Ordering::SeqCst);
        // The session may have made room before it could see that.
        match self.chunks.try_reserve() {
            Ok(permit) => Room::Here(permit),
            Err(_) => Room::Later,
        }
    }

    /// Has the peer asked for its routes again.
    pub(crate) fn request_refresh(&self) {
        self.refresh.notify_one();
    }

    /// Has the session ended; the peer is told why.
    pub(crate) fn tear_down(&mut self, why: Notification) {
        if let Some(end) = self.teardown.take() {
            // If it has ended already, nobody needs to be told.
            let _ = end.send(why);
        }
    }
}

impl Inlet {
    /// Whether the owner waits for room, which a chunk that was taken has just made.
    pub(crate) fn take_starved(&self) -> bool {
        self.starved.swap(false, Ordering::SeqCst)
    }
}
