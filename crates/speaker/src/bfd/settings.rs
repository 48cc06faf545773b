//! What BFD does for a neighbour.

use std::net::IpAddr;

use routehub_bfd::{Config, Hops, Interval, Path, Role, Timers, TimersError};
use routehub_scenario::LivePeer;

/// The sessions of BFD with a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BfdSettings {
    sessions: Vec<(Path, Config)>,
}

/// The timers that the network file asks for.
pub(crate) fn timers(bfd: &routehub_scenario::Bfd) -> Result<Timers, TimersError> {
    let interval = Interval::from_millis(bfd.interval_ms);
    Timers::new(interval, interval, bfd.multiplier)
}

impl BfdSettings {
    /// What the network file asks for; none if that is nothing.
    ///
    /// A file need not say how far the peer is away. Routers that are told of multihop BGP, as a
    /// Route Server asks for, run multihop BFD, so that it is that which begins; a session
    /// over one hop waits for a peer that begins with that.
    pub(crate) fn new(peer: &LivePeer, local: IpAddr, remote: Option<IpAddr>) -> Option<Self> {
        let (bfd, remote) = (peer.bfd.as_ref()?, remote?);
        // Timers that cannot be were refused when the server started.
        let timers = timers(bfd).ok()?;
        let path = |hops| Path {
            hops,
            local,
            remote,
        };
        let single = Config::single_hop(timers);
        let mut multihop = Config::multihop(timers);
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
