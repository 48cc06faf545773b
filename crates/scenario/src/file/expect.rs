//! `expect`: the tables that should be seen.

use std::collections::BTreeMap;

use routehub::types::{Asn, Community};
use routehub::{NextHopType, RouteOrigin, RouteSource, RouteState, SessionState, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::absent::AbsentEntry;
use routehub::estate::forms::InstanceNumber;

use super::{AnyAddress, AnyPrefix, Codes, CommunityText, RuleName};
use crate::expect::{ExpectedFinding, ExpectedSession, Hop, NextHopPattern, Note, RowPattern};

/// What should be seen at one time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "expectation")]
#[schemars(rename = "Expectation")]
pub(crate) struct ExpectEntry {
    /// `initial`, or an event's id.
    pub(crate) at: String,
    /// What a Route Server learned from an NVA.
    #[serde(default)]
    pub(crate) rs_learned: Pairs<RsLearnedRow>,
    /// What a Route Server sends to an NVA.
    #[serde(default)]
    pub(crate) rs_advertised: Pairs<RsAdvertisedRow>,
    /// What an NVA learned.
    #[serde(default)]
    pub(crate) nva_learned: Named<NvaLearnedRow>,
    /// What a gateway learned.
    #[serde(default)]
    pub(crate) gateway_learned: Named<GatewayLearnedRow>,
    /// What a gateway sends to a circuit, site or gateway.
    #[serde(default)]
    pub(crate) gateway_advertised: Pairs<GatewayAdvertisedRow>,
    /// All routes at the edge of a circuit.
    #[serde(default)]
    pub(crate) circuit_routes: Named<CircuitRow>,
    /// What a site, or the network behind a circuit, learned.
    #[serde(default)]
    pub(crate) on_prem_learned: Named<OnPremRow>,
    /// The effective routes of a NIC.
    #[serde(default)]
    pub(crate) nic_effective: Named<EffectiveRowEntry>,
    /// Sessions of a Route Server with an NVA.
    #[serde(default)]
    pub(crate) sessions: BTreeMap<String, BTreeMap<String, Vec<SessionRowEntry>>>,
    /// Findings.
    #[serde(default)]
    pub(crate) findings: Vec<FindingRow>,
    /// Rows that must not exist.
    #[serde(default)]
    pub(crate) absent: Vec<AbsentEntry>,
}

/// Tables by one name.
pub(crate) type Named<R> = BTreeMap<String, TableEntry<R>>;
/// Tables by two names.
pub(crate) type Pairs<R> = BTreeMap<String, Named<R>>;

/// The rows of a table, some or all.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: a list of rows, or a mapping with `complete` and `rows`")]
#[schemars(untagged, rename = "Table{R}")]
pub(crate) enum TableEntry<R> {
    /// Some.
    #[serde(rename = "list")]
    Some(Vec<R>),
    /// All.
    #[serde(rename = "map")]
    Complete(CompleteTable<R>),
}

/// The rows of a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "table")]
#[schemars(rename = "CompleteTable{R}")]
pub(crate) struct CompleteTable<R> {
    /// Whether there are no others.
    complete: bool,
    /// The rows.
    rows: Option<Vec<R>>,
}

impl<R: Into<RowPattern>> TableEntry<R> {
    /// Whether there are no other rows, and the rows.
    pub(crate) fn rows(self) -> (bool, Vec<RowPattern>) {
        let (complete, rows) = match self {
            Self::Some(rows) => (false, rows),
            Self::Complete(table) => (table.complete, table.rows.unwrap_or_default()),
        };
        (complete, rows.into_iter().map(Into::into).collect())
    }
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $kind:tt as $title:tt { $($field:ident: $type:ty),* })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = $kind)]
        #[schemars(rename = $title)]
        pub(crate) struct $name {
            prefix: AnyPrefix,
            $(#[serde(default)] $field: Option<$type>,)*
            /// Told if it differs, but no failure.
            #[serde(default)]
            soft: bool,
            /// Free text for the report.
            #[serde(default)]
            why: Option<String>,
        }

        impl From<$name> for RowPattern {
            fn from(row: $name) -> Self {
                let note = Note { soft: row.soft, why: row.why, line: 0 };
                Self {
                    $($field: row.$field.map(Into::into),)*
                    ..Self::any(row.prefix.0, note)
                }
            }
        }
    )*};
}

rows! {
    /// A route that a Route Server learned.
    RsLearnedRow = "rs_learned row" as "RsLearnedRow" {
        as_path: PathPattern, next_hop: HopsEntry, communities: CommunitySet, origin: LabelWord,
        weight: u32, source_peer: AnyAddress, instance: InstanceNumber
    }
    /// A route that a Route Server sends.
    RsAdvertisedRow = "rs_advertised row" as "RsAdvertisedRow" {
        as_path: PathPattern, next_hop: HopsEntry, communities: CommunitySet, origin: LabelWord,
        weight: u32, instance: InstanceNumber
    }
    /// A route that an NVA learned.
    NvaLearnedRow = "nva_learned row" as "NvaLearnedRow" {
        as_path: PathPattern, next_hop: HopsEntry, communities: CommunitySet, origin: LabelWord,
        instance: InstanceNumber, from: String
    }
    /// A route that a gateway learned.
    GatewayLearnedRow = "gateway_learned row" as "GatewayLearnedRow" {
        as_path: PathPattern, next_hop: HopsEntry, communities: CommunitySet, origin: LabelWord,
        weight: u32, source_peer: AnyAddress
    }
    /// A route that a gateway sends.
    GatewayAdvertisedRow = "gateway_advertised row" as "GatewayAdvertisedRow" {
        as_path: PathPattern, next_hop: HopsEntry, communities: CommunitySet, origin: LabelWord,
        weight: u32
    }
    /// A route at the edge of a circuit.
    CircuitRow = "circuit_routes row" as "CircuitRow" {
        as_path: PathPattern, next_hop: HopsEntry, origin: LabelWord
    }
    /// A route that a site or the network behind a circuit learned.
    OnPremRow = "on_prem_learned row" as "OnPremRow" {
        as_path: PathPattern, next_hop: HopsEntry, from: String
    }
    /// An effective route of a NIC.
    EffectiveRowEntry = "nic_effective row" as "EffectiveRowEntry" {
        next_hop_type: NextHopTypeWord, next_hop: HopsEntry, source: SourceWord, state: StateWord,
        name: String
    }
}

/// An exact AS path.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct PathPattern(Vec<Asn>);

impl From<PathPattern> for Vec<Asn> {
    fn from(path: PathPattern) -> Self {
        path.0
    }
}

/// An exact set of communities.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct CommunitySet(Vec<CommunityText>);

impl From<CommunitySet> for Vec<Community> {
    fn from(set: CommunitySet) -> Self {
        let mut communities: Self = set.0.iter().map(|community| community.0).collect();
        communities.sort_unstable();
        communities.dedup();
        communities
    }
}

impl From<AnyAddress> for std::net::IpAddr {
    fn from(address: AnyAddress) -> Self {
        address.0
    }
}

/// Next hops: all of them, or some.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: a list of addresses, or a mapping with `any_of`")]
#[schemars(untagged, rename = "NextHops")]
pub(crate) enum HopsEntry {
    /// All.
    #[serde(rename = "list")]
    All(Vec<HopWord>),
    /// Some, at least one.
    #[serde(rename = "map")]
    AnyOf(AnyOfEntry),
}

/// Some of these.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "next_hop")]
#[schemars(rename = "AnyOf")]
pub(crate) struct AnyOfEntry {
    /// The next hops allowed.
    any_of: Vec<HopWord>,
}

/// An address, or `self`.
#[derive(Clone, Copy)]
pub(crate) struct HopWord(Hop);

impl<'de> Deserialize<'de> for HopWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "self" {
            return Ok(Self(Hop::Own));
        }
        let address = word.parse().map(|address| Self(Hop::Address(address)));
        address.map_err(|_| de::Error::custom(format!("`{word}` is neither an address nor `self`")))
    }
}

impl JsonSchema for HopWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HopWord".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^(self|[0-9A-Fa-f.:]+)$"})
    }
}

impl From<HopsEntry> for NextHopPattern {
    fn from(entry: HopsEntry) -> Self {
        let (hops, any_of) = match entry {
            HopsEntry::All(hops) => (hops, false),
            HopsEntry::AnyOf(entry) => (entry.any_of, true),
        };
        Self {
            hops: hops.into_iter().map(|hop| hop.0).collect(),
            any_of,
        }
    }
}

macro_rules! labels {
    ($($(#[$doc:meta])* $word:ident($type:ident) {
        $($(#[$rename:meta])* $variant:ident),*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Deserialize, JsonSchema)]
        pub(crate) enum $word { $($(#[$rename])* $variant),* }

        impl From<$word> for $type {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => Self::$variant),* }
            }
        }
    )*};
}

labels! {
    /// How a route came about.
    LabelWord(RouteOrigin) { Network, EBgp, IBgp, Igp, Egp, Incomplete }
    /// By way of what an effective route goes.
    NextHopTypeWord(NextHopType) {
        VnetLocal, VNetPeering, VNetGlobalPeering, VirtualNetworkGateway, VirtualAppliance,
        Internet, None, VirtualNetworkServiceEndpoint
    }
    /// Where an effective route comes from.
    SourceWord(RouteSource) { Default, User, VirtualNetworkGateway }
    /// Whether an effective route is used.
    StateWord(RouteState) { Active, Invalid }
    /// The state of a session.
    SessionStateWord(SessionState) { Established, Idle, Failed }
    /// How serious a finding is.
    SeverityWord(Severity) {
        #[serde(rename = "error")] Error,
        #[serde(rename = "warning")] Warning,
        #[serde(rename = "info")] Info
    }
}

/// A session.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "sessions row")]
#[schemars(rename = "SessionRow")]
pub(crate) struct SessionRowEntry {
    state: SessionStateWord,
    #[serde(default)]
    routes: Option<u32>,
    #[serde(default)]
    notification: Option<Codes>,
    #[serde(default)]
    hold_time: Option<u16>,
    #[serde(default)]
    route_refreshes: Option<u32>,
    #[serde(default)]
    resets: Option<u32>,
    #[serde(default)]
    instance: Option<InstanceNumber>,
    /// Told if it differs, but no failure.
    #[serde(default)]
    soft: bool,
    /// Free text for the report.
    #[serde(default)]
    why: Option<String>,
}

impl SessionRowEntry {
    /// The row of a Route Server and an NVA.
    pub(crate) fn of(self, route_server: &str, nva: &str) -> ExpectedSession {
        ExpectedSession {
            route_server: route_server.to_owned(),
            nva: nva.to_owned(),
            state: self.state.into(),
            routes: self.routes.map(|routes| routes as usize),
            notification: self.notification.map(|codes| (codes.0, codes.1)),
            hold_time: self.hold_time,
            route_refreshes: self.route_refreshes,
            resets: self.resets,
            instance: self.instance.map(Into::into),
            note: Note {
                soft: self.soft,
                why: self.why,
                line: 0,
            },
        }
    }
}

/// A finding.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "findings row")]
#[schemars(rename = "FindingRow")]
pub(crate) struct FindingRow {
    rule: RuleName,
    subject: String,
    #[serde(default)]
    severity: Option<SeverityWord>,
    /// Told if it differs, but no failure.
    #[serde(default)]
    soft: bool,
    /// Free text for the report.
    #[serde(default)]
    why: Option<String>,
}

impl From<FindingRow> for ExpectedFinding {
    fn from(row: FindingRow) -> Self {
        Self {
            rule: row.rule.0,
            subject: row.subject,
            severity: row.severity.map(Into::into),
            note: Note {
                soft: row.soft,
                why: row.why,
                line: 0,
            },
        }
    }
}
