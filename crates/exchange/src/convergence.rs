//! Propagation to a fixed point: speakers with changed routes tell their neighbours, in the order
//! of their numbers, until nobody has anything new to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use routehub_types::Prefix;

use crate::exchange::Exchange;
use crate::speaker::SpeakerId;

/// Turns that a speaker may take for each speaker of the estate before the estate counts as one
/// that does not converge.
const TURNS: usize = 64;

/// How often connections to circuits may go down and come back before an estate comes to rest.
const WEIGHINGS: usize = 16;

/// An estate that never comes to rest: routes go round and change each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network does not settle: {} keep changing at {}", some_of(.prefixes), .speakers.join(", "))]
pub struct NotConverged {
    /// The speakers that keep changing, by name.
    pub speakers: Vec<String>,
    /// The prefixes whose routes keep changing.
    pub prefixes: Vec<Prefix>,
}

/// Speakers that keep changing, and what.
type Restless = BTreeMap<SpeakerId, BTreeSet<Prefix>>;

/// Who of those with something to tell comes next.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// The one with the lowest number.
    Lowest,
    /// Any.
    Shuffled,
    /// The one after this one.
    InTurn(Option<SpeakerId>),
}

impl Exchange {
    /// Lets every speaker tell what is new until nothing is, and weighs what circuits are told.
    pub(crate) fn settle(&mut self) -> Result<(), NotConverged> {
        self.propagate()?;
        let mut sways = NotConverged {
            speakers: Vec::new(),
            prefixes: Vec::new(),
        };
        for _ in 0..WEIGHINGS {
            let Some(gateways) = self.weigh_connections() else {
                self.stick();
                self.collect();
                return Ok(());
            };
            let prefixes: BTreeSet<Prefix> = self.dirty.values().flatten().copied().collect();
            sways = NotConverged {
                speakers: gateways,
                prefixes: prefixes.into_iter().collect(),
            };
            self.propagate()?;
        }
        Err(sways)
    }

    /// Most estates rest after a few turns. What does not is tried in other orders before it
    /// counts as restless: two that always change their minds at once may go on for ever in one
    /// order and come to rest in another. What rests only from another beginning counts as restless.
    fn propagate(&mut self) -> Result<(), NotConverged> {
        let limit = TURNS * (self.tables.len() + 1);
        let mut restless = Restless::new();
        let mut spoke = None;
        for turn in 0.. {
            let order = match turn {
                _ if turn > limit => Order::InTurn(spoke),
                _ if turn > limit / 4 => Order::Shuffled,
                _ => Order::Lowest,
            };
            if turn > limit / 4 && turn % self.tables.len() == 0 {
                // A connection that goes down may be what brings the rest to rest.
                self.weigh_connections();
            }
            let Some((speaker, mut prefixes)) = self.next_to_speak(order) else {
                break;
            };
            spoke = Some(speaker);
            prefixes.sort_unstable();
            prefixes.dedup();
            if turn > limit {
                restless.entry(speaker).or_default().extend(&prefixes);
            }
            if turn == 2 * limit {
                self.mark_dirty(speaker, prefixes);
                return Err(self.not_converged(&restless));
            }
            for link in self.graph.links_of(speaker).to_vec() {
                if let Some(side) = self.graph.link(link).side_of(speaker) {
                    self.tell(link, side, &prefixes);
                }
            }
        }
        Ok(())
    }

    /// The speaker that tells next.
    fn next_to_speak(&mut self, order: Order) -> Option<(SpeakerId, Vec<Prefix>)> {
        let speaker = match order {
            Order::Lowest => None,
            Order::Shuffled => {
                // A linear congruential generator (Knuth's MMIX): any order will do that is not
                // regular.
                let next = self.shuffle.wrapping_mul(6_364_136_223_846_793_005);
                self.shuffle = next.wrapping_add(1_442_695_040_888_963_407);
                let nth = (self.shuffle >> 33) as usize % self.dirty.len().max(1);
                self.dirty.keys().nth(nth).copied()
            }
            Order::InTurn(last) => last.and_then(|last| {
                let mut after = self.dirty.range((Excluded(last), Unbounded));
                after.next().map(|(speaker, _)| *speaker)
            }),
        };
        match speaker {
            Some(speaker) => self.dirty.remove_entry(&speaker),
            None => self.dirty.pop_first(),
        }
    }

    /// What is restless stays to be told: an event may bring it to rest.
    fn not_converged(&self, restless: &Restless) -> NotConverged {
        let speakers = restless.keys();
        let prefixes: BTreeSet<Prefix> = restless.values().flatten().copied().collect();
        NotConverged {
            speakers: speakers
                .map(|id| self.graph.speaker(*id).to_string())
                .collect(),
            prefixes: prefixes.into_iter().collect(),
        }
    }
}

/// The first of some prefixes, and how many more there are.
fn some_of(prefixes: &[Prefix]) -> String {
    const MOST: usize = 3;
    let shown = prefixes.iter().take(MOST).map(ToString::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match prefixes.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
