//! Random NVAs, and what they pass on.

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::{
    Advertisement, Estate, Nva, NvaSession, Origination, ReadvertiseTo, ReadvertisedNextHop,
    ReadvertisedPath, Readvertisement,
};
use routehub_types::Asn;

use super::numbers::{Numbers, any_prefix, routes};
use super::tables::any_map;

pub(super) fn nvas(numbers: &mut Numbers, estate: &mut Estate) {
    let hubs = estate
        .vnets
        .iter()
        .filter(|known| known.name.starts_with("hub"))
        .count();
    for n in 0..numbers.below(5) {
        let vnet = numbers.below(estate.vnets.len());
        let space = estate.vnets[vnet].address_space[0].address();
        let IpAddr::V4(space) = space else { continue };
        let ip = Ipv4Addr::from_bits(space.to_bits() + 0x0404 + n as u32);
        let asns = [65001, 65002, 65003, 65001, 64496].map(Asn);
        let asn = *numbers.one_of(&asns);
        let mut nva = Nva::new(format!("nva{n}"), estate.vnets[vnet].name.clone(), ip, asn);
        for hub in 0..hubs {
            if numbers.below(3) > 0 || hub == 0 {
                let mut session = NvaSession::both(format!("rs{hub}"));
                if numbers.once_in(5) {
                    session.instances[1] = false;
                }
                session.inbound_route_map = any_map(numbers);
                session.outbound_route_map = any_map(numbers);
                nva.sessions.push(session);
            }
        }
        for other in 0..n {
            if numbers.once_in(4) {
                nva.neighbors.push(format!("nva{other}"));
            }
        }
        if numbers.once_in(5) {
            nva.neighbors.push("site0".into());
        }
        nva.route_refresh = !numbers.once_in(4);
        for _ in 0..numbers.below(3) {
            nva.originates.push(Origination {
                routes: routes(numbers, None),
                prepend: numbers.below(2) as u8,
                to: if numbers.once_in(4) {
                    vec!["rs0".into()]
                } else {
                    Vec::new()
                },
            });
        }
        for _ in 0..numbers.below(2) {
            nva.advertises.push(Advertisement {
                to: nva.sessions[0].route_server.clone(),
                instance: numbers.once_in(3).then_some(0),
                routes: routes(numbers, Some(asn)),
            });
        }
        if numbers.below(2) > 0 {
            nva.readvertises = rules(numbers);
        }
        estate.nvas.push(nva);
    }
}

/// Rules by which an NVA passes routes on.
pub(super) fn rules(numbers: &mut Numbers) -> Vec<Readvertisement> {
    let paths = [
        ReadvertisedPath::Keep,
        ReadvertisedPath::Strip,
        ReadvertisedPath::Override,
    ];
    let rule = |numbers: &mut Numbers| Readvertisement {
        from: match numbers.below(4) {
            1 => vec!["rs0".into()],
            2 => vec!["nva0".into(), "site0".into()],
            _ => Vec::new(),
        },
        to: match numbers.below(4) {
            1 => ReadvertiseTo::All,
            2 => ReadvertiseTo::Named(vec!["rs0".into()]),
            _ => ReadvertiseTo::Others,
        },
        as_path: *numbers.one_of(&paths),
        next_hop: match numbers.below(4) {
            1 => ReadvertisedNextHop::Unchanged,
            2 => ReadvertisedNextHop::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 4, 100))),
            _ => ReadvertisedNextHop::Own,
        },
        prepend: numbers.below(2) as u8,
        prefixes: match numbers.below(3) {
            2 => vec![any_prefix(numbers), any_prefix(numbers)],
            _ => Vec::new(),
        },
    };
    (0..numbers.below(3)).map(|_| rule(numbers)).collect()
}
