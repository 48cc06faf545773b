//! The README and the pages of `docs` are true: commands print what stands there, and have the
//! options that stand there; the test command is the one that is run; what they point at exists.
//!
//! `ROUTEHUB_WRITE=1 cargo test -p routehub-house commands_print` writes what commands print anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::tree::{files, metadata, none, read, root};

/// How a line begins that stands before the output of a command, and how it ends.
const MARKER: (&str, &str) = ("<!-- output of: ", " -->");

/// How a command of a reader begins who has not installed anything.
const RUN: &str = "cargo run --release --example ";

/// The first command of all, which is not built for speed: it is there sooner.
const FIRST: &str = "cargo run --example quickstart";

/// How a command begins of a reader who has installed the program.
const PROGRAM: &str = "routehub ";

/// The pages whose links are followed, beside those of `docs`.
const PAGES: [&str; 4] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

/// The pages for users, from the root.
fn user_pages() -> Vec<PathBuf> {
    let mut pages = files("docs", &["md"]);
    pages.insert(0, "README.md".into());
    pages
}

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

/// Runs `cargo run` of a program that readers have installed, in a folder that has what the pages
/// speak of: `network.yaml` as `routehub init` writes it, and the examples.
fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "routehub-cli"])
        .arg("--manifest-path")
        .arg(root().join("Cargo.toml"))
        .arg("--")
        .args(arguments)
        .current_dir(desk())
        .output()
        .expect("cargo starts")
}

/// The folder in which the commands of readers run.
fn desk() -> PathBuf {
    let desk = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("desk");
    fs::create_dir_all(&desk).expect("a folder");
    let network = root().join("crates/cli/src/make/network.yaml");
    fs::copy(network, desk.join("network.yaml")).expect("a copy");
    let examples = desk.join("examples");
    if !examples.exists() {
        std::os::unix::fs::symlink(root().join("examples"), examples).expect("a link");
    }
    desk
}

/// What a command prints. That its answer is no, as of what changes, is no failure.
fn printed(command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let output = match command.strip_prefix(PROGRAM) {
        Some(_) => program(&words[1..]),
        None => Command::new(env!("CARGO"))
            .args(["run", "--quiet"])
            .args(&words[2..])
            .current_dir(root())
            .output()
            .expect("cargo starts"),
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    let is_answer = output.status.success() || output.status.code() == Some(1);
    assert!(is_answer && errors.is_empty(), "{command}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A page with what its commands print now.
fn with_outputs(page: &str, print: impl Fn(&str) -> String) -> String {
    let mut text = page.to_owned();
    for (command, shown) in shown_outputs(page) {
        let marker = format!("{}{command}{}", MARKER.0, MARKER.1);
        let at = text.find(&marker).map_or(0, |at| at + marker.len());
        let block = text[at..].find("```").map_or(at, |found| at + found);
        let body = text[block..]
            .find('\n')
            .map_or(block, |end| block + end + 1);
        text.replace_range(body..body + shown.len(), &print(command));
    }
    text
}

/// The commands of the program on a page: each line of a fenced block that begins with its name.
fn program_lines(page: &str) -> impl Iterator<Item = &str> {
    fenced_lines(page).filter(|line| line.starts_with(PROGRAM))
}

#[test]
fn commands_print_what_the_pages_say() {
    for path in user_pages() {
        let page = read(&path);
        for (command, _) in shown_outputs(&page) {
            let starts = [RUN, FIRST, PROGRAM];
            let is_known = starts.iter().any(|start| command.starts_with(start));
            assert!(is_known, "{}: {command}", path.display());
            assert!(
                fenced_lines(&page).any(|line| line == command),
                "{} shows the output of a command that it does not name: {command}",
                path.display()
            );
        }
        let new = with_outputs(&page, printed);
        if std::env::var_os("ROUTEHUB_WRITE").is_some() {
            fs::write(root().join(&path), &new).expect("the page is written");
            continue;
        }
        let differ = |(old, new): &(&str, &str)| old != new;
        let first = page.lines().zip(new.lines()).find(differ);
        assert!(page == new, "{}: {first:?}", path.display());
    }
    assert!(shown_outputs(&read("README.md")).len() > 1);
}

#[test]
fn commands_of_the_pages_have_the_options_that_stand_there() {
    let mut used: BTreeMap<String, BTreeSet<(String, PathBuf)>> = BTreeMap::new();
    for path in user_pages() {
        for line in program_lines(&read(&path)) {
            let line = line.split(['|', '>', '#']).next().unwrap_or_default();
            let mut words = line.split_whitespace().skip(1);
            let name = words.next().unwrap_or_default().to_owned();
            let options = words.filter(|word| word.starts_with("--"));
            let options = options.map(|option| option.split('=').next().unwrap_or(option));
            let options = options.map(|option| (option.to_owned(), path.clone()));
            used.entry(name).or_default().extend(options);
        }
    }
    assert!(used.len() > 5, "{used:?}");
    for (name, options) in used {
        let output = program(&[&name, "--help"]);
        assert!(output.status.success(), "there is no routehub {name}");
        let help = String::from_utf8_lossy(&output.stdout);
        let words: BTreeSet<&str> = help.split([' ', '\n', ',', '[', ']']).collect();
        for (option, path) in options {
            let is_known = words.contains(option.as_str());
            assert!(
                is_known,
                "{}: routehub {name} has no {option}",
                path.display()
            );
        }
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
    let pages = PAGES
        .map(PathBuf::from)
        .into_iter()
        .chain(files("docs", &["md"]));
    for page in pages {
        // Links are from the page, paths between backticks from the root.
        let folder = root().join(&page).with_file_name("");
        let exists = |path: &str| {
            path.is_empty() || folder.join(path).exists() || root().join(path).exists()
        };
        let dead = dead_paths(&read(&page), exists);
        let dead = dead
            .iter()
            .map(|path| format!("{}: {path} does not exist", page.display()));
        none(&dead.collect::<Vec<_>>());
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
    let written = with_outputs(page, |command| format!("{command}\n"));
    assert_eq!(shown_outputs(&written), [("x y", "x y\n")]);
    assert_eq!(with_outputs(&written, |_| "a\n b\n".to_owned()), page);
    assert_eq!(test_commands(page), ["cargo test -q"]);
    let dead = dead_paths(page, |path| path == "README.md");
    assert_eq!(dead, ["gone.md", "crates/none"]);
}
