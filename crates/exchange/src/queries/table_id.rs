//! The tables that people ask for, by name.

use std::collections::BTreeSet;
use std::fmt;

use crate::estate::{Connection, Estate};
use crate::exchange::Exchange;
use crate::fabric::EffectiveRow;

use super::rows::{RouteRow, SessionRow};

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableKind {
    /// What a Route Server learned from an NVA.
    RsLearned,
    /// What a Route Server sends to an NVA.
    RsAdvertised,
    /// What an NVA learned.
    NvaLearned,
    /// What a gateway learned.
    GatewayLearned,
    /// What a gateway sends to a circuit, site or gateway.
    GatewayAdvertised,
    /// All routes at the edge of a circuit.
    CircuitRoutes,
    /// What a site, or the network behind a circuit, learned.
    OnPremLearned,
    /// The effective routes of a NIC.
    NicEffective,
    /// The sessions of a Route Server with an NVA.
    Sessions,
}

/// What is known about a kind of table.
#[derive(Clone, Copy, Debug)]
pub struct TableShape {
    /// Its name in files.
    pub key: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// Whose it is.
    pub owner: Subject,
    /// Who is at the other end, if each has a table of its own.
    pub peer: Option<Subject>,
    /// The fields of its rows beside the prefix.
    pub columns: &'static [&'static str],
}

/// Somebody that a table is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// What to call such an object: `NVA`.
    pub word: &'static str,
    /// The key of its name, where that is not the table's.
    pub key: &'static str,
    /// The names of all such objects of an estate.
    pub names: fn(&Estate) -> Vec<&str>,
}

macro_rules! subjects {
    ($($subject:ident: $word:literal $key:literal [$($list:ident),+];)+) => {$(
        const $subject: Subject = Subject {
            word: $word,
            key: $key,
            names: |estate| {
                let mut names = Vec::new();
                $(names.extend(estate.$list.iter().map(|object| object.name.as_str()));)+
                names
            },
        };
    )+};
}

subjects! {
    ROUTE_SERVER: "Route Server" "route_server" [route_servers];
    NVA: "NVA" "nva" [nvas];
    GATEWAY: "gateway" "gateway" [gateways];
    CIRCUIT: "circuit" "circuit" [circuits];
    NIC: "NIC" "nic" [nics];
    ON_PREMISES: "site or circuit" "name" [sites, circuits];
    CONNECTED: "circuit, site or gateway" "to" [circuits, sites, gateways];
}

macro_rules! kinds {
    ($($kind:ident $key:literal: $owner:expr, $peer:expr, $about:literal, $columns:expr;)+) => {
        impl TableKind {
            /// All kinds, in the order of files.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// What is known about it.
            pub const fn shape(self) -> TableShape {
                match self {
                    $(Self::$kind => TableShape {
                        key: $key,
                        about: $about,
                        owner: $owner,
                        peer: $peer,
                        columns: $columns,
                    },)+
                }
            }
        }
    };
}

kinds! {
    RsLearned "rs_learned": ROUTE_SERVER, Some(NVA), "What a Route Server learned from an NVA.",
        &["as_path", "next_hop", "communities", "origin", "weight", "source_peer", "instance"];
    RsAdvertised "rs_advertised": ROUTE_SERVER, Some(NVA), "What a Route Server sends to an NVA.",
        &["as_path", "next_hop", "communities", "origin", "weight", "instance"];
    NvaLearned "nva_learned": NVA, None, "What an NVA learned.",
        &["as_path", "next_hop", "communities", "origin", "instance", "from"];
    GatewayLearned "gateway_learned": GATEWAY, None, "What a gateway learned.",
        &["as_path", "next_hop", "communities", "origin", "weight", "source_peer"];
    GatewayAdvertised "gateway_advertised": GATEWAY, Some(CONNECTED),
        "What a gateway sends to a circuit, site or gateway.",
        &["as_path", "next_hop", "communities", "origin", "weight"];
    CircuitRoutes "circuit_routes": CIRCUIT, None, "All routes at the edge of a circuit.",
        &["as_path", "next_hop", "origin"];
    OnPremLearned "on_prem_learned": ON_PREMISES, None,
        "What a site, or the network behind a circuit, learned.",
        &["as_path", "next_hop", "from"];
    NicEffective "nic_effective": NIC, None, "The effective routes of a NIC.",
        &["next_hop_type", "next_hop", "source", "state", "name"];
    Sessions "sessions": ROUTE_SERVER, Some(NVA), "Sessions of a Route Server with an NVA.",
        &["state", "routes", "notification", "hold_time", "route_refreshes", "resets", "instance"];
}

impl TableKind {
    /// The kind of that name.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.shape().key == key)
    }

    /// The table of an object.
    pub fn of(self, owner: impl Into<String>) -> TableId {
        TableId {
            kind: self,
            owner: owner.into(),
            peer: None,
        }
    }

    /// The table of an object and the one at the other end.
    pub fn between(self, owner: impl Into<String>, peer: impl Into<String>) -> TableId {
        TableId {
            peer: Some(peer.into()),
            ..self.of(owner)
        }
    }

    /// The names of all its tables in an estate.
    fn tables(self, estate: &Estate) -> Vec<TableId> {
        match self {
            Self::RsLearned | Self::RsAdvertised | Self::Sessions => {
                let nvas = estate.nvas.iter();
                let pairs = nvas.flat_map(|nva| {
                    let servers = nva.sessions.iter().map(|session| &session.route_server);
                    servers.map(|server| self.between(server, &nva.name))
                });
                pairs.collect()
            }
            Self::GatewayAdvertised => {
                let mut tables = Vec::new();
                for gateway in &estate.gateways {
                    for connection in &gateway.connections {
                        let (from, to) = (&gateway.name, connection.to());
                        tables.push(self.between(from, to));
                        if matches!(connection, Connection::Gateway { .. }) {
                            tables.push(self.between(to, from));
                        }
                    }
                }
                tables
            }
            Self::OnPremLearned => {
                let circuits = estate.circuits.iter();
                let behind = circuits.filter(|circuit| circuit.on_prem.is_some());
                let sites = estate.sites.iter().map(|site| &site.name);
                let names = sites.chain(behind.map(|circuit| &circuit.name));
                names.map(|name| self.of(name)).collect()
            }
            _ => {
                let names = (self.shape().owner.names)(estate).into_iter();
                names.map(|name| self.of(name)).collect()
            }
        }
    }
}

/// A table: its kind, whose it is, and of some who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId {
    /// The kind.
    pub kind: TableKind,
    /// The name of the object that has it.
    pub owner: String,
    /// The name of the other end.
    pub peer: Option<String>,
}

impl TableId {
    /// All tables of an estate, by kind and name.
    pub fn all(estate: &Estate) -> BTreeSet<Self> {
        let kinds = TableKind::ALL.iter();
        kinds.flat_map(|kind| kind.tables(estate)).collect()
    }

    /// The name of the other end; empty if there is none.
    fn other(&self) -> &str {
        self.peer.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for TableId {
    /// Writes `rs_learned rs nva1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.shape().key, self.owner)?;
        self.peer.iter().try_for_each(|peer| write!(f, " {peer}"))
    }
}

/// The rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum TableRows {
    /// Routes of a speaker.
    Routes(Vec<RouteRow>),
    /// Routes of a NIC.
    Effective(Vec<EffectiveRow>),
    /// Sessions.
    Sessions(Vec<SessionRow>),
}

impl TableRows {
    /// The rows, if they are routes of a speaker.
    pub fn routes(&self) -> &[RouteRow] {
        match self {
            Self::Routes(rows) => rows,
            _ => &[],
        }
    }

    /// The rows, if they are routes of a NIC.
    pub fn effective(&self) -> &[EffectiveRow] {
        match self {
            Self::Effective(rows) => rows,
            _ => &[],
        }
    }

    /// The rows, if they are sessions.
    pub fn sessions(&self) -> &[SessionRow] {
        match self {
            Self::Sessions(rows) => rows,
            _ => &[],
        }
    }
}

impl Exchange {
    /// The rows of a table; none if there is no such object.
    pub fn rows(&self, id: &TableId) -> TableRows {
        let (owner, peer) = (id.owner.as_str(), id.other());
        TableRows::Routes(match id.kind {
            TableKind::RsLearned => self.rs_learned(owner, peer),
            TableKind::RsAdvertised => self.rs_advertised(owner, peer),
            TableKind::NvaLearned => self.nva_learned(owner),
            TableKind::GatewayLearned => self.gateway_learned(owner),
            TableKind::GatewayAdvertised => self.gateway_advertised(owner, peer),
            TableKind::CircuitRoutes => self.circuit_routes(owner),
            TableKind::OnPremLearned => self.on_prem_learned(owner),
            TableKind::NicEffective => {
                return TableRows::Effective(self.nic_effective(owner).unwrap_or_default());
            }
            TableKind::Sessions => return TableRows::Sessions(self.sessions(owner, peer)),
        })
    }
}
