//! The README is true: its example prints what it says, its test command is the one that is run,
//! and what it points at exists.

use std::process::Command;

use crate::tree::{metadata, none, read, root};

/// How a line begins that stands before the output of a command, and how it ends.
const MARKER: (&str, &str) = ("<!-- output of: ", " -->");

/// How every command of a reader begins.
const RUN: &str = "cargo run --release --example ";

/// The pages whose links are followed.
const PAGES: [&str; 4] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

/// Each command whose output a page shows, and the fenced block that shows it.
fn shown_outputs(page: &str) -> Vec<(&str, &str)> {
    let marked = page.split(MARKER.0).skip(1);
    let shown = marked.filter_map(|rest| {
        let (command, after) = rest.split_once(MARKER.1)?;
        let (_, body) = after.split_once("```")?;
        let (_, body) = body.split_once('\n')?;
        Some((command, &body[..body.find("```")?]))
    });
    shown.collect()
}

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

/// Relative links, and paths between backticks, that lead nowhere.
fn dead_paths(page: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let links = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let quoted = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| is_path(text));
    links
        .chain(quoted)
        .map(|path| path.split('#').next().unwrap_or_default())
        .filter(|path| !exists(path))
        .map(str::to_owned)
        .collect()
}

/// Whether a backticked text names a path of this repository.
fn is_path(text: &str) -> bool {
    const FOLDERS: [&str; 7] = [
        "crates/",
        "examples/",
        "benches/",
        "fuzz/",
        "tests/",
        ".ci/",
        ".github/",
    ];
    FOLDERS.iter().any(|folder| text.starts_with(folder)) && !text.contains([' ', '*', '\n', '{'])
}

/// What a command of the README prints.
fn printed(command: &str) -> String {
    let arguments = command.split(' ').skip(2);
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn commands_print_what_the_readme_says() {
    let readme = read("README.md");
    let outputs = shown_outputs(&readme);
    assert!(outputs.len() > 1, "README.md shows what its commands print");
    for (command, shown) in outputs {
        assert!(command.starts_with(RUN), "{command}");
        assert!(
            fenced_lines(&readme).any(|line| line == command),
            "README.md shows the output of a command that it does not name: {command}"
        );
        assert_eq!(shown, printed(command), "README.md: {command}");
    }
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
fn the_pages_point_at_what_exists() {
    for page in PAGES {
        let dead = dead_paths(&read(page), |path| root().join(path).exists());
        none(
            &dead
                .iter()
                .map(|path| format!("{page}: {path} does not exist"))
                .collect::<Vec<_>>(),
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
fn the_readme_names_every_example() {
    let readme = read("README.md");
    for package in metadata().workspace_packages() {
        for target in package.targets.iter().filter(|target| target.is_example()) {
            let command = format!("{RUN}{}", target.name);
            assert!(
                readme.contains(&command),
                "README.md does not say: {command}"
            );
        }
    }
}

#[test]
fn the_page_rules_read_blocks_commands_and_paths() {
    let page = "```sh\n$ cargo test -q\n```\ncargo test outside\n<!-- output of: x y -->\n\n```text\na\n b\n```\n\
                [x](README.md#a) [y](https://a.b/c) `crates/none` `a/b` [z](gone.md)";
    assert_eq!(shown_outputs(page), [("x y", "a\n b\n")]);
    assert_eq!(test_commands(page), ["cargo test -q"]);
    let dead = dead_paths(page, |path| path == "README.md");
    assert_eq!(dead, ["gone.md", "crates/none"]);
}
