//! The rows of a network interface around a destination, and what is missing there.

use std::collections::BTreeSet;

use routehub_exchange::view::{NicView, ProgrammedRoute, Programmers, SpeakerId, VnetId};
use routehub_exchange::{
    EffectiveRow, Exchange, NextHopType, PathStanding, RouteSource, RouteState, rules,
};
use routehub_types::Prefix;

use super::advertised::{is_originated, known_around, supernets};
use super::notes;
use super::speaker::{Way, merged};
use super::{ExplainedRoute, ExplainedRow, MissingRoute, NicExplanation, RowOutcome};
use crate::Reason;
use crate::described::missing_flags;
use crate::next_hops::next_hop_fault;
use crate::words::{framed, listed};

/// Why a NIC has, or has not, routes around a destination.
pub(super) fn explain(
    exchange: &Exchange,
    name: &str,
    destination: Prefix,
) -> Option<NicExplanation> {
    let nic = exchange.estate().nics.iter().find(|nic| nic.name == name)?;
    let view = exchange.fabric().nic(nic)?;
    let programmers = exchange.fabric().programmers(view, name);
    let interface = Interface {
        exchange,
        programmed: programmed_around(exchange, &programmers, destination),
        deciding: programmers.deciding().to_vec(),
        view,
    };
    let deciding = interface.deciding.iter();
    let names = deciding.map(|id| exchange.speaker(*id).name.clone());
    let mut programmed_by: Vec<String> = names.collect();
    programmed_by.dedup();
    let rows = interface.rows(destination);
    let known = known_around(exchange, destination).into_iter();
    let missing = known.filter_map(|prefix| interface.missing(&rows, prefix));
    Some(NicExplanation {
        nic: name.to_owned(),
        vnet: nic.vnet.clone(),
        destination,
        programmed_by,
        missing: missing.collect(),
        rows,
    })
}

/// The programmed routes around a destination, the longest first: no other one has a say in the
/// rows around it.
pub(crate) fn programmed_around(
    exchange: &Exchange,
    by: &Programmers,
    destination: Prefix,
) -> Vec<ProgrammedRoute> {
    let around = supernets(destination);
    let routes = around.filter_map(|prefix| exchange.fabric().programmed_route(by, prefix));
    routes.collect()
}

/// The longest of a row's prefixes around a destination.
pub(crate) fn longest_around(row: &EffectiveRow, destination: Prefix) -> Option<Prefix> {
    let prefixes = row.prefixes.iter().copied();
    let around = prefixes.filter(|prefix| prefix.contains(destination));
    around.max_by_key(|prefix| prefix.length())
}

/// A network interface, and what it is programmed with around a destination.
struct Interface<'a> {
    exchange: &'a Exchange,
    view: NicView<'a>,
    programmed: Vec<ProgrammedRoute>,
    /// Who programs it.
    deciding: Vec<SpeakerId>,
}

impl Interface<'_> {
    /// The rows around a destination, the longest first.
    fn rows(&self, destination: Prefix) -> Vec<ExplainedRow> {
        let mut programmed = self.programmed.clone();
        programmed.sort_unstable_by_key(|route| route.prefix);
        let rows = self.view.rows(&programmed).into_iter();
        let around = rows.filter_map(|row| Some((longest_around(&row, destination)?, row)));
        let mut rows: Vec<(Prefix, EffectiveRow)> = around.collect();
        let active = |row: &EffectiveRow| row.state == RouteState::Active;
        rows.sort_by_key(|(prefix, row)| (std::cmp::Reverse(prefix.length()), !active(row)));
        let mut used = None;
        let explained = rows.into_iter().map(|(prefix, row)| {
            let outcome = match used {
                _ if !active(&row) => {
                    let by = self.view.overriding_endpoint(&row);
                    let wider = by.filter(|route| *route != prefix);
                    wider.map_or(RowOutcome::Overridden, |route| RowOutcome::OverriddenBy {
                        route,
                    })
                }
                Some(than) => RowOutcome::Shorter { than },
                None => {
                    used = Some(prefix);
                    RowOutcome::Used
                }
            };
            let learned = row.source == RouteSource::VirtualNetworkGateway;
            let route = self.programmed_route(prefix).filter(|_| learned);
            ExplainedRow {
                unreachable: route
                    .map_or_else(Vec::new, |route| self.view.unreachable_next_hops(route)),
                routes: route.map_or_else(Vec::new, |_| self.routes_at(&self.deciding, prefix)),
                because: self.because(&row, outcome, destination),
                notes: notes::of_row(self.exchange, self.view, &self.deciding, &row),
                outcome,
                row,
            }
        });
        explained.collect()
    }

    /// The rule that makes a private endpoint's row what it is, or by which packets to a
    /// peered network are dropped.
    fn because(
        &self,
        row: &EffectiveRow,
        outcome: RowOutcome,
        destination: Prefix,
    ) -> Option<Reason> {
        let topology = self.exchange.topology();
        // Nothing follows a row that is not used; what a private endpoint's is stays worth saying.
        let is_followed = outcome == RowOutcome::Used;
        if !is_followed && row.next_hop_type != NextHopType::InterfaceEndpoint {
            return None;
        }
        if row.source == RouteSource::User {
            return self.dropped_by_user_route(row);
        }
        match row.next_hop_type {
            NextHopType::InterfaceEndpoint => {
                let mut endpoints = self.view.private_endpoints();
                let host = |ip| row.prefixes.contains(&Prefix::host(ip));
                let endpoint = endpoints.find(|endpoint| host(endpoint.ip))?;
                let at = format!("{} in {}/{}", endpoint.name, endpoint.vnet, endpoint.subnet);
                let evidence = match self.view.overriding_endpoint(row) {
                    Some(_) => format!("{at}, which has network policies for routes"),
                    None => at,
                };
                Some(Reason::new(rules::PRIVATE_ENDPOINT, evidence))
            }
            NextHopType::VNetPeering | NextHopType::VNetGlobalPeering => {
                let mut closed = self.view.neighbors().filter(|neighbor| !neighbor.access);
                let around = |prefix: &Prefix| prefix.contains(destination);
                let peer = closed.find(|neighbor| neighbor.space.iter().any(around))?;
                let [own, peer] = [self.view.vnet(), peer.vnet].map(|vnet| topology.name(vnet));
                let evidence = format!("peering of {own} and {peer}");
                Some(Reason::new(rules::NO_NETWORK_ACCESS, evidence))
            }
            NextHopType::None if row.source == RouteSource::Default => {
                Some(notes::of_dropped_range(row))
            }
            _ => None,
        }
    }

    /// The rule by which packets that follow a user-defined route are dropped: it says so, or its
    /// next hop is of no use.
    fn dropped_by_user_route(&self, row: &EffectiveRow) -> Option<Reason> {
        let table = self.view.route_table()?;
        match (row.next_hop_type, row.next_hops.as_slice()) {
            (NextHopType::None, _) => {
                let evidence = format!("route table {} sends them nowhere", table.name);
                Some(Reason::new(rules::ROUTE_PRECEDENCE, evidence))
            }
            (NextHopType::VirtualAppliance, [hop]) => {
                let (rule, fault) = next_hop_fault(self.exchange, &[self.view], *hop)?;
                let evidence = format!(
                    "route table {}, {}",
                    table.name,
                    fault.trim_end_matches('.')
                );
                Some(Reason::new(rule, evidence))
            }
            _ => None,
        }
    }

    fn programmed_route(&self, prefix: Prefix) -> Option<&ProgrammedRoute> {
        self.programmed.iter().find(|route| route.prefix == prefix)
    }

    fn routes_at(&self, speakers: &[SpeakerId], prefix: Prefix) -> Vec<ExplainedRoute> {
        let way = Way::new(self.exchange, prefix);
        let routes = speakers.iter().map(|id| way.route_at(*id));
        merged(
            routes.filter(|route| !route.is_empty()),
            std::slice::from_mut,
        )
    }

    /// Why a route that somebody has is not among the rows, if it is not.
    fn missing(&self, rows: &[ExplainedRow], prefix: Prefix) -> Option<MissingRoute> {
        let learned = |row: &EffectiveRow| row.source == RouteSource::VirtualNetworkGateway;
        let mut of_prefix = rows.iter().map(|row| &row.row);
        if of_prefix.any(|row| learned(row) && row.prefixes.contains(&prefix)) {
            return None;
        }
        if self.is_system(rows, prefix) {
            return None;
        }
        let routes = self.routes_at(&self.deciding, prefix);
        let because = if self.programmed_route(prefix).is_some() {
            self.kept_from(prefix)
        } else if let Some(because) = refused(&routes) {
            because
        } else if let Some(owner) = self.owner_of(prefix) {
            self.not_peered(owner, prefix)?
        } else if self.deciding.is_empty() {
            return Some(self.nobody_programs(prefix));
        } else {
            stopped(&routes).or_else(|| self.not_sent_here(prefix))?
        };
        Some(MissingRoute {
            prefix,
            because,
            routes,
        })
    }

    /// Whether a prefix is that of a network that the NIC has a system route to, and nobody else
    /// announces it: otherwise there is something to say.
    fn is_system(&self, rows: &[ExplainedRow], prefix: Prefix) -> bool {
        let there: BTreeSet<&Prefix> = rows.iter().flat_map(|row| &row.row.prefixes).collect();
        let mut own = self.view.local_space();
        own.any(|space| space == prefix)
            && there.contains(&prefix)
            && !is_originated(self.exchange, prefix)
    }

    /// Why a programmed route is not among the rows.
    fn kept_from(&self, prefix: Prefix) -> Reason {
        if self.view.propagation_disabled() {
            let table = self.view.route_table();
            let table = table.map_or("", |table| table.name.as_str());
            let evidence = format!("route table {table} disables propagation");
            return Reason::new(rules::PROPAGATION_DISABLED, evidence);
        }
        let mut endpoints = self.view.service_endpoints().iter();
        if let Some(endpoint) = endpoints.find(|endpoint| endpoint.contains(prefix)) {
            let evidence = format!("inside service endpoint {endpoint}");
            return Reason::new(rules::SERVICE_ENDPOINT, evidence);
        }
        let topology = self.exchange.topology();
        let own = self.view.vnet();
        let peered = self.view.neighbors();
        let peered = peered.map(|neighbor| (neighbor.vnet, neighbor.space.as_slice()));
        let around = std::iter::once((own, topology.space(own)))
            .chain(peered)
            .find_map(|(vnet, space)| {
                let around = space.iter().find(|space| space.contains(prefix))?;
                let peered = if vnet == own { "own" } else { "peered" };
                let name = topology.name(vnet);
                Some(format!("inside {around} of {peered} VNet {name}"))
            });
        Reason::new(rules::LOCAL_PER_NETWORK, around.unwrap_or_default())
    }

    /// Nobody programs the network: a peered one could, and what stands there.
    fn nobody_programs(&self, prefix: Prefix) -> MissingRoute {
        let topology = self.exchange.topology();
        let own = topology.name(self.view.vnet());
        let neighbors = topology.neighbors(self.view.vnet()).iter();
        let hubs = neighbors.filter_map(|neighbor| {
            let there = self.exchange.fabric().programmers_in(neighbor.vnet);
            let name = topology.name(neighbor.vnet);
            (!there.is_empty()).then(|| (name, self.routes_at(there.deciding(), prefix)))
        });
        // One that has the route, if there is one.
        let hub = hubs.min_by_key(|(_, routes)| routes.iter().all(|route| route.paths.is_empty()));
        let (evidence, routes) = match hub {
            Some((hub, routes)) => {
                let flags = missing_flags(self.exchange.estate(), own, hub);
                (format!("peering of {own} with {hub}: {flags}"), routes)
            }
            None => {
                let evidence = format!("{own} uses nobody's Route Server or gateway");
                (evidence, Vec::new())
            }
        };
        MissingRoute {
            prefix,
            because: Reason::new(rules::GATEWAY_TRANSIT, evidence),
            routes,
        }
    }

    /// The network that a prefix is the space of, or a peered subnet.
    fn owner_of(&self, prefix: Prefix) -> Option<VnetId> {
        let topology = self.exchange.topology();
        let mut vnets = topology.vnets();
        let whole = vnets.find(|vnet| topology.space(*vnet).contains(&prefix));
        whole.or_else(|| {
            let mut peerings = topology.vnets().flat_map(|vnet| topology.neighbors(vnet));
            let peering = peerings.find(|peering| peering.space.contains(&prefix));
            peering.map(|peering| peering.vnet)
        })
    }

    /// A prefix of another network: only a peering leads there.
    fn not_peered(&self, owner: VnetId, prefix: Prefix) -> Option<Reason> {
        let own = self.view.vnet();
        let peered = self.view.neighbors().any(|neighbor| {
            let around = |space: &Prefix| space.contains(prefix);
            neighbor.vnet == owner && neighbor.space.iter().any(around)
        });
        if peered && self.view.peering_routes_disabled() {
            let table = self.view.route_table();
            let table = table.map_or("", |table| table.name.as_str());
            let evidence = format!("route table {table}");
            return Some(Reason::new(rules::PEERING_ROUTES_DISABLED, evidence));
        }
        if owner == own || peered {
            let originated = is_originated(self.exchange, prefix);
            return originated.then(|| self.kept_from(prefix));
        }
        let [owner, own] = [owner, own].map(|vnet| self.exchange.topology().name(vnet));
        let evidence = format!("VNet {owner}, which is not peered with {own}");
        Some(Reason::new(rules::PEERING_NOT_TRANSITIVE, evidence))
    }

    /// A route that nobody tells those who program the NIC.
    fn not_sent_here(&self, prefix: Prefix) -> Option<Reason> {
        let exchange = self.exchange;
        let has = |id: &SpeakerId| {
            let rib = exchange.rib(*id);
            rib.is_some_and(|rib| !rib.best(prefix).is_empty())
        };
        let name = &exchange.speaker(*self.deciding.first()?).name;
        let other = exchange.graph().named(name).iter().find(|id| has(id));
        if let Some(other) = other.filter(|id| !self.deciding.contains(id)) {
            let evidence = format!("only {} has it", exchange.speaker(*other));
            return Some(Reason::new(rules::SINGLE_INSTANCE_ROUTES, evidence));
        }
        let known =
            is_originated(exchange, prefix) || exchange.graph().speakers().any(|id| has(&id));
        let evidence = format!("nothing of it reaches {name}");
        known.then(|| Reason::new(rules::NOT_EXCHANGED, evidence))
    }
}

/// The rule that refused a route where it ends.
fn refused(routes: &[ExplainedRoute]) -> Option<Reason> {
    let mut paths = routes.iter().flat_map(|route| &route.paths);
    paths.find_map(|path| {
        let rule = match path.standing {
            PathStanding::Refused(rule) => rule,
            PathStanding::Replaced => rules::ROUTE_MAP_ACTIONS,
            _ => return None,
        };
        let from = path.from.as_deref().unwrap_or_default();
        let saw = match path.standing {
            PathStanding::Replaced => framed("route map ", &listed(&path.map_rules), ""),
            _ => path.evidence.clone(),
        };
        let evidence = format!("from {from}{}", framed(": ", &saw, ""));
        Some(Reason::new(rule, evidence))
    })
}

/// Where a route that is not used ends: the rule that refused it, or kept it back.
fn stopped(routes: &[ExplainedRoute]) -> Option<Reason> {
    refused(routes).or_else(|| {
        let mut not_advertised = routes.iter().flat_map(|route| &route.not_advertised);
        not_advertised.find_map(|by| by.because.clone().or_else(|| stopped(&by.routes)))
    })
}
