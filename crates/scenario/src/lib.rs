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

pub mod az;
mod cells;
mod compare;
mod diagnostic;
mod event_text;
pub mod expect;
mod fault;
mod file;
mod live;
mod node;
mod prefix_count;
mod read;
mod report;
mod run;
mod schema;
mod snapshot;
pub mod tables;
mod text;
mod validate;
mod value_deserializer;

pub use compare::compare;
pub use diagnostic::{Diagnostic, Excerpt};
pub use event_text::parse_events;
pub use live::{Bfd, Live, LivePeer};
pub use read::Scenario;
pub use report::{Difference, Report};
pub use run::RunError;
pub use schema::json_schema;
pub use snapshot::Snapshot;
pub use tables::Tables;
