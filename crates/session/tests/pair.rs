//! Two sessions over a network in memory: they rise, exchange, expire, collide and restart.

mod common;

use std::time::Duration;

use common::messages::{end_of_rib, update, update_malformed};
use common::{Pair, Seen, Who, local_config, peer_config, seconds};
use routehub_session::{
    Backoff, Direction, DownReason, RefreshRequest, RunEnd, SendHold, Session, SessionConfig, State,
};
use routehub_types::{Family, FamilySet};
use routehub_wire::{Capability, Notification, Outcome, RefreshKind};

const BOTH: (State, State) = (State::Established, State::Established);

#[test]
fn a_listener_and_a_caller_reach_established() {
    let pair = Pair::established();
    let agreed = pair.a.session.negotiated().expect("established");
    assert_eq!(agreed.families, FamilySet::ALL);
    assert_eq!(agreed.hold_time, seconds(180));
    assert_eq!(agreed.keepalive, seconds(60));
    assert!(agreed.send.four_octet_as && agreed.route_refresh && !agreed.enhanced_refresh);
    assert_eq!(pair.a.connects(), 0);
    assert_eq!(pair.b.connects(), 1);
}

#[test]
fn two_callers_end_with_the_connection_of_the_higher_identifier() {
    let mut pair = Pair::started();
    pair.run(seconds(2));
    assert_eq!(pair.states(), BOTH);
    let direction = |pair: &Pair, who| {
        let side = if who == Who::A { &pair.a } else { &pair.b };
        let connections: Vec<_> = side.session.connections().collect();
        assert_eq!(connections.len(), 1);
        connections[0].1
    };
    assert_eq!(direction(&pair, Who::A), Direction::Outgoing);
    assert_eq!(direction(&pair, Who::B), Direction::Incoming);
    assert!(pair.a.downs().is_empty() && pair.b.downs().is_empty());
    let collisions = pair.a.count(
        |seen| matches!(seen, Seen::AttemptFailed(reason) if **reason == DownReason::Collision),
    );
    assert_eq!(collisions, 1);
}

#[test]
fn two_callers_agree_however_the_network_shuffles() {
    let mut raced = 0;
    for seed in 0..300 {
        let mut pair = Pair::seeded(local_config(), peer_config(), seed);
        pair.shuffled = true;
        pair.start();
        pair.run(seconds(60));
        assert_eq!(pair.states(), BOTH, "seed {seed}");
        assert_eq!(pair.a.session.connections().count(), 1, "seed {seed}");
        assert_eq!(pair.b.session.connections().count(), 1, "seed {seed}");
        // One side may be established before the other one sees the collision: RFC 4271 section
        // 6.8 leaves that race, and it costs one more attempt.
        let lost = DownReason::NotificationReceived(Notification::COLLISION_RESOLUTION);
        for down in pair.a.downs().into_iter().chain(pair.b.downs()) {
            assert_eq!(down.reason, lost, "seed {seed}");
        }
        raced += pair.a.downs().len() + pair.b.downs().len();
    }
    assert!(raced < 30, "{raced} of 300 needed another attempt");
}

#[test]
fn equal_identifiers_leave_the_choice_to_the_asn() {
    let mut b = peer_config();
    b.local_router_id = local_config().local_router_id;
    let mut pair = Pair::new(local_config(), b);
    pair.start();
    pair.run(seconds(2));
    assert_eq!(pair.states(), BOTH);
    // 65001 is the higher one.
    let directions: Vec<_> = pair.b.session.connections().map(|one| one.1).collect();
    assert_eq!(directions, [Direction::Outgoing]);
}

#[test]
fn routes_arrive_whole_however_tcp_cuts_them() {
    for seed in 0..100 {
        let mut a = local_config();
        a.passive = true;
        let mut pair = Pair::seeded(a, peer_config(), seed);
        pair.shuffled = true;
        pair.start();
        pair.run(seconds(2));
        for round in 0..20 {
            pair.send_encoded(Who::B, [update([round]), update([round, 100])].concat());
        }
        pair.send_encoded(Who::B, end_of_rib());
        pair.run(seconds(3));
        let routes: usize = pair
            .a
            .events()
            .map(|seen| match seen {
                Seen::Update { announced, .. } => announced.len(),
                _ => 0,
            })
            .sum();
        assert_eq!(routes, 60, "seed {seed}");
        let last = pair.a.events().last();
        assert_eq!(last, Some(&Seen::RunEnded(RunEnd::EndOfRib)), "seed {seed}");
    }
}

#[test]
fn keepalives_hold_a_quiet_session_for_a_day() {
    let mut pair = Pair::established();
    pair.run(seconds(86_400));
    assert_eq!(pair.states(), BOTH);
    assert!(pair.a.downs().is_empty());
    let sent = pair.a.session.counters().sent.keepalive;
    // Every 45 to 60 s.
    assert!((1440..=1921).contains(&sent), "{sent}");
}

#[test]
fn a_silent_network_expires_the_hold_timer_of_both() {
    let mut pair = Pair::established();
    pair.silent = true;
    pair.run(seconds(181));
    for who in [Who::A, Who::B] {
        let side = pair.side(who);
        let [down] = side.downs()[..] else {
            panic!("one end of the session");
        };
        assert_eq!(down.reason, DownReason::HoldTimerExpired);
        assert_eq!(down.sent, Some(Notification::HOLD_TIMER_EXPIRED));
    }
}

#[test]
fn the_lower_hold_time_is_honoured_by_both() {
    let mut b = peer_config();
    b.timers.hold_time = seconds(15);
    let mut pair = Pair::established_with(local_config(), b);
    let agreed = pair.a.session.negotiated().expect("established");
    assert_eq!(
        (agreed.hold_time, agreed.keepalive),
        (seconds(15), seconds(5))
    );
    pair.run(seconds(100));
    assert_eq!(pair.states(), BOTH);
    pair.silent = true;
    pair.run(seconds(16));
    assert_eq!(pair.a.downs().len(), 1);
}

#[test]
fn a_hold_time_of_zero_never_expires() {
    let mut b = peer_config();
    b.timers.hold_time = seconds(0);
    let mut pair = Pair::established_with(local_config(), b);
    let keepalives = pair.a.session.counters().sent.keepalive;
    pair.silent = true;
    pair.run(seconds(1_000_000));
    assert_eq!(pair.states(), BOTH);
    assert_eq!(pair.a.session.counters().sent.keepalive, keepalives);
}

#[test]
fn a_stop_tells_the_peer_why_and_the_peer_waits_for_its_return() {
    let mut pair = Pair::established();
    let why = Notification::ADMINISTRATIVE_SHUTDOWN.with_text("to the new fabric");
    pair.with(Who::A, |a, now| a.handle_stop(now, why.clone()));
    pair.run(seconds(1));
    assert_eq!(pair.a.session.state(), State::Idle);
    assert_eq!(
        pair.b.downs()[0].reason,
        DownReason::NotificationReceived(why.clone())
    );
    let received = pair.b.session.last_received_error().expect("an error");
    assert_eq!(received.notification.text(), Some("to the new fabric"));
    pair.run(seconds(300));
    assert_eq!(pair.a.session.state(), State::Idle);
    pair.with(Who::A, Session::handle_start);
    pair.run(seconds(130));
    assert_eq!(pair.states(), BOTH);
}

#[test]
fn a_teardown_at_a_route_limit_comes_back_by_itself() {
    let mut pair = Pair::established();
    pair.with(Who::A, |a, now| {
        a.teardown(now, Notification::MAXIMUM_PREFIXES);
    });
    pair.run(Duration::from_millis(100));
    let down = pair.b.downs()[0];
    assert_eq!(
        down.reason,
        DownReason::NotificationReceived(Notification::MAXIMUM_PREFIXES)
    );
    pair.run(seconds(60));
    assert_eq!(pair.states(), BOTH);
    assert_eq!(pair.a.session.counters().established, 2);
}

#[test]
fn lost_connections_come_back() {
    let mut pair = Pair::established();
    for _ in 0..5 {
        pair.reset_connections();
        pair.run(seconds(30));
        assert_eq!(pair.states(), BOTH);
    }
    let closed = pair.a.downs().len();
    assert_eq!(closed, 5);
    assert!(
        pair.a
            .downs()
            .iter()
            .all(|down| down.reason == DownReason::ConnectionClosed)
    );
}

#[test]
fn a_peer_that_cannot_be_reached_is_tried_less_and_less_often() {
    let mut pair = Pair::new(local_config(), peer_config());
    pair.silent = true;
    pair.start();
    pair.run(seconds(3600));
    let connects = pair.a.connects();
    // 5, 10, 20, 40, 80 s and then every 90 to 120 s.
    assert!((30..=45).contains(&connects), "{connects}");
    let timed_out = &DownReason::ConnectTimedOut;
    assert!(pair.a.failures().iter().all(|reason| *reason == timed_out));
    assert_eq!(pair.a.failures().len(), connects - 1);
}

/// Both call, and each refuses the other's OPEN.
fn strangers(damp: bool) -> Pair {
    let mut a = local_config();
    let mut b = peer_config();
    a.peer_asn = routehub_types::Asn(65099);
    b.peer_asn = routehub_types::Asn(65098);
    a.damp_peer_oscillations = damp;
    b.damp_peer_oscillations = damp;
    Pair::new(a, b)
}

#[test]
fn rejected_opens_do_not_make_a_tight_loop() {
    for damp in [true, false] {
        let mut pair = strangers(damp);
        pair.start();
        pair.run(seconds(3600));
        for who in [Who::A, Who::B] {
            let side = pair.side(who);
            let connects = side.connects();
            assert!(
                connects <= 150,
                "{who:?}, damping {damp}: {connects} an hour"
            );
            assert!(
                connects >= 20,
                "{who:?}, damping {damp}: {connects} an hour"
            );
            let taken = side.session.counters().accepted;
            assert!(
                taken <= 150,
                "{who:?}, damping {damp}: {taken} taken an hour"
            );
            let rejected = side.session.counters().failed_attempts.open_rejected;
            assert!(rejected > 0, "{who:?}, damping {damp}");
        }
    }
}

#[test]
fn a_passive_session_with_damping_bounds_even_a_peer_that_hammers() {
    let mut a = local_config();
    a.passive = true;
    a.peer_asn = routehub_types::Asn(65099);
    let mut b = peer_config();
    b.timers.connect_retry = Backoff::constant(Duration::from_millis(100));
    b.damp_peer_oscillations = false;
    let mut pair = Pair::new(a, b);
    pair.start();
    pair.run(seconds(3600));
    let counters = *pair.a.session.counters();
    assert!(pair.b.connects() > 10_000);
    assert!(
        counters.accepted <= 100,
        "{} taken an hour",
        counters.accepted
    );
    assert!(counters.refused > 1_000);
}

#[test]
fn damping_forgets_after_a_session_that_lasted() {
    let mut pair = Pair::established();
    for _ in 0..4 {
        pair.run(seconds(300));
        assert_eq!(pair.states(), BOTH);
        pair.send_encoded(Who::B, update_malformed());
        pair.run(Duration::from_millis(10));
        let held = pair.a.session.poll_timeout().expect("held in Idle");
        assert_eq!(pair.a.session.state(), State::Idle);
        assert!(held - pair.now <= seconds(1), "{held:?}");
    }
}

#[test]
fn a_refresh_asks_for_every_family_in_use() {
    let mut pair = Pair::established();
    let asked = pair.with(Who::A, Session::request_refresh);
    assert_eq!(asked, Ok(RefreshRequest::Sent(FamilySet::ALL)));
    pair.run(seconds(1));
    let families: Vec<_> = pair
        .b
        .events()
        .filter_map(|seen| match seen {
            Seen::RefreshRequested(family) => Some(*family),
            _ => None,
        })
        .collect();
    assert_eq!(families, Family::ALL);
    assert_eq!(pair.states(), BOTH);
}

fn without(mut config: SessionConfig, capability: &Capability) -> SessionConfig {
    config.capabilities.0.retain(|one| one != capability);
    config
}

#[test]
fn a_peer_without_route_refresh_is_reset_and_comes_back() {
    let b = without(peer_config(), &Capability::RouteRefresh);
    let mut pair = Pair::established_with(local_config(), b);
    let asked = pair.with(Who::A, Session::request_refresh);
    assert_eq!(asked, Ok(RefreshRequest::Reset));
    pair.run(seconds(30));
    let down = pair.a.downs()[0];
    assert_eq!(down.sent, Some(Notification::ADMINISTRATIVE_RESET));
    assert!(matches!(down.reason, DownReason::NoRouteRefresh(_)));
    assert_eq!(pair.states(), BOTH);
}

fn enhanced(mut config: SessionConfig) -> SessionConfig {
    config.capabilities.0.push(Capability::EnhancedRouteRefresh);
    config
}

#[test]
fn an_enhanced_refresh_marks_and_sweeps() {
    let mut pair = Pair::established_with(enhanced(local_config()), enhanced(peer_config()));
    for kind in [RefreshKind::Begin, RefreshKind::End, RefreshKind::End] {
        let sent = pair.with(Who::B, |b, now| {
            b.send_route_refresh(now, Family::Ipv4, kind)
        });
        assert_eq!(sent, Ok(true));
        pair.run(seconds(1));
    }
    let marks: Vec<_> = pair
        .a
        .events()
        .filter(|seen| matches!(seen, Seen::MarkStale(_) | Seen::SweepStale(..)))
        .collect();
    let swept = Seen::SweepStale(Family::Ipv4, routehub_session::SweepReason::EndOfRefresh);
    assert_eq!(marks, [&Seen::MarkStale(Family::Ipv4), &swept]);
    assert_eq!(
        pair.a.session.counters().ignored.refresh_end_without_begin,
        1
    );
}

#[test]
fn a_refresh_that_does_not_end_is_swept_after_the_stale_time() {
    let mut pair = Pair::established_with(enhanced(local_config()), enhanced(peer_config()));
    let begin = |b: &mut Session, now| b.send_route_refresh(now, Family::Ipv6, RefreshKind::Begin);
    assert_eq!(pair.with(Who::B, begin), Ok(true));
    pair.run(seconds(179));
    assert_eq!(pair.a.count(|seen| matches!(seen, Seen::SweepStale(..))), 0);
    pair.run(seconds(2));
    let swept = Seen::SweepStale(Family::Ipv6, routehub_session::SweepReason::StaleTime);
    assert_eq!(pair.a.count(|seen| *seen == swept), 1);
}

#[test]
fn the_marks_of_a_refresh_are_not_sent_to_who_does_not_know_them() {
    let mut pair = Pair::established();
    let begin = |b: &mut Session, now| b.send_route_refresh(now, Family::Ipv4, RefreshKind::Begin);
    assert_eq!(pair.with(Who::B, begin), Ok(false));
}

#[test]
fn a_run_ends_after_a_quiet_gap_and_only_once() {
    let mut pair = Pair::established();
    for octet in 0..3 {
        pair.send_encoded(Who::B, update([octet]));
        pair.run(Duration::from_millis(900));
    }
    assert_eq!(pair.a.count(|seen| matches!(seen, Seen::RunEnded(_))), 0);
    pair.run(seconds(10));
    assert_eq!(
        pair.a
            .count(|seen| *seen == Seen::RunEnded(RunEnd::QuietGap)),
        1
    );
}

#[test]
fn a_later_end_of_rib_is_not_the_end_of_a_run() {
    let mut pair = Pair::established();
    let ends = |pair: &Pair, end| pair.a.count(|seen| *seen == Seen::RunEnded(end));
    pair.send_encoded(Who::B, update([1]));
    pair.send_encoded(Who::B, end_of_rib());
    pair.run(seconds(3));
    assert_eq!(ends(&pair, RunEnd::EndOfRib), 1);
    pair.send_encoded(Who::B, update([1]));
    pair.send_encoded(Who::B, end_of_rib());
    pair.send_encoded(Who::B, update([2]));
    pair.run(seconds(3));
    assert_eq!(ends(&pair, RunEnd::EndOfRib), 1);
    assert_eq!(ends(&pair, RunEnd::QuietGap), 1);
}

#[test]
fn a_run_without_a_gap_ends_at_end_of_rib_alone() {
    let mut a = local_config();
    a.timers.run_gap = None;
    let mut pair = Pair::established_with(a, peer_config());
    pair.send_encoded(Who::B, update([1]));
    pair.run(seconds(100));
    assert_eq!(pair.a.count(|seen| matches!(seen, Seen::RunEnded(_))), 0);
    pair.send_encoded(Who::B, end_of_rib());
    pair.run(seconds(1));
    assert_eq!(
        pair.a
            .count(|seen| *seen == Seen::RunEnded(RunEnd::EndOfRib)),
        1
    );
}

#[test]
fn a_peer_that_takes_nothing_is_dropped_after_the_send_hold_time() {
    let mut pair = Pair::established();
    let id = pair.a.session.connections().next().expect("a connection").0;
    // The peer goes on sending KEEPALIVEs, but its TCP takes nothing.
    let mut now = pair.now;
    let end = now + seconds(700);
    let mut down = None;
    while now < end && down.is_none() {
        now += seconds(30);
        pair.a
            .session
            .handle_bytes(now, id, &routehub_wire::KEEPALIVE);
        let seen = common::drain(&mut pair.a.session, now);
        down = seen.into_iter().find_map(|one| match one {
            Seen::Down(down) => Some((now, down)),
            _ => None,
        });
    }
    let (at, down) = down.expect("the session ends");
    assert_eq!(down.reason, DownReason::SendHoldTimerExpired);
    assert_eq!(down.sent.map(|sent| sent.code), Some(8));
    // Eight minutes after the first KEEPALIVE that was not taken.
    assert!((480..=570).contains(&(at - pair.now).as_secs()), "{at:?}");
}

#[test]
fn a_peer_that_takes_a_little_is_not_dropped() {
    let mut pair = Pair::established();
    let id = pair.a.session.connections().next().expect("a connection").0;
    let mut now = pair.now;
    for _ in 0..100 {
        now += seconds(30);
        (pair.a.session).handle_bytes(now, id, &routehub_wire::KEEPALIVE);
        common::drain(&mut pair.a.session, now);
        pair.a.session.handle_written(now, id, 1);
    }
    assert_eq!(pair.a.session.state(), State::Established);
}

#[test]
fn the_send_hold_timer_can_be_off() {
    let mut a = local_config();
    a.timers.send_hold = SendHold::Off;
    let mut pair = Pair::established_with(a, peer_config());
    let id = pair.a.session.connections().next().expect("a connection").0;
    let mut now = pair.now;
    for _ in 0..100 {
        now += seconds(30);
        pair.a
            .session
            .handle_bytes(now, id, &routehub_wire::KEEPALIVE);
        common::drain(&mut pair.a.session, now);
    }
    assert_eq!(pair.a.session.state(), State::Established);
}

#[test]
fn messages_and_errors_are_counted_on_both_sides() {
    let mut pair = Pair::established();
    pair.send_encoded(
        Who::B,
        [update([1]), common::messages::update_treat_as_withdraw()].concat(),
    );
    pair.send_encoded(Who::B, update_malformed());
    pair.run(seconds(1));
    let (a, b) = (pair.a.session.counters(), pair.b.session.counters());
    assert_eq!(
        (a.received.open, a.received.update, a.received.keepalive),
        (1, 3, 1)
    );
    assert_eq!((b.sent.open, b.sent.update, b.sent.keepalive), (1, 3, 1));
    assert_eq!(a.received.octets, b.sent.octets);
    assert_eq!(b.received.octets, a.sent.octets);
    assert_eq!((a.treated_as_withdraw, a.downs.message_error), (1, 1));
    assert_eq!((a.sent.notification, b.downs.notification_received), (1, 1));
    let error = Notification::MALFORMED_ATTRIBUTE_LIST;
    assert_eq!(
        pair.a.session.last_sent_error().map(|e| &e.notification),
        Some(&error)
    );
    assert_eq!(
        pair.b
            .session
            .last_received_error()
            .map(|e| &e.notification),
        Some(&error)
    );
    let withdrawn = pair.a.events().find_map(|seen| match seen {
        Seen::Update {
            outcome: Outcome::TreatAsWithdraw,
            withdrawn,
            ..
        } => Some(withdrawn),
        _ => None,
    });
    assert_eq!(
        withdrawn.map(Vec::as_slice),
        Some(&["10.9.0.0/16".to_string()][..])
    );
}
