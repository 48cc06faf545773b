//! BGP messages and bytes: decoding, inspecting, encoding.
//!
//! A byte stream is cut into messages by [`frame`]; a message is read by [`decode`] for a
//! [`Context`], which holds all that its meaning depends on. UPDATEs are checked once, as RFC 7606
//! asks for, and then read in place: an [`UpdateView`] allocates nothing.
//!
//! # Decode
//! ```
//! use routehub_wire::{Context, Message, decode, frame};
//!
//! let context = Context::default(); // external peer, four-octet ASNs, IPv4 and IPv6
//! let stream = routehub_wire::KEEPALIVE;
//! let mut left = &stream[..];
//! while let Some(length) = frame(left, context.max_len())? {
//!     let (message, rest) = left.split_at(length);
//!     match decode(message, &context)? {
//!         Message::Update(update) => println!("{}", update.outcome()),
//!         other => println!("{}", other.kind()),
//!     }
//!     left = rest;
//! }
//! # Ok::<(), routehub_wire::DecodeError>(())
//! ```
//!
//! # Inspect
//! ```
//! use routehub_types::{Attrs, Community, Nlri, Prefix};
//! use routehub_wire::{Attribute, Context, Message, Packer, decode};
//! # let attrs = Attrs {
//! #     communities: vec![Community::NO_EXPORT],
//! #     ..Attrs::new("65001 65010".parse()?, "10.0.4.4".parse::<std::net::Ipv4Addr>()?)
//! # };
//! # let prefix: Prefix = "10.250.0.0/16".parse()?;
//! # let mut bytes = Vec::new();
//! # Packer::new(&Context::default()).announce(&attrs, &[Nlri::from(prefix)], &mut bytes)?;
//!
//! if let Message::Update(update) = decode(&bytes, &Context::default())? {
//!     for fault in update.faults() {
//!         println!("{fault}"); // where, what, and what it asks for
//!     }
//!     println!("{}", update.outcome()); // accept, attribute_discard, treat_as_withdraw, ...
//!     for attribute in update.attributes() {
//!         println!("{attribute}"); // AS_PATH 65001 65010
//!         match attribute {
//!             Attribute::AsPath(path) => assert_eq!(path.to_string(), "65001 65010"),
//!             Attribute::Communities(mut list) => {
//!                 assert!(list.any(|one| one == Community::NO_EXPORT));
//!             }
//!             _ => {}
//!         }
//!     }
//!     let prefixes: Vec<Nlri> = update.announced().flat_map(|field| field.nlri).collect();
//!     assert_eq!(prefixes, [Nlri::from(prefix)]);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Encode
//! ```
//! use routehub_types::{Asn, Attrs, Family, Nlri, Prefix, RouterId};
//! use routehub_wire::{AfiSafi, Capability, Context, Open, Packer, encode_end_of_rib};
//!
//! let mut bytes = Vec::new();
//! let open = Open {
//!     asn: Asn(65001),
//!     hold_time: 180,
//!     router_id: "10.0.4.4".parse()?,
//!     capabilities: [Capability::Multiprotocol(AfiSafi::IPV4)].into_iter().collect(),
//! };
//! open.encode(&mut bytes)?;
//!
//! let attrs = Attrs::new("65001".parse()?, "10.0.4.4".parse::<std::net::Ipv4Addr>()?);
//! let prefixes: [Nlri; 1] = ["10.250.0.0/16".parse::<Prefix>()?.into()];
//! let mut packer = Packer::new(&Context::default());
//! packer.announce(&attrs, &prefixes, &mut bytes)?;
//! packer.withdraw(&prefixes, &mut bytes)?;
//! encode_end_of_rib(Family::Ipv4, &mut bytes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Features: `serde` (owned types), `arbitrary` (needs std).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod afi_safi;
mod capability;
mod context;
mod error;
mod header;
mod message;
mod notification;
mod open;
mod packer;
mod parse;
mod text;
mod update;

pub use afi_safi::AfiSafi;
pub use capability::{AddPathMode, Capability, GracefulRestart, LongLivedFamily, Role};
pub use context::{Context, EncodeKey, PeerKind};
pub use error::{DecodeError, EncodeError, Reason};
pub use header::{HEADER_LEN, MAX_EXTENDED_LEN, MAX_LEN, MessageType};
pub use message::{
    KEEPALIVE, Message, RefreshKind, RouteRefresh, decode, encode_end_of_rib, frame,
};
pub use notification::Notification;
pub use open::{Capabilities, Open, VERSION};
pub use packer::Packer;
pub use routehub_types::attribute_code;
pub use update::{
    Action, Announced, AsPathView, Asns, Attribute, Attributes, CheckedUpdates, Fault, Nlris,
    Outcome, RawAttribute, RawAttributes, SegmentView, Segments, UpdateView, Values,
};
