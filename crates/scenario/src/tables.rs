//! Everything that is seen at one time, kept.

pub mod az;
pub(crate) mod cells;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub::types::Prefix;
use routehub::{Estate, Exchange, Finding, Network, TableId, TableKind, TableRows, Trace};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use cells::Fields;

/// Where tables come from.
pub trait TableSource {
    /// The rows of a table.
    fn rows(&self, id: &TableId) -> TableRows;
    /// What is to be said about the network.
    fn findings(&self) -> Vec<Finding>;
}

/// A network as it is seen at one time.
///
/// Rows of learned tables carry the address that they were sent from in `source_peer`; that is what
/// `self` stands for. Rows of `rs_advertised` are sent from the address of their instance, rows of
/// `gateway_advertised` from one of the gateway's.
pub trait Snapshot: TableSource {
    /// Why a NIC or speaker has, or has not, routes around a destination; none where nobody has
    /// the name, or tables are all that was kept.
    fn explanation(&self, name: &str, destination: Prefix) -> Option<String>;
    /// The way of a packet; none where one end is not there, or tables are all that was kept.
    fn trace(&self, from: &str, to: &str) -> Option<Trace>;
    /// The address of an instance of a Route Server.
    fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr>;
    /// The addresses of a gateway's instances.
    fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr>;
}

/// Both show the same tables by the same names.
macro_rules! snapshot {
    ($($seen:ty),*) => {$(
        impl TableSource for $seen {
            fn rows(&self, id: &TableId) -> TableRows {
                // A file names what there is; what an event removed has no rows.
                let none = |_| TableRows::Routes(Vec::new());
                Exchange::rows(self, id).unwrap_or_else(none)
            }

            fn findings(&self) -> Vec<Finding> {
                routehub::findings(self)
            }
        }

        impl Snapshot for $seen {
            fn explanation(&self, name: &str, destination: Prefix) -> Option<String> {
                let explained = routehub::explain(self, name, destination).ok()?;
                Some(explained.to_string())
            }

            fn trace(&self, from: &str, to: &str) -> Option<Trace> {
                routehub::trace(self, from, to).ok()
            }

            fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
                Exchange::instance_address(self, route_server, instance).ok()
            }

            fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr> {
                self.estate().gateway_addresses(gateway)
            }
        }
    )*};
}

snapshot!(Network, Exchange);

/// Every table of a network at one time.
///
/// It serializes in the shapes of the file's `expect`, all rows, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// The rows of each table.
    pub rows: BTreeMap<TableId, TableRows>,
    /// What is to be said.
    pub findings: Vec<Finding>,
    /// The addresses of each Route Server's instances.
    pub instances: BTreeMap<String, [Option<IpAddr>; 2]>,
    /// The addresses of each gateway's instances.
    pub gateways: BTreeMap<String, Vec<IpAddr>>,
}

impl Tables {
    /// Asks for every table of an estate's objects.
    pub fn of(estate: &Estate, seen: &dyn Snapshot) -> Self {
        Self {
            findings: seen.findings(),
            ..Self::some(estate, seen, TableId::all(estate))
        }
    }

    /// Asks for some tables of an estate's objects, and not for findings.
    pub fn some(
        estate: &Estate,
        seen: &dyn Snapshot,
        ids: impl IntoIterator<Item = TableId>,
    ) -> Self {
        let rows = ids.into_iter().map(|id| (id.clone(), seen.rows(&id)));
        let servers = estate.route_servers.iter().map(|server| {
            let address = |instance| seen.instance_address(&server.name, instance);
            (server.name.clone(), [address(0), address(1)])
        });
        let gateways = estate.gateways.iter().map(|gateway| &gateway.name);
        let gateways = gateways.map(|name| (name.clone(), seen.gateway_addresses(name)));
        Self {
            rows: rows.collect(),
            findings: Vec::new(),
            instances: servers.collect(),
            gateways: gateways.collect(),
        }
    }

    /// The tables of a kind, by name.
    pub fn of_kind(&self, kind: TableKind) -> impl Iterator<Item = (&TableId, &TableRows)> {
        self.rows.iter().filter(move |(id, _)| id.kind == kind)
    }

    /// The tables of a kind in another form, by their one name or their two.
    pub(crate) fn by_name<T>(
        &self,
        kind: TableKind,
        form: impl Fn(&TableId, &TableRows) -> T,
    ) -> ByName<'_, T> {
        let (mut one, mut two) = (BTreeMap::new(), BTreeMap::new());
        for (id, rows) in self.of_kind(kind) {
            let table = form(id, rows);
            match &id.peer {
                None => {
                    one.insert(id.owner.as_str(), table);
                }
                Some(peer) => {
                    let ends: &mut BTreeMap<_, _> = two.entry(id.owner.as_str()).or_default();
                    ends.insert(peer.as_str(), table);
                }
            }
        }
        match kind.shape().peer {
            None => ByName::One(one),
            Some(_) => ByName::Two(two),
        }
    }
}

/// Tables of one kind.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum ByName<'a, T> {
    One(BTreeMap<&'a str, T>),
    Two(BTreeMap<&'a str, BTreeMap<&'a str, T>>),
}

impl TableSource for Tables {
    fn rows(&self, id: &TableId) -> TableRows {
        let none = || TableRows::Routes(Vec::new());
        self.rows.get(id).cloned().unwrap_or_else(none)
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }
}

impl Snapshot for Tables {
    fn explanation(&self, _: &str, _: Prefix) -> Option<String> {
        None
    }

    fn trace(&self, _: &str, _: &str) -> Option<Trace> {
        None
    }

    fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
        let both = self.instances.get(route_server)?;
        both.get(usize::from(instance)).copied().flatten()
    }

    fn gateway_addresses(&self, gateway: &str) -> Vec<IpAddr> {
        self.gateways.get(gateway).cloned().unwrap_or_default()
    }
}

/// Every table of a network, in the shapes of the file's `expect`: each is asked for as it is
/// written, so that no more than one is kept.
pub struct SeenTables<'a> {
    ids: BTreeSet<TableId>,
    seen: &'a dyn TableSource,
    has_findings: bool,
}

impl<'a> SeenTables<'a> {
    /// All tables of an estate's objects.
    pub fn of(estate: &Estate, seen: &'a dyn TableSource) -> Self {
        Self::some(seen, TableId::all(estate))
    }

    /// Some tables, and the findings.
    pub const fn some(seen: &'a dyn TableSource, ids: BTreeSet<TableId>) -> Self {
        Self {
            ids,
            seen,
            has_findings: true,
        }
    }

    /// The tables alone: there are no findings among them.
    #[must_use]
    pub fn without_findings(self) -> Self {
        Self {
            has_findings: false,
            ..self
        }
    }
}

impl Serialize for SeenTables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_struct("tables", TableKind::ALL.len() + 1)?;
        for kind in TableKind::ALL {
            let ids = self.ids.iter().filter(|id| id.kind == *kind);
            let of_kind = OfKind {
                seen: self.seen,
                by_two_names: kind.shape().peer.is_some(),
                ids: ids.collect(),
            };
            all.serialize_field(kind.shape().key, &of_kind)?;
        }
        let findings = match self.has_findings {
            true => self.seen.findings(),
            false => Vec::new(),
        };
        let findings: Vec<Fields> = findings.iter().map(Fields::finding).collect();
        all.serialize_field("findings", &findings)?;
        all.end()
    }
}

/// The tables of a kind, by their one name or their two.
struct OfKind<'a> {
    seen: &'a dyn TableSource,
    by_two_names: bool,
    /// In order.
    ids: Vec<&'a TableId>,
}

impl Serialize for OfKind<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seen = self.seen;
        let table = |id| SeenTable { seen, id };
        if !self.by_two_names {
            let tables = self.ids.iter().map(|id| (&id.owner, table(id)));
            return serializer.collect_map(tables);
        }
        let of_owner = self.ids.chunk_by(|a, b| a.owner == b.owner);
        serializer.collect_map(of_owner.map(|ids| {
            let tables = ids.iter().map(|id| (id.peer.as_deref(), table(id)));
            (&ids[0].owner, tables.collect::<BTreeMap<_, _>>())
        }))
    }
}

/// A table whose rows are asked for as they are written.
struct SeenTable<'a> {
    seen: &'a dyn TableSource,
    id: &'a TableId,
}

impl Serialize for SeenTable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = self.id.kind.shape().columns;
        match self.seen.rows(self.id) {
            TableRows::Routes(rows) => {
                let rows = rows.iter().map(Fields::route);
                serializer.collect_seq(rows.map(|fields| fields.only(columns)))
            }
            TableRows::Effective(rows) => {
                serializer.collect_seq(rows.iter().flat_map(Fields::effective_each))
            }
            TableRows::Sessions(rows) => serializer.collect_seq(rows.iter().map(Fields::session)),
        }
    }
}

impl Serialize for Tables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SeenTables::some(self, self.rows.keys().cloned().collect()).serialize(serializer)
    }
}
