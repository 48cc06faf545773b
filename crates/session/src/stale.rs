//! Routes of the peer that stay although they may be gone.

use routehub_types::{FamilySet, Instant};

/// Which families have stale routes, and until when.
#[derive(Clone, Debug, Default)]
pub(crate) struct StaleRoutes {
    /// Families kept through a restart of the peer.
    pub(crate) retained: FamilySet,
    /// When the peer must be back.
    pub(crate) restart: Option<Instant>,
    /// When retained routes go whatever happens.
    pub(crate) retained_until: Option<Instant>,
    /// Families that the peer is sending again.
    pub(crate) refreshing: FamilySet,
    /// When routes that were not sent again go whatever happens.
    pub(crate) refreshing_until: Option<Instant>,
    /// Families whose End-of-RIB came since the session is established.
    pub(crate) complete: FamilySet,
}
