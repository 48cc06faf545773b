//! Whether what is seen is what should be seen, and what differs.
//!
//! A row fits when every field that is given is equal. The next hop is compared last, as a set:
//! the union over the fitting rows equals the list.

use std::fmt::{self, Display};
use std::net::IpAddr;

use routehub::types::{AsPath, Prefix};
use routehub::{EffectiveRow, NextHopType, RouteRow, SessionRow, TableId, TableKind, TableRows};

use super::pattern::{
    AbsentRow, Expectation, ExpectedSession, ExpectedTable, Hop, NextHopPattern, Note, RowPattern,
};
use crate::tables::Snapshot;
use crate::tables::cells::Fields;

/// What came of comparing at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `initial`, or the id of an event.
    pub at: String,
    /// How many hard rows were looked at.
    pub hard: usize,
    /// How many soft rows were looked at.
    pub soft: usize,
    /// What differs, in the order of the file; a row that a complete table has too much is one.
    pub differences: Vec<Difference>,
}

/// A row that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The table and whose it is.
    pub table: String,
    /// The row that was expected, as the file writes it.
    pub expected: String,
    /// What is there instead.
    pub instead: Vec<String>,
    /// No failure.
    pub soft: bool,
    /// Free text of the file.
    pub why: Option<String>,
    /// The line in the file, from 1; 0 where there is no file.
    pub line: usize,
}

/// Compares what should be seen at one time with what is seen.
pub fn compare(expectation: &Expectation, seen: &dyn Snapshot) -> Report {
    let mut report = Report {
        at: expectation.at.clone(),
        ..Report::default()
    };
    for table in &expectation.tables {
        report.table(table, &rows(&table.table, seen));
    }
    for session in &expectation.sessions {
        report.session(session, seen);
    }
    report.words(expectation, seen);
    for absent in &expectation.absent {
        report.absent(absent, &rows(&absent.table, seen));
    }
    report
}

impl Report {
    /// How many differences are a failure.
    pub fn failures(&self) -> usize {
        let hard = self.differences.iter().filter(|row| !row.soft);
        hard.count()
    }

    /// Counts a row, and keeps what there is instead if it does not hold.
    pub(super) fn count<T: Display>(
        &mut self,
        note: &Note,
        holds: bool,
        table: &dyn Display,
        expected: &dyn Display,
        instead: impl Iterator<Item = T>,
    ) {
        match note.soft {
            true => self.soft += 1,
            false => self.hard += 1,
        }
        if !holds {
            self.differ(note, table, expected, instead);
        }
    }

    pub(super) fn differ<T: Display>(
        &mut self,
        note: &Note,
        table: &dyn Display,
        expected: &dyn Display,
        instead: impl Iterator<Item = T>,
    ) {
        self.differences.push(Difference {
            table: table.to_string(),
            expected: expected.to_string(),
            instead: instead.map(|row| row.to_string()).collect(),
            soft: note.soft,
            why: note.why.clone(),
            line: note.line,
        });
    }

    fn table(&mut self, expected: &ExpectedTable, rows: &[Actual]) {
        let table = &expected.table;
        for pattern in &expected.rows {
            let fitting: Vec<&Actual> = rows.iter().filter(|row| row.fits(pattern)).collect();
            let agree = |hops| next_hops_agree(hops, &fitting);
            let holds = !fitting.is_empty() && pattern.next_hop.as_ref().is_none_or(agree);
            let about = rows.iter().filter(|row| row.is_about(pattern.prefix));
            let about = about.map(Actual::fields);
            self.count(&pattern.note, holds, table, &pattern.fields(), about);
        }
        if !expected.complete {
            return;
        }
        let note = Note {
            line: expected.line,
            ..Note::default()
        };
        for row in rows.iter().filter(|row| !row.is_exempt()) {
            if !expected.rows.iter().any(|pattern| row.fits(pattern)) {
                let row = std::iter::once(row.fields());
                self.differ(&note, table, &"no other rows (complete)", row);
            }
        }
    }

    fn absent(&mut self, absent: &AbsentRow, rows: &[Actual]) {
        let pattern = &absent.row;
        let meets = |row: &&Actual| match &pattern.next_hop {
            Some(hops) => {
                let mut own = row.next_hops().iter();
                own.any(|hop| row.is_among(*hop, &hops.hops))
            }
            None => true,
        };
        let fitting = rows.iter().filter(|row| row.fits(pattern)).filter(meets);
        let there: Vec<Fields> = fitting.map(Actual::fields).collect();
        let expected = format!("absent: {}", pattern.fields());
        let holds = there.is_empty();
        self.count(&pattern.note, holds, &absent.table, &expected, there.iter());
    }

    fn session(&mut self, expected: &ExpectedSession, seen: &dyn Snapshot) {
        let id = TableKind::Sessions.between(&expected.route_server, &expected.nva);
        let rows = seen.rows(&id);
        let instance =
            |row: &&SessionRow| expected.instance.unwrap_or(row.instance) == row.instance;
        let of_instance = rows.sessions().iter().filter(instance);
        let rows: Vec<Fields> = of_instance.map(Fields::session).collect();
        let fields = expected.fields();
        let holds = !rows.is_empty() && rows.iter().all(|row| fields.are_of(row));
        self.count(&expected.note, holds, &id, &fields, rows.iter());
    }
}

impl Display for Report {
    /// Every difference, a few lines each; nothing if there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Rows shown of what is there instead.
        const SHOWN: usize = 8;
        for difference in &self.differences {
            let soft = if difference.soft { " (soft)" } else { "" };
            write!(f, "{}, {}", self.at, difference.table)?;
            if difference.line > 0 {
                write!(f, ", line {}", difference.line)?;
            }
            writeln!(f, "{soft}:")?;
            writeln!(f, "  expected  {}", difference.expected)?;
            if difference.instead.is_empty() {
                writeln!(f, "  there is  nothing like it")?;
            }
            for row in difference.instead.iter().take(SHOWN) {
                writeln!(f, "  there is  {row}")?;
            }
            if difference.instead.len() > SHOWN {
                writeln!(f, "  and {} more", difference.instead.len() - SHOWN)?;
            }
            if let Some(why) = &difference.why {
                writeln!(f, "  why       {why}")?;
            }
        }
        Ok(())
    }
}

/// An actual row.
struct Actual {
    row: Row,
    /// The address of the very instance that sent it.
    own: Option<IpAddr>,
}

enum Row {
    Route(RouteRow),
    Effective(EffectiveRow),
}

/// The rows of a table.
fn rows(table: &TableId, seen: &dyn Snapshot) -> Vec<Actual> {
    let gateway = match table.kind {
        TableKind::GatewayAdvertised => seen.gateway_addresses(&table.owner),
        _ => Vec::new(),
    };
    let own = |row: &RouteRow| match table.kind {
        TableKind::RsAdvertised => seen.instance_address(&table.owner, row.instance?),
        // Each instance sends a row of its own with its own address, if with any of the gateway's.
        TableKind::GatewayAdvertised => row.next_hop.filter(|hop| gateway.contains(hop)),
        _ => row.source_peer,
    };
    let route = |row: RouteRow| Actual {
        own: own(&row),
        row: Row::Route(row),
    };
    let effective = |row: EffectiveRow| Actual {
        own: None,
        row: Row::Effective(row),
    };
    match seen.rows(table) {
        TableRows::Routes(rows) => rows.into_iter().map(route).collect(),
        TableRows::Effective(rows) => rows.into_iter().map(effective).collect(),
        TableRows::Sessions(_) => Vec::new(),
    }
}

impl Actual {
    /// Whether a row fits, its next hop aside.
    fn fits(&self, pattern: &RowPattern) -> bool {
        // A path of sets is none that a pattern can write, whatever ASNs it has.
        let has_plain_path = || match &self.row {
            Row::Route(row) => row.as_path == AsPath::sequence(row.as_path.asns()),
            Row::Effective(_) => true,
        };
        self.is_about(pattern.prefix)
            && pattern.fields().are_of(&self.fields())
            && (pattern.as_path.is_none() || has_plain_path())
    }

    fn next_hops(&self) -> &[IpAddr] {
        match &self.row {
            Row::Route(row) => row.next_hop.as_slice(),
            Row::Effective(row) => &row.next_hops,
        }
    }

    /// Whether one of a list of next hops is this row's `hop`.
    fn is_among(&self, hop: IpAddr, hops: &[Hop]) -> bool {
        hops.iter().any(|listed| self.means(*listed, hop))
    }

    /// Whether a next hop as the file writes it stands for `hop` in this row.
    fn means(&self, written: Hop, hop: IpAddr) -> bool {
        match written {
            Hop::Own => self.own == Some(hop),
            Hop::Address(address) => address == hop,
        }
    }

    fn is_about(&self, prefix: Prefix) -> bool {
        match &self.row {
            Row::Route(row) => row.prefix == prefix,
            Row::Effective(row) => row.prefixes.contains(&prefix),
        }
    }

    /// Rows of type None may stand in a complete table without being told.
    fn is_exempt(&self) -> bool {
        matches!(&self.row, Row::Effective(row) if row.next_hop_type == NextHopType::None)
    }

    fn fields(&self) -> Fields {
        match &self.row {
            Row::Route(row) => Fields::route(row),
            Row::Effective(row) => Fields::effective(row),
        }
    }
}

/// Whether the next hops of the fitting rows together are those of the pattern.
fn next_hops_agree(pattern: &NextHopPattern, fitting: &[&Actual]) -> bool {
    let hops: Vec<(&Actual, IpAddr)> = fitting
        .iter()
        .flat_map(|row| row.next_hops().iter().map(move |hop| (*row, *hop)))
        .collect();
    let allowed = hops
        .iter()
        .all(|(row, hop)| row.is_among(*hop, &pattern.hops));
    let seen = |written: &Hop| hops.iter().any(|(row, hop)| row.means(*written, *hop));
    let complete = if pattern.any_of {
        !hops.is_empty()
    } else {
        pattern.hops.iter().all(seen)
    };
    allowed && complete
}
