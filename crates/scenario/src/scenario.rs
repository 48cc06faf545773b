//! A scenario as plain data, and at work: its network, event by event.

use std::collections::BTreeMap;

use routehub::{CheckedEstate, Event, EventError, Network, NetworkError, Profile, Promise};

use crate::expect::{Expectation, INITIAL, Report, compare};
use crate::file::Live;

/// A network, what happens to it, and what should then be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// What it is about.
    pub title: String,
    /// Where the facts come from.
    pub source: BTreeMap<String, String>,
    /// Remarks.
    pub notes: Vec<String>,
    /// The behaviour.
    pub profile: Profile,
    /// The network.
    pub estate: CheckedEstate,
    /// What happens, by id, in order.
    pub events: Vec<(String, Event)>,
    /// What should be seen, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// What is to hold, always or unless something has failed.
    pub promises: Vec<Promise>,
    /// What the live server uses.
    pub live: Live,
}

/// A network that does not settle, or an event that it cannot take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct RunError {
    /// `initial`, or the id of the event.
    pub at: String,
    /// What went wrong.
    pub problem: EventError,
}

impl Scenario {
    /// The network before the first event.
    ///
    /// # Errors
    /// [`NetworkError`] if it never comes to rest.
    pub fn network(&self) -> Result<Network, NetworkError> {
        Network::new(&self.profile, self.estate.clone())
    }

    /// Runs the events and shows the network before the first and after each.
    ///
    /// # Errors
    /// [`RunError`] where the network does not settle; what came before was shown.
    pub fn run(&self, mut show: impl FnMut(&str, &Network)) -> Result<(), RunError> {
        let failed = |at: &str, problem| RunError {
            at: at.to_owned(),
            problem,
        };
        let network = self.network();
        let mut network = network.map_err(|error| failed(INITIAL, error.into()))?;
        show(INITIAL, &network);
        for (id, event) in &self.events {
            let applied = network.apply(event);
            applied.map_err(|problem| failed(id, problem))?;
            show(id, &network);
        }
        Ok(())
    }

    /// Runs the events and compares what is seen with what should be seen.
    ///
    /// # Errors
    /// [`RunError`] where the network does not settle.
    pub fn check(&self) -> Result<Vec<Report>, RunError> {
        let mut reports = Vec::new();
        self.run(|at, network| {
            let due = self.expectations.iter().filter(|due| due.at == at);
            reports.extend(due.map(|expectation| compare(expectation, network)));
        })?;
        Ok(reports)
    }
}
