//! Tags that say what Azure's documents have no place for: `routehub_KEY` is the key of that name
//! in the network file, of the object that the resource becomes; of a NIC or machine with the
//! address of an NVA, that NVA's.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use routehub_scenario::{LivePeer, parse_events};
use serde_json::{Map, Value, json};

use super::Importer;
use super::machines::machine_of;
use crate::resource::Fields;

/// What such tags begin with.
pub(crate) const PREFIX: &str = "routehub_";

/// The objects that resources of a kind become.
const KINDS: &[(&str, &str)] = &[
    ("virtualNetworks", "vnet"),
    ("virtualHubs", "route_server"),
    ("virtualNetworkGateways", "gateway"),
    ("expressRouteCircuits", "circuit"),
    ("localNetworkGateways", "site"),
    ("routeTables", "route_table"),
    ("privateEndpoints", "private_endpoint"),
    ("loadBalancers", "load_balancer"),
];

/// The keys that a NIC has itself; all others are its NVA's.
const OF_NICS: &[&str] = &["service_endpoints", "route_table", "forwarding", "subnet"];
/// The tag that keeps a NIC out of the network file: `routehub_nic=none`.
const NIC: &str = "nic";
/// The tag with keys of a network's peerings, by the name of the other network.
pub(crate) const PEERINGS: &str = "peerings";
/// The tag of a network with objects that no document stands for, as a list of JSON.
pub(crate) const OBJECTS: &str = "objects";
/// The tag with socket addresses to listen on, in the order of the instances.
const LISTEN: &str = "listen";
/// Keys whose value may be prefixes between commas.
const ROUTES: &[&str] = &["originates", "routes"];

impl Importer<'_> {
    /// Applies what tags say.
    pub(super) fn tags(&mut self) {
        for (kind, object) in KINDS {
            for (id, fields) in self.documents.of_kind(kind) {
                let name = self.names.name(id);
                self.tags_of(object, &name, fields);
            }
        }
        self.tags_of_nics();
    }

    fn tags_of_nics(&mut self) {
        let documents = self.documents;
        let mut left_out = Vec::new();
        for (id, fields) in documents.of_kind("networkInterfaces") {
            let nic = self.names.name(id);
            let own = tags(fields);
            let (of_nic, mut of_nva): (BTreeMap<_, _>, BTreeMap<_, _>) =
                own.into_iter().partition(|(key, _)| OF_NICS.contains(key));
            if of_nva.remove(NIC) == Some("none") {
                left_out.push(nic.clone());
            }
            let machine = machine_of(documents, id).and_then(|(_, machine)| machine);
            of_nva.extend(machine.into_iter().flat_map(tags));
            self.set_keys("nic", &nic, of_nic);
            let mut addresses = fields.items("ipConfigurations");
            let nva = addresses.find_map(|own| {
                let ip = own.address("privateIPAddress")?;
                let mut nvas = self.estate.nvas.iter();
                Some(nvas.find(|nva| nva.ip == ip)?.name.clone())
            });
            match nva {
                Some(nva) => self.set_keys("nva", &nva, of_nva),
                None if !of_nva.is_empty() => {
                    let keys: Vec<&str> = of_nva.keys().copied().collect();
                    let what = format!(
                        "NIC {nic} is tagged with {PREFIX}{}, and is of no NVA",
                        keys.join(&format!(", {PREFIX}"))
                    );
                    self.remarks.note(what, None);
                }
                None => {}
            }
        }
        self.estate.nics.retain(|nic| !left_out.contains(&nic.name));
    }

    fn tags_of(&mut self, object: &str, name: &str, fields: Fields<'_>) {
        let mut own = tags(fields);
        if let Some(objects) = own.remove(OBJECTS) {
            self.tagged_objects(name, objects);
        }
        if let Some(peerings) = own.remove(PEERINGS) {
            self.tagged_peerings(name, peerings);
        }
        if let Some(listen) = own.remove(LISTEN) {
            self.listen_on(name, listen);
        }
        self.set_keys(object, name, own);
    }

    /// Sets keys of an object to what tags say.
    fn set_keys(&mut self, object: &str, name: &str, tags: BTreeMap<&str, &str>) {
        let (live, keys): (BTreeMap<_, _>, BTreeMap<_, _>) = tags
            .into_iter()
            .partition(|(key, _)| LivePeer::KEYS.contains(key));
        self.run_live(name, live);
        if keys.is_empty() {
            return;
        }
        let mut fields = format!("{object}: {}", json!(name));
        for (key, value) in &keys {
            fields.push_str(&format!(", {key}: {}", written(key, value)));
        }
        self.set_fields(&fields, &format!("{object} {name}"));
    }

    fn set_fields(&mut self, fields: &str, whose: &str) {
        self.happen(&format!("set: {{{fields}}}"), whose);
    }

    /// Has an event change the estate.
    fn happen(&mut self, event: &str, whose: &str) {
        let text = format!("{{id: tags, {event}}}");
        match parse_events(&text, &self.estate, true) {
            Ok(events) => {
                for (_, event) in &events {
                    // Reading it has shown that its object is there.
                    let _ = self.estate.change(event);
                }
            }
            Err(wrong) => {
                let wrong = wrong.first().map(ToString::to_string).unwrap_or_default();
                let what = format!("the tags {PREFIX}* of {whose}: {wrong}");
                self.wrong_tag(what);
            }
        }
    }

    /// Adds objects that no document stands for.
    fn tagged_objects(&mut self, vnet: &str, text: &str) {
        let objects: Result<Vec<Value>, _> = serde_json::from_str(text);
        let Ok(objects) = objects else {
            let what = format!("the tag {PREFIX}{OBJECTS} of VNet {vnet} is no list of JSON");
            return self.wrong_tag(what);
        };
        for object in objects {
            self.happen(&format!("add: {object}"), &format!("VNet {vnet}"));
        }
    }

    /// Notes a tag that does not say what it should.
    fn wrong_tag(&mut self, what: String) {
        self.remarks.note(what.clone(), None);
        self.tagged.wrong.push(what);
    }

    fn tagged_peerings(&mut self, vnet: &str, text: &str) {
        let peerings: Option<Map<String, Value>> = serde_json::from_str(text).ok();
        let Some(peerings) = peerings else {
            let what = format!("the tag {PREFIX}{PEERINGS} of VNet {vnet} is no object of JSON");
            return self.wrong_tag(what);
        };
        for (other, keys) in peerings {
            let Value::Object(keys) = keys else {
                continue;
            };
            let mut fields = format!("peering: {}", json!({"a": vnet, "b": other}));
            for (key, value) in keys {
                fields.push_str(&format!(", {}: {value}", json!(key)));
            }
            self.set_fields(&fields, &format!("VNet {vnet}"));
        }
    }

    /// Socket addresses of the instances of a Route Server or gateway.
    fn listen_on(&mut self, name: &str, text: &str) {
        let mut servers = self.estate.route_servers.iter();
        let server = servers.find(|server| server.name == name);
        let own: Vec<IpAddr> = match server {
            Some(server) => {
                let both = self.estate.instance_addresses(server);
                both.into_iter().flatten().collect()
            }
            None => self.estate.gateway_addresses(name),
        };
        let sockets: Result<Vec<SocketAddr>, _> = text
            .split(',')
            .map(|socket| socket.trim().parse())
            .collect();
        match sockets {
            Ok(sockets) => self.tagged.listen.extend(own.into_iter().zip(sockets)),
            Err(error) => {
                let what = format!("the tag {PREFIX}{LISTEN} of {name}: `{text}`: {error}");
                self.wrong_tag(what);
            }
        }
    }

    fn run_live(&mut self, name: &str, tags: BTreeMap<&str, &str>) {
        if tags.is_empty() {
            return;
        }
        let values = tags.into_iter().map(|(key, text)| {
            let value = match key {
                "live" | "ttl_security" | "passive" => json!(text.eq_ignore_ascii_case("true")),
                "bfd" => serde_json::from_str(text).unwrap_or_else(|_| json!({})),
                _ => json!(text),
            };
            (key.to_owned(), value)
        });
        match serde_json::from_value(Value::Object(values.collect())) {
            Ok(peer) => drop(self.tagged.live.insert(name.to_owned(), peer)),
            Err(error) => {
                let what = format!("the tags {PREFIX}* of {name}: {error}");
                self.wrong_tag(what);
            }
        }
    }
}

/// The tags of a resource that are meant for routehub, by key.
fn tags(fields: Fields<'_>) -> BTreeMap<&str, &str> {
    let tags = fields.field("tags").and_then(|tags| tags.0.as_object());
    let tags = tags.into_iter().flatten();
    let own = tags.filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?, value.as_str()?)));
    own.collect()
}

/// A value as the network file has it: of routes, prefixes between commas are enough; of texts,
/// words.
fn written(key: &str, text: &str) -> String {
    let text = text.trim();
    let is_plain = !text.starts_with(['[', '{', '"', '\'']);
    if ROUTES.contains(&key) && is_plain {
        let prefixes = text.split([',', ' ']).filter(|part| !part.is_empty());
        let routes: Vec<Value> = prefixes.map(|prefix| json!({"prefix": prefix})).collect();
        return Value::Array(routes).to_string();
    }
    text.to_owned()
}
