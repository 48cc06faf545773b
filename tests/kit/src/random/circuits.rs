//! Random circuits: their two links, and what gateways and NICs show of them.

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::{Circuit, CircuitLinks, CustomerLink, Estate, OnPremises};
use routehub_types::Asn;

use super::numbers::{Numbers, routes};

pub(super) fn circuits(numbers: &mut Numbers, estate: &mut Estate) {
    for n in 0..2u8 {
        let asn = Asn(65201 + u32::from(n));
        let on_prem = (!numbers.once_in(4)).then(|| OnPremises {
            asn,
            routes: (0..=numbers.below(2))
                .map(|_| routes(numbers, Some(asn)))
                .collect(),
        });
        estate.circuits.push(Circuit {
            name: format!("circuit{n}"),
            ce_ip: Some(IpAddr::V4(Ipv4Addr::new(172, 30, n, 1))),
            links: links(numbers, n, on_prem.as_ref()),
            on_prem,
            ..Circuit::default()
        });
    }
}

/// What the links of a circuit announce by themselves.
pub(super) fn links(numbers: &mut Numbers, n: u8, on_prem: Option<&OnPremises>) -> CircuitLinks {
    let mut link = |last: u8| {
        let asn = on_prem.filter(|_| numbers.once_in(3))?.asn;
        let own = IpAddr::V4(Ipv4Addr::new(172, 30, n, last));
        Some(CustomerLink {
            ce_ip: numbers.once_in(2).then_some(own),
            routes: (0..numbers.below(3))
                .map(|_| routes(numbers, Some(asn)))
                .collect(),
        })
    };
    CircuitLinks {
        primary: link(11),
        secondary: link(12),
    }
}

/// The edge addresses that a connection is given.
pub(super) fn edges(numbers: &mut Numbers, hub: usize, (gateway, n): (usize, u8)) -> Vec<IpAddr> {
    let last = 40 + 8 * gateway as u8 + 2 * n;
    let own = |last| IpAddr::V4(Ipv4Addr::new(10, hub as u8, 7, last));
    match numbers.below(6) {
        // The lower address is not always that of the primary link.
        1 => vec![own(last + 1), own(last)],
        2 => vec![own(last)],
        _ => Vec::new(),
    }
}

/// What NICs show of a connection in the place of the edge's addresses.
pub(super) fn next_hops(numbers: &mut Numbers, hub: usize, n: u8) -> Vec<IpAddr> {
    let shown = |last| IpAddr::V4(Ipv4Addr::new(172, 29, hub as u8, last));
    match numbers.below(6) {
        1 => vec![shown(10 * n)],
        2 => vec![shown(10 * n), shown(10 * n + 1)],
        _ => Vec::new(),
    }
}
