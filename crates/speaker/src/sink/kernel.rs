//! A sink that programs the routes of networks into the Linux kernel: each network has a routing
//! table, in this network namespace or in one that stands for its VMs.
//!
//! Routes carry the protocol number [`PROTOCOL`] and the metric [`METRIC`]; those of others are
//! left alone, and where another has a route with the same prefix and metric ours is not put in
//! its place. A route with several next hops is a multipath route, and is replaced in one step; one
//! without next hops drops packets (`blackhole`).
//!
//! Routes that go with an interface, or that somebody removes, changes or replaces, are put back:
//! tables are compared with what they should hold every second, large ones up to ten seconds apart.
//! A namespace that was made anew under the same name, or in the same file, gets its routes again.
//!
//! The routes go when the server stops. After a crash they stay, and packets go on; the next run
//! finds them by their protocol number, changes nothing until it knows all routes again (or has
//! waited long enough for live routers that do not come back), and then brings the tables to what
//! is right.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;

use futures_util::{StreamExt, stream};
use routehub::types::Prefix;
use rtnetlink::Error;
use tokio::runtime::Runtime;

mod place;
mod table;
mod target;

use super::{NotTaken, RouteChange, Sink, SinkError};
use place::Place;
use table::Table;
pub use table::{METRIC, PROTOCOL};
pub use target::{KernelError, KernelTarget, Namespace};

/// Requests that wait for the kernel's answer at most.
const IN_FLIGHT: usize = 64;

/// Programs routes into the kernel.
pub struct KernelSink {
    /// None once it has ended.
    runtime: Option<Runtime>,
    places: BTreeMap<String, Place>,
    batch: Vec<RouteChange>,
}

impl KernelSink {
    /// Opens the tables of networks, and looks what an earlier run has left in them.
    ///
    /// # Errors
    /// [`KernelError`].
    pub fn open(targets: &[KernelTarget]) -> Result<Self, KernelError> {
        let mut taken: BTreeMap<(&Option<Namespace>, u32), &str> = BTreeMap::new();
        let mut names = BTreeSet::new();
        for target in targets {
            let place = (&target.namespace, target.table);
            let other = taken.insert(place, &target.vnet);
            if other.is_some() || !names.insert(&target.vnet) {
                return Err(KernelError::SameTable {
                    first: other.unwrap_or(&target.vnet).to_owned(),
                    other: target.vnet.clone(),
                    table: target.table,
                });
            }
        }
        // A runtime cannot be waited for on the thread of another.
        let opened = std::thread::scope(|scope| scope.spawn(|| Self::open_here(targets)).join());
        opened.unwrap_or_else(|_| Err(KernelError::Socket(io::ErrorKind::Other.into())))
    }

    fn open_here(targets: &[KernelTarget]) -> Result<Self, KernelError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(KernelError::Socket)?;
        let mut places = BTreeMap::new();
        for target in targets {
            let place = Place::open(&runtime, target)?;
            places.insert(target.vnet.clone(), place);
        }
        Ok(Self {
            runtime: Some(runtime),
            places,
            batch: Vec::new(),
        })
    }

    /// How many routes of an earlier run are in the tables still.
    pub fn stale(&self) -> usize {
        let tables = self.places.values().filter_map(Place::table);
        tables.map(Table::stale).sum()
    }

    fn runtime(&self) -> Result<&Runtime, SinkError> {
        let ended = || SinkError::Gone(io::ErrorKind::NotConnected.into());
        self.runtime.as_ref().ok_or_else(ended)
    }

    /// Has each table remove routes, which says what it could not remove.
    fn remove(
        &mut self,
        from: &impl AsyncFn(&mut Table) -> Vec<(Prefix, Error)>,
    ) -> Result<(), SinkError> {
        let mut not_taken = Vec::new();
        for (vnet, place) in &mut self.places {
            let Some(runtime) = &self.runtime else { break };
            // Of a namespace that is gone the routes have gone too.
            let Some(table) = place.table_mut() else {
                continue;
            };
            let failed = runtime.block_on(from(table)).into_iter();
            not_taken.extend(failed.map(|(prefix, error)| NotTaken {
                vnet: vnet.clone(),
                prefix,
                why: table::why(&error),
            }));
        }
        SinkError::of(not_taken)
    }

    /// Remembers what became of a change; an error if it was not taken.
    fn on_answer(&mut self, change: RouteChange, result: Result<(), Error>) -> Option<NotTaken> {
        let RouteChange {
            vnet,
            prefix,
            next_hops,
        } = change;
        let table = self.places.get_mut(&vnet).and_then(Place::table_mut);
        if let Some(table) = table {
            table.set_held(prefix, next_hops.filter(|_| result.is_ok()));
        }
        let why = table::why(&result.err()?);
        Some(NotTaken { vnet, prefix, why })
    }
}

impl Sink for KernelSink {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn follows(&self) -> Option<BTreeSet<String>> {
        Some(self.places.keys().cloned().collect())
    }

    fn waits(&self) -> bool {
        self.stale() > 0
    }

    fn replace(&mut self, vnet: &str, prefix: Prefix, next_hops: &[IpAddr]) {
        let change = RouteChange::new(vnet, prefix, Some(next_hops));
        self.batch.push(change);
    }

    fn withdraw(&mut self, vnet: &str, prefix: Prefix) {
        self.batch.push(RouteChange::new(vnet, prefix, None));
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        let mut not_taken = Vec::new();
        let mut requests = Vec::new();
        for change in std::mem::take(&mut self.batch) {
            let Some(place) = self.places.get(&change.vnet) else {
                continue;
            };
            match place.table() {
                Some(table) => requests.push(table.request(change)),
                // A namespace that is gone has no routes.
                None if change.next_hops.is_none() => {}
                None => not_taken.push(NotTaken {
                    why: place.why_gone(),
                    vnet: change.vnet,
                    prefix: change.prefix,
                }),
            }
        }
        let answers = stream::iter(requests).buffer_unordered(IN_FLIGHT);
        let answers: Vec<_> = self.runtime()?.block_on(answers.collect());
        let answers = answers.into_iter();
        not_taken.extend(answers.filter_map(|(change, result)| self.on_answer(change, result)));
        not_taken.sort_by(|a, b| (&a.vnet, a.prefix).cmp(&(&b.vnet, b.prefix)));
        SinkError::of(not_taken)
    }

    /// What an earlier run left and this one has not is removed.
    fn complete(&mut self) -> Result<(), SinkError> {
        self.remove(&Table::sweep)
    }

    /// Routes that the kernel does not have any more, or has otherwise, as after an interface went
    /// down or somebody replaced them; all of a namespace that was made anew.
    fn lost(&mut self) -> Option<Vec<(String, Prefix)>> {
        let mut lost = Vec::new();
        for (vnet, place) in &mut self.places {
            let gone = place.lost(self.runtime.as_ref()?);
            lost.extend(gone.into_iter().map(|prefix| (vnet.clone(), prefix)));
        }
        Some(lost)
    }

    /// Every route with our protocol number is removed.
    fn stop(&mut self) -> Result<(), SinkError> {
        self.remove(&Table::clear)
    }
}

impl Drop for KernelSink {
    fn drop(&mut self) {
        // Also on a thread of another runtime, which must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
