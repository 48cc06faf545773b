//! The way of a packet as data and as text.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use routehub_exchange::{RouteSource, rules};
use routehub_types::{Prefix, RuleId};

use super::place::{Place, Spot};
use crate::words::{Reason, WithRules};

/// The way of a packet.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Trace {
    /// Where it starts: a NIC, an NVA, a site, a circuit's customer, an address, the internet.
    pub from: String,
    /// Where it is to go, as it was asked for.
    pub to: String,
    /// The address it goes to.
    pub address: IpAddr,
    /// Where it is first; equal next hops part ways.
    pub way: TraceHop,
}

/// Where a packet is, and what becomes of it there.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TraceHop {
    /// The interface, NVA, load balancer, gateway, circuit or site.
    pub at: String,
    /// Whether it may keep connections in mind, and drop what it saw no beginning of: an NVA, a
    /// load balancer, a NIC that forwards.
    pub stateful: bool,
    /// Whether it keeps a connection on one of the devices behind it, both ways: a load balancer.
    pub balances: bool,
    /// Which instance of a gateway it is, where the other does otherwise.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub instance: Option<u8>,
    /// The prefix of the route it follows there.
    pub prefix: Option<Prefix>,
    /// Where that route comes from, where it is a row of an interface.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub source: Option<RouteSource>,
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
        to: Place,
    },
    /// It arrives, but not where it was meant to.
    Elsewhere {
        /// Where.
        to: Place,
    },
    /// It is lost.
    Dropped(Reason),
    /// It comes back to where it was.
    Loop(Reason),
    /// It goes on as is written above, where another way came to the same device.
    AsAbove,
}

impl Trace {
    /// Whether every way arrives.
    pub fn arrives(&self) -> bool {
        self.way.arrives()
    }

    /// Whether every way passes devices of these names, in this order; others may stand between,
    /// and the last may be who it arrives at.
    pub fn passes(&self, names: &[String]) -> bool {
        self.way.passes(names)
    }

    /// Whether every way ends at this name: of who or which network a packet arrives at, of the
    /// device that drops it.
    pub fn ends_at(&self, name: &str) -> bool {
        self.way.ends_at(name)
    }

    /// What is in the way of packets that do not arrive, in a few words.
    pub fn trouble(&self) -> Option<String> {
        self.way.first_trouble()
    }

    /// The devices on each way, the start left out.
    pub fn devices(&self) -> BTreeSet<Vec<String>> {
        let mut ways = BTreeSet::new();
        let mut names: Vec<&str> = Vec::new();
        self.way.each(&mut |hop| {
            if !names.contains(&hop.at.as_str()) {
                names.push(&hop.at);
            }
        });
        let mut number = |hop: &TraceHop| {
            let known = names.iter().position(|name| *name == hop.at);
            known.map(|place| place as u32)
        };
        self.way
            .each_way(&mut number, &mut Vec::new(), &mut |devices| {
                let devices = devices.iter().map(|device| names[*device as usize]);
                let between = devices.filter(|name| *name != self.from);
                ways.insert(between.map(str::to_owned).collect());
            });
        ways
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
    /// A hop from which ways go on.
    pub(super) fn parting(
        at: &str,
        prefix: Option<Prefix>,
        by: impl Into<String>,
        ways: Vec<TraceHop>,
    ) -> Self {
        let plain = |way: &TraceHop| Self {
            instance: None,
            ..way.clone()
        };
        let differs = |way: &TraceHop| {
            let of_name = |other: &&TraceHop| other.at == way.at;
            way.at == at
                || ways
                    .iter()
                    .filter(of_name)
                    .any(|other| plain(other) != plain(way))
        };
        let differ: Vec<bool> = ways.iter().map(differs).collect();
        let mut next: Vec<TraceHop> = Vec::new();
        for (mut way, differs) in ways.into_iter().zip(differ) {
            way.instance = way.instance.filter(|_| differs);
            // Several addresses of one device are one way.
            if !next.contains(&way) {
                next.push(way);
            }
        }
        // What ended before it left is an end of this very hop.
        if let [only] = next.as_slice()
            && only.at == at
            && matches!(only.end, Some(TraceEnd::Dropped(_)))
        {
            return only.clone();
        }
        let is_end = next.is_empty();
        Self {
            at: at.to_owned(),
            stateful: false,
            balances: false,
            instance: None,
            prefix,
            source: None,
            by: by.into(),
            next,
            end: is_end.then(|| TraceEnd::Dropped(Reason::new(rules::NO_ROUTE, ""))),
        }
    }

    pub(super) fn arrives(&self) -> bool {
        match &self.end {
            Some(TraceEnd::Delivered { .. } | TraceEnd::AsAbove) => true,
            Some(_) => false,
            None => self.next.iter().all(Self::arrives),
        }
    }

    fn passes(&self, names: &[String]) -> bool {
        let mut left = names;
        if let [first, rest @ ..] = left
            && self.at == *first
        {
            left = rest;
        }
        match &self.end {
            Some(TraceEnd::Delivered { to } | TraceEnd::Elsewhere { to }) => {
                left.iter().all(|name| to.is_called(name))
            }
            Some(TraceEnd::AsAbove) => true,
            Some(_) => left.is_empty(),
            None => self.next.iter().all(|next| next.passes(left)),
        }
    }

    fn ends_at(&self, name: &str) -> bool {
        match &self.end {
            Some(TraceEnd::Delivered { to } | TraceEnd::Elsewhere { to }) => to.is_called(name),
            Some(TraceEnd::AsAbove) => true,
            Some(_) => self.at == name,
            None => self.next.iter().all(|next| next.ends_at(name)),
        }
    }

    /// Shows every hop from here on.
    pub(super) fn each<'h>(&'h self, show: &mut dyn FnMut(&'h Self)) {
        show(self);
        self.next.iter().for_each(|next| next.each(show));
    }

    /// Shows every way from here on by its devices, by the numbers that they have.
    pub(super) fn each_way(
        &self,
        number: &mut dyn FnMut(&Self) -> Option<u32>,
        passed: &mut Vec<u32>,
        show: &mut dyn FnMut(&[u32]),
    ) {
        let own = number(self).filter(|own| passed.last() != Some(own));
        passed.extend(own);
        if self.next.is_empty() {
            show(passed);
        }
        for next in &self.next {
            next.each_way(number, passed, show);
        }
        if own.is_some() {
            passed.pop();
        }
    }

    /// Whether something holds for any hop from here on.
    pub(super) fn any(&self, holds: &dyn Fn(&Self) -> bool) -> bool {
        holds(self) || self.next.iter().any(|next| next.any(holds))
    }

    /// How many hops there are from here on.
    pub(super) fn size(&self) -> usize {
        1 + self.next.iter().map(Self::size).sum::<usize>()
    }

    /// Whether a way from here on comes back to where it was, or is written elsewhere.
    pub(super) fn has_loop(&self) -> bool {
        let comes_back = matches!(self.end, Some(TraceEnd::Loop(_) | TraceEnd::AsAbove));
        comes_back || self.next.iter().any(Self::has_loop)
    }

    /// What drops the packet here, or leads it round.
    fn trouble(&self) -> Option<&Reason> {
        match &self.end {
            Some(TraceEnd::Dropped(because) | TraceEnd::Loop(because)) => Some(because),
            _ => None,
        }
    }

    /// What is in the way of a packet that does not arrive, in a few words: where, and why.
    pub(super) fn first_trouble(&self) -> Option<String> {
        match &self.end {
            Some(TraceEnd::Dropped(because) | TraceEnd::Loop(because)) => {
                Some(format!("at {}: {}", self.at, because.told()))
            }
            Some(TraceEnd::Elsewhere { to }) => Some(format!("arrives at {to} instead")),
            _ => self.next.iter().find_map(Self::first_trouble),
        }
    }

    /// The rule by which a packet does not arrive.
    pub(super) fn first_rule(&self) -> Option<RuleId> {
        let own = self.trouble().map(|because| because.rule);
        own.or_else(|| self.next.iter().find_map(Self::first_rule))
    }

    /// The stateful devices on each way, some names left out: of a load balancer itself, not of the
    /// backend that it keeps a connection on.
    pub(super) fn passed_besides(&self, names: &[&str]) -> BTreeSet<Vec<String>> {
        let mut ways = BTreeSet::new();
        self.enter_passed(names, &mut Vec::new(), &mut ways);
        ways
    }

    fn enter_passed(
        &self,
        besides: &[&str],
        passed: &mut Vec<String>,
        ways: &mut BTreeSet<Vec<String>>,
    ) {
        let counts = self.stateful && !besides.contains(&self.at.as_str());
        if counts {
            passed.push(self.at.clone());
        }
        self.enter_next(besides, passed, ways);
        if counts {
            passed.pop();
        }
    }

    fn enter_next(
        &self,
        besides: &[&str],
        passed: &mut Vec<String>,
        ways: &mut BTreeSet<Vec<String>>,
    ) {
        let counts = self.stateful && !besides.contains(&self.at.as_str());
        if self.next.is_empty() {
            ways.insert(passed.clone());
        }
        for next in &self.next {
            if self.balances && !next.leaves_to_internet() {
                next.enter_next(besides, passed, ways);
            } else if self.balances && counts {
                // What leaves from a backend comes back to it, not to the load balancer.
                passed.pop();
                next.enter_passed(besides, passed, ways);
                passed.push(self.at.clone());
            } else {
                next.enter_passed(besides, passed, ways);
            }
        }
    }

    /// Whether packets leave to the internet here.
    pub(super) fn leaves_to_internet(&self) -> bool {
        match &self.end {
            Some(TraceEnd::Delivered { to } | TraceEnd::Elsewhere { to }) => {
                to.spot() == Spot::Internet
            }
            _ => false,
        }
    }

    fn name_rules(&self, rules: &mut BTreeSet<RuleId>) {
        rules.extend(self.trouble().map(|because| because.rule));
        for next in &self.next {
            next.name_rules(rules);
        }
    }

    pub(super) fn ending(
        at: &str,
        prefix: Option<Prefix>,
        by: impl Into<String>,
        end: TraceEnd,
    ) -> Self {
        Self {
            at: at.to_owned(),
            stateful: false,
            balances: false,
            instance: None,
            prefix,
            source: None,
            by: by.into(),
            next: Vec::new(),
            end: Some(end),
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)?;
        if self.to.parse() != Ok(self.address) {
            write!(f, " ({})", self.address)?;
        }
        writeln!(f)?;
        write_hop(f, &self.way, 1)
    }
}

fn write_hop(f: &mut fmt::Formatter<'_>, hop: &TraceHop, depth: usize) -> fmt::Result {
    let blank = 2 * depth;
    write!(f, "{:blank$}{}", "", hop.at)?;
    if let Some(instance) = hop.instance {
        write!(f, " instance {instance}")?;
    }
    let of_user = match hop.source {
        Some(RouteSource::User) => " (User)",
        _ => "",
    };
    match (hop.prefix, hop.by.as_str()) {
        (None, "") => {}
        (None, by) => write!(f, " by {by}")?,
        (Some(prefix), "") => write!(f, " by {prefix}{of_user}")?,
        (Some(prefix), by) => write!(f, " by {prefix}{of_user} to {by}")?,
    }
    match &hop.end {
        None => writeln!(f)?,
        Some(TraceEnd::Delivered { to }) => writeln!(f, ": arrives at {to}")?,
        Some(TraceEnd::Elsewhere { to }) => writeln!(f, ": arrives at {to} instead")?,
        Some(TraceEnd::AsAbove) => writeln!(f, ": as above")?,
        Some(TraceEnd::Dropped(because)) => writeln!(f, ": dropped, {}", because.told())?,
        Some(TraceEnd::Loop(because)) => writeln!(f, ": loop, {}", because.told())?,
    }
    let trouble = hop.trouble();
    if let Some(remedy) = trouble.and_then(|because| rules::remedy(because.rule)) {
        writeln!(f, "{:blank$}  remedy: {remedy}", "")?;
    }
    hop.next
        .iter()
        .try_for_each(|next| write_hop(f, next, depth + 1))
}
