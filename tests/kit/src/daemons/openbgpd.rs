//! OpenBGPD, asked through `bgpctl`.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Announced, Daemon, Heard, Router, code_of, text};
use crate::process::{Process, ask, folder, programs};
use crate::wait::block_until;

/// Where its processes lock themselves in: the home of its user.
const HOME: &str = "/run/openbgpd";

struct Openbgpd {
    bgpctl: PathBuf,
    process: Process,
    address: Ipv4Addr,
    peers: Vec<Ipv4Addr>,
}

pub(super) fn start(router: &Router, configuration: &str) -> Option<impl Daemon + use<>> {
    // FRR's daemon has the same name, but not in a directory that is searched for programs.
    let [bgpctl, bgpd] = programs("openbgpd", ["bgpctl", "bgpd"])?;
    wait_for_port(router.address);
    std::fs::create_dir_all(HOME).expect("a directory");
    let folder = folder();
    let file = |name: &str| folder.path().join(name);
    let socket = format!("socket \"{}\"\n", file("control").display());
    std::fs::write(file("bgpd.conf"), socket + configuration).expect("a configuration");
    // It does not believe a file that others may read.
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(file("bgpd.conf"), private).expect("permissions");
    let mut command = Command::new(bgpd);
    command.args(["-d".into(), "-f".into(), file("bgpd.conf")]);
    Some(Openbgpd {
        bgpctl,
        process: Process::start(folder, &mut command),
        address: router.address,
        peers: router.peers.clone(),
    })
}

/// Waits until nobody listens at the port of BGP: of an OpenBGPD that was killed the processes that it
/// had started end a little later, and one of them has the socket.
fn wait_for_port(address: Ipv4Addr) {
    let is_taken = || {
        let bound = TcpListener::bind((address, 179));
        bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    };
    block_until("the port of BGP is free", is_taken, |taken| !taken);
}

/// What stands behind the socket that it is asked through.
pub(super) fn configuration(router: &Router) -> String {
    let Router {
        address,
        asn,
        peer_asn,
        hold_time,
        ..
    } = router;
    let mut text = format!(
        "AS {asn}
router-id {address}
fib-update no
listen on {address}
connect-retry 1
"
    );
    for announced in &router.announces {
        let prefix = &announced.prefix;
        let communities = announced.communities.iter();
        let communities: String = communities
            .map(|community| format!("community {community} "))
            .collect();
        text += &format!("network {prefix} set {{ {communities} nexthop {address} }}\n");
    }
    text += &format!(
        "group \"rs\" {{
  remote-as {peer_asn}
  local-address {address}
  multihop 64
  holdtime {hold_time}
  announce refresh yes
"
    );
    if let Some(key) = router.password {
        text += &format!("  tcp md5sig password \"{key}\"\n");
    }
    for peer in &router.peers {
        text += &format!("  neighbor {peer}\n");
    }
    text += "}\nallow from any\nallow to any\n";
    if !router.passes_on {
        // The last rule that matches counts.
        text += &format!("deny to any AS {peer_asn}\n");
    }
    text
}

impl Openbgpd {
    fn ask(&self, command: &str) -> String {
        let socket = self.process.file("control").display().to_string();
        let mut arguments = vec!["-s", &socket, "-j"];
        arguments.extend(command.split(' '));
        ask(&self.bgpctl, &arguments)
    }

    /// Has it do something, as soon as it can be asked to.
    fn command(&self, command: &str) {
        let socket = self.process.file("control").display().to_string();
        let mut arguments = vec!["-s", &socket];
        arguments.extend(command.split(' '));
        let done = || Command::new(&self.bgpctl).args(&arguments).output();
        let done = || done().expect("bgpctl runs");
        block_until("it does so", done, |done| done.status.success());
    }

    fn json(&self, command: &str) -> Value {
        serde_json::from_str(&self.ask(command)).unwrap_or_default()
    }

    fn neighbor(&self, peer: Ipv4Addr) -> Value {
        let mut all = self.json(&format!("show neighbor {peer}"));
        all["neighbors"]
            .get_mut(0)
            .map(Value::take)
            .unwrap_or_default()
    }

    /// After a session has ended it pauses for half a minute, unless it is told not to.
    fn hurry(&self, peer: Ipv4Addr) -> Value {
        let neighbor = self.neighbor(peer);
        if neighbor["state"] == "Idle" {
            self.ask(&format!("neighbor {peer} up"));
        }
        neighbor
    }
}

/// A path, with nothing for an attribute that it does not have.
fn heard(path: &Value) -> Option<Heard> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let communities = path["communities"].as_array().into_iter().flatten();
    let communities = communities.filter_map(Value::as_str).map(str::to_owned);
    let mut communities: Vec<String> = communities.collect();
    communities.sort();
    Some(Heard {
        from: path["neighbor"]["remote_addr"].as_str()?.to_owned(),
        prefix: path["prefix"].as_str()?.to_owned(),
        as_path: text(&path["aspath"]),
        next_hop: text(&path["exit_nexthop"]),
        communities,
    })
}

/// What it logs when it has received a NOTIFICATION.
const NOTIFICATIONS: [(&str, &str); 4] = [
    ("error in OPEN message, AS unacceptable", "2/2"),
    ("received notification: HoldTimer expired", "4/0"),
    (
        "received notification: Cease, maximum number of prefixes",
        "6/1",
    ),
    ("received notification: Cease, administratively down", "6/2"),
];

impl Daemon for Openbgpd {
    fn process(self: Box<Self>) -> Process {
        self.process
    }

    fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    fn heard(&self) -> Vec<Heard> {
        for peer in &self.peers {
            self.hurry(*peer);
        }
        let table = self.json("show rib in detail");
        let paths = table["rib"].as_array().into_iter().flatten();
        let external = paths.filter(|path| path["source"] == "external");
        let mut all: Vec<Heard> = external.filter_map(heard).collect();
        all.sort();
        all
    }

    fn held(&self, prefix: &str) -> Vec<Heard> {
        let table = self.json(&format!("show rib detail {prefix}"));
        let paths = table["rib"].as_array().into_iter().flatten();
        let valid = paths.filter(|path| path["valid"] == true);
        valid.filter_map(heard).collect()
    }

    fn established(&self) -> usize {
        let all = self.peers.iter().map(|peer| self.hurry(*peer));
        all.filter(|neighbor| neighbor["state"] == "Established")
            .count()
    }

    fn announce(&self, route: &Announced) {
        let next_hop = text(self.address);
        let mut add = format!("network add {} nexthop {next_hop}", route.prefix);
        for community in &route.communities {
            add += &format!(" community {community}");
        }
        self.command(&add);
    }

    fn withdraw(&self, prefix: &str) {
        self.command(&format!("network delete {prefix}"));
    }

    fn refresh(&self) -> bool {
        for peer in &self.peers {
            self.ask(&format!("neighbor {peer} refresh"));
        }
        true
    }

    /// Debian's 7.7 says that the family was not negotiated, although it was.
    fn answers_refresh(&self) -> bool {
        false
    }

    fn updates(&self, peer: Ipv4Addr) -> u64 {
        let neighbor = self.neighbor(peer);
        let updates = &neighbor["stats"]["message"]["received"]["updates"];
        updates.as_u64().unwrap_or_default()
    }

    fn notification(&self, peer: Ipv4Addr) -> Option<String> {
        let log = self.process.log();
        let of_peer = format!("neighbor {}", text(peer));
        let mut lines = log.lines().rev();
        let last = lines
            .find(|line| line.starts_with(&of_peer) && line.contains("received notification"))?;
        code_of(last, &NOTIFICATIONS)
    }
}
