//! `lab` as its users run it: its course, and that nothing is left of it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use routehub_testkit::example;
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::process::programs;
use routehub_testkit::wait::block_until;

/// The file of the program; none where it cannot run and need not.
fn program() -> Option<PathBuf> {
    let able = may_isolate() && programs("bird2", ["bird"]).is_some();
    able.then(|| example::build("lab"))
}

/// A lab up to its traffic.
fn start(program: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(program)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("TCP streams") {
        line.clear();
        assert!(
            lines.read_line(&mut line).expect("a line") > 0,
            "it has ended"
        );
    }
    (child, lines)
}

fn send(signal: &str, to: &Child) {
    let done = Command::new("kill")
        .args(["-s", signal, &to.id().to_string()])
        .status();
    assert!(done.expect("kill runs").success());
}

/// The folder of a lab.
fn folder(process: u32) -> PathBuf {
    std::env::temp_dir().join(format!("routehub-lab-{process}"))
}

/// Waits until no process works in the folder of a lab.
fn wait_for_its_processes(process: u32) {
    let folder = folder(process).display().to_string();
    let uses = |file: &Path| {
        // It may be gone by now.
        let line = std::fs::read(file.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&folder)
    };
    let left = || {
        let all = std::fs::read_dir("/proc").expect("processes").flatten();
        let files = all.map(|entry| entry.path());
        files.filter(|file| uses(file)).collect::<Vec<PathBuf>>()
    };
    block_until("nobody works there", left, Vec::is_empty);
}

#[test]
fn traffic_survives_an_nva_and_the_timeline_says_how_long_it_took() {
    let Some(program) = program() else { return };
    let child = Command::new(program)
        .args(["--streams", "8"])
        .stdout(Stdio::piped())
        .spawn();
    let child = child.expect("a process");
    let process = child.id();
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let mut rest: &str = &text;
    for part in [
        "the Route Server listens",
        "kernel of the VM: 192.168.0.0/16 via 10.0.4.4 and 10.0.4.5",
        "8 TCP streams from the VM",
        "% over nva1",
        "nva1 is killed",
        "kernel of the VM: 192.168.0.0/16 via 10.0.4.5",
        "8 of 8 streams go on",
        "kernel of the VM: 192.168.0.0/16 via 10.0.4.4 and 10.0.4.5",
        "kernel of the VM: no route to 192.168.0.0/16",
        "the Route Server has stopped, and its routes are gone",
        "NVA killed -> the kernel's notification of the route change: ",
        "streams that survived: 8 of 8",
    ] {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part:?} is not next in {text}"));
        rest = &rest[at + part.len()..];
    }
    wait_for_its_processes(process);
    assert!(!folder(process).exists());
}

#[test]
fn nothing_is_left_of_a_lab_that_is_interrupted_or_killed() {
    let Some(program) = program() else { return };
    for signal in ["INT", "TERM"] {
        let (mut lab, _lines) = start(&program);
        send(signal, &lab);
        assert_eq!(lab.wait().expect("an end").code(), Some(2));
        wait_for_its_processes(lab.id());
        assert!(!folder(lab.id()).exists());
    }
    let (mut lab, _lines) = start(&program);
    send("KILL", &lab);
    assert_eq!(lab.wait().expect("an end").code(), None);
    wait_for_its_processes(lab.id());
    // Files are all that can be left, and the next lab removes them.
    let (mut next, _lines) = start(&program);
    assert!(!folder(lab.id()).exists());
    send("INT", &next);
    assert_eq!(next.wait().expect("an end").code(), Some(2));
}
