//! The rows of a network interface around a destination, and what is missing there.

use std::collections::BTreeSet;

use routehub_types::Prefix;

use crate::effective::{NicView, ProgrammedRoute};
use crate::estate::Nic;
use crate::exchange::Exchange;
use crate::programmed::Programmers;
use crate::reports::PathStanding;
use crate::rules;
use crate::speaker::SpeakerId;
use crate::table::{EffectiveRow, RouteSource, RouteState};
use crate::topology::VnetId;

use super::known::around;
use super::route::{Seen, merged};
use super::{ExplainedRoute, ExplainedRow, MissingRoute, NicExplanation, Reason, RowOutcome};

impl Exchange {
    /// Why a NIC has, or has not, routes around a destination.
    pub(super) fn explain_nic(&self, name: &str, destination: Prefix) -> Option<NicExplanation> {
        let nic = self.estate.nics.iter().find(|one| one.name == name)?;
        let view = self.nic_view(nic)?;
        let programmers = self.programmers(view.vnet, &nic.name);
        let sources = programmers.deciding().to_vec();
        let programmed = self.programmed_around(&programmers, destination);
        let mut programmed_by: Vec<String> = Vec::new();
        for id in &sources {
            let name = &self.graph.speaker(*id).name;
            if !programmed_by.contains(name) {
                programmed_by.push(name.clone());
            }
        }
        let rows = self.explained_rows(&view, &programmed, &sources, destination);
        let there: BTreeSet<Prefix> = rows
            .iter()
            .flat_map(|one| &one.row.prefixes)
            .copied()
            .collect();
        let missing = self
            .known_around(destination)
            .into_iter()
            .filter_map(|prefix| {
                let shown = rows.iter().any(|one| {
                    one.row.source == RouteSource::VirtualNetworkGateway
                        && one.row.prefixes.contains(&prefix)
                });
                if shown || self.is_system(&view, prefix, &there) {
                    return None;
                }
                self.missing(&view, &programmed, &sources, prefix)
            });
        Some(NicExplanation {
            nic: name.to_owned(),
            vnet: nic.vnet.clone(),
            destination,
            programmed_by,
            missing: missing.collect(),
            rows,
        })
    }

    /// The programmed routes around a destination, the longest first: no other one has a say in
    /// the rows around it.
    pub(super) fn programmed_around(
        &self,
        by: &Programmers,
        destination: Prefix,
    ) -> Vec<ProgrammedRoute> {
        let routes = around(destination).filter_map(|one| self.programmed_route(by, one));
        routes.collect()
    }

    /// The rows around a destination, the longest first.
    fn explained_rows(
        &self,
        view: &NicView<'_>,
        programmed: &[ProgrammedRoute],
        sources: &[SpeakerId],
        destination: Prefix,
    ) -> Vec<ExplainedRow> {
        let mut rows: Vec<(Prefix, EffectiveRow)> = Vec::new();
        for row in view.rows(programmed.iter().cloned()) {
            let around = row.prefixes.iter().filter(|one| one.contains(destination));
            if let Some(prefix) = around.max_by_key(|one| one.length()).copied() {
                rows.push((prefix, row));
            }
        }
        let active = |row: &EffectiveRow| row.state == RouteState::Active;
        rows.sort_by_key(|(prefix, row)| (std::cmp::Reverse(prefix.length()), !active(row)));
        let used = rows
            .iter()
            .find(|(_, row)| active(row))
            .map(|(prefix, _)| *prefix);
        let mut first = true;
        let explained = rows.into_iter().map(|(prefix, row)| {
            let outcome = match used {
                _ if !active(&row) => RowOutcome::Overridden,
                Some(_) if std::mem::take(&mut first) => RowOutcome::Used,
                than => RowOutcome::Shorter {
                    than: than.unwrap_or(prefix),
                },
            };
            let learned = row.source == RouteSource::VirtualNetworkGateway;
            let route = programmed
                .iter()
                .find(|one| learned && one.prefix == prefix);
            ExplainedRow {
                unreachable: route.map_or_else(Vec::new, |route| view.unreachable_next_hops(route)),
                routes: route.map_or_else(Vec::new, |_| self.routes_at(sources, prefix)),
                outcome,
                row,
            }
        });
        explained.collect()
    }

    /// Whether a prefix is that of a network that the NIC has a system route to.
    fn is_system(&self, view: &NicView<'_>, prefix: Prefix, there: &BTreeSet<Prefix>) -> bool {
        let own = self.topology.system_space(view.vnet);
        let local = own.contains(&prefix) && there.contains(&prefix);
        // Only if nobody else announces it: otherwise there is something to say.
        local && !self.is_announced(prefix)
    }

    fn is_announced(&self, prefix: Prefix) -> bool {
        use crate::link::Side;
        let links = self.graph.links();
        let mut ends = links.flat_map(|link| Side::BOTH.map(|side| (link, side)));
        ends.any(|(link, side)| self.stated_for(link, side, prefix).is_some())
    }

    fn routes_at(&self, speakers: &[SpeakerId], prefix: Prefix) -> Vec<ExplainedRoute> {
        let routes = speakers
            .iter()
            .map(|id| self.route_at(*id, prefix, &Seen::new()));
        merged(routes.filter(|route| !route.is_empty()).collect())
    }

    /// Why a route that somebody has is not on a NIC.
    fn missing(
        &self,
        view: &NicView<'_>,
        programmed: &[ProgrammedRoute],
        sources: &[SpeakerId],
        prefix: Prefix,
    ) -> Option<MissingRoute> {
        let routes = self.routes_at(sources, prefix);
        let because = if programmed.iter().any(|one| one.prefix == prefix) {
            self.kept_from(view, prefix)
        } else if let Some(owner) = self.owner_of(prefix) {
            self.not_peered(view, owner, prefix)?
        } else if sources.is_empty() {
            return Some(self.nobody_programs(view, prefix));
        } else {
            stopped(&routes).or_else(|| self.not_sent_here(sources, prefix))?
        };
        Some(MissingRoute {
            prefix,
            because,
            routes,
        })
    }

    /// Why a programmed route is not among the rows.
    fn kept_from(&self, view: &NicView<'_>, prefix: Prefix) -> Reason {
        if view.propagation_disabled() {
            let table = view.route_table.map_or("", |table| table.name.as_str());
            let evidence = format!("route table {table} disables propagation");
            return Reason::new(rules::PROPAGATION_DISABLED, evidence);
        }
        let endpoints = view.service_endpoints.iter();
        if let Some(endpoint) = endpoints.copied().find(|one| one.contains(prefix)) {
            return Reason::new(
                rules::SERVICE_ENDPOINT,
                format!("inside service endpoint {endpoint}"),
            );
        }
        let neighbors = self.topology.neighbors(view.vnet).iter();
        let vnets = neighbors.filter(|one| one.access).map(|one| one.vnet);
        let around = std::iter::once(view.vnet).chain(vnets).find_map(|vnet| {
            let mut space = self.topology.space(vnet).iter();
            Some((vnet, space.find(|one| one.contains(prefix))?))
        });
        let evidence = around.map_or_else(String::new, |(vnet, around)| {
            let peered = if vnet == view.vnet { "own" } else { "peered" };
            let name = &self.estate.vnets[vnet.0].name;
            format!("inside {around} of {peered} VNet {name}")
        });
        Reason::new(rules::LOCAL_PER_NETWORK, evidence)
    }

    /// Nobody programs the network: a peered one could, and what stands there.
    fn nobody_programs(&self, view: &NicView<'_>, prefix: Prefix) -> MissingRoute {
        let own = &self.estate.vnets[view.vnet.0].name;
        let neighbors = self.topology.neighbors(view.vnet).iter();
        let mut hubs: Vec<(VnetId, Vec<ExplainedRoute>)> = neighbors
            .filter_map(|one| {
                let there = self.sources(one.vnet);
                let sources = there.deciding();
                (!sources.is_empty()).then(|| (one.vnet, self.routes_at(sources, prefix)))
            })
            .collect();
        // One that has the route, if there is one.
        hubs.sort_by_key(|(_, routes)| routes.iter().all(|route| route.paths.is_empty()));
        let (evidence, routes) = match hubs.into_iter().next() {
            Some((hub, routes)) => {
                let hub = &self.estate.vnets[hub.0].name;
                let flags = self.missing_flags(own, hub);
                (format!("peering of {own} with {hub}: {flags}"), routes)
            }
            None => (
                format!("{own} uses nobody's Route Server or gateway"),
                Vec::new(),
            ),
        };
        MissingRoute {
            prefix,
            because: Reason::new(rules::GATEWAY_TRANSIT, evidence),
            routes,
        }
    }

    /// The flags that a spoke lacks to use a hub.
    pub(crate) fn missing_flags(&self, spoke: &str, hub: &str) -> String {
        let mut lacks = Vec::new();
        for peering in &self.estate.peerings {
            let (near, far) = if peering.a == spoke && peering.b == hub {
                (peering.a_to_b, peering.b_to_a)
            } else if peering.b == spoke && peering.a == hub {
                (peering.b_to_a, peering.a_to_b)
            } else {
                continue;
            };
            if !near.use_remote_gateways {
                lacks.push(format!("use_remote_gateways is off in {spoke}"));
            }
            if !far.allow_gateway_transit {
                lacks.push(format!("allow_gateway_transit is off in {hub}"));
            }
        }
        lacks.join(", ")
    }

    /// The network that a prefix is the space of.
    fn owner_of(&self, prefix: Prefix) -> Option<VnetId> {
        let vnets = (0..self.estate.vnets.len()).map(VnetId);
        let mut owners = vnets.filter(|vnet| self.topology.space(*vnet).contains(&prefix));
        owners.next()
    }

    /// A prefix of another network: only a peering leads there.
    fn not_peered(&self, view: &NicView<'_>, owner: VnetId, prefix: Prefix) -> Option<Reason> {
        let own = &self.estate.vnets[view.vnet.0].name;
        let other = &self.estate.vnets[owner.0].name;
        let neighbors = self.topology.neighbors(view.vnet).iter();
        let peered = neighbors
            .filter(|one| one.access)
            .any(|one| one.vnet == owner);
        if owner == view.vnet || peered {
            return Some(self.kept_from(view, prefix)).filter(|_| self.is_announced(prefix));
        }
        let evidence = format!("VNet {other}, which is not peered with {own}");
        Some(Reason::new(rules::PEERING_NOT_TRANSITIVE, evidence))
    }

    /// A route that nobody tells those who program the NIC.
    fn not_sent_here(&self, sources: &[SpeakerId], prefix: Prefix) -> Option<Reason> {
        let announced = self.is_announced(prefix) || {
            let mut tables = self.tables.iter().flatten();
            tables.any(|table| !table.rib.best(prefix).is_empty())
        };
        let name = sources.first().map(|id| &self.graph.speaker(*id).name)?;
        let has = |id: &SpeakerId| {
            let table = self.table(*id);
            table.is_some_and(|table| !table.rib.best(prefix).is_empty())
        };
        let other = self.graph.named(name).iter().find(|id| has(id));
        if let Some(other) = other.filter(|id| !sources.contains(id)) {
            let evidence = format!("only {} has it", self.graph.speaker(*other));
            return Some(Reason::new(rules::SINGLE_INSTANCE_ROUTES, evidence));
        }
        announced.then(|| {
            Reason::new(
                rules::NOT_EXCHANGED,
                format!("nothing of it reaches {name}"),
            )
        })
    }
}

/// Where a route that is not used ends: the rule that refused it, or kept it back.
fn stopped(routes: &[ExplainedRoute]) -> Option<Reason> {
    let refused = routes
        .iter()
        .flat_map(|route| &route.paths)
        .find_map(|path| {
            let rule = match path.standing {
                PathStanding::Refused(rule) => rule,
                PathStanding::Replaced => rules::ROUTE_MAP_ACTIONS,
                _ => return None,
            };
            let from = path.from.as_deref().unwrap_or_default();
            let space = if path.evidence.is_empty() { "" } else { ": " };
            Some(Reason::new(
                rule,
                format!("from {from}{space}{}", path.evidence),
            ))
        });
    refused.or_else(|| {
        let mut withheld = routes.iter().flat_map(|route| &route.withheld);
        withheld.find_map(|one| one.because.clone().or_else(|| stopped(&one.routes)))
    })
}

/// A NIC of an NVA, where the network file has none: it lies in the subnet of its address.
pub(crate) fn interface_of(estate: &crate::Estate, nva: &crate::estate::Nva) -> Nic {
    let vnet = estate.vnets.iter().find(|one| one.name == nva.vnet);
    let subnets = vnet.into_iter().flat_map(|vnet| &vnet.subnets);
    let around = subnets.filter(|subnet| subnet.prefix.contains_address(nva.ip));
    Nic {
        name: nva.name.clone(),
        vnet: nva.vnet.clone(),
        subnet: around
            .max_by_key(|subnet| subnet.prefix.length())
            .map(|subnet| subnet.name.clone()),
        ..Nic::default()
    }
}
