//! The routes that the fabric programs for a network, before rules of a subnet or NIC: what a sink
//! is given.

use std::net::IpAddr;

use routehub_types::Prefix;

use crate::effective::{NicView, ProgrammedRoute, inside_any};
use crate::exchange::Exchange;
use crate::programmed::Programmers;

/// A route of a network's NICs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VnetRoute {
    /// Where to.
    pub prefix: Prefix,
    /// Where packets go, in order; where there is none, packets are dropped.
    pub next_hops: Vec<IpAddr>,
}

/// The routes of one network, as they are now: those of a NIC with the network's name, without a
/// route table or service endpoints. System routes are not among them.
pub struct VnetRoutes<'a> {
    exchange: &'a Exchange,
    view: NicView<'a>,
    by: Programmers,
    covered: Vec<Prefix>,
}

impl Exchange {
    /// The routes of a network; none if there is no such network.
    pub fn vnet_routes(&self, vnet: &str) -> Option<VnetRoutes<'_>> {
        let id = self.topology.vnet(vnet)?;
        let view = NicView {
            topology: &self.topology,
            vnet: id,
            service_endpoints: &[],
            route_table: None,
            unreachable: self.parameters.unreachable_next_hop,
            ipv6: self.parameters.ipv6,
        };
        Some(VnetRoutes {
            exchange: self,
            covered: view.covered_space(),
            view,
            by: self.programmers(id, vnet),
        })
    }
}

impl VnetRoutes<'_> {
    /// The route to a prefix, if the network has one.
    pub fn route(&self, prefix: Prefix) -> Option<VnetRoute> {
        self.shown(&self.exchange.programmed_route(&self.by, prefix)?)
    }

    /// Every route, by prefix.
    pub fn all(&self) -> impl Iterator<Item = VnetRoute> {
        let programmed = self.exchange.programmed_from(self.by.clone());
        programmed.filter_map(|route| self.shown(&route))
    }

    /// The routes of several networks to a prefix, by their place in the list. Networks that one
    /// and the same Route Server programs are looked up once.
    pub fn route_of_each(
        vnets: &[Self],
        prefix: Prefix,
        mut visit: impl FnMut(usize, Option<VnetRoute>),
    ) {
        let mut last: Option<(&Programmers, Option<ProgrammedRoute>)> = None;
        for (place, one) in vnets.iter().enumerate() {
            let known = last.take().filter(|(by, _)| **by == one.by);
            let (_, route) = last.insert(known.unwrap_or_else(|| {
                let route = one.exchange.programmed_route(&one.by, prefix);
                (&one.by, route)
            }));
            visit(place, route.as_ref().and_then(|route| one.shown(route)));
        }
    }

    fn shown(&self, route: &ProgrammedRoute) -> Option<VnetRoute> {
        let free = !inside_any(route.prefix, &self.covered);
        free.then(|| VnetRoute {
            prefix: route.prefix,
            next_hops: self.view.programmed_row(route).next_hops,
        })
    }
}
