//! Properties of the decision process, and what is true of MED in spite of intuition.

mod bed;

use std::net::{IpAddr, Ipv4Addr};

use bed::{Bed, prefix};
use proptest::prelude::*;
use routehub_rib::{Admission, DecisionConfig, Preference, Source, SourceId, Standing, Step};
use routehub_types::{AsPath, Asn, Attrs, Nlri, Origin, RouterId};

/// What is random about a path: neighbour, path length, MED, LOCAL_PREF, ORIGIN, source bits.
type Draw = (u32, u32, u32, u32, u8, u8);

fn attrs_of(draw: &Draw) -> Attrs {
    let (neighbor, length, med, local_pref, origin, _) = *draw;
    let path = (0..length).map(|n| Asn(if n == 0 { 64500 + neighbor } else { 64600 + n }));
    Attrs {
        med: Some(med),
        local_pref: Some(100 + local_pref),
        origin: [Origin::Igp, Origin::Egp][usize::from(origin)],
        ..Attrs::new(AsPath::sequence(path), Ipv4Addr::new(192, 0, 2, 1))
    }
}

fn source_of(number: usize, draw: &Draw) -> Source {
    Source {
        external: draw.5 & 1 == 0,
        cost: u32::from(draw.5 >> 1 & 1),
        rank: draw.5 >> 2 & 1,
        router_id: RouterId(number as u32 % 3),
        peer_address: IpAddr::V4(Ipv4Addr::new(10, 0, 4, number as u8)),
        ..Source::default()
    }
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let draw = (0..3u32, 1..3u32, 0..3u32, 0..2u32, 0..2u8, 0..8u8);
    prop::collection::vec(draw, 1..9)
}

fn configs() -> impl Strategy<Value = DecisionConfig> {
    prop_oneof![
        Just(DecisionConfig::rfc4271()),
        Just(DecisionConfig::new(
            [Step::Med, Step::AsPathLength],
            [Step::RouterId],
            1
        )),
        Just(DecisionConfig::new(
            [Step::Rank, Step::Med],
            [Step::PeerAddress],
            4
        )),
        Just(DecisionConfig::new(
            [Step::Rank, Step::AsPathLength],
            [Step::PeerAddress],
            8
        )),
    ]
}

/// The prefix of all paths.
const ROUTE: &str = "10.0.0.0/8";

/// A table to which paths were announced in an order.
fn bed_with(config: &DecisionConfig, draws: &[Draw], order: &[usize]) -> Bed {
    let mut bed = Bed::new(config.clone());
    let numbered = draws.iter().enumerate();
    let sources: Vec<SourceId> = numbered
        .map(|(n, draw)| bed.source_with(source_of(n, draw)))
        .collect();
    let route = [Nlri::from(prefix(ROUTE))];
    for n in order {
        let attrs = bed.store.intern(&attrs_of(&draws[*n]));
        bed.apply(sources[*n], &[], attrs, &route, |_, path| {
            Admission::Accept(path.attrs)
        })
        .unwrap();
    }
    bed
}

/// Announces paths in an order; says where each stands.
fn standings(
    config: &DecisionConfig,
    draws: &[Draw],
    order: &[usize],
) -> Vec<(SourceId, Standing)> {
    let bed = bed_with(config, draws, order);
    let views = bed.rib.paths(&bed.store, prefix(ROUTE));
    views
        .iter()
        .map(|view| (view.path.source, view.standing))
        .collect()
}

fn winner(config: &DecisionConfig, draws: &[Draw]) -> SourceId {
    let order: Vec<usize> = (0..draws.len()).collect();
    standings(config, draws, &order)[0].0
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_never_changes_a_decision_or_a_reason(
        config in configs(),
        (draws, order) in draws().prop_flat_map(|draws| {
            let order: Vec<usize> = (0..draws.len()).collect();
            (Just(draws), Just(order).prop_shuffle())
        }),
    ) {
        let plain: Vec<usize> = (0..draws.len()).collect();
        prop_assert_eq!(standings(&config, &draws, &plain), standings(&config, &draws, &order));
    }

    #[test]
    fn adding_a_losing_path_never_changes_the_winner_where_steps_order_all_paths(
        draws in draws(),
        (max_paths, always) in (1..4u8, any::<bool>()),
    ) {
        // MED within a neighbour AS is the exception: see the named test below.
        let med = if always { Step::MedAlways } else { Step::Cost };
        let steps = [Step::Rank, Step::LocalPref, Step::AsPathLength, Step::Origin, med, Step::External];
        let config = DecisionConfig::new(steps, [Step::RouterId, Step::PeerAddress], max_paths);
        let (last, others) = draws.split_last().unwrap();
        if !others.is_empty() {
            let before = winner(&config, others);
            let with = [others, &[*last]].concat();
            let after = winner(&config, &with);
            prop_assert!(after == before || usize::from(after.number()) == others.len());
        }
    }

    #[test]
    fn tables_of_their_own_prefer_the_paths_that_one_table_would_use(draws in draws()) {
        let steps = [Step::Rank, Step::LocalPref, Step::AsPathLength, Step::MedAlways, Step::Cost];
        let config = DecisionConfig::new(steps, [Step::RouterId, Step::PeerAddress], u8::MAX);
        let all: Vec<usize> = (0..draws.len()).collect();
        let alone: Vec<Preference> = all
            .iter()
            .map(|n| {
                // The sources of all, so that the path is of the same one.
                let bed = bed_with(&config, &draws, &[*n]);
                bed.rib.preference(&bed.store, &bed.rib.best(prefix(ROUTE))[0])
            })
            .collect();
        let best = alone.iter().min();
        for (source, standing) in standings(&config, &draws, &all) {
            let used = matches!(standing, Standing::Best | Standing::Equal);
            prop_assert_eq!(used, Some(&alone[usize::from(source.number())]) == best);
        }
    }
}

/// Path `n` with a neighbour AS and a MED; a lower number is a lower router id.
const fn med(neighbor: u32, med: u32) -> Draw {
    (neighbor, 1, med, 0, 0, 0)
}

#[test]
fn pairwise_med_depends_on_the_order_and_elimination_does_not() {
    // One (AS 0, MED 10) beats two by router id, two beats three by router id, and three beats one
    // by MED: compared in pairs, whoever comes last wins.
    let draws = [med(0, 10), med(1, 0), med(0, 5)];
    let beats = |a: usize, b: usize| {
        let same_as = draws[a].0 == draws[b].0;
        if same_as && draws[a].2 != draws[b].2 {
            draws[a].2 < draws[b].2
        } else {
            a < b
        }
    };
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    let pairwise = |order: &[usize; 3]| {
        order
            .iter()
            .copied()
            .reduce(|best, next| if beats(next, best) { next } else { best })
    };
    let mut by_pairs: Vec<_> = orders.iter().map(pairwise).collect();
    by_pairs.sort_unstable();
    by_pairs.dedup();
    assert!(by_pairs.len() > 1, "a counter-example: {by_pairs:?}");

    let config = DecisionConfig::rfc4271();
    let first = standings(&config, &draws, &orders[0]);
    for order in &orders {
        assert_eq!(standings(&config, &draws, order), first, "{order:?}");
    }
    assert_eq!(
        first[0].0.number(),
        1,
        "one leaves by MED, then the router id decides"
    );
}

#[test]
fn with_med_per_neighbour_as_a_path_that_loses_may_still_change_the_winner() {
    let config = DecisionConfig::rfc4271();
    assert_eq!(winner(&config, &[med(0, 10), med(1, 0)]).number(), 0);
    assert_eq!(
        winner(&config, &[med(0, 10), med(1, 0), med(0, 5)]).number(),
        1
    );
}

#[test]
fn the_step_that_looks_back_keeps_what_was_best() {
    let sticky = DecisionConfig::new([Step::AsPathLength, Step::Current], [Step::PeerAddress], 1);
    let draws = [med(0, 0), med(1, 0)];
    assert_eq!(standings(&sticky, &draws, &[0, 1])[0].0.number(), 0);
    let kept = standings(&sticky, &draws, &[1, 0]);
    assert_eq!(kept[0].0.number(), 1, "R-073: it came first and stays");
    assert!(matches!(
        kept[1].1,
        Standing::Lost {
            step: Step::Current,
            ..
        }
    ));
}

#[test]
fn changing_ranks_and_steps_decides_everything_again() {
    let rank = DecisionConfig::new([Step::Rank, Step::AsPathLength], [Step::PeerAddress], 8);
    let mut bed = Bed::new(rank);
    let (er, vpn) = (bed.source(1), bed.source(2));
    let routes = bed::many(50);
    bed.announce(er, 3, &routes);
    bed.announce(vpn, 1, &routes);
    let mut told = Vec::new();
    let source = bed.rib.source(vpn).cloned().unwrap();
    let behind = Source { rank: 1, ..source };
    bed.rib
        .reconfigure(&mut bed.store, [(vpn, behind)], None, |_, delta| {
            told.push(delta.after[0].source);
        });
    assert_eq!(told, vec![er; 50]);
    told.clear();
    let by_length = DecisionConfig::new([Step::AsPathLength], [Step::PeerAddress], 8);
    bed.rib
        .reconfigure(&mut bed.store, [], Some(by_length), |_, delta| {
            told.push(delta.after[0].source);
        });
    assert_eq!(told, vec![vpn; 50]);
}
