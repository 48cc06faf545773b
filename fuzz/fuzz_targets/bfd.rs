//! Datagrams, time and commands in any order: sessions of BFD never panic, never leave Up without a
//! reason, and answer a datagram with a few packets at most.
//!
//! The input is read as steps: an octet that says what, one with a length or a number, and that many
//! octets. A corpus can so hold packets as they are.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use routehub_bfd::{
    Arrival, Authentication, AuthenticationType, Config, Diagnostic, Discriminator, Endpoint, Hops,
    Instant, Interval, Output, Path, Received, Role, State, Timers,
};

/// Packets that come of one input at most: for each session news, an answer, and a periodic one.
const PACKETS: usize = 4;

fn path(number: u8) -> Path {
    Path {
        hops: match number % 2 {
            0 => Hops::Single,
            _ => Hops::Multiple,
        },
        local: IpAddr::from([10, 0, 6, 4]),
        remote: IpAddr::from([10, 0, 4, number / 2 % 2]),
    }
}

fn config(number: u8) -> Config {
    let interval = Interval::from_millis(1 + u32::from(number) * 4);
    let timers = Timers::new(interval, interval, 1 + number % 5).expect("not zero");
    let kind = match number % 3 {
        0 => AuthenticationType::KeyedSha1,
        _ => AuthenticationType::MeticulousKeyedSha1,
    };
    let key = Authentication::new(kind, 1, b"key").expect("a key");
    Config {
        role: if number % 2 == 0 { Role::Active } else { Role::Passive },
        authentication: (number % 4 == 0).then_some(key),
        ..match number % 8 {
            0..4 => Config::single_hop(timers),
            _ => Config::multihop(timers),
        }
    }
}

/// Takes all outputs; how many packets were among them.
fn drain(system: &mut Endpoint) -> usize {
    let mut packets = 0;
    while let Some((discriminator, _, output)) = system.poll() {
        match output {
            Output::Send(datagram) => {
                let received = Received::parse(datagram.octets()).expect("a packet");
                let packet = received.packet;
                assert_eq!(packet.my_discriminator, discriminator);
                assert!(!(packet.poll && packet.is_final));
                assert!(packet.state == State::Up || packet.desired_min_tx >= Interval::SLOW);
                packets += 1;
            }
            Output::StateChange(change) => {
                assert_ne!(change.from, change.to);
                let is_told = change.diagnostic != Diagnostic::None;
                assert!(change.from != State::Up || is_told, "{change:?}");
            }
        }
    }
    packets
}

fuzz_target!(|data: &[u8]| {
    let mut system = Endpoint::new(1);
    let mut now = Instant::ZERO;
    let mut known: Vec<Discriminator> = Vec::new();
    let mut rest = data;
    while let [what, number, more @ ..] = rest {
        let (octets, next) = more.split_at(usize::from(*number).min(more.len()));
        let of = |known: &[Discriminator]| {
            let places = known.len().max(1);
            known.get(usize::from(*number) % places).copied()
        };
        rest = more;
        match what % 8 {
            0 => {
                let added = system.add(now, path(*number), config(*number));
                known.extend(added.ok());
            }
            // A datagram as it is, and one that names a session.
            1 | 2 => {
                let mut octets = octets.to_vec();
                if let (2, Some(place), Some(named)) =
                    (what % 8, octets.get_mut(8..12), of(&known))
                {
                    place.copy_from_slice(&named.value().to_be_bytes());
                }
                let arrival = Arrival {
                    path: path(what / 8),
                    ttl: 255 - what / 128,
                };
                drain(&mut system);
                let _ = system.handle_datagram(now, &arrival, &octets);
                assert!(drain(&mut system) <= PACKETS);
                rest = next;
            }
            3 => {
                now = Instant::from_micros(now.as_micros() + u64::from(*number) * 10_000);
                drain(&mut system);
                system.handle_timeout(now);
                assert!(drain(&mut system) <= PACKETS * known.len().max(1));
            }
            4 => {
                now = system.poll_timeout().map_or(now, |at| now.max(at));
                system.handle_timeout(now);
            }
            5 => {
                if let Some(session) = of(&known) {
                    system.disable(now, session, Diagnostic::from_code(1 + number % 8));
                }
            }
            6 => {
                if let Some(session) = of(&known) {
                    system.enable(now, session);
                    system.set_timers(now, session, config(number / 2).timers);
                }
            }
            _ => {
                if let Some(session) = of(&known) {
                    system.remove(session);
                    known.retain(|known| *known != session);
                }
            }
        }
    }
    drain(&mut system);
});
