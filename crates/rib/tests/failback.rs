//! What was best and comes back stays away from what took its place, unless its AS path is shorter
//!

mod bed;

use bed::{Bed, many};
use routehub_rib::{DecisionConfig, Source, SourceId, Standing, Step};
use routehub_types::Nlri;

fn config() -> DecisionConfig {
    let steps = [Step::Failback, Step::Rank, Step::AsPathLength];
    DecisionConfig::new(steps, [Step::PeerAddress], 8)
}

/// One source of the better rank, two of the worse.
fn bed() -> (Bed, SourceId, [SourceId; 2]) {
    let mut bed = Bed::new(config());
    let source = |bed: &mut Bed, number: u8, rank| {
        bed.source_with(Source {
            rank,
            peer_address: [10, 0, 4, number].into(),
            ..Source::default()
        })
    };
    let better = source(&mut bed, 1, 1);
    let others = [2, 3].map(|number| source(&mut bed, number, 2));
    (bed, better, others)
}

/// The sources in use for a prefix, the one that is told others first.
fn used(bed: &Bed, one: &Nlri) -> Vec<SourceId> {
    let best = bed.rib.best(one.prefix);
    best.iter().map(|path| path.source).collect()
}

#[test]
fn a_better_rank_that_was_there_first_stays() {
    let (mut bed, better, [one, other]) = bed();
    let routes = many(3);
    bed.announce(better, 3, &routes);
    bed.announce(one, 1, &routes);
    bed.announce(other, 1, &routes);
    assert!(routes.iter().all(|route| used(&bed, route) == [better]));
}

#[test]
fn what_comes_back_stays_away_and_says_why() {
    for (length, stays) in [(1, false), (2, true), (3, true)] {
        for beside in [false, true] {
            let (mut bed, better, [one, other]) = bed();
            let routes = many(1);
            bed.announce(one, 2, &routes);
            if beside {
                bed.announce(other, 2, &routes);
            }
            bed.announce(better, length, &routes);
            let now = used(&bed, &routes[0]);
            match (stays, beside) {
                (false, _) => assert_eq!(now, [better], "it is shorter"),
                (true, false) => assert_eq!(now, [one]),
                (true, true) => assert_eq!(now, [one, other]),
            }
            let paths = bed.rib.paths(&bed.store, routes[0].prefix);
            let away = paths.iter().find(|path| path.path.source == better);
            let lost = matches!(
                away.map(|path| path.standing),
                Some(Standing::Lost { step: Step::Failback, to }) if to.source == one
            );
            assert_eq!(lost, stays, "length {length}, beside {beside}");
        }
    }
}

#[test]
fn paths_of_one_rank_change_places_as_ever() {
    let (mut bed, better, [one, other]) = bed();
    let routes = many(1);
    bed.announce(one, 3, &routes);
    bed.announce(better, 3, &routes);
    bed.announce(other, 2, &routes);
    assert_eq!(
        used(&bed, &routes[0]),
        [other],
        "a shorter one of the same rank"
    );
    bed.announce(one, 2, &routes);
    assert_eq!(
        used(&bed, &routes[0]),
        [one, other],
        "an equal one beside it"
    );
    bed.withdraw(one, &routes);
    bed.withdraw(other, &routes);
    assert_eq!(used(&bed, &routes[0]), [better], "nobody holds it back");
    bed.announce(one, 1, &routes);
    assert_eq!(used(&bed, &routes[0]), [better], "now it was best before");
}
