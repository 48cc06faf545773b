//! A mesh of hubs, to test and to measure.

use std::net::Ipv4Addr;

use routehub::estate::{
    Estate, Nic, Nva, NvaSession, Origination, Peering, ReadvertiseTo, ReadvertisedPath,
    Readvertisement, RouteServer, Vnet,
};
use routehub_types::{Asn, Prefix};

/// Hubs of different regions, all peered, each with a Route Server, a NIC and an NVA that peers with
/// the NVA of every other hub, and passes on to each what the others told it. What the NVA of a hub
/// originates is given.
pub fn mesh(hubs: u32, originates: impl Fn(u32) -> Vec<Origination>) -> Estate {
    let mut estate = Estate::default();
    for hub in 0..hubs {
        let base = (10 << 24) + (hub << 16);
        let space = Prefix::new(Ipv4Addr::from_bits(base).into(), 16);
        add_hub(&mut estate, hub, space.expect("no host bits"));
        let (name, server) = (format!("hub{hub}"), format!("rs{hub}"));
        estate.nvas.push(Nva {
            sessions: vec![NvaSession::both(&server)],
            neighbors: (0..hub).map(|other| format!("nva{other}")).collect(),
            // What carries the ASN of a Route Server another one would drop as a loop.
            readvertises: vec![
                Readvertisement {
                    to: ReadvertiseTo::Named(vec![server]),
                    as_path: ReadvertisedPath::Override,
                    ..Readvertisement::default()
                },
                Readvertisement::default(),
            ],
            originates: originates(hub),
            ..Nva::new(
                format!("nva{hub}"),
                &name,
                Ipv4Addr::from_bits(base + 100),
                Asn(65001 + hub),
            )
        });
        estate.nics.push(Nic {
            name: format!("nic-{name}"),
            vnet: name,
            ..Nic::default()
        });
    }
    estate
}

/// Adds the hub of a number in this space of IPv4, with a Route Server, peered with all before it.
pub fn add_hub(estate: &mut Estate, hub: u32, space: Prefix) {
    let name = format!("hub{hub}");
    estate.vnets.push(Vnet {
        name: name.clone(),
        address_space: vec![space],
        ..Vnet::default()
    });
    let Prefix::V4(base) = space else {
        panic!("{space} is not of IPv4");
    };
    let at = |host: u32| Ipv4Addr::from_bits(base.address().to_bits() + host).into();
    estate.route_servers.push(RouteServer {
        ips: Some([4, 5].map(at)),
        ..RouteServer::new(format!("rs{hub}"), &name)
    });
    let others = (0..hub).map(|other| Peering::plain(format!("hub{other}"), &name));
    estate.peerings.extend(others);
}
