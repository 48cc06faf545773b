//! The network file of a question, and the time it is asked about.

use std::fmt::Write as _;
use std::io::{self, Read as _};

use clap::Args;
use routehub::{Network, check};
use routehub_scenario::expect::INITIAL;
use routehub_scenario::{Diagnostic, RunError, Scenario};

use crate::failure::Failure;

/// A network file.
#[derive(Clone, Debug, Default, Args)]
pub struct Source {
    /// The network file, YAML or JSON; `-` is standard input.
    pub file: String,
}

/// A network file and a time.
#[derive(Clone, Debug, Default, Args)]
pub struct At {
    #[command(flatten)]
    source: Source,
    /// The time after this event of the file, or `initial`, the time before the first.
    #[arg(long, value_name = "EVENT")]
    at: Option<String>,
}

impl Source {
    /// The file of this name; `-` is standard input.
    pub fn of(file: impl Into<String>) -> Self {
        Self { file: file.into() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`Failure`] with its first mistakes.
    pub fn read(&self) -> Result<Scenario, Failure> {
        let text = self.text()?;
        Scenario::parse(&text).map_err(|wrong| Failure::bad_input(self.told(&wrong)))
    }

    fn text(&self) -> Result<String, Failure> {
        let mut text = String::new();
        let read = match self.file.as_str() {
            "-" => io::stdin().read_to_string(&mut text).map(|_| text),
            file => std::fs::read_to_string(file),
        };
        read.map_err(|error| Failure::bad_input(format!("{}: {error}", self.file)))
    }

    /// The first mistakes of the file.
    fn told(&self, wrong: &[Diagnostic]) -> String {
        const MOST: usize = 10;
        let mut text = format!("{} is not a network file\n", self.file);
        for diagnostic in wrong.iter().take(MOST) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", diagnostic.render(&self.file));
        }
        if wrong.len() > MOST {
            let _ = writeln!(text, "and {} more", wrong.len() - MOST);
        }
        text
    }
}

impl At {
    /// A file, and the time after an event if one is named.
    pub const fn of(source: Source, at: Option<String>) -> Self {
        Self { source, at }
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.source.file
    }

    /// The time that is asked about, if one is.
    pub fn time(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// Whether this time is asked about: all are if none is named.
    pub fn is_asked(&self, time: &str) -> bool {
        self.time().is_none_or(|at| at == time)
    }

    /// Reads the file, without the events after the time.
    ///
    /// # Errors
    /// [`Failure`] if the file is bad, or has no such event.
    pub fn read(&self) -> Result<Scenario, Failure> {
        let mut scenario = self.source.read()?;
        if let Some(at) = self.time() {
            stop_after(&mut scenario, at)?;
        }
        Ok(scenario)
    }

    /// The network at the time; before the first event if none is named.
    ///
    /// # Errors
    /// [`Failure`] if the file is bad, has no such event, or the network does not settle.
    pub fn network(&self) -> Result<Network, Failure> {
        self.network_of(&self.read()?)
    }

    /// The network of the file that was read, at the time.
    ///
    /// # Errors
    /// [`Failure`] if it does not settle.
    pub fn network_of(&self, scenario: &Scenario) -> Result<Network, Failure> {
        let at = self.time().unwrap_or(INITIAL);
        let events = match scenario.events.iter().position(|(id, _)| id == at) {
            Some(last) => last + 1,
            None => 0,
        };
        after(scenario, events)
    }
}

/// The network after so many events.
pub(crate) fn after(scenario: &Scenario, events: usize) -> Result<Network, Failure> {
    let failed = |at: &str| {
        let at = at.to_owned();
        move |problem| Failure::from(RunError { at, problem })
    };
    let network = scenario.network();
    let mut network = network.map_err(|error| failed(INITIAL)(error.into()))?;
    for (id, event) in scenario.events.iter().take(events) {
        network.apply(event).map_err(failed(id))?;
    }
    Ok(network)
}

/// Leaves out the events after `at`.
fn stop_after(scenario: &mut Scenario, at: &str) -> Result<(), Failure> {
    let events = &mut scenario.events;
    let last = match events.iter().position(|(id, _)| id == at) {
        Some(last) => last + 1,
        None if at == INITIAL => 0,
        None => {
            let ids: Vec<&str> = events.iter().map(|(id, _)| id.as_str()).collect();
            let all = [&[INITIAL], ids.as_slice()].concat().join(", ");
            let message = format!("--at {at}: there is no such event; there are: {all}");
            return Err(Failure::bad_input(message));
        }
    };
    events.truncate(last);
    Ok(())
}

/// `; did you mean ...?` if a known name is near.
pub(crate) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = check::nearest_name(name, known);
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
