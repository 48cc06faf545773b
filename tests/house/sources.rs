//! What every source file keeps to: short, safe, finished; and what the core crates promise.

use std::path::Path;

use crate::library_code::{Source, library_code};
use crate::tree::{CORE, none, read, rust_files};

/// No Rust file is longer.
const LINES: usize = 600;

/// The one file that may hold `unsafe`: calls of the system that std does not offer.
const UNSAFE_HOME: &str = "crates/speaker/src/sockopt.rs";

/// Crates that read what strangers send.
const READS_THE_NETWORK: [&str; 4] = ["wire", "session", "bfd", "speaker"];

/// The rules of one file; `path` is from the root.
fn findings(path: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > LINES {
        findings.push(format!(
            "{}: {lines} lines, at most {LINES}",
            path.display()
        ));
    }
    for (number, line) in text.lines().enumerate() {
        let mut add = |what: &str| {
            findings.push(format!(
                "{}:{}: {what}: {}",
                path.display(),
                number + 1,
                line.trim()
            ));
        };
        if path != Path::new(UNSAFE_HOME) && is_unsafe(line) {
            add("unsafe outside its home");
        }
        if is_unfinished(line) {
            add("unfinished or switched off");
        }
    }
    findings
}

/// Whether the code of this line opens unsafe code or allows it.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let opens = code.match_indices("unsafe").any(|(at, word)| {
        let starts = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let next = code[at + word.len()..].trim_start();
        let opener = ["{", "(", "fn ", "impl", "trait ", "extern "];
        starts && opener.iter().any(|what| next.starts_with(what))
    });
    opens
        || ["allow", "expect"]
            .iter()
            .any(|level| code.contains(&format!("{level}(unsafe")))
}

/// Whether this line leaves work for later or switches a test off. The marks are put together
/// here so that this file does not find itself.
fn is_unfinished(line: &str) -> bool {
    let marks = [
        ["todo", "!("],
        ["unimplemented", "!("],
        ["FIX", "ME"],
        ["XX", "X"],
        ["TO", "DO"],
        ["#[ign", "ore"],
    ];
    marks.iter().any(|mark| line.contains(&mark.concat()))
}

/// Calls that end the program when an assumption about the input is wrong.
fn panics(source: &Source) -> Vec<String> {
    let calls = [".unwrap()", ".expect(", "panic!(", "unreachable!("];
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    source
        .lines
        .iter()
        .filter(|(_, line)| calls.iter().any(|call| code(line).contains(call)))
        .map(|(number, line)| source.finding(*number, "may panic", line))
        .collect()
}

/// Attributes that the first lines of a crate must carry.
fn missing_attributes<'a>(crate_root: &str, wanted: &[&'a str]) -> Vec<&'a str> {
    let has = |attribute: &&str| crate_root.lines().any(|line| line.trim() == *attribute);
    wanted
        .iter()
        .copied()
        .filter(|attribute| !has(attribute))
        .collect()
}

#[test]
fn files_are_short_safe_and_finished() {
    let files = rust_files(".");
    assert!(
        files.len() > 20,
        "the walk over the tree found {} files",
        files.len()
    );
    for path in files {
        none(&findings(&path, &read(&path)));
    }
}

#[test]
fn core_crates_do_no_io_and_hold_no_unsafe() {
    for name in CORE {
        let path = format!("crates/{name}/src/lib.rs");
        let missing = missing_attributes(&read(&path), &["#![no_std]", "#![forbid(unsafe_code)]"]);
        assert!(missing.is_empty(), "{path}: {missing:?}");
    }
}

#[test]
fn every_crate_but_speaker_forbids_unsafe() {
    for path in rust_files("crates") {
        if path.ends_with("src/lib.rs") && !path.starts_with("crates/speaker") {
            let missing = missing_attributes(&read(&path), &["#![forbid(unsafe_code)]"]);
            assert!(missing.is_empty(), "{}: {missing:?}", path.display());
        }
    }
}

#[test]
fn code_that_reads_the_network_does_not_panic() {
    for name in READS_THE_NETWORK {
        library_code(name)
            .iter()
            .for_each(|source| none(&panics(source)));
    }
}

#[test]
fn the_panic_rule_sees_code_but_not_comments_and_tests() {
    let text = "//! a.unwrap()\nlet b = c.unwrap();\nlet d = e.expect(\"f\");\nunreachable!()\n\
                #[cfg(test)]\nmod tests {\n    g.unwrap();\n}\nlet h = i.unwrap_or(0);\n";
    let found = panics(&Source::new("a.rs", text));
    let lines: Vec<&str> = found
        .iter()
        .filter_map(|finding| finding.split(':').nth(1))
        .collect();
    assert_eq!(lines, ["2", "3", "4"]);
}

#[test]
fn the_source_rules_see_each_fault() {
    let word = "unsafe";
    let bad = [
        format!("    {word} {{ read(fd) }}"),
        format!("{word} impl Send for A {{}}"),
        format!("pub {word} fn f() {{}}"),
        format!("#![allow({word}_code)]"),
        format!("    {}!()", "todo"),
        format!("// {}: later", "FIXM".to_owned() + "E"),
        format!("#[{}]", "ignor".to_owned() + "e"),
    ];
    for line in &bad {
        assert_eq!(findings(Path::new("a.rs"), line).len(), 1, "{line}");
    }
    let good = [
        "#![forbid(unsafe_code)]",
        "// an unsafe { block } is not needed",
        "let todo = 1;",
    ];
    for line in good {
        assert_eq!(findings(Path::new("a.rs"), line), [""; 0], "{line}");
    }
    assert_eq!(findings(Path::new(UNSAFE_HOME), &bad[0]), [""; 0]);
    assert_eq!(findings(Path::new("a.rs"), &"//\n".repeat(LINES)), [""; 0]);
    assert_eq!(
        findings(Path::new("a.rs"), &"//\n".repeat(LINES + 1)).len(),
        1
    );
    assert_eq!(
        missing_attributes("//! #![no_std]\n", &["#![no_std]"]),
        ["#![no_std]"]
    );
}
