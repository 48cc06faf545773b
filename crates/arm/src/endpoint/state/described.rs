//! Documents, and the network that they describe.

use std::sync::Arc;

use crate::endpoint::network::Network;
use crate::endpoint::store::Store;
use crate::import::Names;

/// Documents, and the network that they describe. A copy is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    pub(crate) store: Store,
    pub(crate) network: Arc<Network>,
}

impl Described {
    /// The network of documents; resources are called as before.
    pub(crate) fn new(mut store: Store, before: &Names) -> Self {
        store.keep_peering_states();
        let network = Arc::new(Network::of(&store, before));
        Self { store, network }
    }
}
