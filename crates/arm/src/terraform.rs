//! `terraform show -json`: resources of a state or of a plan, as Azure's documents.

use serde_json::{Map, Value, json};

use crate::resource::Fields;

/// Whether a value is what `terraform show -json` prints.
pub(crate) fn is_terraform(value: &Value) -> bool {
    let fields = Fields(value);
    let values = ["values", "planned_values"];
    fields.field("format_version").is_some() && values.iter().any(|key| fields.field(key).is_some())
}

/// Its resources as documents.
pub(crate) fn resources(value: &Value) -> Vec<Value> {
    let fields = Fields(value);
    let root = fields
        .field("values")
        .or_else(|| fields.field("planned_values"));
    let mut all = Vec::new();
    if let Some(module) = root.and_then(|root| root.field("root_module")) {
        module_resources(module, &mut all);
    }
    all.into_iter().filter_map(document).collect()
}

fn module_resources<'a>(module: Fields<'a>, all: &mut Vec<Fields<'a>>) {
    all.extend(module.items("resources"));
    for child in module.items("child_modules") {
        module_resources(child, all);
    }
}

/// A resource of `azapi` is one of Azure as it stands.
fn document(resource: Fields<'_>) -> Option<Value> {
    let kind = resource.text("type")?;
    let values = resource.field("values")?;
    if kind != "azapi_resource" {
        return None;
    }
    let body = match values.field("body")?.0 {
        Value::String(text) => serde_json::from_str(text).ok()?,
        body => body.clone(),
    };
    let mut document = match body {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    for key in ["id", "name", "location"] {
        if let Some(value) = values.field(key) {
            document.insert(key.to_owned(), json!(value.0));
        }
    }
    Some(Value::Object(document))
}
