//! The network that is served: what of it changes, the file that says so, and who plays whom.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use routehub_testkit::daemons::{Announced, Kind};

use crate::numbers::Numbers;

/// The instances of the Route Server.
const INSTANCES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 1, 255, 4), Ipv4Addr::new(10, 1, 255, 5)];

/// The instances of the VPN gateway.
const GATEWAY: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 1, 254, 4), Ipv4Addr::new(10, 1, 254, 5)];

/// Microsoft's edge routers of the circuit.
const EDGES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 1, 254, 20), Ipv4Addr::new(10, 1, 254, 21)];

/// A speaker that a daemon plays.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) address: Ipv4Addr,
    pub(crate) asn: u32,
    pub(crate) peers: [Ipv4Addr; 2],
    pub(crate) peer_asn: u32,
}

const fn nva(name: &'static str, kind: Kind, host: u8, asn: u32) -> Role {
    Role {
        name,
        kind,
        address: Ipv4Addr::new(10, 1, 2, host),
        asn,
        peers: INSTANCES,
        peer_asn: 65515,
    }
}

/// Who plays whom: four NVAs, a branch behind the VPN gateway, a customer behind the circuit.
pub(crate) const SPEAKERS: [Role; 6] = [
    nva("bird", Kind::Bird, 11, 65001),
    nva("gobgp", Kind::Gobgp, 12, 65002),
    nva("exabgp", Kind::Exabgp, 13, 65003),
    nva("openbgpd", Kind::Openbgpd, 14, 65004),
    Role {
        name: "branch",
        kind: Kind::Bird,
        address: Ipv4Addr::new(172, 31, 0, 1),
        asn: 65101,
        peers: GATEWAY,
        peer_asn: 65515,
    },
    Role {
        name: "circuit",
        kind: Kind::Frr,
        address: Ipv4Addr::new(172, 30, 0, 1),
        asn: 64999,
        peers: EDGES,
        peer_asn: 12076,
    },
];

/// Every address of the network.
pub(crate) fn addresses() -> Vec<Ipv4Addr> {
    let ours = [INSTANCES, GATEWAY, EDGES].concat();
    let theirs = SPEAKERS.iter().map(|role| role.address);
    ours.into_iter().chain(theirs).collect()
}

/// Prefixes that only one speaker has, of each.
const OWN: usize = 12;

/// How many of its prefixes a daemon announces and withdraws as it runs. GoBGP keeps no Adj-RIB-Out:
/// of a shared prefix that it withdrew, and had from a neighbour too, it has told one neighbour and not
/// the other.
pub(crate) const fn changing(kind: Kind) -> usize {
    match kind {
        Kind::Gobgp => OWN,
        _ => OWN + SHARED,
    }
}

/// Prefixes that each speaker may have.
const SHARED: usize = 6;

/// Preferences of a Route Server.
const PREFERENCES: [&str; 3] = ["ExpressRoute", "VpnGateway", "ASPath"];

/// The route of a speaker by its number.
pub(crate) fn route(speaker: usize, number: usize) -> Announced {
    match number.checked_sub(OWN) {
        None => Announced {
            prefix: format!("10.{}.{number}.0/24", 100 + speaker),
            communities: Vec::new(),
        },
        Some(shared) => Announced {
            prefix: format!("192.168.{shared}.0/24"),
            communities: vec!["65001:7", "65001:8"],
        },
    }
}

/// What of the network changes.
pub(crate) struct Network {
    branch_to_branch: bool,
    preference: &'static str,
    /// Whether a second spoke is peered; a file that is read again says so.
    late: bool,
    /// What the NVA announces that nobody plays; a file that is read again says so.
    modelled: usize,
    /// Which of its routes each speaker announces.
    pub(crate) announced: [BTreeSet<usize>; SPEAKERS.len()],
}

impl Network {
    pub(crate) fn new(numbers: &mut Numbers) -> Self {
        let mut some = || {
            (0..OWN + SHARED)
                .filter(|_| numbers.below(2) == 0)
                .collect()
        };
        Self {
            branch_to_branch: true,
            preference: PREFERENCES[0],
            late: false,
            modelled: 1,
            announced: std::array::from_fn(|_| some()),
        }
    }

    /// The event that switches branch-to-branch.
    pub(crate) fn switch(&mut self) -> String {
        self.branch_to_branch ^= true;
        let value = self.branch_to_branch;
        format!("{{id: switch, set_branch_to_branch: {{route_server: rs, value: {value}}}}}")
    }

    /// The event that changes the routing preference.
    pub(crate) fn prefer(&mut self, numbers: &mut Numbers) -> String {
        self.preference = numbers.one_of(&PREFERENCES);
        let value = self.preference;
        format!("{{id: prefer, set_routing_preference: {{route_server: rs, value: {value}}}}}")
    }

    /// Changes what only another file can.
    pub(crate) fn rewrite(&mut self, numbers: &mut Numbers) {
        self.late ^= true;
        self.modelled = numbers.below(4);
    }

    /// The file. What a daemon announces stands there for the model; live it is not looked at.
    pub(crate) fn text(&self) -> String {
        let Self {
            branch_to_branch,
            preference,
            late,
            modelled,
            ..
        } = self;
        let mut nvas = String::new();
        for (at, role) in SPEAKERS.iter().enumerate().take(4) {
            let Role {
                name, address, asn, ..
            } = role;
            let routes = self.routes(at);
            let _ = writeln!(
                nvas,
                "  - {{name: {name}, vnet: hub, ip: {address}, asn: {asn}, sessions: [rs], \
                 live: true, originates: [{routes}]}}"
            );
        }
        let late = match late {
            true => "\n  - {hub: hub, spoke: late}",
            false => "",
        };
        let modelled: Vec<String> = (0..*modelled)
            .map(|number| format!("10.60.{number}.0/24"))
            .collect();
        let originates = match modelled.as_slice() {
            [] => String::new(),
            some => format!("originates: [{{prefixes: [{}]}}]", some.join(", ")),
        };
        format!(
            "schema: routehub/1
title: Six daemons and a modelled NVA
vnets:
  - name: hub
    address_space: [10.1.0.0/16]
    subnets:
      - {{name: RouteServerSubnet, prefix: 10.1.255.0/26}}
      - {{name: GatewaySubnet, prefix: 10.1.254.0/26}}
  - {{name: spoke, address_space: [10.2.0.0/16]}}
  - {{name: late, address_space: [10.3.0.0/16]}}
peerings:
  - {{hub: hub, spoke: spoke}}{late}
route_servers:
  - {{name: rs, vnet: hub, branch_to_branch: {branch_to_branch}, routing_preference: {preference}}}
nvas:
{nvas}  - {{name: modelled, vnet: hub, ip: 10.1.3.4, asn: 65009, sessions: [rs], {originates}}}
gateways:
  - {{name: vpngw, vnet: hub, type: vpn, connections: [{{site: branch}}]}}
  - name: ergw
    vnet: hub
    type: express_route
    connections: [{{circuit: circuit, msee_ips: [10.1.254.20, 10.1.254.21]}}]
sites:
  - {{name: branch, asn: 65101, bgp_ips: [172.31.0.1], live: true, routes: [{}]}}
circuits:
  - {{name: circuit, ce_ip: 172.30.0.1, on_prem: {{asn: 64999, live: true, routes: [{}]}}}}
nics:
  - {{name: vm, vnet: spoke}}
  - {{name: late-vm, vnet: late}}
",
            self.routes(4),
            self.routes(5)
        )
    }

    /// The routes of a speaker, as its daemon writes them.
    fn routes(&self, speaker: usize) -> String {
        let attributes = match SPEAKERS[speaker].kind {
            Kind::Frr => ", med: 0",
            Kind::Gobgp => ", origin: incomplete",
            Kind::Bird | Kind::Exabgp | Kind::Openbgpd => "",
        };
        let written = self.announced[speaker].iter().map(|number| {
            let route = route(speaker, *number);
            let communities = route.communities.join("', '");
            let communities = match communities.as_str() {
                "" => String::new(),
                some => format!(", communities: ['{some}']"),
            };
            format!("{{prefix: {}{communities}{attributes}}}", route.prefix)
        });
        written.collect::<Vec<_>>().join(", ")
    }
}
