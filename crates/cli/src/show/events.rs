//! What the events of a file change, a line each.

use routehub::{EventReport, Network};
use routehub_scenario::{RunError, Scenario};

use super::wrap::shortened;

/// Lets the events happen, and says what each changes.
pub(super) fn lines(
    scenario: &Scenario,
    mut network: Network,
    width: usize,
) -> Result<Vec<[String; 2]>, RunError> {
    let mut lines = Vec::new();
    for (id, event) in &scenario.events {
        let changed = network.apply(event).map_err(|problem| RunError {
            at: id.clone(),
            problem,
        })?;
        lines.push([id.clone(), changes(&changed, width)]);
    }
    Ok(lines)
}

/// What an event changed, in a line.
fn changes(report: &EventReport, width: usize) -> String {
    if report.is_empty() {
        return "nothing changes".to_owned();
    }
    let mut parts = Vec::new();
    for (up, word) in [(false, "down"), (true, "up")] {
        let links = report.links.iter().filter(|link| link.up == up);
        match links.count() {
            0 => {}
            1 => parts.push(format!("1 session or connection {word}")),
            count => parts.push(format!("{count} sessions or connections {word}")),
        }
    }
    match report.best_paths.len() {
        0 => {}
        1 => parts.push("best paths of 1 speaker".to_owned()),
        count => parts.push(format!("best paths of {count} speakers")),
    }
    if !report.vnets.is_empty() {
        let names = shortened(report.vnets.iter(), width / 2);
        parts.push(format!("machines in {names}"));
    }
    parts.join("; ")
}
