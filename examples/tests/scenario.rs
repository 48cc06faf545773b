//! `scenario` as its users run it.

use std::path::{Path, PathBuf};

use routehub_testkit::example::{self, Run};
use serde_json::Value;

/// Runs the example with a file on standard input.
fn scenario(file: &str, arguments: &[&str]) -> Run {
    let arguments = [&["-"], arguments].concat();
    example::run("scenario", &arguments, file.as_bytes())
}

const FILE: &str = "
schema: routehub/1
title: Two NVAs
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]
route_servers: [{name: rs, vnet: hub}]
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs], originates: [{prefix: 192.168.0.0/16, prepend: 1}]}
nics: [{name: vm, vnet: hub}]
events:
  - {id: failure, nva_down: {nva: one}}
expect:
  - at: initial
    nic_effective: {vm: [{prefix: 192.168.0.0/16, next_hop: [10.0.4.4]}]}
  - at: failure
    nic_effective: {vm: [{prefix: 192.168.0.0/16, next_hop: [10.0.4.5]}]}
";

#[test]
fn a_file_that_holds_is_checked_with_exit_code_0() {
    let run = scenario(FILE, &["--check"]);
    assert_eq!(run.out, "2 hard rows, 0 differ; 0 soft rows, 0 differ\n");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

#[test]
fn a_row_that_differs_is_named_with_exit_code_1() {
    let wrong = FILE.replace("next_hop: [10.0.4.5]}]}", "next_hop: [10.0.4.9]}]}");
    let run = scenario(&wrong, &["--check"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    for word in [
        "failure, nic_effective vm, line 19:",
        "expected  {prefix: 192.168.0.0/16, next_hop: [10.0.4.9]}",
        "there is  {prefix: 192.168.0.0/16, next_hop_type: VirtualNetworkGateway, next_hop: [10.0.4.5]",
        "2 hard rows, 1 differ",
    ] {
        assert!(run.out.contains(word), "{word:?} is not in:\n{}", run.out);
    }
    assert_eq!(
        scenario(&wrong, &["--check", "--at", "initial"]).code,
        Some(0)
    );
    let soft = wrong.replace("[10.0.4.9]}", "[10.0.4.9], soft: true, why: a guess}");
    let run = scenario(&soft, &["--check"]);
    assert_eq!(run.code, Some(0));
    assert!(run.out.contains("line 19 (soft):") && run.out.contains("why       a guess"));
    assert!(
        run.out
            .ends_with("1 hard rows, 0 differ; 1 soft rows, 1 differ\n"),
        "{}",
        run.out
    );
}

#[test]
fn a_bad_file_is_refused_with_exit_code_2() {
    let run = scenario(&FILE.replace("asn: 65002", "ans: 65002"), &["--check"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    for word in [
        "unknown key `ans` in NVA `two`",
        "--> -:11:42",
        "did you mean `asn`?",
    ] {
        assert!(run.err.contains(word), "{word:?} is not in:\n{}", run.err);
    }
    let run = scenario(FILE, &["--at", "nowhere"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("there are: initial, failure"),
        "{}",
        run.err
    );
}

#[test]
fn a_network_that_does_not_settle_is_told_with_exit_code_1() {
    // Each hides the loop from the other; once the source is gone, the path grows for ever.
    let file = "
schema: routehub/1
title: Two NVAs that tell each other what they heard from each other
vnets: [{name: hub, address_space: [10.0.0.0/16]}]
nvas:
  - {name: left, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [], neighbors: [right, source], readvertises: [{to: all, as_path: override}]}
  - {name: right, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [], readvertises: [{to: all, as_path: override}]}
  - {name: source, vnet: hub, ip: 10.0.4.6, asn: 65003, sessions: [], originates: [{prefix: 10.9.0.0/16}]}
events: [{id: gone, nva_down: {nva: source}}]
";
    let run = scenario(file, &["--check"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    for word in ["gone: ", "left", "right", "10.9.0.0/16"] {
        assert!(run.err.contains(word), "{word:?} is not in:\n{}", run.err);
    }
    // What was before can still be shown.
    assert_eq!(scenario(file, &["--at", "initial"]).code, Some(0));
}

#[test]
fn json_has_the_shapes_of_expect() {
    let run = scenario(FILE, &["--json"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let all: Value = serde_json::from_str(&run.out).expect("this is JSON");
    let times: Vec<&str> = all
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["at"].as_str())
        .collect();
    assert_eq!(times, ["initial", "failure"]);
    let tables = &all[0]["tables"];
    let row = &tables["rs_learned"]["rs"]["two"][1];
    let expected = serde_json::json!({
        "prefix": "192.168.0.0/16", "as_path": [65002, 65002], "next_hop": ["10.0.4.5"],
        "communities": [], "origin": "EBgp", "weight": 32768, "source_peer": "10.0.4.5",
        "instance": 1
    });
    assert_eq!(row, &expected);
    let nic = &tables["nic_effective"]["vm"];
    assert_eq!(nic[0]["prefix"], "0.0.0.0/0");
    assert_eq!(tables["sessions"]["rs"]["one"][0]["state"], "Established");
    assert_eq!(
        all[1]["tables"]["sessions"]["rs"]["one"][0]["state"],
        "Idle"
    );
}

#[test]
fn json_put_back_as_expect_holds_completely() {
    let run = scenario(FILE, &["--json", "--at", "initial"]);
    let all: Value = serde_json::from_str(&run.out).expect("this is JSON");
    let mut expect = all[0]["tables"].clone();
    expect["at"] = "initial".into();
    let head = FILE.split("expect:").next().expect("there is a head");
    let file = format!("{head}expect:\n  - {expect}\n");
    let run = scenario(&file, &["--check"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
}

#[test]
fn az_prints_what_the_commands_print() {
    let run = scenario(FILE, &["--az", "--at", "initial"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let all: Value = serde_json::from_str(&run.out).expect("this is JSON");
    let learned = &all[0]["tables"]["rs_learned"]["rs"]["two"];
    let expected = serde_json::json!([{
        "asPath": "65002-65002", "localAddress": "10.0.6.5", "network": "192.168.0.0/16",
        "nextHop": "10.0.4.5", "origin": "EBgp", "sourcePeer": "10.0.4.5", "weight": 32768
    }]);
    assert_eq!(learned["RouteServiceRole_IN_1"], expected);
    let advertised = &all[0]["tables"]["rs_advertised"]["rs"]["two"]["RouteServiceRole_IN_0"][0];
    assert_eq!(advertised["nextHop"], "10.0.6.4");
    assert!(advertised.get("sourcePeer").is_none());
    let effective = &all[0]["tables"]["nic_effective"]["vm"]["value"];
    let bgp = effective.as_array().expect("a list").iter();
    let bgp: Vec<&Value> = bgp
        .filter(|row| row["source"] == "VirtualNetworkGateway")
        .collect();
    assert_eq!(bgp[0]["nextHopIpAddress"], serde_json::json!(["10.0.4.4"]));
}

#[test]
fn tables_are_aligned() {
    let run = scenario(FILE, &["--at", "failure"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.starts_with("=== failure\n"), "{}", run.out);
    let table = "Route Server rs: learned from two
  Network         NextHop   SourcePeer  Origin  AsPath       Weight  Instance
  --------------  --------  ----------  ------  -----------  ------  --------
  192.168.0.0/16  10.0.4.5  10.0.4.5    EBgp    65002-65002  32768   0
  192.168.0.0/16  10.0.4.5  10.0.4.5    EBgp    65002-65002  32768   1
";
    assert!(run.out.contains(table), "{}", run.out);
}

/// The networks in `examples/networks`.
fn networks() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("networks");
    let files = std::fs::read_dir(folder).expect("the networks are there");
    let files = files.map(|file| file.expect("a file").path());
    let mut files: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|kind| kind == "yaml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_example_network_shows_what_it_expects() {
    let files = networks();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a network can be read");
        let run = scenario(&text, &["--check"]);
        assert_eq!(
            run.code,
            Some(0),
            "{}:\n{}{}",
            file.display(),
            run.out,
            run.err
        );
    }
}

/// A route inside the hub, which the Route Server drops, and a default route.
fn with_a_refused_route() -> String {
    FILE.replace("prepend: 1}]}", "prepend: 1}, {prefix: 10.0.9.0/24}]}")
}

#[test]
fn a_route_that_is_not_there_is_explained_with_rule_and_remedy() {
    let run = scenario(&with_a_refused_route(), &["--explain", "vm", "10.0.9.1"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    for words in [
        "10.0.9.0/24 is not there: from two: inside 10.0.0.0/16 of VNet hub (R-051:",
        "remedy: advertise a supernet",
    ] {
        assert!(run.out.contains(words), "{words:?} is not in:\n{}", run.out);
    }
    let json = scenario(
        &with_a_refused_route(),
        &["--json", "--explain", "vm", "10.0.9.1"],
    );
    let json: Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert_eq!(json["missing"][0]["because"]["rule"], 51);
    let notes = json["rules"].as_array().expect("rules are spelled out");
    let note = notes.iter().find(|note| note["rule"] == 51);
    let note = note.expect("every rule that is named is among them");
    assert!(
        note["text"]
            .as_str()
            .is_some_and(|text| text.contains("local network"))
    );
    assert!(
        note["remedy"]
            .as_str()
            .is_some_and(|text| text.contains("supernet"))
    );
}

#[test]
fn an_explanation_is_of_the_time_asked_for() {
    let first = scenario(FILE, &["--explain", "vm", "192.168.1.1"]);
    assert!(
        first
            .out
            .contains("192.168.0.0/16 by 10.0.4.4 (VirtualNetworkGateway): used"),
        "{}",
        first.out
    );
    let later = scenario(FILE, &["--at", "failure", "--explain", "vm", "192.168.1.1"]);
    assert!(
        later
            .out
            .contains("192.168.0.0/16 by 10.0.4.5 (VirtualNetworkGateway): used"),
        "{}",
        later.out
    );
    assert!(
        later
            .out
            .contains("one does not send it: the session or connection is down"),
        "{}",
        later.out
    );
}

#[test]
fn a_name_that_nobody_has_is_bad_input() {
    for question in [
        ["--explain", "nobody", "10.0.0.1"],
        ["--trace", "nobody", "10.0.0.1"],
        ["--trace", "vm", "x"],
    ] {
        let run = scenario(FILE, &question);
        assert_eq!(run.code, Some(2), "{question:?}: {}", run.out);
        assert!(run.err.contains(question[0]), "{}", run.err);
    }
}

#[test]
fn a_packet_is_traced_and_a_lost_one_is_exit_code_1() {
    let run = scenario(FILE, &["--trace", "vm", "192.168.1.1"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out.contains("arrives at the network behind one"),
        "{}",
        run.out
    );
    let lost = scenario(FILE, &["--trace", "vm", "172.16.0.1"]);
    assert_eq!(lost.code, Some(1), "{}", lost.err);
    assert!(lost.out.contains("dropped"), "{}", lost.out);
}

#[test]
fn a_way_there_and_back_and_a_matrix_are_printed() {
    let run = scenario(FILE, &["--trace", "vm", "one", "--both-ways"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("one to vm"), "{}", run.out);
    assert!(run.out.ends_with("symmetric\n"), "{}", run.out);
    let matrix = scenario(FILE, &["--matrix", "--csv"]);
    assert_eq!(matrix.code, Some(0), "{}", matrix.err);
    assert!(matrix.out.contains("vm,one,yes,,no,\r\n"), "{}", matrix.out);
    let json = scenario(FILE, &["--matrix", "--json"]);
    let json: Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert_eq!(json[0]["reachable"], true);
}

#[test]
fn findings_are_printed_and_an_error_among_them_is_exit_code_1() {
    let run = scenario(FILE, &["--lint"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    let wrong = FILE.replace("asn: 65002", "asn: 65520");
    let run = scenario(&wrong, &["--lint"]);
    assert_eq!(run.code, Some(1), "{}", run.out);
    assert!(run.out.contains("error    R-024  two:"), "{}", run.out);
}

#[test]
fn what_an_event_changes_is_printed_with_exit_code_1() {
    let run = scenario(FILE, &["--diff-event", "failure"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let wanted = "effective routes of NIC vm\n  \
                  - 192.168.0.0/16 by 10.0.4.4 VirtualNetworkGateway (VirtualNetworkGateway)\n  \
                  + 192.168.0.0/16 by 10.0.4.5 VirtualNetworkGateway (VirtualNetworkGateway)\n";
    assert!(run.out.contains(wanted), "{}", run.out);
    let json = scenario(FILE, &["--json", "--diff-event", "failure"]);
    let json: Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert_eq!(json[0]["table"], "nic_effective");
}

#[test]
fn a_file_is_compared_with_another_one() {
    let folder = std::env::temp_dir().join(format!("routehub-diff-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let other = folder.join("other.yaml");
    std::fs::write(&other, FILE).expect("a file");
    let path = other.to_str().expect("a name");
    let same = scenario(FILE, &["--diff", path]);
    assert_eq!(
        (same.code, same.out.as_str()),
        (Some(0), "nothing changes\n")
    );
    std::fs::write(
        &other,
        with_a_refused_route().replace("prepend: 1", "prepend: 0"),
    )
    .expect("a file");
    let changed = scenario(FILE, &["--diff", path]);
    assert_eq!(changed.code, Some(1), "{}", changed.err);
    assert!(
        changed
            .out
            .contains("+ 192.168.0.0/16 by 10.0.4.4, 10.0.4.5"),
        "{}",
        changed.out
    );
    std::fs::remove_dir_all(&folder).expect("it goes");
}

#[test]
fn events_says_what_each_event_changes() {
    let run = scenario(FILE, &["--events"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let json = scenario(FILE, &["--json", "--events"]);
    let all: Value = serde_json::from_str(&json.out).expect("JSON");
    let all = all.as_array().expect("a list");
    assert!(!all.is_empty());
    for one in all {
        let at = one["at"].as_str().expect("an event");
        assert!(run.out.lines().any(|line| line == at), "{at}");
    }
    let failure = all
        .iter()
        .find(|one| one["at"] == "failure")
        .expect("it is there");
    let links = failure["changed"]["links"].as_array().expect("a list");
    assert!(
        links.iter().all(|link| link["up"] == false) && !links.is_empty(),
        "{links:?}"
    );
    assert!(
        !failure["changed"]["best_paths"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
}

/// A circuit's route that an NVA passes back, and an event that makes what comes back better.
const RESTLESS: &str = "
schema: routehub/1
title: Restless
vnets: [{name: hub, address_space: [10.0.0.0/16], subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], readvertises: [{to: all, as_path: strip}]}]
gateways: [{name: gw, vnet: hub, type: express_route, bgp_ips: [10.0.7.12, 10.0.7.13], connections: [{circuit: er}]}]
circuits: [{name: er, on_prem: {asn: 65201, prefixes: [10.200.0.0/16]}}]
events: [{id: vpn-first, set_routing_preference: {route_server: rs, value: VpnGateway}}]
";

#[test]
fn a_network_that_does_not_settle_is_exit_code_1_after_what_came_before() {
    let run = scenario(RESTLESS, &["--json"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(
        run.err
            .contains("vpn-first: the network does not settle: 10.200.0.0/16 keep changing at"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("rs/0") && run.err.contains("nva"),
        "{}",
        run.err
    );
    let shown: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(
        (shown.as_array().map(Vec::len), &shown[0]["at"]),
        (Some(1), &Value::from("initial"))
    );
}

const SPOF: &str = include_str!("../networks/10-single-point-of-failure.yaml");

#[test]
fn a_sweep_finds_the_hidden_single_point_of_failure() {
    let run = scenario(SPOF, &["--failures", "1"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    for word in [
        "NVA sdwan1: ",
        "lost: vm -> paris: at sdwan1: ",
        "vm -> paris: NVA sdwan1;",
        "remedy: bring the NVA up again",
    ] {
        assert!(run.out.contains(word), "{word:?} is not in:\n{}", run.out);
    }
    assert!(
        !run.out.contains("lost: vm -> paris: at sdwan2"),
        "{}",
        run.out
    );
    let mended = include_str!("../networks/11-no-single-point-of-failure.yaml");
    let run = scenario(mended, &["--failures", "1"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    assert!(!run.out.contains("vm -> paris: NVA"), "{}", run.out);
    let run = scenario(mended, &["--failures", "2", "--only", "nva"]);
    assert!(
        run.out.contains("vm -> paris: NVA sdwan1 with NVA sdwan2"),
        "{}",
        run.out
    );
    assert_eq!(run.code, Some(1), "a promise breaks: {}", run.out);
    assert!(run.out.contains("BROKEN vm reaches paris"), "{}", run.out);
}

#[test]
fn a_sweep_says_the_same_whatever_the_number_of_threads_and_shards_share_it() {
    let with = |threads: &str, more: &[&str]| {
        let arguments = [&["--failures", "2", "--json", "--threads", threads], more].concat();
        let run = scenario(SPOF, &arguments);
        assert_eq!(run.err, "");
        run.out
    };
    let all = with("1", &[]);
    assert_eq!(all, with("4", &[]));
    let outcomes = |text: &str| -> Vec<Value> {
        let report: Value = serde_json::from_str(text).expect("JSON");
        report["outcomes"].as_array().expect("a list").clone()
    };
    let mut shared: Vec<String> = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let part = outcomes(&with("2", &["--shard", shard]));
        shared.extend(part.iter().map(ToString::to_string));
    }
    let mut all: Vec<String> = outcomes(&all).iter().map(ToString::to_string).collect();
    shared.sort();
    all.sort();
    assert_eq!(all, shared);
    let wrong = scenario(SPOF, &["--failures", "1", "--shard", "4/3"]);
    assert_eq!(wrong.code, Some(2));
}

#[test]
fn a_broken_promise_is_told_by_check_and_as_junit() {
    let promised =
        format!("{FILE}always:\n  - {{via: [one, two]}}\n  - {{routes_of: one, at_most: 0}}\n");
    let run = scenario(&promised, &["--check"]);
    assert_eq!(run.code, Some(1));
    let told = "initial: promise broken: one has at most 0 routes (line 22): it has 1";
    assert!(run.out.contains(told), "{}", run.out);
    let run = scenario(&promised, &["--failures", "1", "--junit"]);
    assert_eq!(run.code, Some(1));
    for word in [
        "<testsuite name=\"Two NVAs\"",
        "<failure message=\"one has at most 0 routes",
    ] {
        assert!(run.out.contains(word), "{word:?} is not in:\n{}", run.out);
    }
    let wrong = FILE.to_owned() + "always:\n  - {reachable: {from: wm, to: one}}\n";
    let run = scenario(&wrong, &["--check"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("did you mean `vm`?"), "{}", run.err);
}
