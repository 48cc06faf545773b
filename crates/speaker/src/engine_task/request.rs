//! What sessions and users ask of the engine task.

use std::collections::BTreeMap;

use routehub::types::PeerId;
use routehub::{Engine, EngineError, Event, NotConverged, ReloadedEngine};
use routehub_session::{Event as SessionEvent, Negotiated};
use routehub_wire::CheckedUpdates;
use tokio::sync::oneshot;

use super::outbound::Peer;
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
