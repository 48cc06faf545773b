//! Real daemons as neighbours of a live server, each test in a network namespace of its own.

#[path = "../lab/mod.rs"]
mod lab;

mod both_ways;
mod branches;
mod daemons;
mod exchange;
mod limit;
mod live_equals_model;
mod player;
mod refused;
