//! What sessions and users ask of the engine task.

use std::sync::Arc;

use bytes::Bytes;
use routehub::types::{Family, FamilySet, PeerId};
use routehub::{Engine, EngineError, Event, NotConverged, ReloadedEngine};
use routehub_session::RunEnd;
use routehub_wire::Context;
use tokio::sync::{oneshot, watch};

use super::outbound::OutboundSender;
use crate::Neighbor;

/// The engine task's inbox: requests of all sessions, in the order of each.
pub(crate) enum Request {
    /// A session is established.
    Established(PeerId, Box<EstablishedPeer>),
    /// UPDATEs as they were received, one behind the other.
    Updates(PeerId, Bytes),
    /// A run of UPDATEs is over.
    RunEnded(PeerId, RunEnd),
    /// The peer sent the End-of-RIB marker of a family (RFC 4724).
    EndOfRib(PeerId, Family),
    /// The peer sent a ROUTE-REFRESH request for a family (RFC 2918).
    Refresh(PeerId, Family),
    /// The peer's routes of a family are stale.
    MarkStale(PeerId, Family),
    /// The peer's routes that are still stale are removed.
    SweepStale(PeerId, Family),
    /// The session has capacity for chunks again.
    Writable(PeerId),
    /// A session is no longer established; code and subcode of the NOTIFICATION that was sent.
    Down(PeerId, Option<(u8, u8)>),
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

/// What the routes of an established session need to know of it.
pub(crate) struct EstablishedPeer {
    /// How messages of the peer are read.
    pub(crate) receive: Context,
    /// How messages to the peer are written.
    pub(crate) send: Context,
    /// The families in use.
    pub(crate) families: FamilySet,
    /// Where messages to the peer go.
    pub(crate) outbound: OutboundSender,
}
