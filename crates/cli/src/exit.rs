//! How a run ends: its exit code, and what is said of a failure.

use std::process::ExitCode;

use clap::Args;
use routehub_types::Escaped;

use crate::failure::Failure;
use crate::output::Output;

/// Every exit code with what it says: all commands have the same.
pub const EXIT_CODES: [(u8, &str); 3] = [
    (
        0,
        "done, and the answer is yes: all is as the file expects, the packet arrives, nothing changes, no finding is an error",
    ),
    (
        1,
        "the answer is no: a row differs, a promise breaks, a packet does not arrive, something changes, a finding is an error, or the network does not settle",
    ),
    (
        2,
        "no answer: a bad file, an unknown name or event, wrong arguments, or a file that cannot be read or written",
    ),
];

/// What can be run: the arguments of a command.
pub trait Run: Args {
    /// Does what is asked and says whether the answer is a good one.
    ///
    /// # Errors
    /// [`Failure`] if there is no answer.
    fn run(&self, output: &mut Output) -> Result<bool, Failure>;
}

/// Runs a program whose arguments are those of a command: `name` is how it is called.
pub fn program<R: Run>(name: &'static str) -> ExitCode {
    let matches = R::augment_args(clap::Command::new(name)).get_matches();
    match R::from_arg_matches(&matches) {
        Ok(arguments) => finish(name, &arguments),
        Err(error) => error.exit(),
    }
}

/// Runs a command; messages begin with the name of the program.
pub fn finish(name: &str, arguments: &impl Run) -> ExitCode {
    let mut output = Output::of_process();
    let ran = arguments.run(&mut output);
    if let Err(error) = output.close() {
        eprintln!("{name}: {error}");
        return ExitCode::from(2);
    }
    match ran {
        Ok(holds) => ExitCode::from(u8::from(!holds)),
        Err(failure) => {
            let message = failure.message().trim_end();
            eprintln!("{name}: {}", Escaped::lines(message));
            ExitCode::from(failure.code())
        }
    }
}
