//! The command `routehub`; see the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    routehub_cli::program::<routehub_cli::Routehub>("routehub")
}
