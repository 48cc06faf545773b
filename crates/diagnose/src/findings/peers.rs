//! Findings about NVAs: what they announce, and how they stand to the Route Server.

use std::net::IpAddr;

use routehub_policy::RouteMapPlace;
use routehub_rib::{Imported, SourceId};
use routehub_types::{AttrId, Prefix, RuleId};

use super::{Findings, some_of};
use crate::addresses;
use crate::estate::Nva;
use crate::exchange_table::Class;
use crate::explain::interface_of;
use crate::link::{LinkId, Side};
use crate::parameters::PrefixCountMode;
use crate::rules;
use crate::speaker_table::Table;
use crate::table::{RouteSource, RouteState};

impl Findings<'_> {
    pub(super) fn announcements(&mut self) {
        let exchange = self.exchange;
        for nva in &exchange.estate.nvas {
            for session in &nva.sessions {
                let links = exchange.links_with(&session.route_server, &nva.name);
                self.instances_differ(nva, &session.route_server, &links);
                if let Some((_, link)) = links.first() {
                    self.refused(nva, &session.route_server, *link);
                    self.head_room(nva, *link);
                }
                self.map_place(
                    nva,
                    session.inbound_route_map.as_deref(),
                    &session.route_server,
                );
                self.map_place(
                    nva,
                    session.outbound_route_map.as_deref(),
                    &session.route_server,
                );
                self.in_another_network(nva, &session.route_server);
                self.same_asn(nva, &session.route_server);
            }
            self.own_routes_back(nva);
            self.gateway_as_next_hop(nva);
        }
    }

    /// What a Route Server's table holds of a link, if it is up.
    fn held(&self, link: LinkId) -> Option<(&Table, SourceId)> {
        let exchange = self.exchange;
        let one = exchange.graph.link(link);
        let table = exchange.table(one.b.speaker).filter(|_| one.is_up())?;
        Some((table, exchange.direction_of(link, Side::A).source?))
    }

    /// Different routes to the two instances: some machines have them, some not.
    fn instances_differ(&mut self, nva: &Nva, server: &str, links: &[(u8, LinkId)]) {
        let [(_, first), (_, second)] = links else {
            return;
        };
        let (Some(one), Some(other)) = (self.held(*first), self.held(*second)) else {
            return;
        };
        let routes =
            |(table, source): (&Table, SourceId)| -> Vec<_> { table.received(source).collect() };
        let (one, other) = (routes(one), routes(other));
        let only = |these: &[(Prefix, AttrId)], those: &[(Prefix, AttrId)]| -> Vec<Prefix> {
            let missing = these.iter().filter(|route| !those.contains(route));
            missing.map(|(prefix, _)| *prefix).collect()
        };
        let mut differ = only(&one, &other);
        differ.extend(only(&other, &one));
        differ.sort_unstable();
        differ.dedup();
        if !differ.is_empty() {
            let text = format!(
                "{} tells the instances of {server} different routes: {}. Announce the same to both.",
                nva.name,
                some_of(&differ)
            );
            self.warning(rules::BOTH_INSTANCES, &nva.name, text);
        }
    }

    /// Routes that the Route Server drops: its own ASN in the path, overlap.
    fn refused(&mut self, nva: &Nva, server: &str, link: LinkId) {
        let Some((table, source)) = self.held(link) else {
            return;
        };
        let by = |wanted: RuleId| -> Vec<Prefix> {
            let routes = table.adj_in(source).filter(|route| {
                matches!(route.imported, Imported::Rejected(rule) | Imported::Filtered(rule)
                    if rule == wanted)
            });
            routes.map(|route| route.prefix).collect()
        };
        let (looped, inside) = (
            by(rules::ROUTE_SERVER_ASN_IN_PATH),
            by(rules::INSIDE_LOCAL_NETWORK),
        );
        if !looped.is_empty() {
            let text = format!(
                "{server} drops {} from {}: its own ASN is in the AS path. Strip or replace it \
                 (as-override).",
                some_of(&looped),
                nva.name
            );
            self.warning(rules::ROUTE_SERVER_ASN_IN_PATH, &nva.name, text);
        }
        if !inside.is_empty() {
            let text = format!(
                "{server} drops {} from {}: equal to or inside a local network. Advertise a \
                 supernet or use user-defined routes.",
                some_of(&inside),
                nva.name
            );
            self.info(rules::INSIDE_LOCAL_NETWORK, &nva.name, text);
        }
    }

    /// Routes that may not be sent again at once: known ones count twice.
    fn head_room(&mut self, nva: &Nva, link: LinkId) {
        let parameters = &self.exchange.parameters;
        let Some(limit) = parameters.max_routes_per_peer else {
            return;
        };
        let held = self
            .held(link)
            .map(|(table, source)| table.rib.counts(source).counted());
        let held = held.unwrap_or_default();
        if parameters.prefix_count_mode != PrefixCountMode::StrictRib && held > limit / 2 {
            let text = format!(
                "{} has {held} routes of {limit}: if it sends all of them again at once they count \
                 as {}, and the session ends. Summarise.",
                nva.name,
                2 * held
            );
            self.warning(rules::ROUTE_LIMIT, &nva.name, text);
        }
    }

    /// A route map on a peer in another network.
    fn map_place(&mut self, nva: &Nva, map: Option<&str>, server: &str) {
        let exchange = self.exchange;
        let server = exchange
            .estate
            .route_servers
            .iter()
            .find(|one| one.name == server);
        let vnet = server.and_then(|server| exchange.topology.vnet(&server.vnet));
        let (Some(map), Some(vnet), false) = (map, vnet, exchange.parameters.transparent) else {
            return;
        };
        let place = RouteMapPlace {
            map,
            peer: Some(nva.ip),
            inside: exchange.topology.space(vnet),
            kind_fits: true,
        };
        if let Err(error) = place.check(rules::ROUTE_MAP_PEER) {
            self.error(rules::ROUTE_MAP_PEER, &nva.name, format!("{error}."));
        }
    }

    /// A peer in another network: the way back, and the upgrade.
    fn in_another_network(&mut self, nva: &Nva, server: &str) {
        let exchange = self.exchange;
        let Some(server) = exchange
            .estate
            .route_servers
            .iter()
            .find(|one| one.name == server)
        else {
            return;
        };
        if nva.vnet == server.vnet || exchange.parameters.transparent {
            return;
        }
        let text = format!(
            "{} is in {}, not in {}: give it a static route to RouteServerSubnet by its subnet's \
             gateway, or its session may flap when it learns a route to the Route Server.",
            nva.name, nva.vnet, server.vnet
        );
        self.info(rules::STATIC_ROUTE_NEEDED, &nva.name, text);
        let hub = exchange
            .topology
            .vnet(&nva.vnet)
            .and_then(|vnet| exchange.topology.hub(vnet));
        let uses = hub.is_some() && hub == exchange.topology.vnet(&server.vnet);
        // After it a peer is refused, which is an error of its own.
        let before_upgrade = !exchange.parameters.upgraded;
        if !uses && before_upgrade && !exchange.estate.route_maps.is_empty() {
            let text = format!(
                "With route maps {} takes new peers of another network only if it uses the Route \
                 Server's gateways: set use_remote_gateways in {}.",
                server.name, nva.vnet
            );
            self.warning(rules::PEER_NEEDS_REMOTE_GATEWAYS, &nva.name, text);
        }
    }

    /// Another NVA with the same ASN: each drops what the Route Server passes on of the other
    ///
    fn same_asn(&mut self, nva: &Nva, server: &str) {
        let exchange = self.exchange;
        let links = exchange.links_with(server, &nva.name);
        let Some((_, link)) = links.first() else {
            return;
        };
        let policies = exchange.policies();
        let passes = |from: &Nva| {
            let peers = from.sessions.iter().any(|one| one.route_server == server);
            peers && from.name != nva.name && from.asn == nva.asn
        };
        let others = exchange.estate.nvas.iter().filter(|one| passes(one));
        let others: Vec<&str> = others.map(|one| one.name.as_str()).collect();
        let reflects = policies.lets_pass(exchange.graph.link(*link), Side::B, Class::Nva);
        if !others.is_empty() && reflects {
            let text = format!(
                "{} and {} have AS {}: each drops what {server} passes on of the other, for its own \
                 ASN is in the path. Use different ASNs if they shall hear of each other.",
                nva.name,
                others.join(", "),
                nva.asn
            );
            self.info(rules::SHARED_PEER_ASN, &nva.name, text);
        }
    }

    /// An NVA's own interface gets the routes it announces: it sends packets to itself.
    fn own_routes_back(&mut self, nva: &Nva) {
        let exchange = self.exchange;
        let nic = interface_of(&exchange.estate, nva);
        let Some(view) = exchange.nic_view(&nic) else {
            return;
        };
        let rows = view.rows(exchange.programmed(view.vnet, &nic)).into_iter();
        let back = rows.filter(|row| {
            row.source == RouteSource::VirtualNetworkGateway
                && row.state == RouteState::Active
                && row.next_hops.contains(&nva.ip)
        });
        let back: Vec<Prefix> = back.flat_map(|row| row.prefixes).collect();
        if back.is_empty() {
            return;
        }
        let text = format!(
            "{} gets its own routes on its interface, {} by {}: packets that it forwards without a \
             tunnel come back to it. Give its subnet user-defined routes, or disable propagation \
             there.",
            nva.name,
            some_of(&back),
            nva.ip
        );
        if back.iter().any(|prefix| prefix.is_default()) {
            self.warning(rules::ROUTE_TO_ITSELF, &nva.name, text);
        } else {
            self.info(rules::ROUTE_TO_ITSELF, &nva.name, text);
        }
    }

    /// A gateway's address as next hop.
    fn gateway_as_next_hop(&mut self, nva: &Nva) {
        let estate = &self.exchange.estate;
        let gateways: Vec<IpAddr> = estate
            .gateways
            .iter()
            .flat_map(|gateway| addresses::gateway(estate, gateway))
            .collect();
        let exchange = self.exchange;
        let mut bad = Vec::new();
        for id in exchange.graph.named(&nva.name) {
            for link in exchange.graph.links_of(*id).iter().copied() {
                let Some(side) = exchange.graph.link(link).side_of(*id) else {
                    continue;
                };
                let stated = exchange.stated(link, side).into_iter();
                bad.extend(stated.filter_map(|(prefix, attrs)| {
                    gateways
                        .contains(&attrs?.next_hop.address)
                        .then_some(prefix)
                }));
            }
        }
        bad.sort_unstable();
        bad.dedup();
        if !bad.is_empty() {
            let text = format!(
                "{} announces {} with a gateway's address as next hop, which is of no use. Name an \
                 NVA's address.",
                nva.name,
                some_of(&bad)
            );
            self.warning(rules::GATEWAY_AS_NEXT_HOP, &nva.name, text);
        }
    }
}
