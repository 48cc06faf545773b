//! Rows as fields, for people to read and as JSON: expected and actual ones look alike, in the
//! manner of the file.

use std::fmt::{self, Display};

use routehub::types::{Asn, Community};
use routehub::{EffectiveRow, Finding, RouteRow, SessionRow, Severity};
use serde::{Serialize, Serializer};

/// The value of a field.
#[derive(PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Number(u64),
    Text(String),
    Flag(bool),
    List(Vec<Self>),
}

pub(crate) fn text(value: impl Display) -> Cell {
    Cell::Text(value.to_string())
}

/// The name of a variant.
pub(crate) fn word(value: impl fmt::Debug) -> Cell {
    Cell::Text(format!("{value:?}"))
}

pub(crate) fn number(value: impl Into<u64>) -> Cell {
    Cell::Number(value.into())
}

pub(crate) fn texts<T: Display>(values: impl IntoIterator<Item = T>) -> Cell {
    Cell::List(values.into_iter().map(text).collect())
}

pub(crate) fn asns(path: impl IntoIterator<Item = Asn>) -> Cell {
    Cell::List(path.into_iter().map(|asn| number(asn.0)).collect())
}

/// `high:low`, without the names that some have.
pub(crate) fn communities(list: &[Community]) -> Cell {
    let plain = |community: &Community| format!("{}:{}", community.high(), community.low());
    texts(list.iter().map(plain))
}

/// Code and subcode of a NOTIFICATION: `6/1`.
pub(crate) fn codes((code, subcode): (u8, u8)) -> Cell {
    Cell::Text(format!("{code}/{subcode}"))
}

/// The spelling of the file.
pub(crate) fn severity(severity: Severity) -> Cell {
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
            Self::Flag(flag) => flag.fmt(f),
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
    pub(crate) fn field(self, key: &'static str, cell: Cell) -> Self {
        self.given(key, Some(cell))
    }

    pub(crate) fn given(mut self, key: &'static str, cell: Option<Cell>) -> Self {
        self.0.extend(cell.map(|cell| (key, cell)));
        self
    }

    /// Whether an actual row has all these fields with these values; prefix and next hop aside,
    /// which a row may have several of.
    pub(crate) fn are_of(&self, row: &Self) -> bool {
        let mut compared = self
            .0
            .iter()
            .filter(|(key, _)| !matches!(*key, "prefix" | "next_hop"));
        // What is not refused does not say so; what both links of a circuit have names none of them.
        let unsaid = ("refused", Cell::Flag(false));
        let says = |key: &str| row.0.iter().any(|(said, _)| *said == key);
        compared.all(|field| {
            let may_lack = *field == unsaid || field.0 == "link";
            row.0.contains(field) || may_lack && !says(field.0)
        })
    }

    /// The prefix, and the fields of these names.
    pub(crate) fn only(mut self, columns: &[&str]) -> Self {
        let keeps = |key: &&str| *key == "prefix" || columns.contains(key);
        self.0.retain(|(key, _)| keeps(key));
        self
    }

    pub(crate) fn route(row: &RouteRow) -> Self {
        Self::default()
            .field("prefix", text(row.prefix))
            .field("as_path", asns(row.as_path.asns()))
            .field("next_hop", texts(row.next_hop))
            .field("communities", communities(&row.communities))
            .field("origin", text(row.origin))
            .field("weight", number(row.weight))
            .given("source_peer", row.source_peer.map(text))
            .given("local_address", row.local_address.map(text))
            .given("instance", row.instance.map(number))
            .given("from", row.from.as_ref().map(text))
            .given("refused", row.refused.map(|_| Cell::Flag(true)))
            .given("link", row.link.map(text))
    }

    /// An effective route, of one of its prefixes or of all.
    fn effective_of(row: &EffectiveRow, key: &'static str, prefix: Cell) -> Self {
        Self::default()
            .field(key, prefix)
            .field("next_hop_type", word(row.next_hop_type))
            .field("next_hop", texts(&row.next_hops))
            .field("source", word(row.source))
            .field("state", word(row.state))
            .given("name", row.name.as_ref().map(text))
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
        Self::default()
            .field("state", word(row.state))
            .field("routes", number(row.routes as u64))
            .given("notification", row.notification.map(codes))
            .field("hold_time", number(row.hold_time))
            .field("route_refreshes", number(row.route_refreshes))
            .field("resets", number(row.resets))
            .field("instance", number(row.instance))
    }

    pub(crate) fn finding(finding: &Finding) -> Self {
        Self::default()
            .field("rule", text(finding.rule))
            .field("subject", text(&finding.subject))
            .field("severity", severity(finding.severity))
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
