//! The first program that users of routehub run, `main.rs` beside this.

/// The README, so that its Rust is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
