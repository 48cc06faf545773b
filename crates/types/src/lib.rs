//! The vocabulary that every routehub crate speaks: ASNs, AS paths, communities, prefixes, path
//! attributes, route updates and ids.
//!
//! Nothing here does IO or reads a clock, and only [`attribute_block`] knows how path attributes
//! look in octets. Every type that has a text form
//! parses ([`FromStr`](core::str::FromStr)) what it prints ([`Display`](core::fmt::Display)).
//!
//! ```
//! use routehub_types::{AsPath, Asn, Community, Prefix};
//!
//! let prefix: Prefix = "10.250.0.0/16".parse()?;
//! let path: AsPath = "65001 65100 {65200,65201}".parse()?;
//! assert!(prefix.contains("10.250.7.0/24".parse()?));
//! assert_eq!(path.length(), 3); // a set counts 1 (RFC 4271 section 9.1.2.2)
//! assert_eq!(path.neighbor(), Some(Asn(65001)));
//! assert_eq!("no-advertise".parse::<Community>()?, Community::NO_ADVERTISE);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Features: `serde` (text forms in human-readable formats), `arbitrary` and `schemars` (need
//! std).
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
