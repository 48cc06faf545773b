//! Sessions and engine on one thread, without sockets: for tests and for those who embed a route
//! server into a loop of their own.

use std::collections::VecDeque;

use bytes::Bytes;
use routehub_exchange::{CheckedEstate, Event as EstateEvent, LiveLink};
use routehub_session::{ConnectionId, Down, Event, Negotiated, Output, Session};
use routehub_types::{Instant, PeerId};
use routehub_wire::{EncodeError, Notification};

use crate::{Effect, Engine, EngineError, Input, Profile};

/// The next thing to do or to know about a peer.
#[derive(Debug)]
pub enum Action {
    /// Open a TCP connection to the peer.
    Connect(ConnectionId),
    /// Send these bytes.
    Send(ConnectionId, Bytes),
    /// Close the connection once everything is sent.
    Close(ConnectionId),
    /// The session is established.
    Established(Box<Negotiated>),
    /// The session is no longer established.
    Down(Box<Down>),
    /// The engine could not do what a peer asked for.
    Failed(EngineError),
}

/// A route server without sockets.
///
/// One mutation, then drain [`poll`](Self::poll) to none, then sleep until
/// [`poll_timeout`](Self::poll_timeout):
///
/// ```
/// use std::collections::BTreeSet;
/// use std::net::Ipv4Addr;
/// use routehub::estate::{Nva, NvaSession, RouteServer as Spec, Vnet};
/// use routehub::{Estate, Profile, RouteServer};
/// use routehub_types::{Asn, Instant};
///
/// let profile = Profile::named("azure-2026")?;
/// let estate = Estate {
///     vnets: vec![Vnet {
///         name: "hub".into(),
///         address_space: vec!["10.0.0.0/16".parse()?],
///         ..Vnet::default()
///     }],
///     route_servers: vec![Spec {
///         ips: Some([[10, 0, 6, 4], [10, 0, 6, 5]].map(|ip| Ipv4Addr::from(ip).into())),
///         ..Spec::new("rs", "hub")
///     }],
///     nvas: vec![Nva {
///         sessions: vec![NvaSession::both("rs")],
///         ..Nva::new("nva", "hub", Ipv4Addr::new(10, 0, 4, 4), Asn(65001))
///     }],
///     ..Estate::default()
/// };
/// let live = BTreeSet::from(["nva".to_owned()]);
/// let mut server = RouteServer::new(&profile, estate.try_into()?, &live, 7)?;
/// let mut now = Instant::ZERO;
/// server.start(now);
/// for _ in 0..3 {
///     while let Some((peer, action)) = server.poll(now) {
///         println!("{peer}: {action:?}"); // hand it to the sockets
///     }
///     // Sleep until then, or until bytes come.
///     now = server.poll_timeout().unwrap_or(now);
///     server.handle_timeout(now);
/// }
/// assert_eq!(server.engine().peers().count(), 2); // both instances
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RouteServer {
    engine: Engine,
    sessions: Vec<Session>,
    actions: VecDeque<(PeerId, Action)>,
}

/// Why there is no route server.
#[derive(Debug, thiserror::Error)]
pub enum RouteServerError {
    /// What is modelled of the estate does not come to rest.
    #[error(transparent)]
    NotConverged(#[from] routehub_exchange::NotConverged),
    /// The OPEN of a session cannot be encoded.
    #[error(transparent)]
    Open(#[from] EncodeError),
}

impl RouteServer {
    /// The route servers, gateways and edges of an estate, for real routers that play the
    /// speakers named in `live`.
    ///
    /// # Errors
    /// [`RouteServerError`].
    pub fn new(
        profile: &Profile,
        estate: CheckedEstate,
        live: &std::collections::BTreeSet<String>,
        seed: u64,
    ) -> Result<Self, RouteServerError> {
        let engine = Engine::new(estate, profile.into(), live, seed)?;
        let session = |(id, link): (PeerId, &LiveLink)| {
            Session::new(profile.session_config(link), seed ^ u64::from(id.0))
        };
        let sessions = engine
            .peers()
            .map(session)
            .collect::<Result<_, EncodeError>>()?;
        Ok(Self {
            engine,
            sessions,
            actions: VecDeque::new(),
        })
    }

    /// The engine: every table can be asked for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The session with a peer.
    pub fn session(&self, peer: PeerId) -> Option<&Session> {
        self.sessions.get(peer.0 as usize)
    }

    /// Starts every session.
    pub fn start(&mut self, now: Instant) {
        for session in &mut self.sessions {
            session.handle_start(now);
        }
    }

    /// Stops every session; the peers are told the reason.
    pub fn stop(&mut self, now: Instant, reason: &Notification) {
        for session in &mut self.sessions {
            session.handle_stop(now, reason.clone());
        }
    }

    /// A peer opened a TCP connection; none: close it.
    #[must_use = "a connection that is refused must be closed"]
    pub fn handle_accepted(&mut self, now: Instant, peer: PeerId) -> Option<ConnectionId> {
        self.session_mut(peer)?.handle_accepted(now)
    }

    /// A connection that [`Action::Connect`] asked for is open, or could not be opened.
    pub fn handle_connected(&mut self, now: Instant, peer: PeerId, id: ConnectionId, open: bool) {
        if let Some(session) = self.session_mut(peer) {
            if open {
                session.handle_connected(now, id);
            } else {
                session.handle_connect_failed(now, id);
            }
        }
    }

    /// Bytes came from a peer.
    pub fn handle_bytes(&mut self, now: Instant, peer: PeerId, id: ConnectionId, bytes: &[u8]) {
        if let Some(session) = self.session_mut(peer) {
            session.handle_bytes(now, id, bytes);
        }
    }

    /// A connection took so many octets of what was sent.
    pub fn handle_written(&mut self, now: Instant, peer: PeerId, id: ConnectionId, octets: usize) {
        if let Some(session) = self.session_mut(peer) {
            session.handle_written(now, id, octets);
        }
    }

    /// A connection is closed.
    pub fn handle_closed(&mut self, now: Instant, peer: PeerId, id: ConnectionId) {
        if let Some(session) = self.session_mut(peer) {
            session.handle_closed(now, id);
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        for session in &mut self.sessions {
            if session.poll_timeout().is_some_and(|at| at <= now) {
                session.handle_timeout(now);
            }
        }
    }

    /// Something happens to the estate.
    ///
    /// # Errors
    /// [`EngineError`] if it names something unknown or the estate does not settle.
    pub fn handle_event(&mut self, now: Instant, event: &EstateEvent) -> Result<(), EngineError> {
        self.engine.handle(now, Input::Event(event))
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.sessions.iter().filter_map(Session::poll_timeout).min()
    }

    /// The next thing to do or to know.
    pub fn poll(&mut self, now: Instant) -> Option<(PeerId, Action)> {
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            self.drain_sessions(now);
            let worked = self.drain_engine(now);
            if self.actions.is_empty() && !worked {
                return None;
            }
        }
    }

    fn session_mut(&mut self, peer: PeerId) -> Option<&mut Session> {
        self.sessions.get_mut(peer.0 as usize)
    }

    /// Sessions first: their timers never wait for routes.
    fn drain_sessions(&mut self, now: Instant) {
        let Self {
            engine,
            sessions,
            actions,
        } = self;
        for (peer, session) in (0..).map(PeerId).zip(sessions) {
            while let Some(output) = session.poll(now) {
                let input = match &output {
                    Output::Update(view) => Some(Input::Update {
                        peer,
                        view: view.clone(),
                    }),
                    Output::Event(event) => Input::from_session(peer, event),
                    _ => None,
                };
                let handled = input.map_or(Ok(()), |input| engine.handle(now, input));
                let action = match output {
                    Output::Connect(connection) => Some(Action::Connect(connection)),
                    Output::Send(connection, bytes) => Some(Action::Send(connection, bytes)),
                    Output::Close(connection) => Some(Action::Close(connection)),
                    Output::Event(Event::Established(agreed)) => Some(Action::Established(agreed)),
                    Output::Event(Event::Down(down)) => Some(Action::Down(down)),
                    Output::Update(_) | Output::Event(_) => None,
                };
                let action = handled.map_or_else(|error| Some(Action::Failed(error)), |()| action);
                actions.extend(action.map(|action| (peer, action)));
            }
        }
    }

    /// Hands what the engine has for its peers to their sessions; says whether it had anything.
    fn drain_engine(&mut self, now: Instant) -> bool {
        let mut worked = false;
        while let Some(effect) = self.engine.poll() {
            worked = true;
            let (Effect::Ready(peer)
            | Effect::Unsendable { peer, .. }
            | Effect::RequestRefresh(peer)
            | Effect::BeyondMaximum { peer, .. }
            | Effect::SoftRefresh(peer)
            | Effect::Reset { peer, .. }
            | Effect::Switched { peer, .. }
            | Effect::LimitExceeded(peer)) = effect;
            let Some(session) = self.sessions.get_mut(peer.0 as usize) else {
                continue;
            };
            match effect {
                Effect::Ready(_) => {
                    while let Some(bytes) = self.engine.pull(peer)
                        && session.send_encoded(now, bytes).is_ok()
                    {}
                }
                Effect::Unsendable { .. } | Effect::BeyondMaximum { .. } => {}
                Effect::RequestRefresh(_) => {
                    // A session that is gone meanwhile needs no refresh.
                    let _ = session.request_refresh(now);
                }
                Effect::Switched { on: true, .. } => session.handle_start(now),
                Effect::Switched {
                    on: false, text, ..
                } => {
                    let why = Notification::ADMINISTRATIVE_SHUTDOWN;
                    session.handle_stop(now, told(why, text.as_deref()));
                }
                Effect::SoftRefresh(_) => {
                    // Likewise, and one that is not understood is not sent.
                    let _ = session.soft_refresh(now);
                }
                Effect::Reset { text, .. } => {
                    let why = told(Notification::ADMINISTRATIVE_RESET, text.as_deref());
                    session.hard_reset(now, why);
                }
                Effect::LimitExceeded(_) => {
                    session.hard_reset(now, Notification::MAXIMUM_PREFIXES);
                }
            }
        }
        worked
    }
}

/// A reason with the text that an operator gives it, if one does.
fn told(why: Notification, text: Option<&str>) -> Notification {
    match text {
        Some(text) => why.with_text(text),
        None => why,
    }
}
