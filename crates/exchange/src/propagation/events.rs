//! Events: each changes the deployment, then lets the model converge.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use routehub_types::{AttrId, Attrs, Prefix, RuleId};

use super::Model;
use super::converge::NotConverged;
use super::deliver::Announced;
use super::outbound::announcements;
use crate::estate::{
    ConnectionEnds, Estate, EstateErrors, Event, GatewayInstance, Instance, NvaSessions,
    Readvertisement, RouteServer, Routes, UnknownName,
};
use crate::graph::{AdjacencyId, LinkId, SpeakerId};

/// Why an event could not be applied. The estate is as before, except for `NotConverged`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The event names something that is not there.
    #[error(transparent)]
    Unknown(UnknownName),
    /// What the event makes of the estate does not fit together.
    #[error(transparent)]
    Refused(#[from] EstateErrors),
    /// An object would have more routes than there is any use for.
    #[error(
        "{routes} routes of {object}: events may give it at most {most}{}",
        .limit.map(|(limit, rule)| format!(", as it may hold {limit} ({rule})")).unwrap_or_default()
    )]
    TooManyRoutes {
        /// The object.
        object: String,
        /// How many it would have.
        routes: usize,
        /// How many it may be given.
        most: usize,
        /// How many it may hold, and the rule that says so; none where the profile has no limit.
        limit: Option<(u32, RuleId)>,
    },
    /// Sessions of real routers would be other sessions.
    #[error("sessions of real routers would change: change the network file and reload it")]
    RealRouters,
    /// The estate does not come to rest any more.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
}

/// Says that there is no object of a kind with this name.
pub(super) fn unknown(kind: &'static str, name: &str) -> impl FnOnce() -> EventError {
    move || EventError::Unknown(UnknownName::among(kind, name, []))
}

impl EventError {
    /// The same, with the name that may have been meant of what is not there.
    fn with_nearest(self, estate: &Estate) -> Self {
        let Self::Unknown(unknown) = self else {
            return self;
        };
        let vnets = estate.vnets.iter().map(|vnet| &vnet.name);
        let names = estate.names_with_routes().chain(vnets).map(String::as_str);
        Self::Unknown(UnknownName::among(unknown.wanted, &unknown.name, names))
    }
}

/// Time that passes between events: long enough that each is an update run of
/// its own.
pub(super) const BETWEEN_EVENTS: Duration = Duration::from_secs(3600);

impl Model {
    /// Applies an event and converges.
    ///
    /// # Errors
    /// [`EventError`] if the event names something unknown or the estate does not converge.
    pub(crate) fn apply_event(&mut self, event: &Event) -> Result<(), EventError> {
        if matches!(event, Event::Add(_)) {
            // What is added has to fit; then it is added as by an event of its own.
            self.deployment.standing().changed(event)?;
        }
        self.now += BETWEEN_EVENTS;
        self.note_event(event);
        let changed = self.change(event);
        changed.map_err(|error| error.with_nearest(self.deployment.estate()))?;
        Ok(self.converge()?)
    }

    fn change(&mut self, event: &Event) -> Result<(), EventError> {
        match &*event.special() {
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
            } => {
                self.change_route_server(route_server, |server| {
                    server.routing_preference = *value;
                })?;
                self.refresh_instances(route_server);
            }
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => self.add_static_routes(&meant(nva, to, *instance), routes)?,
            Event::Withdraw {
                nva,
                prefixes,
                to,
                instance,
            } => self.remove_static_routes(&meant(nva, to, *instance), prefixes)?,
            Event::NvaDown(sessions) => self.set_sessions(sessions, true)?,
            Event::NvaUp(sessions) => self.set_sessions(sessions, false)?,
            Event::Reset(end) => self.reset_sessions(end)?,
            Event::SoftClear(clear) => self.clear_sessions(clear)?,
            Event::Shutdown(end) => self.shut_sessions(end)?,
            Event::Enable(of) => self.enable_sessions(of)?,
            Event::InstanceDown(instance) => self.set_instance(instance, true)?,
            Event::InstanceUp(instance) => self.set_instance(instance, false)?,
            Event::GatewayInstanceDown(of) => self.set_gateway_instance(of, true)?,
            Event::GatewayInstanceUp(of) => self.set_gateway_instance(of, false)?,
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
            } => self.set_route_maps(route_server, peer, |inbound_map, outbound_map| {
                inbound.iter().for_each(|map| inbound_map.clone_from(map));
                outbound.iter().for_each(|map| outbound_map.clone_from(map));
            })?,
            // These make a model of their own (`described_anew`).
            Event::Set(_) | Event::Add(_) | Event::Remove(_) => {}
        }
        Ok(())
    }

    /// Has the instances of a Route Server decide anew.
    fn refresh_instances(&mut self, route_server: &str) {
        for instance in self.named(route_server) {
            self.refresh_sources(instance);
        }
        self.recompile_around(route_server);
    }

    pub(super) fn named(&self, name: &str) -> Vec<SpeakerId> {
        self.deployment.graph().named(name).to_vec()
    }

    fn links_of(&self, speaker: SpeakerId) -> Vec<LinkId> {
        self.deployment.graph().links_of(speaker).to_vec()
    }

    fn change_route_server(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut RouteServer),
    ) -> Result<(), EventError> {
        let changed = self.deployment.change_route_server(name, change);
        changed.ok_or_else(unknown("Route Server", name))
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
        for link in self.links_of(speaker) {
            self.recompile_link(link);
        }
    }

    /// Compiles the policies of a link anew; where one is another than before, what it lets pass
    /// is looked at again.
    fn recompile_link(&mut self, link: LinkId) {
        for adjacency in link.adjacencies() {
            self.recompile_import(adjacency, &mut None);
            if self.ribs.recompile_export(&self.deployment, adjacency) {
                self.note_unbounded();
                self.synchronize(adjacency);
                self.exports_changed.insert(link);
            }
        }
    }

    /// Has a speaker decide by what is known of its neighbours now.
    fn refresh_sources(&mut self, speaker: SpeakerId) {
        let changed = self.ribs.refresh_sources(&self.deployment, speaker);
        self.note_unbounded();
        self.note_changed(changed);
        // Instances are compared with each other by these too.
        self.journal.note_standing(&self.deployment, speaker);
    }

    /// Synchronizes all links of a speaker, those of real peers too.
    fn synchronize_speaker(&mut self, speaker: SpeakerId) {
        for link in self.links_of(speaker) {
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
        let sessions_meant = self.peerings(sessions)?;
        let mut nvas = self.deployment.estate().nvas.iter();
        let nva = nvas.find(|nva| nva.name == sessions.nva);
        let nva = nva.ok_or_else(unknown("NVA", &sessions.nva))?;
        let routes = announcements(nva, routes);
        for from_nva in sessions_meant {
            self.static_routes.to_mut().add(from_nva, routes.clone());
            if !self.deployment.graph().link(from_nva.link).is_up() {
                continue;
            }
            let mut announced = Announced::new();
            let mut last: Option<(&Arc<Attrs>, AttrId)> = None;
            for (prefix, attrs) in &routes {
                // What is shared is looked up once.
                let known = last.filter(|(known, _)| Arc::ptr_eq(known, attrs));
                let id = known.map_or_else(|| self.ribs.intern(attrs), |(_, id)| id);
                last = Some((attrs, id));
                let attrs = id;
                announced.entry(attrs).or_default().push((*prefix).into());
            }
            self.send(from_nva, &[], announced);
        }
        Ok(())
    }

    fn remove_static_routes(
        &mut self,
        sessions: &NvaSessions,
        prefixes: &[Prefix],
    ) -> Result<(), EventError> {
        for from_nva in self.peerings(sessions)? {
            self.static_routes.to_mut().remove(from_nva, prefixes);
            self.advertise(from_nva, prefixes, None);
        }
        Ok(())
    }

    /// What an NVA sends over its sessions with Route Servers.
    pub(super) fn peerings(&self, sessions: &NvaSessions) -> Result<Vec<AdjacencyId>, EventError> {
        let graph = self.deployment.graph();
        let mut peerings = self.sessions(sessions)?;
        peerings.retain(|from_nva| graph.link(from_nva.link).kind.is_peering());
        Ok(peerings)
    }

    /// What an NVA sends over its links: all, or those with a Route Server, or with one instance.
    pub(super) fn sessions(&self, sessions: &NvaSessions) -> Result<Vec<AdjacencyId>, EventError> {
        let graph = self.deployment.graph();
        let nva = graph.first_named(&sessions.nva);
        let nva = nva.filter(|id| graph.speaker(*id).is_nva());
        let nva = nva.ok_or_else(unknown("NVA", &sessions.nva))?;
        let (server, instance) = (sessions.route_server.as_ref(), sessions.instance);
        let outbound = graph.outbound(nva).filter(|adjacency| {
            let peer = graph.receiver(*adjacency);
            server.is_none_or(|name| peer.name == *name)
                && instance.is_none_or(|instance| peer.route_server_instance() == Some(instance))
        });
        Ok(outbound.collect())
    }

    fn set_instance(&mut self, instance: &Instance, down: bool) -> Result<(), EventError> {
        let graph = self.deployment.graph();
        let id = graph.instance(&instance.route_server, instance.instance);
        let id = id.ok_or_else(unknown("Route Server", &instance.route_server))?;
        self.take_instance(id, down);
        Ok(())
    }

    fn set_gateway_instance(
        &mut self,
        instance: &GatewayInstance,
        down: bool,
    ) -> Result<(), EventError> {
        let graph = self.deployment.graph();
        let id = graph.instance(&instance.gateway, instance.instance);
        let id = id.filter(|id| graph.speaker(*id).gateway().is_some());
        let id = id.ok_or_else(unknown("gateway instance", &instance.gateway))?;
        self.take_instance(id, down);
        Ok(())
    }

    /// Takes an instance down or brings it back, and its links with it as far as the other end of
    /// each is up.
    fn take_instance(&mut self, id: SpeakerId, down: bool) {
        self.deployment.set_instance_down(id, down);
        if let Some(footprint) = &mut self.footprint {
            footprint.note_standing(self.deployment.graph().speaker(id).vnet);
        }
        self.journal.note_standing(&self.deployment, id);
        for id in self.links_of(id) {
            let link = self.deployment.graph().link(id);
            let ends = [link.a.speaker, link.b.speaker];
            let down = ends
                .iter()
                .any(|end| self.deployment.is_instance_down(*end));
            self.change_link(id, |link| link.down.instance = down);
        }
    }

    fn set_connection(&mut self, ends: &ConnectionEnds, down: bool) -> Result<(), EventError> {
        let graph = self.deployment.graph();
        let gateway = graph.first_named(&ends.gateway);
        gateway.ok_or_else(unknown("gateway", &ends.gateway))?;
        let mut links = graph.links_between(&ends.gateway, &ends.to);
        links.retain(|link| graph.link(*link).kind.is_connection());
        // Without a link of the circuit both are meant.
        links.retain(|link| {
            let edge = graph.speaker(graph.link(*link).b.speaker).circuit_link();
            ends.link.is_none() || ends.link == edge
        });
        // No instance may hold it.
        let mut gateways = self.deployment.estate().gateways.iter();
        let known = gateways.any(|gateway| {
            let mut connections = gateway.connections.iter();
            let [a, b] = [&ends.gateway, &ends.to];
            connections.any(|connection| {
                let both = [gateway.name.as_str(), connection.to()];
                both == [a, b] || both == [b, a]
            })
        });
        if links.is_empty() && !known {
            return Err(unknown("connection", &ends.to)());
        }
        for link in links {
            self.change_link(link, |link| link.down.by_event = down);
        }
        Ok(())
    }

    fn add_route_server(&mut self, server: &RouteServer) -> Result<(), EventError> {
        self.vnet(&server.vnet)?;
        let known = self.deployment.graph().link_places();
        self.deployment.add_route_server(server.clone());
        self.ribs.extend(&self.deployment);
        let links = self.deployment.graph().links();
        for link in links.filter(|link| link.index() >= known) {
            self.static_routes.to_mut().enter(&self.deployment, link);
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
            for link in self.links_of(instance) {
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
        change.ok_or_else(unknown("NVA", nva))?;
        if let Some(speaker) = self.deployment.graph().first_named(nva) {
            self.ribs.follow_readvertising(&self.deployment, speaker);
            self.recompile_speaker(speaker);
            self.synchronize_speaker(speaker);
        }
        Ok(())
    }

    /// Changes the inbound and outbound route map of a Route Server's peer.
    fn set_route_maps(
        &mut self,
        route_server: &str,
        peer: &str,
        change: impl Fn(&mut Option<String>, &mut Option<String>),
    ) -> Result<(), EventError> {
        let graph = self.deployment.graph();
        let server = graph.instance(route_server, 0);
        let server = server.ok_or_else(unknown("Route Server", route_server))?;
        let server = graph.speaker(server).name.clone();
        let linked = graph.links_between(&server, peer);
        let of_nva = self.deployment.change_nva(peer, |nva| {
            let sessions = nva.sessions.iter_mut();
            for session in sessions.filter(|session| session.route_server == route_server) {
                change(
                    &mut session.inbound_route_map,
                    &mut session.outbound_route_map,
                );
            }
        });
        if of_nva.is_none() {
            linked.first().ok_or_else(unknown("peer", peer))?;
            self.deployment
                .change_gateway_maps(route_server, peer, |names| {
                    change(&mut names.inbound, &mut names.outbound);
                });
        }
        for link in linked {
            self.recompile_link(link);
        }
        Ok(())
    }
}

/// The sessions of an NVA that an event means.
pub(super) fn meant(nva: &str, to: &Option<String>, instance: Option<u8>) -> NvaSessions {
    NvaSessions {
        nva: nva.to_owned(),
        route_server: to.clone(),
        instance,
    }
}
