//! Runs the Route Servers of a network file for real routers.
//!
//! ```text
//! cargo run --release --example route_server -- network.yaml
//! cargo run --release --example route_server -- network.yaml --listen-port 1790
//! cargo run --release --example route_server -- network.yaml --http 127.0.0.1:8179
//! cargo run --release --example route_server -- --arm 127.0.0.1:8443
//! ```
//!
//! `routehub serve` is the same, and its page says more.

use std::process::ExitCode;

use routehub_cli::serve::Serve;

fn main() -> ExitCode {
    routehub_cli::program::<Serve>("route_server")
}
