//! Traces as text for people.

use std::fmt::{self, Write};

use routehub_exchange::explain::Reason;

use crate::rules::{self, remedy};
use crate::{Trace, TraceEnd, TraceHop};

/// A trace, to be read. As JSON: the trace, and under `rules` what each rule says that it names,
/// as [`RuleNote`](crate::RuleNote)s.
#[derive(Clone, Copy, Debug)]
pub struct TraceText<'a>(pub &'a Trace);

#[cfg(feature = "serde")]
impl serde::Serialize for TraceText<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct WithNotes<'a> {
            #[serde(flatten)]
            trace: &'a Trace,
            rules: Vec<crate::RuleNote>,
        }
        let (trace, rules) = (self.0, crate::RuleNote::of(&self.0.rules()));
        WithNotes { trace, rules }.serialize(serializer)
    }
}

impl fmt::Display for TraceText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let _ = writeln!(text, "{} to {}", self.0.nic, self.0.address);
        write_hop(&mut text, &self.0.way, 1);
        f.write_str(&text)
    }
}

fn write_hop(text: &mut String, hop: &TraceHop, depth: usize) {
    let blank = 2 * depth;
    let by = match (hop.prefix, hop.by.as_str()) {
        (None, _) => String::new(),
        (Some(prefix), "") => format!(" by {prefix}"),
        (Some(prefix), by) => format!(" by {prefix} to {by}"),
    };
    let _ = match &hop.end {
        None => writeln!(text, "{:blank$}{}{by}", "", hop.at),
        Some(TraceEnd::Delivered { to }) => {
            writeln!(text, "{:blank$}{}{by}: arrives at {to}", "", hop.at)
        }
        Some(TraceEnd::Dropped(because)) => {
            let why = reason(because);
            writeln!(text, "{:blank$}{}{by}: dropped, {why}", "", hop.at)
        }
        Some(TraceEnd::Loop(because)) => {
            let why = reason(because);
            writeln!(text, "{:blank$}{}{by}: loop, {why}", "", hop.at)
        }
    };
    if let Some(TraceEnd::Dropped(because) | TraceEnd::Loop(because)) = &hop.end
        && let Some(remedy) = remedy(because.rule)
    {
        let _ = writeln!(text, "{:blank$}  remedy: {remedy}", "");
    }
    for next in &hop.next {
        write_hop(text, next, depth + 1);
    }
}

fn reason(because: &Reason) -> String {
    let rule = rules::text(because.rule);
    let number = if rules::is_bgp(because.rule) {
        String::new()
    } else {
        format!("{}: ", because.rule)
    };
    match because.evidence.as_str() {
        "" => format!("{number}{rule}"),
        saw => format!("{saw} ({number}{rule})"),
    }
}
