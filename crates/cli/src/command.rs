//! The words of the command line.

use std::fmt::Write as _;

use clap::{Args as _, Parser, Subcommand};

use crate::ask::{Check, Diff, Events, Explain, Lint, Matrix, Sweep, Trace};
use crate::decode::Decode;
use crate::exit::{EXIT_CODES, Run};
use crate::failure::Failure;
use crate::make::{Completions, Draw, Import, Init, Man, Profiles, Schema};
use crate::output::Output;
use crate::serve::Serve;
use crate::show::Show;

/// An open Azure Route Server, as a model and live: what every network uses and why, where packets
/// go, what breaks when anything fails.
///
/// Questions are about a network file: `routehub init` writes one to begin with, `routehub import`
/// makes one of what Azure's tools print.
#[derive(Clone, Debug, Parser)]
#[command(name = "routehub", version, arg_required_else_help = true, after_help = codes())]
pub struct Routehub {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The table of exit codes, as `--help` ends with.
fn codes() -> String {
    let mut text = String::from("Exit codes:\n");
    for (code, what) in EXIT_CODES {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {code}  {what}");
    }
    text
}

/// The program as it is told to shells and to `man`.
fn program() -> clap::Command {
    Routehub::augment_args(clap::Command::new("routehub"))
}

macro_rules! commands {
    ([$($command:ident),+] [$($page:ident),+]) => {
        /// What to do.
        #[derive(Clone, Debug, Subcommand)]
        #[expect(missing_docs, reason = "the arguments of each have its words")]
        pub enum Command {
            $($command($command),)+
            $($page($page),)+
        }

        impl Run for Routehub {
            fn run(&self, output: &mut Output) -> Result<bool, Failure> {
                match &self.command {
                    $(Command::$command(command) => {
                        let word = stringify!($command).to_lowercase();
                        command.run(output).map_err(|failure| failure.of(&word))
                    })+
                    $(Command::$page(page) => page.make(program(), output),)+
                }
            }
        }
    };
}

// The second are about the program itself.
commands! {
    [
        Init, Check, Show, Explain, Trace, Matrix, Lint, Diff, Events, Sweep, Draw, Import, Serve,
        Decode, Profiles, Schema
    ]
    [Completions, Man]
}
