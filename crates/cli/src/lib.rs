//! The command `routehub`, as a library: each subcommand is a structure of its arguments with a
//! [`Run`], so that other programs can offer it under another name.
//!
//! ```
//! use clap::Parser;
//! use routehub_cli::{Output, Routehub, Run};
//!
//! let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/make/network.yaml");
//! let asked = Routehub::parse_from(["routehub", "explain", file, "vm", "192.168.0.0/16"]);
//! let mut output = Output::kept();
//! assert!(asked.run(&mut output).is_ok_and(|holds| holds));
//! assert!(output.into_text().contains("192.168.0.0/16 by 10.0.4.4"));
//! ```
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
