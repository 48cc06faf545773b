//! The catalogue of malformed and odd messages, given to a session that was brought to the state of
//! the case: what codec and session decide together must be decided right.

mod common;

use common::messages::{bytes_of, end_of_rib, keepalive};
use common::{Seen, drain, notifications};
use routehub_session::{ConnectionId, Session, SessionConfig, State};
use routehub_types::{Asn, Instant};
use routehub_wire::{
    AddPathMode, AfiSafi, Capabilities, Capability, GracefulRestart, Open, Outcome, Role,
};
use serde_json::Value;

/// Cases that a session does not decide, and who does.
const DECIDED_ABOVE: [(&str, &str); 5] = [
    ("aspath-own-as", "admission: our ASN in the path"),
    ("nexthop-self", "admission: our address as next hop"),
    ("originator-ibgp-self", "admission: our BGP identifier"),
    ("cluster-ibgp-loop", "admission: our cluster id"),
    ("addpath-withdraw-unknown-id", "Adj-RIB-In: no such path"),
];

/// The baseline of the catalogue: 198.51.100.0/24 and 203.0.113.0/24, INCOMPLETE, MED 4242.
fn baseline(case: &Value) -> Vec<u8> {
    let on = |name: &str| case["session"][name] == true;
    let internal = case["session"]["peer_type"] == "ibgp";
    let path = match (internal, on("four_octet_as")) {
        (true, _) => vec![0x40, 2, 0],
        (false, true) => vec![0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9],
        (false, false) => vec![0x40, 2, 4, 2, 1, 0xfd, 0xe9],
    };
    let mut attributes = vec![0x40, 1, 1, 2];
    attributes.extend(path);
    attributes.extend([0x40, 3, 4, 10, 0, 4, 4, 0x80, 4, 4, 0, 0, 0x10, 0x92]);
    if internal {
        attributes.extend([0x40, 5, 4, 0, 0, 0, 100]);
    }
    let mut body = vec![0, 0, 0, attributes.len() as u8];
    body.extend(attributes);
    for prefix in [[24, 198, 51, 100], [24, 203, 0, 113]] {
        if on("add_path") {
            body.extend([0, 0, 0, 1]);
        }
        body.extend(prefix);
    }
    common::messages::message(2, &body)
}

fn octets(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// What one side offers; the message of an `open_sent` case is the peer's own offer.
fn capabilities(case: &Value, asn: Asn, local: bool) -> Capabilities {
    let on = |name: &str| case["session"][name] == true;
    let mut all = vec![Capability::Multiprotocol(AfiSafi::IPV4)];
    let mut add = |wanted: bool, capability: Capability| {
        if wanted {
            all.push(capability);
        }
    };
    add(on("ipv6_unicast"), Capability::Multiprotocol(AfiSafi::IPV6));
    add(on("route_refresh"), Capability::RouteRefresh);
    add(
        on("enhanced_route_refresh"),
        Capability::EnhancedRouteRefresh,
    );
    add(local || on("four_octet_as"), Capability::FourOctetAs(asn));
    add(on("extended_message"), Capability::ExtendedMessage);
    let both = vec![(AfiSafi::IPV4, AddPathMode::Both)];
    add(on("add_path"), Capability::AddPath(both));
    let restart = GracefulRestart {
        time: 120,
        families: vec![(AfiSafi::IPV4, true)],
        ..GracefulRestart::default()
    };
    add(on("graceful_restart"), Capability::GracefulRestart(restart));
    if let Some(role) = case["session"]["local_role"].as_str().filter(|_| local) {
        assert_eq!(role, "rs");
        add(true, Capability::Role(Role::RouteServer));
    }
    Capabilities(all)
}

/// What the session does with the message, in the words of the catalogue.
#[derive(Debug, PartialEq)]
struct Decision {
    action: &'static str,
    notification: Option<(u8, u8, Vec<u8>)>,
}

/// A session in the state of the case.
struct Stage {
    session: Session,
    id: ConnectionId,
    now: Instant,
}

impl Stage {
    fn new(case: &Value) -> Self {
        let number = |name: &str| case["session"][name].as_u64().expect("a number") as u32;
        let id = |name: &str| {
            let text = case["session"][name].as_str().expect("text");
            text.parse().expect("a BGP identifier")
        };
        let (local, peer) = (Asn(number("local_as")), Asn(number("peer_as")));
        let mut config = SessionConfig::new(local, peer, id("local_router_id"));
        config.passive = true;
        config.capabilities = capabilities(case, local, true);
        let mut session = Session::new(config, 1).expect("a good configuration");
        let now = Instant(1);
        session.handle_start(now);
        let id_of_connection = session.handle_accepted(now).expect("accepted");
        drain(&mut session, now);
        let mut stage = Self {
            session,
            id: id_of_connection,
            now,
        };
        let open = Open {
            asn: peer,
            hold_time: 180,
            router_id: id("peer_router_id"),
            capabilities: capabilities(case, peer, false),
        };
        let (state, given) = match case["state"].as_str() {
            Some("open_sent") => (State::OpenSent, Vec::new()),
            Some("open_confirm") => (State::OpenConfirm, bytes_of(&open)),
            Some("established") => {
                let parts = [bytes_of(&open), keepalive(), baseline(case), end_of_rib()];
                (State::Established, parts.concat())
            }
            other => panic!("no such state: {other:?}"),
        };
        stage.give(&given);
        assert_eq!(stage.session.state(), state, "{}", case["id"]);
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
        let sent = sent.into_iter().next();
        let action = if sent.is_some() {
            assert!(closed, "closed after the NOTIFICATION: {seen:?}");
            "notification"
        } else if closed {
            "close_without_notification"
        } else if self.session.counters().ignored != ignored {
            assert!(seen.is_empty(), "{seen:?}");
            "ignore_message"
        } else {
            assert!(self.session.state() >= before);
            let outcome = seen.iter().find_map(|one| match one {
                Seen::Update { outcome, .. } => Some(outcome),
                _ => None,
            });
            match outcome {
                Some(Outcome::TreatAsWithdraw) => "treat_as_withdraw",
                Some(Outcome::AttributeDiscard) => "attribute_discard",
                Some(Outcome::Accept) | None => "accept",
                Some(other) => panic!("never passed on: {other:?}"),
            }
        };
        Decision {
            action,
            notification: sent,
        }
    }
}

fn cases() -> Vec<Value> {
    let text = include_str!("../../wire/tests/data/cases.json");
    serde_json::from_str(text).expect("the catalogue is JSON")
}

fn is_expected(expected: &Value, decision: &Decision) -> bool {
    let action = match expected["action"].as_str() {
        // This speaker resets.
        Some("session_reset_or_afi_safi_disable") => "notification",
        Some(action) => action,
        None => return false,
    };
    let data = expected["data_hex"].as_str().filter(|hex| !hex.is_empty());
    action == decision.action
        && decision.notification.as_ref().is_none_or(|sent| {
            expected["code"] == sent.0
                && expected["subcode"] == sent.1
                && data.is_none_or(|hex| octets(hex) == sent.2)
        })
}

#[test]
fn what_a_session_decides_is_decided_as_the_rfcs_say() {
    let mut wrong = Vec::new();
    let mut decided = 0;
    for case in cases() {
        let id = case["id"].as_str().expect("an id");
        if DECIDED_ABOVE.iter().any(|(above, _)| *above == id) {
            continue;
        }
        decided += 1;
        let message = octets(case["message_hex"].as_str().expect("a message"));
        let decision = Stage::new(&case).decide(&message);
        if !is_expected(&case["expected"], &decision) {
            wrong.push(format!("{id}: {decision:?}, not {}", case["expected"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(decided, 149, "every case but those decided above");
}

#[test]
fn what_is_decided_above_is_passed_on() {
    let all = cases();
    for (id, why) in DECIDED_ABOVE {
        let case = all.iter().find(|case| case["id"] == id);
        let case = case.unwrap_or_else(|| panic!("{id} is no case ({why})"));
        let message = octets(case["message_hex"].as_str().expect("a message"));
        let decision = Stage::new(case).decide(&message);
        assert_eq!(decision.action, "accept", "{id}");
        assert_ne!(case["expected"]["action"], "accept", "{id}");
    }
}

#[test]
fn a_case_reaches_the_same_decision_octet_by_octet() {
    for case in cases() {
        let message = octets(case["message_hex"].as_str().expect("a message"));
        let whole = Stage::new(&case).decide(&message);
        let mut stage = Stage::new(&case);
        let (last, first) = message.split_last().expect("a message");
        for octet in first {
            let seen = stage.give(&[*octet]);
            if !notifications(&seen).is_empty() {
                // A header that is wrong is answered before its body is there.
                assert_eq!(notifications(&seen).first(), whole.notification.as_ref());
                break;
            }
            assert!(seen.is_empty(), "{}: {seen:?}", case["id"]);
        }
        if !stage.session.connections().any(|one| one.0 == stage.id) {
            continue;
        }
        assert_eq!(stage.decide(&[*last]), whole, "{}", case["id"]);
    }
}
