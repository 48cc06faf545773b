//! What should be seen: the tables of `expect` as data.

use std::fmt;
use std::net::IpAddr;

use routehub::types::{Asn, Community, Prefix, RuleId};
use routehub::{NextHopType, RouteOrigin, RouteSource, RouteState, SessionState, Severity};

/// What should be seen at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// `initial`, or the id of the event after which it should be seen.
    pub at: String,
    /// Tables of routes.
    pub tables: Vec<ExpectedTable>,
    /// Sessions.
    pub sessions: Vec<ExpectedSession>,
    /// Findings.
    pub findings: Vec<ExpectedFinding>,
    /// Rows that must not exist.
    pub absent: Vec<AbsentRow>,
}

/// The time before the first event.
pub const INITIAL: &str = "initial";

/// Which table of routes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// What a Route Server learned from an NVA.
    RsLearned {
        /// The Route Server.
        route_server: String,
        /// The NVA.
        nva: String,
    },
    /// What a Route Server sends to an NVA.
    RsAdvertised {
        /// The Route Server.
        route_server: String,
        /// The NVA.
        nva: String,
    },
    /// What an NVA learned.
    NvaLearned {
        /// The NVA.
        nva: String,
    },
    /// What a gateway learned.
    GatewayLearned {
        /// The gateway.
        gateway: String,
    },
    /// What a gateway sends.
    GatewayAdvertised {
        /// The gateway.
        gateway: String,
        /// The circuit, site or gateway that it sends to.
        to: String,
    },
    /// All routes at the edge of a circuit.
    CircuitRoutes {
        /// The circuit.
        circuit: String,
    },
    /// What a site, or the network behind a circuit, learned.
    OnPremLearned {
        /// The site or circuit.
        name: String,
    },
    /// The effective routes of a NIC.
    NicEffective {
        /// The NIC.
        nic: String,
    },
}

impl Table {
    /// The key of the table in the file.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::RsLearned { .. } => "rs_learned",
            Self::RsAdvertised { .. } => "rs_advertised",
            Self::NvaLearned { .. } => "nva_learned",
            Self::GatewayLearned { .. } => "gateway_learned",
            Self::GatewayAdvertised { .. } => "gateway_advertised",
            Self::CircuitRoutes { .. } => "circuit_routes",
            Self::OnPremLearned { .. } => "on_prem_learned",
            Self::NicEffective { .. } => "nic_effective",
        }
    }

    /// The names in it, the second only where there are two.
    pub fn names(&self) -> (&str, Option<&str>) {
        match self {
            Self::RsLearned { route_server, nva } | Self::RsAdvertised { route_server, nva } => {
                (route_server, Some(nva))
            }
            Self::GatewayAdvertised { gateway, to } => (gateway, Some(to)),
            Self::NvaLearned { nva: name }
            | Self::GatewayLearned { gateway: name }
            | Self::CircuitRoutes { circuit: name }
            | Self::OnPremLearned { name }
            | Self::NicEffective { nic: name } => (name, None),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, second) = self.names();
        write!(f, "{} {name}", self.key())?;
        second.iter().try_for_each(|second| write!(f, " {second}"))
    }
}

/// Rows that a table should have.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedTable {
    /// The table.
    pub table: Table,
    /// It has no other rows.
    pub complete: bool,
    /// The rows.
    pub rows: Vec<RowPattern>,
    /// The line in the file, from 1.
    pub line: usize,
}

/// A row as far as it is told: a field that is left out is not looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPattern {
    /// Where to.
    pub prefix: Prefix,
    /// The exact AS path, nearest first.
    pub as_path: Option<Vec<Asn>>,
    /// The next hops, compared last and as a set.
    pub next_hop: Option<NextHopPattern>,
    /// The exact set of communities, sorted.
    pub communities: Option<Vec<Community>>,
    /// How the route came about.
    pub origin: Option<RouteOrigin>,
    /// The weight shown.
    pub weight: Option<u32>,
    /// The address the row came from.
    pub source_peer: Option<IpAddr>,
    /// The Route Server instance.
    pub instance: Option<u8>,
    /// The name of the speaker it came from.
    pub from: Option<String>,
    /// The next hop type of an effective route.
    pub next_hop_type: Option<NextHopType>,
    /// The source of an effective route.
    pub source: Option<RouteSource>,
    /// The state of an effective route.
    pub state: Option<RouteState>,
    /// The name of a user-defined route.
    pub name: Option<String>,
    /// How it counts.
    pub note: Note,
}

impl RowPattern {
    /// Any row of a prefix.
    pub const fn any(prefix: Prefix, note: Note) -> Self {
        Self {
            prefix,
            as_path: None,
            next_hop: None,
            communities: None,
            origin: None,
            weight: None,
            source_peer: None,
            instance: None,
            from: None,
            next_hop_type: None,
            source: None,
            state: None,
            name: None,
            note,
        }
    }
}

/// How a row counts, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Told if it differs, but no failure.
    pub soft: bool,
    /// Free text for the report.
    pub why: Option<String>,
    /// The line in the file, from 1; 0 where there is no file.
    pub line: usize,
}

/// Which next hops should be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHopPattern {
    /// The next hops.
    pub hops: Vec<Hop>,
    /// Some of them, at least one, instead of all.
    pub any_of: bool,
}

/// A next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// The address of the very instance that sent the row.
    Own,
    /// This address.
    Address(IpAddr),
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("self"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// A session that should be seen, with each instance or with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedSession {
    /// The Route Server.
    pub route_server: String,
    /// The NVA.
    pub nva: String,
    /// Its state.
    pub state: SessionState,
    /// How many rows the learned table has from it.
    pub routes: Option<usize>,
    /// The NOTIFICATION that ended it: code and subcode.
    pub notification: Option<(u8, u8)>,
    /// The hold time agreed, in seconds.
    pub hold_time: Option<u16>,
    /// How many route refreshes the Route Server sent.
    pub route_refreshes: Option<u32>,
    /// How many times it was reset.
    pub resets: Option<u32>,
    /// Only with this instance.
    pub instance: Option<u8>,
    /// How it counts.
    pub note: Note,
}

/// A finding that should be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedFinding {
    /// The rule.
    pub rule: RuleId,
    /// The object to change.
    pub subject: String,
    /// How serious it is.
    pub severity: Option<Severity>,
    /// How it counts.
    pub note: Note,
}

/// A row that must not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct AbsentRow {
    /// The table.
    pub table: Table,
    /// What no row may fit.
    pub row: RowPattern,
}
