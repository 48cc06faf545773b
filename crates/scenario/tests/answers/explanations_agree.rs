//! Explanations agree with the tables: on random networks, every row is explained by an outcome
//! that fits it, and what is explained as missing is not in the table.

use proptest::collection::vec;
use proptest::prelude::*;
use routehub::estate::{
    Circuit, Connection, Gateway, GatewayKind, Nic, Nva, NvaSession, OnPremises, Origination,
    Peering, ReadvertiseTo, ReadvertisedPath, Readvertisement, RouteServer, RouteTable, Routes,
    Site, UserRoute, UserRouteTarget, Vnet,
};
use routehub::explain::{Advertisement, ExplainedRoute, Explanation, NicExplanation, RowOutcome};
use routehub::types::{Asn, Prefix};
use routehub::{Estate, Network, PathStanding, Profile, RouteSource, RouteState};

/// Prefixes that are announced: inside, equal to and around networks, and others.
const PREFIXES: [&str; 9] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.3.0/24",
    "10.1.0.0/16",
    "10.9.1.0/24",
    "192.168.0.0/16",
    "192.168.1.0/24",
    "172.16.0.0/12",
];

fn prefix(n: usize) -> Prefix {
    PREFIXES[n % PREFIXES.len()].parse().expect("a prefix")
}

/// What an NVA does.
#[derive(Clone, Debug)]
struct Does {
    announces: Vec<usize>,
    path: Vec<u32>,
    prepend: u8,
    next_hop: Option<u8>,
    in_spoke: bool,
    instances: [bool; 2],
    passes_on: Option<ReadvertisedPath>,
}

fn does() -> impl Strategy<Value = Does> {
    let path = vec(prop_oneof![Just(65515), Just(64700), Just(65002)], 0..2);
    let passes_on = prop_oneof![
        3 => Just(None),
        1 => Just(Some(ReadvertisedPath::Keep)),
        1 => Just(Some(ReadvertisedPath::Strip)),
    ];
    let instances = prop_oneof![4 => Just([true; 2]), 1 => Just([true, false])];
    (
        vec(0..PREFIXES.len(), 0..4),
        path,
        0..2u8,
        proptest::option::of(0..4u8),
        any::<bool>(),
        instances,
        passes_on,
    )
        .prop_map(
            |(announces, path, prepend, next_hop, in_spoke, instances, passes_on)| Does {
                announces,
                path,
                prepend,
                next_hop,
                in_spoke,
                instances,
                passes_on,
            },
        )
}

fn nva(n: usize, does: &Does) -> Nva {
    let (vnet, net) = if does.in_spoke {
        ("spoke", 1)
    } else {
        ("hub", 0)
    };
    let asn = Asn(65001 + n as u32);
    let ip = std::net::Ipv4Addr::new(10, net, 4, 4 + n as u8);
    let routes = Routes {
        prefixes: does.announces.iter().map(|n| prefix(*n)).collect(),
        as_path: Some(does.path.iter().copied().map(Asn).collect()),
        next_hop: does
            .next_hop
            .map(|n| std::net::Ipv4Addr::new(10, n, 5, 5).into()),
        ..Routes::default()
    };
    Nva {
        sessions: vec![NvaSession {
            instances: does.instances,
            ..NvaSession::both("rs")
        }],
        originates: vec![Origination {
            routes,
            prepend: does.prepend,
            to: Vec::new(),
        }],
        readvertises: does
            .passes_on
            .map(|as_path| Readvertisement {
                as_path,
                to: ReadvertiseTo::Others,
                ..Readvertisement::default()
            })
            .into_iter()
            .collect(),
        ..Nva::new(format!("nva{n}"), vnet, ip, asn)
    }
}

fn vnet(name: &str, net: u8) -> Vnet {
    Vnet {
        name: name.into(),
        address_space: vec![format!("10.{net}.0.0/16").parse().expect("a prefix")],
        ..Vnet::default()
    }
}

fn attached(estate: &mut Estate, circuit: &[usize], site: &[usize]) {
    let routes = |of: &[usize]| {
        let prefixes = of.iter().map(|n| prefix(*n)).collect();
        vec![Routes {
            prefixes,
            ..Routes::default()
        }]
    };
    let gateway = |name: &str, kind, last: u8, connection| Gateway {
        bgp_ips: vec![std::net::Ipv4Addr::new(10, 0, 7, last).into()],
        connections: vec![connection],
        ..Gateway::new(name, "hub", kind)
    };
    let to_circuit = Connection::Circuit {
        circuit: "er".into(),
        weight: 0,
        msee_ips: vec![[10, 0, 7, 20].into()],
        nic_next_hops: Vec::new(),
    };
    let to_site = Connection::Site {
        site: "branch".into(),
        bgp: None,
        instances: [true; 2],
        apipa: Vec::new(),
    };
    estate.gateways = vec![
        gateway("ergw", GatewayKind::ExpressRoute, 12, to_circuit),
        gateway("vpngw", GatewayKind::Vpn, 4, to_site),
    ];
    estate.circuits = vec![Circuit {
        name: "er".into(),
        on_prem: Some(OnPremises {
            asn: Asn(64700),
            routes: routes(circuit),
        }),
        ..Circuit::default()
    }];
    estate.sites = vec![Site {
        name: "branch".into(),
        asn: Some(Asn(64701)),
        bgp_ips: vec![[172, 31, 0, 1].into()],
        routes: routes(site),
        static_prefixes: Vec::new(),
    }];
}

fn estates() -> impl Strategy<Value = Estate> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let on_premises =
        proptest::option::of((vec(0..PREFIXES.len(), 0..3), vec(0..PREFIXES.len(), 0..3)));
    (
        vec(does(), 0..4),
        flags,
        on_premises,
        vec(0..PREFIXES.len(), 0..2),
    )
        .prop_map(|(nvas, (b2b, uses, plain, quiet), on_premises, user)| {
            let nvas: Vec<Nva> = nvas
                .iter()
                .enumerate()
                .map(|(n, does)| nva(n, does))
                .collect();
            let mut user: Vec<Prefix> = user.into_iter().map(prefix).collect();
            user.dedup();
            let user = user.into_iter().map(|prefix| UserRoute {
                name: None,
                prefix,
                target: UserRouteTarget::VirtualAppliance([10, 0, 4, 4].into()),
            });
            let mut peerings = vec![Peering::hub_and_spoke("hub", "spoke")];
            if !uses {
                peerings[0].b_to_a.use_remote_gateways = false;
            }
            if plain {
                peerings.push(Peering::plain("spoke", "plain"));
            }
            let nic = |name: &str, vnet: &str, table: Option<&str>| Nic {
                name: name.into(),
                vnet: vnet.into(),
                route_table: table.map(Into::into),
                ..Nic::default()
            };
            let mut estate = Estate {
                vnets: vec![vnet("hub", 0), vnet("spoke", 1), vnet("plain", 9)],
                peerings,
                route_servers: vec![RouteServer {
                    ips: Some([[10, 0, 6, 4].into(), [10, 0, 6, 5].into()]),
                    branch_to_branch: b2b,
                    ..RouteServer::new("rs", "hub")
                }],
                nvas,
                route_tables: vec![RouteTable {
                    name: "table".into(),
                    disable_bgp_route_propagation: quiet,
                    routes: user.collect(),
                    ..RouteTable::default()
                }],
                nics: vec![
                    nic("vm-hub", "hub", None),
                    nic("vm-spoke", "spoke", Some("table")),
                    nic("vm-plain", "plain", None),
                ],
                ..Estate::default()
            };
            if let Some((circuit, site)) = on_premises {
                attached(&mut estate, &circuit, &site);
            }
            estate
        })
}

fn nic_explained(network: &Network, nic: &str, destination: Prefix) -> NicExplanation {
    match network.explain(nic, destination).expect("it exists") {
        Explanation::Nic(nic) => nic,
        Explanation::Speaker(speaker) => panic!("{} is no NIC", speaker.speaker),
    }
}

fn nic_agrees(network: &Network, nic: &str, destination: Prefix) {
    let explained = nic_explained(network, nic, destination);
    let rows = network.nic_effective(nic).expect("a name");
    let around: Vec<_> = rows
        .iter()
        .filter(|row| row.prefixes.iter().any(|p| p.contains(destination)))
        .collect();
    assert_eq!(explained.rows.len(), around.len());
    for row in &around {
        let found = explained.rows.iter().find(|one| one.row == **row);
        let found = found.unwrap_or_else(|| panic!("{row:?} is not explained"));
        match found.outcome {
            RowOutcome::Overridden | RowOutcome::OverriddenBy { .. } => {
                assert_eq!(row.state, RouteState::Invalid);
            }
            RowOutcome::Used | RowOutcome::Shorter { .. } => {
                assert_eq!(row.state, RouteState::Active);
            }
        }
        if row.source == RouteSource::VirtualNetworkGateway {
            let paths = found.routes.iter().flat_map(|route| &route.paths);
            let best =
                paths.filter(|path| path.standing == PathStanding::Best && path.from.is_some());
            assert!(best.count() > 0, "{row:?} has no best path in {found:#?}");
        }
    }
    let longest = around
        .iter()
        .filter(|row| row.state == RouteState::Active)
        .map(|row| row.prefixes[0].length())
        .max();
    let used: Vec<_> = explained
        .rows
        .iter()
        .filter(|one| one.outcome == RowOutcome::Used)
        .collect();
    assert_eq!(used.len(), usize::from(longest.is_some()));
    assert_eq!(
        used.first().map(|one| one.row.prefixes[0].length()),
        longest
    );
    let learned = |p: Prefix| {
        rows.iter()
            .any(|row| row.source == RouteSource::VirtualNetworkGateway && *row.prefixes == [p])
    };
    for missing in &explained.missing {
        assert!(
            !learned(missing.prefix),
            "{} is there: {explained:#?}",
            missing.prefix
        );
        assert!(missing.because.rule.0 != 0, "{missing:#?}");
    }
    // Whatever an NVA announces is a row, or explained as missing.
    let announced = network.estate().nvas.iter().flat_map(|nva| &nva.originates);
    for prefix in announced
        .flat_map(|one| &one.routes.prefixes)
        .filter(|p| p.contains(destination))
    {
        let missing = explained.missing.iter().any(|one| one.prefix == *prefix);
        assert_ne!(
            learned(*prefix),
            missing,
            "{prefix} at {nic}: {explained:#?}"
        );
    }
}

fn routes(network: &Network, who: &str, destination: Prefix) -> Vec<ExplainedRoute> {
    match network.explain(who, destination).expect("it exists") {
        Explanation::Speaker(speaker) => speaker.routes,
        Explanation::Nic(nic) => panic!("{} is a NIC", nic.nic),
    }
}

fn server_agrees(network: &Network, destination: Prefix) {
    let explained = routes(network, "rs", destination);
    let at = |prefix: Prefix, instance: u8| {
        let mut fits = explained
            .iter()
            .filter(|one| one.prefix == prefix && one.instances.contains(&instance));
        let found = fits.next();
        assert!(
            fits.next().is_none(),
            "{prefix} stands twice: {explained:#?}"
        );
        found
    };
    for nva in &network.estate().nvas {
        for refused in network
            .rs_refused("rs", &nva.name)
            .expect("a name")
            .iter()
            .filter(|one| one.prefix.contains(destination))
        {
            let paths = at(refused.prefix, refused.instance)
                .map(|one| one.paths.as_slice())
                .unwrap_or_default();
            let found = paths.iter().any(|path| {
                path.from.as_ref() == Some(&nva.name)
                    && path.standing == PathStanding::Refused(refused.rule)
            });
            assert!(found, "{refused:?} is not in {explained:#?}");
        }
        let sent = network.rs_advertised("rs", &nva.name).expect("a name");
        for row in sent.iter().filter(|row| row.prefix.contains(destination)) {
            let told = at(row.prefix, row.instance.expect("an instance"))
                .map(|one| one.advertisements.as_slice());
            let told = told.unwrap_or_default().iter();
            let found = told.clone().any(|told| match told {
                Advertisement::Sent { to, attributes, .. } => {
                    *to == nva.name
                        && attributes.as_path == row.as_path
                        && attributes.communities == row.communities
                }
                Advertisement::Blocked { .. } => false,
            });
            assert!(found, "{row:?} is not in {explained:#?}");
        }
        for route in &explained {
            for told in &route.advertisements {
                if let Advertisement::Blocked { to, .. } = told
                    && *to == nva.name
                {
                    let is = |row: &&routehub::RouteRow| {
                        row.prefix == route.prefix
                            && row.instance.is_some_and(|n| route.instances.contains(&n))
                    };
                    assert!(sent.iter().find(is).is_none(), "{told:?} is sent");
                }
            }
        }
    }
}

fn nva_agrees(network: &Network, nva: &str, destination: Prefix) {
    let explained = routes(network, nva, destination);
    let learned = network.nva_learned(nva).expect("a name");
    let passes_on = network
        .estate()
        .nvas
        .iter()
        .any(|one| one.name == nva && !one.readvertises.is_empty());
    for row in learned
        .iter()
        .filter(|row| row.prefix.contains(destination))
    {
        let route = explained.iter().find(|one| one.prefix == row.prefix);
        let paths = route.map(|one| one.paths.as_slice()).unwrap_or_default();
        let found = paths.iter().any(|path| {
            path.received.as_path == row.as_path && path.received.next_hop == row.next_hop
        });
        assert!(found, "{row:?} is not in {explained:#?}");
    }
    if !passes_on {
        let paths: usize = explained.iter().map(|one| one.paths.len()).sum();
        assert_eq!(
            paths,
            learned
                .iter()
                .filter(|row| row.prefix.contains(destination))
                .count()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn explanations_agree_with_the_tables(estate in estates(), destination in 0..PREFIXES.len()) {
        let profile = Profile::named("azure-2026").expect("it is there");
        // Estates that do not fit and networks that never settle have no tables to agree with.
        let Ok(network) = Network::new(&profile, estate) else { return Ok(()) };
        let destination = prefix(destination);
        let address = Prefix::host(destination.address());
        for destination in [destination, address] {
            for nic in ["vm-hub", "vm-spoke", "vm-plain"] {
                nic_agrees(&network, nic, destination);
            }
            server_agrees(&network, destination);
            for nva in network.estate().nvas.iter().map(|nva| nva.name.clone()) {
                nva_agrees(&network, &nva, destination);
            }
        }
    }
}
