//! Whether what is seen is what should be seen.
//!
//! A row fits when every field that is given is equal. The next hop is compared last, as a set:
//! the union over the fitting rows equals the list.

use std::net::IpAddr;

use routehub::types::AsPath;
use routehub::{EffectiveRow, NextHopType, RouteRow, TableId, TableKind, TableRows};

use super::pattern::{
    AbsentRow, Expectation, ExpectedFinding, ExpectedSession, ExpectedTable, Hop, NextHopPattern,
    Note, RowPattern,
};
use super::report::{Difference, Report};
use crate::tables::Snapshot;
use crate::tables::cells::Fields;

/// Compares what should be seen at one time with what is seen.
pub fn compare(expectation: &Expectation, seen: &dyn Snapshot) -> Report {
    let mut report = Report::new(&expectation.at);
    for table in &expectation.tables {
        check_table(table, &rows(&table.table, seen), &mut report);
    }
    for session in &expectation.sessions {
        check_session(session, seen, &mut report);
    }
    let findings = seen.findings();
    for finding in &expectation.findings {
        check_finding(finding, &findings, &mut report);
    }
    for absent in &expectation.absent {
        check_absent(absent, &rows(&absent.table, seen), &mut report);
    }
    report
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
        TableKind::RsAdvertised => row
            .instance
            .and_then(|instance| seen.instance_address(&table.owner, instance)),
        // Each instance sends a row of its own with its own address, if with any of the gateway's.
        TableKind::GatewayAdvertised => row.next_hop.filter(|hop| gateway.contains(hop)),
        _ => row.source_peer,
    };
    match seen.rows(table) {
        TableRows::Routes(rows) => {
            let rows = rows.into_iter().map(|row| Actual {
                own: own(&row),
                row: Row::Route(row),
            });
            rows.collect()
        }
        TableRows::Effective(rows) => {
            let rows = rows.into_iter().map(|row| Actual {
                row: Row::Effective(row),
                own: None,
            });
            rows.collect()
        }
        TableRows::Sessions(_) => Vec::new(),
    }
}

/// A field that is left out is not looked at.
fn given<T: PartialEq>(pattern: Option<&T>, actual: &T) -> bool {
    pattern.is_none_or(|pattern| pattern == actual)
}

/// A field that is given must be there and be equal.
fn there<T: PartialEq>(pattern: Option<&T>, actual: Option<&T>) -> bool {
    pattern.is_none_or(|pattern| actual == Some(pattern))
}

impl Actual {
    /// Whether a row fits, its next hop aside.
    fn fits(&self, pattern: &RowPattern) -> bool {
        match &self.row {
            Row::Route(row) => fits_route(pattern, row),
            Row::Effective(row) => {
                row.prefixes.contains(&pattern.prefix)
                    && given(pattern.next_hop_type.as_ref(), &row.next_hop_type)
                    && given(pattern.source.as_ref(), &row.source)
                    && given(pattern.state.as_ref(), &row.state)
                    && there(pattern.name.as_ref(), row.name.as_ref())
            }
        }
    }

    fn next_hops(&self) -> Vec<IpAddr> {
        match &self.row {
            Row::Route(row) => row.next_hop.into_iter().collect(),
            Row::Effective(row) => row.next_hops.clone(),
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

    fn is_about(&self, pattern: &RowPattern) -> bool {
        match &self.row {
            Row::Route(row) => row.prefix == pattern.prefix,
            Row::Effective(row) => row.prefixes.contains(&pattern.prefix),
        }
    }

    fn text(&self) -> String {
        match &self.row {
            Row::Route(row) => Fields::route(row).to_string(),
            Row::Effective(row) => Fields::effective(row).to_string(),
        }
    }
}

fn fits_route(pattern: &RowPattern, row: &RouteRow) -> bool {
    let path = pattern.as_path.as_ref();
    row.prefix == pattern.prefix
        && path.is_none_or(|path| AsPath::sequence(path.iter().copied()) == row.as_path)
        && given(pattern.communities.as_ref(), &row.communities)
        && given(pattern.origin.as_ref(), &row.origin)
        && given(pattern.weight.as_ref(), &row.weight)
        && there(pattern.source_peer.as_ref(), row.source_peer.as_ref())
        && there(pattern.instance.as_ref(), row.instance.as_ref())
        && there(pattern.from.as_ref(), row.from.as_ref())
}

/// Whether the next hops of the fitting rows together are those of the pattern.
fn next_hops_agree(pattern: &NextHopPattern, fitting: &[&Actual]) -> bool {
    let hops: Vec<(&Actual, IpAddr)> = fitting
        .iter()
        .flat_map(|row| row.next_hops().into_iter().map(move |hop| (*row, hop)))
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

fn check_table(expected: &ExpectedTable, rows: &[Actual], report: &mut Report) {
    for pattern in &expected.rows {
        let fitting: Vec<&Actual> = rows.iter().filter(|row| row.fits(pattern)).collect();
        let agree = |hops| next_hops_agree(hops, &fitting);
        let holds = !fitting.is_empty() && pattern.next_hop.as_ref().is_none_or(agree);
        report.count(&pattern.note, holds, || Difference {
            table: expected.table.to_string(),
            expected: pattern.to_string(),
            instead: about(pattern, rows),
            ..Difference::of(&pattern.note)
        });
    }
    if !expected.complete {
        return;
    }
    for row in rows.iter().filter(|row| !is_exempt(row)) {
        if !expected.rows.iter().any(|pattern| row.fits(pattern)) {
            report.differences.push(Difference {
                table: expected.table.to_string(),
                expected: "no other rows (complete)".to_owned(),
                instead: vec![row.text()],
                ..Difference::of(&Note {
                    line: expected.line,
                    ..Note::default()
                })
            });
        }
    }
}

/// Rows of type None may stand in a complete table without being told.
fn is_exempt(row: &Actual) -> bool {
    matches!(&row.row, Row::Effective(row) if row.next_hop_type == NextHopType::None)
}

/// The rows there are for the prefix of a pattern.
fn about(pattern: &RowPattern, rows: &[Actual]) -> Vec<String> {
    let about = rows.iter().filter(|row| row.is_about(pattern));
    about.map(Actual::text).collect()
}

fn check_absent(absent: &AbsentRow, rows: &[Actual], report: &mut Report) {
    let pattern = &absent.row;
    let meets = |row: &&Actual| match &pattern.next_hop {
        Some(hops) => {
            let mut own = row.next_hops().into_iter();
            own.any(|hop| row.is_among(hop, &hops.hops))
        }
        None => true,
    };
    let fitting = rows.iter().filter(|row| row.fits(pattern)).filter(meets);
    let there: Vec<String> = fitting.map(Actual::text).collect();
    report.count(&pattern.note, there.is_empty(), || Difference {
        table: absent.table.to_string(),
        expected: format!("absent: {pattern}"),
        instead: there.clone(),
        ..Difference::of(&pattern.note)
    });
}

fn check_session(expected: &ExpectedSession, seen: &dyn Snapshot, report: &mut Report) {
    let id = TableKind::Sessions.between(&expected.route_server, &expected.nva);
    let mut rows = seen.rows(&id).sessions().to_vec();
    rows.retain(|row| {
        expected
            .instance
            .is_none_or(|instance| instance == row.instance)
    });
    let fits = |row: &routehub::SessionRow| {
        row.state == expected.state
            && given(expected.routes.as_ref(), &row.routes)
            && there(expected.notification.as_ref(), row.notification.as_ref())
            && given(expected.hold_time.as_ref(), &row.hold_time)
            && given(expected.route_refreshes.as_ref(), &row.route_refreshes)
            && given(expected.resets.as_ref(), &row.resets)
    };
    let holds = !rows.is_empty() && rows.iter().all(fits);
    report.count(&expected.note, holds, || Difference {
        table: id.to_string(),
        expected: expected.to_string(),
        instead: rows
            .iter()
            .map(|row| Fields::session(row).to_string())
            .collect(),
        ..Difference::of(&expected.note)
    });
}

fn check_finding(expected: &ExpectedFinding, seen: &[routehub::Finding], report: &mut Report) {
    let holds = seen.iter().any(|finding| {
        finding.rule == expected.rule
            && finding.subject == expected.subject
            && given(expected.severity.as_ref(), &finding.severity)
    });
    let related = seen
        .iter()
        .filter(|finding| finding.rule == expected.rule || finding.subject == expected.subject);
    report.count(&expected.note, holds, || Difference {
        table: "findings".to_owned(),
        expected: expected.to_string(),
        instead: related
            .map(|row| Fields::finding(row).to_string())
            .collect(),
        ..Difference::of(&expected.note)
    });
}
