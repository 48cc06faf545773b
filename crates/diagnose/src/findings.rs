//! Findings: what is to be said about a deployment, each with its rule, evidence and remedy.

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use routehub_exchange::estate::Nic;
use routehub_exchange::view::{ProgrammedWay, Programmers};
use routehub_exchange::{Exchange, OneInstanceNics, rules};
use routehub_types::RuleId;

mod circuits;
mod gateways;
mod limits;
mod neighbors;
mod networks;
mod paths;
mod peerings;
mod peers;
mod restless;
mod route_maps;
mod servers;
mod sessions;
mod user_routes;

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

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

impl fmt::Display for Finding {
    /// Writes `warning R-043 nva1: what is seen, and what to do`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            subject,
            severity,
            text,
        } = self;
        write!(f, "{severity} {rule} {subject}: {text}")
    }
}

/// Findings as they are made, and what they are made from.
struct Findings<'a> {
    exchange: &'a Exchange,
    found: Vec<Finding>,
    /// A NIC for all that have the same effective routes, whatever is programmed.
    nics: Vec<&'a Nic>,
    /// What is programmed, by whom: looked at once, however many networks have it.
    ways: Vec<(Programmers, Rc<[ProgrammedWay]>)>,
}

impl<'a> Findings<'a> {
    fn new(exchange: &'a Exchange) -> Self {
        Self {
            exchange,
            found: Vec::new(),
            nics: different_nics(exchange),
            ways: Vec::new(),
        }
    }
}

/// Everything that is to be said about the estate as it is now: what is most serious first, then by
/// rule and subject.
pub fn findings(exchange: &Exchange) -> Vec<Finding> {
    let mut findings = Findings::new(exchange);
    for check in CHECKS {
        check(&mut findings);
    }
    in_order(findings.found)
}

/// What is most serious first, and nothing twice.
fn in_order(mut found: Vec<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| (finding.severity, finding.rule, finding.subject.clone());
    found.sort_by_key(key);
    found.dedup_by(|a, b| key(a) == key(b));
    found
}

/// A search for [`findings`] in steps, between which the estate may change: each finding is as it
/// was at its step.
#[derive(Clone, Debug, Default)]
pub struct FindingSearch {
    /// The number of the next step.
    next: usize,
    found: Vec<Finding>,
}

impl FindingSearch {
    /// Takes the next step, and says whether it was not the last.
    pub fn step(&mut self, exchange: &Exchange) -> bool {
        if let Some(check) = CHECKS.get(self.next) {
            let mut findings = Findings::new(exchange);
            check(&mut findings);
            self.found.append(&mut findings.found);
            self.next += 1;
        }
        self.next < CHECKS.len()
    }

    /// What was found: what is most serious first, then by rule and subject.
    pub fn into_findings(self) -> Vec<Finding> {
        in_order(self.found)
    }
}

/// The rules that findings are about, by number.
pub const FINDING_RULES: &[RuleId] = &[
    rules::PEER_LIMIT,
    rules::ROUTES_PER_PEER,
    rules::ROUTE_LIMIT,
    rules::PREFIX_LIMIT,
    rules::VNET_LIMIT,
    rules::VM_LIMIT,
    rules::CIRCUIT_ROUTE_LIMIT,
    rules::ROUTES_FROM_CIRCUIT,
    rules::ROUTES_FROM_SITE,
    rules::ECMP_LIMIT,
    rules::BOTH_INSTANCES,
    rules::PEER_ASN,
    rules::PEER_ADDRESS,
    rules::PEER_NEEDS_REMOTE_GATEWAYS,
    rules::SHARED_PEER_ASN,
    rules::MULTIHOP_EBGP,
    rules::OFFERED_CAPABILITIES,
    rules::NO_TCP_MD5,
    rules::NO_BFD,
    rules::STATIC_ROUTE_NEEDED,
    rules::SINGLE_INSTANCE_ROUTES,
    rules::ROUTE_SERVER_ASN_IN_PATH,
    rules::INSIDE_LOCAL_NETWORK,
    rules::NEXT_HOP_UNREACHABLE,
    rules::GATEWAY_AS_NEXT_HOP,
    rules::IPV4_ONLY,
    rules::SHORTEST_AS_PATH,
    rules::STICKY_FAILBACK,
    rules::ROUTE_ECHO,
    rules::ANTI_TRANSIT,
    rules::RESERVED_COMMUNITIES,
    rules::PROPAGATION_DISABLED,
    rules::ROUTE_TO_ITSELF,
    rules::VPN_GATEWAY_REQUIREMENTS,
    rules::GATEWAY_TO_CIRCUIT,
    rules::GATEWAY_TRANSIT,
    rules::REMOTE_GATEWAYS_ONCE,
    rules::GATEWAY_SUBNET,
    rules::NVA_DEFAULT_ROUTE,
    rules::ROUTE_SERVER_SUBNET,
    rules::ROUTE_SERVER_SUBNET_TABLES,
    rules::PUBLIC_IP_ADDRESS,
    rules::VIRTUAL_WAN,
    rules::GATEWAY_INTERRUPTION,
    rules::ROUTE_MAP_TERMS,
    rules::ROUTE_MAP_PEER,
    rules::ROUTE_MAP_UPGRADE,
    rules::GATEWAY_OF_OTHER_NETWORK,
    rules::VNET_TO_VNET,
    rules::CHOSEN_ADDRESSES,
    rules::NO_NETWORK_ACCESS,
    rules::FORWARDED_TRAFFIC_OFF,
    rules::STATIC_PREFIXES,
    rules::IPV6_OUTSIDE_ROUTE_SERVER,
    rules::PRIVATE_ENDPOINT,
    rules::SUMMARIZED_GATEWAY_PREFIXES,
    rules::IDLE_MAP_RULE,
    rules::WAY_TO_PEER_GONE,
    rules::SEVERAL_STATES,
    rules::NOT_READVERTISED,
    rules::OWN_ROUTE_TABLE,
    rules::RESTLESS,
];

/// Everything that is looked for. Of findings with one rule, subject and severity the first stays.
const CHECKS: &[fn(&mut Findings<'_>)] = &[
    servers::route_servers,
    servers::peers,
    sessions::options,
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
    user_routes::next_hops,
    user_routes::to_itself,
    neighbors::nothing_passed_on,
    neighbors::sites_of_one_asn,
    route_maps::refused,
    route_maps::idle_rules,
    restless::prefixes,
];

/// The first of the NICs that differ in name only.
fn different_nics(exchange: &Exchange) -> Vec<&Nic> {
    let by_name = exchange.parameters().one_instance_nics == OneInstanceNics::Hash;
    let mut seen = BTreeSet::new();
    let different = exchange.estate().nics.iter().filter(|nic| {
        // Where no subnet is named, the address says which it is.
        let ip = nic.ip.filter(|_| nic.subnet.is_none());
        let place = (&nic.vnet, &nic.subnet, ip);
        let name = by_name.then_some(&nic.name);
        seen.insert((place, &nic.route_table, &nic.service_endpoints, name))
    });
    different.collect()
}

impl Findings<'_> {
    /// What these programmers program, by where it leads.
    fn ways(&mut self, by: &Programmers) -> Rc<[ProgrammedWay]> {
        if let Some((_, ways)) = self.ways.iter().find(|(known, _)| known == by) {
            return Rc::clone(ways);
        }
        let ways: Rc<[ProgrammedWay]> = self.exchange.fabric().ways(by).into();
        self.ways.push((by.clone(), Rc::clone(&ways)));
        ways
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
