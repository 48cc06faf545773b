//! Addresses: in their network, and one owner each.

use std::collections::HashMap;
use std::net::IpAddr;

use super::report::{Errors, Subject};
use super::{Kind, List, Place, Problem};
use crate::estate::{Estate, RouteServer, Vnet};

/// The addresses in use: per network and address, the owner and where it says so.
#[derive(Default)]
pub(super) struct InUse {
    owners: HashMap<(String, IpAddr), (String, Place)>,
    /// The Route Server of a network, and its place.
    servers: HashMap<String, (String, Place)>,
}

/// What errors call a Route Server.
fn object(route_server: &str) -> String {
    format!("{} `{route_server}`", Kind::RouteServer)
}

/// Checks that subnets lie in their networks.
pub(super) fn check_subnets(estate: &Estate, errors: &mut Errors) {
    for (index, vnet) in estate.vnets.iter().enumerate() {
        for (n, subnet) in vnet.subnets.iter().enumerate() {
            let mut space = vnet.address_space.iter();
            if !space.any(|prefix| prefix.contains(subnet.prefix)) {
                let subject = Subject::entry(Kind::Subnet, &subnet.name, List::Vnets, index);
                let problem = Problem::SubnetOutside {
                    prefix: subnet.prefix,
                    vnet: vnet.name.clone(),
                    space: vnet.address_space.clone(),
                };
                errors.note(&subject, subject.item("subnets", n).key("prefix"), problem);
            }
        }
    }
}

impl InUse {
    /// Checks the addresses of Route Servers, NVAs and gateways, and says which are in use.
    pub(super) fn check(estate: &Estate, errors: &mut Errors) -> Self {
        let vnets = estate.vnets.iter().map(|vnet| (vnet.name.as_str(), vnet));
        let vnets: HashMap<&str, &Vnet> = vnets.collect();
        let mut used = Self::default();
        for (index, server) in estate.route_servers.iter().enumerate() {
            let place = Place::entry(List::RouteServers, index);
            used.add_route_server(estate, server, place, errors);
        }
        for (index, nva) in estate.nvas.iter().enumerate() {
            if let Some(vnet) = vnets.get(nva.vnet.as_str()) {
                let subject = Subject::entry(Kind::Nva, &nva.name, List::Nvas, index);
                used.claim(vnet, nva.ip, &subject.at(subject.field("ip")), errors);
            }
        }
        for (index, gateway) in estate.gateways.iter().enumerate() {
            if let Some(vnet) = vnets.get(gateway.vnet.as_str()) {
                let subject = Subject::entry(Kind::Gateway, &gateway.name, List::Gateways, index);
                let given = !gateway.bgp_ips.is_empty();
                for (n, address) in estate.bgp_addresses(gateway).into_iter().enumerate() {
                    let place = if given {
                        subject.item("bgp_ips", n)
                    } else {
                        subject.place()
                    };
                    used.claim(vnet, address, &subject.at(place), errors);
                }
            }
        }
        used
    }

    /// Checks a Route Server that comes after those known, and adds it to them.
    pub(super) fn add_route_server(
        &mut self,
        estate: &Estate,
        server: &RouteServer,
        place: Place,
        errors: &mut Errors,
    ) {
        let Some(vnet) = estate.vnets.iter().find(|vnet| vnet.name == server.vnet) else {
            return;
        };
        let subject = Subject::new(object(&server.name), place);
        if let Some((first, other)) = self.servers.get(&vnet.name) {
            let problem = Problem::TwoRouteServers {
                vnet: vnet.name.clone(),
                first: first.clone(),
            };
            errors.note_with(&subject, subject.field("vnet"), problem, other);
        } else {
            let entry = (server.name.clone(), subject.place());
            self.servers.insert(vnet.name.clone(), entry);
        }
        let Some(addresses) = estate.instance_addresses(server) else {
            let vnet = vnet.name.clone();
            let problem = Problem::NoInstanceAddresses { vnet };
            errors.note(&subject, subject.place(), problem);
            return;
        };
        for (n, address) in addresses.into_iter().enumerate() {
            let place = if server.ips.is_some() {
                subject.item("ips", n)
            } else {
                subject.place()
            };
            self.claim(vnet, address, &subject.at(place), errors);
        }
    }

    /// A Route Server is gone, its addresses with it.
    pub(super) fn remove_route_server(&mut self, name: &str) {
        let object = object(name);
        self.owners.retain(|_, (owner, _)| *owner != object);
        self.servers.retain(|_, (server, _)| server != name);
    }

    /// An owner takes an address of a network.
    fn claim(&mut self, vnet: &Vnet, address: IpAddr, subject: &Subject, errors: &mut Errors) {
        let space = &vnet.address_space;
        let name = || vnet.name.clone();
        if !space.iter().any(|prefix| prefix.contains_address(address)) {
            let problem = Problem::AddressOutside {
                address,
                vnet: name(),
                space: space.clone(),
            };
            errors.note(subject, subject.place(), problem);
        } else if let Some((first, other)) = self.owners.get(&(name(), address)) {
            let problem = Problem::AddressTwice {
                address,
                vnet: name(),
                first: first.clone(),
            };
            errors.note_with(subject, subject.place(), problem, other);
        } else {
            let owner = (subject.object().to_owned(), subject.place());
            self.owners.insert((name(), address), owner);
        }
    }
}
