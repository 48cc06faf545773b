//! The route limit, R-002 to R-007.

mod bed;

use std::time::Duration;

use bed::{Bed, many, prefix};
use routehub_rib::{
    Admission, Announcement, AttrStore, DecisionConfig, LimitExceeded, LimitMode, RouteLimit,
    Source, SourceId,
};
use routehub_types::{Instant, Nlri, RuleId};

const PER_BATCH: LimitMode = LimitMode::PerBatch {
    gap: Duration::from_secs(1),
    longest: Duration::from_secs(10),
};

fn limited(max: u32, mode: LimitMode) -> (Bed, SourceId) {
    let mut bed = Bed::new(DecisionConfig::rfc4271());
    let limit = Some(RouteLimit { max, mode });
    let source = bed.source_with(Source {
        limit,
        ..Source::default()
    });
    (bed, source)
}

/// Announces prefixes in UPDATEs of so many, all at the bed's time.
fn send(
    bed: &mut Bed,
    source: SourceId,
    length: u32,
    prefixes: &[Nlri],
    update: usize,
) -> Result<(), LimitExceeded> {
    for some in prefixes.chunks(update) {
        let attrs = bed.length(length);
        let accept = |_: &mut AttrStore, path: &Announcement| Admission::Accept(path.attrs);
        bed.apply(source, &[], attrs, some, accept)?;
    }
    Ok(())
}

#[test]
fn r004_known_prefixes_announced_again_count_twice() {
    let (mut bed, source) = limited(4000, PER_BATCH);
    let routes = many(2001);
    send(&mut bed, source, 1, &routes, 500).unwrap();
    bed.now = Instant::from_millis(2000);
    assert_eq!(
        send(&mut bed, source, 2, &routes, 667),
        Err(LimitExceeded {
            held: 2001,
            announced: 2001,
            max: 4000
        })
    );
}

#[test]
fn r004_at_a_limit_of_1000_500_may_change_at_once_and_501_may_not() {
    for (count, fine) in [(500, true), (501, false)] {
        let (mut bed, source) = limited(1000, PER_BATCH);
        send(&mut bed, source, 1, &many(count), 100).unwrap();
        bed.rib.end_run(source);
        let again = send(&mut bed, source, 2, &many(count), 100);
        assert_eq!(again.is_ok(), fine, "{count}");
    }
}

#[test]
fn r002_exactly_the_limit_is_allowed_and_new_routes_of_one_run_count_once() {
    let (mut bed, source) = limited(4000, PER_BATCH);
    send(&mut bed, source, 1, &many(4000), 300).unwrap();
    assert_eq!(bed.rib.counts(source).counted(), 4000);
    bed.now = Instant::from_millis(5000);
    let one_more = [Nlri::from(prefix("192.0.2.0/24"))];
    assert!(send(&mut bed, source, 1, &one_more, 1).is_err());
    // Nothing of a refused UPDATE is applied.
    assert!(bed.rib.best(prefix("192.0.2.0/24")).is_empty());
}

#[test]
fn r006_per_message_each_update_stands_alone() {
    let (mut bed, source) = limited(1000, LimitMode::PerMessage);
    send(&mut bed, source, 1, &many(900), 100).unwrap();
    send(&mut bed, source, 2, &many(900), 100).unwrap();
    assert!(send(&mut bed, source, 3, &many(101), 101).is_err());
}

#[test]
fn r006_strict_rib_counts_different_prefixes() {
    let (mut bed, source) = limited(1000, LimitMode::StrictRib);
    send(&mut bed, source, 1, &many(1000), 1000).unwrap();
    send(&mut bed, source, 2, &many(1000), 1000).unwrap();
    let twice = [many(1), many(1)].concat();
    send(&mut bed, source, 2, &twice, 2).unwrap();
    assert_eq!(
        send(&mut bed, source, 2, &many(1001), 1001),
        Err(LimitExceeded {
            held: 1000,
            announced: 1,
            max: 1000
        })
    );
}

#[test]
fn a_run_ends_after_a_gap_at_its_longest_or_when_told() {
    let routes = many(400);
    let again_after = |wait: u64, steps: u64, end: bool| {
        let (mut bed, source) = limited(1000, PER_BATCH);
        send(&mut bed, source, 1, &routes, 400).unwrap();
        for _ in 0..steps {
            bed.now += Duration::from_millis(wait);
            send(&mut bed, source, 1, &routes[..1], 1).unwrap();
        }
        if end {
            bed.rib.end_run(source);
        }
        send(&mut bed, source, 2, &routes, 400)?;
        send(&mut bed, source, 3, &routes[..199], 199)
    };
    // One run: 400 + 1 + 1 + 400 + 199.
    assert!(again_after(900, 2, false).is_err());
    assert!(again_after(900, 2, true).is_ok());
    assert!(again_after(1000, 1, false).is_ok());
    // Twelve steps of 900 ms are longer than the longest run.
    assert!(again_after(900, 12, false).is_ok());
}

#[test]
fn r007_the_limit_is_per_source() {
    let (mut bed, source) = limited(1000, PER_BATCH);
    let limit = Some(RouteLimit {
        max: 1000,
        mode: PER_BATCH,
    });
    let other = bed.source_with(Source {
        limit,
        ..Source::default()
    });
    send(&mut bed, source, 1, &many(1000), 1000).unwrap();
    send(&mut bed, other, 1, &many(1000), 1000).unwrap();
}

#[test]
fn rejected_routes_count_in_their_run_only_and_filtered_ones_beyond_it() {
    for (admission, held) in [
        (Admission::Reject(RuleId(51)), 0),
        (Admission::Filter(RuleId(51)), 600),
    ] {
        let (mut bed, source) = limited(1000, PER_BATCH);
        let attrs = bed.length(1);
        let refuse = |_: &mut AttrStore, _: &Announcement| admission;
        bed.apply(source, &[], attrs, &many(600), refuse).unwrap();
        assert_eq!(bed.rib.counts(source).counted(), held);
        assert!(
            bed.apply(source, &[], attrs, &many(600), refuse).is_err(),
            "1,200 announced"
        );
        bed.rib.end_run(source);
        let third = bed.apply(source, &[], attrs, &many(600), refuse);
        assert_eq!(third.is_ok(), held == 0);
    }
}

#[test]
fn an_update_without_routes_never_exceeds() {
    let (mut bed, source) = limited(0, LimitMode::PerMessage);
    bed.withdraw(source, &many(5));
    assert!(send(&mut bed, source, 1, &many(1), 1).is_err());
}
