//! What every `Cargo.toml` says: publishable where it is published, and the same for all.

use cargo_metadata::Package;
use toml::{Table, Value};

use crate::tree::{metadata, none, read};

/// What keeps a crate from being published well.
fn unpublishable(package: &Package) -> Vec<String> {
    let mut findings = Vec::new();
    let mut hold = |holds: bool, what: &str| {
        if !holds {
            findings.push(format!("{}: {what}", package.name));
        }
    };
    let text = |field: &Option<String>| field.as_ref().is_some_and(|text| text.len() > 10);
    hold(text(&package.description), "needs a description");
    hold(
        (1..=5).contains(&package.keywords.len()),
        "needs one to five keywords",
    );
    hold(
        package.keywords.iter().all(|word| word.len() <= 20),
        "a keyword has over 20 characters",
    );
    hold(
        (1..=5).contains(&package.categories.len()),
        "needs one to five categories",
    );
    hold(
        package.documentation.as_ref() == Some(&format!("https://docs.rs/{}", package.name)),
        "documentation must be its docs.rs page",
    );
    hold(text(&package.repository), "needs a repository");
    hold(package.readme.is_some(), "needs a readme");
    hold(!package.authors.is_empty(), "needs authors");
    findings
}

/// Fields that must come from the workspace, and sections that keep `cargo bench -- ARGS` and
/// the lints working.
fn uneven(name: &str, manifest: &Table, targets: &[(&str, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    let package = manifest.get("package").and_then(Value::as_table);
    for field in ["version", "edition", "rust-version", "license"] {
        let inherited = package
            .and_then(|package| package.get(field)?.get("workspace")?.as_bool())
            .unwrap_or(false);
        if !inherited {
            findings.push(format!(
                "{name}: {field} must be inherited from the workspace"
            ));
        }
    }
    let lints = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace")?.as_bool());
    if lints != Some(true) {
        findings.push(format!("{name}: lints must be the workspace's"));
    }
    for (kind, target) in targets {
        if !bench_is_off(manifest, kind, target) {
            findings.push(format!("{name}: {kind} {target} needs bench = false"));
        }
    }
    findings
}

/// Whether the `[lib]` or `[[bin]]` section of `target` says `bench = false`.
fn bench_is_off(manifest: &Table, kind: &str, target: &str) -> bool {
    let off = |section: &Value| section.get("bench").and_then(Value::as_bool) == Some(false);
    match (kind, manifest.get(kind)) {
        ("lib", Some(section)) => off(section),
        ("bin", Some(Value::Array(sections))) => sections
            .iter()
            .any(|bin| off(bin) && bin.get("name").and_then(Value::as_str) == Some(target)),
        _ => false,
    }
}

/// The libraries and binaries of a package, those that cargo finds by itself included.
fn libraries_and_binaries(package: &Package) -> Vec<(&str, String)> {
    package
        .targets
        .iter()
        .filter_map(|target| {
            let kind = if target.is_lib() || target.is_proc_macro() {
                "lib"
            } else if target.is_bin() {
                "bin"
            } else {
                return None;
            };
            Some((kind, target.name.clone()))
        })
        .collect()
}

#[test]
fn every_crate_is_publishable() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let crates = packages
        .iter()
        .filter(|package| package.manifest_path.as_str().contains("/crates/"));
    for package in crates {
        assert_eq!(
            package.publish, None,
            "{}: crates are published",
            package.name
        );
        none(&unpublishable(package));
    }
}

#[test]
fn only_crates_are_published() {
    for package in metadata().workspace_packages() {
        if !package.manifest_path.as_str().contains("/crates/") {
            assert_eq!(
                package.publish,
                Some(Vec::new()),
                "{}: publish = false",
                package.name
            );
        }
    }
}

#[test]
fn manifests_inherit_what_all_share_and_switch_bench_off() {
    for package in metadata().workspace_packages() {
        let manifest = read(&package.manifest_path)
            .parse::<Table>()
            .expect("a valid manifest");
        none(&uneven(
            &package.name,
            &manifest,
            &libraries_and_binaries(package),
        ));
    }
}

#[test]
fn every_shared_dependency_has_a_user() {
    let workspace = read("Cargo.toml")
        .parse::<Table>()
        .expect("a valid manifest");
    let shared = workspace["workspace"]["dependencies"]
        .as_table()
        .expect("a table");
    let metadata = metadata();
    let used = |name: &str| {
        metadata
            .workspace_packages()
            .iter()
            .any(|package| package.dependencies.iter().any(|used| used.name == name))
    };
    let unused: Vec<String> = shared
        .keys()
        .filter(|name| !used(name))
        .map(|name| format!("Cargo.toml: nobody uses {name}"))
        .collect();
    none(&unused);
}

#[test]
fn the_manifest_rules_see_what_is_missing() {
    let house = "[package]\nname = 'x'\nlicense.workspace = true\n[lib]\n[[bin]]\nname = 'a'\n\
                 bench = false\n";
    let manifest = house.parse::<Table>().expect("a valid manifest");
    let targets = [
        ("lib", "x".to_owned()),
        ("bin", "a".to_owned()),
        ("bin", "b".to_owned()),
    ];
    let findings = uneven("x", &manifest, &targets);
    assert_eq!(
        findings,
        [
            "x: version must be inherited from the workspace",
            "x: edition must be inherited from the workspace",
            "x: rust-version must be inherited from the workspace",
            "x: lints must be the workspace's",
            "x: lib x needs bench = false",
            "x: bin b needs bench = false",
        ]
    );
    let metadata = metadata();
    let this = metadata
        .workspace_packages()
        .into_iter()
        .find(|p| p.name == "routehub-house");
    assert!(unpublishable(this.expect("this package")).len() > 2);
}
