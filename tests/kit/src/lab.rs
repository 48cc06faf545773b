//! What every test with real connections needs: a network namespace of its own, a server in it,
//! and patience with a limit.
#![allow(dead_code, reason = "no test binary uses everything")]

pub(crate) mod kernel;
pub(crate) mod peer;
pub(crate) mod process;

use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use routehub::types::Prefix;
use routehub::{Event, RouteRow};
use routehub_scenario::Scenario;
use routehub_speaker::{EventKind, Server, ServerEvent};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// The longest time that anything here may take: machines may be slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Runs a test in a network namespace of its own, with these addresses: whatever runs in parallel
/// can use the same ones, and port 179 is free. Nothing of it is left when the test ends.
pub(crate) fn isolated<F: Future<Output = ()>>(
    addresses: impl IntoIterator<Item = Ipv4Addr> + Send + 'static,
    test: impl FnOnce() -> F + Send + 'static,
) {
    if !may_isolate() {
        return;
    }
    let run = move || {
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
        command("ip", &["link", "set", "lo", "up"]);
        let add = addresses.into_iter().fold(String::new(), |batch, one| {
            batch + &format!("address add {one}/32 dev lo\n")
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

/// Whether this is run by somebody who may make network namespaces; says so if not.
fn may_isolate() -> bool {
    let root = nix::unistd::geteuid().is_root();
    let later = std::env::var_os("ROUTEHUB_NAMESPACES_LATER").is_some();
    assert!(root || later || !required(), "network namespaces need root");
    if !root {
        eprintln!("\n*** NOT TESTED: network namespaces need root ***\n");
    }
    root
}

/// Whether tests fail where they would otherwise only say what they lack.
pub(crate) fn required() -> bool {
    std::env::var("ROUTEHUB_REQUIRE_INTEROP").is_ok_and(|value| value == "1")
}

/// Adds addresses with one call of `ip`.
fn batch(lines: &str) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, lines.as_bytes()).expect("room");
    command("ip", &["-batch", &file.path().display().to_string()]);
}

/// Runs a program of the system, which has to succeed.
pub(crate) fn command(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:#?}"
    );
}

/// Whether the packets of BGP sessions get through, from here on.
pub(crate) fn let_through(pass: bool) {
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

/// A server at work, what happens to it, and what may happen to its estate.
pub(crate) struct Lab {
    pub(crate) server: Server,
    pub(crate) scenario: Scenario,
    notices: Notices,
}

/// What happens from here on; a test that fails shows what nobody has looked at.
struct Notices(Receiver<ServerEvent>);

impl Drop for Notices {
    fn drop(&mut self) {
        while std::thread::panicking()
            && let Ok(notice) = self.0.try_recv()
        {
            eprintln!("{notice}");
        }
    }
}

impl Lab {
    /// Serves a network file.
    pub(crate) async fn start(file: &str) -> Self {
        let scenario = Scenario::parse(file).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        Self::serve(scenario).await
    }

    pub(crate) async fn serve(scenario: Scenario) -> Self {
        let Scenario {
            profile,
            estate,
            live,
            ..
        } = scenario.clone();
        let server = Server::start(&profile, estate, &live).await;
        let server = server.expect("a server");
        Self {
            notices: Notices(server.watch()),
            server,
            scenario,
        }
    }

    /// Lets an event of the file happen.
    pub(crate) async fn happen(&self, id: &str) {
        let known = self.scenario.events.iter().find(|(one, _)| one == id);
        let (_, event): &(String, Event) = known.expect("an event of the file");
        let done = self.server.apply(event.clone()).await;
        done.expect("a server").expect("an event that applies");
    }

    /// What Route Server `rs` learned of an NVA.
    pub(crate) async fn learned(&self, nva: &'static str) -> Vec<RouteRow> {
        let question = move |engine: &routehub::Engine| engine.exchange().rs_learned("rs", nva);
        self.server.ask(question).await.expect("an answer")
    }

    /// The next hops of a prefix on a NIC; none if it is not there.
    pub(crate) async fn next_hops(&self, nic: &'static str, prefix: &str) -> Vec<String> {
        let prefix: Prefix = prefix.parse().expect("a prefix");
        let question = move |engine: &routehub::Engine| engine.exchange().nic_effective(nic);
        let rows = self.server.ask(question).await.expect("an answer");
        let rows = rows.expect("a NIC").into_iter();
        let rows = rows.filter(|row| row.prefixes == [prefix]);
        rows.flat_map(|row| row.next_hops)
            .map(|hop| hop.to_string())
            .collect()
    }

    /// Waits for something to happen to this many sessions since the last call; of other things
    /// that happen meanwhile nothing is known later.
    pub(crate) async fn notice(
        &mut self,
        what: &str,
        count: usize,
        is: impl Fn(&EventKind) -> bool,
    ) {
        let mut seen = Vec::new();
        let mut found = 0;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while found < count {
            match tokio::time::timeout_at(deadline, self.notices.0.recv()).await {
                Ok(Ok(notice)) => {
                    found += usize::from(is(&notice.kind));
                    seen.push(notice.to_string());
                }
                Ok(Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => panic!("{what}, but the server is gone: {seen:#?}"),
                Err(_) => panic!("{what}, but {found} of {count}: {seen:#?}"),
            }
        }
    }

    /// Everything that has happened since the last call.
    pub(crate) fn noticed(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        while let Ok(notice) = self.notices.0.try_recv() {
            seen.push(notice.to_string());
        }
        seen
    }

    pub(crate) async fn stop(self) {
        self.server.stop("the test is over").await;
    }
}

/// Waits until what is looked at is as it should be.
///
/// # Panics
/// After [`PATIENCE`], with what was seen last.
pub(crate) async fn until<T, F>(
    what: &str,
    mut look: impl FnMut() -> F,
    good: impl Fn(&T) -> bool,
) -> T
where
    T: Debug,
    F: Future<Output = T>,
{
    let start = Instant::now();
    loop {
        let seen = look().await;
        if good(&seen) {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "{what}, but there is {seen:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until what is looked at equals this.
pub(crate) async fn until_equal<T: Debug + PartialEq>(
    what: &str,
    mut look: impl FnMut() -> T,
    wanted: &T,
) {
    let start = Instant::now();
    loop {
        let seen = look();
        if seen == *wanted {
            return;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{what}: {wanted:#?}\nbut there is {seen:#?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
