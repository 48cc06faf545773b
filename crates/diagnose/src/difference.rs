//! What changes for every NIC and every peer between two networks, or by an event.
//!
//! ```
//! use routehub::estate::{Nic, Nva, NvaSession, Origination, RouteServer, Routes, Vnet};
//! use routehub::{Difference, Estate, Event, Network, NvaSessions, Profile, Seen};
//! use routehub_types::Asn;
//! use std::net::Ipv4Addr;
//!
//! let nva = Nva {
//!     sessions: vec![NvaSession::both("rs")],
//!     originates: vec![Origination {
//!         routes: Routes { prefixes: vec!["10.250.0.0/16".parse()?], ..Routes::default() },
//!         ..Origination::default()
//!     }],
//!     ..Nva::new("sdwan", "hub", Ipv4Addr::new(10, 1, 2, 4), Asn(65001))
//! };
//! let hub = Vnet { name: "hub".into(), address_space: vec!["10.1.0.0/16".parse()?], ..Vnet::default() };
//! let estate = Estate {
//!     vnets: vec![hub],
//!     route_servers: vec![RouteServer::new("rs", "hub")],
//!     nvas: vec![nva],
//!     nics: vec![Nic { name: "vm".into(), vnet: "hub".into(), ..Nic::default() }],
//!     ..Estate::default()
//! };
//! let mut network = Network::new(&Profile::named("azure-2026")?, estate)?;
//! let before = Seen::of(&network);
//! network.apply(&Event::NvaDown(NvaSessions { nva: "sdwan".into(), ..NvaSessions::default() }))?;
//! let changes = Difference::between(&before, &Seen::of(&network));
//! let told = changes.to_string();
//! assert!(told.contains("- 10.250.0.0/16 by 10.1.2.4"), "{told}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use routehub_exchange::{EffectiveRow, RouteRow, RouteState};
use routehub_types::Prefix;

use crate::Network;

/// Which of the tables of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SeenTable {
    /// The effective routes of a NIC.
    NicEffective,
    /// What an NVA learned.
    NvaLearned,
    /// What a site, or the network behind a circuit, learned.
    OnPremLearned,
    /// What a gateway learned.
    GatewayLearned,
    /// All routes at the edge of a circuit.
    CircuitRoutes,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(untagged))]
pub enum SeenRow {
    /// Of a NIC.
    Effective(EffectiveRow),
    /// Of any other table.
    Route(RouteRow),
}

/// What every NIC and every peer of a network sees at one time, kept to be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    tables: BTreeMap<(SeenTable, String), Vec<SeenRow>>,
}

/// What is different at two times, or in two networks.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Difference {
    /// The tables that differ, by kind and name.
    pub tables: Vec<TableDifference>,
}

/// What is different in one table.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TableDifference {
    /// Which table.
    pub table: SeenTable,
    /// Whose.
    pub name: String,
    /// The prefixes whose rows differ, in order.
    pub changes: Vec<PrefixDifference>,
}

/// What is different for one prefix: the rows that went, and those that came.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PrefixDifference {
    /// The prefix.
    pub prefix: Prefix,
    /// Rows that are there before, and not after.
    pub before: Vec<SeenRow>,
    /// Rows that are there after, and not before.
    pub after: Vec<SeenRow>,
}

impl Seen {
    /// What is seen now.
    pub fn of(network: &Network) -> Self {
        let mut it = Self::default();
        let estate = network.estate();
        for nic in &estate.nics {
            let rows = network.nic_effective(&nic.name).into_iter();
            it.keep(
                SeenTable::NicEffective,
                &nic.name,
                rows.map(SeenRow::Effective),
            );
        }
        for nva in &estate.nvas {
            it.routes(
                SeenTable::NvaLearned,
                &nva.name,
                network.nva_learned(&nva.name),
            );
        }
        for site in &estate.sites {
            it.routes(
                SeenTable::OnPremLearned,
                &site.name,
                network.on_prem_learned(&site.name),
            );
        }
        for gateway in &estate.gateways {
            let rows = network.gateway_learned(&gateway.name);
            it.routes(SeenTable::GatewayLearned, &gateway.name, rows);
        }
        for circuit in &estate.circuits {
            let name = &circuit.name;
            it.routes(SeenTable::CircuitRoutes, name, network.circuit_routes(name));
            it.routes(
                SeenTable::OnPremLearned,
                name,
                network.on_prem_learned(name),
            );
        }
        it
    }

    fn routes(&mut self, table: SeenTable, name: &str, rows: Vec<RouteRow>) {
        self.keep(table, name, rows.into_iter().map(SeenRow::Route));
    }

    fn keep(&mut self, table: SeenTable, name: &str, rows: impl Iterator<Item = SeenRow>) {
        self.tables.insert((table, name.to_owned()), rows.collect());
    }
}

impl SeenRow {
    /// The prefix; of a service endpoint's the first.
    fn prefix(&self) -> Option<Prefix> {
        match self {
            Self::Effective(row) => row.prefixes.first().copied(),
            Self::Route(row) => Some(row.prefix),
        }
    }
}

impl Difference {
    /// What is different.
    pub fn between(before: &Seen, after: &Seen) -> Self {
        let keys: BTreeSet<_> = before.tables.keys().chain(after.tables.keys()).collect();
        let none = Vec::new();
        let tables = keys.into_iter().filter_map(|key| {
            let rows = |seen: &Seen| seen.tables.get(key).unwrap_or(&none).clone();
            let changes = changes(&rows(before), &rows(after));
            let (table, name) = key.clone();
            (!changes.is_empty()).then_some(TableDifference {
                table,
                name,
                changes,
            })
        });
        Self {
            tables: tables.collect(),
        }
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

fn changes(before: &[SeenRow], after: &[SeenRow]) -> Vec<PrefixDifference> {
    let mut by_prefix: BTreeMap<Prefix, [Vec<SeenRow>; 2]> = BTreeMap::new();
    for (place, these, those) in [(0, before, after), (1, after, before)] {
        for row in these.iter().filter(|row| !those.contains(row)) {
            if let Some(prefix) = row.prefix() {
                by_prefix.entry(prefix).or_default()[place].push(row.clone());
            }
        }
    }
    let changes = by_prefix.into_iter();
    let changes = changes.map(|(prefix, [before, after])| PrefixDifference {
        prefix,
        before,
        after,
    });
    changes.collect()
}

impl fmt::Display for SeenTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NicEffective => "effective routes of NIC",
            Self::NvaLearned => "learned by NVA",
            Self::OnPremLearned => "learned on-premises at",
            Self::GatewayLearned => "learned by gateway",
            Self::CircuitRoutes => "routes at the edge of circuit",
        })
    }
}

impl fmt::Display for SeenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effective(row) => effective(row, f),
            Self::Route(row) => route(row, f),
        }
    }
}

fn effective(row: &EffectiveRow, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (n, prefix) in row.prefixes.iter().enumerate() {
        write!(f, "{}{prefix}", if n == 0 { "" } else { " " })?;
    }
    for (n, hop) in row.next_hops.iter().enumerate() {
        write!(f, "{}{hop}", if n == 0 { " by " } else { ", " })?;
    }
    write!(f, " {:?} ({:?})", row.next_hop_type, row.source)?;
    if row.state == RouteState::Invalid {
        f.write_str(" Invalid")?;
    }
    Ok(())
}

fn route(row: &RouteRow, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", row.prefix)?;
    if let Some(hop) = row.next_hop {
        write!(f, " by {hop}")?;
    }
    if !row.as_path.is_empty() {
        write!(f, ", AS path {}", row.as_path)?;
    }
    for (n, community) in row.communities.iter().enumerate() {
        write!(
            f,
            "{}{community}",
            if n == 0 { ", communities " } else { " " }
        )?;
    }
    match row.source_peer {
        Some(peer) => write!(f, ", from {peer}"),
        None => Ok(()),
    }
}

/// A block for each table; a line for each row that went (`-`) or came (`+`).
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "nothing changes");
        }
        for table in &self.tables {
            writeln!(f, "{} {}", table.table, table.name)?;
            for change in &table.changes {
                for row in &change.before {
                    writeln!(f, "  - {row}")?;
                }
                for row in &change.after {
                    writeln!(f, "  + {row}")?;
                }
            }
        }
        Ok(())
    }
}
