//! What people ask an exchange for: tables, reports, numbers.

mod monitoring;
mod reports;
mod rows;
mod table_id;
mod tables;

pub use monitoring::{ConnectionLoad, PeeringReport, RouteServerLoad};
pub use reports::{PathReport, PathStanding, Refused};
pub use rows::{RouteOrigin, RouteRow, SessionRow, SessionState};
pub use table_id::{Subject, TableId, TableKind, TableRows, TableShape};
