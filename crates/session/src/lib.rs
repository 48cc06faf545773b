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
//! or [`poll_timeout`](Session::poll_timeout), whichever comes first:
//!
//! ```
//! use routehub_session::{Event, Output, Session, SessionConfig};
//! use routehub_types::{Asn, Instant, RouterId};
//! # use routehub_session::ConnectionId;
//! # use routehub_wire::{AfiSafi, Capability, Open, KEEPALIVE};
//! # enum Input { Connected(ConnectionId), Bytes(ConnectionId, Vec<u8>), Closed(ConnectionId) }
//! # /// A peer that announces one route.
//! # struct Network { answers: std::collections::VecDeque<Input> }
//! # impl Network {
//! #     fn connect(&mut self, id: ConnectionId) {
//! #         let mut bytes = Vec::new();
//! #         let capabilities = [Capability::FourOctetAs(Asn(65001))].into_iter().collect();
//! #         let peer = Open { asn: Asn(65001), hold_time: 90, router_id: RouterId(1), capabilities };
//! #         peer.encode(&mut bytes).unwrap();
//! #         bytes.extend(KEEPALIVE);
//! #         bytes.extend([0xff; 16]);
//! #         bytes.extend([0, 46, 2, 0, 0, 0, 20, 64, 1, 1, 0, 64, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9]);
//! #         bytes.extend([64, 3, 4, 10, 0, 4, 4, 16, 10, 9]);
//! #         self.answers.extend([Input::Connected(id), Input::Bytes(id, bytes), Input::Closed(id)]);
//! #     }
//! #     fn write(&mut self, _id: ConnectionId, bytes: &[u8]) -> usize { bytes.len() }
//! #     fn close(&mut self, _id: ConnectionId) {}
//! #     /// What comes next: an input, or nothing until the timeout.
//! #     fn wait(&mut self, timeout: Option<Instant>, now: &mut Instant) -> Option<Input> {
//! #         *now += std::time::Duration::from_millis(1);
//! #         self.answers.pop_front().or_else(|| { *now = timeout.unwrap_or(*now); None })
//! #     }
//! # }
//! # let mut network = Network { answers: Default::default() };
//! let config = SessionConfig::new(Asn(64512), Asn(65001), "10.0.6.4".parse()?);
//! let mut session = Session::new(config, 7)?;
//! let mut now = Instant::ZERO;
//! let mut log = Vec::new();
//!
//! session.handle_start(now);
//! while log.last().is_none_or(|line| line != "down") {
//!     // Everything the session wants, in order.
//!     while let Some(output) = session.poll(now) {
//!         match output {
//!             Output::Connect(id) => network.connect(id),
//!             Output::Send(id, bytes) => {
//!                 let written = network.write(id, &bytes);
//!                 session.handle_written(now, id, written);
//!             }
//!             Output::Close(id) => network.close(id),
//!             Output::Event(Event::Established(agreed)) => {
//!                 log.push(format!("AS {}, hold time {:?}", agreed.peer_asn, agreed.hold_time));
//!             }
//!             // Lent from the receive buffer: look at it here, or copy what is needed.
//!             Output::Update(update) => {
//!                 for nlri in update.announced().flat_map(|field| field.nlri) {
//!                     log.push(nlri.to_string());
//!                 }
//!             }
//!             Output::Event(Event::Down(_)) => log.push("down".to_string()),
//!             Output::Event(_) => {}
//!         }
//!     }
//!     // Then sleep until something happens.
//!     match network.wait(session.poll_timeout(), &mut now) {
//!         Some(Input::Connected(id)) => session.handle_connected(now, id),
//!         Some(Input::Bytes(id, bytes)) => session.handle_bytes(now, id, &bytes),
//!         Some(Input::Closed(id)) => session.handle_closed(now, id),
//!         None => session.handle_timeout(now),
//!     }
//! }
//! assert_eq!(log, ["AS 65001, hold time 90s", "10.9.0.0/16", "down"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
