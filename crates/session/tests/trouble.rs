//! Networks that lose, delay and forget: afterwards the two find each other again.

mod common;

use std::time::Duration;

use common::messages::update;
use common::{Chance, Pair, Seen, Who, local_config, peer_config, seconds};
use routehub_session::{SessionConfig, State};
use routehub_wire::{AfiSafi, Capability, GracefulRestart, Notification};

const BOTH: (State, State) = (State::Established, State::Established);

/// Five minutes of trouble, then quiet until every timer of it is over.
fn trouble(pair: &mut Pair, chance: &mut Chance, a: &SessionConfig, b: &SessionConfig) {
    pair.shuffled = true;
    for _ in 0..30 {
        match chance.below(6) {
            0 => pair.reset_connections(),
            1 => pair.silent = !pair.silent,
            2 => pair.restart(Who::A, a.clone()),
            3 => pair.restart(Who::B, b.clone()),
            4 => pair.with(Who::A, |a, now| {
                a.handle_stop(now, Notification::ADMINISTRATIVE_RESET);
                a.handle_start(now);
            }),
            _ => pair.with(Who::B, |b, now| {
                b.teardown(now, Notification::OUT_OF_RESOURCES);
            }),
        }
        pair.run(Duration::from_millis(chance.below(20_000)));
    }
    pair.silent = false;
    // A hold time, a back-off and an attempt.
    pair.run(seconds(180 + 120 + 60));
}

fn find_each_other(seeds: std::ops::Range<u64>, a: &SessionConfig, b: &SessionConfig) {
    for seed in seeds {
        let mut chance = Chance::new(seed + 1);
        let mut pair = Pair::seeded(a.clone(), b.clone(), seed);
        pair.start();
        trouble(&mut pair, &mut chance, a, b);
        assert_eq!(pair.states(), BOTH, "seed {seed}");
        assert_eq!(pair.a.session.connections().count(), 1, "seed {seed}");
        pair.a.seen.clear();
        pair.send_encoded(Who::B, update([1]));
        pair.run(seconds(1));
        let routes = pair.a.count(|seen| matches!(seen, Seen::Update { .. }));
        assert_eq!(routes, 1, "seed {seed}");
    }
}

#[test]
fn a_listener_and_a_caller_find_each_other_after_any_trouble() {
    let mut a = local_config();
    a.passive = true;
    find_each_other(0..40, &a, &peer_config());
}

#[test]
fn two_callers_find_each_other_after_any_trouble() {
    find_each_other(100..140, &local_config(), &peer_config());
}

#[test]
fn two_that_delay_their_open_find_each_other_after_any_trouble() {
    let (mut a, mut b) = (local_config(), peer_config());
    a.timers.delay_open = Some(seconds(2));
    b.timers.delay_open = Some(seconds(3));
    find_each_other(200..230, &a, &b);
}

#[test]
fn two_without_damping_find_each_other_after_any_trouble() {
    let (mut a, mut b) = (local_config(), peer_config());
    a.damp_peer_oscillations = false;
    b.damp_peer_oscillations = false;
    find_each_other(300..330, &a, &b);
}

#[test]
fn two_that_settle_collisions_in_established_find_each_other_after_any_trouble() {
    let (mut a, mut b) = (local_config(), peer_config());
    a.collision_detect_established = true;
    b.collision_detect_established = true;
    find_each_other(400..430, &a, &b);
}

#[test]
fn two_that_restart_gracefully_find_each_other_after_any_trouble() {
    let restart = Capability::GracefulRestart(GracefulRestart {
        restarting: false,
        notification: true,
        time: 60,
        families: vec![(AfiSafi::IPV4, true)],
    });
    let (mut a, mut b) = (local_config(), peer_config());
    a.capabilities.0.push(restart.clone());
    b.capabilities.0.push(restart);
    find_each_other(500..530, &a, &b);
}
