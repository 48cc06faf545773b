//! Whom a session is held with.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use routehub::LiveLink;
use routehub::types::PeerId;
use routehub_scenario::Live;

/// A real router that a session is held with, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// The number that the engine knows it by.
    pub id: PeerId,
    /// What it is to the estate.
    pub link: LiveLink,
    /// Where it is awaited.
    pub local: SocketAddr,
    /// Where it connects from.
    pub remote: Vec<IpAddr>,
    /// Whether it is waited for only; otherwise it is connected to as well.
    pub passive: bool,
}

impl Neighbor {
    /// The neighbour at the far end of a link.
    pub(crate) fn new(id: PeerId, link: &LiveLink, live: &Live) -> Self {
        let peer = live.peers.get(&link.remote);
        let mapped = live.addresses.get(&link.local_address).copied();
        let really = peer.and_then(|peer| peer.peer_address);
        Self {
            id,
            link: link.clone(),
            local: mapped.unwrap_or_else(|| SocketAddr::new(link.local_address, live.port)),
            remote: match really {
                Some(address) => vec![address],
                None => link.remote_addresses.clone(),
            },
            passive: peer.is_none_or(|peer| peer.passive),
        }
    }

    /// Where it is connected to: at the port that it would connect to here.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        let address = self.remote.first()?;
        Some(SocketAddr::new(*address, self.local.port()))
    }
}

impl fmt::Display for Neighbor {
    /// Such as `nva1 at rs 0 (10.0.4.4, AS 65001)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LiveLink {
            local,
            instance,
            remote,
            remote_asn,
            ..
        } = &self.link;
        write!(f, "{remote} at {local}")?;
        instance.iter().try_for_each(|one| write!(f, " {one}"))?;
        f.write_str(" (")?;
        for address in &self.remote {
            write!(f, "{address}, ")?;
        }
        write!(f, "AS {remote_asn})")
    }
}
