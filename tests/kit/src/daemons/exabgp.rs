//! ExaBGP, which writes what it is told as JSON, and takes commands from a file.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::Command;

use serde_json::Value;

use super::{Announced, Daemon, Heard, Router, text};
use crate::process::{Process, contents, folder, programs};

struct Exabgp {
    process: Process,
}

pub(super) fn start(configuration: &str) -> Option<impl Daemon + use<>> {
    let [exabgp] = programs("exabgp", ["exabgp"])?;
    let folder = folder();
    let file = |name: &str| folder.path().join(name);
    // Ends with ExaBGP: one half reads until the end of its input, the other watches the process.
    let script = format!(
        "exec 3<&0\ncat <&3 > '{}' &\nexec tail -n +1 -f -s 0.1 --pid=$PPID '{}'\n",
        file("told").display(),
        file("commands").display()
    );
    std::fs::write(file("talk"), script).expect("a script");
    std::fs::write(file("commands"), "").expect("a file");
    let process = format!(
        "process talk {{\n  run /bin/sh {};\n  encoder json;\n}}\n",
        file("talk").display()
    );
    std::fs::write(file("exabgp.conf"), process + configuration).expect("a configuration");
    let mut command = Command::new(exabgp);
    command
        .env("exabgp.daemon.drop", "false")
        .env("exabgp.daemon.user", "root")
        .env("exabgp.log.destination", "stdout")
        .env("exabgp.api.cli", "false")
        .arg(file("exabgp.conf"));
    Some(Exabgp {
        process: Process::start(folder, &mut command),
    })
}

/// What stands behind the process that it talks to.
pub(super) fn configuration(router: &Router) -> String {
    let routes = router.announces.iter();
    let routes: String = routes
        .map(|announced| format!("      {};\n", route(announced)))
        .collect();
    let password = router.password;
    let password = password.map_or(String::new(), |key| format!("md5-password '{key}';"));
    let Router {
        address,
        asn,
        peer_asn,
        hold_time,
        ..
    } = router;
    let mut text = format!(
        "template {{
  neighbor rs {{
    router-id {address};
    local-address {address};
    local-as {asn};
    peer-as {peer_asn};
    hold-time {hold_time};
    {password}
    family {{ ipv4 unicast; }}
    capability {{ route-refresh enable; }}
    static {{
{routes}    }}
    api {{
      processes [ talk ];
      neighbor-changes;
      receive {{ parsed; update; notification; }}
    }}
  }}
}}
"
    );
    for peer in &router.peers {
        text += &format!("neighbor {peer} {{ inherit rs; }}\n");
    }
    text
}

/// A route as the configuration and commands write it.
fn route(announced: &Announced) -> String {
    let communities = announced.communities.join(" ");
    let prefix = &announced.prefix;
    format!("route {prefix} next-hop self community [{communities}]")
}

impl Exabgp {
    /// Gives it a command.
    fn command(&self, command: &str) {
        let file = self.process.file("commands");
        let file = OpenOptions::new().append(true).open(file);
        let line = format!("{command}\n");
        let written = file.expect("a file").write_all(line.as_bytes());
        written.expect("room");
    }

    /// Everything that it was told so far: from whom, of which kind, what.
    fn told(&self) -> Vec<(String, String, Value)> {
        let text = contents(&self.process.file("told"));
        let lines = text.lines().filter_map(|line| {
            let mut line: Value = serde_json::from_str(line).ok()?;
            let peer = line["neighbor"]["address"]["peer"].as_str()?.to_owned();
            let kind = line["type"].as_str()?.to_owned();
            Some((peer, kind, line["neighbor"].take()))
        });
        lines.collect()
    }
}

/// The attributes of an UPDATE as of a route without prefix and next hop.
fn attributes(from: &str, attributes: &Value) -> Heard {
    let path = attributes["as-path"].as_array().into_iter().flatten();
    let path: Vec<String> = path.map(ToString::to_string).collect();
    let communities = attributes["community"].as_array().into_iter().flatten();
    let communities = communities.map(|pair| format!("{}:{}", pair[0], pair[1]));
    let mut communities: Vec<String> = communities.collect();
    communities.sort();
    Heard {
        from: from.to_owned(),
        prefix: String::new(),
        as_path: path.join(" "),
        next_hop: String::new(),
        communities,
    }
}

fn objects(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

impl Daemon for Exabgp {
    fn process(self: Box<Self>) -> Process {
        self.process
    }

    fn has_ended(&self) -> bool {
        self.process.has_ended()
    }

    fn heard(&self) -> Vec<Heard> {
        let mut table: BTreeMap<(String, String), Heard> = BTreeMap::new();
        for (from, kind, what) in self.told() {
            if kind == "state" && what["state"] == "down" {
                table.retain(|(peer, _), _| *peer != from);
            }
            let update = &what["message"]["update"];
            for gone in update["withdraw"]["ipv4 unicast"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let prefix = gone["nlri"].as_str().unwrap_or_default();
                table.remove(&(from.clone(), prefix.to_owned()));
            }
            for (next_hop, routes) in objects(&update["announce"]["ipv4 unicast"]) {
                for route in routes.as_array().into_iter().flatten() {
                    let prefix = route["nlri"].as_str().unwrap_or_default().to_owned();
                    let heard = Heard {
                        prefix: prefix.clone(),
                        next_hop: next_hop.clone(),
                        ..attributes(&from, &update["attribute"])
                    };
                    table.insert((from.clone(), prefix), heard);
                }
            }
        }
        table.into_values().collect()
    }

    fn established(&self) -> usize {
        let mut states = BTreeMap::new();
        for (peer, kind, what) in self.told() {
            if kind == "state" {
                states.insert(peer, what["state"] == "up");
            }
        }
        states.values().filter(|up| **up).count()
    }

    fn announce(&self, announced: &Announced) {
        self.command(&format!("announce {}", route(announced)));
    }

    fn withdraw(&self, prefix: &str) {
        self.command(&format!("withdraw route {prefix} next-hop self"));
    }

    fn refresh(&self) -> bool {
        self.command("announce route-refresh ipv4 unicast");
        true
    }

    fn updates(&self, peer: Ipv4Addr) -> u64 {
        let all = self.told().into_iter();
        all.filter(|(from, kind, _)| *from == text(peer) && kind == "update")
            .count() as u64
    }

    fn notification(&self, peer: Ipv4Addr) -> Option<String> {
        let all = self.told().into_iter().rev();
        let mut all = all.filter(|(from, kind, what)| {
            *from == text(peer) && kind == "notification" && what["direction"] == "receive"
        });
        let (_, _, what) = all.next()?;
        let what = &what["notification"];
        Some(format!("{}/{}", what["code"], what["subcode"]))
    }
}
