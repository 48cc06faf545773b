//! What people ask an exchange for: tables, reports, numbers.

mod monitoring;
mod reports;
mod table_id;
mod tables;

pub use monitoring::{ConnectionLoad, PeeringReport, RouteServerLoad};
pub use reports::{PathReport, PathStanding, Refused};
pub use table_id::{
    RouteOrigin, RouteRow, SessionRow, SessionState, Subject, TableId, TableKind, TableRows,
    TableShape,
};
