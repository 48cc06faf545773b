//! Every failure before it happens: each element of an estate that can fail does so in a fork of
//! the network, is judged by who still reaches whom, and is repaired.
//!
//! ```
//! use routehub::estate::{Nic, Nva, NvaSession, Origination, RouteServer, Routes, Vnet};
//! use routehub::sweep::{FailureKind, Sweep};
//! use routehub::{Estate, ImpactKind, Network, Profile};
//! use routehub_types::Asn;
//! use std::net::Ipv4Addr;
//!
//! let nva = Nva {
//!     sessions: vec![NvaSession::both("rs")],
//!     originates: vec![Origination {
//!         routes: Routes { prefixes: vec!["10.250.0.0/16".parse()?], ..Routes::default() },
//!         ..Origination::default()
//!     }],
//!     ..Nva::new("sdwan", "hub", Ipv4Addr::new(10, 1, 2, 4), Asn(65001))
//! };
//! let hub = Vnet { name: "hub".into(), address_space: vec!["10.1.0.0/16".parse()?], ..Vnet::default() };
//! let ips = Some([[10, 1, 255, 4], [10, 1, 255, 5]].map(|ip| Ipv4Addr::from(ip).into()));
//! let estate = Estate {
//!     vnets: vec![hub],
//!     route_servers: vec![RouteServer { ips, ..RouteServer::new("rs", "hub") }],
//!     nvas: vec![nva],
//!     nics: vec![Nic { name: "vm".into(), vnet: "hub".into(), ..Nic::default() }],
//!     ..Estate::default()
//! };
//! let sweep = Sweep::new(Network::new(&Profile::named("azure-2026")?, estate)?);
//! let sweep = sweep.only(|failure| failure.kind == FailureKind::Nva);
//! let outcome = sweep.singles().next().unwrap();
//! assert_eq!(outcome.failed, ["NVA sdwan"]);
//! assert!(outcome.changed.links.iter().all(|link| !link.up));
//! assert_eq!(outcome.count(ImpactKind::Lost), 0); // who fails with it is not lost by it
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cuts;
mod effects;
mod failure;
mod outcome;
mod routes;

use std::collections::BTreeSet;
use std::sync::Arc;

use routehub_diagnose::{
    BrokenPromise, EventReport, Impact, ImpactKind, PairImpact, Promise, Promises, Ways,
    limit_impacts,
};
use routehub_exchange::view::some_of;
use routehub_exchange::{Changes, Event, EventError};

use crate::Network;

pub use cuts::Cuts;
use effects::Effects;
pub use failure::{Failure, FailureKind, failures};
pub use outcome::Outcome;
pub use routes::RouteChange;
use routes::route_changes;

/// A network, everything of it that can fail, and the ways of packets while nothing does.
///
/// It is shared between threads: whoever tries a failure works on a fork.
#[derive(Clone, Debug)]
pub struct Sweep {
    network: Network,
    ways: Ways,
    elements: Vec<Failure>,
    promises: Promises,
    /// Whether promises are about ends that the ways have.
    of_ways: bool,
}

/// A network with something failed.
#[derive(Clone, Debug)]
struct Failed {
    network: Network,
    ways: Ways,
}

impl Sweep {
    /// The sweep of a network as it is now, over everything that can fail; switches are left out
    /// unless [`only`](Self::only) asks for them.
    pub fn new(network: Network) -> Self {
        let mut network = network.share();
        network.forget_changes();
        network.keep_footprint();
        Self {
            ways: Ways::of(&network),
            elements: failures(&network),
            promises: Promises::default(),
            of_ways: true,
            network,
        }
        .only(|failure| !failure.kind.is_switch())
    }

    /// The same over what fits alone, switches too.
    #[must_use]
    pub fn only(self, fits: impl Fn(&Failure) -> bool) -> Self {
        let mut elements = failures(&self.network);
        elements.retain(fits);
        Self { elements, ..self }
    }

    /// The same, with promises that are to hold whatever fails.
    #[must_use]
    pub fn promising(self, promises: &[Promise]) -> Self {
        let promises = Promises::new(promises, &self.network, &self.ways);
        Self {
            of_ways: promises.are_of(&self.ways),
            promises,
            ..self
        }
    }

    /// The promises, with those that do not hold though nothing has failed.
    pub fn promises(&self) -> &Promises {
        &self.promises
    }

    /// The network while nothing fails.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The ways of packets while nothing fails.
    pub fn ways(&self) -> &Ways {
        &self.ways
    }

    /// What fails, in order.
    pub fn elements(&self) -> &[Failure] {
        &self.elements
    }

    /// A fork of the network in which these have failed.
    ///
    /// # Errors
    /// [`EventError`] if it does not settle.
    pub fn fail(&self, failures: &[&Failure]) -> Result<Network, EventError> {
        let mut fork = self.network.clone();
        for event in failures.iter().flat_map(|failure| &failure.fails) {
            fork.apply(event)?;
        }
        Ok(fork)
    }

    /// What comes of every single failure, in order.
    pub fn singles(&self) -> impl Iterator<Item = Outcome> + '_ {
        (0..self.elements.len()).map(|place| self.single(place))
    }

    /// What comes of every failure of two at once, in order; `singles` are the outcomes of
    /// [`singles`](Self::singles).
    pub fn pairs<'a>(&'a self, singles: &'a [Outcome]) -> impl Iterator<Item = Outcome> + 'a {
        (0..self.elements.len()).flat_map(|place| self.pairs_with(place, singles))
    }

    /// What comes of the failure of the element at a place, and whether all comes back with it.
    ///
    /// # Panics
    /// If there is no such element.
    pub fn single(&self, place: usize) -> Outcome {
        let failure = &self.elements[place];
        let mut outcome = Outcome::new(&[(place, failure)]);
        let (state, changes) = match self.intact().apply(failure, &failure.fails) {
            Ok(applied) => {
                outcome.changed = applied.report;
                outcome.effects = applied.effects.map(Arc::new);
                (applied.state, applied.changes)
            }
            Err(problem) => {
                unsettled(&mut outcome, &problem);
                return outcome;
            }
        };
        let impacts = state.ways.impacts(&self.ways).into_iter();
        let impacts = impacts.filter(|impact| !self.is_with(*impact, &[failure]));
        outcome.pairs = impacts.collect();
        outcome.pairs.sort_unstable();
        self.tell(&mut outcome, &state);
        for limit in limit_impacts(&self.network, &state.network) {
            outcome.add(ImpactKind::Limit, || limit);
        }
        outcome.broken = self.broken(&state, &[failure]);
        outcome.routes = route_changes(&self.network, &state.network, &outcome.changed);
        self.repair(&mut outcome, (state.network, changes), failure);
        outcome.sort();
        outcome
    }

    /// What comes of the element at a place and each of those behind it, failed at once: what
    /// neither of the two does alone.
    ///
    /// # Panics
    /// If there is no such element, or not an outcome for each in `singles`.
    pub fn pairs_with(&self, place: usize, singles: &[Outcome]) -> Vec<Outcome> {
        let failure = &self.elements[place];
        let is_settled =
            |place: usize| !singles[place].counts.contains_key(&ImpactKind::NotSettled);
        let mut behind = (place + 1)..self.elements.len();
        let mut first: Option<Failed> = None;
        let mut outcomes = Vec::new();
        while let Some(other) = behind.next().filter(|_| is_settled(place)) {
            if !is_settled(other) {
                continue;
            }
            let both = [(place, failure), (other, &self.elements[other])];
            if self.are_apart(&singles[place], &singles[other]) {
                let mut outcome = Outcome::new(&both);
                outcome.changed = singles[other].changed.clone();
                outcomes.push(outcome);
                continue;
            }
            let first = match &first {
                Some(first) => first,
                None => match self.intact().apply(failure, &failure.fails) {
                    Ok(applied) => first.insert(applied.state.share()),
                    Err(_) => break,
                },
            };
            outcomes.push(self.pair(first, both, singles));
        }
        outcomes
    }

    /// Whether two failures have nothing to do with each other, by what came of each alone: then
    /// together they do nothing that neither does.
    pub fn are_apart(&self, a: &Outcome, b: &Outcome) -> bool {
        let both = a.effects.as_ref().zip(b.effects.as_ref());
        let mut each = [a, b].into_iter();
        let is_limited = each.any(|outcome| outcome.count(ImpactKind::Limit) > 0);
        let counted = self.promises.count_routes();
        self.of_ways
            && !is_limited
            && both.is_some_and(|(a, b)| a.are_apart(b, (&self.network, &self.ways), counted))
    }

    /// What comes of a second failure beside a first one.
    fn pair(&self, first: &Failed, both: [(usize, &Failure); 2], singles: &[Outcome]) -> Outcome {
        let [alone, other] = both.map(|(place, _)| &singles[place]);
        let mut outcome = Outcome::new(&both);
        let second = both[1].1;
        let state = match first.clone().apply(second, &second.fails) {
            Ok(applied) => {
                outcome.changed = applied.report;
                applied.state
            }
            Err(problem) => {
                unsettled(&mut outcome, &problem);
                return outcome;
            }
        };
        // Where a packet is lost by one of them already the other does nothing more.
        let is_known = |kind: ImpactKind, pair: usize| {
            let impact = PairImpact { kind, pair };
            let mut each = [alone, other].into_iter();
            each.any(|outcome| outcome.pairs.binary_search(&impact).is_ok())
        };
        let is_lost = |pair| is_known(ImpactKind::Lost, pair) || is_known(ImpactKind::Loop, pair);
        let is_new = |impact: &PairImpact| {
            impact.kind.is_harm()
                && !is_known(impact.kind, impact.pair)
                && !is_lost(impact.pair)
                && !self.is_with(*impact, &[both[0].1, second])
        };
        let impacts = state.ways.impacts(&self.ways);
        outcome.pairs = impacts.into_iter().filter(is_new).collect();
        outcome.pairs.sort_unstable();
        self.tell(&mut outcome, &state);
        let by_one = |limit: &Impact| {
            let mut each = [alone, other].into_iter();
            each.any(|outcome| outcome.impacts.contains(limit))
        };
        let limits = limit_impacts(&self.network, &state.network).into_iter();
        for limit in limits.filter(|limit| !by_one(limit)) {
            outcome.add(ImpactKind::Limit, || limit);
        }
        outcome.broken = self.broken(&state, &[both[0].1, second]);
        let known = |broken: &BrokenPromise| {
            let mut each = [alone, other].into_iter();
            each.any(|outcome| outcome.breaks(broken))
        };
        outcome.broken.retain(|broken| !known(broken));
        outcome.sort();
        outcome
    }

    /// The promises that failures break.
    fn broken(&self, state: &Failed, failed: &[&Failure]) -> Vec<BrokenPromise> {
        if self.promises.is_empty() {
            return Vec::new();
        }
        let mut names: BTreeSet<String> = BTreeSet::new();
        for failure in failed {
            names.extend([failure.name.clone(), failure.to_string()]);
            names.extend(failure.ends.iter().cloned());
        }
        self.promises.broken(&state.network, &state.ways, &names)
    }

    fn intact(&self) -> Failed {
        Failed {
            network: self.network.clone(),
            ways: self.ways.clone(),
        }
    }

    /// Whether an impact is on an end that is gone with what failed.
    fn is_with(&self, impact: PairImpact, failed: &[&Failure]) -> bool {
        let ends = self.ways.ends_of(impact.pair);
        let mut gone = failed.iter().flat_map(|failure| &failure.ends);
        gone.any(|gone| ends.contains(&gone.as_str()))
    }

    fn tell(&self, outcome: &mut Outcome, state: &Failed) {
        for impact in outcome.pairs.clone() {
            outcome.add(impact.kind, || state.ways.tell(&self.ways, impact));
        }
    }

    /// Repairs what failed, and says what is not as it was before.
    fn repair(
        &self,
        outcome: &mut Outcome,
        (mut network, failed): (Network, Changes),
        failure: &Failure,
    ) {
        let repaired = match network.apply_all(&failure.repairs) {
            Ok((_, changes)) => changes,
            Err(problem) => return unsettled(outcome, &problem),
        };
        let ways = match failure.kind.is_switch() {
            true => Ways::of(&network),
            // Most is as it was before: what is not is looked for from there.
            false => {
                let changes = failed.and(repaired);
                self.ways.after(&self.network, &network, &changes)
            }
        };
        let state = Failed { network, ways };
        for impact in state.ways.not_restored(&self.ways) {
            outcome.add(impact.kind, || state.ways.tell(&self.ways, impact));
        }
        for limit in limit_impacts(&self.network, &state.network) {
            let limit = Impact {
                kind: ImpactKind::NotRestored,
                because: format!("after the repair: {}", limit.because),
                ..limit
            };
            outcome.add(ImpactKind::NotRestored, || limit);
        }
    }
}

/// A network after events of a failure.
struct Applied {
    state: Failed,
    report: EventReport,
    changes: Changes,
    effects: Option<Effects>,
}

impl Failed {
    /// Lets events of a failure happen, and brings the ways up to date.
    fn apply(self, failure: &Failure, events: &[Event]) -> Result<Applied, EventError> {
        let before = self.network.share();
        let mut network = before.clone();
        let (report, changes) = network.apply_all(events)?;
        let footprint = network.take_footprint();
        let (ways, touch) = match failure.kind.is_switch() {
            true => (Ways::of(&network), None),
            false => {
                let (ways, touch) = self.ways.after_touching(&before, &network, &changes);
                (ways, Some(touch))
            }
        };
        let effects = footprint.zip(touch);
        Ok(Applied {
            state: Self { network, ways },
            report,
            changes,
            effects: effects.map(|(footprint, touch)| Effects { footprint, touch }),
        })
    }

    /// The same, of which copies are cheap.
    fn share(self) -> Self {
        Self {
            network: self.network.share(),
            ..self
        }
    }
}

/// Notes that a network does not come to rest, or cannot take an event.
fn unsettled(outcome: &mut Outcome, problem: &EventError) {
    let (from, because) = match problem {
        EventError::NotConverged(restless) => (
            restless.speakers.join(", "),
            format!("{} keep changing", some_of(&restless.prefixes)),
        ),
        other => (String::new(), other.to_string()),
    };
    outcome.add(ImpactKind::NotSettled, || Impact {
        kind: ImpactKind::NotSettled,
        from,
        to: String::new(),
        because,
        rule: None,
        remedy: None,
    });
}
