//! The ids of resources that are written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::resource::{SUBSCRIPTION, segment};

/// The resource group that everything is written into.
pub(crate) const GROUP: &str = "routehub";
/// Where things are that do not say.
const LOCATION: &str = "westeurope";

/// The ids of resources by kind and name.
#[derive(Debug, Default)]
pub(super) struct Ids {
    known: BTreeMap<(String, String), String>,
    taken: BTreeSet<String>,
}

impl Ids {
    /// The id of a resource: its kind, such as `virtualNetworks`, and its name.
    pub(super) fn of(&mut self, kind: &str, name: &str) -> String {
        let key = (kind.to_owned(), name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let short: String = name
            .chars()
            .map(|c| if plain(c) { c } else { '-' })
            .collect();
        let provider = match kind {
            "virtualMachines" => "Microsoft.Compute",
            _ => "Microsoft.Network",
        };
        let numbered = (2..).map(|n| format!("{short}-{n}"));
        let mut free = std::iter::once(short.clone()).chain(numbered).map(|short| {
            format!(
                "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{provider}/{kind}/\
                 {short}"
            )
        });
        let taken = &mut self.taken;
        let id = free
            .find(|id| taken.insert(id.to_ascii_lowercase()))
            .unwrap_or_default();
        self.known.insert(key, id.clone());
        id
    }

    /// A resource with its properties.
    pub(super) fn resource(&mut self, kind: &str, name: &str, properties: Value) -> Value {
        let id = self.of(kind, name);
        resource(&id, name, properties)
    }

    /// A reference to a resource.
    pub(super) fn reference(&mut self, kind: &str, name: &str) -> Value {
        json!({"id": self.of(kind, name)})
    }

    /// A reference to a subnet.
    pub(super) fn subnet(&mut self, vnet: &str, subnet: &str) -> Value {
        json!({"id": format!("{}/subnets/{}", self.of("virtualNetworks", vnet), segment(subnet))})
    }
}

/// A resource by its id.
pub(super) fn resource(id: &str, name: &str, properties: Value) -> Value {
    let path = id.rsplit_once("/providers/").map_or(id, |(_, path)| path);
    let mut segments = path.split('/');
    let provider = segments.next().unwrap_or_default();
    let kinds: Vec<&str> = segments.step_by(2).collect();
    let mut resource = json!({
        "id": id,
        "name": name,
        "type": format!("{provider}/{}", kinds.join("/")),
    });
    resource["properties"] = properties;
    if kinds.len() == 1 {
        resource["location"] = json!(LOCATION);
    }
    resource
}

/// Properties without those that are null.
pub(super) fn given(properties: Value) -> Value {
    match properties {
        Value::Object(fields) => {
            let given = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.collect::<Map<_, _>>())
        }
        other => other,
    }
}
