//! Decodes BGP messages: hexadecimal or JSON lines in, a JSON object per line out.
//!
//! ```text
//! echo ffffffffffffffffffffffffffffffff001304 | cargo run --release --example decode
//! cargo run --release --example decode -- --mrt updates.20260511.0000
//! ```
//!
//! `routehub decode` is the same.

use std::process::ExitCode;

use routehub_cli::decode::Decode;

fn main() -> ExitCode {
    routehub_cli::program::<Decode>("decode")
}
