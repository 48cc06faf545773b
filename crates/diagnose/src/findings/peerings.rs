//! Findings about peerings: what they lend, and packets that do not pass.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::estate::{Nva, Peering, UserRouteTarget};
use routehub_exchange::view::{
    ActiveRoutes, NicView, ProgrammedRoute, ProgrammedWay, Programmers, VnetId,
};
use routehub_exchange::{Exchange, rules};
use routehub_types::Prefix;

use super::Findings;
use crate::explain::programmed_around;
use crate::words::listed;

/// Whether the network whose gateways a peering lends has neither gateway nor Route Server.
pub(super) fn lends_nothing(exchange: &Exchange, peering: &Peering) -> bool {
    user_and_hub(peering).is_some_and(|(_, hub)| {
        let hub = exchange.topology().vnet(hub);
        hub.is_some_and(|hub| exchange.fabric().programmers_in(hub).is_empty())
    })
}

/// The network that would use the other's gateways, and that other.
fn user_and_hub(peering: &Peering) -> Option<(&str, &str)> {
    match (
        peering.a_to_b.use_remote_gateways,
        peering.b_to_a.use_remote_gateways,
    ) {
        (_, true) => Some((&peering.b, &peering.a)),
        (true, _) => Some((&peering.a, &peering.b)),
        _ => None,
    }
}

/// A spoke of a hub that has neither gateway nor Route Server.
pub(super) fn nothing_to_use(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let peerings = exchange.estate().peerings.iter();
    for peering in peerings.filter(|peering| lends_nothing(exchange, peering)) {
        if let Some((spoke, hub)) = user_and_hub(peering) {
            let text = format!(
                "{hub} has neither gateway nor Route Server that {spoke} could use: Azure takes \
                 use_remote_gateways only when there is one."
            );
            findings.info(rules::REMOTE_GATEWAYS_ONCE, spoke, text);
        }
    }
}

/// Peerings that have routes, but let no packets pass.
pub(super) fn access(findings: &mut Findings<'_>) {
    for peering in &findings.exchange.estate().peerings {
        let (a, b) = (&peering.a, &peering.b);
        for (vnet, other, flags) in [(a, b, peering.a_to_b), (b, a, peering.b_to_a)] {
            if !flags.allow_virtual_network_access {
                let text = format!(
                    "allow_virtual_network_access is off in {vnet} on its peering with {other}: \
                     the routes are there, packets between the two are dropped."
                );
                findings.warning(rules::NO_NETWORK_ACCESS, vnet, text);
            }
        }
    }
}

/// Networks that do not take forwarded traffic that an NVA sends them.
pub(super) fn forwarded_traffic(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let topology = exchange.topology();
    let all = || {
        let vnets = topology.vnets();
        vnets.flat_map(|vnet| topology.neighbors(vnet))
    };
    if all().all(|neighbor| neighbor.takes_forwarded) {
        return;
    }
    let mut lost: BTreeMap<(VnetId, VnetId), BTreeSet<&str>> = BTreeMap::new();
    let mut hubs: BTreeMap<VnetId, Vec<&Nva>> = BTreeMap::new();
    for nva in &exchange.estate().nvas {
        if let Some(hub) = topology.vnet(&nva.vnet) {
            hubs.entry(hub).or_default().push(nva);
        }
    }
    // Networks that the same speakers program have the same routes: these are looked up once.
    let mut refusing: BTreeMap<(Option<usize>, VnetId), Vec<Refusing>> = BTreeMap::new();
    for nic in findings.nics.clone() {
        let Some(view) = exchange.fabric().nic(nic) else {
            continue;
        };
        let by = exchange.fabric().programmers(view, &nic.name);
        let ways = findings.ways(&by);
        let place = findings.ways.iter().position(|(known, _)| *known == by);
        let leads = Leads {
            active: view.active_routes(),
            view,
            ways: &ways,
        };
        for (hub, nvas) in hubs.iter().filter(|(hub, _)| **hub != view.vnet()) {
            let others = refusing.entry((place, *hub));
            let others = others.or_insert_with(|| Refusing::of(exchange, *hub, &by));
            for (vnet, nva) in leads.refused(exchange, *hub, nvas, others) {
                lost.entry((vnet, *hub)).or_default().insert(nva);
            }
        }
    }
    for ((vnet, hub), nvas) in lost {
        let [vnet, hub] = [vnet, hub].map(|vnet| topology.name(vnet));
        let text = format!(
            "{} in {hub} forwards packets to {vnet}, which drops them unless they come from \
             {hub}: set allow_forwarded_traffic in {vnet} on its peering with {hub}.",
            listed(nvas)
        );
        findings.warning(rules::FORWARDED_TRAFFIC_OFF, vnet, text);
    }
}

/// Whether a network does not take what somebody in a peered one forwards.
fn refuses(exchange: &Exchange, vnet: VnetId, hub: VnetId) -> bool {
    let from_hub = exchange.topology().neighbor(vnet, hub);
    from_hub.is_some_and(|neighbor| !neighbor.takes_forwarded)
}

/// A prefix of a network that refuses what is forwarded in a hub.
struct Refusing {
    vnet: VnetId,
    prefix: Prefix,
    /// The programmed routes around it, the longest first.
    routes: Vec<ProgrammedRoute>,
}

impl Refusing {
    /// All of those peered with a hub.
    fn of(exchange: &Exchange, hub: VnetId, by: &Programmers) -> Vec<Self> {
        let neighbors = exchange.topology().neighbors(hub).iter();
        let refusing = neighbors.filter(|of| of.vnet != hub && refuses(exchange, of.vnet, hub));
        let prefixes = refusing.flat_map(|of| of.space.iter().map(|prefix| (of.vnet, *prefix)));
        let refusing = prefixes.map(|(vnet, prefix)| Self {
            vnet,
            prefix,
            routes: programmed_around(exchange, by, prefix),
        });
        refusing.collect()
    }
}

/// Where a NIC's routes lead.
struct Leads<'a> {
    view: NicView<'a>,
    active: ActiveRoutes<'a>,
    ways: &'a [ProgrammedWay],
}

impl Leads<'_> {
    /// The networks that refuse what NVAs in a hub forward because of these routes, each with the
    /// NVA: the NIC's own, where answers from beyond the hub come back, and those led to.
    fn refused<'n>(
        &self,
        exchange: &Exchange,
        hub: VnetId,
        nvas: &[&'n Nva],
        others: &[Refusing],
    ) -> Vec<(VnetId, &'n str)> {
        let own = self.view.vnet();
        let mut refused = Vec::new();
        if refuses(exchange, own, hub) {
            let space = exchange.topology().space(hub);
            let beyond = nvas.iter().filter(|nva| self.beyond(nva, space));
            refused.extend(beyond.map(|nva| (own, nva.name.as_str())));
        }
        let has_table = self.view.route_table().is_some();
        let led = others.iter().filter(|of| of.vnet != own);
        for of in led.filter(|of| has_table || !of.routes.is_empty()) {
            let to_it = nvas
                .iter()
                .filter(|nva| self.leads_to(nva, of.prefix, &of.routes));
            refused.extend(to_it.map(|nva| (of.vnet, nva.name.as_str())));
        }
        refused
    }

    /// The prefixes and addresses of its user-defined routes.
    fn user_routes(&self) -> impl Iterator<Item = (Prefix, Option<IpAddr>)> {
        let table = self.view.route_table().into_iter();
        table.flat_map(|table| &table.routes).map(|route| {
            let address = match route.target {
                UserRouteTarget::VirtualAppliance(address) => Some(address),
                _ => None,
            };
            (route.prefix, address)
        })
    }

    /// Whether packets beyond a network go to an NVA: then the answers to them come back from it.
    fn beyond(&self, nva: &Nva, space: &[Prefix]) -> bool {
        let beyond = |prefix: Prefix| !space.iter().any(|space| space.contains(prefix));
        let mut user = self.user_routes();
        let to_it = |way: &&ProgrammedWay| {
            let hops = self.active.next_hops(way);
            hops.is_some_and(|hops| hops.contains(&nva.ip))
        };
        user.any(|(prefix, hop)| hop == Some(nva.ip) && beyond(prefix)) || {
            let mut ways = self.ways.iter().filter(to_it);
            ways.any(|way| self.active.of(way).any(beyond))
        }
    }

    /// Whether packets to a prefix go to an NVA; `routes` are the programmed ones around it, the
    /// longest first.
    fn leads_to(&self, nva: &Nva, prefix: Prefix, routes: &[ProgrammedRoute]) -> bool {
        let user = self.user_routes().filter(|(to, _)| to.contains(prefix));
        let user = user.max_by_key(|(to, _)| to.length());
        let mut programmed = routes.iter();
        let programmed = programmed.find(|route| self.active.has(route.prefix));
        let system = self.view.local_space().filter(|to| to.contains(prefix));
        let system = system.map(|to| to.length() + 1).max().unwrap_or_default();
        let of_user = user.map_or(0, |(to, _)| to.length() + 1);
        let of_programmed = programmed.map_or(0, |route| route.prefix.length() + 1);
        if of_user >= system.max(of_programmed) {
            return user.is_some_and(|(_, hop)| hop == Some(nva.ip));
        }
        of_programmed > system
            && programmed.is_some_and(|route| {
                route.appliances().any(|hop| hop == nva.ip) && self.view.reaches(nva.ip)
            })
    }
}
