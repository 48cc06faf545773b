//! What import and export policies are made from.

use std::collections::BTreeMap;

use crate::estate::{Estate, RouteMap, RouteServer};
use crate::graph::Graph;
use crate::link::{Link, LinkKind, Side};
use crate::parameters::Parameters;
use crate::speaker::{Speaker, SpeakerKind};
use crate::topology::Topology;

/// Names of the inbound and outbound route map of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MapNames {
    pub(crate) inbound: Option<String>,
    pub(crate) outbound: Option<String>,
}

/// Route maps on connections with gateways, by Route Server and gateway. (Those with NVAs stand
/// in the estate.)
pub(crate) type GatewayMaps = BTreeMap<(String, String), MapNames>;

/// All that policies follow from. They are compiled anew when any of it changes.
pub(crate) struct Policies<'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) parameters: &'a Parameters,
    pub(crate) topology: &'a Topology,
    pub(crate) graph: &'a Graph,
    pub(crate) gateway_maps: &'a GatewayMaps,
}

impl Policies<'_> {
    /// The Route Server that a speaker is an instance of.
    pub(crate) fn route_server(&self, speaker: &Speaker) -> Option<&RouteServer> {
        match speaker.kind {
            SpeakerKind::RouteServer { server, .. } => self.estate.route_servers.get(server),
            _ => None,
        }
    }

    /// Whether branch-to-branch is on at a Route Server.
    pub(crate) fn branch_to_branch(&self, speaker: &Speaker) -> bool {
        self.route_server(speaker)
            .is_some_and(|one| one.branch_to_branch)
    }

    /// Whether a Route Server with branch-to-branch stands in the same network.
    pub(crate) fn branch_to_branch_beside(&self, speaker: &Speaker) -> bool {
        let beside = |one: &&RouteServer| self.topology.vnet(&one.vnet) == speaker.vnet;
        let mut servers = self.estate.route_servers.iter();
        servers.any(|one| beside(&one) && one.branch_to_branch)
    }

    /// The route map on what the speaker on `side` takes in, if that is a Route Server.
    pub(crate) fn inbound_map(&self, link: &Link, side: Side) -> Option<&RouteMap> {
        self.map_names(link, side)?
            .inbound
            .as_ref()
            .and_then(|name| self.route_map(name))
    }

    /// The route map on what the speaker on `side` sends, if that is a Route Server.
    pub(crate) fn outbound_map(&self, link: &Link, side: Side) -> Option<&RouteMap> {
        self.map_names(link, side)?
            .outbound
            .as_ref()
            .and_then(|name| self.route_map(name))
    }

    fn route_map(&self, name: &str) -> Option<&RouteMap> {
        self.estate.route_maps.iter().find(|map| map.name == name)
    }

    fn map_names(&self, link: &Link, side: Side) -> Option<MapNames> {
        let server = self.route_server(self.graph.speaker(link.end(side).speaker))?;
        let peer = self.graph.speaker(link.end(side.other()).speaker);
        match (&link.kind, peer.kind) {
            (LinkKind::NvaToRouteServer { session }, SpeakerKind::Nva { nva }) => {
                let session = self.estate.nvas.get(nva)?.sessions.get(*session)?;
                Some(MapNames {
                    inbound: session.inbound_route_map.clone(),
                    outbound: session.outbound_route_map.clone(),
                })
            }
            _ => self
                .gateway_maps
                .get(&(server.name.clone(), peer.name.clone()))
                .cloned(),
        }
    }
}
