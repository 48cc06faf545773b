//! Objects that events change, add or remove: the list is another one, and all links are made
//! anew.

use routehub_exchange::Event;
use routehub_exchange::estate::{Object, ObjectName};

use super::{LinkKind, Model, Node, neighbors};

/// Puts an object in the place of the one that has its name, or behind the others.
fn put<T: Clone>(list: &mut Vec<T>, new: &T, same: impl Fn(&T) -> bool) {
    list.retain(|one| !same(one));
    list.push(new.clone());
}

impl Model {
    /// Lets an event happen to an object.
    pub(super) fn describe(&mut self, event: &Event) {
        // Peerings have events of their own.
        if let Event::Add(object) = event
            && let Object::Peering(peering) = &**object
        {
            return self.apply(&Event::AddPeering(peering.clone()));
        }
        if let Event::Remove(ObjectName::Peering(ends)) = event {
            let (a, b) = (ends.a.clone(), ends.b.clone());
            return self.apply(&Event::RemovePeering { a, b });
        }
        let before = self.clone();
        let gone = std::mem::take(&mut self.removed);
        let servers = &mut self.estate.route_servers;
        servers.retain(|server| !gone.contains(&server.name));
        match event {
            Event::Set(object) => self.put_in_place(object),
            Event::Add(object) => self.put(object),
            Event::Remove(name) => self.take_out(name),
            _ => {}
        }
        self.links = neighbors::links(&self.estate, &self.parameters);
        self.literal.clear();
        self.down.clear();
        self.lost.clear();
        for n in 0..self.links.len() {
            self.state_literal(n);
            let ends = (&self.links[n].a, &self.links[n].b);
            let mut links = before.links.iter();
            let old = links.position(|one| {
                let Node::RouteServer(server, _) = &one.b else {
                    return (&one.a, &one.b) == ends;
                };
                (&one.a, &one.b) == ends && !gone.contains(server)
            });
            let Some(old) = old else { continue };
            if let Some(literal) = before.literal.get(&old) {
                self.literal.insert(n, literal.clone());
            }
            if before.down.contains(&old) {
                self.down.insert(n);
            }
            let (had, has) = (before.has_way(old), self.has_way(n));
            let is_session = self.links[n].kind == LinkKind::Session;
            if is_session && !has && (had || before.lost.contains(&old)) {
                self.lost.insert(n);
            }
        }
        let instances = self.instances_down.clone().into_iter();
        self.instances_down = instances
            .filter(|(server, _)| !gone.contains(server))
            .collect();
    }

    /// Replaces an object where it stands: the order of a list may mean something.
    fn put_in_place(&mut self, object: &Object) {
        macro_rules! replace {
            ($list:ident, $new:expr) => {{
                let mut list = self.estate.$list.iter_mut();
                *list.find(|one| one.name == $new.name).unwrap() = $new.clone();
            }};
        }
        match object {
            Object::Vnet(new) => replace!(vnets, new),
            Object::Nva(new) => replace!(nvas, new),
            Object::RouteServer(new) => replace!(route_servers, new),
            Object::Gateway(new) => replace!(gateways, new),
            Object::Circuit(new) => replace!(circuits, new),
            Object::Site(new) => replace!(sites, new),
            Object::RouteTable(new) => replace!(route_tables, new),
            Object::Nic(new) => replace!(nics, new),
            Object::RouteMap(new) => replace!(route_maps, new),
            Object::Peering(new) => put(&mut self.estate.peerings, new, |one| {
                (&one.a, &one.b) == (&new.a, &new.b)
            }),
            Object::PrivateEndpoint(new) => replace!(private_endpoints, new),
            Object::LoadBalancer(new) => replace!(load_balancers, new),
            Object::Subnet(_) => panic!("none is drawn"),
        }
    }

    fn put(&mut self, object: &Object) {
        match object {
            Object::Vnet(new) => self.estate.vnets.push(new.clone()),
            Object::Nic(new) => self.estate.nics.push(new.clone()),
            _ => panic!("none is drawn"),
        }
    }

    fn take_out(&mut self, name: &ObjectName) {
        let estate = &mut self.estate;
        match name {
            ObjectName::Nva(name) => estate.nvas.retain(|one| one.name != *name),
            ObjectName::Nic(name) => estate.nics.retain(|one| one.name != *name),
            ObjectName::Vnet(name) => estate.vnets.retain(|one| one.name != *name),
            ObjectName::Gateway(name) => estate.gateways.retain(|one| one.name != *name),
            ObjectName::Site(name) => estate.sites.retain(|one| one.name != *name),
            _ => panic!("none is drawn"),
        }
    }
}
