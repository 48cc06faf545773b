//! Programs that users of routehub run; see the `[[example]]` sections of the manifest.

/// The README, so that its Rust is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
