//! What a peer said before its connection ended counts, whatever is noticed first.

mod common;

use common::alone::given;
use common::messages::{bytes_of, keepalive, notification, peer_open_with, update};
use common::{Seen, drain, local_config, seconds};
use routehub_session::{Down, DownReason, SendHold, Session, SessionConfig, State};
use routehub_types::{FamilySet, Instant};
use routehub_wire::{AfiSafi, Capability, GracefulRestart, Notification};

fn why() -> Notification {
    Notification::ADMINISTRATIVE_SHUTDOWN.with_text("moving away")
}

fn downs(seen: &[Seen]) -> Vec<Down> {
    let downs = seen.iter().filter_map(|one| match one {
        Seen::Down(down) => Some((**down).clone()),
        _ => None,
    });
    downs.collect()
}

/// A session whose peer restarts gracefully.
fn graceful() -> (Session, routehub_session::ConnectionId) {
    let restart = Capability::GracefulRestart(GracefulRestart {
        restarting: false,
        notification: false,
        time: 120,
        families: vec![(AfiSafi::IPV4, true), (AfiSafi::IPV6, true)],
    });
    let mut config = local_config();
    config.capabilities.0.push(restart.clone());
    let open = peer_open_with([restart]);
    let (session, id, _) = given(config, &[bytes_of(&open), keepalive()].concat());
    assert_eq!(session.state(), State::Established);
    (session, id)
}

#[test]
fn a_notification_before_the_connection_ends_is_the_reason_and_nothing_is_retained() {
    let (mut session, id) = graceful();
    let now = Instant::from_millis(1000);
    session.handle_bytes(now, id, &notification(&why()));
    session.handle_closed(now, id);
    let seen = drain(&mut session, now);
    let [down] = downs(&seen).try_into().expect("it goes down once");
    assert_eq!(down.reason, DownReason::NotificationReceived(why()));
    // RFC 4724 section 4.2: as without graceful restart.
    assert_eq!(down.retained, FamilySet::EMPTY);
    assert_eq!(
        session.last_received_error().expect("it").notification,
        why()
    );
    assert!(!seen.contains(&Seen::Closed(id)), "it is closed already");
    assert_eq!(session.connections().count(), 0);
}

#[test]
fn routes_before_the_end_are_passed_on_and_a_part_of_a_message_is_not() {
    let (mut session, id) = graceful();
    let now = Instant::from_millis(1000);
    let half = &notification(&why())[..25];
    session.handle_bytes(now, id, &[&update([1])[..], &update([2]), half].concat());
    session.handle_closed(now, id);
    let seen = drain(&mut session, now);
    let routes = seen.iter().filter(|one| matches!(one, Seen::Update { .. }));
    assert_eq!(routes.count(), 2);
    let [down] = downs(&seen).try_into().expect("it goes down once");
    assert_eq!(down.reason, DownReason::ConnectionClosed);
    assert_eq!(down.retained, FamilySet::ALL);
    assert!(matches!(seen.last(), Some(Seen::Down(_))), "{seen:?}");
}

#[test]
fn the_end_itself_is_noticed_at_once() {
    let (mut session, id) = graceful();
    session.handle_closed(Instant::from_millis(1000), id);
    assert_eq!(session.connections().count(), 0);
}

#[test]
fn what_was_said_before_an_open_was_answered_counts_too() {
    let (mut session, id, _) = given(local_config(), &[]);
    let now = Instant::from_millis(1000);
    let refused = Notification::BAD_PEER_AS;
    session.handle_bytes(now, id, &notification(&refused));
    session.handle_closed(now, id);
    let seen = drain(&mut session, now);
    let reason = DownReason::NotificationReceived(refused);
    assert!(
        seen.contains(&Seen::AttemptFailed(Box::new(reason))),
        "{seen:?}"
    );
}

/// Timers that end a session, with all that is due at the same moment.
#[test]
fn a_notification_that_has_come_is_read_before_any_timer_ends_the_session() {
    let config = |send_hold| {
        let mut config: SessionConfig = local_config();
        config.timers.send_hold = send_hold;
        config
    };
    for send_hold in [SendHold::After(seconds(10)), SendHold::Off] {
        let open = bytes_of(&peer_open_with([]));
        let (mut session, id, _) = given(config(send_hold), &[open, keepalive()].concat());
        let sent = session.send_encoded(Instant::from_millis(1), update([7]));
        sent.expect("established");
        drain(&mut session, Instant::from_millis(1));
        // Nothing of it was taken, and the peer is silent for longer than any timer.
        let now = Instant::from_millis(400_000);
        session.handle_bytes(now, id, &notification(&why()));
        session.handle_timeout(now);
        let seen = drain(&mut session, now);
        let [down] = downs(&seen).try_into().expect("it goes down once");
        assert_eq!(down.reason, DownReason::NotificationReceived(why()));
    }
}
