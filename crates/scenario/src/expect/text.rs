//! Expected rows as text, in the manner of the file.

use std::fmt::{self, Display};

use super::pattern::{ExpectedFinding, ExpectedSession, NextHopPattern, RowPattern};
use crate::tables::cells::{Fields, asns, codes, communities, number, severity, text, texts, word};

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
