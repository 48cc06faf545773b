//! A row of the conformance table, and what holds it.

use routehub_session::fsm::{Action, Attributes, transition};
use routehub_session::{FsmEvent, State};
use routehub_wire::MessageType;

use crate::common::{Seen, notifications};
use crate::stage::{Raised, Stage};

/// What the transition turns on besides state and event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Plain,
    Passive,
    Undamped,
    IdleHoldRunning,
    DelayOpen,
    Delaying,
    DelayingNotifying,
    Graceful,
    CollisionDetect,
}

impl Condition {
    pub(crate) fn attributes(self) -> Attributes {
        let mut attributes = Attributes::default();
        match self {
            Self::Plain | Self::Undamped => {}
            Self::Passive => attributes.passive = true,
            Self::IdleHoldRunning => attributes.idle_hold_running = true,
            Self::DelayOpen => attributes.delay_open = true,
            Self::Delaying => {
                attributes.delay_open = true;
                attributes.delay_open_running = true;
            }
            Self::DelayingNotifying => {
                attributes.delay_open = true;
                attributes.delay_open_running = true;
                attributes.notify_without_open = true;
            }
            Self::Graceful => attributes.peer_restarts_gracefully = true,
            Self::CollisionDetect => attributes.collision_detect_established = true,
        }
        attributes
    }

    /// In the words of the document.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Plain | Self::Undamped => "",
            Self::Passive => "PassiveTcpEstablishment",
            Self::IdleHoldRunning => "IdleHoldTimer runs",
            Self::DelayOpen => "DelayOpen",
            Self::Delaying => "DelayOpenTimer runs",
            Self::DelayingNotifying => "DelayOpenTimer runs, SendNOTIFICATIONwithoutOPEN",
            Self::Graceful => "the peer restarts gracefully",
            Self::CollisionDetect => "CollisionDetectEstablishedState",
        }
    }
}

/// One row: what the RFC asks for.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) state: State,
    pub(crate) event: FsmEvent,
    pub(crate) condition: Condition,
    pub(crate) actions: &'static [Action],
    pub(crate) next: State,
    /// Why no input raises the event in this state.
    pub(crate) never: Option<&'static str>,
}

/// Writes the rows of a state, with a test for each.
macro_rules! rows {
    (@never live) => { None };
    (@never never $why:literal) => { Some($why) };
    ($state:ident $($name:ident: $event:ident, $condition:ident
        => [$($action:ident),*], $next:ident, $how:ident $($why:literal)?;)*) => {
        pub(crate) const ROWS: &[crate::table::Row] = &[$(crate::table::Row {
            name: stringify!($name),
            state: routehub_session::State::$state,
            event: routehub_session::FsmEvent::$event,
            condition: crate::table::Condition::$condition,
            actions: &[$(routehub_session::fsm::Action::$action),*],
            next: routehub_session::State::$next,
            never: rows!(@never $how $($why)?),
        }),*];

        $(#[test]
        fn $name() {
            crate::table::check(ROWS, stringify!($name));
        })*
    };
}
pub(crate) use rows;

/// Checks a row: the transition itself, then a session that the event is raised in.
pub(crate) fn check(rows: &[Row], name: &str) {
    let row = rows.iter().find(|row| row.name == name).expect("a row");
    let step = transition(row.state, row.event, &row.condition.attributes());
    assert_eq!(step.actions, row.actions, "what is done");
    assert_eq!(step.next, row.next, "the state afterwards");
    if row.never.is_none() {
        let raised = Stage::new(row.state, row.event, row.condition).raise(row.event);
        check_raised(row, &raised);
    }
}

fn check_raised(row: &Row, raised: &Raised) {
    let does = |action| row.actions.contains(&action);
    let Raised { seen, id, .. } = raised;
    let mine: Vec<Seen> = seen
        .iter()
        .filter(|one| match one {
            Seen::Sent(of, _) | Seen::Closed(of) => Some(*of) == *id,
            _ => true,
        })
        .cloned()
        .collect();
    let wanted: &[MessageType] = match (
        does(Action::SendOpen),
        does(Action::SendKeepalive),
        does(Action::SendNotification),
    ) {
        (true, true, false) => &[MessageType::Open, MessageType::Keepalive],
        (true, false, false) => &[MessageType::Open],
        (false, true, false) => &[MessageType::Keepalive],
        (false, false, true) => &[MessageType::Notification],
        (false, false, false) => &[],
        _ => panic!("no transition sends that"),
    };
    assert_eq!(crate::common::sent(&mine), wanted, "{seen:?}");
    if does(Action::SendNotification) {
        let error = expected_error(row.state, row.event);
        let sent = notifications(&mine);
        assert_eq!((sent[0].0, sent[0].1), (error.0, error.1), "{sent:?}");
        assert_eq!(sent[0].2, error.2, "{sent:?}");
    }
    check_connections(row, raised, &mine);
    let connects = seen.iter().filter(|one| matches!(one, Seen::Connect(_)));
    assert_eq!(
        connects.count(),
        usize::from(does(Action::Dial)),
        "{seen:?}"
    );
    let counter = match (does(Action::ZeroRetryCounter), does(Action::CountRetry)) {
        (true, _) => 0,
        (false, true) => raised.counter_before + 1,
        (false, false) => raised.counter_before,
    };
    assert_eq!(raised.session.connect_retry_counter(), counter);
}

fn check_connections(row: &Row, raised: &Raised, mine: &[Seen]) {
    let does = |action| row.actions.contains(&action);
    let Raised {
        seen, id, session, ..
    } = raised;
    let own = session.connections().find(|one| Some(one.0) == *id);
    if does(Action::Drop) {
        assert!(own.is_none(), "dropped: {seen:?}");
        let closes = id.is_some() && row.event != FsmEvent::TcpConnectionFails;
        let closed = mine.iter().filter(|one| matches!(one, Seen::Closed(_)));
        assert_eq!(closed.count(), usize::from(closes), "{seen:?}");
        let at = |test: fn(&Seen) -> bool| mine.iter().position(test);
        let told = at(|one| matches!(one, Seen::Sent(_, bytes) if bytes[18] == 3));
        assert!(told < at(|one| matches!(one, Seen::Closed(_))) || told.is_none());
    }
    assert_eq!(raised.refused, does(Action::Refuse));
    if does(Action::TrackSecond) {
        assert_eq!(session.connections().count(), 2);
    }
    match own {
        Some((_, _, state)) => assert_eq!(state, row.next),
        None if session.connections().count() > 0 => assert_eq!(raised.others, 1),
        None => assert_eq!(session.state(), row.next, "{seen:?}"),
    }
}

/// Code, subcode and data of the NOTIFICATION for an event in a state.
fn expected_error(state: State, event: FsmEvent) -> (u8, u8, Vec<u8>) {
    let subcode = match state {
        State::OpenSent => 1,
        State::OpenConfirm => 2,
        _ => 3,
    };
    let unexpected = |message: u8| (5, subcode, vec![message]);
    match event {
        FsmEvent::ManualStop => (6, 2, Vec::new()),
        FsmEvent::AutomaticStop => (6, 1, Vec::new()),
        FsmEvent::HoldTimerExpires => (4, 0, Vec::new()),
        FsmEvent::SendHoldTimerExpires => (8, 0, Vec::new()),
        FsmEvent::BgpHeaderErr => (1, 2, vec![0, 18]),
        FsmEvent::BgpOpenMsgErr if state != State::Established => (2, 1, vec![0, 4]),
        FsmEvent::UpdateMsgErr => (3, 1, Vec::new()),
        FsmEvent::OpenCollisionDump => (6, 7, Vec::new()),
        FsmEvent::BgpOpen | FsmEvent::BgpOpenMsgErr => unexpected(1),
        FsmEvent::UpdateMsg => unexpected(2),
        FsmEvent::KeepAliveMsg => unexpected(4),
        FsmEvent::RouteRefreshMsg => unexpected(5),
        other => panic!("{other} calls for no NOTIFICATION"),
    }
}
