//! What events change, in short.

use clap::Args;
use routehub::EventReport;
use routehub_scenario::RunError;
use serde::Serialize;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::{At, after};

/// Show what each event changes, in short: sessions, best paths, networks.
#[derive(Clone, Debug, Args)]
pub struct Events {
    /// The network, and the event if only one is asked for.
    #[command(flatten)]
    pub at: At,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What an event changed.
#[derive(Serialize)]
struct Happened<'a> {
    at: &'a str,
    changed: EventReport,
}

impl Run for Events {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let scenario = self.at.read()?;
        let mut network = after(&scenario, 0)?;
        let mut all = Vec::new();
        for (at, event) in &scenario.events {
            let changed = network.apply(event).map_err(|problem| {
                let at = at.clone();
                Failure::from(RunError { at, problem })
            })?;
            if self.at.is_asked(at) {
                all.push(Happened { at, changed });
            }
        }
        let mut text = String::new();
        for happened in &all {
            let changed = happened.changed.to_string();
            if self.at.time().is_some() {
                text.push_str(&changed);
                continue;
            }
            text.push_str(happened.at);
            text.push('\n');
            for line in changed.lines() {
                text.push_str("  ");
                text.push_str(line);
                text.push('\n');
            }
        }
        output.answer(self.json, &all, text)?;
        Ok(true)
    }
}
