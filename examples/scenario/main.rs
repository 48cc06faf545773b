//! Runs a network file: shows what everyone learns, is told and uses, or checks what the file
//! expects.
//!
//! ```text
//! cargo run --release --example scenario -- FILE                 every table, at every time
//! cargo run --release --example scenario -- FILE --at failure    after one event
//! cargo run --release --example scenario -- FILE --json          in the shapes of `expect`
//! cargo run --release --example scenario -- FILE --check         what differs from `expect`
//! cargo run --release --example scenario -- FILE --explain vm 10.1.2.3    why, hop by hop
//! cargo run --release --example scenario -- FILE --trace vm 10.1.2.3      the way of a packet
//! cargo run --release --example scenario -- FILE --trace vm site --both-ways   there and back
//! cargo run --release --example scenario -- FILE --matrix        who reaches whom (--json, --csv)
//! cargo run --release --example scenario -- FILE --lint          what is to be said about it
//! cargo run --release --example scenario -- FILE --diff OTHER    what another file changes
//! cargo run --release --example scenario -- FILE --diff-event ID what an event changes, row by row
//! cargo run --release --example scenario -- FILE --events        what each event changes, in short
//! cargo run --release --example scenario -- FILE --failures 1    what every failure does (2: two at once)
//! ```
//!
//! Exit code 0: done; 1: a hard row differs, a packet does not arrive, a finding is an error,
//! something changes, or the network does not settle; 2: a bad file.

mod ask;
mod columns;
mod junit;
mod sweep;
mod text;

use std::fmt::Write as _;
use std::io::{self, BufWriter, ErrorKind, Read as _, Write as _};
use std::process::ExitCode;

use clap::Parser;
use routehub::BrokenPromise;
use routehub::sweep::FailureKind;
use routehub_scenario::az::AzTables;
use routehub_scenario::expect::INITIAL;
use routehub_scenario::{
    Diagnostic, PromiseWatch, Report, RunError, Scenario, SeenTables, Tables, compare,
};
use routehub_types::Escaped;
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer as _};

use sweep::Shard;

/// Run a network file and show its tables, or check what it expects.
///
/// The network is shown as it is at the start ("initial") and after each event.
#[derive(Parser)]
#[command(name = "scenario")]
struct Arguments {
    /// The network file, YAML or JSON; `-` is standard input.
    file: String,
    /// Only the time after this event, or `initial`.
    #[arg(long, value_name = "EVENT")]
    at: Option<String>,
    /// Print `[{at, tables}]` as JSON, in the shapes that `expect` has; with a question, its
    /// answer.
    #[arg(long, conflicts_with_all = ["az", "check"])]
    json: bool,
    /// Print the JSON that Azure's commands print for the tables they know.
    #[arg(long, conflicts_with_all = ["check", "question"])]
    az: bool,
    /// Compare with the file's `expect` and print every difference.
    #[arg(long, conflicts_with = "question")]
    check: bool,
    /// Why a NIC, Route Server, NVA, gateway, circuit or site has, or has not, routes to a prefix
    /// or address; before the first event, or at the time of `--at`.
    #[arg(long, num_args = 2, value_names = ["NAME", "PREFIX_OR_ADDRESS"], group = "question")]
    explain: Vec<String>,
    /// The way of a packet; each end is a NIC, NVA, site, circuit (its customer), an address or
    /// `internet`. Exit code 1 if it does not arrive.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], group = "question")]
    trace: Vec<String>,
    /// With `--trace`: the way back too, and whether both pass the same stateful NVAs; exit code 1
    /// if one does not arrive, or they do not.
    #[arg(long, requires = "trace")]
    both_ways: bool,
    /// Who reaches whom, by which NVAs, and whether the way back passes the same: every NIC, NVA,
    /// site and circuit's customer, and the internet.
    #[arg(long, group = "question")]
    matrix: bool,
    /// With `--matrix`: as CSV.
    #[arg(long, requires = "matrix", conflicts_with = "json")]
    csv: bool,
    /// What is to be said about the network; exit code 1 if there is an error.
    #[arg(long, group = "question")]
    lint: bool,
    /// What changes for every NIC and peer with another file; exit code 1 if anything does.
    #[arg(
        long,
        value_name = "OTHER_FILE",
        group = "question",
        conflicts_with = "at"
    )]
    diff: Option<String>,
    /// What changes for every NIC and peer by an event; exit code 1 if anything does.
    #[arg(long, value_name = "EVENT", group = "question", conflicts_with = "at")]
    diff_event: Option<String>,
    /// What each event changes, in short: sessions, best paths, networks.
    #[arg(long, group = "question")]
    events: bool,
    /// Let every element fail that can, each alone, or with 2 also every two at once: who loses
    /// whom, what leaves inspection, which promises break (exit code 1), what cuts which ends.
    #[arg(long, value_name = "1|2", group = "question", value_parser = clap::value_parser!(u8).range(1..=2))]
    failures: Option<u8>,
    /// With `--failures`: only elements of these kinds, such as nva,peering; switches are tried
    /// only if they are named: branch_to_branch, preference, propagation.
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = sweep::kind, requires = "failures")]
    only: Vec<FailureKind>,
    /// With `--failures`: one of several parts of the work, such as 2/8.
    #[arg(long, value_name = "I/N", requires = "failures")]
    shard: Option<Shard>,
    /// With `--failures`: how many threads work; as many as there are cores if left out.
    #[arg(long, value_name = "N", requires = "failures")]
    threads: Option<usize>,
    /// With `--failures`: as JUnit XML.
    #[arg(long, requires = "failures", conflicts_with = "json")]
    junit: bool,
}

/// What ends a run early: the exit code and what to say.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn bad_input(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self {
            code: 1,
            message: error.to_string(),
        }
    }
}

fn main() -> ExitCode {
    let mut out = String::new();
    let arguments = Arguments::parse();
    let result = run(&arguments, &mut out);
    // Names in a file cannot drive a terminal; JSON has escapes of its own.
    if !(arguments.json || arguments.az || arguments.junit) {
        // Tables with commas end their lines with both characters.
        let lines = out
            .split("\r\n")
            .map(|text| Escaped::lines(text).to_string());
        out = lines.collect::<Vec<_>>().join("\r\n");
    }
    let written = io::stdout().lock().write_all(out.as_bytes());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("scenario: {error}");
        return ExitCode::from(2);
    }
    match result {
        Ok(holds) => ExitCode::from(u8::from(!holds)),
        Err(failure) => {
            eprintln!("scenario: {}", Escaped::lines(failure.message.trim_end()));
            ExitCode::from(failure.code)
        }
    }
}

/// Does what is asked and says whether it holds.
fn run(arguments: &Arguments, out: &mut String) -> Result<bool, Failure> {
    let mut scenario = read_scenario(&arguments.file)?;
    let at = arguments.at.as_deref();
    if let Some(at) = at {
        stop_after(&mut scenario, at)?;
    }
    if let Some(answered) = ask::answer(arguments, &scenario, out) {
        return answered;
    }
    if arguments.check {
        return check(&scenario, at, out);
    }
    if arguments.json || arguments.az {
        return json_tables(arguments, &scenario);
    }
    // What came before an event that does not settle is shown.
    scenario.run(|now, network| {
        if at.is_none_or(|at| at == now) {
            text::snapshot(out, now, &Tables::of(network.estate(), network));
        }
    })?;
    Ok(true)
}

/// Everything that is seen at one time.
#[derive(Serialize)]
struct SeenAt<'a, T> {
    at: &'a str,
    tables: T,
}

/// Prints a list of what is seen at each time, row by row as it is asked for.
fn json_tables(arguments: &Arguments, scenario: &Scenario) -> Result<bool, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut ran = Ok(());
    let mut write = || {
        let mut pretty = routehub_scenario::json::pretty_serializer(&mut out);
        let mut list = pretty.serialize_seq(None)?;
        let mut written = Ok(());
        ran = scenario.run(|at, network| {
            let is_asked = arguments.at.as_deref().is_none_or(|asked| asked == at);
            if !is_asked || written.is_err() {
                return;
            }
            let estate = network.estate();
            written = if arguments.az {
                let tables = Tables::of(estate, network);
                let tables = AzTables::of(&tables);
                list.serialize_element(&SeenAt { at, tables })
            } else {
                let tables = SeenTables::of(estate, network);
                list.serialize_element(&SeenAt { at, tables })
            };
        });
        written?;
        list.end()
    };
    let written = write().map_err(io::Error::from);
    let written = written
        .and_then(|()| writeln!(out))
        .and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        return Err(Failure::bad_input(error.to_string()));
    }
    // What came before an event that does not settle is shown.
    ran?;
    Ok(true)
}

fn read_scenario(file: &str) -> Result<Scenario, Failure> {
    let source = read(file)?;
    Scenario::parse(&source).map_err(|wrong| Failure::bad_input(told(&wrong, file)))
}

fn read(file: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match file {
        "-" => io::stdin().read_to_string(&mut text).map(|_| text),
        file => std::fs::read_to_string(file),
    };
    read.map_err(|error| Failure::bad_input(format!("{file}: {error}")))
}

/// The first mistakes of a file.
fn told(wrong: &[Diagnostic], file: &str) -> String {
    const MOST: usize = 10;
    let mut text = format!("{file} is not a network file\n");
    for one in wrong.iter().take(MOST) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", one.render(file));
    }
    if wrong.len() > MOST {
        let _ = writeln!(text, "and {} more", wrong.len() - MOST);
    }
    text
}

/// Leaves out the events after `at`.
fn stop_after(scenario: &mut Scenario, at: &str) -> Result<(), Failure> {
    let events = &mut scenario.events;
    let last = match events.iter().position(|(id, _)| id == at) {
        Some(last) => last + 1,
        None if at == INITIAL => 0,
        None => {
            let ids: Vec<&str> = events.iter().map(|(id, _)| id.as_str()).collect();
            let all = [&[INITIAL], ids.as_slice()].concat().join(", ");
            let message = format!("--at {at}: there is no such event; there are: {all}");
            return Err(Failure::bad_input(message));
        }
    };
    events.truncate(last);
    Ok(())
}

/// Compares with `expect` and the promises, and says whether every hard row and promise holds.
fn check(scenario: &Scenario, at: Option<&str>, out: &mut String) -> Result<bool, Failure> {
    let mut reports: Vec<Report> = Vec::new();
    let mut watch: Option<PromiseWatch> = None;
    let mut broken: Vec<(String, BrokenPromise)> = Vec::new();
    let ran = scenario.run(|now, network| {
        let due = scenario.expectations.iter().filter(|one| one.at == now);
        let wanted = due.filter(|one| at.is_none_or(|at| at == one.at));
        reports.extend(wanted.map(|expectation| compare(expectation, network)));
        let event = scenario.events.iter().find(|(id, _)| id == now);
        let found = match (&mut watch, event) {
            (Some(watch), Some((_, event))) => watch.after(event, network),
            _ => {
                let first = watch.insert(PromiseWatch::new(scenario, network));
                first.broken_at_first().to_vec()
            }
        };
        let found = found.into_iter().filter(|_| at.is_none_or(|at| at == now));
        broken.extend(found.map(|promise| (now.to_owned(), promise)));
    });
    for report in &reports {
        out.push_str(&report.to_string());
    }
    for (now, promise) in &broken {
        let _ = writeln!(out, "{now}: promise broken: {promise}");
    }
    let failures: usize = reports.iter().map(Report::failures).sum();
    let differing: usize = reports.iter().map(|report| report.differences.len()).sum();
    let (hard, soft) = reports.iter().fold((0, 0), |(hard, soft), one| {
        (hard + one.hard, soft + one.soft)
    });
    let _ = writeln!(
        out,
        "{hard} hard rows, {failures} differ; {soft} soft rows, {} differ",
        differing - failures
    );
    let promises = scenario.promises.len();
    if promises > 0 {
        let _ = writeln!(out, "{promises} promises, broken {} times", broken.len());
    }
    ran?;
    Ok(failures == 0 && broken.is_empty())
}
