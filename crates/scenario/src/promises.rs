//! Promises while events happen: which of them hold at each time, and what has failed.

use std::collections::BTreeSet;

use routehub::{BrokenPromise, Event, Network, NvaSessions, Promises, Ways};

use crate::scenario::Scenario;

/// Watches whether what a file promises holds, from the time before the first event on.
#[derive(Clone, Debug, Default)]
pub struct PromiseWatch {
    promises: Promises,
    /// What has failed and was not repaired, by name.
    failed: BTreeSet<String>,
}

impl PromiseWatch {
    /// A watch over a network before the first event.
    pub fn new(scenario: &Scenario, network: &Network) -> Self {
        let promises = match scenario.promises.is_empty() {
            true => Promises::default(),
            false => Promises::new(&scenario.promises, network, &Ways::of(network)),
        };
        Self {
            promises,
            failed: BTreeSet::new(),
        }
    }

    /// The promises that do not hold before the first event.
    pub fn broken_at_first(&self) -> &[BrokenPromise] {
        self.promises.broken_intact()
    }

    /// The promises that do not hold after an event, and did before the first one.
    pub fn after(&mut self, event: &Event, network: &Network) -> Vec<BrokenPromise> {
        self.note(event);
        if self.promises.is_empty() {
            return Vec::new();
        }
        let ways = Ways::of(network);
        self.promises.broken(network, &ways, &self.failed)
    }

    /// Notes what an event takes down or repairs, by the names that a sweep has for it.
    fn note(&mut self, event: &Event) {
        let sessions = |sessions: &NvaSessions| {
            let with = match (&sessions.route_server, sessions.instance) {
                (None, None) => return sessions.nva.clone(),
                (None, Some(instance)) => format!("/{instance}"),
                (Some(server), None) => server.clone(),
                (Some(server), Some(instance)) => format!("{server}/{instance}"),
            };
            format!("{} - {with}", sessions.nva)
        };
        let name = match event {
            Event::NvaDown(of) | Event::NvaUp(of) => sessions(of),
            Event::InstanceDown(of) | Event::InstanceUp(of) => {
                format!("{}/{}", of.route_server, of.instance)
            }
            Event::GatewayInstanceDown(of) | Event::GatewayInstanceUp(of) => {
                format!("{}/{}", of.gateway, of.instance)
            }
            Event::ConnectionDown(of) | Event::ConnectionUp(of) => match of.link {
                Some(link) => format!("{} {link}", of.to),
                None => format!("{} - {}", of.gateway, of.to),
            },
            Event::RemovePeering { a, b } => format!("{a} - {b}"),
            Event::AddPeering(peering) => format!("{} - {}", peering.a, peering.b),
            _ => return,
        };
        let is_failure = matches!(
            event,
            Event::NvaDown(_)
                | Event::InstanceDown(_)
                | Event::GatewayInstanceDown(_)
                | Event::ConnectionDown(_)
                | Event::RemovePeering { .. }
        );
        if is_failure {
            self.failed.insert(name);
        } else {
            let sessions = format!("{name} - ");
            self.failed
                .retain(|failed| *failed != name && !failed.starts_with(&sessions));
        }
    }
}
