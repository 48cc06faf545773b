//! Whether a state that an exchange came to is one in which nobody has anything to tell.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_exchange::{Exchange, RouteRow};

use super::neighbors::LinkKind;
use super::{Model, Node, Route};

impl Model {
    /// Takes what an exchange shows as sent for what is sent.
    ///
    /// What gateways tell Route Servers is in no table: that follows from what gateways hold, so
    /// everybody but the Route Servers speaks once, the ends of the world first.
    pub(crate) fn take_over(&mut self, exchange: &Exchange) {
        self.sent.clear();
        self.overloaded.clear();
        for link in 0..self.links.len() {
            for first in [true, false] {
                self.take_over_from(exchange, link, first);
            }
        }
        self.note_overload(exchange);
        let ends = self
            .links
            .iter()
            .flat_map(|link| [link.a.clone(), link.b.clone()]);
        let others = ends.filter(|node| !matches!(node, Node::RouteServer(..)));
        for node in others.collect::<BTreeSet<_>>().into_iter().rev() {
            self.speak(&node);
        }
    }

    /// Which connections are down for what they would carry, by their gateways' tables.
    fn note_overload(&mut self, exchange: &Exchange) {
        for link in 0..self.links.len() {
            let one = &self.links[link];
            let carries = matches!(one.kind, LinkKind::Circuit { .. }) && self.is_up(link);
            let told = exchange
                .gateway_advertised(one.a.name(), one.b.name())
                .unwrap_or_default();
            if carries && told.is_empty() {
                self.overloaded.insert(link);
            }
        }
    }

    fn take_over_from(&mut self, exchange: &Exchange, link: usize, first: bool) {
        let one = &self.links[link];
        let (sender, receiver) = (one.end(first).clone(), one.end(!first).clone());
        let rows = match &receiver {
            Node::RouteServer(name, _) => {
                exchange.rs_learned(name, sender.name()).unwrap_or_default()
            }
            Node::Gateway(name, _) => exchange.gateway_learned(name).unwrap_or_default(),
            Node::Edge(name, _) => exchange.circuit_routes(name).unwrap_or_default(),
            Node::Nva(name) => exchange.nva_learned(name).unwrap_or_default(),
            Node::Site(name) | Node::Customer(name, _) => {
                exchange.on_prem_learned(name).unwrap_or_default()
            }
        };
        let instance = match (&sender, &receiver) {
            (Node::RouteServer(_, instance), _) | (_, Node::RouteServer(_, instance)) => {
                Some(*instance)
            }
            _ => None,
        };
        let address = one.addresses_of(&sender).first().copied();
        let local = match &receiver {
            Node::Gateway(..) => self.address_of(&receiver),
            _ => None,
        };
        let by = match &receiver {
            Node::Edge(_, by) | Node::Customer(_, by) => Some(*by),
            _ => None,
        };
        let fits = |row: &&RouteRow| {
            row.from.as_deref() == Some(sender.name())
                && row.instance == instance
                && row.source_peer == address
                && row.local_address == local
                && (row.link.is_none() || row.link == by)
        };
        let routes = rows.iter().filter(fits).map(|row| {
            let route = Route {
                path: row.as_path.asns().map(|asn| asn.0).collect(),
                next_hop: row.next_hop,
                communities: row.communities.iter().copied().collect(),
                ..Route::default()
            };
            (row.prefix, route)
        });
        let routes = routes.collect();
        self.sent.insert((link, first), routes);
    }

    /// The address of a gateway's instance.
    fn address_of(&self, node: &Node) -> Option<IpAddr> {
        let instances = self.instances(node.name());
        let found = instances.into_iter().find(|(one, _)| one == node);
        found.and_then(|(_, address)| address)
    }
}
