//! A sink that programs the routes of networks into the Linux kernel: each network has a routing
//! table, in this network namespace or in one that stands for its VMs.
//!
//! Routes carry the protocol number [`PROTOCOL`] and the metric [`METRIC`]; those of others are
//! left alone, and where another has a route with the same prefix and metric ours is not put in
//! its place. A route with several next hops is a multipath route, and is replaced in one step; one
//! without next hops drops packets (`blackhole`).
//!
//! Routes that go with an interface, or that somebody removes, are put back within some ten
//! seconds, as soon as the kernel takes them again.
//!
//! The routes go when the server stops. After a crash they stay, and packets go on; the next run
//! finds them by their protocol number, changes nothing until it knows all routes again (or has
//! waited long enough for live routers that do not come back), and then brings the tables to what
//! is right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, stream};
use nix::sched::{CloneFlags, setns};
use routehub::types::Prefix;
use rtnetlink::{Error, Handle, NETNS_PATH};
use tokio::runtime::Runtime;

mod table;

use super::{NotTaken, RouteChange, Sink, SinkError};
use table::Table;
pub use table::{METRIC, PROTOCOL};

/// Requests that wait for the kernel's answer at most.
const IN_FLIGHT: usize = 64;

/// Where a network's routes go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelTarget {
    /// The network.
    pub vnet: String,
    /// The network namespace; none: that of this process.
    pub namespace: Option<Namespace>,
    /// The number of the routing table; 254 is the main one.
    pub table: u32,
}

/// A network namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Namespace {
    /// One with a name, as `ip netns` gives it.
    Named(String),
    /// The file of one, such as `/proc/1234/ns/net`.
    File(PathBuf),
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Why the kernel's tables cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Two networks have the same table.
    #[error("{first} and {other} have the same table {table}")]
    SameTable {
        /// A network.
        first: String,
        /// Another one, or the same.
        other: String,
        /// The table's number.
        table: u32,
    },
    /// A network namespace cannot be entered.
    #[error("cannot enter network namespace {namespace}: {error}")]
    Namespace {
        /// The namespace.
        namespace: Namespace,
        /// Why not.
        error: io::Error,
    },
    /// There is no way to the kernel.
    #[error("cannot speak to the kernel: {0}")]
    Socket(io::Error),
    /// The routes of an earlier run cannot be read.
    #[error("cannot read table {table} for {vnet}: {why}")]
    Read {
        /// The network.
        vnet: String,
        /// The table's number.
        table: u32,
        /// Why not.
        why: String,
    },
}

/// Programs routes into the kernel.
pub struct KernelSink {
    /// None once it has ended.
    runtime: Option<Runtime>,
    tables: BTreeMap<String, Table>,
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
        let mut tables = BTreeMap::new();
        for target in targets {
            let handle = connect(&runtime, target.namespace.as_ref())?;
            let table = runtime.block_on(Table::open(handle, target.table));
            let table = table.map_err(|error| KernelError::Read {
                vnet: target.vnet.clone(),
                table: target.table,
                why: table::why(&error),
            })?;
            tables.insert(target.vnet.clone(), table);
        }
        Ok(Self {
            runtime: Some(runtime),
            tables,
            batch: Vec::new(),
        })
    }

    /// How many routes of an earlier run are in the tables still.
    pub fn stale(&self) -> usize {
        self.tables.values().map(Table::stale).sum()
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
        for (vnet, table) in &mut self.tables {
            let Some(runtime) = &self.runtime else { break };
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
        if let Some(table) = self.tables.get_mut(&vnet) {
            table.set_held(prefix, next_hops.is_some() && result.is_ok());
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
        Some(self.tables.keys().cloned().collect())
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
        let changes = std::mem::take(&mut self.batch).into_iter();
        let requests: Vec<_> = changes
            .filter_map(|change| {
                let table = self.tables.get(&change.vnet)?;
                Some(table.request(change))
            })
            .collect();
        let answers = stream::iter(requests).buffer_unordered(IN_FLIGHT);
        let answers: Vec<_> = self.runtime()?.block_on(answers.collect());
        let answers = answers.into_iter();
        let not_taken = answers.filter_map(|(change, result)| self.on_answer(change, result));
        let mut not_taken: Vec<NotTaken> = not_taken.collect();
        not_taken.sort_by(|a, b| (&a.vnet, a.prefix).cmp(&(&b.vnet, b.prefix)));
        SinkError::of(not_taken)
    }

    /// What an earlier run left and this one has not is removed.
    fn complete(&mut self) -> Result<(), SinkError> {
        self.remove(&Table::sweep)
    }

    /// Routes that the kernel does not have any more, as after an interface went down.
    fn lost(&mut self) -> Option<Vec<(String, Prefix)>> {
        let mut lost = Vec::new();
        for (vnet, table) in &mut self.tables {
            let gone = self.runtime.as_ref()?.block_on(table.lost());
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

/// Opens a way to the kernel; what is asked over it is answered for this namespace.
fn connect(runtime: &Runtime, namespace: Option<&Namespace>) -> Result<Handle, KernelError> {
    let Some(namespace) = namespace else {
        return open(runtime).map_err(KernelError::Socket);
    };
    let failed = |error| KernelError::Namespace {
        namespace: namespace.clone(),
        error,
    };
    let file = match namespace {
        Namespace::Named(name) => File::open(Path::new(NETNS_PATH).join(name)),
        Namespace::File(path) => File::open(path),
    };
    let file = file.map_err(failed)?;
    // A socket stays in the namespace it was opened in: a thread enters it, opens one, and ends.
    let opened = std::thread::scope(|scope| {
        let entered = scope.spawn(|| {
            setns(&file, CloneFlags::CLONE_NEWNET)?;
            open(runtime)
        });
        entered.join()
    });
    let opened = opened.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
    opened.map_err(failed)
}

fn open(runtime: &Runtime) -> io::Result<Handle> {
    let _inside = runtime.enter();
    // Strict: the kernel keeps to what a question asks for.
    let (connection, handle, _) = rtnetlink::new_connection_with_strict_check()?;
    runtime.spawn(connection);
    Ok(handle)
}
