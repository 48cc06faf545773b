//! Findings: what is to be said about a deployment, each with its rule, evidence and remedy.

use routehub_exchange::estate::Nic;
use routehub_exchange::{EffectiveRow, Exchange};
use routehub_types::RuleId;

mod circuits;
mod gateways;
mod limits;
mod networks;
mod paths;
mod peerings;
mod peers;
mod servers;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Severity {
    /// It does not work, or not as meant.
    Error,
    /// It works but is unsupported or near a limit.
    Warning,
    /// Worth knowing.
    Info,
}

/// Something to say about a deployment: rule, object, evidence, remedy.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// The name of the object to change; a subnet is `vnet/subnet`.
    pub subject: String,
    /// How serious it is.
    pub severity: Severity,
    /// What is seen, and what to do, in a sentence or two.
    pub text: String,
}

/// Findings as they are made, and what they are made from.
struct Findings<'a> {
    exchange: &'a Exchange,
    found: Vec<Finding>,
}

/// Everything that is to be said about the estate as it is now: by rule, then by subject.
pub fn findings(exchange: &Exchange) -> Vec<Finding> {
    let mut findings = Findings {
        exchange,
        found: Vec::new(),
    };
    for check in CHECKS {
        check(&mut findings);
    }
    let mut found = findings.found;
    let key = |finding: &Finding| (finding.rule, finding.subject.clone(), finding.severity);
    found.sort_by_key(key);
    found.dedup_by(|a, b| key(a) == key(b));
    found
}

/// Everything that is looked for. Of findings with one rule, subject and severity the first stays.
const CHECKS: [fn(&mut Findings<'_>); 32] = [
    servers::route_servers,
    servers::peers,
    servers::connections,
    servers::gateways,
    gateways::chosen_addresses,
    gateways::unused_default_sites,
    networks::ipv6,
    networks::ipv6_in_tunnels,
    networks::private_endpoints,
    peerings::nothing_to_use,
    peerings::access,
    peerings::forwarded_traffic,
    networks::gateway_subnets,
    networks::gateways_of_both,
    limits::ended,
    peers::default_routes,
    peers::announcements,
    paths::at_servers,
    paths::hidden_prepends,
    paths::branch_community,
    paths::loops,
    paths::several_states,
    limits::total_prefixes,
    limits::towards_circuits,
    limits::routes_of_circuits,
    limits::served,
    networks::gateway_transit,
    networks::propagation,
    circuits::vnet_to_vnet,
    circuits::summaries,
    networks::out_of_reach,
    route_maps,
];

/// What may not stand in a route map.
fn route_maps(findings: &mut Findings<'_>) {
    let terms = findings.exchange.parameters().route_map_terms();
    for map in &findings.exchange.estate().route_maps {
        for error in map.check(&terms) {
            findings.error(error.rule, &map.name, format!("{error}."));
        }
    }
}

impl Findings<'_> {
    /// The rows of a NIC.
    fn rows(&self, nic: &Nic) -> Vec<EffectiveRow> {
        self.exchange.fabric().effective(nic).unwrap_or_default()
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
