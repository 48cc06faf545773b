//! What BFD does for a neighbour.

use std::net::IpAddr;

use routehub_bfd::{
    Authentication, AuthenticationType, Config, Hops, Interval, KeyLength, Path, Role, Timers,
    TimersError,
};
use routehub_scenario::{Bfd, LivePeer};

/// The sessions of BFD with a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BfdSettings {
    sessions: Vec<(Path, Config)>,
}

/// What the network file asks for cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BfdError {
    /// The timers.
    #[error(transparent)]
    Timers(#[from] TimersError),
    /// The key.
    #[error("its password is {0}")]
    Password(#[from] KeyLength),
}

/// How sessions are configured that the network file asks for, over one hop.
pub(crate) fn config(bfd: &Bfd) -> Result<Config, BfdError> {
    let interval = Interval::from_millis(bfd.interval_ms);
    let timers = Timers::new(interval, interval, bfd.multiplier)?;
    let authentication = bfd.password.as_ref().map(|password| {
        let kind = AuthenticationType::MeticulousKeyedSha1;
        Authentication::new(kind, bfd.key_id, password.as_str().as_bytes())
    });
    Ok(Config {
        authentication: authentication.transpose()?,
        ..Config::single_hop(timers)
    })
}

impl BfdSettings {
    /// What the network file asks for; none if that is nothing.
    ///
    /// A file need not say how far the peer is away. Routers that are told of multihop BGP, as a
    /// Route Server asks for, run multihop BFD, so that it is that which begins; a session
    /// over one hop waits for a peer that begins with that.
    pub(crate) fn new(peer: &LivePeer, local: IpAddr, remote: Option<IpAddr>) -> Option<Self> {
        let (bfd, remote) = (peer.bfd.as_ref()?, remote?);
        // What cannot be was refused when the server started.
        let single = config(bfd).ok()?;
        let path = |hops| Path {
            hops,
            local,
            remote,
        };
        let mut multihop = Config {
            least_ttl: 0,
            ..single.clone()
        };
        if peer.ttl_security {
            // No packet that is believed comes from further away (GTSM, RFC 5082).
            multihop.least_ttl = Hops::TTL;
        }
        let waiting = Config {
            role: Role::Passive,
            ..single.clone()
        };
        let sessions = match bfd.multihop {
            Some(true) => vec![(path(Hops::Multiple), multihop)],
            Some(false) => vec![(path(Hops::Single), single)],
            None => vec![
                (path(Hops::Multiple), multihop),
                (path(Hops::Single), waiting),
            ],
        };
        Some(Self { sessions })
    }

    /// Each session, and how it is configured.
    pub(crate) fn sessions(&self) -> &[(Path, Config)] {
        &self.sessions
    }

    /// The same sessions, but for their timers: they need not end for these.
    pub(crate) fn differ_in_timers_alone(&self, other: &Self) -> bool {
        let mut pairs = self.sessions.iter().zip(&other.sessions);
        self.sessions.len() == other.sessions.len()
            && pairs.all(|((path, config), (other_path, other))| {
                let timers = other.timers;
                let config = Config {
                    timers,
                    ..config.clone()
                };
                path == other_path && config == *other
            })
    }
}
