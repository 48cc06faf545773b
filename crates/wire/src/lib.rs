#![doc = include_str!("../README.md")]
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
