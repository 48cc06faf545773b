//! Dynamic neighbours: routers that nobody described are peers as long as their sessions last.

pub(super) mod admission;
pub(super) mod config;
mod open;
mod waiting;
