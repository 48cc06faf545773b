//! OPENs: what is waited for, what is agreed on and what is rejected.

mod common;

use common::alone::{established, given};
use common::messages::{bytes_of, keepalive, peer_open, peer_open_with};
use common::{Seen, drain, local_config, notifications, seconds, sent};
use routehub_session::{DownReason, OpenRejection, Session, SessionConfig, State};
use routehub_types::{Asn, FamilySet, Instant, RouterId};
use routehub_wire::{Capability, MessageType, Open, Role};

#[test]
fn the_opens_wait_for_each_other_no_longer_than_the_delay() {
    let mut config = local_config();
    config.timers.delay_open = Some(seconds(10));
    let (mut session, _, seen) = given(config.clone(), &[]);
    assert!(sent(&seen).is_empty());
    assert_eq!(session.poll_timeout(), Some(Instant(10_000)));
    let seen = drain(&mut session, Instant(10_000));
    assert_eq!(sent(&seen), [MessageType::Open]);
    // The peer's OPEN ends the delay at once.
    let (session, _, seen) = given(config, &bytes_of(&peer_open()));
    assert_eq!(sent(&seen), [MessageType::Open, MessageType::Keepalive]);
    assert_eq!(session.state(), State::OpenConfirm);
}

#[test]
fn an_open_is_awaited_for_four_minutes() {
    let (mut session, _, _) = given(local_config(), &[]);
    assert_eq!(session.poll_timeout(), Some(Instant(240_000)));
    let seen = drain(&mut session, Instant(240_000));
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
    config.timers.min_hold_time = 30;
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
