//! The documents that the endpoint holds: each resource by its id, its parts as resources of their
//! own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::documents::Documents;
use crate::resource::{Fields, ResourceId, segment};

/// The lists of a resource whose items are resources of their own, by its kind.
const PARTS: &[(&str, &[&str])] = &[
    ("virtualnetworks", &["subnets", "virtualNetworkPeerings"]),
    ("routetables", &["routes"]),
    ("expressroutecircuits", &["peerings", "authorizations"]),
    ("networksecuritygroups", &["securityRules"]),
    (
        "loadbalancers",
        &[
            "frontendIPConfigurations",
            "backendAddressPools",
            "loadBalancingRules",
            "probes",
            "inboundNatRules",
            "outboundRules",
        ],
    ),
];

/// A resource.
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    /// The id as it was first written.
    id: String,
    /// What was said of it, without its parts.
    value: Arc<Value>,
    /// Which change it comes from.
    revision: u64,
}

/// What becomes of resources; none: they go.
type Changes = BTreeMap<ResourceId, Option<Stored>>;

/// What a change makes of documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Delta {
    resources: Changes,
    groups: Changes,
}

impl Delta {
    /// The resources that are written or go.
    pub(super) fn ids(&self) -> impl Iterator<Item = &ResourceId> {
        self.resources.keys()
    }

    /// Whether a resource is written or goes.
    pub(super) fn touches(&self, id: &ResourceId) -> bool {
        self.resources.contains_key(id)
    }
}

/// Resources and resource groups. A copy is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Store {
    resources: BTreeMap<ResourceId, Stored>,
    groups: BTreeMap<ResourceId, Stored>,
    revision: u64,
}

impl Store {
    /// The lists of a kind whose items are resources of their own.
    fn parts_of(kind: &str) -> &'static [&'static str] {
        let entry = PARTS.iter().find(|(parent, _)| *parent == kind);
        entry.map_or(&[], |(_, lists)| *lists)
    }

    /// Enters a resource in place of what was there. Lists of parts that stand in it replace the
    /// parts that there were; parts of lists that do not stand in it stay.
    pub(super) fn put(&mut self, id: &str, mut value: Map<String, Value>) {
        self.revision += 1;
        let key = ResourceId::new(id);
        let known = self.resources.get(&key);
        let id = known.map_or(id, |known| &known.id).to_owned();
        for list in Self::parts_of(&key.kind()) {
            let properties = value.get_mut("properties").and_then(Value::as_object_mut);
            let nested = properties.and_then(|properties| properties.remove(*list));
            let Some(Value::Array(parts)) = nested.or_else(|| value.remove(*list)) else {
                continue;
            };
            let parts = parts.into_iter().filter_map(|part| match part {
                Value::Object(part) => {
                    let name = part.get("name").and_then(Value::as_str)?;
                    Some((format!("{id}/{list}/{}", segment(name)), part))
                }
                _ => None,
            });
            let parts: BTreeMap<String, Map<String, Value>> = parts.collect();
            let stay: Vec<ResourceId> = parts.keys().map(|id| ResourceId::new(id)).collect();
            let kind = format!("{}/{}", key.kind(), list.to_ascii_lowercase());
            let before = self.below(&key);
            let gone = before.filter(|part| part.kind() == kind && !stay.contains(part));
            for part in gone.cloned().collect::<Vec<_>>() {
                self.remove(&part);
            }
            for (part, value) in parts {
                self.put(&part, value);
            }
        }
        let last = id.rsplit('/').next().unwrap_or_default();
        // What cannot stand in an id stays in the name.
        let own = value.get("name").and_then(Value::as_str);
        let own = own.filter(|own| segment(own).eq_ignore_ascii_case(last));
        let name = own.unwrap_or(last).to_owned();
        value.insert("id".to_owned(), json!(id));
        value.insert("type".to_owned(), json!(kind_of(&id)));
        value.insert("name".to_owned(), json!(name));
        let stored = Stored {
            id,
            value: Arc::new(Value::Object(value)),
            revision: self.revision,
        };
        self.resources.insert(key, stored);
    }

    /// Removes a resource and what is part of it; whether it was there.
    pub(super) fn remove(&mut self, id: &ResourceId) -> bool {
        self.revision += 1;
        let parts: Vec<ResourceId> = self.below(id).cloned().collect();
        for part in parts {
            self.resources.remove(&part);
        }
        self.resources.remove(id).is_some()
    }

    /// What is part of a resource, at any depth.
    fn below(&self, id: &ResourceId) -> impl Iterator<Item = &ResourceId> {
        let prefix = format!("{}/", id.text());
        let from = ResourceId::new_raw(prefix.clone());
        let ids = self.resources.range(from..).map(|(id, _)| id);
        ids.take_while(move |part| part.text().starts_with(&prefix))
    }

    /// The ids of all resources.
    pub(super) fn ids(&self) -> impl Iterator<Item = &ResourceId> {
        self.resources.keys()
    }

    /// What was said of a resource, without its parts.
    pub(super) fn get(&self, id: &ResourceId) -> Option<&Value> {
        self.resources.get(id).map(|stored| &*stored.value)
    }

    /// The fields of a resource.
    pub(super) fn fields(&self, id: &ResourceId) -> Option<Fields<'_>> {
        self.get(id).map(Fields)
    }

    /// The id of a resource as it was first written.
    pub(super) fn written(&self, id: &ResourceId) -> Option<&str> {
        self.resources.get(id).map(|stored| stored.id.as_str())
    }

    /// What a resource is tagged with while nothing of it changes.
    pub(super) fn etag(&self, id: &ResourceId) -> Option<String> {
        let stored = self.resources.get(id)?;
        let parts = self.below(id).filter_map(|part| self.resources.get(part));
        let newest = parts.map(|part| part.revision).max().unwrap_or_default();
        let revision = newest.max(stored.revision);
        Some(format!("W/\"00000000-0000-0000-0000-{revision:012}\""))
    }

    /// The resources of a kind, such as `virtualNetworks/subnets`, with their ids.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = (&ResourceId, Fields<'_>)> {
        let kind = kind.to_ascii_lowercase();
        let all = self.resources.iter();
        all.filter(move |(id, _)| id.kind() == kind)
            .map(|(id, stored)| (id, Fields(&stored.value)))
    }

    /// The parts of a resource that one of its lists has.
    pub(super) fn parts(
        &self,
        id: &ResourceId,
        list: &str,
    ) -> impl Iterator<Item = (&ResourceId, Fields<'_>)> {
        let kind = format!("{}/{}", id.kind(), list.to_ascii_lowercase());
        let ids = self.below(id).filter(move |part| part.kind() == kind);
        ids.filter_map(|part| Some((part, self.fields(part)?)))
    }

    /// The lists of parts of a resource, by their names.
    pub(super) fn lists(
        &self,
        id: &ResourceId,
    ) -> impl Iterator<Item = (&'static str, Vec<ResourceId>)> + use<'_> {
        let id = id.clone();
        let lists = Self::parts_of(&id.kind()).iter();
        lists.map(move |list| {
            let parts = self.parts(&id, list).map(|(part, _)| part.clone());
            (*list, parts.collect())
        })
    }

    /// Resources that refer to another, or to a part of it, and are not a part of it.
    pub(super) fn referring(&self, id: &ResourceId) -> impl Iterator<Item = &ResourceId> {
        let (own, parts) = (id.text().to_owned(), format!("{}/", id.text()));
        let is_inside = move |text: &str| text == own || text.starts_with(&parts);
        let inside = is_inside.clone();
        let others = self.resources.iter().filter(move |(other, stored)| {
            !inside(other.text()) && refers(&stored.value, &is_inside)
        });
        others.map(|(other, _)| other)
    }

    /// The virtual machine that a NIC is attached to.
    pub(super) fn machine_of(&self, nic: &ResourceId) -> Option<&str> {
        let mut machines = self.of_kind("virtualMachines");
        let (machine, _) = machines.find(|(_, machine)| machine.has_nic(nic))?;
        self.written(machine)
    }

    /// Enters a resource group.
    pub(super) fn put_group(&mut self, id: &str, value: Map<String, Value>) {
        self.revision += 1;
        let key = ResourceId::new(id);
        let known = self.groups.get(&key);
        let stored = Stored {
            id: known.map_or(id, |known| &known.id).to_owned(),
            value: Arc::new(Value::Object(value)),
            revision: self.revision,
        };
        self.groups.insert(key, stored);
    }

    /// A resource group: its id as it was first written, and what was said of it.
    pub(super) fn group(&self, id: &ResourceId) -> Option<(&str, &Value)> {
        let group = self.groups.get(id)?;
        Some((&group.id, &group.value))
    }

    /// The resource groups.
    pub(super) fn groups(&self) -> impl Iterator<Item = &ResourceId> {
        self.groups.keys()
    }

    /// Removes a resource group with all that is in it; whether it was there.
    pub(super) fn remove_group(&mut self, id: &ResourceId) -> bool {
        self.revision += 1;
        let prefix = format!("{}/", id.text());
        self.resources
            .retain(|resource, _| !resource.text().starts_with(&prefix));
        self.groups.remove(id).is_some()
    }

    /// What makes these documents of others.
    pub(super) fn since(&self, before: &Self) -> Delta {
        let changes = |now: &BTreeMap<ResourceId, Stored>, then: &BTreeMap<ResourceId, Stored>| {
            let is_new = |id: &ResourceId, stored: &Stored| {
                then.get(id).map(|then| then.revision) != Some(stored.revision)
            };
            let put = now.iter().filter(|(id, stored)| is_new(id, stored));
            let put = put.map(|(id, stored)| (id.clone(), Some(stored.clone())));
            let gone = then.keys().filter(|id| !now.contains_key(id));
            put.chain(gone.map(|id| (id.clone(), None))).collect()
        };
        Delta {
            resources: changes(&self.resources, &before.resources),
            groups: changes(&self.groups, &before.groups),
        }
    }

    /// Makes the changes of others.
    pub(super) fn apply(&mut self, delta: &Delta) {
        self.revision += 1;
        let revision = self.revision;
        let change = |all: &mut BTreeMap<ResourceId, Stored>, changes: &Changes| {
            for (id, stored) in changes {
                match stored.clone() {
                    Some(stored) => all.insert(id.clone(), Stored { revision, ..stored }),
                    None => all.remove(id),
                };
            }
        };
        change(&mut self.resources, &delta.resources);
        change(&mut self.groups, &delta.groups);
    }

    /// The state of a half of a peering: connected while there is the other half.
    pub(super) fn peering_state(&self, id: &ResourceId, half: Fields<'_>) -> &'static str {
        let near = id.up_to("virtualNetworks");
        let far = half.reference("remoteVirtualNetwork");
        let back = near.zip(far.as_ref()).and_then(|(near, far)| {
            let mut halves = self.parts(far, "virtualNetworkPeerings");
            halves.find(|(_, half)| half.reference("remoteVirtualNetwork").as_ref() == Some(&near))
        });
        let was = half.text("peeringState").unwrap_or_default();
        match back {
            Some(_) => "Connected",
            None if far.is_none_or(|far| self.get(&far).is_none()) => "Disconnected",
            None if ["Connected", "Disconnected"].contains(&was) => "Disconnected",
            None => "Initiated",
        }
    }

    /// All of it as documents that can be imported.
    pub(super) fn documents(&self) -> Documents {
        let mut documents = Documents::new();
        for (id, stored) in &self.resources {
            let mut value = (*stored.value).clone();
            if id.kind() == "virtualnetworks/virtualnetworkpeerings"
                && let Some(half) = value.as_object_mut()
            {
                let state = self.peering_state(id, Fields(&stored.value));
                half.insert("peeringState".to_owned(), json!(state));
            }
            documents.hold(id.clone(), value);
        }
        documents
    }

    /// Keeps in mind of every half of a peering what state it is in.
    pub(super) fn keep_peering_states(&mut self) {
        let halves = self.of_kind("virtualNetworks/virtualNetworkPeerings");
        let states: Vec<(ResourceId, &str)> = halves
            .map(|(id, half)| (id.clone(), self.peering_state(id, half)))
            .collect();
        for (id, state) in states {
            let stored = self.resources.get_mut(&id);
            let half = stored.map(|stored| Arc::make_mut(&mut stored.value));
            let half = half.and_then(Value::as_object_mut);
            let properties = half.and_then(|half| half.get_mut("properties")?.as_object_mut());
            if let Some(properties) = properties {
                properties.insert("peeringState".to_owned(), json!(state));
            }
        }
    }

    /// Everything as it can be kept in a file and read again.
    pub(super) fn kept(&self) -> Value {
        let values = |all: &BTreeMap<ResourceId, Stored>| -> Vec<Value> {
            let entries = all.values();
            entries
                .map(|stored| json!({"id": stored.id, "resource": *stored.value}))
                .collect()
        };
        json!({"groups": values(&self.groups), "resources": values(&self.resources)})
    }

    /// What was kept in a file; entries that are none are left out.
    pub(super) fn of_kept(kept: &Value) -> Self {
        let mut store = Self::default();
        let kept = Fields(kept);
        let entry = |entry: Fields<'_>| {
            let resource = entry.field("resource")?.0.as_object()?.clone();
            Some((entry.text("id")?.to_owned(), resource))
        };
        for (id, group) in kept.items("groups").filter_map(entry) {
            store.put_group(&id, group);
        }
        for (id, resource) in kept.items("resources").filter_map(entry) {
            store.put(&id, resource);
        }
        store
    }
}

/// The kind of a resource as answers have it: `Microsoft.Network/virtualHubs/bgpConnections`.
fn kind_of(id: &str) -> String {
    let path = id.rsplit_once("/providers/").map_or(id, |(_, path)| path);
    let mut segments = path.split('/');
    let provider = segments.next().unwrap_or_default();
    let kinds: Vec<&str> = segments.step_by(2).collect();
    format!("{provider}/{}", kinds.join("/"))
}

/// Whether a value has an `id` of these somewhere.
fn refers(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| refers(item, is)),
        Value::Object(fields) => fields.iter().any(|(key, value)| match value {
            Value::String(text) if key.eq_ignore_ascii_case("id") => {
                is(&text.trim_end_matches('/').to_ascii_lowercase())
            }
            _ => refers(value, is),
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str =
        "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub";

    fn vnet(subnets: &[&str]) -> Map<String, Value> {
        let subnets: Vec<Value> = subnets.iter().map(|name| json!({"name": name})).collect();
        let value = json!({"properties": {"subnets": subnets}});
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn parts_are_resources_of_their_own_and_a_list_replaces_them() {
        let mut store = Store::default();
        store.put(HUB, vnet(&["a", "b"]));
        let id = ResourceId::new(HUB);
        let names = |store: &Store| -> Vec<String> {
            let parts = store.parts(&id, "subnets");
            parts.map(|(id, _)| id.last().to_owned()).collect()
        };
        assert_eq!(names(&store), ["a", "b"]);
        let etag = store.etag(&id);
        store.put(&format!("{HUB}/subnets/c"), Map::new());
        assert_ne!(store.etag(&id), etag);
        store.put(&HUB.to_uppercase(), vnet(&["c"]));
        assert_eq!(names(&store), ["c"]);
        assert_eq!(store.written(&id), Some(HUB));
        store.put(HUB, Map::new());
        assert_eq!(names(&store), ["c"]);
        assert!(store.remove(&id));
        assert_eq!(store.ids().count(), 0);
    }

    #[test]
    fn a_part_whose_name_cannot_stand_in_an_id_is_one_of_its_kind() {
        let mut store = Store::default();
        store.put(HUB, vnet(&["to 10.0.0.0/8"]));
        let again = Store::of_kept(&store.kept());
        let hub = ResourceId::new(HUB);
        for store in [store, again] {
            let parts = store.parts(&hub, "subnets");
            let names: Vec<&str> = parts.filter_map(|(_, own)| own.text("name")).collect();
            assert_eq!(names, ["to 10.0.0.0/8"]);
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let mut store = Store::default();
        store.put_group("/subscriptions/S/resourceGroups/rg", Map::new());
        store.put(HUB, vnet(&["a"]));
        let again = Store::of_kept(&store.kept());
        assert_eq!(again.kept(), store.kept());
        assert_eq!(Store::of_kept(&json!([1])), Store::default());
    }

    #[test]
    fn who_refers_to_a_resource_is_found() {
        let mut store = Store::default();
        store.put(HUB, vnet(&["a"]));
        let nic = HUB.replace("virtualNetworks/hub", "networkInterfaces/nic");
        let subnet = json!({"properties": {"x": [{"subnet": {"ID": format!("{HUB}/subnets/A")}}]}});
        store.put(&nic, subnet.as_object().cloned().unwrap());
        let referring: Vec<_> = store.referring(&ResourceId::new(HUB)).collect();
        assert_eq!(referring, [&ResourceId::new(&nic)]);
    }
}
