//! Why a server did not start, or did not reload.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;

use routehub::NotConverged;
use routehub_scenario::Live;
use routehub_wire::EncodeError;

use crate::Neighbor;
use crate::sockopt::MAX_KEY;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
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
    /// The network file has a setting that this server does not support.
    #[error("{peer} wants {what}, which this server does not have")]
    Unsupported {
        /// The peer's name.
        peer: String,
        /// The setting.
        what: &'static str,
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
    /// The server has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// The server has stopped, and there is nothing left to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server has stopped")]
pub struct Stopped;

/// Refuses settings that this server does not support.
pub(super) fn check(live: &Live) -> Result<(), StartError> {
    for (name, peer) in live.peers.iter().filter(|(_, peer)| peer.live) {
        let name = || name.clone();
        if peer.bfd.is_some() {
            let (peer, what) = (name(), "bfd");
            return Err(StartError::Unsupported { peer, what });
        }
        let fits = |key: &String| (1..=MAX_KEY).contains(&key.len());
        if !peer.password.as_ref().is_none_or(fits) {
            return Err(StartError::Password { peer: name() });
        }
    }
    Ok(())
}

/// The names of the speakers that real routers play.
pub(super) fn live_speakers(live: &Live) -> BTreeSet<String> {
    let names = live.peers.iter().filter(|(_, peer)| peer.live);
    names.map(|(name, _)| name.clone()).collect()
}
