//! The network file: what is read, refused and written, and how expected rows fit.

#[path = "../support/mod.rs"]
mod support;

mod diagnostics;
mod dynamic;
mod fitting;
mod limits;
mod reading;
mod schema;
mod secrets;
mod writing;
