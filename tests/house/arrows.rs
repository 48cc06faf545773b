//! Which crate may know which. The table is the architecture; `cargo metadata` is the fact.

use std::collections::BTreeSet;

use cargo_metadata::semver::VersionReq;
use cargo_metadata::{DependencyKind, Metadata, Package};

use crate::tree::{metadata, none};

/// A package, its folder, and the packages of this workspace that it may name in any dependency
/// section. Tests are held to the same arrows as the code, through the test kit too: a crate that
/// needs a higher layer to be tested is tested in that layer.
struct Row {
    package: &'static str,
    folder: &'static str,
    may_use: &'static [&'static str],
}

const fn row(package: &'static str, folder: &'static str, may_use: &'static [&'static str]) -> Row {
    Row {
        package,
        folder,
        may_use,
    }
}

const ARROWS: [Row; 19] = [
    row("routehub-types", "crates/types", &[]),
    row("routehub-wire", "crates/wire", &["routehub-types"]),
    row(
        "routehub-session",
        "crates/session",
        &["routehub-types", "routehub-wire"],
    ),
    row("routehub-bfd", "crates/bfd", &[]),
    row("routehub-policy", "crates/policy", &["routehub-types"]),
    row("routehub-rib", "crates/rib", &["routehub-types"]),
    row(
        "routehub-exchange",
        "crates/exchange",
        &["routehub-types", "routehub-rib", "routehub-policy"],
    ),
    row(
        "routehub-diagnose",
        "crates/diagnose",
        &[
            "routehub-types",
            "routehub-rib",
            "routehub-policy",
            "routehub-exchange",
        ],
    ),
    row(
        "routehub",
        "crates/routehub",
        &[
            "routehub-types",
            "routehub-wire",
            "routehub-session",
            "routehub-policy",
            "routehub-rib",
            "routehub-exchange",
            "routehub-diagnose",
        ],
    ),
    row("routehub-scenario", "crates/scenario", &["routehub"]),
    row(
        "routehub-speaker",
        "crates/speaker",
        &[
            "routehub",
            "routehub-scenario",
            "routehub-session",
            "routehub-bfd",
            "routehub-wire",
        ],
    ),
    row(
        "routehub-arm",
        "crates/arm",
        &[
            "routehub-types",
            "routehub-exchange",
            "routehub-diagnose",
            "routehub-scenario",
        ],
    ),
    row(
        "routehub-draw",
        "crates/draw",
        &["routehub", "routehub-exchange"],
    ),
    row(
        "routehub-cli",
        "crates/cli",
        &[
            "routehub-types",
            "routehub-wire",
            "routehub-session",
            "routehub-policy",
            "routehub-rib",
            "routehub-exchange",
            "routehub",
            "routehub-scenario",
            "routehub-speaker",
            "routehub-arm",
            "routehub-draw",
        ],
    ),
    row("routehub-benches", "benches", ANY),
    row("routehub-examples", "examples", ANY),
    // What a fresh clone compiles first.
    row(
        "routehub-quickstart",
        "examples/quickstart",
        &["routehub", "routehub-scenario"],
    ),
    row("routehub-house", "tests", &["routehub"]),
    row(KIT, "tests/kit", ANY),
];

/// What tests and examples share. It sits on top, and still any of them may use it: as a
/// dev-dependency by path alone, which is in no package that is published, and with features that
/// need nothing above the crate.
const KIT: &str = "routehub-testkit";

/// Every published crate: what the unpublished packages on top may use.
const ANY: &[&str] = &[
    "routehub-types",
    "routehub-wire",
    "routehub-session",
    "routehub-bfd",
    "routehub-policy",
    "routehub-rib",
    "routehub-exchange",
    "routehub-diagnose",
    "routehub",
    "routehub-scenario",
    "routehub-speaker",
    "routehub-arm",
    "routehub-draw",
    "routehub-cli",
];

/// Libraries with one home among the published crates: the library, and the only packages of the
/// workspace that may use it.
const HOMES: [(&str, &[&str]); 10] = [
    ("nom", &["routehub-wire"]),
    (
        "socket2",
        &["routehub-speaker", "routehub-examples", "routehub-benches"],
    ),
    (
        "tokio",
        &[
            "routehub-speaker",
            "routehub-cli",
            "routehub-examples",
            "routehub-benches",
            KIT,
        ],
    ),
    ("axum", &["routehub-speaker", "routehub-cli"]),
    ("serde-saphyr", &["routehub-scenario"]),
    ("bgpkit-parser", &["routehub-benches"]),
    ("netgauze-bgp-pkt", &["routehub-benches"]),
    ("routecore", &["routehub-benches"]),
    ("rustbgpd-wire", &["routehub-benches"]),
    ("zettabgp", &["routehub-benches"]),
];

/// Dependencies on packages of this workspace that the table does not allow, and packages that
/// are not where the table says.
fn wrong_arrows(metadata: &Metadata, table: &[Row]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let Some(row) = table.iter().find(|row| row.package == name) else {
            findings.push(format!("{name}: not in the table of arrows"));
            continue;
        };
        if !package
            .manifest_path
            .ends_with(format!("{}/Cargo.toml", row.folder))
        {
            findings.push(format!(
                "{name}: lies in {}, not {}",
                package.manifest_path, row.folder
            ));
        }
        findings.extend(
            own_dependencies(package)
                .filter(|used| !row.may_use.contains(used))
                .map(|used| format!("{name} -> {used}: the table has no such arrow")),
        );
    }
    findings
}

/// The packages of this workspace that `package` depends on, whatever the section, but for the
/// test kit.
fn own_dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.path.is_some() && dependency.name != KIT)
        .map(|dependency| dependency.name.as_str())
}

/// Uses of the test kit that would be published, or that bring a test a layer above its crate.
fn wrong_kit_uses(metadata: &Metadata, table: &[Row]) -> Vec<String> {
    let members = metadata.workspace_packages();
    let kit = members.iter().find(|package| package.name == KIT);
    let kit = kit.expect("the test kit");
    let mut findings = Vec::new();
    for package in &members {
        for dependency in package.dependencies.iter().filter(|used| used.name == KIT) {
            let name = package.name.as_str();
            if dependency.kind != DependencyKind::Development || dependency.req != VersionReq::STAR
            {
                findings.push(format!("{name} -> {KIT}: a dev-dependency by path alone"));
            }
            let allowed = with_all_below(name, table);
            findings.extend(
                behind_features(kit, &dependency.features)
                    .filter(|needed| !allowed.contains(needed))
                    .map(|needed| format!("{name} -> {KIT} -> {needed}: above {name}")),
            );
        }
    }
    findings
}

/// A package and all that it may reach by the arrows of the table.
fn with_all_below<'a>(name: &'a str, table: &[Row]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::from([name]);
    let mut open = vec![name];
    while let Some(name) = open.pop() {
        let rows = table.iter().filter(|row| row.package == name);
        let below = rows.flat_map(|row| row.may_use);
        open.extend(below.copied().filter(|used| reached.insert(used)));
    }
    reached
}

/// The packages of this workspace that the test kit needs with these features.
fn behind_features<'a>(kit: &'a Package, features: &[String]) -> impl Iterator<Item = &'a str> {
    let enabled: BTreeSet<&String> = features
        .iter()
        .filter_map(|feature| kit.features.get(feature))
        .flatten()
        .collect();
    kit.dependencies
        .iter()
        .filter(move |needed| {
            let switch = format!("dep:{}", needed.name);
            needed.path.is_some() && (!needed.optional || enabled.contains(&switch))
        })
        .map(|needed| needed.name.as_str())
}

/// Uses of a library outside its home.
fn homeless(metadata: &Metadata, homes: &[(&str, &[&str])]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let home = homes
                .iter()
                .find(|(library, _)| *library == dependency.name);
            if home.is_some_and(|(_, allowed)| !allowed.contains(&package.name.as_str())) {
                findings.push(format!(
                    "{} uses {}: not its home",
                    package.name, dependency.name
                ));
            }
        }
    }
    findings
}

#[test]
fn every_dependency_follows_an_arrow() {
    none(&wrong_arrows(&metadata(), &ARROWS));
}

#[test]
fn the_test_kit_is_not_published_and_brings_no_test_above_its_crate() {
    let metadata = metadata();
    none(&wrong_kit_uses(&metadata, &ARROWS));
    // Without arrows, whoever needs more of it than itself is above.
    let findings = wrong_kit_uses(&metadata, &[]);
    assert!(
        findings.contains(&format!(
            "routehub-session -> {KIT} -> routehub-wire: above routehub-session"
        )),
        "{findings:?}"
    );
}

#[test]
fn every_package_of_the_table_exists() {
    let metadata = metadata();
    let members = metadata.workspace_packages();
    for row in &ARROWS {
        assert!(
            members.iter().any(|package| package.name == row.package),
            "{}",
            row.package
        );
    }
}

#[test]
fn libraries_stay_in_their_home() {
    none(&homeless(&metadata(), &HOMES));
}

#[test]
fn the_arrow_rule_sees_a_wrong_arrow_and_an_unlisted_package() {
    let metadata = metadata();
    let members = metadata.workspace_packages().len();
    assert_eq!(wrong_arrows(&metadata, &[]).len(), members);

    let bare = ARROWS.map(|row| Row {
        may_use: &[],
        ..row
    });
    let arrows: usize = metadata
        .workspace_packages()
        .iter()
        .map(|p| own_dependencies(p).count())
        .sum();
    assert_eq!(wrong_arrows(&metadata, &bare).len(), arrows);

    assert!(!homeless(&metadata, &[("cargo_metadata", &["routehub-types"])]).is_empty());
}
