//! Addresses: in their network, and one owner each.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{EstateError, List, Place, Problem};
use crate::Estate;
use crate::addresses as derived;
use crate::estate::{Gateway, RouteServer, Vnet};

/// The addresses in use: per network and address, the owner and where it says so.
#[derive(Clone, Default)]
pub(super) struct InUse {
    owners: HashMap<(String, IpAddr), (String, Place)>,
    /// The Route Server of a network, and its place.
    servers: HashMap<String, (String, Place)>,
}

impl InUse {
    /// A Route Server is gone, its addresses with it.
    pub(super) fn remove_route_server(&mut self, name: &str) {
        let object = object(name);
        self.owners.retain(|_, (owner, _)| *owner != object);
        self.servers.retain(|_, (server, _)| server != name);
    }
}

fn object(route_server: &str) -> String {
    format!("Route Server `{route_server}`")
}

/// Checks subnets and the addresses of Route Servers, NVAs and gateways.
pub(super) fn check(estate: &Estate, errors: &mut Vec<EstateError>) {
    for (index, vnet) in estate.vnets.iter().enumerate() {
        let entry = Place::entry(List::Vnets, index);
        for (n, subnet) in vnet.subnets.iter().enumerate() {
            let mut space = vnet.address_space.iter();
            if !space.any(|prefix| prefix.contains(subnet.prefix)) {
                errors.push(EstateError {
                    place: entry.clone().key("subnets").item(n).key("prefix"),
                    object: format!("subnet `{}`", subnet.name),
                    problem: Problem::SubnetOutside {
                        prefix: subnet.prefix,
                        vnet: vnet.name.clone(),
                        space: vnet.address_space.clone(),
                    },
                    other: None,
                });
            }
        }
    }
    collect(estate, errors);
}

/// Likewise, and says which are in use.
pub(super) fn collect(estate: &Estate, errors: &mut Vec<EstateError>) -> InUse {
    let vnets: HashMap<&str, &Vnet> = estate.vnets.iter().map(|v| (v.name.as_str(), v)).collect();
    let mut used = InUse::default();
    for (index, server) in estate.route_servers.iter().enumerate() {
        let place = Place::entry(List::RouteServers, index);
        check_route_server(estate, &mut used, (server, &place), errors);
    }
    for (index, nva) in estate.nvas.iter().enumerate() {
        if let Some(vnet) = vnets.get(nva.vnet.as_str()) {
            let object = format!("NVA `{}`", nva.name);
            let place = Place::entry(List::Nvas, index).key("ip");
            errors.extend(claim(&mut used, vnet, (nva.ip, &object), &place));
        }
    }
    for (index, gateway) in estate.gateways.iter().enumerate() {
        if let Some(vnet) = vnets.get(gateway.vnet.as_str()) {
            check_gateway(estate, &mut used, (vnet, gateway, index), errors);
        }
    }
    used
}

fn check_gateway(
    estate: &Estate,
    used: &mut InUse,
    (vnet, gateway, index): (&Vnet, &Gateway, usize),
    errors: &mut Vec<EstateError>,
) {
    let object = format!("gateway `{}`", gateway.name);
    let place = Place::entry(List::Gateways, index);
    let given = &gateway.bgp_ips;
    if given.is_empty() {
        for address in derived::gateway(estate, gateway) {
            errors.extend(claim(used, vnet, (address, &object), &place));
        }
    }
    for (n, &address) in given.iter().enumerate() {
        let place = place.clone().key("bgp_ips").item(n);
        errors.extend(claim(used, vnet, (address, &object), &place));
    }
}

/// Checks a Route Server that comes after those in `used`, and adds it to them.
pub(super) fn check_route_server(
    estate: &Estate,
    used: &mut InUse,
    (server, place): (&RouteServer, &Place),
    errors: &mut Vec<EstateError>,
) {
    let Some(vnet) = estate.vnets.iter().find(|vnet| vnet.name == server.vnet) else {
        return;
    };
    let object = object(&server.name);
    let error = |place, problem, other| EstateError {
        place,
        object: object.clone(),
        problem,
        other,
    };
    if let Some((first, other)) = used.servers.get(&vnet.name) {
        let problem = Problem::TwoRouteServers {
            vnet: vnet.name.clone(),
            first: first.clone(),
        };
        errors.push(error(
            place.clone().key("vnet"),
            problem,
            Some(other.clone()),
        ));
    } else {
        let entry = (server.name.clone(), place.clone());
        used.servers.insert(vnet.name.clone(), entry);
    }
    match (server.ips, derived::route_server(estate, server)) {
        (Some(given), _) => {
            for (n, address) in given.into_iter().enumerate() {
                let place = place.clone().key("ips").item(n);
                errors.extend(claim(used, vnet, (address, &object), &place));
            }
        }
        (None, Some(derived)) => {
            for address in derived {
                errors.extend(claim(used, vnet, (address, &object), place));
            }
        }
        (None, None) => {
            let vnet = vnet.name.clone();
            let problem = Problem::NoInstanceAddresses { vnet };
            errors.push(error(place.clone(), problem, None));
        }
    }
}

/// An owner takes an address of a network.
fn claim(
    used: &mut InUse,
    vnet: &Vnet,
    (address, object): (IpAddr, &str),
    place: &Place,
) -> Option<EstateError> {
    let error = |problem, other| EstateError {
        place: place.clone(),
        object: object.to_owned(),
        problem,
        other,
    };
    let space = &vnet.address_space;
    if !space.iter().any(|prefix| prefix.contains_address(address)) {
        let problem = Problem::AddressOutside {
            address,
            vnet: vnet.name.clone(),
            space: space.clone(),
        };
        return Some(error(problem, None));
    }
    let key = (vnet.name.clone(), address);
    if let Some((first, other)) = used.owners.get(&key) {
        let problem = Problem::AddressTwice {
            address,
            vnet: vnet.name.clone(),
            first: first.clone(),
        };
        return Some(error(problem, Some(other.clone())));
    }
    used.owners.insert(key, (object.to_owned(), place.clone()));
    None
}

impl Estate {
    /// The addresses of a gateway's instances, as given or from its subnet; empty if there is no
    /// such gateway, or nothing to derive them from.
    pub fn gateway_addresses(&self, name: &str) -> Vec<IpAddr> {
        let gateway = self.gateways.iter().find(|gateway| gateway.name == name);
        gateway
            .map(|one| derived::gateway(self, one))
            .unwrap_or_default()
    }
}
