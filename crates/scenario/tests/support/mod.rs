//! The labs, for every test that wants them.

use std::path::{Path, PathBuf};

use routehub_scenario::Scenario;

/// The files of a folder, in order: name and text of each.
#[allow(dead_code, reason = "not every test reads folders of its own")]
pub(crate) fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("a file can be listed").path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.file_name().unwrap_or_default();
            let text = std::fs::read_to_string(&file).expect("a file can be read");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// Every lab: its name and its text.
#[allow(dead_code, reason = "not every test reads labs")]
pub(crate) fn labs() -> Vec<(String, String)> {
    let labs = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labs"));
    assert!(labs.len() >= 32, "labs are missing: {}", labs.len());
    labs
}

/// Reads a lab.
pub(crate) fn read(name: &str, text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"))
}
