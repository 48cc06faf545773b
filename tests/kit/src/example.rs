//! The programs of `examples`, which `cargo test` does not build for other packages.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// An example, which is built if it is not yet; its arguments come next.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--package", "routehub-examples"])
        .args(["--example", name, "--"]);
    command
}

/// Builds an example: the file of the program.
///
/// # Panics
/// If it cannot be built.
pub fn build(name: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--message-format", "json"])
        .args(["--package", "routehub-examples", "--example", name])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success());
    let lines = output.stdout.lines().map(|line| line.expect("a text"));
    let messages = lines.map(|line| serde_json::from_str(&line).expect("JSON"));
    let files = messages.filter_map(|message: Value| {
        let of_example = message["target"]["name"] == name;
        let file = message["executable"].as_str().filter(|_| of_example);
        file.map(PathBuf::from)
    });
    files.last().expect("a program")
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote.
    pub out: String,
    /// What it said of errors.
    pub err: String,
}

/// Runs an example to its end, with arguments and an input.
///
/// # Panics
/// If it cannot be run, or writes what is not UTF-8.
pub fn run(name: &str, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // It may end before it has read all.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("an end");
    let _ = writer.join();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
