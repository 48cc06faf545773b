//! The BIRDs: NVAs and the on-premises router.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::namespace::Namespace;
use crate::network::Network;

/// What the names of the labs' folders begin with; the rest is the number of the process.
const FOLDER: &str = "routehub-lab-";

/// A BIRD that runs; it ends with this.
pub(crate) struct Bird {
    child: Child,
    folder: PathBuf,
}

impl Bird {
    /// Starts an NVA: it tells the Route Server what on-premises tells it, and the other way
    /// round. Packets to the networks of the hub go by system routes, as in the cloud.
    pub(crate) fn nva(network: &Network, n: usize) -> Result<Self> {
        let (own, asn) = (3 + n, 65000 + n);
        let configuration = format!(
            "router id 10.0.4.{own};
protocol device {{ }}
protocol kernel {{ ipv4 {{ import none; export where proto = \"onprem\"; }}; }}
{SESSION}
template bgp route_server from session {{
  local 10.0.4.{own} as {asn};
  multihop;
  ipv4 {{ import all; export where proto = \"onprem\"; next hop self; }};
}}
protocol bgp rs0 from route_server {{ neighbor 10.0.6.4 as 65515; }}
protocol bgp rs1 from route_server {{ neighbor 10.0.6.5 as 65515; }}
protocol bgp onprem from session {{
  local 172.16.{n}.1 as {asn};
  neighbor 172.16.{n}.2 as 65100;
  ipv4 {{ import all; export where proto ~ \"rs*\"; next hop self; }};
}}
"
        );
        Self::start(&network.nvas[n - 1], &format!("nva{n}"), &configuration)
    }

    /// Starts the on-premises router: it uses both NVAs.
    pub(crate) fn on_prem(network: &Network) -> Result<Self> {
        let configuration = format!(
            "router id 192.168.0.10;
protocol device {{ }}
protocol kernel {{ merge paths on; ipv4 {{ import none; export where source = RTS_BGP; }}; }}
protocol static {{ ipv4; route 192.168.0.0/16 unreachable; }}
{SESSION}
template bgp nva from session {{
  local as 65100;
  ipv4 {{ import all; export where source = RTS_STATIC; }};
}}
protocol bgp nva1 from nva {{ neighbor 172.16.1.1 as 65001; }}
protocol bgp nva2 from nva {{ neighbor 172.16.2.1 as 65002; }}
"
        );
        Self::start(&network.on_prem, "onprem", &configuration)
    }

    fn start(place: &Namespace, name: &str, configuration: &str) -> Result<Self> {
        let folder = format!("{FOLDER}{}", std::process::id());
        let folder = std::env::temp_dir().join(folder).join(name);
        std::fs::create_dir_all(&folder)?;
        let file = |name: &str| folder.join(name);
        std::fs::write(file("bird.conf"), configuration)?;
        let program = program()?;
        let check = Command::new(&program)
            .args(["-p".into(), "-c".into(), file("bird.conf")])
            .output()?;
        let said = String::from_utf8_lossy(&check.stderr);
        ensure!(
            check.status.success(),
            "BIRD takes no configuration of BIRD 2: {said}"
        );
        let log = File::create(file("log"))?;
        let child = place
            .command(&program.display().to_string())
            .arg("-f")
            .args(["-c".into(), file("bird.conf")])
            .args(["-s".into(), file("control")])
            .args(["-P".into(), file("pid")])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Self { child, folder })
    }

    /// Kills it at once, as a failure does: the kernel closes its connections.
    pub(crate) fn kill(mut self) -> Result<()> {
        Ok(self.child.kill()?)
    }
}

/// How every session finds its peer again quickly.
const SESSION: &str = "template bgp session {
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
}";

impl Drop for Bird {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
        // The last one out removes the folder of all.
        let _ = self.folder.parent().map(std::fs::remove_dir);
    }
}

/// Where BIRD is.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut files = places.map(|place| place.join("bird"));
    files
        .find(|file| file.is_file())
        .context("BIRD is not installed (Debian's package bird2)")
}

/// Removes folders of labs that did not come to remove them.
pub(crate) fn remove_leftovers() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(FOLDER));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // It may be somebody else's.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
