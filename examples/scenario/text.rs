//! Tables as Azure's commands show them with `-o table`.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use routehub::{EffectiveRow, Finding, RouteRow, SessionRow};
use routehub_scenario::Tables;

use crate::columns::table;

/// Columns of a Route Server's learned routes, and of those it advertises.
const LEARNED: &str = "Network NextHop SourcePeer Origin AsPath Weight Instance";
const ADVERTISED: &str = "Network NextHop Origin AsPath Communities Weight Instance";
/// Columns of what an NVA learns.
const AT_NVA: &str = "Network NextHop From AsPath Communities";
/// Columns of a gateway's learned routes, and of those it advertises.
const AT_GATEWAY: &str = "Network NextHop SourcePeer Origin AsPath Weight";
const FROM_GATEWAY: &str = "Network NextHop Origin AsPath Communities";
/// Columns of a circuit's routes, and of what is known behind it.
const AT_CIRCUIT: &str = "Network NextHop AsPath";
const ON_PREMISES: &str = "Network NextHop From AsPath";

/// Writes everything that is seen at one time.
pub(crate) fn snapshot(out: &mut String, at: &str, tables: &Tables) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "=== {at}");
    for (server, nva, rows) in pairs(&tables.rs_learned) {
        let title = format!("Route Server {server}: learned from {nva}");
        routes(out, &title, LEARNED, rows);
    }
    for (server, nva, rows) in pairs(&tables.rs_advertised) {
        let title = format!("Route Server {server}: advertised to {nva}");
        routes(out, &title, ADVERTISED, rows);
    }
    for (nva, rows) in &tables.nva_learned {
        routes(out, &format!("NVA {nva}: learned"), AT_NVA, rows);
    }
    for (gateway, rows) in &tables.gateway_learned {
        let title = format!("Gateway {gateway}: learned");
        routes(out, &title, AT_GATEWAY, rows);
    }
    for (gateway, to, rows) in pairs(&tables.gateway_advertised) {
        let title = format!("Gateway {gateway}: advertised to {to}");
        routes(out, &title, FROM_GATEWAY, rows);
    }
    for (circuit, rows) in &tables.circuit_routes {
        let title = format!("Circuit {circuit}: routes");
        routes(out, &title, AT_CIRCUIT, rows);
    }
    for (name, rows) in &tables.on_prem_learned {
        let title = format!("On-premises {name}: learned");
        routes(out, &title, ON_PREMISES, rows);
    }
    for (nic, rows) in &tables.nic_effective {
        effective(out, nic, rows);
    }
    for (server, nva, rows) in pairs(&tables.sessions) {
        sessions(out, server, nva, rows);
    }
    findings(out, &tables.findings);
    out.push('\n');
}

/// Tables that have two names.
fn pairs<T>(
    tables: &BTreeMap<String, BTreeMap<String, T>>,
) -> impl Iterator<Item = (&String, &String, &T)> {
    tables
        .iter()
        .flat_map(|(one, inner)| inner.iter().map(move |(other, rows)| (one, other, rows)))
}

/// A cell that may be empty.
fn cell(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>, with: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(with)
}

fn routes(out: &mut String, title: &str, columns: &str, rows: &[RouteRow]) {
    let header: Vec<&str> = columns.split(' ').collect();
    let cells = rows.iter().map(|row| {
        let one = |column: &&str| match *column {
            "Network" => row.prefix.to_string(),
            "NextHop" => cell(row.next_hop),
            "SourcePeer" => cell(row.source_peer),
            "Origin" => row.origin.to_string(),
            "AsPath" => joined(row.as_path.asns(), "-"),
            "Weight" => row.weight.to_string(),
            "Communities" => joined(&row.communities, " "),
            "From" => cell(row.from.as_ref()),
            _ => cell(row.instance),
        };
        header.iter().map(one).collect()
    });
    table(out, title, &header, &cells.collect::<Vec<_>>());
}

fn effective(out: &mut String, nic: &str, rows: &[EffectiveRow]) {
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
    let title = format!("NIC {nic}: effective routes");
    table(out, &title, &header, &cells.collect::<Vec<_>>());
}

fn sessions(out: &mut String, server: &str, nva: &str, rows: &[SessionRow]) {
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
    let title = format!("Route Server {server}: sessions with {nva}");
    table(out, &title, &header, &cells.collect::<Vec<_>>());
}

fn findings(out: &mut String, findings: &[Finding]) {
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
    table(out, "Findings", &header, &cells.collect::<Vec<_>>());
}
