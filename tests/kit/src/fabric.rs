//! A hub with two NVAs that real BIRDs run, the network namespace of a VM in a spoke, and an
//! on-premises router behind both NVAs:
//!
//! ```text
//! VM 10.1.0.4 --+-- fabric --+-- 10.0.4.4 nva1 172.16.1.1 -- 172.16.1.2 --+-- on-premises
//!               |            +-- 10.0.4.5 nva2 172.16.2.1 -- 172.16.2.2 --+   192.168.0.10
//!               +-- Route Server 10.0.6.4, 10.0.6.5
//! ```

mod server;
mod streams;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::daemons::Bird;
use crate::namespace::Namespace;

pub use server::FabricServer;
pub use streams::{StreamSummary, Streams};

/// The network file.
pub const NETWORK: &str = include_str!("fabric/network.yaml");

/// The address that the VM speaks to.
pub const ON_PREM: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 10);

/// The namespaces.
#[derive(Debug)]
pub struct Fabric {
    /// The hub, which the Route Server is in.
    pub hub: Namespace,
    /// The VM in the spoke.
    pub vm: Namespace,
    /// The two NVAs.
    pub nvas: [Namespace; 2],
    /// The on-premises router.
    pub on_prem: Namespace,
    /// What the folders of the daemons are in.
    folder: PathBuf,
}

impl Fabric {
    /// Makes the namespaces and what lies between them; no router runs yet. Files of daemons go
    /// into the folder.
    ///
    /// # Errors
    /// This is not root, or `ip` is not installed.
    pub fn build(folder: &Path) -> Result<Self> {
        let fabric = Self {
            hub: Namespace::new()?,
            vm: Namespace::new()?,
            nvas: [Namespace::new()?, Namespace::new()?],
            on_prem: Namespace::new()?,
            folder: folder.to_owned(),
        };
        let Self {
            hub, vm, on_prem, ..
        } = &fabric;
        hub.ip("link add fabric type bridge")?;
        hub.ip("link set dev fabric up")?;
        for instance in ["10.0.6.4", "10.0.6.5"] {
            hub.ip(&format!("address add {instance}/16 dev fabric"))?;
        }
        fabric.plug("vm", vm)?;
        vm.ip("address add 10.1.0.4/16 dev eth0")?;
        // System routes: those of a VM in the spoke, and below of NVAs in the hub.
        vm.ip("route add 10.0.0.0/16 dev eth0")?;
        for (nva, n) in fabric.nvas.iter().zip(1..) {
            fabric.plug(&format!("nva{n}"), nva)?;
            nva.ip(&format!("address add 10.0.4.{}/16 dev eth0", 3 + n))?;
            nva.ip("route add 10.1.0.0/16 dev eth0")?;
            nva.link("wan", on_prem, &format!("nva{n}"))?;
            nva.ip(&format!("address add 172.16.{n}.1/30 dev wan"))?;
            on_prem.ip(&format!("address add 172.16.{n}.2/30 dev nva{n}"))?;
            nva.set("net/ipv4/ip_forward", "1")?;
            nva.set("net/ipv4/conf/all/rp_filter", "0")?;
        }
        on_prem.ip(&format!("address add {ON_PREM}/32 dev lo"))?;
        for end in [vm, on_prem] {
            // Each connection takes one of several ways, by its ports, and may come by another.
            end.set("net/ipv4/fib_multipath_hash_policy", "1")?;
            end.set("net/ipv4/conf/all/rp_filter", "0")?;
        }
        Ok(fabric)
    }

    /// Puts `eth0` of a namespace on the fabric.
    fn plug(&self, name: &str, there: &Namespace) -> Result<()> {
        self.hub.link(name, there, "eth0")?;
        self.hub.ip(&format!("link set dev {name} master fabric"))?;
        Ok(())
    }

    /// Starts the BIRD of an NVA, 0 or 1: it tells the Route Server what on-premises tells it, and
    /// the other way round. Packets to the networks of the hub go by system routes, as in the
    /// cloud.
    ///
    /// # Errors
    /// BIRD is not installed.
    pub fn start_nva(&self, place: usize) -> Result<Bird> {
        Bird::start_in(&self.nvas[place], &self.folder, &nva(place + 1))
    }

    /// Starts the BIRD of the on-premises router: it uses both NVAs.
    ///
    /// # Errors
    /// BIRD is not installed.
    pub fn start_on_prem(&self) -> Result<Bird> {
        Bird::start_in(&self.on_prem, &self.folder, &on_prem())
    }

    /// How many packets each NVA has sent on to on-premises.
    ///
    /// # Errors
    /// `ip` does not tell.
    pub fn forwarded(&self) -> Result<[u64; 2]> {
        let mut forwarded = [0; 2];
        for (packets, nva) in forwarded.iter_mut().zip(&self.nvas) {
            let text = nva.ip("-j -s link show dev wan")?;
            let links: Value = serde_json::from_str(&text)?;
            let counted = links[0]["stats64"]["tx"]["packets"].as_u64();
            *packets = counted.context("ip counts no packets")?;
        }
        Ok(forwarded)
    }
}

/// How every session finds its peer again quickly.
const SESSION: &str = "template bgp session {
  connect retry time 1;
  connect delay time 1;
  error wait time 1, 2;
}";

/// What an NVA, 1 or 2, is told.
fn nva(n: usize) -> String {
    let (own, asn) = (3 + n, 65000 + n);
    format!(
        "log stderr all;
router id 10.0.4.{own};
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
    )
}

/// What the on-premises router is told.
fn on_prem() -> String {
    format!(
        "log stderr all;
router id {ON_PREM};
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
    )
}
