//! Rows as fields, for people to read and as JSON: expected and actual ones look alike, in the
//! manner of the file.

use std::fmt::{self, Display};

use routehub::types::{Asn, Community};
use routehub::{EffectiveRow, Finding, RouteRow, SessionRow, Severity};
use serde::{Serialize, Serializer};

use crate::expect::{ExpectedFinding, ExpectedSession, NextHopPattern, RowPattern};

/// The value of a field.
#[derive(Serialize)]
#[serde(untagged)]
enum Cell {
    Number(u64),
    Text(String),
    List(Vec<Self>),
}

fn text(value: impl Display) -> Cell {
    Cell::Text(value.to_string())
}

/// The name of a variant.
fn word(value: impl fmt::Debug) -> Cell {
    Cell::Text(format!("{value:?}"))
}

fn number(value: impl Into<u64>) -> Cell {
    Cell::Number(value.into())
}

fn texts<T: Display>(values: impl IntoIterator<Item = T>) -> Cell {
    Cell::List(values.into_iter().map(text).collect())
}

fn asns(path: impl IntoIterator<Item = Asn>) -> Cell {
    Cell::List(path.into_iter().map(|asn| number(asn.0)).collect())
}

/// `high:low`, without the names that some have.
fn communities(list: &[Community]) -> Cell {
    let plain = |community: &Community| format!("{}:{}", community.high(), community.low());
    texts(list.iter().map(plain))
}

/// Code and subcode of a NOTIFICATION: `6/1`.
fn codes((code, subcode): (u8, u8)) -> Cell {
    Cell::Text(format!("{code}/{subcode}"))
}

/// The spelling of the file.
fn severity(severity: Severity) -> Cell {
    text(match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    })
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::List(cells) => {
                let cells: Vec<String> = cells.iter().map(Self::to_string).collect();
                write!(f, "[{}]", cells.join(", "))
            }
        }
    }
}

/// The fields of a row, in the order of the file: `{key: value, key: value}`.
#[derive(Default)]
pub(crate) struct Fields(Vec<(&'static str, Cell)>);

impl Fields {
    fn field(&mut self, key: &'static str, cell: Cell) -> &mut Self {
        self.0.push((key, cell));
        self
    }

    fn given(&mut self, key: &'static str, cell: Option<Cell>) -> &mut Self {
        self.0.extend(cell.map(|cell| (key, cell)));
        self
    }

    /// The prefix, and the fields of these names.
    pub(crate) fn only(mut self, columns: &[&str]) -> Self {
        let keeps = |key: &&str| *key == "prefix" || columns.contains(key);
        self.0.retain(|(key, _)| keeps(key));
        self
    }

    pub(crate) fn route(row: &RouteRow) -> Self {
        let mut fields = Self::default();
        fields
            .field("prefix", text(row.prefix))
            .field("as_path", asns(row.as_path.asns()))
            .field("next_hop", texts(row.next_hop))
            .field("communities", communities(&row.communities))
            .field("origin", text(row.origin))
            .field("weight", number(row.weight))
            .given("source_peer", row.source_peer.map(text))
            .given("instance", row.instance.map(number))
            .given("from", row.from.as_ref().map(text));
        fields
    }

    /// An effective route, of one of its prefixes or of all.
    fn effective_of(row: &EffectiveRow, key: &'static str, prefix: Cell) -> Self {
        let mut fields = Self::default();
        fields
            .field(key, prefix)
            .field("next_hop_type", word(row.next_hop_type))
            .field("next_hop", texts(&row.next_hops))
            .field("source", word(row.source))
            .field("state", word(row.state))
            .given("name", row.name.as_ref().map(text));
        fields
    }

    pub(crate) fn effective(row: &EffectiveRow) -> Self {
        match row.prefixes.as_slice() {
            [prefix] => Self::effective_of(row, "prefix", text(prefix)),
            prefixes => Self::effective_of(row, "prefixes", texts(prefixes)),
        }
    }

    /// A row of several prefixes is a row for each.
    pub(crate) fn effective_each(row: &EffectiveRow) -> impl Iterator<Item = Self> {
        let prefixes = row.prefixes.iter();
        prefixes.map(move |prefix| Self::effective_of(row, "prefix", text(prefix)))
    }

    pub(crate) fn session(row: &SessionRow) -> Self {
        let mut fields = Self::default();
        fields
            .field("state", word(row.state))
            .field("routes", number(row.routes as u64))
            .given("notification", row.notification.map(codes))
            .field("hold_time", number(row.hold_time))
            .field("route_refreshes", number(row.route_refreshes))
            .field("resets", number(row.resets))
            .field("instance", number(row.instance));
        fields
    }

    pub(crate) fn finding(finding: &Finding) -> Self {
        let mut fields = Self::default();
        fields
            .field("rule", text(finding.rule))
            .field("subject", text(&finding.subject))
            .field("severity", severity(finding.severity));
        fields
    }
}

impl Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.0.iter().map(|(key, cell)| format!("{key}: {cell}"));
        write!(f, "{{{}}}", fields.collect::<Vec<_>>().join(", "))
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, cell)| (key, cell)))
    }
}

impl Display for NextHopPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hops = texts(&self.hops);
        match self.any_of {
            true => write!(f, "{{any_of: {hops}}}"),
            false => hops.fmt(f),
        }
    }
}

impl Display for RowPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        fields
            .field("prefix", text(self.prefix))
            .given("as_path", self.as_path.clone().map(asns))
            .given("next_hop_type", self.next_hop_type.map(word))
            .given("next_hop", self.next_hop.as_ref().map(text))
            .given("communities", self.communities.as_deref().map(communities))
            .given("origin", self.origin.map(text))
            .given("weight", self.weight.map(number))
            .given("source_peer", self.source_peer.map(text))
            .given("instance", self.instance.map(number))
            .given("from", self.from.as_ref().map(text))
            .given("source", self.source.map(word))
            .given("state", self.state.map(word))
            .given("name", self.name.as_ref().map(text));
        fields.fmt(f)
    }
}

impl Display for ExpectedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        fields
            .field("state", word(self.state))
            .given("routes", self.routes.map(|routes| number(routes as u64)))
            .given("notification", self.notification.map(codes))
            .given("hold_time", self.hold_time.map(number))
            .given("route_refreshes", self.route_refreshes.map(number))
            .given("resets", self.resets.map(number))
            .given("instance", self.instance.map(number));
        fields.fmt(f)
    }
}

impl Display for ExpectedFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        fields
            .field("rule", text(self.rule))
            .field("subject", text(&self.subject))
            .given("severity", self.severity.map(severity));
        fields.fmt(f)
    }
}
