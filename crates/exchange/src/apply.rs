//! Events: each changes the estate, then lets the exchange settle.

use std::collections::{BTreeMap, BTreeSet};

use routehub_types::{AttrId, Nlri, Prefix};

use crate::NotConverged;
use crate::announce;
use crate::estate::event::{ConnectionEnds, Event, Instance, NvaSessions};
use crate::estate::{Peering, Readvertisement, RouteServer, Routes, RoutingPreference};
use crate::exchange::Exchange;
use crate::graph::refusal;
use crate::link::{Link, LinkId, LinkKind, Side};
use crate::policies::MapNames;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::topology::Topology;

/// Why an event could not be applied. The estate is as before, except for `NotConverged`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The event names something that is not there.
    #[error("there is no {kind} {name:?}")]
    Unknown {
        /// What it would be.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The estate does not come to rest any more.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
}

fn unknown(kind: &'static str, name: &str) -> EventError {
    EventError::Unknown {
        kind,
        name: name.to_owned(),
    }
}

/// Time that passes between events, in milliseconds: long enough that each is an update run of
/// its own.
const BETWEEN_EVENTS: u64 = 3_600_000;

impl Exchange {
    /// Applies an event and settles.
    ///
    /// # Errors
    /// [`EventError`] if the event names something unknown or the estate does not settle.
    pub fn apply_event(&mut self, event: &Event) -> Result<(), EventError> {
        self.now.0 += BETWEEN_EVENTS;
        match event {
            Event::SetBranchToBranch {
                route_server,
                value,
            } => {
                self.route_server_mut(route_server)?.branch_to_branch = *value;
                self.refresh_route_server(route_server);
            }
            Event::SetRoutingPreference {
                route_server,
                value,
            } => {
                self.set_routing_preference(route_server, *value)?;
            }
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => {
                let links = self.literal_links(nva, to.as_deref(), *instance)?;
                self.advertise(nva, &links, routes);
            }
            Event::Withdraw {
                nva,
                prefixes,
                to,
                instance,
            } => {
                for link in self.literal_links(nva, to.as_deref(), *instance)? {
                    self.withdraw_literal(link, prefixes);
                }
            }
            Event::NvaDown(_)
            | Event::NvaUp(_)
            | Event::InstanceDown(_)
            | Event::InstanceUp(_)
            | Event::ConnectionDown(_)
            | Event::ConnectionUp(_) => self.go_down_or_up(event)?,
            Event::AddPeering(peering) => self.add_peering(peering)?,
            Event::RemovePeering { a, b } => self.remove_peering(a, b)?,
            Event::AddRouteServer(server) => self.add_route_server(server)?,
            Event::RemoveRouteServer { route_server } => self.remove_route_server(route_server)?,
            Event::SetReadvertises { nva, rules } => self.set_readvertises(nva, rules)?,
            Event::SetRouteMap {
                route_server,
                peer,
                inbound,
                outbound,
            } => {
                self.set_route_map(route_server, peer, inbound.as_ref(), outbound.as_ref())?;
            }
        }
        Ok(self.settle()?)
    }

    /// Sessions, instances and connections that go down or come up.
    fn go_down_or_up(&mut self, event: &Event) -> Result<(), EventError> {
        match event {
            Event::NvaDown(sessions) => {
                for link in self.nva_links(sessions)? {
                    self.set_down(link, |link| link.down.by_event = true);
                }
            }
            Event::NvaUp(sessions) => {
                for link in self.nva_links(sessions)? {
                    self.set_down(link, |link| {
                        link.down.by_event = false;
                        link.down.limit = None;
                        link.notification = None;
                    });
                }
            }
            Event::InstanceDown(instance) => self.set_instance(instance, true)?,
            Event::InstanceUp(instance) => self.set_instance(instance, false)?,
            Event::ConnectionDown(ends) => {
                let link = self.connection(ends)?;
                self.set_down(link, |link| link.down.by_event = true);
            }
            Event::ConnectionUp(ends) => {
                let link = self.connection(ends)?;
                self.set_down(link, |link| link.down.by_event = false);
            }
            _ => {}
        }
        Ok(())
    }

    fn route_server_mut(&mut self, name: &str) -> Result<&mut RouteServer, EventError> {
        let mut servers = self.estate.route_servers.iter_mut();
        servers
            .find(|one| one.name == name)
            .ok_or_else(|| unknown("Route Server", name))
    }

    /// Compiles all policies anew that a Route Server or the gateways beside it have part in.
    fn refresh_route_server(&mut self, name: &str) {
        let instances = self.graph.named(name).to_vec();
        let vnet = instances
            .first()
            .and_then(|one| self.graph.speaker(*one).vnet);
        let beside = |id: &SpeakerId| {
            let one = self.graph.speaker(*id);
            vnet.is_some() && one.vnet == vnet && matches!(one.kind, SpeakerKind::Gateway { .. })
        };
        let gateways: Vec<SpeakerId> = self.graph.speakers().filter(beside).collect();
        for speaker in instances.into_iter().chain(gateways) {
            self.refresh_speaker(speaker);
        }
    }

    fn refresh_speaker(&mut self, speaker: SpeakerId) {
        for link in self.graph.links_of(speaker).to_vec() {
            self.refresh_link(link);
        }
    }

    /// Compiles the policies of a link anew; where one is another than before, what it lets pass
    /// is looked at again.
    fn refresh_link(&mut self, link: LinkId) {
        let mut exports_otherwise = false;
        for sender in Side::BOTH {
            let policies = self.policies();
            let one = self.graph.link(link);
            let export = policies.export(one, sender);
            let import = policies.import(one, sender.other());
            let silent = policies.passes_nothing(one, sender);
            let direction = self.direction_mut(link, sender);
            let exports = direction.export != export || direction.silent != silent;
            let imports = direction.import != import;
            direction.export = export;
            direction.silent = silent;
            direction.import = import;
            if imports {
                self.forget_imported(link, sender);
                self.readmit(link, sender);
            }
            if exports {
                self.forget_exported(link, sender);
                self.sync(link, sender);
                exports_otherwise = true;
            }
        }
        if exports_otherwise {
            self.export_changed(link);
        }
    }

    fn set_routing_preference(
        &mut self,
        route_server: &str,
        value: RoutingPreference,
    ) -> Result<(), EventError> {
        self.route_server_mut(route_server)?.routing_preference = value;
        for speaker in self.graph.named(route_server).to_vec() {
            self.refresh_sources(speaker);
        }
        Ok(())
    }

    fn literal_links(
        &self,
        nva: &str,
        to: Option<&str>,
        instance: Option<u8>,
    ) -> Result<Vec<LinkId>, EventError> {
        let sessions = NvaSessions {
            nva: nva.to_owned(),
            route_server: to.map(str::to_owned),
            instance,
        };
        let mut links = self.nva_links(&sessions)?;
        links.retain(|link| {
            matches!(
                self.graph.link(*link).kind,
                LinkKind::NvaToRouteServer { .. }
            )
        });
        Ok(links)
    }

    /// One burst of updates on each session: all prefixes count, known ones too.
    fn advertise(&mut self, nva: &str, links: &[LinkId], routes: &[Routes]) {
        let Some(one) = self.estate.nvas.iter().find(|one| one.name == nva) else {
            return;
        };
        let routes = announce::literal_routes(one, routes);
        for link in links {
            self.literal
                .entry(*link)
                .or_default()
                .extend(routes.clone());
            if !self.graph.link(*link).is_up() {
                continue;
            }
            let mut announced: BTreeMap<AttrId, Vec<Nlri>> = BTreeMap::new();
            for (prefix, attrs) in &routes {
                announced
                    .entry(self.store.intern(attrs))
                    .or_default()
                    .push((*prefix).into());
            }
            self.hand_over(*link, Side::A, &[], announced);
        }
    }

    fn withdraw_literal(&mut self, link: LinkId, prefixes: &[Prefix]) {
        if let Some(literal) = self.literal.get_mut(&link) {
            for prefix in prefixes {
                literal.remove(prefix);
            }
        }
        self.tell(link, Side::A, prefixes);
    }

    /// The links of an NVA: all, or those with a Route Server, or with one instance.
    fn nva_links(&self, sessions: &NvaSessions) -> Result<Vec<LinkId>, EventError> {
        let nva = self.graph.named(&sessions.nva).first().copied();
        let nva = nva.filter(|id| matches!(self.graph.speaker(*id).kind, SpeakerKind::Nva { .. }));
        let nva = nva.ok_or_else(|| unknown("NVA", &sessions.nva))?;
        let fits = |link: &LinkId| {
            let peer = self
                .graph
                .link(*link)
                .peer_of(nva)
                .map(|peer| self.graph.speaker(peer));
            let Some(peer) = peer else { return false };
            let server = sessions
                .route_server
                .as_ref()
                .is_none_or(|name| peer.name == *name);
            let instance = sessions.instance.is_none_or(|wanted| {
                matches!(peer.kind, SpeakerKind::RouteServer { instance, .. } if instance == wanted)
            });
            server && instance
        };
        Ok(self
            .graph
            .links_of(nva)
            .iter()
            .copied()
            .filter(fits)
            .collect())
    }

    /// Changes why a link is down, and does what follows.
    pub(crate) fn set_down(&mut self, link: LinkId, change: impl FnOnce(&mut Link)) {
        let before = self.graph.link(link).is_up();
        change(self.graph.link_mut(link));
        if before != self.graph.link(link).is_up() {
            self.note_link(link);
        }
        match (before, self.graph.link(link).is_up()) {
            (true, false) => self.lose(link),
            (false, true) => self.sync_link(link),
            _ => {}
        }
    }

    fn set_instance(&mut self, one: &Instance, down: bool) -> Result<(), EventError> {
        let speaker = self.graph.instance(&one.route_server, one.instance);
        let speaker = speaker.ok_or_else(|| unknown("Route Server", &one.route_server))?;
        if down {
            self.instances_down.insert(speaker);
        } else {
            self.instances_down.remove(&speaker);
        }
        self.note_standing(speaker);
        for link in self.graph.links_of(speaker).to_vec() {
            self.set_down(link, |link| link.down.instance = down);
        }
        Ok(())
    }

    fn connection(&self, ends: &ConnectionEnds) -> Result<LinkId, EventError> {
        let of = |name: &str| self.graph.named(name).first().copied();
        let gateway = of(&ends.gateway).ok_or_else(|| unknown("gateway", &ends.gateway))?;
        let to = of(&ends.to).and_then(|to| self.graph.link_between(gateway, to));
        to.ok_or_else(|| unknown("connection", &ends.to))
    }

    /// Two networks are peered. Where one uses the other's Route Server from now on, that one
    /// refreshes its sessions.
    fn add_peering(&mut self, peering: &Peering) -> Result<(), EventError> {
        for name in [&peering.a, &peering.b] {
            self.topology
                .vnet(name)
                .ok_or_else(|| unknown("virtual network", name))?;
        }
        self.estate.peerings.push(peering.clone());
        self.topology_changed();
        let hubs = [
            (
                &peering.a,
                peering.a_to_b.allow_gateway_transit && peering.b_to_a.use_remote_gateways,
            ),
            (
                &peering.b,
                peering.b_to_a.allow_gateway_transit && peering.a_to_b.use_remote_gateways,
            ),
        ];
        for (hub, _) in hubs.into_iter().filter(|(_, used)| *used) {
            self.refresh_sessions(&hub.clone());
        }
        Ok(())
    }

    /// Route refresh to every NVA of a network's Route Server; a reset where it is not offered.
    fn refresh_sessions(&mut self, vnet: &str) {
        for link in self.graph.links() {
            let one = self.graph.link(link);
            let (SpeakerKind::Nva { nva }, SpeakerKind::RouteServer { server, .. }) = (
                self.graph.speaker(one.a.speaker).kind,
                self.graph.speaker(one.b.speaker).kind,
            ) else {
                continue;
            };
            if self.estate.route_servers[server].vnet != vnet || !one.is_up() {
                continue;
            }
            let refresh = self.estate.nvas[nva].route_refresh;
            let one = self.graph.link_mut(link);
            if one.live {
                self.refreshes.push(link);
            }
            let count = if refresh {
                &mut one.route_refreshes
            } else {
                &mut one.resets
            };
            *count += 1;
        }
    }

    fn remove_peering(&mut self, a: &str, b: &str) -> Result<(), EventError> {
        let same = |one: &Peering| (one.a == a && one.b == b) || (one.a == b && one.b == a);
        let before = self.estate.peerings.len();
        self.estate.peerings.retain(|one| !same(one));
        if self.estate.peerings.len() == before {
            return Err(unknown("peering", &format!("{a} - {b}")));
        }
        self.topology_changed();
        Ok(())
    }

    /// Networks and what lies inside them are others now, for every Route Server and gateway.
    fn topology_changed(&mut self) {
        self.topology = Topology::new(&self.estate);
        self.note_topology();
        self.review_peers();
        let holds = |id: &SpeakerId| {
            let kind = self.graph.speaker(*id).kind;
            matches!(
                kind,
                SpeakerKind::RouteServer { .. } | SpeakerKind::Gateway { .. }
            )
        };
        for speaker in self.graph.speakers().filter(holds).collect::<Vec<_>>() {
            self.announce_networks(speaker);
            self.refresh_speaker(speaker);
        }
    }

    /// A peer that may not be there in the network it is in, or may from now on.
    fn review_peers(&mut self) {
        for link in self.graph.links() {
            let one = self.graph.link(link);
            let server = &self.graph.speaker(one.b.speaker).name;
            let SpeakerKind::Nva { nva } = self.graph.speaker(one.a.speaker).kind else {
                continue;
            };
            if !matches!(one.kind, LinkKind::NvaToRouteServer { .. }) {
                continue;
            }
            let (estate, parameters) = (&self.estate, &self.parameters);
            let refused = refusal(estate, parameters, &self.topology, nva, server);
            self.set_down(link, |link| link.down.refused = refused);
        }
    }

    fn add_route_server(&mut self, server: &RouteServer) -> Result<(), EventError> {
        let vnet = self.topology.vnet(&server.vnet);
        vnet.ok_or_else(|| unknown("virtual network", &server.vnet))?;
        self.estate.route_servers.push(server.clone());
        let place = self.estate.route_servers.len() - 1;
        self.graph
            .add_route_server(&self.estate, &self.parameters, &self.topology, place);
        self.extend_to_graph();
        let instances = self.graph.named(&server.name).to_vec();
        let mut peers = BTreeSet::new();
        for speaker in instances {
            self.note_standing(speaker);
            self.announce_networks(speaker);
            let links = self.graph.links_of(speaker).iter();
            peers.extend(links.filter_map(|link| self.graph.link(*link).peer_of(speaker)));
        }
        self.refresh_route_server(&server.name);
        for peer in peers {
            self.refresh_sources(peer);
            self.refresh_speaker(peer);
            self.sync_speaker(peer);
        }
        Ok(())
    }

    fn remove_route_server(&mut self, name: &str) -> Result<(), EventError> {
        self.route_server_mut(name)?.branch_to_branch = false;
        for speaker in self.graph.named(name).to_vec() {
            self.removed.insert(speaker);
            self.note_standing(speaker);
            for link in self.graph.links_of(speaker).to_vec() {
                self.set_down(link, |link| link.down.removed = true);
            }
        }
        self.refresh_route_server(name);
        Ok(())
    }

    fn set_readvertises(&mut self, nva: &str, rules: &[Readvertisement]) -> Result<(), EventError> {
        let mut nvas = self.estate.nvas.iter_mut();
        let one = nvas
            .find(|one| one.name == nva)
            .ok_or_else(|| unknown("NVA", nva))?;
        one.readvertises = rules.to_vec();
        if let Some(speaker) = self.graph.named(nva).first().copied() {
            self.set_passes_on(speaker, !rules.is_empty());
            self.refresh_speaker(speaker);
            self.sync_speaker(speaker);
        }
        Ok(())
    }

    fn set_route_map(
        &mut self,
        route_server: &str,
        peer: &str,
        inbound: Option<&Option<String>>,
        outbound: Option<&Option<String>>,
    ) -> Result<(), EventError> {
        let server = self.graph.instance(route_server, 0);
        let server = server.ok_or_else(|| unknown("Route Server", route_server))?;
        let peer_id = self.graph.named(peer).first().copied();
        let change = |names: &mut MapNames| {
            if let Some(inbound) = inbound {
                names.inbound.clone_from(inbound);
            }
            if let Some(outbound) = outbound {
                names.outbound.clone_from(outbound);
            }
        };
        let nva = self.estate.nvas.iter_mut().find(|one| one.name == peer);
        if let Some(nva) = nva {
            let sessions = nva.sessions.iter_mut();
            for session in sessions.filter(|one| one.route_server == route_server) {
                let mut names = MapNames {
                    inbound: session.inbound_route_map.take(),
                    outbound: session.outbound_route_map.take(),
                };
                change(&mut names);
                session.inbound_route_map = names.inbound;
                session.outbound_route_map = names.outbound;
            }
        } else {
            let known = peer_id.and_then(|peer| self.graph.link_between(server, peer));
            known.ok_or_else(|| unknown("peer", peer))?;
            let key = (route_server.to_owned(), peer.to_owned());
            change(self.gateway_maps.entry(key).or_default());
        }
        for instance in self.graph.named(route_server).to_vec() {
            let link = peer_id.and_then(|peer| self.graph.link_between(instance, peer));
            if let Some(link) = link {
                self.refresh_link(link);
            }
        }
        Ok(())
    }
}
