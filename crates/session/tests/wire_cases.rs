//! The catalogue of malformed and odd messages, given to a session that was brought to the state of
//! the case: what codec and session decide together must be decided right.

mod common;

use common::messages::{bytes_of, end_of_rib, keepalive};
use common::{Seen, drain, notifications};
use routehub_session::{ConnectionId, Session, SessionConfig, State};
use routehub_testkit::cases::{self, Case, CaseSession, Decision, ExaminedState};
use routehub_types::Instant;
use routehub_wire::{Notification, Outcome, Packer};

/// Cases that a session does not decide, and who does.
const DECIDED_ABOVE: [(&str, &str); 5] = [
    ("aspath-own-as", "admission: our ASN in the path"),
    ("nexthop-self", "admission: our address as next hop"),
    ("originator-ibgp-self", "admission: our BGP identifier"),
    ("cluster-ibgp-loop", "admission: our cluster id"),
    ("addpath-withdraw-unknown-id", "Adj-RIB-In: no such path"),
];

/// What the peer announced before the message, as it writes it.
fn baseline(session: &CaseSession) -> Vec<u8> {
    let (attrs, routes) = session.baseline();
    let mut bytes = Vec::new();
    let packed = Packer::new(&session.context()).announce(&attrs, &routes, &mut bytes);
    packed.expect("UPDATEs");
    bytes
}

/// A session in the state of the case.
struct Stage {
    session: Session,
    id: ConnectionId,
    now: Instant,
}

impl Stage {
    fn new(case: &Case) -> Self {
        let (local, peer) = case.session.asns();
        let mut config = SessionConfig::new(local, peer, case.session.local_router_id);
        config.passive = true;
        config.capabilities = case.session.local_capabilities().expect("a role");
        let mut session = Session::new(config, 1).expect("a good configuration");
        let now = Instant::from_millis(1);
        session.handle_start(now);
        let id_of_connection = session.handle_accepted(now).expect("accepted");
        drain(&mut session, now);
        let mut stage = Self {
            session,
            id: id_of_connection,
            now,
        };
        let open = bytes_of(&case.session.peer_open());
        let (state, given) = match case.state {
            ExaminedState::OpenSent => (State::OpenSent, Vec::new()),
            ExaminedState::OpenConfirm => (State::OpenConfirm, open),
            ExaminedState::Established => {
                let parts = [open, keepalive(), baseline(&case.session), end_of_rib()];
                (State::Established, parts.concat())
            }
        };
        stage.give(&given);
        assert_eq!(stage.session.state(), state, "{}", case.id);
        stage
    }

    fn give(&mut self, bytes: &[u8]) -> Vec<Seen> {
        self.session.handle_bytes(self.now, self.id, bytes);
        drain(&mut self.session, self.now)
    }

    fn decide(&mut self, message: &[u8]) -> Decision {
        let before = self.session.state();
        let ignored = self.session.counters().ignored;
        let seen = self.give(message);
        let closed = seen.contains(&Seen::Closed(self.id));
        let sent = notifications(&seen);
        assert!(sent.len() <= 1, "one NOTIFICATION at most: {seen:?}");
        if let Some((code, subcode, data)) = sent.into_iter().next() {
            assert!(closed, "closed after the NOTIFICATION: {seen:?}");
            return Decision::notification(Notification::new(code, subcode).with_data(data));
        }
        Decision::action(if closed {
            "close_without_notification"
        } else if self.session.counters().ignored != ignored {
            assert!(seen.is_empty(), "{seen:?}");
            "ignore_message"
        } else {
            assert!(self.session.state() >= before);
            let outcome = seen.iter().find_map(|output| match output {
                Seen::Update { outcome, .. } => Some(outcome),
                _ => None,
            });
            match outcome {
                Some(Outcome::TreatAsWithdraw) => "treat_as_withdraw",
                Some(Outcome::AttributeDiscard) => "attribute_discard",
                Some(Outcome::Accept) | None => "accept",
                Some(other) => panic!("never passed on: {other:?}"),
            }
        })
    }
}

#[test]
fn what_a_session_decides_is_decided_as_the_rfcs_say() {
    let mut wrong = Vec::new();
    let mut decided = 0;
    for case in cases::all() {
        if DECIDED_ABOVE.iter().any(|(above, _)| *above == case.id) {
            continue;
        }
        decided += 1;
        let decision = Stage::new(&case).decide(&case.message);
        if !case.expected.is(&decision) {
            wrong.push(format!(
                "{}: {decision:?}, not {:?}",
                case.id, case.expected
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(decided, 157, "every case but those decided above");
}

#[test]
fn what_is_decided_above_is_passed_on() {
    let all = cases::all();
    for (id, why) in DECIDED_ABOVE {
        let case = all.iter().find(|case| case.id == id);
        let case = case.unwrap_or_else(|| panic!("{id} is no case ({why})"));
        let decision = Stage::new(case).decide(&case.message);
        assert_eq!(decision.action, "accept", "{id}");
        assert_ne!(case.expected.action(), "accept", "{id}");
    }
}

#[test]
fn a_case_reaches_the_same_decision_octet_by_octet() {
    for case in cases::all() {
        let whole = Stage::new(&case).decide(&case.message);
        let mut stage = Stage::new(&case);
        let (last, first) = case.message.split_last().expect("a message");
        for octet in first {
            let seen = stage.give(&[*octet]);
            if let Some((code, subcode, data)) = notifications(&seen).into_iter().next() {
                // A header that is wrong is answered before its body is there.
                let sent = Notification::new(code, subcode).with_data(data);
                assert_eq!(Some(sent), whole.notification);
                break;
            }
            assert!(seen.is_empty(), "{}: {seen:?}", case.id);
        }
        if !stage.session.connections().any(|(id, ..)| id == stage.id) {
            continue;
        }
        assert_eq!(stage.decide(&[*last]), whole, "{}", case.id);
    }
}
