//! The daemons: how each is told what to do, and asked what it sees.

mod bird;
mod exabgp;
mod frr;
mod gobgp;
mod openbgpd;

use std::net::Ipv4Addr;

pub use bird::Bird;

use crate::process::Process;

/// A router: who it is, with whom it speaks, and what it announces.
#[derive(Clone, Debug)]
pub struct Router {
    /// Its address and BGP identifier.
    pub address: Ipv4Addr,
    /// Its ASN.
    pub asn: u32,
    /// Whom it peers with.
    pub peers: Vec<Ipv4Addr>,
    /// Their ASN.
    pub peer_asn: u32,
    /// The hold time it offers, in seconds.
    pub hold_time: u16,
    /// The key of TCP MD5 signatures (RFC 2385).
    pub password: Option<&'static str>,
    /// Whether it keeps forwarding through a restart.
    pub restart: Restart,
    /// Whether it passes on what it hears, as daemons do unless they are told not to; BIRD never does.
    pub passes_on: bool,
    /// Its routes.
    pub announces: Vec<Announced>,
}

/// How a router restarts (RFC 4724).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Its peers are to forget it.
    #[default]
    Plain,
    /// It asks its peers to keep its routes.
    Graceful,
    /// The same, and it comes back from a restart.
    Back,
    /// It asks them to keep its routes for two seconds, and half a minute beyond (RFC 9494).
    LongLived,
    /// The same, and it comes back.
    LongLivedBack,
}

impl Restart {
    /// Whether its peers are asked to keep its routes.
    const fn is_graceful(self) -> bool {
        !matches!(self, Self::Plain)
    }

    /// Whether they are asked to keep them for long.
    const fn is_long_lived(self) -> bool {
        matches!(self, Self::LongLived | Self::LongLivedBack)
    }

    /// Whether it comes back from a restart.
    const fn comes_back(self) -> bool {
        matches!(self, Self::Back | Self::LongLivedBack)
    }
}

/// A route that a router announces with itself as next hop.
#[derive(Clone, Debug)]
pub struct Announced {
    /// The destination.
    pub prefix: String,
    /// As in `65001:7`.
    pub communities: Vec<&'static str>,
}

/// A route that a daemon received, as the daemon itself shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heard {
    /// The peer that it came from.
    pub from: String,
    /// The destination.
    pub prefix: String,
    /// Nearest first, as in `65515 65001`.
    pub as_path: String,
    /// The next hop.
    pub next_hop: String,
    /// As in `65001:7`.
    pub communities: Vec<String>,
}

/// A daemon that runs.
pub trait Daemon: Send + Sync {
    /// The process.
    fn process(self: Box<Self>) -> Process;

    /// Whether the process has ended by itself.
    fn has_ended(&self) -> bool;

    /// The routes that it received from its peers and has now, sorted.
    fn heard(&self) -> Vec<Heard>;

    /// The routes to a prefix that it decides between (Loc-RIB).
    fn held(&self, prefix: &str) -> Vec<Heard> {
        let mut held = self.heard();
        held.retain(|route| route.prefix == prefix);
        held
    }

    /// How many of its sessions are established.
    fn established(&self) -> usize;

    /// Has it announce a route from here on, as it runs; it must not announce the prefix already.
    fn announce(&self, route: &Announced);

    /// Has it withdraw a prefix that it announces.
    fn withdraw(&self, prefix: &str);

    /// Sends its peers a ROUTE-REFRESH; says no if it is one that never does.
    fn refresh(&self) -> bool;

    /// Whether it sends its routes again when it is asked to.
    fn answers_refresh(&self) -> bool {
        true
    }

    /// How many UPDATEs it received from a peer.
    fn updates(&self, peer: Ipv4Addr) -> u64;

    /// Code and subcode of the last NOTIFICATION that it received from a peer, as in `6/2`; `?`
    /// if it tells no more than that there was one.
    fn notification(&self, peer: Ipv4Addr) -> Option<String>;
}

/// Which daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// BIRD 2.
    Bird,
    /// ExaBGP.
    Exabgp,
    /// FRR.
    Frr,
    /// GoBGP.
    Gobgp,
    /// OpenBGPD.
    Openbgpd,
}

impl Kind {
    /// Starts it as a router; none if it is not installed.
    pub fn start(self, router: &Router) -> Option<Box<dyn Daemon>> {
        self.start_with(router, &self.configuration(router))
    }

    /// Starts it with a configuration of its own; the router says who it is and whom it can be
    /// asked about. None if it is not installed.
    pub fn start_with(self, router: &Router, configuration: &str) -> Option<Box<dyn Daemon>> {
        Some(match self {
            Self::Bird => Box::new(bird::start(router, configuration)?),
            Self::Exabgp => Box::new(exabgp::start(configuration)?),
            Self::Frr => Box::new(frr::start(router, configuration)?),
            Self::Gobgp => Box::new(gobgp::start(router, configuration)?),
            Self::Openbgpd => Box::new(openbgpd::start(router, configuration)?),
        })
    }

    /// The configuration of a router.
    fn configuration(self, router: &Router) -> String {
        match self {
            Self::Bird => bird::configuration(router),
            Self::Exabgp => exabgp::configuration(router),
            Self::Frr => frr::configuration(router),
            Self::Gobgp => gobgp::configuration(router),
            Self::Openbgpd => openbgpd::configuration(router),
        }
    }
}

/// An address of which a program is to be told.
fn text(address: Ipv4Addr) -> String {
    address.to_string()
}

/// Code and subcode of a NOTIFICATION by the words of a daemon.
fn code_of(words: &str, known: &[(&str, &str)]) -> Option<String> {
    let known = known.iter().find(|(text, _)| words.contains(text))?;
    Some(known.1.to_owned())
}
