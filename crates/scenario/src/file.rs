//! The data types of the file, as serde and the JSON schema see them.
//!
//! A struct's serde name is what messages call such an object; its schema name is its Rust name.

/// An entry that is read by way of its fields has their schema.
macro_rules! same_schema {
    ($($entry:ident = $fields:ident),*) => {$(
        impl schemars::JsonSchema for $entry {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $fields::schema_name()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $fields::json_schema(generator)
            }
        }
    )*};
}

/// A struct with these fields and the keys of a real router that plays the speaker, and how such a
/// router's sessions are run.
macro_rules! with_live_keys {
    ($(#[$attribute:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$attribute])*
        pub(crate) struct $name {
            $($fields)*
            /// Whether a real router must connect.
            #[serde(default)]
            live: bool,
            /// The TCP-MD5 password.
            #[serde(default)]
            password: Option<String>,
            /// Whether only directly connected peers are believed (GTSM).
            #[serde(default)]
            ttl_security: bool,
            /// Whether the server waits to be connected to.
            #[serde(default = "yes")]
            passive: bool,
            /// BFD.
            #[serde(default)]
            bfd: Option<BfdEntry>,
            /// The address it really connects from.
            #[serde(default)]
            peer_address: Option<Address>,
        }

        impl $name {
            /// How its sessions are run live.
            pub(crate) fn live(&self) -> LivePeer {
                LivePeer {
                    live: self.live,
                    password: self.password.clone(),
                    ttl_security: self.ttl_security,
                    passive: self.passive,
                    bfd: self.bfd.map(Into::into),
                    peer_address: self.peer_address.map(|address| address.0),
                }
            }
        }
    };
}

mod absent;
mod attach;
mod events;
mod expect;
mod fabric;
mod leaf;
mod profile;
mod route_maps;
mod routes;
mod speakers;

pub(crate) use attach::*;
pub(crate) use events::*;
pub(crate) use expect::*;
pub(crate) use fabric::*;
pub(crate) use leaf::*;
pub(crate) use profile::*;
pub(crate) use route_maps::*;
pub(crate) use routes::*;
pub(crate) use speakers::*;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Deserialize;

/// A network: what it consists of, what happens to it, and what should then be seen.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "NetworkFile")]
#[allow(
    dead_code,
    reason = "the reader goes key by key; this is the schema's view"
)]
pub(crate) struct File {
    /// The version of this format.
    pub(crate) schema: SchemaVersion,
    /// What the network is about.
    pub(crate) title: String,
    /// Where the facts come from.
    #[schemars(default)]
    pub(crate) source: BTreeMap<String, AnyText>,
    /// Remarks.
    #[schemars(default)]
    pub(crate) notes: Vec<AnyText>,
    /// The behaviour: `azure-2026` if left out.
    #[schemars(default)]
    pub(crate) profile: Option<ProfileEntry>,
    /// Virtual networks.
    pub(crate) vnets: Vec<VnetEntry>,
    /// Peerings between virtual networks.
    #[schemars(default)]
    pub(crate) peerings: Vec<PeeringEntry>,
    /// Route Servers.
    #[schemars(default)]
    pub(crate) route_servers: Vec<RouteServerEntry>,
    /// Network virtual appliances.
    #[schemars(default)]
    pub(crate) nvas: Vec<NvaEntry>,
    /// VPN and ExpressRoute gateways.
    #[schemars(default)]
    pub(crate) gateways: Vec<GatewayEntry>,
    /// ExpressRoute circuits.
    #[schemars(default)]
    pub(crate) circuits: Vec<CircuitEntry>,
    /// On-premises sites.
    #[schemars(default)]
    pub(crate) sites: Vec<SiteEntry>,
    /// Tables of user-defined routes.
    #[schemars(default)]
    pub(crate) route_tables: Vec<RouteTableEntry>,
    /// Network interfaces whose effective routes are asked for.
    #[schemars(default)]
    pub(crate) nics: Vec<NicEntry>,
    /// Route maps.
    #[schemars(default)]
    pub(crate) route_maps: Vec<RouteMapEntry>,
    /// What happens, in order; the network settles after each.
    #[schemars(default)]
    pub(crate) events: Vec<EventEntry>,
    /// What should be seen, at the start and after events.
    #[schemars(default)]
    pub(crate) expect: Vec<ExpectEntry>,
    /// Where the live server listens.
    #[schemars(default)]
    pub(crate) listen: Option<ListenEntry>,
}

/// The keys of the file.
pub(crate) const KEYS: &[&str] = &[
    "schema",
    "title",
    "source",
    "notes",
    "profile",
    "vnets",
    "peerings",
    "route_servers",
    "nvas",
    "gateways",
    "circuits",
    "sites",
    "route_tables",
    "nics",
    "route_maps",
    "events",
    "expect",
    "listen",
];

/// The version of the format.
#[derive(Deserialize, JsonSchema)]
pub(crate) enum SchemaVersion {
    /// The first.
    #[serde(rename = "routehub/1")]
    One,
}

/// Where the live server listens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "listen")]
#[schemars(rename = "Listen")]
pub(crate) struct ListenEntry {
    /// The port of every address.
    #[serde(default = "bgp_port")]
    pub(crate) port: u16,
    /// Socket addresses in place of the model's own.
    #[serde(default)]
    pub(crate) addresses: BTreeMap<Address, Socket>,
}

const fn bgp_port() -> u16 {
    179
}

/// An address and a port: `127.0.0.1:1790`.
#[derive(Clone, Copy)]
pub(crate) struct Socket(pub(crate) SocketAddr);
