//! A scenario at work: its network, event by event.

use std::fmt;

use routehub::{EventError, Network, NotConverged};

use crate::expect::INITIAL;
use crate::expect::Report;
use crate::expect::compare;
use crate::scenario::Scenario;

/// A network that does not settle, or an event that it cannot take.
#[derive(Clone, Debug, PartialEq)]
pub struct RunError {
    /// `initial`, or the id of the event.
    pub at: String,
    /// What went wrong.
    pub problem: EventError,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.problem)
    }
}

impl std::error::Error for RunError {}

impl Scenario {
    /// The network before the first event.
    ///
    /// # Errors
    /// [`NotConverged`] if it never comes to rest.
    pub fn network(&self) -> Result<Network, NotConverged> {
        Network::new(&self.profile, self.estate.clone())
    }

    /// Runs the events and shows the network before the first and after each.
    ///
    /// # Errors
    /// [`RunError`] where the network does not settle; what came before was shown.
    pub fn run(&self, mut show: impl FnMut(&str, &Network)) -> Result<(), RunError> {
        let failed = |at: &str| {
            let at = at.to_owned();
            move |problem| RunError { at, problem }
        };
        let mut network = self
            .network()
            .map_err(|error| failed(INITIAL)(error.into()))?;
        show(INITIAL, &network);
        for (id, event) in &self.events {
            network.apply(event).map_err(failed(id))?;
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
            let due = self
                .expectations
                .iter()
                .filter(|expectation| expectation.at == at);
            reports.extend(due.map(|expectation| compare(expectation, network)));
        })?;
        Ok(reports)
    }
}
