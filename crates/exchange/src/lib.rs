//! Route exchange in a hub-and-spoke network: Route Servers, gateways, circuits, NVAs and sites
//! as speakers with links, the table of who may tell whom, and what each NIC makes of it.
//!
//! An [`Exchange`] is built from an [`Estate`] and [`Parameters`]. It settles at once: afterwards
//! every table can be asked for, and [`Event`]s change it step by step. Real routers can play
//! some of the speakers: their UPDATEs come in, and what they are sent is pulled.
#![forbid(unsafe_code)]

mod addresses;
mod announce;
mod apply;
pub mod check;
mod connections;
mod convergence;
mod effective;
pub mod estate;
mod exchange;
mod exchange_table;
mod export;
mod export_groups;
mod graph;
mod handover;
mod import;
mod journal;
mod link;
mod live;
mod monitoring;
mod offer;
mod owed;
mod packing;
mod parameters;
mod policies;
mod programmed;
mod readmit;
mod replaced;
mod reports;
pub mod rules;
mod settle;
mod speaker;
mod speaker_table;
mod table;
mod table_id;
mod topology;
mod verdicts;
pub mod view;
mod views;
mod vnet_routes;

pub use apply::EventError;
pub use convergence::NotConverged;
pub use estate::Estate;
pub use estate::event::{ConnectionEnds, Event, Instance, NvaSessions};
pub use exchange::Exchange;
pub use exchange_table::{At, Class, Gate, Row, TABLE as EXCHANGE_TABLE, lookup as exchange_row};
pub use import::leads_back;
pub use journal::{Changes, LinkChange};
pub use link::LinkId;
pub use live::LiveLink;
pub use monitoring::{ConnectionLoad, PeeringReport, RouteServerLoad};
pub use parameters::{
    NoExport, OneInstanceNics, Parameters, PrefixCountMode, ReflectBetweenNvas, UnreachableNextHop,
};
pub use reports::{PathReport, PathStanding, Refused};
pub use speaker::{Speaker, SpeakerId, SpeakerKind};
pub use table::{
    EffectiveRow, NextHopType, RouteOrigin, RouteRow, RouteSource, RouteState, SessionRow,
    SessionState,
};
pub use table_id::{Subject, TableId, TableKind, TableRows, TableShape};
pub use vnet_routes::{VnetRoute, VnetRoutes};
