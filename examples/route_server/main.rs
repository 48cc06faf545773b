//! Runs the Route Servers of a network file for real routers.
//!
//! ```text
//! cargo run --release --example route_server -- network.yaml
//! cargo run --release --example route_server -- network.yaml --listen-port 1790
//! ```
//!
//! NVAs, sites and on-premises routers with `live: true` have to connect; everything else of the
//! file is modelled. SIGINT and SIGTERM end all sessions with a Cease.
//!
//! The routes of the networks can go to the Linux kernel, each network's into a namespace that
//! stands for its VMs or into a routing table, or to a stream of JSON lines:
//!
//! ```text
//! route_server network.yaml --sink kernel --kernel-netns spoke=vm --kernel-table hub=100
//! route_server network.yaml --sink json --sink-file changes.jsonl
//! ```

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use routehub_scenario::Scenario;
use routehub_speaker::{Notice, Server};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

mod sinks;

use sinks::SinkArguments;

/// Run the Route Servers of a network file for real routers.
///
/// Listens on the address of every instance, gateway and circuit edge that has a session with an
/// NVA, site or on-premises router marked `live: true`, and prints what happens.
#[derive(Parser)]
#[command(name = "route_server")]
struct Arguments {
    /// The network file, YAML or JSON.
    file: PathBuf,
    /// Listen on this port instead of the one in the file (179 if it names none).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    listen_port: Option<u16>,
    #[command(flatten)]
    sinks: SinkArguments,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("route_server: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut scenario = load(&arguments.file)?;
    if let Some(port) = arguments.listen_port {
        scenario.live.port = port;
        for address in scenario.live.addresses.values_mut() {
            address.set_port(port);
        }
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    runtime.block_on(serve(scenario, &arguments.sinks))
}

fn load(file: &Path) -> Result<Scenario> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    Scenario::parse(&text).map_err(|diagnostics| {
        let rendered = diagnostics.iter().map(|one| one.render(&name).to_string());
        anyhow::Error::msg(rendered.collect::<Vec<_>>().join("\n"))
    })
}

async fn serve(scenario: Scenario, sinks: &SinkArguments) -> Result<()> {
    let out = Out {
        taken: sinks.take_output(),
    };
    let sinks = sinks.open(&scenario)?;
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let Scenario {
        profile,
        estate,
        live,
        ..
    } = scenario;
    let server = Server::start_with(&profile, estate, &live, sinks).await?;
    let notices = server.watch();
    for address in server.addresses() {
        out.print(&format_args!("listening on {address}"));
    }
    for neighbor in server.neighbors() {
        out.print(&format_args!("awaiting {neighbor}"));
    }
    if server.addresses().is_empty() {
        out.print(&"nobody in this network is live: no session to hold");
    }
    tokio::select! {
        () = follow(notices, out) => {}
        () = stopped(&mut interrupt, &mut terminate) => out.print(&"stopping"),
    }
    server.stop("routehub is stopping").await;
    Ok(())
}

async fn stopped(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Prints what happens, for ever.
async fn follow(mut notices: Receiver<Notice>, out: Out) {
    loop {
        match notices.recv().await {
            Ok(notice) => out.print(&notice),
            Err(RecvError::Lagged(lost)) => out.print(&format_args!("{lost} lines left out")),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Where lines go.
#[derive(Clone, Copy)]
struct Out {
    /// The standard output is for something else.
    taken: bool,
}

impl Out {
    /// Prints a line. Who reads it may have gone, which does not concern the routers.
    fn print(self, line: &dyn Display) {
        let _ = if self.taken {
            writeln!(io::stderr().lock(), "{line}")
        } else {
            writeln!(io::stdout().lock(), "{line}")
        };
    }
}
