//! What should be seen: the tables of `expect` as data.

use std::fmt;
use std::net::IpAddr;

use routehub::estate::{CircuitLink, forms};
use routehub::types::{Asn, Community, Prefix, RuleId};
use routehub::{
    NextHopType, RouteOrigin, RouteSource, RouteState, SessionState, Severity, TableId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::tables::cells::{
    Cell, Fields, asns, codes, communities, number, severity, text, texts, word,
};

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
    /// There are no other findings: the line in the file that says so.
    pub findings_complete: Option<usize>,
    /// Findings that must not be there.
    pub absent_findings: Vec<AbsentFinding>,
    /// What explanations should say.
    pub explains: Vec<ExpectedExplanation>,
    /// Which ways packets should take.
    pub traces: Vec<ExpectedTrace>,
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
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename = "row")]
pub struct RowPattern {
    /// Where to.
    pub prefix: Prefix,
    /// The exact AS path, nearest first.
    pub as_path: Option<Vec<Asn>>,
    /// The next hops, compared last and as a set.
    pub next_hop: Option<NextHopPattern>,
    /// The exact set of communities, sorted.
    #[serde(default, deserialize_with = "community_set")]
    pub communities: Option<Vec<Community>>,
    /// How the route came about.
    pub origin: Option<RouteOrigin>,
    /// The weight shown.
    pub weight: Option<u32>,
    /// The address the row came from.
    pub source_peer: Option<IpAddr>,
    /// The address of the gateway's instance that holds or sent it.
    pub local_address: Option<IpAddr>,
    /// The Route Server instance.
    #[serde(default, deserialize_with = "forms::instance")]
    #[schemars(with = "Option<forms::InstanceNumber>")]
    pub instance: Option<u8>,
    /// The name of the speaker it came from.
    pub from: Option<String>,
    /// The link of the circuit; a row of both links fits either.
    pub link: Option<CircuitLink>,
    /// The next hop type of an effective route.
    pub next_hop_type: Option<NextHopType>,
    /// The source of an effective route.
    pub source: Option<RouteSource>,
    /// The state of an effective route.
    pub state: Option<RouteState>,
    /// The name of a user-defined route.
    pub name: Option<String>,
    /// Whether it is listed but refused.
    pub refused: Option<bool>,
    /// How it counts.
    #[serde(skip)]
    pub note: Note,
}

fn community_set<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Community>>, D::Error> {
    let mut set = Option::<Vec<Community>>::deserialize(deserializer)?;
    if let Some(communities) = &mut set {
        communities.sort_unstable();
        communities.dedup();
    }
    Ok(set)
}

impl RowPattern {
    /// The fields that are given.
    pub(super) fn fields(&self) -> Fields {
        Fields::default()
            .field("prefix", text(self.prefix))
            .given("as_path", self.as_path.clone().map(asns))
            .given("next_hop_type", self.next_hop_type.map(word))
            .given("next_hop", self.next_hop.as_ref().map(text))
            .given("communities", self.communities.as_deref().map(communities))
            .given("origin", self.origin.map(text))
            .given("weight", self.weight.map(number))
            .given("source_peer", self.source_peer.map(text))
            .given("local_address", self.local_address.map(text))
            .given("instance", self.instance.map(number))
            .given("from", self.from.as_ref().map(text))
            .given("link", self.link.map(text))
            .given("source", self.source.map(word))
            .given("state", self.state.map(word))
            .given("name", self.name.as_ref().map(text))
            .given("refused", self.refused.map(Cell::Flag))
    }
}

/// How a row counts, and where it stands: keys that any row may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename = "row")]
pub struct Note {
    /// Told if it differs, but no failure.
    pub soft: bool,
    /// Free text for the report.
    pub why: Option<String>,
    /// The line in the file, from 1; 0 where there is no file.
    #[serde(skip)]
    pub line: usize,
}

/// Which next hops should be seen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "NextHops")]
#[schemars(with = "NextHops")]
pub struct NextHopPattern {
    /// The next hops.
    pub hops: Vec<Hop>,
    /// Some of them, at least one, instead of all.
    pub any_of: bool,
}

impl fmt::Display for NextHopPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hops = texts(&self.hops);
        match self.any_of {
            true => write!(f, "{{any_of: {hops}}}"),
            false => hops.fmt(f),
        }
    }
}

/// Next hops: all of them, or some.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: a list of addresses, or a mapping with `any_of`")]
#[schemars(untagged, rename = "NextHops")]
enum NextHops {
    /// All.
    #[serde(rename = "list")]
    All(Vec<Hop>),
    /// Some, at least one.
    #[serde(rename = "map")]
    AnyOf(AnyOf),
}

/// Some of these.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "next_hop")]
#[schemars(rename = "AnyOf")]
struct AnyOf {
    /// The next hops allowed.
    any_of: Vec<Hop>,
}

impl From<NextHops> for NextHopPattern {
    fn from(hops: NextHops) -> Self {
        let (hops, any_of) = match hops {
            NextHops::All(hops) => (hops, false),
            NextHops::AnyOf(form) => (form.any_of, true),
        };
        Self { hops, any_of }
    }
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "row")]
pub struct ExpectedSession {
    /// The Route Server.
    #[serde(skip)]
    pub route_server: String,
    /// The NVA.
    #[serde(skip)]
    pub nva: String,
    /// Its state.
    pub state: SessionState,
    /// How many rows the learned table has from it.
    pub routes: Option<u32>,
    /// The NOTIFICATION that ended it: code and subcode.
    #[serde(default, deserialize_with = "notification")]
    #[schemars(with = "Option<String>", extend("pattern" = "^[0-9]+/[0-9]+$"))]
    pub notification: Option<(u8, u8)>,
    /// The hold time agreed, in seconds.
    pub hold_time: Option<u16>,
    /// How many route refreshes the Route Server sent.
    pub route_refreshes: Option<u32>,
    /// How many times it was reset.
    pub resets: Option<u32>,
    /// Only with this instance.
    #[serde(default, deserialize_with = "forms::instance")]
    #[schemars(with = "Option<forms::InstanceNumber>")]
    pub instance: Option<u8>,
    /// How it counts.
    #[serde(skip)]
    pub note: Note,
}

/// Code and subcode of a NOTIFICATION: `6/1`.
fn notification<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(u8, u8)>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let codes = text.split_once('/');
    let codes = codes.and_then(|(code, sub)| Some((code.parse().ok()?, sub.parse().ok()?)));
    codes.map(Some).ok_or_else(|| {
        let wanted = "two numbers up to 255 with a slash between, such as 6/1";
        de::Error::custom(format_args!("`{text}` is not a NOTIFICATION: {wanted}"))
    })
}

impl ExpectedSession {
    /// The fields that are given.
    pub(super) fn fields(&self) -> Fields {
        Fields::default()
            .field("state", word(self.state))
            .given("routes", self.routes.map(number))
            .given("notification", self.notification.map(codes))
            .given("hold_time", self.hold_time.map(number))
            .given("route_refreshes", self.route_refreshes.map(number))
            .given("resets", self.resets.map(number))
            .given("instance", self.instance.map(number))
    }
}

/// A finding that should be seen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "row")]
pub struct ExpectedFinding {
    /// The rule.
    #[serde(deserialize_with = "rule")]
    #[schemars(with = "String", extend("pattern" = "^R-[0-9]{3,4}$"))]
    pub rule: RuleId,
    /// The object to change.
    pub subject: String,
    /// How serious it is.
    pub severity: Option<Severity>,
    /// How it counts.
    #[serde(skip)]
    pub note: Note,
}

/// A rule number as the catalogue writes it: `R-024`; those of BGP have four digits.
fn rule<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RuleId, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = text.strip_prefix("R-");
    let digits = digits.filter(|digits| (3..=4).contains(&digits.len()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.map(RuleId).ok_or_else(|| {
        let wanted = "R- and three digits (four for those of BGP), such as R-024";
        de::Error::custom(format_args!("`{text}` is not a rule: {wanted}"))
    })
}

fn rule_if_given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RuleId>, D::Error> {
    rule(deserializer).map(Some)
}

impl ExpectedFinding {
    /// The fields that are given.
    pub(super) fn fields(&self) -> Fields {
        Fields::default()
            .field("rule", text(self.rule))
            .field("subject", text(&self.subject))
            .given("severity", self.severity.map(severity))
    }
}

/// A finding that must not be there: none may have all that is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "row")]
pub struct AbsentFinding {
    /// The rule.
    #[serde(default, deserialize_with = "rule_if_given")]
    #[schemars(with = "String", extend("pattern" = "^R-[0-9]{3,4}$"))]
    pub rule: Option<RuleId>,
    /// The object to change; in a row of `absent` its key is `findings`.
    #[serde(alias = "findings")]
    pub subject: Option<String>,
    /// How serious it is.
    pub severity: Option<Severity>,
    /// How it counts.
    #[serde(skip)]
    pub note: Note,
}

impl AbsentFinding {
    /// The fields that are given.
    pub(super) fn fields(&self) -> Fields {
        Fields::default()
            .given("rule", self.rule.map(text))
            .given("subject", self.subject.as_ref().map(text))
            .given("severity", self.severity.map(severity))
    }
}

/// What the explanation of a NIC's or speaker's routes should say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "row")]
pub struct ExpectedExplanation {
    /// The NIC or speaker.
    pub name: String,
    /// The prefix or address that is asked for.
    #[serde(deserialize_with = "destination")]
    #[schemars(with = "String", extend("pattern" = "^[0-9A-Fa-f.:]+(/[0-9]+)?$"))]
    pub destination: Prefix,
    /// Phrases that it has, whatever their case and line breaks.
    pub says: Vec<String>,
    /// How it counts.
    #[serde(skip)]
    pub note: Note,
}

/// A prefix, or an address as a prefix of full length.
fn destination<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Prefix, D::Error> {
    let text = String::deserialize(deserializer)?;
    let address = text.parse::<IpAddr>().map(Prefix::host);
    address.or_else(|_| text.parse()).map_err(|error| {
        de::Error::custom(format_args!(
            "`{text}` is neither an address nor a prefix: {error}"
        ))
    })
}

impl ExpectedExplanation {
    /// What is given.
    pub(super) fn fields(&self) -> Fields {
        Fields::default()
            .field("name", text(&self.name))
            .field("destination", text(self.destination))
            .field("says", texts(&self.says))
    }
}

/// The way that a packet should take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "row")]
pub struct ExpectedTrace {
    /// Where it starts: a NIC, NVA, site, circuit (its customer), an address or `internet`.
    pub from: String,
    /// Where it is to go, likewise.
    pub to: String,
    /// Whether it arrives, on every way that equal next hops give; alone it is taken to be so.
    pub arrives: Option<bool>,
    /// Whom it passes on every way, in order; others may stand between.
    pub via: Option<Vec<String>>,
    /// Where every way ends: who or which network it arrives at, or who drops it.
    pub at: Option<String>,
    /// How it counts.
    #[serde(skip)]
    pub note: Note,
}

impl ExpectedTrace {
    /// Whether it should arrive; none if that is not looked at.
    pub(super) fn should_arrive(&self) -> Option<bool> {
        let is_alone = self.via.is_none() && self.at.is_none();
        self.arrives.or_else(|| is_alone.then_some(true))
    }

    /// The fields that are given.
    pub(super) fn fields(&self) -> Fields {
        Fields::default()
            .field("from", text(&self.from))
            .field("to", text(&self.to))
            .given("arrives", self.arrives.map(text))
            .given("via", self.via.as_ref().map(texts))
            .given("at", self.at.as_ref().map(text))
    }
}

/// A row that must not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct AbsentRow {
    /// The table.
    pub table: TableId,
    /// What no row may fit.
    pub row: RowPattern,
}
