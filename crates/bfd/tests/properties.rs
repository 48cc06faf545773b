//! What holds for two sessions over any channel.

mod common;

use std::time::Duration;

use common::{Channel, millis, number};
use proptest::prelude::*;
use routehub_bfd::{
    Authentication, AuthenticationType, Config, Diagnostic, Instant, Interval, Output, Received,
    Role, Session, State, Timers,
};

fn timers() -> impl Strategy<Value = Timers> {
    let interval =
        || prop_oneof![Just(50), Just(300), 10..2000_u32].prop_map(Interval::from_millis);
    (interval(), interval(), 2..6_u8)
        .prop_map(|(tx, rx, mult)| Timers::new(tx, rx, mult).expect("timers"))
}

/// Two sessions that fit each other.
fn configs() -> impl Strategy<Value = [Config; 2]> {
    let key = prop_oneof![
        Just(None),
        Just(Some(AuthenticationType::KeyedSha1)),
        Just(Some(AuthenticationType::MeticulousKeyedSha1)),
    ];
    (timers(), timers(), any::<bool>(), key).prop_map(|(a, b, passive, kind)| {
        let authentication = kind.map(|kind| Authentication::new(kind, 1, b"key").expect("a key"));
        let config = |timers, role| Config {
            role,
            authentication: authentication.clone(),
            ..Config::single_hop(timers)
        };
        let role = if passive { Role::Passive } else { Role::Active };
        [config(a, Role::Active), config(b, role)]
    })
}

/// A number that follows from a seed and goes on.
fn chance(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    *seed >> 33
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Over a channel that loses, delays and reorders, whatever happened: both come up as soon as
    /// it is good again, and stay up.
    #[test]
    fn both_come_up_and_stay_up_when_the_channel_is_good_again(
        configs in configs(), seed in any::<u64>(), loss in 0..100_u64, delay in 0..1500_u64,
        chaos in 0..20_u64,
    ) {
        let mut channel = Channel::new(configs, seed);
        let mut numbers = seed;
        channel.run(Duration::from_secs(chaos), |_| {
            let is_lost = chance(&mut numbers) % 100 < loss;
            (!is_lost).then(|| millis(chance(&mut numbers) % (delay + 1)))
        });
        let good = |_| Some(millis(1));
        // What is still on its way, a detection time of the slowest, and the handshake.
        channel.run(Duration::from_secs(30), good);
        prop_assert_eq!(channel.states(), [State::Up; 2]);
        let so_far = channel.changes.len();
        channel.run(Duration::from_secs(60), good);
        prop_assert_eq!(channel.changes.len(), so_far, "{:?}", &channel.changes[so_far..]);
        for end in &channel.ends {
            let (ours, theirs) = (end.timers(), end.remote());
            let negotiated = ours.required_min_rx().max(theirs.desired_min_tx).duration();
            let mult = theirs.detect_mult.expect("it is heard").get();
            prop_assert_eq!(end.detection_time(), Some(negotiated * u32::from(mult)));
        }
    }

    /// A system that falls silent is found when the negotiated time is over, at both ends; with
    /// one that goes on being heard, no session ever ends.
    #[test]
    fn silence_is_found_in_the_detection_time_and_never_earlier(
        configs in configs(), seed in any::<u64>(), silent_end in 0..3_usize,
    ) {
        let is_active = configs.each_ref().map(|config| config.role == Role::Active);
        let mut channel = Channel::new(configs, seed);
        channel.run(Duration::from_secs(30), |_| Some(millis(1)));
        prop_assert_eq!(channel.states(), [State::Up; 2]);
        let so_far = channel.changes.len();
        let times = channel.ends.each_ref().map(|end| end.detection_time().expect("Up"));
        // Packets to one end, or to both, are lost.
        channel.run(Duration::from_secs(25), |to| {
            (silent_end != 2 && to != silent_end).then(|| millis(1))
        });
        let found: Vec<_> = channel.changes[so_far..].to_vec();
        for end in [0, 1].into_iter().filter(|end| silent_end == 2 || *end == silent_end) {
            let (_, change) = found.iter().find(|(at, _)| *at == end).expect("it is found");
            prop_assert_eq!(change.diagnostic, Diagnostic::ControlDetectionTimeExpired);
            prop_assert_eq!(change.at, channel.heard[end] + times[end]);
            prop_assert!(change.is_failure());
        }
        if silent_end != 2 {
            // The other end is told, unless a passive one is silent to those that it does not hear.
            let (_, change) = found.iter().find(|(at, _)| *at != silent_end).expect("told");
            let why = match is_active[silent_end] {
                true => Diagnostic::NeighborSignaledSessionDown,
                false => Diagnostic::ControlDetectionTimeExpired,
            };
            prop_assert_eq!(change.diagnostic, why);
        }
    }

    /// Other timers, at any time, on a channel without loss: nothing goes down.
    #[test]
    fn timers_change_without_an_end(
        configs in configs(), seed in any::<u64>(),
        changes in prop::collection::vec((0..2_usize, timers(), 0..4000_u64), 1..8),
    ) {
        let mut channel = Channel::new(configs, seed);
        channel.run(Duration::from_secs(30), |_| Some(millis(1)));
        prop_assert_eq!(channel.states(), [State::Up; 2]);
        for (end, timers, wait) in changes {
            let now = channel.now;
            channel.ends[end].set_timers(now, timers);
            channel.run(millis(wait), |_| Some(millis(1)));
        }
        channel.run(Duration::from_secs(30), |_| Some(millis(1)));
        let downs = channel.ends.each_ref().map(|end| end.counters().downs);
        prop_assert_eq!(downs, [0, 0], "{:?}", &channel.changes);
    }

    /// Nothing that is received, in whatever order, breaks a session or has it send too much.
    #[test]
    fn any_packet_is_taken_or_discarded(
        seed in any::<u64>(), config in configs(),
        inputs in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..60), 0..9_u64), 0..60),
    ) {
        let [config, _] = config;
        let mut session = Session::new(Instant::ZERO, number(7), config, seed);
        let mut now = Instant::ZERO;
        for (mut octets, wait) in inputs {
            // Mostly good packets: version, length, and the discriminators.
            for (place, octet) in octets.iter_mut().zip([0x20, 0x80, 3, 24, 0, 0, 0, 9, 0, 0, 0, 7]) {
                *place ^= if *place % 3 == 0 { 0 } else { *place ^ octet };
            }
            if let Ok(received) = Received::parse(&octets) {
                let _ = session.handle_packet(now, 255, &received);
            }
            let mut packets = 0;
            while let Some(output) = session.poll() {
                packets += usize::from(matches!(output, Output::Send(_)));
            }
            prop_assert!(packets <= 3, "{packets}");
            now += millis(wait * 100);
            session.handle_timeout(now);
        }
    }
}
