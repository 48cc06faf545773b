//! A sink in memory: the routes of every network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use routehub::types::Prefix;

use super::{RouteChange, Sink, SinkError};

type Routes = BTreeMap<Prefix, Vec<IpAddr>>;

/// Remembers every network's routes.
#[derive(Debug, Default)]
pub struct MemorySink {
    routes: MemoryRoutes,
    batch: Vec<RouteChange>,
}

/// What a [`MemorySink`] remembers; a change shows when its whole batch is committed.
#[derive(Clone, Debug, Default)]
pub struct MemoryRoutes {
    vnets: Arc<RwLock<BTreeMap<String, Routes>>>,
}

impl MemorySink {
    /// What it remembers.
    pub fn routes(&self) -> MemoryRoutes {
        self.routes.clone()
    }
}

impl MemoryRoutes {
    /// The routes of a network, in order: none if it has none.
    pub fn of(&self, vnet: &str) -> BTreeMap<Prefix, Vec<IpAddr>> {
        let vnets = self.vnets.read().unwrap_or_else(PoisonError::into_inner);
        vnets.get(vnet).cloned().unwrap_or_default()
    }

    /// The routes of every network that has some.
    pub fn all(&self) -> BTreeMap<String, BTreeMap<Prefix, Vec<IpAddr>>> {
        let vnets = self.vnets.read().unwrap_or_else(PoisonError::into_inner);
        vnets.clone()
    }
}

impl Sink for MemorySink {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn replace(&mut self, vnet: &str, prefix: Prefix, next_hops: &[IpAddr]) {
        let change = RouteChange::new(vnet, prefix, Some(next_hops));
        self.batch.push(change);
    }

    fn withdraw(&mut self, vnet: &str, prefix: Prefix) {
        self.batch.push(RouteChange::new(vnet, prefix, None));
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        let vnets = self.routes.vnets.write();
        let mut vnets = vnets.unwrap_or_else(PoisonError::into_inner);
        for change in self.batch.drain(..) {
            let routes = vnets.entry(change.vnet).or_default();
            match change.next_hops {
                Some(next_hops) => routes.insert(change.prefix, next_hops),
                None => routes.remove(&change.prefix),
            };
        }
        vnets.retain(|_, routes| !routes.is_empty());
        Ok(())
    }
}
