//! The JSON schema in the repository is the one that the code generates.
//!
//! After a change of the format: `UPDATE_SCHEMA=1 cargo test -p routehub-scenario --test file schema`.

use std::path::Path;

use routehub_scenario::json_schema;

#[test]
fn the_schema_in_the_repository_is_the_generated_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/routehub-1.schema.json");
    let generated = json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&file, &generated).expect("the schema can be written");
    }
    let stored = std::fs::read_to_string(&file).expect("the schema is there");
    assert!(
        stored == generated,
        "schema/routehub-1.schema.json is not up to date"
    );
}
