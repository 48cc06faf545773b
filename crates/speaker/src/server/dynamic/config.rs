//! From where routers are taken that nobody described.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use routehub::types::{Asn, PeerId};
use routehub::{DynamicPeer, Engine, LiveLink, Profile};
use routehub_scenario::{DynamicNeighbors, Live};

use crate::Neighbor;

/// From where which instances take routers that nobody described, and what their sessions are like.
#[derive(Clone)]
pub(in super::super) struct DynamicConfig {
    profile: Profile,
    live: Live,
    instances: Vec<DynamicInstance>,
}

/// An instance of a Route Server that takes such routers.
#[derive(Clone)]
pub(in super::super) struct DynamicInstance {
    pub(in super::super) route_server: String,
    pub(in super::super) instance: u8,
    /// The address and port, which is listened on.
    pub(in super::super) local: SocketAddr,
    /// From where.
    pub(in super::super) neighbors: Arc<[DynamicNeighbors]>,
}

impl DynamicInstance {
    /// The peer that a router is which comes from a prefix.
    pub(in super::super) fn peer(
        &self,
        those: &DynamicNeighbors,
        remote: IpAddr,
        asn: Asn,
    ) -> DynamicPeer {
        let mut options = those.template.session_options();
        options.live = true;
        DynamicPeer {
            ip: remote,
            asn,
            route_server: self.route_server.clone(),
            instance: self.instance,
            options,
        }
    }
}

impl DynamicConfig {
    /// The instances of an engine's estate, by what the network file says.
    pub(in super::super) fn new(engine: &Engine, live: &Live, profile: &Profile) -> Self {
        let servers = live.dynamic_neighbors.iter();
        let servers = servers.filter(|_| profile.parameters.transparent);
        let instances = servers.flat_map(|(name, all)| {
            (0..2u8).filter_map(move |instance| {
                let speaker = engine.exchange().graph().instance(name, instance)?;
                let address = *engine.exchange().speaker(speaker).addresses.first()?;
                let mapped = live.addresses.get(&address).copied();
                let here = |those: &&DynamicNeighbors| those.instances[usize::from(instance)];
                let neighbors: Arc<[DynamicNeighbors]> = all.iter().filter(here).cloned().collect();
                (!neighbors.is_empty()).then(|| DynamicInstance {
                    route_server: name.clone(),
                    instance,
                    local: mapped.unwrap_or_else(|| SocketAddr::new(address, live.port)),
                    neighbors,
                })
            })
        });
        Self {
            instances: instances.collect(),
            profile: profile.clone(),
            live: live.clone(),
        }
    }

    /// The instances that take them.
    pub(in super::super) fn instances(&self) -> &[DynamicInstance] {
        &self.instances
    }

    /// The instance that listens at an address.
    pub(super) fn at(&self, local: SocketAddr) -> Option<&DynamicInstance> {
        let mut instances = self.instances.iter();
        instances.find(|instance| instance.local == local)
    }

    /// The neighbour that a router is which came by itself.
    pub(in super::super) fn neighbor(
        &self,
        id: PeerId,
        link: &LiveLink,
        those: &DynamicNeighbors,
    ) -> Neighbor {
        Neighbor::dynamic(id, link, those, &self.live, &self.profile)
    }

    /// The same as a neighbour of before, and what makes it one; none if it may not be one now.
    pub(in super::super) fn same(
        &self,
        before: &Neighbor,
    ) -> Option<(&DynamicInstance, &DynamicNeighbors)> {
        let instance = self.at(before.local)?;
        let is_same = instance.route_server == before.link.local
            && Some(instance.instance) == before.link.instance;
        let remote = *before.remote.first()?;
        let mut neighbors = instance.neighbors.iter();
        let those = neighbors.find(|those| those.contains(remote))?;
        (is_same && those.allows(before.link.remote_asn)).then_some((instance, those))
    }
}
