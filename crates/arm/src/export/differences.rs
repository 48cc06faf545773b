//! What documents do not say of an estate: the tags that say it.

use routehub_exchange::Estate;
use routehub_exchange::estate::{Object, ObjectName, Peering, PeeringEnds};
use serde_json::{Map, Value, json};

use super::ids::Ids;
use crate::documents::Documents;
use crate::import::{OBJECTS, PEERINGS, PREFIX};

/// Tags documents with every key in which what is imported from them differs from the estate.
pub(super) fn tag_differences(estate: &Estate, ids: &mut Ids, documents: &mut [Value]) {
    let imported = imported(documents);
    let mut missing = Vec::new();
    for object in objects(estate) {
        match imported.object(&object.name()) {
            Some(there) => tag(&object, &there, ids, documents),
            None => missing.push(json!(object)),
        }
    }
    if missing.is_empty() {
        return;
    }
    // What no document stands for is tagged to the first network.
    if let Some(first) = documents.first_mut() {
        set_tag(first, OBJECTS, &Value::Array(missing));
    }
}

fn imported(documents: &[Value]) -> Estate {
    let mut all = Documents::new();
    for document in documents {
        all.take("estate", document.clone());
    }
    all.import().estate
}

/// Every object of an estate, each after those that it names.
fn objects(estate: &Estate) -> Vec<Object> {
    fn all<'a, T: Clone + 'a>(
        list: &'a [T],
        object: fn(T) -> Object,
    ) -> impl Iterator<Item = Object> + 'a {
        list.iter().cloned().map(object)
    }
    let mut objects: Vec<Object> = all(&estate.vnets, Object::Vnet).collect();
    objects.extend(all(&estate.route_tables, Object::RouteTable));
    objects.extend(all(&estate.peerings, Object::Peering));
    objects.extend(all(&estate.route_maps, Object::RouteMap));
    objects.extend(all(&estate.route_servers, Object::RouteServer));
    objects.extend(all(&estate.nvas, Object::Nva));
    objects.extend(all(&estate.circuits, Object::Circuit));
    objects.extend(all(&estate.sites, Object::Site));
    objects.extend(all(&estate.gateways, Object::Gateway));
    objects.extend(all(&estate.nics, Object::Nic));
    objects.extend(all(&estate.private_endpoints, Object::PrivateEndpoint));
    objects.extend(all(&estate.load_balancers, Object::LoadBalancer));
    objects
}

/// The kind of an object in the network file, and its keys.
fn keys(object: &Object) -> (String, Map<String, Value>) {
    let written = json!(object);
    let entry = written.as_object().and_then(|entry| entry.iter().next());
    entry.map_or_else(Default::default, |(kind, keys)| {
        (kind.clone(), keys.as_object().cloned().unwrap_or_default())
    })
}

/// The keys that differ, with their values in the estate.
fn different(object: &Object, imported: &Object) -> Map<String, Value> {
    let ((_, wanted), (_, there)) = (keys(object), keys(imported));
    let is_same = |key: &String, value: &Value| there.get(key) == Some(value);
    let mut different: Map<String, Value> = wanted
        .iter()
        .filter(|(key, value)| !is_same(key, value))
        .map(owned)
        .collect();
    for (key, value) in there.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
        let none = if value.is_array() {
            json!([])
        } else {
            Value::Null
        };
        different.insert(key.clone(), none);
    }
    different
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn tag(object: &Object, imported: &Object, ids: &mut Ids, documents: &mut [Value]) {
    if let (Object::Peering(wanted), Object::Peering(there)) = (object, imported) {
        return tag_peering(wanted, there, ids, documents);
    }
    let different = different(object, imported);
    let id = match object.name() {
        ObjectName::Vnet(name) => ids.of("virtualNetworks", &name),
        ObjectName::RouteTable(name) => ids.of("routeTables", &name),
        ObjectName::RouteServer(name) => ids.of("virtualHubs", &name),
        ObjectName::Nva(name) => ids.of("virtualMachines", &name),
        ObjectName::Circuit(name) => ids.of("expressRouteCircuits", &name),
        ObjectName::Site(name) => ids.of("localNetworkGateways", &name),
        ObjectName::Gateway(name) => ids.of("virtualNetworkGateways", &name),
        ObjectName::Nic(name) => ids.of("networkInterfaces", &name),
        ObjectName::PrivateEndpoint(name) => ids.of("privateEndpoints", &name),
        ObjectName::LoadBalancer(name) => ids.of("loadBalancers", &name),
        ObjectName::RouteMap(_) | ObjectName::Subnet(_) | ObjectName::Peering(_) => return,
    };
    let mut documents = documents.iter_mut();
    let Some(document) = documents.find(|document| document["id"] == id) else {
        return;
    };
    for (key, value) in &different {
        set_tag(document, key, value);
    }
}

/// Peerings have no tags of their own: those of their network say what is different.
fn tag_peering(wanted: &Peering, there: &Peering, ids: &mut Ids, documents: &mut [Value]) {
    let turned = match wanted.a == there.a {
        true => wanted.clone(),
        false => wanted.turned(),
    };
    let mut different = different(&Object::Peering(turned), &Object::Peering(there.clone()));
    different.remove("a");
    different.remove("b");
    if different.is_empty() {
        return;
    }
    let ends = PeeringEnds {
        a: there.a.clone(),
        b: there.b.clone(),
    };
    let id = ids.of("virtualNetworks", &ends.a);
    let mut documents = documents.iter_mut();
    if let Some(document) = documents.find(|document| document["id"] == id) {
        let key = format!("{PREFIX}{PEERINGS}");
        let before = document["tags"][&key]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        let mut all: Map<String, Value> = before.unwrap_or_default();
        all.insert(ends.b, Value::Object(different));
        set_tag(document, PEERINGS, &Value::Object(all));
    }
}

fn set_tag(document: &mut Value, key: &str, value: &Value) {
    if !document["tags"].is_object() {
        document["tags"] = json!({});
    }
    document["tags"][format!("{PREFIX}{key}")] = json!(value.to_string());
}
