//! Draws a network file.
//!
//! ```text
//! cargo run --release --example draw -- FILE > network.svg
//! cargo run --release --example draw -- FILE --mermaid              for a page that draws Mermaid
//! cargo run --release --example draw -- FILE --highlight 10.0.0.0/8  who announces it to whom
//! cargo run --release --example draw -- FILE --trace vm paris       the way of a packet
//! cargo run --release --example draw -- FILE --failed nva1          what is down in grey
//! ```
//!
//! Exit code 0: drawn; 1: the network does not settle; 2: a bad file, or a name that it lacks.
//! `routehub draw` is the same.

use std::process::ExitCode;

use routehub_cli::make::Draw;

fn main() -> ExitCode {
    routehub_cli::program::<Draw>("draw")
}
