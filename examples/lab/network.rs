//! The namespaces of the lab, and what lies between them:
//!
//! ```text
//! VM 10.1.0.4 --+-- fabric --+-- 10.0.4.4 nva1 172.16.1.1 -- 172.16.1.2 --+-- on-premises
//!               |            +-- 10.0.4.5 nva2 172.16.2.1 -- 172.16.2.2 --+   192.168.0.10
//!               +-- Route Server 10.0.6.4, 10.0.6.5
//! ```

use anyhow::{Context as _, Result};

use crate::namespace::Namespace;

/// What the Route Server is told.
pub(crate) const FILE: &str = include_str!("network.yaml");

/// The address that the VM speaks to.
pub(crate) const ON_PREM: &str = "192.168.0.10";

/// The namespaces.
pub(crate) struct Network {
    pub(crate) fabric: Namespace,
    pub(crate) vm: Namespace,
    pub(crate) nvas: [Namespace; 2],
    pub(crate) on_prem: Namespace,
}

impl Network {
    /// Makes them; no router runs yet.
    pub(crate) fn build() -> Result<Self> {
        let it = Self {
            fabric: Namespace::new()?,
            vm: Namespace::new()?,
            nvas: [Namespace::new()?, Namespace::new()?],
            on_prem: Namespace::new()?,
        };
        it.fabric.ip("link add fabric type bridge")?;
        it.fabric.ip("link set dev fabric up")?;
        for instance in ["10.0.6.4", "10.0.6.5"] {
            it.fabric
                .ip(&format!("address add {instance}/16 dev fabric"))?;
        }
        it.plug("vm", &it.vm)?;
        it.vm.ip("address add 10.1.0.4/16 dev eth0")?;
        // System routes: those of a VM in the spoke, and below of NVAs in the hub.
        it.vm.ip("route add 10.0.0.0/16 dev eth0")?;
        for (nva, n) in it.nvas.iter().zip(1..) {
            it.plug(&format!("nva{n}"), nva)?;
            nva.ip(&format!("address add 10.0.4.{}/16 dev eth0", 3 + n))?;
            nva.ip("route add 10.1.0.0/16 dev eth0")?;
            nva.link("wan", &it.on_prem, &format!("nva{n}"))?;
            nva.ip(&format!("address add 172.16.{n}.1/30 dev wan"))?;
            it.on_prem
                .ip(&format!("address add 172.16.{n}.2/30 dev nva{n}"))?;
            nva.set("net/ipv4/ip_forward", "1")?;
        }
        it.on_prem.ip(&format!("address add {ON_PREM}/32 dev lo"))?;
        for end in [&it.vm, &it.on_prem] {
            // Each connection takes one of several ways, by its ports.
            end.set("net/ipv4/fib_multipath_hash_policy", "1")?;
        }
        Ok(it)
    }

    /// Puts `eth0` of a namespace on the fabric.
    fn plug(&self, name: &str, there: &Namespace) -> Result<()> {
        self.fabric.link(name, there, "eth0")?;
        self.fabric
            .ip(&format!("link set dev {name} master fabric"))?;
        Ok(())
    }

    /// How many packets each NVA has sent on to on-premises.
    pub(crate) fn sent_on(&self) -> Result<[u64; 2]> {
        let mut sent = [0; 2];
        for (sent, nva) in sent.iter_mut().zip(&self.nvas) {
            let text = nva.ip("-j -s link show dev wan")?;
            let links: serde_json::Value = serde_json::from_str(&text)?;
            let packets = links[0]["stats64"]["tx"]["packets"].as_u64();
            *sent = packets.context("ip counts no packets")?;
        }
        Ok(sent)
    }
}
