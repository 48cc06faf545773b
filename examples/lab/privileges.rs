//! What it takes to make network namespaces: root, or to be root in a user namespace.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Set in the environment once a user namespace was asked for.
const INSIDE: &str = "ROUTEHUB_LAB_INSIDE";

/// Starts the program again in a user namespace if it is not run by root.
pub(crate) fn take() -> Result<()> {
    if nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    let inside = std::env::var_os(INSIDE).is_some();
    ensure!(
        !inside,
        "this kernel gives no user namespaces: run it as root"
    );
    let program = std::env::current_exe()?;
    // Returns only if it fails.
    let failed = Command::new("unshare")
        .args(["--user", "--map-root-user", "--"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    Err(failed).context("cannot run unshare: run it as root")
}
