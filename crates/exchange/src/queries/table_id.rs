//! The tables that people ask for, by name, and their rows.
//!
//! Tables are sorted by prefix, then by the sender's place in the estate, so that equal estates
//! show equal tables. A field that a table does not have stays at its default.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use routehub_types::{AsPath, Community, Prefix, RuleId};

use crate::estate::{CircuitLink, Connection, Estate};
use crate::fabric::EffectiveRow;
use crate::graph::Link;

/// What is known about a kind of table.
#[derive(Clone, Copy, Debug)]
pub struct TableShape {
    /// Its name in files.
    pub key: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// Its heading: what whose it is, and what it shows.
    pub heading: [&'static str; 2],
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
    ($($kind:ident $key:literal: $owner:expr, $peer:expr, $about:literal, $heading:expr,
       $columns:expr;)+) => {
        /// A kind of table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        pub enum TableKind {
            $(#[doc = $about] $kind,)+
        }

        impl TableKind {
            /// All kinds, in the order of files.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// What is known about it.
            pub const fn shape(self) -> TableShape {
                match self {
                    $(Self::$kind => TableShape {
                        key: $key,
                        about: $about,
                        heading: $heading,
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
        ["Route Server", "learned from"],
        &["as_path", "next_hop", "communities", "origin", "weight", "source_peer", "instance",
          "refused"];
    RsAdvertised "rs_advertised": ROUTE_SERVER, Some(NVA), "What a Route Server sends to an NVA.",
        ["Route Server", "advertised to"],
        &["as_path", "next_hop", "communities", "origin", "weight", "instance"];
    NvaLearned "nva_learned": NVA, None, "What an NVA learned.", ["NVA", "learned"],
        &["as_path", "next_hop", "communities", "origin", "instance", "from", "refused"];
    GatewayLearned "gateway_learned": GATEWAY, None, "What a gateway learned.",
        ["Gateway", "learned"],
        &["as_path", "next_hop", "communities", "origin", "weight", "source_peer", "local_address",
          "refused"];
    GatewayAdvertised "gateway_advertised": GATEWAY, Some(CONNECTED),
        "What a gateway sends to a circuit, site or gateway.", ["Gateway", "advertised to"],
        &["as_path", "next_hop", "communities", "origin", "weight", "local_address"];
    CircuitRoutes "circuit_routes": CIRCUIT, None, "All routes at the edge of a circuit.",
        ["Circuit", "routes"],
        &["as_path", "next_hop", "origin", "link", "refused"];
    OnPremLearned "on_prem_learned": ON_PREMISES, None,
        "What a site, or the network behind a circuit, learned.", ["On-premises", "learned"],
        &["as_path", "next_hop", "from", "link", "refused"];
    NicEffective "nic_effective": NIC, None, "The effective routes of a NIC.",
        ["NIC", "effective routes"],
        &["next_hop_type", "next_hop", "source", "state", "name"];
    Sessions "sessions": ROUTE_SERVER, Some(NVA), "Sessions of a Route Server with an NVA.",
        ["Route Server", "sessions with"],
        &["state", "routes", "notification", "hold_time", "route_refreshes", "resets", "instance"];
}

impl TableKind {
    /// The kind of that name.
    pub fn of_key(key: &str) -> Option<Self> {
        let mut kinds = Self::ALL.iter().copied();
        kinds.find(|kind| kind.shape().key == key)
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

    /// All its tables in an estate, in the order of the estate.
    pub fn tables(self, estate: &Estate) -> Vec<TableId> {
        match self {
            Self::RsLearned | Self::RsAdvertised | Self::Sessions => {
                let nvas = estate.nvas.iter();
                let pairs = nvas.flat_map(|nva| {
                    let servers = nva.sessions.iter().map(|session| &session.route_server);
                    servers.map(|server| self.between(server, &nva.name))
                });
                // An event may have removed the Route Server of a session.
                let servers = (ROUTE_SERVER.names)(estate);
                let is_there = |table: &TableId| servers.contains(&table.owner.as_str());
                pairs.filter(is_there).collect()
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

    /// Its heading: `Route Server rs: learned from nva1`.
    pub fn heading(&self) -> String {
        let [whose, what] = self.kind.shape().heading;
        let heading = format!("{whose} {}: {what}", self.owner);
        match &self.peer {
            Some(peer) => format!("{heading} {peer}"),
            None => heading,
        }
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

/// Where a route came from, in the words of the management interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum RouteOrigin {
    /// Local to the gateway: network prefixes and static sites.
    Network,
    /// Learned over eBGP.
    EBgp,
    /// Learned over iBGP.
    IBgp,
    /// The ORIGIN attribute is IGP.
    Igp,
    /// The ORIGIN attribute is EGP.
    Egp,
    /// The ORIGIN attribute is INCOMPLETE.
    Incomplete,
}

impl fmt::Display for RouteOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// A route that a speaker holds or sends: one row of a learned or advertised table.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RouteRow {
    /// Where to.
    pub prefix: Prefix,
    /// The AS path, nearest first.
    pub as_path: AsPath,
    /// The next hop; none where it is not known.
    pub next_hop: Option<IpAddr>,
    /// Standard communities, sorted, each once.
    pub communities: Vec<Community>,
    /// How the route came about.
    pub origin: RouteOrigin,
    /// The weight that the interface shows.
    pub weight: u32,
    /// The address the row came from.
    pub source_peer: Option<IpAddr>,
    /// The address of the gateway's instance that holds or sent it.
    pub local_address: Option<IpAddr>,
    /// The Route Server instance that holds or sent it, 0 or 1.
    pub instance: Option<u8>,
    /// The name of the speaker it came from.
    pub from: Option<String>,
    /// The rule by which the one that has the row refuses it, so that it is listed but not used.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub refused: Option<RuleId>,
    /// Whether it stays although the neighbour has not announced it again since it was lost, or since
    /// it began to refresh its routes.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub stale: Option<Staleness>,
    /// The link of the circuit that holds it, or by which on-premises hears of it; none: both, or
    /// no circuit's table.
    pub link: Option<CircuitLink>,
}

/// How a route is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Staleness {
    /// It is used as before (RFC 4724 section 4.2, RFC 7313 section 4).
    Stale,
    /// It is long-lived stale: any other route comes first (RFC 9494 section 4.3).
    LongLivedStale,
}

impl fmt::Display for Staleness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stale => "stale",
            Self::LongLivedStale => "long-lived stale",
        })
    }
}

/// The state of a session as tables show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum SessionState {
    /// Routes are exchanged.
    Established,
    /// Down.
    Idle,
    /// The peer was refused when it was created.
    Failed,
}

impl SessionState {
    /// The state of a link.
    pub(super) fn of(link: &Link) -> Self {
        match link.down.refused {
            Some(_) => Self::Failed,
            None if link.is_up() && !link.down.not_established => Self::Established,
            None => Self::Idle,
        }
    }
}

/// A session of an NVA with one instance of a Route Server.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRow {
    /// The instance, 0 or 1.
    pub instance: u8,
    /// Its state.
    pub state: SessionState,
    /// How many rows the learned table has from it.
    pub routes: usize,
    /// The NOTIFICATION that ended it: code and subcode.
    pub notification: Option<(u8, u8)>,
    /// The hold time agreed, in seconds.
    pub hold_time: u16,
    /// How many route refreshes the Route Server sent.
    pub route_refreshes: u32,
    /// How many times the session ended, whatever ended it.
    pub resets: u32,
}
