//! There and back: whether both ways of a connection pass the same stateful NVAs.

use std::collections::BTreeSet;
use std::fmt;

use routehub_exchange::rules;
use routehub_types::RuleId;

use super::ends::{self, Start, Target, TraceError};
use super::forwarding::Forwarding;
use super::hop::{Trace, TraceEnd, TraceHop};
use super::packet::{Packet, dropped, ended};
use crate::words::{Reason, WithRules, joined};

/// The ways of a connection: of what the first end sends, and of the answer.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BothWays {
    /// The way there.
    pub there: Trace,
    /// The way back.
    pub back: Trace,
    /// Why stateful NVAs may see only half of the connection, if they may.
    pub asymmetry: Option<Reason>,
}

/// The names of the stateful devices on one way, in order.
pub(super) type Passed = Vec<String>;

impl BothWays {
    /// Whether both ways arrive, by the same NVAs.
    pub fn holds(&self) -> bool {
        self.there.arrives() && self.back.arrives() && self.asymmetry.is_none()
    }

    /// Every rule that the traces name, in the order of their numbers.
    pub fn rules(&self) -> BTreeSet<RuleId> {
        let own = self.asymmetry.iter().map(|because| because.rule);
        let traces = self.there.rules().into_iter().chain(self.back.rules());
        traces.chain(own).collect()
    }

    /// The traces with what each rule says that they name.
    pub fn with_rules(self) -> WithRules<Self> {
        let rules = self.rules();
        WithRules::new(self, &rules)
    }
}

impl fmt::Display for BothWays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.there, self.back)?;
        match &self.asymmetry {
            Some(because) => {
                writeln!(f, "asymmetric: {}", because.told())?;
                match rules::remedy(because.rule) {
                    Some(remedy) => writeln!(f, "  remedy: {remedy}"),
                    None => Ok(()),
                }
            }
            None if self.there.arrives() && self.back.arrives() => writeln!(f, "symmetric"),
            None => Ok(()),
        }
    }
}

/// The way from one end to another, and the way back. What leaves to the internet comes back to the
/// device that it left from, as its address was translated there.
pub(super) fn both_ways(
    forwarding: &mut Forwarding<'_>,
    from: &str,
    to: &str,
) -> Result<BothWays, TraceError> {
    let (start, target) = (
        ends::start(forwarding, from)?,
        ends::target(forwarding, to)?,
    );
    let source = ends::target(forwarding, from)?;
    let way = Packet::new(forwarding, &target).way(&start);
    let besides = [from, to];
    let (back, leaves) = match ends::start(forwarding, to) {
        Ok(Start::Internet) => {
            let returned = returning(forwarding, &way, &source, &besides);
            (returned.way, Some(returned.asymmetry))
        }
        Ok(start) => (Packet::new(forwarding, &source).way(&start), None),
        Err(error) => {
            let end = dropped(rules::NO_ROUTE, error.to_string());
            (ended(to, end), None)
        }
    };
    let arrives = way.arrives() && back.arrives();
    let asymmetry = leaves.unwrap_or_else(|| {
        let [there, back] = [&way, &back].map(|way| way.passed_besides(&besides));
        asymmetry(&there, &back)
    });
    let trace = |from: &str, to: &str, target: &Target, way| Trace {
        from: from.to_owned(),
        to: to.to_owned(),
        address: target.address,
        way,
    };
    Ok(BothWays {
        there: trace(from, to, &target, way),
        back: trace(to, from, &source, back),
        asymmetry: asymmetry.filter(|_| arrives),
    })
}

/// Where packets leave to the internet.
pub(super) struct Exit {
    /// The NVA, forwarding NIC or site; empty: the interface that they start from.
    name: String,
    start: Option<Start>,
}

/// What comes back from the internet.
pub(super) struct Returned {
    pub(super) way: TraceHop,
    /// Why stateful devices may see only half of the connections, if they may.
    pub(super) asymmetry: Option<Reason>,
}

/// Where packets leave to the internet.
pub(super) fn exits(forwarding: &Forwarding<'_>, way: &TraceHop) -> Vec<Exit> {
    let mut exits: Vec<Exit> = Vec::new();
    let mut open = vec![(way, true)];
    while let Some((hop, is_first)) = open.pop() {
        open.extend(hop.next.iter().rev().map(|next| (next, false)));
        let (Some(TraceEnd::Delivered { to } | TraceEnd::Elsewhere { to }), true) =
            (&hop.end, hop.leaves_to_internet())
        else {
            continue;
        };
        let own = (!is_first).then_some(hop.at.as_str());
        let names = own.into_iter().chain(to.names());
        let names = names.filter(|name| *name != ends::INTERNET);
        let mut known = names.filter_map(|name| Some((name, ends::start(forwarding, name).ok()?)));
        let (name, start) = match known.next() {
            Some((name, start)) => (name.to_owned(), Some(start)),
            None => (String::new(), None),
        };
        if exits.iter().all(|exit| exit.name != name) {
            exits.push(Exit { name, start });
        }
    }
    exits
}

/// The way from the internet back to where a packet came from, by where it left. `besides` are the
/// ends, which count as nobody on the way.
pub(super) fn returning(
    forwarding: &mut Forwarding<'_>,
    there: &TraceHop,
    source: &Target,
    besides: &[&str],
) -> Returned {
    let passed = there.passed_besides(besides);
    let exits = exits(forwarding, there);
    let is_exit = |name: &String| exits.iter().any(|exit| exit.name == *name);
    let mut asymmetry = None;
    let mut ways = Vec::new();
    for exit in &exits {
        let start = exit.start.as_ref().unwrap_or(&Start::Internet);
        let way = Packet::new(forwarding, source).way(start);
        // What leaves at one place comes back to it: each is looked at by itself.
        let by_exit = passed.iter().filter(|way| match way.last() {
            Some(last) if is_exit(last) => *last == exit.name,
            _ => true,
        });
        let by_exit = by_exit.cloned().collect();
        let found = self::asymmetry(&by_exit, &way.passed_besides(besides));
        asymmetry = asymmetry.or(found);
        ways.push(way);
    }
    let way = match ways.as_slice() {
        [only] if only.at == ends::INTERNET => only.clone(),
        [] => ended(
            ends::INTERNET,
            dropped(rules::NO_ROUTE, "nothing left to it"),
        ),
        _ => TraceHop::parting(ends::INTERNET, None, "the address that it left from", ways),
    };
    Returned { way, asymmetry }
}

/// Why stateful devices may see only half of a connection, by what is passed on each way there and
/// each way back; none if they see all of it.
pub(super) fn asymmetry(there: &BTreeSet<Passed>, back: &BTreeSet<Passed>) -> Option<Reason> {
    let back: BTreeSet<Passed> = back
        .iter()
        .map(|passed| passed.iter().rev().cloned().collect())
        .collect();
    let told = |ways: &BTreeSet<Passed>| {
        let ways = ways.iter().map(|passed| match passed.as_slice() {
            [] => "no NVA".to_owned(),
            passed => joined(passed, " and "),
        });
        joined(ways, " or ")
    };
    let evidence = if *there != back {
        // Told in the order of the way there.
        format!("there by {}, back by {}", told(there), told(&back))
    } else if there.len() > 1 {
        format!("each way by {}, whichever it takes", told(there))
    } else {
        return None;
    };
    Some(Reason::new(rules::ASYMMETRIC_WAYS, evidence))
}
