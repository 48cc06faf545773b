//! What is being done, and has been: operations that take their time, for clients to ask after.

use std::collections::{BTreeMap, BTreeSet};

use routehub_types::Instant;

use crate::endpoint::message::ArmError;
use crate::endpoint::question::Question;
use crate::endpoint::store::Delta;
use crate::resource::ResourceId;

/// Operations that are remembered after their end.
const REMEMBERED: usize = 1000;
/// Operations that may go on at once.
const MOST: usize = 1000;

/// The kind of what makes a hub a Route Server of a network.
pub(crate) const IP_CONFIGURATION: &str = "virtualhubs/ipconfigurations";

/// What an operation does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// Resources are written.
    Write,
    /// Resources go, at the end.
    Delete,
    /// Nothing changes; the routes at the end are the answer.
    Question(Question),
}

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    pub(crate) work: Work,
    /// What changes when it ends.
    pub(crate) delta: Delta,
    /// When it ends.
    pub(crate) until: Instant,
    /// The gateways that are interrupted meanwhile, until when, and by what.
    pub(crate) interrupted: Option<Interruption>,
}

/// Gateways that are interrupted by a Route Server that comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interruption {
    pub(crate) gateways: Vec<String>,
    pub(crate) route_server: String,
    pub(crate) until: Instant,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Progress {
    /// It goes on.
    Going(Operation),
    /// It is done.
    Done(Work),
    /// It came to nothing, and why.
    Failed(String),
}

/// All operations, by their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Operations {
    by_number: BTreeMap<u64, Progress>,
    last: u64,
    /// Resources whose last operation came to nothing.
    failed: BTreeSet<ResourceId>,
}

impl Operations {
    /// Enters an operation: its number.
    ///
    /// # Errors
    /// [`ArmError`] if too many are going on.
    pub(crate) fn begin(&mut self, operation: Operation) -> Result<u64, ArmError> {
        if self.going().count() >= MOST {
            let message = format!("{MOST} operations are in progress, which is the limit.");
            return Err(ArmError::new(429, "TooManyRequests", message));
        }
        while self.by_number.len() >= REMEMBERED + MOST {
            let mut ended = self.by_number.iter();
            let ended = ended.find(|(_, state)| !matches!(state, Progress::Going(_)));
            let Some(oldest) = ended.map(|(number, _)| *number) else {
                break;
            };
            self.by_number.remove(&oldest);
        }
        self.last += 1;
        self.failed.retain(|id| !operation.delta.touches(id));
        self.by_number.insert(self.last, Progress::Going(operation));
        Ok(self.last)
    }

    /// Whether something is being done.
    pub(crate) fn are_going(&self) -> bool {
        self.going().next().is_some()
    }

    fn going(&self) -> impl Iterator<Item = (u64, &Operation)> {
        self.by_number
            .iter()
            .filter_map(|(number, state)| match state {
                Progress::Going(operation) => Some((*number, operation)),
                _ => None,
            })
    }

    /// The operations that go on and write or delete a resource, or a part of it.
    pub(crate) fn on(&self, holder: &ResourceId) -> impl Iterator<Item = (u64, &Operation)> {
        let holder = holder.clone();
        self.going()
            .filter(move |(_, own)| own.delta.ids().any(|id| id.holder() == holder))
    }

    /// The IP configurations of Route Servers that are being made or deleted.
    pub(crate) fn provisioned(&self) -> impl Iterator<Item = &ResourceId> {
        let ids = self.going().flat_map(|(_, own)| own.delta.ids());
        ids.filter(|id| id.kind() == IP_CONFIGURATION)
    }

    /// What is being deleted.
    pub(crate) fn deletes(&self) -> impl Iterator<Item = &Delta> {
        let deletes = self.going().filter(|(_, own)| own.work == Work::Delete);
        deletes.map(|(_, own)| &own.delta)
    }

    /// What is being done to a resource, as its `provisioningState` says it.
    pub(crate) fn state_of(&self, id: &ResourceId) -> &'static str {
        let mut going = self.going().map(|(_, operation)| operation);
        match going.find(|operation| operation.delta.touches(id)) {
            Some(operation) if operation.work == Work::Delete => "Deleting",
            Some(_) if id.kind() == "deployments" => "Running",
            Some(_) => "Updating",
            None if self.failed.contains(id) => "Failed",
            None => "Succeeded",
        }
    }

    /// The first that has ended by now.
    pub(crate) fn ended(&self, at: Instant) -> Option<(u64, &Operation)> {
        let ended = self.going().filter(|(_, operation)| operation.until <= at);
        ended.min_by_key(|(number, operation)| (operation.until, *number))
    }

    /// When something happens next: an operation ends, or an interruption.
    pub(crate) fn next(&self, after: Instant) -> Option<Instant> {
        let ends = self.going().map(|(_, operation)| operation.until);
        let interruptions = self.going().filter_map(|(_, own)| own.interrupted.as_ref());
        let over = interruptions
            .map(|own| own.until)
            .filter(|until| *until > after);
        ends.chain(over).min()
    }

    /// The gateways that are interrupted now, each with what interrupts it.
    pub(crate) fn interrupted(&self, at: Instant) -> BTreeMap<String, String> {
        let going = self.going().filter_map(|(_, own)| own.interrupted.as_ref());
        let now = going.filter(|own| own.until > at);
        let each = now.flat_map(|own| {
            let gateways = own.gateways.iter();
            gateways.map(|gateway| (gateway.clone(), own.route_server.clone()))
        });
        each.collect()
    }

    /// An operation is done.
    pub(crate) fn finish(&mut self, number: u64) {
        let progress = self.by_number.get_mut(&number);
        if let Some(progress) = progress
            && let Progress::Going(operation) = progress
        {
            *progress = Progress::Done(operation.work.clone());
        }
    }

    /// An operation came to nothing.
    pub(crate) fn fail(&mut self, number: u64, message: String) {
        let before = self.by_number.insert(number, Progress::Failed(message));
        if let Some(Progress::Going(operation)) = before {
            self.failed.extend(operation.delta.ids().cloned());
        }
    }

    /// How far an operation is; none if it is not remembered.
    pub(crate) fn progress(&self, number: u64) -> Option<&Progress> {
        self.by_number.get(&number)
    }
}
