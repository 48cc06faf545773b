//! From an estate to Azure's documents and back: the same tables.

use std::fs;
use std::path::Path;

use routehub_arm::{Documents, export};
use routehub_exchange::Estate;
use routehub_scenario::{Scenario, Tables};
use serde_json::Value;

/// The estate after a way through documents.
fn again(name: &str, estate: &Estate) -> Estate {
    let mut documents = Documents::new();
    let text = Value::from(export(estate)).to_string();
    documents.add("exported", &text).expect("it is JSON");
    let import = documents.import();
    assert_eq!(import.wrong_tags, Vec::<String>::new(), "{name}");
    import.estate
}

/// Every table of a network, and what is to be said of it, in one order.
fn tables(scenario: &Scenario, estate: Estate) -> Option<Value> {
    let mut scenario = scenario.clone();
    scenario.estate = estate.try_into().expect("it fits together");
    let network = scenario.network().ok()?;
    let tables = Tables::of(&scenario.estate, &network);
    let text = serde_json::to_string(&tables).expect("tables serialize");
    let mut value = serde_json::from_str(&text).expect("it is JSON");
    in_order(&mut value);
    Some(value)
}

/// Rows stand in the order of the estate, which is another after the way.
fn in_order(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(in_order);
            items.sort_by_cached_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(in_order),
        _ => {}
    }
}

fn same_tables_of(folder: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut count = 0;
    for file in files.map(|file| file.expect("it can be listed").path()) {
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = file.display().to_string();
        let text = fs::read_to_string(&file).expect("it can be read");
        let scenario = Scenario::parse(&text).expect("it is a network file");
        let estate = again(&name, &scenario.estate);
        let before = tables(&scenario, scenario.estate.clone().into_inner());
        let after = tables(&scenario, estate);
        assert_eq!(before, after, "{name}");
        count += 1;
    }
    count
}

#[test]
fn every_lab_has_the_same_tables_after_a_way_through_azures_documents() {
    assert!(same_tables_of("../scenario/tests/labs") > 20);
}

#[test]
fn every_example_has_the_same_tables_after_a_way_through_azures_documents() {
    assert!(same_tables_of("../../examples/networks") > 5);
}
