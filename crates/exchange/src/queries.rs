//! What people ask an exchange for: tables, reports, numbers.

mod names;
mod reports;
mod shares;
mod table_id;
mod tables;
mod text;

pub use reports::{
    ConnectionLoad, OtherState, PathReport, PathStanding, PeeringReport, Refused, RouteServerLoad,
};
pub use shares::{Share, ShareCursor};
pub use table_id::{
    RouteOrigin, RouteRow, SessionRow, SessionState, Staleness, Subject, TableId, TableKind,
    TableRows, TableShape,
};
