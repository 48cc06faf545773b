//! Why a server did not start, or did not reload.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use routehub::{EngineError, Estate, EstateErrors, NotConverged, UnknownName};
use routehub_scenario::{Live, LivePeer, Secret};
use routehub_wire::EncodeError;

use crate::Neighbor;
use crate::bfd::{self, BfdError, SocketError};
use crate::sockopt::MAX_KEY;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something in the estate does not fit.
    #[error(transparent)]
    Estate(#[from] EstateErrors),
    /// There is nothing of this name whose place a real router could take.
    #[error(transparent)]
    UnknownPeer(#[from] UnknownName),
    /// What is modelled of the estate does not converge.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
    /// The OPEN of a session cannot be encoded.
    #[error("the OPEN for {neighbor} cannot be encoded: {error}")]
    Open {
        /// The peer.
        neighbor: Box<Neighbor>,
        /// Why not.
        error: EncodeError,
    },
    /// The BFD that a peer asks for cannot be.
    #[error("the bfd of {peer} cannot be: {error}")]
    Bfd {
        /// The peer's name.
        peer: String,
        /// Why not.
        error: BfdError,
    },
    /// An address cannot be used for BFD.
    #[error("cannot use {address} for BFD: {error}")]
    BfdSocket {
        /// The address; port 0 stands for any to send from.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// The file with the TCP-MD5 key of a peer cannot be read.
    #[error("the password file {} of {peer} cannot be read: {error}", file.display())]
    PasswordFile {
        /// The peer's name.
        peer: String,
        /// The file.
        file: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A peer has a TCP-MD5 key in the network file and another one in a file of its own.
    #[error("{peer} has both `password` and `password_file`: one of them is enough")]
    TwoPasswords {
        /// The peer's name.
        peer: String,
    },
    /// The TCP-MD5 key of a peer cannot be used.
    #[error("the password of {peer} must have 1 to {MAX_KEY} octets")]
    Password {
        /// The peer's name.
        peer: String,
    },
    /// This system refuses the socket options for TCP-MD5 or GTSM.
    #[error("connections with {neighbor} cannot be protected: {error}")]
    Protect {
        /// The peer.
        neighbor: Box<Neighbor>,
        /// Why not.
        error: io::Error,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {who}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Whose address it is.
        who: String,
        /// Why not.
        error: io::Error,
    },
    /// The thread of the engine task, or of a sink, could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// What the file says of a session cannot be done.
    #[error(transparent)]
    Event(#[from] EngineError),
    /// The server has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl From<Infallible> for StartError {
    /// Of an estate that is checked, nothing else can be wrong.
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<SocketError> for StartError {
    fn from(SocketError { address, error }: SocketError) -> Self {
        Self::BfdSocket { address, error }
    }
}

/// The server has stopped, and there is nothing left to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server has stopped")]
pub struct Stopped;

/// Refuses settings that cannot be; gives them with the passwords that stand in files of their own.
pub(super) fn check(live: &Live, estate: &Estate) -> Result<Live, StartError> {
    check_names(live, estate)?;
    let mut live = live.clone();
    for (name, peer) in live.peers.iter_mut().filter(|(_, peer)| peer.live) {
        check_peer(name, peer)?;
    }
    for (server, all) in &mut live.dynamic_neighbors {
        for neighbors in all {
            let name = format!("{} of {server}", neighbors.prefix);
            check_peer(&name, &mut neighbors.template)?;
        }
    }
    Ok(live)
}

/// A real router can take the place of an NVA, a site or a circuit's customer; routers that nobody
/// described are taken at a Route Server.
fn check_names(live: &Live, estate: &Estate) -> Result<(), UnknownName> {
    let nvas = estate.nvas.iter().map(|nva| nva.name.as_str());
    let sites = estate.sites.iter().map(|site| site.name.as_str());
    let circuits = estate.circuits.iter().map(|circuit| circuit.name.as_str());
    let peers: Vec<&str> = nvas.chain(sites).chain(circuits).collect();
    let mut named = live.peers.iter().filter(|(_, peer)| peer.live);
    if let Some((name, _)) = named.find(|(name, _)| !peers.contains(&name.as_str())) {
        return Err(UnknownName::among("NVA, site or circuit", name, peers));
    }
    let servers = estate.route_servers.iter();
    let servers: Vec<&str> = servers.map(|server| server.name.as_str()).collect();
    let mut named = live.dynamic_neighbors.keys();
    match named.find(|name| !servers.contains(&name.as_str())) {
        Some(name) => Err(UnknownName::among("Route Server", name, servers)),
        None => Ok(()),
    }
}

/// The same of the settings of one peer.
fn check_peer(name: &str, peer: &mut LivePeer) -> Result<(), StartError> {
    let name = || name.to_owned();
    if let Some(file) = &peer.password_file {
        if peer.password.is_some() {
            return Err(StartError::TwoPasswords { peer: name() });
        }
        let read = std::fs::read_to_string(file);
        let text = read.map_err(|error| StartError::PasswordFile {
            peer: name(),
            file: file.clone(),
            error,
        })?;
        let first = text.lines().next().unwrap_or_default();
        peer.password = Some(Secret::new(first.to_owned()));
    }
    if let Some(Err(error)) = peer.bfd.as_ref().map(bfd::config) {
        return Err(StartError::Bfd {
            peer: name(),
            error,
        });
    }
    let fits = |key: &Secret| (1..=MAX_KEY).contains(&key.as_str().len());
    match peer.password.as_ref().is_none_or(fits) {
        true => Ok(()),
        false => Err(StartError::Password { peer: name() }),
    }
}

/// The names of the speakers that real routers play.
pub(super) fn live_speakers(live: &Live) -> BTreeSet<String> {
    let names = live.peers.iter().filter(|(_, peer)| peer.live);
    names.map(|(name, _)| name.clone()).collect()
}
