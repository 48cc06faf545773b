//! Which tables are shown, and which of their rows.

use std::collections::BTreeSet;
use std::net::IpAddr;

use clap::Args;
use routehub::{
    EffectiveRow, Estate, Finding, Network, RouteRow, TableId, TableKind, TableRows, Trace,
};
use routehub_scenario::{Snapshot, TableSource};
use routehub_types::Prefix;

use crate::failure::Failure;
use crate::source::near;

/// The tables that are asked for. A table is shown if it fits all that is given; `--prefix` alone
/// asks for all tables.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Tables")]
pub struct Selection {
    /// The effective routes of this NIC; may be given several times.
    #[arg(long, value_name = "NAME")]
    nic: Vec<String>,
    /// The tables of this Route Server, NVA, gateway, circuit or site, and what others have of it;
    /// may be given several times.
    #[arg(long, value_name = "NAME")]
    peer: Vec<String>,
    /// Only rows about this prefix: equal to it, around it or inside it.
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<Prefix>,
    /// Only tables of this kind: rs_learned, nic_effective, sessions, findings, ...; may be given
    /// several times.
    #[arg(long, value_name = "KIND")]
    table: Vec<String>,
    /// Every table.
    #[arg(long, conflicts_with_all = ["nic", "peer", "table"])]
    all: bool,
}

/// The name of the list of findings among the kinds of tables.
const FINDINGS: &str = "findings";

impl Selection {
    /// Every table.
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        let names = [&self.nic, &self.peer, &self.table];
        !self.all && self.prefix.is_none() && names.iter().all(|names| names.is_empty())
    }

    /// Whether findings are asked for.
    pub(super) fn has_findings(&self) -> bool {
        self.all || self.table.iter().any(|kind| kind == FINDINGS)
    }

    /// Whether all that is given is in the network.
    pub(super) fn check(&self, estate: &Estate) -> Result<(), Failure> {
        let nics: Vec<&str> = estate.nics.iter().map(|nic| nic.name.as_str()).collect();
        known("--nic", "NIC", &self.nic, &nics)?;
        let peers = estate.names_with_routes().map(String::as_str);
        let peers: Vec<&str> = peers.filter(|name| !nics.contains(name)).collect();
        let kind = "Route Server, NVA, gateway, circuit or site";
        known("--peer", kind, &self.peer, &peers)?;
        let kinds = TableKind::ALL.iter().map(|kind| kind.shape().key);
        let kinds: Vec<&str> = kinds.chain([FINDINGS]).collect();
        known("--table", "kind of table", &self.table, &kinds)
    }

    /// The tables of an estate that are asked for.
    pub(super) fn tables(&self, estate: &Estate) -> BTreeSet<TableId> {
        let mut ids = TableId::all(estate);
        ids.retain(|id| self.has(id));
        ids
    }

    fn has(&self, id: &TableId) -> bool {
        let kinds = &self.table;
        if !kinds.is_empty() && !kinds.iter().any(|kind| kind == id.kind.shape().key) {
            return false;
        }
        // What has no prefix has none of this one.
        if self.prefix.is_some() && id.kind == TableKind::Sessions {
            return false;
        }
        let is_nic = id.kind == TableKind::NicEffective;
        if self.nic.is_empty() && self.peer.is_empty() {
            return true;
        }
        match is_nic {
            true => self.nic.contains(&id.owner),
            false => {
                let peer = id.peer.iter();
                let mut ends = peer.chain([&id.owner]);
                ends.any(|end| self.peer.contains(end))
            }
        }
    }

    /// The network as far as it is asked for.
    pub(super) const fn narrowed<'a>(&'a self, network: &'a Network) -> Narrowed<'a> {
        Narrowed {
            selection: self,
            network,
        }
    }

    fn is_about(&self, prefix: Prefix) -> bool {
        let asked = self.prefix;
        asked.is_none_or(|asked| asked.contains(prefix) || prefix.contains(asked))
    }
}

/// Whether all names are known.
fn known(option: &str, kind: &str, names: &[String], known: &[&str]) -> Result<(), Failure> {
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let near = near(name, known.iter().copied());
            let message = format!("{option} {name}: there is no {kind} of this name{near}");
            Err(Failure::bad_input(message))
        }
    }
}

/// A network of which only some rows are asked for.
pub(super) struct Narrowed<'a> {
    selection: &'a Selection,
    network: &'a Network,
}

impl TableSource for Narrowed<'_> {
    fn rows(&self, id: &TableId) -> TableRows {
        let mut rows = TableSource::rows(self.network, id);
        let is_about = |prefix: Prefix| self.selection.is_about(prefix);
        match &mut rows {
            TableRows::Routes(rows) => rows.retain(|row: &RouteRow| is_about(row.prefix)),
            TableRows::Effective(rows) => {
                rows.retain(|row: &EffectiveRow| row.prefixes.iter().any(|own| is_about(*own)));
            }
            TableRows::Sessions(_) => {}
        }
        rows
    }

    fn findings(&self) -> Vec<Finding> {
        self.network.findings()
    }
}

impl Snapshot for Narrowed<'_> {
    fn explanation(&self, name: &str, destination: Prefix) -> Option<String> {
        Snapshot::explanation(self.network, name, destination)
    }

    fn trace(&self, from: &str, to: &str) -> Option<Trace> {
        Snapshot::trace(self.network, from, to)
    }

    fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
        Snapshot::instance_address(self.network, route_server, instance)
    }

    fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr> {
        Snapshot::gateway_addresses(self.network, gateway)
    }
}
