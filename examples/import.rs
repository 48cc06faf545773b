//! Makes a network file of what Azure's own tools print.
//!
//! ```sh
//! az network vnet list -o json > vnets.json        # and what else there is
//! cargo run --example import -- *.json -o network.yaml
//! ```
//!
//! `routehub import` is the same.

use std::process::ExitCode;

use routehub_cli::make::Import;

fn main() -> ExitCode {
    routehub_cli::program::<Import>("import")
}
