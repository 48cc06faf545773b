//! BGP messages and bytes: decoding, inspecting, encoding.
//!
//! A byte stream is cut into messages by [`frame`]; a message is read by [`decode`] for a
//! [`Context`], which holds all that its meaning depends on. UPDATEs are checked once, as RFC 7606
//! asks for, and then read in place: an [`UpdateView`] allocates nothing.
//!
//! ```
//! use routehub_types::{Asn, Attrs, Community, Family, Nlri};
//! use routehub_wire::{
//!     AfiSafi, Attribute, Capability, Context, Message, Open, Outcome, Packer, decode,
//!     encode_end_of_rib, frame,
//! };
//! use std::net::Ipv4Addr;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Encode: an OPEN, two prefixes, one of them taken back.
//!     let mut bytes = Vec::new();
//!     let open = Open {
//!         asn: Asn(65001),
//!         hold_time: 180, // seconds, as it stands in the message
//!         router_id: "10.0.4.4".parse()?,
//!         capabilities: [Capability::Multiprotocol(AfiSafi::IPV4)].into_iter().collect(),
//!     };
//!     open.encode(&mut bytes)?;
//!     let context = Context::default(); // external peer, four-octet ASNs, IPv4 and IPv6
//!     let attrs = Attrs {
//!         communities: vec![Community::NO_EXPORT],
//!         ..Attrs::new("65001 65010".parse()?, Ipv4Addr::new(10, 0, 4, 4))
//!     };
//!     let prefixes: [Nlri; 2] = ["10.250.0.0/16".parse()?, "10.251.0.0/16".parse()?];
//!     let mut packer = Packer::new(&context);
//!     packer.announce(&attrs, &prefixes, &mut bytes)?;
//!     packer.withdraw(&prefixes[1..], &mut bytes)?;
//!     encode_end_of_rib(Family::Ipv4, &mut bytes);
//!
//!     // Decode: cut the stream, read each message in place.
//!     let mut left = &bytes[..];
//!     while let Some(length) = frame(left, context.max_len())? {
//!         let (message, rest) = left.split_at(length);
//!         left = rest;
//!         let message = decode(message, &context)?;
//!         println!("{message}"); // UPDATE announces 2, withdraws 0
//!         let Message::Update(update) = message else { continue };
//!         match update.outcome() {
//!             Outcome::Accept => {}
//!             Outcome::Reset(notification) => return Err(notification.into()),
//!             other => println!("{other}: {:?}", update.faults()), // treat_as_withdraw, ...
//!         }
//!         for attribute in update.attributes() {
//!             println!("{attribute}"); // AS_PATH 65001 65010
//!             if let Attribute::Communities(mut list) = attribute {
//!                 assert!(list.any(|community| community == Community::NO_EXPORT));
//!             }
//!         }
//!         for field in update.announced() {
//!             for nlri in field.nlri {
//!                 println!("+ {nlri} by {}", field.next_hop);
//!             }
//!         }
//!         for nlri in update.withdrawn() {
//!             println!("- {nlri}");
//!         }
//!         // The same in owned form; a message that resets the session is an error here.
//!         for owned in update.to_updates()? {
//!             println!("{} announced, {} withdrawn", owned.announced.len(), owned.withdrawn.len());
//!         }
//!     }
//!
//!     // What cannot be read says where, why, and what to tell the peer.
//!     bytes[18] = 9;
//!     let error = decode(&bytes[..29], &context).unwrap_err();
//!     assert_eq!(error.notification().to_string(), "1/3 Message Header Error, Bad Message Type, data 09");
//!     error.notification().encode(&mut bytes);
//!     Ok(())
//! }
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
