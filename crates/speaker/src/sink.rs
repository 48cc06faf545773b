//! Sinks: where the routes of virtual networks go, such as the kernel that forwards by them.
//!
//! The engine task only queues what changed. A sink runs on a thread of its own and takes from the
//! queue in batches: a network's prefix that changes again before it is taken is taken once, as it
//! is then. So a slow sink delays no session, and costs an entry for each
//! network and prefix, however often routes change.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use routehub::types::Prefix;

pub(crate) mod change_queue;
mod json;
pub mod kernel;
mod memory;
pub(crate) mod report;
pub(crate) mod runner;

pub use json::{JsonSink, LinesFile};
pub use kernel::{KernelSink, KernelTarget};
pub use memory::{MemoryRoutes, MemorySink};
pub use report::SinkReport;

/// Takes the route changes of virtual networks, in batches: `begin`, then `replace` and `withdraw`
/// in order of network and prefix, each network's prefix once, then `commit`.
///
/// A sink starts from nothing: at first it receives every route.
pub trait Sink: Send {
    /// Its name in messages.
    fn name(&self) -> &'static str;

    /// The networks whose routes it wants, asked for once; none: all.
    fn follows(&self) -> Option<BTreeSet<String>> {
        None
    }

    /// Whether it receives nothing before the routes are complete, because it still has those of an
    /// earlier run.
    fn waits(&self) -> bool {
        false
    }

    /// A batch begins.
    fn begin(&mut self) {}

    /// A network's route to a prefix is new or another: these next hops, in order; without any,
    /// packets are dropped.
    fn replace(&mut self, vnet: &str, prefix: Prefix, next_hops: &[IpAddr]);

    /// A network has no route to a prefix any more.
    fn withdraw(&mut self, vnet: &str, prefix: Prefix);

    /// The batch is over.
    ///
    /// # Errors
    /// [`SinkError::NotTaken`]: these changes had no effect; they are sent again later.
    /// [`SinkError::Gone`]: the sink is of no use any more.
    fn commit(&mut self) -> Result<(), SinkError>;

    /// The routes are complete: the End-of-RIB of every live router has come since the start, or
    /// the time to wait for that is over. Called once, after the batch that makes it so.
    ///
    /// # Errors
    /// As of [`commit`](Self::commit).
    fn complete(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Routes that were taken and that somebody else has removed since, if the sink can tell; asked
    /// for now and then, and sent again.
    fn lost(&mut self) -> Option<Vec<(String, Prefix)>> {
        None
    }

    /// The server stops.
    ///
    /// # Errors
    /// [`SinkError`], of which nothing follows any more.
    fn stop(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A change that a sink could not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// The network.
    pub vnet: String,
    /// The prefix.
    pub prefix: Prefix,
    /// Why not.
    pub why: String,
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {}", self.prefix, self.vnet, self.why)
    }
}

/// A change of a batch, until it is committed.
#[derive(Debug)]
struct RouteChange {
    vnet: String,
    prefix: Prefix,
    /// None: there is no route any more.
    next_hops: Option<Vec<IpAddr>>,
}

impl RouteChange {
    fn new(vnet: &str, prefix: Prefix, next_hops: Option<&[IpAddr]>) -> Self {
        Self {
            vnet: vnet.to_owned(),
            prefix,
            next_hops: next_hops.map(<[IpAddr]>::to_vec),
        }
    }
}

/// Why a sink did not take all.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Some changes had no effect.
    #[error("{} not taken, the first {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    NotTaken(Vec<NotTaken>),
    /// The sink is of no use any more.
    #[error(transparent)]
    Gone(#[from] io::Error),
}

impl SinkError {
    /// An error if some changes were not taken.
    fn of(not_taken: Vec<NotTaken>) -> Result<(), Self> {
        if not_taken.is_empty() {
            Ok(())
        } else {
            Err(Self::NotTaken(not_taken))
        }
    }
}

/// The sinks of a server.
pub struct Sinks {
    /// The sinks.
    pub sinks: Vec<Box<dyn Sink>>,
    /// How long those that [wait](Sink::waits) do so for live routers that do not come back.
    pub patience: Duration,
}

impl Default for Sinks {
    /// None, and a minute.
    fn default() -> Self {
        Self {
            sinks: Vec::new(),
            patience: Duration::from_secs(60),
        }
    }
}
