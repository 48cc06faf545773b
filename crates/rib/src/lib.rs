//! BGP routing tables: Adj-RIB-In, the decision process, Loc-RIB and Adj-RIB-Out, with the reason
//! of every outcome kept where it was computed.
//!
//! An engine has one [`AttrStore`] and a [`Rib`] per speaker. A change of a source goes in with
//! [`Rib::apply`]; import answers per path; the prefixes whose best set changed go to a visitor.
//! Export groups collect what changed until [`Rib::flush`] makes batches of it, and members
//! [`Rib::pull`] them at their own pace.
//!
//! ```
//! use routehub_rib::{
//!     Admission, AttrStore, DecisionConfig, GroupConfig, Pull, Rib, Source, Standing, Step,
//! };
//! use routehub_types::{AsPath, Asn, Attrs, Instant, Nlri, RouterId, Update};
//!
//! let mut store = AttrStore::new(1);
//! let mut rib = Rib::new(2, DecisionConfig::rfc4271());
//! let first = rib.add_source(Source { router_id: RouterId(1), ..Source::default() })?;
//! let second = rib.add_source(Source { router_id: RouterId(2), ..Source::default() })?;
//! let group = rib.add_group(GroupConfig::default());
//! let listener = rib.add_member(group, Some(second));
//!
//! let prefix: Nlri = "192.0.2.0/24".parse::<routehub_types::Prefix>()?.into();
//! for (source, length) in [(first, 1), (second, 2)] {
//!     let path = AsPath::sequence((0..length).map(|n| Asn(64500 + n)));
//!     let attrs = store.intern(&Attrs { as_path: path, ..Attrs::default() });
//!     let update = Update { withdrawn: &[], attrs, announced: &[prefix] };
//!     rib.apply(
//!         &mut store,
//!         source,
//!         &update,
//!         |_, path| Admission::Accept(path.attrs),
//!         |_, delta| println!("{}: {} in use", delta.prefix, delta.after.len()),
//!     );
//! }
//! let paths = rib.paths(&store, prefix.prefix);
//! assert_eq!(paths[0].standing, Standing::Best);
//! assert!(matches!(paths[1].standing, Standing::Lost { step: Step::AsPathLength, to } if to.source == first));
//!
//! rib.flush(&mut store, group, 1000, |_, best| Ok(best.attrs));
//! assert!(matches!(rib.pull(&mut store, listener), Pull::Routes(routes) if routes.source == first));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
//!
//! Feature: `serde`.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod adj_rib_in;
mod adj_rib_out;
mod attr_store;
mod change;
mod decision;
mod loc_rib;
mod loc_rib_paths;
mod memory;
mod rib;
mod source;

pub use adj_rib_in::AdjIn;
pub use adj_rib_out::{
    AdjOut, Export, Exported, Flushed, GroupConfig, GroupId, MemberId, Outgoing, Pull, Sent,
    Ticket, Unsendable, Withheld,
};
pub use attr_store::{AttrStore, DecisionKey, RawKey};
pub use change::{Admission, Announcement, Applied, BestPath, BestPaths, BestSet, Delta};
pub use decision::{DecisionConfig, Preference, Standing, Step};
pub use loc_rib::PathView;
pub use loc_rib_paths::LocRibPaths;
pub use memory::Prefixes;
pub use rib::Rib;
pub use source::{
    LimitExceeded, LimitMode, PathRef, RouteLimit, Source, SourceCounts, SourceId, TooManySources,
};
