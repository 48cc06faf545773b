//! What a failure looked at and touched: with another that it has nothing to do with it comes to
//! what each of them comes to alone.

use routehub_diagnose::{Touch, Ways};
use routehub_exchange::Footprint;

use crate::Network;

/// What a failure looked at and touched.
#[derive(Clone, Debug)]
pub(super) struct Effects {
    /// Of routes and of those who hold them.
    pub(super) footprint: Footprint,
    /// Of the ways of packets.
    pub(super) touch: Touch,
}

impl Effects {
    /// Whether two failures of a network with these ways have nothing to do with each other. Where
    /// routes are `counted`, both may not add some.
    pub(super) fn are_apart(
        &self,
        other: &Self,
        (network, ways): (&Network, &Ways),
        counted: bool,
    ) -> bool {
        let add_routes = self.footprint.adds_routes() && other.footprint.adds_routes();
        !(counted && add_routes)
            && network.are_apart(&self.footprint, &other.footprint)
            && ways.are_apart(&self.touch, &other.touch)
    }
}
