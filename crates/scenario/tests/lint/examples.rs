//! Networks that users read first have no findings but those that they are about.

use std::collections::BTreeSet;
use std::path::Path;

use routehub_scenario::Scenario;

/// A finding by its rule and subject.
type Subject = (&'static str, &'static str);

/// What the deployment of a Route Server brings where there are gateways: no description avoids it.
const NOTICE: &str = "R-138";

/// The findings of each example that are its subject. Of availability those are that do with
/// fewer NVAs, and say so.
const EXAMPLES: &[(&str, &[Subject])] = &[
    ("networks/01-sdwan-and-security.yaml", &[]),
    ("networks/02-active-active-nvas.yaml", &[("R-066", "rs")]),
    (
        "networks/03-expressroute-and-vpn.yaml",
        &[("R-020", "rs"), ("R-073", "rs")],
    ),
    ("networks/04-branch-to-branch.yaml", &[("R-020", "rs")]),
    (
        "networks/05-multi-region.yaml",
        &[("R-020", "rs-east"), ("R-020", "rs-west")],
    ),
    (
        "networks/06-dual-homed.yaml",
        &[("R-042", "nva1"), ("R-042", "nva2"), ("R-066", "rs")],
    ),
    ("networks/07-next-hop-load-balancer.yaml", &[]),
    (
        "networks/08-anycast.yaml",
        &[
            ("R-020", "rs-north"),
            ("R-020", "rs-west"),
            ("R-162", "er-north"),
            ("R-162", "er-west"),
        ],
    ),
    ("networks/09-live-on-one-machine.yaml", &[]),
    ("networks/10-single-point-of-failure.yaml", &[]),
    (
        "networks/11-no-single-point-of-failure.yaml",
        &[("R-066", "rs")],
    ),
    (
        "quickstart/network.yaml",
        &[("R-051", "sdwan1"), ("R-066", "rs")],
    ),
];

fn findings(file: &str) -> BTreeSet<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(file);
    let text = std::fs::read_to_string(path).expect("the file is there");
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{file}: {wrong:?}"));
    let network = scenario.network().expect("it settles");
    let findings = network.findings().into_iter();
    let findings = findings.map(|found| (found.rule.to_string(), found.subject));
    findings.filter(|(rule, _)| rule != NOTICE).collect()
}

#[test]
fn examples_have_no_findings_but_their_subjects() {
    for (file, subjects) in EXAMPLES {
        let wanted = subjects.iter();
        let wanted = wanted.map(|(rule, subject)| ((*rule).to_owned(), (*subject).to_owned()));
        assert_eq!(findings(file), wanted.collect(), "{file}");
    }
}

#[test]
fn every_example_is_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/networks");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let names = files.map(|file| file.expect("a file").file_name());
    let names = names.map(|name| format!("networks/{}", name.to_string_lossy()));
    let there: BTreeSet<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    let listed = EXAMPLES.iter().map(|(file, _)| (*file).to_owned());
    let listed: BTreeSet<String> = listed
        .filter(|file| file.starts_with("networks/"))
        .collect();
    assert_eq!(listed, there);
}
