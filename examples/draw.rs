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
use routehub::sweep::failures;
use routehub::types::{Escaped, Prefix};
use routehub::{Event, Network, check};
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
    /// What fails first, as `scenario --failures` names it: an NVA, Route Server, gateway, circuit,
    /// site (`NAME/0` is one instance of a Route Server or gateway), `GATEWAY - SITE` for a
    /// connection; or the id of an event of the file. Several may be given.
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

/// The events by which something of this name fails; a name of several things is all of them.
fn failure(scenario: &Scenario, network: &Network, name: &str) -> Result<Vec<Event>, Failure> {
    if let Some((_, event)) = scenario.events.iter().find(|(id, _)| id == name) {
        return Ok(vec![event.clone()]);
    }
    let mut all = failures(network);
    all.retain(|failure| !failure.kind.is_switch());
    let instances = [0, 1].map(|instance| format!("{name}/{instance}"));
    let is_meant = |own: &String| own == name || instances.contains(own);
    let meant = all.iter().filter(|failure| is_meant(&failure.name));
    let events: Vec<Event> = meant.flat_map(|failure| failure.fails.clone()).collect();
    if !events.is_empty() {
        return Ok(events);
    }
    let events = scenario.events.iter().map(|(id, _)| id);
    let known = all.iter().map(|failure| &failure.name).chain(events);
    let near = check::nearest_name(name, known.map(String::as_str));
    let near = near.map(|near| format!("; did you mean `{near}`?"));
    Err(bad(&format!(
        "--failed {name}: nothing of this name can fail, and no event has it{}",
        near.unwrap_or_default()
    )))
}
