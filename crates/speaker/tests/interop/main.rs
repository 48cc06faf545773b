//! Real daemons as neighbours of a live server, each test in a network namespace of its own.

mod add_paths;
mod both_ways;
mod branches;
mod dynamic;
mod exchange;
mod limit;
mod live_equals_model;
mod long_lived;
mod refused;
mod restart;
