//! Network namespaces without names: nothing is left of them when the last process that is inside,
//! or has them open, is gone.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, ensure};
use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace.
pub(crate) struct Namespace {
    file: File,
}

impl Namespace {
    /// A new one, with its loopback up.
    pub(crate) fn new() -> Result<Self> {
        let made = std::thread::spawn(|| -> Result<File> {
            unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace")?;
            Ok(File::open("/proc/thread-self/ns/net")?)
        });
        let file = made.join().map_err(|_| anyhow!("a thread panicked"))??;
        let it = Self { file };
        it.ip("link set lo up")?;
        it.set("net/ipv4/conf/all/rp_filter", "0")?;
        Ok(it)
    }

    /// Its file, for this process and its children.
    pub(crate) fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()).into()
    }

    /// What a thread needs to move inside.
    pub(crate) fn door(&self) -> Result<Door> {
        Ok(Door(self.file.try_clone()?))
    }

    /// Does something inside, on a thread of its own.
    pub(crate) fn run<T: Send>(&self, what: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let done = std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(&self.file, CloneFlags::CLONE_NEWNET)?;
                what()
            });
            inside.join()
        });
        done.map_err(|_| anyhow!("a thread panicked"))?
    }

    /// A program inside, which is killed when the thread ends that starts it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path().display()));
        command.args(["setpriv", "--pdeathsig", "KILL", program]);
        command
    }

    /// Runs `ip` inside: what it prints.
    pub(crate) fn ip(&self, arguments: &str) -> Result<String> {
        let mut command = self.command("ip");
        let output = command.args(arguments.split_whitespace()).output();
        let output = output.context("cannot run nsenter")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "ip {arguments}: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Sets a variable of the namespace, such as `net/ipv4/ip_forward`.
    pub(crate) fn set(&self, variable: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/{variable}");
        self.run(|| std::fs::write(&path, value).context(path))
    }

    /// Connects it with another: an interface here, and one there.
    pub(crate) fn link(&self, here: &str, other: &Self, there: &str) -> Result<()> {
        let path = other.path();
        let path = path.display();
        self.ip(&format!(
            "link add {here} type veth peer name {there} netns {path}"
        ))?;
        self.ip(&format!("link set dev {here} up"))?;
        other.ip(&format!("link set dev {there} up"))?;
        Ok(())
    }
}

/// A way into a namespace.
pub(crate) struct Door(File);

impl Door {
    /// Moves this thread inside.
    pub(crate) fn enter(self) -> Result<()> {
        Ok(setns(self.0, CloneFlags::CLONE_NEWNET)?)
    }
}
