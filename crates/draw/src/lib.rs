//! Pictures of a hub-and-spoke network: what it consists of, what joins it, the way of a route or
//! of a packet in colour, and what is down in grey.
//!
//! A [`Picture`] is made of a [`Network`], as it is now, and becomes SVG or Mermaid text.
//! On-premises stands on top, then circuits, then hubs by region with their gateways, NVAs and Route
//! Server, and under each hub the spokes that use its gateways. Where there are more than can be
//! seen at once, networks and sites that are alike are one box. The same estate always makes the
//! same text. There is no IO here.
//!
//! ```
//! use routehub::estate::{Peering, RouteServer, Vnet};
//! use routehub::{Estate, Network, Profile};
//! use routehub_draw::Picture;
//!
//! let vnet = |name: &str, prefix: &str| Vnet {
//!     name: name.into(),
//!     address_space: prefix.parse().into_iter().collect(),
//!     ..Vnet::default()
//! };
//! let estate = Estate {
//!     vnets: vec![vnet("hub", "10.0.0.0/16"), vnet("spoke", "10.1.0.0/16")],
//!     peerings: vec![Peering::hub_and_spoke("hub", "spoke")],
//!     route_servers: vec![RouteServer {
//!         ips: Some(["10.0.1.4".parse()?, "10.0.1.5".parse()?]),
//!         ..RouteServer::new("rs", "hub")
//!     }],
//!     ..Estate::default()
//! };
//! let network = Network::new(&Profile::named("azure-2026")?, estate)?;
//! let svg = Picture::of(&network).titled("A hub and a spoke").svg();
//! assert!(svg.starts_with("<svg ") && svg.contains("spoke"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod geometry;
mod layout;
mod mermaid;
mod picture;
mod router;
mod scene;
mod svg;
mod text;

#[cfg(doc)]
use routehub::Network;

pub use picture::{NoSuchRoute, Picture};
pub use text::text_width;
