#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod ask;
mod command;
pub mod decode;
mod exit;
mod failure;
pub mod make;
mod output;
pub mod serve;
pub mod show;
mod source;

pub use command::{Command, Routehub};
pub use exit::{EXIT_CODES, Run, finish, program};
pub use failure::Failure;
pub use output::Output;
pub use source::{At, Source};
