//! The network that the routers stand in.

use std::net::Ipv4Addr;

use routehub::Estate;
use routehub::estate::{Nva, NvaSession, RouteServer, Vnet};
use routehub::types::{Asn, Prefix};

/// The prefix of a text.
pub fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

/// A network of its own.
pub fn vnet(name: &str, space: &str) -> Vnet {
    Vnet {
        name: name.into(),
        address_space: vec![prefix(space)],
        ..Vnet::default()
    }
}

/// A hub with a Route Server `rs`, branch-to-branch on, and so many NVAs: `nva1` is 10.1.2.1 of AS
/// 65001, and so on. Each has a session with these instances.
pub fn hub(nvas: u8, instances: [bool; 2]) -> Estate {
    let nva = |n: u8| Nva {
        sessions: vec![NvaSession {
            instances,
            ..NvaSession::both("rs")
        }],
        ..Nva::new(
            format!("nva{n}"),
            "hub",
            Ipv4Addr::new(10, 1, 2, n),
            Asn(65000 + u32::from(n)),
        )
    };
    Estate {
        vnets: vec![vnet("hub", "10.1.0.0/16")],
        route_servers: vec![RouteServer {
            ips: Some([4, 5].map(|host| Ipv4Addr::new(10, 1, 255, host).into())),
            branch_to_branch: true,
            ..RouteServer::new("rs", "hub")
        }],
        nvas: (1..=nvas).map(nva).collect(),
        ..Estate::default()
    }
}
