//! Network namespaces without names: they end with the test, however it ends.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns, unshare};

/// The longest time that anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Whether network namespaces can be made here. Where these tests have to run, it is an error if
/// not.
pub(crate) fn may() -> bool {
    let root = nix::unistd::geteuid().is_root();
    let required = std::env::var("ROUTEHUB_REQUIRE_INTEROP").is_ok_and(|value| value == "1");
    assert!(root || !required, "network namespaces need root");
    if !root {
        eprintln!("\n*** NOT TESTED: network namespaces need root ***\n");
    }
    root
}

/// A network namespace; it lasts as long as this does, and processes in it.
#[derive(Debug)]
pub(crate) struct Namespace {
    file: File,
}

impl Namespace {
    /// A new one, with its loopback up.
    pub(crate) fn new() -> Self {
        let made = std::thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
            File::open("/proc/thread-self/ns/net").expect("its file")
        });
        let one = Self {
            file: made.join().expect("a thread"),
        };
        one.ip("link set lo up");
        one
    }

    /// A path to it, for this process and others.
    pub(crate) fn path(&self) -> PathBuf {
        let (process, file) = (std::process::id(), self.file.as_raw_fd());
        format!("/proc/{process}/fd/{file}").into()
    }

    /// Does something inside, on a thread of its own.
    pub(crate) fn run<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        let done = std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                self.enter();
                what()
            });
            inside.join()
        });
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Moves this thread inside.
    pub(crate) fn enter(&self) {
        setns(&self.file, CloneFlags::CLONE_NEWNET).expect("the namespace");
    }

    /// A program inside, which ends with the thread that starts it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path().display()));
        command.args(["setpriv", "--pdeathsig", "KILL", program]);
        command
    }

    /// Runs `ip` inside, which has to succeed: what it says.
    pub(crate) fn ip(&self, arguments: &str) -> String {
        let mut command = self.command("ip");
        let output = command.args(arguments.split_whitespace()).output();
        let output = output.expect("nsenter");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ip {arguments}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Sets a variable of the namespace, such as `net/ipv4/ip_forward`.
    pub(crate) fn set(&self, variable: &str, value: &str) {
        let path = format!("/proc/sys/{variable}");
        self.run(|| std::fs::write(&path, value).expect(&path));
    }

    /// Connects it with another: an interface here, and one there.
    pub(crate) fn link(&self, here: &str, other: &Self, there: &str) {
        let path = other.path();
        let path = path.display();
        self.ip(&format!(
            "link add {here} type veth peer name {there} netns {path}"
        ));
        self.ip(&format!("link set dev {here} up"));
        other.ip(&format!("link set dev {there} up"));
    }
}

/// A route of our protocol number as `ip route` shows it: prefix, and next hops in order or the
/// kind of a route that has none.
pub(crate) type Shown = (String, Vec<String>);

impl Namespace {
    /// Our routes in a table.
    pub(crate) fn routes(&self, table: u32) -> Vec<Shown> {
        self.routes_of(table, "proto 177")
    }

    /// Routes in a table that are chosen by this.
    pub(crate) fn routes_of(&self, table: u32, filter: &str) -> Vec<Shown> {
        let mut all = Vec::new();
        for family in ["-4", "-6"] {
            let text = self.ip(&format!("-j -d {family} route show table {table} {filter}"));
            if text.trim().is_empty() {
                continue;
            }
            let routes: serde_json::Value = serde_json::from_str(&text).expect(&text);
            all.extend(routes.as_array().expect("a list").iter().map(shown));
        }
        all.sort();
        all
    }
}

fn shown(route: &serde_json::Value) -> Shown {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let gateway = |value: &serde_json::Value| match &value["gateway"] {
        serde_json::Value::Null => text(&value["via"]["host"]),
        gateway => text(gateway),
    };
    let mut hops: Vec<String> = match &route["nexthops"] {
        serde_json::Value::Array(hops) => hops.iter().map(gateway).collect(),
        _ if route["type"] != "unicast" => vec![text(&route["type"])],
        _ => vec![gateway(route)],
    };
    hops.sort();
    (text(&route["dst"]), hops)
}

/// Waits until what is looked at is as it should be.
///
/// # Panics
/// After [`PATIENCE`], with what was seen last.
pub(crate) fn until<T: std::fmt::Debug>(
    what: &str,
    mut look: impl FnMut() -> T,
    good: impl Fn(&T) -> bool,
) -> T {
    let start = Instant::now();
    loop {
        let seen = look();
        if good(&seen) {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "{what}, but there is {seen:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A route as [`Namespace::routes`] shows it.
pub(crate) fn route(prefix: &str, next_hops: &[&str]) -> Shown {
    let next_hops = next_hops.iter().map(ToString::to_string).collect();
    (prefix.to_owned(), next_hops)
}
