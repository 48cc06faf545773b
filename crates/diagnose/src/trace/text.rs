//! Traces as text for people.

use std::fmt;

use routehub_exchange::rules;

use super::{Trace, TraceEnd, TraceHop};
use crate::Reason;

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
    if let Some(remedy) = hop
        .trouble()
        .and_then(|because| rules::remedy(because.rule))
    {
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
