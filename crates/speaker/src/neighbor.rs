//! Whom a session is held with.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use routehub::types::PeerId;
use routehub::{LiveLink, Profile};
use routehub_scenario::Live;

use crate::sockopt;

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
    /// Whether packets are believed only from a direct neighbour (GTSM, RFC 5082).
    pub ttl_security: bool,
    /// What segments are signed with (TCP-MD5, RFC 2385).
    pub(crate) password: Option<Password>,
    /// How long what is sent may go unacknowledged.
    user_timeout: Duration,
}

/// A place for a neighbour in an estate.
pub(crate) type Place = (String, Option<u8>, String);

/// A key that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(pub(crate) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl Neighbor {
    /// The neighbour at the far end of a link.
    pub(crate) fn new(id: PeerId, link: &LiveLink, live: &Live, profile: &Profile) -> Self {
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
            ttl_security: peer.is_some_and(|peer| peer.ttl_security),
            password: peer.and_then(|peer| peer.password.clone()).map(Password),
            user_timeout: user_timeout(profile.hold_time),
        }
    }

    /// Whether a session with this neighbour is as good as one with the other: nothing that the
    /// session or its connections depend on differs.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let link = LiveLink {
            link: other.link.link,
            ..self.link.clone()
        };
        let id = other.id;
        *other
            == Self {
                id,
                link,
                ..self.clone()
            }
    }

    /// Which place of the estate it has: our speaker, its instance, and the neighbour's name.
    pub(crate) fn place(&self) -> Place {
        let LiveLink {
            local,
            instance,
            remote,
            ..
        } = &self.link;
        (local.clone(), *instance, remote.clone())
    }

    /// Makes a socket one for this neighbour: signed with its key, and sending as far as GTSM asks.
    pub(crate) fn protect(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        for remote in &self.remote {
            if let Some(Password(key)) = &self.password {
                sockopt::set_md5_key(socket, *remote, key)?;
            }
            if self.ttl_security {
                sockopt::send_far(socket, *remote)?;
            }
        }
        Ok(())
    }

    /// Has a socket believe this neighbour only from as near as GTSM asks.
    pub(crate) fn believe_near(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        match self.remote.first() {
            Some(remote) if self.ttl_security => sockopt::believe_near(socket, *remote),
            _ => Ok(()),
        }
    }

    /// Has a connection with it end that nobody acknowledges (RFC 5482).
    pub(crate) fn limit(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        sockopt::give_up_after(socket, self.user_timeout)
    }

    /// Where it is connected to: at the port that it would connect to here.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        let address = self.remote.first()?;
        Some(SocketAddr::new(*address, self.local.port()))
    }
}

/// The TCP user timeout of sessions with this hold time, in seconds: a minute more than the send
/// hold time that RFC 9687 recommends, so that a peer that does not read is told by the session
/// why it ends.
fn user_timeout(hold_time: u16) -> Duration {
    Duration::from_secs(60 + u64::from(hold_time).saturating_mul(2).max(480))
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
