//! What changes for every NIC and every peer between two networks, or by an event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use routehub_exchange::{EffectiveRow, Exchange, RouteRow, RouteState};
use routehub_types::Prefix;

use crate::words::{framed, joined, listed};

/// Which of the tables of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum SnapshotTable {
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
pub enum SnapshotRow {
    /// Of a NIC.
    Effective(EffectiveRow),
    /// Of any other table.
    Route(RouteRow),
}

/// What every NIC and every peer of a network sees at one time, kept to be compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    tables: BTreeMap<(SnapshotTable, String), Vec<SnapshotRow>>,
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
    pub table: SnapshotTable,
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
    pub before: Vec<SnapshotRow>,
    /// Rows that are there after, and not before.
    pub after: Vec<SnapshotRow>,
}

impl Snapshot {
    /// What is seen now.
    pub fn of(exchange: &Exchange) -> Self {
        use SnapshotTable::{CircuitRoutes, GatewayLearned, NvaLearned, OnPremLearned};
        let mut snapshot = Self::default();
        let estate = exchange.estate();
        for nic in &estate.nics {
            let rows = exchange.nic_effective(&nic.name).unwrap_or_default();
            let rows = rows.into_iter().map(SnapshotRow::Effective);
            snapshot.keep(SnapshotTable::NicEffective, &nic.name, rows);
        }
        for nva in &estate.nvas {
            snapshot.routes(NvaLearned, &nva.name, exchange.nva_learned(&nva.name));
        }
        let sites = estate.sites.iter().map(|site| &site.name);
        let circuits = estate.circuits.iter().map(|circuit| &circuit.name);
        for name in sites.chain(circuits.clone()) {
            snapshot.routes(OnPremLearned, name, exchange.on_prem_learned(name));
        }
        for gateway in &estate.gateways {
            let name = &gateway.name;
            snapshot.routes(GatewayLearned, name, exchange.gateway_learned(name));
        }
        for name in circuits {
            snapshot.routes(CircuitRoutes, name, exchange.circuit_routes(name));
        }
        snapshot
    }

    fn routes(&mut self, table: SnapshotTable, name: &str, rows: Vec<RouteRow>) {
        self.keep(table, name, rows.into_iter().map(SnapshotRow::Route));
    }

    fn keep(&mut self, table: SnapshotTable, name: &str, rows: impl Iterator<Item = SnapshotRow>) {
        self.tables.insert((table, name.to_owned()), rows.collect());
    }
}

impl SnapshotRow {
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
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let keys: BTreeSet<_> = before.tables.keys().chain(after.tables.keys()).collect();
        let none = Vec::new();
        let tables = keys.into_iter().filter_map(|key| {
            let rows = |snapshot: &Snapshot| snapshot.tables.get(key).unwrap_or(&none).clone();
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

fn changes(before: &[SnapshotRow], after: &[SnapshotRow]) -> Vec<PrefixDifference> {
    let mut by_prefix: BTreeMap<Prefix, [Vec<SnapshotRow>; 2]> = BTreeMap::new();
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

impl fmt::Display for SnapshotTable {
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

impl fmt::Display for SnapshotRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effective(row) => effective(row, f),
            Self::Route(row) => route(row, f),
        }
    }
}

fn effective(row: &EffectiveRow, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let hops = framed(" by ", &listed(&row.next_hops), "");
    write!(f, "{}{hops}", joined(&row.prefixes, " "))?;
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
    f.write_str(&framed(", AS path ", &row.as_path.to_string(), ""))?;
    f.write_str(&framed(
        ", communities ",
        &joined(&row.communities, " "),
        "",
    ))?;
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
