//! The core crates are general BGP crates: nothing in them speaks of one cloud.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::tree::{CORE, none, read, root, rust_files};

/// Words of the product, which belong to `exchange` and to `routehub::Profile`.
const WORDS: [&str; 3] = ["azure", "expressroute", "65515"];

/// Where a word of the product stands in code that is not a test.
fn product_words(path: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in code_outside_tests(text) {
        let lower = line.to_lowercase();
        for word in WORDS.iter().filter(|word| lower.contains(*word)) {
            findings.push(format!(
                "{}:{number}: {word}: {}",
                path.display(),
                line.trim()
            ));
        }
    }
    findings
}

/// The numbered lines outside `#[cfg(test)] mod name { ... }`. The files are formatted, so a
/// module ends at the first closing brace with its own indentation.
fn code_outside_tests(text: &str) -> Vec<(usize, &str)> {
    let mut kept = Vec::new();
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .peekable();
    while let Some((number, line)) = lines.next() {
        let opens_tests = line.trim() == "#[cfg(test)]"
            && lines.peek().is_some_and(|(_, next)| {
                module_name(next).is_some() && next.trim_end().ends_with('{')
            });
        if opens_tests {
            let end = line.replace("#[cfg(test)]", "}");
            lines.by_ref().find(|(_, inner)| *inner == end);
        } else {
            kept.push((number, line));
        }
    }
    kept
}

/// The name in `mod name;` or `mod name {`.
fn module_name(line: &str) -> Option<&str> {
    let item = line
        .trim()
        .trim_start_matches("pub(crate) ")
        .strip_prefix("mod ")?;
    Some(item.trim_end_matches([';', '{', ' ']))
}

/// The files that `#[cfg(test)] mod name;` in this file declares, with what lies below them.
fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "mod" | "main") | None => path.with_file_name(""),
        Some(_) => path.with_extension(""),
    };
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .filter(|pair| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_end().ends_with(';'))
        .filter_map(|pair| module_name(pair[1]))
        .flat_map(|name| [folder.join(name), folder.join(format!("{name}.rs"))])
        .collect()
}

#[test]
fn core_crates_do_not_speak_of_one_cloud() {
    for name in CORE {
        let folder = format!("crates/{name}/src");
        if !root().join("crates").join(name).exists() {
            continue;
        }
        let files: Vec<(PathBuf, String)> = rust_files(&folder)
            .into_iter()
            .map(|path| (path.clone(), read(&path)))
            .collect();
        let tests: BTreeSet<PathBuf> = files
            .iter()
            .flat_map(|(path, text)| test_modules(path, text))
            .collect();
        for (path, text) in &files {
            if !path.ancestors().any(|above| tests.contains(above)) {
                none(&product_words(path, text));
            }
        }
    }
}

#[test]
fn the_word_rule_sees_code_and_comments_but_not_test_modules() {
    let text = "//! For Azure.\n\
                const ASN: u32 = 65515;\n\
                #[cfg(test)]\n\
                mod tests {\n\
                \x20   // ExpressRoute\n\
                \x20   mod inner {\n\
                \x20   }\n\
                }\n\
                #[cfg(test)]\n\
                use azure::Thing;\n\
                fn express_route() {}\n";
    let found = product_words(Path::new("a.rs"), text);
    let lines: Vec<&str> = found
        .iter()
        .filter_map(|finding| finding.split(':').nth(1))
        .collect();
    assert_eq!(lines, ["1", "2", "10"]);

    let declared = test_modules(
        Path::new("src/a.rs"),
        "#[cfg(test)]\nmod cases;\nmod code;\n",
    );
    assert_eq!(
        declared,
        [Path::new("src/a/cases"), Path::new("src/a/cases.rs")]
    );
    assert_eq!(
        test_modules(Path::new("src/lib.rs"), "#[cfg(test)]\nmod t;\n")[1],
        Path::new("src/t.rs")
    );
}
