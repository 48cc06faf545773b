//! The network file `routehub/1`: a network, what happens to it, and what should then be seen, in
//! one YAML or JSON text.
//!
//! [`Scenario::parse`] reads such a text into plain data, or says what is wrong with it:
//!
//! ```
//! use routehub_scenario::Scenario;
//!
//! let text = "
//! schema: routehub/1
//! title: A hub
//! vnets:
//!   - {name: hub, address_space: [10.0.0.1/16]}
//! ";
//! let diagnostics = Scenario::parse(text).unwrap_err();
//! assert_eq!((diagnostics[0].at.line, diagnostics[0].at.column), (5, 33));
//! assert!(diagnostics[0].message.contains("10.0.0.0/16 is meant"));
//! ```
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
    Bfd, DynamicNeighbors, Live, LivePeer, NetworkText, SCHEMA_URL, Secret, Shutdown, json_schema,
    parse_events,
};
pub use promises::PromiseWatch;
pub use scenario::{RunError, Scenario};
pub use syntax::{Diagnostic, Excerpt};
pub use tables::{SeenTables, Snapshot, Tables, az};
