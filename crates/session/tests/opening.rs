//! OPENs: what is waited for, what is agreed on and what is rejected.

mod common;

use common::alone::{established, given};
use common::messages::{bytes_of, keepalive, peer_open, peer_open_with};
use common::{Seen, drain, local_config, notifications, seconds, sent};
use routehub_session::{ConnectionId, DownReason, OpenRejection, Session, SessionConfig, State};
use routehub_types::{Asn, FamilySet, Instant, RouterId};
use routehub_wire::{Capability, MessageType, Open, Role};

#[test]
fn the_opens_wait_for_each_other_no_longer_than_the_delay() {
    let mut config = local_config();
    config.timers.delay_open = Some(seconds(10));
    let (mut session, _, seen) = given(config.clone(), &[]);
    assert!(sent(&seen).is_empty());
    assert_eq!(session.poll_timeout(), Some(Instant::from_millis(10_000)));
    let seen = drain(&mut session, Instant::from_millis(10_000));
    assert_eq!(sent(&seen), [MessageType::Open]);
    // The peer's OPEN ends the delay at once.
    let (session, _, seen) = given(config, &bytes_of(&peer_open()));
    assert_eq!(sent(&seen), [MessageType::Open, MessageType::Keepalive]);
    assert_eq!(session.state(), State::OpenConfirm);
}

#[test]
fn an_open_is_awaited_for_four_minutes() {
    let (mut session, _, _) = given(local_config(), &[]);
    assert_eq!(session.poll_timeout(), Some(Instant::from_millis(240_000)));
    let seen = drain(&mut session, Instant::from_millis(240_000));
    assert_eq!(notifications(&seen), [(4, 0, Vec::new())]);
}

fn rejection(config: SessionConfig, open: &Open) -> (OpenRejection, (u8, u8)) {
    let (_, _, seen) = given(config, &bytes_of(open));
    let reason = seen.iter().find_map(|one| match one {
        Seen::AttemptFailed(reason) => Some(&**reason),
        _ => None,
    });
    let Some(DownReason::OpenRejected(rejection)) = reason else {
        panic!("rejected: {seen:?}");
    };
    let sent = notifications(&seen);
    assert_eq!(sent.len(), 1);
    (*rejection, (sent[0].0, sent[0].1))
}

#[test]
fn an_open_that_does_not_fit_the_configuration_is_rejected_with_the_reason() {
    let wrong_as = common::messages::open(Asn(65099), RouterId(7));
    let expected = OpenRejection::PeerAs {
        expected: Asn(65001),
        actual: Asn(65099),
    };
    assert_eq!(rejection(local_config(), &wrong_as), (expected, (2, 2)));

    let mut config = local_config();
    config.timers.min_hold_time = std::time::Duration::from_secs(30);
    let short = Open {
        hold_time: 29,
        ..peer_open()
    };
    let expected = OpenRejection::HoldTime(29);
    assert_eq!(rejection(config.clone(), &short), (expected, (2, 6)));
    let none = Open {
        hold_time: 0,
        ..peer_open()
    };
    let (session, _, _) = given(config, &bytes_of(&none));
    assert_eq!(session.state(), State::OpenConfirm);

    let mut config = local_config();
    let ipv6 = Capability::Multiprotocol(routehub_wire::AfiSafi::IPV6);
    config.capabilities.0.retain(|one| *one != ipv6);
    let mut only_ipv6 = peer_open();
    only_ipv6.capabilities.0.remove(0);
    let expected = OpenRejection::NoCommonFamily(FamilySet::IPV4);
    assert_eq!(rejection(config, &only_ipv6), (expected, (2, 7)));
    // The capability that is missing, encoded (RFC 5492 section 3).
    assert_eq!(expected.notification().data, [1, 4, 0, 1, 0, 1]);
}

#[test]
fn roles_must_fit_where_both_tell_one() {
    let mut config = local_config();
    config
        .capabilities
        .0
        .push(Capability::Role(Role::RouteServer));
    let client = peer_open_with([Capability::Role(Role::RouteServerClient)]);
    let (session, _, _) = given(config.clone(), &bytes_of(&client));
    assert_eq!(session.state(), State::OpenConfirm);
    let peer = peer_open_with([Capability::Role(Role::Peer)]);
    let expected = OpenRejection::Role {
        local: Role::RouteServer,
        peer: Some(Role::Peer),
    };
    assert_eq!(rejection(config.clone(), &peer), (expected, (2, 11)));
    // One that tells none is let in, but not in strict mode.
    let (session, _, _) = given(config.clone(), &bytes_of(&peer_open()));
    assert_eq!(session.state(), State::OpenConfirm);
    config.strict_role = true;
    let (reason, _) = rejection(config, &peer_open());
    assert!(matches!(reason, OpenRejection::Role { peer: None, .. }));
}

#[test]
fn roles_that_are_not_assigned_or_contradict_each_other_are_refused() {
    let unassigned = |value: &[u8]| Capability::Unknown {
        code: 9,
        value: value.to_vec(),
    };
    let client = || Capability::Role(Role::RouteServerClient);
    let mut config = local_config();
    config
        .capabilities
        .0
        .push(Capability::Role(Role::RouteServer));
    for value in [&[200][..], &[5], &[], &[2, 2]] {
        let open = peer_open_with([unassigned(value)]);
        let expected = OpenRejection::RoleUnassigned {
            local: Role::RouteServer,
        };
        assert_eq!(rejection(config.clone(), &open), (expected, (2, 11)));
        // Who has no role does not mind.
        let (session, _, _) = given(local_config(), &bytes_of(&open));
        assert_eq!(session.state(), State::OpenConfirm, "{value:?}");
        // Roles that contradict each other are an error for everybody.
        for open in [
            peer_open_with([client(), unassigned(value)]),
            peer_open_with([unassigned(value), client()]),
        ] {
            for config in [config.clone(), local_config()] {
                let (_, _, seen) = given(config, &bytes_of(&open));
                let sent = notifications(&seen);
                assert_eq!((sent[0].0, sent[0].1), (2, 11), "{value:?}");
            }
        }
    }
    let twice = peer_open_with([client(), client()]);
    let (session, _, _) = given(config, &bytes_of(&twice));
    assert_eq!(session.state(), State::OpenConfirm);
}

#[test]
fn an_internal_peer_with_our_identifier_is_rejected_an_external_one_is_not() {
    let local = local_config();
    let internal = SessionConfig::new(local.local_asn, local.local_asn, local.local_router_id);
    let open = common::messages::local_open();
    let expected = OpenRejection::RouterId(local.local_router_id);
    assert_eq!(rejection(internal, &open), (expected, (2, 3)));
    let external = Open {
        router_id: local.local_router_id,
        ..peer_open()
    };
    let (session, _, _) = given(local_config(), &bytes_of(&external));
    assert_eq!(session.state(), State::OpenConfirm);
}

#[test]
fn extended_messages_are_agreed_on_by_direction() {
    let extended = [Capability::ExtendedMessage];
    // The peer alone offers them: we may send them, and must not receive any.
    let bytes = [bytes_of(&peer_open_with(extended.clone())), keepalive()].concat();
    let (session, _, _) = given(local_config(), &bytes);
    let agreed = session.negotiated().expect("established");
    assert!(agreed.send.extended_message && !agreed.receive.extended_message);
    let mut config = local_config();
    config.capabilities.0.extend(extended);
    let (session, _) = established(config);
    let agreed = session.negotiated().expect("established");
    assert!(!agreed.send.extended_message && agreed.receive.extended_message);
}

#[test]
fn a_peer_of_two_octet_asns_is_read_and_written_so() {
    let mut open = peer_open();
    open.capabilities.0.pop();
    let bytes = [bytes_of(&open), keepalive()].concat();
    let (session, _, _) = given(local_config(), &bytes);
    let agreed = session.negotiated().expect("established");
    assert!(!agreed.send.four_octet_as && !agreed.receive.four_octet_as);
}

#[test]
fn a_configuration_that_has_no_open_is_refused() {
    let mut config = local_config();
    let long = Capability::SoftwareVersion("x".repeat(300));
    config.capabilities.0.push(long);
    assert!(Session::new(config, 1).is_err());
}

/// The peer connects; says which connection it is, and what comes out.
fn connect(session: &mut Session, now: u64) -> (Option<ConnectionId>, Vec<Seen>) {
    let id = session.handle_accepted(Instant::from_millis(now));
    (id, drain(session, Instant::from_millis(now)))
}

fn lost(seen: &[Seen], reason: &DownReason) -> bool {
    let lost = |one: &Seen| matches!(one, Seen::AttemptFailed(why) if **why == *reason);
    seen.iter().any(lost)
}

#[test]
fn silent_connections_do_not_lock_a_peer_out() {
    let (mut session, first, _) = given(local_config(), &[]);
    let (second, seen) = connect(&mut session, 1);
    let second = second.expect("a second one may collide");
    assert_eq!(sent(&seen), [MessageType::Open]);
    let mut oldest = first;
    let mut newest = second;
    for round in 2..20 {
        let (new, seen) = connect(&mut session, round);
        let new = new.expect("it takes the place of the oldest silent one");
        assert!(lost(&seen, &DownReason::Replaced), "{seen:?}");
        assert!(seen.contains(&Seen::Closed(oldest)), "{seen:?}");
        assert_eq!(notifications(&seen), [(6, 7, Vec::new())]);
        (oldest, newest) = (newest, new);
        let ids: Vec<_> = session.connections().map(|(id, ..)| id).collect();
        assert_eq!(ids.len(), 2);
        assert!(ids.contains(&oldest) && ids.contains(&newest));
    }
    assert!(session.held_back_until().is_none(), "that is no failure");
    let bytes = [bytes_of(&peer_open()), keepalive()].concat();
    session.handle_bytes(Instant::from_millis(30), newest, &bytes);
    drain(&mut session, Instant::from_millis(30));
    assert_eq!(session.state(), State::Established);
}

#[test]
fn who_has_sent_an_open_keeps_its_place() {
    let (mut session, id) = established(local_config());
    let (silent, _) = connect(&mut session, 1);
    let silent = silent.expect("it may collide");
    let (new, seen) = connect(&mut session, 2);
    let new = new.expect("it takes the place of the silent one");
    assert!(seen.contains(&Seen::Closed(silent)) && !seen.contains(&Seen::Closed(id)));
    assert_eq!(session.state(), State::Established);
    let ids: Vec<_> = session.connections().map(|(id, ..)| id).collect();
    assert!(ids.contains(&id) && ids.contains(&new), "{ids:?}");
    assert_eq!(session.counters().refused, 0);

    // One that is not established yet, but whose OPEN has come.
    let (mut session, id, _) = given(local_config(), &bytes_of(&peer_open()));
    assert_eq!(session.state(), State::OpenConfirm);
    let (silent, _) = connect(&mut session, 1);
    connect(&mut session, 2).0.expect("it takes a place");
    let ids: Vec<_> = session.connections().map(|(id, ..)| id).collect();
    assert!(ids.contains(&id) && !ids.contains(&silent.expect("it may collide")));
}

#[test]
fn while_we_dial_a_silent_connection_is_replaced_too() {
    let config = local_config();
    let mut session = Session::new(config, 1).expect("a good configuration");
    session.handle_start(Instant::ZERO);
    let seen = drain(&mut session, Instant::ZERO);
    let Some(Seen::Connect(dialled)) = seen.first() else {
        panic!("it connects: {seen:?}");
    };
    let (silent, _) = connect(&mut session, 1);
    let (new, seen) = connect(&mut session, 2);
    let new = new.expect("it takes the place of the silent one");
    assert!(seen.contains(&Seen::Closed(silent.expect("accepted"))));
    assert!(session.held_back_until().is_none());
    // The connection that we opened is there as well.
    session.handle_connected(Instant::from_millis(3), *dialled);
    drain(&mut session, Instant::from_millis(3));
    let ids: Vec<_> = session.connections().map(|(id, ..)| id).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&new) && ids.contains(dialled));
}

#[test]
fn with_a_delayed_open_silent_connections_are_replaced_too() {
    let mut config = local_config();
    config.timers.delay_open = Some(seconds(10));
    let (mut session, first, _) = given(config, &[]);
    connect(&mut session, 1).0.expect("a second one");
    let (third, seen) = connect(&mut session, 2);
    let third = third.expect("it takes the place of the oldest");
    assert!(seen.contains(&Seen::Closed(first)), "{seen:?}");
    let bytes = [bytes_of(&peer_open()), keepalive()].concat();
    session.handle_bytes(Instant::from_millis(3), third, &bytes);
    drain(&mut session, Instant::from_millis(3));
    assert_eq!(session.state(), State::Established);
}
