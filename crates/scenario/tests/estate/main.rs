//! Networks at work: what routes, objects, peerings, circuits and switches of a profile do.

#[path = "../support/mod.rs"]
mod support;

mod circuits;
mod numbers;
mod objects;
mod oscillating;
mod peerings;
mod rules;
mod switches;
