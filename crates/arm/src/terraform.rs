//! `terraform show -json`: resources of a state or of a plan, as Azure's documents.
//!
//! A state has ids. A plan has none of what is still to be made: there the references of the
//! configuration say what leads to what.

mod azurerm;
mod tree;
mod types;

use serde_json::{Map, Value, json};

use crate::resource::Fields;
use tree::{Planned, Tree};

/// Whether a value is what `terraform show -json` prints.
pub(crate) fn is_terraform(value: &Value) -> bool {
    let fields = Fields(value);
    let values = ["values", "planned_values"];
    fields.field("format_version").is_some() && values.iter().any(|key| fields.field(key).is_some())
}

/// Its resources as documents, and the types of those that routehub has no place for.
pub(crate) fn resources(value: &Value) -> (Vec<Value>, Vec<String>) {
    let tree = Tree::of(value);
    let mut documents = Vec::new();
    let mut unknown = Vec::new();
    for planned in tree.resources() {
        let document = match planned.kind() {
            "azapi_resource" => azapi(&tree, planned),
            kind if kind.starts_with("azurerm_") => azurerm::document(&tree, planned),
            _ => None,
        };
        match document {
            Some(document) => documents.push(document),
            None if types::matters(planned.kind()) => unknown.push(planned.address().to_owned()),
            None => {}
        }
    }
    azurerm::associate(&tree, &mut documents);
    (documents, unknown)
}

/// A resource of `azapi` is one of Azure as it stands.
fn azapi(tree: &Tree<'_>, planned: &Planned<'_>) -> Option<Value> {
    let values = planned.values();
    let body = match values.field("body")?.0 {
        Value::String(text) => serde_json::from_str(text).ok()?,
        body => body.clone(),
    };
    let mut document = match body {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    for key in ["name", "location", "tags"] {
        if let Some(value) = values.field(key) {
            document.insert(key.to_owned(), value.0.clone());
        }
    }
    document.insert("id".to_owned(), json!(tree.id(planned)?));
    Some(Value::Object(document))
}
