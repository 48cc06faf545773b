//! Where routes go in the kernel, and why they cannot.

use std::fmt;
use std::io;
use std::path::PathBuf;

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
