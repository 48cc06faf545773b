//! What should be seen: the tables of `expect` as data.

use std::fmt;
use std::net::IpAddr;

use routehub::types::{Asn, Community, Prefix, RuleId};
use routehub::{
    NextHopType, RouteOrigin, RouteSource, RouteState, SessionState, Severity, TableId,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// What should be seen at one time.
#[derive(Clone, Debug, Default, PartialEq)]
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

/// Rows that a table should have.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedTable {
    /// The table.
    pub table: TableId,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, transform = hop_pattern)]
pub enum Hop {
    /// The address of the very instance that sent the row.
    Own,
    /// This address.
    Address(IpAddr),
}

fn hop_pattern(schema: &mut schemars::Schema) {
    *schema = schemars::json_schema!({"type": "string", "pattern": "^(self|[0-9A-Fa-f.:]+)$"});
}

impl TryFrom<String> for Hop {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "self" => Ok(Self::Own),
            other => {
                let address = other.parse().map(Self::Address);
                address.map_err(|_| format!("`{text}` is neither an address nor `self`"))
            }
        }
    }
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
    pub table: TableId,
    /// What no row may fit.
    pub row: RowPattern,
}
