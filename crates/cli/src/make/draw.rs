//! Draws a network file.

use clap::Args;
use routehub::sweep::failures;
use routehub::types::Prefix;
use routehub::{Event, Network};
use routehub_draw::Picture;
use routehub_scenario::Scenario;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::{Source, near};

/// Draw a network file as SVG or Mermaid text or JSON, on standard output.
#[derive(Clone, Debug, Args)]
pub struct Draw {
    /// The network.
    #[command(flatten)]
    source: Source,
    /// SVG: what is printed unless told otherwise.
    #[arg(long, conflicts_with = "mermaid")]
    svg: bool,
    /// A Mermaid flowchart.
    #[arg(long)]
    mermaid: bool,
    /// The picture as JSON: boxes with their kinds, places and states, and the lines between them.
    #[arg(long, conflicts_with_all = ["svg", "mermaid"])]
    json: bool,
    /// Who announces this prefix to whom, who uses it, and which VNets have it.
    #[arg(long, value_name = "PREFIX", conflicts_with = "trace")]
    highlight: Option<Prefix>,
    /// The way of a packet; each end is a NIC, NVA, site, circuit (its customer), an address or
    /// `internet`.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    trace: Vec<String>,
    /// What fails first, as a sweep names it: an NVA, Route Server, gateway, circuit, site
    /// (`NAME/0` is one instance of a Route Server or gateway), `GATEWAY - SITE` for a connection;
    /// or the id of an event of the file. Several may be given.
    #[arg(long, value_name = "NAME")]
    failed: Vec<String>,
}

impl Run for Draw {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let picture = self.picture()?;
        if self.json {
            output.answer(true, &picture.outline(), "")?;
            return Ok(true);
        }
        output.data(&match self.mermaid {
            true => picture.mermaid(),
            false => picture.svg(),
        });
        Ok(true)
    }
}

impl Draw {
    fn picture(&self) -> Result<Picture, Failure> {
        let scenario = self.source.read()?;
        let network = scenario.network();
        let mut network = network.map_err(|error| Failure::negative(error.to_string()))?;
        let before = (!self.failed.is_empty()).then(|| network.clone());
        for name in &self.failed {
            for event in failure(&scenario, &network, name)? {
                let applied = network.apply(&event);
                applied.map_err(|error| Failure::negative(format!("{name}: {error}")))?;
            }
        }
        let mut picture = Picture::of(&network).titled(scenario.title.as_str());
        if let Some(before) = &before {
            picture = picture.since(before);
        }
        if let Some(prefix) = self.highlight {
            let lit = picture.with_route(&network, prefix);
            picture = lit.map_err(|error| Failure::bad_input(error.to_string()))?;
        }
        if let [from, to] = self.trace.as_slice() {
            let trace = network.trace(from, to);
            let trace = trace.map_err(|error| Failure::bad_input(error.to_string()))?;
            picture = picture.with_trace(&network, &trace);
        }
        for name in &self.failed {
            let is_event = scenario.events.iter().any(|(id, _)| id == name);
            let word = if is_event { "after" } else { "failed:" };
            picture = picture.remarking(&format!("{word} {name}"));
        }
        Ok(picture)
    }
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
    let near = near(name, known.map(String::as_str));
    Err(Failure::bad_input(format!(
        "--failed {name}: nothing of this name can fail, and no event has it{near}"
    )))
}
