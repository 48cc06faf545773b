#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod expect;
mod file;
pub mod json;
mod promises;
mod scenario;
mod syntax;
pub mod tables;

pub use expect::{Difference, Report, compare};
pub use file::{
    Bfd, DynamicNeighbors, Live, LivePeer, NetworkText, SCHEMA_URL, Secret, Shutdown, StaleTimes,
    json_schema, parse_events,
};
pub use promises::PromiseWatch;
pub use scenario::{RunError, Scenario};
pub use syntax::{Diagnostic, Diagnostics, Excerpt};
pub use tables::{SeenTables, Snapshot, TableSource, Tables, az};
