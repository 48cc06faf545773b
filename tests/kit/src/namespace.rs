//! Network namespaces without names: nothing is left of them when the last process that is inside,
//! or has them open, is gone.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, ensure};
use nix::sched::{CloneFlags, setns, unshare};
use serde_json::Value;

/// A network namespace; it lasts as long as this does, and processes in it.
#[derive(Debug)]
pub struct Namespace {
    file: File,
}

impl Namespace {
    /// A new one, with its loopback up.
    ///
    /// # Errors
    /// This is not root, or `ip` is not installed.
    pub fn new() -> Result<Self> {
        let made = std::thread::spawn(|| -> Result<File> {
            unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace")?;
            Ok(File::open("/proc/thread-self/ns/net")?)
        });
        let file = made.join().map_err(|_| anyhow!("a thread panicked"))??;
        let namespace = Self { file };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// A path to it, for this process and others.
    pub fn path(&self) -> PathBuf {
        let (process, file) = (std::process::id(), self.file.as_raw_fd());
        format!("/proc/{process}/fd/{file}").into()
    }

    /// What a thread needs to move inside.
    ///
    /// # Errors
    /// There are no file descriptors left.
    pub fn door(&self) -> Result<Door> {
        Ok(Door(self.file.try_clone()?))
    }

    /// Does something inside, on a thread of its own.
    ///
    /// # Errors
    /// This is not root, or what is done fails.
    ///
    /// # Panics
    /// If what is done panics.
    pub fn run<T: Send>(&self, what: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let done = std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.file, CloneFlags::CLONE_NEWNET)?;
                what()
            });
            inside.join()
        });
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// A program inside, which is killed when the thread ends that starts it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path().display()));
        command.args(["setpriv", "--pdeathsig", "KILL"]);
        command.arg(program);
        command
    }

    /// Runs `ip` inside: what it prints.
    ///
    /// # Errors
    /// It fails.
    pub fn ip(&self, arguments: &str) -> Result<String> {
        let mut command = self.command("ip");
        let output = command.args(arguments.split_whitespace()).output();
        let output = output.context("cannot run nsenter")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "ip {arguments}: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sets a variable of the namespace, such as `net/ipv4/ip_forward`.
    ///
    /// # Errors
    /// There is none, or not this value of it.
    pub fn set(&self, variable: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/{variable}");
        self.run(|| std::fs::write(&path, value).context(path))
    }

    /// Connects it with another: an interface here, and one there.
    ///
    /// # Errors
    /// `ip` fails.
    pub fn link(&self, here: &str, other: &Self, there: &str) -> Result<()> {
        let path = other.path();
        let path = path.display();
        self.ip(&format!(
            "link add {here} type veth peer name {there} netns {path}"
        ))?;
        self.ip(&format!("link set dev {here} up"))?;
        other.ip(&format!("link set dev {there} up"))?;
        Ok(())
    }

    /// Routes of routehub in a table.
    ///
    /// # Panics
    /// If `ip` does not tell.
    pub fn routes(&self, table: u32) -> Vec<KernelRoute> {
        self.routes_of(table, "proto 177")
    }

    /// Routes in a table that are chosen by a filter of `ip route show`.
    ///
    /// # Panics
    /// If `ip` does not tell.
    pub fn routes_of(&self, table: u32, filter: &str) -> Vec<KernelRoute> {
        let mut all = Vec::new();
        for family in ["-4", "-6"] {
            let show = format!("-j -d {family} route show table {table} {filter}");
            let text = self.ip(&show).expect("routes");
            if text.trim().is_empty() {
                continue;
            }
            let routes: Value = serde_json::from_str(&text).expect(&text);
            all.extend(routes.as_array().expect("a list").iter().map(kernel_route));
        }
        all.sort();
        all
    }
}

/// A way into a namespace.
#[derive(Debug)]
pub struct Door(File);

impl Door {
    /// Moves this thread inside.
    ///
    /// # Errors
    /// This is not root.
    pub fn enter(self) -> Result<()> {
        Ok(setns(self.0, CloneFlags::CLONE_NEWNET)?)
    }
}

/// A route as `ip route` shows it: prefix, and next hops in order or the kind of a route that has
/// none.
pub type KernelRoute = (String, Vec<String>);

fn kernel_route(route: &Value) -> KernelRoute {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let gateway = |value: &Value| match &value["gateway"] {
        Value::Null => text(&value["via"]["host"]),
        gateway => text(gateway),
    };
    let mut hops: Vec<String> = match &route["nexthops"] {
        Value::Array(hops) => hops.iter().map(gateway).collect(),
        _ if route["type"] != "unicast" => vec![text(&route["type"])],
        _ => vec![gateway(route)],
    };
    hops.sort();
    (text(&route["dst"]), hops)
}

/// A route as [`Namespace::routes`] shows it.
pub fn route(prefix: &str, next_hops: &[&str]) -> KernelRoute {
    let next_hops = next_hops.iter().map(ToString::to_string).collect();
    (prefix.to_owned(), next_hops)
}
