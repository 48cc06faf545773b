//! A test in a network namespace of its own, where this machine lets it be.

use std::net::Ipv4Addr;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};

/// Whether tests fail where they would otherwise only say what they lack.
pub fn required() -> bool {
    std::env::var("ROUTEHUB_REQUIRE_INTEROP").is_ok_and(|value| value == "1")
}

/// Whether this is run by somebody who may make network namespaces; says so if not.
///
/// # Panics
/// If not, where the tests have to run and do not run later.
pub fn may_isolate() -> bool {
    let root = nix::unistd::geteuid().is_root();
    let later = std::env::var_os("ROUTEHUB_NAMESPACES_LATER").is_some();
    assert!(root || later || !required(), "network namespaces need root");
    if !root {
        eprintln!("\n*** NOT TESTED: network namespaces need root ***\n");
    }
    root
}

/// Runs a test in a network namespace of its own, with these addresses: whatever runs in parallel
/// can use the same ones, and port 179 is free. Nothing of it is left when the test ends.
pub fn isolated<F: Future<Output = ()>>(
    addresses: impl IntoIterator<Item = Ipv4Addr> + Send + 'static,
    test: impl FnOnce() -> F + Send + 'static,
) {
    if !may_isolate() {
        return;
    }
    let run = move || {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
        command("ip", &["link", "set", "lo", "up"]);
        let add = addresses.into_iter().fold(String::new(), |batch, address| {
            batch + &format!("address add {address}/32 dev lo\n")
        });
        batch(&add);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test());
    };
    if let Err(panic) = std::thread::spawn(run).join() {
        std::panic::resume_unwind(panic);
    }
}

/// Adds addresses with one call of `ip`.
fn batch(lines: &str) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, lines.as_bytes()).expect("room");
    command("ip", &["-batch", &file.path().display().to_string()]);
}

/// Runs a program of the system, which has to succeed.
pub fn command(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:#?}"
    );
}

/// Whether the packets of BGP sessions get through, from here on.
pub fn let_through(pass: bool) {
    if pass {
        command("nft", &["delete", "table", "inet", "silence"]);
        return;
    }
    let rules = "table inet silence {
        chain input {
            type filter hook input priority 0;
            tcp dport 179 drop
            tcp sport 179 drop
        }
    }";
    command("nft", &[rules]);
}
