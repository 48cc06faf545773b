//! FRR's bgpd without zebra, asked through `vtysh`.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::{Announced, Daemon, Heard, Router, text};
use crate::process::{Process, ask, folder, programs};
use crate::wait::block_until;

struct Frr {
    vtysh: PathBuf,
    process: Process,
    asn: u32,
    peers: Vec<Ipv4Addr>,
}

pub(super) fn start(router: &Router, configuration: &str) -> Option<impl Daemon + use<>> {
    let [bgpd, vtysh] = programs("frr", ["frr/bgpd", "vtysh"])?;
    let folder = folder();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("frr.conf"), configuration).expect("a configuration");
    let mut command = Command::new(bgpd);
    command
        .args([
            "-Z",
            "-S",
            "-P",
            "0",
            "--log",
            "stdout",
            "--log-level",
            "notifications",
        ])
        .args(["-l".into(), text(router.address)])
        .args(["-f".into(), file("frr.conf")])
        .args(["-i".into(), file("pid")])
        .args(["--vty_socket".into(), folder.path().to_owned()]);
    Some(Frr {
        vtysh,
        process: Process::start(folder, &mut command),
        asn: router.asn,
        peers: router.peers.clone(),
    })
}

pub(super) fn configuration(router: &Router) -> String {
    let mut maps = String::new();
    let mut networks = String::new();
    for announced in &router.announces {
        for line in route_map(announced) {
            maps += &format!("{line}\n");
        }
        networks += &format!("  {}\n", network(announced));
    }
    let (address, asn) = (router.address, router.asn);
    let (peer_asn, hold_time) = (router.peer_asn, router.hold_time);
    let keepalive = hold_time / 3;
    let mut text = format!(
        "frr defaults traditional
bgp as-path access-list own permit ^$
{maps}router bgp {asn}
 bgp router-id {address}
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor rs peer-group
 neighbor rs remote-as {peer_asn}
 neighbor rs ebgp-multihop 255
 neighbor rs update-source {address}
 neighbor rs advertisement-interval 0
 neighbor rs timers {keepalive} {hold_time}
 neighbor rs timers connect 1
"
    );
    let own = match router.passes_on {
        true => "",
        false => "  neighbor rs filter-list own out\n",
    };
    if router.restart.is_graceful() {
        text += " bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n";
    }
    if router.restart.is_long_lived() {
        text += " bgp graceful-restart restart-time 2\n";
        text += " bgp long-lived-graceful-restart stale-time 30\n";
    }
    if let Some(key) = router.password {
        text += &format!(" neighbor rs password {key}\n");
    }
    for peer in &router.peers {
        text += &format!(" neighbor {peer} peer-group rs\n");
    }
    text + &format!(" address-family ipv4 unicast\n{own}{networks} exit-address-family\nexit\n")
}

/// The name of the route map of a prefix.
fn map_name(prefix: &str) -> String {
    format!("announce-{}", prefix.replace(['.', '/'], "-"))
}

/// What gives a route its communities, if it has some.
fn route_map(announced: &Announced) -> Vec<String> {
    if announced.communities.is_empty() {
        return Vec::new();
    }
    let communities = announced.communities.join(" ");
    vec![
        format!("route-map {} permit 10", map_name(&announced.prefix)),
        format!(" set community {communities}"),
        "exit".to_owned(),
    ]
}

/// What announces a route.
fn network(announced: &Announced) -> String {
    let prefix = &announced.prefix;
    match announced.communities.is_empty() {
        true => format!("network {prefix}"),
        false => format!("network {prefix} route-map {}", map_name(prefix)),
    }
}

impl Frr {
    /// Changes its configuration, as soon as it can be asked to.
    fn configure(&self, lines: Vec<String>, of_bgp: &str) {
        let mut arguments = vec!["--vty_socket".to_owned()];
        arguments.push(self.process.file("").display().to_string());
        let bgp = format!("router bgp {}", self.asn);
        let bgp = [&bgp, "address-family ipv4 unicast", of_bgp].map(str::to_owned);
        let lines = ["configure terminal".to_owned()].into_iter().chain(lines);
        for line in lines.chain(bgp) {
            arguments.extend(["-c".to_owned(), line]);
        }
        let done = || Command::new(&self.vtysh).args(&arguments).output();
        let done = || done().expect("vtysh runs");
        block_until("it is configured", done, |done| done.status.success());
    }

    fn ask(&self, command: &str) -> String {
        let folder = self.process.file("");
        ask(
            &self.vtysh,
            &["--vty_socket".into(), folder, "-c".into(), command.into()],
        )
    }

    fn json(&self, command: &str) -> Value {
        serde_json::from_str(&self.ask(command)).unwrap_or_default()
    }

    fn neighbor(&self, peer: Ipv4Addr) -> Value {
        let mut all = self.json(&format!("show bgp neighbors {peer} json"));
        all[text(peer)].take()
    }
}

fn words(list: &Value) -> Vec<String> {
    let all = list.as_array().into_iter().flatten();
    let all = all.filter_map(Value::as_str).map(str::to_owned);
    let mut words: Vec<String> = all.collect();
    words.sort();
    words
}

/// A path, with nothing for an attribute that it does not have.
fn heard(prefix: &str, path: &Value) -> Option<Heard> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Some(Heard {
        from: path["peer"]["peerId"].as_str()?.to_owned(),
        prefix: prefix.to_owned(),
        as_path: text(&path["aspath"]["string"]),
        next_hop: text(&path["nexthops"][0]["ip"]),
        communities: words(&path["community"]["list"]),
    })
}

impl Daemon for Frr {
    fn process(self: Box<Self>) -> Process {
        self.process
    }

    fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    fn heard(&self) -> Vec<Heard> {
        let table = self.json("show bgp ipv4 unicast json");
        let prefixes = table["routes"].as_object().into_iter().flatten();
        let mut all = Vec::new();
        for (prefix, _) in prefixes {
            let detail = self.json(&format!("show bgp ipv4 unicast {prefix} json"));
            let paths = detail["paths"].as_array().into_iter().flatten();
            let received = paths.filter(|path| path["peer"]["peerId"] != "0.0.0.0");
            all.extend(received.filter_map(|path| heard(prefix, path)));
        }
        all.sort();
        all
    }

    fn established(&self) -> usize {
        let all = self.peers.iter().map(|peer| self.neighbor(*peer));
        all.filter(|neighbor| neighbor["bgpState"] == "Established")
            .count()
    }

    fn announce(&self, route: &Announced) {
        self.configure(route_map(route), &network(route));
    }

    fn withdraw(&self, prefix: &str) {
        self.configure(Vec::new(), &format!("no network {prefix}"));
    }

    fn refresh(&self) -> bool {
        self.ask("clear bgp ipv4 unicast * soft in");
        true
    }

    fn updates(&self, peer: Ipv4Addr) -> u64 {
        let neighbor = self.neighbor(peer);
        let updates = &neighbor["messageStats"]["updatesRecv"];
        updates.as_u64().unwrap_or_default()
    }

    fn notification(&self, peer: Ipv4Addr) -> Option<String> {
        let neighbor = self.neighbor(peer);
        if neighbor["lastResetDueTo"] != "BGP Notification received" {
            return None;
        }
        // Such as 0202.
        let pair = neighbor["lastErrorCodeSubcode"].as_str()?;
        let (code, subcode) = (pair.get(..2)?, pair.get(2..4)?);
        let number = |hex| u8::from_str_radix(hex, 16).ok();
        Some(format!("{}/{}", number(code)?, number(subcode)?))
    }
}
