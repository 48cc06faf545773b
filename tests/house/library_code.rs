//! The code that a crate ships: its `src` without the modules that only tests see.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::tree::{read, rust_files};

/// A source file without its test modules.
pub(crate) struct Source {
    /// From the root of the workspace.
    pub(crate) path: PathBuf,
    /// The lines that stay, with their numbers from 1.
    pub(crate) lines: Vec<(usize, String)>,
}

impl Source {
    /// The part of `text` that is not in a test module.
    pub(crate) fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        let lines = outside_tests(text)
            .map(|(number, line)| (number, line.to_owned()))
            .collect();
        Self {
            path: path.into(),
            lines,
        }
    }

    /// A finding at a line of this file.
    pub(crate) fn finding(&self, number: usize, what: &str, line: &str) -> String {
        format!("{}:{number}: {what}: {}", self.path.display(), line.trim())
    }
}

/// The code of `crates/NAME/src`.
pub(crate) fn library_code(name: &str) -> Vec<Source> {
    let folder = format!("crates/{name}/src");
    let files: Vec<(PathBuf, String)> = rust_files(&folder)
        .into_iter()
        .map(|path| (path.clone(), read(&path)))
        .collect();
    let tests: BTreeSet<PathBuf> = files
        .iter()
        .flat_map(|(path, text)| test_modules(path, text))
        .collect();
    files
        .into_iter()
        .filter(|(path, _)| !path.ancestors().any(|above| tests.contains(above)))
        .map(|(path, text)| Source::new(path, &text))
        .collect()
}

/// The numbered lines outside `#[cfg(test)] mod name { ... }`. The files are formatted, so a
/// module ends at the first closing brace with its own indentation.
fn outside_tests(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut lines = text.lines().zip(1..).peekable();
    std::iter::from_fn(move || {
        loop {
            let (line, number) = lines.next()?;
            let opens_tests = line.trim() == "#[cfg(test)]"
                && lines.peek().is_some_and(|(next, _)| {
                    module_name(next).is_some() && next.trim_end().ends_with('{')
                });
            if !opens_tests {
                return Some((number, line));
            }
            let end = line.replace("#[cfg(test)]", "}");
            lines.by_ref().find(|(inner, _)| *inner == end);
        }
    })
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
fn test_modules_are_left_out() {
    let text =
        "one\n#[cfg(test)]\nmod tests {\n    mod inner {\n    }\n}\n#[cfg(test)]\nuse a;\nend\n";
    let kept: Vec<usize> = outside_tests(text).map(|(number, _)| number).collect();
    assert_eq!(kept, [1, 7, 8, 9]);

    let declared = test_modules(
        Path::new("src/a.rs"),
        "#[cfg(test)]\nmod cases;\nmod code;\n",
    );
    assert_eq!(
        declared,
        [Path::new("src/a/cases"), Path::new("src/a/cases.rs")]
    );
    let declared = test_modules(Path::new("src/lib.rs"), "#[cfg(test)]\nmod tests;\n");
    assert_eq!(declared[1], Path::new("src/tests.rs"));
}
