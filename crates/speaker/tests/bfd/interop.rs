//! What BIRD and the server agree on, and what the server does in each case.

use std::time::Duration;

use routehub_bfd::{Diagnostic, Hops, State};
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::wait::block_until;

use crate::lab::Lab;

/// Both ends see the same.
fn agree(reach: &str, bfd: &str, hops: Hops) {
    let lab = Lab::start("open", bfd);
    let bird = lab.bird(reach, 200);
    let sessions = lab.wait_until_watched(Duration::from_millis(900));
    let said = block_until(
        "BIRD sees both",
        || bird.ask("show bfd sessions"),
        |said| said.matches(" Up ").count() == 2,
    );
    // The slower side decides: 300 ms, and three packets.
    assert_eq!(said.matches("0.300").count(), 2, "{said}");
    assert_eq!(said.matches("0.900").count(), 2, "{said}");
    let up = sessions.iter().filter(|report| report.state == State::Up);
    for report in up {
        assert_eq!(report.hops, hops);
        assert_eq!(report.remote_state, State::Up);
        assert_eq!(
            report.transmit_interval.duration(),
            Duration::from_millis(300)
        );
        assert_eq!(report.counters.discarded.total(), 0, "{report:?}");
    }
    let events = lab.events();
    let told = events.iter().filter(|event| event.contains("is Up, was"));
    assert_eq!(told.count(), 2, "{events:?}");
}

#[test]
fn bird_over_many_hops() {
    if may_isolate() {
        agree(
            "multihop",
            "{interval_ms: 300, multihop: true}",
            Hops::Multiple,
        );
    }
}

#[test]
fn bird_over_one_hop() {
    if may_isolate() {
        agree(
            "direct",
            "{interval_ms: 300, multihop: false}",
            Hops::Single,
        );
    }
}

#[test]
fn a_file_need_not_say_how_far_the_peer_is_away() {
    if may_isolate() {
        agree("multihop", "{interval_ms: 300}", Hops::Multiple);
        agree("direct", "{interval_ms: 300}", Hops::Single);
    }
}

#[test]
fn packets_are_signed_as_bird_signs_them() {
    if !may_isolate() {
        return;
    }
    let bfd = "{interval_ms: 300, multihop: true, password: a-secret, key_id: 7}";
    let lab = Lab::start("open", bfd);
    let signed = "authentication meticulous keyed sha1; password \"a-secret\" { id 7; };";
    let bird = lab.bird_with("multihop", 300, signed);
    let sessions = lab.wait_until_watched(Duration::from_millis(900));
    for report in &sessions {
        assert_eq!(report.counters.discarded.total(), 0, "{report:?}");
    }
    drop(bird);
    // With another key nothing comes up, and it is told why.
    let wrong = signed.replace("a-secret", "another");
    let _bird = lab.bird_with("multihop", 300, &wrong);
    let reasons = || {
        let sessions = lab.sessions().into_iter();
        let reasons = sessions.map(|report| report.counters.discarded.iter().collect::<Vec<_>>());
        reasons.collect::<Vec<_>>()
    };
    block_until("wrong hashes are counted", reasons, |all| {
        let names = |reasons: &Vec<(&str, u64)>| reasons.iter().any(|(name, _)| *name == "hash");
        all.iter().all(names)
    });
    let sessions = lab.sessions();
    assert!(sessions.iter().all(|report| report.state == State::Down));
}

#[test]
fn a_failed_path_ends_the_session_with_a_cease_and_its_reason() {
    if !may_isolate() {
        return;
    }
    let lab = Lab::start("open", "{interval_ms: 50}");
    let bird = lab.bird("multihop", 50);
    lab.wait_until_watched(Duration::from_millis(150));
    bird.pause(true);
    lab.gone();
    let events = block_until(
        "both are told of",
        || lab.events(),
        |events| {
            events
                .iter()
                .filter(|event| event.contains("down: "))
                .count()
                == 2
        },
    );
    let downs = events.iter().filter(|event| event.contains("down: "));
    for down in downs {
        assert!(down.contains("6/10 Cease, BFD Down"), "{down}");
    }
    assert_eq!(lab.downs(), [Diagnostic::ControlDetectionTimeExpired; 2]);
    bird.pause(false);
    lab.wait_until_watched(Duration::from_millis(150));
}

#[test]
fn a_profile_of_azure_has_no_bfd_and_the_session_is_as_ever() {
    if !may_isolate() {
        return;
    }
    let lab = Lab::start("azure-2026", "{interval_ms: 50}");
    let bird = lab.bird("multihop", 50);
    let routes = || lab.fabric.vm.routes(254);
    block_until("the kernel has the route", routes, |routes| {
        routes.len() == 1
    });
    assert_eq!(lab.sessions(), []);
    let said = bird.ask("show bfd sessions");
    assert_eq!(said.matches(" Up ").count(), 0, "{said}");
}
