//! Timers and the order of what comes out.

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::alone::{established, given};
use common::messages::{
    bytes_of, end_of_rib, keepalive, peer_open, peer_open_with, update, update_malformed,
};
use common::{Seen, drain, local_config, notifications, seconds};
use routehub_session::{DownReason, NotEstablished, RunEnd, Session, State, Timer};
use routehub_types::Instant;
use routehub_wire::{Capability, Notification};

#[test]
fn a_keepalive_leaves_in_the_middle_of_a_burst_of_routes() {
    let (mut session, id) = established(local_config());
    let burst: Vec<u8> = (0..100).flat_map(|octet| update([octet])).collect();
    session.handle_bytes(Instant::from_millis(1), id, &burst);
    // The layers above take a second for every UPDATE.
    let mut seen = Vec::new();
    for second in 1.. {
        let Some(output) = session.poll(Instant::from_millis(second * 1000)) else {
            break;
        };
        seen.push(Seen::of(output));
    }
    let updates = |seen: &[Seen]| {
        let updates = seen.iter().filter(|one| matches!(one, Seen::Update { .. }));
        updates.count()
    };
    let first = seen.iter().position(|one| matches!(one, Seen::Sent(..)));
    let first = first.expect("a KEEPALIVE");
    assert!((40..=60).contains(&updates(&seen[..first])), "{first}");
    assert_eq!(updates(&seen), 100);
    assert!(seen.iter().all(|one| !matches!(one, Seen::Closed(_))));
}

#[test]
fn a_run_does_not_end_while_its_messages_wait_to_be_read() {
    let (mut session, id) = established(local_config());
    let burst: Vec<u8> = (0..50).flat_map(|octet| update([octet])).collect();
    session.handle_bytes(Instant::from_millis(1), id, &burst);
    let mut ends = Vec::new();
    let mut updates = 0;
    for step in 1.. {
        let Some(output) = session.poll(Instant::from_millis(step * 300)) else {
            break;
        };
        match Seen::of(output) {
            Seen::Update { .. } => updates += 1,
            Seen::RunEnded(end) => ends.push((updates, end)),
            _ => {}
        }
    }
    assert_eq!(ends, [(50, RunEnd::QuietGap)]);
}

#[test]
fn a_peer_is_not_silent_while_its_messages_wait_to_be_read() {
    let (mut session, id) = established(local_config());
    session.handle_bytes(Instant::from_millis(170_000), id, &keepalive());
    // Read only when the hold time is over.
    let seen = drain(&mut session, Instant::from_millis(190_000));
    assert!(
        !seen.iter().any(|one| matches!(one, Seen::Down(_))),
        "{seen:?}"
    );
    assert_eq!(session.state(), State::Established);
    // Counted from when it came, not from when it was read.
    let hold = session.timers().find(|(timer, _)| *timer == Timer::Hold);
    assert_eq!(hold, Some((Timer::Hold, Instant::from_millis(350_000))));
}

#[test]
fn half_a_message_does_not_hold_a_session() {
    let (mut session, id) = established(local_config());
    session.handle_bytes(Instant::from_millis(170_000), id, &keepalive()[..18]);
    let seen = drain(&mut session, Instant::from_millis(180_000));
    assert_eq!(notifications(&seen), [(4, 0, Vec::new())]);
}

#[test]
fn sending_routes_puts_off_the_keepalive() {
    let (mut session, _) = established(local_config());
    let due = |session: &Session| {
        let found = session
            .timers()
            .find(|(timer, _)| *timer == Timer::Keepalive);
        found.expect("armed").1
    };
    let before = due(&session);
    let now = Instant::from_millis(40_000);
    let sent = session.send_encoded(now, Bytes::from(end_of_rib()));
    assert_eq!(sent, Ok(()));
    assert!(due(&session) > before && due(&session) <= now + seconds(60));
}

#[test]
fn nothing_is_sent_before_established() {
    let (mut session, _, _) = given(local_config(), &bytes_of(&peer_open()));
    assert_eq!(session.state(), State::OpenConfirm);
    let sent = session.send_encoded(Instant::ZERO, Bytes::from(end_of_rib()));
    assert_eq!(sent, Err(NotEstablished));
    assert_eq!(session.request_refresh(Instant::ZERO), Err(NotEstablished));
}

#[test]
fn what_comes_after_a_wrong_message_is_not_read() {
    let (mut session, id) = established(local_config());
    let bytes = [
        update([1]),
        update_malformed(),
        update([2]),
        update_malformed(),
    ]
    .concat();
    session.handle_bytes(Instant::from_millis(1), id, &bytes);
    let seen = drain(&mut session, Instant::from_millis(1));
    assert_eq!(notifications(&seen).len(), 1);
    let updates = seen.iter().filter(|one| matches!(one, Seen::Update { .. }));
    assert_eq!(updates.count(), 1);
    let Some(Seen::Down(down)) = seen.last() else {
        panic!("the session ends: {seen:?}");
    };
    assert!(matches!(&down.reason, DownReason::UpdateError { faults, .. } if faults.len() == 1));
}

#[test]
fn a_stopped_session_is_silent() {
    let (mut session, id) = established(local_config());
    let now = Instant::from_millis(5_000);
    session.handle_stop(now, Notification::PEER_DECONFIGURED);
    let seen = drain(&mut session, now);
    assert_eq!(notifications(&seen), [(6, 3, Vec::new())]);
    assert_eq!(session.poll_timeout(), None);
    session.handle_bytes(now, id, &update([1]));
    session.handle_written(now, id, 100);
    session.handle_closed(now, id);
    session.teardown(now, Notification::MAXIMUM_PREFIXES);
    assert_eq!(session.handle_accepted(now), None);
    let later = now + Duration::from_secs(100_000);
    session.handle_timeout(later);
    assert!(drain(&mut session, later).is_empty());
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let (mut session, id) = established(local_config());
    session.handle_bytes(Instant::from_millis(100_000), id, &keepalive());
    drain(&mut session, Instant::from_millis(100_000));
    session.handle_bytes(Instant::from_millis(50), id, &keepalive());
    drain(&mut session, Instant::from_millis(50));
    let hold = session.timers().find(|(timer, _)| *timer == Timer::Hold);
    assert_eq!(hold, Some((Timer::Hold, Instant::from_millis(280_000))));
}

#[test]
fn a_mark_of_a_refresh_with_a_wrong_length_ends_the_session_with_the_message() {
    let mut config = local_config();
    config.capabilities.0.push(Capability::EnhancedRouteRefresh);
    let open = peer_open_with([Capability::EnhancedRouteRefresh]);
    let (mut session, id, _) = given(config, &[bytes_of(&open), keepalive()].concat());
    let long = common::messages::message(5, &[0, 1, 1, 1, 0]);
    session.handle_bytes(Instant::from_millis(1), id, &long);
    let seen = drain(&mut session, Instant::from_millis(1));
    assert_eq!(notifications(&seen), [(7, 1, long)]);
}

#[test]
fn a_clock_at_its_end_does_not_hang_a_session() {
    let (mut session, id) = established(local_config());
    let end = Instant::from_millis(u64::MAX);
    session.handle_bytes(end, id, &keepalive());
    session.handle_timeout(end);
    drain(&mut session, end);
    assert_eq!(session.state(), State::Established);
}

#[test]
fn keepalives_are_a_second_apart_at_least() {
    for (hold_time, interval) in [(3, 60_000), (180, 1)] {
        let mut config = local_config();
        config.timers.hold_time = Duration::from_secs(hold_time);
        config.timers.keepalive = Duration::from_millis(interval);
        let (mut session, id) = established(config);
        let mut last = Instant::ZERO;
        for _ in 0..20 {
            let now = session.poll_timeout().expect("a timer");
            session.handle_bytes(now, id, &keepalive());
            let seen = drain(&mut session, now);
            assert_eq!(common::sent(&seen), [routehub_wire::MessageType::Keepalive]);
            assert!(now - last >= seconds(1), "{last:?} {now:?}");
            last = now;
        }
    }
}

#[test]
fn what_an_operator_asks_for_is_there() {
    let (mut session, id) = established(local_config());
    let now = Instant::from_millis(7_000);
    assert_eq!(session.uptime(now), Some(seconds(7)));
    assert_eq!(session.state_since(), Instant::ZERO);
    let names: Vec<Timer> = session.timers().map(|(timer, _)| timer).collect();
    // Our OPEN and KEEPALIVE were written before the session was established.
    assert_eq!(names, [Timer::Keepalive, Timer::Hold]);
    session.handle_bytes(
        now,
        id,
        &common::messages::notification(&Notification::new(6, 4)),
    );
    drain(&mut session, now);
    assert_eq!(session.uptime(now), None);
    let (at, reason) = session.last_down().expect("it went down");
    assert_eq!(at, now);
    assert_eq!(
        reason.to_string(),
        "the peer sent 6/4 Cease, Administrative Reset"
    );
    assert_eq!(session.counters().downs.notification_received, 1);
    assert_eq!(session.connect_retry_counter(), 1);
}
