//! What each table shows: views over RIBs and what speakers send.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub_rib::{Admission, Age};
use routehub_types::{Attrs, NextHop, Origin as OriginAttribute, Prefix, RuleId};

use super::table_id::{
    RouteOrigin, RouteRow, SessionRow, SessionState, Staleness, TableId, TableKind, TableRows,
};
use crate::estate::UnknownName;
use crate::exchange::Exchange;
use crate::graph::{AdjacencyId, PeerClass, Side, SpeakerId, UNKNOWN_ADDRESS};
use crate::ribs::{Only, Origin};
use crate::rules;

/// The weight of a route learned from a neighbour.
const WEIGHT_LEARNED: u32 = 32768;
/// The weight of a route learned from a circuit's edge, or from the ExpressRoute gateway
/// beside.
const WEIGHT_FROM_EDGE: u32 = 32769;

impl Exchange {
    /// The rows of a table.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn rows(&self, id: &TableId) -> Result<TableRows, UnknownName> {
        if id.kind == TableKind::NicEffective {
            return self.nic_effective(&id.owner).map(TableRows::Effective);
        }
        id.check_names(self.estate())?;
        Ok(self.rows_only(id, Only::All))
    }

    /// The rows of a table that are about some prefixes, as far as they can be told by themselves
    /// (see [`can_share`](Self::can_share)).
    pub(super) fn rows_only(&self, id: &TableId, only: Only<'_>) -> TableRows {
        let (owner, peer) = (&id.owner, id.peer.as_deref().unwrap_or_default());
        TableRows::Routes(match id.kind {
            TableKind::RsLearned => self.rs_learned_of(owner, peer, only),
            TableKind::RsAdvertised => self.rs_advertised_of(owner, peer, only),
            TableKind::NvaLearned => self.nva_learned_of(owner, only),
            TableKind::GatewayLearned => self.gateway_learned_of(owner, only),
            TableKind::GatewayAdvertised => self.gateway_advertised_of(owner, peer, only),
            TableKind::CircuitRoutes => self.circuit_routes_of(owner, only),
            TableKind::OnPremLearned => self.on_prem_learned_of(owner, only),
            TableKind::NicEffective => {
                return TableRows::Effective(self.nic_effective(owner).unwrap_or_default());
            }
            TableKind::Sessions => return TableRows::Sessions(self.sessions_of(owner, peer)),
        })
    }

    /// What a Route Server learned from an NVA, as received, both instances.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn rs_learned(&self, route_server: &str, nva: &str) -> Result<Vec<RouteRow>, UnknownName> {
        TableKind::RsLearned.need(self.estate(), route_server, Some(nva))?;
        Ok(self.rs_learned_of(route_server, nva, Only::All))
    }

    fn rs_learned_of(&self, route_server: &str, nva: &str, only: Only<'_>) -> Vec<RouteRow> {
        let links = self.graph().peering_links(route_server, nva).into_iter();
        let rows = links.flat_map(|(instance, link)| {
            let peer = self.graph().link(link).a.addresses.first().copied();
            let from = link.from(Side::A);
            let refused = self.refused_only(from, only);
            let stale = self.stale_only(from, only);
            let received = self.received_of(from, only).into_iter();
            received.map(move |(prefix, attrs)| RouteRow {
                refused: refused.get(&prefix).copied(),
                stale: stale.get(&prefix).copied(),
                origin: RouteOrigin::EBgp,
                weight: WEIGHT_LEARNED,
                source_peer: peer,
                instance: Some(instance),
                from: Some(nva.to_owned()),
                ..row(prefix, &attrs)
            })
        });
        sorted(rows.collect())
    }

    /// What a Route Server sends to an NVA, both instances.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn rs_advertised(
        &self,
        route_server: &str,
        nva: &str,
    ) -> Result<Vec<RouteRow>, UnknownName> {
        TableKind::RsAdvertised.need(self.estate(), route_server, Some(nva))?;
        Ok(self.rs_advertised_of(route_server, nva, Only::All))
    }

    fn rs_advertised_of(&self, route_server: &str, nva: &str, only: Only<'_>) -> Vec<RouteRow> {
        let links = self.graph().peering_links(route_server, nva).into_iter();
        let rows = links.flat_map(|(instance, link)| {
            let routes = self.outbound(link, Side::B).routes_only(only).into_iter();
            routes.map(move |(prefix, attrs)| RouteRow {
                instance: Some(instance),
                ..row(prefix, &attrs)
            })
        });
        sorted(rows.collect())
    }

    /// What an NVA hears, from Route Servers and its neighbours; routes with its own ASN too.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn nva_learned(&self, nva: &str) -> Result<Vec<RouteRow>, UnknownName> {
        TableKind::NvaLearned.need(self.estate(), nva, None)?;
        Ok(self.nva_learned_of(nva, Only::All))
    }

    fn nva_learned_of(&self, nva: &str, only: Only<'_>) -> Vec<RouteRow> {
        let speakers = self.graph().named(nva).iter();
        let rows = speakers.flat_map(|speaker| self.heard(*speaker, only));
        sorted(rows.collect())
    }

    /// What a site, or the customer's edge behind a circuit, hears.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn on_prem_learned(&self, name: &str) -> Result<Vec<RouteRow>, UnknownName> {
        TableKind::OnPremLearned.need(self.estate(), name, None)?;
        Ok(self.on_prem_learned_of(name, Only::All))
    }

    fn on_prem_learned_of(&self, name: &str, only: Only<'_>) -> Vec<RouteRow> {
        let speakers = self.graph().named(name).iter();
        let ends = speakers.filter(|id| self.speaker(**id).is_on_premises());
        let rows = ends.flat_map(|id| self.of_link(*id, self.heard(*id, only)));
        of_both_links(sorted(rows.collect()))
    }

    /// Everything that a circuit's edges hold, as received; what both links have is one row
    ///
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn circuit_routes(&self, circuit: &str) -> Result<Vec<RouteRow>, UnknownName> {
        TableKind::CircuitRoutes.need(self.estate(), circuit, None)?;
        Ok(self.circuit_routes_of(circuit, Only::All))
    }

    fn circuit_routes_of(&self, circuit: &str, only: Only<'_>) -> Vec<RouteRow> {
        let named = self.graph().named(circuit).iter();
        let edges = named.filter(|id| self.speaker(**id).is_edge());
        let rows = edges.flat_map(|edge| {
            let inbound = self.graph().inbound(*edge);
            let rows = inbound.flat_map(|from| self.received_rows(from, only));
            self.of_link(*edge, rows.collect())
        });
        of_both_links(sorted(rows.collect()))
    }

    /// Rows with the link of the circuit that the speaker is an end of.
    fn of_link(&self, speaker: SpeakerId, rows: Vec<RouteRow>) -> Vec<RouteRow> {
        let link = self.speaker(speaker).circuit_link();
        let rows = rows.into_iter().map(|row| RouteRow { link, ..row });
        rows.collect()
    }

    /// A gateway's own prefixes and static sites, and what it heard and took in, of each instance
    ///
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn gateway_learned(&self, gateway: &str) -> Result<Vec<RouteRow>, UnknownName> {
        TableKind::GatewayLearned.need(self.estate(), gateway, None)?;
        Ok(self.gateway_learned_of(gateway, Only::All))
    }

    fn gateway_learned_of(&self, gateway: &str, only: Only<'_>) -> Vec<RouteRow> {
        let instances = self.graph().named(gateway).iter();
        let rows = instances.flat_map(|id| self.instance_learned(*id, only));
        // The links of a circuit are told apart by the edge routers' addresses; without those they
        // look alike.
        let rows = of_both_links(sorted(rows.collect())).into_iter();
        rows.map(|row| RouteRow { link: None, ..row }).collect()
    }

    fn instance_learned(&self, speaker: SpeakerId, only: Only<'_>) -> Vec<RouteRow> {
        let Some(rib) = self.rib(speaker) else {
            return Vec::new();
        };
        let local_address = self.speaker(speaker).addresses.first().copied();
        let network_row = |prefix| RouteRow {
            origin: RouteOrigin::Network,
            weight: WEIGHT_LEARNED,
            source_peer: local_address,
            ..row(prefix, &Attrs::default())
        };
        let mut rows = Vec::new();
        for origin in [Origin::OwnNetwork, Origin::Spoke] {
            let routes = rib.source(origin).map(|source| only.of(rib, source));
            let routes = routes.into_iter().flatten();
            rows.extend(routes.map(|route| network_row(route.prefix)));
        }
        for from in self.graph().inbound(speaker) {
            let link = self.graph().link(from.link);
            if link.kind.is_static() {
                let routes = self.received_of(from, only).into_iter();
                rows.extend(routes.map(|(prefix, _)| network_row(prefix)));
                continue;
            }
            let origin = if link.external {
                RouteOrigin::EBgp
            } else {
                RouteOrigin::IBgp
            };
            let weight = match self.graph().class_of_sender(from) {
                Some(PeerClass::Circuit | PeerClass::PeerExpressRouteGateway) => WEIGHT_FROM_EDGE,
                _ => WEIGHT_LEARNED,
            };
            let learned = self.received_rows(from, only).into_iter();
            rows.extend(learned.map(|row| RouteRow {
                origin,
                weight,
                link: self.graph().sender(from).circuit_link(),
                ..row
            }));
        }
        let rows = rows.into_iter().map(|row| RouteRow {
            local_address,
            ..row
        });
        rows.collect()
    }

    /// What a gateway sends to a circuit, site or other gateway, each instance.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn gateway_advertised(
        &self,
        gateway: &str,
        to: &str,
    ) -> Result<Vec<RouteRow>, UnknownName> {
        TableKind::GatewayAdvertised.need(self.estate(), gateway, Some(to))?;
        Ok(self.gateway_advertised_of(gateway, to, Only::All))
    }

    fn gateway_advertised_of(&self, gateway: &str, to: &str, only: Only<'_>) -> Vec<RouteRow> {
        let graph = self.graph();
        let links = graph.links_between(gateway, to).into_iter();
        let rows = links.flat_map(|link| {
            let near = |side: &Side| graph.speaker(graph.link(link).end(*side).speaker);
            let mut sides = Side::BOTH.into_iter();
            let side = sides.find(|side| near(side).name == gateway);
            let local_address = side.and_then(|side| near(&side).addresses.first().copied());
            let sent = side.map(|side| self.sent_rows(link.from(side), only));
            sent.into_iter().flatten().map(move |row| RouteRow {
                source_peer: None,
                from: None,
                local_address,
                ..row
            })
        });
        let mut rows = sorted(rows.collect());
        rows.dedup();
        rows
    }

    /// The sessions of an NVA with a Route Server's instances.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn sessions(&self, route_server: &str, nva: &str) -> Result<Vec<SessionRow>, UnknownName> {
        TableKind::Sessions.need(self.estate(), route_server, Some(nva))?;
        Ok(self.sessions_of(route_server, nva))
    }

    fn sessions_of(&self, route_server: &str, nva: &str) -> Vec<SessionRow> {
        let mut nvas = self.estate().nvas.iter();
        let nva = nvas.find(|other| other.name == nva);
        let links = nva.map(|nva| self.graph().peering_links(route_server, &nva.name));
        let proposed = nva.map_or(0, |nva| nva.hold_time);
        let rows = links.into_iter().flatten().map(|(instance, id)| {
            let link = self.graph().link(id);
            SessionRow {
                instance,
                state: SessionState::of(link),
                routes: self.received(id.from(Side::A)).len(),
                notification: link.notification,
                hold_time: proposed.min(self.parameters().hold_time),
                route_refreshes: link.route_refreshes,
                resets: link.resets,
            }
        });
        rows.collect()
    }

    /// The address of an instance of a Route Server.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such Route Server, or no such instance of it.
    pub fn instance_address(
        &self,
        route_server: &str,
        instance: u8,
    ) -> Result<IpAddr, UnknownName> {
        let speaker = self.graph().instance(route_server, instance);
        let address = speaker.and_then(|id| self.speaker(id).addresses.first().copied());
        address.ok_or_else(|| self.no_instance(route_server, instance))
    }

    /// What is unknown of an instance of a Route Server that is not there.
    pub(super) fn no_instance(&self, route_server: &str, instance: u8) -> UnknownName {
        let servers = self.estate().route_servers.iter();
        let names: Vec<&str> = servers.map(|server| server.name.as_str()).collect();
        match names.contains(&route_server) {
            true => {
                let wanted = format!("{route_server}/{instance}");
                UnknownName::among("Route Server instance", &wanted, [])
            }
            false => UnknownName::among("Route Server", route_server, names),
        }
    }

    /// What the receiver holds as received, import's rejects left out, a row for each address that
    /// it was heard from.
    fn received_rows(&self, from: AdjacencyId, only: Only<'_>) -> Vec<RouteRow> {
        let rows = self.rows_from(from, self.received_of(from, only));
        self.with_refusals(from, rows, only)
    }

    /// What the sender sends, a row for each address that it sends from.
    fn sent_rows(&self, adjacency: AdjacencyId, only: Only<'_>) -> Vec<RouteRow> {
        let routes = self
            .outbound(adjacency.link, adjacency.sender)
            .routes_only(only);
        self.rows_from(adjacency, routes)
    }

    /// What a speaker hears from all its neighbours.
    fn heard(&self, speaker: SpeakerId, only: Only<'_>) -> Vec<RouteRow> {
        let inbound = self.graph().inbound(speaker);
        let rows = inbound.flat_map(|from| {
            let rows = self.sent_rows(from, only);
            self.with_refusals(from, rows, only)
        });
        rows.collect()
    }

    /// The same rows, those marked that the receiver refuses.
    fn with_refusals(
        &self,
        from: AdjacencyId,
        mut rows: Vec<RouteRow>,
        only: Only<'_>,
    ) -> Vec<RouteRow> {
        let receiver = self.graph().receiver_id(from);
        if self.rib(receiver).is_some() {
            let refused = self.refused_only(from, only);
            for row in &mut rows {
                row.refused = refused.get(&row.prefix).copied();
            }
        } else if let Some(own) = self.speaker(receiver).asn {
            // Who keeps no routes refuses what came by itself.
            for row in rows.iter_mut().filter(|row| row.as_path.contains(own)) {
                row.refused = Some(rules::OWN_AS_IN_PATH);
            }
        }
        rows
    }

    /// What the receiver holds and does not use, each with the rule.
    fn refused_only(&self, from: AdjacencyId, only: Only<'_>) -> BTreeMap<Prefix, RuleId> {
        let inbound = self.inbound(from).into_iter();
        let held = inbound.flat_map(|(rib, source)| only.of(rib, source));
        let refused = held.filter_map(|route| match route.imported {
            Admission::Reject(rule) | Admission::Filter(rule) | Admission::Unusable(rule) => {
                Some((route.prefix, rule))
            }
            _ => None,
        });
        refused.collect()
    }

    /// The prefixes whose routes are stale at the receiver.
    fn stale_only(&self, from: AdjacencyId, only: Only<'_>) -> BTreeMap<Prefix, Staleness> {
        let inbound = self.inbound(from).into_iter();
        let mut inbound = inbound.filter(|(rib, source)| rib.counts(*source).stale > 0);
        let Some((rib, source)) = inbound.next() else {
            return BTreeMap::new();
        };
        let routes = only.of(rib, source).into_iter();
        let stale = routes.filter_map(|route| {
            let staleness = match route.age {
                Age::Fresh => return None,
                Age::Stale => Staleness::Stale,
                Age::LongLivedStale => Staleness::LongLivedStale,
            };
            Some((route.prefix, staleness))
        });
        stale.collect()
    }

    /// Routes that the sender sent: where its own address is the next hop, each of its addresses
    /// sends a row with itself.
    fn rows_from(
        &self,
        adjacency: AdjacencyId,
        routes: impl IntoIterator<Item = (Prefix, Attrs)>,
    ) -> Vec<RouteRow> {
        let end = self.graph().sending_end(adjacency);
        let sender = self.graph().sender(adjacency);
        let addresses: Vec<Option<IpAddr>> = match end.addresses.as_slice() {
            [] => vec![None],
            some => some.iter().copied().map(Some).collect(),
        };
        let mut rows = Vec::new();
        for (prefix, attrs) in routes {
            let own = attrs.next_hop.address == end.next_hop();
            rows.extend(addresses.iter().map(|address| RouteRow {
                next_hop: if own { *address } else { known(attrs.next_hop) },
                source_peer: *address,
                instance: sender.route_server_instance(),
                from: Some(sender.name.clone()),
                ..row(prefix, &attrs)
            }));
        }
        rows
    }
}

fn known(next_hop: NextHop) -> Option<IpAddr> {
    (next_hop.address != UNKNOWN_ADDRESS).then_some(next_hop.address)
}

/// A row of an advertised table.
fn row(prefix: Prefix, attrs: &Attrs) -> RouteRow {
    let mut communities = attrs.communities.clone();
    communities.sort_unstable();
    communities.dedup();
    RouteRow {
        prefix,
        as_path: attrs.as_path.clone(),
        next_hop: known(attrs.next_hop),
        communities,
        origin: match attrs.origin {
            OriginAttribute::Igp => RouteOrigin::Igp,
            OriginAttribute::Egp => RouteOrigin::Egp,
            OriginAttribute::Incomplete => RouteOrigin::Incomplete,
        },
        weight: 0,
        source_peer: None,
        local_address: None,
        instance: None,
        from: None,
        refused: None,
        stale: None,
        link: None,
    }
}

/// What both links of a circuit have is one row, which names none.
fn of_both_links(rows: Vec<RouteRow>) -> Vec<RouteRow> {
    let mut all: Vec<RouteRow> = Vec::new();
    for row in rows {
        let same = |known: &&mut RouteRow| {
            let both = known.link.is_some() && row.link.is_some() && known.link != row.link;
            both && **known
                == RouteRow {
                    link: known.link,
                    ..row.clone()
                }
        };
        let run = all.iter_mut().rev();
        let mut run = run.take_while(|known| known.prefix == row.prefix);
        match run.find(same) {
            Some(known) => known.link = None,
            None => all.push(row),
        }
    }
    all
}

fn sorted(mut rows: Vec<RouteRow>) -> Vec<RouteRow> {
    rows.sort_by(|a, b| {
        let key = |row: &RouteRow| {
            let to = (row.instance, row.local_address);
            (row.prefix, to, row.source_peer, row.next_hop, row.link)
        };
        key(a).cmp(&key(b)).then_with(|| a.from.cmp(&b.from))
    });
    rows
}
