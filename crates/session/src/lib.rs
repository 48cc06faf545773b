//! A BGP session with one peer, as a pure state machine: bytes, connections and time in, bytes,
//! connections and events out.
//!
//! There is no socket, no thread and no clock in here. The whole state machine of RFC 4271 is,
//! with collision detection, graceful restart, route refresh and the timers; every state, event
//! and transition stands in [`fsm`] by its name in the RFC, and `CONFORMANCE.md` beside this crate's
//! sources lists them all with the test that holds each. The same inputs and the same seed give the
//! same outputs.
//!
//! # The run loop
//!
//! One input, then [`poll`](Session::poll) until it gives nothing, then sleep until the next input
//! or [`poll_timeout`](Session::poll_timeout), whichever comes first. Two sessions that talk in
//! memory:
//!
//! ```
//! use routehub_session::{ConnectionId, Event, Output, Session, SessionConfig};
//! use routehub_types::{Asn, Attrs, Instant, Nlri};
//! use routehub_wire::Packer;
//! use std::net::Ipv4Addr;
//!
//! type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
//!
//! /// One end: its session, and its end of the connection between both.
//! struct End {
//!     session: Session,
//!     connection: Option<ConnectionId>,
//!     learned: Vec<Nlri>,
//! }
//!
//! impl End {
//!     /// Does all that the session wants; gives what is to be sent, and whether to connect.
//!     fn drain(&mut self, now: Instant) -> Result<(Vec<u8>, bool)> {
//!         let (mut sent, mut connects, mut up) = (Vec::new(), false, None);
//!         while let Some(output) = self.session.poll(now) {
//!             match output {
//!                 Output::Connect(id) => {
//!                     self.connection = Some(id);
//!                     connects = true;
//!                 }
//!                 Output::Send(id, bytes) => {
//!                     self.session.handle_written(now, id, bytes.len());
//!                     sent.extend(bytes);
//!                 }
//!                 Output::Close(_) => self.connection = None,
//!                 // Lent from the receive buffer: look at it here, or copy what is needed.
//!                 Output::Update(update) => {
//!                     println!("{update}"); // UPDATE announces 1, withdraws 0
//!                     self.learned.extend(update.announced().flat_map(|field| field.nlri));
//!                 }
//!                 Output::Event(Event::Established(agreed)) => up = Some(agreed),
//!                 Output::Event(event) => println!("{event}"),
//!             }
//!         }
//!         // Whoever is up sends a route: encoded for what was agreed on.
//!         if let Some(agreed) = up {
//!             println!("established, {agreed}"); // peer AS 64512, hold time 90 s, ...
//!             let attrs = Attrs::new("65001".parse()?, Ipv4Addr::new(10, 0, 4, 4));
//!             let mut update = Vec::new();
//!             Packer::new(&agreed.send).announce(&attrs, &["10.9.0.0/16".parse()?], &mut update)?;
//!             self.session.send_encoded(now, update)?;
//!             let (more, _) = self.drain(now)?;
//!             sent.extend(more);
//!         }
//!         Ok((sent, connects))
//!     }
//! }
//!
//! fn main() -> Result<()> {
//!     let mut server = SessionConfig::new(Asn(64512), Asn(65001), "10.0.1.4".parse()?);
//!     server.passive = true;
//!     server.timers.hold_time = std::time::Duration::from_secs(90);
//!     let client = SessionConfig::new(Asn(65001), Asn(64512), "10.0.4.4".parse()?);
//!     let end = |config, seed| -> Result<End> {
//!         let session = Session::new(config, seed)?;
//!         Ok(End { session, connection: None, learned: Vec::new() })
//!     };
//!     let (mut server, mut client) = (end(server, 1)?, end(client, 2)?);
//!
//!     let mut now = Instant::ZERO;
//!     server.session.handle_start(now);
//!     client.session.handle_start(now);
//!     while server.learned.is_empty() {
//!         let (to_client, _) = server.drain(now)?;
//!         let (to_server, connects) = client.drain(now)?;
//!         if connects {
//!             // A TCP connection: it is open at the client, and accepted at the server.
//!             server.connection = server.session.handle_accepted(now);
//!             if let Some(id) = client.connection {
//!                 client.session.handle_connected(now, id);
//!             }
//!         }
//!         for (end, bytes) in [(&mut client, &to_client), (&mut server, &to_server)] {
//!             if let Some(id) = end.connection.filter(|_| !bytes.is_empty()) {
//!                 end.session.handle_bytes(now, id, bytes);
//!             }
//!         }
//!         if !connects && to_client.is_empty() && to_server.is_empty() {
//!             // Sleep until something happens.
//!             let timeouts = [server.session.poll_timeout(), client.session.poll_timeout()];
//!             now = timeouts.into_iter().flatten().min().unwrap_or(now);
//!             server.session.handle_timeout(now);
//!             client.session.handle_timeout(now);
//!         }
//!     }
//!     assert_eq!(server.learned, ["10.9.0.0/16".parse()?]);
//!     println!("{} {}", client.session.state(), server.session.state()); // Established Established
//!     Ok(())
//! }
//! ```
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

pub use config::{Backoff, SendHold, SessionConfig, Timers};
pub use counters::{Counters, DownCounters, IgnoredCounters, LastError, MessageCounters};
pub use negotiation::{Negotiated, PeerRestart};
pub use output::{ConnectionId, Direction, Down, Event, Output, RunEnd, SweepReason};
pub use reason::{DownReason, OpenRejection};
pub use session::{NotEstablished, RefreshRequest, Session};
pub use state::{FsmEvent, State, Timer};
