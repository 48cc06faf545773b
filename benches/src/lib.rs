//! What the benchmarks share.

pub mod estates;
pub mod tables;
