//! The ways of packets, there and back.

mod both_ways;
mod forwarding;
mod traces;
