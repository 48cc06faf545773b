//! Where a network's routes go: a table of a namespace, which may go and come back as another one
//! under the same name.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, setns};
use routehub::types::Prefix;
use rtnetlink::{Handle, NETNS_PATH};
use tokio::runtime::Runtime;

use super::table::{self, Table};
use super::target::{KernelError, KernelTarget, Namespace};

/// What tells a namespace from others: the device and number of its file.
type Identity = (u64, u64);

/// The table of a network, as long as its namespace is there.
pub(super) struct Place {
    target: KernelTarget,
    table: Result<Table, KernelError>,
    /// That of the namespace; none: it is that of this process.
    identity: Option<Identity>,
}

impl Place {
    /// Opens a table, and looks what an earlier run has left in it.
    pub(super) fn open(runtime: &Runtime, target: &KernelTarget) -> Result<Self, KernelError> {
        let (table, identity) = open_table(runtime, target)?;
        Ok(Self {
            target: target.clone(),
            table: Ok(table),
            identity,
        })
    }

    /// The table; none while its namespace is gone.
    pub(super) fn table(&self) -> Option<&Table> {
        self.table.as_ref().ok()
    }

    /// The same to be changed.
    pub(super) fn table_mut(&mut self) -> Option<&mut Table> {
        self.table.as_mut().ok()
    }

    /// Why there is no table.
    pub(super) fn why_gone(&self) -> String {
        let why = self.table.as_ref().err();
        why.map(ToString::to_string).unwrap_or_default()
    }

    /// Prefixes whose routes are not there any more, or are others; to be asked for again and
    /// again.
    pub(super) fn lost(&mut self, runtime: &Runtime) -> Vec<Prefix> {
        let mut lost = self.follow_namespace(runtime);
        if let Ok(table) = &self.table {
            lost.extend(runtime.block_on(table.lost()));
        }
        lost
    }

    /// Goes over to another namespace if there is one in the place of the old; what was held in
    /// that.
    fn follow_namespace(&mut self, runtime: &Runtime) -> Vec<Prefix> {
        let Some(namespace) = &self.target.namespace else {
            return Vec::new();
        };
        let now = identity(&file_of(namespace));
        if now.is_some() && now == self.identity && self.table.is_ok() {
            return Vec::new();
        }
        let held = self.table().map(Table::held);
        let opened = open_table(runtime, &self.target);
        self.table = opened.map(|(mut table, identity)| {
            self.identity = identity;
            // Nothing of an earlier run waits here to be right again.
            let _ = runtime.block_on(table.clear());
            table
        });
        held.unwrap_or_default().into_iter().collect()
    }
}

fn open_table(
    runtime: &Runtime,
    target: &KernelTarget,
) -> Result<(Table, Option<Identity>), KernelError> {
    let (handle, identity) = connect(runtime, target.namespace.as_ref())?;
    let table = runtime.block_on(Table::open(handle, target.table));
    let table = table.map_err(|error| KernelError::Read {
        vnet: target.vnet.clone(),
        table: target.table,
        why: table::why(&error),
    })?;
    Ok((table, identity))
}

/// The file of a namespace.
fn file_of(namespace: &Namespace) -> PathBuf {
    match namespace {
        Namespace::Named(name) => Path::new(NETNS_PATH).join(name),
        Namespace::File(path) => path.clone(),
    }
}

fn identity(file: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Opens a way to the kernel; what is asked over it is answered for this namespace.
fn connect(
    runtime: &Runtime,
    namespace: Option<&Namespace>,
) -> Result<(Handle, Option<Identity>), KernelError> {
    let Some(namespace) = namespace else {
        let handle = open(runtime).map_err(KernelError::Socket)?;
        return Ok((handle, None));
    };
    let failed = |error| KernelError::Namespace {
        namespace: namespace.clone(),
        error,
    };
    let file = File::open(file_of(namespace)).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    // A socket stays in the namespace it was opened in: a thread enters it, opens one, and ends.
    let opened = std::thread::scope(|scope| {
        let entered = scope.spawn(|| {
            setns(&file, CloneFlags::CLONE_NEWNET)?;
            open(runtime)
        });
        entered.join()
    });
    let opened = opened.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
    let handle = opened.map_err(failed)?;
    Ok((handle, Some((metadata.dev(), metadata.ino()))))
}

fn open(runtime: &Runtime) -> io::Result<Handle> {
    let _inside = runtime.enter();
    // Strict: the kernel keeps to what a question asks for.
    let (connection, handle, _) = rtnetlink::new_connection_with_strict_check()?;
    runtime.spawn(connection);
    Ok(handle)
}
