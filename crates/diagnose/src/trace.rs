//! The way of a packet through networks, NVAs, gateways and circuits, by the routes that each
//! holds.

mod default_site;
mod packet;

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use routehub_exchange::{Exchange, rules};
use routehub_types::{Prefix, RuleId};

use crate::{Reason, WithRules};

/// The way of a packet.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Trace {
    /// The network interface it starts from.
    pub nic: String,
    /// Where it goes.
    pub address: IpAddr,
    /// Where it is first; equal next hops part ways.
    pub way: TraceHop,
}

/// Where a packet is, and what becomes of it there.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TraceHop {
    /// The interface, NVA, gateway or circuit.
    pub at: String,
    /// The prefix of the route it follows there.
    pub prefix: Option<Prefix>,
    /// The next hop or next hop type of that route.
    pub by: String,
    /// Where it may be next; several with ECMP, none at an end.
    pub next: Vec<TraceHop>,
    /// How it ends, if it ends here.
    pub end: Option<TraceEnd>,
}

/// How the way of a packet ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum TraceEnd {
    /// It arrives.
    Delivered {
        /// Where.
        to: String,
    },
    /// It is lost.
    Dropped(Reason),
    /// It comes back to where it was.
    Loop(Reason),
}

impl Trace {
    /// Whether every way arrives.
    pub fn arrives(&self) -> bool {
        self.way.arrives()
    }

    /// Every rule that the trace names, in the order of their numbers.
    pub fn rules(&self) -> BTreeSet<RuleId> {
        let mut rules = BTreeSet::new();
        self.way.name_rules(&mut rules);
        rules
    }

    /// The trace with what each rule says that it names.
    pub fn with_rules(self) -> WithRules<Self> {
        let rules = self.rules();
        WithRules::new(self, &rules)
    }
}

impl TraceHop {
    fn arrives(&self) -> bool {
        match &self.end {
            Some(end) => matches!(end, TraceEnd::Delivered { .. }),
            None => self.next.iter().all(Self::arrives),
        }
    }

    /// What drops the packet here, or leads it round.
    fn trouble(&self) -> Option<&Reason> {
        match &self.end {
            Some(TraceEnd::Dropped(because) | TraceEnd::Loop(because)) => Some(because),
            _ => None,
        }
    }

    fn name_rules(&self, rules: &mut BTreeSet<RuleId>) {
        rules.extend(self.trouble().map(|because| because.rule));
        for next in &self.next {
            next.name_rules(rules);
        }
    }

    fn ending(at: &str, prefix: Option<Prefix>, by: impl Into<String>, end: TraceEnd) -> Self {
        Self {
            at: at.to_owned(),
            prefix,
            by: by.into(),
            next: Vec::new(),
            end: Some(end),
        }
    }
}

/// The way of a packet from a NIC to an address; none if there is no such NIC.
pub fn trace(exchange: &Exchange, nic: &str, address: IpAddr) -> Option<Trace> {
    let mut nics = exchange.estate().nics.iter();
    let from = nics.find(|from| from.name == nic)?;
    Some(Trace {
        nic: nic.to_owned(),
        address,
        way: packet::Packet::new(exchange, address).at_interface(nic, from)?,
    })
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} to {}", self.nic, self.address)?;
        write_hop(f, &self.way, 1)
    }
}

fn write_hop(f: &mut fmt::Formatter<'_>, hop: &TraceHop, depth: usize) -> fmt::Result {
    let blank = 2 * depth;
    write!(f, "{:blank$}{}", "", hop.at)?;
    match (hop.prefix, hop.by.as_str()) {
        (None, _) => {}
        (Some(prefix), "") => write!(f, " by {prefix}")?,
        (Some(prefix), by) => write!(f, " by {prefix} to {by}")?,
    }
    match &hop.end {
        None => writeln!(f)?,
        Some(TraceEnd::Delivered { to }) => writeln!(f, ": arrives at {to}")?,
        Some(TraceEnd::Dropped(because)) => writeln!(f, ": dropped, {}", reason(because))?,
        Some(TraceEnd::Loop(because)) => writeln!(f, ": loop, {}", reason(because))?,
    }
    let trouble = hop.trouble();
    if let Some(remedy) = trouble.and_then(|because| rules::remedy(because.rule)) {
        writeln!(f, "{:blank$}  remedy: {remedy}", "")?;
    }
    hop.next
        .iter()
        .try_for_each(|next| write_hop(f, next, depth + 1))
}

fn reason(because: &Reason) -> String {
    let rule = rules::text(because.rule);
    let rule = if rules::is_bgp(because.rule) {
        rule.to_owned()
    } else {
        format!("{}: {rule}", because.rule)
    };
    match because.evidence.as_str() {
        "" => rule,
        saw => format!("{saw} ({rule})"),
    }
}
