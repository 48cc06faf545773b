//! `route_server` as a process of its own.

use std::process::{Child, Command, Stdio};

use routehub_testkit::example;

use crate::{network, resident};

/// A server that runs until it is killed.
pub(crate) struct Process {
    child: Child,
    _file: tempfile::NamedTempFile,
}

/// The example, which is built if it is not yet.
fn route_server() -> Command {
    let mut command = example::command("route_server");
    command.stdout(Stdio::null());
    command
}

impl Process {
    /// Serves a network with this many peers.
    pub(crate) fn start(peers: u16) -> Self {
        // To build it may take longer than anybody should wait for a server.
        let built = route_server().arg("--help").status().expect("cargo runs");
        assert!(built.success());
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        std::io::Write::write_all(&mut file, network(peers).as_bytes()).expect("room");
        let child = route_server().arg(file.path()).spawn().expect("cargo runs");
        Self { child, _file: file }
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        resident(&self.child.id().to_string())
    }
}

impl Drop for Process {
    /// Kills it, so that nothing is said to anybody.
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
