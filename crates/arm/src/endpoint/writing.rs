//! Requests that change documents: what they make of them.

mod allocation;
mod deployment;

use routehub_exchange::Parameters;
use serde_json::{Map, Value, json};

use super::address::Address;
use super::lenient;
use super::message::{ArmError, Request};
use super::refusal::{check_delete, check_put, check_written, no_group};
use super::store::Store;
use crate::resource::{Fields, ResourceId};
use allocation::allocate;
use deployment::deploy;

/// Resources that there may be.
const MOST: usize = 20_000;

/// What a request makes of the documents.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) store: Store,
    pub(super) status: u16,
    /// What the answer shows.
    pub(super) shows: Option<Address>,
    /// The answer's body, where it is not that.
    pub(super) body: Option<Value>,
}

impl Written {
    fn showing(store: Store, is_new: bool, shows: Address) -> Self {
        Self {
            store,
            status: if is_new { 201 } else { 200 },
            shows: Some(shows),
            body: None,
        }
    }

    const fn gone(store: Store, was_there: bool) -> Self {
        Self {
            store,
            status: if was_there { 200 } else { 204 },
            shows: None,
            body: None,
        }
    }
}

/// Carries out `PUT`, `PATCH` or `DELETE` on a copy of the documents.
///
/// # Errors
/// [`ArmError`], as Azure has it.
pub(super) fn write(
    store: &Store,
    parameters: &Parameters,
    request: &Request<'_>,
    address: &Address,
) -> Result<Written, ArmError> {
    let mut store = store.clone();
    match (request.method, address) {
        ("DELETE", Address::Group(id)) => {
            let was_there = store.remove_group(&ResourceId::new(id));
            match was_there {
                true => Ok(Written::gone(store, true)),
                false => Err(no_group(id.rsplit('/').next().unwrap_or_default())),
            }
        }
        ("DELETE", Address::Resource(id)) => {
            let key = ResourceId::new(id);
            check_match(&store, &key, request)?;
            check_delete(&store, &key)?;
            let was_there = store.remove(&key);
            Ok(Written::gone(store, was_there))
        }
        ("PUT" | "PATCH", Address::Group(id)) => {
            let key = ResourceId::new(id);
            let before = store.group(&key).map(|(_, value)| value.clone());
            let value = given(request, before.as_ref())?;
            if value.get("location").and_then(Value::as_str).is_none() {
                let message = "The location property is required for this definition.";
                return Err(ArmError::bad("LocationRequired", message));
            }
            store.put_group(id, value);
            Ok(Written::showing(store, before.is_none(), address.clone()))
        }
        ("PUT" | "PATCH", Address::Resource(id)) => put(store, parameters, request, id),
        ("PUT", Address::Collection(id, kind)) if kind.eq_ignore_ascii_case("sharedkey") => {
            let key = ResourceId::new(id);
            store.get(&key).ok_or_else(|| ArmError::not_found(id))?;
            let body = Value::Object(given(request, None)?);
            Ok(Written {
                store,
                status: 200,
                shows: None,
                body: Some(body),
            })
        }
        (method, _) => {
            let message = format!("The HTTP method '{method}' is not supported here.");
            Err(ArmError::new(405, "MethodNotAllowed", message))
        }
    }
}

/// Whether an action starts a machine or stops it; none if it is another.
pub(super) fn power(id: &ResourceId, action: &str) -> Option<bool> {
    if id.kind() != "virtualmachines" {
        return None;
    }
    match action.to_ascii_lowercase().as_str() {
        "start" | "restart" => Some(true),
        "deallocate" | "poweroff" => Some(false),
        _ => None,
    }
}

/// Starts or stops a machine; of one that no document has, `machine` becomes the document.
pub(super) fn set_power(store: &Store, id: &str, machine: Option<Value>, running: bool) -> Written {
    let mut store = store.clone();
    let known = store.get(&ResourceId::new(id)).cloned();
    let mut machine = known.or(machine).unwrap_or_else(|| json!({}));
    let code = if running {
        "PowerState/running"
    } else {
        "PowerState/deallocated"
    };
    let statuses = json!({"statuses": [{"code": code, "level": "Info"}]});
    if let Some(fields) = machine.as_object_mut() {
        let own = fields.entry("properties").or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            own.insert("instanceView".to_owned(), statuses);
        }
        store.put(id, fields.clone());
    }
    Written::gone(store, true)
}

fn put(
    mut store: Store,
    parameters: &Parameters,
    request: &Request<'_>,
    id: &str,
) -> Result<Written, ArmError> {
    let key = ResourceId::new(id);
    check_match(&store, &key, request)?;
    let before = store.get(&key).cloned();
    if request.method == "PATCH" && before.is_none() {
        return Err(ArmError::not_found(id));
    }
    let value = given(request, before.as_ref())?;
    let is_new = before.is_none();
    if key.kind() == "deployments" {
        let deployed = deploy(id, &value)?;
        for (resource, value) in deployed.resources {
            enter(&mut store, parameters, &resource, value)?;
        }
        store.put(id, deployed.record);
    } else {
        enter(&mut store, parameters, id, value)?;
    }
    Ok(Written::showing(
        store,
        is_new,
        Address::Resource(id.to_owned()),
    ))
}

/// Enters a resource, if it can be what it is said to be.
fn enter(
    store: &mut Store,
    parameters: &Parameters,
    id: &str,
    mut value: Map<String, Value>,
) -> Result<(), ArmError> {
    let key = ResourceId::new(id);
    if store.ids().nth(MOST).is_some() {
        let message = format!("There are {MOST} resources, which is the limit of this endpoint.");
        return Err(ArmError::new(409, "ResourceQuotaExceeded", message));
    }
    let properties = value.entry("properties").or_insert_with(|| json!({}));
    if !properties.is_object() {
        let message = "The property 'properties' is not an object.";
        return Err(ArmError::bad("InvalidRequestContent", message));
    }
    value.retain(|key, _| key != "etag");
    check_put(store, parameters, id, &Value::Object(value.clone()))?;
    allocate(store, &key, &mut value)?;
    place(store, &key, &mut value);
    store.put(id, value);
    let parts: Vec<ResourceId> = store.lists(&key).flat_map(|(_, parts)| parts).collect();
    for part in &parts {
        let written = store.written(part).map(str::to_owned);
        if let (Some(written), Some(value)) = (written, store.get(part).cloned()) {
            check_put(store, parameters, &written, &value)?;
        }
    }
    check_written(store, &key)
}

/// A resource is where its group is, if it does not say.
fn place(store: &Store, key: &ResourceId, value: &mut Map<String, Value>) {
    if value.contains_key("location") || key.kind().contains('/') {
        return;
    }
    let group = key.up_to("resourceGroups").and_then(|group| {
        let (_, group) = store.group(&group)?;
        Fields(group).text("location").map(str::to_owned)
    });
    value.insert("location".to_owned(), json!(group));
}

/// The object that a request gives: of `PATCH`, what was there with what is given.
fn given(request: &Request<'_>, before: Option<&Value>) -> Result<Map<String, Value>, ArmError> {
    let Value::Object(given) = lenient::read(request.body)? else {
        let message = "The request content was invalid: an object is expected.";
        return Err(ArmError::bad("InvalidRequestContent", message));
    };
    match (request.method, before) {
        ("PATCH", Some(Value::Object(before))) => {
            let mut merged = before.clone();
            merge(&mut merged, given);
            Ok(merged)
        }
        _ => Ok(given),
    }
}

/// Merges as a JSON merge patch does (RFC 7396).
fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match (value, into.get_mut(&key)) {
            (Value::Null, _) => drop(into.remove(&key)),
            (Value::Object(patch), Some(Value::Object(inner))) => merge(inner, patch),
            (value, _) => drop(into.insert(key, value)),
        }
    }
}

/// Refuses a change of what is no longer as the client saw it.
fn check_match(store: &Store, key: &ResourceId, request: &Request<'_>) -> Result<(), ArmError> {
    let Some(wanted) = request.if_match.filter(|wanted| *wanted != "*") else {
        return Ok(());
    };
    match store.etag(key) {
        Some(etag) if etag != wanted => {
            let message =
                format!("Etag provided in if-match header {wanted} does not match etag {etag}.");
            Err(ArmError::new(
                412,
                "PreconditionFailedEtagMismatch",
                message,
            ))
        }
        _ => Ok(()),
    }
}
