//! What events make of an estate: the description that is checked, and run, after them.

use super::error::{EstateError, Kind, List, Place, Problem, Step};
use super::names::nearest_name;
use crate::estate::{Estate, Event, Object, ObjectName, PeeringEnds, SubnetName, VnetSubnet};

impl Estate {
    /// The object of a name.
    pub fn object(&self, name: &ObjectName) -> Option<Object> {
        match name {
            ObjectName::Nic(name) => found(&self.nics, |o| o.name == *name).map(Object::Nic),
            ObjectName::PrivateEndpoint(name) => {
                found(&self.private_endpoints, |o| o.name == *name).map(Object::PrivateEndpoint)
            }
            ObjectName::LoadBalancer(name) => {
                found(&self.load_balancers, |o| o.name == *name).map(Object::LoadBalancer)
            }
            ObjectName::Subnet(SubnetName { vnet, name }) => {
                let subnet = self.subnet(vnet, name)?.clone();
                let vnet = vnet.clone();
                Some(Object::Subnet(VnetSubnet { vnet, subnet }))
            }
            ObjectName::Nva(name) => found(&self.nvas, |o| o.name == *name).map(Object::Nva),
            ObjectName::RouteServer(name) => {
                found(&self.route_servers, |o| o.name == *name).map(Object::RouteServer)
            }
            ObjectName::Gateway(name) => {
                found(&self.gateways, |o| o.name == *name).map(Object::Gateway)
            }
            ObjectName::Circuit(name) => {
                found(&self.circuits, |o| o.name == *name).map(Object::Circuit)
            }
            ObjectName::Site(name) => found(&self.sites, |o| o.name == *name).map(Object::Site),
            ObjectName::Peering(ends) => {
                found(&self.peerings, |o| ends.are_of(o)).map(Object::Peering)
            }
            ObjectName::RouteTable(name) => {
                found(&self.route_tables, |o| o.name == *name).map(Object::RouteTable)
            }
            ObjectName::RouteMap(name) => {
                found(&self.route_maps, |o| o.name == *name).map(Object::RouteMap)
            }
            ObjectName::Vnet(name) => found(&self.vnets, |o| o.name == *name).map(Object::Vnet),
        }
    }

    /// What is wrong with naming an object: nothing, if there is one of that name.
    pub fn need_object(&self, name: &ObjectName) -> Option<Problem> {
        if self.object(name).is_some() {
            return None;
        }
        let (wanted, name, known): (&'static [Kind], &str, Vec<&str>) = match name {
            ObjectName::Nic(name) => (&[Kind::Nic], name, names(&self.nics, |o| &o.name)),
            ObjectName::PrivateEndpoint(name) => {
                let known = names(&self.private_endpoints, |o| &o.name);
                (&[Kind::PrivateEndpoint], name, known)
            }
            ObjectName::LoadBalancer(name) => {
                let known = names(&self.load_balancers, |o| &o.name);
                (&[Kind::LoadBalancer], name, known)
            }
            ObjectName::Subnet(SubnetName { vnet, name }) => {
                let Some(vnet) = self.vnets.iter().find(|other| other.name == *vnet) else {
                    return self.need_object(&ObjectName::Vnet(vnet.clone()));
                };
                (&[Kind::Subnet], name, names(&vnet.subnets, |o| &o.name))
            }
            ObjectName::Nva(name) => (&[Kind::Nva], name, names(&self.nvas, |o| &o.name)),
            ObjectName::RouteServer(name) => {
                let known = names(&self.route_servers, |o| &o.name);
                (&[Kind::RouteServer], name, known)
            }
            ObjectName::Gateway(name) => {
                (&[Kind::Gateway], name, names(&self.gateways, |o| &o.name))
            }
            ObjectName::Circuit(name) => {
                (&[Kind::Circuit], name, names(&self.circuits, |o| &o.name))
            }
            ObjectName::Site(name) => (&[Kind::Site], name, names(&self.sites, |o| &o.name)),
            ObjectName::Peering(ends) => {
                let [a, b] = [&ends.a, &ends.b].map(|end| ObjectName::Vnet(end.clone()));
                let unknown = self.need_object(&a).or_else(|| self.need_object(&b));
                let (a, b) = (ends.a.clone(), ends.b.clone());
                return unknown.or(Some(Problem::NotPeered { a, b }));
            }
            ObjectName::RouteTable(name) => {
                let known = names(&self.route_tables, |o| &o.name);
                (&[Kind::RouteTable], name, known)
            }
            ObjectName::RouteMap(name) => {
                let known = names(&self.route_maps, |o| &o.name);
                (&[Kind::RouteMap], name, known)
            }
            ObjectName::Vnet(name) => (&[Kind::Vnet], name, names(&self.vnets, |o| &o.name)),
        };
        Some(Problem::NoSuch {
            wanted,
            name: name.to_owned(),
            nearest: nearest_name(name, known).map(str::to_owned),
            is: None,
        })
    }

    /// Changes what is described as an event does; others change what is up or announced. What
    /// comes of it is not checked.
    ///
    /// # Errors
    /// [`Problem`] if there is no object to change or to delete.
    pub fn change(&mut self, event: &Event) -> Result<(), Problem> {
        match &*event.special() {
            Event::SetBranchToBranch {
                route_server,
                value,
            } => change(
                &mut self.route_servers,
                |server| server.name == *route_server,
                |server| server.branch_to_branch = *value,
            ),
            Event::SetRoutingPreference {
                route_server,
                value,
            } => change(
                &mut self.route_servers,
                |server| server.name == *route_server,
                |server| server.routing_preference = *value,
            ),
            Event::SetReadvertises { nva, rules } => change(
                &mut self.nvas,
                |other| other.name == *nva,
                |nva| nva.readvertises.clone_from(rules),
            ),
            Event::SetRouteMap {
                route_server,
                peer,
                inbound,
                outbound,
            } => {
                let nvas = self.nvas.iter_mut().filter(|nva| nva.name == *peer);
                let sessions = nvas.flat_map(|nva| &mut nva.sessions);
                for session in sessions.filter(|session| session.route_server == *route_server) {
                    let own = &mut session.inbound_route_map;
                    inbound.iter().for_each(|new| own.clone_from(new));
                    let own = &mut session.outbound_route_map;
                    outbound.iter().for_each(|new| own.clone_from(new));
                }
            }
            Event::AddPeering(peering) => self.peerings.push(peering.clone()),
            Event::RemovePeering { a, b } => {
                let (a, b) = (a.clone(), b.clone());
                self.remove(&ObjectName::Peering(PeeringEnds { a, b }));
            }
            Event::AddRouteServer(server) => self.route_servers.push(server.clone()),
            Event::RemoveRouteServer { route_server } => {
                self.route_servers
                    .retain(|server| server.name != *route_server);
            }
            Event::Set(object) => {
                self.need_object(&object.name()).map_or(Ok(()), Err)?;
                self.replace(object);
            }
            Event::Add(object) => self.add(object)?,
            Event::Remove(name) => {
                self.need_object(name).map_or(Ok(()), Err)?;
                self.remove(name);
            }
            _ => {}
        }
        Ok(())
    }

    fn replace(&mut self, object: &Object) {
        match object {
            Object::Nic(new) => put(&mut self.nics, new, |o| o.name == new.name),
            Object::PrivateEndpoint(new) => {
                put(&mut self.private_endpoints, new, |o| o.name == new.name);
            }
            Object::LoadBalancer(new) => {
                put(&mut self.load_balancers, new, |o| o.name == new.name);
            }
            Object::Subnet(new) => {
                let vnets = self.vnets.iter_mut();
                for vnet in vnets.filter(|vnet| vnet.name == new.vnet) {
                    put(&mut vnet.subnets, &new.subnet, |o| {
                        o.name == new.subnet.name
                    });
                }
            }
            Object::Nva(new) => put(&mut self.nvas, new, |o| o.name == new.name),
            Object::RouteServer(new) => {
                put(&mut self.route_servers, new, |o| o.name == new.name);
            }
            Object::Gateway(new) => put(&mut self.gateways, new, |o| o.name == new.name),
            Object::Circuit(new) => put(&mut self.circuits, new, |o| o.name == new.name),
            Object::Site(new) => put(&mut self.sites, new, |o| o.name == new.name),
            Object::Peering(new) => put(&mut self.peerings, new, |o| {
                [(&o.a, &o.b), (&o.b, &o.a)].contains(&(&new.a, &new.b))
            }),
            Object::RouteTable(new) => put(&mut self.route_tables, new, |o| o.name == new.name),
            Object::RouteMap(new) => put(&mut self.route_maps, new, |o| o.name == new.name),
            Object::Vnet(new) => put(&mut self.vnets, new, |o| o.name == new.name),
        }
    }

    fn add(&mut self, object: &Object) -> Result<(), Problem> {
        match object.clone() {
            Object::Nic(new) => self.nics.push(new),
            Object::PrivateEndpoint(new) => self.private_endpoints.push(new),
            Object::LoadBalancer(new) => self.load_balancers.push(new),
            Object::Subnet(new) => {
                let mut vnets = self.vnets.iter_mut();
                match vnets.find(|vnet| vnet.name == new.vnet) {
                    Some(vnet) => vnet.subnets.push(new.subnet),
                    None => {
                        let problem = self.need_object(&ObjectName::Vnet(new.vnet));
                        return problem.map_or(Ok(()), Err);
                    }
                }
            }
            Object::Nva(new) => self.nvas.push(new),
            Object::RouteServer(new) => self.route_servers.push(new),
            Object::Gateway(new) => self.gateways.push(new),
            Object::Circuit(new) => self.circuits.push(new),
            Object::Site(new) => self.sites.push(new),
            Object::Peering(new) => self.peerings.push(new),
            Object::RouteTable(new) => self.route_tables.push(new),
            Object::RouteMap(new) => self.route_maps.push(new),
            Object::Vnet(new) => self.vnets.push(new),
        }
        Ok(())
    }

    fn remove(&mut self, name: &ObjectName) {
        match name {
            ObjectName::Nic(name) => self.nics.retain(|o| o.name != *name),
            ObjectName::PrivateEndpoint(name) => {
                self.private_endpoints.retain(|o| o.name != *name);
            }
            ObjectName::LoadBalancer(name) => self.load_balancers.retain(|o| o.name != *name),
            ObjectName::Subnet(SubnetName { vnet, name }) => {
                let vnets = self.vnets.iter_mut().filter(|other| other.name == *vnet);
                vnets.for_each(|vnet| vnet.subnets.retain(|o| o.name != *name));
            }
            ObjectName::Nva(name) => self.nvas.retain(|o| o.name != *name),
            ObjectName::RouteServer(name) => self.route_servers.retain(|o| o.name != *name),
            ObjectName::Gateway(name) => self.gateways.retain(|o| o.name != *name),
            ObjectName::Circuit(name) => self.circuits.retain(|o| o.name != *name),
            ObjectName::Site(name) => self.sites.retain(|o| o.name != *name),
            ObjectName::Peering(ends) => self.peerings.retain(|o| !ends.are_of(o)),
            ObjectName::RouteTable(name) => self.route_tables.retain(|o| o.name != *name),
            ObjectName::RouteMap(name) => self.route_maps.retain(|o| o.name != *name),
            ObjectName::Vnet(name) => self.vnets.retain(|o| o.name != *name),
        }
    }

    /// Changes the description as an event does, and says what does not fit afterwards that did
    /// before. The places are those of the estate after the event.
    pub(crate) fn change_checked(&mut self, event: &Event) -> Vec<EstateError> {
        let before = self.check();
        if let Err(problem) = self.change(event) {
            return vec![EstateError {
                place: Place::entry(List::Events, 0),
                object: "event".to_owned(),
                problem,
                other: None,
            }];
        }
        let mut errors = self.check();
        errors.retain(|error| {
            let same =
                |old: &EstateError| (&old.object, &old.problem) == (&error.object, &error.problem);
            !before.iter().any(same)
        });
        errors
    }

    /// The way to a field of an object, from a place in the list that it stands in; none if the
    /// place is not in the object.
    pub(super) fn path_in_object<'p>(
        &self,
        name: &ObjectName,
        place: &'p Place,
    ) -> Option<&'p [Step]> {
        let (list, at) = match name {
            ObjectName::Nic(name) => (List::Nics, at(&self.nics, |o| o.name == *name)),
            ObjectName::PrivateEndpoint(name) => (
                List::PrivateEndpoints,
                at(&self.private_endpoints, |o| o.name == *name),
            ),
            ObjectName::LoadBalancer(name) => (
                List::LoadBalancers,
                at(&self.load_balancers, |o| o.name == *name),
            ),
            ObjectName::Subnet(SubnetName { vnet, .. }) | ObjectName::Vnet(vnet) => {
                (List::Vnets, at(&self.vnets, |o| o.name == *vnet))
            }
            ObjectName::Nva(name) => (List::Nvas, at(&self.nvas, |o| o.name == *name)),
            ObjectName::RouteServer(name) => (
                List::RouteServers,
                at(&self.route_servers, |o| o.name == *name),
            ),
            ObjectName::Gateway(name) => (List::Gateways, at(&self.gateways, |o| o.name == *name)),
            ObjectName::Circuit(name) => (List::Circuits, at(&self.circuits, |o| o.name == *name)),
            ObjectName::Site(name) => (List::Sites, at(&self.sites, |o| o.name == *name)),
            ObjectName::Peering(ends) => (List::Peerings, at(&self.peerings, |o| ends.are_of(o))),
            ObjectName::RouteTable(name) => (
                List::RouteTables,
                at(&self.route_tables, |o| o.name == *name),
            ),
            ObjectName::RouteMap(name) => {
                (List::RouteMaps, at(&self.route_maps, |o| o.name == *name))
            }
        };
        if (list, at) != (place.list, Some(place.index)) {
            return None;
        }
        match (name, &*place.path) {
            (ObjectName::Subnet(_), [Step::Key("subnets"), Step::Item(_), rest @ ..]) => Some(rest),
            (ObjectName::Subnet(_), _) => None,
            (_, path) => Some(path),
        }
    }
}

fn found<T: Clone>(list: &[T], is: impl Fn(&T) -> bool) -> Option<T> {
    list.iter().find(|object| is(object)).cloned()
}

/// The last: what an event adds stands behind what has its name already.
fn at<T>(list: &[T], is: impl Fn(&T) -> bool) -> Option<usize> {
    list.iter().rposition(is)
}

fn names<T>(list: &[T], name: impl Fn(&T) -> &String) -> Vec<&str> {
    list.iter().map(|object| name(object).as_str()).collect()
}

fn put<T: Clone>(list: &mut [T], new: &T, is: impl Fn(&T) -> bool) {
    let mut list = list.iter_mut();
    if let Some(object) = list.find(|object| is(object)) {
        object.clone_from(new);
    }
}

fn change<T>(list: &mut [T], is: impl Fn(&T) -> bool, change: impl FnOnce(&mut T)) {
    let mut list = list.iter_mut();
    if let Some(object) = list.find(|object| is(object)) {
        change(object);
    }
}
