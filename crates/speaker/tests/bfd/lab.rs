//! A hub with one NVA that announces a route, and the VM whose kernel has that route.

use std::net::Ipv4Addr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use routehub_bfd::{Diagnostic, State};
use routehub_speaker::{BfdReport, EventKind, ServerEvent};
use routehub_testkit::daemons::Bird;
use routehub_testkit::fabric::{Fabric, FabricServer, NETWORK};
use routehub_testkit::kernel::{RouteChange, watch_routes};
use routehub_testkit::wait::{PATIENCE, block_until};

/// The NVA.
pub(crate) const NVA: Ipv4Addr = Ipv4Addr::new(10, 0, 4, 4);

/// What it announces.
pub(crate) const PREFIX: &str = "192.168.0.0/16";

/// The lab, and the server in its hub.
pub(crate) struct Lab {
    pub(crate) fabric: Fabric,
    server: FabricServer,
    events: Arc<Mutex<Vec<ServerEvent>>>,
    news: Receiver<RouteChange>,
}

/// The network file, with this `bfd` of the first NVA.
pub(crate) fn network(profile: &str, bfd: &str) -> String {
    let file = NETWORK.replacen("vnets:", &format!("profile: {profile}\nvnets:"), 1);
    file.replacen("live: true}", &format!("live: true, bfd: {bfd}}}"), 1)
}

impl Lab {
    /// Starts the server; nobody peers with it yet.
    pub(crate) fn start(profile: &str, bfd: &str) -> Self {
        let fabric = Fabric::build(&std::env::temp_dir()).expect("a lab");
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        let tell = move |event: &ServerEvent| told.lock().expect("no panic").push(event.clone());
        let file = network(profile, bfd);
        let server = FabricServer::start(&fabric, &file, tell).expect("a server");
        let (sender, news) = channel();
        let tell = move |change: anyhow::Result<RouteChange>| {
            sender.send(change.expect("a kernel that tells")).is_ok()
        };
        watch_routes(&fabric.vm, tell).expect("a monitor");
        Self {
            fabric,
            server,
            events,
            news,
        }
    }

    /// Starts a BIRD as the NVA, whose BFD has this interval, in milliseconds. `reach` is what its
    /// BGP is: `multihop` or `direct`, and its BFD with it.
    pub(crate) fn bird(&self, reach: &str, interval: u32) -> Bird {
        self.bird_with(reach, interval, "")
    }

    /// The same, with more in its BFD.
    pub(crate) fn bird_with(&self, reach: &str, interval: u32, more: &str) -> Bird {
        let folder = std::env::temp_dir();
        let text = bird(reach, interval, more);
        let bird = Bird::start_in(&self.fabric.nvas[0], &folder, &text).expect("a BIRD");
        // It stands for a machine of its own: what is judged is the server.
        block_until(
            "BIRD answers",
            || bird.ask("show status"),
            |said| said.contains("running"),
        );
        bird.prioritize();
        bird
    }

    /// The sessions of BFD.
    pub(crate) fn sessions(&self) -> Vec<BfdReport> {
        let status = self.server.bfd().expect("a server");
        status.sessions.into_values().flatten().collect()
    }

    /// Waits until the kernel has the route, and both instances watch the path to the NVA with
    /// this detection time.
    pub(crate) fn wait_until_watched(&self, detection: Duration) -> Vec<BfdReport> {
        let routes = || self.fabric.vm.routes(254);
        block_until("the kernel has the route", routes, |routes| {
            routes.len() == 1
        });
        let learned = || {
            let rows = |engine: &routehub::Engine| {
                engine
                    .exchange()
                    .rs_learned("rs", "nva1")
                    .expect("a name")
                    .len()
            };
            self.server.ask(rows).expect("an answer")
        };
        block_until("both instances learn it", learned, |rows| *rows == 2);
        let is_good = |report: &&BfdReport| {
            report.state == State::Up && report.detection_time == Some(detection)
        };
        let sessions = || self.sessions();
        let sessions = block_until("BFD is Up", sessions, |sessions| {
            sessions.iter().filter(is_good).count() == 2
        });
        while self.news.try_recv().is_ok() {}
        sessions
    }

    /// When the kernel says that the route is gone.
    pub(crate) fn gone(&self) -> Instant {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let change = self.news.recv_timeout(left).expect("news of the kernel");
            if change.prefix == PREFIX && change.next_hops.is_empty() {
                return change.at;
            }
        }
    }

    /// Whether the kernel says nothing for so long.
    pub(crate) fn is_quiet(&self, time: Duration) -> bool {
        self.news.recv_timeout(time).err() == Some(RecvTimeoutError::Timeout)
    }

    /// What happened so far, in words.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.events.lock().expect("no panic");
        events.iter().map(ToString::to_string).collect()
    }

    /// Why sessions of BFD left Up, so far.
    pub(crate) fn downs(&self) -> Vec<Diagnostic> {
        let events = self.events.lock().expect("no panic");
        let changes = events.iter().filter_map(|event| match &event.kind {
            EventKind::Bfd(change) => Some(change.change),
            _ => None,
        });
        let downs = changes.filter(|change| change.from == State::Up);
        downs.map(|change| change.diagnostic).collect()
    }
}

/// The configuration of a BIRD that peers with both instances; `more` stands in its BFD.
pub(crate) fn bird(reach: &str, interval: u32, more: &str) -> String {
    let timers = format!("interval {interval} ms; multiplier 3; {more}");
    format!(
        "log stderr all;
router id {NVA};
protocol device {{ }}
protocol direct {{ ipv4; interface \"eth0\"; }}
protocol bfd {{ interface \"*\" {{ {timers} }}; multihop {{ {timers} }}; }}
protocol static onprem {{ ipv4; route {PREFIX} blackhole; }}
template bgp route_server {{
  local {NVA} as 65001;
  {reach};
  bfd on;
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  ipv4 {{ import all; export where proto = \"onprem\"; next hop self; }};
}}
protocol bgp rs0 from route_server {{ neighbor 10.0.6.4 as 65515; }}
protocol bgp rs1 from route_server {{ neighbor 10.0.6.5 as 65515; }}
"
    )
}
