//! A hub with two NVAs that real BIRDs run, the network namespace of a VM in a spoke, and an
//! on-premises router behind both NVAs:
//!
//! ```text
//! vm 10.1.0.4 --+-- fabric --+-- 10.0.4.4 nva1 172.16.1.1 -- 172.16.1.2 --+-- on-premises
//!               |            +-- 10.0.4.5 nva2 172.16.2.1 -- 172.16.2.2 --+   192.168.0.10
//!               +-- Route Server 10.0.6.4, 10.0.6.5
//! ```

use std::fs::File;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::netns::Namespace;

/// The network file.
pub(crate) const NETWORK: &str = "schema: routehub/1
title: Two live NVAs in a hub, a spoke whose VM is a network namespace
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]
  - {name: spoke, address_space: [10.1.0.0/16]}
peerings:
  - {hub: hub, spoke: spoke}
route_servers:
  - {name: rs, vnet: hub}
nvas:
  - {name: nva1, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], live: true}
  - {name: nva2, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs], live: true}
nics:
  - {name: vm, vnet: spoke}
";

/// The address that the VM speaks to.
pub(crate) const ON_PREM: &str = "192.168.0.10";

/// The namespaces.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) fabric: Namespace,
    pub(crate) vm: Namespace,
    pub(crate) nvas: [Namespace; 2],
    pub(crate) on_prem: Namespace,
}

impl Lab {
    /// The namespaces and what lies between them; no router runs yet.
    pub(crate) fn new() -> Self {
        let lab = Self {
            fabric: Namespace::new(),
            vm: Namespace::new(),
            nvas: [Namespace::new(), Namespace::new()],
            on_prem: Namespace::new(),
        };
        let fabric = &lab.fabric;
        fabric.ip("link add fabric type bridge");
        fabric.ip("link set fabric up");
        for instance in ["10.0.6.4", "10.0.6.5"] {
            fabric.ip(&format!("address add {instance}/16 dev fabric"));
        }
        lab.plug("vm", &lab.vm);
        lab.vm.ip("address add 10.1.0.4/16 dev eth0");
        // The system routes of a VM in the spoke, and of an NVA in the hub.
        lab.vm.ip("route add 10.0.0.0/16 dev eth0");
        lab.vm.set("net/ipv4/fib_multipath_hash_policy", "1");
        for (nva, n) in lab.nvas.iter().zip(1..) {
            lab.plug(&format!("nva{n}"), nva);
            nva.ip(&format!("address add 10.0.4.{}/16 dev eth0", 3 + n));
            nva.ip("route add 10.1.0.0/16 dev eth0");
            nva.link("wan", &lab.on_prem, &format!("nva{n}"));
            nva.ip(&format!("address add 172.16.{n}.1/30 dev wan"));
            lab.on_prem
                .ip(&format!("address add 172.16.{n}.2/30 dev nva{n}"));
            nva.set("net/ipv4/ip_forward", "1");
            nva.set("net/ipv4/conf/all/rp_filter", "0");
        }
        lab.on_prem.ip(&format!("address add {ON_PREM}/32 dev lo"));
        lab.on_prem.set("net/ipv4/fib_multipath_hash_policy", "1");
        lab.on_prem.set("net/ipv4/conf/all/rp_filter", "0");
        lab
    }

    /// Puts `eth0` of a namespace on the fabric.
    fn plug(&self, name: &str, there: &Namespace) {
        self.fabric.link(name, there, "eth0");
        self.fabric.ip(&format!("link set {name} master fabric"));
    }

    /// Starts the BIRD of an NVA, 0 or 1.
    pub(crate) fn start_nva(&self, place: usize) -> Bird {
        Bird::start(&self.nvas[place], &nva_configuration(place + 1))
    }

    /// Starts the BIRD of the on-premises router.
    pub(crate) fn start_on_prem(&self) -> Bird {
        Bird::start(&self.on_prem, ON_PREM_CONFIGURATION)
    }

    /// Packets that an NVA has sent on to on-premises.
    pub(crate) fn forwarded(&self, place: usize) -> u64 {
        let text = self.nvas[place].ip("-j -s link show dev wan");
        let links: serde_json::Value = serde_json::from_str(&text).expect(&text);
        links[0]["stats64"]["tx"]["packets"].as_u64().expect(&text)
    }
}

fn nva_configuration(n: usize) -> String {
    let (own, asn) = (3 + n, 65000 + n);
    format!(
        "log stderr all;
router id 10.0.4.{own};
protocol device {{ }}
protocol kernel {{ ipv4 {{ import none; export where proto = \"onprem\"; }}; }}
template bgp route_server {{
  local 10.0.4.{own} as {asn};
  multihop;
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  ipv4 {{ import all; export where proto = \"onprem\"; next hop self; }};
}}
protocol bgp rs0 from route_server {{ neighbor 10.0.6.4 as 65515; }}
protocol bgp rs1 from route_server {{ neighbor 10.0.6.5 as 65515; }}
protocol bgp onprem {{
  local 172.16.{n}.1 as {asn};
  neighbor 172.16.{n}.2 as 65100;
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  ipv4 {{ import all; export where proto ~ \"rs*\"; next hop self; }};
}}
"
    )
}

const ON_PREM_CONFIGURATION: &str = "log stderr all;
router id 192.168.0.10;
protocol device { }
protocol kernel { merge paths on; ipv4 { import none; export where source = RTS_BGP; }; }
protocol static { ipv4; route 192.168.0.0/16 unreachable; }
template bgp nva {
  local as 65100;
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
  ipv4 { import all; export where source = RTS_STATIC; };
}
protocol bgp nva1 from nva { neighbor 172.16.1.1 as 65001; }
protocol bgp nva2 from nva { neighbor 172.16.2.1 as 65002; }
";

/// A BIRD that runs in a namespace.
#[derive(Debug)]
pub(crate) struct Bird {
    child: Child,
    folder: TempDir,
}

impl Bird {
    fn start(place: &Namespace, configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("bird.conf"), configuration).expect("a configuration");
        let log = File::create(file("log")).expect("a log");
        let child = place
            .command("bird")
            .arg("-f")
            .args(["-c".into(), file("bird.conf")])
            .args(["-s".into(), file("control")])
            .args(["-P".into(), file("pid")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn();
        Self {
            child: child.expect("the package bird2 is installed"),
            folder,
        }
    }

    /// Kills it at once, as a failure does. The kernel closes its connections.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("an end");
    }
}

impl Drop for Bird {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            eprintln!("bird: {}", log.unwrap_or_default());
        }
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
