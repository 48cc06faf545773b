//! From the text to a scenario.

use std::collections::BTreeMap;

use routehub::check::nearest_name;
use routehub::{Estate, Event, Profile};
use serde::de::DeserializeOwned;

use crate::de::Context;
use crate::expect::Expectation;
use crate::fault::Fault;
use crate::file::{
    AnyText, CircuitEntry, EventEntry, ExpectEntry, GatewayEntry, KEYS, ListenEntry, NicEntry,
    NvaEntry, PeeringEntry, ProfileEntry, RouteMapEntry, RouteServerEntry, RouteTableEntry,
    SchemaVersion, SiteEntry, VnetEntry,
};
use crate::lines::Lines;
use crate::node::{Entry, Node, Value};
use crate::text::Text;
use crate::{Diagnostic, Live, references};

/// A network, what happens to it, and what should then be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// What it is about.
    pub title: String,
    /// Where the facts come from.
    pub source: BTreeMap<String, String>,
    /// Remarks.
    pub notes: Vec<String>,
    /// The behaviour.
    pub profile: Profile,
    /// The network.
    pub estate: Estate,
    /// What happens, by id, in order.
    pub events: Vec<(String, Event)>,
    /// What should be seen, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// What the live server uses.
    pub live: Live,
}

impl Scenario {
    /// Reads a network file, YAML or JSON.
    ///
    /// # Errors
    /// Everything that is found wrong with it, in the order of the text: one mistake for each
    /// entry whose form is wrong; if all forms are right, everything that does not fit together.
    pub fn parse(source: &str) -> Result<Self, Vec<Diagnostic>> {
        let text = Text::new(source);
        Self::read(&text, source).map_err(|mut faults| {
            faults.sort_by_key(|fault| fault.span.unwrap_or_default().start);
            faults
                .into_iter()
                .map(|fault| fault.diagnostic(&text))
                .collect()
        })
    }

    fn read(text: &Text<'_>, source: &str) -> Result<Self, Vec<Fault>> {
        let root = crate::node::parse(text, source)?;
        let mut reader = Reader::new(text, &root)?;
        let scenario = reader.scenario();
        if reader.faults.is_empty() {
            references::check(&scenario, &root, &mut reader.faults);
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
    /// How many prefixes may still be counted out.
    prefixes_left: usize,
}

impl<'a> Reader<'a> {
    /// All `prefixes_from` of a file together count out no more than this.
    const MOST_PREFIXES: usize = 10_000_000;

    fn new(text: &'a Text<'a>, root: &'a Node) -> Result<Self, Vec<Fault>> {
        let Value::Map(entries) = &root.value else {
            let message = "a network file is a mapping with `schema`, `title` and `vnets`";
            return Err(vec![Fault::new(root.span, message)]);
        };
        let unknown = |entry: &&Entry| !KEYS.contains(&entry.key.as_str());
        let unknown = entries.iter().filter(unknown);
        let mut faults: Vec<Fault> = unknown
            .map(|entry| Fault::unknown_key(entry.span, &entry.key, KEYS))
            .collect();
        for key in ["schema", "title", "vnets"] {
            let near = |entry: &Entry| nearest_name(&entry.key, [key]).is_some();
            if !entries.iter().any(near) {
                faults.push(Fault::missing_key(root.span, key));
            }
        }
        Ok(Self {
            context: Context { text, ipv6: false },
            root,
            faults,
            prefixes_left: Self::MOST_PREFIXES,
        })
    }

    fn scenario(&mut self) -> Scenario {
        let _: Option<SchemaVersion> = self.one("schema");
        let profile = self.profile();
        self.context.ipv6 = profile.ipv6;
        let texts = |texts: BTreeMap<String, AnyText>| {
            texts.into_iter().map(|(key, text)| (key, text.0)).collect()
        };
        let mut live = self.listen();
        let source: Option<BTreeMap<String, AnyText>> = self.one("source");
        let notes: Vec<AnyText> = self.list("notes");
        Scenario {
            title: self.one("title").unwrap_or_default(),
            source: source.map(texts).unwrap_or_default(),
            notes: notes.into_iter().map(|note| note.0).collect(),
            profile,
            estate: self.estate(&mut live),
            events: self.events(),
            expectations: self.expectations(),
            live,
        }
    }

    /// The value of a key; none if it is left out or wrong.
    fn one<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
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
            match self.context.read(item) {
                Ok(entry) => read.push(entry),
                Err(fault) => self.faults.push(fault),
            }
        }
        read
    }

    fn profile(&mut self) -> Profile {
        let entry: Option<ProfileEntry> = self.one("profile");
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

    fn listen(&mut self) -> Live {
        let listen: Option<ListenEntry> = self.one("listen");
        let mut live = Live::default();
        if let Some(listen) = listen {
            live.port = listen.port;
            let addresses = listen.addresses.into_iter();
            live.addresses = addresses.map(|(of, at)| (of.0, at.0)).collect();
        }
        live
    }

    fn estate(&mut self, live: &mut Live) -> Estate {
        let nvas: Vec<NvaEntry> = self.list("nvas");
        let circuits: Vec<CircuitEntry> = self.list("circuits");
        let sites: Vec<SiteEntry> = self.list("sites");
        for nva in &nvas {
            live.peers.insert(nva.name.clone(), nva.live());
            let own = nva.originates.iter().map(|one| one.route.count());
            let literal = nva.advertises.iter().map(|one| one.route.count());
            self.count(own.chain(literal).sum(), "nvas");
        }
        for circuit in &circuits {
            if let Some(network) = &circuit.on_prem {
                live.peers.insert(circuit.name.clone(), network.live());
                self.count(
                    network.routes.iter().map(|one| one.route.count()).sum(),
                    "circuits",
                );
            }
        }
        for site in &sites {
            live.peers.insert(site.name.clone(), site.live());
            self.count(
                site.routes.iter().map(|one| one.route.count()).sum(),
                "sites",
            );
        }
        if self.prefixes_left == 0 {
            return Estate::default();
        }
        Estate {
            vnets: into(self.list::<VnetEntry>("vnets")),
            peerings: self
                .list::<PeeringEntry>("peerings")
                .into_iter()
                .map(|p| p.0)
                .collect(),
            route_servers: into(self.list::<RouteServerEntry>("route_servers")),
            nvas: into(nvas),
            gateways: into(self.list::<GatewayEntry>("gateways")),
            circuits: into(circuits),
            sites: into(sites),
            route_tables: into(self.list::<RouteTableEntry>("route_tables")),
            nics: into(self.list::<NicEntry>("nics")),
            route_maps: into(self.list::<RouteMapEntry>("route_maps")),
        }
    }

    /// Takes prefixes off what may be counted out.
    fn count(&mut self, prefixes: usize, key: &str) {
        if self.prefixes_left > 0 && prefixes >= self.prefixes_left {
            let span = self
                .root
                .field(key)
                .map_or(self.root.span, |node| node.span);
            let most = Self::MOST_PREFIXES;
            let message = format!("`{key}`: the file has more than {most} prefixes");
            self.faults.push(Fault::new(span, message));
        }
        self.prefixes_left = self.prefixes_left.saturating_sub(prefixes);
    }

    fn events(&mut self) -> Vec<(String, Event)> {
        let entries: Vec<EventEntry> = self.list("events");
        for entry in &entries {
            self.count(entry.action.count(), "events");
        }
        if self.prefixes_left == 0 {
            return Vec::new();
        }
        let events = entries
            .into_iter()
            .map(|entry| (entry.id, entry.action.into()));
        events.collect()
    }

    fn expectations(&mut self) -> Vec<Expectation> {
        let entries: Vec<ExpectEntry> = self.list("expect");
        let nodes = match self.root.field("expect").map(|node| &node.value) {
            Some(Value::List(items)) if items.len() == entries.len() => items.as_slice(),
            _ => return Vec::new(),
        };
        let lines = Lines(self.context.text);
        let both = entries.into_iter().zip(nodes);
        both.map(|(entry, node)| lines.expectation(entry, node))
            .collect()
    }
}

fn into<A: Into<B>, B>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(Into::into).collect()
}
