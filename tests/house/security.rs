//! The page on security names tests, and each of them is there.

use std::collections::BTreeSet;

use crate::tree::{none, read, rust_files};

const PAGE: &str = "SECURITY.md";

/// The tests that the last column of a table names.
fn named(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let last = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let code = last.flat_map(|column| column.split('`').skip(1).step_by(2));
    code.collect()
}

/// The names of the tests of a file.
fn tests(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut is_marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") && line.contains("test") {
            is_marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ") {
            if is_marked {
                found.extend(rest.split('(').next());
            }
            is_marked = false;
        }
    }
    found
}

/// The names that no test has.
fn missing<'a>(page: &'a str, tests: &BTreeSet<&str>) -> Vec<&'a str> {
    let named = named(page).into_iter();
    named.filter(|name| !tests.contains(name)).collect()
}

#[test]
fn every_bound_on_the_page_has_its_test() {
    let texts: Vec<String> = rust_files("").iter().map(read).collect();
    let all = texts.iter().flat_map(|text| tests(text)).collect();
    let page = read(PAGE);
    assert!(named(&page).len() > 20, "{PAGE} names its tests");
    let missing = missing(&page, &all).into_iter();
    let findings = missing.map(|name| format!("{PAGE}: no test is called {name}"));
    none(&findings.collect::<Vec<_>>());
}

#[test]
fn a_name_that_no_test_has_is_found() {
    let page = "| attempt | bound | test |\n| `x` | b | `here`, `gone` |\n`text`\n";
    let all = tests("#[tokio::test]\nasync fn here() {\n}\nfn gone() {}\n");
    assert_eq!(missing(page, &all), ["gone"]);
}
