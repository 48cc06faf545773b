//! The state machine and the timers of a session, by the sections of RFC 5880.

mod common;

use common::{
    SECOND, drain, hand, millis, number, packet, session, session_with, timers, up, up_with,
};
use routehub_bfd::{
    Config, Diagnostic, Discard, Instant, Interval, Packet, Received, Role, Session, State,
    StateChange,
};

const NOW: Instant = Instant::from_micros(10_000_000);

/// A session in a state.
fn in_state(state: State) -> Session {
    let mut session = match state {
        State::Up => up(NOW),
        _ => session(),
    };
    match state {
        State::AdminDown => session.disable(NOW, Diagnostic::AdministrativelyDown),
        State::Init => hand(&mut session, NOW, &packet(State::Down)).expect("no discard"),
        State::Down | State::Up => {}
    }
    assert_eq!(session.state(), state);
    drain(&mut session);
    session
}

#[test]
fn every_state_follows_what_is_received() {
    use Diagnostic::{AdministrativelyDown, NeighborSignaledSessionDown, None};
    use State::{AdminDown, Down, Init, Up};
    let signaled = NeighborSignaledSessionDown;
    // Our state, what is received, our state then, and why.
    let table = [
        (Down, AdminDown, Down, None),
        (Down, Down, Init, None),
        (Down, Init, Up, None),
        (Down, Up, Down, None),
        (Init, AdminDown, Down, signaled),
        (Init, Down, Init, None),
        (Init, Init, Up, None),
        (Init, Up, Up, None),
        (Up, AdminDown, Down, signaled),
        (Up, Down, Down, signaled),
        (Up, Init, Up, None),
        (Up, Up, Up, None),
        (AdminDown, AdminDown, AdminDown, AdministrativelyDown),
        (AdminDown, Down, AdminDown, AdministrativelyDown),
        (AdminDown, Init, AdminDown, AdministrativelyDown),
        (AdminDown, Up, AdminDown, AdministrativelyDown),
    ];
    for (before, received, after, why) in table {
        let mut session = in_state(before);
        let result = hand(&mut session, NOW, &packet(received));
        assert_eq!(session.state(), after, "{before}, received {received}");
        assert_eq!(session.diagnostic(), why, "{before}, received {received}");
        let discarded = before == AdminDown;
        assert_eq!(
            result,
            if discarded {
                Err(Discard::AdminDown)
            } else {
                Ok(())
            }
        );
        let (packets, changes) = drain(&mut session);
        if before == after {
            assert_eq!(changes, []);
        } else {
            assert_eq!((changes[0].from, changes[0].to), (before, after));
            let last = packets.last().expect("it is told at once");
            assert_eq!((last.state, last.diagnostic), (after, why));
        }
        let failed = before == Up && received == Down;
        assert_eq!(changes.iter().any(StateChange::is_failure), failed);
    }
}

#[test]
fn packets_name_the_discriminator_of_who_is_heard_until_it_is_silent() {
    let mut session = session();
    let (packets, _) = drain(&mut session);
    assert_eq!(packets[0].your_discriminator, None);
    assert_eq!(packets[0].my_discriminator, number(7));
    hand(&mut session, NOW, &packet(State::Down)).expect("no discard");
    let (packets, _) = drain(&mut session);
    assert_eq!(packets[0].your_discriminator, Some(number(9)));
    session.handle_timeout(NOW + millis(900));
    let (packets, changes) = drain(&mut session);
    assert_eq!(changes[0].to, State::Down);
    assert_eq!(packets.last().expect("news").your_discriminator, None);
}

#[test]
fn a_silent_system_is_found_after_the_detection_time_and_not_before() {
    for (ours, theirs, mult, expected) in
        [(300, 300, 3, 900), (50, 300, 3, 900), (300, 50, 5, 1500)]
    {
        let mut session = up_with(NOW, Config::single_hop(timers(ours, 3)));
        let said = Packet {
            desired_min_tx: Interval::from_millis(theirs),
            detect_mult: mult.try_into().expect("not zero"),
            ..packet(State::Up)
        };
        hand(&mut session, NOW, &said).expect("no discard");
        assert_eq!(session.detection_time(), Some(millis(expected)));
        drain(&mut session);
        session.handle_timeout(NOW + millis(expected - 1));
        assert_eq!(session.state(), State::Up);
        session.handle_timeout(NOW + millis(expected));
        let (_, changes) = drain(&mut session);
        let why = Diagnostic::ControlDetectionTimeExpired;
        assert_eq!((session.state(), session.diagnostic()), (State::Down, why));
        assert!(changes[0].is_failure());
        assert_eq!(session.counters().downs, 1);
    }
}

#[test]
fn a_session_that_is_not_up_sends_once_a_second() {
    let mut session = session();
    drain(&mut session);
    let mut times = Vec::new();
    let mut now = Instant::ZERO;
    while now < Instant::from_micros(20_000_000) {
        now = session.poll_timeout().expect("a timer");
        session.handle_timeout(now);
        let (packets, _) = drain(&mut session);
        assert_eq!(packets.len(), 1);
        assert_eq!(packets[0].desired_min_tx, Interval::SLOW);
        assert_eq!(packets[0].required_min_rx, Interval::from_millis(300));
        times.push(now);
    }
    let gaps = times.windows(2).map(|pair| pair[1].since(pair[0]));
    let gaps: Vec<_> = gaps.collect();
    assert!(gaps.iter().all(|gap| (millis(750)..=SECOND).contains(gap)));
    assert!(gaps.iter().any(|gap| *gap < millis(850)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap > millis(900)), "{gaps:?}");
}

#[test]
fn with_a_multiplier_of_one_no_packet_is_late() {
    let mut session = up_with(NOW, Config::single_hop(timers(300, 1)));
    let mut now = session.poll_timeout().expect("a timer");
    for _ in 0..200 {
        session.handle_timeout(now);
        hand(&mut session, now, &packet(State::Up)).expect("no discard");
        drain(&mut session);
        let next = session.poll_timeout().expect("a timer");
        assert!((millis(225)..=millis(270)).contains(&next.since(now)));
        now = next;
    }
}

#[test]
fn the_slower_side_decides_how_fast_packets_are_sent() {
    let mut session = up(NOW);
    assert_eq!(session.transmit_interval(), Interval::from_millis(300));
    let slow = Packet {
        required_min_rx: Interval::from_millis(2000),
        ..packet(State::Up)
    };
    hand(&mut session, NOW, &slow).expect("no discard");
    assert_eq!(session.transmit_interval(), Interval::from_millis(2000));
    // A smaller value counts at once (section 6.8.3).
    hand(&mut session, NOW, &packet(State::Up)).expect("no discard");
    assert!(session.poll_timeout() <= Some(NOW + millis(300)));
    // Zero: no periodic packets at all.
    let none = Packet {
        required_min_rx: Interval::ZERO,
        ..packet(State::Up)
    };
    hand(&mut session, NOW, &none).expect("no discard");
    assert_eq!(
        session.poll_timeout(),
        Some(NOW + millis(900)),
        "detection alone"
    );
}

#[test]
fn coming_up_is_told_by_a_poll_sequence_until_it_is_answered() {
    let mut session = in_state(State::Init);
    hand(&mut session, NOW, &packet(State::Init)).expect("no discard");
    let (packets, _) = drain(&mut session);
    assert_eq!(packets[0].state, State::Up);
    assert!(packets[0].poll);
    assert_eq!(packets[0].desired_min_tx, Interval::from_millis(300));
    hand(&mut session, NOW, &packet(State::Up)).expect("no discard");
    session.handle_timeout(NOW + millis(300));
    let (packets, _) = drain(&mut session);
    assert!(packets[0].poll);
    let answer = Packet {
        is_final: true,
        ..packet(State::Up)
    };
    hand(&mut session, NOW + millis(310), &answer).expect("no discard");
    session.handle_timeout(NOW + millis(610));
    let (packets, _) = drain(&mut session);
    assert!(packets.iter().all(|packet| !packet.poll));
    assert_eq!(packets.len(), 1);
}

#[test]
fn a_slower_rate_waits_until_the_remote_system_knows_of_it() {
    let mut session = up(NOW);
    session.set_timers(NOW, timers(1000, 3));
    let (packets, _) = drain(&mut session);
    assert!(packets[0].poll);
    assert_eq!(packets[0].desired_min_tx, Interval::from_millis(1000));
    assert_eq!(session.transmit_interval(), Interval::from_millis(300));
    assert_eq!(
        session.detection_time(),
        Some(millis(3000)),
        "more is counted at once"
    );
    let answer = Packet {
        is_final: true,
        ..packet(State::Up)
    };
    hand(&mut session, NOW, &answer).expect("no discard");
    assert_eq!(session.transmit_interval(), Interval::from_millis(1000));

    session.set_timers(NOW, timers(50, 3));
    assert_eq!(session.detection_time(), Some(millis(3000)), "less is not");
    hand(&mut session, NOW, &answer).expect("no discard");
    assert_eq!(
        session.detection_time(),
        Some(millis(3000)),
        "an old answer"
    );
    hand(&mut session, NOW, &packet(State::Up)).expect("no discard");
    hand(&mut session, NOW, &answer).expect("no discard");
    assert_eq!(
        session.detection_time(),
        Some(millis(900)),
        "their interval"
    );
    assert_eq!(session.state(), State::Up);
}

#[test]
fn a_poll_is_answered_at_once_in_every_state_but_admin_down() {
    for state in [State::Down, State::Init, State::Up] {
        let mut session = in_state(state);
        let poll = Packet {
            poll: true,
            ..packet(state)
        };
        hand(&mut session, NOW, &poll).expect("no discard");
        let (packets, _) = drain(&mut session);
        let answer = packets.last().expect("an answer");
        assert!(answer.is_final && !answer.poll, "{state}");
        assert_eq!(answer.state, session.state());
    }
}

#[test]
fn a_passive_session_is_silent_until_it_is_spoken_to() {
    let passive = Config {
        role: Role::Passive,
        ..Config::single_hop(timers(300, 3))
    };
    let mut session = session_with(passive);
    session.handle_timeout(NOW);
    assert_eq!(
        (drain(&mut session).0, session.poll_timeout()),
        (vec![], None)
    );
    hand(&mut session, NOW, &packet(State::Down)).expect("no discard");
    assert_eq!(drain(&mut session).0[0].state, State::Init);
    session.handle_timeout(NOW + SECOND);
    assert_eq!(drain(&mut session).0, [], "nobody is there to be told");
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn a_system_in_demand_mode_gets_no_periodic_packets_while_both_are_up() {
    let mut session = up(NOW);
    let demand = Packet {
        demand: true,
        ..packet(State::Up)
    };
    hand(&mut session, NOW, &demand).expect("no discard");
    assert_eq!(
        session.poll_timeout(),
        Some(NOW + millis(900)),
        "detection alone"
    );
    // But it is told of a change, and asked whether it knows.
    session.set_timers(NOW, timers(400, 3));
    assert!(session.poll_timeout() <= Some(NOW + millis(300)));
    assert!(drain(&mut session).0[0].poll);
    let down = Packet {
        demand: true,
        ..packet(State::Down)
    };
    hand(&mut session, NOW, &down).expect("no discard");
    drain(&mut session);
    hand(&mut session, NOW, &packet(State::Down)).expect("no discard");
    assert_eq!(session.state(), State::Init);
    assert!(session.poll_timeout() <= Some(NOW + millis(1000)));
    assert!(drain(&mut session).0.iter().all(|packet| !packet.demand));
}

#[test]
fn an_operator_holds_a_session_down_and_lets_it_go() {
    let mut session = up(NOW);
    session.disable(NOW, Diagnostic::AdministrativelyDown);
    let (packets, changes) = drain(&mut session);
    assert_eq!(packets[0].state, State::AdminDown);
    assert_eq!(packets[0].diagnostic, Diagnostic::AdministrativelyDown);
    assert!(!changes[0].is_failure());
    // The remote system is told again and again, however long it takes.
    session.handle_timeout(NOW + millis(1000));
    assert_eq!(drain(&mut session).0[0].state, State::AdminDown);
    session.enable(NOW + millis(1500));
    let (packets, _) = drain(&mut session);
    assert_eq!(packets[0].state, State::Down);
    hand(&mut session, NOW + millis(1600), &packet(State::Down)).expect("no discard");
    assert_eq!(session.state(), State::Init);
}

#[test]
fn what_comes_from_too_far_away_is_discarded() {
    let hand = |config: Config, ttl: u8| {
        let mut session = session_with(config);
        let datagram = packet(State::Down).encode();
        let received = Received::parse(datagram.octets()).expect("a packet");
        session.handle_packet(NOW, ttl, &received)
    };
    let single = Config::single_hop(timers(300, 3));
    assert_eq!(hand(single.clone(), 255), Ok(()));
    let (received, least) = (254, 255);
    assert_eq!(hand(single, 254), Err(Discard::Ttl { received, least }));
    assert_eq!(hand(Config::multihop(timers(300, 3)), 3), Ok(()));
}

#[test]
fn timers_are_never_zero() {
    use routehub_bfd::Timers;
    let (some, none) = (Interval(1), Interval::ZERO);
    for (tx, rx, mult) in [(none, some, 1), (some, none, 1), (some, some, 0)] {
        assert!(Timers::new(tx, rx, mult).is_err());
    }
    assert!(Timers::new(some, some, 1).is_ok());
}
