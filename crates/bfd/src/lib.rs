//! BFD (Bidirectional Forwarding Detection): sessions as pure state machines, datagrams and time
//! in, datagrams and changes of state out.
//!
//! There is no socket, no thread and no clock in here. The state machine, demultiplexing, timer
//! negotiation with poll sequences, slow start, jitter and detection of RFC 5880 are, over one hop
//! (RFC 5881) and over many (RFC 5883). The same inputs and the same seed give the same outputs.
//!
//! Asynchronous mode alone is there: demand mode is respected where the remote system asks for it,
//! and never asked for; the echo function is not offered. Packets say both in their fields.
//!
//! # The run loop
//!
//! An [`Endpoint`] holds the sessions of a system. One input, then [`poll`](Endpoint::poll) until
//! it gives nothing, then sleep until the next input or [`poll_timeout`](Endpoint::poll_timeout),
//! whichever comes first:
//!
//! ```
//! use routehub_bfd::{Arrival, Config, Endpoint, Hops, Instant, Interval, Output, Path, Timers};
//!
//! let interval = Interval::from_millis(50);
//! let config = Config::single_hop(Timers::new(interval, interval, 3)?);
//! let (a, b) = ("10.0.4.4".parse()?, "10.0.6.4".parse()?);
//! let path = Path { hops: Hops::Single, local: a, remote: b };
//! let back = Path { local: b, remote: a, ..path };
//!
//! // Two systems, and a link without loss between them.
//! let mut systems = [(Endpoint::new(1), path), (Endpoint::new(2), back)];
//! let mut now = Instant::ZERO;
//! for (system, path) in &mut systems {
//!     system.add(now, *path, config.clone())?;
//! }
//! let mut log = Vec::new();
//! while now < Instant::from_micros(5_000_000) {
//!     for at in [0, 1] {
//!         // Everything that a system wants, in order.
//!         while let Some((_, path, output)) = systems[at].0.poll() {
//!             match output {
//!                 // To the port of `path.hops`, with TTL 255.
//!                 Output::Send(datagram) => {
//!                     let there = Path { local: path.remote, remote: path.local, ..path };
//!                     let arrival = Arrival { path: there, ttl: Hops::TTL };
//!                     let other = &mut systems[1 - at].0;
//!                     other.handle_datagram(now, &arrival, datagram.octets())?;
//!                 }
//!                 Output::StateChange(change) => log.push((at, change.to.to_string())),
//!             }
//!         }
//!     }
//!     // Then sleep until something happens.
//!     let timeouts = systems.iter().filter_map(|(system, _)| system.poll_timeout());
//!     now = timeouts.min().unwrap_or(now);
//!     systems.iter_mut().for_each(|(system, _)| system.handle_timeout(now));
//! }
//! assert_eq!(log.iter().filter(|(_, state)| state == "Up").count(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a driver owes:
//! - Datagrams that a socket has are handed in before time is let pass: a remote system is not
//!   silent because its packets wait in a buffer.
//! - What is given out is sent at once, from a port of [`Hops::SOURCE_PORTS`] that the session
//!   keeps, with [`Hops::TTL`].
//!
//! What a session gives: a remote system that is silent is found in the detection time, and never
//! before what both sides agreed on; a change of state is told at once; without news a packet costs
//! no memory.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod authentication;
mod counters;
mod discard;
mod endpoint;
mod packet;
mod random;
mod session;
mod time;

pub use authentication::{Authentication, AuthenticationType, KeyLength};
pub use counters::{Counters, StateChange};
pub use discard::{Discard, DiscardCounters};
pub use endpoint::{Arrival, Endpoint, Hops, Path, PathTaken};
pub use packet::{Datagram, Diagnostic, Discriminator, Packet, Received, State};
pub use session::{Config, Output, Remote, Role, Session, Timers, TimersError};
pub use time::{Instant, Interval};
