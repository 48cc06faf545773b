//! The configured peer of a session.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::time::Duration;

#[cfg(feature = "http")]
use routehub::PeeringReport;
use routehub::estate::{CircuitLink, MaximumPrefix, OverLimit};
use routehub::types::{PeerId, Prefix};
use routehub::{Event, LiveLink, Profile, SessionEnd};
use routehub_scenario::{DynamicNeighbors, Live, LivePeer, Secret, Shutdown};
use routehub_session::SessionConfig;

use crate::bfd::BfdSettings;
use crate::sockopt;
use extensions::extended;

mod extensions;

/// A real router with which there is a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// The number that the engine knows it by.
    pub id: PeerId,
    /// Its link in the estate.
    pub link: LiveLink,
    /// The local address and port, which is listened on.
    pub local: SocketAddr,
    /// Its addresses.
    pub remote: Vec<IpAddr>,
    /// Whether the session waits for its connection and opens none (RFC 4271, section 8.1.1).
    pub passive: bool,
    /// Whether packets must have a TTL of 255 (GTSM, RFC 5082).
    pub ttl_security: bool,
    /// How BFD watches the path to it.
    bfd: Option<BfdSettings>,
    /// Whether the network file asks for BFD that this profile has not.
    lacks_bfd: bool,
    /// The key that segments are signed with (TCP-MD5, RFC 2385).
    password: Option<Secret>,
    /// How long sent data may go unacknowledged (RFC 5482).
    user_timeout: Duration,
    /// The file says that the session is not held, and what the peer is told.
    shutdown: Option<Shutdown>,
    /// How many routes are taken, and what happens beyond.
    maximum_prefix: Option<MaximumPrefix>,
    /// The prefix from which it came by itself; none: it is described.
    came_from: Option<Prefix>,
    config: SessionConfig,
}

/// What makes a session the same after a reload: our speaker, its instance or link, and the peer's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SessionKey {
    local: String,
    instance: Option<u8>,
    circuit_link: Option<CircuitLink>,
    remote: String,
}

impl SessionKey {
    /// That of the session of which the exchange tells.
    #[cfg(feature = "http")]
    pub(crate) fn of(report: &PeeringReport) -> Self {
        Self {
            local: report.local.clone(),
            instance: report.instance,
            circuit_link: report.circuit_link,
            remote: report.remote.clone(),
        }
    }
}

impl Neighbor {
    /// The neighbour at the far end of a link.
    pub(crate) fn new(id: PeerId, link: &LiveLink, live: &Live, profile: &Profile) -> Self {
        Self::of(id, link, live.peers.get(&link.remote), live, profile)
    }

    /// The neighbour at the far end of a link that it made by connecting.
    pub(crate) fn dynamic(
        id: PeerId,
        link: &LiveLink,
        neighbors: &DynamicNeighbors,
        live: &Live,
        profile: &Profile,
    ) -> Self {
        Self {
            came_from: Some(neighbors.prefix),
            ..Self::of(id, link, Some(&neighbors.template), live, profile)
        }
    }

    fn of(
        id: PeerId,
        link: &LiveLink,
        peer: Option<&LivePeer>,
        live: &Live,
        profile: &Profile,
    ) -> Self {
        let mapped = live.addresses.get(&link.local_address).copied();
        let connects_from = peer.and_then(|peer| peer.peer_address);
        let passive = peer.is_none_or(|peer| peer.passive);
        let local = mapped.unwrap_or_else(|| SocketAddr::new(link.local_address, live.port));
        let remote = match connects_from {
            Some(address) => vec![address],
            None => link.remote_addresses.clone(),
        };
        let config = SessionConfig {
            passive,
            ..profile.session_config(link)
        };
        let open = peer.filter(|_| profile.parameters.transparent);
        let asks_for_bfd = peer.filter(|peer| peer.bfd.is_some());
        let has_bfd = has_bfd(link, profile);
        let bfd = asks_for_bfd.filter(|_| has_bfd);
        Self {
            id,
            link: link.clone(),
            bfd: bfd.and_then(|peer| BfdSettings::new(peer, local.ip(), remote.first().copied())),
            lacks_bfd: asks_for_bfd.is_some() && !has_bfd,
            local,
            remote,
            passive,
            ttl_security: peer.is_some_and(|peer| peer.ttl_security),
            password: peer.and_then(|peer| peer.password.clone()),
            user_timeout: user_timeout(profile.parameters.hold_time),
            shutdown: peer.and_then(|peer| peer.shutdown.clone()),
            maximum_prefix: open.and_then(|peer| peer.maximum_prefix),
            came_from: None,
            config: open.map_or_else(|| config.clone(), |peer| extended(config.clone(), peer)),
        }
    }

    /// Whether a session with the other neighbour can go on as one with this: nothing that it or
    /// its connections depend on differs.
    pub(crate) fn same_session_as(&self, other: &Self) -> bool {
        let mut same = self.clone();
        (same.id, same.link.link) = (other.id, other.link.link);
        // BFD goes over to other settings by itself.
        same.bfd.clone_from(&other.bfd);
        same.lacks_bfd = other.lacks_bfd;
        // These act on the session that goes on.
        same.shutdown.clone_from(&other.shutdown);
        same.maximum_prefix = other.maximum_prefix;
        // A prefix that grew around it changes nothing for it.
        if self.is_dynamic() && other.is_dynamic() {
            same.came_from = other.came_from;
        }
        same == *other
    }

    /// What makes its session the same after a reload.
    pub(crate) fn key(&self) -> SessionKey {
        SessionKey {
            local: self.link.local.clone(),
            instance: self.link.instance,
            circuit_link: self.link.circuit_link,
            remote: self.link.remote.clone(),
        }
    }

    /// The prefix of the network file from which it came by itself; none: the file describes it.
    pub const fn came_from(&self) -> Option<Prefix> {
        self.came_from
    }

    /// Whether it came by itself: its session is not held once it is over.
    pub(crate) const fn is_dynamic(&self) -> bool {
        self.came_from.is_some()
    }

    /// How the session is configured.
    pub(crate) const fn session_config(&self) -> &SessionConfig {
        &self.config
    }

    /// Whether the file says that the session is not held.
    pub(crate) const fn is_shut_down(&self) -> bool {
        self.shutdown.is_some()
    }

    /// The event that keeps the session from being held, if the file says that it is not.
    pub(crate) fn shutdown(&self) -> Option<Event> {
        let shutdown = self.shutdown.clone()?;
        Some(Event::Shutdown(SessionEnd {
            peer: self.link.remote.clone(),
            to: Some(self.link.local.clone()),
            instance: self.link.instance,
            link: self.link.circuit_link,
            text: shutdown.text,
        }))
    }

    /// For how long the session is not held once its peer has announced too many routes, and what
    /// is not said to be another time: until it is enabled. None: it begins anew at once.
    pub(crate) fn pause(&self) -> Option<Option<Duration>> {
        let maximum = self.maximum_prefix?;
        Some(match maximum.action {
            OverLimit::Shutdown => None,
            _ => Some(Duration::from_secs(maximum.restart_after.into())),
        })
    }

    /// How BFD watches the path to it; none: it does not.
    pub(crate) const fn bfd(&self) -> Option<&BfdSettings> {
        self.bfd.as_ref()
    }

    /// Whether the network file asks for BFD that this profile has not.
    #[cfg(feature = "http")]
    pub(crate) const fn lacks_bfd(&self) -> bool {
        self.lacks_bfd
    }

    /// Whether segments are signed.
    pub(crate) const fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Sets `TCP_MD5SIG` and, with GTSM, `IP_TTL`. On a listening socket the prefix that it came
    /// from has these.
    pub(crate) fn protect(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        for remote in &self.remote {
            if let Some(key) = &self.password {
                sockopt::set_md5_key(socket, *remote, key.as_str())?;
            }
            if self.ttl_security {
                sockopt::set_ttl_max(socket, *remote)?;
            }
        }
        Ok(())
    }

    /// Sets `IP_MINTTL`, with GTSM.
    pub(crate) fn set_min_ttl(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        match self.remote.first() {
            Some(remote) if self.ttl_security => {
                sockopt::set_min_ttl(socket, *remote, sockopt::GTSM_TTL)
            }
            _ => Ok(()),
        }
    }

    /// Sets `TCP_USER_TIMEOUT`.
    pub(crate) fn set_user_timeout(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        sockopt::set_user_timeout(socket, self.user_timeout)
    }

    /// The address and port to connect to: the port that it would connect to here.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        let address = self.remote.first()?;
        Some(SocketAddr::new(*address, self.local.port()))
    }
}

/// Whether BFD can watch a link: a Route Server of Azure has none, nor has a gateway; the
/// edge of a circuit has.
fn has_bfd(link: &LiveLink, profile: &Profile) -> bool {
    profile.parameters.transparent || link.circuit_link.is_some()
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
            circuit_link,
            remote,
            remote_asn,
            ..
        } = &self.link;
        write!(f, "{remote} at {local}")?;
        if let Some(instance) = instance {
            write!(f, " {instance}")?;
        }
        if let Some(link) = circuit_link {
            write!(f, " {link}")?;
        }
        f.write_str(" (")?;
        for address in &self.remote {
            write!(f, "{address}, ")?;
        }
        write!(f, "AS {remote_asn})")
    }
}
