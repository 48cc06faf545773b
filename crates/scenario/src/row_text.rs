//! Rows as text: expected and actual ones look alike, in the manner of the file.

use std::fmt::{self, Display, Write};

use routehub::types::Community;
use routehub::{EffectiveRow, Finding, RouteRow, SessionRow, Severity};

use crate::expect::{ExpectedFinding, ExpectedSession, NextHopPattern, RowPattern};

/// `{key: value, key: value}`.
#[derive(Default)]
struct Fields(String);

impl Fields {
    fn field(&mut self, key: &str, value: impl Display) -> &mut Self {
        let comma = if self.0.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{comma}{key}: {value}");
        self
    }

    fn given(&mut self, key: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.field(key, value);
        }
        self
    }

    fn text(&self) -> String {
        format!("{{{}}}", self.0)
    }
}

/// `[a, b]`.
fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// `high:low`, without the names that some have.
pub(crate) fn community_text(community: Community) -> String {
    format!("{}:{}", community.high(), community.low())
}

fn communities(list_of: &[Community]) -> String {
    list(list_of.iter().map(|one| community_text(*one)))
}

/// The spelling of a severity in the file.
pub(crate) const fn severity_text(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// `6/1`.
pub(crate) fn codes_text((code, subcode): (u8, u8)) -> String {
    format!("{code}/{subcode}")
}

pub(crate) fn route_text(row: &RouteRow) -> String {
    let mut fields = Fields::default();
    fields
        .field("prefix", row.prefix)
        .field("as_path", list(row.as_path.asns()))
        .field("next_hop", list(row.next_hop))
        .field("communities", communities(&row.communities))
        .field("origin", row.origin)
        .field("weight", row.weight)
        .given("source_peer", row.source_peer)
        .given("instance", row.instance)
        .given("from", row.from.as_ref());
    fields.text()
}

pub(crate) fn effective_text(row: &EffectiveRow) -> String {
    let mut fields = Fields::default();
    match row.prefixes.as_slice() {
        [prefix] => fields.field("prefix", prefix),
        prefixes => fields.field("prefixes", list(prefixes)),
    };
    fields
        .field("next_hop_type", format_args!("{:?}", row.next_hop_type))
        .field("next_hop", list(&row.next_hops))
        .field("source", format_args!("{:?}", row.source))
        .field("state", format_args!("{:?}", row.state))
        .given("name", row.name.as_ref());
    fields.text()
}

pub(crate) fn session_text(row: &SessionRow) -> String {
    let mut fields = Fields::default();
    fields
        .field("state", format_args!("{:?}", row.state))
        .field("routes", row.routes)
        .given("notification", row.notification.map(codes_text))
        .field("hold_time", row.hold_time)
        .field("route_refreshes", row.route_refreshes)
        .field("resets", row.resets)
        .field("instance", row.instance);
    fields.text()
}

pub(crate) fn finding_text(finding: &Finding) -> String {
    let mut fields = Fields::default();
    fields
        .field("rule", finding.rule)
        .field("subject", &finding.subject)
        .field("severity", severity_text(finding.severity));
    fields.text()
}

impl Display for NextHopPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.any_of {
            write!(f, "{{any_of: {}}}", list(&self.hops))
        } else {
            f.write_str(&list(&self.hops))
        }
    }
}

impl Display for RowPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        fields
            .field("prefix", self.prefix)
            .given("as_path", self.as_ref_path())
            .given(
                "next_hop_type",
                self.next_hop_type.map(|one| format!("{one:?}")),
            )
            .given("next_hop", self.next_hop.as_ref())
            .given("communities", self.communities.as_deref().map(communities))
            .given("origin", self.origin)
            .given("weight", self.weight)
            .given("source_peer", self.source_peer)
            .given("instance", self.instance)
            .given("from", self.from.as_ref())
            .given("source", self.source.map(|one| format!("{one:?}")))
            .given("state", self.state.map(|one| format!("{one:?}")))
            .given("name", self.name.as_ref());
        f.write_str(&fields.text())
    }
}

impl RowPattern {
    fn as_ref_path(&self) -> Option<String> {
        self.as_path.as_ref().map(list)
    }
}

impl Display for ExpectedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        fields
            .field("state", format_args!("{:?}", self.state))
            .given("routes", self.routes)
            .given("notification", self.notification.map(codes_text))
            .given("hold_time", self.hold_time)
            .given("route_refreshes", self.route_refreshes)
            .given("resets", self.resets)
            .given("instance", self.instance);
        f.write_str(&fields.text())
    }
}

impl Display for ExpectedFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        fields
            .field("rule", self.rule)
            .field("subject", &self.subject)
            .given("severity", self.severity.map(severity_text));
        f.write_str(&fields.text())
    }
}
