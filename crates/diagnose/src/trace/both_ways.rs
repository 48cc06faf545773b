//! There and back: whether both ways of a connection pass the same stateful NVAs.

use std::collections::BTreeSet;
use std::fmt;

use routehub_exchange::rules;
use routehub_types::RuleId;

use super::ends::{self, Start, Target, TraceError};
use super::forwarding::Forwarding;
use super::hop::{Trace, TraceEnd, TraceHop};
use super::packet::{Packet, dropped, ended};
use super::place::Spot;
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
    forwarding.set_destinations([target.address, source.address]);
    let way = Packet::new(forwarding, &target).way(&start);
    let back = match ends::start(forwarding, to) {
        Ok(Start::Internet) => returning(forwarding, &exits(forwarding, &way), &source),
        Ok(start) => Packet::new(forwarding, &source).way(&start),
        Err(error) => ended(to, dropped(rules::NO_ROUTE, error.to_string())),
    };
    let trace = |from: &str, to: &str, target: &Target, way| Trace {
        from: from.to_owned(),
        to: to.to_owned(),
        address: target.address,
        way,
    };
    let there = trace(from, to, &target, way);
    let back = trace(to, from, &source, back);
    let arrives = there.arrives() && back.arrives();
    let [on_way, on_return] = [&there, &back].map(|trace| trace.way.passed_besides(&[from, to]));
    let asymmetry = asymmetry(&on_way, &on_return).filter(|_| arrives);
    Ok(BothWays {
        there,
        back,
        asymmetry,
    })
}

/// Where a packet leaves to the internet: an NVA, a forwarding NIC, a site; none for the interface
/// that it starts from.
pub(super) fn exits(forwarding: &Forwarding<'_>, way: &TraceHop) -> Vec<Option<Start>> {
    let mut exits: Vec<(String, Option<Start>)> = Vec::new();
    let mut open = vec![(way, true)];
    while let Some((hop, is_first)) = open.pop() {
        open.extend(hop.next.iter().rev().map(|next| (next, false)));
        if let Some(TraceEnd::Delivered { to } | TraceEnd::Elsewhere { to }) = &hop.end
            && to.spot() == Spot::Internet
        {
            let own = (!is_first).then_some(hop.at.as_str());
            let names = own.into_iter().chain(to.names());
            let mut known = names.filter_map(|name| {
                let is_end = name != ends::INTERNET;
                let start = is_end.then(|| ends::start(forwarding, name).ok())?;
                Some((name.to_owned(), start))
            });
            let exit = known.next().unwrap_or_default();
            if exits.iter().all(|(name, _)| *name != exit.0) {
                exits.push(exit);
            }
        }
    }
    exits.into_iter().map(|(_, start)| start).collect()
}

/// The way from the internet back to where a packet came from, by where it left.
pub(super) fn returning(
    forwarding: &mut Forwarding<'_>,
    exits: &[Option<Start>],
    source: &Target,
) -> TraceHop {
    let ways = exits.iter().map(|exit| match exit {
        Some(start) => Packet::new(forwarding, source).way(start),
        None => Packet::new(forwarding, source).way(&Start::Internet),
    });
    let ways: Vec<TraceHop> = ways.collect();
    match ways.as_slice() {
        [only] if only.at == ends::INTERNET => only.clone(),
        _ => TraceHop::parting(ends::INTERNET, None, "the address that it left from", ways),
    }
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
