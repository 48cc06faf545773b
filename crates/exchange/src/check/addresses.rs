//! Addresses: in their network, and one owner each.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use routehub_types::Prefix;

use super::{EstateError, List, Place, Problem};
use crate::Estate;
use crate::estate::{Gateway, GatewayKind, RouteServer, Vnet};

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

/// Checks the addresses of Route Servers, NVAs and gateways.
pub(super) fn check(estate: &Estate, errors: &mut Vec<EstateError>) {
    collect(estate, errors);
}

/// Likewise, and says which are in use.
pub(super) fn collect(estate: &Estate, errors: &mut Vec<EstateError>) -> InUse {
    let vnets: HashMap<&str, &Vnet> = estate.vnets.iter().map(|v| (v.name.as_str(), v)).collect();
    let mut used = InUse::default();
    for (index, server) in estate.route_servers.iter().enumerate() {
        let place = Place::entry(List::RouteServers, index);
        check_route_server(
            &mut used,
            vnets.get(server.vnet.as_str()),
            server,
            &place,
            errors,
        );
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
            check_gateway(&mut used, vnet, gateway, index, errors);
        }
    }
    used
}

fn check_gateway(
    used: &mut InUse,
    vnet: &Vnet,
    gateway: &Gateway,
    index: usize,
    errors: &mut Vec<EstateError>,
) {
    let object = format!("gateway `{}`", gateway.name);
    let place = Place::entry(List::Gateways, index);
    let given = &gateway.bgp_ips;
    let derived = || derive(vnet, "GatewaySubnet", gateway_offset(gateway.kind));
    if given.is_empty() {
        for address in derived().into_iter().flatten() {
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
    used: &mut InUse,
    vnet: Option<&&Vnet>,
    server: &RouteServer,
    place: &Place,
    errors: &mut Vec<EstateError>,
) {
    let Some(vnet) = vnet else {
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
    match (server.ips, derive(vnet, "RouteServerSubnet", 4)) {
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

/// Where a gateway's own addresses begin in its subnet.
const fn gateway_offset(kind: GatewayKind) -> u8 {
    match kind {
        GatewayKind::Vpn => 4,
        GatewayKind::ExpressRoute => 12,
    }
}

/// Two addresses of a subnet, from its base plus `offset` on.
fn derive(vnet: &Vnet, subnet: &str, offset: u8) -> Option<[IpAddr; 2]> {
    let subnet = vnet.subnets.iter().find(|s| s.name == subnet)?;
    let nth = |n: u8| -> Option<IpAddr> {
        Some(match subnet.prefix {
            Prefix::V4(prefix) => {
                let bits = prefix.address().to_bits().checked_add(u32::from(n))?;
                Ipv4Addr::from_bits(bits).into()
            }
            Prefix::V6(prefix) => {
                let bits = prefix.address().to_bits().checked_add(u128::from(n))?;
                Ipv6Addr::from_bits(bits).into()
            }
        })
    };
    Some([nth(offset)?, nth(offset + 1)?])
}
