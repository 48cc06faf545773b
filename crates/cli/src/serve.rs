//! Runs the Route Servers of a network file for real routers.
//!
//! NVAs, sites and on-premises routers with `live: true` have to connect; everything else of the
//! file is modelled. SIGINT and SIGTERM end all sessions with a Cease. SIGHUP reads the file again:
//! sessions that are described as before go on.
//!
//! Over HTTP there are tables, peers, explanations, metrics and a stream of what happens; events can
//! be posted:
//!
//! ```text
//! routehub serve network.yaml --http 127.0.0.1:8179
//! curl -s http://127.0.0.1:8179/v1/peers
//! curl -s http://127.0.0.1:8179/v1/events --data-binary \
//!     '{id: on, set_branch_to_branch: {route_server: rs, value: true}}'
//! ```
//!
//! Azure's own tools can build the network, and ask for its routes; `docs/azure.md` says how:
//!
//! ```text
//! routehub serve --arm 127.0.0.1:8443
//! routehub serve network.yaml --arm 127.0.0.1:8443 --state documents
//! ```
//!
//! The routes of the networks can go to the Linux kernel, each network's into a namespace that
//! stands for its VMs or into a routing table, or to a stream of JSON lines:
//!
//! ```text
//! routehub serve network.yaml --sink kernel --kernel-netns spoke=vm --kernel-table hub=100
//! routehub serve network.yaml --sink json --sink-file changes.jsonl
//! ```

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use routehub_scenario::Scenario;
use routehub_speaker::http::{Changes, Http, Token, TokenError, event_json, said_json};
use routehub_speaker::log::{Log, Wording};
use routehub_speaker::{Server, ServerEvent};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

mod arm;
mod sinks;

use arm::ArmArguments;
use sinks::SinkArguments;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;

/// Run the Route Servers of a network file for real routers.
///
/// Listens on the address of every instance, gateway and circuit edge that has a session with an
/// NVA, site or on-premises router marked `live: true`, and prints what happens.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// The network file, YAML or JSON.
    #[arg(required_unless_present = "arm")]
    file: Option<PathBuf>,
    /// Print what happens as JSON, a line each, as `GET /v1/events` has it.
    #[arg(long)]
    json: bool,
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
    /// Everything but /healthz needs the token in this file, or the one that events need.
    #[arg(
        long,
        visible_alias = "http-read-token-file",
        value_name = "FILE",
        requires = "http"
    )]
    read_token_file: Option<PathBuf>,
    /// A name that requests may have in `Host`, besides the address that is listened on. May be
    /// given several times.
    #[arg(long, value_name = "NAME", requires = "http")]
    http_host: Vec<String>,
    #[command(flatten)]
    arm: ArmArguments,
    #[command(flatten)]
    sinks: SinkArguments,
}

impl Run for Serve {
    fn run(&self, _: &mut Output) -> Result<bool, Failure> {
        let scenario = self.load()?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
        let served = runtime.block_on(serve(scenario, self));
        // What is still being read or worked out is of no use any more.
        runtime.shutdown_background();
        served?;
        Ok(true)
    }
}

impl Serve {
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
        let read_token = self.read_token_file.as_deref().map(|file| {
            let token = Token::read(file);
            token.with_context(|| format!("the token file {}", file.display()))
        });
        let read_token = read_token.transpose()?;
        let http = Http::bind(address, token).await;
        let http = http.with_context(|| format!("cannot listen on {address} for HTTP"))?;
        let http = http.with_hosts(self.http_host.iter().cloned());
        Ok(Some(match read_token {
            Some(token) => http.with_read_token(token),
            None => http,
        }))
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

/// How long it is waited for whoever reads the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The log, in words or in JSON.
fn start_log(arguments: &Serve) -> Result<Log> {
    let wording = match arguments.json {
        true => Wording {
            said: said_json,
            event: event_json,
        },
        false => Wording::default(),
    };
    // The standard output may be for something else.
    let log = match arguments.sinks.take_output() {
        true => Log::start_in(io::stderr(), wording),
        false => Log::start_in(io::stdout(), wording),
    };
    log.context("cannot start")
}

async fn serve(mut scenario: Scenario, arguments: &Serve) -> Result<()> {
    let log = start_log(arguments)?;
    let arm = arguments
        .arm
        .prepare(&mut scenario, arguments.token()?)
        .await?;
    let mut sinks = arguments.sinks.open(&scenario)?;
    let mut http = arguments.http().await?;
    if let Some(plain) = http.take() {
        let changes = Changes::default();
        sinks.sinks.push(changes.sink());
        http = Some(plain.with_changes(changes).with_log(log.clone()));
    }
    let mut signals = Signals::new()?;
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
        log.say(format_args!("listening on {address}"));
    }
    for neighbor in server.neighbors() {
        log.say(format_args!("awaiting {neighbor}"));
    }
    if server.addresses().is_empty() && arm.is_none() {
        log.say("nobody in this network is live: no session to hold");
    }
    if let Some(http) = http {
        log.say(format_args!("answering on http://{}", http.address()?));
        tokio::spawn(http.serve(Arc::clone(&server)));
    }
    if let Some(arm) = arm {
        log.say(arm.greeting()?);
        let log = log.clone();
        let say = move |line: &str| log.say(line);
        tokio::spawn(arm.serve(Arc::clone(&server), Box::new(say)));
    }
    tokio::select! {
        () = follow(events, &log) => {}
        () = on_signals(&mut signals, &server, arguments, &log) => log.say("stopping"),
    }
    tokio::select! {
        () = server.stop("routehub is stopping") => {}
        () = signals.stop() => log.say("stopping at once"),
    }
    // The thread that writes may have to wait, which must not be waited for here.
    let flushed = tokio::task::spawn_blocking(move || log.flush(LAST_LINES));
    let _ = flushed.await;
    Ok(())
}

/// The signals that this process handles.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits until the process is to stop.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Reloads on SIGHUP, until SIGINT or SIGTERM, which do not wait for a reload.
async fn on_signals(signals: &mut Signals, server: &Server, arguments: &Serve, log: &Log) {
    let Signals {
        interrupt,
        terminate,
        hangup,
    } = signals;
    let reloads = async {
        while hangup.recv().await.is_some() {
            if let Err(error) = reload(server, arguments).await {
                let error = format!("{error:#}");
                let error = error.trim_end();
                log.say(format_args!("not reloaded, nothing has changed: {error}"));
            }
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = reloads => {}
    }
}

/// Reads the file again and loads what it says now.
async fn reload(server: &Server, arguments: &Serve) -> Result<()> {
    if arguments.arm.arm.is_some() {
        anyhow::bail!("the documents of --arm are the network, not the file");
    }
    let arguments = arguments.clone();
    let loaded = tokio::task::spawn_blocking(move || arguments.load()).await;
    let Scenario {
        profile,
        estate,
        live,
        ..
    } = loaded.context("the file cannot be read")??;
    server.reload(&profile, estate, &live).await?;
    Ok(())
}

/// Says what happens, for ever.
async fn follow(mut events: Receiver<ServerEvent>, log: &Log) {
    loop {
        match events.recv().await {
            Ok(event) => log.event(&event),
            Err(RecvError::Lagged(lost)) => log.say(format_args!("{lost} lines left out")),
            Err(RecvError::Closed) => return,
        }
    }
}
