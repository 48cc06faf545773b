//! What only the live server uses: the model ignores it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// How the network is run live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The port that every instance address is listened on.
    pub port: u16,
    /// Socket addresses to listen on in place of an address of the model.
    pub addresses: BTreeMap<IpAddr, SocketAddr>,
    /// Every NVA, site and circuit with an on-premises network, by name.
    pub peers: BTreeMap<String, LivePeer>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            port: 179,
            addresses: BTreeMap::new(),
            peers: BTreeMap::new(),
        }
    }
}

/// How the sessions of one NVA, site or on-premises router are run live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePeer {
    /// A real router must connect; what the file says it announces is not announced.
    pub live: bool,
    /// The TCP-MD5 password.
    pub password: Option<String>,
    /// Only packets that were sent with TTL 255 are believed (GTSM, RFC 5082).
    pub ttl_security: bool,
    /// The server waits to be connected to; otherwise it also connects.
    pub passive: bool,
    /// BFD runs beside the session.
    pub bfd: Option<Bfd>,
    /// The address that it really connects from, where that is not the model's.
    pub peer_address: Option<IpAddr>,
}

/// BFD timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bfd {
    /// Between packets, in milliseconds.
    pub interval_ms: u32,
    /// How many packets may be missed.
    pub multiplier: u8,
}

impl Bfd {
    /// Three packets, 300 ms apart.
    pub const DEFAULT: Self = Self {
        interval_ms: 300,
        multiplier: 3,
    };
}
