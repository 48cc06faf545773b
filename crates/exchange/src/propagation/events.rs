//! Events: each changes the deployment, then lets the model converge.

use std::collections::BTreeSet;

use routehub_types::Prefix;

use super::converge::NotConverged;
use super::deliver::Announced;
use super::{Model, originated};
use crate::estate::{
    ConnectionEnds, Event, Instance, NvaSessions, Peering, Readvertisement, RouteServer, Routes,
    RoutingPreference,
};
use crate::graph::{Link, LinkId, MapNames, Side, SpeakerId};

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

impl Model {
    /// Applies an event and converges.
    ///
    /// # Errors
    /// [`EventError`] if the event names something unknown or the estate does not converge.
    pub(crate) fn apply_event(&mut self, event: &Event) -> Result<(), EventError> {
        self.now.0 += BETWEEN_EVENTS;
        self.change(event)?;
        Ok(self.converge()?)
    }

    fn change(&mut self, event: &Event) -> Result<(), EventError> {
        match event {
            Event::SetBranchToBranch {
                route_server,
                value,
            } => {
                self.change_route_server(route_server, |server| server.branch_to_branch = *value)?;
                self.recompile_around(route_server);
            }
            Event::SetRoutingPreference {
                route_server,
                value,
            } => self.set_routing_preference(route_server, *value)?,
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => self.add_static_routes(&sessions(nva, to.as_ref(), *instance), routes)?,
            Event::Withdraw {
                nva,
                prefixes,
                to,
                instance,
            } => self.remove_static_routes(&sessions(nva, to.as_ref(), *instance), prefixes)?,
            Event::NvaDown(sessions) => {
                self.change_sessions(sessions, |link| link.down.by_event = true)?;
            }
            Event::NvaUp(sessions) => self.change_sessions(sessions, |link| {
                link.down.by_event = false;
                link.down.limit = None;
                link.notification = None;
            })?,
            Event::InstanceDown(instance) => self.set_instance(instance, true)?,
            Event::InstanceUp(instance) => self.set_instance(instance, false)?,
            Event::ConnectionDown(ends) => self.set_connection(ends, true)?,
            Event::ConnectionUp(ends) => self.set_connection(ends, false)?,
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
            } => self.set_route_map(route_server, peer, &|names| {
                if let Some(inbound) = inbound {
                    names.inbound.clone_from(inbound);
                }
                if let Some(outbound) = outbound {
                    names.outbound.clone_from(outbound);
                }
            })?,
        }
        Ok(())
    }

    fn set_routing_preference(
        &mut self,
        route_server: &str,
        value: RoutingPreference,
    ) -> Result<(), EventError> {
        self.change_route_server(route_server, |server| server.routing_preference = value)?;
        for instance in self.named(route_server) {
            self.refresh_sources(instance);
        }
        Ok(())
    }

    fn named(&self, name: &str) -> Vec<SpeakerId> {
        self.deployment.graph().named(name).to_vec()
    }

    fn change_route_server(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut RouteServer),
    ) -> Result<(), EventError> {
        let changed = self.deployment.change_route_server(name, change);
        changed.ok_or_else(|| unknown("Route Server", name))
    }

    /// Compiles all policies anew that a Route Server or the gateways beside it have part in.
    fn recompile_around(&mut self, route_server: &str) {
        let graph = self.deployment.graph();
        let mut speakers = self.named(route_server);
        let first = speakers.first().and_then(|id| graph.speaker(*id).vnet);
        let beside = |id: &SpeakerId| {
            let speaker = graph.speaker(*id);
            let is_gateway = speaker.programs_nics() && !speaker.is_route_server();
            is_gateway && first.is_some() && speaker.vnet == first
        };
        speakers.extend(graph.speakers().filter(beside));
        for speaker in speakers {
            self.recompile_speaker(speaker);
        }
    }

    fn recompile_speaker(&mut self, speaker: SpeakerId) {
        for link in self.deployment.graph().links_of(speaker).to_vec() {
            self.recompile_link(link);
        }
    }

    /// Compiles the policies of a link anew; where one is another than before, what it lets pass
    /// is looked at again.
    fn recompile_link(&mut self, link: LinkId) {
        for adjacency in link.adjacencies() {
            let change = self.ribs.recompile(&self.deployment, adjacency);
            if change.import {
                let parameters = self.deployment.parameters();
                let changed = self.ribs.reapply_import(adjacency, parameters);
                self.note_changed(changed);
            }
            if change.export {
                self.synchronize(adjacency);
                self.exports_changed.insert(link);
            }
        }
    }

    /// Has a speaker decide by what is known of its neighbours now.
    fn refresh_sources(&mut self, speaker: SpeakerId) {
        let changed = self.ribs.refresh_sources(&self.deployment, speaker);
        self.note_changed(changed);
        // Instances are compared with each other by these too.
        self.journal.note_standing(&self.deployment, speaker);
    }

    /// Synchronizes all links of a speaker, those of real peers too.
    fn synchronize_speaker(&mut self, speaker: SpeakerId) {
        for link in self.deployment.graph().links_of(speaker).to_vec() {
            self.synchronize_link(link);
            self.exports_changed.insert(link);
        }
    }

    /// One burst of updates on each session: all prefixes count, known ones too.
    fn add_static_routes(
        &mut self,
        sessions: &NvaSessions,
        routes: &[Routes],
    ) -> Result<(), EventError> {
        let links = self.peering_links(sessions)?;
        let nvas = &self.deployment.estate().nvas;
        let nva = nvas.iter().find(|nva| nva.name == sessions.nva);
        let nva = nva.ok_or_else(|| unknown("NVA", &sessions.nva))?;
        let routes = originated::announcements(nva, routes);
        for link in links {
            self.static_routes.add(link, routes.clone());
            if !self.deployment.graph().link(link).is_up() {
                continue;
            }
            let mut announced = Announced::new();
            for (prefix, attrs) in &routes {
                let attrs = self.ribs.intern(attrs);
                announced.entry(attrs).or_default().push((*prefix).into());
            }
            self.send(link.from(Side::A), &[], announced);
        }
        Ok(())
    }

    fn remove_static_routes(
        &mut self,
        sessions: &NvaSessions,
        prefixes: &[Prefix],
    ) -> Result<(), EventError> {
        for link in self.peering_links(sessions)? {
            self.static_routes.remove(link, prefixes);
            self.advertise(link.from(Side::A), prefixes);
        }
        Ok(())
    }

    /// The sessions of an NVA with Route Servers.
    fn peering_links(&self, sessions: &NvaSessions) -> Result<Vec<LinkId>, EventError> {
        let graph = self.deployment.graph();
        let mut links = self.session_links(sessions)?;
        links.retain(|link| graph.link(*link).kind.is_peering());
        Ok(links)
    }

    /// The links of an NVA: all, or those with a Route Server, or with one instance.
    fn session_links(&self, sessions: &NvaSessions) -> Result<Vec<LinkId>, EventError> {
        let graph = self.deployment.graph();
        let nva = graph.first_named(&sessions.nva);
        let nva = nva.filter(|id| graph.speaker(*id).is_nva());
        let nva = nva.ok_or_else(|| unknown("NVA", &sessions.nva))?;
        let outbound = graph.outbound(nva).filter(|adjacency| {
            let peer = graph.receiver(*adjacency);
            let server = sessions.route_server.as_ref();
            let instance = sessions.instance;
            server.is_none_or(|name| peer.name == *name)
                && instance.is_none_or(|instance| peer.instance() == Some(instance))
        });
        Ok(outbound.map(|adjacency| adjacency.link).collect())
    }

    fn change_sessions(
        &mut self,
        sessions: &NvaSessions,
        change: impl Fn(&mut Link),
    ) -> Result<(), EventError> {
        for link in self.session_links(sessions)? {
            self.change_link(link, &change);
        }
        Ok(())
    }

    fn set_instance(&mut self, instance: &Instance, down: bool) -> Result<(), EventError> {
        let graph = self.deployment.graph();
        let id = graph.instance(&instance.route_server, instance.instance);
        let id = id.ok_or_else(|| unknown("Route Server", &instance.route_server))?;
        self.deployment.set_instance_down(id, down);
        self.journal.note_standing(&self.deployment, id);
        for link in self.deployment.graph().links_of(id).to_vec() {
            self.change_link(link, |link| link.down.instance = down);
        }
        Ok(())
    }

    fn set_connection(&mut self, ends: &ConnectionEnds, down: bool) -> Result<(), EventError> {
        let graph = self.deployment.graph();
        let gateway = graph.first_named(&ends.gateway);
        let gateway = gateway.ok_or_else(|| unknown("gateway", &ends.gateway))?;
        let to = graph.first_named(&ends.to);
        let link = to.and_then(|to| graph.link_between(gateway, to));
        let link = link.ok_or_else(|| unknown("connection", &ends.to))?;
        self.change_link(link, |link| link.down.by_event = down);
        Ok(())
    }

    fn need_vnet(&self, name: &str) -> Result<(), EventError> {
        let known = self.deployment.topology().vnet(name);
        known
            .map(|_| ())
            .ok_or_else(|| unknown("virtual network", name))
    }

    /// Two networks are peered. Where one uses the other's Route Server from now on, that one
    /// refreshes its sessions.
    fn add_peering(&mut self, peering: &Peering) -> Result<(), EventError> {
        self.need_vnet(&peering.a)?;
        self.need_vnet(&peering.b)?;
        self.deployment
            .change_peerings(|peerings| peerings.push(peering.clone()));
        self.topology_changed();
        let (a, b) = (peering.a_to_b, peering.b_to_a);
        if a.allow_gateway_transit && b.use_remote_gateways {
            self.refresh_sessions(&peering.a);
        }
        if b.allow_gateway_transit && a.use_remote_gateways {
            self.refresh_sessions(&peering.b);
        }
        Ok(())
    }

    /// Route refresh to every NVA of a network's Route Server; a reset where it is not offered.
    fn refresh_sessions(&mut self, vnet: &str) {
        for id in self.deployment.graph().links() {
            let graph = self.deployment.graph();
            let link = graph.link(id);
            let server = self.deployment.route_server(graph.speaker(link.b.speaker));
            let nva = self.deployment.nva(graph.speaker(link.a.speaker));
            let here = server.is_some_and(|server| server.vnet == vnet);
            let Some(nva) = nva.filter(|_| here && link.is_up()) else {
                continue;
            };
            let refresh = nva.route_refresh;
            if link.live {
                self.refreshes.push(id);
            }
            self.deployment.change_link(id, |link| {
                let count = if refresh {
                    &mut link.route_refreshes
                } else {
                    &mut link.resets
                };
                *count += 1;
            });
        }
    }

    fn remove_peering(&mut self, a: &str, b: &str) -> Result<(), EventError> {
        let between = |peering: &Peering| {
            (peering.a == a && peering.b == b) || (peering.a == b && peering.b == a)
        };
        if !self.deployment.estate().peerings.iter().any(between) {
            return Err(unknown("peering", &format!("{a} - {b}")));
        }
        let change = |peerings: &mut Vec<Peering>| peerings.retain(|peering| !between(peering));
        self.deployment.change_peerings(change);
        self.topology_changed();
        Ok(())
    }

    /// Networks and what lies inside them are others now, for every Route Server and gateway.
    fn topology_changed(&mut self) {
        self.journal.note_topology(&self.deployment);
        // A peer may be refused in the network it is in, or no longer.
        for (link, refused) in self.deployment.refusals() {
            self.change_link(link, |link| link.down.refused = refused);
        }
        let graph = self.deployment.graph();
        let programs = |id: &SpeakerId| graph.speaker(*id).programs_nics();
        for speaker in Vec::from_iter(graph.speakers().filter(programs)) {
            self.announce_networks(speaker);
            self.recompile_speaker(speaker);
        }
    }

    fn add_route_server(&mut self, server: &RouteServer) -> Result<(), EventError> {
        self.need_vnet(&server.vnet)?;
        let known = self.deployment.graph().links().count();
        self.deployment.add_route_server(server.clone());
        self.ribs.extend(&self.deployment);
        for link in self.deployment.graph().links().skip(known) {
            self.static_routes.enter(&self.deployment, link);
        }
        let mut peers = BTreeSet::new();
        for instance in self.named(&server.name) {
            self.journal.note_standing(&self.deployment, instance);
            self.announce_networks(instance);
            let graph = self.deployment.graph();
            peers.extend(graph.outbound(instance).map(|to| graph.receiver_id(to)));
        }
        self.recompile_around(&server.name);
        for peer in peers {
            self.refresh_sources(peer);
            self.recompile_speaker(peer);
            self.synchronize_speaker(peer);
        }
        Ok(())
    }

    fn remove_route_server(&mut self, name: &str) -> Result<(), EventError> {
        self.change_route_server(name, |server| server.branch_to_branch = false)?;
        for instance in self.named(name) {
            self.deployment.remove_instance(instance);
            self.journal.note_standing(&self.deployment, instance);
            for link in self.deployment.graph().links_of(instance).to_vec() {
                self.change_link(link, |link| link.down.removed = true);
            }
        }
        self.recompile_around(name);
        Ok(())
    }

    fn set_readvertises(&mut self, nva: &str, rules: &[Readvertisement]) -> Result<(), EventError> {
        let change = self
            .deployment
            .change_nva(nva, |nva| nva.readvertises = rules.to_vec());
        change.ok_or_else(|| unknown("NVA", nva))?;
        if let Some(speaker) = self.deployment.graph().first_named(nva) {
            self.ribs.follow_readvertising(&self.deployment, speaker);
            self.recompile_speaker(speaker);
            self.synchronize_speaker(speaker);
        }
        Ok(())
    }

    fn set_route_map(
        &mut self,
        route_server: &str,
        peer: &str,
        change: &dyn Fn(&mut MapNames),
    ) -> Result<(), EventError> {
        let graph = self.deployment.graph();
        let server = graph.instance(route_server, 0);
        let server = server.ok_or_else(|| unknown("Route Server", route_server))?;
        let peer_id = graph.first_named(peer);
        let linked = peer_id.and_then(|peer| graph.link_between(server, peer));
        let of_nva = self.deployment.change_nva(peer, |nva| {
            let sessions = nva.sessions.iter_mut();
            for session in sessions.filter(|session| session.route_server == route_server) {
                let mut names = MapNames {
                    inbound: session.inbound_route_map.take(),
                    outbound: session.outbound_route_map.take(),
                };
                change(&mut names);
                session.inbound_route_map = names.inbound;
                session.outbound_route_map = names.outbound;
            }
        });
        if of_nva.is_none() {
            linked.ok_or_else(|| unknown("peer", peer))?;
            self.deployment
                .change_gateway_maps(route_server, peer, change);
        }
        for instance in self.named(route_server) {
            let graph = self.deployment.graph();
            let link = peer_id.and_then(|peer| graph.link_between(instance, peer));
            if let Some(link) = link {
                self.recompile_link(link);
            }
        }
        Ok(())
    }
}

/// The sessions of an NVA that an event means.
fn sessions(nva: &str, to: Option<&String>, instance: Option<u8>) -> NvaSessions {
    NvaSessions {
        nva: nva.to_owned(),
        route_server: to.cloned(),
        instance,
    }
}
