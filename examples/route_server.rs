//! Runs the Route Servers of a network file for real routers.
//!
//! ```text
//! cargo run --release --example route_server -- network.yaml
//! cargo run --release --example route_server -- network.yaml --listen-port 1790
//! ```
//!
//! NVAs, sites and on-premises routers with `live: true` have to connect; everything else of the
//! file is modelled. SIGINT and SIGTERM end all sessions with a Cease.

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
    runtime.block_on(serve(scenario))
}

fn load(file: &Path) -> Result<Scenario> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    Scenario::parse(&text).map_err(|diagnostics| {
        let rendered = diagnostics.iter().map(|one| one.render(&name).to_string());
        anyhow::Error::msg(rendered.collect::<Vec<_>>().join("\n"))
    })
}

async fn serve(scenario: Scenario) -> Result<()> {
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
    let server = Server::start(&profile, estate, &live).await?;
    let notices = server.watch();
    for address in server.addresses() {
        print(&format_args!("listening on {address}"));
    }
    for neighbor in server.neighbors() {
        print(&format_args!("awaiting {neighbor}"));
    }
    if server.addresses().is_empty() {
        print(&"nobody in this network is live: no session to hold");
    }
    tokio::select! {
        () = follow(notices) => {}
        () = stopped(&mut interrupt, &mut terminate) => print(&"stopping"),
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
async fn follow(mut notices: Receiver<Notice>) {
    loop {
        match notices.recv().await {
            Ok(notice) => print(&notice),
            Err(RecvError::Lagged(lost)) => print(&format_args!("{lost} lines left out")),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Prints a line. Who reads it may have gone, which does not concern the routers.
fn print(line: &dyn Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
