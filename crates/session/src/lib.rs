#![doc = include_str!("../README.md")]
//!
//! # Drivers
//!
//! Every state, event and transition of RFC 4271 stands in [`fsm`] by its name in the RFC.
//!
//! What a driver owes the session:
//! - Bytes that a socket has are handed in before time is let pass, and before a connection is
//!   reported as closed: a peer is not silent because its messages wait in a buffer, and the last of
//!   them may say why it ends the session.
//! - What the socket took is reported ([`Session::handle_written`]), or the SendHoldTimer ends the
//!   session (RFC 9687).
//! - [`Output::Close`] closes after what was given out before it, without waiting long: the last
//!   of it is the NOTIFICATION that says why.
//!
//! What the session gives: a NOTIFICATION always leaves before its close, and only one; timers
//! expire between two outputs, so that a KEEPALIVE never waits behind routes; an UPDATE costs no
//! memory; a stopped session is silent.
//!
//! Features: `serde` for configuration, counters and what was negotiated.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod config;
mod connection;
mod counters;
pub mod fsm;
mod negotiation;
mod output;
mod peer_routes;
mod peering;
mod reason;
mod retry;
mod session;
mod state;
mod text;

pub use config::{Backoff, FamilyTimes, SendHold, SessionConfig, Timers};
pub use counters::{Counters, DownCounters, IgnoredCounters, LastError, MessageCounters};
pub use negotiation::{LongLived, Negotiated, PeerRestart};
pub use output::{ConnectionId, Direction, Down, Event, Output, RunEnd, SweepReason};
pub use peer_routes::RetainedRoutes;
pub use reason::{DownReason, OpenRejection};
pub use session::{NotEstablished, RefreshRequest, Session};
pub use state::{FsmEvent, State, Timer};
