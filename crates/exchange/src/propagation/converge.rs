//! Propagation to a fixed point: speakers with changed routes tell their neighbours, in the order
//! of their numbers, until nobody has anything new to tell.

use std::collections::{BTreeMap, BTreeSet};

use routehub_types::Prefix;

use super::Model;
use super::pending::Order;
use crate::graph::SpeakerId;
use crate::ribs::Changed;

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

/// Speakers that keep changing, and what.
type Restless = BTreeMap<SpeakerId, BTreeSet<Prefix>>;

impl Model {
    /// Lets every speaker tell what is new until nothing is, and enforces the limits of circuits.
    pub(crate) fn converge(&mut self) -> Result<(), NotConverged> {
        self.propagate()?;
        let mut restless = NotConverged {
            speakers: Vec::new(),
            prefixes: Vec::new(),
        };
        for _ in 0..MAX_LIMIT_ROUNDS {
            let Some(gateways) = self.enforce_circuit_limits() else {
                if self.deployment.parameters().sticky_failback {
                    self.ribs.enable_sticky_failback(&self.deployment);
                }
                self.ribs.collect_garbage();
                return Ok(());
            };
            restless = NotConverged {
                speakers: gateways,
                prefixes: self.pending.all().into_iter().collect(),
            };
            self.propagate()?;
        }
        Err(restless)
    }

    /// Most estates rest after a few turns. What does not is tried in other orders before it
    /// counts as restless: two that always change their minds at once may go on for ever in one
    /// order and come to rest in another. What rests only from another beginning counts as restless.
    fn propagate(&mut self) -> Result<(), NotConverged> {
        let speakers = self.deployment.graph().speakers().count();
        let limit = TURNS * (speakers + 1);
        let mut restless = Restless::new();
        let mut last = None;
        for turn in 0.. {
            let order = match turn {
                _ if turn > limit => Order::InTurn(last),
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
            last = Some(speaker);
            if turn > limit {
                restless.entry(speaker).or_default().extend(&prefixes);
            }
            if turn == 2 * limit {
                // What is restless stays to be told: an event may bring it to rest.
                self.pending.add(Changed { speaker, prefixes });
                return Err(self.not_converged(&restless));
            }
            let outbound: Vec<_> = self.deployment.graph().outbound(speaker).collect();
            for adjacency in outbound {
                self.advertise(adjacency, &prefixes);
            }
        }
        Ok(())
    }

    fn not_converged(&self, restless: &Restless) -> NotConverged {
        let graph = self.deployment.graph();
        let name = |id: &SpeakerId| graph.speaker(*id).to_string();
        let prefixes: BTreeSet<Prefix> = restless.values().flatten().copied().collect();
        NotConverged {
            speakers: restless.keys().map(name).collect(),
            prefixes: prefixes.into_iter().collect(),
        }
    }
}
