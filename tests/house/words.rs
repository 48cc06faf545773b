//! The core crates are general BGP crates: nothing in them speaks of one cloud, and nothing that
//! they use to be fast shows in what they offer.

use crate::library_code::{Source, library_code};
use crate::tree::{CORE, none};

/// Words of the product, which belong to `exchange` and to `routehub::Profile`.
const PRODUCT: [&str; 3] = ["azure", "expressroute", "65515"];

/// Names of libraries that stay behind the public API.
const BEHIND: [&str; 6] = [
    "nom::",
    "IResult",
    "smallvec",
    "SmallVec",
    "hashbrown",
    "HashTable",
];

/// Where a word of the product stands.
fn product_words(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in &source.lines {
        let lower = line.to_lowercase();
        for word in PRODUCT.iter().filter(|word| lower.contains(*word)) {
            findings.push(source.finding(*number, word, line));
        }
    }
    findings
}

/// Where a public item names a library that stays behind it. The lint `unreachable_pub` sees to
/// it that what says `pub` is public.
fn shown_libraries(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    // What ends the item that is being read: a field ends at a comma, a function does not.
    let mut ends: &[char] = &[];
    for (number, line) in &source.lines {
        let code = line.split("//").next().unwrap_or_default();
        if code.trim_start().starts_with("pub ") {
            ends = if code.contains("fn ") {
                &['{', ';']
            } else {
                &['{', ';', ',']
            };
        }
        if !ends.is_empty() && BEHIND.iter().any(|library| code.contains(library)) {
            findings.push(source.finding(*number, "shown in public", line));
        }
        if code.contains(ends) {
            ends = &[];
        }
    }
    findings
}

/// Crates in which no value is called `one`: a link, a peer, a row has its own name.
const WITHOUT_ONE: [&str; 2] = ["rib", "speaker"];

/// Where a value is called `one`.
fn values_called_one(source: &Source) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_found = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        let outside = code.split('"').step_by(2);
        outside
            .flat_map(|part| part.split(|c| !is_word(c)))
            .any(|word| word == "one")
    };
    let lines = source.lines.iter().filter(|(_, line)| is_found(line));
    lines
        .map(|(number, line)| source.finding(*number, "called `one`", line))
        .collect()
}

#[test]
fn values_have_names_of_their_own() {
    for name in WITHOUT_ONE {
        library_code(name)
            .iter()
            .for_each(|source| none(&values_called_one(source)));
    }
}

#[test]
fn the_rule_on_names_sees_values_but_not_words() {
    let text = "let one = 1;\n// no one\nlet a = \"one\";\nf(|one| one.b)\nnone(one_of)\n";
    assert_eq!(values_called_one(&Source::new("a.rs", text)).len(), 2);
}

#[test]
fn core_crates_do_not_speak_of_one_cloud() {
    for name in CORE {
        library_code(name)
            .iter()
            .for_each(|source| none(&product_words(source)));
    }
}

#[test]
fn public_items_of_the_core_show_no_library() {
    for name in CORE {
        library_code(name)
            .iter()
            .for_each(|source| none(&shown_libraries(source)));
    }
}

#[test]
fn the_word_rule_sees_code_and_comments() {
    let text = "//! For Azure.\nconst ASN: u32 = 65515;\nfn express_route() {}\n// ExpressRoute\n";
    let found = product_words(&Source::new("a.rs", text));
    let starts = [
        "a.rs:1: azure: ",
        "a.rs:2: 65515: ",
        "a.rs:4: expressroute: ",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    assert!(
        found
            .iter()
            .zip(starts)
            .all(|(finding, start)| finding.starts_with(start))
    );
}

#[test]
fn the_library_rule_sees_signatures_and_fields_but_not_bodies() {
    let text = "pub fn a(\n    x: SmallVec<[u8; 4]>,\n) -> u8 {\n    hashbrown::of(x)\n}\n\
                pub struct B {\n    pub c: HashTable<u32>,\n    d: HashTable<u32>,\n}\n\
                pub(crate) fn e() -> IResult<u8> {}\n";
    let found = shown_libraries(&Source::new("a.rs", text));
    let lines: Vec<&str> = found
        .iter()
        .filter_map(|finding| finding.split(':').nth(1))
        .collect();
    assert_eq!(lines, ["2", "7"]);
    let found = shown_libraries(&Source::new("a.rs", "pub fn a() -> IResult<u8> {\n}\n"));
    assert_eq!(found.len(), 1);
}
