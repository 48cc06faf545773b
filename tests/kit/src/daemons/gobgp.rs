//! GoBGP, asked through `gobgp`.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Announced, Daemon, Heard, Restart, Router, text};
use crate::process::{Process, ask_json, folder, programs};

struct Gobgp {
    gobgp: PathBuf,
    process: Process,
    router: Router,
}

pub(super) fn start(router: &Router, configuration: &str) -> Option<impl Daemon + use<>> {
    let [gobgpd, gobgp] = programs("gobgpd", ["gobgpd", "gobgp"])?;
    let folder = folder();
    let file = folder.path().join("gobgp.toml");
    std::fs::write(&file, configuration).expect("a configuration");
    let mut command = Command::new(gobgpd);
    command
        .args(["-t", "toml", "-l", "info", "--pprof-disable"])
        .args(["--api-hosts", "127.0.0.1:50051"])
        .arg("-f")
        .arg(file);
    if router.restart.comes_back() {
        command.arg("-r");
    }
    let daemon = Gobgp {
        gobgp,
        process: Process::start(folder, &mut command),
        router: router.clone(),
    };
    for announced in &router.announces {
        daemon.announce(announced);
    }
    Some(daemon)
}

/// It passes on nothing whose AS path matches what stands behind this.
const OWN_ONLY: &str = "[global.apply-policy.config]
export-policy-list = [\"own\"]
default-export-policy = \"accept-route\"
[[policy-definitions]]
name = \"own\"
[[policy-definitions.statements]]
name = \"heard\"
[policy-definitions.statements.conditions.bgp-conditions.match-as-path-set]
as-path-set = \"heard\"
match-set-options = \"any\"
[policy-definitions.statements.actions]
route-disposition = \"reject-route\"
[[defined-sets.bgp-defined-sets.as-path-sets]]
as-path-set-name = \"heard\"
";

/// How it restarts: what a neighbour has for it, and each family of it.
const fn restart(router: &Router) -> (&'static str, &'static str) {
    match router.restart {
        Restart::Plain => ("", ""),
        Restart::Graceful | Restart::Back => (
            "[neighbors.graceful-restart.config]\nenabled = true\nrestart-time = 60\n",
            "[neighbors.afi-safis.mp-graceful-restart.config]\nenabled = true\n",
        ),
        Restart::LongLived | Restart::LongLivedBack => (
            "[neighbors.graceful-restart.config]
enabled = true
restart-time = 2
long-lived-enabled = true
",
            "[neighbors.afi-safis.mp-graceful-restart.config]
enabled = true
[neighbors.afi-safis.long-lived-graceful-restart.config]
enabled = true
restart-time = 30
",
        ),
    }
}

pub(super) fn configuration(router: &Router) -> String {
    let address = router.address;
    let mut text = format!(
        "[global.config]
as = {asn}
router-id = \"{address}\"
port = 179
local-address-list = [\"{address}\"]
",
        asn = router.asn
    );
    if !router.passes_on {
        text += OWN_ONLY;
        text += &format!("as-path-list = [\"_{}_\"]\n", router.peer_asn);
    }
    let (restart, family) = restart(router);
    for peer in &router.peers {
        text += &format!(
            "[[neighbors]]
[neighbors.config]
neighbor-address = \"{peer}\"
peer-as = {peer_asn}
auth-password = \"{password}\"
[neighbors.transport.config]
local-address = \"{address}\"
[neighbors.ebgp-multihop.config]
enabled = true
multihop-ttl = 64
[neighbors.timers.config]
connect-retry = 1
hold-time = {hold_time}
keepalive-interval = {keepalive}
idle-hold-time-after-reset = 1
{restart}[[neighbors.afi-safis]]
[neighbors.afi-safis.config]
afi-safi-name = \"ipv4-unicast\"
{family}",
            peer_asn = router.peer_asn,
            password = router.password.unwrap_or_default(),
            hold_time = router.hold_time,
            keepalive = router.hold_time / 3,
        );
    }
    text
}

impl Gobgp {
    /// Has it do something, as soon as it can be asked to.
    fn command(&self, arguments: &[&str]) {
        let done = || Command::new(&self.gobgp).args(arguments).output();
        let done = || done().expect("gobgp runs");
        crate::wait::block_until("an API", done, |done| done.status.success());
    }

    fn neighbors(&self) -> Vec<Value> {
        let all = ask_json(&self.gobgp, &["neighbor", "-j"]);
        all.as_array().cloned().unwrap_or_default()
    }

    fn neighbor(&self, peer: Ipv4Addr) -> Option<Value> {
        let mut all = self.neighbors().into_iter();
        all.find(|neighbor| neighbor["conf"]["neighbor_address"] == text(peer))
    }
}

/// The state of the protocol for an established session.
const ESTABLISHED: u64 = 6;

/// The paths of a table, which has a list for each prefix.
fn paths(table: &Value) -> impl Iterator<Item = &Value> {
    let prefixes = table.as_object().into_iter().flatten();
    prefixes.flat_map(|(_, paths)| paths.as_array().into_iter().flatten())
}

/// A path, with nothing for an attribute that it does not have.
fn heard(path: &Value) -> Option<Heard> {
    let attribute = |number: u64| {
        let all = path["attrs"].as_array()?;
        all.iter().find(|attribute| attribute["type"] == number)
    };
    let segments = attribute(2).and_then(|attribute| attribute["as_paths"].as_array());
    let segments = segments.into_iter().flatten();
    let asns = segments.flat_map(|segment| segment["asns"].as_array().into_iter().flatten());
    let asns: Vec<String> = asns.map(ToString::to_string).collect();
    let communities = attribute(8).and_then(|attribute| attribute["communities"].as_array());
    let communities = communities.into_iter().flatten().filter_map(Value::as_u64);
    let communities = communities.map(|pair| format!("{}:{}", pair >> 16, pair & 0xffff));
    let mut communities: Vec<String> = communities.collect();
    communities.sort();
    let next_hop = attribute(3).and_then(|attribute| attribute["nexthop"].as_str());
    Some(Heard {
        from: path["neighbor-ip"].as_str()?.to_owned(),
        prefix: path["nlri"]["prefix"].as_str()?.to_owned(),
        as_path: asns.join(" "),
        next_hop: next_hop.unwrap_or_default().to_owned(),
        communities,
    })
}

impl Daemon for Gobgp {
    fn process(self: Box<Self>) -> Process {
        self.process
    }

    fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    fn heard(&self) -> Vec<Heard> {
        let mut all = Vec::new();
        for peer in &self.router.peers {
            let table = ask_json(&self.gobgp, &["neighbor", &text(*peer), "adj-in", "-j"]);
            all.extend(paths(&table).filter_map(heard));
        }
        all.sort();
        all
    }

    fn held(&self, prefix: &str) -> Vec<Heard> {
        let table = ask_json(&self.gobgp, &["global", "rib", prefix, "-j"]);
        paths(&table).filter_map(heard).collect()
    }

    fn established(&self) -> usize {
        let all = self.neighbors().into_iter();
        all.filter(|neighbor| neighbor["state"]["session_state"] == ESTABLISHED)
            .count()
    }

    fn announce(&self, route: &Announced) {
        let next_hop = text(self.router.address);
        let communities = route.communities.join(",");
        let mut add = vec!["global", "rib", "add", &route.prefix, "nexthop", &next_hop];
        if !communities.is_empty() {
            add.extend(["community", &communities]);
        }
        self.command(&add);
    }

    fn withdraw(&self, prefix: &str) {
        self.command(&["global", "rib", "del", prefix]);
    }

    /// It keeps what it received, and looks at that again.
    fn refresh(&self) -> bool {
        false
    }

    fn updates(&self, peer: Ipv4Addr) -> u64 {
        let neighbor = self.neighbor(peer).unwrap_or_default();
        let updates = &neighbor["state"]["messages"]["received"]["update"];
        updates.as_u64().unwrap_or_default()
    }

    fn notification(&self, peer: Ipv4Addr) -> Option<String> {
        let received = &self.neighbor(peer)?["state"]["messages"]["received"];
        let notifications = received["notification"].as_u64()?;
        (notifications > 0).then(|| "?".to_owned())
    }
}
