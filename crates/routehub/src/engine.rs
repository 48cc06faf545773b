//! The engine of a live estate: routes in, routes out; no sessions, no sockets, no clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use routehub_exchange::estate::OverLimit;
use routehub_exchange::{
    Changes, CheckedEstate, ClearDirection, Encoding, Event, EventError, Exchange, LimitExceeded,
    LinkId, LiveLink, NotConverged, Parameters, SessionOrder,
};
use routehub_rib::Pull;
use routehub_session::Event as SessionEvent;
use routehub_types::{Family, FamilySet, Instant, Nlri, PeerId, Prefix};
use routehub_wire::{Context, Packer, UpdateView};

use crate::encoding::PeerEncoding;
use crate::refresh_marks::RefreshMarks;
use crate::update_reader::UpdateReader;

/// Prefixes that one call looks at for each export group, so that sessions get their turn.
const FLUSH_BUDGET: usize = 4096;

/// What the engine is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// A session is established.
    Established {
        /// With whom.
        peer: PeerId,
        /// How messages to the peer are written.
        send: Context,
        /// The families agreed on.
        families: FamilySet,
        /// Whether the peer takes long-lived stale routes (RFC 9494 section 4.3).
        long_lived: bool,
    },
    /// A session is no longer established.
    Down {
        /// With whom.
        peer: PeerId,
        /// Code and subcode of the NOTIFICATION that ended it.
        notification: Option<(u8, u8)>,
        /// The families whose routes stay and are stale (RFC 4724 section 4.2).
        retained: FamilySet,
    },
    /// An UPDATE came.
    Update {
        /// From whom.
        peer: PeerId,
        /// The message.
        view: UpdateView<'a>,
    },
    /// A run of UPDATEs is over.
    RunEnded {
        /// Whose.
        peer: PeerId,
    },
    /// The peer wants all routes of a family again.
    RefreshRequested {
        /// Who.
        peer: PeerId,
        /// Of which family.
        family: Family,
    },
    /// The routes of the peer in a family are stale from here on.
    MarkStale {
        /// Whose.
        peer: PeerId,
        /// Of which family.
        family: Family,
    },
    /// The stale routes of the peer in a family are long-lived stale from here on (RFC 9494).
    LongLivedStale {
        /// Whose.
        peer: PeerId,
        /// Of which family.
        family: Family,
    },
    /// Routes of the peer in a family that are still stale go.
    SweepStale {
        /// Whose.
        peer: PeerId,
        /// Of which family.
        family: Family,
    },
    /// Routes of the peer in a family that are still long-lived stale go, and what became stale
    /// later stays (RFC 9494 section 4.2).
    SweepLongLivedStale {
        /// Whose.
        peer: PeerId,
        /// Of which family.
        family: Family,
    },
    /// Something happens to the estate.
    Event(&'a Event),
}

impl Input<'_> {
    /// What an engine needs to know of an event of a peer's session, if it concerns routes.
    pub fn from_session(peer: PeerId, event: &SessionEvent) -> Option<Self> {
        Some(match *event {
            SessionEvent::Established(ref agreed) => Self::Established {
                peer,
                send: agreed.send,
                families: agreed.families,
                long_lived: agreed.takes_long_lived,
            },
            SessionEvent::Down(ref down) => {
                let sent = down.sent.as_ref();
                let notification = sent.map(|sent| (sent.code, sent.subcode));
                Self::Down {
                    peer,
                    notification,
                    retained: down.retained,
                }
            }
            SessionEvent::RunEnded(_) => Self::RunEnded { peer },
            SessionEvent::RefreshRequested(family) => Self::RefreshRequested { peer, family },
            SessionEvent::MarkStale(family) => Self::MarkStale { peer, family },
            SessionEvent::SweepStale(family, _) => Self::SweepStale { peer, family },
            SessionEvent::SweepLongLivedStale(family) => Self::SweepLongLivedStale { peer, family },
            SessionEvent::LongLivedStale(family, _) => Self::LongLivedStale { peer, family },
            SessionEvent::EndOfRib(_) | SessionEvent::AttemptFailed(_) => return None,
        })
    }
}

/// What the engine asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// There is something to [`pull`](Engine::pull) for this peer.
    Ready(PeerId),
    /// The peer announced more routes than it may: its session has to end with Cease, maximum
    /// number of prefixes reached.
    LimitExceeded(PeerId),
    /// An event switched the session with this peer off, or on again: until then it is not held.
    Switched {
        /// The peer.
        peer: PeerId,
        /// Whether its session is to be held.
        on: bool,
        /// What the peer is told of it (RFC 9003).
        text: Option<String>,
    },
    /// The peer announced more routes than it may, and its session goes on; with the action
    /// `discard` further prefixes are refused. Nothing is to be done.
    BeyondMaximum {
        /// The peer.
        peer: PeerId,
        /// What is done.
        action: OverLimit,
        /// By how much.
        exceeded: LimitExceeded,
    },
    /// The session with this peer has to end with Cease, administrative reset, and begins anew.
    Reset {
        /// The peer.
        peer: PeerId,
        /// What the peer is told of it (RFC 9003).
        text: Option<String>,
    },
    /// The peer is to be asked for all its routes again, if it understands that.
    SoftRefresh(PeerId),
    /// These routes are kept back from the peer because no message to it can hold them; those that
    /// it had are withdrawn from it (RFC 4271 section 9.1.3, RFC 8654 section 4). Nothing is to be
    /// done.
    Unsendable {
        /// The peer.
        peer: PeerId,
        /// Their prefixes.
        prefixes: Vec<Prefix>,
    },
    /// The peer is to be asked for all its routes again; one that does not understand that is to
    /// be reset.
    RequestRefresh(PeerId),
}

impl Effect {
    /// Whose session it is about.
    pub const fn peer(&self) -> PeerId {
        match self {
            Self::Ready(peer)
            | Self::LimitExceeded(peer)
            | Self::SoftRefresh(peer)
            | Self::RequestRefresh(peer)
            | Self::Switched { peer, .. }
            | Self::BeyondMaximum { peer, .. }
            | Self::Reset { peer, .. }
            | Self::Unsendable { peer, .. } => *peer,
        }
    }
}

/// Why an input had no or not all effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is no such peer.
    #[error("there is no {0}")]
    UnknownPeer(PeerId),
    /// The event could not be applied.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The estate does not come to rest any more.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
}

/// A peer that a real router plays.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) link: LiveLink,
    pub(crate) packer: Option<Packer>,
    pub(crate) marks: RefreshMarks,
    /// Waits in the queue of effects.
    ready: bool,
    /// An event switched its session off.
    pub(crate) off: bool,
    /// What it is told when it is switched off.
    off_text: Option<String>,
}

impl Peer {
    pub(crate) fn new(link: LiveLink) -> Self {
        Self {
            link,
            packer: None,
            marks: RefreshMarks::default(),
            ready: false,
            off: false,
            off_text: None,
        }
    }
}

/// Puts a peer at a place, which is made where there is none.
pub(crate) fn put(peers: &mut Vec<Option<Peer>>, index: usize, link: LiveLink) -> &LiveLink {
    if peers.len() <= index {
        peers.resize_with(index + 1, || None);
    }
    &peers[index].insert(Peer::new(link)).link
}

/// The engine: give it [`Input`]s, drain [`poll`](Self::poll), and [`pull`](Self::pull) for the
/// peers that are ready and can be written to.
///
/// A peer that is not written to costs an entry for each prefix that changes, however often it
/// changes: nothing is queued for it until it is pulled.
#[derive(Debug)]
pub struct Engine {
    pub(crate) exchange: Exchange,
    /// By number; a number may be free.
    pub(crate) peers: Vec<Option<Peer>>,
    pub(crate) effects: VecDeque<Effect>,
    reader: UpdateReader,
    nlri: Vec<Nlri>,
}

impl Engine {
    /// The engine of an estate in which real routers play the speakers named in `live`.
    ///
    /// # Errors
    /// [`NotConverged`] if what is modelled of the estate does not come to rest.
    pub fn new(
        estate: CheckedEstate,
        parameters: Parameters,
        live: &BTreeSet<String>,
        seed: u64,
    ) -> Result<Self, NotConverged> {
        let exchange = Exchange::new(estate, parameters, live, seed)?;
        let links = exchange.live_links().into_iter();
        let peers = links.map(|link| Some(Peer::new(link))).collect();
        Ok(Self::with(exchange, peers))
    }

    pub(crate) fn with(exchange: Exchange, peers: Vec<Option<Peer>>) -> Self {
        Self {
            exchange,
            peers,
            effects: VecDeque::new(),
            reader: UpdateReader::default(),
            nlri: Vec::new(),
        }
    }

    /// Everyone that a session is to be held with.
    pub fn peers(&self) -> impl Iterator<Item = (PeerId, &LiveLink)> {
        let places = (0..).map(PeerId).zip(&self.peers);
        places.filter_map(|(id, peer)| Some((id, &peer.as_ref()?.link)))
    }

    /// What a peer is to the estate.
    pub fn peer(&self, id: PeerId) -> Option<&LiveLink> {
        Some(&self.peers.get(id.0 as usize)?.as_ref()?.link)
    }

    /// What is known and modelled: every table can be asked for.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Writes down what changes from here on, for who follows the fabric.
    pub fn keep_journal(&mut self) {
        self.exchange.keep_journal();
    }

    /// What changed since the last call; nothing if no journal is kept.
    pub fn take_changes(&mut self) -> Changes {
        self.exchange.take_changes()
    }

    /// Takes an input in.
    ///
    /// # Errors
    /// [`EngineError`]; the engine goes on working.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Result<(), EngineError> {
        match input {
            Input::Established {
                peer,
                send,
                families,
                long_lived,
            } => {
                let context = Context { families, ..send };
                let encoding = PeerEncoding {
                    context,
                    long_lived,
                };
                self.established(peer, encoding)?;
            }
            Input::Down {
                peer,
                notification,
                retained,
            } => {
                let sent_to = self.peer_mut(peer)?;
                sent_to.packer = None;
                sent_to.ready = false;
                let link = sent_to.link.link;
                self.exchange.link_down(link, notification, retained)?;
            }
            Input::Update { peer, view } => {
                let link = self.link(peer)?;
                let exchange = &mut self.exchange;
                if !self.reader.deliver(&view, now, link, exchange)? {
                    self.effects.push_back(Effect::LimitExceeded(peer));
                }
                self.carry_out_orders();
            }
            Input::RunEnded { peer } => {
                let link = self.link(peer)?;
                self.exchange.end_run(link);
            }
            Input::RefreshRequested { peer, family } => {
                let link = self.link(peer)?;
                self.send_again(peer, link, family);
            }
            Input::MarkStale { peer, family } => {
                let link = self.link(peer)?;
                self.exchange.mark_stale(link, family);
            }
            Input::LongLivedStale { peer, family } => {
                let link = self.link(peer)?;
                self.exchange.mark_long_lived(link, family)?;
            }
            Input::SweepStale { peer, family } => {
                let link = self.link(peer)?;
                self.exchange.sweep_stale(link, family)?;
            }
            Input::SweepLongLivedStale { peer, family } => {
                let link = self.link(peer)?;
                self.exchange.sweep_long_lived(link, family)?;
            }
            Input::Event(event) => self.apply_event(event)?,
        }
        Ok(())
    }

    fn established(&mut self, peer: PeerId, encoding: PeerEncoding) -> Result<(), EngineError> {
        let Context {
            families,
            enhanced_refresh,
            ..
        } = encoding.context;
        let sent_to = self.peer_mut(peer)?;
        sent_to.packer = Some(Packer::new(&encoding.context));
        sent_to.marks = RefreshMarks::new(enhanced_refresh);
        sent_to.ready = false;
        let link = sent_to.link.link;
        let encoding: Arc<dyn Encoding> = Arc::new(encoding);
        self.exchange.link_up(link, &encoding, families)?;
        self.ready(peer);
        Ok(())
    }

    fn apply_event(&mut self, event: &Event) -> Result<(), EngineError> {
        self.exchange.apply_event(event)?;
        if event.describes_anew() {
            self.follow_links();
        }
        self.request_refreshes();
        self.carry_out_orders();
        self.switch();
        Ok(())
    }

    /// The next thing that the engine asks for. Also does a share of the work on routes that
    /// wait: call it until there is none.
    pub fn poll(&mut self) -> Option<Effect> {
        loop {
            if let Some(effect) = self.effects.pop_front() {
                return Some(effect);
            }
            let mut ready = Vec::new();
            let more = self.exchange.flush(FLUSH_BUDGET, |link| ready.push(link));
            for link in ready {
                if let Some(peer) = self.peer_of(link) {
                    self.ready(peer);
                }
            }
            self.tell_unsendable();
            if self.effects.is_empty() && !more {
                return None;
            }
        }
    }

    /// The next thing that the engine asks for and that is known already: does no work on routes.
    pub fn waiting_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The next encoded messages for a peer; none if it knows everything. Members of an export
    /// group share the bytes.
    pub fn pull(&mut self, peer: PeerId) -> Option<Bytes> {
        let sent_to = self.peers.get_mut(peer.0 as usize)?.as_mut()?;
        sent_to.ready = false;
        let packer = sent_to.packer.as_mut()?;
        if let Some(mark) = sent_to.marks.take_begin() {
            return Some(mark);
        }
        let link = sent_to.link.link;
        loop {
            let (attrs, ticket) = match self.exchange.pull(link) {
                Pull::Idle => return None,
                Pull::Complete(family) => return Some(sent_to.marks.end(family)),
                Pull::Routes(routes) => {
                    if let Some(encoded) = routes.encoded {
                        return Some(encoded.clone());
                    }
                    self.nlri.clear();
                    let path_id = routes.path_id;
                    let prefixes = routes.prefixes.iter();
                    self.nlri
                        .extend(prefixes.map(|prefix| Nlri { prefix, path_id }));
                    (routes.attrs, routes.ticket)
                }
            };
            let mut out = Vec::new();
            let packed = match attrs {
                Some(attrs) => {
                    let attrs = self.exchange.sent_attrs(link, attrs);
                    packer.announce(&attrs, &self.nlri, &mut out)
                }
                None => packer.withdraw(&self.nlri, &mut out),
            };
            // What does not fit a message is kept back before it comes here. Should a set be of a
            // kind that has no encoding at all, the peer must not go on with what it had.
            if packed.is_err() && packer.withdraw(&self.nlri, &mut out).is_err() {
                continue;
            }
            let bytes = Bytes::from(out);
            if let Some(ticket) = ticket {
                self.exchange.keep_encoded(link, ticket, bytes.clone());
            }
            return Some(bytes);
        }
    }

    pub(crate) fn ready(&mut self, peer: PeerId) {
        if let Ok(sent_to) = self.peer_mut(peer)
            && !std::mem::replace(&mut sent_to.ready, true)
        {
            self.effects.push_back(Effect::Ready(peer));
        }
    }

    /// Says what is kept back because no message can hold it.
    fn tell_unsendable(&mut self) {
        let mut by_link: BTreeMap<LinkId, Vec<Prefix>> = BTreeMap::new();
        for (link, prefix) in self.exchange.take_unsendable() {
            by_link.entry(link).or_default().push(prefix);
        }
        for (link, prefixes) in by_link {
            if let Some(peer) = self.peer_of(link) {
                self.effects
                    .push_back(Effect::Unsendable { peer, prefixes });
            }
        }
    }

    /// Asks for what an event has to be done to sessions.
    fn carry_out_orders(&mut self) {
        for (link, order) in self.exchange.take_orders() {
            let Some(peer) = self.peer_of(link) else {
                continue;
            };
            match order {
                SessionOrder::Reset(text) => self.effects.push_back(Effect::Reset { peer, text }),
                SessionOrder::Shutdown(text) => {
                    if let Ok(peer) = self.peer_mut(peer) {
                        peer.off_text = text;
                    }
                }
                SessionOrder::Enable => self.enable(peer),
                SessionOrder::SoftClear(direction) => self.soft_clear(peer, link, direction),
                SessionOrder::BeyondMaximum(action, exceeded) => {
                    self.effects.push_back(Effect::BeyondMaximum {
                        peer,
                        action,
                        exceeded,
                    });
                }
            }
        }
    }

    /// Has a session held again that ended because of too many routes. One that an event switched
    /// off is told of by [`switch`](Self::switch).
    fn enable(&mut self, peer: PeerId) {
        if self.peer_mut(peer).is_ok_and(|peer| !peer.off) {
            self.effects.push_back(Effect::Switched {
                peer,
                on: true,
                text: None,
            });
        }
    }

    fn soft_clear(&mut self, peer: PeerId, link: LinkId, direction: ClearDirection) {
        if direction.is_in() {
            self.effects.push_back(Effect::SoftRefresh(peer));
        }
        if direction.is_out() {
            for family in Family::ALL {
                self.send_again(peer, link, family);
            }
        }
    }

    /// Has a peer sent all routes of a family again.
    fn send_again(&mut self, peer: PeerId, link: LinkId, family: Family) {
        if let Ok(peer) = self.peer_mut(peer) {
            peer.marks.refresh(family);
        }
        self.exchange.refresh(link, family);
        self.ready(peer);
    }

    /// Asks for the sessions that an event switched off or on.
    fn switch(&mut self) {
        for (id, peer) in (0..).map(PeerId).zip(&mut self.peers) {
            let Some(peer) = peer else { continue };
            let off = self.exchange.is_switched_off(peer.link.link);
            if std::mem::replace(&mut peer.off, off) != off {
                let text = peer.off_text.take();
                let (peer, on) = (id, !off);
                self.effects.push_back(Effect::Switched { peer, on, text });
            }
        }
    }

    pub(crate) fn request_refreshes(&mut self) {
        for link in self.exchange.take_refreshes() {
            if let Some(peer) = self.peer_of(link) {
                self.effects.push_back(Effect::RequestRefresh(peer));
            }
        }
    }

    pub(crate) fn peer_of(&self, link: LinkId) -> Option<PeerId> {
        let mut peers = self.peers();
        let (id, _) = peers.find(|(_, live)| live.link == link)?;
        Some(id)
    }

    fn link(&self, peer: PeerId) -> Result<LinkId, EngineError> {
        let live = self.peer(peer).ok_or(EngineError::UnknownPeer(peer))?;
        Ok(live.link)
    }

    pub(crate) fn peer_mut(&mut self, peer: PeerId) -> Result<&mut Peer, EngineError> {
        let found = self.peers.get_mut(peer.0 as usize);
        found
            .and_then(Option::as_mut)
            .ok_or(EngineError::UnknownPeer(peer))
    }
}
