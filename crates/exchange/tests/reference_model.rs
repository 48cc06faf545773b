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
