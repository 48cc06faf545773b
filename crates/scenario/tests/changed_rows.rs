//! A comparison that cannot fail is none: each hard row of each lab is changed in every way, and
//! the comparison must name that very row.

mod support;

use routehub::types::{Asn, Community, RuleId};
use routehub::{NextHopType, RouteOrigin, RouteSource, RouteState, SessionState, Severity};
use routehub_scenario::expect::{
    AbsentRow, Expectation, ExpectedTable, Hop, NextHopPattern, Note, RowPattern,
};
use routehub_scenario::{Tables, compare};

use support::{labs, read};

/// What was tried, and what went unnoticed.
#[derive(Default)]
struct Tally {
    tried: usize,
    unnoticed: Vec<String>,
}

impl Tally {
    /// The changed expectation must differ in a hard row of this line.
    fn must_differ(&mut self, changed: &Expectation, seen: &Tables, line: usize, what: &str) {
        self.tried += 1;
        let report = compare(changed, seen);
        let named = |one: &routehub_scenario::Difference| !one.soft && one.line == line;
        if report.failures() == 0 || !report.differences.iter().any(named) {
            self.unnoticed
                .push(format!("{}, line {line}: {what}", changed.at));
        }
    }
}

/// An expectation with nothing in it.
fn nothing(at: &str) -> Expectation {
    Expectation {
        at: at.to_owned(),
        ..Expectation::default()
    }
}

/// Every way to change a field that a row gives.
fn changes(row: &RowPattern) -> Vec<(&'static str, RowPattern)> {
    let mut all = vec![(
        "prefix",
        RowPattern {
            prefix: "203.0.113.77/32".parse().expect("a prefix"),
            ..row.clone()
        },
    )];
    let mut push = |field, changed| all.push((field, changed));
    if let Some(path) = &row.as_path {
        let longer = [path.as_slice(), &[Asn(4_199_999_999)]].concat();
        push(
            "as_path",
            RowPattern {
                as_path: Some(longer),
                ..row.clone()
            },
        );
    }
    if row.next_hop.is_some() {
        let elsewhere = NextHopPattern {
            hops: vec![Hop::Address("203.0.113.78".parse().expect("an address"))],
            any_of: false,
        };
        push(
            "next_hop",
            RowPattern {
                next_hop: Some(elsewhere),
                ..row.clone()
            },
        );
    }
    if let Some(communities) = &row.communities {
        let more = [communities.as_slice(), &[Community::new(65535, 65535)]].concat();
        push(
            "communities",
            RowPattern {
                communities: Some(more),
                ..row.clone()
            },
        );
    }
    if let Some(weight) = row.weight {
        push(
            "weight",
            RowPattern {
                weight: Some(weight + 7),
                ..row.clone()
            },
        );
    }
    if row.source_peer.is_some() {
        let peer = Some("203.0.113.79".parse().expect("an address"));
        push(
            "source_peer",
            RowPattern {
                source_peer: peer,
                ..row.clone()
            },
        );
    }
    if row.instance.is_some() {
        push(
            "instance",
            RowPattern {
                instance: Some(7),
                ..row.clone()
            },
        );
    }
    if row.from.is_some() {
        push(
            "from",
            RowPattern {
                from: Some("nobody".into()),
                ..row.clone()
            },
        );
    }
    if row.name.is_some() {
        push(
            "name",
            RowPattern {
                name: Some("nameless".into()),
                ..row.clone()
            },
        );
    }
    all.extend(changed_words(row));
    all
}

/// The same for fields of few values: each is changed to one that no row here has.
fn changed_words(row: &RowPattern) -> Vec<(&'static str, RowPattern)> {
    let mut all = Vec::new();
    if let Some(origin) = row.origin {
        let origin = Some(match origin {
            RouteOrigin::Incomplete => RouteOrigin::Egp,
            _ => RouteOrigin::Incomplete,
        });
        all.push((
            "origin",
            RowPattern {
                origin,
                ..row.clone()
            },
        ));
    }
    if row.next_hop_type.is_some() {
        let next_hop_type = Some(NextHopType::VirtualNetworkServiceEndpoint);
        all.push((
            "next_hop_type",
            RowPattern {
                next_hop_type,
                ..row.clone()
            },
        ));
    }
    if let Some(source) = row.source {
        let other = match source {
            RouteSource::Default => RouteSource::User,
            RouteSource::User | RouteSource::VirtualNetworkGateway => RouteSource::Default,
        };
        // Only with the type given is there no other row that the change would fit.
        if row.next_hop_type.is_some() {
            all.push((
                "source",
                RowPattern {
                    source: Some(other),
                    ..row.clone()
                },
            ));
        }
    }
    if let Some(state) = row.state {
        let other = match state {
            RouteState::Active => RouteState::Invalid,
            RouteState::Invalid => RouteState::Active,
        };
        if row.source.is_some() && row.next_hop_type.is_some() {
            all.push((
                "state",
                RowPattern {
                    state: Some(other),
                    ..row.clone()
                },
            ));
        }
    }
    all
}

/// The table with a row put in place of another, and nothing said of the rest.
fn with_row(expectation: &Expectation, table: &ExpectedTable, row: RowPattern) -> Expectation {
    Expectation {
        tables: vec![ExpectedTable {
            complete: false,
            rows: vec![row],
            ..table.clone()
        }],
        ..nothing(&expectation.at)
    }
}

fn change_table(expectation: &Expectation, n: usize, seen: &Tables, tally: &mut Tally) {
    let table = &expectation.tables[n];
    for (m, row) in table
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.note.soft)
    {
        let line = row.note.line;
        for (field, changed) in changes(row) {
            tally.must_differ(&with_row(expectation, table, changed), seen, line, field);
        }
        // Its presence: it is there, so it is not absent.
        let absent = AbsentRow {
            table: table.table.clone(),
            row: RowPattern {
                next_hop: row.next_hop.clone().filter(|hops| !hops.hops.is_empty()),
                ..row.clone()
            },
        };
        let changed = Expectation {
            absent: vec![absent],
            ..nothing(&expectation.at)
        };
        tally.must_differ(&changed, seen, line, "presence");
        // A complete table without it has a row too many, unless another row speaks of it too.
        let again = |other: &RowPattern| other.prefix == row.prefix;
        let others = table.rows.iter().filter(|other| again(other)).count();
        if table.complete && others == 1 {
            let mut rows = table.rows.clone();
            rows.remove(m);
            let changed = Expectation {
                tables: vec![ExpectedTable {
                    rows,
                    ..table.clone()
                }],
                ..nothing(&expectation.at)
            };
            let exempt = row.next_hop_type == Some(NextHopType::None);
            if !exempt {
                tally.must_differ(&changed, seen, table.line, "complete, a row left out");
            }
        }
    }
    // The table is not empty, so an empty complete one is wrong.
    let exempt = |row: &RowPattern| row.next_hop_type == Some(NextHopType::None) || row.note.soft;
    if table.rows.iter().any(|row| !exempt(row)) {
        let changed = Expectation {
            tables: vec![ExpectedTable {
                complete: true,
                rows: Vec::new(),
                ..table.clone()
            }],
            ..nothing(&expectation.at)
        };
        tally.must_differ(&changed, seen, table.line, "complete and empty");
    }
}

fn change_rest(expectation: &Expectation, seen: &Tables, tally: &mut Tally) {
    let at = &expectation.at;
    for absent in expectation.absent.iter().filter(|one| !one.row.note.soft) {
        let table = ExpectedTable {
            table: absent.table.clone(),
            complete: false,
            rows: vec![absent.row.clone()],
            line: absent.row.note.line,
        };
        let changed = Expectation {
            tables: vec![table],
            ..nothing(at)
        };
        tally.must_differ(&changed, seen, absent.row.note.line, "absent");
    }
    for session in expectation.sessions.iter().filter(|one| !one.note.soft) {
        let other = match session.state {
            SessionState::Established => SessionState::Idle,
            SessionState::Idle | SessionState::Failed => SessionState::Established,
        };
        let mut all = vec![
            ("state", session.clone()),
            ("notification", session.clone()),
        ];
        all[0].1.state = other;
        all[1].1.notification = Some((255, 255));
        if let Some(routes) = session.routes {
            let mut changed = session.clone();
            changed.routes = Some(routes + 1);
            all.push(("routes", changed));
        }
        for (field, changed) in all {
            let changed = Expectation {
                sessions: vec![changed],
                ..nothing(at)
            };
            tally.must_differ(&changed, seen, session.note.line, field);
        }
    }
    for finding in expectation.findings.iter().filter(|one| !one.note.soft) {
        let mut all = vec![finding.clone(), finding.clone()];
        all[0].rule = RuleId(999);
        all[1].subject = "nobody".into();
        if finding.severity.is_some() {
            let mut changed = finding.clone();
            changed.severity = finding.severity.map(|severity| match severity {
                Severity::Error => Severity::Info,
                Severity::Warning | Severity::Info => Severity::Error,
            });
            all.push(changed);
        }
        for changed in all {
            let changed = Expectation {
                findings: vec![changed],
                ..nothing(at)
            };
            tally.must_differ(&changed, seen, finding.note.line, "finding");
        }
    }
}

#[test]
fn every_change_of_a_hard_row_of_a_lab_is_named() {
    let mut tally = Tally::default();
    for (name, text) in labs() {
        let scenario = read(&name, &text);
        let before = tally.unnoticed.len();
        let ran = scenario.run(|at, network| {
            let seen = Tables::of(network.estate(), network);
            for expectation in scenario.expectations.iter().filter(|one| one.at == at) {
                for n in 0..expectation.tables.len() {
                    change_table(expectation, n, &seen, &mut tally);
                }
                change_rest(expectation, &seen, &mut tally);
            }
        });
        ran.unwrap_or_else(|error| panic!("{name}: {error}"));
        for unnoticed in &mut tally.unnoticed[before..] {
            *unnoticed = format!("{name}, {unnoticed}");
        }
    }
    assert!(tally.unnoticed.is_empty(), "{}", tally.unnoticed.join("\n"));
    assert!(
        tally.tried > 3000,
        "only {} changes were tried",
        tally.tried
    );
}

#[test]
fn a_soft_row_that_differs_is_told_and_is_no_failure() {
    let (name, text) = labs().swap_remove(0);
    let mut scenario = read(&name, &text);
    let row = &mut scenario.expectations[0].tables[0].rows[0];
    row.as_path = Some(vec![Asn(1)]);
    row.note = Note {
        soft: true,
        why: Some("a guess".into()),
        ..row.note.clone()
    };
    let reports = scenario.check().expect("it settles");
    assert_eq!(reports[0].failures(), 0);
    assert_eq!(reports[0].soft, 1);
    let told = reports[0].to_string();
    assert!(
        told.contains("(soft)") && told.contains("a guess"),
        "{told}"
    );
}
