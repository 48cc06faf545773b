//! Two failures at once, on random estates: what a sweep says of them is what a network with both
//! says, whether or not they have anything to do with each other.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use routehub::estate::{
    Circuit, Connection, Estate, Gateway, GatewayKind, Nic, Nva, NvaSession, OnPremises,
    Origination, Peering, ReadvertiseTo, ReadvertisedPath, Readvertisement, RouteServer,
    RouteTable, Routes, Site, UserRoute, UserRouteTarget, Vnet,
};
use routehub::sweep::{Failure, Outcome, Sweep};
use routehub::{ImpactKind, Network, Profile, Ways};
use routehub_types::{Asn, Prefix};

use super::random::{self, Numbers};
use super::tables;

/// Random estates of plain hubs, and dense ones; and elements of each that are tried with all behind
/// them.
const PLAIN: u32 = 10;
const DENSE: u32 = 2;
const ELEMENTS: usize = 2;

/// Pairs of failures that were tried, those that have nothing to do with each other, and those that
/// do together what neither does alone.
static PAIRS: AtomicUsize = AtomicUsize::new(0);
static APART: AtomicUsize = AtomicUsize::new(0);
static TOGETHER: AtomicUsize = AtomicUsize::new(0);

/// What failures do to pairs of ends, with every way walked anew.
type Impacts = Vec<(ImpactKind, usize)>;

fn impacts(sweep: &Sweep, failures: &[&Failure]) -> Option<Impacts> {
    let network = sweep.fail(failures).ok()?;
    let impacts = Ways::of(&network).impacts(sweep.ways()).into_iter();
    Some(impacts.map(|impact| (impact.kind, impact.pair)).collect())
}

/// What two failures do that neither does alone; none if one of the three does not settle.
fn harm_together(
    sweep: &Sweep,
    both: [&Failure; 2],
    alone: [&Option<Impacts>; 2],
) -> Option<BTreeMap<ImpactKind, usize>> {
    let [a, b] = both;
    let [by_a, by_b] = [alone[0].as_ref()?, alone[1].as_ref()?];
    let does = |kind: ImpactKind, pair: usize| {
        by_a.contains(&(kind, pair)) || by_b.contains(&(kind, pair))
    };
    let mut counts = BTreeMap::new();
    for (kind, pair) in impacts(sweep, &both)? {
        let ends = sweep.ways().ends_of(pair);
        let mut gone = a.ends.iter().chain(&b.ends);
        let known =
            does(kind, pair) || does(ImpactKind::Lost, pair) || does(ImpactKind::Loop, pair);
        if kind.is_harm() && !known && !gone.any(|name| ends.contains(&name.as_str())) {
            *counts.entry(kind).or_default() += 1;
        }
    }
    Some(counts)
}

/// Where one of two failures changed a table, it is so after both.
fn tables_are_apart(sweep: &Sweep, both: [&Failure; 2]) -> Result<(), TestCaseError> {
    let all = |failures: &[&Failure]| sweep.fail(failures).map(|network| tables(&network));
    let [a, b] = both;
    let (Ok(base), Ok(with_a), Ok(with_b), Ok(with_both)) =
        (all(&[]), all(&[a]), all(&[b]), all(&both))
    else {
        return Err(TestCaseError::fail(format!("{a} and {b}: unsettled")));
    };
    let rows = base.iter().zip(&with_a).zip(with_b.iter().zip(&with_both));
    for ((base, with_a), (with_b, with_both)) in rows {
        if base == with_a {
            prop_assert_eq!(with_b, with_both, "{} and {}", a, b);
        } else if base == with_b {
            prop_assert_eq!(with_a, with_both, "{} and {}", a, b);
        }
    }
    Ok(())
}

/// What two failures do together is what a network with both says.
fn pairs_agree(sweep: &Sweep, numbers: &mut Numbers) -> Result<(), TestCaseError> {
    let singles: Vec<Outcome> = sweep.singles().collect();
    let alone = sweep.elements().iter();
    let alone: Vec<Option<Impacts>> = alone.map(|failure| impacts(sweep, &[failure])).collect();
    for _ in 0..ELEMENTS.min(singles.len()) {
        let place = numbers.below(singles.len());
        for outcome in sweep.pairs_with(place, &singles) {
            let named = |place: &usize| {
                let name = sweep.elements()[*place].to_string();
                outcome.failed.contains(&name)
            };
            let places: Vec<usize> = (place..singles.len()).filter(named).collect();
            let [a, b] = places[..] else {
                return Err(TestCaseError::fail(format!("{:?}", outcome.failed)));
            };
            let both = [a, b].map(|place| &sweep.elements()[place]);
            let Some(expected) = harm_together(sweep, both, [&alone[a], &alone[b]]) else {
                continue;
            };
            PAIRS.fetch_add(1, Relaxed);
            if sweep.are_apart(&singles[a], &singles[b]) {
                APART.fetch_add(1, Relaxed);
                tables_are_apart(sweep, both)?;
            }
            TOGETHER.fetch_add(usize::from(!expected.is_empty()), Relaxed);
            let mut counts = outcome.counts.clone();
            counts.remove(&ImpactKind::Limit);
            prop_assert_eq!(counts, expected, "{:?}", outcome.failed);
        }
    }
    Ok(())
}

fn prefix(a: usize, b: usize, c: usize, length: u8) -> Prefix {
    let octets = [a, b, c].map(|octet| octet as u8);
    let address = Ipv4Addr::new(octets[0], octets[1], octets[2], 0);
    Prefix::new(address.into(), length).expect("no host bits")
}

fn ip(a: usize, b: usize, c: usize, d: usize) -> IpAddr {
    let [a, b, c, d] = [a, b, c, d].map(|octet| octet as u8);
    Ipv4Addr::new(a, b, c, d).into()
}

/// One to three hubs, each with a Route Server, NVAs, perhaps gateways, and spokes: some send all by
/// an NVA, some are peered with each other or with another hub.
fn plain(numbers: &mut Numbers) -> Estate {
    let mut estate = Estate::default();
    let hubs = 1 + numbers.below(3);
    for hub in 0..hubs {
        let name = format!("hub{hub}");
        estate.vnets.push(Vnet {
            name: name.clone(),
            address_space: vec![prefix(10, 10 * hub, 0, 16)],
            ..Vnet::default()
        });
        estate.route_servers.push(RouteServer {
            ips: Some([4, 5].map(|last| ip(10, 10 * hub, 6, last))),
            branch_to_branch: numbers.once_in(2),
            ..RouteServer::new(format!("rs{hub}"), &name)
        });
        for other in (0..hub).filter(|_| numbers.once_in(2)) {
            estate
                .peerings
                .push(Peering::plain(format!("hub{other}"), &name));
        }
        nvas(&mut estate, hub, numbers);
        spokes(&mut estate, hub, numbers);
        if numbers.once_in(2) {
            gateways(&mut estate, hub);
        }
    }
    estate
}

fn nvas(estate: &mut Estate, hub: usize, numbers: &mut Numbers) {
    for number in 0..1 + numbers.below(3) {
        // Some announce the same, and some what lies inside a spoke.
        let mut own = vec![prefix(20 + hub, numbers.below(3), 0, 16)];
        if numbers.once_in(3) {
            own.push(prefix(10, 10 * hub + 1, 1 + numbers.below(3), 24));
        }
        if numbers.once_in(3) {
            own.push(prefix(0, 0, 0, 0));
        }
        let neighbors = estate.nvas.iter().map(|nva| nva.name.clone());
        let neighbors = neighbors.filter(|_| numbers.once_in(3)).collect();
        let address = ip(10, 10 * hub, 4, 4 + number);
        estate.nvas.push(Nva {
            sessions: vec![NvaSession::both(format!("rs{hub}"))],
            neighbors,
            originates: vec![Origination {
                routes: Routes {
                    prefixes: own,
                    ..Routes::default()
                },
                ..Origination::default()
            }],
            readvertises: match numbers.below(3) {
                0 => Vec::new(),
                _ => vec![
                    Readvertisement {
                        to: ReadvertiseTo::Named(vec![format!("rs{hub}")]),
                        as_path: ReadvertisedPath::Override,
                        ..Readvertisement::default()
                    },
                    Readvertisement::default(),
                ],
            },
            ..Nva::new(
                format!("nva{hub}-{number}"),
                format!("hub{hub}"),
                address,
                Asn(65001 + (10 * hub + number) as u32),
            )
        });
        estate.route_tables.push(RouteTable {
            name: format!("by-nva{hub}-{number}"),
            disable_bgp_route_propagation: numbers.once_in(2),
            routes: vec![UserRoute {
                name: None,
                prefix: prefix(0, 0, 0, 0),
                target: UserRouteTarget::VirtualAppliance(address),
            }],
            ..RouteTable::default()
        });
    }
}

fn spokes(estate: &mut Estate, hub: usize, numbers: &mut Numbers) {
    for number in 1..=2 + numbers.below(3) {
        let name = format!("spoke{hub}-{number}");
        estate.vnets.push(Vnet {
            name: name.clone(),
            address_space: vec![prefix(10, 10 * hub + number, 0, 16)],
            ..Vnet::default()
        });
        let home = format!("hub{hub}");
        let is_plain = numbers.once_in(5);
        estate.peerings.push(match is_plain {
            true => Peering::plain(&home, &name),
            false => Peering::hub_and_spoke(&home, &name),
        });
        let others = estate.vnets.iter().map(|vnet| vnet.name.clone());
        let others: Vec<String> = others
            .filter(|other| *other != name && *other != home)
            .collect();
        if numbers.once_in(4) && !others.is_empty() {
            let other = &others[numbers.below(others.len())];
            estate
                .peerings
                .push(match is_plain && other.starts_with("hub") {
                    true => Peering::hub_and_spoke(other, &name),
                    false => Peering::plain(other, &name),
                });
        }
        let tables = estate.route_tables.len();
        let table = numbers.once_in(2).then(|| numbers.below(tables));
        estate.nics.push(Nic {
            name: format!("vm{hub}-{number}"),
            vnet: name,
            route_table: table.map(|table| estate.route_tables[table].name.clone()),
            ..Nic::default()
        });
    }
}

fn gateways(estate: &mut Estate, hub: usize) {
    let routes = |a: usize| {
        vec![Routes {
            prefixes: vec![prefix(172, a + hub, 0, 16)],
            ..Routes::default()
        }]
    };
    let (site, circuit) = (format!("site{hub}"), format!("circuit{hub}"));
    estate.sites.push(Site {
        name: site.clone(),
        asn: Some(Asn(65101 + hub as u32)),
        bgp_ips: vec![ip(172, 16 + hub, 0, 1)],
        routes: routes(16),
        static_prefixes: Vec::new(),
    });
    estate.circuits.push(Circuit {
        name: circuit.clone(),
        on_prem: Some(OnPremises {
            asn: Asn(65201 + hub as u32),
            routes: routes(24),
        }),
        ..Circuit::default()
    });
    let tunnel = Connection::Site {
        site,
        bgp: None,
        instances: [true; 2],
        apipa: Vec::new(),
    };
    let line = Connection::Circuit {
        circuit,
        weight: 0,
        msee_ips: [4, 5].map(|last| ip(10, 10 * hub, 7, last)).into(),
        nic_next_hops: Vec::new(),
    };
    let kinds = [
        ("vpn", GatewayKind::Vpn, tunnel, 14),
        ("er", GatewayKind::ExpressRoute, line, 12),
    ];
    for (name, kind, connection, last) in kinds {
        estate.gateways.push(Gateway {
            bgp_ips: [last, last + 1]
                .map(|last| ip(10, 10 * hub, 7, last))
                .into(),
            connections: vec![connection],
            ..Gateway::new(format!("{name}{hub}"), format!("hub{hub}"), kind)
        });
    }
}

fn on_plain_estates(numbers: Vec<u16>) -> Result<(), TestCaseError> {
    let numbers = &mut Numbers::new(numbers);
    let estate = plain(numbers).checked(&[]);
    prop_assert!(estate.is_ok(), "{:?}", estate.err());
    let profile = Profile::named("azure-2026").expect("there is one");
    match estate.map(|estate| Network::new(&profile, estate)) {
        Ok(Ok(network)) => pairs_agree(&Sweep::new(network), numbers),
        _ => Ok(()),
    }
}

fn on_dense_estates(numbers: Vec<u16>) -> Result<(), TestCaseError> {
    let numbers = &mut Numbers::new(numbers);
    let profile = super::profile(numbers);
    match Network::new(&profile, random::checked(random::estate(numbers))) {
        Ok(network) => pairs_agree(&Sweep::new(network), numbers),
        Err(_) => Ok(()),
    }
}

#[test]
fn what_two_failures_do_together_a_network_with_both_says_on_random_estates() {
    type Check = fn(Vec<u16>) -> Result<(), TestCaseError>;
    let checks: [(Check, u32); 2] = [(on_plain_estates, PLAIN), (on_dense_estates, DENSE)];
    for (check, cases) in checks {
        let mut runner = TestRunner::new(Config {
            cases,
            max_shrink_iters: 12,
            failure_persistence: None,
            ..Config::default()
        });
        let numbers = proptest::collection::vec(any::<u16>(), 300..700);
        if let Err(error) = runner.run(&numbers, check) {
            panic!("{error}");
        }
    }
    let [pairs, apart, together] = [&PAIRS, &APART, &TOGETHER].map(|count| count.load(Relaxed));
    println!("{pairs} pairs, {apart} apart, {together} do harm that neither does alone");
    assert!(apart > pairs / 100 && together > 0);
}
