//! The labs: networks whose real outputs are known.

mod support;

use std::collections::BTreeSet;

use routehub::{Exchange, FindingSearch, ShareCursor, TableId, TableKind, TableRows};
use routehub_scenario::Scenario;

use support::{labs, read};

#[test]
fn every_lab_is_read_without_diagnostics() {
    let mut wrong = Vec::new();
    for (name, text) in labs() {
        if let Err(diagnostics) = Scenario::parse(&text) {
            wrong.extend(diagnostics.iter().map(|one| one.render(&name).to_string()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_switch_of_a_profile_can_be_written() {
    let values = [
        ("max_routes_per_peer", "none"),
        ("max_peers", "3"),
        ("max_total_prefixes", "none"),
        ("show_overlap_in_learned", "true"),
        ("four_octet_peer_asn", "true"),
        ("reflect_between_nvas", "always"),
        ("prefix_count_mode", "strict_rib"),
        ("unreachable_next_hop", "show"),
        ("no_export", "ignore"),
        ("well_known_communities", "ignore"),
        ("enforce_first_as", "false"),
        ("one_instance_nics", "hash"),
        ("sticky_failback", "true"),
        ("upgraded", "true"),
        ("transparent", "true"),
        ("max_routes_to_circuit", "5"),
        ("min_route_server_subnet", "27"),
        ("er_vnet_to_vnet", "true"),
        ("dropped_ranges", "[10.0.0.0/8]"),
    ];
    let plain = routehub::Profile::named("azure-2026").expect("it is there");
    for (switch, value) in values {
        let text = format!(
            "schema: routehub/1\ntitle: x\nvnets: []\nprofile: {{base: azure-2026, {switch}: {value}}}\n"
        );
        let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{switch}: {e:?}"));
        assert_ne!(scenario.profile, plain, "{switch}: {value} changes nothing");
    }
}

#[test]
fn every_hard_row_of_every_lab_holds() {
    let (mut hard, mut soft, mut failures) = (0, 0, Vec::new());
    for (name, text) in labs() {
        let scenario = read(&name, &text);
        let reports = scenario.check().unwrap_or_else(|e| panic!("{name}: {e}"));
        for report in reports {
            hard += report.hard;
            soft += report.soft;
            print!("{report}");
            if report.failures() > 0 {
                failures.push(format!("{name}: {report}"));
            }
        }
    }
    println!("{hard} hard rows, {soft} soft rows");
    assert_eq!((hard, soft), (688, 18), "rows are missing");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The rows of a table, whose order does not matter, in an order.
fn in_order(rows: TableRows) -> Vec<String> {
    let mut lines: Vec<String> = match rows {
        TableRows::Routes(rows) => rows.iter().map(|row| format!("{row:?}")).collect(),
        TableRows::Effective(rows) => rows.iter().map(|row| format!("{row:?}")).collect(),
        TableRows::Sessions(rows) => rows.iter().map(|row| format!("{row:?}")).collect(),
    };
    lines.sort_unstable();
    lines
}

#[test]
fn shares_of_every_table_of_every_lab_are_the_whole_table() {
    let mut kinds = BTreeSet::new();
    for (name, text) in labs() {
        let network = read(&name, &text).network();
        let network = network.unwrap_or_else(|error| panic!("{name}: {error}"));
        let exchange: &Exchange = &network;
        let ids = TableId::all(exchange.estate()).into_iter();
        for id in ids.filter(|id| exchange.can_share(id)) {
            let whole = exchange.rows(&id).expect("it is there");
            let mut shares = in_order(exchange.rows_beside(&id).expect("it is there"));
            let mut cursor = Some(ShareCursor::default());
            while let Some(from) = cursor {
                let share = exchange.table_share(&id, from, 3).expect("it is there");
                shares.extend(in_order(share.rows));
                cursor = share.next;
            }
            shares.sort_unstable();
            assert_eq!(shares, in_order(whole), "{name}: {id:?}");
            kinds.insert(id.kind);
        }
    }
    let all = TableKind::ALL.iter().copied();
    let shared: BTreeSet<_> = all.filter(|kind| *kind != TableKind::Sessions).collect();
    assert_eq!(kinds, shared);
}

#[test]
fn findings_looked_for_in_steps_are_those_of_every_lab() {
    for (name, text) in labs() {
        let network = read(&name, &text).network();
        let network = network.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut search = FindingSearch::default();
        while search.step(&network) {}
        assert_eq!(search.into_findings(), network.findings(), "{name}");
    }
}
