//! Graceful restart (RFC 4724, RFC 8538), of the peer and of ourselves.

mod common;

use common::messages::{end_of_rib, end_of_rib_ipv6, update_malformed};
use common::{Pair, Seen, Who, local_config, peer_config, seconds};
use routehub_session::{Down, DownReason, SessionConfig, State, SweepReason, Timer};
use routehub_types::{Family, FamilySet};
use routehub_wire::{AfiSafi, Capability, GracefulRestart, Notification, RefreshKind};

/// Keeps forwarding for these families through a restart of 120 s.
fn restarts(families: &[AfiSafi]) -> GracefulRestart {
    GracefulRestart {
        restarting: false,
        notification: false,
        time: 120,
        families: families.iter().map(|family| (*family, true)).collect(),
    }
}

fn with(mut config: SessionConfig, restart: GracefulRestart) -> SessionConfig {
    let capabilities = &mut config.capabilities.0;
    capabilities.retain(|one| !matches!(one, Capability::GracefulRestart(_)));
    capabilities.push(Capability::GracefulRestart(restart));
    config
}

const BOTH: [AfiSafi; 2] = [AfiSafi::IPV4, AfiSafi::IPV6];

/// A helps, B restarts; with the N bit of both, or without.
fn pair(notification: bool) -> Pair {
    let restart = GracefulRestart {
        notification,
        ..restarts(&BOTH)
    };
    Pair::established_with(
        with(
            local_config(),
            GracefulRestart {
                families: Vec::new(),
                ..restart.clone()
            },
        ),
        with(peer_config(), restart),
    )
}

fn sweeps(pair: &Pair) -> Vec<(Family, SweepReason)> {
    let sweeps = pair.a.events().filter_map(|seen| match seen {
        Seen::SweepStale(family, why) => Some((*family, *why)),
        _ => None,
    });
    sweeps.collect()
}

fn last_down(pair: &Pair) -> &Down {
    pair.a.downs().last().copied().expect("the session ended")
}

#[test]
fn without_the_capability_all_routes_go_at_once() {
    let mut pair = Pair::established();
    pair.reset_connections();
    assert_eq!(last_down(&pair).retained, FamilySet::EMPTY);
    assert!(
        pair.a
            .session
            .timers()
            .all(|(timer, _)| timer != Timer::Restart)
    );
}

#[test]
fn a_lost_connection_keeps_routes_until_end_of_rib() {
    let mut pair = pair(false);
    pair.reset_connections();
    assert_eq!(last_down(&pair).retained, FamilySet::ALL);
    pair.run(seconds(30));
    assert_eq!(pair.a.session.state(), State::Established);
    assert_eq!(sweeps(&pair), []);
    pair.send_encoded(Who::B, end_of_rib());
    pair.run(seconds(1));
    assert_eq!(sweeps(&pair), [(Family::Ipv4, SweepReason::EndOfRib)]);
    pair.send_encoded(Who::B, end_of_rib_ipv6());
    pair.send_encoded(Who::B, end_of_rib_ipv6());
    pair.run(seconds(1));
    let both = [
        (Family::Ipv4, SweepReason::EndOfRib),
        (Family::Ipv6, SweepReason::EndOfRib),
    ];
    assert_eq!(sweeps(&pair), both);
}

#[test]
fn routes_go_when_the_peer_is_not_back_in_its_restart_time() {
    let mut pair = pair(false);
    pair.reset_connections();
    pair.silent = true;
    pair.run(seconds(119));
    assert_eq!(sweeps(&pair), []);
    pair.run(seconds(1));
    let both = [
        (Family::Ipv4, SweepReason::RestartTime),
        (Family::Ipv6, SweepReason::RestartTime),
    ];
    assert_eq!(sweeps(&pair), both);
}

#[test]
fn routes_go_after_the_stale_time_even_if_the_peer_is_back() {
    let mut pair = pair(false);
    pair.reset_connections();
    pair.run(seconds(60));
    assert_eq!(pair.a.session.state(), State::Established);
    pair.run(seconds(119));
    assert_eq!(sweeps(&pair), []);
    pair.run(seconds(2));
    assert_eq!(sweeps(&pair).len(), 2);
    assert!(
        sweeps(&pair)
            .iter()
            .all(|(_, why)| *why == SweepReason::StaleTime)
    );
}

#[test]
fn a_family_that_was_not_preserved_goes_when_the_session_is_back() {
    let mut helper = local_config();
    helper.passive = true;
    let both = with(peer_config(), restarts(&BOTH));
    let mut pair = Pair::established_with(with(helper, restarts(&[])), both);
    pair.reset_connections();
    // It comes back with its IPv4 forwarding state, and without IPv6 in its capability.
    let after = with(peer_config(), restarts(&[AfiSafi::IPV4]));
    pair.restart(Who::B, after);
    pair.run(seconds(10));
    assert_eq!(pair.a.session.state(), State::Established);
    assert_eq!(sweeps(&pair), [(Family::Ipv6, SweepReason::NotPreserved)]);
}

#[test]
fn a_second_restart_before_end_of_rib_drops_what_was_stale() {
    let mut pair = pair(false);
    pair.reset_connections();
    pair.run(seconds(30));
    pair.send_encoded(Who::B, end_of_rib());
    pair.run(seconds(1));
    pair.reset_connections();
    let swept = [
        (Family::Ipv4, SweepReason::EndOfRib),
        (Family::Ipv6, SweepReason::SecondRestart),
    ];
    assert_eq!(sweeps(&pair), swept);
    assert_eq!(last_down(&pair).retained, FamilySet::ALL);
}

#[test]
fn with_the_n_bit_a_second_restart_keeps_what_was_stale() {
    let mut pair = pair(true);
    pair.reset_connections();
    pair.run(seconds(30));
    pair.reset_connections();
    assert_eq!(sweeps(&pair), []);
    // But not longer than the stale time of the first one.
    pair.silent = true;
    pair.run(seconds(151));
    assert_eq!(sweeps(&pair).len(), 2);
}

#[test]
fn a_new_connection_of_a_restarted_peer_replaces_the_old_one_without_a_word() {
    let mut pair = pair(false);
    let sent = pair.a.session.counters().sent.notification;
    // The peer's machine restarts: its old connection is forgotten, no FIN arrives.
    pair.forget(Who::B);
    let after = with(
        peer_config(),
        GracefulRestart {
            restarting: true,
            ..restarts(&BOTH)
        },
    );
    pair.restart(Who::B, after);
    pair.run(seconds(10));
    assert_eq!(last_down(&pair).reason, DownReason::PeerRestarted);
    assert_eq!(last_down(&pair).retained, FamilySet::ALL);
    assert_eq!(pair.a.session.state(), State::Established);
    assert_eq!(pair.a.session.counters().sent.notification, sent);
    let agreed = pair.a.session.negotiated().expect("established");
    assert!(
        agreed
            .graceful_restart
            .is_some_and(|restart| restart.restarting)
    );
}

#[test]
fn without_the_capability_a_new_connection_does_not_replace_an_established_one() {
    let mut pair = Pair::established();
    pair.forget(Who::B);
    pair.restart(Who::B, peer_config());
    pair.run(seconds(10));
    assert!(pair.a.downs().is_empty());
    let refused = pair.a.session.counters().failed_attempts.collision;
    assert!((1..=6).contains(&refused), "{refused}");
    // The old one ends with its hold time; then the peer is let in.
    pair.run(seconds(400));
    assert_eq!(last_down(&pair).reason, DownReason::HoldTimerExpired);
    assert_eq!(pair.states(), (State::Established, State::Established));
}

#[test]
fn a_notification_ends_graceful_restart_unless_both_have_the_n_bit() {
    for (n_bit, kept) in [(false, FamilySet::EMPTY), (true, FamilySet::ALL)] {
        let mut received = pair(n_bit);
        received.with(Who::B, |b, now| {
            b.teardown(now, Notification::CONFIGURATION_CHANGE);
        });
        received.run(seconds(1));
        assert_eq!(
            last_down(&received).retained,
            kept,
            "received, N bit {n_bit}"
        );
        let mut sent = pair(n_bit);
        sent.send_encoded(Who::B, update_malformed());
        sent.run(seconds(1));
        assert_eq!(last_down(&sent).retained, kept, "sent, N bit {n_bit}");
        let mut silent = pair(n_bit);
        silent.silent = true;
        silent.run(seconds(181));
        assert_eq!(last_down(&silent).reason, DownReason::HoldTimerExpired);
        assert_eq!(
            last_down(&silent).retained,
            kept,
            "hold timer, N bit {n_bit}"
        );
    }
}

#[test]
fn what_is_meant_to_last_is_a_hard_reset_between_speakers_of_it() {
    let lasting = [
        Notification::MAXIMUM_PREFIXES,
        Notification::ADMINISTRATIVE_SHUTDOWN.with_text("bye"),
        Notification::PEER_DECONFIGURED,
    ];
    for why in lasting {
        let mut pair = pair(true);
        pair.with(Who::B, |b, now| b.teardown(now, why.clone()));
        pair.run(seconds(1));
        let DownReason::NotificationReceived(received) = &last_down(&pair).reason else {
            panic!("a NOTIFICATION");
        };
        assert_eq!(received.hard_reset_cause(), Some(why));
        assert_eq!(last_down(&pair).retained, FamilySet::EMPTY);
        assert_eq!(pair.b.downs()[0].retained, FamilySet::EMPTY);
    }
    let mut plain = pair(false);
    plain.with(Who::B, |b, now| {
        b.teardown(now, Notification::MAXIMUM_PREFIXES);
    });
    plain.run(seconds(1));
    let expected = DownReason::NotificationReceived(Notification::MAXIMUM_PREFIXES);
    assert_eq!(last_down(&plain).reason, expected);
}

#[test]
fn a_stop_lets_the_stale_routes_go() {
    let mut pair = pair(false);
    pair.reset_connections();
    pair.with(Who::A, |a, now| {
        a.handle_stop(now, Notification::ADMINISTRATIVE_SHUTDOWN);
    });
    assert_eq!(sweeps(&pair).len(), 2);
    assert!(
        sweeps(&pair)
            .iter()
            .all(|(_, why)| *why == SweepReason::Stopped)
    );
    assert_eq!(pair.a.session.poll_timeout(), None);
}

#[test]
fn the_restart_bit_is_sent_in_the_first_session_only() {
    let restarted = GracefulRestart {
        restarting: true,
        ..restarts(&BOTH)
    };
    let mut pair = Pair::established_with(
        with(local_config(), restarts(&BOTH)),
        with(peer_config(), restarted),
    );
    let told = |pair: &Pair| {
        let agreed = pair.a.session.negotiated().expect("established");
        agreed.graceful_restart.map(|restart| restart.restarting)
    };
    assert_eq!(told(&pair), Some(true));
    pair.reset_connections();
    pair.run(seconds(30));
    assert_eq!(told(&pair), Some(false));
}

#[test]
fn a_refresh_before_end_of_rib_is_ignored_from_a_peer_that_restarts_gracefully() {
    let enhanced = |mut config: SessionConfig| {
        config.capabilities.0.push(Capability::EnhancedRouteRefresh);
        with(config, restarts(&BOTH))
    };
    let mut pair = Pair::established_with(enhanced(local_config()), enhanced(peer_config()));
    let refresh = |pair: &mut Pair| {
        for kind in [RefreshKind::Begin, RefreshKind::End] {
            let sent = pair.with(Who::B, |b, now| {
                b.send_route_refresh(now, Family::Ipv4, kind)
            });
            assert_eq!(sent, Ok(true));
        }
        pair.run(seconds(1));
    };
    refresh(&mut pair);
    assert_eq!(pair.a.count(|seen| matches!(seen, Seen::MarkStale(_))), 0);
    let ignored = pair.a.session.counters().ignored;
    assert_eq!(ignored.refresh_begin_before_end_of_rib, 1);
    assert_eq!(ignored.refresh_end_without_begin, 1);
    pair.send_encoded(Who::B, end_of_rib());
    refresh(&mut pair);
    assert_eq!(pair.a.count(|seen| matches!(seen, Seen::MarkStale(_))), 1);
}
