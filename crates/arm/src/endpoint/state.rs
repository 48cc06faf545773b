//! What an endpoint knows, and what becomes of that.

mod conflict;
mod described;
mod operations;
mod pace;

use std::collections::BTreeMap;

use routehub_diagnose::{Finding, Severity};
use routehub_exchange::rules;
use routehub_types::Instant;
use serde_json::Value;

use super::message::ArmError;
use super::question::Question;
use super::store::{Delta, Store};
use crate::import::Names;
use conflict::check_conflicts;
use described::Described;
use operations::{IP_CONFIGURATION, Interruption, Operation};
pub(super) use operations::{Operations, Progress, Work};
pub use pace::Pace;

/// Documents, what runs of them, and what is being done.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The documents as clients have written them.
    pub(super) written: Described,
    /// What runs: the same without what still takes its time.
    pub(super) running: Described,
    pub(super) operations: Operations,
    /// The gateways that are interrupted, each with the Route Server that does it.
    pub(super) interrupted: BTreeMap<String, String>,
}

/// A state, and the operation that leads to it or that it begins.
pub(super) type Next = (State, Option<u64>);

impl State {
    /// Documents that all run.
    pub(super) fn new(store: Store, before: &Names) -> Self {
        let written = Described::new(store, before);
        Self {
            running: written.clone(),
            written,
            ..Self::default()
        }
    }

    /// After a request that changes documents, or deletes some of them.
    ///
    /// # Errors
    /// [`ArmError`] if they make no network that fits together, or while something is being done
    /// that does not allow it.
    pub(super) fn changed(
        &self,
        store: Store,
        work: Work,
        pace: Pace,
        at: Instant,
    ) -> Result<Next, ArmError> {
        let delta = store.since(&self.written.store);
        let planned = Described::new(store, &self.written.network.names);
        planned.network.refuse(&self.written.network)?;
        let takes = pace.of_change(&delta, &self.written.store, &planned.store);
        let mut next = self.clone();
        let Some(takes) = takes else {
            next.running = match self.operations.are_going() {
                true => self.running_with(&delta, &planned.network.names),
                false => planned.clone(),
            };
            next.written = planned;
            return Ok((next, None));
        };
        check_conflicts(
            &self.operations,
            &self.written.store,
            &planned.store,
            &delta,
        )?;
        let interrupted = self.interruption(&delta, &planned, pace, at);
        if work == Work::Write {
            next.written = planned;
        }
        let number = next.operations.begin(Operation {
            work,
            delta,
            until: at + takes,
            interrupted,
        })?;
        next.interrupted = next.operations.interrupted(at);
        Ok((next, Some(number)))
    }

    /// After a question that takes its time.
    ///
    /// # Errors
    /// [`ArmError`] if too much is being done.
    pub(super) fn asked(&self, question: Question, until: Instant) -> Result<Next, ArmError> {
        let mut next = self.clone();
        let number = next.operations.begin(Operation {
            work: Work::Question(question),
            delta: Delta::default(),
            until,
            interrupted: None,
        })?;
        Ok((next, Some(number)))
    }

    /// After what happens first of what has its time by now; none: nothing.
    pub(super) fn advanced(&self, at: Instant) -> Option<Next> {
        let mut next = self.clone();
        let Some((number, operation)) = self.operations.ended(at) else {
            next.interrupted = self.operations.interrupted(at);
            return (next.interrupted != self.interrupted).then_some((next, None));
        };
        let names = &self.written.network.names;
        if operation.work == Work::Delete {
            let mut store = self.written.store.clone();
            store.apply(&operation.delta);
            next.written = Described::new(store, names);
        }
        if operation.delta != Delta::default() {
            next.running = self.running_with(&operation.delta, names);
        }
        next.operations.finish(number);
        next.interrupted = next.operations.interrupted(at);
        Some((next, Some(number)))
    }

    /// All documents, as they can be kept in a file: as if what is being done were done.
    pub(super) fn kept(&self) -> Value {
        let mut store = self.written.store.clone();
        for delta in self.operations.deletes() {
            store.apply(delta);
        }
        store.kept()
    }

    /// What is to be said of what is being done.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let interrupted = self.interrupted.iter();
        let findings = interrupted.map(|(gateway, server)| Finding {
            rule: rules::GATEWAY_INTERRUPTION,
            subject: gateway.clone(),
            severity: Severity::Warning,
            text: format!(
                "{gateway} is interrupted while Route Server {server} is created or deleted in its \
                 network, for about 10 minutes."
            ),
        });
        findings.collect()
    }

    fn running_with(&self, delta: &Delta, names: &Names) -> Described {
        let mut store = self.running.store.clone();
        store.apply(delta);
        Described::new(store, names)
    }

    /// The gateways of a network whose Route Server comes or goes.
    fn interruption(
        &self,
        delta: &Delta,
        planned: &Described,
        pace: Pace,
        at: Instant,
    ) -> Option<Interruption> {
        let (before, after) = (&self.written.store, &planned.store);
        let names = &planned.network.names;
        let mut parts = delta.ids().filter(|id| id.kind() == IP_CONFIGURATION);
        let (part, own) = parts.find_map(|id| match (before.fields(id), after.fields(id)) {
            (Some(_), Some(_)) => None,
            (before, after) => Some((id, after.or(before)?)),
        })?;
        let vnet = own.reference("subnet")?.up_to("virtualNetworks")?;
        let vnet = names.name(&vnet);
        let gateways = self.running.network.estate.gateways.iter();
        let gateways = gateways.filter(|gateway| gateway.vnet == vnet);
        Some(Interruption {
            gateways: gateways.map(|gateway| gateway.name.clone()).collect(),
            route_server: names.name(&part.up_to("virtualHubs")?),
            until: at + pace.of_interruption(),
        })
    }
}
