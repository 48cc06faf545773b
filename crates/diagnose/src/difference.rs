//! What changes for every NIC and every peer between two networks, or by an event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use routehub_exchange::{EffectiveRow, Exchange, RouteRow, RouteState, TableKind, TableRows};
use routehub_types::Prefix;

use crate::words::{framed, joined, listed};

/// The tables that are compared, in the order in which they are told, and what to call each.
const COMPARED: [(TableKind, &str); 5] = [
    (TableKind::NicEffective, "effective routes of NIC"),
    (TableKind::NvaLearned, "learned by NVA"),
    (TableKind::OnPremLearned, "learned on-premises at"),
    (TableKind::GatewayLearned, "learned by gateway"),
    (TableKind::CircuitRoutes, "routes at the edge of circuit"),
];

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
    /// By the place of their kind among those that are compared, and by whose they are.
    tables: BTreeMap<(usize, String), Vec<SnapshotRow>>,
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
    pub table: TableKind,
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
        let mut snapshot = Self::default();
        for (place, (kind, _)) in COMPARED.into_iter().enumerate() {
            for table in kind.tables(exchange.estate()) {
                let rows = match exchange.rows(&table) {
                    TableRows::Effective(rows) => {
                        rows.into_iter().map(SnapshotRow::Effective).collect()
                    }
                    TableRows::Routes(rows) => rows.into_iter().map(SnapshotRow::Route).collect(),
                    TableRows::Sessions(_) => Vec::new(),
                };
                snapshot.tables.insert((place, table.owner), rows);
            }
        }
        snapshot
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
            let [before, after] =
                [before, after].map(|snapshot| snapshot.tables.get(key).unwrap_or(&none));
            let changes = changes(before, after);
            let (place, name) = key;
            (!changes.is_empty()).then(|| TableDifference {
                table: COMPARED[*place].0,
                name: name.clone(),
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

/// What differs, prefix by prefix: only rows of one prefix are compared with each other.
fn changes(before: &[SnapshotRow], after: &[SnapshotRow]) -> Vec<PrefixDifference> {
    let mut by_prefix: BTreeMap<Prefix, [Vec<&SnapshotRow>; 2]> = BTreeMap::new();
    for (place, rows) in [before, after].into_iter().enumerate() {
        for row in rows {
            if let Some(prefix) = row.prefix() {
                by_prefix.entry(prefix).or_default()[place].push(row);
            }
        }
    }
    let only = |these: &[&SnapshotRow], those: &[&SnapshotRow]| {
        let only = these.iter().filter(|row| !those.contains(row));
        only.map(|row| (*row).clone()).collect::<Vec<_>>()
    };
    let differ = by_prefix
        .into_iter()
        .filter(|(_, [before, after])| before != after);
    let changes = differ.map(|(prefix, [before, after])| PrefixDifference {
        prefix,
        before: only(&before, &after),
        after: only(&after, &before),
    });
    // The same rows in another order are the same.
    let changes = changes.filter(|change| !change.before.is_empty() || !change.after.is_empty());
    changes.collect()
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
    if let Some(peer) = row.source_peer {
        write!(f, ", from {peer}")?;
    }
    match row.refused {
        Some(rule) => write!(f, ", refused ({rule})"),
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
            let mut compared = COMPARED.iter();
            let compared = compared.find(|(kind, _)| *kind == table.table);
            let heading = compared.map_or(table.table.shape().key, |(_, heading)| heading);
            writeln!(f, "{heading} {}", table.name)?;
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
