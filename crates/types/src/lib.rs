#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod as_path;
mod asn;
pub mod attribute_block;
pub mod attribute_code;
mod attrs;
mod community;
mod debug;
mod escaped;
mod family;
mod ids;
mod prefix;
#[cfg(feature = "serde")]
mod text_forms;
mod time;
mod update;

pub use as_path::{AsPath, ParseAsPathError, Segment, SegmentKind};
pub use asn::{Asn, ParseAsnError};
pub use attrs::{Aggregator, Attrs, NextHop, Origin, ParseOriginError, UnknownAttribute};
pub use community::{
    Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity, ParseCommunityError,
};
pub use escaped::{Escaped, is_seen};
pub use family::{Family, FamilySet, ParseFamilyError};
pub use ids::{AttrId, PeerId, RouterId, RuleId};
pub use prefix::{Ipv4Prefix, Ipv6Prefix, ParsePrefixError, Prefix};
pub use time::Instant;
pub use update::{Nlri, ParseNlriError, PathId, RouteUpdate, Update};
