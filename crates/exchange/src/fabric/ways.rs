//! Programmed routes by where they lead. Networks that the same speakers program have the same
//! routes, and of many routes only a few ways: what holds of a way is asked once for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use routehub_types::Prefix;
use smallvec::SmallVec;

use super::effective::{Cover, NicView, ProgrammedNextHop, ProgrammedRoute};
use super::fib::{Fabric, Programmers};

/// The programmed routes that lead to the same next hops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammedWay {
    /// The first of them.
    route: ProgrammedRoute,
    prefixes: Vec<Prefix>,
}

impl ProgrammedWay {
    /// Where to, in order.
    pub fn prefixes(&self) -> &[Prefix] {
        &self.prefixes
    }

    /// The next hops that NVAs announced, each once.
    pub fn appliances(&self) -> impl Iterator<Item = IpAddr> {
        self.route.appliances()
    }
}

impl ProgrammedRoute {
    /// The next hops that NVAs announced, each once.
    pub fn appliances(&self) -> impl Iterator<Item = IpAddr> {
        self.next_hops.iter().filter_map(|hop| match *hop {
            ProgrammedNextHop::Appliance(address) => Some(address),
            ProgrammedNextHop::Gateway(_) | ProgrammedNextHop::UnknownGateway => None,
        })
    }
}

impl Fabric<'_> {
    /// Every route that these programmers have, by where it leads.
    pub fn ways(self, by: &Programmers) -> Vec<ProgrammedWay> {
        let mut ways: BTreeMap<Arc<[ProgrammedNextHop]>, ProgrammedWay> = BTreeMap::new();
        for route in self.programmed(by) {
            match ways.get_mut(&route.next_hops) {
                Some(way) => way.prefixes.push(route.prefix),
                None => {
                    let prefixes = vec![route.prefix];
                    let next_hops = Arc::clone(&route.next_hops);
                    ways.insert(next_hops, ProgrammedWay { route, prefixes });
                }
            }
        }
        ways.into_values().collect()
    }
}

/// Which programmed routes a NIC has as active rows, without all its rows being made.
pub struct ActiveRoutes<'a> {
    view: NicView<'a>,
    covered: Cover,
    overridden: BTreeSet<Prefix>,
}

impl<'a> NicView<'a> {
    /// Which programmed routes it has as active rows.
    pub fn active_routes(&self) -> ActiveRoutes<'a> {
        let table = self.route_table();
        let user = table.into_iter().flat_map(|table| &table.routes);
        ActiveRoutes {
            view: *self,
            covered: Cover::new(self.covered_space()),
            overridden: user.map(|route| route.prefix).collect(),
        }
    }
}

impl ActiveRoutes<'_> {
    /// Whether a programmed route to a prefix is an active row: propagation is on, no system route
    /// covers it and no user-defined one has its prefix.
    pub fn has(&self, prefix: Prefix) -> bool {
        !self.view.propagation_disabled()
            && !self.overridden.contains(&prefix)
            && !self.covered.has(prefix)
    }

    /// The active rows that lead a way, in order.
    pub fn of<'b>(&'b self, way: &'b ProgrammedWay) -> impl Iterator<Item = Prefix> + 'b {
        let prefixes = way.prefixes.iter().copied();
        prefixes.filter(|prefix| self.has(*prefix))
    }

    /// The next hops that rows of a way show; none where packets are dropped.
    pub fn next_hops(&self, way: &ProgrammedWay) -> Option<Vec<IpAddr>> {
        self.view.used_next_hops(&way.route).map(SmallVec::into_vec)
    }
}
