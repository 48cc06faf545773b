//! What no route may lie inside, as policies: those of a network are the same for all neighbours
//! of the speakers in it, and are compiled once.

use std::collections::{BTreeMap, BTreeSet};

use routehub_policy::{Fallback, Policy, Rule};
use routehub_types::{Prefix, RuleId};

use super::topology::{Topology, VnetId};
use crate::rules;

/// What a Route Server or gateway in a network refuses, because it lies inside the network or
/// those that use it.
#[derive(Clone, Debug)]
struct TransitPolicies {
    of_server: Policy,
    of_gateway: Policy,
}

/// Such policies by network.
#[derive(Clone, Debug, Default)]
pub(super) struct TransitSpaces(BTreeMap<VnetId, TransitPolicies>);

impl TransitSpaces {
    /// Compiles those of these networks anew.
    pub(super) fn compile(&mut self, topology: &Topology, vnets: impl Iterator<Item = VnetId>) {
        for vnet in vnets {
            let space = topology.transit_space(vnet);
            let policy = |rule: RuleId| {
                let rules = vec![Rule::overlap(rule, space.iter().copied())];
                Policy::compile(rules, Fallback::Accept(rules::NONE))
            };
            let policies = TransitPolicies {
                of_server: policy(rules::INSIDE_LOCAL_NETWORK),
                of_gateway: policy(rules::INSIDE_GATEWAY_NETWORK),
            };
            self.0.insert(vnet, policies);
        }
    }

    /// What a Route Server in a network refuses.
    pub(super) fn of_server(&self, vnet: VnetId) -> Option<&Policy> {
        Some(&self.0.get(&vnet)?.of_server)
    }

    /// What a gateway in a network refuses.
    pub(super) fn of_gateway(&self, vnet: VnetId) -> Option<&Policy> {
        Some(&self.0.get(&vnet)?.of_gateway)
    }
}

/// What becomes of networks when peerings change.
#[derive(Debug)]
pub(crate) struct TopologyChange {
    /// The topology before.
    pub(crate) before: Topology,
    /// The networks whose peerings changed.
    pub(crate) vnets: BTreeSet<VnetId>,
    /// The networks whose gateways and Route Server others use, or no longer.
    pub(crate) spaces: Vec<SpaceChange>,
}

/// Another space of the networks that use the gateways of one.
#[derive(Debug)]
pub(crate) struct SpaceChange {
    /// The network with the gateways.
    pub(crate) vnet: VnetId,
    /// Prefixes that are no longer in it.
    pub(crate) gone: BTreeSet<Prefix>,
    /// Prefixes that are in it now.
    pub(crate) new: BTreeSet<Prefix>,
}

impl TopologyChange {
    /// What changes from one topology to another by the peerings of these networks.
    pub(super) fn new(before: Topology, after: &Topology, vnets: BTreeSet<VnetId>) -> Self {
        let hubs = vnets
            .iter()
            .flat_map(|vnet| [before.hub(*vnet), after.hub(*vnet)]);
        let affected: BTreeSet<VnetId> = vnets.iter().copied().chain(hubs.flatten()).collect();
        let spaces = affected.into_iter().filter_map(|vnet| {
            let [was, is] = [&before, after].map(|topology| {
                let space = topology.spoke_space(vnet);
                space.collect::<BTreeSet<Prefix>>()
            });
            (was != is).then(|| SpaceChange {
                vnet,
                gone: was.difference(&is).copied().collect(),
                new: is.difference(&was).copied().collect(),
            })
        });
        let spaces = spaces.collect();
        Self {
            before,
            vnets,
            spaces,
        }
    }
}
