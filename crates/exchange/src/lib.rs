//! Route exchange in a hub-and-spoke network.
#![forbid(unsafe_code)]

pub mod check;
pub mod estate;
mod event;
mod table;

pub use estate::Estate;
pub use event::{ConnectionEnds, Event, Instance, NvaSessions};
pub use table::{
    EffectiveRow, Finding, NextHopType, RouteOrigin, RouteRow, RouteSource, RouteState, SessionRow,
    SessionState, Severity,
};
