//! Runs a network file: shows what everyone learns, is told and uses, or checks what the file
//! expects.
//!
//! ```text
//! cargo run --release --example scenario -- FILE                 one screen: what it is, sessions, findings
//! cargo run --release --example scenario -- FILE --all           every table, at every time
//! cargo run --release --example scenario -- FILE --nic vm        its effective routes (--peer, --prefix, --table)
//! cargo run --release --example scenario -- FILE --at failure    every table after one event
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
//! The command `routehub` asks the same questions by words: `routehub explain FILE vm 10.1.2.3`.

use std::process::ExitCode;

use clap::Args;
use routehub::sweep::FailureKind;
use routehub_cli::ask::{Check, Diff, Events, Explain, Lint, Matrix, Shard, Sweep, Trace};
use routehub_cli::show::{Program, Selection, Show};
use routehub_cli::{At, Failure, Output, Run, Source};

/// Run a network file and show its tables, or check what it expects.
///
/// The network is shown as it is at the start ("initial") and after each event.
#[derive(Clone, Args)]
struct Scenario {
    /// The network file, YAML or JSON; `-` is standard input.
    file: String,
    /// Only the time after this event, or `initial`.
    #[arg(long, value_name = "EVENT")]
    at: Option<String>,
    #[command(flatten)]
    selection: Selection,
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
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = str::parse::<FailureKind>, requires = "failures")]
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

fn main() -> ExitCode {
    routehub_cli::program::<Scenario>("scenario")
}

impl Run for Scenario {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        if let Some(answered) = self.answer(output) {
            return answered;
        }
        if self.check {
            let (at, json) = (self.at(), self.json);
            return Check { at, json }.run(output);
        }
        // One time is asked for by its tables.
        let selection = match self.selection.is_empty() && self.at.is_some() {
            true => Selection::all(),
            false => self.selection.clone(),
        };
        let show = Show {
            at: self.at(),
            selection,
            json: self.json,
            az: self.az,
            program: Program::Scenario,
        };
        show.run(output)
    }
}

impl Scenario {
    fn at(&self) -> At {
        At::of(Source::of(&self.file), self.at.clone())
    }

    /// Answers the question that the arguments ask, if they ask one.
    fn answer(&self, output: &mut Output) -> Option<Result<bool, Failure>> {
        let (at, json) = (self.at(), self.json);
        let mut ask = |question: &str, command: &dyn Fn(&mut Output) -> Result<bool, Failure>| {
            Some(command(output).map_err(|failure| failure.of(question)))
        };
        if let [name, destination] = self.explain.as_slice() {
            let (name, destination) = (name.clone(), destination.clone());
            let explain = Explain {
                at,
                name,
                destination,
                json,
            };
            return ask("--explain", &|output| explain.run(output));
        }
        if let [from, to] = self.trace.as_slice() {
            let (from, to, both_ways) = (from.clone(), to.clone(), self.both_ways);
            let trace = Trace {
                at,
                from,
                to,
                both_ways,
                json,
            };
            return ask("--trace", &|output| trace.run(output));
        }
        if self.matrix {
            let matrix = Matrix {
                at,
                csv: self.csv,
                json,
            };
            return ask("--matrix", &|output| matrix.run(output));
        }
        if self.failures.is_some() {
            return ask("--failures", &|output| self.sweep().run(output));
        }
        if self.lint {
            return ask("--lint", &|output| {
                Lint {
                    at: self.at(),
                    json,
                }
                .run(output)
            });
        }
        if self.events {
            return ask("--events", &|output| {
                Events {
                    at: self.at(),
                    json,
                }
                .run(output)
            });
        }
        let question = match self.diff {
            Some(_) => "--diff",
            None => "--diff-event",
        };
        let diff = self.diff()?;
        ask(question, &|output| diff.run(output))
    }

    fn diff(&self) -> Option<Diff> {
        let (other, event) = (self.diff.clone(), self.diff_event.clone());
        (other.is_some() || event.is_some()).then(|| Diff {
            source: Source::of(&self.file),
            other,
            event,
            json: self.json,
        })
    }

    fn sweep(&self) -> Sweep {
        Sweep {
            at: self.at(),
            failures: self.failures.unwrap_or(1),
            only: self.only.clone(),
            shard: self.shard,
            threads: self.threads,
            junit: self.junit,
            json: self.json,
        }
    }
}
