//! Rows of `expect`: fields that are left out are not looked at.

use std::net::IpAddr;

use routehub::estate::forms::InstanceNumber;
use routehub::types::{Asn, Community, Prefix, RuleId};
use routehub::{NextHopType, RouteOrigin, RouteSource, RouteState, SessionState, Severity};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::expect::{ExpectedFinding, ExpectedSession, Hop, NextHopPattern, Note, RowPattern};

macro_rules! row_fields {
    ($($field:ident: $type:ty;)*) => {
        /// A row of any table of routes.
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = "row")]
        pub(super) struct RowFields {
            prefix: Prefix,
            $(#[serde(default)] $field: Option<$type>,)*
            /// Told if it differs, but no failure.
            #[serde(default)]
            soft: bool,
            /// Free text for the report.
            #[serde(default)]
            why: Option<String>,
        }

        /// The fields of rows beside the prefix.
        pub(super) const COLUMNS: &[&str] = &[$(stringify!($field)),*];

        impl RowFields {
            /// The row, of this line.
            pub(super) fn pattern(self, line: usize) -> RowPattern {
                let note = Note { soft: self.soft, why: self.why, line };
                RowPattern {
                    $($field: self.$field.map(Into::into),)*
                    ..RowPattern::any(self.prefix, note)
                }
            }
        }
    };
}

row_fields! {
    as_path: Vec<Asn>;
    next_hop: NextHops;
    communities: CommunitySet;
    origin: RouteOrigin;
    weight: u32;
    source_peer: IpAddr;
    instance: InstanceNumber;
    from: String;
    next_hop_type: NextHopType;
    source: RouteSource;
    state: RouteState;
    name: String;
}

/// An exact set of communities.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
struct CommunitySet(Vec<Community>);

impl From<CommunitySet> for Vec<Community> {
    fn from(CommunitySet(mut communities): CommunitySet) -> Self {
        communities.sort_unstable();
        communities.dedup();
        communities
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

/// A session.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "sessions row")]
#[schemars(rename = "SessionRow")]
pub(super) struct SessionRow {
    state: SessionState,
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

impl SessionRow {
    /// The row of a Route Server and an NVA, of this line.
    pub(super) fn of(self, route_server: String, nva: String, line: usize) -> ExpectedSession {
        ExpectedSession {
            route_server,
            nva,
            state: self.state,
            routes: self.routes.map(|routes| routes as usize),
            notification: self.notification.map(|codes| codes.0),
            hold_time: self.hold_time,
            route_refreshes: self.route_refreshes,
            resets: self.resets,
            instance: self.instance.map(u8::from),
            note: Note {
                soft: self.soft,
                why: self.why,
                line,
            },
        }
    }
}

/// Code and subcode of a NOTIFICATION.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", inline, extend("pattern" = "^[0-9]+/[0-9]+$"))]
struct Codes((u8, u8));

impl TryFrom<String> for Codes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let codes = text.split_once('/');
        let codes =
            codes.and_then(|(code, subcode)| Some((code.parse().ok()?, subcode.parse().ok()?)));
        codes.map(Self).ok_or_else(|| {
            let wanted = "two numbers up to 255 with a slash between, such as 6/1";
            format!("`{text}` is not a NOTIFICATION: {wanted}")
        })
    }
}

/// A finding.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "findings row")]
#[schemars(rename = "FindingRow")]
pub(super) struct FindingRow {
    rule: RuleName,
    subject: String,
    #[serde(default, deserialize_with = "severity")]
    #[schemars(with = "Option<SeverityForm>")]
    severity: Option<Severity>,
    /// Told if it differs, but no failure.
    #[serde(default)]
    soft: bool,
    /// Free text for the report.
    #[serde(default)]
    why: Option<String>,
}

/// How serious a finding is.
#[derive(Deserialize, JsonSchema)]
#[serde(remote = "Severity", rename_all = "snake_case")]
enum SeverityForm {
    Error,
    Warning,
    Info,
}

fn severity<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Severity>, D::Error> {
    #[derive(Deserialize)]
    struct Given(#[serde(with = "SeverityForm")] Severity);
    Option::<Given>::deserialize(deserializer).map(|given| given.map(|given| given.0))
}

impl FindingRow {
    /// The row, of this line.
    pub(super) fn at(self, line: usize) -> ExpectedFinding {
        ExpectedFinding {
            rule: self.rule.0,
            subject: self.subject,
            severity: self.severity,
            note: Note {
                soft: self.soft,
                why: self.why,
                line,
            },
        }
    }
}

/// A rule number as the catalogue writes it.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", inline, extend("pattern" = "^R-[0-9]{3}$"))]
struct RuleName(RuleId);

impl TryFrom<String> for RuleName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix("R-").filter(|digits| digits.len() == 3);
        let number = digits.and_then(|digits| digits.parse().ok());
        number
            .map(|number| Self(RuleId(number)))
            .ok_or_else(|| format!("`{text}` is not a rule: R- and three digits, such as R-024"))
    }
}
