//! BIRD, asked through `birdc`.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use super::{Announced, Daemon, Heard, Router, code_of};
use crate::lab::process::{Process, ask, folder, programs};

/// A BIRD that runs.
pub(crate) struct Bird {
    birdc: PathBuf,
    process: Process,
}

impl Bird {
    /// Starts BIRD with this configuration, whose BGP protocols are named after their neighbours
    /// as [`protocol`] does.
    pub(crate) fn start(configuration: &str) -> Option<Self> {
        let [bird, birdc] = programs("bird2", ["bird", "birdc"])?;
        let folder = folder();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("bird.conf"), configuration).expect("a configuration");
        let mut parse = Command::new(&bird);
        let parsed = parse.args(["-p", "-c"]).arg(file("bird.conf")).output();
        let parsed = parsed.expect("bird runs");
        assert!(parsed.status.success(), "{parsed:#?}, of\n{configuration}");
        let mut command = Command::new(&bird);
        command
            .arg("-f")
            .args(["-c".into(), file("bird.conf")])
            .args(["-s".into(), file("control")])
            .args(["-P".into(), file("pid")]);
        Some(Self {
            birdc,
            process: Process::start(folder, &mut command),
        })
    }

    /// Starts BIRD as a router.
    pub(crate) fn start_as(router: &Router) -> Option<Self> {
        Self::start(&configuration(router))
    }

    /// What `birdc` says to a command; nothing while BIRD does not listen yet.
    pub(crate) fn ask(&self, command: &str) -> String {
        let mut arguments = vec!["-s".into(), self.process.file("control")];
        arguments.extend(command.split(' ').map(PathBuf::from));
        ask(&self.birdc, &arguments)
    }

    fn protocols(&self) -> Vec<String> {
        let all = self.ask("show protocols");
        let lines = all.lines().filter(|line| line.starts_with("to_"));
        let names = lines.filter_map(|line| line.split_whitespace().next());
        names.map(str::to_owned).collect()
    }
}

/// The name of the protocol for a peer.
pub(crate) fn protocol(peer: Ipv4Addr) -> String {
    format!("to_{}", peer.to_string().replace('.', "_"))
}

/// The address of the peer of a protocol.
fn peer_of(protocol: &str) -> String {
    protocol.trim_start_matches("to_").replace('_', ".")
}

fn configuration(router: &Router) -> String {
    let Router {
        address,
        asn,
        peers,
        peer_asn,
        hold_time,
        password,
        announces,
    } = router;
    let statics: String = announces.iter().map(route).collect();
    let password = password.map_or(String::new(), |key| format!("password \"{key}\";"));
    let mut text = format!(
        "log stderr all;
router id {address};
protocol device {{ }}
protocol static {{
  ipv4;
{statics}}}
template bgp peer {{
  local {address} as {asn};
  strict bind;
  multihop;
  hold time {hold_time};
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  {password}
  ipv4 {{ import all; export where source = RTS_STATIC; next hop self; }};
}}
"
    );
    for peer in peers {
        let name = protocol(*peer);
        text += &format!("protocol bgp {name} from peer {{ neighbor {peer} as {peer_asn}; }}\n");
    }
    text
}

fn route(announced: &Announced) -> String {
    let communities = announced.communities.iter().map(|one| {
        let pair = one.replace(':', ",");
        format!("bgp_community.add(({pair}));")
    });
    let communities: String = communities.collect();
    let prefix = &announced.prefix;
    format!("  route {prefix} unreachable {{ {communities} }};\n")
}

/// What BIRD says when it has received a NOTIFICATION.
const NOTIFICATIONS: [(&str, &str); 5] = [
    ("Received: Bad peer AS", "2/2"),
    ("Received: Hold timer expired", "4/0"),
    ("Received: Maximum number of prefixes reached", "6/1"),
    ("Received: Administrative shutdown", "6/2"),
    ("Received: Connection collision resolution", "6/7"),
];

impl Daemon for Bird {
    fn process(self: Box<Self>) -> Process {
        self.process
    }

    fn heard(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for protocol in self.protocols() {
            let text = self.ask(&format!("show route protocol {protocol} all"));
            heard.extend(routes(&text, &protocol));
        }
        heard.sort();
        heard
    }

    fn established(&self) -> usize {
        let all = self.ask("show protocols");
        let lines = all.lines().filter(|line| line.starts_with("to_"));
        lines.filter(|line| line.contains("Established")).count()
    }

    fn refresh(&self) -> bool {
        for protocol in self.protocols() {
            self.ask(&format!("reload in {protocol}"));
        }
        true
    }

    fn updates(&self, peer: Ipv4Addr) -> u64 {
        let text = self.ask(&format!("show protocols all {}", protocol(peer)));
        let line = text.lines().find(|line| line.contains("Import updates:"));
        let number = line.and_then(|line| line.split_whitespace().nth(2)?.parse().ok());
        number.unwrap_or_default()
    }

    fn notification(&self, peer: Ipv4Addr) -> Option<String> {
        let text = self.ask(&format!("show protocols all {}", protocol(peer)));
        code_of(&text, &NOTIFICATIONS)
    }
}

/// Reads `show route protocol NAME all`.
fn routes(text: &str, protocol: &str) -> Vec<Heard> {
    let mut heard: Vec<Heard> = Vec::new();
    let mut prefix = "";
    for line in text.lines() {
        if line.contains(&format!("[{protocol} ")) {
            // Further routes to a prefix do not repeat it.
            let first = line.split_whitespace().next();
            prefix = first.filter(|word| word.contains('/')).unwrap_or(prefix);
            heard.push(Heard {
                from: peer_of(protocol),
                prefix: prefix.to_owned(),
                as_path: String::new(),
                next_hop: String::new(),
                communities: Vec::new(),
            });
        }
        let (Some(route), Some((key, value))) = (heard.last_mut(), line.trim().split_once(": "))
        else {
            continue;
        };
        match key {
            "BGP.as_path" => value.clone_into(&mut route.as_path),
            "BGP.next_hop" => value.clone_into(&mut route.next_hop),
            "BGP.community" => {
                let pairs = value.split(' ');
                let pairs = pairs.map(|pair| pair.trim_matches(['(', ')']).replace(',', ":"));
                route.communities = pairs.collect();
                route.communities.sort();
            }
            _ => {}
        }
    }
    heard
}
