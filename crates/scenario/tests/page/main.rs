//! The page of every key, `docs/network-file.md`, is what the JSON schema and the examples say, and
//! every network that this repository shows names its schema.
//!
//! `ROUTEHUB_WRITE=1 cargo test -p routehub-scenario --test page` writes the page anew.

mod examples;
mod keys;
mod section;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use routehub_scenario::Scenario;

/// The file with an example of each object.
const EXAMPLES: &str = include_str!("every-object.yaml");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_page_is_what_the_schema_and_the_examples_say() {
    let page = section::page(EXAMPLES);
    let file = root().join("docs/network-file.md");
    if std::env::var_os("ROUTEHUB_WRITE").is_some() {
        std::fs::write(&file, &page).expect("the page is written");
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let how = "ROUTEHUB_WRITE=1 cargo test -p routehub-scenario --test page";
    assert!(stored == page, "docs/network-file.md is old: {how}");
}

#[test]
fn the_examples_are_one_network_that_holds() {
    let scenario = Scenario::parse(EXAMPLES).unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    for report in scenario.check().expect("it settles") {
        assert_eq!(report.failures(), 0, "{report}");
    }
}

#[test]
fn every_object_has_an_example_that_shows_each_of_its_keys_or_says_it_elsewhere() {
    let (sections, shown) = (section::sections(), examples::of(EXAMPLES));
    let names: BTreeSet<&str> = sections
        .iter()
        .map(|section| section.name.as_str())
        .collect();
    for name in shown.keys() {
        assert!(
            names.contains(name.as_str()),
            "an example of {name}, which is no object"
        );
    }
    let unseen: Vec<String> = sections
        .iter()
        .flat_map(|section| section.unseen(EXAMPLES))
        .collect();
    assert_eq!(unseen, [""; 0], "keys that no example shows");
    let bare = sections
        .iter()
        .filter(|section| !shown.contains_key(&section.name));
    let bare: Vec<&str> = bare.map(|section| section.name.as_str()).collect();
    assert_eq!(bare, [""; 0], "objects without an example");
}

#[test]
fn every_network_of_the_examples_names_the_schema() {
    let line = "# yaml-language-server: $schema=";
    let folder = root().join("examples/networks");
    let files = folder.read_dir().expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    let networks = files.filter(|file| file.extension().is_some_and(|end| end == "yaml"));
    for file in networks.chain([root().join("examples/quickstart/network.yaml")]) {
        let text = std::fs::read_to_string(&file).expect("a text");
        let first = text.lines().next().unwrap_or_default();
        let schema = first.strip_prefix(line);
        let schema = schema.unwrap_or_else(|| panic!("{}: {first}", file.display()));
        let folder = file.parent().expect("a folder");
        assert!(folder.join(schema).exists(), "{}: {schema}", file.display());
    }
}
