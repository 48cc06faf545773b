//! The routes that the fabric programs for a network, before rules of a subnet or NIC: what a sink
//! is given.

use std::net::IpAddr;

use routehub_types::Prefix;

use super::effective::{NicView, ProgrammedRoute, inside_any};
use super::fib::{Fabric, Programmers};

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
    fabric: Fabric<'a>,
    view: NicView<'a>,
    by: Programmers,
    covered: Vec<Prefix>,
}

impl<'a> Fabric<'a> {
    /// The routes of a network; none if there is no such network.
    pub(crate) fn vnet_routes(self, vnet: &str) -> Option<VnetRoutes<'a>> {
        let id = self.deployment().topology().vnet(vnet)?;
        let view = NicView::of_vnet(self.deployment(), id);
        Some(VnetRoutes {
            fabric: self,
            covered: view.covered_space(),
            view,
            by: self.programmers(id, vnet),
        })
    }
}

impl VnetRoutes<'_> {
    /// The route to a prefix, if the network has one.
    pub fn route(&self, prefix: Prefix) -> Option<VnetRoute> {
        self.shown(&self.fabric.programmed_route(&self.by, prefix)?)
    }

    /// Every route, by prefix.
    pub fn all(&self) -> impl Iterator<Item = VnetRoute> {
        let programmed = self.fabric.programmed(&self.by);
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
        for (place, vnet) in vnets.iter().enumerate() {
            let known = last.take().filter(|(by, _)| **by == vnet.by);
            let (_, route) = last.insert(known.unwrap_or_else(|| {
                let route = vnet.fabric.programmed_route(&vnet.by, prefix);
                (&vnet.by, route)
            }));
            visit(place, route.as_ref().and_then(|route| vnet.shown(route)));
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
