//! The tables that people ask for: views over RIBs and offers.

use std::net::IpAddr;

use routehub_types::{Attrs, NextHop, Origin as OriginAttribute, Prefix};

use crate::announce::{UNKNOWN_ADDRESS, first_address};
use crate::exchange::Exchange;
use crate::link::{LinkId, LinkKind, Side};
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::Origin;
use crate::table::{RouteOrigin, RouteRow, SessionRow, SessionState};

/// The weight of a route learned from a neighbour.
const WEIGHT_LEARNED: u32 = 32768;
/// The weight of a route learned from a circuit's edge.
const WEIGHT_FROM_EDGE: u32 = 32769;

impl Exchange {
    /// What a Route Server learned from an NVA, as received, both instances.
    pub fn rs_learned(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
        let links = self.links_with(route_server, nva);
        let rows = links.into_iter().flat_map(|(instance, link)| {
            let one = self.graph.link(link);
            let peer = one.a.addresses.first().copied();
            self.received(link, Side::B)
                .into_iter()
                .map(move |(prefix, attrs)| RouteRow {
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
    pub fn rs_advertised(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
        let links = self.links_with(route_server, nva);
        let rows = links.into_iter().flat_map(|(instance, link)| {
            let offers = self.offers(link, Side::B).into_iter();
            offers.map(move |(prefix, attrs)| RouteRow {
                instance: Some(instance),
                ..row(prefix, &attrs)
            })
        });
        sorted(rows.collect())
    }

    /// What an NVA hears, from Route Servers and its neighbours; routes with its own ASN too.
    pub fn nva_learned(&self, nva: &str) -> Vec<RouteRow> {
        let speakers = self.graph.named(nva).iter();
        sorted(speakers.flat_map(|speaker| self.heard(*speaker)).collect())
    }

    /// What a site, or the customer's edge behind a circuit, hears.
    pub fn on_prem_learned(&self, name: &str) -> Vec<RouteRow> {
        let ends = |speaker: &&SpeakerId| {
            let kind = self.graph.speaker(**speaker).kind;
            matches!(
                kind,
                SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. }
            )
        };
        let speakers = self.graph.named(name).iter().filter(ends);
        sorted(speakers.flat_map(|speaker| self.heard(*speaker)).collect())
    }

    /// Everything that a circuit's edge holds, as received.
    pub fn circuit_routes(&self, circuit: &str) -> Vec<RouteRow> {
        let Some(edge) = self.graph.named(circuit).first().copied() else {
            return Vec::new();
        };
        let rows = self.graph.links_of(edge).iter().filter_map(|link| {
            let side = self.graph.link(*link).side_of(edge)?;
            Some(self.received_rows(*link, side))
        });
        sorted(rows.flatten().collect())
    }

    /// A gateway's own prefixes and static sites, and what it heard and took in.
    pub fn gateway_learned(&self, gateway: &str) -> Vec<RouteRow> {
        let Some(speaker) = self.graph.named(gateway).first().copied() else {
            return Vec::new();
        };
        let Some(table) = self.table(speaker) else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        for origin in [Origin::OwnNetwork, Origin::Spoke] {
            let source = table.source(origin);
            let prefixes = source.into_iter().flat_map(|source| table.received(source));
            rows.extend(prefixes.map(|(prefix, _)| network_row(prefix)));
        }
        for link in self.graph.links_of(speaker).iter().copied() {
            let one = self.graph.link(link);
            let Some(side) = one.side_of(speaker) else {
                continue;
            };
            if one.kind == (LinkKind::GatewayToSite { bgp: false }) {
                let routes = self.received(link, side).into_iter();
                rows.extend(routes.map(|(prefix, _)| network_row(prefix)));
                continue;
            }
            let edge = matches!(one.kind, LinkKind::GatewayToEdge(_));
            let origin = if one.external {
                RouteOrigin::EBgp
            } else {
                RouteOrigin::IBgp
            };
            let weight = if edge {
                WEIGHT_FROM_EDGE
            } else {
                WEIGHT_LEARNED
            };
            let learned = self.received_rows(link, side).into_iter();
            rows.extend(learned.map(|row| RouteRow {
                origin,
                weight,
                ..row
            }));
        }
        sorted(rows)
    }

    /// What a gateway sends to a circuit, site or other gateway, each instance.
    pub fn gateway_advertised(&self, gateway: &str, to: &str) -> Vec<RouteRow> {
        let mut rows = Vec::new();
        let ends = self
            .graph
            .named(gateway)
            .first()
            .zip(self.graph.named(to).first());
        if let Some((gateway, to)) = ends
            && let Some(link) = self.graph.link_between(*gateway, *to)
            && let Some(side) = self.graph.link(link).side_of(*gateway)
        {
            rows = self.sent_rows(link, side);
        }
        for row in &mut rows {
            row.source_peer = None;
            row.from = None;
        }
        sorted(rows)
    }

    /// The sessions of an NVA with a Route Server's instances.
    pub fn sessions(&self, route_server: &str, nva: &str) -> Vec<SessionRow> {
        let links = self.links_with(route_server, nva).into_iter();
        let rows = links.map(|(instance, link)| {
            let one = self.graph.link(link);
            let state = match one.down.refused {
                Some(_) => SessionState::Failed,
                None if one.is_up() => SessionState::Established,
                None => SessionState::Idle,
            };
            let proposed = match self.graph.speaker(one.a.speaker).kind {
                SpeakerKind::Nva { nva } => self.estate.nvas[nva].hold_time,
                _ => self.parameters.hold_time,
            };
            SessionRow {
                instance,
                state,
                routes: self.received(link, Side::B).len(),
                notification: one.notification,
                hold_time: proposed.min(self.parameters.hold_time),
                route_refreshes: one.route_refreshes,
                resets: one.resets,
            }
        });
        rows.collect()
    }

    /// The address of an instance of a Route Server.
    pub fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
        let speaker = self.graph.instance(route_server, instance)?;
        self.graph.speaker(speaker).addresses.first().copied()
    }

    /// The links of an NVA with the instances of a Route Server, each with its instance.
    pub fn links_with(&self, route_server: &str, nva: &str) -> Vec<(u8, LinkId)> {
        let nva = self.graph.named(nva).first().copied();
        let links = (0..2u8).filter_map(|instance| {
            let server = self.graph.instance(route_server, instance)?;
            Some((instance, self.graph.link_between(server, nva?)?))
        });
        let towards = |(_, link): &(u8, LinkId)| {
            matches!(
                self.graph.link(*link).kind,
                LinkKind::NvaToRouteServer { .. }
            )
        };
        links.filter(towards).collect()
    }

    /// What the speaker on `side` holds as received over a link, import's rejects left out.
    fn received(&self, link: LinkId, side: Side) -> Vec<(Prefix, Attrs)> {
        let speaker = self.graph.link(link).end(side).speaker;
        let source = self.direction_of(link, side.other()).source;
        let (Some(table), Some(source)) = (self.table(speaker), source) else {
            return Vec::new();
        };
        let held = table.learned(source);
        held.map(|(prefix, attrs)| (prefix, self.store.attrs(attrs)))
            .collect()
    }

    /// The same, a row for each address that it was heard from.
    fn received_rows(&self, link: LinkId, side: Side) -> Vec<RouteRow> {
        let routes = self.received(link, side);
        self.rows_from(link, side.other(), routes)
    }

    /// What the speaker on `side` sends over a link, a row for each address that it sends from.
    fn sent_rows(&self, link: LinkId, side: Side) -> Vec<RouteRow> {
        let routes = self.offers(link, side).into_iter().collect();
        self.rows_from(link, side, routes)
    }

    /// What a speaker hears from all its neighbours.
    fn heard(&self, speaker: SpeakerId) -> Vec<RouteRow> {
        let links = self.graph.links_of(speaker).iter();
        let rows = links.filter_map(|link| {
            let side = self.graph.link(*link).side_of(speaker)?;
            Some(self.sent_rows(*link, side.other()))
        });
        rows.flatten().collect()
    }

    /// Routes that the end on `side` sent: where its own address is the next hop, each of its
    /// addresses sends a row with itself.
    fn rows_from(&self, link: LinkId, side: Side, routes: Vec<(Prefix, Attrs)>) -> Vec<RouteRow> {
        let one = self.graph.link(link);
        let end = one.end(side);
        let sender = self.graph.speaker(end.speaker);
        let instance = match sender.kind {
            SpeakerKind::RouteServer { instance, .. } => Some(instance),
            _ => None,
        };
        let addresses: Vec<Option<IpAddr>> = match end.addresses.as_slice() {
            [] => vec![None],
            some => some.iter().copied().map(Some).collect(),
        };
        let mut rows = Vec::new();
        for (prefix, attrs) in routes {
            let own = attrs.next_hop.address == first_address(end);
            for address in &addresses {
                rows.push(RouteRow {
                    next_hop: if own { *address } else { known(attrs.next_hop) },
                    source_peer: *address,
                    instance,
                    from: Some(sender.name.clone()),
                    ..row(prefix, &attrs)
                });
            }
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
        instance: None,
        from: None,
    }
}

/// A row of a prefix that is the gateway's own.
fn network_row(prefix: Prefix) -> RouteRow {
    RouteRow {
        origin: RouteOrigin::Network,
        weight: WEIGHT_LEARNED,
        ..row(prefix, &Attrs::default())
    }
}

fn sorted(mut rows: Vec<RouteRow>) -> Vec<RouteRow> {
    rows.sort_by(|a, b| {
        let key = |row: &RouteRow| (row.prefix, row.instance, row.source_peer, row.next_hop);
        key(a).cmp(&key(b)).then_with(|| a.from.cmp(&b.from))
    });
    rows
}
