//! What requests that change nothing are answered with.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::address::Address;
use super::fill::shown;
use super::login::Cloud;
use super::message::{ArmError, Response};
use super::network::Network;
use super::question::is_nic_of;
use super::refusal::no_group;
use super::state::Operations;
use super::store::Store;
use crate::resource::ResourceId;

/// The group that network watchers stand in.
const WATCHERS: &str = "NetworkWatcherRG";

/// The documents to answer from.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) store: &'a Store,
    pub(super) network: &'a Network,
    pub(super) operations: &'a Operations,
}

impl Reading<'_> {
    /// The answer to `GET`.
    ///
    /// # Errors
    /// [`ArmError`] for what is not there.
    pub(super) fn get(&self, address: &Address) -> Result<Response, ArmError> {
        let list = |values: Vec<Value>| Ok(Response::ok(json!({"value": values})));
        match address {
            Address::Tenants => list(vec![self.cloud.tenant()]),
            Address::Subscriptions => list(vec![self.cloud.subscription()]),
            Address::Subscription(id) => {
                self.known_subscription(id)?;
                Ok(Response::ok(self.cloud.subscription()))
            }
            Address::Locations(id) => {
                let locations = self.locations().into_iter();
                list(locations.map(|name| location(id, &name)).collect())
            }
            Address::Groups(_) => {
                let groups = self.store.groups();
                list(groups.filter_map(|id| self.group(id)).collect())
            }
            Address::Group(id) => {
                let key = ResourceId::new(id);
                let group = self.group(&key).ok_or_else(|| no_group(last(id)))?;
                Ok(Response::ok(group))
            }
            Address::Everything(scope) => list(self.everything(scope)),
            Address::Provider(subscription, None) => {
                list(vec![self.provider(subscription, "Microsoft.Network")])
            }
            Address::Provider(subscription, Some(name)) => {
                Ok(Response::ok(self.provider(subscription, name)))
            }
            Address::Resource(id) => {
                let key = ResourceId::new(id);
                let value = self.shown(&key);
                let value = value
                    .or_else(|| self.machine(id))
                    .or_else(|| self.watcher(&key));
                value
                    .map(Response::ok)
                    .ok_or_else(|| ArmError::not_found(id))
            }
            Address::Collection(parent, kind) => list(self.collection(parent, kind)?),
            Address::Metadata | Address::OpenId(_) | Address::Token(_) | Address::Operation(..) => {
                Ok(Response::empty(204))
            }
        }
    }

    /// The answer to `HEAD`.
    pub(super) fn head(&self, address: &Address) -> Response {
        match self.get(address) {
            Ok(_) => Response::empty(204),
            Err(error) => Response::empty(error.status),
        }
    }

    /// The answer to an action that asks for no routes.
    ///
    /// # Errors
    /// [`ArmError`] for an action that there is not.
    pub(super) fn action(&self, id: &ResourceId, action: &str) -> Result<Response, ArmError> {
        let action = action.to_ascii_lowercase();
        match action.as_str() {
            "register" => Ok(Response::ok(
                self.provider(&self.cloud.subscription, id.last()),
            )),
            _ => {
                let message = format!("The action '{action}' is not supported on {}.", id.kind());
                Err(ArmError::new(404, "InvalidResourceType", message))
            }
        }
    }

    /// The key of a resource that has to be there.
    ///
    /// # Errors
    /// [`ArmError`] if it is not.
    pub(super) fn needed(&self, id: &str) -> Result<ResourceId, ArmError> {
        let key = ResourceId::new(id);
        let kind = key.kind();
        // The table of a circuit's peering is no resource of its own.
        let holder = match kind.ends_with("/routetables") || kind.is_empty() {
            true => key.parent().unwrap_or_else(|| key.clone()),
            false => key.clone(),
        };
        let is_there = self.store.get(&holder).is_some()
            || kind.is_empty()
            || self.watcher(&key).is_some()
            || self.machine(id).is_some();
        if is_there {
            Ok(key)
        } else {
            Err(ArmError::not_found(id))
        }
    }

    /// A resource as answers show it.
    fn shown(&self, id: &ResourceId) -> Option<Value> {
        shown(self.store, self.network, self.operations, id)
    }

    fn known_subscription(&self, id: &str) -> Result<(), ArmError> {
        if id.eq_ignore_ascii_case(&self.cloud.subscription) {
            return Ok(());
        }
        let message = format!("The subscription '{id}' could not be found.");
        Err(ArmError::new(404, "SubscriptionNotFound", message))
    }

    fn group(&self, key: &ResourceId) -> Option<Value> {
        let (id, value) = self.store.group(key)?;
        let mut value = value.as_object()?.clone();
        value.insert("id".to_owned(), json!(id));
        value.insert("name".to_owned(), json!(last(id)));
        value.insert(
            "type".to_owned(),
            json!("Microsoft.Resources/resourceGroups"),
        );
        value.insert(
            "properties".to_owned(),
            json!({"provisioningState": "Succeeded"}),
        );
        Some(Value::Object(value))
    }

    fn everything(&self, scope: &str) -> Vec<Value> {
        let prefix = format!("{}/", scope.to_ascii_lowercase());
        let ids = self.store.ids().filter(|id| id.text().starts_with(&prefix));
        let whole = ids.filter(|id| !id.kind().contains('/'));
        let generic = whole.filter_map(|id| {
            let mut value = self.shown(id)?;
            let fields = value.as_object_mut()?;
            fields.retain(|key, _| ["id", "name", "type", "location", "tags"].contains(&&**key));
            Some(value)
        });
        generic.collect()
    }

    /// The resources of a kind in a subscription or group, or the parts of a resource.
    fn collection(&self, parent: &str, kind: &str) -> Result<Vec<Value>, ArmError> {
        let show = |id: &ResourceId| self.shown(id);
        let key = ResourceId::new(parent);
        if !key.kind().is_empty() {
            self.store
                .get(&key)
                .ok_or_else(|| ArmError::not_found(parent))?;
            return Ok(self
                .store
                .parts(&key, kind)
                .filter_map(|(id, _)| show(id))
                .collect());
        }
        let kind = kind.to_ascii_lowercase();
        if kind == "networkwatchers" {
            return Ok(self
                .locations()
                .iter()
                .map(|place| self.watcher_of(place))
                .collect());
        }
        let (scope, _) = parent.rsplit_once("/providers/").unwrap_or((parent, ""));
        let group = ResourceId::new(scope);
        if group.text().contains("/resourcegroups/") && self.store.group(&group).is_none() {
            return Err(no_group(last(scope)));
        }
        let prefix = format!("{}/", group.text());
        let ids = self.store.ids();
        let own = ids.filter(|id| id.text().starts_with(&prefix) && id.kind() == kind);
        Ok(own.filter_map(show).collect())
    }

    /// The regions that something is in.
    fn locations(&self) -> BTreeSet<String> {
        let resources = self.store.ids().filter_map(|id| self.store.fields(id));
        let places = resources.filter_map(|fields| fields.text("location"));
        let mut places: BTreeSet<String> = places
            .map(|place| place.to_ascii_lowercase().replace(' ', ""))
            .collect();
        if places.is_empty() {
            places.insert("westeurope".to_owned());
        }
        places
    }

    fn watcher_of(&self, place: &str) -> Value {
        let subscription = &self.cloud.subscription;
        let name = format!("NetworkWatcher_{place}");
        json!({
            "id": format!("/subscriptions/{subscription}/resourceGroups/{WATCHERS}/providers/\
                           Microsoft.Network/networkWatchers/{name}"),
            "name": name,
            "type": "Microsoft.Network/networkWatchers",
            "location": place,
            "properties": {"provisioningState": "Succeeded"},
        })
    }

    /// The watcher of a region: there is one where something is.
    fn watcher(&self, key: &ResourceId) -> Option<Value> {
        if key.kind() != "networkwatchers" {
            return None;
        }
        let watchers = self
            .locations()
            .into_iter()
            .map(|place| self.watcher_of(&place));
        let mut known = watchers.filter(|watcher| {
            let name = watcher["name"].as_str().unwrap_or_default();
            name.eq_ignore_ascii_case(key.last())
        });
        known.next()
    }

    /// A machine that no document has: that of a NIC that is called by it.
    pub(super) fn machine(&self, id: &str) -> Option<Value> {
        let key = ResourceId::new(id);
        if key.kind() != "virtualmachines" {
            return None;
        }
        let mut nics = self.store.of_kind("networkInterfaces");
        let (nic, fields) = nics.find(|(nic, _)| is_nic_of(nic, &key))?;
        Some(json!({
            "id": id,
            "name": last(id),
            "type": "Microsoft.Compute/virtualMachines",
            "location": fields.text("location"),
            "properties": {
                "provisioningState": "Succeeded",
                "networkProfile": {"networkInterfaces": [{
                    "id": self.store.written(nic), "properties": {"primary": true},
                }]},
            },
        }))
    }

    fn provider(&self, subscription: &str, name: &str) -> Value {
        let prefix = format!("{}/", name.to_ascii_lowercase());
        let kinds = self.store.ids().filter_map(|id| {
            let value = self.store.fields(id)?;
            let kind = value.text("type")?;
            kind.to_ascii_lowercase()
                .starts_with(&prefix)
                .then(|| kind[prefix.len()..].to_owned())
        });
        let kinds: BTreeSet<String> = kinds.collect();
        let kinds = kinds.into_iter().map(
            |kind| json!({"resourceType": kind, "locations": [], "apiVersions": ["2024-05-01"]}),
        );
        json!({
            "id": format!("/subscriptions/{subscription}/providers/{name}"),
            "namespace": name,
            "registrationState": "Registered",
            "resourceTypes": kinds.collect::<Vec<_>>(),
        })
    }
}

fn location(subscription: &str, name: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/locations/{name}"),
        "name": name,
        "displayName": name,
        "type": "Region",
        "metadata": {"regionType": "Physical"},
    })
}

/// The last segment of an id, as it is written.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}
