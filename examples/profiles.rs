//! Shows the numbers and switches of Azure by year, each with its rule and source.
//!
//! ```text
//! cargo run --example profiles                         all profiles side by side
//! cargo run --example profiles -- azure-2026           one, with sources
//! cargo run --example profiles -- azure-2023 azure-2026   what changed between two
//! ```
//!
//! `routehub profiles` is the same.

use std::process::ExitCode;

use routehub_cli::make::Profiles;

fn main() -> ExitCode {
    routehub_cli::program::<Profiles>("profiles")
}
