//! Whether a network does what its file expects and promises.

use clap::Args;
use routehub::{BrokenPromise, Network};
use routehub_scenario::{PromiseWatch, Report, RunError, Scenario, compare};
use serde::Serialize;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::At;

/// Compare with what the file expects and promises, and print every difference; exit code 1 if a
/// hard row differs or a promise breaks.
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// The network, and the time if only one is asked for.
    #[command(flatten)]
    pub at: At,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What came of comparing at all times.
#[derive(Default)]
struct Checked {
    reports: Vec<Report>,
    /// Promises that do not hold, and when.
    broken: Vec<(String, BrokenPromise)>,
    promises: usize,
}

impl Run for Check {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let scenario = self.at.read()?;
        let mut checked = Checked {
            promises: scenario.promises.len(),
            ..Checked::default()
        };
        let ran = self.compare(&scenario, &mut checked);
        output.answer(self.json, &checked.data(), checked.text())?;
        ran?;
        Ok(checked.holds())
    }
}

impl Check {
    /// Compares at every time that is asked for; what came before an event that does not settle
    /// stays.
    fn compare(&self, scenario: &Scenario, checked: &mut Checked) -> Result<(), RunError> {
        let mut watch: Option<PromiseWatch> = None;
        scenario.run(|now, network| {
            let due = scenario.expectations.iter().filter(|due| due.at == now);
            let due = due.filter(|due| self.at.is_asked(&due.at));
            checked.reports.extend(due.map(|due| compare(due, network)));
            let broken = promises(scenario, &mut watch, now, network);
            let broken = broken.into_iter().filter(|_| self.at.is_asked(now));
            let broken = broken.map(|promise| (now.to_owned(), promise));
            checked.broken.extend(broken);
        })
    }
}

/// The promises that do not hold now, and did before.
fn promises(
    scenario: &Scenario,
    watch: &mut Option<PromiseWatch>,
    now: &str,
    network: &Network,
) -> Vec<BrokenPromise> {
    let event = scenario.events.iter().find(|(id, _)| id == now);
    match (watch, event) {
        (Some(watch), Some((_, event))) => watch.after(event, network),
        (watch, _) => {
            let first = watch.insert(PromiseWatch::new(scenario, network));
            first.broken_at_first().to_vec()
        }
    }
}

/// How many rows there are, and how many of them differ.
#[derive(Clone, Copy, Serialize)]
struct Count {
    rows: usize,
    differ: usize,
}

impl Checked {
    fn counts(&self) -> [Count; 2] {
        let reports = || self.reports.iter();
        let failures: usize = reports().map(Report::failures).sum();
        let differing: usize = reports().map(|report| report.differences.len()).sum();
        [
            Count {
                rows: reports().map(|report| report.hard).sum(),
                differ: failures,
            },
            Count {
                rows: reports().map(|report| report.soft).sum(),
                differ: differing - failures,
            },
        ]
    }

    fn holds(&self) -> bool {
        let [hard, _] = self.counts();
        hard.differ == 0 && self.broken.is_empty()
    }

    fn text(&self) -> String {
        let mut text: String = self.reports.iter().map(Report::to_string).collect();
        for (now, promise) in &self.broken {
            text.push_str(&format!("{now}: promise broken: {promise}\n"));
        }
        let [hard, soft] = self.counts();
        text.push_str(&format!(
            "{} hard rows, {} differ; {} soft rows, {} differ\n",
            hard.rows, hard.differ, soft.rows, soft.differ
        ));
        if self.promises > 0 {
            let (all, broken) = (self.promises, self.broken.len());
            text.push_str(&format!("{all} promises, broken {broken} times\n"));
        }
        text
    }

    fn data(&self) -> Data<'_> {
        let [hard, soft] = self.counts();
        let differences = self.reports.iter().flat_map(|report| {
            let differences = report.differences.iter();
            differences.map(|difference| Row {
                at: &report.at,
                table: &difference.table,
                line: difference.line,
                expected: &difference.expected,
                there_is: &difference.instead,
                soft: difference.soft,
                why: difference.why.as_deref(),
            })
        });
        let broken = self.broken.iter();
        Data {
            holds: self.holds(),
            hard,
            soft,
            differences: differences.collect(),
            promises: self.promises,
            broken: broken.map(|(at, promise)| Broken { at, promise }).collect(),
        }
    }
}

/// The same, as it is printed for programs.
#[derive(Serialize)]
struct Data<'a> {
    holds: bool,
    hard: Count,
    soft: Count,
    differences: Vec<Row<'a>>,
    promises: usize,
    broken: Vec<Broken<'a>>,
}

/// A row that differs.
#[derive(Serialize)]
struct Row<'a> {
    at: &'a str,
    table: &'a str,
    /// In the file, from 1.
    line: usize,
    expected: &'a str,
    there_is: &'a [String],
    soft: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

/// A promise that does not hold.
#[derive(Serialize)]
struct Broken<'a> {
    at: &'a str,
    #[serde(flatten)]
    promise: &'a BrokenPromise,
}
