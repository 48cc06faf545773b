//! Tables as Azure's commands show them with `-o table`.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use routehub::types::RuleId;
use routehub::{EffectiveRow, Finding, RouteRow, SessionRow, TableKind, TableRows, rules};
use routehub_scenario::Tables;

use super::columns::table;

/// Writes everything that is seen at one time.
pub(super) fn snapshot(out: &mut String, at: &str, tables: &Tables, width: Option<usize>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "=== {at}");
    for (id, rows) in &tables.rows {
        let title = id.heading();
        match rows {
            TableRows::Routes(rows) => routes(out, &title, columns(id.kind), rows, width),
            TableRows::Effective(rows) => effective(out, &title, rows, width),
            TableRows::Sessions(rows) => sessions(out, &title, rows, width),
        }
    }
    findings(out, &tables.findings, width);
    out.push('\n');
}

/// The columns of a table of routes.
const fn columns(kind: TableKind) -> &'static str {
    match kind {
        TableKind::RsLearned => "Network NextHop SourcePeer Origin AsPath Weight Instance",
        TableKind::RsAdvertised => "Network NextHop Origin AsPath Communities Weight Instance",
        TableKind::NvaLearned => "Network NextHop From AsPath Communities",
        TableKind::GatewayLearned => "Network NextHop SourcePeer Origin AsPath Weight",
        TableKind::GatewayAdvertised => "Network NextHop Origin AsPath Communities",
        TableKind::OnPremLearned => "Network NextHop From AsPath",
        TableKind::CircuitRoutes => "Network NextHop AsPath Link",
        _ => "Network NextHop AsPath",
    }
}

/// A cell that may be empty.
fn cell(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>, with: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(with)
}

fn routes(out: &mut String, title: &str, columns: &str, rows: &[RouteRow], width: Option<usize>) {
    // What both links of a circuit have names none.
    let by_link = rows.iter().any(|row| row.link.is_some());
    let columns = columns.split(' ');
    let mut header: Vec<&str> = columns
        .filter(|column| by_link || *column != "Link")
        .collect();
    if rows.iter().any(|row| row.refused.is_some()) {
        header.push("Refused");
    }
    if rows.iter().any(|row| row.stale.is_some()) {
        header.push("Stale");
    }
    // Where the instances of a gateway have rows, whose each is.
    let instances = rows.iter().map(|row| row.local_address);
    if instances.collect::<BTreeSet<_>>().len() > 1 {
        header.insert(0, "LocalAddress");
    }
    let cells = rows.iter().map(|row| {
        let value = |column: &&str| match *column {
            "LocalAddress" => cell(row.local_address),
            "Network" => row.prefix.to_string(),
            "NextHop" => cell(row.next_hop),
            "SourcePeer" => cell(row.source_peer),
            "Origin" => row.origin.to_string(),
            "AsPath" => joined(row.as_path.asns(), "-"),
            "Weight" => row.weight.to_string(),
            "Communities" => joined(&row.communities, " "),
            "From" => match (&row.from, row.link) {
                (Some(from), Some(link)) => format!("{from} {link}"),
                (from, _) => cell(from.as_ref()),
            },
            "Link" => cell(row.link),
            "Stale" => cell(row.stale),
            "Refused" => row.refused.map(refused).unwrap_or_default(),
            _ => cell(row.instance),
        };
        header.iter().map(value).collect()
    });
    table(out, title, &header, &cells.collect::<Vec<_>>(), width);
}

/// Why a route is refused, in short: `refused: own ASN (R-050)`.
fn refused(rule: RuleId) -> String {
    let why = match rule {
        rules::OWN_AS_IN_PATH | rules::ROUTE_SERVER_ASN_IN_PATH | rules::EDGE_ASN_IN_PATH => {
            "own ASN"
        }
        rules::INSIDE_LOCAL_NETWORK | rules::INSIDE_GATEWAY_NETWORK => "inside a local network",
        rules::ROUTE_MAP | rules::ROUTE_MAP_ACTIONS => "route map",
        other => rules::text(other),
    };
    format!("refused: {why} ({rule})")
}

fn effective(out: &mut String, title: &str, rows: &[EffectiveRow], width: Option<usize>) {
    let cells = rows.iter().map(|row| {
        vec![
            format!("{:?}", row.source),
            format!("{:?}", row.state),
            joined(&row.prefixes, ", "),
            format!("{:?}", row.next_hop_type),
            joined(&row.next_hops, ", "),
            cell(row.name.as_ref()),
        ]
    });
    let header = [
        "Source",
        "State",
        "Address Prefix",
        "Next Hop Type",
        "Next Hop IP",
        "Name",
    ];
    table(out, title, &header, &cells.collect::<Vec<_>>(), width);
}

fn sessions(out: &mut String, title: &str, rows: &[SessionRow], width: Option<usize>) {
    let cells = rows.iter().map(|row| {
        vec![
            row.instance.to_string(),
            format!("{:?}", row.state),
            row.routes.to_string(),
            format!("{} s", row.hold_time),
            cell(
                row.notification
                    .map(|(code, subcode)| format!("{code}/{subcode}")),
            ),
        ]
    });
    let header = ["Instance", "State", "Routes", "Hold time", "Notification"];
    table(out, title, &header, &cells.collect::<Vec<_>>(), width);
}

fn findings(out: &mut String, findings: &[Finding], width: Option<usize>) {
    if findings.is_empty() {
        return;
    }
    let cells = findings.iter().map(|finding| {
        vec![
            format!("{:?}", finding.severity),
            finding.rule.to_string(),
            finding.subject.clone(),
            finding.text.clone(),
        ]
    });
    let header = ["Severity", "Rule", "Subject", "What is to be said"];
    table(out, "Findings", &header, &cells.collect::<Vec<_>>(), width);
}
