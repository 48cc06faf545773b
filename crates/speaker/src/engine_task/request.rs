//! What sessions and users ask of the engine task.

use std::sync::Arc;

use routehub::types::PeerId;
use routehub::{Engine, EngineError, Event, NotConverged, ReloadedEngine};
use routehub_session::{Event as SessionEvent, Negotiated};
use routehub_wire::CheckedUpdates;
use tokio::sync::{oneshot, watch};

use super::outbound::OutboundSender;
use crate::Neighbor;

/// The engine task's inbox: requests of all sessions, in the order of each.
pub(crate) enum Request {
    /// A session is established, and messages to its peer go there.
    Established(PeerId, Box<Negotiated>, OutboundSender),
    /// Something else happened in a session.
    Session(PeerId, SessionEvent),
    /// The UPDATEs of one read.
    Updates(PeerId, CheckedUpdates),
    /// The session has capacity for chunks again.
    Writable(PeerId),
    /// Apply an event to the estate.
    Event(Box<Event>, oneshot::Sender<Result<(), EngineError>>),
    /// Replace the engine.
    Reload(Box<Reload>, oneshot::Sender<Result<(), NotConverged>>),
    /// Read from the engine.
    Ask(Box<dyn FnOnce(&Engine) + Send>),
}

/// The engine that replaces the present one, and its neighbours.
pub(crate) struct Reload {
    pub(crate) engine: ReloadedEngine,
    pub(crate) neighbors: Neighbors,
}

/// Neighbours by their [`PeerId`]; an id may be free.
pub(crate) type Neighbors = Vec<Option<PeerHandle>>;

/// A neighbour, and the switch by which events start and stop its session.
#[derive(Clone)]
pub(crate) struct PeerHandle {
    pub(crate) neighbor: Arc<Neighbor>,
    pub(crate) switch: Arc<watch::Sender<bool>>,
}
