//! What the field shows: the smallest network of each kind of fault, with what is right.

mod support;

use std::path::Path;

use support::{files, read};

/// Checks every file of a folder.
fn hold(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/field")
        .join(folder);
    let mut failures = Vec::new();
    for (name, text) in files(&folder) {
        let scenario = read(&name, &text);
        let reports = scenario.check().unwrap_or_else(|e| panic!("{name}: {e}"));
        let hard: usize = reports.iter().map(|report| report.hard).sum();
        assert!(hard > 0, "{name} expects nothing");
        let wrong = reports.iter().filter(|report| report.failures() > 0);
        failures.extend(wrong.map(|report| format!("{name}: {report}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn networks_of_the_second_reading_of_the_rules_hold() {
    hold("rules");
}

#[test]
fn networks_of_public_labs_hold() {
    hold("azure");
}
