//! Questions about a network: why, where to, what is wrong, what changes.

use std::fmt::{Display, Write as _};
use std::net::IpAddr;

use routehub::types::Prefix;
use routehub::{Difference, EventReport, Network, Severity};
use routehub_scenario::expect::INITIAL;
use routehub_scenario::{RunError, Scenario};
use serde::Serialize;

use crate::{Arguments, Failure, read_scenario};

/// Answers the question that the arguments ask, if they ask one: says whether the answer is a
/// good one.
pub(crate) fn answer(
    arguments: &Arguments,
    scenario: &Scenario,
    out: &mut String,
) -> Option<Result<bool, Failure>> {
    if let [who, what] = arguments.explain.as_slice() {
        return Some(explain(arguments, scenario, who, what, out));
    }
    if let [from, to] = arguments.trace.as_slice() {
        return Some(trace(arguments, scenario, from, to, out));
    }
    if arguments.matrix {
        return Some(matrix(arguments, scenario, out));
    }
    if arguments.failures.is_some() {
        let network = network(arguments, scenario);
        return Some(
            network.and_then(|network| crate::sweep::sweep(arguments, scenario, network, out)),
        );
    }
    if arguments.lint {
        return Some(lint(arguments, scenario, out));
    }
    if let Some(other) = &arguments.diff {
        return Some(diff(arguments, scenario, other, out));
    }
    if arguments.events {
        return Some(events(arguments, scenario, out));
    }
    let event = arguments.diff_event.as_ref()?;
    Some(diff_event(arguments, scenario, event, out))
}

/// The network at the time asked for: before the first event unless told otherwise.
fn network(arguments: &Arguments, scenario: &Scenario) -> Result<Network, Failure> {
    let at = arguments.at.as_deref().unwrap_or(INITIAL);
    let events = match scenario.events.iter().position(|(id, _)| id == at) {
        Some(last) => last + 1,
        None => 0,
    };
    after(scenario, events)
}

/// The network after so many events.
fn after(scenario: &Scenario, events: usize) -> Result<Network, Failure> {
    let failed = |at: &str| {
        let at = at.to_owned();
        move |problem| Failure::from(RunError { at, problem })
    };
    let network = scenario.network();
    let mut network = network.map_err(|error| failed(INITIAL)(error.into()))?;
    for (id, event) in scenario.events.iter().take(events) {
        network.apply(event).map_err(failed(id))?;
    }
    Ok(network)
}

fn explain(
    arguments: &Arguments,
    scenario: &Scenario,
    who: &str,
    what: &str,
    out: &mut String,
) -> Result<bool, Failure> {
    let destination = what
        .parse::<IpAddr>()
        .map(Prefix::host)
        .or_else(|_| what.parse::<Prefix>())
        .map_err(|error| Failure::bad_input(format!("--explain {who} {what}: {error}")))?;
    let network = network(arguments, scenario)?;
    let explained = network.explain(who, destination).ok_or_else(|| {
        let message = format!("--explain {who}: there is no NIC or speaker of this name");
        Failure::bad_input(message)
    })?;
    let text = explained.to_string();
    write(arguments, out, &explained.with_rules(), &text)?;
    Ok(true)
}

fn trace(
    arguments: &Arguments,
    scenario: &Scenario,
    from: &str,
    to: &str,
    out: &mut String,
) -> Result<bool, Failure> {
    let network = network(arguments, scenario)?;
    let wrong = |error| Failure::bad_input(format!("--trace {from} {to}: {error}"));
    if arguments.both_ways {
        let ways = network.both_ways(from, to).map_err(wrong)?;
        let (holds, text) = (ways.holds(), ways.to_string());
        write(arguments, out, &ways.with_rules(), &text)?;
        return Ok(holds);
    }
    let trace = network.trace(from, to).map_err(wrong)?;
    let (arrives, text) = (trace.arrives(), trace.to_string());
    write(arguments, out, &trace.with_rules(), &text)?;
    Ok(arrives)
}

fn matrix(arguments: &Arguments, scenario: &Scenario, out: &mut String) -> Result<bool, Failure> {
    let matrix = network(arguments, scenario)?.matrix();
    if arguments.csv {
        out.push_str(&matrix.to_csv());
    } else {
        write(arguments, out, &matrix, &matrix)?;
    }
    Ok(true)
}

fn lint(arguments: &Arguments, scenario: &Scenario, out: &mut String) -> Result<bool, Failure> {
    let findings = network(arguments, scenario)?.findings();
    let mut text = String::new();
    for one in &findings {
        let severity = match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{severity:7}  {}  {}: {}",
            one.rule, one.subject, one.text
        );
    }
    if findings.is_empty() {
        text.push_str("nothing to say\n");
    }
    write(arguments, out, &findings, &text)?;
    Ok(findings.iter().all(|one| one.severity != Severity::Error))
}

/// What an event changed.
#[derive(Serialize)]
struct Happened<'a> {
    at: &'a str,
    changed: EventReport,
}

fn events(arguments: &Arguments, scenario: &Scenario, out: &mut String) -> Result<bool, Failure> {
    let mut network = after(scenario, 0)?;
    let mut all = Vec::new();
    let mut text = String::new();
    for (at, event) in &scenario.events {
        let changed = network.apply(event).map_err(|problem| {
            let at = at.clone();
            Failure::from(RunError { at, problem })
        })?;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{at}");
        for line in changed.to_string().lines() {
            let _ = writeln!(text, "  {line}");
        }
        all.push(Happened { at, changed });
    }
    let wanted = |one: &Happened<'_>| arguments.at.as_deref().is_none_or(|at| at == one.at);
    if arguments.at.is_some() {
        all.retain(wanted);
        text = all.iter().map(|one| one.changed.to_string()).collect();
    }
    write(arguments, out, &all, &text)?;
    Ok(true)
}

fn diff(
    arguments: &Arguments,
    scenario: &Scenario,
    other: &str,
    out: &mut String,
) -> Result<bool, Failure> {
    let other = read_scenario(other)?;
    changes(arguments, &after(scenario, 0)?, &after(&other, 0)?, out)
}

fn diff_event(
    arguments: &Arguments,
    scenario: &Scenario,
    event: &str,
    out: &mut String,
) -> Result<bool, Failure> {
    let place = scenario.events.iter().position(|(id, _)| id == event);
    let place = place.ok_or_else(|| {
        Failure::bad_input(format!("--diff-event {event}: there is no such event"))
    })?;
    let before = after(scenario, place)?;
    changes(arguments, &before, &after(scenario, place + 1)?, out)
}

/// What changes; good is only that nothing does.
fn changes(
    arguments: &Arguments,
    before: &Network,
    after: &Network,
    out: &mut String,
) -> Result<bool, Failure> {
    let difference = Difference::of(before, after);
    write(arguments, out, &difference, &difference)?;
    Ok(difference.is_empty())
}

/// The answer as text, or as JSON if that is asked for.
pub(crate) fn write(
    arguments: &Arguments,
    out: &mut String,
    data: &impl Serialize,
    text: &impl Display,
) -> Result<(), Failure> {
    if arguments.json {
        let pretty = routehub_scenario::json::to_string_pretty(data);
        let pretty = pretty.map_err(|error| Failure::bad_input(error.to_string()))?;
        out.push_str(&pretty);
        out.push('\n');
    } else {
        // Writing to a String cannot fail.
        let _ = write!(out, "{text}");
    }
    Ok(())
}
