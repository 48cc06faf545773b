//! Propagation to a fixed point: speakers with changed routes tell their neighbours, in the order
//! of their numbers, until nobody has anything new to tell. Connections to circuits go down where
//! they carry too many routes, and come back where they carry fewer.

use std::collections::BTreeSet;

use routehub_types::Prefix;

use super::Model;
use super::pending::Order;
use crate::graph::{Down, LinkId, Side};
use crate::ribs::Changed;
use crate::rules;

/// Turns that a speaker may take for each speaker of the estate before the estate counts as one
/// that does not converge.
const TURNS: usize = 64;

/// How often connections to circuits may go down and come back before an estate comes to rest.
const MAX_LIMIT_ROUNDS: usize = 16;

/// An estate that never comes to rest: routes go round and change each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network does not settle: {} keep changing at {}", some_of(.prefixes), .speakers.join(", "))]
pub struct NotConverged {
    /// The speakers that keep changing, by name.
    pub speakers: Vec<String>,
    /// The prefixes whose routes keep changing.
    pub prefixes: Vec<Prefix>,
}

/// The first of some prefixes, and how many more there are.
pub fn some_of(prefixes: &[Prefix]) -> String {
    const MOST: usize = 3;
    let shown = prefixes.iter().take(MOST).map(ToString::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match prefixes.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl Model {
    /// Lets every speaker tell what is new until nothing is, and enforces the limits of circuits.
    pub(crate) fn converge(&mut self) -> Result<(), NotConverged> {
        self.propagate()?;
        for round in 1.. {
            let gateways = self.enforce_circuit_limits();
            if gateways.is_empty() {
                break;
            }
            let pending = self.pending.all();
            self.propagate()?;
            if round == MAX_LIMIT_ROUNDS {
                return Err(NotConverged {
                    speakers: gateways,
                    prefixes: pending.into_iter().collect(),
                });
            }
        }
        if self.deployment.parameters().sticky_failback {
            self.ribs.enable_sticky_failback(&self.deployment);
        }
        self.ribs.collect_garbage();
        Ok(())
    }

    /// Most estates rest after a few turns. What does not is tried in other orders before it
    /// counts as restless: two that always change their minds at once may go on for ever in one
    /// order and come to rest in another. What rests only from another beginning counts as restless.
    fn propagate(&mut self) -> Result<(), NotConverged> {
        let speakers = self.deployment.graph().speakers().count();
        let limit = TURNS * (speakers + 1);
        let (mut restless, mut changing) = (BTreeSet::new(), BTreeSet::new());
        for turn in 0.. {
            let order = match turn {
                _ if turn > limit => Order::InTurn,
                _ if turn > limit / 4 => Order::Shuffled,
                _ => Order::Lowest,
            };
            if turn > limit / 4 && turn % speakers == 0 {
                // A connection that goes down may be what brings the rest to rest.
                self.enforce_circuit_limits();
            }
            let Some(Changed { speaker, prefixes }) = self.pending.next(order) else {
                break;
            };
            if turn > limit {
                restless.insert(speaker);
                changing.extend(&prefixes);
            }
            if turn == 2 * limit {
                // What is restless stays to be told: an event may bring it to rest.
                self.pending.add(Changed { speaker, prefixes });
                let graph = self.deployment.graph();
                let restless = restless.into_iter();
                return Err(NotConverged {
                    speakers: restless.map(|id| graph.speaker(id).to_string()).collect(),
                    prefixes: changing.into_iter().collect(),
                });
            }
            let outbound: Vec<_> = self.deployment.graph().outbound(speaker).collect();
            for adjacency in outbound {
                self.advertise(adjacency, &prefixes);
            }
        }
        Ok(())
    }

    /// Takes down every connection that carries more routes than it may, and brings back those
    /// that no longer would. Says whose connections these are.
    fn enforce_circuit_limits(&mut self) -> Vec<String> {
        let mut gateways = Vec::new();
        let Some(max) = self.deployment.parameters().max_routes_to_circuit else {
            return gateways;
        };
        for id in self.deployment.graph().links() {
            let link = self.deployment.graph().link(id);
            let but_for_limit = Down {
                limit: None,
                ..link.down
            };
            if !link.kind.is_to_circuit() || but_for_limit != Down::default() {
                continue;
            }
            let exceeds = self.route_count(id) > max as usize;
            if link.down.limit.is_some() != exceeds {
                let gateway = self.deployment.graph().speaker(link.a.speaker);
                gateways.push(gateway.to_string());
                let limit = exceeds.then_some(rules::CIRCUIT_LIMIT_EXCEEDED);
                self.change_link(id, |link| link.down.limit = limit);
            }
        }
        gateways
    }

    /// How many routes a circuit is sent over a connection, or would be.
    pub(crate) fn route_count(&self, link: LinkId) -> usize {
        let adjacency = link.from(Side::A);
        let is_up = self.deployment.graph().link(link).is_up();
        match self.ribs.inbound(adjacency) {
            Some((rib, source)) if is_up => {
                let counts = rib.counts(source);
                (counts.accepted + counts.filtered + counts.rejected) as usize
            }
            _ => self.outbound(adjacency).routes_if_up().len(),
        }
    }
}
