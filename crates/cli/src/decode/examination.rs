//! Gives one message to a session that was brought to a state, with admission and Adj-RIB-In
//! behind it, and says what a correct speaker does.

use std::net::IpAddr;

use routehub_exchange::{leads_back, rules};
use routehub_policy::{Fallback, Outcome as PolicyOutcome, Policy, RouteMeta};
use routehub_rib::{
    Admission, Announcement, Applied, AttrStore, DecisionConfig, Rib, Source, SourceId,
    TooManySources,
};
use routehub_session::{ConnectionId, Event, Output, Session, SessionConfig, State};
use routehub_types::{Attrs, Instant, Nlri, RouteUpdate, RuleId, Update};
use routehub_wire::{
    Context, EncodeError, KEEPALIVE, Message, Notification, Open, Outcome, Packer, decode,
    encode_end_of_rib,
};

use super::session::{CaseSession, ExaminedState, UnknownRole};

/// Who speaks with whom, and where they are.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The session of the speaker that is examined.
    pub config: SessionConfig,
    /// Its address.
    pub local_address: IpAddr,
    /// The OPEN of the peer.
    pub peer: Open,
    /// The state it is brought to.
    pub state: ExaminedState,
    /// Routes that the peer has announced before.
    pub baseline: Vec<(Attrs, Vec<Nlri>)>,
}

/// What a speaker does with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Takes it in.
    Accept,
    /// Takes it in, without an attribute.
    AttributeDiscard,
    /// Treats the routes in it as withdrawn.
    TreatAsWithdraw,
    /// Keeps the routes in it out of its decision, by this rule.
    IgnoreRoute(RuleId),
    /// Does nothing.
    IgnoreMessage,
    /// Ends the session with this NOTIFICATION.
    Notification(Notification),
    /// Ends the session without a word.
    Close,
}

/// Why a message could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// An OPEN or the baseline cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// There is no room for a peer.
    #[error(transparent)]
    Sources(#[from] TooManySources),
    /// The session does not come to the state asked for: the two do not agree.
    #[error("the session does not come to the state asked for; it is in {0:?}")]
    State(State),
}

/// The speaker under examination.
struct Subject {
    session: Session,
    connection: ConnectionId,
    now: Instant,
    receive: Context,
    routes: Routes,
    collected: Collected,
}

/// What stands behind the session: admission and Adj-RIB-In.
struct Routes {
    rib: Rib,
    store: AttrStore,
    source: SourceId,
    admission: Policy,
}

/// What came of one message.
#[derive(Default)]
struct Collected {
    outcome: Option<Outcome>,
    applied: Applied,
    rejected_by: Option<RuleId>,
    with_path_ids: bool,
    sent: Option<Notification>,
    closed: bool,
}

impl Examination {
    /// The receiver of a case, brought to a state.
    ///
    /// # Errors
    /// There is no such role.
    pub fn of(session: &CaseSession, state: ExaminedState) -> Result<Self, UnknownRole> {
        let (local, peer) = session.asns();
        let config = SessionConfig {
            capabilities: session.local_capabilities()?,
            ..SessionConfig::new(local, peer, session.local_router_id)
        };
        Ok(Self {
            config,
            local_address: session.local_address,
            peer: session.peer_open(),
            state,
            baseline: vec![session.baseline()],
        })
    }

    /// What the speaker does with a message.
    ///
    /// # Errors
    /// [`ExamineError`] if the two do not even come to the state asked for.
    pub fn examine(&self, message: &[u8]) -> Result<Treatment, ExamineError> {
        let mut subject = self.subject()?;
        let wanted = match self.state {
            ExaminedState::OpenSent => State::OpenSent,
            ExaminedState::OpenConfirm => State::OpenConfirm,
            ExaminedState::Established => State::Established,
        };
        if self.state != ExaminedState::OpenSent {
            let mut open = Vec::new();
            self.peer.encode(&mut open)?;
            subject.give(&open);
        }
        if self.state == ExaminedState::Established {
            subject.give(&KEEPALIVE);
            let baseline = self.encode_baseline(&subject)?;
            subject.give(&baseline);
        }
        if subject.session.state() != wanted {
            return Err(ExamineError::State(subject.session.state()));
        }
        subject.collected = Collected::default();
        let ignored = subject.session.counters().ignored;
        subject.give(message);
        let ignored = subject.session.counters().ignored != ignored;
        Ok(subject.collected.treatment(ignored))
    }

    /// The peer's earlier routes, written as the peer would: what we receive, it sends.
    fn encode_baseline(&self, subject: &Subject) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::new();
        let receive = &subject.receive;
        let context = Context {
            add_path_send: receive.add_path_receive,
            ..*receive
        };
        let mut packer = Packer::new(&context);
        for (attrs, routes) in &self.baseline {
            packer.announce(attrs, routes, &mut bytes)?;
        }
        encode_end_of_rib(routehub_types::Family::Ipv4, &mut bytes);
        Ok(bytes)
    }

    fn subject(&self) -> Result<Subject, ExamineError> {
        let config = SessionConfig {
            passive: true,
            ..self.config.clone()
        };
        let mut session = Session::new(config, 0)?;
        let now = Instant::from_millis(1);
        session.handle_start(now);
        let connection = session.handle_accepted(now);
        let connection = connection.ok_or(ExamineError::State(session.state()))?;
        let mut rib = Rib::new(0, DecisionConfig::rfc4271());
        let source = rib.add_source(Source::default())?;
        let mut subject = Subject {
            session,
            connection,
            now,
            receive: Context::default(),
            routes: Routes {
                rib,
                store: AttrStore::new(0),
                source,
                admission: self.admission(),
            },
            collected: Collected::default(),
        };
        subject.drain();
        Ok(subject)
    }

    /// Routes that lead back to the speaker itself: the same rules that an exchange has.
    fn admission(&self) -> Policy {
        let config = &self.config;
        let internal = config.peer.is_internal().then_some(config.local_router_id);
        let (asn, addresses) = (Some(config.local_asn), [self.local_address]);
        let rules = leads_back(asn, &addresses, internal, rules::OWN_AS_IN_PATH);
        Policy::compile(rules, Fallback::Accept(rules::NONE))
    }
}

impl Subject {
    /// Gives bytes to the session and sees what comes of them.
    fn give(&mut self, bytes: &[u8]) {
        self.session.handle_bytes(self.now, self.connection, bytes);
        self.drain();
    }

    fn drain(&mut self) {
        let collected = &mut self.collected;
        while let Some(output) = self.session.poll(self.now) {
            match output {
                Output::Send(_, bytes) => collected.sent(&bytes),
                Output::Close(_) => collected.closed = true,
                Output::Event(Event::Established(negotiated)) => {
                    self.receive = negotiated.receive;
                }
                Output::Update(view) => {
                    collected.outcome = Some(view.outcome());
                    // A session lends no UPDATE that resets it.
                    for update in view.to_updates().into_iter().flatten() {
                        self.routes.apply(&update, collected);
                    }
                }
                Output::Connect(_) | Output::Event(_) => {}
            }
        }
    }
}

impl Routes {
    fn apply(&mut self, received: &RouteUpdate, collected: &mut Collected) {
        let update = Update {
            withdrawn: &received.withdrawn,
            attrs: self.store.intern(&received.attrs),
            announced: &received.announced,
        };
        let mut withdrawn = received.withdrawn.iter();
        collected.with_path_ids |= withdrawn.any(|nlri| nlri.path_id.is_some());
        let admission = &self.admission;
        let rejected_by = &mut collected.rejected_by;
        let admit = |store: &mut AttrStore, route: &Announcement| {
            let attrs = store.attrs(route.attrs);
            let verdict = admission.evaluate(&attrs, route.prefix, &RouteMeta::default());
            match verdict.outcome {
                PolicyOutcome::Accept { .. } => Admission::Accept(route.attrs),
                PolicyOutcome::Reject => {
                    *rejected_by = Some(verdict.rule);
                    Admission::Reject(verdict.rule)
                }
            }
        };
        let (store, source) = (&mut self.store, self.source);
        let applied = self.rib.apply(store, source, &update, admit, |_, _| {});
        let sum = &mut collected.applied;
        sum.announced += applied.announced;
        sum.rejected += applied.rejected;
        sum.withdrawn += applied.withdrawn;
        sum.unknown += applied.unknown;
    }
}

impl Collected {
    fn sent(&mut self, bytes: &[u8]) {
        if let Ok(Message::Notification(sent)) = decode(bytes, &Context::default()) {
            self.sent = Some(sent);
        }
    }

    fn treatment(self, ignored: bool) -> Treatment {
        let Applied {
            announced,
            rejected,
            withdrawn,
            unknown,
            ..
        } = self.applied;
        if let Some(sent) = self.sent {
            return Treatment::Notification(sent);
        }
        if self.closed {
            return Treatment::Close;
        }
        // RFC 7911 section 5: a path id that was never announced.
        let unknown_paths = self.with_path_ids && unknown > 0 && announced + withdrawn == 0;
        if ignored || unknown_paths {
            return Treatment::IgnoreMessage;
        }
        match (self.outcome, self.rejected_by) {
            (Some(Outcome::TreatAsWithdraw), _) => Treatment::TreatAsWithdraw,
            (_, Some(rule)) if rejected == announced => Treatment::IgnoreRoute(rule),
            (Some(Outcome::AttributeDiscard), _) => Treatment::AttributeDiscard,
            _ => Treatment::Accept,
        }
    }
}
