//! What holds at both instances of a Route Server is said once.

use super::{Advertisement, ExplainedRoute, NotAdvertised};

/// Something that may hold at both instances.
pub(super) trait PerInstance: Clone + PartialEq {
    /// The routes that say of which instances it holds.
    fn routes(&mut self) -> &mut [ExplainedRoute];

    /// The same, of no instance. Each puts itself as next hop, which makes no difference.
    fn anywhere(&self) -> Self {
        let mut anywhere = self.clone();
        for route in anywhere.routes() {
            route.instances.clear();
            for advertisement in &mut route.advertisements {
                if let Advertisement::Sent { attributes, .. } = advertisement {
                    attributes.next_hop = None;
                }
            }
        }
        anywhere
    }
}

impl PerInstance for ExplainedRoute {
    fn routes(&mut self) -> &mut [ExplainedRoute] {
        std::slice::from_mut(self)
    }
}

impl PerInstance for NotAdvertised {
    fn routes(&mut self) -> &mut [ExplainedRoute] {
        &mut self.routes
    }
}

/// What is the same at several instances as one.
pub(super) fn merged<T: PerInstance>(each: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for mut item in each {
        let same = |known: &&mut T| known.anywhere() == item.anywhere();
        let Some(known) = all.iter_mut().find(same) else {
            all.push(item);
            continue;
        };
        for (route, other) in known.routes().iter_mut().zip(item.routes()) {
            route.instances.append(&mut other.instances);
            route.instances.sort_unstable();
            route.instances.dedup();
        }
    }
    all
}
