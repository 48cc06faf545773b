//! Findings: what is to be said about a deployment, each with its rule, evidence and remedy.

use std::net::IpAddr;

use routehub_types::{Prefix, RuleId};

use crate::exchange::Exchange;
use crate::table::{Finding, Severity};

mod limits;
mod loops;
mod networks;
mod paths;
mod peers;
mod routes;
mod servers;
mod spokes;

/// Findings as they are made, and what they are made from.
struct Findings<'a> {
    exchange: &'a Exchange,
    found: Vec<Finding>,
}

impl Exchange {
    /// Everything that is to be said about the estate as it is now: by rule, then by subject.
    pub fn findings(&self) -> Vec<Finding> {
        let mut it = Findings {
            exchange: self,
            found: Vec::new(),
        };
        it.route_servers();
        it.peers();
        it.gateways();
        it.networks();
        it.routes();
        it.announcements();
        it.ways();
        it.loops();
        it.head_rooms();
        it.spokes();
        it.route_maps();
        let key = |one: &Finding| (one.rule, one.subject.clone(), one.severity);
        it.found.sort_by_key(key);
        it.found.dedup_by(|a, b| key(a) == key(b));
        it.found
    }
}

impl Findings<'_> {
    /// What may not stand in a route map.
    fn route_maps(&mut self) {
        let terms = self.exchange.parameters.route_map_terms();
        for map in &self.exchange.estate.route_maps {
            for error in map.check(&terms) {
                self.error(error.rule, &map.name, format!("{error}."));
            }
        }
    }

    fn add(&mut self, rule: RuleId, subject: &str, severity: Severity, text: impl Into<String>) {
        self.found.push(Finding {
            rule,
            subject: subject.to_owned(),
            severity,
            text: text.into(),
        });
    }

    fn error(&mut self, rule: RuleId, subject: &str, text: impl Into<String>) {
        self.add(rule, subject, Severity::Error, text);
    }

    fn warning(&mut self, rule: RuleId, subject: &str, text: impl Into<String>) {
        self.add(rule, subject, Severity::Warning, text);
    }

    fn info(&mut self, rule: RuleId, subject: &str, text: impl Into<String>) {
        self.add(rule, subject, Severity::Info, text);
    }
}

/// A list for a sentence.
fn listed(addresses: &[IpAddr]) -> String {
    addresses
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The first of some prefixes, and how many more there are.
pub(crate) fn some_of(prefixes: &[Prefix]) -> String {
    const MOST: usize = 3;
    let shown = prefixes.iter().take(MOST).map(ToString::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match prefixes.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
