//! An Azure Route Server in Rust.
#![forbid(unsafe_code)]

pub use routehub_exchange::estate;
pub use routehub_exchange::{Estate, Event};

pub mod profile;
pub use profile::{Profile, ProfileError};
