#![doc = include_str!("../README.md")]

mod bfd;
mod clock;
mod engine_task;
mod event;
#[cfg(feature = "http")]
pub mod http;
pub mod log;
mod neighbor;
mod server;
mod session;
pub mod sink;
mod sockopt;

pub use bfd::{BfdChange, BfdError, BfdReport, BfdStatus};
pub use event::{
    ConnectionRefusal, DynamicConnection, EventKind, FaultReport, MalformedUpdate, Reloaded,
    ServerEvent,
};
pub use neighbor::Neighbor;
pub use routehub_scenario::{Live, LivePeer, Secret};
pub use server::{Server, StartError, Stopped};
pub use session::command::{RetainedFamily, SessionReport};
