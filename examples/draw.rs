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

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::process::ExitCode;

use clap::Parser;
use routehub::estate::Connection;
use routehub::types::{Escaped, Prefix};
use routehub::{
    ConnectionEnds, Estate, Event, GatewayInstance, Instance, Network, NvaSessions, check,
};
use routehub_draw::Picture;
use routehub_scenario::Scenario;

/// Draw a network file as SVG or Mermaid text, on standard output.
#[derive(Parser)]
#[command(name = "draw")]
struct Arguments {
    /// The network file, YAML or JSON; `-` is standard input.
    file: String,
    /// SVG: what is printed unless told otherwise.
    #[arg(long, conflicts_with = "mermaid")]
    svg: bool,
    /// A Mermaid flowchart.
    #[arg(long)]
    mermaid: bool,
    /// Who announces this prefix to whom, who uses it, and which VNets have it.
    #[arg(long, value_name = "PREFIX", conflicts_with = "trace")]
    highlight: Option<Prefix>,
    /// The way of a packet; each end is a NIC, NVA, site, circuit (its customer), an address or
    /// `internet`.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    trace: Vec<String>,
    /// What fails first: an NVA, Route Server, gateway, circuit, site (`NAME/0` is one instance of a
    /// Route Server or gateway), or the id of an event of the file. Several may be given.
    #[arg(long, value_name = "NAME")]
    failed: Vec<String>,
}

/// What ends a run early: the exit code and what to say.
struct Failure(u8, String);

fn bad(message: &impl ToString) -> Failure {
    Failure(2, message.to_string())
}

fn main() -> ExitCode {
    let drawn = draw(&Arguments::parse());
    let written = drawn.map(|text| io::stdout().lock().write_all(text.as_bytes()));
    match written {
        Ok(Err(error)) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("draw: {error}");
            ExitCode::from(2)
        }
        Ok(_) => ExitCode::SUCCESS,
        Err(Failure(code, message)) => {
            eprintln!("draw: {}", Escaped::lines(message.trim_end()));
            ExitCode::from(code)
        }
    }
}

fn draw(arguments: &Arguments) -> Result<String, Failure> {
    let scenario = read(&arguments.file)?;
    let network = scenario.network();
    let mut network = network.map_err(|error| Failure(1, error.to_string()))?;
    for name in &arguments.failed {
        for event in failure(&scenario, &network, name)? {
            let applied = network.apply(&event);
            applied.map_err(|error| Failure(1, format!("{name}: {error}")))?;
        }
    }
    let mut picture = Picture::of(&network).titled(scenario.title.as_str());
    if let Some(prefix) = arguments.highlight {
        picture = picture
            .with_route(&network, prefix)
            .map_err(|error| bad(&error))?;
    }
    if let [from, to] = arguments.trace.as_slice() {
        let trace = network.trace(from, to).map_err(|error| bad(&error))?;
        picture = picture.with_trace(&network, &trace);
    }
    for name in &arguments.failed {
        let is_event = scenario.events.iter().any(|(id, _)| id == name);
        let word = if is_event { "after" } else { "failed:" };
        picture = picture.remarking(&format!("{word} {name}"));
    }
    Ok(if arguments.mermaid {
        picture.mermaid()
    } else {
        picture.svg()
    })
}

fn read(file: &str) -> Result<Scenario, Failure> {
    let mut text = String::new();
    let text = match file {
        "-" => io::stdin().read_to_string(&mut text).map(|_| text),
        file => std::fs::read_to_string(file),
    };
    let text = text.map_err(|error| bad(&format!("{file}: {error}")))?;
    Scenario::parse(&text).map_err(|wrong| {
        let told = wrong.iter().take(5);
        let told = told.map(|diagnostic| diagnostic.render(file).to_string());
        let told: Vec<String> = told.collect();
        bad(&format!(
            "{file} is not a network file\n{}",
            told.join("\n")
        ))
    })
}

/// The events by which something of this name fails.
fn failure(scenario: &Scenario, network: &Network, name: &str) -> Result<Vec<Event>, Failure> {
    let estate = network.estate();
    if let Some((_, event)) = scenario.events.iter().find(|(id, _)| id == name) {
        return Ok(vec![event.clone()]);
    }
    if estate.nvas.iter().any(|nva| nva.name == name) {
        let nva = name.to_owned();
        let sessions = NvaSessions {
            nva,
            ..NvaSessions::default()
        };
        return Ok(vec![Event::NvaDown(sessions)]);
    }
    let (object, instances) = match name.rsplit_once('/') {
        Some((object, "0")) => (object, vec![0]),
        Some((object, "1")) => (object, vec![1]),
        _ => (name, vec![0, 1]),
    };
    let gateways = &estate.gateways;
    let server = estate
        .route_servers
        .iter()
        .any(|server| server.name == object);
    let gateway = gateways.iter().any(|gateway| gateway.name == object);
    if server || gateway {
        let graph = network.graph();
        let known = instances.into_iter();
        let known = known.filter(|instance| graph.instance(object, *instance).is_some());
        return Ok(known
            .map(|instance| match object.to_owned() {
                route_server if server => Event::InstanceDown(Instance {
                    route_server,
                    instance,
                }),
                gateway => Event::GatewayInstanceDown(GatewayInstance { gateway, instance }),
            })
            .collect());
    }
    let connections = gateways.iter().flat_map(|gateway| {
        let to_it = gateway.connections.iter();
        let to_it = to_it.filter(|connection| connection.to() == name);
        to_it.map(|connection: &Connection| {
            Event::ConnectionDown(ConnectionEnds {
                gateway: gateway.name.clone(),
                to: connection.to().to_owned(),
                link: None,
            })
        })
    });
    let connections: Vec<Event> = connections.collect();
    if connections.is_empty() {
        return Err(no_such(scenario, estate, name));
    }
    Ok(connections)
}

fn no_such(scenario: &Scenario, estate: &Estate, name: &str) -> Failure {
    let servers = estate.route_servers.iter().map(|server| &server.name);
    let nvas = estate.nvas.iter().map(|nva| &nva.name);
    let gateways = estate.gateways.iter().map(|gateway| &gateway.name);
    let circuits = estate.circuits.iter().map(|circuit| &circuit.name);
    let sites = estate.sites.iter().map(|site| &site.name);
    let events = scenario.events.iter().map(|(id, _)| id);
    let known = servers.chain(nvas).chain(gateways).chain(circuits);
    let known = known.chain(sites).chain(events).map(String::as_str);
    let near = check::nearest_name(name, known);
    let near = near.map(|near| format!("; did you mean `{near}`?"));
    bad(&format!(
        "--failed {name}: neither an NVA, Route Server, gateway, circuit or site with a connection, \
         nor an event of the file{}",
        near.unwrap_or_default()
    ))
}
