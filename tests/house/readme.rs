//! The README is true: its test command is the one that is run, and it names every crate.

use crate::tree::{metadata, read};

/// Every line inside a fenced block that runs tests.
fn test_commands(page: &str) -> Vec<&str> {
    fenced_lines(page)
        .map(|line| line.trim().trim_start_matches("$ "))
        .filter(|line| line.starts_with("cargo test") || line.starts_with("cargo nextest"))
        .collect()
}

/// The lines inside fenced blocks.
fn fenced_lines(page: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    page.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        inside && !fence
    })
}

#[test]
fn ci_runs_the_test_commands_of_the_readme() {
    let ci = read(".ci/run");
    let readme = read("README.md");
    let commands = test_commands(&readme);
    assert!(!commands.is_empty(), "README.md names no test command");
    for command in commands {
        assert!(
            ci.lines().any(|line| line == command),
            ".ci/run does not run: {command}"
        );
    }
}

#[test]
fn the_readme_and_the_architecture_name_every_crate() {
    for page in ["README.md", "ARCHITECTURE.md"] {
        let text = read(page);
        for package in metadata().workspace_packages() {
            let name = package.name.as_str();
            assert!(
                text.contains(&format!("`{name}`")),
                "{page} does not name `{name}`"
            );
        }
    }
}

#[test]
fn only_commands_inside_fences_count() {
    let page = "```sh\n$ cargo test -q\n```\ncargo test outside\n";
    assert_eq!(test_commands(page), ["cargo test -q"]);
}
