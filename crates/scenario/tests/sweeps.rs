//! For every lab and every example whose events are failures, the sweep finds that failure by
//! itself, and what it says is what was seen.

mod support;

use std::path::Path;

use routehub::sweep::Sweep;
use routehub::{Difference, Event, Network, TableKind};
use routehub_scenario::compare;

use support::{files, labs, read};

/// Whether an event is a failure.
fn is_failure(event: &Event) -> bool {
    matches!(
        event,
        Event::NvaDown(_)
            | Event::InstanceDown(_)
            | Event::GatewayInstanceDown(_)
            | Event::ConnectionDown(_)
            | Event::RemovePeering { .. }
    )
}

/// Whether two events do the same.
fn is_same(event: &Event, other: &Event) -> bool {
    match (event, other) {
        (Event::RemovePeering { a, b }, Event::RemovePeering { a: c, b: d }) => {
            [[c, d], [d, c]].contains(&[a, b])
        }
        _ => event == other,
    }
}

#[test]
fn the_sweep_finds_the_failures_of_labs_and_says_what_they_saw() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = files(&root.join("../../examples/networks"));
    let examples = examples.into_iter();
    let examples = examples.filter(|(name, _)| name.ends_with(".yaml"));
    let mut found = 0;
    for (name, text) in labs().into_iter().chain(examples) {
        let scenario = read(&name, &text);
        let mut network = scenario.network().unwrap_or_else(|e| panic!("{name}: {e}"));
        for (id, event) in &scenario.events {
            if is_failure(event) {
                found += 1;
                let due = scenario.expectations.iter().filter(|due| due.at == *id);
                let sweep = Sweep::new(network.clone());
                let mut elements = sweep.elements().iter();
                let place = elements.position(|failure| {
                    failure.fails.len() == 1 && is_same(&failure.fails[0], event)
                });
                let place = place.unwrap_or_else(|| panic!("{name}: {id} is no element"));
                let failed = sweep.fail(&[&sweep.elements()[place]]).expect("it settles");
                for expectation in due {
                    let report = compare(expectation, &failed);
                    assert_eq!(report.failures(), 0, "{name}: {report}");
                }
                says_what_changed(&name, &sweep, place, &failed);
            }
            network
                .apply(event)
                .unwrap_or_else(|e| panic!("{name}, {id}: {e}"));
        }
    }
    println!("{found} failures of labs and examples");
    assert!(found >= 8);
}

/// Where rows of a NIC are others the outcome says so.
fn says_what_changed(name: &str, sweep: &Sweep, place: usize, failed: &Network) {
    let outcome = sweep.single(place);
    assert!(!outcome.changed.is_empty(), "{name}: {:?}", outcome.failed);
    let (before, after) = (sweep.network().snapshot(), failed.snapshot());
    let difference = Difference::between(&before, &after);
    let nics = difference.tables.iter();
    let mut nics = nics.filter(|table| table.table == TableKind::NicEffective);
    let told = !outcome.routes.is_empty() || !outcome.impacts.is_empty();
    assert!(
        nics.next().is_none() || told,
        "{name}: {:?}",
        outcome.failed
    );
}
