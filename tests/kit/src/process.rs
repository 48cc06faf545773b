//! Programs that tests run: daemons in folders of their own, and a test again by itself.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::isolated::required;

/// Where a program is, if it is installed.
pub fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin".into(), "/sbin".into(), "/usr/lib".into()];
    let places = std::env::split_paths(&path).chain(system);
    places
        .map(|place| place.join(program))
        .find(|file| file.is_file())
}

/// Where the programs of a package are. Whether one of them is not installed is said, and is an
/// error where the tests have to run.
pub fn programs<const N: usize>(package: &str, names: [&str; N]) -> Option<[PathBuf; N]> {
    let found: Vec<PathBuf> = names.iter().filter_map(|name| installed(name)).collect();
    if let Ok(all) = <[PathBuf; N]>::try_from(found) {
        return Some(all);
    }
    assert!(!required(), "the package {package} is not installed");
    eprintln!("\n*** NOT TESTED: the package {package} is not installed ***\n");
    None
}

/// A folder for a daemon's files.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A daemon that runs.
pub struct Process {
    child: Child,
    folder: TempDir,
}

impl Process {
    /// Starts a daemon that stays in the foreground.
    pub fn start(folder: TempDir, command: &mut Command) -> Self {
        let log = File::create(folder.path().join("log")).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, folder }
    }

    /// A file of the daemon.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        contents(&self.file("log"))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        let status = contents(format!("/proc/{}/status", self.child.id()).as_ref());
        // Nobody has waited for it yet.
        status.contains("State:\tZ")
    }

    /// Stops it where it is, so that it is silent with all its connections open; or lets it go on.
    ///
    /// # Panics
    /// If it has ended already.
    pub fn pause(&self, paused: bool) {
        let process = Pid::from_raw(self.child.id().cast_signed());
        let signal = if paused {
            Signal::SIGSTOP
        } else {
            Signal::SIGCONT
        };
        kill(process, signal).expect("a process");
    }

    /// Has it run before everything of usual priority: a peer on a machine of its own would not
    /// wait for what else is tested here. Where that is not allowed, it is a process like others.
    pub fn prioritize(&self) {
        let mut command = Command::new("chrt");
        command.args(["--all-tasks", "--rr", "--pid", "1"]);
        // Said on stderr, if it is not.
        let _ = command.arg(self.child.id().to_string()).status();
    }

    /// Kills it, so that nothing is said to anybody.
    ///
    /// # Panics
    /// If it has ended already.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("an end");
    }

    /// Asks it to end, and waits until it has.
    pub fn terminate(mut self) {
        let process = Pid::from_raw(self.child.id().cast_signed());
        kill(process, Signal::SIGTERM).expect("a process");
        self.child.wait().expect("an end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is in a file so far.
pub fn contents(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// What a program says to these arguments; nothing while nobody answers it.
pub fn ask<A: AsRef<std::ffi::OsStr>>(program: &Path, arguments: &[A]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it says as JSON; null while nobody answers it.
pub fn ask_json<A: AsRef<std::ffi::OsStr>>(program: &Path, arguments: &[A]) -> serde_json::Value {
    serde_json::from_str(&ask(program, arguments)).unwrap_or_default()
}

/// Whether this is the process in which only this test runs: what it measures of a process is then
/// its own. Elsewhere such a process is started, and waited for.
///
/// # Panics
/// The test fails there.
pub fn is_alone(test: &str) -> bool {
    const ALONE: &str = "ROUTEHUB_TEST_ALONE";
    if std::env::var(ALONE).is_ok_and(|alone| alone == test) {
        return true;
    }
    let this = std::env::current_exe().expect("this program");
    let mut again = Command::new(this);
    again
        .args(["--exact", test, "--nocapture"])
        .env(ALONE, test);
    let status = again.status().expect("it starts");
    assert!(status.success(), "{test} in a process of its own: {status}");
    false
}
