//! From the text to a scenario.

use std::collections::BTreeMap;

use routehub::check::nearest_name;
use routehub::estate::forms::RouteMapForm;
use routehub::{CheckedEstate, Estate, Event, Profile};
use serde::de::DeserializeOwned;

use super::event_text::read_event;
use super::expectation::expectation;
use super::layout::{AnyText, KEYS, SchemaVersion};
use super::live::{self, Live, LivePeer};
use super::prefix_count::prefix_count;
use super::profile::ProfileEntry;
use super::validate;
use crate::expect::Expectation;
use crate::scenario::Scenario;
use crate::syntax::Diagnostic;
use crate::syntax::fault::Fault;
use crate::syntax::node::{Entry, Node, Value};
use crate::syntax::text::{Span, Text};
use crate::syntax::value_deserializer::Context;

impl Scenario {
    /// Reads a network file, YAML or JSON.
    ///
    /// # Errors
    /// Everything that is found wrong with it, in the order of the text: one mistake for each
    /// entry whose form is wrong; if all forms are right, everything that does not fit together.
    pub fn parse(source: &str) -> Result<Self, Vec<Diagnostic>> {
        let text = Text::new(source);
        Self::read(&text, source).map_err(|mut faults| {
            faults.sort_by_key(Fault::start);
            faults
                .into_iter()
                .map(|fault| fault.diagnostic(&text))
                .collect()
        })
    }

    fn read(text: &Text<'_>, source: &str) -> Result<Self, Vec<Fault>> {
        let root = crate::syntax::node::parse(text, source)?;
        let mut reader = Reader::new(text, &root)?;
        let (mut scenario, estate) = reader.scenario();
        if reader.faults.is_empty() {
            validate::check(&mut scenario, estate, &root, &mut reader.faults);
        }
        if reader.faults.is_empty() {
            Ok(scenario)
        } else {
            Err(reader.faults)
        }
    }
}

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
        let mut faults: Vec<Fault> = unknown
            .map(|entry| Fault::unknown_key(entry.span, &entry.key, KEYS.to_vec()))
            .collect();
        for key in ["schema", "title", "vnets"] {
            let near = |entry: &Entry| nearest_name(&entry.key, [key]).is_some();
            if !entries.iter().any(near) {
                faults.push(Fault::missing_key(root.span, key));
            }
        }
        Ok(Self {
            context: Context {
                text,
                ipv6: false,
                keys_beside: live::keys_beside,
            },
            root,
            faults,
        })
    }

    /// What the file says, its estate by itself: that is yet to be checked.
    fn scenario(&mut self) -> (Scenario, Estate) {
        let _: Option<SchemaVersion> = self.value("schema");
        let profile = self.profile();
        self.context.ipv6 = profile.parameters.ipv6;
        let texts = |texts: BTreeMap<String, AnyText>| {
            texts.into_iter().map(|(key, text)| (key, text.0)).collect()
        };
        let few = self.has_few_prefixes();
        let source: Option<BTreeMap<String, AnyText>> = self.value("source");
        let notes: Vec<AnyText> = self.list("notes");
        let estate = if few {
            self.estate()
        } else {
            Estate::default()
        };
        let scenario = Scenario {
            title: self.value("title").unwrap_or_default(),
            source: source.map(texts).unwrap_or_default(),
            notes: notes.into_iter().map(|note| note.0).collect(),
            profile,
            estate: CheckedEstate::default(),
            events: if few { self.events() } else { Vec::new() },
            expectations: self.expectations(),
            live: self.live(),
        };
        (scenario, estate)
    }

    /// The value of a key; none if it is left out or wrong.
    fn value<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let node = self.root.field(key)?;
        match self.context.read(node) {
            Ok(value) => value,
            Err(fault) => {
                self.faults.push(fault.under(key));
                None
            }
        }
    }

    /// The entries of a list that are right.
    fn list<T: DeserializeOwned>(&mut self, key: &'static str) -> Vec<T> {
        let context = self.context;
        self.items(key, |node| context.read(node))
    }

    fn items<T>(
        &mut self,
        key: &'static str,
        read_item: impl Fn(&Node) -> Result<T, Fault>,
    ) -> Vec<T> {
        let Some(node) = self.root.field(key) else {
            return Vec::new();
        };
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            Value::Null => &[],
            _ => {
                let found = node.describe(self.context.text);
                let message = format!("`{key}`: a list is expected, not {found}");
                self.faults.push(Fault::new(node.span, message));
                &[]
            }
        };
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            match read_item(item) {
                Ok(entry) => read.push(entry),
                Err(fault) => self.faults.push(fault),
            }
        }
        read
    }

    fn profile(&mut self) -> Profile {
        let entry: Option<ProfileEntry> = self.value("profile");
        let profile = entry.map(Profile::try_from).transpose();
        profile
            .map(Option::unwrap_or_default)
            .unwrap_or_else(|error| {
                let span = self
                    .root
                    .field("profile")
                    .map_or(self.root.span, |node| node.span);
                self.faults
                    .push(Fault::new(span, format!("`profile`: {error}")));
                Profile::default()
            })
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
            route_maps: route_maps.into_iter().map(Into::into).collect(),
        }
    }

    fn live(&mut self) -> Live {
        let mut live: Live = self.value("listen").unwrap_or_default();
        for (list, kind) in [("nvas", "NVA"), ("circuits", "circuit"), ("sites", "site")] {
            for node in self.root.field(list).map_or(&[][..], Node::items) {
                let read: Result<LivePeer, Fault> = match node.field("on_prem") {
                    _ if list != "circuits" => self.context.read(node),
                    Some(network) if network.value != Value::Null => {
                        let read = self.context.read(network);
                        read.map_err(|fault| fault.under("on_prem"))
                    }
                    _ => continue,
                };
                match (read, node.field("name").map(|name| &name.value)) {
                    (Ok(peer), Some(Value::Text(name))) => {
                        live.peers.insert(name.clone(), peer);
                    }
                    (Ok(_), _) => {}
                    (Err(fault), _) => self.keep_first(node, fault.in_object(node.object(kind))),
                }
            }
        }
        live
    }

    /// Keeps the first mistake of an entry, as the text has them.
    fn keep_first(&mut self, entry: &Node, fault: Fault) {
        let within = |span: Option<Span>| {
            span.is_some_and(|span| (entry.span.start..entry.span.end).contains(&span.start))
        };
        match self.faults.iter_mut().find(|other| within(other.span)) {
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

    fn events(&mut self) -> Vec<(String, Event)> {
        let context = self.context;
        self.items("events", |node| read_event(context, node))
    }

    fn expectations(&mut self) -> Vec<Expectation> {
        let context = self.context;
        self.items("expect", |node| expectation(context, node))
    }
}
