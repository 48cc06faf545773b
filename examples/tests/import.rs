//! `import` as its users run it.

use std::path::Path;

use routehub_testkit::example;

/// The documents of a folder that the tests of the library have.
fn documents(folder: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/arm/tests/data");
    let files = std::fs::read_dir(root.join(folder)).expect("the folder is there");
    let files = files.map(|entry| entry.expect("a file can be listed").path());
    files.map(|file| file.display().to_string()).collect()
}

#[test]
fn azures_documents_become_a_network_file_that_agrees_with_azure() {
    let files = documents("hubless");
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let run = example::run("import", &files, b"");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.err
            .contains("the model and Azure agree in 20 of 20 rows"),
        "{}",
        run.err
    );
    let output = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(output.path(), &run.out).expect("it can be written");
    let path = output.path().display().to_string();
    let check = example::run("scenario", &[&path, "--check"], b"");
    assert_eq!(check.code, Some(0), "{}{}", check.out, check.err);
}

#[test]
fn what_is_no_json_is_named_with_its_file() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "no").expect("it can be written");
    let run = example::run("import", &[&file.path().display().to_string()], b"");
    assert_ne!(run.code, Some(0));
    assert!(run.err.contains("is not JSON"), "{}", run.err);
}
