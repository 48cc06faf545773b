//! What tags say that is no part of an estate.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use routehub_scenario::LivePeer;

/// What tags say besides what they change of the estate.
#[derive(Clone, Debug, Default)]
pub(super) struct Tagged {
    /// How routers are run live, by name.
    pub(super) live: BTreeMap<String, LivePeer>,
    /// Where instances listen.
    pub(super) listen: BTreeMap<IpAddr, SocketAddr>,
    /// Tags that do not say what they should.
    pub(super) wrong: Vec<String>,
}
