//! From the text to a scenario.

use std::collections::BTreeMap;

use routehub::check::nearest_name;
use routehub::estate::forms::RouteMapForm;
use routehub::{CheckedEstate, Estate, Event, Promise};
use serde::de::{DeserializeOwned, Error as _};

use super::dynamic;
use super::events::{prefix_count, read_events};
use super::expectation::expectation;
use super::live::{self, Live};
use super::live_peer::LivePeer;
use super::profile::profile;
use super::promise::promises;
use super::schema::{AnyText, KEYS, SchemaVersion, keys_with};
use super::validate;
use crate::scenario::Scenario;
use crate::syntax::diagnostic::{Diagnostics, Fault};
use crate::syntax::node::{Entry, Node, Value, parse};
use crate::syntax::text::Text;
use crate::syntax::value_deserializer::Context;

impl Scenario {
    /// Reads a network file, YAML or JSON.
    ///
    /// # Errors
    /// [`Diagnostics`]: everything that is found wrong with it, in the order of the text: one mistake for each
    /// entry whose form is wrong; if all forms are right, everything that does not fit together.
    pub fn parse(source: &str) -> Result<Self, Diagnostics> {
        let text = Text::new(source);
        Self::read(&text).map_err(|faults| Fault::diagnostics(faults, &text))
    }

    fn read(text: &Text<'_>) -> Result<Self, Vec<Fault>> {
        let root = parse(text)?;
        let mut reader = Reader::new(text, &root)?;
        let (mut scenario, estate) = reader.scenario();
        if reader.faults.is_empty() {
            validate::check(&mut scenario, estate, &root, &mut reader.faults);
        }
        match reader.faults.is_empty() {
            true => Ok(scenario),
            false => Err(reader.faults),
        }
    }
}

/// Reads a value.
type Read<T> = fn(Context<'_>, &Node) -> Result<T, Fault>;

/// Reads a file key by key and collects what is wrong.
struct Reader<'a> {
    context: Context<'a>,
    root: &'a Node,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// All routes of a file together have no more prefixes than this.
    const MOST_PREFIXES: usize = 10_000_000;

    fn new(text: &'a Text<'a>, root: &'a Node) -> Result<Self, Vec<Fault>> {
        let Value::Map(entries) = &root.value else {
            let message = "a network file is a mapping with `schema`, `title` and `vnets`";
            return Err(vec![Fault::new(root.span, message)]);
        };
        let unknown = |entry: &&Entry| !KEYS.contains(&entry.key.as_str());
        let unknown = entries.iter().filter(unknown);
        let unknown = unknown.map(|entry| {
            let fault = Fault::unknown_key(entry.span, &entry.key, KEYS.to_vec());
            fault.known_under(keys_with(&entry.key))
        });
        let has = |key: &str| {
            let mut keys = entries.iter().map(|entry| &entry.key);
            keys.any(|given| nearest_name(given, [key]).is_some())
        };
        let needed = ["schema", "title", "vnets"].into_iter();
        let missing = needed.filter(|key| !has(key));
        let missing = missing.map(|key| Fault::missing_field(key).within(root.span));
        let faults = unknown.chain(missing).collect();
        Ok(Self {
            context: Context {
                text,
                // The profile, which says whether IPv6 is routed, is read first.
                ipv6: true,
                keys_beside: live::keys_beside,
            },
            root,
            faults,
        })
    }

    /// What the file says, its estate by itself: that is yet to be checked.
    fn scenario(&mut self) -> (Scenario, Estate) {
        let _: Option<SchemaVersion> = self.value("schema");
        let profile = self.value_by("profile", profile).unwrap_or_default();
        self.context.ipv6 = profile.parameters.ipv6;
        let few = self.has_few_prefixes();
        let source: BTreeMap<String, AnyText> = self.value("source").unwrap_or_default();
        let notes: Vec<AnyText> = self.list("notes");
        let mut estate = match few {
            true => self.estate(),
            false => Estate::default(),
        };
        let events = match few {
            true => self.events(&estate),
            false => Vec::new(),
        };
        let expectations = self.items("expect", expectation);
        let live = self.live(profile.parameters.transparent, &estate);
        estate.session_options = live.session_options();
        let scenario = Scenario {
            title: self.value("title").unwrap_or_default(),
            source: source
                .into_iter()
                .map(|(key, text)| (key, text.0))
                .collect(),
            notes: notes.into_iter().map(|note| note.0).collect(),
            profile,
            estate: CheckedEstate::default(),
            events,
            expectations,
            promises: self.promises(),
            live,
        };
        (scenario, estate)
    }

    /// The value of a key; none if it is left out or wrong.
    fn value<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.value_by(key, |context, node| context.read(node))
    }

    fn value_by<T>(&mut self, key: &'static str, read: Read<T>) -> Option<T> {
        let node = self.root.field(key)?;
        if node.value == Value::Null {
            return None;
        }
        let read = read(self.context, node).map_err(|fault| fault.under(key));
        read.map_err(|fault| self.faults.push(fault)).ok()
    }

    /// The entries of a list that are right.
    fn list<T: DeserializeOwned>(&mut self, key: &'static str) -> Vec<T> {
        self.items(key, |context, node| context.read(node))
    }

    fn events(&mut self, estate: &Estate) -> Vec<(String, Event)> {
        let nodes = self.nodes("events");
        let context = Context {
            keys_beside: |_| &[],
            ..self.context
        };
        read_events(context, nodes, estate, &mut self.faults)
    }

    /// What is to hold, always or unless something has failed.
    fn promises(&mut self) -> Vec<Promise> {
        let always = self.items("always", |context, node| promises(context, node, false));
        let unless = self.items("unless_failed", |context, node| {
            promises(context, node, true)
        });
        always.into_iter().chain(unless).flatten().collect()
    }

    /// The entries of a list.
    fn nodes(&mut self, key: &'static str) -> &'a [Node] {
        let Some(node) = self.root.field(key) else {
            return &[];
        };
        if !matches!(node.value, Value::List(_) | Value::Null) {
            let found = node.describe(self.context.text);
            let message = format!("`{key}`: a list is expected, not {found}");
            self.faults.push(Fault::new(node.span, message));
        }
        node.items()
    }

    fn items<T>(&mut self, key: &'static str, read: Read<T>) -> Vec<T> {
        let items = self.nodes(key).iter();
        let read = items.filter_map(|item| {
            let read = read(self.context, item);
            read.map_err(|fault| self.faults.push(fault)).ok()
        });
        read.collect()
    }

    fn estate(&mut self) -> Estate {
        let route_maps: Vec<RouteMapForm> = self.list("route_maps");
        Estate {
            vnets: self.list("vnets"),
            peerings: self.list("peerings"),
            route_servers: self.list("route_servers"),
            nvas: self.list("nvas"),
            gateways: self.list("gateways"),
            circuits: self.list("circuits"),
            sites: self.list("sites"),
            route_tables: self.list("route_tables"),
            nics: self.list("nics"),
            private_endpoints: self.list("private_endpoints"),
            load_balancers: self.list("load_balancers"),
            route_maps: route_maps.into_iter().map(Into::into).collect(),
            ..Estate::default()
        }
    }

    fn live(&mut self, transparent: bool, estate: &Estate) -> Live {
        let mut live: Live = self.value("listen").unwrap_or_default();
        let servers = self.root.field("route_servers");
        for node in servers.map_or(&[][..], Node::items) {
            match dynamic::read(self.context, node, transparent, estate) {
                Ok(neighbors) if neighbors.is_empty() => {}
                Ok(neighbors) => {
                    let name = node.text_of("name").unwrap_or_default().to_owned();
                    live.dynamic_neighbors.insert(name, neighbors);
                }
                Err(fault) => {
                    self.keep_first(node, fault.in_object(node.object("Route Server")));
                }
            }
        }
        for (list, kind) in [("nvas", "NVA"), ("circuits", "circuit"), ("sites", "site")] {
            for node in self.root.field(list).map_or(&[][..], Node::items) {
                let read: Result<LivePeer, Fault> = match node.field("on_prem") {
                    _ if list != "circuits" => LivePeer::read(self.context, node),
                    Some(network) if network.value != Value::Null => {
                        let read = LivePeer::read(self.context, network);
                        read.map_err(|fault| fault.under("on_prem"))
                    }
                    _ => continue,
                };
                match (read, node.text_of("name")) {
                    (Ok(peer), Some(name)) => {
                        live.peers.insert(name.to_owned(), peer);
                    }
                    (Ok(_), None) => {}
                    (Err(fault), _) => self.keep_first(node, fault.in_object(node.object(kind))),
                }
            }
        }
        live
    }

    /// Keeps the first mistake of an entry, as the text has them.
    fn keep_first(&mut self, entry: &Node, fault: Fault) {
        let mut others = self.faults.iter_mut();
        match others.find(|other| other.is_within(entry.span)) {
            None => self.faults.push(fault),
            Some(other) if other.is_missing_key() || fault.start() < other.start() => {
                *other = fault;
            }
            Some(_) => {}
        }
    }

    /// Whether the routes of the file have no more prefixes than it may have.
    fn has_few_prefixes(&mut self) -> bool {
        let mut left = Self::MOST_PREFIXES;
        for key in ["nvas", "circuits", "sites", "events"] {
            let Some(node) = self.root.field(key) else {
                continue;
            };
            let prefixes = prefix_count(node);
            if prefixes >= left {
                let most = Self::MOST_PREFIXES;
                let message = format!("`{key}`: the file has more than {most} prefixes");
                self.faults.push(Fault::new(node.span, message));
                return false;
            }
            left -= prefixes;
        }
        true
    }
}
