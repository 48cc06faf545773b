//! The labs: networks whose real outputs are known.

mod support;

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
