#![doc = include_str!("../README.md")]
//!
//! # Cost
//!
//! An IPv4 prefix with one path takes 32 bytes and 8 to 15 of the index, an IPv6 prefix 44 and as
//! much, a further path 16 and little more, each with Adj-RIB-In, Loc-RIB, the standing and the
//! Adj-RIB-Out of the first export group; a further group takes 12 bytes per prefix that it sends.
//! Counted on a full table of 1,042,325 prefixes: 40.4 bytes per prefix, live and at the peak of
//! filling. An attribute set takes 38 bytes, 9 of the index and its block.
//! `cargo run --release -p routehub-benches --bin rib_memory` repeats the count,
//! `cargo bench -p routehub-benches --bench rib` the times; `benches/README.md` has the figures.
//!
//! Look-ups are made for a whole [`Update`](routehub_types::Update) at once, so announce many
//! prefixes with one call.
//! Every change decides its prefix again over all of its paths. A source that is lost costs its
//! own routes, not the table. A longest match looks for the prefix lengths that there are around
//! its address, a few at once.
//!
//! # Order
//!
//! Results do not depend on the order of arrival, unless the decision process has
//! [`Step::Current`] or [`Step::Failback`]. What is listed is in the order of prefixes. Time and
//! seeds are arguments.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod adj_rib_in;
mod adj_rib_out;
mod age;
mod attr_store;
mod change;
mod decision;
mod loc_rib;
mod memory;
mod rib;
mod source;
mod together;

pub use adj_rib_in::AdjIn;
pub use adj_rib_out::{
    AdjOut, Export, Exported, Flushed, GroupConfig, GroupId, MemberId, Outgoing, Pull, Sent,
    Ticket, Unsendable, Withheld,
};
pub use age::Age;
pub use attr_store::{AttrStore, DecisionKey, RawKey};
pub use change::{Admission, Announcement, Applied, BestPath, BestPaths, BestSet, Delta};
pub use decision::{DecisionConfig, Preference, Standing, Step};
pub use loc_rib::PathView;
pub use memory::Prefixes;
pub use rib::Rib;
pub use source::{
    LimitExceeded, LimitMode, PathRef, RouteLimit, Source, SourceCounts, SourceId, TooManySources,
};
