//! Addresses that NICs are taken to have where the estate gives them none.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use routehub_exchange::estate::{Estate, GatewayAddresses, Nic, Subnet};
use routehub_types::{Family, Prefix};

/// The address at a place of a prefix, if it has so many.
pub(super) fn address_at(prefix: Prefix, place: u128) -> Option<IpAddr> {
    let address = match prefix.address() {
        IpAddr::V4(base) => {
            let bits = u128::from(base.to_bits()).checked_add(place)?;
            IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).ok()?))
        }
        IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from_bits(base.to_bits().checked_add(place)?)),
    };
    prefix.contains_address(address).then_some(address)
}

/// The addresses that NICs without one are taken to have: the first of their subnet that nobody
/// has, without a subnet one that is in none.
pub(super) fn assumed_addresses(estate: &Estate) -> HashMap<&str, IpAddr> {
    let mut taken: HashSet<(&str, IpAddr)> = HashSet::new();
    for server in &estate.route_servers {
        let addresses = estate.instance_addresses(server).into_iter().flatten();
        taken.extend(addresses.map(|address| (&*server.vnet, address)));
    }
    let addresses = GatewayAddresses::of(estate);
    for (place, gateway) in estate.gateways.iter().enumerate() {
        let edges = 0..gateway.connections.len();
        let edges = edges.flat_map(|connection| addresses.edges(place, connection));
        let all = addresses.instances(place).iter().chain(edges);
        taken.extend(all.map(|address| (&*gateway.vnet, *address)));
    }
    taken.extend(estate.nvas.iter().map(|nva| (&*nva.vnet, nva.ip)));
    let balancers = estate.load_balancers.iter();
    taken.extend(balancers.map(|balancer| (&*balancer.vnet, balancer.frontend)));
    let endpoints = estate.private_endpoints.iter();
    taken.extend(endpoints.map(|endpoint| (&*endpoint.vnet, endpoint.ip)));
    let nics = estate.nics.iter();
    taken.extend(nics.filter_map(|nic| Some((&*nic.vnet, nic.ip?))));
    let mut assumed = HashMap::new();
    let mut next = HashMap::new();
    for nic in estate.nics.iter().filter(|nic| nic.ip.is_none()) {
        let place = next.entry((&*nic.vnet, nic.subnet.as_deref())).or_insert(4); // Azure keeps four.
        if let Some(address) = free_address(estate, nic, &taken, place) {
            taken.insert((&nic.vnet, address));
            assumed.insert(&*nic.name, address);
        }
    }
    assumed
}

/// The first free address for a NIC from a place on, which goes on behind it.
fn free_address(
    estate: &Estate,
    nic: &Nic,
    taken: &HashSet<(&str, IpAddr)>,
    place: &mut u128,
) -> Option<IpAddr> {
    let vnet = estate.vnets.iter().find(|vnet| vnet.name == nic.vnet)?;
    let space = || {
        let mut space = vnet.address_space.iter();
        let first = space.find(|prefix| prefix.family() == Family::Ipv4);
        first.or(vnet.address_space.first()).copied()
    };
    let named = nic.subnet.as_ref();
    let subnet = named.and_then(|name| estate.subnet(&nic.vnet, name));
    let prefix = subnet.map(|subnet| subnet.prefix).or_else(space)?;
    let others: &[Subnet] = if subnet.is_some() { &[] } else { &vnet.subnets };
    while let Some(address) = address_at(prefix, *place) {
        let mut others = others.iter();
        let around = others.find(|other| other.prefix.contains_address(address));
        *place = place.saturating_add(around.map_or(1, |other| size(other.prefix)));
        if around.is_none() && !taken.contains(&(&nic.vnet, address)) {
            return Some(address);
        }
    }
    None
}

/// How many addresses a prefix has.
fn size(prefix: Prefix) -> u128 {
    let width: u8 = match prefix.family() {
        Family::Ipv4 => 32,
        Family::Ipv6 => 128,
    };
    1u128
        .checked_shl(u32::from(width - prefix.length()))
        .unwrap_or(u128::MAX)
}
