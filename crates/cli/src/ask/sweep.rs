//! Every failure before it happens: each element that can fail, alone or with another, and who
//! still reaches whom.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::str::FromStr;

use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;
use routehub::sweep::{self, Cuts, FailureKind, Outcome, RouteChange};
use routehub::{BrokenPromise, Impact};

use super::junit;
use super::report::Report;
use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::At;

/// How many impacts of a kind the text shows.
const SHOWN: usize = 4;
/// How many pairs of ends the text shows with their cuts.
const MOST_CUTS: usize = 40;

/// Let every element fail that can, each alone, or every two at once: who loses whom, what leaves
/// inspection, what cuts which ends; exit code 1 if a promise breaks.
#[derive(Clone, Debug, Args)]
pub struct Sweep {
    /// The network and the time.
    #[command(flatten)]
    pub at: At,
    /// How many elements fail at once: 1, or with 2 also every two.
    #[arg(long, value_name = "1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub failures: u8,
    /// Only elements of these kinds, such as nva,peering; switches are tried only if they are
    /// named: branch_to_branch, preference, propagation.
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = str::parse::<FailureKind>)]
    pub only: Vec<FailureKind>,
    /// One of several parts of the work, such as 2/8.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// How many threads work; as many as there are cores if left out.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print JUnit XML.
    #[arg(long, conflicts_with = "json")]
    pub junit: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// One of several parts of the work: the first is number 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if 1 <= number && number <= of => Ok(Self { number, of }),
            _ => Err(format!("`{text}` is not a part such as 2/8")),
        }
    }
}

impl Shard {
    fn has(self, place: usize) -> bool {
        place % self.of == self.number - 1
    }
}

impl Run for Sweep {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let scenario = self.at.read()?;
        let network = self.at.network_of(&scenario)?;
        let mut sweep = sweep::Sweep::new(network).promising(&scenario.promises);
        if !self.only.is_empty() {
            sweep = sweep.only(|failure| self.only.contains(&failure.kind));
            sweep = sweep.promising(&scenario.promises);
        }
        let threads = self.threads.unwrap_or_default();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Failure::bad_input(format!("--threads: {error}")))?;
        let report = pool.install(|| run(&sweep, self.failures, self.shard));
        let holds = report.holds();
        if self.junit {
            output.data(&junit::xml(&scenario.title, &report));
        } else {
            output.answer(self.json, &report, text(&report))?;
        }
        Ok(holds)
    }
}

/// Tries every failure, on all threads; what is found is in order, whoever finds it.
fn run(sweep: &sweep::Sweep, most: u8, shard: Option<Shard>) -> Report {
    let count = sweep.elements().len();
    let shard = shard.unwrap_or(Shard { number: 1, of: 1 });
    let mine: Vec<usize> = (0..count).filter(|place| shard.has(*place)).collect();
    // What two do at once is told beside what each does alone: then all are needed.
    let needed: Vec<usize> = match most {
        1 => mine.clone(),
        _ => (0..count).collect(),
    };
    let progress = ProgressBar::new(needed.len() as u64);
    let singles: Vec<Outcome> = needed
        .par_iter()
        .map(|place| {
            let outcome = sweep.single(*place);
            progress.inc(1);
            outcome
        })
        .collect();
    progress.finish_and_clear();
    let mut tried = mine.len();
    let mut pairs: Vec<Outcome> = Vec::new();
    if most > 1 {
        let progress = ProgressBar::new(mine.len() as u64);
        let found: Vec<Vec<Outcome>> = mine
            .par_iter()
            .map(|place| {
                let mut outcomes = sweep.pairs_with(*place, &singles);
                outcomes.retain(|outcome| outcome.is_harm() || !outcome.broken.is_empty());
                progress.inc(1);
                outcomes
            })
            .collect();
        progress.finish_and_clear();
        tried += mine.iter().map(|place| count - place - 1).sum::<usize>();
        pairs = found.into_iter().flatten().collect();
    }
    let cuts = sweep.cuts(singles.iter().chain(&pairs));
    let mut outcomes = singles;
    if most > 1 {
        let mut place = 0;
        outcomes.retain(|_| {
            place += 1;
            shard.has(place - 1)
        });
    }
    outcomes.extend(pairs);
    Report {
        elements: count,
        tried,
        broken: sweep.promises().broken_intact().to_vec(),
        outcomes,
        cuts,
    }
}

// Writing to a String cannot fail.
fn text(report: &Report) -> String {
    let mut text = String::new();
    let (elements, tried) = (report.elements, report.tried);
    let _ = writeln!(text, "{elements} elements can fail; {tried} failures tried");
    if !report.broken.is_empty() {
        let _ = writeln!(text, "\nbroken though nothing has failed");
        broken(&mut text, &report.broken);
    }
    let mut quiet = Vec::new();
    for outcome in &report.outcomes {
        let is_quiet = outcome.counts.is_empty() && outcome.broken.is_empty();
        if is_quiet && outcome.routes.is_empty() {
            quiet.extend(outcome.failed.clone());
        } else {
            self::outcome(&mut text, outcome);
        }
    }
    if !quiet.is_empty() {
        let _ = writeln!(
            text,
            "\nnothing of it matters to machines: {}",
            quiet.join(", ")
        );
    }
    cuts(&mut text, &report.cuts);
    text
}

fn outcome(text: &mut String, outcome: &Outcome) {
    let counts = outcome.counts.iter();
    let counts: Vec<String> = counts
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let counts = match counts.as_slice() {
        [] => String::new(),
        counts => format!(": {}", counts.join(", ")),
    };
    let _ = writeln!(text, "\n{}{counts}", outcome.failed.join(" and "));
    broken(text, &outcome.broken);
    for of_kind in outcome
        .impacts
        .chunk_by(|impact, next| impact.kind == next.kind)
    {
        let mut remedies: Vec<&str> = Vec::new();
        for impact in of_kind.iter().take(SHOWN) {
            let _ = writeln!(text, "  {}", line(impact));
            remedies.extend(impact.remedy.filter(|remedy| !remedies.contains(remedy)));
        }
        for remedy in remedies {
            let _ = writeln!(text, "    remedy: {remedy}");
        }
        let all = of_kind
            .first()
            .map_or(0, |impact| outcome.count(impact.kind));
        if all > SHOWN {
            let _ = writeln!(text, "    and {} more", all - SHOWN);
        }
    }
    routes(text, &outcome.routes);
}

/// The routes of machines that are others.
fn routes(text: &mut String, routes: &[RouteChange]) {
    let hops = |hops: &Option<Vec<IpAddr>>| match hops.as_deref() {
        None => "no route".to_owned(),
        Some([]) => "a route that leads nowhere".to_owned(),
        Some(hops) => {
            let hops: Vec<String> = hops.iter().map(ToString::to_string).collect();
            format!("by {}", hops.join(", "))
        }
    };
    for change in routes.iter().take(SHOWN) {
        let (before, after) = (hops(&change.before), hops(&change.after));
        let (vnets, prefix) = (change.vnets.join(", "), change.prefix);
        let _ = writeln!(
            text,
            "  routes in {vnets}: {prefix} {after}, before {before}"
        );
    }
    if routes.len() > SHOWN {
        let _ = writeln!(text, "    and {} more", routes.len() - SHOWN);
    }
}

fn line(impact: &Impact) -> String {
    let ends = match (impact.from.as_str(), impact.to.as_str()) {
        (from, "") => from.to_owned(),
        (from, to) if from == to => from.to_owned(),
        (from, to) => format!("{from} -> {to}"),
    };
    format!("{}: {ends}: {}", impact.kind, impact.because)
}

fn broken(text: &mut String, broken: &[BrokenPromise]) {
    for promise in broken {
        let _ = writeln!(text, "  BROKEN {promise}");
    }
}

/// What cuts ends from each other, those with equal cuts together.
fn cuts(text: &mut String, all: &[Cuts]) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nwhat cuts ends from each other");
    for cuts in all.iter().take(MOST_CUTS) {
        let pairs = cuts.pairs.iter().map(|pair| pair.join(" with "));
        let all: Vec<String> = cuts.single.iter().cloned().chain(pairs).collect();
        let _ = writeln!(text, "  {} -> {}: {}", cuts.from, cuts.to, all.join("; "));
    }
    if all.len() > MOST_CUTS {
        let _ = writeln!(text, "  and {} more pairs of ends", all.len() - MOST_CUTS);
    }
}
