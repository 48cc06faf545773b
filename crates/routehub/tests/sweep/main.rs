//! Failures on random estates: what a fork does its network does not see, every table is that of a
//! network built anew, and ways that are brought up to date are those that are walked anew.

mod meshes;
mod pairs;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use routehub::estate::{Connection, Estate};
use routehub::sweep::{Failure, FailureKind, Sweep, failures};
use routehub::{Event, ImpactKind, Matrix, Network, Profile, TableId, TableKind, TableRows, Ways};
use routehub_testkit::random::{self, Numbers};

/// Random estates.
const CASES: u32 = 30;

/// Failures that are tried of each.
const FAILURES: usize = 8;

/// Failures that were tried, those that changed ways, and those compared with networks built anew.
static TRIED: AtomicUsize = AtomicUsize::new(0);
static HARMFUL: AtomicUsize = AtomicUsize::new(0);
static BUILT: AtomicUsize = AtomicUsize::new(0);

/// Every row of every table.
fn tables(network: &Network) -> Vec<(TableId, TableRows)> {
    let ids = TableId::all(network.estate()).into_iter();
    ids.map(|id| (id.clone(), network.rows(&id).expect("a name")))
        .collect()
}

/// The same without what counts sessions that ended, and without tables of a name.
fn routes(network: &Network, without: &str) -> Vec<(TableId, TableRows)> {
    let mut tables = tables(network);
    tables.retain(|(id, _)| {
        let names = [Some(&id.owner), id.peer.as_ref()];
        id.kind != TableKind::Sessions && !names.into_iter().flatten().any(|name| name == without)
    });
    tables
}

fn profile(numbers: &mut Numbers) -> Profile {
    Profile {
        parameters: random::parameters(numbers),
        ..Profile::default()
    }
}

/// Fails with the first table that differs.
fn same(
    expected: &[(TableId, TableRows)],
    actual: &[(TableId, TableRows)],
    what: &str,
) -> Result<(), TestCaseError> {
    for (expected, actual) in expected.iter().zip(actual) {
        let (id, _) = expected;
        prop_assert_eq!(expected, actual, "{}: {:?}", what, id);
    }
    prop_assert_eq!(expected.len(), actual.len());
    Ok(())
}

/// The estate without what fails, if that can be left out of it.
fn without(estate: &Estate, failure: &Failure) -> Option<Estate> {
    let mut estate = estate.clone();
    match failure.fails.as_slice() {
        [Event::RemovePeering { a, b }] => {
            let ends = [[a, b], [b, a]];
            estate
                .peerings
                .retain(|peering| !ends.contains(&[&peering.a, &peering.b]));
        }
        [Event::NvaDown(sessions)] if failure.kind == FailureKind::Nva => {
            for nva in &mut estate.nvas {
                nva.neighbors.retain(|neighbor| *neighbor != sessions.nva);
                if nva.name == sessions.nva {
                    nva.sessions.clear();
                    nva.neighbors.clear();
                    nva.advertises.clear();
                }
            }
        }
        // Without a connection to a circuit others have other default addresses.
        [Event::ConnectionDown(ends)] if !estate.circuits.iter().any(|one| one.name == ends.to) => {
            for gateway in &mut estate.gateways {
                let ends = [&ends.gateway, &ends.to];
                let goes = |connection: &Connection| {
                    [
                        [&gateway.name, connection.to()],
                        [connection.to(), &gateway.name],
                    ]
                    .contains(&[ends[0], ends[1]])
                };
                gateway.connections.retain(|connection| !goes(connection));
            }
        }
        _ => return None,
    }
    Some(estate)
}

/// Whether a network may stand otherwise when it is built anew: it remembers what was.
fn remembers(network: &Network) -> bool {
    let graph = network.graph();
    let mut links = graph.links().map(|id| graph.link(id));
    let is_kept = links.any(|link| {
        link.down.limit.is_some() || link.down.unreachable || link.down.refused.is_some()
    });
    is_kept || !network.other_states().is_empty()
}

fn agrees_when_built_anew(
    profile: &Profile,
    base: &Network,
    fork: &Network,
    failure: &Failure,
) -> Result<(), TestCaseError> {
    let built = without(base.estate(), failure).filter(|_| !remembers(fork) && !remembers(base));
    let Some(Ok(built)) = built.map(|estate| estate.checked(&[])) else {
        return Ok(());
    };
    let Ok(built) = Network::new(profile, built) else {
        return Ok(());
    };
    BUILT.fetch_add(1, Relaxed);
    let gone = match failure.kind {
        FailureKind::Nva => failure.name.as_str(),
        _ => "",
    };
    let ids = |network: &Network| -> Vec<TableId> {
        let routes = routes(network, gone).into_iter();
        routes.map(|(id, _)| id).collect()
    };
    let known = ids(&built);
    let mut expected = routes(fork, gone);
    expected.retain(|(id, _)| known.contains(id));
    same(
        &expected,
        &routes(&built, gone),
        &format!("{failure} built anew"),
    )
}

fn matrix(ways: &Ways) -> Matrix {
    ways.matrix()
}

fn agrees(numbers: Vec<u16>) -> Result<(), TestCaseError> {
    let numbers = &mut Numbers::new(numbers);
    let profile = profile(numbers);
    let estate = random::checked(random::estate(numbers));
    let Ok(base) = Network::new(&profile, estate.clone()) else {
        return Ok(());
    };
    let before = tables(&base);
    let sweep = Sweep::new(base).only(|_| true);
    let count = sweep.elements().len().max(1);
    for _ in 0..FAILURES.min(sweep.elements().len()) {
        let place = numbers.below(count);
        let failure = &sweep.elements()[place];
        TRIED.fetch_add(1, Relaxed);
        let outcome = sweep.single(place);
        same(
            &before,
            &tables(sweep.network()),
            &format!("{failure} undone"),
        )?;
        HARMFUL.fetch_add(usize::from(outcome.is_harm()), Relaxed);
        let Ok(fork) = sweep.fail(&[failure]) else {
            prop_assert!(outcome.count(ImpactKind::NotSettled) > 0);
            continue;
        };
        // The same without anything shared.
        let mut alone = Network::new(&profile, estate.clone()).expect("it rested before");
        for event in &failure.fails {
            alone.apply(event).expect("it settled in the fork");
        }
        same(
            &tables(&alone),
            &tables(&fork),
            &format!("{failure} in a fork"),
        )?;
        agrees_when_built_anew(&profile, sweep.network(), &fork, failure)?;
        ways_agree(&sweep, failure)?;
    }
    Ok(())
}

/// Ways brought up to date by failure and repair are those walked anew.
fn ways_agree(sweep: &Sweep, failure: &Failure) -> Result<(), TestCaseError> {
    let mut network = sweep.network().clone();
    let mut ways = sweep.ways().clone();
    for (events, word) in [(&failure.fails, "failed"), (&failure.repairs, "repaired")] {
        if failure.kind.is_switch() {
            return Ok(());
        }
        let before = network.clone();
        let Ok((_, changes)) = network.apply_all(events) else {
            return Ok(());
        };
        ways = ways.after(&before, &network, &changes);
        let (updated, anew) = (matrix(&ways), matrix(&Ways::of(&network)));
        for (updated, anew) in updated.pairs.iter().zip(&anew.pairs) {
            prop_assert_eq!(updated, anew, "{} {}", failure, word);
        }
    }
    Ok(())
}

#[test]
fn forks_are_exact_and_ways_are_brought_up_to_date_on_random_estates() {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let numbers = proptest::collection::vec(any::<u16>(), 300..700);
    if let Err(error) = runner.run(&numbers, agrees) {
        panic!("{error}");
    }
    let [tried, harmful, built] = [&TRIED, &HARMFUL, &BUILT].map(|count| count.load(Relaxed));
    println!(
        "{tried} failures, {harmful} of them do harm, {built} compared with networks built anew"
    );
    assert!(
        tried > 4 * CASES as usize && harmful > CASES as usize / 2 && built > CASES as usize / 5
    );
}

#[test]
fn every_failure_names_what_it_is() {
    let random = (1..20_u16).find_map(|step| {
        let numbers = &mut Numbers::new((0..600_u16).map(|n| n.wrapping_mul(157 * step)).collect());
        let profile = profile(numbers);
        let estate = random::checked(random::estate(numbers));
        Network::new(&profile, estate).ok()
    });
    let network = random.expect("one of them rests");
    let all = failures(&network);
    for failure in &all {
        assert!(
            !failure.name.is_empty() && !failure.fails.is_empty(),
            "{failure}"
        );
        assert_eq!(failure.kind.key().parse(), Ok(failure.kind));
    }
    assert!(
        "nvas"
            .parse::<FailureKind>()
            .is_err_and(|text| text.contains("did you mean `nva`"))
    );
}
