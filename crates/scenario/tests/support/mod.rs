//! The labs, for every test that wants them.

use std::path::{Path, PathBuf};

use routehub_scenario::Scenario;

/// Every lab: its name and its text.
pub(crate) fn labs() -> Vec<(String, String)> {
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
            let name = file.file_name().unwrap_or_default();
            let text = std::fs::read_to_string(&file).expect("a lab can be read");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// Reads a lab.
pub(crate) fn read(name: &str, text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"))
}
