//! Runs the Route Servers of a network file for real routers.
//!
//! ```text
//! cargo run --release --example route_server -- network.yaml
//! cargo run --release --example route_server -- network.yaml --listen-port 1790
//! ```
//!
//! NVAs, sites and on-premises routers with `live: true` have to connect; everything else of the
//! file is modelled. SIGINT and SIGTERM end all sessions with a Cease. SIGHUP reads the file again:
//! sessions that are described as before go on.
//!
//! Over HTTP there are tables, peers, explanations, metrics and a stream of what happens; events can
//! be posted:
//!
//! ```text
//! route_server network.yaml --http 127.0.0.1:8179
//! curl -s http://127.0.0.1:8179/v1/peers
//! curl -s http://127.0.0.1:8179/v1/events --data-binary \
//!     '{id: on, set_branch_to_branch: {route_server: rs, value: true}}'
//! ```
//!
//! Azure's own tools can build the network, and ask for its routes; `docs/azure.md` says how:
//!
//! ```text
//! route_server --arm 127.0.0.1:8443
//! route_server network.yaml --arm 127.0.0.1:8443 --state documents
//! ```
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
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Parser;
use routehub::types::Escaped;
use routehub_scenario::Scenario;
use routehub_speaker::http::{Changes, Http, Token, TokenError};
use routehub_speaker::{Server, ServerEvent};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

mod arm;
mod sinks;

use arm::ArmArguments;
use sinks::SinkArguments;

/// Run the Route Servers of a network file for real routers.
///
/// Listens on the address of every instance, gateway and circuit edge that has a session with an
/// NVA, site or on-premises router marked `live: true`, and prints what happens.
#[derive(Parser)]
#[command(name = "route_server")]
struct Arguments {
    /// The network file, YAML or JSON.
    #[arg(required_unless_present = "arm")]
    file: Option<PathBuf>,
    /// Listen on this port instead of the one in the file (179 if it names none).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    listen_port: Option<u16>,
    /// Answer HTTP requests on this address and port.
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Events that are posted need the token in this file, and `az` needs it as secret. Without
    /// one both are taken only on a loopback address.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    arm: ArmArguments,
    #[command(flatten)]
    sinks: SinkArguments,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error = format!("{error:#}");
            eprintln!("route_server: {}", Escaped::lines(error));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let scenario = arguments.load()?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    runtime.block_on(serve(scenario, arguments))
}

impl Arguments {
    /// Reads the network file.
    fn load(&self) -> Result<Scenario> {
        let mut scenario = match &self.file {
            Some(file) => read(file)?,
            None => Scenario::default(),
        };
        if let Some(directory) = self.file.as_deref().and_then(Path::parent) {
            scenario.live.look_in(directory);
        }
        if let Some(port) = self.listen_port {
            scenario.live.port = port;
            for address in scenario.live.addresses.values_mut() {
                address.set_port(port);
            }
        }
        Ok(scenario)
    }

    /// The token that clients need.
    fn token(&self) -> Result<Option<String>> {
        let token = self.token_file.as_deref().map(|file| {
            let text = std::fs::read_to_string(file).map_err(TokenError::from);
            let checked = text.and_then(|text| Token::new(&text).map(|_| text.trim().to_owned()));
            checked.with_context(|| format!("the token file {}", file.display()))
        });
        token.transpose()
    }

    /// Listens for HTTP requests, if that is wanted.
    async fn http(&self) -> Result<Option<Http>> {
        let Some(address) = self.http else {
            return Ok(None);
        };
        let token = self.token()?.map(|text| Token::new(&text)).transpose()?;
        let http = Http::bind(address, token).await;
        let http = http.with_context(|| format!("cannot listen on {address} for HTTP"))?;
        Ok(Some(http))
    }
}

fn read(file: &Path) -> Result<Scenario> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    Scenario::parse(&text).map_err(|diagnostics| {
        let rendered = diagnostics
            .iter()
            .map(|diagnostic| diagnostic.render(&name).to_string());
        anyhow::Error::msg(rendered.collect::<Vec<_>>().join("\n"))
    })
}

async fn serve(mut scenario: Scenario, arguments: &Arguments) -> Result<()> {
    let out = Out {
        taken: arguments.sinks.take_output(),
    };
    let arm = arguments
        .arm
        .prepare(&mut scenario, arguments.token()?)
        .await?;
    let mut sinks = arguments.sinks.open(&scenario)?;
    let mut http = arguments.http().await?;
    if let Some(plain) = http.take() {
        let changes = Changes::default();
        sinks.sinks.push(changes.sink());
        http = Some(plain.with_changes(changes));
    }
    let signals = Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hangup: signal(SignalKind::hangup())?,
    };
    let Scenario {
        profile,
        estate,
        live,
        ..
    } = scenario;
    let server = Server::start_with(&profile, estate, &live, sinks).await?;
    let server = Arc::new(server);
    let events = server.watch();
    for address in server.addresses() {
        out.print(&format_args!("listening on {address}"));
    }
    for neighbor in server.neighbors() {
        out.print(&format_args!("awaiting {neighbor}"));
    }
    if server.addresses().is_empty() && arm.is_none() {
        out.print(&"nobody in this network is live: no session to hold");
    }
    if let Some(http) = http {
        out.print(&format_args!("answering on http://{}", http.address()?));
        tokio::spawn(http.serve(Arc::clone(&server)));
    }
    if let Some(arm) = arm {
        out.print(&arm.greeting()?);
        let say = move |line: &str| out.print(&line);
        tokio::spawn(arm.serve(Arc::clone(&server), Box::new(say)));
    }
    tokio::select! {
        () = follow(events, out) => {}
        () = on_signals(signals, &server, arguments, out) => out.print(&"stopping"),
    }
    server.stop("routehub is stopping").await;
    Ok(())
}

/// The signals that this process handles.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// Reloads on SIGHUP, until SIGINT or SIGTERM.
async fn on_signals(mut signals: Signals, server: &Server, arguments: &Arguments, out: Out) {
    loop {
        tokio::select! {
            _ = signals.interrupt.recv() => return,
            _ = signals.terminate.recv() => return,
            _ = signals.hangup.recv() => {}
        }
        if let Err(error) = reload(server, arguments).await {
            let error = format!("{error:#}");
            let error = error.trim_end();
            out.print(&format_args!("not reloaded, nothing has changed: {error}"));
        }
    }
}

/// Reads the file again and loads what it says now.
async fn reload(server: &Server, arguments: &Arguments) -> Result<()> {
    if arguments.arm.arm.is_some() {
        anyhow::bail!("the documents of --arm are the network, not the file");
    }
    let Scenario {
        profile,
        estate,
        live,
        ..
    } = arguments.load()?;
    server.reload(&profile, estate, &live).await?;
    Ok(())
}

/// Prints what happens, for ever.
async fn follow(mut events: Receiver<ServerEvent>, out: Out) {
    loop {
        match events.recv().await {
            Ok(event) => out.print(&event),
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
    /// Prints a line, or a few. Who reads it may have gone, which does not concern the routers.
    fn print(self, line: &dyn Display) {
        let line = Escaped::lines(line);
        let _ = if self.taken {
            writeln!(io::stderr().lock(), "{line}")
        } else {
            writeln!(io::stdout().lock(), "{line}")
        };
    }
}
