//! The labs: networks whose real outputs are known.

use std::path::{Path, PathBuf};

use routehub_scenario::Scenario;

/// Every lab, by name.
fn labs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labs");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the labs are there")
        .map(|entry| entry.expect("a lab can be listed").path())
        .collect();
    files.sort();
    assert!(files.len() >= 32, "labs are missing: {files:?}");
    files
        .into_iter()
        .map(|file| {
            let name = file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read_to_string(&file).expect("a lab can be read");
            (name, text)
        })
        .collect()
}

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
