//! The daemons: how each is told what to do, and asked what it sees.

mod bird;
mod exabgp;
mod frr;
mod gobgp;
mod openbgpd;

use std::net::Ipv4Addr;

pub(crate) use bird::Bird;

use crate::lab::process::Process;

/// A router: who it is, with whom it speaks, and what it announces.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    pub(crate) address: Ipv4Addr,
    pub(crate) asn: u32,
    /// Whom it peers with, and their ASN.
    pub(crate) peers: Vec<Ipv4Addr>,
    pub(crate) peer_asn: u32,
    /// The hold time it offers, in seconds.
    pub(crate) hold_time: u16,
    pub(crate) password: Option<&'static str>,
    pub(crate) announces: Vec<Announced>,
}

/// A route that a router announces with itself as next hop.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    pub(crate) prefix: String,
    pub(crate) communities: Vec<&'static str>,
}

/// A route that a daemon received, as the daemon itself shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heard {
    /// The peer that it came from.
    pub(crate) from: String,
    pub(crate) prefix: String,
    /// Nearest first, as in `65515 65001`.
    pub(crate) as_path: String,
    pub(crate) next_hop: String,
    /// As in `65001:7`.
    pub(crate) communities: Vec<String>,
}

/// A daemon that runs.
pub(crate) trait Daemon: Send + Sync {
    /// The process.
    fn process(self: Box<Self>) -> Process;

    /// The routes that it received from its peers and has now, sorted.
    fn heard(&self) -> Vec<Heard>;

    /// How many of its sessions are established.
    fn established(&self) -> usize;

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
pub(crate) enum Kind {
    Bird,
    Exabgp,
    Frr,
    Gobgp,
    Openbgpd,
}

impl Kind {
    /// Starts it as a router; none if it is not installed.
    pub(crate) fn start(self, router: &Router) -> Option<Box<dyn Daemon>> {
        Some(match self {
            Self::Bird => Box::new(Bird::start_as(router)?),
            Self::Exabgp => Box::new(exabgp::start(router)?),
            Self::Frr => Box::new(frr::start(router)?),
            Self::Gobgp => Box::new(gobgp::start(router)?),
            Self::Openbgpd => Box::new(openbgpd::start(router)?),
        })
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
