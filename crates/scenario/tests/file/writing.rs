//! Networks written as a person would, and read back.

use std::path::Path;

use routehub_scenario::{NetworkText, SCHEMA_URL, Scenario};

use crate::support::{files, labs, read};

fn written(scenario: &Scenario) -> String {
    NetworkText {
        title: &scenario.title,
        profile: "open",
        comments: &["two lines\nof remarks".to_owned()],
        estate: &scenario.estate,
        effective: &[],
    }
    .text()
}

#[test]
fn the_network_of_every_lab_and_example_is_written_and_read_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/networks");
    let mut examples = files(&folder);
    examples.retain(|(name, _)| name.ends_with(".yaml"));
    assert!(examples.len() > 5, "examples are missing");
    for (lab, text) in labs().into_iter().chain(examples) {
        let scenario = read(&lab, &text);
        let text = written(&scenario);
        let back =
            Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{lab}: {wrong:?}\n{text}"));
        assert_eq!(back.estate, scenario.estate, "{lab}\n{text}");
        assert_eq!(back.title, scenario.title, "{lab}");
    }
}

#[test]
fn what_says_nothing_is_left_out_and_short_forms_are_used() {
    let text = "schema: routehub/1
title: small
vnets:
  - {name: hub, address_space: [10.0.0.0/16]}
  - {name: spoke, address_space: [10.1.0.0/16]}
peerings:
  - {hub: hub, spoke: spoke}
route_servers:
  - {name: rs, vnet: hub, ips: [10.0.1.4, 10.0.1.5]}
nvas:
  - {name: nva, vnet: hub, ip: 10.0.2.4, asn: 65001, sessions: [rs], originates: [{prefixes: [192.168.0.0/16]}]}
";
    let scenario = Scenario::parse(text).expect("it fits together");
    let written = written(&scenario);
    let first = format!("# yaml-language-server: $schema={SCHEMA_URL}");
    assert_eq!(written.lines().next(), Some(first.as_str()));
    for line in text.lines().skip(2) {
        assert!(written.contains(line), "{line}\nis not in\n{written}");
    }
}

#[test]
fn a_network_without_virtual_networks_is_read_back() {
    let text = "schema: routehub/1\ntitle: nothing yet\nvnets: []\n";
    let scenario = Scenario::parse(text).expect("a network file");
    let written = written(&scenario);
    let back = Scenario::parse(&written).unwrap_or_else(|wrong| panic!("{wrong:?}\n{written}"));
    assert_eq!(back.estate, scenario.estate);
}
