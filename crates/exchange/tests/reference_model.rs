//! The exchange, which changes only what depends on an event, against a model that recomputes
//! everything: after each of many random events on random estates every table is the same.

mod reference;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use routehub_exchange::estate::Estate;
use routehub_exchange::{Event, EventError, Exchange, NotConverged};
use routehub_testkit::random::{self, Numbers};

use reference::{Model, Tables, of_exchange};

/// Random estates.
const CASES: u32 = 1000;

/// Comparisons, those among them with another state of rest than the reference's own, and estates
/// that neither brings to rest, or the exchange alone gives up.
static COMPARED: AtomicUsize = AtomicUsize::new(0);
static OTHER_REST: AtomicUsize = AtomicUsize::new(0);
static RESTLESS: AtomicUsize = AtomicUsize::new(0);
static GAVE_UP: AtomicUsize = AtomicUsize::new(0);
/// Events that described the estate anew, and those that were refused because it did not fit.
static OBJECTS: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Notes that the exchange gave up: it has to say who keeps changing what.
fn gave_up(error: &NotConverged, reference: &mut Model) -> Result<(), TestCaseError> {
    prop_assert!(!error.speakers.is_empty() && !error.prefixes.is_empty());
    if reference.settle_from_nothing() {
        // There is a state of rest, which does not mean that one gets there.
        GAVE_UP.fetch_add(1, Relaxed);
        return Ok(());
    }
    RESTLESS.fetch_add(1, Relaxed);
    Ok(())
}

/// The tables that differ, a line for each row that one side alone has.
fn differences(exchange: &Tables, reference: &Tables) -> String {
    let mut text = String::new();
    let names: BTreeSet<&String> = exchange.keys().chain(reference.keys()).collect();
    for name in names {
        let (one, other) = (exchange.get(name), reference.get(name));
        if one == other {
            continue;
        }
        let rows = |all: Option<&Vec<String>>| all.cloned().unwrap_or_default();
        let (one, other) = (rows(one), rows(other));
        text += &format!("{name}\n");
        for row in one.iter().filter(|row| !other.contains(row)) {
            text += &format!("  exchange only:  {row}\n");
        }
        for row in other.iter().filter(|row| !one.contains(row)) {
            text += &format!("  reference only: {row}\n");
        }
        if one.len() != other.len() {
            text += &format!("  {} rows against {}\n", one.len(), other.len());
        }
    }
    text
}

/// An estate on a few lines.
fn in_short(estate: &Estate) -> String {
    let mut text = String::new();
    for one in &estate.peerings {
        text += &format!("{one:?}\n");
    }
    for one in &estate.route_servers {
        text += &format!("{one:?}\n");
    }
    for one in &estate.nvas {
        text += &format!("{one:?}\n");
    }
    for one in &estate.gateways {
        text += &format!("{one:?}\n");
    }
    for one in &estate.circuits {
        text += &format!("{one:?}\n");
    }
    for one in &estate.sites {
        text += &format!("{one:?}\n");
    }
    text
}

/// Runs an estate and events drawn from these numbers on both sides.
fn agrees(numbers: Vec<u16>, events: usize) -> Result<(), TestCaseError> {
    let numbers = &mut Numbers::new(numbers);
    let (parameters, estate) = (random::parameters(numbers), random::estate(numbers));
    let mut reference = Model::new(estate.clone(), parameters.clone());
    let mut exchange = match Exchange::new(random::checked(estate), parameters, &BTreeSet::new(), 7)
    {
        Ok(exchange) => exchange,
        Err(error) => return gave_up(&error, &mut reference),
    };
    let mut told: Vec<Event> = Vec::new();
    let mut removed = Vec::new();
    compare(&exchange, &mut reference, &told)?;
    for _ in 0..events {
        let drawn = match numbers.once_in(4) {
            true => random::object_event(numbers, exchange.estate()),
            false => random::event(numbers, exchange.estate(), &removed),
        };
        let Some(event) = drawn else {
            continue;
        };
        let applied = exchange.apply_event(&event);
        if matches!(applied, Err(EventError::Refused(_))) {
            REFUSED.fetch_add(1, Relaxed);
            continue;
        }
        if let Event::RemoveRouteServer { route_server } = &event {
            removed.push(route_server.clone());
        }
        if matches!(event, Event::Set(_) | Event::Add(_) | Event::Remove(_)) {
            OBJECTS.fetch_add(1, Relaxed);
            // What was deleted is not described any more.
            let servers = &exchange.estate().route_servers;
            removed.retain(|name| servers.iter().any(|server| server.name == *name));
        }
        told.push(event.clone());
        reference.apply(&event);
        match applied {
            Ok(()) => {}
            Err(EventError::NotConverged(error)) => {
                return gave_up(&error, &mut reference);
            }
            Err(error) => prop_assert!(false, "{error}\n{told:?}"),
        }
        compare(&exchange, &mut reference, &told)?;
    }
    Ok(())
}

fn compare(
    exchange: &Exchange,
    reference: &mut Model,
    told: &[Event],
) -> Result<(), TestCaseError> {
    let tables = of_exchange(exchange);
    COMPARED.fetch_add(1, Relaxed);
    let settles = reference.settle_from_nothing();
    let wrong = differences(&tables, &reference.tables());
    if settles && wrong.is_empty() {
        return Ok(());
    }
    OTHER_REST.fetch_add(1, Relaxed);
    // Routes that are passed round may come to rest in more than one way. Then that of the exchange
    // has to be one of them: nobody has anything to tell.
    reference.take_over(exchange);
    prop_assert!(
        reference.settle(),
        "the exchange rests alone\nafter {told:?}"
    );
    let still = differences(&tables, &reference.tables());
    prop_assert!(
        still.is_empty(),
        "{wrong}\nfrom the exchange's own state:\n{still}\nafter {told:?}\n{}",
        in_short(exchange.estate())
    );
    Ok(())
}

/// What draws a site that announces a path with the ASN of circuits' edges in the second place.
const EDGE_SECOND: &[u16] = &[
    0, 0, 18747, 0, 126, 18, 30, 0, 0, 0, 6312, 0, 0, 58466, 0, 0, 0, 0, 17112, 0, 0, 0, 0, 0, 0,
    1256, 0, 46609, 0, 0, 0, 0, 0, 0, 0, 4237, 0, 0, 0, 0, 0, 0, 3935, 6444, 2665, 0, 105, 6183, 0,
    0, 0, 0, 0, 0, 0, 9, 15855, 2631, 4663, 5262, 0, 0, 0, 0, 426, 12539, 75, 171, 3608, 1992,
    12304, 12474, 24583, 0, 4071, 861, 44111, 0, 48, 6444, 63, 8558, 32455, 29952, 12, 0, 5392,
    9665, 0, 306, 1717, 53014, 33763, 18538, 25491, 60933, 51625, 20536, 6500, 35432, 44059, 35899,
    33917, 41139, 31427, 15576, 26401, 45122, 65359, 44971, 63224, 4769, 37867, 5260, 53055, 24996,
    2951, 21063, 60926, 61597, 53049, 35107, 59726, 58086, 9340, 26477, 500, 16633, 41471, 52529,
    1786, 35399, 12641, 28194, 61436, 25103, 63822, 12070, 61264, 46713, 55565, 2082, 29535, 56901,
    36893, 65062, 16979, 4426, 53968, 7952, 35426, 41791, 49729, 63659, 35102, 5008, 57870, 58158,
    31454, 32869, 33261, 63010, 36636, 55734, 18682, 28852, 47873, 32462, 54997, 30105, 51787,
    48628, 24612, 58716, 59570, 25074, 13812, 34532, 5260, 43869, 45700, 53777, 53899, 44079,
    56943, 8892, 20416, 19465, 44509, 20729, 19117, 19833, 65169, 35409, 21928, 1690, 58153, 36545,
    25777, 16240, 43785, 35450, 2468, 16032, 54177, 56487, 18121, 33086, 53591, 142, 53816, 43622,
    25653, 16075, 62573, 42377, 46141, 51833, 33354, 13123, 14527, 27836, 4479, 27895, 55961,
    18371, 60948, 21286, 49752, 25488, 40900, 4636, 49473, 46414, 57343, 49556, 16363, 45886,
    39828, 60129, 53383, 60477, 45300, 63131, 51705, 50493, 47436, 62721, 1422, 31640, 26074, 6582,
    63769, 47738, 25151, 35000, 1269, 31265, 36059, 32599, 31861, 31027, 1060, 52947, 31952, 11215,
    28530, 26395, 31505, 45149, 60784, 51647, 30343, 10276,
];

#[test]
fn a_path_with_the_edges_asn_behind_a_sites_is_of_no_circuit() {
    let agreed = agrees(EDGE_SECOND.to_vec(), 8);
    agreed.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_table_equals_that_of_a_model_which_recomputes_everything() {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        max_shrink_iters: 2000,
        failure_persistence: None,
        ..Config::default()
    });
    let numbers = proptest::collection::vec(any::<u16>(), 50..400);
    if let Err(error) = runner.run(&numbers, |numbers| agrees(numbers, 8)) {
        panic!("{error}");
    }
    let (compared, other_rest) = (COMPARED.load(Relaxed), OTHER_REST.load(Relaxed));
    let restless = RESTLESS.load(Relaxed);
    println!(
        "{compared} comparisons, {other_rest} of them in another state of rest; {restless} never rest"
    );
    assert!(compared > 4 * CASES as usize, "most events are compared");
    assert!(
        other_rest * 20 < compared,
        "nearly all estates have one state of rest"
    );
    let (objects, refused) = (OBJECTS.load(Relaxed), REFUSED.load(Relaxed));
    println!("{objects} events of objects, {refused} refused");
    assert!(objects > CASES as usize / 2 && refused < objects);
    assert!(restless > 0, "restless estates are among them");
    let gave_up = GAVE_UP.load(Relaxed);
    assert!(gave_up * 500 < compared, "what can rest nearly always does");
}
