//! The page, from the cases, the record and what this library does now.

use std::fmt::Write as _;

use routehub_testkit::cases::{self, Case};
use routehub_testkit::daemons::Kind;

use crate::judge::{Seen, differs_in_data_alone, is_right, ours};
use crate::record::Record;
use crate::subject::{DAEMONS, name};

/// Kinds of cases, in the order of the page, and their headings.
const CATEGORIES: [(&str, &str); 10] = [
    ("header", "Message header"),
    ("open", "OPEN"),
    ("fsm", "Messages in the wrong state, NOTIFICATION"),
    ("update_framing", "UPDATE: lengths and prefixes"),
    ("attr_well_known", "Well-known attributes"),
    ("attr_optional", "Optional attributes"),
    ("mp", "Multiprotocol attributes"),
    ("add_path", "Several paths for a prefix"),
    ("route_refresh", "ROUTE-REFRESH"),
    ("combined", "Several faults in a message"),
];

/// What stands above the tables.
const HEAD: &str = "# Conformance

What BGP speakers do with malformed and odd messages: what the RFCs say, and what was seen of routehub
and of four daemons in Debian's packages. What routehub does in every state with every event of the
state machine of RFC 4271 stands in [crates/session/CONFORMANCE.md](crates/session/CONFORMANCE.md).

This page is written by a test, see the head of `crates/speaker/tests/conformance/main.rs`. It plays
each message over TCP to a daemon whose session it has brought to the state of the case, and asks the
daemon for its table behind it. The messages are in `tests/kit/data`, and what the daemons did is
recorded in `daemons.json` there. routehub's column is what its code does in this commit;
`crates/speaker/tests/wire` holds that a live server does the same, and that nobody else notices.

| word | what was seen |
|---|---|
| 3/1 | the session ended with a NOTIFICATION of this code and subcode |
| closed | the session ended without one |
| accepted | the OPEN was answered with a KEEPALIVE |
| route taken | the session goes on, and the route of the message is in the table; of attributes that were discarded nobody else sees more |
| route taken without the attribute | the same, and the attribute was discarded |
| route gone | the session goes on without a route to the prefix: treat-as-withdraw |
| no effect | the session goes on, and the table is as before |
| silent | nothing came back, and what was sent next had no effect |
| crashed | the daemon ended |
| not offered | the daemon does not have the capability that the case needs |

**Bold** is not what the RFCs say. Where they fix the data of a NOTIFICATION too, and only that is another,
it says *other data*.
";

pub(crate) fn page(record: &Record) -> String {
    let cases = cases::all();
    let mut text = HEAD.to_owned();
    text.push_str(&summary(&cases, record));
    for (category, heading) in CATEGORIES {
        let _ = write!(
            text,
            "\n## {heading}\n\n| RFC, section | Case | RFC says | routehub |"
        );
        for daemon in DAEMONS {
            let _ = write!(text, " {} |", speaker(daemon, record));
        }
        let columns = "---|".repeat(4 + DAEMONS.len());
        let _ = writeln!(text, "\n|{columns}");
        for case in cases.iter().filter(|case| case.category == category) {
            text.push_str(&row(case, record));
        }
    }
    text
}

/// A daemon and its version.
fn speaker(daemon: Kind, record: &Record) -> String {
    let column = record.daemons.get(name(daemon));
    let version = column.map_or("", |column| &column.version);
    format!("{} {version}", name(daemon))
}

/// The row of a case.
fn row(case: &Case, record: &Record) -> String {
    let title = case.title.replace('|', "\\|");
    let mut text = format!(
        "| {} | {title} (`{}`) | {} | {} |",
        case.reference,
        case.id,
        case.expected,
        cell(case, &ours(case))
    );
    for daemon in DAEMONS {
        let column = record.daemons.get(name(daemon));
        let seen = column.and_then(|column| column.outcomes.get(&case.id));
        let cell = seen.map_or_else(|| "not played".to_owned(), |seen| cell(case, seen));
        let _ = write!(text, " {cell} |");
    }
    text + "\n"
}

/// What was seen, and whether that is right.
fn cell(case: &Case, seen: &Seen) -> String {
    if is_right(case, seen) != Some(false) {
        return seen.to_string();
    }
    if differs_in_data_alone(case, seen) {
        format!("{seen}, *other data*")
    } else {
        format!("**{seen}**")
    }
}

/// How many cases each speaker does as the RFCs say.
fn summary(cases: &[Case], record: &Record) -> String {
    let mut text =
        "\n| speaker | as the RFCs say | otherwise | not offered |\n|---|---|---|---|\n".to_owned();
    let mut line = |speaker: &str, seen: &dyn Fn(&Case) -> Option<Seen>| {
        let (mut right, mut wrong, mut without) = (0, 0, 0);
        for case in cases {
            match seen(case).and_then(|seen| is_right(case, &seen)) {
                Some(true) => right += 1,
                Some(false) => wrong += 1,
                None => without += 1,
            }
        }
        let _ = writeln!(text, "| {speaker} | {right} | {wrong} | {without} |");
    };
    line("routehub", &|case| Some(ours(case)));
    for daemon in DAEMONS {
        if let Some(column) = record.daemons.get(name(daemon)) {
            let of_case = |case: &Case| column.outcomes.get(&case.id).cloned();
            line(&speaker(daemon, record), &of_case);
        }
    }
    text
}
