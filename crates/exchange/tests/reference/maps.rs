//! Route maps, rule by rule.

use std::net::IpAddr;

use routehub_exchange::estate::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};
use routehub_types::Prefix;

use super::taking::Class;
use super::{Model, Node, Route};

impl Model {
    /// What a Route Server makes of a route that it took in.
    pub(crate) fn inbound(
        &self,
        node: &Node,
        link: usize,
        prefix: Prefix,
        route: Route,
    ) -> Option<(Prefix, Route)> {
        let name = self.map_names(node, link)?.0;
        let class = self.class_beyond(node, link);
        self.mapped(name.as_deref(), prefix, route, class)
    }

    /// What a Route Server makes of a route before it sends it.
    pub(crate) fn outbound(
        &self,
        node: &Node,
        link: usize,
        prefix: Prefix,
        route: Route,
        class: Class,
    ) -> Option<(Prefix, Route)> {
        let name = self.map_names(node, link)?.1;
        self.mapped(name.as_deref(), prefix, route, class)
    }

    fn map_names(&self, node: &Node, link: usize) -> Option<(Option<String>, Option<String>)> {
        let Node::RouteServer(server, _) = node else {
            return Some((None, None));
        };
        let far = self.links[link].beyond(node).0;
        if let Node::Nva(name) = far {
            let mut sessions = self.nva(name).sessions.iter();
            let session = sessions.find(|one| one.route_server == *server)?;
            let (inbound, outbound) = (&session.inbound_route_map, &session.outbound_route_map);
            return Some((inbound.clone(), outbound.clone()));
        }
        let key = (server.clone(), far.name().to_owned());
        Some(self.gateway_maps.get(&key).cloned().unwrap_or_default())
    }

    fn mapped(
        &self,
        name: Option<&str>,
        prefix: Prefix,
        route: Route,
        class: Class,
    ) -> Option<(Prefix, Route)> {
        let map = self
            .estate
            .route_maps
            .iter()
            .find(|map| Some(map.name.as_str()) == name);
        let network = matches!(class, Class::OwnNetwork | Class::Spoke);
        match map {
            Some(map) if !network => self.walk(map, prefix, route),
            _ => Some((prefix, route)),
        }
    }

    fn walk(
        &self,
        map: &RouteMap,
        mut prefix: Prefix,
        mut route: Route,
    ) -> Option<(Prefix, Route)> {
        for rule in &map.rules {
            if !rule.matches.iter().all(|one| holds(one, prefix, &route)) {
                continue;
            }
            if rule.actions.contains(&RouteMapAction::Drop) {
                return None;
            }
            self.act(rule, &mut prefix, &mut route);
            if !rule.continues {
                break;
            }
        }
        Some((prefix, route))
    }

    fn act(&self, rule: &RouteMapRule, prefix: &mut Prefix, route: &mut Route) {
        let reserved = &self.parameters.reserved_communities;
        for action in &rule.actions {
            if let RouteMapAction::ReplacePrefix(list) = action {
                let around = list.iter().find(|one| one.contains(*prefix));
                *prefix = *around.unwrap_or(&list[0]);
                route.path.clear();
                route.communities.clear();
            }
        }
        for action in &rule.actions {
            match action {
                RouteMapAction::ReplaceAsPath(list) => {
                    route.path = list.iter().map(|asn| asn.0).collect();
                }
                RouteMapAction::ReplaceCommunities(list) => {
                    route.communities.retain(|one| reserved.contains(one));
                    route.communities.extend(list);
                }
                _ => {}
            }
        }
        for action in &rule.actions {
            match action {
                RouteMapAction::PrependAsPath(list) => {
                    let front: Vec<u32> = list.iter().map(|asn| asn.0).collect();
                    route.path.splice(0..0, front);
                }
                RouteMapAction::RemoveCommunities(list) => {
                    let stays = |one: &_| reserved.contains(one) || !list.contains(one);
                    route.communities.retain(stays);
                }
                _ => {}
            }
        }
        for action in &rule.actions {
            if let RouteMapAction::AddCommunities(list) = action {
                route.communities.extend(list);
            }
        }
    }
}

fn holds(one: &RouteMapMatch, prefix: Prefix, route: &Route) -> bool {
    match one {
        RouteMapMatch::PrefixEquals(list) => list.contains(&prefix),
        RouteMapMatch::PrefixContains(list) => list.iter().any(|one| one.contains(prefix)),
        RouteMapMatch::CommunityEquals(list) => {
            list.iter().all(|one| route.communities.contains(one))
        }
        RouteMapMatch::CommunityContains(list) => {
            list.iter().any(|one| route.communities.contains(one))
        }
        RouteMapMatch::AsPathEquals(list) => {
            list.iter().map(|asn| asn.0).collect::<Vec<_>>() == route.path
        }
        RouteMapMatch::AsPathContains(list) => list.iter().any(|asn| route.path.contains(&asn.0)),
    }
}

/// Whether an address lies in one of these prefixes.
pub(crate) fn inside(address: IpAddr, space: &[Prefix]) -> bool {
    space.iter().any(|one| one.contains_address(address))
}
