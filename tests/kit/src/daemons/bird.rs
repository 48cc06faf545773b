//! BIRD, asked through `birdc`.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::{Announced, Daemon, Heard, Router, code_of};
use crate::namespace::Namespace;
use crate::process::{Process, ask, folder, installed, programs};
use crate::wait::block_until;

/// A BIRD that runs.
pub struct Bird {
    birdc: PathBuf,
    process: Process,
}

/// A BIRD that was started as a router.
struct BirdRouter {
    bird: Bird,
    router: Mutex<Router>,
}

impl Bird {
    /// Starts BIRD with this configuration, whose BGP protocols are named after their neighbours
    /// as `protocol` does; none if it is not installed.
    ///
    /// # Panics
    /// If it takes no such configuration.
    pub fn start(configuration: &str) -> Option<Self> {
        let [bird, birdc] = programs("bird2", ["bird", "birdc"])?;
        let files = Files::write(folder(), configuration);
        let files = files.expect("a configuration");
        let started = files.start(Command::new(&bird), &bird, birdc);
        Some(started.expect("a BIRD"))
    }

    /// The same when it comes back from a restart (RFC 4724).
    fn start_again(configuration: &str) -> Option<Self> {
        let [bird, birdc] = programs("bird2", ["bird", "birdc"])?;
        let files = Files::write(folder(), configuration).expect("a configuration");
        let mut command = Command::new(&bird);
        command.arg("-R");
        Some(files.start(command, &bird, birdc).expect("a BIRD"))
    }

    /// Starts BIRD in a namespace, with its files in a folder of this folder.
    ///
    /// # Errors
    /// It is not installed, or takes no such configuration.
    pub fn start_in(place: &Namespace, folder: &Path, configuration: &str) -> Result<Self> {
        let find =
            |program| installed(program).context("BIRD is not installed (Debian's package bird2)");
        let (bird, birdc) = (find("bird")?, find("birdc")?);
        let files = Files::write(tempfile::tempdir_in(folder)?, configuration)?;
        files.start(place.command(&bird), &bird, birdc)
    }

    /// What `birdc` says to a command; nothing while BIRD does not listen yet.
    pub fn ask(&self, command: &str) -> String {
        let mut arguments = vec!["-s".into(), self.process.file("control")];
        arguments.extend(command.split(' ').map(PathBuf::from));
        ask(&self.birdc, &arguments)
    }

    /// Stops it where it is, so that it is silent with all its connections open; or lets it go on.
    pub fn pause(&self, paused: bool) {
        self.process.pause(paused);
    }

    /// Has it run before everything of usual priority, where that is allowed.
    pub fn prioritize(&self) {
        self.process.prioritize();
    }

    /// Kills it at once, as a failure does: the kernel closes its connections.
    pub fn kill(self) {
        self.process.kill();
    }

    /// Waits until it has taken another configuration.
    fn configure(&self, configuration: &str) {
        std::fs::write(self.process.file("bird.conf"), configuration).expect("a configuration");
        let ask = || self.ask("configure");
        block_until("a configuration is taken", ask, |said| {
            said.contains("Reconfigured") || said.contains("Reconfiguration in progress")
        });
    }

    fn protocols(&self) -> Vec<String> {
        let all = self.ask("show protocols");
        let lines = all.lines().filter(|line| line.starts_with("to_"));
        let names = lines.filter_map(|line| line.split_whitespace().next());
        names.map(str::to_owned).collect()
    }
}

/// Starts BIRD as a router.
pub(super) fn start(router: &Router, configuration: &str) -> Option<impl Daemon + use<>> {
    let bird = match router.restart.comes_back() {
        true => Bird::start_again(configuration)?,
        false => Bird::start(configuration)?,
    };
    Some(BirdRouter {
        bird,
        router: Mutex::new(router.clone()),
    })
}

impl BirdRouter {
    /// Has it announce other routes.
    fn change(&self, change: impl FnOnce(&mut Vec<Announced>)) {
        let mut router = self.router.lock().expect("no panic");
        change(&mut router.announces);
        self.bird.configure(&configuration(&router));
    }
}

/// The folder of a BIRD with its configuration.
struct Files(TempDir);

impl Files {
    fn write(folder: TempDir, configuration: &str) -> Result<Self> {
        std::fs::write(folder.path().join("bird.conf"), configuration)?;
        Ok(Self(folder))
    }

    /// Starts BIRD, once it has read its configuration without complaint.
    fn start(self, mut command: Command, bird: &Path, birdc: PathBuf) -> Result<Bird> {
        let file = |name: &str| self.0.path().join(name);
        let mut parse = Command::new(bird);
        let parsed = parse.args(["-p", "-c"]).arg(file("bird.conf")).output()?;
        let said = String::from_utf8_lossy(&parsed.stderr);
        ensure!(
            parsed.status.success(),
            "BIRD takes no configuration of BIRD 2: {said}"
        );
        command
            .arg("-f")
            .args(["-c".into(), file("bird.conf")])
            .args(["-s".into(), file("control")])
            .args(["-P".into(), file("pid")]);
        Ok(Bird {
            birdc,
            process: Process::start(self.0, &mut command),
        })
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

pub(super) fn configuration(router: &Router) -> String {
    let Router {
        address,
        asn,
        peers,
        peer_asn,
        hold_time,
        password,
        restart,
        announces,
        ..
    } = router;
    let mut keep = match restart.is_graceful() {
        true => "graceful restart on;",
        false => "",
    };
    if restart.is_long_lived() {
        keep = "graceful restart on; graceful restart time 2;
  long lived graceful restart on; long lived stale time 30;";
    }
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
  {keep}
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
    let communities = announced.communities.iter().map(|community| {
        let pair = community.replace(':', ",");
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

impl Daemon for BirdRouter {
    fn process(self: Box<Self>) -> Process {
        self.bird.process
    }

    fn has_ended(&self) -> bool {
        self.bird.process.has_ended()
    }

    fn heard(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for protocol in self.bird.protocols() {
            let text = self
                .bird
                .ask(&format!("show route protocol {protocol} all"));
            heard.extend(routes(&text, &protocol));
        }
        heard.sort();
        heard
    }

    fn established(&self) -> usize {
        let all = self.bird.ask("show protocols");
        let lines = all.lines().filter(|line| line.starts_with("to_"));
        lines.filter(|line| line.contains("Established")).count()
    }

    fn announce(&self, route: &Announced) {
        self.change(|announces| announces.push(route.clone()));
    }

    fn withdraw(&self, prefix: &str) {
        self.change(|announces| announces.retain(|route| route.prefix != prefix));
    }

    fn refresh(&self) -> bool {
        for protocol in self.bird.protocols() {
            self.bird.ask(&format!("reload in {protocol}"));
        }
        true
    }

    fn updates(&self, peer: Ipv4Addr) -> u64 {
        let text = self
            .bird
            .ask(&format!("show protocols all {}", protocol(peer)));
        let line = text.lines().find(|line| line.contains("Import updates:"));
        let number = line.and_then(|line| line.split_whitespace().nth(2)?.parse().ok());
        number.unwrap_or_default()
    }

    fn notification(&self, peer: Ipv4Addr) -> Option<String> {
        let text = self
            .bird
            .ask(&format!("show protocols all {}", protocol(peer)));
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
