//! The server is killed and comes back: the kernel keeps its routes meanwhile.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use routehub_testkit::example;
use routehub_testkit::fabric::{Fabric, NETWORK, Streams};
use routehub_testkit::isolated::may_isolate;
use routehub_testkit::namespace::{KernelRoute, route};
use routehub_testkit::wait::block_until;

use crate::watch::{hear_until_gone, monitor};
use crate::{lab, start_routers};

/// A server in a process of its own, with the kernel sink.
struct Process {
    child: Child,
    _file: tempfile::NamedTempFile,
}

impl Process {
    /// Starts it; stale routes stay for so many seconds at most.
    fn start(lab: &Fabric, wait: u32) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), NETWORK).expect("room");
        let mut command = lab.hub.command(example::build("route_server"));
        let mut child = command
            .arg(file.path())
            .args(["--sink", "kernel", "--sink-wait", &wait.to_string()])
            .arg("--kernel-netns")
            .arg(format!("spoke={}", lab.vm.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let first = lines.next().expect("a line").expect("a text");
        assert!(first.starts_with("listening"), "{first}");
        std::thread::spawn(move || lines.for_each(|line| println!("{}", line.expect("a text"))));
        Self { child, _file: file }
    }

    /// Kills it as nobody expects.
    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("an end");
    }

    /// Asks it to stop, as a service manager does.
    fn stop(mut self) {
        let process = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(process, nix::sys::signal::SIGTERM).expect("it runs");
        assert!(self.child.wait().expect("an end").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const STALE: &str = "203.0.113.0/24";

fn both() -> KernelRoute {
    route("192.168.0.0/16", &["10.0.4.4", "10.0.4.5"])
}

#[test]
fn routes_stay_after_a_crash_until_the_next_run_knows_them_again() {
    if !may_isolate() {
        return;
    }
    let lab = lab();
    let routes = || lab.vm.routes(254);
    let server = Process::start(&lab, 60);
    let _routers = start_routers(&lab);
    block_until("both NVAs are next hops", routes, |routes| {
        *routes == [both()]
    });
    let back = || lab.on_prem.routes_of(254, "proto bird");
    let ways = route("10.1.0.0/16", &["172.16.1.1", "172.16.2.1"]);
    block_until("there are two ways back", back, |routes| {
        routes.contains(&ways)
    });
    let streams = Streams::open(&lab, 8).expect("streams");
    let news = monitor(&lab.vm);

    server.kill();
    assert_eq!(routes(), [both()]);
    // What this run would not have: it has to go, but not before everything is known.
    let stale = format!("route add {STALE} via 10.0.4.4 metric 177 proto 177");
    lab.vm.ip(&stale).expect("a route");
    let server = Process::start(&lab, 60);
    let seen = block_until("the stale route goes", routes, |routes| routes.len() == 1);
    assert_eq!(seen, [both()]);
    let heard = hear_until_gone(&news, STALE);
    let of = |prefix: &str| -> Vec<usize> {
        let of = heard.iter().filter(|change| change.prefix == prefix);
        of.map(|change| change.next_hops.len()).collect()
    };
    assert!(
        of("192.168.0.0/16").iter().all(|hops| *hops == 2),
        "{heard:?}"
    );
    assert_eq!(of(STALE), [1, 0], "{heard:?}");
    let streams = streams.end();
    assert_eq!(streams.whole, 8, "{streams:?}");
    assert!(streams.answers.iter().all(|answers| *answers > 0));
    println!("the longest that a stream waited: {:?}", streams.longest);

    server.stop();
    assert_eq!(routes(), []);
}

#[test]
fn routes_of_a_router_that_does_not_come_back_go_when_the_wait_is_over() {
    if !may_isolate() {
        return;
    }
    let lab = lab();
    let routes = || lab.vm.routes(254);
    let server = Process::start(&lab, 60);
    let (first, _second, _on_prem) = start_routers(&lab);
    block_until("both NVAs are next hops", routes, |routes| {
        *routes == [both()]
    });
    server.kill();
    first.kill();
    assert_eq!(routes(), [both()]);
    let server = Process::start(&lab, 4);
    let alone = route("192.168.0.0/16", &["10.0.4.5"]);
    let seen = block_until("only the living one is left", routes, |routes| {
        *routes != [both()]
    });
    assert_eq!(seen, [alone]);
    server.stop();
    assert_eq!(routes(), []);
}
