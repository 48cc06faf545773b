//! The documents of an import: which of them are resources, and which are dumps of routes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub_exchange::{EffectiveRow, NextHopType, RouteSource, RouteState};
use routehub_types::{Asn, Prefix};
use serde_json::Value;

use crate::resource::{Fields, ResourceId, SUBSCRIPTION};
use crate::template::{self, Scope, Template};
use crate::terraform;
use crate::text::{self, TextError};

/// Texts of Azure's tools, taken apart into resources and dumps of routes.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// Resources by id; what a later document says of one replaces what an earlier did.
    pub(crate) resources: BTreeMap<ResourceId, Value>,
    pub(crate) dumps: Vec<Dump>,
    /// What was in a document and is not known here, by the document.
    pub(crate) unknown: Vec<(String, String)>,
}

/// A dump of routes, and what the text that it stood in is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Dump {
    /// The name of the text.
    pub name: String,
    /// What it has.
    pub routes: DumpedRoutes,
}

/// The routes of a dump.
#[derive(Clone, Debug, PartialEq)]
pub enum DumpedRoutes {
    /// What a Route Server learned from a peer (`az network routeserver peering
    /// list-learned-routes`), by instance.
    RouteServer([Vec<LearnedRow>; 2]),
    /// What a gateway learned (`az network vnet-gateway list-learned-routes`).
    Gateway(Vec<LearnedRow>),
    /// The effective routes of a NIC (`az network nic show-effective-route-table`).
    Effective(Vec<EffectiveRow>),
}

/// A row of learned routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedRow {
    /// Where to.
    pub prefix: Prefix,
    /// The AS path, nearest first.
    pub as_path: Vec<Asn>,
    /// The next hop.
    pub next_hop: Option<IpAddr>,
    /// The address that it came from.
    pub source_peer: Option<IpAddr>,
    /// The address of the instance that has it.
    pub local_address: Option<IpAddr>,
    /// `EBgp`, `IBgp`, `Network` or what else stands there.
    pub origin: String,
}

impl Documents {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text apart. Its name stands in what is said of it, and tells which NIC, Route Server
    /// or peer a dump is of where the rows do not.
    ///
    /// # Errors
    /// [`TextError`] if it is not JSON.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TextError> {
        let value = text::read(name, text)?;
        self.take(name, value);
        Ok(())
    }

    pub(crate) fn take(&mut self, name: &str, value: Value) {
        if let Some(routes) = dump(&value) {
            let name = name.to_owned();
            self.dumps.push(Dump { name, routes });
            return;
        }
        if terraform::is_terraform(&value) {
            let (resources, unknown) = terraform::resources(&value);
            for resource in resources {
                self.take(name, resource);
            }
            for address in unknown {
                self.note_unknown(name, address);
            }
            return;
        }
        if template::is_template(&value) {
            self.take_template(name, &value);
            return;
        }
        match value {
            Value::Array(items) => items.into_iter().for_each(|item| self.take(name, item)),
            Value::Object(mut object) => {
                let lists = ["value", "data", "resources"];
                if let Some(id) = resource_id(&object) {
                    self.enter(id, Value::Object(object));
                } else if let Some(list) = lists.iter().find_map(|key| object.remove(*key)) {
                    self.take(name, list);
                } else {
                    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
                    keys.truncate(4);
                    let what = format!("an object with {}", keys.join(", "));
                    self.note_unknown(name, what);
                }
            }
            Value::Null => {}
            other => self.note_unknown(name, format!("the value {other}")),
        }
    }

    /// The resources that a template makes with the defaults of its parameters.
    fn take_template(&mut self, name: &str, value: &Value) {
        let scope = Scope::of(&format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/template"
        ));
        let made = Template::new(value, &Value::Null, &scope).and_then(Template::made);
        match made {
            Ok(made) => {
                for (id, mut resource) in made.resources {
                    let own = id.rsplit('/').next().unwrap_or_default();
                    resource.insert("name".to_owned(), Value::from(own));
                    resource.insert("id".to_owned(), Value::from(id));
                    self.take(name, Value::Object(resource));
                }
            }
            Err(error) => self.note_unknown(name, format!("a template ({error})")),
        }
    }

    fn note_unknown(&mut self, name: &str, what: String) {
        let entry = (name.to_owned(), what);
        if !self.unknown.contains(&entry) {
            self.unknown.push(entry);
        }
    }

    /// Enters a resource, and those that are written inside it.
    fn enter(&mut self, id: ResourceId, resource: Value) {
        let inside = [
            "subnets",
            "virtualNetworkPeerings",
            "bgpConnections",
            "ipConfigurations",
        ];
        let fields = Fields(&resource);
        let parts: Vec<Value> = inside
            .iter()
            .filter(|_| ["virtualhubs", "virtualnetworks"].contains(&id.kind().as_str()))
            .flat_map(|key| fields.items(key))
            .filter(|part| part.id().is_some_and(|part| part.kind().contains('/')))
            .map(|part| part.0.clone())
            .collect();
        for part in parts {
            if let Some(id) = Fields(&part).id() {
                self.resources.entry(id).or_insert(part);
            }
        }
        self.resources.insert(id, resource);
    }

    /// Holds a resource as it stands, without looking for others inside it.
    pub(crate) fn hold(&mut self, id: ResourceId, resource: Value) {
        self.resources.insert(id, resource);
    }

    /// The resources of a kind, such as `virtualNetworks`, by id.
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = (&ResourceId, Fields<'_>)> {
        let kind = kind.to_ascii_lowercase();
        let resources = self.resources.iter();
        resources
            .filter(move |(id, _)| id.kind() == kind)
            .map(|(id, resource)| (id, Fields(resource)))
    }

    /// The fields of a resource.
    pub(crate) fn resource(&self, id: &ResourceId) -> Option<Fields<'_>> {
        self.resources.get(id).map(Fields)
    }
}

/// The id of a resource of the network provider; none: it is something else.
fn resource_id(object: &serde_json::Map<String, Value>) -> Option<ResourceId> {
    let id = object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("id"))?
        .1;
    let id = id.as_str()?;
    let is_resource = id.to_ascii_lowercase().contains("/providers/");
    is_resource.then(|| ResourceId::new(id))
}

/// The routes of a value that is a dump.
fn dump(value: &Value) -> Option<DumpedRoutes> {
    let fields = Fields(value);
    let roles = ["RouteServiceRole_IN_0", "RouteServiceRole_IN_1"];
    if roles.iter().any(|role| fields.field(role).is_some()) {
        return Some(DumpedRoutes::RouteServer(
            roles.map(|role| fields.items(role).filter_map(learned).collect()),
        ));
    }
    let rows = match value {
        Value::Array(rows) => rows,
        _ => fields.field("value")?.0.as_array()?,
    };
    let first = Fields(rows.first()?);
    if first.field("nextHopType").is_some() && first.field("state").is_some() {
        let rows = rows.iter().filter_map(|row| effective(Fields(row)));
        return Some(DumpedRoutes::Effective(rows.collect()));
    }
    if first.field("network").is_some() && first.field("asPath").is_some() {
        let rows = rows.iter().filter_map(|row| learned(Fields(row)));
        return Some(DumpedRoutes::Gateway(rows.collect()));
    }
    None
}

fn learned(row: Fields<'_>) -> Option<LearnedRow> {
    let path = row.text("asPath").unwrap_or_default();
    let asns = path.split(|c: char| !c.is_ascii_digit());
    Some(LearnedRow {
        prefix: row.text("network")?.parse().ok()?,
        as_path: asns.filter_map(|asn| asn.parse().ok()).map(Asn).collect(),
        next_hop: row.address("nextHop"),
        source_peer: row.address("sourcePeer"),
        local_address: row.address("localAddress"),
        origin: row.text("origin").unwrap_or_default().to_owned(),
    })
}

fn effective(row: Fields<'_>) -> Option<EffectiveRow> {
    use NextHopType as T;
    let known = [
        T::VnetLocal,
        T::VNetPeering,
        T::VNetGlobalPeering,
        T::VirtualNetworkGateway,
        T::VirtualAppliance,
        T::Internet,
        T::None,
        T::VirtualNetworkServiceEndpoint,
        T::InterfaceEndpoint,
    ];
    let text = row.text("nextHopType")?;
    let is = |known: &T| format!("{known:?}").eq_ignore_ascii_case(text);
    let state = match row.text("state")? {
        state if state.eq_ignore_ascii_case("active") => RouteState::Active,
        _ => RouteState::Invalid,
    };
    let source = row.text("source").unwrap_or_default().to_ascii_lowercase();
    let mut next_hops = row.addresses("nextHopIpAddress");
    next_hops.sort_unstable();
    Some(EffectiveRow {
        prefixes: row.prefixes("addressPrefix").into(),
        next_hop_type: known.into_iter().find(is)?,
        next_hops: next_hops.into(),
        source: match source.as_str() {
            "user" => RouteSource::User,
            "virtualnetworkgateway" => RouteSource::VirtualNetworkGateway,
            _ => RouteSource::Default,
        },
        state,
        name: row.text("name").map(str::to_owned),
        disable_bgp_route_propagation: row.flag("disableBgpRoutePropagation").unwrap_or_default(),
    })
}
