//! Rules have names: no number of a rule stands outside the table, every number that a comment
//! names is on the page `docs/rules.md`, and that page is what the table and the tests say.
//!
//! `ROUTEHUB_WRITE=1 cargo test -p routehub-house page` writes the page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use routehub::Profile;
use routehub::rules::{self, Confidence, Origin, RULES, Rule, SOURCES};

use crate::library_code::{Source, library_code};
use crate::tree::{files, none, read, root};

/// The page of all rules.
const PAGE: &str = "docs/rules.md";

/// Crates that may speak of rules by number only in the table.
const NAMED: [&str; 5] = ["diagnose", "exchange", "routehub", "scenario", "speaker"];

/// The most tests that the page names for one rule.
const SHOWN: usize = 3;

/// The numbers of rules that a text names as `R-004`.
fn numbers(text: &str) -> BTreeSet<u16> {
    let parts = text.split("R-").skip(1);
    let digits = parts.filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        let digits = &rest[..end.unwrap_or(rest.len())];
        (digits.len() == 3).then(|| digits.parse().ok())?
    });
    digits.collect()
}

/// The numbers at the front of a test's name: `r050_and_r051_..`, `r_024_..`.
fn numbers_of_name(name: &str) -> BTreeSet<u16> {
    let name = name.replace("r_", "r");
    let words = name.split('_').take_while(|word| {
        let digits = word.strip_prefix('r').unwrap_or_default();
        *word == "and" || digits.len() == 3 && digits.parse::<u16>().is_ok()
    });
    words.filter_map(|word| word[1..].parse().ok()).collect()
}

/// The tests of a file by the rules that they name: in their own name, as `R-004`, or by constant.
fn tests_of(text: &str, found: &mut BTreeMap<u16, BTreeSet<String>>) {
    let mut test: Option<&str> = None;
    let mut is_marked = false;
    for line in text.lines() {
        let code = line.trim();
        if code.starts_with("#[") && code.contains("test]") {
            is_marked = true;
        } else if let Some((_, rest)) = code.split_once("fn ").filter(|_| !code.starts_with("//")) {
            let name = rest.split('(').next().unwrap_or_default();
            test = is_marked.then_some(name);
            is_marked = false;
        }
        let Some(name) = test else { continue };
        let mut seen = numbers(line);
        seen.extend(numbers_of_name(name));
        seen.extend(constants(line));
        for number in seen {
            found.entry(number).or_default().insert(name.to_owned());
        }
    }
}

/// The rules that a line names by `rules::NAME`.
fn constants(line: &str) -> impl Iterator<Item = u16> {
    let names = line.split("rules::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
        &rest[..end.unwrap_or(rest.len())]
    });
    names.filter_map(|name| Some(RULES.iter().find(|rule| rule.name == name)?.id.0))
}

/// All tests and network files of the tree, by the rules that they show.
fn shown_by() -> BTreeMap<u16, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for path in files("crates", &["rs"]) {
        tests_of(&read(&path), &mut found);
    }
    let mut networks: BTreeMap<u16, BTreeSet<String>> = BTreeMap::new();
    for path in files("crates", &["yaml"]) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        for number in numbers(&read(&path)) {
            networks.entry(number).or_default().insert(name.to_string());
        }
    }
    for (number, names) in networks {
        found.entry(number).or_insert(names);
    }
    found
}

/// Why a rule is believed.
fn reason(rule: &Rule) -> String {
    let Origin::Catalogue {
        confidence,
        sources,
    } = rule.origin
    else {
        let Origin::Bgp { source } = rule.origin else {
            return String::new();
        };
        return source.to_owned();
    };
    let words = confidence.iter().map(|word| match word {
        Confidence::Documented => "documented",
        Confidence::Observed => "observed",
        Confidence::Reported => "reported",
        Confidence::Inferred => "inferred",
    });
    let words = words.collect::<Vec<_>>().join(", ");
    match sources {
        "" => words,
        sources => format!("{words}: {sources}"),
    }
}

/// The page, from the table of rules, the fields of profiles and the names of tests.
fn page() -> String {
    let shown = shown_by();
    let fields = Profile::default().fields();
    let mut text = String::from(
        "# Rules\n\nMade from the table in `crates/exchange/src/rules/table.rs`; see \
         CONTRIBUTING.md. A rule is *documented* by Microsoft, *observed* in a lab with raw output, \
         *reported* without, or *inferred* from others. [Sources](#sources) are below.\n\n\
         | Number | Name | What it says | Why we believe it | Field of the profile | Shown by |\n\
         |---|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let id = rule.id.to_string();
        let remedy = rule.remedy.map(|remedy| format!(" *Remedy:* {remedy}."));
        let named = fields.iter().filter(|field| {
            let mut rules = field.rules.split(", ");
            rules.any(|rule| rule == id)
        });
        let named: Vec<String> = named.map(|field| format!("`{}`", field.name)).collect();
        let tests = shown.get(&rule.id.0).map_or_else(
            || "no test".to_owned(),
            |tests| {
                let first = tests.iter().take(SHOWN).map(|name| format!("`{name}`"));
                let mut text = first.collect::<Vec<_>>().join(", ");
                if tests.len() > SHOWN {
                    text.push_str(" and more");
                }
                text
            },
        );
        let _ = writeln!(
            text,
            "| {id} | `{}` | {}.{} | {} | {} | {tests} |",
            rule.name,
            rule.text,
            remedy.unwrap_or_default(),
            reason(rule),
            named.join(", ")
        );
    }
    text.push_str("\n## Sources\n\n| Name | What it is |\n|---|---|\n");
    for source in SOURCES {
        let _ = writeln!(text, "| {} | {} |", source.key, source.what);
    }
    text
}

/// Where code names a rule by number: `RuleId(4)`, `rule.0 == 4`.
fn bare_numbers(source: &Source) -> Vec<String> {
    let digit = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let is_bare = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        let made = code.split("RuleId(").skip(1).any(digit);
        let mut compared = code.split("rule.0 ").skip(1);
        made || compared.any(|rest| digit(rest.trim_start_matches(['=', '!', '<', '>'])))
    };
    let lines = source.lines.iter().filter(|(_, line)| is_bare(line));
    lines
        .map(|(number, line)| source.finding(*number, "a rule by number", line))
        .collect()
}

/// Numbers that a text names and the page does not.
fn unknown(path: &Path, text: &str, known: &BTreeSet<u16>) -> Vec<String> {
    let unknown = numbers(text).into_iter().filter(|n| !known.contains(n));
    unknown
        .map(|number| format!("{}: R-{number:03} is not in {PAGE}", path.display()))
        .collect()
}

/// Fields that no line of code reads.
fn unread<'a>(fields: &[&'a str], code: &str) -> Vec<&'a str> {
    let is_read = |field: &&str| {
        let dotted = format!(".{field}");
        let mut after = code.split(&dotted).skip(1);
        after.any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '('))
    };
    let fields = fields.iter().copied();
    fields.filter(|field| !is_read(field)).collect()
}

#[test]
fn the_page_is_what_the_table_and_the_tests_say() {
    let page = page();
    if std::env::var_os("ROUTEHUB_WRITE").is_some() {
        std::fs::create_dir_all(root().join("docs")).expect("a folder for the page");
        std::fs::write(root().join(PAGE), &page).expect("the page is written");
    }
    let differ = |(old, new): &(&str, &str)| old != new;
    let old = read(PAGE);
    let first = old.lines().zip(page.lines()).find(differ);
    let how = "ROUTEHUB_WRITE=1 cargo test -p routehub-house page";
    assert!(old == page, "{PAGE} is old ({first:?}): {how}");
}

#[test]
fn every_rule_that_the_tree_names_is_on_the_page() {
    let known: BTreeSet<u16> = rules::RULES.iter().map(|rule| rule.id.0).collect();
    for path in files(".", &["rs", "md", "yaml"]) {
        if path != Path::new("tests/house/rules.rs") {
            none(&unknown(&path, &read(&path), &known));
        }
    }
}

#[test]
fn rules_go_by_their_names() {
    for source in NAMED.iter().flat_map(|name| library_code(name)) {
        if source.path != Path::new("crates/exchange/src/rules.rs") {
            none(&bare_numbers(&source));
        }
    }
}

#[test]
fn every_field_of_a_profile_is_read() {
    let mut code = String::new();
    for name in NAMED {
        for source in library_code(name) {
            if !source.path.starts_with("crates/routehub/src/profile") {
                code.extend(source.lines.iter().map(|(_, line)| line.as_str()));
            }
        }
    }
    let fields = Profile::default().fields();
    let fields: Vec<&str> = fields.iter().map(|field| field.name).collect();
    assert_eq!(unread(&fields, &code), [""; 0]);
}

#[test]
fn the_rules_about_rules_see_each_fault() {
    let bad = "let a = RuleId(4);\nif rule.0 == 26 {}\nrule.0 >= 1000\n";
    assert_eq!(bare_numbers(&Source::new("a.rs", bad)).len(), 3);
    let good = "let a = RuleId(number); // RuleId(4)\nif rule.0 == other {}\n";
    assert_eq!(bare_numbers(&Source::new("a.rs", good)), [""; 0]);
    let found = unknown(Path::new("a.md"), "R-004, R-998 and R-12", &[4].into());
    assert_eq!(found, ["a.md: R-998 is not in docs/rules.md"]);
    assert_eq!(unread(&["asn", "mtu"], "x.asn, x.mtu_of, mtu"), ["mtu"]);
    let mut tests = BTreeMap::new();
    let text = "#[test]\nfn r050_and_r051_refuse() {\n    rules::ROUTE_LIMIT; // R-007\n}\n";
    tests_of(text, &mut tests);
    assert_eq!(tests.into_keys().collect::<Vec<_>>(), [4, 7, 50, 51]);
}
