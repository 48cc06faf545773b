//! Deployments of templates: the resources that one makes.

use serde_json::{Map, Value, json};

use crate::endpoint::message::ArmError;
use crate::template::{Scope, Template};

/// What a deployment makes.
pub(super) struct Deployed {
    /// Resources with their ids, each after those that it needs.
    pub(super) resources: Vec<(String, Map<String, Value>)>,
    /// The deployment itself, with its outputs.
    pub(super) record: Map<String, Value>,
}

/// Works out a deployment.
///
/// # Errors
/// [`ArmError`] for a template that cannot be worked out.
pub(super) fn deploy(id: &str, value: &Map<String, Value>) -> Result<Deployed, ArmError> {
    let invalid = |message: String| ArmError::bad("InvalidTemplate", message);
    let properties = value.get("properties").and_then(Value::as_object);
    let properties = properties.ok_or_else(|| invalid("There is no template.".to_owned()))?;
    let template = properties.get("template").unwrap_or(&Value::Null);
    let parameters = properties.get("parameters").unwrap_or(&Value::Null);
    let scope = Scope::of(id);
    let made = Template::new(template, parameters, &scope)
        .and_then(Template::made)
        .map_err(|error| invalid(format!("Deployment template validation failed: {error}.")))?;
    let record = json!({"properties": {
        "mode": properties.get("mode").unwrap_or(&json!("Incremental")),
        "outputs": made.outputs,
        "provisioningState": "Succeeded",
    }});
    Ok(Deployed {
        resources: made.resources,
        record: record.as_object().cloned().unwrap_or_default(),
    })
}
