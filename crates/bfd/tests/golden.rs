//! Packets by their octets.

mod common;

use common::{drain, hand, number, packet, session_with, timers};
use routehub_bfd::{
    Authentication, AuthenticationType, Config, Diagnostic, Discard, Instant, Interval, Output,
    Packet, Received, State,
};

/// What a session says first.
const FIRST: [u8; 24] = [
    0x20, 0x40, 3, 24, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 4, 0x93, 0xe0, 0, 0, 0, 0,
];
const UP: [u8; 24] = [
    0x21, 0xe8, 3, 24, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50, 0,
    0, 0xc3, 0x50,
];
const ADMIN_DOWN: [u8; 24] = [
    0x27, 0x00, 255, 24, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0, 0, 0, 0, 0,
];
const ANSWER: [u8; 24] = [
    0x3f, 0x92, 3, 24, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 4, 0x93, 0xe0, 0, 0, 0, 0,
];

/// Each packet with its octets.
fn packets() -> [(Packet, [u8; 24]); 4] {
    let first = Packet {
        detect_mult: 3.try_into().expect("not zero"),
        my_discriminator: number(0x0102_0304),
        your_discriminator: None,
        desired_min_tx: Interval(1_000_000),
        ..packet(State::Down)
    };
    let up = Packet {
        diagnostic: Diagnostic::ControlDetectionTimeExpired,
        state: State::Up,
        poll: true,
        control_plane_independent: true,
        your_discriminator: Some(number(0xffff_fffe)),
        desired_min_tx: Interval(50_000),
        required_min_rx: Interval(50_000),
        required_min_echo_rx: Interval(50_000),
        ..first
    };
    let admin_down = Packet {
        diagnostic: Diagnostic::AdministrativelyDown,
        state: State::AdminDown,
        detect_mult: 255.try_into().expect("not zero"),
        required_min_rx: Interval::ZERO,
        ..first
    };
    let answer = Packet {
        diagnostic: Diagnostic::Unassigned(31),
        state: State::Init,
        is_final: true,
        demand: true,
        ..first
    };
    [
        (first, FIRST),
        (up, UP),
        (admin_down, ADMIN_DOWN),
        (answer, ANSWER),
    ]
}

#[test]
fn packets_are_written_and_read_as_the_rfc_draws_them() {
    for (packet, octets) in packets() {
        assert_eq!(packet.encode().octets(), octets, "{packet:?}");
        let received = Received::parse(&octets).expect("a packet");
        assert_eq!(received.packet, packet);
        assert_eq!(received.octets(), octets);
        assert_eq!(received.authentication(), None);
    }
}

#[test]
fn what_follows_behind_a_packet_is_ignored() {
    for (packet, octets) in packets() {
        let long = [&octets[..], &[1, 2, 3]].concat();
        let received = Received::parse(&long).expect("a packet");
        assert_eq!((received.packet, received.octets()), (packet, &octets[..]));
    }
}

/// A packet with one octet changed.
fn with(at: usize, octet: u8) -> [u8; 24] {
    let (_, mut octets) = packets()[0];
    octets[at] = octet;
    octets
}

#[test]
fn what_is_wrong_is_found_in_the_order_of_the_rfc() {
    let parse = |octets: &[u8]| Received::parse(octets).expect_err("a discard");
    for short in 0..24 {
        assert_eq!(parse(&with(0, 0)[..short]), Discard::Truncated(short));
    }
    assert_eq!(parse(&with(0, 0x40)), Discard::Version(2));
    let length = |length, least| Discard::Length { length, least };
    assert_eq!(parse(&with(3, 23)), length(23, 24));
    // With an authentication section.
    assert_eq!(parse(&with(1, 0x44)), length(24, 26));
    let beyond = Discard::LengthBeyondPayload {
        length: 25,
        octets: 24,
    };
    assert_eq!(parse(&with(3, 25)), beyond);
    assert_eq!(parse(&with(2, 0)), Discard::DetectMultZero);
    assert_eq!(parse(&with(1, 0x41)), Discard::Multipoint);
    assert_eq!(parse(&with(1, 0x70)), Discard::PollAndFinal);
    let mut octets = with(4, 0);
    octets[5..8].fill(0);
    assert_eq!(parse(&octets), Discard::MyDiscriminatorZero);

    // Everything is wrong; mended from the front, each fault shows in its turn.
    let mut wrong = [0_u8; 24];
    wrong[1] = 0x71;
    let mut found = Vec::new();
    for (at, octet) in [
        (0, 0x20),
        (3, 25),
        (3, 24),
        (2, 3),
        (1, 0x70),
        (7, 1),
        (1, 0x40),
    ] {
        found.push(parse(&wrong).name());
        wrong[at] = octet;
    }
    let names = [
        "version",
        "length",
        "length_beyond_payload",
        "detect_mult_zero",
        "multipoint",
        "my_discriminator_zero",
        "poll_and_final",
    ];
    assert_eq!(found, names);
    assert!(Received::parse(&wrong).is_ok());
}

fn key(kind: AuthenticationType, key: &[u8]) -> Authentication {
    Authentication::new(kind, 5, key).expect("a key")
}

fn with_key(kind: AuthenticationType, secret: &[u8]) -> Config {
    Config {
        authentication: Some(key(kind, secret)),
        ..Config::single_hop(timers(300, 3))
    }
}

/// The first packet of a session.
fn first_packet(config: Config) -> Vec<u8> {
    let mut session = session_with(config);
    let Some(Output::Send(datagram)) = session.poll() else {
        panic!("nothing is sent");
    };
    datagram.octets().to_vec()
}

#[test]
fn an_authenticated_packet_has_a_section_of_28_octets_and_no_key() {
    let octets = first_packet(with_key(AuthenticationType::KeyedSha1, b"secret"));
    assert_eq!(octets.len(), 52);
    assert_eq!(octets[..4], [0x20, 0x44, 3, 52]);
    assert_eq!(octets[24..28], [4, 28, 5, 0]);
    assert!(!octets.windows(6).any(|window| window == b"secret"));
    let received = Received::parse(&octets).expect("a packet");
    assert_eq!(received.authentication(), Some(&octets[24..]));
}

#[test]
fn packets_are_believed_with_the_key_alone_and_every_fault_has_its_reason() {
    use AuthenticationType::{KeyedSha1, MeticulousKeyedSha1};
    let good = first_packet(with_key(KeyedSha1, b"secret"));
    let hand = |config: Config, octets: &[u8]| {
        let mut session = session_with(config);
        let received = Received::parse(octets).expect("a packet");
        session.handle_packet(Instant::from_micros(1), 255, &received)
    };
    let keyed = || with_key(KeyedSha1, b"secret");
    assert_eq!(hand(keyed(), &good), Ok(()));
    assert_eq!(
        hand(with_key(KeyedSha1, b"Secret"), &good),
        Err(Discard::Hash)
    );
    let meticulous = with_key(MeticulousKeyedSha1, b"secret");
    assert_eq!(hand(meticulous, &good), Err(Discard::AuthenticationType(4)));
    let plain = Config::single_hop(timers(300, 3));
    let unexpected = Err(Discard::AuthenticationUnexpected);
    assert_eq!(hand(plain.clone(), &good), unexpected);
    let missing = Err(Discard::AuthenticationMissing);
    assert_eq!(hand(keyed(), &first_packet(plain)), missing);
    let changed = |at: usize, octet: u8| {
        let mut octets = good.clone();
        octets[at] = octet;
        octets
    };
    // A simple password and MD5 are refused by their types.
    for kind in [0, 1, 2, 3, 5, 6] {
        let wrong = Err(Discard::AuthenticationType(kind));
        assert_eq!(hand(keyed(), &changed(24, kind)), wrong);
    }
    assert_eq!(hand(keyed(), &changed(26, 6)), Err(Discard::KeyId(6)));
    let length = Err(Discard::AuthenticationLength(27));
    assert_eq!(hand(keyed(), &changed(25, 27)), length);
    let short = changed(3, 40);
    assert_eq!(
        hand(keyed(), &short),
        Err(Discard::AuthenticationLength(28))
    );
    // Any bit of it counts: here the state, the timers, the number, the hash.
    for at in [0, 9, 15, 31, 51] {
        let octets = changed(at, good[at] ^ 1);
        let result = hand(keyed(), &octets);
        let is_refused = matches!(result, Err(Discard::Hash));
        assert!(is_refused, "octet {at}: {result:?}");
    }
}

#[test]
fn numbers_go_on_and_never_back() {
    let meticulous = || with_key(AuthenticationType::MeticulousKeyedSha1, b"secret");
    let (mut sender, mut receiver) = (session_with(meticulous()), session_with(meticulous()));
    let mut sent = Vec::new();
    for second in 1..=20 {
        sender.handle_timeout(Instant::from_micros(second * 1_000_000));
        while let Some(output) = sender.poll() {
            if let Output::Send(datagram) = output {
                sent.push(datagram.octets().to_vec());
            }
        }
    }
    let number = |octets: &[u8]| u32::from_be_bytes(octets[28..32].try_into().expect("four"));
    let mut hand = |at: usize| {
        let received = Received::parse(&sent[at]).expect("a packet");
        receiver.handle_packet(Instant::from_micros(1), 255, &received)
    };
    assert_eq!(hand(1), Ok(()), "the first number is believed");
    assert_eq!(hand(2), Ok(()));
    let again = Err(Discard::SequenceNumber(number(&sent[2])));
    assert_eq!(hand(2), again);
    assert_eq!(hand(1), Err(Discard::SequenceNumber(number(&sent[1]))));
    assert_eq!(hand(11), Ok(()), "eight packets may be lost");
    // Three times the multiplier may be lost, and no more.
    assert_eq!(hand(20), Ok(()));
    let mut receiver = session_with(meticulous());
    let mut hand = |at: usize| {
        let received = Received::parse(&sent[at]).expect("a packet");
        receiver.handle_packet(Instant::from_micros(1), 255, &received)
    };
    assert_eq!(hand(1), Ok(()));
    let ahead = Err(Discard::SequenceNumber(number(&sent[11])));
    assert_eq!(hand(11), ahead);
}

#[test]
fn keys_have_one_to_twenty_octets_and_are_not_shown() {
    for length in [0, 21] {
        let kind = AuthenticationType::KeyedSha1;
        assert!(Authentication::new(kind, 1, &vec![7; length]).is_err());
    }
    let shown = format!("{:?}", with_key(AuthenticationType::KeyedSha1, b"secret"));
    assert!(!shown.contains("115"), "{shown}");
}

#[test]
fn answers_to_a_poll_do_not_poll() {
    let mut session = session_with(Config::single_hop(timers(300, 3)));
    let poll = Packet {
        poll: true,
        ..packet(State::Down)
    };
    hand(&mut session, Instant::from_micros(5), &poll).expect("no discard");
    let (packets, _) = drain(&mut session);
    let answers = packets.iter().filter(|packet| packet.is_final);
    assert_eq!(answers.count(), 1);
    assert!(
        packets
            .iter()
            .all(|packet| !(packet.poll && packet.is_final))
    );
}
