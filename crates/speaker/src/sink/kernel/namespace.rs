//! A way to the kernel of a network namespace.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::sched::{CloneFlags, setns};
use rtnetlink::{Handle, NETNS_PATH};
use tokio::runtime::Runtime;

use super::{KernelError, Namespace};

/// Opens a way to the kernel; what is asked over it is answered for this namespace.
pub(super) fn connect(
    runtime: &Runtime,
    namespace: Option<&Namespace>,
) -> Result<Handle, KernelError> {
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
