//! What changes for every NIC and every peer between two networks, or by an event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use routehub_exchange::{EffectiveRow, Exchange, RouteRow, TableId, TableKind, TableRows};
use routehub_types::Prefix;

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
                let rows = SnapshotRow::all_of(exchange, &table);
                snapshot.tables.insert((place, table.owner), rows);
            }
        }
        snapshot
    }
}

impl SnapshotRow {
    /// The rows of a table; one that is not there has none.
    fn all_of(exchange: &Exchange, table: &TableId) -> Vec<Self> {
        match exchange.rows(table) {
            Ok(TableRows::Effective(rows)) => rows.into_iter().map(Self::Effective).collect(),
            Ok(TableRows::Routes(rows)) => rows.into_iter().map(Self::Route).collect(),
            Ok(TableRows::Sessions(_)) | Err(_) => Vec::new(),
        }
    }

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
            let (place, name) = key;
            in_table(COMPARED[*place].0, name, before, after)
        });
        Self {
            tables: tables.collect(),
        }
    }

    /// What is different in two networks, table by table: nothing else of them is kept.
    pub fn of(before: &Exchange, after: &Exchange) -> Self {
        let tables = COMPARED.iter().flat_map(|(kind, _)| {
            let both = [before, after];
            let tables = both.map(|exchange| kind.tables(exchange.estate()));
            let tables: BTreeSet<TableId> = tables.into_iter().flatten().collect();
            let differences = tables.into_iter().filter_map(move |table| {
                let [before, after] = both.map(|exchange| SnapshotRow::all_of(exchange, &table));
                in_table(*kind, &table.owner, &before, &after)
            });
            differences.collect::<Vec<_>>()
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

/// What differs in a table, if anything does.
fn in_table(
    table: TableKind,
    name: &str,
    before: &[SnapshotRow],
    after: &[SnapshotRow],
) -> Option<TableDifference> {
    let changes = changes(before, after);
    (!changes.is_empty()).then(|| TableDifference {
        table,
        name: name.to_owned(),
        changes,
    })
}

/// What differs, prefix by prefix: only rows of one prefix are compared with each other. Tables are
/// sorted by prefix.
fn changes(before: &[SnapshotRow], after: &[SnapshotRow]) -> Vec<PrefixDifference> {
    let mut before = by_prefix(before).peekable();
    let mut after = by_prefix(after).peekable();
    let mut changes = Vec::new();
    loop {
        let next = [before.peek(), after.peek()].into_iter().flatten();
        let Some(prefix) = next.map(|(prefix, _)| *prefix).min() else {
            return changes;
        };
        let rows = |of: Option<(Option<Prefix>, _)>| of.map_or(&[][..], |(_, rows)| rows);
        let was = rows(before.next_if(|(first, _)| *first == prefix));
        let is = rows(after.next_if(|(first, _)| *first == prefix));
        if was != is {
            changes.extend(change(prefix, was, is));
        }
    }
}

/// The rows of each prefix.
fn by_prefix(rows: &[SnapshotRow]) -> impl Iterator<Item = (Option<Prefix>, &[SnapshotRow])> {
    let runs = rows.chunk_by(|a, b| a.prefix() == b.prefix());
    runs.map(|run| (run.first().and_then(SnapshotRow::prefix), run))
}

/// What differs between rows of one prefix; nothing where only their order does.
fn change(
    prefix: Option<Prefix>,
    before: &[SnapshotRow],
    after: &[SnapshotRow],
) -> Option<PrefixDifference> {
    let only = |these: &[SnapshotRow], those: &[SnapshotRow]| {
        let only = these.iter().filter(|row| !those.contains(row));
        only.cloned().collect::<Vec<_>>()
    };
    let (went, came) = (only(before, after), only(after, before));
    (!went.is_empty() || !came.is_empty()).then_some(PrefixDifference {
        prefix: prefix?,
        before: went,
        after: came,
    })
}

impl fmt::Display for SnapshotRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effective(row) => fmt::Display::fmt(row, f),
            Self::Route(row) => fmt::Display::fmt(row, f),
        }
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
