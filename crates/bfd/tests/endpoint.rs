//! Packets find their sessions, and the timers of many are kept.

mod common;

use common::{millis, number, packet, timers};
use routehub_bfd::{
    Arrival, Config, Diagnostic, Discard, Endpoint, Hops, Instant, Output, Packet, Path, State,
};

fn path(hops: Hops, last: u8) -> Path {
    Path {
        hops,
        local: [10, 0, 6, 4].into(),
        remote: [10, 0, 4, last].into(),
    }
}

fn from(path: Path) -> Arrival {
    Arrival { path, ttl: 255 }
}

#[test]
fn packets_find_their_session_by_discriminator_and_at_first_by_addresses() {
    let mut system = Endpoint::new(1);
    let (near, far) = (path(Hops::Single, 4), path(Hops::Multiple, 4));
    let config = Config::single_hop(timers(300, 3));
    let single = system
        .add(Instant::ZERO, near, config.clone())
        .expect("a session");
    let multiple = Config::multihop(timers(300, 3));
    let multiple = system.add(Instant::ZERO, far, multiple).expect("a session");
    assert_ne!(single, multiple);
    assert!(
        system.add(Instant::ZERO, near, config).is_err(),
        "there is one"
    );

    let mut hand = |path: Path, packet: Packet| {
        system.handle_datagram(
            Instant::from_micros(5),
            &from(path),
            packet.encode().octets(),
        )
    };
    let down = packet(State::Down);
    assert_eq!(hand(near, down), Ok(single));
    assert_eq!(hand(far, down), Ok(multiple));
    let stranger = path(Hops::Single, 5);
    assert_eq!(hand(stranger, down), Err(Discard::NoSession));
    let init = |your| Packet {
        your_discriminator: your,
        ..packet(State::Init)
    };
    let unknown = State::Init;
    assert_eq!(
        hand(near, init(None)),
        Err(Discard::YourDiscriminatorZero(unknown))
    );
    // The address of the sender may change.
    assert_eq!(hand(stranger, init(Some(single))), Ok(single));
    // But not the port: over many hops there is no TTL to go by.
    let elsewhere = hand(far, init(Some(single)));
    assert_eq!(
        elsewhere,
        Err(Discard::UnknownDiscriminator(single.value()))
    );
    let nobody = (1..)
        .map(number)
        .find(|free| ![single, multiple].contains(free));
    let nobody = nobody.expect("a number");
    let unknown = Err(Discard::UnknownDiscriminator(nobody.value()));
    assert_eq!(hand(near, init(Some(nobody))), unknown);
    let counted: Vec<_> = system.discarded().iter().collect();
    let expected = [
        ("unknown_discriminator", 2),
        ("your_discriminator_zero", 1),
        ("no_session", 1),
    ];
    assert_eq!(counted, expected);
}

#[test]
fn many_sessions_each_send_in_their_time() {
    let mut system = Endpoint::new(1);
    let mut known = Vec::new();
    for last in 0..100 {
        let config = Config::single_hop(timers(300, 3));
        let added = system.add(Instant::ZERO, path(Hops::Single, last), config);
        known.push(added.expect("a session"));
    }
    let gone = known.pop().expect("a session");
    assert!(system.remove(gone).is_some());
    let mut sent = std::collections::BTreeMap::new();
    let mut now = Instant::ZERO;
    while now < Instant::from_micros(9_000_000) {
        while let Some((from, _, output)) = system.poll() {
            assert!(matches!(output, Output::Send(_)));
            *sent.entry(from).or_insert(0) += 1;
        }
        now = system.poll_timeout().expect("a timer");
        system.handle_timeout(now);
    }
    assert_eq!(sent.len(), 99);
    assert!(
        sent.values().all(|packets| (9..=13).contains(packets)),
        "{sent:?}"
    );
    while system.poll().is_some() {}
    assert!(!system.enable(now, gone));
    assert!(system.disable(now, known[0], Diagnostic::PathDown));
    let said = system.poll().expect("news");
    assert!(
        matches!(said.2, Output::StateChange(change) if change.diagnostic == Diagnostic::PathDown)
    );
    assert!(system.set_timers(now + millis(1), known[1], timers(50, 3)));
}
