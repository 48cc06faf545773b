//! The numbers and switches of a route server: those of Azure by year, and of a plain one.
//!
//! Every number of Azure that routehub works by stands in a [`Profile`], with the rule of the
//! catalogue that states it and where that rule comes from ([`SOURCES`](crate::rules::SOURCES) spells
//! the keys out).
//!
//! ```
//! use routehub::Profile;
//!
//! let mut profile = Profile::named("azure-2026")?;
//! assert_eq!(profile.parameters.max_routes_per_peer, Some(4000));
//! profile.set("max_routes_per_peer", "1000")?;
//! for change in Profile::named("azure-2023")?.diff(&profile) {
//!     println!("{change}");
//! }
//! # Ok::<(), routehub::ProfileError>(())
//! ```

mod fields;
mod setting;
mod years;

use std::net::IpAddr;
use std::time::Duration;

use routehub_exchange::{LiveLink, Parameters};
use routehub_session::{Backoff, SessionConfig, Timers};
use routehub_types::RouterId;

pub use fields::{Difference, Field};
pub use routehub_exchange::NoExport;
pub use setting::{ProfileError, Values};

/// The names of all profiles, oldest first.
pub const PROFILES: [&str; 5] = [
    "azure-2021",
    "azure-2023",
    "azure-2025",
    "azure-2026",
    "open",
];

/// The numbers and switches of a route server: what the exchange works by, and what its sessions
/// offer besides. A limit that is none does not apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The profile that this one is, or was before a switch was set.
    pub base: &'static str,
    /// What the exchange works by.
    pub parameters: Parameters,
    /// Keepalive interval that is offered, in seconds (R-031).
    pub keepalive: u16,
    /// How often a connection is tried where the Route Server connects, in seconds (R-038).
    pub connect_retry: u16,
    /// Whether the ASN of a real router has to stand first in the AS paths that it sends: else its
    /// routes count as withdrawn (RFC 4271 section 6.3, RFC 7606 section 7.2). To be switched off
    /// for a peer that is a route server itself and does not put its ASN there (RFC 7947 section
    /// 2.2.2.1).
    pub enforce_first_as: bool,
}

impl Profile {
    /// The profile of this name: one of [`PROFILES`].
    ///
    /// # Errors
    /// [`ProfileError::UnknownProfile`] with the nearest name there is.
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        let mut all = Self::all();
        all.find(|profile| profile.base == name)
            .ok_or_else(|| ProfileError::UnknownProfile {
                name: name.to_owned(),
                nearest: setting::nearest(name, PROFILES),
            })
    }

    /// All profiles, in the order of [`PROFILES`].
    pub fn all() -> impl Iterator<Item = Self> {
        let profiles: [fn() -> Self; 5] = [
            Self::azure_2021,
            Self::azure_2023,
            Self::azure_2025,
            Self::azure_2026,
            Self::open,
        ];
        profiles.into_iter().map(|profile| profile())
    }

    /// The session to hold over a link: timers of R-031 and R-038; IPv4, IPv6, route refresh and
    /// four-octet ASNs offered (R-033), whatever is routed then; passive unless told otherwise.
    pub fn session_config(&self, link: &LiveLink) -> SessionConfig {
        // R-035: the identifier is the instance's own address.
        let router_id = match link.local_address {
            IpAddr::V4(address) => RouterId::from(address),
            IpAddr::V6(address) => {
                let [.., a, b, c, d] = address.octets();
                RouterId(u32::from_be_bytes([a, b, c, d]))
            }
        };
        let usual = SessionConfig::new(link.local_asn, link.remote_asn, router_id);
        let connect_retry = Duration::from_secs(self.connect_retry.into());
        SessionConfig {
            passive: true,
            enforce_first_as: self.enforce_first_as,
            timers: Timers {
                hold_time: Duration::from_secs(self.parameters.hold_time.into()),
                keepalive: Duration::from_secs(self.keepalive.into()),
                connect_retry: Backoff {
                    first: connect_retry,
                    longest: connect_retry,
                },
                ..usual.timers
            },
            ..usual
        }
    }
}

impl Default for Profile {
    /// The newest of Azure.
    fn default() -> Self {
        Self::azure_2026()
    }
}

impl From<&Profile> for Parameters {
    fn from(profile: &Profile) -> Self {
        profile.parameters.clone()
    }
}
