//! What the benchmarks share.

pub mod tables;
